//! A policy as its manifest deploys it: which objects it sees, and what Kubewarden makes of its answers.

use serde::Deserialize;
use serde_json::Value;

use crate::admission::Status;
use crate::judge::Evaluation;
use crate::manifest::{Kinds, Object};
use crate::scope::Scope;

/// The API group of Kubewarden's policies.
const GROUP: &str = "policies.kubewarden.io/";

/// The kind of a policy for objects of its own namespace.
const NAMESPACED: &str = "AdmissionPolicy";

/// The kind of a policy for the cluster.
const CLUSTERWIDE: &str = "ClusterAdmissionPolicy";

/// A ClusterAdmissionPolicy or AdmissionPolicy.
#[derive(Debug)]
pub struct Policy {
    /// Its kind and name, as in `AdmissionPolicy shop/sidecars`.
    title: String,
    /// Its name in the policy server.
    id: String,
    scope: Scope,
    effect: Effect,
}

/// The fields of a policy's `spec` that say what becomes of its answers.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Effect {
    #[serde(default)]
    mutating: bool,
    #[serde(default)]
    mode: Mode,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Mode {
    #[default]
    Protect,
    Monitor,
}

/// Whether an object is a policy whose module and settings are its own. A policy group has several of each.
pub fn is_policy(object: &Object) -> bool {
    [NAMESPACED, CLUSTERWIDE].contains(&object.kind.as_str()) && object.api_version.starts_with(GROUP)
}

impl Policy {
    /// Reads the manifest of a policy; what Kubewarden would not take of it is an error.
    pub fn read(object: &Object) -> Result<Self, String> {
        let no_spec = Value::Object(serde_json::Map::new());
        let spec = object.value.get("spec").unwrap_or(&no_spec);
        let (name, namespace) = (object.name(), object.namespace());
        let is_namespaced = object.kind == NAMESPACED;
        Ok(Self {
            title: title(object),
            id: match is_namespaced {
                true => format!("namespaced-{}-{name}", namespace.unwrap_or("default")),
                false => format!("clusterwide-{name}"),
            },
            scope: Scope::read(spec, is_namespaced.then_some(namespace))?,
            effect: Effect::deserialize(spec).map_err(|error| format!("spec: {error}"))?,
        })
    }

    /// Returns why the policy never sees an object that is created; None where it does, or may.
    pub fn leaves_out(&self, object: &Object) -> Option<String> {
        self.scope.leaves_out(object).map(|reason| format!("{reason} {}", self.title))
    }

    /// Returns what has to be known of a review with this policy and these settings; None where its manifest is applied
    /// as it is.
    pub fn note(&self, settings: &Value) -> Option<String> {
        let mut notes = self.scope.notes(&Kinds::new(settings));
        if self.effect.mode == Mode::Monitor {
            notes.push(
                "its mode is monitor, so nothing is denied or changed, and what it finds is a warning".to_owned(),
            );
        }
        (!notes.is_empty()).then(|| format!("{}: {}", self.title, notes.join("; ")))
    }

    /// Returns what the policy server makes of an answer: one that monitors lets everything pass as it is, and one that is not
    /// mutating denies what it would change.
    pub fn carry_out(&self, evaluation: Evaluation) -> Evaluation {
        let Evaluation { mut response, mutated } = evaluation;
        match self.effect {
            Effect { mode: Mode::Monitor, .. } => {
                response.allowed = true;
                response.status = None;
            }
            Effect { mutating: false, .. } if mutated.is_some() => {
                let message = format!(
                    "Request rejected by policy {}. The policy attempted to mutate the request, but it is currently \
                    configured to not allow mutations.",
                    self.id
                );
                response.allowed = false;
                response.status = Some(Status { message: Some(message), code: None });
            }
            Effect { .. } => return Evaluation { response, mutated },
        }
        (response.patch_type, response.patch) = (None, None);
        Evaluation { response, mutated: None }
    }
}

