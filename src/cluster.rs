//! The one seam to the cluster: Kubernetes objects, asked for through the policy's host.
//!
//! <https://docs.kubewarden.io/reference/spec/host-capabilities/kubernetes>

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

/// The cluster, as it is during one request: each list is asked for once.
pub struct Cluster<'h> {
    host: Host<'h>,
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

impl<'h> Cluster<'h> {
    /// The cluster that this host knows.
    pub fn new(host: Host<'h>) -> Self {
        Self { host, nodes: OnceCell::new() }
    }

    /// All nodes: a List, as JSON.
    pub fn nodes(&self) -> Result<&str, String> {
        self.list(&self.nodes, NODE, NODE_FIELDS)
    }

    fn list<'c>(
        &self,
        known: &'c OnceCell<Result<String, String>>,
        resource: Resource,
        fields: &[&str],
    ) -> Result<&'c str, String> {
        let Resource { api_version, kind } = resource;
        let fields = fields.join("\",\"");
        let call = format!(
            r#"{{"api_version":"{api_version}","kind":"{kind}","label_selector":null,"field_selector":null,"field_masks":["{fields}"]}}"#
        );
        let answer = known.get_or_init(|| self.ask("list_resources_all", resource, &call));
        answer.as_deref().map_err(Clone::clone)
    }

    /// The error is a clause that says what is missing, and what the host says.
    fn ask(&self, operation: &str, Resource { api_version, kind }: Resource, call: &str) -> Result<String, String> {
        let answer = (self.host)(operation, call.as_bytes());
        let answer = answer.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
        answer.map_err(|error| {
            let words = error.trim_end_matches('.');
            format!("the policy cannot read {api_version} {kind} (contextAwareResources, RBAC): {words}")
        })
    }
}
