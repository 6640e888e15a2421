//! Whether the nodes on which a Pod may land support native sidecars.
//!
//! <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>

use std::fmt;

use crate::cluster::host::Cluster;
use crate::json::view::text;
use crate::kubernetes::node::{Field, Node};
use crate::kubernetes::scheduling::Constraints;
use crate::kubernetes::version::{SIDECARS_ALPHA, SIDECARS_BETA, Version};
use crate::settings::{NodeCheck, Settings};

/// How many minors a kubelet may be older than the API server: <https://kubernetes.io/releases/version-skew-policy/>.
const SKEW: u32 = 3;

/// What is known of the nodes on which a Pod may land.
#[derive(Debug)]
pub struct Nodes {
    /// Whether they support native sidecars.
    pub support: Support,
    /// The version of the cluster, or one that it has at least; None where it is not known.
    pub version: Option<Version>,
}

/// Whether the nodes on which a Pod may land support native sidecars.
#[derive(Debug)]
pub enum Support {
    /// All of them do, or nobody asked.
    Yes,
    /// There are none now.
    NoNode,
    /// Not all of them do.
    No(Unsupported),
}

/// Why native sidecars can't be relied on.
#[derive(Debug)]
pub enum Unsupported {
    /// These nodes do not support them.
    Nodes {
        /// The first few, the worst first.
        worst: Vec<Offender>,
        /// How many there are.
        count: usize,
        /// Whether there are others, with the label that says that they do.
        has_labelled: bool,
    },
    /// The API server allows nodes that are too old.
    Skew {
        /// The version of the API server.
        api_server: Version,
        /// The oldest version that nodes need.
        minimum: Version,
    },
    /// The nodes are not known: the lookup failed, in these words.
    Unknown(String),
}

/// A node that does not support native sidecars.
#[derive(Debug)]
pub struct Offender {
    effect: Effect,
    name: String,
    version: String,
}

/// What would happen on a node, the worst first.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Effect {
    /// Its kubelet does not know the field, and waits for ever for the sidecar to end.
    Hangs,
    /// Its kubelet ends sidecars together with the other containers.
    EndsEarly,
    /// Something that is no kubelet takes the Pod.
    Virtual,
    /// Nobody knows: its version can't be read.
    Unreadable,
    /// Its label says that they do not work there.
    Labelled(String),
    /// They work, but the cluster admin asks for more.
    OlderThan(Version),
}

/// What is known of the nodes on which a Pod may land, for each version that somebody needs them to have.
#[derive(Debug)]
pub struct Surveys(Vec<(Version, Nodes)>);

impl Surveys {
    /// Finds out whether the nodes on which a Pod with these constraints may land are of these versions or newer, in the way
    /// that the settings choose. All nodes are looked at once.
    pub fn make(minimums: &[Version], settings: &Settings, constraints: &Constraints, cluster: &Cluster) -> Self {
        let version = settings.api_server_version;
        let labelled = settings.node_label.as_ref().is_some_and(|label| constraints.require(label));
        if settings.node_check != NodeCheck::Nodes || labelled {
            let support = |minimum| match (settings.node_check, settings.api_server_version) {
                (NodeCheck::ApiServerVersion, Some(api_server)) if !labelled && api_server.older_by(SKEW) < minimum => {
                    Support::No(Unsupported::Skew { api_server, minimum })
                }
                _ => Support::Yes,
            };
            let nodes = minimums.iter().map(|&minimum| (minimum, Nodes { support: support(minimum), version }));
            return Self(nodes.collect());
        }
        let mut surveys: Vec<_> = minimums.iter().copied().map(Survey::new).collect();
        let read = cluster.nodes().and_then(|list| {
            let mut add = |node: Node| surveys.iter_mut().for_each(|survey| survey.add(&node, settings, constraints));
            Node::each(list, &mut add).map_err(|error| format!("the list of nodes cannot be read: {error}"))
        });
        let nodes = surveys.into_iter().map(|survey| {
            let minimum = survey.minimum;
            let nodes = match &read {
                Err(error) => Nodes { support: Support::No(Unsupported::Unknown(error.clone())), version },
                Ok(()) => Nodes {
                    // No kubelet is newer than the API server; what only looks like one has a version of its own.
                    version: version.or(survey.newest),
                    support: survey.support(),
                },
            };
            (minimum, nodes)
        });
        Self(nodes.collect())
    }

