//! A path in the setting `podTemplates`, and the object that it goes through: there is an answer, and only what the path
//! selects is changed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use native_sidecar_proof::admission::Answer;
use serde_json::{Value, json};

fuzz_target!(|input: (&str, &str)| {
    let (path, object) = input;
    let Ok(object) = serde_json::from_str::<Value>(object) else { return };
    let payload = json!({
        "request": {
            "kind": {"group": "example.com", "kind": "Flow"},
            "operation": "CREATE",
            "object": object,
        },
        "settings": {
            "podTemplates": [format!("example.com/Flow={path}")],
            "sidecarNames": ["*"],
            "legacySidecars": "convert",
            "convertTemplates": true,
        },
    });
    let nobody = |_: &str, _: &[u8]| Err("no cluster".to_owned());
    let answer = native_sidecar_policy::validate(payload.to_string().as_bytes(), &nobody);
    serde_json::from_slice::<Answer>(&answer).expect("an answer");
});
