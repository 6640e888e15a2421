//! Which kinds of objects hold Pod templates, and where.

use crate::json::path::Step;

/// A kind that the policy knows by itself.
#[derive(Debug)]
pub struct Kind {
    group: &'static str,
    kind: &'static str,
    /// The way from the object to its Pod template; a Pod is one itself.
    pub template: &'static [Step<'static>],
}

const SPEC: Step = Step::key("spec");
const TEMPLATE: Step = Step::key("template");

/// Kubernetes' own workloads: <https://kubernetes.io/docs/concepts/workloads/>.
const KINDS: [Kind; 9] = [
    Kind { group: "", kind: "Pod", template: &[] },
    Kind { group: "", kind: "PodTemplate", template: &[TEMPLATE] },
    Kind { group: "", kind: "ReplicationController", template: &[SPEC, TEMPLATE] },
    Kind { group: "apps", kind: "DaemonSet", template: &[SPEC, TEMPLATE] },
    Kind { group: "apps", kind: "Deployment", template: &[SPEC, TEMPLATE] },
    Kind { group: "apps", kind: "ReplicaSet", template: &[SPEC, TEMPLATE] },
    Kind { group: "apps", kind: "StatefulSet", template: &[SPEC, TEMPLATE] },
    Kind { group: "batch", kind: "CronJob", template: &[SPEC, Step::key("jobTemplate"), SPEC, TEMPLATE] },
    Kind { group: "batch", kind: "Job", template: &[SPEC, TEMPLATE] },
];

/// Whether the policy knows this kind without the setting `podTemplates`.
pub fn is_built_in(group: &str, kind: &str) -> bool {
    built_in(group, kind).is_some()
}

/// Returns what the policy knows of this kind by itself.
pub fn built_in(group: &str, kind: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|known| known.group == group && known.kind == kind)
}
