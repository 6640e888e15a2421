//! What a policy may ask its host for: Kubernetes objects, answered from a recorded session.
//!
//! <https://docs.kubewarden.io/reference/spec/host-capabilities/kubernetes>

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::package::metadata::ContextAwareResource;

/// Answers the calls of a policy to its host. By default it knows no cluster and grants nothing.
#[derive(Debug, Default)]
pub struct HostCalls {
    granted: BTreeSet<ContextAwareResource>,
    session: Mutex<VecDeque<Exchange>>,
}

/// A call and its answer, as `kwctl run --record-host-capabilities-interactions` writes them.
#[derive(Debug)]
struct Exchange {
    request: Request,
    response: Response,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Response {
    Success { payload: String },
    Error { message: String },
}

/// A call; the names are those of Kubewarden's sessions and error messages.
#[derive(Debug, Deserialize, Eq, PartialEq)]
#[allow(clippy::enum_variant_names)]
enum Request {
    KubernetesListResourceNamespace {
        api_version: String,
        kind: String,
        namespace: String,
        label_selector: Option<String>,
        field_selector: Option<String>,
        field_masks: Option<BTreeSet<String>>,
    },
    KubernetesListResourceAll {
        api_version: String,
        kind: String,
        label_selector: Option<String>,
        field_selector: Option<String>,
        field_masks: Option<BTreeSet<String>>,
    },
    KubernetesGetResource {
        api_version: String,
        kind: String,
        name: String,
        namespace: Option<String>,
        disable_cache: bool,
        field_masks: Option<BTreeSet<String>>,
    },
}

impl HostCalls {
    /// Grants access to these resources, with the answers of a session.
    pub fn replay(granted: BTreeSet<ContextAwareResource>, session: &str) -> Result<Self> {
        Ok(Self { granted, session: Mutex::new(exchanges(session)?) })
    }

    /// The same with the session in a file.
    pub fn replay_file(granted: BTreeSet<ContextAwareResource>, path: &Path) -> Result<Self> {
        let session = std::fs::read_to_string(path)
            .map_err(|error| anyhow!("Cannot open host capabilities interactions file {path:?}: {error}"))?;
        Self::replay(granted, &session).with_context(|| format!("cannot deserialize contents of {path:?}"))
    }

    /// How many exchanges have not been asked for.
    pub fn leftovers(&self) -> usize {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).len()
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
        let variant = match operation {
            "list_resources_by_namespace" => "KubernetesListResourceNamespace",
            "list_resources_all" => "KubernetesListResourceAll",
            "get_resource" => "KubernetesGetResource",
            _ => return Err(format!("unknown operation: {operation}")),
        };
        let fields: Value = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        let request: Request = serde_json::from_value(json!({variant: fields})).map_err(|error| error.to_string())?;
        let resource = request.resource();
        if !self.granted.contains(&resource) {
            return Err(format!(
                "Policy has not been granted access to Kubernetes {}/{} resources. The violation has been reported.",
                resource.api_version, resource.kind
            ));
        }
        self.recorded(&request).map_err(|error| format!("Callback evaluation failure: {error}"))
    }

    fn recorded(&self, request: &Request) -> Result<Vec<u8>> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let Exchange { request: expected, response } =
            session.pop_front().context("the list of recorded responses is empty")?;
        if expected != *request {
            bail!("Replay error: unexpected request. Was expecting {expected:?}, got {request:?} instead");
        }
        match response {
            Response::Success { payload } => Ok(payload.into_bytes()),
            Response::Error { message } => bail!(message),
        }
    }
}

impl Request {
    fn resource(&self) -> ContextAwareResource {
        match self {
            Self::KubernetesListResourceNamespace { api_version, kind, .. }
            | Self::KubernetesListResourceAll { api_version, kind, .. }
            | Self::KubernetesGetResource { api_version, kind, .. } => {
                ContextAwareResource { api_version: api_version.clone(), kind: kind.clone() }
            }
        }
    }
}

fn exchanges(session: &str) -> Result<VecDeque<Exchange>> {
    #[derive(Deserialize)]
    struct Recorded {
        request: String,
        response: Response,
    }
    let recorded: Vec<Recorded> = serde_json::from_value(yaml::parse(session)?)?;
    let exchange = |(index, Recorded { request, response })| {
        let request = self::request(request).with_context(|| format!("request of exchange {}", index + 1))?;
        Ok(Exchange { request, response })
    };
    recorded.into_iter().enumerate().map(exchange).collect()
}

