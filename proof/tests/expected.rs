//! The answers to the cases, natively: as host/tests/cases has them, but without an engine, so that mutants are judged soon.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

#[path = "../../host/tests/common/case_files.rs"]
mod case_files;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use native_sidecar_policy::{validate, validate_settings};
use native_sidecar_review::host_calls::HostCalls;
use native_sidecar_review::lookup::ContextAwareResource;
use native_sidecar_review::session::Replay;
use serde_json::{Value, json};

/// What metadata.yml asks for.
fn granted() -> BTreeSet<ContextAwareResource> {
    let metadata = case_files::value(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), "metadata.yml").unwrap();
    serde_json::from_value(metadata["contextAwareResources"].clone()).unwrap()
}

#[test]
fn the_cases_get_what_they_expect() {
    let mut failures = Vec::new();
    for (name, folder) in case_files::folders() {
        let settings = case_files::value(&folder, "settings.json").unwrap_or_else(|| json!({}));
        let request = case_files::request(&folder);
        let session = std::fs::read_to_string(folder.join("session.yaml"));
        let host = session.map_or_else(
            |_| HostCalls::default(),
            |session| HostCalls::new(granted(), Arc::new(Replay::new(&session).unwrap())),
        );
        let bytes = match &request {
            None => validate_settings(settings.to_string().as_bytes()),
            Some(request) => {
                let payload = json!({"request": request, "settings": settings}).to_string();
                validate(payload.as_bytes(), &|operation, payload| {
                    host.call("kubewarden", "kubernetes", operation, payload)
                })
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
