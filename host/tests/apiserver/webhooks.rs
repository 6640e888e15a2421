//! Mutating webhooks on loopback: one that strips, and harmless ones.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;

use crate::certificates::Authority;
use crate::server::base64;
use crate::world::{strip, strip_template};

/// What a webhook does, by the path at which it is called.
const STRIPS: &str = "/strips";
const LABELS: &str = "/labels";

/// A server of webhooks, until the test ends.
pub struct Webhooks {
    address: String,
    authority: String,
}

impl Webhooks {
    /// Starts a server with a certificate of this authority.
    pub fn start(authority: &Authority) -> Self {
        let (certificate, key) = authority.issue();
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(listener, TlsAcceptor::from(Arc::new(config))));
        });
        Self { address, authority: base64(authority.certificate().as_bytes()) }
    }

    /// A configuration with a webhook for this resource that strips, and with this more in it.
    pub fn stripping(&self, name: &str, resource: (&str, &str), more: Value) -> Value {
        self.configuration(name, STRIPS, resource, more)
    }

    /// A configuration with a webhook for Pods that sets a label.
    pub fn labelling(&self, name: &str) -> Value {
        self.configuration(name, LABELS, ("", "pods"), json!({}))
    }

    fn configuration(&self, name: &str, path: &str, (group, resource): (&str, &str), more: Value) -> Value {
        let rule = json!({
            "operations": ["CREATE"], "apiGroups": [group], "apiVersions": ["v1"], "resources": [resource],
        });
        let url = format!("https://{}{path}", self.address);
        let mut webhook = json!({
            "name": format!("{name}.example.com"), "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": {"url": url, "caBundle": self.authority}, "rules": [rule],
        });
        for (name, value) in more.as_object().unwrap() {
            webhook[name] = value.clone();
        }
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": name}, "webhooks": [webhook],
        })
    }
}

async fn serve(listener: std::net::TcpListener, acceptor: TlsAcceptor) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let answer = service_fn(|request: Request<Incoming>| async move {
                let path = request.uri().path().to_owned();
                let body = request.into_body().collect().await.unwrap().to_bytes();
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(answer(&path, &body).to_string()))))
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

/// The AdmissionReview that goes back.
fn answer(path: &str, body: &[u8]) -> Value {
    let mut review: Value = serde_json::from_slice(body).unwrap();
    let request = review["request"].take();
    let mut changed = request["object"].clone();
    match path {
        STRIPS if changed["kind"] == "Pod" => changed = strip(changed),
        STRIPS => changed = strip_template(changed),
        _ => changed["metadata"]["labels"]["seen"] = json!("yes"),
    }
    let patch = json!(json_patch::diff(&request["object"], &changed)).to_string();
    review["response"] =
        json!({"uid": request["uid"], "allowed": true, "patchType": "JSONPatch", "patch": base64(patch.as_bytes())});
    review
}
