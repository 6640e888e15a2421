//! docs/settings.md, docs/settings.schema.json and the form, made of what the policy says of its settings.

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use native_sidecar_policy::describe::{self, Description, Field, Shape};
use serde_json::{Map, Value, json};
use yaml::emit;

use crate::{case_files, page};

/// Where editors find the schema.
const SCHEMA: &str =
    "https://raw.githubusercontent.com/native-sidecar-policy/native-sidecar-policy/main/docs/settings.schema.json";

/// What the policy refuses and no schema can: a part of the message, and why.
const BEYOND_A_SCHEMA: &[(&str, &str)] = &[
    ("is not a glob", "the grammar of globs"),
    ("has a JSONPath that cannot be read", "the grammar of JSONPath"),
    ("whose Pod template the policy knows by itself", "the table of kinds"),
    ("another injection has", "two entries of a list compared"),
    ("not with universal", "which fields both forms can have"),
    ("universal adds", "a name made of another"),
    ("too long for universal", "a name made of another"),
    ("not a name of its own", "two entries of a list compared"),
];

/// The policy's verdict: None where it takes the settings, else what it says.
fn refusal(settings: &Value) -> Option<String> {
    let answer = native_sidecar_policy::validate_settings(settings.to_string().as_bytes());
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    (answer["valid"] != true).then(|| answer["message"].as_str().unwrap().to_owned())
}

/// The schema, compiled.
struct Checker(Schemas, SchemaIndex);

impl Checker {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V2020_12);
        compiler.add_resource("schema.json", describe::schema(SCHEMA)).unwrap();
        let index = compiler.compile("schema.json", &mut schemas).unwrap();
        Self(schemas, index)
    }

    fn accepts(&self, settings: &Value) -> bool {
        self.0.validate(settings, self.1).is_ok()
    }
}

/// The settings, and with them each one alone, with the ones that it needs, and each entry of its list alone: so that one
/// mistake does not hide another.
fn parts(settings: &Value) -> Vec<Value> {
    let mut parts = vec![settings.clone()];
    let needed = |name: &str| match name {
        "injections" => {
            settings.get("nodeCheck").is_some_and(|check| check == "nodes").then_some(("nodeCheck", json!("nodes")))
        }
        _ => None,
    };
    for (name, value) in settings.as_object().into_iter().flatten() {
        let mut with = |value: Value| {
            let mut part: Map<_, _> = needed(name).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            part.insert(name.clone(), value);
            parts.push(Value::Object(part));
        };
        with(value.clone());
        for entry in value.as_array().into_iter().flatten() {
            with(json!([entry]));
        }
    }
    parts
}

#[test]
fn the_schema_accepts_what_the_policy_accepts() {
    let checker = Checker::new();
    let (mut failures, mut refused, mut used) = (Vec::new(), 0, vec![false; BEYOND_A_SCHEMA.len()]);
    let cases = case_files::folders().into_iter();
    let mut settings: Vec<(String, Value)> = cases
        .filter_map(|(name, folder)| Some((name, case_files::value(&folder, "settings.json")?)))
        .flat_map(|(name, settings)| parts(&settings).into_iter().map(move |part| (name.clone(), part)))
        .collect();
    settings.extend(describe::settings().fields.iter().map(|field| ("null".to_owned(), json!({field.name: null}))));
    for (name, part) in settings {
        let (refusal, accepts) = (refusal(&part), checker.accepts(&part));
        refused += usize::from(refusal.is_some());
        match (refusal, accepts) {
            (None, false) => failures.push(format!("{name}: the policy accepts what the schema refuses: {part}")),
            (Some(message), true) => {
                let known = BEYOND_A_SCHEMA.iter().position(|(fragment, _)| message.contains(fragment));
                match known {
                    Some(index) => used[index] = true,
                    None => failures.push(format!("{name}: {message}: but the schema accepts {part}")),
                }
            }
            _ => {}
        }
    }
    assert!(refused > 50, "only {refused} settings are refused");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let idle: Vec<_> = BEYOND_A_SCHEMA.iter().zip(used).filter(|(_, used)| !used).map(|((text, _), _)| text).collect();
    assert!(idle.is_empty(), "no case needs these exceptions: {idle:?}");
}

#[test]
fn the_defaults_and_the_examples_are_accepted() {
    for Field { name, default, example, .. } in describe::settings().fields {
        assert_ne!(default, example, "{name}");
        for value in default.into_iter().chain(example) {
            let mut settings = Map::new();
            settings.insert(name.to_owned(), value);
            complete(&mut settings);
            assert_eq!(refusal(&Value::Object(settings)), None, "{name}");
        }
    }
}

