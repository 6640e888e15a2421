//! `check` names clients that strip, and tells them from webhooks.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{Cluster, printed};
use crate::webhooks::Webhooks;
use crate::world::{deployment, strip_template};

#[test]
#[ignore = "needs KUBEBUILDER_ASSETS"]
fn a_client_that_drops_the_field_and_a_webhook_for_workloads_are_told_apart() {
    let cluster = Cluster::start("shop");
    let webhooks = Webhooks::start(&cluster.authority);
    cluster.kubectl(&["apply", "-f", "-"], &deployment("shop", "orders", true).to_string());
    let get = ["get", "deployment", "orders", "--namespace=shop", "--output=json"];
    let stored: Value = serde_json::from_str(&cluster.kubectl(&get, "")).unwrap();
    let mut written_back = strip_template(stored);
    written_back["spec"]["replicas"] = json!(2);
    // `kubectl replace` itself would write the annotation anew.
    let path = "/apis/apps/v1/namespaces/shop/deployments/orders?fieldManager=old-controller";
    cluster.kubectl(&["replace", "--raw", path, "-f", "-"], &written_back.to_string());

    cluster.create(&[webhooks.stripping("strips", ("apps", "deployments"), json!({}))]);
    // The API server needs a moment until it calls a new webhook.
    let end = Instant::now() + Duration::from_secs(20);
    let keeps = || {
        let sent = deployment("shop", "probe", true).to_string();
        let dry_run = cluster.kubectl(&["create", "--dry-run=server", "--output=json", "-f", "-"], &sent);
        let found: Value = serde_json::from_str(&dry_run).unwrap();
        found["spec"]["template"]["spec"]["initContainers"][0]["restartPolicy"] == "Always"
    };
    while keeps() && Instant::now() < end {}
    let mut checkout = deployment("shop", "checkout", true);
    checkout["metadata"].as_object_mut().unwrap().shift_remove("uid");
    let apply = ["apply", "--server-side", "--field-manager=argocd-controller", "-f", "-"];
    cluster.kubectl(&apply, &checkout.to_string());
    let (text, code) = printed(&cluster.run(&["check"]));
    let expected = "\
What strips
  ✔ 3 of 3 dry runs in 1 namespace kept the field
  ✘ argocd-controller sent restartPolicy: Always, and it is not stored: 1 object
      Deployment shop/checkout (cloud-sql-proxy)
    → Something in admission dropped it: a mutating webhook for these kinds, which dry runs of
      Pods do not show, or one that has been mended since. `review --cluster` names those that are
      called, with --settings-json '{\"webhookLookup\":true}'.
  ✘ old-controller dropped restartPolicy: Always when it wrote objects back: 1 object
      Deployment shop/orders (cloud-sql-proxy)
    → Update it (its Kubernetes libraries are older than 1.28), and apply the manifests again.
";
    assert!(text.contains(expected), "{text}");
    assert_eq!(code, Some(1));
    let lookup = ["review", "--cluster", "--output", "json", "--settings-json", "{\"webhookLookup\":true}"];
    let (text, _) = printed(&cluster.run(&lookup));
    assert!(text.contains("strips/strips.example.com"), "{text}");
}
