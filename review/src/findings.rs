//! The messages of a response one by one, each with its rule and its place.
//!
//! The policy answers in text alone, as Kubewarden's protocol has no place for more. Which rule a message belongs to is
//! read off the fixed phrases of its text, here and nowhere else; a test holds them to all that the policy's cases say.

use yaml::Node;

use crate::admission::AdmissionResponse;
use crate::place::Place;
use crate::rules::Rule;

/// A message of the policy.
#[derive(Debug, Eq, PartialEq)]
pub struct Finding {
    /// The rule that it belongs to.
    pub rule: Rule,
    /// Whether it denies the object; else it warns.
    pub denies: bool,
    /// The message.
    pub text: String,
    /// What it is about, as a path into the object; empty for the object itself.
    pub path: String,
    /// Where that is written.
    pub place: Place,
}

/// What the messages of a rule say, wherever the name of the object or the container does not stand.
const PHRASES: [(&str, &[&str]); 7] = [
    ("legacy", &[" is a sidecar in the legacy form ("]),
    (
        "stripped",
        &[
            " has lost restartPolicy: Always (",
            " instead of Always (",
            " is missing from spec.initContainers.",
            ": not compared with its ",
            ": mutating webhooks that could have stripped it",
            ": which mutating webhooks could have stripped it",
            ": no mutating webhook is called for it,",
            ": and then, in their order: ",
            ": audit annotations patch.webhook.admission.k8s.io/",
        ],
    ),
    ("misplaced", &[", which makes no sidecar outside initContainers"]),
    ("injected", &[" is injected in the legacy form (", " is not switched to native sidecars: "]),
    ("converted", &[" is now a native sidecar: "]),
    (
        "nodes",
        &[
            ": native sidecars do not work on node",
            ": native sidecars need nodes of ",
            ": whether native sidecars work is not known",
            ": the Pod now needs a node with ",
            ": no node of the cluster takes this Pod now.",
        ],
    ),
    ("injections", &[" is not injected: "]),
];

/// What stands in a message ahead of a path into the object.
const BEFORE_PATH: [&str; 2] = ["\" at ", " cannot be judged: request.object"];

/// The messages of a response about the object that is written here: first those that deny, then the warnings.
pub fn findings(response: &AdmissionResponse, object: &Node) -> Vec<Finding> {
    let message = response.status.as_ref().and_then(|status| status.message.as_deref()).unwrap_or_default();
    let denials = message.lines().map(|text| (true, text));
    let warnings = response.warnings.iter().flatten().map(|text| (false, text.as_str()));
    let finding = |(denies, text): (bool, &str)| {
        let path = BEFORE_PATH.iter().find_map(|before| Some(text.split_once(before)?.1)).unwrap_or_default();
        let (place, rest) = Place::of(path, object);
        let path = path[..path.len() - rest.len()].trim_start_matches('.').to_owned();
        Some(Finding { rule: rule_of(text)?, denies, text: text.to_owned(), path, place })
    };
    denials.chain(warnings).filter_map(finding).collect()
}

/// The rule that a message belongs to: what it says first counts.
fn rule_of(message: &str) -> Option<Rule> {
    let first = |phrases: &[&str]| phrases.iter().filter_map(|phrase| message.find(phrase)).min();
    let found = PHRASES.iter().filter_map(|(id, phrases)| Some((first(phrases)?, *id)));
    Rule::named(found.min_by_key(|(place, _)| *place).map_or("policy", |(_, id)| id))
}
