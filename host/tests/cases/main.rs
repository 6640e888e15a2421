//! Every case, called natively and in the module: the two answers are the same bytes.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

#[path = "../common/case_files.rs"]
mod case_files;
#[path = "../common/mod.rs"]
mod common;
mod conditions;
mod generated;
mod invariants;
mod support;

use std::sync::Arc;

use native_sidecar::engine::Engine;
use serde_json::Value;
use support::Case;

/// The answer of a module to a case, and how many exchanges of the session it left over.
fn answer_of(engine: &Engine, case: &Case) -> (Vec<u8>, usize) {
    let (function, payload) = case.call();
    let host = Arc::new(case.host());
    let engine = engine.with_host_calls(Arc::clone(&host));
    let answer = match function {
        "validate" => engine.validate(&payload),
        _ => engine.validate_settings(&payload),
    };
    (answer.unwrap(), host.leftovers())
}

#[test]
fn the_module_answers_as_the_library_does() {
    let engine = Engine::load(common::policy()).unwrap();
    let mut failures = Vec::new();
    for case in Case::all() {
        let (native, (module, leftovers)) = (case.answer(), answer_of(&engine, &case));
        assert_eq!(leftovers, 0, "{}: the session has exchanges that nobody asks for", case.name);
        if native != module {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            failures.push(format!("{}: natively {}\nin the module {}", case.name, text(&native), text(&module)));
        }
        failures.extend(case.check(&module));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// An answer without its audit annotations.
fn without_audit_annotations(answer: &str) -> String {
    let parsed: Value = serde_json::from_str(answer).unwrap();
    let Some(annotations) = parsed.get("audit_annotations") else { return answer.to_owned() };
    let member = format!("\"audit_annotations\":{annotations}");
    let (before, after) = answer.split_once(&member).unwrap_or_else(|| panic!("{member} is not in {answer}"));
    match after.strip_prefix(',') {
        Some(after) => format!("{before}{after}"),
        None => format!("{}{after}", before.strip_suffix(',').unwrap_or(before)),
    }
}

#[test]
fn audit_annotations_can_be_left_out() {
    let without = without_audit_annotations;
    let annotations = r#""audit_annotations":{"findings":"[{\"a\":\"b\"}]"}"#;
    assert_eq!(without(&format!(r#"{{"accepted":true,{annotations}}}"#)), r#"{"accepted":true}"#);
    assert_eq!(without(&format!(r#"{{{annotations},"accepted":true}}"#)), r#"{"accepted":true}"#);
    assert_eq!(without(r#"{"accepted":true}"#), r#"{"accepted":true}"#);
}

#[test]
#[ignore = "BEFORE names the module to compare with"]
fn the_module_before_gives_the_same_answers() {
    let before = Engine::load(std::env::var_os("BEFORE").expect("BEFORE=policy.wasm")).unwrap();
    let after = Engine::load(common::policy()).unwrap();
    let (mut differences, mut same) = (Vec::new(), 0);
    for case in Case::all() {
        let [before, after] = [&before, &after].map(|engine| String::from_utf8(answer_of(engine, &case).0).unwrap());
        match before == without_audit_annotations(&after) {
            true => same += 1,
            false => differences.push(format!("{}: before {before}\nafter {after}", case.name)),
        }
    }
    println!("{same} cases get the same bytes from both modules, {} do not", differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
