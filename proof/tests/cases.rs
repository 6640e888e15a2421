//! The answers to the cases, natively: as host/tests/cases has them, but without an engine, so that mutants are judged soon.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

#[path = "../../host/tests/common/case_files.rs"]
mod case_files;

use native_sidecar_policy::{validate, validate_settings};
use native_sidecar_proof::admission::Cluster;
use serde_json::{Value, json};

#[test]
fn the_cases_get_what_they_expect() {
    let mut failures = Vec::new();
    for (name, folder) in case_files::folders() {
        let settings = case_files::value(&folder, "settings.json").unwrap_or_else(|| json!({}));
        let request = case_files::request(&folder);
        let cluster = Cluster::of_session(&case_files::value(&folder, "session.yaml").unwrap_or_default());
        let bytes = match &request {
            None => validate_settings(settings.to_string().as_bytes()),
            Some(request) => {
                let payload = json!({"request": request, "settings": settings}).to_string();
                validate(payload.as_bytes(), &|operation, payload| cluster.ask(operation, payload))
            }
        };
        let mut answer: Value = serde_json::from_slice(&bytes).unwrap();
        if let Some(mutated) = answer.as_object_mut().unwrap().remove("mutated_object") {
            answer["patch"] = json!(json_patch::diff(&request.unwrap()["object"], &mutated));
        }
        if case_files::value(&folder, "expected.json").as_ref() != Some(&answer) {
            failures.push(format!("{name}: {answer:#}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
