#!/usr/bin/env bash
# Builds the module of this commit twice, in folders of different names, and compares the two byte by byte.
set -euo pipefail

both=$(mktemp -d)
trap 'rm -rf "$both"' EXIT
for folder in one another/much-longer; do
    mkdir -p "$both/$folder"
    git archive HEAD | tar -x -C "$both/$folder"
    env -u CARGO_TARGET_DIR make -C "$both/$folder" policy.wasm
done
cmp "$both/one/policy.wasm" "$both/another/much-longer/policy.wasm"
sha256sum <"$both/one/policy.wasm"
