//! What is told of the rules is what the policy does.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

#[path = "common/case_files.rs"]
mod case_files;
mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use native_sidecar::engine::Engine;
use native_sidecar_review::reviewer::{Event, Reviewer};
use native_sidecar_review::rules::Rule;
use serde_json::{Value, json};

/// Whether each message of an answer has an element in its annotation, and each element that names a message has one.
fn is_explained(answer: &Value, entries: &[Value]) -> bool {
    let named = |key: &str| entries.iter().filter_map(|entry| entry[key].as_u64()).collect::<BTreeSet<_>>();
    let lines = answer["message"].as_str().map_or(0, |message| message.lines().count() as u64);
    let warnings = answer["warnings"].as_array().map_or(0, |warnings| warnings.len() as u64);
    named("message") == (0..lines).collect() && named("warning") == (0..warnings).collect()
}

#[test]
fn every_message_of_every_case_has_a_rule() {
    let mut found = BTreeSet::new();
    for (case, folder) in case_files::folders() {
        let answer = case_files::value(&folder, "expected.json").unwrap();
        // An answer about settings has no rule, nor has one that refuses to judge with them.
        let message = answer["message"].as_str().unwrap_or_default();
        if case_files::request(&folder).is_none() || message.starts_with("The settings of the policy are not valid: ") {
            continue;
        }
        let annotation = answer["audit_annotations"]["findings"].as_str();
        let entries: Vec<Value> = annotation.map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default();
        assert!(is_explained(&answer, &entries), "{case}: {answer}");
        found.extend(entries.iter().filter_map(|entry| entry["rule"].as_str()).map(str::to_owned));
    }
    assert_eq!(found, Rule::all().map(|rule| rule.id.to_owned()).collect(), "a rule without a case, or without a page");
}

/// The blocks of YAML in the text of a rule.
fn examples(rule: Rule) -> Vec<&'static str> {
    rule.text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or(rest)).collect()
}

#[test]
fn the_examples_are_true() {
    let engine = Engine::load(common::policy()).unwrap();
    for rule in Rule::all() {
        let mut examples = examples(rule);
        let settings = if examples.len() == 3 { yaml::parse(examples.remove(0)).unwrap() } else { json!({}) };
        engine.check_settings(&settings).unwrap();
        let reviewer = Reviewer::new(&engine, &settings);
        let said = |text: &str| {
            let mut said = BTreeSet::new();
            let tell = |event: Event| match event {
                Event::Object(review) => {
                    said.extend(review.findings.iter().map(|finding| finding.rule.id));
                    Ok(())
                }
                other => Err(format!("{other:?}")),
            };
            reviewer.review(rule.id, text, tell).unwrap();
            said
        };
        let [bad, good] = examples.as_slice() else { unreachable!("{}: {examples:?}", rule.id) };
        assert_eq!(said(bad), BTreeSet::from([rule.id]), "{}", rule.id);
        assert_eq!(said(good), BTreeSet::new(), "{}", rule.id);
    }
}

#[test]
fn the_settings_of_a_rule_are_settings() {
    let engine = Engine::load(common::policy()).unwrap();
    for rule in Rule::all() {
        let list = rule.text.split("## Settings\n\n").nth(1).unwrap();
        for line in list.lines() {
            let names = line.split(':').next().unwrap().trim_start_matches("- ").split(", ");
            for name in names.map(|name| name.trim_matches('`')) {
                // Of a value that no setting has, an unknown setting is not even said to have it.
                let error = engine.check_settings(&json!({name: {"no": "value"}})).unwrap_err().to_string();
                assert!(!error.contains("unknown setting"), "{}: {error}", rule.id);
            }
        }
    }
}

#[test]
fn every_rule_has_its_section() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md")).expect("the page");
    for rule in Rule::all() {
        assert!(page.contains(&format!("\n## {}\n", rule.id)), "docs/rules.md has no section on {}", rule.id);
    }
}
