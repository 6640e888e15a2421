//! The connection to an API server. It reads, and asks what would be: nothing that it can send is stored.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use futures_util::{StreamExt, stream};
use http::{Method, Request};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::runtime::Runtime;

/// How long to wait until the server takes the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait for an answer, or for more of it.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How many requests are under way at most. Servers let this many of one user through without queues.
const AT_ONCE: usize = 8;

/// How many objects a page of a list has at most, as with kubectl.
const PAGE: usize = 500;

/// What is kept as it is in a part of a path or a query.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Which cluster is meant.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The kubeconfig file; None for that of kubectl.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; None for its current one.
    pub context: Option<String>,
}

/// A connection to an API server.
pub struct Connection {
    client: Client,
    runtime: Runtime,
    /// The address of the server.
    pub server: String,
}

/// Why the server gave no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The HTTP status; None where there was no answer at all.
    pub code: Option<u16>,
    /// What the server says, or what kept it from saying something.
    pub message: String,
}

impl Failure {
    /// Whether a right is missing.
    pub fn is_forbidden(&self) -> bool {
        matches!(self.code, Some(401 | 403))
    }

    /// Whether there is no such thing.
    pub fn is_missing(&self) -> bool {
        self.code == Some(404)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self { code: Some(status.code), message: status.message.clone() },
            error => Self { code: None, message: format!("{:#}", anyhow::Error::new(error)) },
        }
    }
}

/// A selection out of a list, in Kubernetes' syntax of selectors; empty for everything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Selection {
    /// Labels that the objects have.
    pub labels: String,
    /// Fields that the objects have.
    pub fields: String,
}

impl Connection {
    /// Connects to a cluster: that of a kubeconfig file, as kubectl finds it, or the one that this runs in.
    pub fn open(target: &Target) -> Result<Self> {
        // It may be installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (client, server) = runtime.block_on(async {
            let mut config = config(target).await?;
            config.connect_timeout = Some(CONNECT_TIMEOUT);
            config.read_timeout = Some(READ_TIMEOUT);
            let server = config.cluster_url.to_string();
            anyhow::Ok((Client::try_from(config)?, server))
        })?;
        Ok(Self { client, runtime, server })
    }

    /// Reads what is at a path, such as `/api/v1/nodes/a`.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.runtime.block_on(self.ask(Method::GET, path, None))
    }

    /// Reads a text at a path, such as `/metrics`.
    pub fn text(&self, path: &str) -> Result<String, Failure> {
        self.runtime.block_on(self.ask_text(Method::GET, path, None))
    }

    /// Reads what is at each of these paths, some at once. The answers come in the order of the paths.
    pub fn get_all(&self, paths: &[String]) -> Vec<Result<Value, Failure>> {
        self.at_once(paths.iter().map(|path| self.ask(Method::GET, path, None)))
    }

    /// The same of texts.
    pub fn texts(&self, paths: &[String]) -> Vec<Result<String, Failure>> {
        self.at_once(paths.iter().map(|path| self.ask_text(Method::GET, path, None)))
    }

    /// Reads a list, page by page, and gives each page's items on.
    pub fn list<E: From<Failure>>(
        &self,
        path: &str,
        selection: &Selection,
        mut page: impl FnMut(Vec<Value>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut next = String::new();
        loop {
            let limit = PAGE.to_string();
            let query = [
                ("limit", limit.as_str()),
                ("labelSelector", &selection.labels),
                ("fieldSelector", &selection.fields),
                ("continue", &next),
            ];
            let mut list = self.get(&format!("{path}{}", query_of(&query)))?;
            next = list["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
            let items = match list["items"].take() {
                Value::Array(items) => items,
                _ => Vec::new(),
            };
            page(items)?;
            if next.is_empty() {
                return Ok(());
            }
        }
    }

    /// Asks what would become of each of these objects if it were created: path and object. Nothing is stored.
    pub fn dry_run(&self, objects: &[(String, Value)]) -> Vec<Result<Value, Failure>> {
        self.at_once(objects.iter().map(|(path, object)| async move {
            let path = format!("{path}{}", query_of(&[("dryRun", "All"), ("fieldManager", "native-sidecar")]));
            self.ask(Method::POST, &path, Some(object)).await
        }))
    }

    /// Asks the server about rights: the object is an access review, which is never stored.
    pub fn review(&self, reviews: &[Value]) -> Vec<Result<Value, Failure>> {
        const PATH: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        self.at_once(reviews.iter().map(|review| self.ask(Method::POST, PATH, Some(review))))
    }

    fn at_once<F: Future>(&self, requests: impl Iterator<Item = F>) -> Vec<F::Output> {
        self.runtime.block_on(stream::iter(requests).buffered(AT_ONCE).collect())
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let text = self.ask_text(method, path, body).await?;
        serde_json::from_str(&text)
            .map_err(|error| Failure { code: None, message: format!("{path}: no JSON: {error}") })
    }

    async fn ask_text(&self, method: Method, path: &str, body: Option<&Value>) -> Result<String, Failure> {
        let request = Request::builder().method(method).uri(path).header("Accept", "application/json, */*");
        let request = match body {
            Some(body) => request.header("Content-Type", "application/json").body(body.to_string().into_bytes()),
            None => request.body(Vec::new()),
        };
        let request = request.map_err(|error| Failure { code: None, message: format!("{path}: {error}") })?;
        Ok(self.client.request_text(request).await?)
    }
}

async fn config(target: &Target) -> Result<Config> {
    let options = KubeConfigOptions { context: target.context.clone(), ..KubeConfigOptions::default() };
    match (&target.kubeconfig, &target.context) {
        (Some(path), _) => {
            let kubeconfig =
                Kubeconfig::read_from(path).with_context(|| format!("cannot read kubeconfig {}", path.display()))?;
            let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
            config.with_context(|| format!("cannot use kubeconfig {}", path.display()))
        }
        (None, Some(context)) => {
            let config = Config::from_kubeconfig(&options).await;
            config.with_context(|| format!("cannot use context {context} of the kubeconfig"))
        }
        (None, None) => match Config::from_kubeconfig(&options).await {
            Ok(config) => Ok(config),
            // In a Pod there is no kubeconfig.
            Err(error) => {
                Config::incluster().map_err(|_| anyhow!("no cluster: {error} (--kubeconfig names another file)"))
            }
        },
    }
}

/// A part of a path, with whatever would end it encoded.
pub fn encoded(part: &str) -> String {
    utf8_percent_encode(part, UNRESERVED).to_string()
}

/// The query of a path, without what is empty.
fn query_of(parameters: &[(&str, &str)]) -> String {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    let given: Vec<String> = given.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_hold_what_is_given() {
        assert_eq!(query_of(&[("a", ""), ("b", "")]), "");
        assert_eq!(
            query_of(&[("limit", "5"), ("continue", ""), ("labelSelector", "app in (a,b)&c")]),
            "?limit=5&labelSelector=app%20in%20%28a%2Cb%29%26c"
        );
    }
}
