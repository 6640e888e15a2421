//! What the policy is, as data: what its documentation, its form and its schema are made of. Only hosts and tests ask.

use serde_json::{Map, Value, json};

use crate::catalogue::sidecars::{Entry, Owner, Place, Purpose, entries};
use crate::catalogue::strippers;
use crate::json::path::Step;
use crate::json::read;
use crate::kubernetes::fields::or_null;
use crate::kubernetes::kinds::{KINDS, Kind};
use crate::kubernetes::metadata::Object;
use crate::kubernetes::pod::{Container, PodSpec, PodTemplate};
pub use crate::kubernetes::version::{NAMED_PORTS, SIDECARS_ALPHA, SIDECARS_BETA, Version};
use crate::request::Request;
use crate::rules::history::{History, Sources};
use crate::rules::rule::Rule;
use crate::rules::{self, RULES};
use crate::settings::action::Action;
use crate::settings::field::words;
pub use crate::settings::field::{Field, Shape};
use crate::settings::needs::{Condition, Is, NEEDS, Need, one_of};
use crate::settings::rule_settings::RuleSetting;
use crate::settings::{self, injections};

/// A rule, as people read of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RuleDescription {
    /// What it is called.
    pub id: &'static str,
    /// What it means, why it matters, an example, and its settings, as Markdown.
    pub text: &'static str,
    /// The setting that says what to do about what it finds; None where that is always the same.
    pub setting: Option<&'static str>,
}

/// The settings of rules that look at more than containers.
const OTHER_SETTINGS: [(&str, &str); 1] = [("nodes", "unsupportedNodes")];

/// The rules, in the order of the documentation. To the last belongs what no other says.
pub fn rules() -> impl Iterator<Item = RuleDescription> {
    RULES.iter().map(|Rule { id, text, check }| {
        let other = || OTHER_SETTINGS.iter().find(|(rule, _)| rule == id).map(|(_, setting)| *setting);
        RuleDescription { id, text, setting: check.as_ref().map(|check| check.setting.name).or_else(other) }
    })
}

/// A kind with Pod templates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KindDescription {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    template: &'static [Step<'static>],
}

impl KindDescription {
    /// Returns the names of the members on the way from an object to its Pod template; none for a Pod, which is one itself.
    pub fn pod_template(&self) -> impl Iterator<Item = &'static str> {
        self.template.iter().filter_map(|step| match step {
            Step::Key(name) => Some(&**name),
            Step::Index(_) => None,
        })
    }
}

/// The kinds that the policy knows by itself.
pub fn kinds() -> impl Iterator<Item = KindDescription> {
    KINDS.iter().map(|Kind { group, kind, template, .. }| KindDescription { group, kind, template })
}

/// A well-known sidecar, or some that are known alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SidecarDescription {
    /// The container's names, as globs; none, where its image is unmistakable alone.
    pub names: Vec<&'static str>,
    /// The image's last path components as globs, each with an optional `:TAG`.
    pub images: Vec<&'static str>,
    /// The label that its Pods have, where name and image say too little.
    pub label: Option<&'static str>,
    /// What it is, or comes from.
    pub product: &'static str,
    /// The injector or operator whose it is where the object shows that; else it is its author's.
    pub owner: Option<&'static str>,
    /// What makes that one add it in the native form.
    pub switch: Option<&'static str>,
    /// What the author can do where there is no switch.
    pub instead: Option<&'static str>,
    /// What it does: `helper`, `proxy`, `exporter` or `agent`.
    pub purpose: &'static str,
    /// Whether it belongs ahead of the init containers that run once.
    pub is_first: bool,
    /// Whether an init container like it may run once, so that it is no evidence of a strip.
    pub also_runs_once: bool,
    /// Why it is never converted, where that is so.
    pub kept: Option<&'static str>,
    /// Its manifest, chart or documentation.
    pub source: &'static str,
}

