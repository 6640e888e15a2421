#!/usr/bin/env bash
# Packs the program for a release, with its license, its man pages and its completions:
# dist/native-sidecar_TAG_OS_ARCH.tar.gz, named as krew and Go name platforms.
# Usage: dist.sh TAG TARGET PROGRAM [FOLDER]
set -euo pipefail

tag=$1 target=$2 program=$3 folder=${4:-dist}

case $target in
    x86_64-unknown-linux-*) platform=linux_amd64 ;;
    aarch64-unknown-linux-*) platform=linux_arm64 ;;
    x86_64-apple-darwin) platform=darwin_amd64 ;;
    aarch64-apple-darwin) platform=darwin_arm64 ;;
    *)
        echo "$0: releases have no archive for $target" >&2
        exit 1
        ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/completions"
cp "$program" "$work/native-sidecar"
cp "$(dirname "$0")/../LICENSE" "$work"
"$program" man "$work/man"
"$program" completions bash >"$work/completions/native-sidecar.bash"
"$program" completions fish >"$work/completions/native-sidecar.fish"
"$program" completions zsh >"$work/completions/_native-sidecar"

mkdir -p "$folder"
tar -czf "$folder/native-sidecar_${tag}_$platform.tar.gz" -C "$work" LICENSE completions man native-sidecar
echo "$folder/native-sidecar_${tag}_$platform.tar.gz"
