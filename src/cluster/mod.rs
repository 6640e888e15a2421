//! The one seam to the cluster: Kubernetes objects, asked for through the policy's host.
//!
//! <https://docs.kubewarden.io/reference/spec/host-capabilities/kubernetes>

pub mod nodes;
pub mod placement;
pub mod owner;
pub mod webhooks;

use std::cell::OnceCell;

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

const NODE: Resource = Resource { api_version: "v1", kind: "Node" };
const NODE_FIELDS: &[&str] = &[
    "metadata.labels",
    "metadata.name",
    "spec.taints",
    "spec.unschedulable",
    "status.nodeInfo.kubeletVersion",
    "status.nodeInfo.operatingSystem",
];

const WEBHOOKS: Resource =
    Resource { api_version: "admissionregistration.k8s.io/v1", kind: "MutatingWebhookConfiguration" };
const WEBHOOK_FIELDS: &[&str] = &[
    "metadata.labels",
    "metadata.name",
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
        self.nodes.get_or_init(|| self.list(NODE, NODE_FIELDS)).as_deref().map_err(Clone::clone)
    }

    /// The configurations of all mutating webhooks: a List, as JSON.
    pub fn webhooks(&self) -> Result<String, String> {
        self.list(WEBHOOKS, WEBHOOK_FIELDS)
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
        let [namespace, name] = [namespace, name].map(|text| serde_json::to_string(text).unwrap_or_default());
        let parameters = format!(r#""name":{name},"namespace":{namespace},"disable_cache":{fresh}"#);
        self.ask("get_resource", resource, &parameters, fields)
    }

    fn list(&self, resource: Resource, fields: &[&str]) -> Result<String, String> {
        self.ask("list_resources_all", resource, r#""label_selector":null,"field_selector":null"#, fields)
    }

    /// The error is a clause that says what is missing, and what the host says.
    fn ask(
        &self,
        operation: &str,
        Resource { api_version, kind }: Resource,
        parameters: &str,
        fields: &[&str],
    ) -> Result<String, String> {
        let fields = fields.join("\",\"");
        let call =
            format!(r#"{{"api_version":"{api_version}","kind":"{kind}",{parameters},"field_masks":["{fields}"]}}"#);
        let answer = (self.host)(operation, call.as_bytes());
        let answer = answer.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
        answer.map_err(|error| {
            let words = error.trim_end_matches('.');
            format!("the policy cannot read {api_version} {kind} (contextAwareResources, RBAC): {words}")
        })
    }
}
