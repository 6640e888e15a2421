//! Reviews as lines of JSON, for programs.

use serde_json::{Value, json};

use crate::diff;
use crate::findings::{Finding, Repair, Suppression};
use crate::reviewer::Review;

/// Returns a review as one line of JSON.
pub fn object(file: &str, review: &Review) -> String {
    let response = review.response.as_ref();
    let patch = response.and_then(|response| response.operations().ok());
    let change = review.change.as_ref().map(|change| {
        let name = file.strip_prefix("./").unwrap_or(file);
        diff::patch(name, &diff::hunks(&change.before, &change.after, change.line))
    });
    let line = json!({
        "file": file,
        "document": review.written_line().map(|_| review.document),
        "line": review.written_line(),
        "apiVersion": review.api_version,
        "kind": review.kind,
        "namespace": review.namespace,
        "name": review.name,
        "verdict": review.verdict.word(),
        "leftOut": review.left_out,
        "allowed": response.is_none_or(|response| response.allowed),
        "message": response.and_then(|response| response.status.as_ref()?.message.as_deref()),
        "warnings": response.and_then(|response| response.warnings.as_deref()).unwrap_or_default(),
        "findings": review.findings.iter().map(finding).collect::<Vec<_>>(),
        "repairs": review.repairs.iter().map(repair).collect::<Vec<_>>(),
        "patch": patch.map_or_else(|| json!([]), |patch| json!(patch)),
        "change": change,
        "losesComments": review.change.as_ref().is_some_and(|change| change.loses_comments),
    });
    format!("{line}\n")
}

fn finding(finding: &Finding) -> Value {
    let Finding { rule, denies, text, container, path, place, suppression } = finding;
    let (suppressed, reason) = match suppression {
        None => (None, None),
        Some(Suppression::Comment(reason)) => (Some("comment"), Some(reason).filter(|reason| !reason.is_empty())),
        Some(Suppression::Baseline) => (Some("baseline"), None),
    };
    json!({
        "rule": rule.id,
        "severity": if *denies { "denied" } else { "warned" },
        "message": text,
        "container": container,
        "path": path,
        "line": place.written().map(|place| place.line),
        "column": place.written().map(|place| place.column),
        "suppressed": suppressed,
        "reason": reason,
    })
}

fn repair(repair: &Repair) -> Value {
    let Repair { rule, container, path, place } = repair;
    json!({
        "rule": rule.id,
        "container": container,
        "path": path,
        "line": place.written().map(|place| place.line),
        "column": place.written().map(|place| place.column),
    })
}

/// Returns what is wrong with a file as one line of JSON, under this key.
pub fn problem(file: &str, place: Option<&yaml::Error>, key: &str, message: &str) -> String {
    let mut line = json!({"file": file});
    if let (Some(error), Value::Object(line)) = (place, &mut line) {
        line.insert("line".to_owned(), error.line.into());
        line.insert("column".to_owned(), error.column.into());
    }
    line[key] = message.into();
    format!("{line}\n")
}