/// Returns the kind and name of a policy, as in `AdmissionPolicy shop/sidecars`.
pub fn title(object: &Object) -> String {
    let name = object.name();
    match object.namespace() {
        Some(namespace) => format!("{} {namespace}/{name}", object.kind),
        None => format!("{} {name}", object.kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::AdmissionResponse;
    use serde_json::json;

    fn policy(kind: &str, metadata: Value, spec: Value) -> Result<Policy, String> {
        let value = json!({"metadata": metadata, "spec": spec});
        let (api_version, kind) = (format!("{GROUP}v1"), kind.to_owned());
        let object = Object { api_version, kind, value: &value, node: None, item: None };
        assert!(is_policy(&object));
        Policy::read(&object)
    }

    fn of_cluster(spec: Value) -> Policy {
        policy(CLUSTERWIDE, json!({"name": "a"}), spec).unwrap()
    }

    /// What becomes of an answer: whether it is let through, its message, and whether it changes the object.
    fn carried_out(policy: &Policy, allowed: bool, patch: Option<&str>) -> (bool, Option<String>, bool) {
        let status = (!allowed).then(|| Status { message: Some("no".to_owned()), code: Some(400) });
        let patch_type = patch.map(|_| "JSONPatch");
        let mutated = patch.map(|_| json!({}));
        let patch = patch.map(str::to_owned);
        let response = AdmissionResponse { allowed, status, patch_type, patch, ..AdmissionResponse::default() };
        let Evaluation { response, mutated } = policy.carry_out(Evaluation { response, mutated });
        assert_eq!((response.patch.is_some(), response.patch_type.is_some()), (mutated.is_some(), mutated.is_some()));
        (response.allowed, response.status.and_then(|status| status.message), mutated.is_some())
    }

    #[test]
    fn a_mutating_policy_has_its_way() {
        let policy = of_cluster(json!({"mutating": true}));
        assert_eq!(carried_out(&policy, true, Some("[]")), (true, None, true));
        assert_eq!(carried_out(&policy, true, None), (true, None, false));
        assert_eq!(carried_out(&policy, false, None), (false, Some("no".to_owned()), false));
    }

    #[test]
    fn a_policy_that_is_not_mutating_denies_what_it_would_change() {
        let text = |id: &str| {
            let rest =
                "The policy attempted to mutate the request, but it is currently configured to not allow mutations.";
            Some(format!("Request rejected by policy {id}. {rest}"))
        };
        let cluster = of_cluster(json!({}));
        assert_eq!(carried_out(&cluster, true, Some("[]")), (false, text("clusterwide-a"), false));
        assert_eq!(carried_out(&cluster, true, None), (true, None, false));
        let of_shop =
            policy(NAMESPACED, json!({"name": "a", "namespace": "shop"}), json!({"mutating": false})).unwrap();
        assert_eq!(carried_out(&of_shop, true, Some("[]")), (false, text("namespaced-shop-a"), false));
    }

    #[test]
    fn a_monitor_lets_everything_pass() {
        let policy = of_cluster(json!({"mode": "monitor", "rules": [{}]}));
        assert_eq!(carried_out(&policy, false, None), (true, None, false));
        assert_eq!(carried_out(&policy, true, Some("[]")), (true, None, false));
        let note = "ClusterAdmissionPolicy a: its mode is monitor, so nothing is denied or changed, and what it finds is a \
            warning";
        assert_eq!(policy.note(&json!({})).as_deref(), Some(note));
    }

    #[test]
    fn a_policy_is_named_where_it_leaves_something_out() {
        let spec = json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "operations": ["CREATE"]}]});
        let policy = policy(NAMESPACED, json!({"name": "a", "namespace": "shop"}), spec).unwrap();
        let value = json!({});
        let (api_version, kind) = ("apps/v1".to_owned(), "Deployment".to_owned());
        let object = Object { api_version, kind, value: &value, node: None, item: None };
        let reason = "not matched by the rules of AdmissionPolicy shop/a";
        assert_eq!(policy.leaves_out(&object).as_deref(), Some(reason));
    }

    #[test]
    fn what_kubewarden_does_not_take_is_refused() {
        let refused = |spec: Value| policy(CLUSTERWIDE, json!({"name": "a"}), spec).unwrap_err();
        assert_eq!(refused(json!({"mode": "audit"})), "spec: unknown variant `audit`, expected `protect` or `monitor`");
        assert_eq!(refused(json!({"mutating": "no"})), "spec: invalid type: string \"no\", expected a boolean");
    }
}
