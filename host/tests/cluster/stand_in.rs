//! A stand-in for an API server, on loopback: it lists what it holds, page by page, takes dry runs, and keeps nothing.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

/// What becomes of a Pod in admission: the Pod as it comes back, or status and message.
pub type Admit = Box<dyn Fn(&World, Value) -> Result<Value, (u16, String)> + Send + Sync>;

/// What the server holds.
pub struct World {
    /// `gitVersion`.
    pub version: &'static str,
    /// What `/metrics` says; None where it may not be read.
    pub metrics: Option<String>,
    /// The metrics of kubelets, by the names of their nodes.
    pub kubelets: Vec<(&'static str, String)>,
    /// The objects, each with `apiVersion` and `kind`.
    pub objects: Vec<Value>,
    /// Rights that are missing: verb and resource.
    pub missing: Vec<(&'static str, &'static str)>,
    /// Whether Kubewarden's CRDs are there.
    pub has_kubewarden: bool,
    /// What admission does.
    pub admit: Admit,
}

impl Default for World {
    fn default() -> Self {
        Self {
            version: "v1.36.2",
            metrics: Some(String::new()),
            kubelets: Vec::new(),
            objects: Vec::new(),
            missing: Vec::new(),
            has_kubewarden: false,
            admit: Box::new(|_, pod| Ok(pod)),
        }
    }
}

/// The resources: group and version, plural, kind, whether it is in namespaces.
const RESOURCES: [(&str, &str, &str, bool); 14] = [
    ("v1", "nodes", "Node", false),
    ("v1", "namespaces", "Namespace", false),
    ("v1", "pods", "Pod", true),
    ("v1", "podtemplates", "PodTemplate", true),
    ("v1", "replicationcontrollers", "ReplicationController", true),
    ("apps/v1", "daemonsets", "DaemonSet", true),
    ("apps/v1", "deployments", "Deployment", true),
    ("apps/v1", "replicasets", "ReplicaSet", true),
    ("apps/v1", "statefulsets", "StatefulSet", true),
    ("batch/v1", "cronjobs", "CronJob", true),
    ("batch/v1", "jobs", "Job", true),
    ("admissionregistration.k8s.io/v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", false),
    ("policies.kubewarden.io/v1", "clusteradmissionpolicies", "ClusterAdmissionPolicy", false),
    ("policies.kubewarden.io/v1", "policyservers", "PolicyServer", false),
];

/// A server that runs, until the test ends.
pub struct StandIn {
    /// Its address, as `http://127.0.0.1:PORT`.
    pub address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    /// Starts a server that holds this.
    pub fn start(world: World) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (world, log) = (Arc::new(world), Arc::clone(&requests));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(listener, world, log));
        });
        Self { address, requests }
    }

    /// An address at which nobody answers.
    pub fn nobody() -> Self {
        Self { address: "http://127.0.0.1:1".to_owned(), requests: Arc::default() }
    }

    /// What it was asked: `GET /path?query`.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// A kubeconfig for it, in this folder.
    pub fn kubeconfig(&self, folder: &std::path::Path) -> std::path::PathBuf {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.address}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "users": [{"name": "test", "user": {}}],
        });
        let path = folder.join("kubeconfig");
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }
}

async fn serve(listener: std::net::TcpListener, world: Arc<World>, log: Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let (world, log) = (Arc::clone(&world), Arc::clone(&log));
        let answer = service_fn(move |request: Request<Incoming>| {
            let (world, log) = (Arc::clone(&world), Arc::clone(&log));
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                log.lock().unwrap().push(format!("{} {}", parts.method, parts.uri));
                let (status, text) = answer(&world, &parts.method, parts.uri.path(), parts.uri.query(), &body);
                let mut response = Response::new(Full::new(Bytes::from(text)));
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                Ok::<_, Infallible>(response)
            }
        });
        tokio::spawn(async move {
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

fn failure(code: u16, message: &str) -> (u16, String) {
    let reason = if code == 404 { "NotFound" } else { "Forbidden" };
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message, "reason": reason});
    (code, status.to_string())
}

