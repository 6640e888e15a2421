//! Which kinds of objects hold Pod templates, and where.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::path::{Path, Step};
use crate::read::Malformed;
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
    Selected(Vec<&'s jsonpath_lib::Compiled>),
}

/// Whether the policy knows this kind without the setting `podTemplates`.
pub fn is_built_in(group: &str, kind: &str) -> bool {
    built_in(group, kind).is_some()
}

fn built_in(group: &str, kind: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|known| known.group == group && known.kind == kind)
}

/// Where the Pod templates of this kind are; None for kinds without any.
pub fn templates<'s>(group: &str, kind: &str, settings: &'s Settings) -> Option<Templates<'s>> {
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

impl Templates<'_> {
    /// The places of the Pod templates in this object, in the object's own order.
    pub fn locate(&self, object: &RawValue) -> Result<Vec<Path<'static>>, Malformed> {
        match self {
            Self::At(steps) => Ok(vec![Path::of(steps)]),
            Self::Selected(paths) => {
                let object: Value = serde_json::from_str(object.get())
                    .map_err(|error| Malformed::new("request.object", format_args!("not JSON: {error}")))?;
                let mut selected = Vec::new();
                for path in paths {
                    let found = path.select(&object).map_err(|_| {
                        Malformed::new("settings.podTemplates", "a JSONPath that cannot be followed here")
                    })?;
                    selected.extend(found);
                }
                let mut places = Vec::new();
                find(&object, &selected, &mut Vec::new(), &mut places);
                Ok(places)
            }
        }
    }
}

/// The places of those values in `at`: by identity, as jsonpath_lib answers with values and not with places.
fn find(at: &Value, wanted: &[&Value], steps: &mut Vec<Step<'static>>, places: &mut Vec<Path<'static>>) {
    if !at.is_null() && wanted.iter().any(|value| std::ptr::eq(*value, at)) {
        places.push(Path::of(steps));
    }
    let children: Box<dyn Iterator<Item = (Step<'static>, &Value)>> = match at {
        Value::Object(members) => Box::new(members.iter().map(|(key, value)| (Step::Key(key.clone().into()), value))),
        Value::Array(elements) => {
            Box::new(elements.iter().enumerate().map(|(index, value)| (Step::Index(index), value)))
        }
        _ => return,
    };
    for (step, value) in children {
        steps.push(step);
        find(value, wanted, steps, places);
        steps.pop();
    }
}
