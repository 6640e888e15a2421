//! The messages of a response one by one, each with its rule and its place.
//!
//! What each message is about, the policy says in an audit annotation: compact JSON, a list with an element for everything
//! that it has found.

use serde::Deserialize;
use yaml::Node;

use crate::admission::AdmissionResponse;
use crate::place::Place;
use crate::rules::Rule;

/// The audit annotation.
const ANNOTATION: &str = "findings";

/// A message of the policy.
#[derive(Debug, Eq, PartialEq)]
pub struct Finding {
    /// The rule that it belongs to.
    pub rule: Rule,
    /// Whether it denies the object; else it warns.
    pub denies: bool,
    /// The message.
    pub text: String,
    /// The container that it is about; empty where it is about none.
    pub container: String,
    /// What it is about, as a path into the object; empty for the object itself.
    pub path: String,
    /// Where that is written.
    pub place: Place,
    /// Why it does not count, where it does not.
    pub suppression: Option<Suppression>,
}

/// A reason for which a finding does not count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Suppression {
    /// A comment in the manifest says so, for this reason, which may be empty.
    Comment(String),
    /// It is known since a baseline was written.
    Baseline,
}

/// A part of a change.
#[derive(Debug, Eq, PartialEq)]
pub struct Repair {
    /// The rule that asks for it.
    pub rule: Rule,
    /// The container that is repaired.
    pub container: String,
    /// Where that is, as a path into the object.
    pub path: String,
    /// Where that is written.
    pub place: Place,
}

/// An element of the annotation, as far as it says what a message is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    rule: String,
    container: String,
    path: String,
    outcome: String,
    /// The line of the denial that says it, from 0.
    message: Option<usize>,
    /// The warning that says it, from 0.
    warning: Option<usize>,
}

/// Returns the messages of a response about the object that is written here: first those that deny, then the warnings.
///
/// A message that no element of the annotation names is about the object, and belongs to the last rule.
pub fn findings(response: &AdmissionResponse, object: &Node) -> Vec<Finding> {
    let entries = entries(response);
    let finding = |denies, text: &str, entry: Option<&Entry>| {
        let entry = entry.cloned().unwrap_or_default();
        Finding {
            rule: Rule::named_or_last(&entry.rule),
            denies,
            text: text.to_owned(),
            place: Place::of(&entry.path, object),
            container: entry.container,
            path: entry.path,
            suppression: None,
        }
    };
    let message = response.status.as_ref().and_then(|status| status.message.as_deref()).unwrap_or_default();
    let denials = message.lines().enumerate().map(|(index, text)| {
        let entry = entries.iter().find(|entry| entry.message == Some(index));
        finding(true, text, entry)
    });
    let warnings = response.warnings.iter().flatten().enumerate().map(|(index, text)| {
        let entry = entries.iter().find(|entry| entry.warning == Some(index));
        finding(false, text, entry)
    });
    denials.chain(warnings).collect()
}

/// Returns what a change repairs in the object that is written here. What comes with a warning is told by that.
pub fn repairs(response: &AdmissionResponse, object: &Node) -> Vec<Repair> {
    let repair = |Entry { rule, container, path, .. }| Repair {
        rule: Rule::named_or_last(&rule),
        container,
        place: Place::of(&path, object),
        path,
    };
    let is_repair = |entry: &Entry| entry.outcome == "repaired" && entry.warning.is_none();
    entries(response).into_iter().filter(is_repair).map(repair).collect()
}

/// Returns the elements of the annotation; none where it is not there or cannot be read, as of another policy.
fn entries(response: &AdmissionResponse) -> Vec<Entry> {
    let annotation = response.audit_annotations.as_ref().and_then(|annotations| annotations.get(ANNOTATION));
    annotation.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::admission::Status;

    const POD: &str = "spec:\n  containers:\n  - name: a\n  - name: b\n";

    /// What is told of a response with this message, these warnings, and this annotation: a line for each.
    fn told(message: Option<&str>, warnings: &[&str], annotation: &str) -> Vec<String> {
        let document = yaml::documents(POD).next().unwrap().unwrap();
        let response = AdmissionResponse {
            status: message.map(|message| Status { message: Some(message.to_owned()), code: None }),
            warnings: (!warnings.is_empty()).then(|| warnings.iter().map(|text| (*text).to_owned()).collect()),
            audit_annotations: Some(BTreeMap::from([(ANNOTATION.to_owned(), annotation.to_owned())])),
            ..AdmissionResponse::default()
        };
        let line = |Finding { rule, denies, text, path, place: Place { line, column }, .. }: &Finding| {
            let verb = if *denies { "denies" } else { "warns" };
            format!("{line}:{column} {verb} {} [{path}]: {text}", rule.id)
        };
        findings(&response, &document.root).iter().map(line).collect()
    }

    /// An element about container `b`, with this more in it.
    fn legacy(index: usize, more: Value) -> Value {
        let mut entry = json!({
            "rule": "legacy", "container": "b", "path": format!("spec.containers[{index}]"),
            "evidence": "sidecarNames", "detail": "b*", "outcome": "rejected",
        });
        for (name, value) in more.as_object().unwrap() {
            entry[name] = value.clone();
        }
        entry
    }

    #[test]
    fn a_message_is_about_what_its_element_says() {
        let nodes = json!({"rule": "nodes", "outcome": "warned", "warning": 1});
        let annotation = json!([legacy(1, json!({"message": 1})), legacy(0, json!({"warning": 0})), nodes]);
        let told = told(Some("no reason\nbecause of b"), &["a, too", "old nodes"], &annotation.to_string());
        let expected = [
            "1:1 denies policy []: no reason",
            "4:5 denies legacy [spec.containers[1]]: because of b",
            "3:5 warns legacy [spec.containers[0]]: a, too",
            "1:1 warns nodes []: old nodes",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_not_said_is_no_finding_but_a_repair() {
        let consequence = legacy(1, json!({"rule": "converted", "outcome": "repaired", "warning": 0}));
        let repaired =
            json!([legacy(1, json!({"outcome": "repaired"})), consequence, legacy(0, json!({}))]).to_string();
        assert_eq!(told(None, &[], &repaired), Vec::<String>::new());
        let document = yaml::documents(POD).next().unwrap().unwrap();
        let audit_annotations = Some(BTreeMap::from([(ANNOTATION.to_owned(), repaired)]));
        let response = AdmissionResponse { audit_annotations, ..AdmissionResponse::default() };
        let repair = Repair {
            rule: Rule::named("legacy").unwrap(),
            container: "b".to_owned(),
            path: "spec.containers[1]".to_owned(),
            place: Place { line: 4, column: 5 },
        };
        assert_eq!(repairs(&response, &document.root), [repair]);
    }

    #[test]
    fn a_message_without_an_element_is_about_the_object() {
        let of_others = json!([{"message": 1}, {"warning": 0}]).to_string();
        let unknown = json!([{"rule": "new", "path": "", "message": 0}]).to_string();
        for annotation in ["", "nonsense", "{}", "[1]", "[]", &of_others, &unknown] {
            assert_eq!(told(Some("no"), &[], annotation), ["1:1 denies policy []: no"], "{annotation}");
        }
    }
}
