//! Sidecars that the policy injects: the setting `injections`, checked, and which Pods they are for.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;
#[cfg(feature = "describe")]
use serde_json::json;
use serde_json::value::RawValue;

use crate::json::malformed::Malformed;
use crate::json::path::{Path, Step};
use crate::json::read;
use crate::json::readable::{self, Checked};
use crate::json::view::{Text, text, view};
use crate::kubernetes::fields::{self, Type};
use crate::kubernetes::labels::{Labels, Requirement, selects};
use crate::settings::choices::{Choice, Choices, choose};
use crate::settings::described::described;
#[cfg(feature = "describe")]
use crate::settings::field::{Field, words};
use crate::settings::needs::{AUTO, one_of};
#[cfg(feature = "describe")]
use crate::settings::patterns;
use crate::settings::universal;

/// A sidecar to inject.
#[derive(Debug)]
pub struct Injection {
    /// Its container's name.
    pub name: String,
    /// Its container.
    pub container: Box<RawValue>,
    /// Its image.
    pub image: String,
    /// The image of the helper that `universal` needs.
    pub helper_image: String,
    /// The volumes that come along, by name.
    pub volumes: Vec<(String, Box<RawValue>)>,
    /// The names of the volumes that it mounts, has as devices, or reads variables from.
    pub mounts: Vec<String>,
    /// The Pods that it is for, by their labels: a LabelSelector.
    selector: Option<LabelSelector>,
    /// The annotation that its Pods have, and its value.
    annotation: Option<(String, String)>,
    /// In which form it is injected.
    pub strategy: Strategy,
    /// Whether it goes ahead of all init containers; else it goes behind them.
    pub first: bool,
}

/// In which form a sidecar is injected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Strategy {
    /// As a native sidecar.
    Native,
    /// Among the regular containers.
    Legacy,
    /// As a native sidecar, where the nodes are known to support that; else among the regular containers.
    Auto,
    /// In both forms, of which one works.
    Universal,
}

impl Strategy {
    /// Whether the form, or whether it is injected at all, depends on the nodes.
    pub const fn depends_on_nodes(self) -> bool {
        matches!(self, Self::Native | Self::Auto)
    }
}

/// The strategies by their names, the default first.
const STRATEGIES: Choices<Strategy> = &[
    Choice::new("native", Strategy::Native, "among the init containers, with `restartPolicy: Always`"),
    Choice::new("legacy", Strategy::Legacy, "among the regular containers"),
    Choice::new("auto", Strategy::Auto, "native where `nodeCheck` finds that all nodes support it, else legacy"),
    Choice::new("universal", Strategy::Universal, "in both forms, of which one works"),
];

described! {
    /// A sidecar that new Pods get, once, and never over a container of that name. At least one of `podSelector` and
    /// `annotation` says which Pods; where both are given, both have to match.
    struct Written<'a> {
        /// The container's name.
        #[describe(pattern: Some(patterns::DNS_LABEL), is_required: true)]
        name: Text<'a> = "name",
        /// The container, as in a Pod, without `name` and `restartPolicy`. `strategy: universal` needs its `command`.
        #[describe(schema: Some(container_schema()), is_required: true)]
        container: &'a RawValue = "container",
        /// Volumes that come along, unless the Pod has the same.
        #[describe(schema: Some(volume_schema()))]
        volumes: Vec<&'a RawValue> = "volumes",
        /// A LabelSelector over the Pod's labels; `{}` is every Pod.
        #[describe(schema: Some(selector_schema()))]
        pod_selector: &'a RawValue = "podSelector",
        /// An annotation that the Pod has, as `KEY=VALUE`.
        #[describe(pattern: Some(patterns::ANNOTATION))]
        annotation: Text<'a> = "annotation",
        /// In which form it is injected.
        #[describe(choices: words(STRATEGIES))]
        strategy: Text<'a> = "strategy",
        /// It goes ahead of all init containers; otherwise it goes behind them.
        first: bool = "first",
        /// For `strategy: universal` only: any image with a static busybox at `/bin/busybox`.
        #[describe(default: Some(json!(universal::HELPER_IMAGE)))]
        helper_image: Text<'a> = "helperImage",
    }
}

