//! Which mutating webhooks could have changed an object, in the order in which the API server calls them.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>

use std::cell::Cell;
use std::fmt;

use k8s_openapi::api::admissionregistration::v1::RuleWithOperations;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::value::RawValue;

use crate::catalogue::strippers::{self, Stripper};
use crate::json::by_name::ByName;
use crate::json::read;
use crate::json::view::{Text, text, view};
use crate::kubernetes::labels::{Labels, selects};
use crate::request::{Operation, Request};

/// A webhook that the API server calls for an object.
#[derive(Debug)]
pub struct Suspect {
    /// Its place among all webhooks of the cluster, counted from 0.
    index: usize,
    /// The names of its configuration and of itself.
    name: String,
    /// Whether it is a policy of Kubewarden.
    pub is_kubewarden: bool,
    /// What else decides whether it is called, which is not known here.
    depends_on: Option<&'static str>,
    /// What is known of it, where it is known to drop what it does not know.
    known: Option<&'static Stripper>,
}

view! {
    /// A list of objects.
    struct Objects<'a> {
        items: Vec<&'a RawValue> = "items",
    }

    /// A configuration of mutating webhooks.
    struct Configuration<'a> {
        metadata: ConfigurationMetadata<'a> = "metadata",
        webhooks: Vec<&'a RawValue> = "webhooks",
    }

    /// The metadata of a configuration.
    struct ConfigurationMetadata<'a> {
        name: Text<'a> = "name",
        labels: &'a RawValue = "labels",
    }

    /// A webhook: of it, what says when it is called. Each part is read by itself, so that none hides the others.
    struct Webhook<'a> {
        name: Text<'a> = "name",
        match_conditions: Vec<&'a RawValue> = "matchConditions",
        namespace_selector: &'a RawValue = "namespaceSelector",
        object_selector: &'a RawValue = "objectSelector",
        rules: Vec<&'a RawValue> = "rules",
    }
}

/// The webhooks in this list of configurations that the API server calls for the object of this request, with these labels.
/// The error says what is wrong with the list.
pub fn suspects(list: &str, request: &Request, labels: Labels) -> Result<Vec<Suspect>, String> {
    let list: Objects = read::document(list).map_err(|error| error.to_string())?;
    let mut by_name = ByName::default();
    for configuration in list.items.ok_or("not a list of objects")? {
        let configuration: Configuration = lenient(configuration);
        let name = configuration.metadata.as_ref().map_or("", |metadata| text(&metadata.name)).to_owned();
        by_name.get_or_insert(&name, configuration);
    }
    let (mut suspects, mut index) = (Vec::new(), 0);
    for (name, configuration) in by_name.iter() {
        for webhook in configuration.webhooks.iter().flatten() {
            let webhook: Webhook = lenient(webhook);
            let called = is_called(&webhook, request, labels);
            if let Some(depends_on) = called {
                let name = format!("{name}/{}", text(&webhook.name));
                let known = strippers::find(&name);
                let is_kubewarden = is_kubewarden(configuration);
                suspects.push(Suspect { index, is_kubewarden, depends_on, known, name });
            }
            index += 1;
        }
    }
    Ok(suspects)
}

/// Reads what others have made; what can't be read is as good as empty.
fn lenient<'a, T: Default + serde::Deserialize<'a>>(raw: &'a RawValue) -> T {
    read::lenient(raw.get()).unwrap_or_default()
}

/// Whether a webhook is called, as far as that is known: Some where it may be, with what else decides.
fn is_called(webhook: &Webhook, request: &Request, labels: Labels) -> Option<Option<&'static str>> {
    let namespace = request.namespace();
    // A selector that can't be read rules nothing out.
    let selector = |raw: Option<&RawValue>| -> LabelSelector { raw.map(lenient).unwrap_or_default() };
    // Of the labels of the namespace just one is known: what depends on others may be called.
    let depends_on_namespace = Cell::new(false);
    let is_called = webhook.rules.iter().flatten().any(|rule| covers(&lenient(rule), request))
        && selects(&selector(webhook.object_selector), |key| Some(labels.get(key).map(String::from)))
        && selects(&selector(webhook.namespace_selector), |key| {
            let is_known = key == "kubernetes.io/metadata.name";
            depends_on_namespace.set(depends_on_namespace.get() || !is_known);
            is_known.then(|| Some(namespace.to_owned()))
        });
    let has_conditions = webhook.match_conditions.as_ref().is_some_and(|conditions| !conditions.is_empty());
    is_called.then_some(match (has_conditions, depends_on_namespace.get()) {
        (true, _) => Some("if its matchConditions hold"),
        (false, true) => Some("if its namespaceSelector matches"),
        (false, false) => None,
    })
}

/// Whether a rule of a webhook covers the request.
fn covers(rule: &RuleWithOperations, request: &Request) -> bool {
    let has = |list: &Option<Vec<String>>, wanted: &str| {
        list.iter().flatten().any(|listed| listed == "*" || listed == wanted)
    };
    let (group, version, resource) = request.resource();
    let is_resource = |listed: &String| {
        let (name, subresource) = listed.split_once('/').unwrap_or((listed, ""));
        (name == "*" || name == resource) && matches!(subresource, "" | "*")
    };
    let operation = if matches!(request.operation(), Ok(Some(Operation::Update))) { "UPDATE" } else { "CREATE" };
    let scope = if request.namespace().is_empty() { "Cluster" } else { "Namespaced" };
    has(&rule.operations, operation)
        && has(&rule.api_groups, group)
        && has(&rule.api_versions, version)
        && rule.resources.iter().flatten().any(is_resource)
        && ["", "*", scope].contains(&rule.scope.as_deref().unwrap_or_default())
}

/// Whether Kubewarden made this configuration, by the labels of its present and its older versions.
fn is_kubewarden(configuration: &Configuration) -> bool {
    let labels = Labels(configuration.metadata.as_ref().and_then(|metadata| metadata.labels));
    labels.get("app.kubernetes.io/part-of").as_deref() == Some("kubewarden")
        || labels.get("kubewarden").as_deref() == Some("true")
}

impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.index, self.name)?;
        match (self.is_kubewarden, self.known) {
            (true, _) => f.write_str(" (Kubewarden)")?,
            (false, Some(known)) => write!(f, " ({known})")?,
            (false, None) => {}
        }
        self.depends_on.map_or(Ok(()), |what| write!(f, " ({what})"))
    }
}