impl SidecarDescription {
    /// Returns the rule that finds it among the regular containers; none, where it is left alone.
    pub fn rule(&self) -> Option<&'static str> {
        match (self.kept, self.owner) {
            (Some(_), _) => None,
            (None, Some(_)) => Some("injected"),
            (None, None) => Some("legacy"),
        }
    }

    /// Returns what the policy does about it, in a few words.
    pub fn treatment(&self) -> String {
        match (self.kept, self.owner, self.switch.or(self.instead)) {
            (Some(why), ..) => format!("left alone: {why}"),
            (None, None, _) if self.is_first => {
                "rule legacy; belongs ahead of the init containers that need it".to_owned()
            }
            (None, None, _) => "rule legacy".to_owned(),
            (None, Some(owner), Some(what)) => format!("rule injected, by {owner}: {what}"),
            (None, Some(owner), None) => format!("rule injected, by {owner}, which alone can change it"),
        }
    }
}

/// The catalogue of well-known sidecars. Of two that match, the first counts.
pub fn sidecars() -> impl Iterator<Item = SidecarDescription> {
    entries().iter().map(|entry| {
        let Entry { names, images, label, product, instead, also_runs_once, kept, source, .. } = *entry;
        let (owner, switch) = match entry.owner {
            Owner::Author => (None, None),
            Owner::Injector { name, switch } => (Some(name), Some(switch)),
            Owner::Operator { name } => (Some(name), None),
        };
        let purpose = match entry.purpose {
            Purpose::Helper | Purpose::Injected => "helper",
            Purpose::Proxy => "proxy",
            Purpose::Exporter => "exporter",
            Purpose::Agent => "agent",
        };
        let (names, images) = (names.to_vec(), images.to_vec());
        let is_first = entry.place == Place::First;
        SidecarDescription {
            names,
            images,
            label,
            product,
            owner,
            switch,
            instead,
            purpose,
            is_first,
            also_runs_once,
            kept,
            source,
        }
    })
}

/// Settings, or the fields of one.
#[derive(Debug)]
pub struct Description {
    /// What people read of all of them.
    pub text: String,
    /// Each of them.
    pub fields: Vec<Field>,
}

/// Returns what there is to know of the settings.
pub fn settings() -> Description {
    let (text, fields) = settings::describe();
    let rules = rules::settings().into_iter().map(rule_setting);
    Description { text, fields: rules.chain(fields).map(finished).collect() }
}

/// Returns what there is to know of an entry of the setting `injections`.
pub fn injection() -> Description {
    let (text, fields) = injections::describe();
    Description { text, fields: fields.into_iter().map(finished).collect() }
}

/// What a setting needs of another one.
#[derive(Debug)]
pub struct NeedDescription {
    /// The setting.
    pub setting: &'static str,
    /// What makes the need, as `SETTING: WORD`, or the setting alone.
    pub of: String,
    /// What is needed, in the same form; `or` is between several.
    pub needed: String,
    /// One that would do, and its value.
    pub enough: (&'static str, Value),
}

/// Returns what settings need of others.
pub fn needs() -> impl Iterator<Item = NeedDescription> {
    let fields = settings().fields;
    NEEDS.iter().map(move |need| {
        let needed = &need.needed[0];
        let example = fields.iter().find(|field| field.name == needed.setting).and_then(|field| field.example.clone());
        let value = match needed.is {
            Is::Word(word) => json!(word),
            _ => example.unwrap_or_default(),
        };
        NeedDescription {
            setting: need.of.setting,
            of: need.of.to_string(),
            needed: one_of(need.needed),
            enough: (needed.setting, value),
        }
    })
}

fn rule_setting(setting: &RuleSetting) -> Field {
    let repair = setting.choices.iter().find(|choice| choice.value == Action::Repair);
    Field {
        group: "Rules",
        choices: words(setting.choices),
        example: repair.map(|choice| json!(choice.word)),
        ..Field::new(setting.name, setting.text.to_owned(), Shape::Text)
    }
}

/// The first of the choices is the default.
fn finished(field: Field) -> Field {
    let first = field.choices.first().filter(|_| field.shape == Shape::Text).map(|(word, _)| json!(word));
    Field { default: field.default.or(first), ..field }
}

/// Returns the JSON Schema of the settings, which has this address.
pub fn schema(address: &str) -> Value {
    let Description { text, fields } = settings();
    let mut properties = schemas(&fields);
    let injections = &mut properties["injections"];
    injections["items"] = injection_schema();
    let needs: Vec<_> = NEEDS.iter().map(|need| need_schema(need, &fields)).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "title": "Settings of native-sidecar-policy",
        "description": text,
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false,
        "allOf": needs,
    })
}