    /// What is known of the nodes that have to be of this version or newer, which has to be one that the settings or a steered
    /// injector ask for.
    pub fn of(&self, minimum: Version) -> Option<&Nodes> {
        self.0.iter().find(|(known, _)| *known == minimum).map(|(_, nodes)| nodes)
    }
}

impl Nodes {
    /// Returns why native sidecars can't be relied on there, where that is so, as a clause that names so many nodes.
    pub fn why_not(&self, named: usize) -> Option<String> {
        match &self.support {
            Support::Yes => None,
            Support::NoNode => Some("no node takes the Pod now, so what its node will support is not known".to_owned()),
            Support::No(unsupported) => Some(unsupported.clause(named)),
        }
    }
}

/// The most nodes that messages name.
pub const MOST_NAMED: usize = 3;

/// What there is among the nodes of a cluster, for one Pod.
struct Survey {
    minimum: Version,
    has_candidate: bool,
    has_labelled: bool,
    newest: Option<Version>,
    worst: Vec<Offender>,
    count: usize,
}

impl Survey {
    const fn new(minimum: Version) -> Self {
        Self { minimum, has_candidate: false, has_labelled: false, newest: None, worst: Vec::new(), count: 0 }
    }

    fn add(&mut self, node: &Node, settings: &Settings, constraints: &Constraints) {
        let version = Version::read(&node.text(Field::KubeletVersion));
        if !is_virtual(node) {
            self.newest = self.newest.max(version);
        }
        let effect = Effect::on(node, version, self.minimum, settings);
        let is_labelled = effect.is_none() && settings.node_label.as_ref().is_some_and(|label| label.is_on(node));
        // Of a cluster without offenders, one node that takes the Pod is enough to know.
        let is_news = effect.is_some() || !self.has_candidate || is_labelled && !self.has_labelled;
        if !is_news || !constraints.admit(node) {
            return;
        }
        self.has_candidate = true;
        self.has_labelled |= is_labelled;
        let Some(effect) = effect else { return };
        self.count += 1;
        let name = node.text(Field::Name);
        // The host lists nodes in no order.
        let place = self.worst.partition_point(|other| (&other.effect, other.name.as_str()) < (&effect, &name));
        if place < MOST_NAMED {
            let version = node.text(Field::KubeletVersion).into_owned();
            self.worst.insert(place, Offender { effect, name: name.into_owned(), version });
            self.worst.truncate(MOST_NAMED);
        }
    }

    fn support(self) -> Support {
        let Self { has_candidate, has_labelled, worst, count, .. } = self;
        match (has_candidate, count) {
            (false, _) => Support::NoNode,
            (true, 0) => Support::Yes,
            _ => Support::No(Unsupported::Nodes { worst, count, has_labelled }),
        }
    }
}

impl Effect {
    /// What would happen on this node; None where it supports native sidecars.
    fn on(node: &Node, version: Option<Version>, minimum: Version, settings: &Settings) -> Option<Self> {
        if let Some((label, value)) =
            settings.node_label.as_ref().and_then(|label| Some((label, node.label(&label.key)?)))
        {
            return (value != label.value).then(|| Self::Labelled(format!("{}={value}", label.key)));
        }
        match version {
            _ if is_virtual(node) => Some(Self::Virtual),
            None => Some(Self::Unreadable),
            Some(version) if version >= minimum => None,
            Some(version) if version < SIDECARS_ALPHA => Some(Self::Hangs),
            Some(version) if version < SIDECARS_BETA => Some(Self::EndsEarly),
            Some(_) => Some(Self::OlderThan(minimum)),
        }
    }
}

/// Whether this is no kubelet but a front for something else: <https://virtual-kubelet.io/docs/>.
fn is_virtual(node: &Node) -> bool {
    node.text(Field::KubeletVersion).contains("-vk-")
        || node.says("virtual-kubelet")
            && (node.label("type").as_deref() == Some("virtual-kubelet")
                || node.taints().iter().any(|taint| text(&taint.key) == "virtual-kubelet.io/provider"))
}