/// Adds what settings need, so that an example of one is valid.
pub fn complete(settings: &mut Map<String, Value>) {
    // What they need may need something itself.
    for _ in 0..2 {
        let needs: Vec<_> = describe::needs().filter(|need| settings.contains_key(need.setting)).collect();
        for (needed, value) in needs.into_iter().map(|need| need.enough) {
            settings.entry(needed).or_insert(value);
        }
    }
}

/// A name as the label of a question: `nodeCheck` is `Node check`.
fn label(name: &str) -> String {
    let mut label = String::new();
    for (index, c) in name.char_indices() {
        match c {
            _ if index == 0 => label.extend(c.to_uppercase()),
            c if c.is_uppercase() => label.extend([' ', c.to_ascii_lowercase()]),
            c => label.push(c),
        }
    }
    label.replace("Api ", "API ")
}

/// A question of Rancher's form. What the first sentence does not say of a setting is in its tooltip.
fn question(field: &Field) -> Value {
    let (first, rest) = field.text.split_once(". ").unwrap_or((field.text.trim_end_matches('.'), ""));
    let choices = field.choices.iter().map(|(word, meaning)| match field.shape {
        Shape::Texts => (*word).to_owned(),
        _ => format!("{word}: {meaning}"),
    });
    let choices = choices.collect::<Vec<_>>().join(if field.shape == Shape::Texts { ", " } else { "; " });
    let example = match &field.example {
        Some(Value::Array(entries)) => {
            entries.iter().map(|entry| entry.as_str().unwrap()).collect::<Vec<_>>().join(", ")
        }
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let example = if choices.is_empty() && !example.is_empty() { format!("As {example}") } else { choices };
    let tooltip = [rest, &example].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let plain = |text: &str| text.replace('`', "");
    let mut question = json!({
        "variable": field.name,
        "type": match field.shape {
            Shape::Flag => "boolean",
            Shape::Texts => "array[",
            Shape::Text if !field.choices.is_empty() => "enum",
            _ => "string",
        },
        "default": field.default.clone().unwrap_or_else(|| json!("")),
        "group": field.group,
        "label": label(field.name),
        "description": plain(first) + ".",
        "tooltip": plain(&tooltip),
        "required": false,
    });
    if question["type"] == "enum" {
        question["options"] = field.choices.iter().map(|(word, _)| *word).collect();
    }
    if question["tooltip"] == "" {
        question.as_object_mut().unwrap().remove("tooltip");
    }
    question
}

#[test]
fn the_form_asks_for_the_settings() {
    // The form has no lists of maps.
    let fields = describe::settings().fields.into_iter().filter(|field| field.shape != Shape::Objects);
    let questions: Vec<_> = fields.map(|field| question(&field)).collect();
    let form = emit::entry("questions", &json!(questions), 0, emit::Layout::default());
    page::bless("questions-ui.yml", &form);
    assert_eq!(yaml::parse(&form).unwrap()["questions"], json!(questions));
    let defaults: Map<_, _> = questions
        .iter()
        .map(|question| (question["variable"].as_str().unwrap().to_owned(), question["default"].clone()))
        .collect();
    assert_eq!(refusal(&Value::Object(defaults)), None, "the form as it is filled in at first");

    const KEY: &str = "  kubewarden/questions-ui: |\n";
    let package = page::text("artifacthub-pkg.yml");
    let (before, rest) = package.split_once(KEY).unwrap();
    let after = rest.lines().skip_while(|line| line.starts_with("    ") || line.is_empty());
    let after: String = after.map(|line| format!("{line}\n")).collect();
    let form_there: String = form.lines().map(|line| format!("    {line}\n")).collect();
    page::bless("artifacthub-pkg.yml", &format!("{before}{KEY}{form_there}{after}"));
    let package = yaml::parse(&page::text("artifacthub-pkg.yml")).unwrap();
    assert_eq!(package["annotations"]["kubewarden/questions-ui"], form);
}

/// A value as one word of Markdown.
fn code(value: &Value) -> String {
    format!("`{}`", emit::flow(value, false))
}

/// What a setting may be, in a word or two.
fn kind(field: &Field) -> &'static str {
    match field.shape {
        Shape::Flag => "`true` or `false`",
        Shape::Texts if field.choices.is_empty() => "list of texts",
        Shape::Texts => "list of words",
        Shape::Objects => "list",
        Shape::Text => "text",
        Shape::Object => "object",
    }
}

