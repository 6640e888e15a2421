//! Answers the policy's questions about Kubernetes objects from a live cluster, as Kubewarden's hosts do: with field masks,
//! from a cache where the policy allows it, and with their words for what goes wrong.
//!
//! <https://docs.kubewarden.io/reference/spec/host-capabilities/kubernetes>

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow, bail};
use serde_json::{Value, json};

use crate::cluster::connection::{Connection, Selection, encoded};
use crate::cluster::field_masks::FieldMasks;
use crate::cluster::resources::{Resource, Resources};
use crate::engine::lookup::{Answers, Lookup};

/// Answers out of a live cluster. What has been asked once is not asked again, unless it has to be fresh.
pub struct Lookups {
    connection: Arc<Connection>,
    resources: Resources,
    answered: Mutex<HashMap<Lookup, Result<Vec<u8>, String>>>,
}

impl Lookups {
    /// Answers out of this cluster.
    pub fn new(connection: Arc<Connection>) -> Self {
        Self { connection, resources: Resources::default(), answered: Mutex::default() }
    }

    fn ask(&self, lookup: &Lookup) -> Result<Value> {
        match lookup {
            Lookup::KubernetesListResourceNamespace {
                api_version,
                kind,
                namespace,
                label_selector,
                field_selector,
                field_masks,
            } => {
                let resource = self.resource(api_version, kind)?;
                if !resource.is_namespaced {
                    bail!("resource {api_version}/{kind} is cluster wide. Cannot search for it inside of a namespace");
                }
                let masks = field_masks.as_ref().map(FieldMasks::new).unwrap_or_default();
                let selection = selection(label_selector.as_deref(), field_selector.as_deref());
                self.list(&resource, kind, Some(namespace), &selection, &masks)
            }
            Lookup::KubernetesListResourceAll { api_version, kind, label_selector, field_selector, field_masks } => {
                let resource = self.resource(api_version, kind)?;
                let masks = field_masks.as_ref().map(FieldMasks::new).unwrap_or_default();
                let selection = selection(label_selector.as_deref(), field_selector.as_deref());
                self.list(&resource, kind, None, &selection, &masks)
            }
            Lookup::KubernetesGetResource { api_version, kind, name, namespace, field_masks, .. } => {
                let resource = self.resource(api_version, kind)?;
                let namespace = namespace.as_deref();
                if resource.is_namespaced && namespace.is_none() {
                    bail!("Resource {api_version}/{kind} is namespaced, but no namespace was provided");
                }
                let path = format!("{}/{}", resource.path(namespace), encoded(name));
                let mut object = self.connection.get(&path).map_err(|failure| match failure.is_missing() {
                    true => {
                        anyhow!("Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'")
                    }
                    false => failure.into(),
                })?;
                field_masks.as_ref().map(FieldMasks::new).unwrap_or_default().apply(&mut object);
                Ok(object)
            }
        }
    }

    fn resource(&self, api_version: &str, kind: &str) -> Result<Resource> {
        let found = self.resources.find(&self.connection, api_version, kind);
        let found = found.map_err(|failure| match api_version {
            "v1" => failure.into(),
            _ => anyhow!("error finding resource {api_version} / {kind}: {failure}"),
        })?;
        found.ok_or_else(|| anyhow!("Cannot find resource {api_version}/{kind}"))
    }

    fn list(
        &self,
        resource: &Resource,
        kind: &str,
        namespace: Option<&str>,
        selection: &Selection,
        masks: &FieldMasks,
    ) -> Result<Value> {
        let mut items = Vec::new();
        self.connection.list::<anyhow::Error>(&resource.path(namespace), selection, |page| {
            items.extend(page.into_iter().map(|mut object| {
                masks.apply(&mut object);
                object
            }));
            Ok(())
        })?;
        let kind = format!("{kind}List");
        Ok(json!({"apiVersion": resource.api_version, "kind": kind, "metadata": {}, "items": items}))
    }
}

fn selection(labels: Option<&str>, fields: Option<&str>) -> Selection {
    let text = |selector: Option<&str>| selector.unwrap_or_default().to_owned();
    Selection { labels: text(labels), fields: text(fields) }
}

impl Answers for Lookups {
    fn answer(&self, lookup: &Lookup) -> Result<Vec<u8>> {
        let has_to_be_fresh = matches!(lookup, Lookup::KubernetesGetResource { disable_cache: true, .. });
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let known = answered.get(lookup).filter(|_| !has_to_be_fresh).cloned();
        let answer = known.unwrap_or_else(|| {
            let answer = self.ask(lookup).map(|value| value.to_string().into_bytes());
            let answer = answer.map_err(|error| format!("{error:#}"));
            answered.insert(lookup.clone(), answer.clone());
            answer
        });
        answer.map_err(|message| anyhow!(message))
    }
}
