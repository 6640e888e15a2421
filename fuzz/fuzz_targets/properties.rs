//! Whole cases, made of bytes: all properties hold of each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use native_sidecar_proof::admission::Case;
use native_sidecar_proof::properties::check;

fuzz_target!(|case: Case| {
    if let Err(broken) = check(&case) {
        panic!("{broken}\n{}", case.folder());
    }
});
