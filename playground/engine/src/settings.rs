//! The settings: as a text, as a value, and as a form that changes some of them.

use native_sidecar_review::answer;
use native_sidecar_review::manifest;
use native_sidecar_review::place::Place;
use native_sidecar_review::policy::{self, Policy};
use serde_json::{Map, Value};
use yaml::Document;
use yaml::edit;
use yaml::emit::{self, Layout};

use crate::module::{self, Module};

/// How settings are written that nobody has written yet.
const LAYOUT: Layout = Layout { indent: 2, dash: 2 };

/// The settings that a text says.
#[derive(Debug)]
pub struct Settings {
    /// Their value, an object.
    pub value: Value,
    /// The policy, where they are in its manifest.
    pub policy: Option<Policy>,
}

/// Something that is wrong with a text, and where, if that is known.
#[derive(Debug, Eq, PartialEq)]
pub struct Problem {
    /// Where.
    pub place: Option<Place>,
    /// What.
    pub message: String,
    /// What the settings are, where they can be read and the policy does not take them.
    pub value: Option<Value>,
}

impl From<yaml::Error> for Problem {
    fn from(error: yaml::Error) -> Self {
        Self { place: Some(Place::from(&error)), message: error.message, value: None }
    }
}

impl Settings {
    /// Reads settings, or the manifest of a policy with its settings, and has the policy check them.
    pub fn read(text: &str, module: &dyn Module) -> Result<Self, Problem> {
        let at = |place, message: String| Problem { place, message, value: None };
        let documents: Vec<Document> = yaml::documents(text).collect::<Result<_, _>>()?;
        let objects =
            documents.iter().flat_map(|document| manifest::objects(document).into_iter().filter(policy::is_policy));
        let policies: Vec<_> = objects.collect();
        let (value, policy, start) = match policies.as_slice() {
            [] => (yaml::parse(text)?, None, ""),
            [object] => {
                let place = object.node.map(|node| Place { line: node.line, column: node.column });
                let value = object.value.pointer("/spec/settings").cloned().unwrap_or_default();
                (value, Some(Policy::read(object).map_err(|message| at(place, message))?), "spec.settings")
            }
            several => {
                let titles: Vec<_> = several.iter().map(policy::title).collect();
                return Err(at(None, format!("several policies: {}; leave one", titles.join(", "))));
            }
        };
        let value = match value {
            Value::Null => Value::Object(Map::new()),
            Value::Object(members) => Value::Object(members),
            _ => return Err(at(Some(Place { line: 1, column: 1 }), "not an object".to_owned())),
        };
        let answer = module::call_alone(module, "validate_settings", &value.to_string());
        let problem = answer.map_or_else(Some, |answer| answer::problem_of_settings(&answer));
        match problem {
            None => Ok(Self { value, policy }),
            Some(message) => Err(Problem { place: place(&message, start, &documents), message, value: Some(value) }),
        }
    }
}

/// Where the thing is that a message starts with the path of: a setting.
fn place(message: &str, start: &str, documents: &[Document]) -> Option<Place> {
    let message = message.strip_prefix("settings.").unwrap_or(message);
    let end = message.find(|c: char| c == ':' || c.is_whitespace())?;
    let path = if start.is_empty() { message[..end].to_owned() } else { format!("{start}.{}", &message[..end]) };
    let is_there = |document: &&Document| !document.value.is_null();
    Some(Place::of(&path, &documents.iter().find(is_there)?.root))
}

/// Returns a text of settings that says what this value says, with its comments, order and quotes.
pub fn rewritten(text: &str, after: &Value) -> String {
    let anew = || match after.as_object() {
        Some(members) if members.is_empty() => String::new(),
        _ => emit::block(after, 0, LAYOUT),
    };
    let documents: Result<Vec<Document>, _> = yaml::documents(text).collect();
    let Ok([document]) = documents.as_deref() else { return anew() };
    let is_policy = manifest::objects(document).iter().any(policy::is_policy);
    if !document.value.is_object() || !is_policy && after.as_object().is_some_and(Map::is_empty) {
        return anew();
    }
    let after = match is_policy {
        true => &in_policy(&document.value, after),
        false => after,
    };
    let edits = edit::edits(text, &document.root, &document.value, after);
    let edited = edit::apply(text, 0..text.len(), &edits);
    match yaml::parse(&edited) {
        Ok(value) if value == *after => edited,
        _ => emit::block(after, 0, LAYOUT),
    }
}

/// The manifest of a policy with other settings.
fn in_policy(policy: &Value, settings: &Value) -> Value {
    let mut policy = policy.clone();
    policy["spec"]["settings"] = settings.clone();
    policy
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::module::Native;

    fn problem(text: &str) -> Option<(Option<(usize, usize)>, String)> {
        let problem = Settings::read(text, &Native).err()?;
        Some((problem.place.map(|place| (place.line, place.column)), problem.message))
    }

    #[test]
    fn settings_are_checked_by_the_policy() {
        for text in ["", "{}", "# nothing\n", "legacySidecars: warn\n", "{\"legacySidecars\": \"warn\"}"] {
            assert_eq!(problem(text), None, "{text}");
        }
        assert_eq!(problem("- a\n"), Some((Some((1, 1)), "not an object".to_owned())));
        let (place, message) = problem("# mine\nlegacySidecars: move\n").unwrap();
        assert_eq!((place, &message[..14]), (Some((2, 17)), "legacySidecars"), "{message}");
    }

    #[test]
    fn a_policy_has_settings() {
        let policy =
            "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nmetadata: {name: a}\nspec:\n";
        let settings = Settings::read(&format!("{policy}  settings:\n    legacySidecars: warn\n"), &Native).unwrap();
        assert_eq!((settings.value, settings.policy.is_some()), (json!({"legacySidecars": "warn"}), true));
        let text = format!("{policy}  # strict\n  settings:\n    legacySidecars: warn # for now\n");
        assert_eq!(rewritten(&text, &json!({"legacySidecars": "reject"})), text.replace(": warn", ": reject"));
        let (place, _) = problem(&format!("{policy}  settings:\n    legacySidecars: move\n")).unwrap();
        assert_eq!(place, Some((6, 21)));
    }

    #[test]
    fn a_text_keeps_its_comments_when_the_form_changes_it() {
        let text = "# ours\nlegacySidecars: warn # for now\nsidecarNames: [a]\n";
        let after = json!({"legacySidecars": "convert", "sidecarNames": ["a", "b"]});
        assert_eq!(rewritten(text, &after), "# ours\nlegacySidecars: convert # for now\nsidecarNames: [a, b]\n");
        assert_eq!(rewritten("", &json!({"sidecarNames": ["a"]})), "sidecarNames:\n  - a\n");
        assert_eq!(rewritten("sidecarNames: [a]\n", &json!({})), "");
        assert_eq!(rewritten("a: [", &json!({"catalogue": false})), "catalogue: false\n");
    }
}
