if [ "$marked" != "$identity" ]; then
  state=
fi
case $state in
ran | native)
  # Started again after it had ended: this kubelet knows native sidecars.
  printf 'native %s\n' "$identity" >"$0/mark" || exit
  exec "$@"
  ;;
legacy) echo 'The sidecar runs among the regular containers.' ;;
*) printf 'ran %s\n' "$identity" >"$0/mark" ;;
esac
