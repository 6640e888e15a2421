//! Parses the request into a `Value`, and answers with the object in it, written anew.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

use serde_json::{Value, json};
use wapc_guest::CallResult;

#[cfg(target_arch = "wasm32")]
#[allow(missing_docs, unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    wapc_guest::register_function("validate", validate);
}

fn validate(payload: &[u8]) -> CallResult {
    let mut payload: Value = serde_json::from_slice(payload)?;
    let object = payload["request"]["object"].take();
    Ok(serde_json::to_vec(&json!({"accepted": true, "mutated_object": object}))?)
}
