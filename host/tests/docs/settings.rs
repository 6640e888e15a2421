//! docs/settings.md and docs/settings.schema.json, and the policy's own code and forms that they have to agree with.

use std::collections::BTreeMap;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::{Map, Value, json};
use yaml::emit;

use crate::{case_files, page, schema};

/// What the policy refuses and no schema can: a part of the message, and why.
const BEYOND_A_SCHEMA: &[(&str, &str)] = &[
    ("is no glob", "the grammar of globs"),
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
        compiler.add_resource("schema.json", schema::settings()).unwrap();
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
    let properties = schema::settings()["properties"].as_object().unwrap().clone();
    settings.extend(properties.keys().map(|name| ("null".to_owned(), json!({name: null}))));
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

/// What src/settings/mod.rs says: the names of all settings, and the choices of those that have some, the default first.
fn source() -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let source = page::text("src/settings/mod.rs");
    let quoted = |text: &str| text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let fields = source.split("struct Written<'a> {").nth(1).unwrap().split('}').next().unwrap();
    let choices = source.split("checker.choice(").skip(1).map(|call| {
        let arguments: Vec<_> = call.split(')').next().unwrap().split(',').map(str::trim).collect();
        let table = source.split(&format!("const {}: Choices", arguments[2])).nth(1).unwrap();
        (quoted(arguments[0]).remove(0), quoted(table.split(';').next().unwrap()))
    });
    (quoted(fields), choices.collect())
}

/// The words that a setting may be; none where it is not of that kind.
fn words(setting: &Value) -> Vec<(String, String)> {
    let choices = setting["oneOf"].as_array().or(setting["anyOf"][0]["oneOf"].as_array());
    let text = |value: &Value| value.as_str().unwrap().replace('\n', " ");
    choices.into_iter().flatten().map(|choice| (text(&choice["const"]), text(&choice["description"]))).collect()
}

#[test]
fn the_schema_is_that_of_the_source() {
    let schema = schema::settings();
    let (names, mut choices) = source();
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties.keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    for (name, setting) in properties {
        let words: Vec<_> = words(setting).into_iter().map(|(word, _)| word).collect();
        assert_eq!(words, choices.remove(name).unwrap_or_default(), "{name}");
        if let Some(first) = words.first() {
            assert_eq!(setting["default"], **first, "{name}");
        }
        for example in setting["examples"].as_array().into_iter().flatten() {
            let needs = json!({"nodeCheck": "nodes", "nodeLabel": "a=b", "injectedSidecars": "steer"});
            let mut settings = needs.as_object().unwrap().clone();
            settings.insert(name.clone(), example.clone());
            assert_eq!(refusal(&Value::Object(settings)), None, "{name}");
        }
    }
    assert!(choices.is_empty(), "{choices:?}");
    let injectors = page::text("src/catalogue/injectors.rs");
    let injectors = injectors.lines().filter_map(|line| line.trim().strip_prefix("name: \"")?.strip_suffix("\","));
    let described = words(&properties["steerInjectors"]["items"]);
    let described: Vec<_> = described.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(described, injectors.collect::<Vec<_>>());
    let injection = page::text("src/settings/injections.rs");
    let fields = injection.split("struct Written<'a> {").nth(1).unwrap().split('}').next().unwrap();
    let fields: Vec<_> = fields.split('"').skip(1).step_by(2).collect();
    let described = &schema["properties"]["injections"]["items"]["properties"];
    assert_eq!(described.as_object().unwrap().keys().collect::<Vec<_>>(), fields);
    let strategies = injection.split("const STRATEGIES").nth(1).unwrap().split("];").next().unwrap();
    let strategies: Vec<_> = strategies.split('"').skip(1).step_by(2).collect();
    let described: Vec<_> = words(&described["strategy"]).into_iter().map(|(word, _)| word).collect();
    assert_eq!(described, strategies);
    let twins = page::text("src/settings/universal.rs");
    let image = schema["properties"]["injections"]["items"]["properties"]["helperImage"]["default"].as_str().unwrap();
    assert!(twins.contains(&format!("HELPER_IMAGE: &str = {image:?}")), "{image}");
}

/// The questions of Rancher's form.
fn questions() -> Vec<Value> {
    yaml::parse(&page::text("questions-ui.yml")).unwrap()["questions"].as_array().unwrap().clone()
}

