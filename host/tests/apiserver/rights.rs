//! A cluster that is fine, and the rights that it takes to see that.

use std::time::Instant;

use serde_json::{Value, json};

use crate::server::{Cluster, printed, run};
use crate::world::{deployment, node};

/// What the program reads of Kubewarden, as a kind that takes anything.
fn kubewarden() -> Value {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let version =
        json!({"name": "v1", "served": true, "storage": true, "schema": schema, "subresources": {"status": {}}});
    let names = json!({
        "kind": "ClusterAdmissionPolicy", "plural": "clusteradmissionpolicies", "singular": "clusteradmissionpolicy",
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "clusteradmissionpolicies.policies.kubewarden.io"},
        "spec": {"group": "policies.kubewarden.io", "scope": "Cluster", "names": names, "versions": [version]},
    })
}

/// Adds Kubewarden's kind, with the policies of deploy/enforce.yaml, which are active.
pub fn add_policies(cluster: &Cluster) {
    cluster.create(&[kubewarden()]);
    let name = "crd/clusteradmissionpolicies.policies.kubewarden.io";
    cluster.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", name], "");
    cluster.kubectl(&["apply", "-f", "-"], include_str!("../../../deploy/enforce.yaml"));
    for policy in ["native-sidecars", "native-sidecars-validate"] {
        let active = "{\"status\":{\"policyStatus\":\"active\"}}";
        let patch =
            ["patch", "clusteradmissionpolicy", policy, "--subresource=status", "--type=merge", "--patch", active];
        cluster.kubectl(&patch, "");
    }
}

#[test]
#[ignore = "needs KUBEBUILDER_ASSETS"]
fn a_cluster_that_is_fine_and_the_rights_of_the_manifest_are_enough() {
    let cluster = Cluster::start("shop");
    cluster.namespace("kubewarden", json!({}));
    add_policies(&cluster);
    let names: Vec<String> = (0..200).map(|number| format!("app-{number}")).collect();
    let mut objects: Vec<Value> = names.iter().map(|name| deployment("shop", name, true)).collect();
    objects.push(node("a", "v1.36.1"));
    cluster.create(&objects);
    cluster.kubectl(&["apply", "-f", "-"], include_str!("../../../deploy/check.yaml"));

    let before = cluster.stored();
    assert!(before.len() > 250, "{}", before.len());
    let token = cluster.kubectl(&["create", "token", "native-sidecar-check", "--namespace=kubewarden"], "");
    let start = Instant::now();
    let (text, code) = printed(&run(&cluster.kubeconfig_of(token.trim()), &["check"]));
    println!("200 workloads took {:?}", start.elapsed());
    let expected = "\
API server
  ✔ version v1.36.2: it knows native sidecars
  ✔ feature gate SidecarContainers: on, and cannot be turned off

Nodes
  ✔ 1 of 1 node: native sidecars run

What strips
  ✔ 203 of 203 dry runs in 2 namespaces kept the field
  ✔ nothing strips restartPolicy: Always

Injectors
  ✔ none that is known

Workloads
  ✔ 201 of 201 objects are as they should be

The policy
  ✔ 2 policies of this module
      native-sidecars (mutating, v0.1.0): {\"legacySidecars\":\"convert\",\"strippedSidecars\":\"restore\"}
      native-sidecars-validate (validating, v0.1.0):
        {\"legacySidecars\":\"warn\",\"strippedSidecars\":\"reject\"}
  ✔ namespaces that are left out
      native-sidecars: kube-system, kube-public, kube-node-lease, kubewarden
      native-sidecars-validate: kube-system, kube-public, kube-node-lease, kubewarden
";
    assert_eq!((with_version(&text).as_str(), code), (expected, Some(0)));
    // The admin sees no more than that.
    let start = Instant::now();
    assert_eq!(printed(&cluster.run(&["check"])), (text, Some(0)));
    println!("once more took {:?}", start.elapsed());
    let after = cluster.stored();
    let differences: Vec<_> = after.symmetric_difference(&before).collect();
    assert!(differences.is_empty(), "{differences:?}");
}

/// A report with the version of the API server that the expectation has.
fn with_version(text: &str) -> String {
    let (before, rest) = text.split_once("version ").unwrap_or_else(|| panic!("{text}"));
    let (_, after) = rest.split_once(':').unwrap();
    format!("{before}version v1.36.2:{after}")
}

#[test]
#[ignore = "needs KUBEBUILDER_ASSETS"]
fn what_may_not_be_asked_is_not_known() {
    let cluster = Cluster::start("shop");
    cluster.create(&[node("a", "v1.36.1"), deployment("shop", "checkout", true)]);
    let token = cluster.kubectl(&["create", "token", "default", "--namespace=shop"], "");
    let (text, code) = printed(&run(&cluster.kubeconfig_of(token.trim()), &["check"]));
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "  ? not known: the right to list nodes is missing\n",
        "  ? not known: the right to create pods is missing\n",
        "  ? not known: the right to list mutatingwebhookconfigurations.admissionregistration.k8s.io is\n    missing\n",
        "  ? some kinds could not be listed\n",
        "      Deployment: deployments.apps is forbidden:",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}
