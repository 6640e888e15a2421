//! docs/rules.md says of each rule what its own file does, between `<!-- rule ID -->` and `<!-- end rule -->`, and its examples are
//! cases of tests/cases: what stands between `<!-- case GROUP/CASE -->` and `<!-- end -->`.

use native_sidecar_policy::describe::{self, RuleDescription};
use serde_json::{Value, json};
use yaml::emit::{self, Layout};

use crate::{case_files, page};

const PAGE: &str = "docs/rules.md";
/// Where the playground is, which has each example that is no update.
const PLAYGROUND: &str = "https://native-sidecar-policy.github.io/native-sidecar-policy/#example=";

const LAYOUT: Layout = Layout { indent: 2, dash: 2 };

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
    let changed = answer.get("patch").map(|patch| {
        let patch: json_patch::Patch = serde_json::from_value(patch.clone()).unwrap();
        let mut changed = request["object"].clone();
        json_patch::patch(&mut changed, &patch).unwrap();
        abridged(&changed)
    });
    // A diff shows the object, too.
    text += &match &changed {
        Some(changed) => format!("Changed:\n\n{}", fenced("diff", &diff(&object, changed))),
        None if updates => format!("Update:\n\n{}", fenced("diff", &diff(&abridged(&request["oldObject"]), &object))),
        None => format!("Object:\n\n{}", fenced("yaml", &yaml(&object))),
    };
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
    if changed.is_none() && answer["accepted"] == true && warnings.is_empty() {
        text += "Accepted as it is.\n\n";
    }
    let cluster = match folder.join("session.yaml").exists() {
        true => format!(", and [what the cluster answers](../tests/cases/{name}/session.yaml)"),
        false => String::new(),
    };
    let playground = match updates {
        true => String::new(),
        false => format!(" · [try it]({PLAYGROUND}{name})"),
    };
    text + &format!("[tests/cases/{name}](../tests/cases/{name}){cluster}{playground}\n")
}

/// All lines of both texts, each behind a sign.
fn diff(before: &Value, after: &Value) -> String {
    let (before, after) = (yaml(before), yaml(after));
    let diff = similar::TextDiff::from_lines(&before, &after);
    diff.iter_all_changes().map(|change| format!("{}{}", change.tag(), change.value())).collect()
}

/// A rule for a reader: its title, what it means, why it matters, and where its settings are explained. Examples come from
/// the cases.
fn section(rule: RuleDescription) -> String {
    let (title, text) = title_and_text(&rule);
    let mut parts = text.split("\n## ");
    let meaning = parts.next().unwrap().trim();
    let part =
        |name: &str| parts.clone().find_map(|part| part.strip_prefix(name)).unwrap_or_default().trim().to_owned();
    let settings = part("Settings\n");
    let names = settings.lines().filter_map(|line| line.split_once(':'));
    let names = names.flat_map(|(names, _)| names.split('`').skip(1).step_by(2));
    let links: Vec<_> = names.map(|name| format!("[{name}](settings.md#{})", name.to_lowercase())).collect();
    format!("**{title}.** {meaning}\n\n{}\n\nSettings: {}\n", part("Why it matters\n"), links.join(", "))
}

fn title_and_text(rule: &RuleDescription) -> (&'static str, &'static str) {
    let text = rule.text.strip_prefix("# ").unwrap();
    text.split_once('\n').unwrap()
}

/// All rules, with their titles.
fn table() -> String {
    let rows = describe::rules().map(|rule| format!("| [{0}](#{0}) | {1} |\n", rule.id, title_and_text(&rule).0));
    format!("| rule | what it says |\n|---|---|\n{}", rows.collect::<String>())
}

/// The page, with what stands between each `<!-- START NAME -->` and the end made anew.
fn renewed(page: &str, start: &str, end: &str, content: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut parts = page.split(start);
    text += parts.next().unwrap();
    for part in parts {
        let (name, rest) = part.split_once(" -->\n").unwrap_or_else(|| panic!("{PAGE}: {start} without a name"));
        let (_, rest) = rest.split_once(end).unwrap_or_else(|| panic!("{PAGE}: {start}{name} does not end"));
        text += &format!("{start}{name} -->\n{}{end}{rest}", content(name));
    }
    text
}

#[test]
fn it_says_of_each_rule_what_its_file_does_and_shows_cases() {
    let text = page::text(PAGE);
    assert!(text.matches("<!-- case ").count() > 10, "{PAGE} has lost its examples");
    for rule in describe::rules() {
        let start = format!("\n## {0}\n\n<!-- rule {0} -->\n", rule.id);
        assert!(text.contains(&start), "{PAGE} has no section on {}:{start}<!-- end rule -->", rule.id);
    }
    let rule = |id: &str| describe::rules().find(|rule| rule.id == id).map(section);
    let text = renewed(&text, "<!-- case ", "<!-- end -->", example);
    let text = renewed(&text, "<!-- rule ", "<!-- end rule -->", |id| {
        rule(id).unwrap_or_else(|| panic!("{PAGE}: there is no rule {id}"))
    });
    page::bless(PAGE, &renewed(&text, "<!-- rules", "<!-- end rules -->", |_| table()));
}