view! {
    /// What has a name.
    struct Named<'a> {
        name: Text<'a> = "name",
        image: Text<'a> = "image",
        restart_policy: Text<'a> = "restartPolicy",
        env: &'a RawValue = "env",
        volume_devices: Vec<UsedVolume<'a>> = "volumeDevices",
        volume_mounts: Vec<UsedVolume<'a>> = "volumeMounts",
    }

    /// A volume that a container mounts or has as a device.
    struct UsedVolume<'a> {
        name: Text<'a> = "name",
    }
}

const SELECTOR: Type = Type::Object(&[
    ("matchLabels", Type::Map(&Type::Text)),
    (
        "matchExpressions",
        Type::List(&Type::Object(&[
            ("key", Type::Text),
            ("operator", Type::Text),
            ("values", Type::List(&Type::Text)),
        ])),
    ),
]);

/// Returns what there is to know of an injection, and of each of its fields.
#[cfg(feature = "describe")]
pub fn describe() -> (String, Vec<Field>) {
    (Written::text(), Written::fields())
}

/// A container of the settings: its image is there, and the strategy decides its `restartPolicy`.
#[cfg(feature = "describe")]
fn container_schema() -> Value {
    let mut schema = fields::CONTAINER.schema();
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|name, _| name != "restartPolicy");
    }
    schema["properties"]["image"] = json!({"type": "string", "minLength": 1});
    schema["required"] = json!(["image"]);
    schema
}

#[cfg(feature = "describe")]
fn volume_schema() -> Value {
    let mut schema = fields::VOLUME.schema();
    schema["properties"]["name"] = json!({"type": "string", "pattern": patterns::DNS_LABEL});
    schema["required"] = json!(["name"]);
    schema
}

/// A label selector with [requirements](Requirement::is_label_requirement) that the API server takes.
#[cfg(feature = "describe")]
fn selector_schema() -> Value {
    let requirement = |operators: [&str; 2], required: Value, limit: &str, count: u8| {
        json!({
            "type": "object",
            "properties": {
                "key": {"type": "string", "minLength": 1},
                "operator": {"enum": operators},
                "values": {"type": "array", "items": {"type": "string"}, limit: count},
            },
            "required": required,
            "additionalProperties": false,
        })
    };
    let mut schema = SELECTOR.schema();
    schema["properties"]["matchLabels"]["additionalProperties"] = json!({"type": "string"});
    schema["properties"]["matchExpressions"] = fields::or_null(json!({"type": "array", "items": {"anyOf": [
        requirement(["In", "NotIn"], json!(["key", "operator", "values"]), "minItems", 1),
        requirement(["Exists", "DoesNotExist"], json!(["key", "operator"]), "maxItems", 0),
    ]}}));
    schema
}

/// Reads the setting; all that is wrong with it goes to `errors`. `given` tells what is given for other settings.
pub fn read<'w>(written: &[&RawValue], given: impl Fn(&str) -> &'w str, errors: &mut Vec<Malformed>) -> Vec<Injection> {
    let can_ask = AUTO.needed.iter().any(|needed| needed.is_met_by(given(needed.setting)));
    let mut injections: Vec<Injection> = Vec::new();
    for (index, written) in written.iter().enumerate() {
        let place = Path::default().key("injections").index(index);
        let before = errors.len();
        let injection = Injection::read(written, &place, errors);
        let Some(injection) = injection.filter(|_| errors.len() == before) else { continue };
        let mut wrong = |name, problem: &str| errors.push(Malformed::new(place.clone().key(name), problem));
        if injection.strategy == Strategy::Auto && !can_ask {
            wrong("strategy", &format!("auto needs {}, to know which form the nodes take", one_of(AUTO.needed)));
        }
        if injections.iter().flat_map(Injection::names).any(|other| injection.names().any(|name| name == other)) {
            wrong("name", "another injection has that name, or one that is made of it");
        }
        let known = || injections.iter().flat_map(|other| &other.volumes);
        for (name, volume) in &injection.volumes {
            if known().any(|(other, known)| other == name && !read::same(known, volume)) {
                wrong("volumes", &format!("another injection has another volume {name:?}"));
            }
        }
        injections.push(injection);
    }
    injections
}