/// A request in a session is YAML whose tag says what it is: `!KubernetesGetResource`.
fn request(text: String) -> Result<Request> {
    let document = yaml::documents(&text).next().context("empty")??;
    let tag = document.root.tag.context("no tag such as !KubernetesGetResource")?;
    Ok(serde_json::from_value(json!({tag.trim_start_matches('!'): document.value}))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "\
- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: Namespace
    name: default
    namespace: null
    disable_cache: false
  response:
    type: Success
    payload: '{\"kind\":\"Namespace\"}'
- type: Exchange
  request: |
    !KubernetesListResourceAll
    api_version: v1
    kind: Node
    label_selector: null
    field_selector: null
    field_masks:
    - metadata.name
  response:
    type: Error
    message: no such kind
";

    fn host() -> HostCalls {
        let resource = |kind: &str| ContextAwareResource { api_version: "v1".to_owned(), kind: kind.to_owned() };
        HostCalls::replay([resource("Namespace"), resource("Node")].into(), SESSION).unwrap()
    }

    fn get(host: &HostCalls, name: &str) -> Result<String, String> {
        let payload = json!({"api_version": "v1", "kind": "Namespace", "name": name, "disable_cache": false});
        let answer = host.call("kubewarden", "kubernetes", "get_resource", payload.to_string().as_bytes())?;
        Ok(String::from_utf8(answer).unwrap())
    }

    #[test]
    fn exchanges_are_answered_in_order() {
        let host = host();
        assert_eq!(get(&host, "default"), Ok("{\"kind\":\"Namespace\"}".to_owned()));
        let payload = json!({"api_version": "v1", "kind": "Node", "field_masks": ["metadata.name"]}).to_string();
        let answer = host.call("kubewarden", "kubernetes", "list_resources_all", payload.as_bytes());
        assert_eq!(answer, Err("Callback evaluation failure: no such kind".to_owned()));
        assert_eq!(host.leftovers(), 0);
        let empty = "Callback evaluation failure: the list of recorded responses is empty";
        assert_eq!(get(&host, "default"), Err(empty.to_owned()));
    }

    #[test]
    fn another_request_is_an_error() {
        let message = "Callback evaluation failure: Replay error: unexpected request. Was expecting \
            KubernetesGetResource { api_version: \"v1\", kind: \"Namespace\", name: \"default\", namespace: None, \
            disable_cache: false, field_masks: None }, got KubernetesGetResource { api_version: \"v1\", kind: \
            \"Namespace\", name: \"other\", namespace: None, disable_cache: false, field_masks: None } instead";
        assert_eq!(get(&host(), "other"), Err(message.to_owned()));
    }

    #[test]
    fn what_is_not_granted_is_refused() {
        let message = "Policy has not been granted access to Kubernetes v1/Namespace resources. The violation has been \
            reported.";
        assert_eq!(get(&HostCalls::default(), "default"), Err(message.to_owned()));
    }

    #[test]
    fn unknown_calls_are_refused() {
        let host = HostCalls::default();
        assert_eq!(host.call("kubewarden", "tracing", "log", b"{}"), Ok(Vec::new()));
        assert_eq!(host.call("other", "x", "y", b""), Err("unknown binding: other".to_owned()));
        assert_eq!(host.call("kubewarden", "oci", "v1/verify", b""), Err("unknown namespace: oci".to_owned()));
        assert_eq!(host.call("kubewarden", "kubernetes", "watch", b""), Err("unknown operation: watch".to_owned()));
    }

    #[test]
    fn a_wrong_session_is_refused() {
        let error = |session: &str| format!("{:#}", HostCalls::replay(BTreeSet::new(), session).unwrap_err());
        let response = "response: {type: Success, payload: x}";
        let untagged = format!("- {{type: Exchange, request: 'kind: Node', {response}}}");
        assert_eq!(error(&untagged), "request of exchange 1: no tag such as !KubernetesGetResource");
        let unknown = format!("- {{type: Exchange, request: '!Nothing {{}}', {response}}}");
        assert!(error(&unknown).starts_with("request of exchange 1: unknown variant `Nothing`"), "{}", error(&unknown));
        assert_eq!(error("a: 1\nb: ["), "line 2, column 4: unclosed bracket '['");
    }
}
