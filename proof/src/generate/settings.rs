//! Settings of every kind, by what the policy says of them.

use native_sidecar_policy::describe::{self, Field, Shape};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

use crate::generate::containers::{self, Shared};
use crate::generate::objects::POD_TEMPLATES;
use crate::generate::source::Source;
use crate::generate::words::SIDECARS;

/// Values of settings that are texts or lists of them.
const TEXTS: [(&str, &[&str]); 9] = [
    ("sidecarNames", &["logshipper", "vpn", "*-proxy", "istio-proxy", "log*", "*", "git-sync", "fluent-bit"]),
    ("sidecarImages", &["registry.example.com/*", "registry.example.com/vpn", "*/fluent-bit", "nginx"]),
    ("exemptContainers", &["vpn", "istio-*", "app", "git-sync"]),
    ("startFirst", &["cloud-sql-proxy", "*", "logshipper", "vpn"]),
    ("steerInjectors", &["istio", "linkerd", "consul", "dapr"]),
    ("apiServerVersion", &["1.36", "1.31", "1.28", "1.33.5", "1.29"]),
    ("minimumNodeVersion", &["1.29", "1.28", "1.33"]),
    ("nodeLabel", &["example.com/sidecars=true"]),
    ("podTemplates", &[POD_TEMPLATES[0].1, POD_TEMPLATES[1].1]),
];

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| describe::settings().fields);
/// What settings need of others: the setting, and one that would do.
static NEEDS: LazyLock<Vec<(&str, &str, Value)>> = LazyLock::new(|| {
    let needs = describe::needs();
    needs.map(|need| (need.setting, need.enough.0, need.enough.1)).collect()
});

/// Settings, with which objects of this kind are judged. Nearly all are valid.
pub fn settings(source: &mut Source, group: &str, kind: &str) -> Value {
    if source.chance(1, 60) {
        return source.pick(&[Value::Null, json!([]), json!({"legacySidecar": "warn"}), json!({"sidecarNames": "*"})]);
    }
    let mut settings = Map::new();
    for field in FIELDS.iter() {
        let of = match field.name {
            "legacySidecars" | "strippedSidecars" => (9, 10),
            "misplacedRestartPolicy" | "injectedSidecars" => (2, 3),
            "convertTemplates" => (4, 5),
            "sidecarNames" => (1, 3),
            _ => (1, 6),
        };
        if source.chance(of.0, of.1) {
            settings.insert(field.name.to_owned(), value(source, field));
        }
    }
    if let Some((_, entry)) = POD_TEMPLATES.iter().find(|(known, _)| !group.is_empty() && *known == kind) {
        settings.insert("podTemplates".to_owned(), json!([entry]));
    }
    let mut settings = Value::Object(settings);
    if !source.chance(1, 20) {
        complete(&mut settings);
    }
    settings
}

fn value(source: &mut Source, field: &Field) -> Value {
    if source.chance(1, 80) {
        return source.pick(&[Value::Null, json!(""), json!(7), json!([null])]);
    }
    let texts = TEXTS.iter().find(|(name, _)| *name == field.name).map_or(&["x"] as &[&str], |(_, texts)| texts);
    let words: Vec<_> = field.choices.iter().map(|(word, _)| *word).collect();
    let choices = if words.is_empty() { texts.to_vec() } else { words };
    match field.shape {
        // What repairs is what most can go wrong with.
        Shape::Text if choices.contains(&"reject") && choices.len() == 4 && source.chance(5, 6) => json!(choices[2]),
        Shape::Text => json!(source.pick(&choices)),
        Shape::Texts => {
            let some = source.some(&choices);
            if some.is_empty() { json!([choices[0]]) } else { json!(some) }
        }
        Shape::Flag => json!(source.chance(5, 6)),
        Shape::Object => json!({}),
        Shape::Objects => injections(source),
    }
}

fn injections(source: &mut Source) -> Value {
    let mut injections = Vec::new();
    let count = 1 + source.below(3);
    for _ in 0..count {
        let (name, image) = source.pick(&SIDECARS[..8]);
        let volume = source.pick(&["vpn-state", "data", "log-state"]);
        let shared = Shared { volumes: vec![json!({"name": volume, "emptyDir": {}})], claims: Vec::new() };
        let mut container = containers::container(source, name, image, true, &shared);
        if let Some(members) = container.as_object_mut() {
            members.retain(|name, _| name != "name" && !name.starts_with("x-future"));
        }
        let strategy = source.pick(&["native", "legacy", "auto", "universal"]);
        if strategy == "universal" {
            container["command"] = json!(["run"]);
        }
        let mut injection = json!({"name": name, "container": container, "strategy": strategy});
        if source.chance(2, 3) {
            injection["volumes"] = json!(shared.volumes);
        }
        if source.chance(1, 3) {
            injection["first"] = json!(true);
        }
        injection["podSelector"] = source.pick(&[json!({}), json!({}), json!({"matchLabels": {"app": "shop"}})]);
        if source.chance(1, 10) {
            injection["annotation"] = json!("example.com/owner=team-a");
        }
        injections.push(injection);
    }
    json!(injections)
}

fn is_valid(settings: &Value) -> bool {
    let answer = native_sidecar_policy::validate_settings(settings.to_string().as_bytes());
    serde_json::from_slice::<Value>(&answer).is_ok_and(|answer| answer["valid"] == true)
}

/// Adds what settings need of others, and takes away what makes them invalid still.
fn complete(settings: &mut Value) {
    let given = |settings: &Value, name: &str| settings.get(name).is_some();
    for (setting, name, value) in NEEDS.iter() {
        if given(settings, setting) && !is_valid(settings) {
            let mut completed = settings.clone();
            completed[*name] = value.clone();
            // One error less may be all that there is to gain.
            if count(&completed) < count(settings) {
                *settings = completed;
            }
        }
    }
    let names: Vec<_> = settings.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    for name in names {
        if is_valid(settings) {
            return;
        }
        if let Some(members) = settings.as_object_mut() {
            let before = Value::Object(members.clone());
            let value = members.shift_remove(&name);
            if count(settings) >= count(&before)
                && let (Some(value), Some(members)) = (value, settings.as_object_mut())
            {
                members.insert(name, value);
            }
        }
    }
}

/// How much is said of what is wrong with settings.
fn count(settings: &Value) -> usize {
    let answer = native_sidecar_policy::validate_settings(settings.to_string().as_bytes());
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    answer["message"].as_str().map_or(0, str::len)
}
