#!/usr/bin/env bash
# Makes sure that these programs are there: installs what is missing where it can, else says what to install.
# Usage: need.sh PROGRAM[=PACKAGE]...
set -euo pipefail

missing=()
for need in "$@"; do
    command -v "${need%%=*}" >/dev/null || missing+=("${need##*=}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -q update >&2
    DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" >&2
else
    echo "please install with your system's package manager: ${missing[*]}" >&2
    exit 1
fi
