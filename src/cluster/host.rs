//! The one seam to the cluster: Kubernetes objects, asked for through the policy's host.
//!
//! <https://docs.kubewarden.io/reference/spec/host-capabilities/kubernetes>

use std::cell::OnceCell;
use std::collections::BTreeSet;

use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Node;
use kubewarden_policy_sdk::host_capabilities::kubernetes::{GetResourceRequest, ListAllResourcesRequest};

/// How the policy asks its host: with an operation of waPC's namespace `kubernetes`, such as `list_resources_all`, and its
/// parameters as JSON. The answer is JSON; an error is what the host says of it.
pub type Host<'h> = &'h dyn Fn(&str, &[u8]) -> Result<Vec<u8>, String>;

/// A kind of objects, as metadata.yml declares it among `contextAwareResources`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Resource {
    /// Group and version; the version alone for the core group.
    pub api_version: &'static str,
    /// The kind.
    pub kind: &'static str,
}

/// The cluster, as it is during one request.
pub struct Cluster<'h> {
    host: Host<'h>,
    /// The nodes: every Pod template of an object asks for them.
    nodes: OnceCell<Result<String, String>>,
}

impl Resource {
    /// The kind of the objects of this type.
    pub const fn of<T: k8s_openapi::Resource>() -> Self {
        Self { api_version: T::API_VERSION, kind: T::KIND }
    }
}

const NODE_FIELDS: &[&str] = &[
    "metadata.labels",
    "metadata.name",
    "spec.taints",
    "status.nodeInfo.kubeletVersion",
    "status.nodeInfo.operatingSystem",
];

const WEBHOOK_FIELDS: &[&str] = &[
    "metadata.labels",
    "metadata.name",
    "webhooks.matchConditions",
    "webhooks.name",
    "webhooks.namespaceSelector",
    "webhooks.objectSelector",
    "webhooks.rules",
];

impl<'h> Cluster<'h> {
    /// The cluster that this host knows.
    pub fn new(host: Host<'h>) -> Self {
        Self { host, nodes: OnceCell::new() }
    }

    /// All nodes: a List, as JSON.
    pub fn nodes(&self) -> Result<&str, String> {
        self.nodes.get_or_init(|| self.list(Resource::of::<Node>(), NODE_FIELDS)).as_deref().map_err(Clone::clone)
    }

    /// The configurations of all mutating webhooks: a List, as JSON.
    pub fn webhooks(&self) -> Result<String, String> {
        self.list(Resource::of::<MutatingWebhookConfiguration>(), WEBHOOK_FIELDS)
    }

    /// One object, as JSON, with no more than these fields besides its metadata. Unless it has to be `fresh`, it may be
    /// from the host's cache, up to 5 s old.
    pub fn get(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        fresh: bool,
        fields: &[&str],
    ) -> Result<String, String> {
        let request = GetResourceRequest {
            api_version: resource.api_version.to_owned(),
            kind: resource.kind.to_owned(),
            name: name.to_owned(),
            namespace: Some(namespace.to_owned()),
            disable_cache: fresh,
            field_masks: Some(masks(fields)),
        };
        self.ask("get_resource", resource, serde_json::to_vec(&request))
    }

    fn list(&self, resource: Resource, fields: &[&str]) -> Result<String, String> {
        let request = ListAllResourcesRequest {
            api_version: resource.api_version.to_owned(),
            kind: resource.kind.to_owned(),
            label_selector: None,
            field_selector: None,
            field_masks: Some(masks(fields)),
        };
        self.ask("list_resources_all", resource, serde_json::to_vec(&request))
    }

    /// The error is a clause that says what is missing, and what the host says.
    fn ask(
        &self,
        operation: &str,
        Resource { api_version, kind }: Resource,
        request: serde_json::Result<Vec<u8>>,
    ) -> Result<String, String> {
        let answer = request.map_err(|error| error.to_string()).and_then(|request| (self.host)(operation, &request));
        let answer = answer.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
        answer.map_err(|error| {
            let words = error.trim_end_matches('.');
            format!("the policy cannot read {api_version} {kind} (contextAwareResources, RBAC): {words}")
        })
    }
}

fn masks(fields: &[&str]) -> BTreeSet<String> {
    let mut masks = BTreeSet::new();
    // Collecting them would take the module kilobytes for a sort of its own.
    masks.extend(fields.iter().map(|field| (*field).to_owned()));
    masks
}
