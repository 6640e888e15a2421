//! A Pod with every field that Kubernetes has comes out with what is planned, and with nothing else changed.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

/// A value with everything that the schema has: lists and maps with one entry.
fn filled(root: &Value, schema: &Value) -> Value {
    let reference = schema["$ref"].as_str().or(schema["allOf"][0]["$ref"].as_str());
    if let Some(definition) = reference.and_then(|reference| root.pointer(reference.strip_prefix('#')?)) {
        return filled(root, definition);
    }
    let is = |wanted: &str| match &schema["type"] {
        Value::String(name) => name == wanted,
        Value::Array(names) => names.iter().any(|name| name == wanted),
        _ => false,
    };
    match schema["properties"].as_object() {
        Some(properties) => properties.iter().map(|(name, schema)| (name.clone(), filled(root, schema))).collect(),
        None if is("array") => json!([filled(root, &schema["items"])]),
        None if is("object") => match schema.get("additionalProperties") {
            Some(values) => json!({"key": filled(root, values)}),
            None => json!({"anything": [1, 2.5, null]}),
        },
        None if is("boolean") => json!(true),
        None if is("integer") => json!(7),
        None if is("number") => json!(7.5),
        None => json!("text"),
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.len() + members.values().map(count).sum::<usize>(),
        Value::Array(elements) => elements.iter().map(count).sum(),
        _ => 0,
    }
}

#[test]
fn a_pod_with_every_field_comes_out_with_what_is_planned() {
    let root = SchemaGenerator::default().into_root_schema_for::<Pod>().to_value();
    let mut pod = filled(&root, &root);
    assert!(count(&pod) > 1000, "only {} fields", count(&pod));
    let metadata = pod["metadata"].as_object_mut().unwrap();
    metadata.insert("labels".to_owned(), json!({"app": "shop"}));
    metadata.remove("managedFields");
    metadata.insert("ownerReferences".to_owned(), json!([]));
    let container = |list: &str, name: &str| {
        let mut container = pod["spec"][list][0].clone();
        container["name"] = json!(name);
        for name in
            ["restartPolicy", "restartPolicyRules", "lifecycle", "livenessProbe", "readinessProbe", "startupProbe"]
        {
            container.as_object_mut().unwrap().remove(name);
        }
        container
    };
    let (mut init, mut main, mut shipper) =
        (container("initContainers", "init"), container("containers", "main"), container("containers", "shipper"));
    shipper["ports"] = json!([]);
    // No Linux sidecar goes into a Pod of HostProcess containers.
    pod["spec"]["securityContext"].as_object_mut().unwrap().remove("windowsOptions");
    // A Pod with its node can't be pinned to others.
    pod["spec"].as_object_mut().unwrap().remove("nodeName");
    pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"][0]
        .as_object_mut()
        .unwrap()
        .remove("matchFields");
    for container in [&mut init, &mut main, &mut shipper] {
        container["securityContext"].as_object_mut().unwrap().remove("windowsOptions");
    }
    pod["spec"]["initContainers"] = json!([init]);
    pod["spec"]["containers"] = json!([main, shipper]);

    let settings = json!({
        "sidecarNames": ["shipper"],
        "legacySidecars": "convert",
        "nodeCheck": "apiServerVersion",
        "apiServerVersion": "1.31",
        "unsupportedNodes": "pin",
        "nodeLabel": "example.com/sidecars=true",
        "injections": [{
            "name": "vpn",
            "container": {"image": "vpn", "volumeMounts": [{"name": "vpn", "mountPath": "/vpn"}]},
            "volumes": [{"name": "vpn", "emptyDir": {}}],
            "podSelector": {"matchLabels": {"app": "shop"}},
        }, {
            "name": "dns",
            "container": {"image": "dns", "command": ["dns"]},
            "podSelector": {},
            "strategy": "universal",
        }],
    });
    let request = json!({"kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE", "object": pod});
    let judge = |request: &Value| -> Value {
        let payload = json!({"request": request, "settings": settings}).to_string();
        let host = |_: &str, _: &[u8]| Err("no cluster".to_owned());
        serde_json::from_slice(&native_sidecar_policy::validate(payload.as_bytes(), &host)).unwrap()
    };
    let answer = judge(&request);
    assert_eq!(answer["accepted"], true, "{answer}");
    assert!(!answer["warnings"].to_string().contains("not injected"), "{}", answer["warnings"]);

    let mut expected = pod.clone();
    let spec = expected["spec"].as_object_mut().unwrap();
    let native = |mut container: Value| {
        container["restartPolicy"] = json!("Always");
        container
    };
    let vpn = json!({"name": "vpn", "image": "vpn", "volumeMounts": [{"name": "vpn", "mountPath": "/vpn"}]});
    // What is in these, tests/twins.rs and tests/cases tell.
    let added = |list: &str, name: &str| -> Value {
        let list = answer["mutated_object"]["spec"][list].as_array().unwrap();
        list.iter().find(|container| container["name"] == name).unwrap().clone()
    };
    let [helper, dns] = ["dns-helper", "dns"].map(|name| added("initContainers", name));
    spec.insert("initContainers".to_owned(), json!([init, native(shipper), native(vpn), helper, dns]));
    spec.insert("containers".to_owned(), json!([main, added("containers", "dns-legacy")]));
    let volumes = ["vpn", "dns-twins"].map(|name| json!({"name": name, "emptyDir": {}}));
    spec["volumes"].as_array_mut().unwrap().extend(volumes);
    let required = &mut spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let expressions = required["nodeSelectorTerms"][0]["matchExpressions"].as_array_mut().unwrap();
    expressions.push(json!({"key": "example.com/sidecars", "operator": "In", "values": ["true"]}));
    let annotations: &mut Map<String, Value> = expected["metadata"]["annotations"].as_object_mut().unwrap();
    annotations.insert("sidecars.kubewarden.io/native".to_owned(), json!("shipper,vpn,dns"));
    assert!(answer["mutated_object"] == expected, "{} is not {expected}", answer["mutated_object"]);

    let mut again = request.clone();
    again["object"] = expected;
    assert_eq!(judge(&again).get("mutated_object"), None);
}
