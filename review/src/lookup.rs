//! A policy's question about Kubernetes objects, and who answers it.
//!
//! <https://docs.kubewarden.io/reference/spec/host-capabilities/kubernetes>

use std::collections::BTreeSet;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A kind of objects that a policy wants to read.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContextAwareResource {
    /// Group and version.
    pub api_version: String,
    /// The kind.
    pub kind: String,
}

/// A question; the names are those of Kubewarden's sessions and error messages.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[allow(clippy::enum_variant_names)]
pub enum Lookup {
    /// The objects of a kind in a namespace.
    KubernetesListResourceNamespace {
        /// Their group and version.
        api_version: String,
        /// Their kind.
        kind: String,
        /// Their namespace.
        namespace: String,
        /// Labels that they have.
        label_selector: Option<String>,
        /// Fields that they have.
        field_selector: Option<String>,
        /// The fields that are wanted.
        field_masks: Option<BTreeSet<String>>,
    },
    /// The objects of a kind.
    KubernetesListResourceAll {
        /// Their group and version.
        api_version: String,
        /// Their kind.
        kind: String,
        /// Labels that they have.
        label_selector: Option<String>,
        /// Fields that they have.
        field_selector: Option<String>,
        /// The fields that are wanted.
        field_masks: Option<BTreeSet<String>>,
    },
    /// One object.
    KubernetesGetResource {
        /// Its group and version.
        api_version: String,
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
        /// Its namespace, where it has one.
        namespace: Option<String>,
        /// Whether it may not come from a cache.
        disable_cache: bool,
        /// The fields that are wanted.
        field_masks: Option<BTreeSet<String>>,
    },
}

impl Lookup {
    /// The question that an operation of waPC's namespace `kubernetes` asks; None where there is no such operation.
    pub fn of(operation: &str, payload: &[u8]) -> Option<serde_json::Result<Self>> {
        let variant = match operation {
            "list_resources_by_namespace" => "KubernetesListResourceNamespace",
            "list_resources_all" => "KubernetesListResourceAll",
            "get_resource" => "KubernetesGetResource",
            _ => return None,
        };
        let fields = serde_json::from_slice::<Value>(payload);
        Some(fields.and_then(|fields| serde_json::from_value(json!({variant: fields}))))
    }

    /// The kind that it is about.
    pub fn resource(&self) -> ContextAwareResource {
        match self {
            Self::KubernetesListResourceNamespace { api_version, kind, .. }
            | Self::KubernetesListResourceAll { api_version, kind, .. }
            | Self::KubernetesGetResource { api_version, kind, .. } => {
                ContextAwareResource { api_version: api_version.clone(), kind: kind.clone() }
            }
        }
    }
}

/// Who answers: a recorded session, or a cluster.
pub trait Answers: Send + Sync {
    /// The answer, as JSON; an error is what the policy is told.
    fn answer(&self, lookup: &Lookup) -> Result<Vec<u8>>;

    /// How many answers are left that nobody has asked for.
    fn leftovers(&self) -> usize {
        0
    }
}