impl Unsupported {
    /// Why native sidecars can't be relied on, as a clause that names so many nodes.
    pub fn clause(&self, named: usize) -> String {
        match self {
            Self::Nodes { worst, count, .. } => {
                let first: Vec<_> = worst.iter().take(named).map(ToString::to_string).collect();
                let more = match count - first.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let nodes = if *count == 1 { "node" } else { "nodes" };
                format!("native sidecars do not work on {nodes} {}{more}", first.join(", "))
            }
            Self::Skew { api_server, minimum } => {
                let oldest = api_server.older_by(SKEW);
                format!("native sidecars need nodes of {minimum}, and an API server of {api_server} allows {oldest}")
            }
            Self::Unknown(error) => format!("cannot tell whether native sidecars work: {error}"),
        }
    }
}

impl fmt::Display for Offender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = if self.version.is_empty() { "no version" } else { &self.version };
        let name = if self.name.is_empty() { "without a name" } else { &self.name };
        write!(f, "{name} ({version}: {})", self.effect)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hangs => f.write_str("the Pod hangs in Init"),
            Self::EndsEarly => f.write_str("termination order differs"),
            Self::Virtual => f.write_str("virtual kubelet"),
            Self::Unreadable => f.write_str("not known to support them"),
            Self::Labelled(label) => f.write_str(label),
            Self::OlderThan(minimum) => write!(f, "older than {minimum}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is said of a Pod with this spec in a cluster of just this node: `yes`, `no node`, or why not.
    fn judged(spec: &Value, node: &Value, settings: &Value) -> String {
        let settings = serde_json::value::to_raw_value(settings).ok();
        let settings = Settings::read(settings.as_deref(), &[]).map_err(|errors| format!("{errors:?}"));
        let list = json!({"items": [node]}).to_string();
        let support = settings.and_then(|settings| {
            let list = list.clone();
            let host = move |_: &str, _: &[u8]| Ok(list.clone().into_bytes());
            let spec = spec.to_string();
            let constraints = Constraints::read(&spec).map_err(|error| error.to_string())?;
            let minimums = [settings.minimum_node_version];
            let mut surveys = Surveys::make(&minimums, &settings, &constraints, &Cluster::new(&host)).0;
            Ok(surveys.remove(0).1.support)
        });
        match support {
            Err(error) => error,
            Ok(Support::Yes) => "yes".to_owned(),
            Ok(Support::NoNode) => "no node".to_owned(),
            Ok(Support::No(unsupported)) => {
                unsupported.clause(1).replace("native sidecars do not work on node n1 (", "").replace(')', "")
            }
        }
    }

    fn node(labels: Value, taints: Value, version: &str) -> Value {
        json!({
            "metadata": {"name": "n1", "labels": labels},
            "spec": {"taints": taints},
            "status": {"nodeInfo": {"kubeletVersion": version, "operatingSystem": "linux"}},
        })
    }

    fn affinity(terms: Value) -> Value {
        json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": terms}}}})
    }

    fn expression(key: &str, operator: &str, values: Value) -> Value {
        json!({"key": key, "operator": operator, "values": values})
    }

    /// A Pod whose affinity has one term with this expression.
    fn expressing(key: &str, operator: &str, values: Value) -> Value {
        affinity(json!([{"matchExpressions": [expression(key, operator, values)]}]))
    }

    /// A Pod whose affinity has one term with this field.
    fn field(key: &str, operator: &str, values: Value) -> Value {
        affinity(json!([{"matchFields": [expression(key, operator, values)]}]))
    }

    fn tolerating(toleration: Value) -> Value {
        json!({"tolerations": [toleration]})
    }

    /// A node with a taint, and no other.
    fn tainted(key: &str, value: &str, effect: &str) -> Value {
        node(json!({}), json!([{"key": key, "value": value, "effect": effect}]), "v1.33.0")
    }

    /// Which nodes take which Pods: the rules of
    /// <https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/> and
    /// <https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/>.
    #[test]
    fn pods_land_where_the_scheduler_and_the_kubelet_let_them() {
        let n1 = || node(json!({"zone": "a", "cores": "16", "empty": "", "odd": "many"}), json!([]), "v1.33.0");
        let in_a = || expression("zone", "In", json!(["a"]));
        let in_b = || expression("zone", "In", json!(["b"]));
        let windows = json!({"metadata": {"name": "n1"}, "status": {"nodeInfo":
            {"kubeletVersion": "v1.33.0", "operatingSystem": "windows"}}});
        let cordoned = json!({"metadata": {"name": "n1"}, "spec": {"unschedulable": true},
            "status": {"nodeInfo": {"kubeletVersion": "v1.33.0"}}});
        let table = [
            // Without constraints.
            (json!({}), n1(), true),
            (json!({"nodeSelector": null, "affinity": null, "tolerations": null, "os": null}), n1(), true),
            (json!({"affinity": {}}), n1(), true),
            (json!({"affinity": {"nodeAffinity": {}}}), n1(), true),
            (json!({"affinity": {"podAntiAffinity": {}}}), n1(), true),
            // A preference excludes nothing.
            (
                json!({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
                [{"weight": 1, "preference": {"matchExpressions": [in_b()]}}]}}}),
                n1(),
                true,
            ),
            // nodeName
            (json!({"nodeName": "n1"}), n1(), true),
            (json!({"nodeName": "n2"}), n1(), false),
            (json!({"nodeName": ""}), n1(), true),
            // nodeSelector: all labels, by equality
            (json!({"nodeSelector": {}}), n1(), true),
            (json!({"nodeSelector": {"zone": "a"}}), n1(), true),
            (json!({"nodeSelector": {"zone": "b"}}), n1(), false),
            (json!({"nodeSelector": {"zone": "a", "disk": "ssd"}}), n1(), false),
            (json!({"nodeSelector": {"zone": "a", "cores": "16"}}), n1(), true),
            (json!({"nodeSelector": {"empty": ""}}), n1(), true),
            (json!({"nodeSelector": {"absent": ""}}), n1(), false),
            (json!({"nodeName": "n1", "nodeSelector": {"zone": "b"}}), n1(), false),
            // In and NotIn
            (expressing("zone", "In", json!(["a", "b"])), n1(), true),
            (expressing("zone", "In", json!(["b", "c"])), n1(), false),
            (expressing("absent", "In", json!(["a"])), n1(), false),
            (expressing("zone", "In", json!([])), n1(), false),
            (expressing("zone", "NotIn", json!(["b"])), n1(), true),
            (expressing("zone", "NotIn", json!(["a", "b"])), n1(), false),
            (expressing("absent", "NotIn", json!(["a"])), n1(), true),
            (expressing("zone", "NotIn", json!([])), n1(), false),
            // Exists and DoesNotExist
            (expressing("zone", "Exists", json!(null)), n1(), true),
            (expressing("empty", "Exists", json!([])), n1(), true),
            (expressing("absent", "Exists", json!(null)), n1(), false),
            (expressing("zone", "Exists", json!(["a"])), n1(), false),
            (expressing("absent", "DoesNotExist", json!(null)), n1(), true),
            (expressing("zone", "DoesNotExist", json!(null)), n1(), false),
            (expressing("absent", "DoesNotExist", json!(["a"])), n1(), false),
            // Gt and Lt compare integers
            (expressing("cores", "Gt", json!(["8"])), n1(), true),
            (expressing("cores", "Gt", json!(["16"])), n1(), false),
            (expressing("cores", "Gt", json!(["-1"])), n1(), true),
            (expressing("cores", "Lt", json!(["17"])), n1(), true),
            (expressing("cores", "Lt", json!(["9"])), n1(), false),
            (expressing("cores", "Gt", json!(["8.5"])), n1(), false),
            (expressing("cores", "Gt", json!(["1", "2"])), n1(), false),
            (expressing("odd", "Gt", json!(["1"])), n1(), false),
            (expressing("odd", "Lt", json!(["1"])), n1(), false),
            (expressing("absent", "Gt", json!(["1"])), n1(), false),
            (expressing("absent", "Lt", json!(["1"])), n1(), false),
            // No such operator
            (expressing("zone", "Is", json!(["a"])), n1(), false),
            (expressing("zone", "in", json!(["a"])), n1(), false),
            // Terms are ORed, requirements in them ANDed
            (affinity(json!([{"matchExpressions": [in_b()]}, {"matchExpressions": [in_a()]}])), n1(), true),
            (affinity(json!([{"matchExpressions": [in_a(), in_b()]}])), n1(), false),
            (
                affinity(json!([{"matchExpressions": [in_a()], "matchFields":
                [expression("metadata.name", "In", json!(["n1"]))]}])),
                n1(),
                true,
            ),
            (
                affinity(json!([{"matchExpressions": [in_b()], "matchFields":
                [expression("metadata.name", "In", json!(["n1"]))]}])),
                n1(),
                false,
            ),
            (
                affinity(json!([{"matchExpressions": [expression("zone", "Is", json!(["a"]))]},
                {"matchExpressions": [in_a()]}])),
                n1(),
                true,
            ),
            // An empty term matches nothing, and neither do no terms
            (affinity(json!([{}])), n1(), false),
            (affinity(json!([{"matchExpressions": [], "matchFields": []}])), n1(), false),
            (affinity(json!([{}, {"matchExpressions": [in_a()]}])), n1(), true),
            (affinity(json!([])), n1(), false),
            (affinity(json!(null)), n1(), false),
            // Fields
            (field("metadata.name", "In", json!(["n1"])), n1(), true),
            (field("metadata.name", "In", json!(["n2"])), n1(), false),
            (field("metadata.name", "NotIn", json!(["n2"])), n1(), true),
            (field("metadata.name", "NotIn", json!(["n1"])), n1(), false),
            (field("metadata.namespace", "NotIn", json!(["n1"])), n1(), false),
            // Selector and affinity both count
            (
                {
                    let mut spec = expressing("zone", "In", json!(["a"]));
                    spec["nodeSelector"] = json!({"zone": "b"});
                    spec
                },
                n1(),
                false,
            ),
            // Taints
            (json!({}), tainted("gpu", "yes", "NoSchedule"), false),
            (json!({}), tainted("gpu", "yes", "NoExecute"), false),
            (json!({}), tainted("gpu", "yes", "PreferNoSchedule"), true),
            (
                tolerating(json!({"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"})),
                tainted("gpu", "yes", "NoSchedule"),
                true,
            ),
            (tolerating(json!({"key": "gpu", "value": "yes"})), tainted("gpu", "yes", "NoExecute"), true),
            (tolerating(json!({"key": "gpu", "value": "no"})), tainted("gpu", "yes", "NoSchedule"), false),
            (tolerating(json!({"key": "gpu"})), tainted("gpu", "", "NoSchedule"), true),
            (tolerating(json!({"key": "gpu", "operator": "Exists"})), tainted("gpu", "yes", "NoSchedule"), true),
            (
                tolerating(json!({"key": "gpu", "operator": "Exists", "effect": "NoExecute"})),
                tainted("gpu", "yes", "NoSchedule"),
                false,
            ),
            (tolerating(json!({"key": "other", "operator": "Exists"})), tainted("gpu", "yes", "NoSchedule"), false),
            (tolerating(json!({"operator": "Exists"})), tainted("gpu", "yes", "NoExecute"), true),
            (
                tolerating(json!({"operator": "Exists", "effect": "NoSchedule"})),
                tainted("gpu", "yes", "NoExecute"),
                false,
            ),
            (
                tolerating(json!({"key": "gpu", "operator": "Is", "value": "yes"})),
                tainted("gpu", "yes", "NoSchedule"),
                false,
            ),
            (
                tolerating(json!({"key": "gpu", "operator": "Exists"})),
                node(
                    json!({}),
                    json!([
                {"key": "gpu", "effect": "NoSchedule"}, {"key": "spot", "effect": "NoSchedule"}]),
                    "v1.33.0",
                ),
                false,
            ),
            // Who names the node passes the scheduler by, and its taints, but not those that the kubelet looks at
            (json!({"nodeName": "n1"}), tainted("gpu", "yes", "NoSchedule"), true),
            (json!({"nodeName": "n1"}), tainted("gpu", "yes", "NoExecute"), false),
            (json!({"nodeName": "n1"}), cordoned.clone(), true),
            (json!({}), cordoned.clone(), true),
            (
                tolerating(json!({"key": "node.kubernetes.io/unschedulable", "operator": "Exists"})),
                cordoned.clone(),
                true,
            ),
            // The operating system
            (json!({"os": {"name": "linux"}}), n1(), true),
            (json!({"os": {"name": "windows"}}), n1(), false),
            (json!({"os": {"name": "linux"}}), windows.clone(), false),
            (json!({"os": {}}), windows, true),
            (json!({"os": {"name": "windows"}}), cordoned.clone(), true),
            // A node that says nothing of itself takes what requires nothing.
            (json!({"nodeSelector": {"zone": "a"}}), json!({}), false),
            (json!({"nodeSelector": {"zone": "a"}}), json!({"metadata": {"labels": {"zone": 7}}}), false),
        ];
        assert!(table.len() >= 60, "{}", table.len());
        let settings = json!({"nodeCheck": "nodes"});
        for (spec, node, lands) in table {
            let expected = if lands { "yes" } else { "no node" };
            assert_eq!(judged(&spec, &node, &settings), expected, "{spec} on {node}");
        }
        // What comes and goes by itself keeps nobody away for good.
        for (key, effect, lands) in [
            ("node.kubernetes.io/not-ready", "NoExecute", "yes"),
            ("node.kubernetes.io/not-ready", "NoSchedule", "yes"),
            ("node.kubernetes.io/network-unavailable", "NoSchedule", "yes"),
            ("node.kubernetes.io/unschedulable", "NoSchedule", "yes"),
            ("node.cloudprovider.kubernetes.io/uninitialized", "NoSchedule", "yes"),
            ("node.kubernetes.io/out-of-service", "NoExecute", "no node"),
            ("gpu", "NoSchedule", "no node"),
        ] {
            assert_eq!(judged(&json!({}), &tainted(key, "", effect), &settings), lands, "{key}:{effect}");
        }
        assert_eq!(judged(&json!({}), &cordoned, &settings), "yes");
    }

    #[test]
    fn nodes_support_native_sidecars_by_version_and_label() {
        let label = json!({"nodeCheck": "nodes", "nodeLabel": "example.com/sidecars=true"});
        let since = |version: &str| json!({"nodeCheck": "nodes", "minimumNodeVersion": version});
        let at = |version: &str| node(json!({}), json!([]), version);
        let labelled = |value: &str, version: &str| node(json!({"example.com/sidecars": value}), json!([]), version);
        let provider = json!([{"key": "virtual-kubelet.io/provider", "effect": "PreferNoSchedule"}]);
        for (node, settings, expected) in [
            (at("v1.29.0"), since("1.29"), "yes"),
            (at("v1.29.0-eks-c417bb3"), since("1.29"), "yes"),
            (at("v1.29.3-gke.1093000"), since("1.29"), "yes"),
            (at("v1.36.4+k3s1"), since("1.29"), "yes"),
            (at("v1.29.0-rc.1"), since("1.29"), "yes"),
            (at("v1.29.0-beta.0"), since("1.29"), "yes"),
            (at("v1.29.0-alpha.2"), since("1.29"), "v1.29.0-alpha.2: termination order differs"),
            (at("v1.30.0-alpha.2"), since("1.29"), "yes"),
            (at("v1.28.9"), since("1.29"), "v1.28.9: termination order differs"),
            (at("v1.28.0"), since("1.28"), "yes"),
            (at("v1.28.0-alpha.1"), since("1.28"), "v1.28.0-alpha.1: the Pod hangs in Init"),
            (at("v1.27.16"), since("1.28"), "v1.27.16: the Pod hangs in Init"),
            (at("v1.9.0"), since("1.29"), "v1.9.0: the Pod hangs in Init"),
            (at("v1.30.2"), since("1.33"), "v1.30.2: older than 1.33"),
            (at("v1.33.0"), since("1.33"), "yes"),
            (at("v2.0.0"), since("1.33"), "yes"),
            (at("v1.36.0-vk-azure-aci-1.4.8"), since("1.29"), "v1.36.0-vk-azure-aci-1.4.8: virtual kubelet"),
            (node(json!({"type": "virtual-kubelet"}), json!([]), "v1.36.0"), since("1.29"), "v1.36.0: virtual kubelet"),
            (node(json!({}), provider, "v1.36.0"), since("1.29"), "v1.36.0: virtual kubelet"),
            (at("next"), since("1.29"), "next: not known to support them"),
            (at(""), since("1.29"), "no version: not known to support them"),
            (json!({"metadata": {"name": "n1"}}), since("1.29"), "no version: not known to support them"),
            (
                json!({"metadata": {"name": "n1"}, "status": null}),
                since("1.29"),
                "no version: not known to support them",
            ),
            (labelled("true", "v1.27.0"), label.clone(), "yes"),
            (labelled("true", "next"), label.clone(), "yes"),
            (labelled("false", "v1.36.0"), label.clone(), "v1.36.0: example.com/sidecars=false"),
            (labelled("", "v1.36.0"), label.clone(), "v1.36.0: example.com/sidecars="),
            (at("v1.36.0"), label.clone(), "yes"),
            (at("v1.27.0"), label.clone(), "v1.27.0: the Pod hangs in Init"),
        ] {
            assert_eq!(judged(&json!({}), &node, &settings), expected, "{node} {settings}");
        }
        // What requires the label needs no look at any node.
        for spec in [
            json!({"nodeSelector": {"example.com/sidecars": "true"}}),
            expressing("example.com/sidecars", "In", json!(["true"])),
        ] {
            assert_eq!(judged(&spec, &json!(null), &label), "yes", "{spec}");
        }
        let named = json!([expression("metadata.name", "In", json!(["n1"]))]);
        let requirement = json!([expression("example.com/sidecars", "In", json!(["true"]))]);
        for spec in [
            expressing("example.com/sidecars", "In", json!(["true", "false"])),
            affinity(json!([{"matchExpressions": requirement}, {"matchFields": named}])),
        ] {
            let judged = judged(&spec, &labelled("false", "v1.36.0"), &label);
            assert_eq!(judged, "v1.36.0: example.com/sidecars=false", "{spec}");
        }
    }

    #[test]
    fn an_api_server_allows_nodes_that_are_three_minors_older() {
        for (api_server, minimum, expected) in [
            ("1.32", "1.29", "yes"),
            ("v1.31.4-eks-1", "1.29", "native sidecars need nodes of 1.29, and an API server of 1.31 allows 1.28"),
            ("1.31", "1.28", "yes"),
            ("1.36", "1.33", "yes"),
            ("1.35", "1.33", "native sidecars need nodes of 1.33, and an API server of 1.35 allows 1.32"),
            ("1.16", "1.28", "native sidecars need nodes of 1.28, and an API server of 1.16 allows 1.13"),
        ] {
            let settings =
                json!({"nodeCheck": "apiServerVersion", "apiServerVersion": api_server, "minimumNodeVersion": minimum});
            assert_eq!(judged(&json!({}), &json!(null), &settings), expected, "{settings}");
        }
    }

    #[test]
    fn malformed_constraints_say_where() {
        let settings = json!({"nodeCheck": "nodes"});
        for (spec, expected) in [
            (json!({"nodeName": 7}), "nodeName: not a string"),
            (json!({"nodeSelector": {"a/b": 1}}), "nodeSelector[\"a/b\"]: not a string"),
            (json!({"nodeSelector": []}), "nodeSelector: not an object"),
            (json!({"os": "linux"}), "os: not an object"),
            (json!({"tolerations": {}}), "tolerations: not a list"),
            (json!({"tolerations": [{}, {"key": {}}]}), "tolerations[1].key: not a string"),
            (json!({"affinity": "x"}), "affinity: not an object"),
            (
                affinity(json!({})),
                "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: not a list",
            ),
        ] {
            assert_eq!(judged(&spec, &json!({}), &settings), expected, "{spec}");
        }
    }
}
