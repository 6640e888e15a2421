#!/usr/bin/env bash
# Makes sure that the installed rustc can build for wasm32-unknown-unknown.
#
# Where rustup can download the target, it does. Elsewhere its standard library is built from source: rust-src of the
# very version of rustc, which Debian has as a package. It is put into the toolchain in one step, when it is complete.
set -euo pipefail

target=wasm32-unknown-unknown
destination=$(rustc --print sysroot)/lib/rustlib/$target

# Any libstd will do: a target is only ever there as a whole.
has_target() { compgen -G "$destination/lib/libstd-*.rlib" >/dev/null; }
fail() {
    echo "$0: $1" >&2
    exit 1
}

if has_target; then exit 0; fi

if command -v rustup >/dev/null && RUSTUP_MAX_RETRIES=0 timeout 120 rustup target add "$target" >/dev/null 2>&1; then
    has_target && exit 0
fi

version=$(rustc -vV | sed -n 's/^release: //p')
echo "rustup gives no target $target; building its standard library from the source of Rust $version" >&2
mkdir -p "$(dirname "$destination")" 2>/dev/null && [ -w "$(dirname "$destination")" ] ||
    fail "the toolchain in $(rustc --print sysroot) is not writable; run 'rustup target add $target' as its owner"

work=$(mktemp -d)
# Beside its destination, so that the last step is a rename and cannot stop halfway.
staged=$(mktemp -d "$(dirname "$destination")/.$target.XXXXXX")
trap 'rm -rf "$work" "$staged"' EXIT
trap 'exit 130' INT TERM

# Fetches rust-src of this version from the suites of Debian, without touching the system's own lists and packages.
fetch_source() {
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    for program in apt-get apt-cache dpkg; do
        command -v "$program" >/dev/null || return 1
    done
    [ -r "$keyring" ] || return 1
    local apt="$work/apt" suite found
    mkdir -p "$apt"/{state/lists/partial,cache/archives/partial}
    for suite in trixie-backports trixie sid; do
        echo "deb [signed-by=$keyring] http://deb.debian.org/debian $suite main" >"$apt/sources.list"
        local options=(-q -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State=$apt/state"
            -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
        apt-get "${options[@]}" update >&2 || continue
        found=$(apt-cache "${options[@]}" madison rust-src | awk -v wanted="$version" -F' *[|] *' \
            'index($2, wanted "+") == 1 || index($2, wanted "-") == 1 { print $2; exit }')
        if [ -n "$found" ] && (cd "$work" && apt-get "${options[@]}" download "rust-src=$found" >&2); then
            dpkg -x "$work"/rust-src_*.deb "$work/source"
            library=$work/source/usr/src/rustc-$version/library
            return 0
        fi
    done
    return 1
}

library=$(rustc --print sysroot)/lib/rustlib/src/rust/library
if [ ! -f "$library/Cargo.lock" ]; then
    fetch_source || fail "there is no source of Rust $version here (rustup component add rust-src), and Debian has no \
package rust-src of that version. Use a Rust version that one of them has, or 'rustup target add $target' online."
fi

mkdir -p "$work/empty/src"
echo '#![no_std]' >"$work/empty/src/lib.rs"
cat >"$work/empty/Cargo.toml" <<'END'
[package]
name = "empty"
edition = "2024"

[workspace]

[profile.release]
panic = "abort"
END
# Names of source files get into modules: here they are those of the official builds, not those of a temporary folder.
commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
names="--remap-path-prefix=$library=/rustc/$commit/library"
names="$names --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=/rust/deps"
# Both other variables are cargo's own way to the standard library: its build is not a stable feature.
(cd "$work/empty" && env RUSTFLAGS="$names" RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT="$library" CARGO_TARGET_DIR="$work/target" \
    cargo build --quiet --release -Zbuild-std=std,panic_abort --target "$target") >&2
mkdir "$staged/lib"
find "$work/target/$target/release/deps" -name 'lib*.rlib' ! -name 'libempty-*' -exec cp -t "$staged/lib" {} +
chmod 755 "$staged"
# A second run of this script may be quicker, even now: then its result stays.
has_target || mv -T "$staged" "$destination" || true
has_target || fail "the standard library for $target could not be built"
