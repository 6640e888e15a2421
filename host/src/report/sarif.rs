//! Reviews as SARIF 2.1.0, which code scanning and editors show beside the lines of the files.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>, and what GitHub takes of it:
//! <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>

use std::path::Path;

use native_sidecar_review::change::{Change, Replacement};
use native_sidecar_review::findings::Finding;
use native_sidecar_review::place::Place;
use native_sidecar_review::reviewer::Review;
use native_sidecar_review::rules::Rule;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::report::output::Report;
use crate::report::pending::Pending;
use crate::report::summary::Summary;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Where the sources and the documentation of the policy are.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// What has to be escaped in the path of a URI: <https://www.rfc-editor.org/rfc/rfc3986#section-3.3>.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A log with one run, which is printed at the end.
#[derive(Debug, Default)]
pub struct Sarif {
    results: Vec<Value>,
    notifications: Vec<Value>,
}

impl Report for Sarif {
    fn object(&mut self, file: &str, review: &Review) -> String {
        // Code scanning takes no notice of suppressions: what does not count is left out.
        self.results.extend(review.open().map(|finding| of_finding(file, review, finding)));
        self.results.extend(Pending::of(review).map(|pending| of_change(file, review, &pending)));
        String::new()
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        self.notify("error", file, place, message)
    }

    fn warning(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        self.notify("warning", file, place, message)
    }

    fn template(&mut self, file: &str) -> String {
        self.notify("note", file, None, "a template, which is skipped: review what it renders to")
    }

    fn end(&mut self, _: &Summary) -> String {
        let log = json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": env!("CARGO_PKG_NAME"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "informationUri": HOME,
                    "rules": Rule::all().map(rule).collect::<Vec<_>>(),
                }},
                "columnKind": "unicodeCodePoints",
                "invocations": [{
                    "executionSuccessful": self.notifications.iter().all(|each| each["level"] != "error"),
                    "toolExecutionNotifications": self.notifications,
                }],
                "results": self.results,
            }],
        });
        format!("{log:#}\n")
    }
}

impl Sarif {
    fn notify(&mut self, level: &str, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        self.notifications.push(json!({
            "level": level,
            "message": {"text": message},
            "locations": [{"physicalLocation": place_in(file, place.map(Place::from))}],
        }));
        String::new()
    }
}

fn rule(rule: Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.title()},
        "fullDescription": {"text": rule.summary()},
        "help": {"text": rule.text, "markdown": rule.text},
        "helpUri": format!("{HOME}/blob/main/docs/rules.md#{}", rule.id),
    })
}

fn of_finding(file: &str, review: &Review, finding: &Finding) -> Value {
    let level = if finding.denies { "error" } else { "warning" };
    let object = object(review);
    let name = format!("{object}/{}", finding.path);
    result(level, finding.rule, &finding.text, place_in(file, Some(finding.place)), name.trim_end_matches('/'))
}

fn of_change(file: &str, review: &Review, pending: &Pending) -> Value {
    let Pending { rule, place, text } = pending;
    let mut result = result("note", *rule, text, place_in(file, Some(*place)), &object(review));
    if let Some(change) = &review.change {
        result["fixes"] = json!([fix(file, change)]);
    }
    result
}

fn object(review: &Review) -> String {
    let Review { kind, namespace, name, .. } = review;
    format!("{kind}/{namespace}/{name}")
}

fn result(level: &str, rule: Rule, text: &str, place: Value, logical_name: &str) -> Value {
    json!({
        "ruleId": rule.id,
        "ruleIndex": rule.index,
        "level": level,
        "message": {"text": text},
        "locations": [{
            "physicalLocation": place,
            "logicalLocations": [{"fullyQualifiedName": logical_name}],
        }],
    })
}

/// A fix. Its replacements have places in the file as it is.
fn fix(file: &str, change: &Change) -> Value {
    let replacement = |Replacement { start, end, text }: &Replacement| {
        let mut replacement = json!({"deletedRegion": {
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
        }});
        if !text.is_empty() {
            replacement["insertedContent"] = json!({"text": text});
        }
        replacement
    };
    json!({
        "description": {"text": "What the policy makes of the object"},
        "artifactChanges": [{
            "artifactLocation": place_in(file, None)["artifactLocation"],
            "replacements": change.replacements.iter().map(replacement).collect::<Vec<_>>(),
        }],
    })
}

/// A physicalLocation.
fn place_in(file: &str, place: Option<Place>) -> Value {
    let escaped = utf8_percent_encode(file.strip_prefix("./").unwrap_or(file), ESCAPED);
    let mut location = match Path::new(file).is_absolute() {
        true => json!({"artifactLocation": {"uri": format!("file://{escaped}")}}),
        false => json!({"artifactLocation": {"uri": escaped.to_string(), "uriBaseId": "%SRCROOT%"}}),
    };
    if let Some(Place { line, column }) = place.and_then(Place::written) {
        location["region"] = json!({"startLine": line, "startColumn": column});
    }
    location
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(file: &str) -> String {
        place_in(file, None)["artifactLocation"].to_string()
    }

    #[test]
    fn files_are_uris() {
        assert_eq!(uri("./a b/ü#1.yaml"), r#"{"uri":"a%20b/%C3%BC%231.yaml","uriBaseId":"%SRCROOT%"}"#);
        assert_eq!(uri("../a.yaml"), r#"{"uri":"../a.yaml","uriBaseId":"%SRCROOT%"}"#);
        assert_eq!(uri("/tmp/a:b.yaml"), r#"{"uri":"file:///tmp/a%3Ab.yaml"}"#);
        assert_eq!(uri("<stdin>"), r#"{"uri":"%3Cstdin%3E","uriBaseId":"%SRCROOT%"}"#);
    }
}
