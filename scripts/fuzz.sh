#!/usr/bin/env bash
# Fuzzes each target for so many seconds, from the cases and from what was found before: fuzz.sh SECONDS TARGET...
# Coverage guides it, as libFuzzer does; no sanitizer is needed, as there is no unsafe code. Any crash is an error.
set -euo pipefail

seconds=$1
shift
fuzz=${CARGO_TARGET_DIR:-target}/tools/cargo-fuzz/bin/cargo-fuzz
cargo test --locked --workspace --test seeds -- --ignored
"$fuzz" build --fuzz-dir fuzz --sanitizer none
for target in "$@"; do
    mkdir -p "fuzz/corpus/$target"
    echo "== $target"
    "$fuzz" run --fuzz-dir fuzz --sanitizer none "$target" -- "-max_total_time=$seconds" -timeout=20 -max_len=16384 \
        -rss_limit_mb=4096 -print_final_stats=1 2>&1 | grep -E 'DONE|panicked|ERROR|SUMMARY|stat::number_of_executed_units'
done
