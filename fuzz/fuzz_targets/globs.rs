//! A glob in the settings and the name of a container: it is found where the crate `glob` says that it is.
#![no_main]

use glob::Pattern;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|input: (&str, &str)| {
    let (glob, name) = input;
    // Names that the catalogue or an injector knows are found without a glob.
    if name.is_empty() || name.contains('-') {
        return;
    }
    let payload = json!({
        "request": {
            "kind": {"group": "", "kind": "Pod"},
            "operation": "CREATE",
            "object": {"spec": {"containers": [{"name": "a-main-container"}, {"name": name}]}},
        },
        "settings": {"sidecarNames": [glob], "detectKnownSidecars": false, "legacySidecars": "warn"},
    });
    let nobody = |_: &str, _: &[u8]| Err("no cluster".to_owned());
    let answer = native_sidecar_policy::validate(payload.to_string().as_bytes(), &nobody);
    let answer: Value = serde_json::from_slice(&answer).expect("an answer");
    if answer["code"] == 500 {
        return;
    }
    let findings = answer["audit_annotations"]["findings"].as_str().unwrap_or_default();
    let findings: Vec<Value> = serde_json::from_str(findings).unwrap_or_default();
    let is_found = findings.iter().any(|finding| finding["rule"] == "legacy" && finding["container"] == name);
    let pattern = Pattern::new(glob).expect("a pattern that settings take");
    assert_eq!(is_found, pattern.matches(name), "{glob:?} {name:?} {answer}");
});
