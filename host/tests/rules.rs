//! What is told of the rules is what the policy does.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

#[path = "common/case_files.rs"]
mod case_files;
mod common;

use std::collections::BTreeSet;

use native_sidecar::engine::Engine;
use native_sidecar::reviewer::{Event, Reviewer};
use native_sidecar::rules::{RULES, Rule};
use native_sidecar::yaml;
use serde_json::{Value, json};

/// The messages of a response, or of a policy's own answer.
fn messages(answer: &Value) -> Vec<String> {
    let strings = answer["message"].as_str().into_iter().flat_map(str::lines);
    let warnings = answer["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
    strings.chain(warnings).map(str::to_owned).collect()
}

fn case_messages() -> BTreeSet<String> {
    let answers = case_files::folders().into_values().filter(|folder| case_files::request(folder).is_some());
    let answers = answers.filter_map(|folder| case_files::value(&folder, "expected.json"));
    answers.flat_map(|answer| messages(&answer)).collect()
}

#[test]
fn every_message_of_every_case_has_a_rule() {
    let messages = case_messages();
    let found: BTreeSet<&str> = messages.iter().map(|message| Rule::of(message).id).collect();
    assert_eq!(found, RULES.iter().map(|rule| rule.id).collect(), "a rule without a case");
    let others = messages.iter().filter(|message| Rule::of(message).id == "policy");
    let unexpected: Vec<_> = others
        .filter(|message| {
            !message.contains(" cannot be judged: ")
                && !message.starts_with("The settings of the policy are not valid: ")
        })
        .collect();
    assert!(unexpected.is_empty(), "no rule has a phrase for {unexpected:#?}");
    for phrase in RULES.iter().flat_map(|rule| rule.phrases) {
        assert!(messages.iter().any(|message| message.contains(phrase)), "no case says {phrase:?}");
    }
}

/// The blocks of YAML in the text of a rule.
fn examples(rule: &Rule) -> Vec<&'static str> {
    rule.text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or(rest)).collect()
}

#[test]
fn the_examples_are_true() {
    let engine = Engine::load(common::policy()).unwrap();
    for rule in &RULES {
        let mut examples = examples(rule);
        let settings = if examples.len() == 3 { yaml::parse(examples.remove(0)).unwrap() } else { json!({}) };
        engine.check_settings(&settings).unwrap();
        let reviewer = Reviewer::new(&engine, &settings);
        let said = |text: &str| {
            let mut said = BTreeSet::new();
            let tell = |event: Event| match event {
                Event::Object(review) => {
                    let response = review.response.unwrap();
                    let message = response.status.and_then(|status| status.message);
                    let answer = json!({"message": message, "warnings": response.warnings});
                    said.extend(messages(&answer).iter().map(|message| Rule::of(message).id));
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
    for rule in &RULES {
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
    let page = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md"))
        .expect("the page");
    for rule in &native_sidecar::rules::RULES {
        assert!(page.contains(&format!("\n## {}\n", rule.id)), "docs/rules.md has no section on {}", rule.id);
    }
}
