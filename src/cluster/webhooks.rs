//! Which mutating webhooks could have changed an object, in the order in which the API server calls them.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>

use std::fmt;

use glob::Pattern;
use serde_json::Value;

use crate::json::by_name::Table;
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
    is_kubewarden: bool,
    /// Where it is told that it drops what it does not know.
    known: Option<&'static str>,
}

/// Webhooks that are known to drop `restartPolicy` of init containers: globs of their configuration's name and their own,
/// and where that is told. Most of them do so in old versions only.
const KNOWN: [(&str, &str); 14] = [
    ("*/pod-identity-webhook.amazonaws.com", "https://github.com/aws/amazon-eks-pod-identity-webhook/issues/208"),
    ("*/iam-for-pods.amazonaws.com", "https://github.com/aws/amazon-eks-pod-identity-webhook/issues/208"),
    ("datadog-webhook/*", "https://github.com/DataDog/datadog-agent/issues/37837"),
    ("*/datadog.webhook.*", "https://github.com/DataDog/datadog-agent/issues/37837"),
    ("*/mpod.appmesh.k8s.aws", "https://github.com/aws/aws-app-mesh-controller-for-k8s/issues/774"),
    ("*kube-image-keeper*/mpod*.kb.io", "https://github.com/enix/kube-image-keeper/issues/457"),
    ("*/secrets-init.doit-intl.com", "https://github.com/doitintl/kube-secrets-init/issues/53"),
    ("*/gtoken.doit-intl.com", "https://github.com/doitintl/gtoken/pull/38"),
    ("*/berglas-webhook.cloud.google.com", "https://github.com/GoogleCloudPlatform/berglas/issues/264"),
    ("*/mutation.azure-workload-identity.io", "https://github.com/Azure/azure-workload-identity/issues/1312"),
    ("*/*.webhook.crfa.internal.knative.dev", "https://github.com/GoogleCloudPlatform/gcs-fuse-csi-driver/issues/322"),
    ("*/k8s-image-swapper.github.io", GCS_FUSE),
    ("*/logsidecar-injector.logging.kubesphere.io", GCS_FUSE),
    ("*k8ssandra-operator*/mpod.kb.io", "https://github.com/k8ssandra/cass-operator/issues/629"),
];

/// Told by a driver whose sidecar they broke.
const GCS_FUSE: &str = "https://github.com/GoogleCloudPlatform/gcs-fuse-csi-driver/blob/main/docs/known-issues.md";

/// The webhooks in this list of configurations that the API server calls for the object of this request, with these labels.
/// The error says what is wrong with the list.
pub fn suspects(list: &str, request: &Request, labels: Labels) -> Result<Vec<Suspect>, String> {
    let list: Value = serde_json::from_str(list).map_err(|error| format!("not JSON: {error}"))?;
    let configurations = list["items"].as_array().ok_or("not a list of objects")?;
    let mut by_name = Table::default();
    for configuration in configurations {
        by_name.get_or_insert(text(&configuration["metadata"], "name"), configuration);
    }
    let (mut suspects, mut index) = (Vec::new(), 0);
    for (name, configuration) in by_name.in_order() {
        for webhook in configuration["webhooks"].as_array().into_iter().flatten() {
            if is_called(webhook, request, labels) {
                let name = format!("{name}/{}", text(webhook, "name"));
                let matches = |glob: &str| Pattern::new(glob).is_ok_and(|glob| glob.matches(&name));
                let known = KNOWN.iter().find(|(glob, _)| matches(glob)).map(|(_, issue)| *issue);
                suspects.push(Suspect { index, is_kubewarden: is_kubewarden(configuration), known, name });
            }
            index += 1;
        }
    }
    Ok(suspects)
}

fn is_called(webhook: &Value, request: &Request, labels: Labels) -> bool {
    let namespace = request.namespace();
    let mut rules = webhook["rules"].as_array().into_iter().flatten();
    rules.any(|rule| covers(rule, request))
        && selects(&webhook["objectSelector"], |key| Some(labels.get(key).map(String::from)))
        // Of the labels of the namespace just one is known: what depends on others may be called.
        && selects(&webhook["namespaceSelector"], |key| {
            (key == "kubernetes.io/metadata.name").then(|| Some(namespace.to_owned()))
        })
}

/// Whether a rule of a webhook covers the request.
fn covers(rule: &Value, request: &Request) -> bool {
    let has = |name: &str, wanted: &str| {
        let mut listed = rule[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        listed.any(|listed| listed == "*" || listed == wanted)
    };
    let (group, version, resource) = request.resource();
    let is_resource = |listed: &str| {
        let (name, subresource) = listed.split_once('/').unwrap_or((listed, ""));
        (name == "*" || name == resource) && matches!(subresource, "" | "*")
    };
    let mut resources = rule["resources"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let operation = if matches!(request.operation(), Ok(Some(Operation::Update))) { "UPDATE" } else { "CREATE" };
    let scope = if request.namespace().is_empty() { "Cluster" } else { "Namespaced" };
    has("operations", operation)
        && has("apiGroups", group)
        && has("apiVersions", version)
        && resources.any(is_resource)
        && ["", "*", scope].contains(&text(rule, "scope"))
}

/// Whether Kubewarden made this configuration, by the labels of its present and its older versions.
fn is_kubewarden(configuration: &Value) -> bool {
    let labels = &configuration["metadata"]["labels"];
    labels["app.kubernetes.io/part-of"] == "kubewarden" || labels["kubewarden"] == "true"
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.index, self.name)?;
        match (self.is_kubewarden, self.known) {
            (true, _) => f.write_str(" (Kubewarden)"),
            (false, Some(issue)) => write!(f, " (known for it: {issue})"),
            (false, None) => Ok(()),
        }
    }
}
