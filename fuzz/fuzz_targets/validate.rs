//! Bytes as they come from a host: there is an answer to all of them, and it is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use native_sidecar_proof::admission::Answer;

fuzz_target!(|payload: &[u8]| {
    let nobody = |_: &str, _: &[u8]| Err("no cluster".to_owned());
    let answer = native_sidecar_policy::validate(payload, &nobody);
    let answer: Answer = serde_json::from_slice(&answer).expect("an answer");
    assert!(answer.accepted || answer.message.is_some_and(|message| !message.is_empty()));
    assert!(answer.accepted || answer.mutated_object.is_none());
});
