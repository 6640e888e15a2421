//! Which kinds of objects hold Pod templates, and where.

use k8s_openapi::Resource;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Pod, PodTemplate, ReplicationController};

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
const DIRECTLY: &[Step] = &[TEMPLATE];
const IN_SPEC: &[Step] = &[SPEC, TEMPLATE];
const IN_JOB_TEMPLATE: &[Step] = &[SPEC, Step::key("jobTemplate"), SPEC, TEMPLATE];

/// Kubernetes' own workloads: <https://kubernetes.io/docs/concepts/workloads/>.
pub static KINDS: [Kind; 9] = [
    kind::<Pod>(&[], Pods::Itself),
    kind::<PodTemplate>(DIRECTLY, Pods::Controller),
    kind::<ReplicationController>(IN_SPEC, Pods::Controller),
    kind::<DaemonSet>(IN_SPEC, Pods::DaemonSet),
    kind::<Deployment>(IN_SPEC, Pods::Controller),
    kind::<ReplicaSet>(IN_SPEC, Pods::Controller),
    kind::<StatefulSet>(IN_SPEC, Pods::Controller),
    kind::<CronJob>(IN_JOB_TEMPLATE, Pods::Jobs),
    kind::<Job>(IN_SPEC, Pods::Job),
];

const fn kind<T: Resource>(template: &'static [Step<'static>], pods: Pods) -> Kind {
    Kind { group: T::GROUP, kind: T::KIND, template, pods }
}

/// Whether these are the group and the kind of `T`.
pub fn is<T: Resource>(group: &str, kind: &str) -> bool {
    group == T::GROUP && kind == T::KIND
}

/// Whether the policy knows this kind without the setting `podTemplates`.
pub fn is_built_in(group: &str, kind: &str) -> bool {
    built_in(group, kind).is_some()
}

/// Returns what the policy knows of this kind by itself.
pub fn built_in(group: &str, kind: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|known| known.group == group && known.kind == kind)
}
