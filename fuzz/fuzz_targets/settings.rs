//! Bytes as settings: both calls agree on whether they are valid.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|settings: &[u8]| {
    let answer: Value = serde_json::from_slice(&native_sidecar_policy::validate_settings(settings)).expect("an answer");
    let valid = answer["valid"].as_bool().expect("valid or not");
    assert!(valid || answer["message"].as_str().is_some_and(|message| !message.is_empty()));
    // In a request they are JSON: what is none could not get there.
    let Ok(text) = std::str::from_utf8(settings) else { return };
    if serde_json::from_str::<&serde_json::value::RawValue>(text).is_err() {
        return;
    }
    let payload = format!(
        r#"{{"request":{{"kind":{{"kind":"Pod"}},"operation":"CREATE","object":{{"spec":{{"containers":[]}}}}}},"settings":{text}}}"#
    );
    let nobody = |_: &str, _: &[u8]| Err("no cluster".to_owned());
    let answer = native_sidecar_policy::validate(payload.as_bytes(), &nobody);
    let answer: Value = serde_json::from_slice(&answer).expect("an answer");
    assert_eq!(answer["code"] != 500, valid, "{answer}");
});
