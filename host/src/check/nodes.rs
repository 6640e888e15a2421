//! Whether the kubelets run native sidecars.

use std::collections::{BTreeMap, BTreeSet};

use native_sidecar_policy::describe::{NAMED_PORTS, SIDECARS_ALPHA, SIDECARS_BETA, Version};
use serde_json::Value;

use crate::check::finding::{Finding, Group, Status};
use crate::check::gate;
use crate::check::rights::Right;
use crate::check::words::{counted, shown};
use crate::cluster::connection::Failure;

const GROUP: Group = Group::Nodes;

/// The label by which the node labeller of deploy/ says that a node runs native sidecars.
pub const LABEL: &str = "native-sidecars.kubewarden.io/supported";

/// A node, as far as it matters here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The version of its kubelet as it tells it.
    kubelet: String,
    version: Option<Version>,
    is_virtual: bool,
    is_windows: bool,
    is_labelled: bool,
}

impl Node {
    /// Reads a node.
    pub fn of(node: &Value) -> Self {
        let info = &node["status"]["nodeInfo"];
        let kubelet = info["kubeletVersion"].as_str().unwrap_or_default().to_owned();
        let labels = &node["metadata"]["labels"];
        Self {
            name: node["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            version: Version::read(&kubelet),
            is_virtual: labels["type"] == "virtual-kubelet" || kubelet.contains("-vk-"),
            is_windows: info["operatingSystem"] == "windows",
            is_labelled: labels[LABEL] == "true",
            kubelet,
        }
    }

    /// Whether only its kubelet's metrics tell whether the gate is on.
    pub fn has_to_be_asked(&self) -> bool {
        !self.is_virtual && self.version.is_some_and(gate::is_open)
    }

    fn told(&self) -> String {
        format!("{} ({})", self.name, self.kubelet)
    }
}

/// How a kubelet runs native sidecars.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Support {
    Full,
    /// It does by its version, unless its gate is off, which is not known.
    Likely,
    /// It starts them in order, and ends them too early.
    Alpha,
    /// The Pod is refused.
    GateOff,
    /// The Pod hangs in Init.
    TooOld,
    /// A provider's own kubelet; its version says nothing.
    Virtual,
    Unreadable,
}

impl Support {
    fn of(node: &Node, metrics: Option<&Result<String, Failure>>) -> Self {
        let Some(version) = node.version else { return Self::Unreadable };
        let gate = metrics.and_then(|metrics| metrics.as_ref().ok()).and_then(|metrics| gate::of_metrics(metrics));
        match (version, gate) {
            _ if node.is_virtual => Self::Virtual,
            (version, _) if version < SIDECARS_ALPHA => Self::TooOld,
            (version, _) if version >= gate::LOCKED => Self::Full,
            (_, Some(false)) => Self::GateOff,
            (version, Some(true)) if version < SIDECARS_BETA => Self::Alpha,
            // In 1.28 the gate is off unless somebody turned it on.
            (version, None) if version < SIDECARS_BETA => Self::GateOff,
            (_, Some(true)) => Self::Full,
            (_, None) => Self::Likely,
        }
    }

    /// What it is called for programs, how good it is, what is so, and what to do.
    const fn words(self) -> (&'static str, Status, &'static str, &'static str) {
        match self {
            Self::Full => ("native", Status::Good, "native sidecars run", ""),
            Self::Likely => (
                "gate-unknown",
                Status::Unknown,
                "native sidecars run, unless the feature gate is off: the kubelets' metrics could not be read",
                "Read them (get nodes/proxy), or let the node labeller of deploy/node-labeller do it.",
            ),
            Self::Alpha => (
                "alpha",
                Status::Warning,
                "native sidecars start in order, and end too early",
                "Update these kubelets to 1.29 or newer.",
            ),
            Self::GateOff => (
                "gate-off",
                Status::Bad,
                "Pods with native sidecars are refused: the feature gate SidecarContainers is off",
                "Turn it on, update these kubelets, or keep such Pods from them: settings nodeCheck and nodeLabel.",
            ),
            Self::TooOld => (
                "too-old",
                Status::Bad,
                "too old: Pods with native sidecars hang in Init",
                "Update these kubelets to 1.29 or newer, or keep such Pods from them: settings nodeCheck and unsupportedNodes.",
            ),
            Self::Virtual => (
                "virtual",
                Status::Unknown,
                "virtual: the version does not tell what the provider does with native sidecars",
                "Try a Pod there, and label the node with native-sidecars.kubewarden.io/supported=true where it works.",
            ),
            Self::Unreadable => {
                ("unreadable", Status::Unknown, "the version cannot be read", "Look at what these nodes run.")
            }
        }
    }
}

