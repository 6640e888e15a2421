//! Findings as data: what a program reads of an answer, where people read its texts.

use serde::Serialize;

use crate::json::malformed::Malformed;
use crate::rules;
use crate::rules::rule::{About, Finding, Rule};

/// Something that the policy has found, as an element of the audit annotation `findings`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Entry {
    /// The rule, by its id.
    pub rule: &'static str,
    /// The name of the container that it is about, where it is about one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// The path into the object; absent where it is about the object itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The source of the evidence.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub evidence: &'static str,
    /// What that source says: a glob, a manager, fields.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Why it is not repaired as the settings want.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The line of the message that says it, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<usize>,
    /// The warning that says it, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<usize>,
}

/// What becomes of a finding, in one word.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The object is refused for it.
    Rejected,
    /// The user is told.
    #[default]
    Warned,
    /// It stays as it is although the settings want it repaired.
    Kept,
    /// It is repaired.
    Repaired,
}

impl Entry {
    /// What a rule says of the whole object.
    pub fn of_object(rule: &'static Rule, outcome: Outcome) -> Self {
        Self { rule: rule.id, outcome, ..Self::default() }
    }

    /// A finding in a container.
    pub fn of(finding: &Finding, about: About, outcome: Outcome) -> Self {
        Self {
            rule: finding.rule.id,
            container: finding.container.name().to_owned(),
            path: about.path(finding.check.list, finding.index).to_string(),
            evidence: finding.evidence.source.name,
            detail: finding.evidence.detail.clone().into_owned(),
            outcome,
            ..Self::default()
        }
    }
}

/// Returns the annotation for a request that can't be judged.
pub fn malformed(error: &Malformed) -> String {
    let path = error.place.strip_prefix("request.object").unwrap_or_default().trim_start_matches('.');
    let entry = Entry::of_object(&rules::policy::RULE, Outcome::Rejected);
    json(&[Entry { path: path.to_owned(), message: Some(0), ..entry }])
}

/// Returns the annotation: a list, as compact JSON.
pub fn json(entries: &[Entry]) -> String {
    serde_json::to_string(entries).unwrap_or_default()
}
