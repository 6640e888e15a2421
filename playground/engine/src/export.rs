//! What is taken out of the page: a policy for a cluster, and the request that a command line judges.

use anyhow::{Context, Result};
use native_sidecar_review::manifest::{self, Kinds};
use serde_json::{Value, json};
use yaml::emit::{self, Layout};

use crate::cluster;

const LAYOUT: Layout = Layout { indent: 2, dash: 2 };

/// The settings that look at the cluster, each with the kinds that it asks for.
const LOOKS: [(&str, &str, &[&str]); 3] = [
    ("nodeCheck", "nodes", &["Node"]),
    ("ownerLookup", "true", &["ReplicationController", "DaemonSet", "ReplicaSet", "StatefulSet", "Job"]),
    ("webhookLookup", "true", &["MutatingWebhookConfiguration"]),
];

/// Returns where the policy is published.
pub fn module() -> Result<String> {
    let annotations = cluster::metadata("annotations")?;
    let of = |name: &str| annotations[format!("io.kubewarden.policy.{name}")].as_str().context("metadata.yml lacks it");
    Ok(format!("registry://{}:v{}", of("ociUrl")?, of("version")?))
}

/// Returns the manifest of a policy with these settings.
pub fn policy(settings: &Value) -> Result<String> {
    let mut kinds: Vec<&str> = Vec::new();
    for (setting, value, asked) in LOOKS {
        if settings[setting].as_str().map_or_else(|| settings[setting].to_string(), str::to_owned) == value {
            kinds.extend(asked);
        }
    }
    let is_asked = |resource: &&Value| resource["kind"].as_str().is_some_and(|kind| kinds.contains(&kind));
    let resources = cluster::metadata("contextAwareResources")?;
    let resources: Vec<Value> = resources.as_array().into_iter().flatten().filter(is_asked).cloned().collect();
    let system = json!(["kube-system", "kube-public", "kube-node-lease", "kubewarden"]);
    let mut spec = json!({
        "module": module()?,
        "mutating": true,
        "backgroundAudit": true,
        "namespaceSelector": {
            "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": system}],
        },
        "rules": cluster::metadata("rules")?,
    });
    if !resources.is_empty() {
        spec["contextAwareResources"] = Value::Array(resources);
    }
    spec["settings"] = settings.clone();
    let policy = json!({
        "apiVersion": "policies.kubewarden.io/v1",
        "kind": "ClusterAdmissionPolicy",
        "metadata": {"name": "native-sidecars"},
        "spec": spec,
    });
    Ok(emit::block(&policy, 0, LAYOUT))
}

/// Returns the requests that would create the objects of a text, each with what the object is called.
pub fn requests(manifest: &str, settings: &Value) -> Vec<Value> {
    let mut requests = Vec::new();
    let kinds = Kinds::new(settings);
    for document in yaml::documents(manifest).flatten() {
        for object in manifest::objects(&document).iter().filter(|object| object.is_whole()) {
            let line = object.node.unwrap_or(&document.root).line;
            if let Some(request) = kinds.request(object, format!("manifest.yaml:{line}")) {
                requests.push(json!({"title": format!("{} {}", object.kind, object.name()), "request": request}));
            }
        }
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::Native;
    use crate::settings::Settings;

    #[test]
    fn a_policy_is_one_that_can_be_read() {
        let settings = json!({"legacySidecars": "convert", "nodeCheck": "nodes"});
        let text = policy(&settings).unwrap();
        let read = Settings::read(&text, &Native).unwrap();
        assert_eq!(read.value, settings);
        assert!(read.policy.is_some());
        assert!(
            text.contains("  contextAwareResources:\n    - apiVersion: v1\n      kind: Node\n  settings:\n"),
            "{text}"
        );
        assert!(!policy(&json!({})).unwrap().contains("contextAwareResources"));
        assert_eq!(policy(&json!({"ownerLookup": true})).unwrap().matches("    kind: ").count(), 5);
    }

    #[test]
    fn a_request_would_create_the_object() {
        let requests = requests(include_str!("../../../examples/native.yaml"), &json!({}));
        assert_eq!(requests[0]["title"], "Deployment checkout");
        assert_eq!(requests[0]["request"]["operation"], "CREATE");
    }
}
