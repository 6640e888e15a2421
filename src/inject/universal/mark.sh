state= marked=
if [ -r "$0/mark" ]; then
  read -r state marked <"$0/mark"
fi