fn injection_schema() -> Value {
    let Description { text, fields } = injection();
    let required: Vec<_> = fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    let universal = has("strategy", json!({"const": "universal"}));
    let command = has("command", json!({"type": "array", "minItems": 1}));
    json!({
        "description": text,
        "type": "object",
        "properties": schemas(&fields),
        "additionalProperties": false,
        "required": required,
        "anyOf": [has("podSelector", json!({"type": "object"})), has("annotation", json!({"type": "string"}))],
        "if": universal,
        "then": {"properties": {"container": command}},
        "else": {"properties": {"helperImage": {"type": "null"}}},
    })
}

/// The schema of an object that has this member.
fn has(name: &str, schema: Value) -> Value {
    json!({"properties": {name: schema}, "required": [name]})
}

fn schemas(fields: &[Field]) -> Value {
    Value::Object(fields.iter().map(|field| (field.name.to_owned(), field_schema(field))).collect())
}

fn field_schema(field: &Field) -> Value {
    let words = |words: &[(&str, &str)]| -> Value {
        let word = |(word, meaning): &(&str, &str)| json!({"const": word, "description": meaning});
        json!({"oneOf": words.iter().map(word).collect::<Vec<_>>()})
    };
    let value = match (field.shape, field.schema.clone()) {
        _ if !field.choices.is_empty() => words(&field.choices),
        (_, Some(schema)) => schema,
        (Shape::Flag, None) => json!({"type": "boolean"}),
        (Shape::Text | Shape::Texts, None) => json!({"type": "string"}),
        (Shape::Object | Shape::Objects, None) => json!({"type": "object"}),
    };
    let with_pattern = |mut value: Value| {
        if let Some(pattern) = field.pattern {
            value["pattern"] = json!(pattern);
        }
        value
    };
    let mut schema = match field.shape {
        Shape::Texts | Shape::Objects => json!({"type": "array", "items": with_pattern(value)}),
        _ => with_pattern(value),
    };
    if !field.is_required {
        schema = or_null(schema);
    }
    let mut about = Map::new();
    about.insert("description".to_owned(), json!(field.text));
    about.extend(field.default.iter().map(|value| ("default".to_owned(), value.clone())));
    about.extend(field.example.iter().map(|value| ("examples".to_owned(), json!([value]))));
    if let Some(members) = schema.as_object_mut() {
        about.extend(std::mem::take(members));
    }
    Value::Object(about)
}

fn need_schema(need: &Need, fields: &[Field]) -> Value {
    let needed: Vec<_> = need.needed.iter().map(|needed| condition_schema(needed, fields)).collect();
    let needed = match &needed[..] {
        [one] => one.clone(),
        several => json!({"anyOf": several}),
    };
    json!({"if": condition_schema(&need.of, fields), "then": needed})
}

fn condition_schema(condition: &Condition, fields: &[Field]) -> Value {
    let field = fields.iter().find(|field| field.name == condition.setting);
    let is = match condition.is {
        Is::Word(word) => json!({"const": word}),
        Is::Not(word) => return json!({"properties": {condition.setting: {"not": {"const": word}}}}),
        Is::Other(word) if field.is_some_and(|field| field.choices.is_empty()) => {
            json!({"type": "string", "minLength": 1, "not": {"const": word}})
        }
        Is::Other(word) => {
            let others = field.into_iter().flat_map(|field| &field.choices).map(|(other, _)| *other);
            json!({"enum": others.filter(|other| *other != word).collect::<Vec<_>>()})
        }
        Is::Entry(field, word) => json!({"type": "array", "contains": has(field, json!({"const": word}))}),
        Is::Filled => match field.map(|field| field.shape) {
            Some(Shape::Flag) => json!({"const": true}),
            Some(Shape::Texts | Shape::Objects) => json!({"type": "array", "minItems": 1}),
            _ => json!({"type": "string", "minLength": 1}),
        },
    };
    has(condition.setting, is)
}

/// An init container that has no `restartPolicy`, and that was sent to the API server with one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LostSidecar {
    /// Its name.
    pub container: String,
    /// Who set the field, by `managedFields`; None where only the annotation of `kubectl apply` has it.
    pub manager: Option<String>,
}

