//! Ports of containers: <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#ports>.

use serde_json::value::RawValue;

use crate::json::view::{Text, text, view};

view! {
    /// A port of a container.
    pub struct Port<'a> {
        name: Text<'a> = "name",
        protocol: Text<'a> = "protocol",
        number: &'a RawValue = "containerPort",
        on_node: &'a RawValue = "hostPort",
    }
}

impl Port<'_> {
    /// Its name, where it has one.
    pub fn name(&self) -> Option<&str> {
        Some(text(&self.name)).filter(|name| !name.is_empty())
    }

    /// Its number, where that is one.
    pub fn number(&self) -> Option<i64> {
        self.number?.get().parse().ok()
    }

    /// The port of the node that it takes, where it does. In the network of the node, the API server sets it in each Pod.
    pub fn on_node(&self, is_in_network_of_node: bool) -> Option<i64> {
        let given = self.on_node.and_then(|raw| raw.get().parse().ok());
        let is_port = |number: &i64| *number > 0;
        given.filter(is_port).or_else(|| self.number().filter(is_port).filter(|_| is_in_network_of_node))
    }

    /// Its protocol.
    pub fn protocol(&self) -> &str {
        self.protocol.as_ref().map_or("TCP", Text::as_str)
    }
}