fn answer(world: &World, method: &Method, path: &str, query: Option<&str>, body: &[u8]) -> (u16, String) {
    let may = |verb: &str, resource: &str| !world.missing.contains(&(verb, resource));
    match (method.as_str(), path) {
        ("GET", "/version") => return (200, json!({"gitVersion": world.version}).to_string()),
        ("GET", "/metrics") => {
            return match &world.metrics {
                Some(metrics) => (200, metrics.clone()),
                None => failure(403, "forbidden: cannot get path \"/metrics\""),
            };
        }
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews") => {
            let review: Value = serde_json::from_slice(body).unwrap();
            let asked = &review["spec"]["resourceAttributes"];
            let (verb, mut resource) =
                (asked["verb"].as_str(), asked["resource"].as_str().unwrap_or_default().to_owned());
            if let Some(subresource) = asked["subresource"].as_str().filter(|name| !name.is_empty()) {
                resource += &format!("/{subresource}");
            }
            let path = &review["spec"]["nonResourceAttributes"];
            let allowed = match path["path"].as_str() {
                Some(path) => may("get", path),
                None => may(verb.unwrap_or_default(), &resource),
            };
            return (201, json!({"status": {"allowed": allowed}}).to_string());
        }
        _ => {}
    }
    if let Some(name) = path.strip_prefix("/api/v1/nodes/").and_then(|rest| rest.strip_suffix("/proxy/metrics")) {
        let found = world.kubelets.iter().find(|(node, _)| *node == name);
        return found.map_or_else(|| failure(404, "no such node"), |(_, metrics)| (200, metrics.clone()));
    }
    if let Some(group) = path.strip_prefix("/apis/").filter(|rest| !rest.contains('/')) {
        return (200, json!({"preferredVersion": {"groupVersion": format!("{group}/v1")}}).to_string());
    }
    for (api_version, plural, kind, is_namespaced) in RESOURCES {
        if api_version.starts_with("policies.") && !world.has_kubewarden {
            continue;
        }
        let root = if api_version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{api_version}") };
        if path == root {
            let of_version = RESOURCES.iter().filter(|(version, ..)| *version == api_version);
            let list: Vec<Value> = of_version
                .map(|(_, name, kind, namespaced)| json!({"name": name, "kind": kind, "namespaced": namespaced}))
                .collect();
            return (200, json!({"resources": list}).to_string());
        }
        let Some(rest) = path.strip_prefix(&format!("{root}/")) else { continue };
        let parts: Vec<&str> = rest.split('/').collect();
        let (namespace, name) = match parts.as_slice() {
            [all] if *all == plural => (None, None),
            [all, name] if *all == plural && !is_namespaced => (None, Some(*name)),
            ["namespaces", namespace, all] if *all == plural => (Some(*namespace), None),
            ["namespaces", namespace, all, name] if *all == plural => (Some(*namespace), Some(*name)),
            _ => continue,
        };
        if method == Method::POST {
            assert_eq!((plural, query.is_some_and(|query| query.contains("dryRun=All"))), ("pods", true), "a write");
            let pod: Value = serde_json::from_slice(body).unwrap();
            return match (world.admit)(world, pod) {
                Ok(pod) => (201, pod.to_string()),
                Err((code, message)) => failure(code, &message),
            };
        }
        assert_eq!(method, Method::GET, "a write");
        let is_meant = |object: &&Value| {
            object["apiVersion"] == api_version
                && object["kind"] == kind
                && namespace.is_none_or(|namespace| object["metadata"]["namespace"] == namespace)
        };
        let mut found = world.objects.iter().filter(is_meant);
        if let Some(name) = name {
            return match found.find(|object| object["metadata"]["name"] == name) {
                Some(object) => (200, object.to_string()),
                None => failure(404, &format!("{plural} \"{name}\" not found")),
            };
        }
        if !may("list", plural) {
            return failure(403, &forbidden(api_version, plural));
        }
        return (200, page(found.collect(), query.unwrap_or_default()).to_string());
    }
    failure(404, "404 page not found")
}

/// What the API server says where a right is missing.
fn forbidden(api_version: &str, plural: &str) -> String {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let name = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
    format!(
        "{name} is forbidden: User \"test\" cannot list resource \"{plural}\" in API group \"{group}\" at the cluster scope"
    )
}

/// A page of a list.
fn page(found: Vec<&Value>, query: &str) -> Value {
    let parameter = |name: &str| query.split('&').find_map(|part| part.strip_prefix(&format!("{name}=")));
    let limit: usize = parameter("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
    let start: usize = parameter("continue").map_or(0, |next| next.parse().unwrap());
    let selected: Vec<&Value> = match parameter("labelSelector").and_then(|selector| selector.split_once("%3D")) {
        Some((key, value)) => found.into_iter().filter(|object| object["metadata"]["labels"][key] == value).collect(),
        None => found,
    };
    let end = (start.saturating_add(limit)).min(selected.len());
    let next = if end < selected.len() { end.to_string() } else { String::new() };
    // Items of a list have neither kind nor version.
    let items: Vec<Value> = selected[start..end]
        .iter()
        .map(|object| {
            let mut object = (*object).clone();
            object.as_object_mut().unwrap().retain(|name, _| name != "apiVersion" && name != "kind");
            object
        })
        .collect();
    json!({"metadata": {"continue": next}, "items": items})
}
