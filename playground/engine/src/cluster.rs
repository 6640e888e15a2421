//! What the policy may ask of a cluster: the answers are those of a session, as kwctl records it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result};
use native_sidecar_review::host_calls::HostCalls;
use native_sidecar_review::lookup::{ContextAwareResource, Lookup};
use native_sidecar_review::session::{self, Replay};
use serde_json::{Value, json};

/// The metadata of the policy, which say what it may be granted.
const METADATA: &str = include_str!("../../../metadata.yml");

/// A question of the policy.
#[derive(Clone, Debug)]
pub struct Question {
    /// What it asks for.
    pub lookup: Lookup,
    /// Why it has no answer, where it has none.
    pub problem: Option<String>,
}

/// A cluster as a session knows it. Each object is judged with the session from its beginning.
#[derive(Debug)]
pub struct Cluster<'s> {
    session: &'s str,
    questions: RefCell<Vec<Question>>,
}

impl<'s> Cluster<'s> {
    /// Reads a session; where it is empty, the policy is granted nothing, as in a review of files.
    pub fn new(session: &'s str) -> Result<Self> {
        if !session.trim().is_empty() {
            Replay::new(session)?;
        }
        Ok(Self { session, questions: RefCell::default() })
    }

    /// Returns what answers the calls about one object.
    pub fn host(&self) -> impl Fn(String, String, String, Vec<u8>) -> Result<Vec<u8>, String> + '_ {
        // Most objects make the policy ask nothing: the session is then not read.
        let calls: RefCell<Option<HostCalls>> = RefCell::new(None);
        move |binding, namespace, operation, payload| {
            let mut calls = calls.borrow_mut();
            let calls = calls.get_or_insert_with(|| self.calls().unwrap_or_default());
            let answer = calls.call(&binding, &namespace, &operation, &payload);
            if let Some(Ok(lookup)) = Lookup::of(&operation, &payload) {
                let problem = answer.as_ref().err().cloned();
                self.questions.borrow_mut().push(Question { lookup, problem });
            }
            answer
        }
    }

    fn calls(&self) -> Result<HostCalls> {
        if self.session.trim().is_empty() {
            return Ok(HostCalls::default());
        }
        Ok(HostCalls::new(grants()?, Arc::new(Replay::new(self.session)?.in_any_order())))
    }

    /// Takes the questions since the last time.
    pub fn take_questions(&self) -> Vec<Question> {
        self.questions.take()
    }
}

/// Returns the kinds that the policy's metadata ask for.
pub fn grants() -> Result<BTreeSet<ContextAwareResource>> {
    let metadata = yaml::parse(METADATA)?;
    Ok(serde_json::from_value(metadata["contextAwareResources"].clone())?)
}

impl Question {
    /// Returns what it asks for, in words.
    pub fn words(&self) -> String {
        match &self.lookup {
            Lookup::KubernetesGetResource { kind, name, namespace, .. } => match namespace {
                Some(namespace) => format!("{kind} {namespace}/{name}"),
                None => format!("{kind} {name}"),
            },
            Lookup::KubernetesListResourceNamespace { kind, namespace, .. } => format!("each {kind} in {namespace}"),
            Lookup::KubernetesListResourceAll { kind, .. } => format!("each {kind}"),
        }
    }

    /// Returns an exchange of a session that answers it, with an example of what is asked for.
    pub fn stub(&self) -> Result<String> {
        let text = session::exchange(&self.lookup, &Ok(example(&self.lookup).to_string().into_bytes()))?;
        // The session may hold others already.
        Ok(text.trim_end().to_owned() + "\n")
    }
}

/// An example of what a question asks for.
fn example(lookup: &Lookup) -> Value {
    let ContextAwareResource { api_version, kind } = lookup.resource();
    match lookup {
        Lookup::KubernetesGetResource { name, namespace, .. } => {
            let template = json!({"spec": {"containers": []}});
            json!({
                "apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace},
                "spec": {"template": template},
            })
        }
        _ if kind == "Node" => {
            let node = json!({
                "metadata": {"name": "node-1", "labels": {"kubernetes.io/os": "linux"}},
                "status": {"nodeInfo": {"kubeletVersion": "v1.34.0", "operatingSystem": "linux"}},
            });
            list(&api_version, &kind, vec![node])
        }
        _ => list(&api_version, &kind, Vec::new()),
    }
}

fn list(api_version: &str, kind: &str, items: Vec<Value>) -> Value {
    json!({"apiVersion": api_version, "kind": format!("{kind}List"), "metadata": {}, "items": items})
}

/// Returns a session that another text is added to.
pub fn extended(session: &str, exchange: &str) -> String {
    match session.trim_end() {
        "" | "[]" => exchange.to_owned(),
        session => format!("{session}\n{exchange}"),
    }
}

/// Returns the members of the metadata that a policy's manifest repeats.
pub fn metadata(name: &str) -> Result<Value> {
    yaml::parse(METADATA)?.get(name).cloned().context("metadata.yml lacks it")
}