#[test]
fn the_form_asks_what_the_schema_says() {
    let schema = schema::settings();
    let properties = schema["properties"].as_object().unwrap();
    let questions = questions();
    // The form has no lists of maps.
    let flat: Vec<_> = properties.keys().filter(|name| *name != "injections").collect();
    assert_eq!(questions.iter().map(|question| question["variable"].as_str().unwrap()).collect::<Vec<_>>(), flat);
    for question in &questions {
        let name = question["variable"].as_str().unwrap();
        for field in ["group", "label", "description", "tooltip"] {
            assert!(question[field].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {field}");
        }
        assert_eq!(question["required"], false, "{name}");
        let setting = &properties[name];
        let words: Vec<_> = words(setting).into_iter().map(|(word, _)| word).collect();
        let kind = match setting["type"][0].as_str() {
            Some("boolean") => "boolean",
            Some("array") => "array[",
            Some("string") => "string",
            _ => "enum",
        };
        assert_eq!(question["type"], kind, "{name}");
        assert_eq!(question.get("options").cloned().unwrap_or(json!([])), json!(words), "{name}");
        assert_eq!(question["default"], *setting.get("default").unwrap_or(&json!("")), "{name}");
    }
    let defaults: Map<_, _> = questions
        .iter()
        .map(|question| (question["variable"].as_str().unwrap().to_owned(), question["default"].clone()))
        .collect();
    assert_eq!(refusal(&Value::Object(defaults)), None, "the form as it is filled in at first");
}

#[test]
fn artifact_hub_has_the_same_form() {
    let package = yaml::parse(&page::text("artifacthub-pkg.yml")).unwrap();
    assert_eq!(package["annotations"]["kubewarden/questions-ui"], page::text("questions-ui.yml"));
}

/// A value as one word of Markdown.
fn code(value: &Value) -> String {
    format!("`{}`", emit::flow(value, false))
}

fn paragraph(setting: &Value) -> String {
    setting["description"].as_str().unwrap().replace('\n', " ")
}

/// What a setting may be, in a word or two.
fn kind(setting: &Value) -> &'static str {
    match (setting["type"][0].as_str().or(setting["type"].as_str()), setting["items"]["type"].as_str()) {
        (Some("boolean"), _) => "`true` or `false`",
        (Some("array"), Some("string")) if setting["items"].get("oneOf").is_some() => "list of words",
        (Some("array"), Some("string")) => "list of texts",
        (Some("array"), _) => "list",
        (Some("string"), _) => "text",
        _ => "object",
    }
}

/// The choices as a table; nothing where there are none.
fn table(words: &[(String, String)]) -> String {
    let rows: String = words.iter().map(|(word, meaning)| format!("| `{word}` | {meaning} |\n")).collect();
    if rows.is_empty() { rows } else { format!("| value | meaning |\n|---|---|\n{rows}\n") }
}

fn section(name: &str, setting: &Value) -> String {
    let mut text = format!("### {name}\n\n{}\n\n", paragraph(setting));
    let list = words(&setting["items"]);
    text += &table(if list.is_empty() { words(setting) } else { list }.as_slice());
    let default = setting.get("default").map_or("none".to_owned(), code);
    text += &match words(setting).is_empty() {
        true => format!("Value: {}. Default: {default}.\n\n", kind(setting)),
        false => format!("Default: {default}.\n\n"),
    };
    for example in setting["examples"].as_array().into_iter().flatten() {
        text += &format!("```yaml\n{}```\n\n", emit::entry(name, example, 0, emit::Layout { indent: 2, dash: 2 }));
    }
    text
}

fn fields(injection: &Value) -> String {
    let mut text = "| field | value | default | meaning |\n|---|---|---|---|\n".to_owned();
    let required = injection["required"].as_array().unwrap();
    for (name, field) in injection["properties"].as_object().unwrap() {
        let words = words(field);
        let value = match words.is_empty() {
            true => kind(field).to_owned(),
            false => words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(" "),
        };
        let default = field
            .get("default")
            .map_or(if required.contains(&json!(name)) { "required" } else { "none" }.to_owned(), code);
        text += &format!("| `{name}` | {value} | {default} | {} |\n", paragraph(field));
    }
    let strategies = table(&words(&injection["properties"]["strategy"])).replacen("| value |", "| `strategy` |", 1);
    format!("{}\n\n{text}\n{strategies}", paragraph(injection))
}

#[test]
fn the_pages_are_those_of_the_schema() {
    let schema = schema::settings();
    page::bless("docs/settings.schema.json", &(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
    let mut text = format!(
        "<!-- Generated from host/tests/docs/schema.rs: BLESS=1 cargo test --workspace --test docs -->\n\n# Settings\n\n{}\n\n\
        [settings.schema.json](settings.schema.json) is the JSON Schema of all this, for editors:\n\n\
        ```yaml\n# yaml-language-server: $schema={}\nlegacySidecars: convert\n```\n\n\
        In a glob, `*` stands for any characters (also `/`), `?` for one, `[a-z]` for one of a range, `[!a-z]` for one outside \
        of it. A glob matches the whole name.\n\n",
        paragraph(&schema),
        schema["$id"].as_str().unwrap(),
    );
    let groups: BTreeMap<_, _> = questions()
        .into_iter()
        .map(|question| {
            let text = |field: &str| question[field].as_str().unwrap().to_owned();
            (text("variable"), text("group"))
        })
        .collect();
    let mut last = String::new();
    for (name, setting) in schema["properties"].as_object().unwrap() {
        let group = groups.get(name).map_or("Injection", String::as_str);
        if group != last {
            text += &format!("## {group}\n\n");
            last = group.to_owned();
        }
        text += &section(name, setting);
        if name == "injections" {
            text += &fields(&setting["items"]);
        }
    }
    page::bless("docs/settings.md", &text);
}
