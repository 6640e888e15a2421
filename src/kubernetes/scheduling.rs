//! On which nodes a Pod may land: the rules of the scheduler and the kubelet that look at nothing but Pod and node.
//!
//! <https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/> and
//! <https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/>

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{NodeSelector, NodeSelectorTerm, PodOS, Toleration};

use crate::json::malformed::Malformed;
use crate::json::read;
use crate::json::view::{Text, text, view};
use crate::kubernetes::labels::{NodeLabel, Requirement};
use crate::kubernetes::node::{Field, Node, Taint};

view! {
    /// The spec of a Pod: of it, what says on which nodes the Pod may land.
    struct Spec<'a> {
        node_name: Text<'a> = "nodeName",
        os: PodOS = "os",
        node_selector: BTreeMap<String, String> = "nodeSelector",
        affinity: Affinity<'a> = "affinity",
        tolerations: Vec<Toleration> = "tolerations",
    }

    /// The affinity of a Pod: of it, what is required of the node.
    struct Affinity<'a> {
        node: NodeAffinity<'a> = "nodeAffinity",
    }

    /// The node affinity of a Pod: of it, what is required.
    struct NodeAffinity<'a> {
        required: NodeSelector = "requiredDuringSchedulingIgnoredDuringExecution",
    }
}

/// What a Pod requires of its node.
#[derive(Debug)]
pub struct Constraints<'v> {
    spec: Spec<'v>,
}

/// Where in a Pod's spec the terms of its required node affinity are.
pub const AFFINITY_TERMS: [&str; 4] =
    ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];

/// Taints that come and go by themselves, or with `kubectl cordon`: such a node takes Pods again.
/// <https://kubernetes.io/docs/reference/labels-annotations-taints/>
const PASSING_TAINTS: [&str; 9] = [
    "node.cloudprovider.kubernetes.io/shutdown",
    "node.cloudprovider.kubernetes.io/uninitialized",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
];

impl<'v> Constraints<'v> {
    /// Reads what a Pod with this spec, as JSON, requires. The places in errors start at the spec.
    pub fn read(spec: &'v str) -> Result<Self, Malformed> {
        let spec =
            read::document(spec).map_err(|Malformed { place, problem }| match problem.split_once(", expected ") {
                Some((_, "a sequence")) => Malformed::new(place, "not a list"),
                Some((_, wanted)) if wanted != "a map" && wanted.starts_with("a ") => {
                    Malformed::new(place, format_args!("not {wanted}"))
                }
                Some(_) => Malformed::new(place, "not an object"),
                None => Malformed { place, problem },
            });
        Ok(Self { spec: spec? })
    }

    /// Returns the terms of the required node affinity, of which one has to hold; None where there is no such affinity. An
    /// affinity without terms is met by no node.
    fn terms(&self) -> Option<&[NodeSelectorTerm]> {
        Some(&self.spec.affinity.as_ref()?.node.as_ref()?.required.as_ref()?.node_selector_terms)
    }

    fn node_selector(&self) -> impl Iterator<Item = (&String, &String)> {
        self.spec.node_selector.iter().flatten()
    }

    /// Whether a Pod may land on this node, now or once it is ready.
    ///
    /// Where the Pod names its node, the scheduler is not asked, but the kubelet still looks at the selectors and at
    /// taints with `NoExecute`.
    pub fn admit(&self, node: &Node) -> bool {
        let node_name = text(&self.spec.node_name);
        let is_named = !node_name.is_empty();
        let is_named_so = || node_name == node.text(Field::Name);
        let is_selected = |(key, value): (&String, &String)| node.label(key).as_deref() == Some(value.as_str());
        let is_no_obstacle = |taint: &Taint| match text(&taint.effect) {
            _ if PASSING_TAINTS.contains(&text(&taint.key)) => true,
            effect @ "NoExecute" => self.tolerate(text(&taint.key), text(&taint.value), effect),
            effect @ "NoSchedule" => is_named || self.tolerate(text(&taint.key), text(&taint.value), effect),
            _ => true,
        };
        (!is_named || is_named_so())
            && self.is_for_operating_system(node)
            && self.node_selector().all(is_selected)
            && self.terms().is_none_or(|terms| terms.iter().any(|term| is_met_by(term, node)))
            && node.taints().iter().all(is_no_obstacle)
    }

