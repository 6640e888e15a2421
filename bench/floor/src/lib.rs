//! Skips over the request, as valid JSON, and accepts it.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

use serde::de::IgnoredAny;
use wapc_guest::CallResult;

#[cfg(target_arch = "wasm32")]
#[allow(missing_docs, unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    wapc_guest::register_function("validate", validate);
}

fn validate(payload: &[u8]) -> CallResult {
    serde_json::from_slice::<IgnoredAny>(payload)?;
    Ok(br#"{"accepted":true}"#.to_vec())
}
