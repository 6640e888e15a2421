//! The cluster is asked only where the answer matters.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use std::cell::RefCell;

use serde_json::{Value, json};

/// What the policy asks the cluster for, with every lookup turned on.
fn calls(request: &Value) -> Vec<String> {
    let settings = json!({
        "legacySidecars": "convert",
        "strippedSidecars": "restore",
        "sidecarNames": ["shipper"],
        "nodeCheck": "nodes",
        "ownerLookup": true,
        "webhookLookup": true,
    });
    let calls = RefCell::new(Vec::new());
    let host = |operation: &str, payload: &[u8]| {
        let call: Value = serde_json::from_slice(payload).unwrap();
        calls.borrow_mut().push(format!("{operation} {}", call["kind"].as_str().unwrap()));
        Err("no cluster".to_owned())
    };
    let payload = json!({"request": request, "settings": settings}).to_string();
    let answer: Value = serde_json::from_slice(&native_sidecar_policy::validate(payload.as_bytes(), &host)).unwrap();
    assert!(answer["accepted"].is_boolean(), "{answer}");
    calls.into_inner()
}

fn request(kind: &str, operation: &str, object: &Value, old: &Value) -> Value {
    let (group, resource) = if kind == "Pod" { ("", "pods") } else { ("apps", "deployments") };
    json!({
        "uid": "u",
        "kind": {"group": group, "version": "v1", "kind": kind},
        "resource": {"group": group, "version": "v1", "resource": resource},
        "namespace": "shop",
        "operation": operation,
        "object": object,
        "oldObject": old,
    })
}

/// A Pod that a ReplicaSet has made, as the API server shows it to webhooks.
fn pod(spec: &Value) -> Value {
    json!({
        "metadata": {
            "generateName": "web-",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "controller": true}],
            "managedFields": [{
                "manager": "kube-controller-manager",
                "fieldsV1": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {"f:image": {}}}}},
            }],
        },
        "spec": spec,
    })
}

#[test]
fn nothing_is_asked_for_without_a_sidecar() {
    let web = json!({"name": "web", "image": "web"});
    let plain = json!({"containers": [web]});
    let native = json!({"containers": [web], "initContainers": [{"name": "shipper", "restartPolicy": "Always"}]});
    let deployment = |spec: &Value| json!({"metadata": {"name": "web"}, "spec": {"template": {"spec": spec}}});
    for (what, request) in [
        ("a Pod", request("Pod", "CREATE", &pod(&plain), &Value::Null)),
        ("a Pod that nobody owns", request("Pod", "CREATE", &json!({"spec": plain}), &Value::Null)),
        ("an update of a Pod", request("Pod", "UPDATE", &pod(&native), &pod(&native))),
        ("the end of a Pod", request("Pod", "DELETE", &Value::Null, &pod(&native))),
        ("a Deployment", request("Deployment", "CREATE", &deployment(&plain), &Value::Null)),
        ("scaling", request("Deployment", "UPDATE", &deployment(&native), &deployment(&native))),
        ("another kind", request("Service", "CREATE", &json!({"spec": {}}), &Value::Null)),
    ] {
        assert_eq!(calls(&request), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn what_matters_is_asked_for() {
    let web = json!({"name": "web", "image": "web"});
    for (spec, expected) in [
        (json!({"containers": [web, {"name": "shipper"}]}), vec!["list_resources_all Node"]),
        (json!({"containers": [web], "initContainers": [{"name": "migrate"}]}), vec!["get_resource ReplicaSet"]),
        (
            json!({"containers": [web], "initContainers": [{"name": "shipper"}]}),
            vec![
                "get_resource ReplicaSet",
                "list_resources_all Node",
                "list_resources_all MutatingWebhookConfiguration",
            ],
        ),
    ] {
        assert_eq!(calls(&request("Pod", "CREATE", &pod(&spec), &Value::Null)), expected, "{spec}");
    }
}
