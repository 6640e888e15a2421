//! Clients that strip, by what objects tell of their past: someone sent the field, and it is not there any more.
//!
//! Where a manager has set the field by `managedFields`, the API server got it, and something in admission took it away. Where
//! only the annotation of `kubectl apply` has it, somebody who does not know it wrote the object back later.

use std::collections::BTreeMap;

use native_sidecar_policy::describe::{LostSidecar, lost_sidecars};
use serde_json::Value;

use crate::check::finding::{Finding, Group, Status};
use crate::check::words::{counted, shown};

const GROUP: Group = Group::Strips;

/// The manager as which `kubectl apply` writes the annotation.
const APPLY: &str = "kubectl-client-side-apply";

/// Who has lost the field of some containers of an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Loss {
    /// The object, and in brackets the containers: `Deployment shop/orders (logshipper)`.
    subject: String,
    /// Who.
    way: Way,
}

/// How the field got lost.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Way {
    /// This manager sent it, and admission took it away.
    Admission(String),
    /// One of these managers wrote the object back without it.
    Clients(Vec<String>),
}

/// What an object that is called so tells; None where it has lost nothing.
pub fn loss(name: &str, object: &Value) -> Option<Loss> {
    let group = object["apiVersion"].as_str()?.split_once('/').map_or("", |(group, _)| group);
    let lost = lost_sidecars(group, object["kind"].as_str()?, &object.to_string());
    let containers: Vec<&str> = lost.iter().map(|lost| lost.container.as_str()).collect();
    let sender = lost.iter().find_map(|LostSidecar { manager, .. }| manager.clone());
    (!lost.is_empty()).then(|| Loss {
        subject: format!("{name} ({})", containers.join(", ")),
        way: sender.map_or_else(|| Way::Clients(writers(object)), Way::Admission),
    })
}

/// Who has written an object since it was applied, the last one first.
fn writers(object: &Value) -> Vec<String> {
    let entries = object["metadata"]["managedFields"].as_array();
    let entries = entries
        .into_iter()
        .flatten()
        .filter(|entry| entry["operation"] == "Update" && entry["subresource"].as_str().unwrap_or_default().is_empty());
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let mut entries: Vec<(String, String)> =
        entries.map(|entry| (text(entry, "time"), text(entry, "manager"))).collect();
    entries.sort();
    let applied = entries.iter().find(|(_, manager)| manager == APPLY).map(|(time, _)| time.clone());
    let is_later =
        |(time, manager): &(String, String)| manager != APPLY && applied.as_ref().is_none_or(|applied| time >= applied);
    entries.into_iter().rev().filter(is_later).map(|(_, manager)| manager).collect()
}

/// What there is to say.
pub fn check(losses: Vec<Loss>) -> Vec<Finding> {
    let mut by_way: BTreeMap<Way, Vec<String>> = BTreeMap::new();
    for Loss { subject, way } in losses {
        by_way.entry(way).or_default().push(subject);
    }
    by_way.into_iter().map(|(way, subjects)| way.told(subjects)).collect()
}

impl Way {
    fn told(self, subjects: Vec<String>) -> Finding {
        const BACK: &str = "Update it (its Kubernetes libraries are older than 1.28), and apply the manifests again.";
        let objects = counted(subjects.len(), "object");
        let (id, text, advice) = match self {
            Self::Admission(manager) => (
                "admission",
                format!("{manager} sent restartPolicy: Always, and it is not stored: {objects}"),
                "Something in admission dropped it: a mutating webhook for these kinds, which dry runs of Pods do not show, \
                    or one that has been mended since. `review --cluster` names those that are called, with --settings-json \
                    '{\"webhookLookup\":true}'."
                    .to_owned(),
            ),
            Self::Clients(managers) => (
                "client",
                match managers.as_slice() {
                    [one] => format!("{one} dropped restartPolicy: Always when it wrote objects back: {objects}"),
                    [] => format!("a client dropped restartPolicy: Always when it wrote objects back: {objects}"),
                    several => format!(
                        "one of these clients dropped restartPolicy: Always when it wrote objects back: {} ({objects})",
                        several.join(", ")
                    ),
                },
                match managers.as_slice() {
                    [] => format!("managedFields do not name it. {BACK}"),
                    _ => BACK.to_owned(),
                },
            ),
        };
        Finding::other(GROUP.about(id), Status::Bad, text, advice).of(shown(subjects))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A Deployment whose init container `log` has lost the field, with these managers, of whom some have set it.
    fn deployment(managers: &[(&str, &str, bool)], is_applied: bool) -> Value {
        let entries = managers.iter().map(|(manager, time, has_set_it)| {
            let policy = if *has_set_it { json!({"f:restartPolicy": {}}) } else { json!({}) };
            let containers = json!({"f:initContainers": {"k:{\"name\":\"log\"}": policy}});
            json!({
                "manager": manager, "operation": "Update", "time": time,
                "fieldsV1": {"f:spec": {"f:template": {"f:spec": containers}}},
            })
        });
        let template = |policy: Value| {
            let mut log = json!({"name": "log", "image": "i"});
            log.as_object_mut().unwrap().extend(policy.as_object().unwrap().clone());
            json!({"spec": {"initContainers": [log], "containers": [{"name": "app", "image": "i"}]}})
        };
        let mut object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "orders", "managedFields": entries.collect::<Vec<_>>()},
            "spec": {"template": template(json!({}))},
        });
        if is_applied {
            let applied = json!({"spec": {"template": template(json!({"restartPolicy": "Always"}))}}).to_string();
            object["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": applied});
        }
        object
    }

    fn told(object: &Value) -> Vec<String> {
        let line = |finding: Finding| format!("{} [{}]", finding.text, finding.details.join("; "));
        check(loss("Deployment shop/orders", object).into_iter().collect()).into_iter().map(line).collect()
    }

    #[test]
    fn what_was_sent_and_is_not_stored_was_lost_in_admission() {
        let object = deployment(&[("argocd-controller", "1", true)], false);
        let expected = "argocd-controller sent restartPolicy: Always, and it is not stored: 1 object \
            [Deployment shop/orders (log)]";
        assert_eq!(told(&object), [expected]);
    }

    #[test]
    fn what_was_applied_and_is_not_there_was_lost_by_a_later_client() {
        let expected = |who: &str| format!("{who}: 1 object [Deployment shop/orders (log)]");
        let managers = [("old-controller", "3", false), (APPLY, "2", false), ("earlier", "1", false)];
        let one = "old-controller dropped restartPolicy: Always when it wrote objects back";
        assert_eq!(told(&deployment(&managers, true)), [expected(one)]);
        let nobody = "a client dropped restartPolicy: Always when it wrote objects back";
        assert_eq!(told(&deployment(&managers[1..], true)), [expected(nobody)]);
        let managers = [("a", "3", false), ("b", "4", false), (APPLY, "2", false)];
        let several = "one of these clients dropped restartPolicy: Always when it wrote objects back: b, a (1 object) \
            [Deployment shop/orders (log)]";
        assert_eq!(told(&deployment(&managers, true)), [several]);
    }

    #[test]
    fn what_nobody_has_sent_is_not_lost() {
        assert!(told(&deployment(&[("kubectl-create", "1", false)], false)).is_empty());
        assert!(told(&json!({"apiVersion": "v1", "kind": "Other"})).is_empty());
    }
}
