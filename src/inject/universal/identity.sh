# The boot of the node and the sandbox of the Pod: init containers run anew in a new sandbox, over the mark of the old one.
identity=
if [ -r /proc/sys/kernel/random/boot_id ]; then
  read -r identity </proc/sys/kernel/random/boot_id
fi
if [ -r /proc/self/mountinfo ]; then
  while read -r id parent device root place rest; do
    case $place$root in
    /etc/resolv.conf*/sandboxes/*/resolv.conf | /etc/resolv.conf*containers/*/resolv.conf) identity=$identity$root ;;
    esac
  done </proc/self/mountinfo
fi
