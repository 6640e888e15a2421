//! Which kinds of objects hold Pod templates, and where.

use crate::json_path::JsonPath;
use crate::path::Step;
use crate::settings::Settings;

/// A kind that the policy knows by itself.
#[derive(Debug)]
struct Kind {
    group: &'static str,
    kind: &'static str,
    /// The way from the object to its Pod template; a Pod is one itself.
    template: &'static [Step<'static>],
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

/// Where the Pod templates of one kind are.
#[derive(Debug)]
pub enum Templates<'s> {
    /// At one known place, in every object of this kind.
    At(&'static [Step<'static>]),
    /// Wherever the JSONPaths of the setting `podTemplates` lead to.
    Selected(Vec<&'s JsonPath>),
}

/// Whether the policy knows this kind without the setting `podTemplates`.
pub fn is_built_in(group: &str, kind: &str) -> bool {
    built_in(group, kind).is_some()
}

fn built_in(group: &str, kind: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|known| known.group == group && known.kind == kind)
}

/// Where the Pod templates of this kind are; None for kinds without any.
pub fn templates<'s>(group: &str, kind: &str, settings: &'s Settings<'_>) -> Option<Templates<'s>> {
    if let Some(known) = built_in(group, kind) {
        return Some(Templates::At(known.template));
    }
    let paths: Vec<_> = settings
        .pod_templates
        .iter()
        .filter(|entry| entry.group == group && entry.kind == kind)
        .map(|entry| &entry.path)
        .collect();
    (!paths.is_empty()).then_some(Templates::Selected(paths))
}
