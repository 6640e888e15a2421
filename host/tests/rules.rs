//! What is told of the rules is what the policy does.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use native_sidecar::engine::Engine;
use native_sidecar_review::reviewer::{Event, Reviewer};
use native_sidecar_review::rules::Rule;
use serde_json::json;

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
