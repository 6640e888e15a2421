//! What the API server fills in before it asks webhooks, and again in what they answer:
//! <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/v1/defaults.go>. Only what the checks depend on.

use serde_json::{Map, Value, json};

use crate::api_server::quantity::{Amounts, amounts, show};
use crate::api_server::resources::{is_huge_pages, is_of_pods, together};
use crate::api_server::spec::Spec;

const LISTS: [&str; 2] = ["containers", "initContainers"];

/// Fills in the defaults of a Pod. A Pod template gets none of these.
pub fn fill_in(pod: &mut Value) {
    let Some(spec) = pod.get_mut("spec").filter(|spec| spec.is_object()) else { return };
    let is_in_network_of_host = spec["hostNetwork"] == true;
    for list in LISTS {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
            request_limits(container);
            if is_in_network_of_host {
                take_ports_of_host(container);
            }
        }
    }
    let pod = spec.get("resources").filter(|resources| resources.is_object()).cloned();
    if let Some(mut pod) = pod {
        of_pod(&mut pod, spec);
        spec["resources"] = pod;
    }
}

fn request_limits(container: &mut Map<String, Value>) {
    let Some(Value::Object(resources)) = container.get_mut("resources") else { return };
    let Some(Value::Object(limits)) = resources.get("limits").cloned() else { return };
    let requests = resources.entry("requests").or_insert(Value::Null);
    if requests.is_null() {
        *requests = json!({});
    }
    if let Some(requests) = requests.as_object_mut() {
        for (name, limit) in limits {
            requests.entry(name).or_insert(limit);
        }
    }
}

fn take_ports_of_host(container: &mut Map<String, Value>) {
    let ports = container.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter(|port| port.is_object()) {
        if port["hostPort"].as_i64().unwrap_or(0) == 0 && port["containerPort"].is_i64() {
            port["hostPort"] = port["containerPort"].clone();
        }
    }
}

fn of_pod(pod: &mut Value, spec: &Value) {
    let spec = Spec { value: spec, path: String::new(), is_pod: true };
    let of = |pod: &Value, field: &str| amounts(&pod[field]);
    if of(pod, "limits").is_empty() && of(pod, "requests").is_empty() {
        return;
    }
    let requested = of(pod, "requests");
    let pages = together(&spec, "limits").into_iter();
    add(pod, "limits", pages.filter(|(name, _)| is_huge_pages(name) && !requested.contains_key(name)).collect());
    let limits = of(pod, "limits");
    if !limits.is_empty() {
        let asked = together(&spec, "requests").into_iter();
        add(pod, "requests", asked.filter(|(name, _)| is_of_pods(name) && !is_huge_pages(name)).collect());
        add(pod, "requests", limits.into_iter().filter(|(name, _)| is_of_pods(name)).collect());
    }
}

/// Adds amounts to those that are there.
fn add(pod: &mut Value, field: &str, new: Amounts) {
    if new.is_empty() {
        return;
    }
    if !pod[field].is_object() {
        pod[field] = json!({});
    }
    if let Some(there) = pod[field].as_object_mut() {
        for (name, amount) in new {
            there.entry(name).or_insert_with(|| json!(show(amount)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_filled_in() {
        let mut pod = json!({"spec": {
            "hostNetwork": true,
            "containers": [{"resources": {"limits": {"cpu": "1"}}, "ports": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 81}]}],
            "resources": {"limits": {"cpu": "2", "memory": "1Gi"}},
        }});
        fill_in(&mut pod);
        assert_eq!(
            pod["spec"],
            json!({
                "hostNetwork": true,
                "containers": [{
                    "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}},
                    "ports": [{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 81}],
                }],
                "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}},
            })
        );
    }
}
