[ "$state $marked" = "native $identity" ] || exit 1
exec "$@"
