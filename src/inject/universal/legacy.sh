if [ "$state" != native ]; then
  printf 'legacy %s\n' "$marked" >"$0/mark"
  exec "$@"
fi
echo 'The sidecar runs among the init containers.'
