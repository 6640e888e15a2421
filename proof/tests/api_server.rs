//! What a real API server (1.36.2) said of objects, the model says too: `said.jsonl` has them, one a line.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use native_sidecar_proof::api_server::{defaults, refusals};
use serde_json::Value;

#[test]
fn the_model_says_what_the_real_one_said() {
    let mut said = 0;
    for line in include_str!("said.jsonl").lines() {
        let mut row: Value = serde_json::from_str(line).unwrap();
        let mut object = row["object"].take();
        if row["kind"] == "Pod" {
            defaults::fill_in(&mut object);
        }
        let mut lines: Vec<_> =
            refusals(row["kind"].as_str().unwrap(), &object).iter().map(ToString::to_string).collect();
        lines.sort_unstable();
        assert_eq!(row["refused"], Value::from(lines), "{}", row["what"]);
        said += 1;
    }
    assert!(said > 30, "only {said} objects");
}
