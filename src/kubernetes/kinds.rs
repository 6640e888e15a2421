//! Which kinds of objects hold Pod templates, and where.

use crate::json::path::Step;

/// A kind that the policy knows by itself.
#[derive(Debug)]
pub struct Kind {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The way from the object to its Pod template; a Pod is one itself.
    pub template: &'static [Step<'static>],
    /// Who has the Pods of its template.
    pub pods: Pods,
}

/// Who has the Pods that an object describes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pods {
    /// The object is the Pod.
    Itself,
    /// The object, or controllers that it makes.
    Controller,
    /// A DaemonSet: each of its Pods is bound to a node.
    DaemonSet,
    /// Jobs that the object makes.
    Jobs,
    /// The object, which is a Job: its template can't change.
    Job,
}

const SPEC: Step = Step::key("spec");
const TEMPLATE: Step = Step::key("template");
const JOB_TEMPLATE: Step = Step::key("jobTemplate");

/// Kubernetes' own workloads: <https://kubernetes.io/docs/concepts/workloads/>.
pub static KINDS: [Kind; 9] = [
    Kind { group: "", kind: "Pod", template: &[], pods: Pods::Itself },
    Kind { group: "", kind: "PodTemplate", template: &[TEMPLATE], pods: Pods::Controller },
    Kind { group: "", kind: "ReplicationController", template: &[SPEC, TEMPLATE], pods: Pods::Controller },
    Kind { group: "apps", kind: "DaemonSet", template: &[SPEC, TEMPLATE], pods: Pods::DaemonSet },
    Kind { group: "apps", kind: "Deployment", template: &[SPEC, TEMPLATE], pods: Pods::Controller },
    Kind { group: "apps", kind: "ReplicaSet", template: &[SPEC, TEMPLATE], pods: Pods::Controller },
    Kind { group: "apps", kind: "StatefulSet", template: &[SPEC, TEMPLATE], pods: Pods::Controller },
    Kind { group: "batch", kind: "CronJob", template: &[SPEC, JOB_TEMPLATE, SPEC, TEMPLATE], pods: Pods::Jobs },
    Kind { group: "batch", kind: "Job", template: &[SPEC, TEMPLATE], pods: Pods::Job },
];

/// Whether the policy knows this kind without the setting `podTemplates`.
pub fn is_built_in(group: &str, kind: &str) -> bool {
    built_in(group, kind).is_some()
}

/// Returns what the policy knows of this kind by itself.
pub fn built_in(group: &str, kind: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|known| known.group == group && known.kind == kind)
}
