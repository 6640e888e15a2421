//! The types of Kubernetes, as JSON Schema.

use std::sync::LazyLock;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec, PodTemplate, ReplicationController};
use k8s_openapi::schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

/// A schema within a document that it may refer to.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    root: &'static Value,
    value: &'static Value,
    name: &'static str,
}

/// All kinds of objects with Pod templates, and the parts of them that are made one by one.
static KNOWN: LazyLock<[(&str, Value); 11]> = LazyLock::new(|| {
    [
        ("Pod", root::<Pod>()),
        ("PodTemplate", root::<PodTemplate>()),
        ("ReplicationController", root::<ReplicationController>()),
        ("Deployment", root::<Deployment>()),
        ("ReplicaSet", root::<ReplicaSet>()),
        ("StatefulSet", root::<StatefulSet>()),
        ("DaemonSet", root::<DaemonSet>()),
        ("Job", root::<Job>()),
        ("CronJob", root::<CronJob>()),
        ("PodSpec", root::<PodSpec>()),
        ("Container", root::<Container>()),
    ]
});

fn root<T: JsonSchema>() -> Value {
    SchemaGenerator::default().into_root_schema_for::<T>().to_value()
}

static NOTHING: Value = Value::Null;

impl Schema {
    /// Returns the schema of a type; None of one that is not known.
    pub fn of(name: &str) -> Option<Self> {
        let (name, root) = KNOWN.iter().find(|(known, _)| *known == name)?;
        Some(Self { root, value: root, name })
    }

    fn with(self, value: &'static Value) -> Self {
        Self { value, name: "", ..self }
    }

    /// Returns the schema that this one refers to, where it does.
    pub fn referred_to(&self) -> Option<Self> {
        let reference = self.value["$ref"].as_str().or(self.value["allOf"][0]["$ref"].as_str())?;
        let name = reference.rsplit(['.', '/']).next().unwrap_or_default();
        let value = self.root.pointer(reference.strip_prefix('#')?)?;
        Some(Self { value, name, ..*self })
    }

    /// What it is called, where it was referred to by a name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether values may be of this type.
    pub fn is(&self, wanted: &str) -> bool {
        match &self.value["type"] {
            Value::String(name) => name == wanted,
            Value::Array(names) => names.iter().any(|name| name == wanted),
            _ => false,
        }
    }

    /// Whether values may be anything.
    pub fn is_anything(&self) -> bool {
        self.value["type"].is_null()
    }

    /// The format of a number or a text; empty where it has none.
    pub fn format(&self) -> &'static str {
        self.value["format"].as_str().unwrap_or_default()
    }

    /// The schema of the elements of a list.
    pub fn items(&self) -> Self {
        self.with(&self.value["items"])
    }

    /// The schema of the values of a map; None where its members have names.
    pub fn values(&self) -> Option<Self> {
        self.value.get("additionalProperties").map(|value| self.with(value))
    }

    /// The members that have names, each with its schema.
    pub fn members(&self) -> impl Iterator<Item = (&'static str, Self)> {
        let members = self.value["properties"].as_object().into_iter().flatten();
        members.map(|(name, value)| (name.as_str(), self.with(value)))
    }

    /// The schema of a member; None of one that nobody knows.
    pub fn member(&self, name: &str) -> Option<Self> {
        let named = self.value["properties"].get(name).map(|value| self.with(value));
        named.or_else(|| self.values()).or_else(|| self.value["properties"].is_null().then(|| self.with(&NOTHING)))
    }
}
