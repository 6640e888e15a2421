//! `check` finds what strips, and it alone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{Cluster, printed};
use crate::webhooks::Webhooks;
use crate::world::{deployment, node};

/// Harmless webhooks, and one that strips Pods where this says so.
fn five(webhooks: &Webhooks, strips: Value) -> Vec<Value> {
    let harmless = ["a", "b", "d", "e"].map(|name| webhooks.labelling(name));
    harmless.into_iter().chain([webhooks.stripping("c", ("", "pods"), strips)]).collect()
}

/// The part of a report that is about what strips.
fn strips(cluster: &Cluster) -> (String, Option<i32>) {
    let (text, code) = printed(&cluster.run(&["check"]));
    let (_, part) = text.split_once("What strips\n").unwrap_or_else(|| panic!("{text}"));
    (part.split("\n\n").next().unwrap().to_owned(), code)
}

#[test]
#[ignore = "needs KUBEBUILDER_ASSETS"]
fn the_stripper_is_named_and_it_alone() {
    let cluster = Cluster::start("bank");
    cluster.namespace("shop", json!({"team": "x"}));
    let webhooks = Webhooks::start(&cluster.authority);
    // Without the field, the API server refuses a Pod with this probe.
    let mut checkout = deployment("shop", "checkout", true);
    checkout["spec"]["template"]["spec"]["initContainers"][0]["startupProbe"] =
        json!({"exec": {"command": ["/ready"]}});
    cluster.create(&[
        node("a", "v1.36.1"),
        checkout,
        deployment("shop", "orders", true),
        deployment("bank", "ledger", true),
    ]);
    let named = "  ✘ webhook c/c.example.com strips restartPolicy: Always\n";
    let kept = |count: usize| format!("  ✔ {count} of 5 dry runs in 2 namespaces kept the field");
    let advice = "    → Update it, or keep it from these Pods. Until then, strippedSidecars: restore in a mutating\n      \
        policy puts the field back.\n";
    let checkout = "      Deployment shop/checkout\n";
    let of_namespace = format!("      a plain Pod in shop\n{checkout}      Deployment shop/orders\n");
    let of_label = json!({"objectSelector": {"matchLabels": {"app": "checkout"}}});
    let condition =
        "has(object.metadata.labels) && 'app' in object.metadata.labels && object.metadata.labels.app == 'checkout'";
    for (selects, subjects, count) in [
        (json!({"namespaceSelector": {"matchLabels": {"team": "x"}}}), of_namespace.as_str(), 2),
        (of_label, checkout, 4),
        (json!({"matchConditions": [{"name": "checkout", "expression": condition}]}), checkout, 4),
    ] {
        cluster.create(&five(&webhooks, selects.clone()));
        let expected = format!("{named}{subjects}{advice}{}", kept(count));
        // The API server needs a moment until it calls a new webhook.
        let end = Instant::now() + Duration::from_secs(20);
        let mut found = strips(&cluster);
        while found.0 != expected && Instant::now() < end {
            found = strips(&cluster);
        }
        assert_eq!(found, (expected, Some(1)), "{selects}");
        cluster.kubectl(&["delete", "mutatingwebhookconfigurations", "--all"], "");
    }
}

#[test]
#[ignore = "needs KUBEBUILDER_ASSETS"]
fn every_kind_of_pod_can_be_tried() {
    let cluster = Cluster::start("shop");
    cluster.namespace("restricted", json!({"pod-security.kubernetes.io/enforce": "restricted"}));
    let secure = json!({
        "allowPrivilegeEscalation": false, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    });
    // Its containers are secure, and the Pod says nothing.
    let mut own = deployment("restricted", "checkout", true);
    for list in ["initContainers", "containers"] {
        own["spec"]["template"]["spec"][list][0]["securityContext"] = secure.clone();
    }
    let mut windows = deployment("shop", "windows", true);
    windows["spec"]["template"]["spec"]["os"] = json!({"name": "windows"});
    let pod = |name: &str, more: Value| {
        let mut pod = crate::world::pod("shop", name, json!(null));
        for (name, value) in more.as_object().unwrap() {
            pod[name] = value.clone();
        }
        pod
    };
    let mut bound = pod("bound", json!({}));
    bound["spec"]["nodeName"] = json!("a");
    // What a kubelet shows of a Pod of its own goes through no admission before it runs.
    let mut mirror = bound.clone();
    mirror["metadata"] =
        json!({"namespace": "shop", "name": "mirror", "annotations": {"kubernetes.io/config.mirror": "x"}});
    cluster.create(&[node("a", "v1.36.1"), own, windows, bound, mirror]);
    let debug =
        json!({"spec": {"ephemeralContainers": [{"name": "debug", "image": "x", "targetContainerName": "app"}]}});
    cluster.kubectl(
        &[
            "patch",
            "pod",
            "bound",
            "--namespace=shop",
            "--subresource=ephemeralcontainers",
            "--patch",
            &debug.to_string(),
        ],
        "",
    );
    let expected = "  ✔ 5 of 5 dry runs in 2 namespaces kept the field\n  ✔ nothing strips restartPolicy: Always";
    assert_eq!(strips(&cluster), (expected.to_owned(), Some(0)));
}
