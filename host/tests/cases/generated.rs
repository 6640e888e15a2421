//! Generated cases, called natively and in the module: the two answers are the same bytes.

use std::sync::Arc;

use anyhow::Result;
use native_sidecar::engine::Engine;
use native_sidecar::engine::host_calls::HostCalls;
use native_sidecar::engine::lookup::{Answers, Lookup};
use native_sidecar_proof::admission::Cluster;
use native_sidecar_proof::generate;

use crate::common;
use crate::support::{answer, granted};

/// What a generated cluster answers.
struct Generated(Cluster);

impl Answers for Generated {
    fn answer(&self, lookup: &Lookup) -> Result<Vec<u8>> {
        let payload = serde_json::json!({"kind": lookup.resource().kind}).to_string();
        self.0.ask("a lookup", payload.as_bytes()).map_err(anyhow::Error::msg)
    }
}

#[test]
fn the_module_answers_generated_cases_as_the_library_does() {
    let engine = Engine::load(common::policy()).unwrap();
    let (mut accepted, mut denied) = (0, 0);
    for seed in 0..500 {
        let case = generate::of_seed(seed);
        let payload = case.payload();
        let host = Arc::new(HostCalls::new(granted(), Arc::new(Generated(case.cluster.clone()))));
        let native = answer("validate", payload.as_bytes(), &host);
        let module = engine.with_host_calls(host).validate(payload.as_bytes()).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&native), text(&module), "seed {seed}");
        let count = if text(&native).contains("\"accepted\":true") { &mut accepted } else { &mut denied };
        *count += 1;
        let settings = case.settings.to_string();
        let module = engine.validate_settings(settings.as_bytes()).unwrap();
        assert_eq!(text(&native_sidecar_policy::validate_settings(settings.as_bytes())), text(&module), "seed {seed}");
    }
    assert!(accepted > 100 && denied > 50, "{accepted} accepted, {denied} denied");
}
