//! Pending changes in words: what the policy would make of an object, where nobody has written it yet.

use native_sidecar_review::place::Place;
use native_sidecar_review::reviewer::{Review, Verdict};
use native_sidecar_review::rules::Rule;

/// A pending change.
#[derive(Debug, Eq, PartialEq)]
pub struct Pending {
    /// The rule that asks for it, or for the first part of it.
    pub rule: Rule,
    /// Where that part is.
    pub place: Place,
    /// What it is, and how to make it.
    pub text: String,
}

impl Pending {
    /// Returns the change that is pending for an object.
    pub fn of(review: &Review) -> Option<Self> {
        if review.verdict != Verdict::Changed {
            return None;
        }
        let Review { kind, namespace, name, .. } = review;
        let repairs: Vec<String> = review
            .repairs
            .iter()
            .map(|repair| format!("container {:?} at {} [{}]", repair.container, repair.path, repair.rule.id))
            .collect();
        let what = match repairs.as_slice() {
            [] => "the policy changes this object".to_owned(),
            repairs => format!("the policy repairs {}", repairs.join(", ")),
        };
        let how = match review.change {
            Some(_) => "native-sidecar review --write puts the change into the file.",
            None => "No way is found to write the change into the file.",
        };
        let first = review.repairs.first();
        Some(Self {
            rule: first.map_or_else(|| rule(review), |repair| repair.rule),
            place: first.map_or_else(|| start(review), |repair| repair.place),
            text: format!("{kind}/{namespace}/{name}: {what}. {how}"),
        })
    }
}

/// Where an object starts.
fn start(review: &Review) -> Place {
    review.written_line().map_or(Place::NONE, |line| Place { line, column: 1 })
}

/// The rule of a change that repairs no container: an injector is steered, which is in metadata, or a sidecar is injected.
fn rule(review: &Review) -> Rule {
    let operations = review.response.as_ref().and_then(|response| response.operations().ok()).unwrap_or_default();
    let is_injection = operations.iter().any(|operation| operation.path().to_string().contains("ontainers"));
    Rule::named_or_last(if is_injection { "injections" } else { "injected" })
}