/// Returns the init containers that have lost their `restartPolicy`, by what an object tells of its past: an object of this
/// group and kind, as JSON. An object that cannot be read tells nothing.
pub fn lost_sidecars(group: &str, kind: &str, object: &str) -> Vec<LostSidecar> {
    let lost = || -> Option<Vec<LostSidecar>> {
        let steps = KINDS.iter().find(|known| known.group == group && known.kind == kind)?.template;
        let metadata = read::lenient::<Object>(object)?.metadata?;
        let template: PodTemplate = read::at(object, steps).ok()??;
        let request = Request::default();
        let sources =
            Sources { request: &request, metadata: &metadata, old_object: None, steps, old_steps: None, owner: None };
        let history = History::collect(&template, sources).ok()?;
        let lost = |container: &Container| {
            let past = history.of(container.name()).filter(|_| container.restart_policy().is_empty())?;
            let is_lost = past.manager.is_some() || past.applied_native;
            is_lost.then(|| LostSidecar { container: container.name().to_owned(), manager: past.manager.clone() })
        };
        Some(template.spec.iter().flat_map(PodSpec::init_containers).filter_map(lost).collect())
    };
    lost().unwrap_or_default()
}

/// What is known of a mutating webhook that strips the field, by the names of its configuration and its own,
/// `CONFIGURATION/WEBHOOK`; None where nothing is.
pub fn stripper(webhook: &str) -> Option<String> {
    strippers::find(webhook).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_can_be_read() {
        let all: Vec<_> = sidecars().collect();
        assert!(all.len() > 50 && all.iter().all(|sidecar| !sidecar.images.is_empty()), "{all:?}");
        let named = |name: &str| all.iter().find(|sidecar| sidecar.names.contains(&name));
        let owned = |name: &str| named(name).map(|sidecar| (sidecar.owner, sidecar.switch.is_some(), sidecar.purpose));
        assert_eq!(owned("vault-agent"), Some((Some("the Vault agent injector"), false, "helper")));
        assert_eq!(owned("linkerd-proxy"), Some((Some("Linkerd"), true, "proxy")));
        assert_eq!(owned("cloudsql-proxy"), Some((None, false, "proxy")));
        let by_image = all.iter().find(|sidecar| sidecar.product == "kube-rbac-proxy");
        assert_eq!(by_image.map(|sidecar| sidecar.names.len()), Some(0));
    }

    #[test]
    fn what_becomes_of_a_sidecar_is_told() {
        let told = |name: &str| {
            let sidecar = sidecars().find(|sidecar| sidecar.names.contains(&name));
            sidecar.map(|sidecar| (sidecar.rule(), sidecar.treatment()))
        };
        let legacy = |text: &str| Some((Some("legacy"), text.to_owned()));
        let injected = |text: &str| Some((Some("injected"), text.to_owned()));
        assert_eq!(told("fluentd"), legacy("rule legacy"));
        assert_eq!(told("tailscale"), legacy("rule legacy; belongs ahead of the init containers that need it"));
        assert_eq!(
            told("daprd"),
            injected("rule injected, by Dapr: annotation dapr.io/enable-native-sidecar: \"true\" (Dapr 1.18 or newer)")
        );
        assert_eq!(
            told("vault-agent"),
            injected(
                "rule injected, by the Vault agent injector: in a Job, set vault.hashicorp.com/agent-pre-populate-only: \"true\""
            )
        );
        assert_eq!(told("envoy"), injected("rule injected, by the App Mesh controller, which alone can change it"));
        let kept = "left alone: Argo's executor must outlive the main container";
        assert_eq!(told("wait"), Some((None, kept.to_owned())));
    }

    #[test]
    fn rules_have_settings_that_there_are() {
        let fields = settings().fields;
        for rule in rules() {
            let is_setting = |name: &str| fields.iter().any(|field| field.name == name && !field.choices.is_empty());
            assert!(rule.setting.is_none_or(is_setting), "{rule:?}");
        }
        assert_eq!(
            rules().filter(|rule| rule.setting.is_none()).map(|rule| rule.id).collect::<Vec<_>>(),
            ["converted", "injections", "policy"]
        );
    }
}
