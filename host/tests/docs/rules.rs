//! The examples of docs/rules.md are cases of tests/cases: what stands between `<!-- case GROUP/CASE -->` and `<!-- end -->`.

use serde_json::{Value, json};
use yaml::emit::{self, Layout};

use crate::{case_files, page};

const PAGE: &str = "docs/rules.md";
const LAYOUT: Layout = Layout { indent: 2, dash: 2 };

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

fn yaml(value: &Value) -> String {
    emit::block(value, 0, LAYOUT)
}

fn fenced(language: &str, text: &str) -> String {
    format!("```{language}\n{text}```\n\n")
}

/// What is the same in all requests, and tells nothing.
fn abridged(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|name, value| {
            !["uid", "resourceVersion", "creationTimestamp"].contains(&name.as_str()) && !value.is_null()
        });
    }
    object.as_object_mut().unwrap().remove("status");
    object
}

/// A case for a reader: the settings, the object, and what the policy answers.
fn example(name: &str) -> String {
    let folder = page::root().join("tests/cases").join(name);
    let request = case_files::request(&folder).unwrap_or_else(|| panic!("{PAGE}: there is no case {name}"));
    let answer = case_files::value(&folder, "expected.json").unwrap();
    let mut text = String::new();
    if let Some(settings) = case_files::value(&folder, "settings.json").filter(|settings| *settings != json!({})) {
        text += &format!("Settings:\n\n{}", fenced("yaml", &yaml(&settings)));
    }
    let object = abridged(&request["object"]);
    let updates = request["operation"] == "UPDATE";
    text += if updates { "An update to:\n\n" } else { "Object:\n\n" };
    text += &fenced("yaml", &yaml(&object));
    if updates {
        text += "What it changes:\n\n";
        text += &fenced("diff", &diff(&abridged(&request["oldObject"]), &object));
    }
    if let Some(message) = answer["message"].as_str() {
        text += &format!("Denied:\n\n{}", fenced("text", &format!("{message}\n")));
    }
    let warnings: String = answer["warnings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|text| text.as_str().unwrap().to_owned() + "\n")
        .collect();
    if !warnings.is_empty() {
        text += &format!("Warned:\n\n{}", fenced("text", &warnings));
    }
    if let Some(patch) = answer.get("patch") {
        let patch: json_patch::Patch = serde_json::from_value(patch.clone()).unwrap();
        let mut changed = request["object"].clone();
        json_patch::patch(&mut changed, &patch).unwrap();
        let changed = abridged(&changed);
        text += &format!("Changed:\n\n{}", fenced("diff", &diff(&object, &changed)));
    } else if answer["accepted"] == true && warnings.is_empty() {
        text += "Accepted as it is.\n\n";
    }
    let cluster = match folder.join("session.yaml").exists() {
        true => format!(", and [what the cluster answers](../tests/cases/{name}/session.yaml)"),
        false => String::new(),
    };
    text + &format!("[tests/cases/{name}](../tests/cases/{name}){cluster}\n")
}

fn diff(before: &Value, after: &Value) -> String {
    let (before, after) = (yaml(before), yaml(after));
    let diff = similar::TextDiff::from_lines(&before, &after);
    diff.unified_diff().context_radius(CONTEXT).to_string()
}

/// The page, with its examples made anew.
fn renewed(page: &str) -> String {
    let mut text = String::new();
    let mut parts = page.split("<!-- case ");
    text += parts.next().unwrap();
    for part in parts {
        let (name, rest) = part.split_once(" -->\n").unwrap_or_else(|| panic!("{PAGE}: a case without a name"));
        let (_, rest) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{PAGE}: case {name} does not end"));
        text += &format!("<!-- case {name} -->\n{}<!-- end -->{rest}", example(name));
    }
    text
}

#[test]
fn the_examples_are_the_cases() {
    let text = page::text(PAGE);
    assert!(text.matches("<!-- case ").count() > 10, "{PAGE} has lost its examples");
    page::bless(PAGE, &renewed(&text));
}