/// What the nodes mean for the settings.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Readiness {
    /// Whether every node runs native sidecars; None where that is not known.
    pub is_full: Option<bool>,
    /// Whether only a label can say of some node that it does.
    pub needs_label: bool,
}

impl Readiness {
    fn of(found: &BTreeSet<Support>) -> Self {
        let has = |any: &[Support]| any.iter().any(|support| found.contains(support));
        let is_bad = has(&[Support::Alpha, Support::GateOff, Support::TooOld]);
        let is_open = found.is_empty() || has(&[Support::Likely, Support::Virtual, Support::Unreadable]);
        Self {
            is_full: if is_bad { Some(false) } else { (!is_open).then_some(true) },
            needs_label: has(&[Support::Likely, Support::GateOff, Support::Virtual, Support::Unreadable]),
        }
    }
}

/// What there is to say of the nodes. `metrics` are those of the kubelets that had to be asked, by the names of their nodes.
pub fn check(
    nodes: Result<&[Node], &Failure>,
    metrics: &BTreeMap<String, Result<String, Failure>>,
    server: Option<Version>,
) -> (Vec<Finding>, Readiness) {
    let alone = |finding| (vec![finding], Readiness::default());
    let nodes = match nodes {
        Ok([]) => return alone(Finding::other(GROUP.about("none"), Status::Warning, "there are none", "")),
        Ok(nodes) => nodes,
        Err(failure) => {
            let why = match failure.is_forbidden() {
                true => format!("the right to {} is missing", Right::NODES),
                false => failure.to_string(),
            };
            return alone(Finding::other(GROUP.about("unknown"), Status::Unknown, format!("not known: {why}"), ""));
        }
    };
    let mut by_support: BTreeMap<Support, Vec<String>> = BTreeMap::new();
    for node in nodes {
        by_support.entry(Support::of(node, metrics.get(&node.name))).or_default().push(node.told());
    }
    let readiness = Readiness::of(&by_support.keys().copied().collect());
    let finding = |(support, told): (Support, Vec<String>)| {
        let (id, status, words, advice) = support.words();
        let text = format!("{} of {}: {words}", told.len(), counted(nodes.len(), "node"));
        let details = if status == Status::Good { Vec::new() } else { shown(told) };
        Finding::other(GROUP.about(id), status, text, advice).of(details)
    };
    let mut findings: Vec<Finding> = by_support.into_iter().map(finding).collect();
    findings.extend(oldest(nodes, server));
    findings.extend(windows(nodes));
    let labelled = nodes.iter().filter(|node| node.is_labelled).count();
    if labelled > 0 {
        findings.push(Finding::good(
            GROUP.about("label"),
            format!("label {LABEL}=true: {labelled} of {}", counted(nodes.len(), "node")),
        ));
    }
    (findings, readiness)
}

/// What the oldest kubelet means for Pods: what is missing there, and whether it is too far behind the API server.
fn oldest(nodes: &[Node], server: Option<Version>) -> Vec<Finding> {
    let real = nodes.iter().filter(|node| !node.is_virtual);
    let Some((oldest, node)) = real.filter_map(|node| Some((node.version?, node))).min_by_key(|(version, _)| *version)
    else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if (SIDECARS_BETA..NAMED_PORTS).contains(&oldest) && server.is_none_or(|server| server < NAMED_PORTS) {
        let text = format!("the oldest kubelet is {}", node.told());
        let advice =
            "Below 1.32, Services and NetworkPolicies do not find the named ports of native sidecars: use numbers.";
        findings.push(Finding::other(GROUP.about("old"), Status::Warning, text, advice));
    }
    if let Some(server) = server.filter(|server| server.older_by(3) > oldest) {
        let text = format!("{} is more than three minors older than the API server ({server})", node.told());
        let advice =
            "Kubernetes does not support that: update it. nodeCheck: apiServerVersion cannot be relied on until then.";
        findings.push(Finding::other(GROUP.about("skew"), Status::Warning, text, advice));
    }
    findings
}

