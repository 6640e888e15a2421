//! What a policy may ask its host for: Kubernetes objects of the kinds that it is granted.
//!
//! <https://docs.kubewarden.io/reference/spec/host-capabilities/kubernetes>

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::lookup::{Answers, ContextAwareResource, Lookup};

/// Answers the calls of a policy to its host. By default it knows no cluster and grants nothing.
#[derive(Default)]
pub struct HostCalls {
    granted: BTreeSet<ContextAwareResource>,
    answers: Option<Arc<dyn Answers>>,
}

impl HostCalls {
    /// Grants access to these resources, which somebody has the answers about.
    pub fn new(granted: BTreeSet<ContextAwareResource>, answers: Arc<dyn Answers>) -> Self {
        Self { granted, answers: Some(answers) }
    }

    /// How many answers are left that the policy has not asked for.
    pub fn leftovers(&self) -> usize {
        self.answers.as_ref().map_or(0, |answers| answers.leftovers())
    }

    /// Answers one call.
    pub fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        match (binding, namespace, operation) {
            ("kubewarden", "tracing", "log") => Ok(Vec::new()),
            ("kubewarden", "kubernetes", operation) => self.kubernetes(operation, payload),
            ("kubewarden", "tracing", _) => Err(format!("unknown operation: {operation}")),
            ("kubewarden", ..) => Err(format!("unknown namespace: {namespace}")),
            _ => Err(format!("unknown binding: {binding}")),
        }
    }

    fn kubernetes(&self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let lookup = Lookup::of(operation, payload).ok_or_else(|| format!("unknown operation: {operation}"))?;
        let lookup = lookup.map_err(|error| error.to_string())?;
        let resource = lookup.resource();
        match self.answers.as_ref().filter(|_| self.granted.contains(&resource)) {
            Some(answers) => answers.answer(&lookup).map_err(|error| format!("Callback evaluation failure: {error}")),
            None => Err(format!(
                "Policy has not been granted access to Kubernetes {}/{} resources. The violation has been reported.",
                resource.api_version, resource.kind
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::session::Replay;

    fn get(host: &HostCalls, kind: &str) -> Result<Vec<u8>, String> {
        let payload = json!({"api_version": "v1", "kind": kind, "name": "default", "disable_cache": false});
        host.call("kubewarden", "kubernetes", "get_resource", payload.to_string().as_bytes())
    }

    #[test]
    fn what_is_not_granted_is_refused() {
        let message = "Policy has not been granted access to Kubernetes v1/Namespace resources. The violation has been \
            reported.";
        assert_eq!(get(&HostCalls::default(), "Namespace"), Err(message.to_owned()));
        let granted = ContextAwareResource { api_version: "v1".to_owned(), kind: "Node".to_owned() };
        let host = HostCalls::new([granted].into(), Arc::new(Replay::new("[]").unwrap()));
        assert_eq!(get(&host, "Namespace"), Err(message.to_owned()));
        let failure = "Callback evaluation failure: the list of recorded responses is empty";
        assert_eq!(get(&host, "Node"), Err(failure.to_owned()));
    }

    #[test]
    fn unknown_calls_are_refused() {
        let host = HostCalls::default();
        assert_eq!(host.call("kubewarden", "tracing", "log", b"{}"), Ok(Vec::new()));
        assert_eq!(host.call("other", "x", "y", b""), Err("unknown binding: other".to_owned()));
        assert_eq!(host.call("kubewarden", "oci", "v1/verify", b""), Err("unknown namespace: oci".to_owned()));
        assert_eq!(host.call("kubewarden", "kubernetes", "watch", b""), Err("unknown operation: watch".to_owned()));
    }
}
