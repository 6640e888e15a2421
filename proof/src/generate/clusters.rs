//! What the cluster answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::admission::Cluster;
use crate::generate::source::Source;
use crate::generate::words::RUN_ONCE;

const VERSIONS: [&str; 5] = ["v1.36.2", "v1.29.0-eks-c417bb3", "v1.28.9", "v1.33.1+k3s1", "x"];

/// A cluster, in which the owner of this object is known.
pub fn cluster(source: &mut Source, object: &Value) -> Cluster {
    let mut answers = BTreeMap::new();
    if source.chance(3, 4) {
        answers.insert("Node".to_owned(), nodes(source));
    }
    if source.chance(1, 2) {
        answers.insert("MutatingWebhookConfiguration".to_owned(), webhooks());
    }
    for kind in ["ReplicaSet", "DaemonSet", "Job", "StatefulSet", "ReplicationController"] {
        if source.chance(2, 3) {
            answers.insert(kind.to_owned(), owner(source, object));
        }
    }
    if source.chance(1, 30) {
        answers.values_mut().for_each(|answer| answer.truncate(answer.len() / 2));
    }
    Cluster(answers)
}

fn nodes(source: &mut Source) -> String {
    let count = source.below(4);
    let node = |index: usize| {
        let version = source.pick(&VERSIONS);
        let mut labels = json!({"kubernetes.io/os": source.rarely("windows", "linux")});
        if source.chance(1, 3) {
            labels["example.com/sidecars"] = json!(source.pick(&["true", "false"]));
        }
        json!({"metadata": {"name": format!("n{index}"), "labels": labels}, "spec": {},
            "status": {"nodeInfo": {"kubeletVersion": version, "operatingSystem": "linux"}}})
    };
    let nodes: Vec<_> = (0..count).map(node).collect();
    json!({"apiVersion": "v1", "kind": "NodeList", "metadata": {}, "items": nodes}).to_string()
}

fn webhooks() -> String {
    let rules = json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}]);
    let webhook = |name: &str| json!({"metadata": {"name": name}, "webhooks": [{"name": format!("{name}.example.com"), "rules": rules}]});
    json!({"items": [webhook("pod-identity"), webhook("clusterwide-native-sidecar")]}).to_string()
}

/// A controller whose template has some sidecars native that the object has not.
fn owner(source: &mut Source, object: &Value) -> String {
    let inits = object["spec"]["initContainers"].as_array().into_iter().flatten();
    let sidecars = inits.filter(|init| !RUN_ONCE.iter().any(|(name, _)| init["name"] == *name));
    let sidecars: Vec<_> = sidecars
        .map(|init| match source.chance(1, 2) {
            true => json!({"name": init["name"], "restartPolicy": "Always"}),
            false => json!({"name": init["name"]}),
        })
        .collect();
    json!({"metadata": {"name": "shop-1", "uid": "u"}, "spec": {"template": {"spec": {"initContainers": sidecars}}}})
        .to_string()
}
