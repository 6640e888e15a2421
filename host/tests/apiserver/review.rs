//! `review --cluster`, `run` and the policies that `check` writes.

use serde_json::{Value, json};

use crate::rights::add_policies;
use crate::server::{Cluster, printed};
use crate::world::{cron_job, deployment, job, node, pod};

#[test]
#[ignore = "needs KUBEBUILDER_ASSETS"]
fn a_review_shows_what_runs_and_a_policy_in_the_cluster_says_how() {
    let cluster = Cluster::start("shop");
    cluster.namespace("bank", json!({}));
    cluster.create(&[
        deployment("shop", "checkout", true),
        deployment("bank", "ledger", false),
        job("shop", "report"),
        cron_job("shop", "nightly"),
    ]);
    add_policies(&cluster);
    let message = "container \"cloud-sql-proxy\" at spec.template.spec.containers[1] is a sidecar in the legacy form\n    \
        (well-known: Cloud SQL Auth Proxy). Move it to initContainers and set restartPolicy: Always\n    on it.\n";
    let (text, code) = printed(&cluster.run(&["review", "--cluster", "--quiet", "--namespace", "bank"]));
    let expected = format!(
        "denied    Deployment bank/ledger\n  - {message}\nNAMESPACE  RULE        OBJECTS\nbank       legacy      1\n\n1 object: 1 denied\n"
    );
    assert_eq!((text, code), (expected, Some(1)));
    let (text, code) = printed(&cluster.run(&["review", "--cluster", "--quiet"]));
    assert!(
        text.ends_with("\nbank       legacy      1\nshop       legacy      2\n\n4 objects: 1 accepted, 3 denied\n"),
        "{text}"
    );
    assert_eq!(code, Some(1));
    let policy = "native-sidecars-validate";
    let (text, code) = printed(&cluster.run(&["review", "--cluster", "--quiet", "--policy-in-cluster", policy]));
    assert!(text.contains("\n4 objects: 1 accepted, 3 warned\n"), "{text}");
    assert_eq!(code, Some(0));
}

#[test]
#[ignore = "needs KUBEBUILDER_ASSETS"]
fn run_asks_the_cluster_and_check_writes_policies() {
    let cluster = Cluster::start("shop");
    cluster.create(&[node("old", "v1.27.9")]);
    add_policies(&cluster);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let request = json!({
        "uid": "u", "operation": "CREATE", "userInfo": {}, "namespace": "shop",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "object": pod("shop", "p", json!(null)),
    });
    let (request_path, session) = (path("request.json"), path("session.yaml"));
    std::fs::write(&request_path, request.to_string()).unwrap();
    let args = [
        "run",
        "--request-path",
        &request_path,
        "--settings-json",
        "{\"nodeCheck\":\"nodes\"}",
        "--allow-context-aware",
        "--record-host-capabilities-interactions",
        &session,
    ];
    let (text, _) = printed(&cluster.run(&args));
    assert!(text.contains("old (v1.27.9: the Pod hangs in Init)"), "{text}");
    assert!(std::fs::read_to_string(&session).unwrap().contains("kubeletVersion"));

    let policies = path("policies.yaml");
    let (_, code) = printed(&cluster.run(&["check", "--emit-policy", &policies]));
    assert_eq!(code, Some(1));
    let written = cluster.kubectl(&["apply", "--dry-run=server", "--output=json", "-f", &policies], "");
    let written: Value = serde_json::from_str(&written).unwrap();
    let checks: Vec<&Value> =
        written["items"].as_array().unwrap().iter().map(|policy| &policy["spec"]["settings"]["nodeCheck"]).collect();
    assert_eq!(checks, ["nodes", "nodes"]);
}
