# The image may want another signal than SIGTERM. sleep is not process 1, so that it ends by any.
trap 'kill "$sleep"; exit 0' HUP INT QUIT TERM USR1 USR2 WINCH
while :; do
  "$0/busybox" sleep 86400 &
  sleep=$!
  wait "$sleep"
done