/// The choices as a table; nothing where there are none.
fn table(head: &str, words: &[(&str, &str)]) -> String {
    let rows: String = words.iter().map(|(word, meaning)| format!("| `{word}` | {meaning} |\n")).collect();
    if rows.is_empty() { rows } else { format!("| {head} | meaning |\n|---|---|\n{rows}\n") }
}

fn default(field: &Field) -> String {
    let nothing = if field.is_required { "required" } else { "none" };
    field.default.as_ref().map_or(nothing.to_owned(), code)
}

/// All settings, a row for each: what it may be, what it is where nobody says, and its first sentence.
fn overview(fields: &[Field]) -> String {
    let rows = fields.iter().map(|field| {
        let words: Vec<_> = field.choices.iter().map(|(word, _)| format!("`{word}`")).collect();
        let value = match field.shape {
            Shape::Text if !words.is_empty() => words.join(" "),
            _ => kind(field).to_owned(),
        };
        let about = field.text.split_once(". ").map_or(field.text.trim_end_matches('.'), |(first, _)| first);
        let anchor = field.name.to_lowercase();
        format!("| [{}](#{anchor}) | {value} | {} | {about} |\n", field.name, default(field))
    });
    format!("| setting | value | default | about |\n|---|---|---|---|\n{}\n", rows.collect::<String>())
}

fn section(field: &Field) -> String {
    let mut text = format!("### {}\n\n{}\n\n", field.name, field.text);
    text += &table("value", &field.choices);
    let mut needs: Vec<_> = describe::needs().filter(|need| need.setting == field.name).collect();
    needs.dedup_by_key(|need| (need.of.clone(), need.needed.clone()));
    let stricter: Vec<_> = needs.iter().map(|need| (need.of.clone(), need.needed.clone())).collect();
    needs.retain(|need| {
        let says_more = |other: &str| other.strip_prefix(&need.needed).is_some_and(|more| more.starts_with(':'));
        !stricter.iter().any(|(of, needed)| *of == need.of && says_more(needed))
    });
    for need in needs {
        let needed = need.needed.replace(" or ", "` or `");
        text += &format!("`{}` needs the setting `{needed}`.\n\n", need.of);
    }
    text += &match field.shape == Shape::Text && !field.choices.is_empty() {
        true => format!("Default: {}.\n\n", default(field)),
        false => format!("Value: {}. Default: {}.\n\n", kind(field), default(field)),
    };
    if let Some(example) = &field.example {
        let example = emit::entry(field.name, example, 0, emit::Layout { indent: 2, dash: 2 });
        text += &format!("```yaml\n{example}```\n\n");
    }
    text
}

fn injection_fields() -> String {
    let Description { text: about, fields } = describe::injection();
    let mut text = format!("{about}\n\n| field | value | default | meaning |\n|---|---|---|---|\n");
    for field in &fields {
        let words: Vec<_> = field.choices.iter().map(|(word, _)| format!("`{word}`")).collect();
        let value = if words.is_empty() { kind(field).to_owned() } else { words.join(" ") };
        text += &format!("| `{}` | {value} | {} | {} |\n", field.name, default(field), field.text);
    }
    for field in fields.iter().filter(|field| !field.choices.is_empty()) {
        text += &format!("\n{}", table(&format!("`{}`", field.name), &field.choices));
    }
    text
}

#[test]
fn the_pages_are_those_of_the_settings() {
    let schema = serde_json::to_string_pretty(&describe::schema(SCHEMA)).unwrap();
    page::bless("docs/settings.schema.json", &(schema + "\n"));
    let Description { text: about, fields } = describe::settings();
    let mut text = format!(
        "<!-- Generated from src/settings: BLESS=1 cargo test --workspace --test docs -->\n\n# Settings\n\n{about}\n\n\
        [settings.schema.json](settings.schema.json) is the JSON Schema of all this, for editors:\n\n\
        ```yaml\n# yaml-language-server: $schema={SCHEMA}\nlegacySidecars: convert\n```\n\n\
        In a glob, `*` stands for any characters (also `/`), `?` for one, `[a-z]` for one of a range, `[!a-z]` for one outside \
        of it. A glob matches the whole name.\n\n",
    );
    text += &overview(&fields);
    let mut last = "";
    for field in &fields {
        if field.group != last {
            text += &format!("## {}\n\n", field.group);
            last = field.group;
        }
        text += &section(field);
        if field.shape == Shape::Objects {
            text += &injection_fields();
        }
    }
    page::bless("docs/settings.md", &text);
}