    /// Whether every node that it admits has this label.
    pub fn require(&self, label: &NodeLabel) -> bool {
        let mut terms = self.terms().unwrap_or_default().iter().filter(|term| !is_empty(term)).peekable();
        self.node_selector().any(|(key, value)| *key == label.key && *value == label.value)
            || terms.peek().is_some() && terms.all(|term| requires(term, label))
    }

    /// Whether it is bound to nodes by their names, as a Pod of a DaemonSet is: another one will not do.
    fn is_bound(&self) -> bool {
        let names = |term: &NodeSelectorTerm| fields(term).any(|field| field.key == "metadata.name");
        !text(&self.spec.node_name).is_empty()
            || self.terms().is_some_and(|terms| !terms.is_empty() && terms.iter().all(names))
    }

    /// Whether no node that it admits has this label.
    fn excludes(&self, label: &NodeLabel) -> bool {
        let allows = |term: &NodeSelectorTerm| {
            let of_label = expressions(term).filter(|expression| expression.key == label.key);
            of_label.into_iter().all(|expression| expression.is_met_by(Some(&label.value)))
        };
        self.node_selector().any(|(key, value)| *key == label.key && *value != label.value)
            || self.terms().is_some_and(|terms| !terms.iter().any(allows))
    }

    /// What makes it admit, of the nodes that it admits, only those with this label; None where nothing can. A term without
    /// requirements is met by no node: with one more it would be met by some.
    pub fn pin(&self, label: &NodeLabel) -> Option<Pin> {
        if self.is_bound() || self.excludes(label) {
            return None;
        }
        let lacks = |term: &NodeSelectorTerm| !is_empty(term) && !requires(term, label);
        let lacking = |terms: &[NodeSelectorTerm]| -> Vec<usize> {
            terms.iter().enumerate().filter(|(_, term)| lacks(term)).map(|(index, _)| index).collect()
        };
        let terms = self.terms().map(lacking);
        let can = terms.as_ref().is_none_or(|terms| !terms.is_empty());
        can.then(|| Pin { key: label.key.clone(), value: label.value.clone(), terms })
    }

    fn is_for_operating_system(&self, node: &Node) -> bool {
        let (wanted, there) = (self.spec.os.as_ref().map_or("", |os| &os.name), node.text(Field::OperatingSystem));
        wanted.is_empty() || there.is_empty() || wanted == there
    }

    fn tolerate(&self, key: &str, value: &str, effect: &str) -> bool {
        self.spec.tolerations.iter().flatten().any(|toleration| covers(toleration, key, value, effect))
    }
}

/// Whether a toleration is for a taint with this key, value and effect.
fn covers(toleration: &Toleration, key: &str, value: &str, effect: &str) -> bool {
    let [own_key, own_value, own_effect, operator] =
        [&toleration.key, &toleration.value, &toleration.effect, &toleration.operator]
            .map(|field| field.as_deref().unwrap_or_default());
    let is_for = |own: &str, other: &str| own.is_empty() || own == other;
    is_for(own_effect, effect)
        && is_for(own_key, key)
        && match operator {
            "" | "Equal" => own_value == value,
            "Exists" => true,
            _ => false,
        }
}

fn expressions(term: &NodeSelectorTerm) -> impl Iterator<Item = Requirement<'_>> {
    term.match_expressions.iter().flatten().map(Requirement::from)
}

fn fields(term: &NodeSelectorTerm) -> impl Iterator<Item = Requirement<'_>> {
    term.match_fields.iter().flatten().map(Requirement::from)
}

/// Whether a term requires nothing. No node meets it.
fn is_empty(term: &NodeSelectorTerm) -> bool {
    expressions(term).chain(fields(term)).next().is_none()
}

/// Whether a term requires this label.
fn requires(term: &NodeSelectorTerm, label: &NodeLabel) -> bool {
    expressions(term).any(|expression| expression.asks_for(&label.key, &label.value))
}

/// Whether a node meets all requirements of a term.
fn is_met_by(term: &NodeSelectorTerm, node: &Node) -> bool {
    // The name is the only field that the API server allows here.
    let is_field_met =
        |field: Requirement| field.key == "metadata.name" && field.is_met_by(Some(&node.text(Field::Name)));
    !is_empty(term)
        && expressions(term).all(|expression| expression.is_met_by(node.label(expression.key).as_deref()))
        && fields(term).all(is_field_met)
}

/// A label that the required node affinity is to ask for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pin {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Indexes of the terms that are to ask for it; None where there are no terms, and one is to be made.
    pub terms: Option<Vec<usize>>,
}
