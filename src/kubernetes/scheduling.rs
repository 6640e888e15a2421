//! On which nodes a Pod may land: the rules of the scheduler and the kubelet that look at nothing but Pod and node.
//!
//! <https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/> and
//! <https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/>

use serde_json::Value;

use crate::json::malformed::Malformed;
use crate::json::value::{list_in, member_in, text_in, texts_in};
use crate::json::view::text;
use crate::kubernetes::labels::NodeLabel;
use crate::kubernetes::labels::Requirement;
use crate::kubernetes::node::{Field, Node, Taint};

/// A `NodeSelectorTerm`: all its requirements have to be met.
#[derive(Debug)]
struct Term<'v> {
    expressions: Vec<Requirement<'v>>,
    fields: Vec<Requirement<'v>>,
}

/// A toleration of a Pod.
#[derive(Debug)]
struct Toleration<'v> {
    key: &'v str,
    operator: &'v str,
    value: &'v str,
    effect: &'v str,
}

/// What a Pod requires of its node.
#[derive(Debug)]
pub struct Constraints<'v> {
    node_name: &'v str,
    operating_system: &'v str,
    node_selector: Vec<(&'v str, &'v str)>,
    /// The terms of the required node affinity, of which one has to hold; None where there is no such affinity.
    terms: Option<Vec<Term<'v>>>,
    tolerations: Vec<Toleration<'v>>,
    is_of_daemon_set: bool,
}

/// Where in a Pod's spec the terms of its required node affinity are.
pub const AFFINITY_TERMS: [&str; 4] =
    ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];

const UNSCHEDULABLE: (&str, &str) = ("node.kubernetes.io/unschedulable", "NoSchedule");

/// What the DaemonSet controller lets its Pods tolerate:
/// <https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations>.
const TOLERATED_BY_DAEMON_SETS: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    UNSCHEDULABLE,
];

impl<'v> Constraints<'v> {
    /// Reads what a Pod with this spec requires. The places in errors start at the spec.
    pub fn read(spec: &'v Value, is_of_daemon_set: bool) -> Result<Self, Malformed> {
        let [affinity, node, required, terms] = AFFINITY_TERMS;
        let below = |value: Option<&'v Value>, name| member_in(value.unwrap_or(&Value::Null), name);
        let required = below(member_in(spec, affinity)?, node)
            .and_then(|node| below(node, required))
            .map_err(|error| error.within(affinity))?;
        let read_term = |term: &'v Value| {
            let requirements = |name| Requirement::list(term, name);
            Ok(Term { expressions: requirements("matchExpressions")?, fields: requirements("matchFields")? })
        };
        let read_toleration = |toleration: &'v Value| {
            let text = |name| text_in(toleration, name);
            Ok(Toleration {
                key: text("key")?,
                operator: text("operator")?,
                value: text("value")?,
                effect: text("effect")?,
            })
        };
        // What is there and has no terms is met by no node.
        let terms = required.map(|required| list_in(required, terms, read_term)).transpose();
        let terms = terms.map_err(|error| error.within(AFFINITY_TERMS[..3].join(".")))?;
        let os = member_in(spec, "os")?.unwrap_or(&Value::Null);
        Ok(Self {
            node_name: text_in(spec, "nodeName")?,
            operating_system: text_in(os, "name").map_err(|error| error.within("os"))?,
            node_selector: texts_in(spec, "nodeSelector")?,
            terms,
            tolerations: list_in(spec, "tolerations", read_toleration)?,
            is_of_daemon_set,
        })
    }

    /// Whether a Pod may land on this node.
    ///
    /// Where the Pod names its node, the scheduler is not asked, but the kubelet still looks at the selectors and at
    /// taints with `NoExecute`.
    pub fn admit(&self, node: &Node) -> bool {
        let is_named = !self.node_name.is_empty();
        let is_named_so = || self.node_name == node.text(Field::Name);
        let is_selected = |(key, value): &(&str, &str)| node.label(key).as_deref() == Some(*value);
        let is_no_obstacle = |taint: &Taint| match text(&taint.effect) {
            effect @ "NoExecute" => self.tolerate(text(&taint.key), text(&taint.value), effect),
            effect @ "NoSchedule" => is_named || self.tolerate(text(&taint.key), text(&taint.value), effect),
            _ => true,
        };
        (!is_named || is_named_so())
            && self.is_for_operating_system(node)
            && self.node_selector.iter().all(is_selected)
            && self.terms.as_ref().is_none_or(|terms| terms.iter().any(|term| term.is_met_by(node)))
            && (is_named || !node.is_unschedulable() || self.tolerate(UNSCHEDULABLE.0, "", UNSCHEDULABLE.1))
            && node.taints().iter().all(is_no_obstacle)
    }

    /// Whether every node that it admits has this label.
    pub fn require(&self, label: &NodeLabel) -> bool {
        let terms = self.terms.as_deref().unwrap_or_default();
        let mut terms = terms.iter().filter(|term| !term.is_empty()).peekable();
        self.node_selector.iter().any(|(key, value)| *key == label.key && *value == label.value)
            || terms.peek().is_some() && terms.all(|term| term.requires(label))
    }

    /// What makes it admit, of the nodes that it admits, only those with this label; None where nothing can. A term without
    /// requirements is met by no node: with one more it would be met by some.
    pub fn pin(&self, label: &NodeLabel) -> Option<Pin> {
        let lacks = |term: &Term| !term.is_empty() && !term.requires(label);
        let lacking = |terms: &Vec<Term>| -> Vec<usize> {
            terms.iter().enumerate().filter(|(_, term)| lacks(term)).map(|(index, _)| index).collect()
        };
        let terms = self.terms.as_ref().map(lacking);
        let can = terms.as_ref().is_none_or(|terms| !terms.is_empty());
        can.then(|| Pin { key: label.key.clone(), value: label.value.clone(), terms })
    }

    fn is_for_operating_system(&self, node: &Node) -> bool {
        let there = node.text(Field::OperatingSystem);
        self.operating_system.is_empty() || there.is_empty() || self.operating_system == there
    }

    fn tolerate(&self, key: &str, value: &str, effect: &str) -> bool {
        self.tolerations.iter().any(|toleration| toleration.covers(key, value, effect))
            || self.is_of_daemon_set && TOLERATED_BY_DAEMON_SETS.contains(&(key, effect))
    }
}

impl Toleration<'_> {
    fn covers(&self, key: &str, value: &str, effect: &str) -> bool {
        let is_for = |own: &str, other: &str| own.is_empty() || own == other;
        is_for(self.effect, effect)
            && is_for(self.key, key)
            && match self.operator {
                "" | "Equal" => self.value == value,
                "Exists" => true,
                _ => false,
            }
    }
}

impl Term<'_> {
    fn is_empty(&self) -> bool {
        self.expressions.is_empty() && self.fields.is_empty()
    }

    fn requires(&self, label: &NodeLabel) -> bool {
        self.expressions.iter().any(|expression| expression.asks_for(&label.key, &label.value))
    }

    fn is_met_by(&self, node: &Node) -> bool {
        // The name is the only field that the API server allows here.
        let is_field_met =
            |field: &Requirement| field.key == "metadata.name" && field.is_met_by(Some(&node.text(Field::Name)));
        !self.is_empty()
            && self.expressions.iter().all(|expression| expression.is_met_by(node.label(expression.key).as_deref()))
            && self.fields.iter().all(is_field_met)
    }
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