impl Injection {
    fn read(written: &RawValue, place: &Path, errors: &mut Vec<Malformed>) -> Option<Self> {
        let mut wrong = |error: Malformed| errors.push(error);
        let within = |error: Malformed| error.within(place);
        // What is injected goes back to the host as it is written here.
        if let Err(error) = readable::read(written.get(), Checked::raw) {
            wrong(within(error));
            return None;
        }
        for (step, _) in read::children(written.get()) {
            if matches!(&step, Step::Key(name) if !Written::NAMES.contains(&&**name)) {
                let known = Written::NAMES.join(", ");
                wrong(Malformed::new(place.clone().step(step), format_args!("unknown field; known are {known}")));
            }
        }
        let written: Written = match read::document(written.get()) {
            Ok(written) => written,
            Err(error) => {
                wrong(within(error));
                return None;
            }
        };
        let at = |name| place.clone().key(name);
        let name = text(&written.name);
        if !is_dns_label(name) {
            wrong(Malformed::new(at("name"), "not a name of a container: a-z, 0-9 and -, up to 63 of them"));
        }
        let strategy = match text(&written.strategy) {
            "" => STRATEGIES[0].value,
            word => choose(word, STRATEGIES).unwrap_or_else(|problem| {
                wrong(Malformed::new(at("strategy"), format_args!("{word:?} {problem}")));
                STRATEGIES[0].value
            }),
        };
        let annotation = text(&written.annotation).split_once('=').filter(|(key, _)| !key.is_empty());
        match (&written.annotation, &written.pod_selector) {
            (None, None) => wrong(Malformed::new(place, "set podSelector or annotation: which Pods is it for?")),
            (Some(_), _) if annotation.is_none() => {
                wrong(Malformed::new(at("annotation"), "not of the form KEY=VALUE, as example.com/inject=true is"));
            }
            _ => {}
        }
        let problems = errors.len();
        if let Some(selector) = written.pod_selector {
            SELECTOR.check(selector, &at("podSelector"), errors);
        }
        let is_selector = errors.len() == problems;
        let Some(container) = written.container else {
            errors.push(Malformed::new(at("container"), "missing"));
            return None;
        };
        let before = errors.len();
        fields::CONTAINER.check(container, &at("container"), errors);
        for (index, volume) in written.volumes.iter().flatten().enumerate() {
            fields::VOLUME.check(volume, &at("volumes").index(index), errors);
        }
        if errors.len() > before {
            return None;
        }
        let selector = written.pod_selector.filter(|_| is_selector).map(|raw| read::document(raw.get()));
        let selector: Option<LabelSelector> = selector.transpose().unwrap_or_else(|error: Malformed| {
            errors.push(error.within(at("podSelector")));
            None
        });
        let requirements = selector.iter().flat_map(|selector| selector.match_expressions.iter().flatten());
        for (index, requirement) in requirements.enumerate() {
            if !Requirement::from(requirement).is_label_requirement() {
                let place = at("podSelector").key("matchExpressions").index(index);
                errors.push(Malformed::new(
                    place,
                    "needs a key, and In or NotIn with values, or Exists or DoesNotExist without",
                ));
            }
        }
        let mut wrong = |place: Path, problem: &str| errors.push(Malformed::new(place, problem));
        let named: Named = read::lenient(container.get()).unwrap_or_default();
        if !matches!(text(&named.name), own if own.is_empty() || own == name) {
            wrong(at("container").key("name"), "not the name of the injection; leave it out");
        }
        if text(&named.image).is_empty() {
            wrong(at("container").key("image"), "missing");
        }
        if named.restart_policy.is_some() {
            wrong(at("container").key("restartPolicy"), "leave it out; the strategy decides");
        }
        let mut volumes: Vec<(String, Box<RawValue>)> = Vec::new();
        for (index, volume) in written.volumes.iter().flatten().enumerate() {
            let name = name_of(volume);
            if !is_dns_label(&name) || volumes.iter().any(|(other, _)| *other == name) {
                wrong(
                    at("volumes").index(index).key("name"),
                    "not a name of its own: a-z, 0-9 and -, up to 63 of them",
                );
            }
            volumes.push((name, (*volume).to_owned()));
        }
        match strategy {
            Strategy::Universal => {
                if !universal::companions(name).iter().all(|name| is_dns_label(name)) {
                    wrong(at("name"), "too long for universal, which adds \"-helper\" and \"-legacy\" to it");
                }
                let container: Value = read::lenient(container.get()).unwrap_or_default();
                let obstacles = universal::obstacles(&container).into_iter();
                errors.extend(obstacles.map(|obstacle| obstacle.within(at("container"))));
                let (name, volume) = universal::volume(name).map_err(|error| errors.push(error)).ok()?;
                if volumes.iter().any(|(other, _)| *other == name) {
                    errors.push(Malformed::new(at("volumes"), format_args!("universal adds a volume {name:?}")));
                }
                volumes.push((name, volume));
            }
            _ if written.helper_image.is_some() => wrong(at("helperImage"), "only with strategy universal"),
            _ => {}
        }
        let used = [&named.volume_mounts, &named.volume_devices].into_iter().flatten().flatten();
        let used = used.map(|volume| text(&volume.name));
        let variables: Vec<Value> = named.env.map_or_else(Vec::new, |env| read::lenient(env.get()).unwrap_or_default());
        let files = variables.iter().filter_map(|variable| variable["valueFrom"]["fileKeyRef"]["volumeName"].as_str());
        let mounts = used.chain(files).map(String::from).collect();
        Some(Self {
            name: name.to_owned(),
            container: container.to_owned(),
            image: text(&named.image).to_owned(),
            helper_image: match text(&written.helper_image) {
                "" => universal::HELPER_IMAGE.to_owned(),
                image => image.to_owned(),
            },
            volumes,
            mounts,
            selector,
            annotation: annotation.map(|(key, value)| (key.to_owned(), value.to_owned())),
            strategy,
            first: written.first.unwrap_or(false),
        })
    }

    /// Whether it is for a Pod with these labels and annotations.
    pub fn is_for(&self, labels: Labels, annotations: Labels) -> bool {
        let label = |key: &str| Some(labels.get(key).map(String::from));
        let selected = self.selector.as_ref().is_none_or(|selector| selects(selector, label));
        let annotated = self.annotation.as_ref();
        selected && annotated.is_none_or(|(key, value)| annotations.get(key).as_deref() == Some(value.as_str()))
    }

    /// The names of the containers that it adds, its own first.
    pub fn names(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.name.clone()).chain(self.companions())
    }

    /// The names of those that it adds beside its own.
    pub fn companions(&self) -> impl Iterator<Item = String> {
        (self.strategy == Strategy::Universal).then(|| universal::companions(&self.name)).into_iter().flatten()
    }
}

/// The name of a volume; empty where it has none.
pub fn name_of(volume: &RawValue) -> String {
    let named: Named = read::lenient(volume.get()).unwrap_or_default();
    text(&named.name).to_owned()
}

/// Whether this is a DNS label, which names of containers and volumes have to be:
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names>.
fn is_dns_label(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(is_inner) && !name.starts_with('-') && !name.ends_with('-')
}
