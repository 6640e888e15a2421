//! Ports of containers, and ports of the node.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api_server::names;
use crate::api_server::refusal::Refusals;
use crate::api_server::spec::{Container, Spec, elements, text};

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// What is wrong with the ports of a Pod's containers.
pub fn check(spec: &Spec, refusals: &mut Refusals) {
    for container in spec.containers() {
        check_one(&container, refusals);
    }
    // Init containers run one by one, so that each is looked at alone.
    for container in spec.init() {
        check_conflicts(&[container], refusals);
    }
    check_conflicts(&spec.regular(), refusals);
    if spec.value["hostNetwork"] == true {
        check_network_of_host(spec, refusals);
    }
}

fn ports<'v>(container: &Container<'v>) -> impl Iterator<Item = (String, &'v Value)> {
    let place = container.at("ports");
    elements(&container.value["ports"]).iter().enumerate().map(move |(index, port)| (format!("{place}[{index}]"), port))
}

fn protocol(port: &Value) -> &str {
    Some(text(&port["protocol"])).filter(|protocol| !protocol.is_empty()).unwrap_or("TCP")
}

fn check_one(container: &Container, refusals: &mut Refusals) {
    let mut seen = BTreeSet::new();
    for (place, port) in ports(container) {
        let name = text(&port["name"]);
        let wrong = if name.is_empty() { Vec::new() } else { names::port_name(name) };
        if wrong.is_empty() && !name.is_empty() && !seen.insert(name) {
            refusals.duplicate(format!("{place}.name"), name);
        }
        wrong.into_iter().for_each(|why| refusals.invalid(format!("{place}.name"), &json!(name), why));
        for field in ["containerPort", "hostPort"] {
            let number = port[field].as_i64().unwrap_or(0);
            match (field, number) {
                ("containerPort", 0) => refusals.required(format!("{place}.containerPort"), ""),
                ("hostPort", 0) | (_, 1..=65535) => {}
                _ => refusals.invalid(format!("{place}.{field}"), &json!(number), names::PORT_NUMBER),
            }
        }
        refusals.one_of(format!("{place}.protocol"), &json!(protocol(port)), &PROTOCOLS);
    }
}

fn check_conflicts(containers: &[Container], refusals: &mut Refusals) {
    let mut taken = BTreeSet::new();
    for (place, port) in containers.iter().flat_map(ports) {
        let number = port["hostPort"].as_i64().filter(|number| *number != 0);
        let Some(number) = number else { continue };
        let port = format!("{}/{}/{number}", protocol(port), text(&port["hostIP"]));
        if !taken.insert(port.clone()) {
            refusals.duplicate(format!("{place}.hostPort"), &port);
        }
    }
}

/// Only regular containers are looked at. A Pod has had its ports of the node set by then.
fn check_network_of_host(spec: &Spec, refusals: &mut Refusals) {
    for (place, port) in spec.regular().iter().flat_map(ports) {
        let number = |field: &str| port[field].as_i64().unwrap_or(0);
        let (host, own) = (number("hostPort"), number("containerPort"));
        if (spec.is_pod || host != 0) && host != own {
            let why = "must match `containerPort` when `hostNetwork` is true";
            refusals.invalid(format!("{place}.hostPort"), &json!(host), why);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api_server::tests::{both, regular, table};

    #[test]
    fn as_kubernetes_words_it() {
        let ports = |ports: Value| regular(json!({"ports": ports}));
        let host = |ports: Value| {
            let container = |name: &str| json!({"name": name, "image": name, "ports": ports});
            json!({"containers": [container("a"), container("b")]})
        };
        let mut of_host = ports(json!([{"containerPort": 80, "hostPort": 81}]));
        of_host["hostNetwork"] = json!(true);
        table(&[
            (ports(json!([{"containerPort": 80, "name": "http"}, {"containerPort": 80, "protocol": "UDP"}])), &[]),
            (ports(json!([{"containerPort": 80, "hostPort": 0}])), &[]),
            (both(json!({"ports": [{"containerPort": 80, "hostPort": 80}]})), &[]),
            (
                host(json!([{"containerPort": 80, "hostPort": 80}])),
                &["spec.containers[1].ports[0].hostPort: Duplicate value: \"TCP//80\""],
            ),
            (
                ports(
                    json!([{"name": "http"}, {"name": "http", "containerPort": 70000, "protocol": "tcp"}, {"name": "1", "containerPort": 1}]),
                ),
                &[
                    "spec.containers[0].ports[0].containerPort: Required value",
                    "spec.containers[0].ports[1].name: Duplicate value: \"http\"",
                    "spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
                    "spec.containers[0].ports[1].protocol: Unsupported value: \"tcp\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
                    "spec.containers[0].ports[2].name: Invalid value: \"1\": must contain at least one letter (a-z)",
                ],
            ),
            (
                of_host,
                &[
                    "spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true",
                ],
            ),
        ]);
    }
}