/// Windows runs native sidecars as Linux does; what injectors and universal injection use is not there.
fn windows(nodes: &[Node]) -> Option<Finding> {
    let windows = nodes.iter().filter(|node| node.is_windows).count();
    let text = format!("Windows: {windows} of {}", counted(nodes.len(), "node"));
    let advice = "The policy injects nothing into Pods for Windows.";
    (windows > 0).then(|| Finding::other(GROUP.about("windows"), Status::Good, text, advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(name: &str, version: &str, labels: Value) -> Node {
        Node::of(&json!({
            "metadata": {"name": name, "labels": labels},
            "status": {"nodeInfo": {"kubeletVersion": version, "operatingSystem": "linux"}},
        }))
    }

    fn told(nodes: &[Node], metrics: &[(&str, &str)], server: (u32, u32)) -> Vec<String> {
        let metrics = metrics.iter().map(|(name, value)| {
            let text = format!("kubernetes_feature_enabled{{name=\"SidecarContainers\",stage=\"BETA\"}} {value}\n");
            ((*name).to_owned(), Ok(text))
        });
        let (findings, _) = check(Ok(nodes), &metrics.collect(), Some(Version::new(server.0, server.1)));
        let line = |finding: &Finding| {
            format!("{} {} {}", finding.status.sign(), finding.text, finding.details.join(", ")).trim_end().to_owned()
        };
        findings.iter().map(line).collect()
    }

    #[test]
    fn new_nodes_are_fine() {
        let nodes = [node("a", "v1.33.0", json!({})), node("b", "v1.36.4+k3s1", json!({}))];
        assert_eq!(told(&nodes, &[], (1, 36)), ["✔ 2 of 2 nodes: native sidecars run"]);
        assert!(!nodes[0].has_to_be_asked());
    }

    #[test]
    fn old_nodes_and_gates_are_told() {
        let nodes = [
            node("a", "v1.27.1", json!({})),
            node("b", "v1.28.1", json!({})),
            node("c", "v1.30.1", json!({})),
            node("d", "v1.30.1", json!({})),
            node("e", "v1.30.1", json!({})),
            node("f", "v1.19.10-vk-azure-aci-1.4.8", json!({})),
            node("g", "unknown", json!({LABEL: "true"})),
        ];
        assert_eq!(
            nodes.iter().map(Node::has_to_be_asked).collect::<Vec<_>>(),
            [false, true, true, true, true, false, false]
        );
        let expected = [
            "✔ 1 of 7 nodes: native sidecars run",
            "? 1 of 7 nodes: native sidecars run, unless the feature gate is off: the kubelets' metrics could not be read e (v1.30.1)",
            "! 1 of 7 nodes: native sidecars start in order, and end too early b (v1.28.1)",
            "✘ 1 of 7 nodes: Pods with native sidecars are refused: the feature gate SidecarContainers is off d (v1.30.1)",
            "✘ 1 of 7 nodes: too old: Pods with native sidecars hang in Init a (v1.27.1)",
            "? 1 of 7 nodes: virtual: the version does not tell what the provider does with native sidecars \
                f (v1.19.10-vk-azure-aci-1.4.8)",
            "? 1 of 7 nodes: the version cannot be read g (unknown)",
            "! a (v1.27.1) is more than three minors older than the API server (1.31)",
            "✔ label native-sidecars.kubewarden.io/supported=true: 1 of 7 nodes",
        ];
        assert_eq!(told(&nodes, &[("b", "1"), ("c", "1"), ("d", "0")], (1, 31)), expected);
    }
}
