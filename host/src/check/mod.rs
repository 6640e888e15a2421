//! The checklist of the Kubernetes tutorial, run against a cluster: are API server and nodes ready, what strips the field, do the
//! injectors inject native sidecars, and which workloads are there. It reads, and sends dry runs; nothing is stored.
//!
//! <https://kubernetes.io/docs/tutorials/configuration/pod-sidecar-containers/>

pub mod finding;
mod words;
mod gate;
mod rights;
mod api_server;
mod nodes;
mod webhook;
mod trial;
mod strips;
mod clients;
mod injectors;
pub mod workloads;
pub mod policies;
pub mod advice;

use std::collections::{BTreeMap, BTreeSet};

use native_sidecar_review::selector::Answer;
use serde_json::Value;

use crate::check::advice::Situation;
use crate::check::finding::{Finding, Group, Status};
use crate::check::nodes::Node;
use crate::check::rights::{Right, Rights};
use crate::check::strips::Run;
use crate::check::trial::{Outcome, Trial};
use crate::check::webhook::Webhook;
use crate::check::workloads::Judged;
use crate::cluster::connection::{Connection, Failure, Selection};
use crate::cluster::workloads::{self as listed, Wanted};

/// How many trials are made at once, so that memory stays flat however many workloads there are.
const BATCH: usize = 64;

/// What is checked.
pub struct Check<'c> {
    /// The cluster.
    pub connection: &'c Connection,
    /// The workloads that are looked at.
    pub wanted: Wanted,
    /// The ClusterAdmissionPolicies of the cluster, or why they could not be listed.
    pub policies: &'c Result<Vec<Value>, Failure>,
    /// How many dry runs may be made; the rest is told as not known.
    pub most_trials: usize,
    /// Called with what is done next.
    pub progress: &'c dyn Fn(&str),
}

/// What was found.
#[derive(Debug)]
pub struct Checked {
    /// What was found, group by group.
    pub findings: Vec<Finding>,
    /// What the settings depend on.
    pub situation: Situation,
}

impl Check<'_> {
    /// Checks everything. `judge` says what the policy says of an object.
    ///
    /// The error is that the cluster does not answer at all.
    pub fn run(&self, judge: &mut dyn FnMut(&Value) -> anyhow::Result<Judged>) -> anyhow::Result<Checked> {
        (self.progress)("asking the API server");
        let answer = self.connection.get("/version")?;
        let rights = Rights::ask(self.connection);
        let server = api_server::version(&answer);
        let metrics =
            (server.is_some_and(gate::is_open) && rights.has(Right::METRICS)).then(|| self.connection.text("/metrics"));
        let mut findings = api_server::check(&answer, metrics.as_ref());

        (self.progress)("asking the nodes");
        let nodes = self.objects("/api/v1/nodes", Node::of);
        let kubelets = self.kubelets(nodes.as_deref().unwrap_or_default(), &rights);
        let (of_nodes, nodes) = nodes::check(nodes.as_deref(), &kubelets, server);
        findings.extend(of_nodes);

        (self.progress)("reading webhooks and namespaces");
        let webhooks = self.webhooks(&rights);
        let namespaces = self.namespaces(&rights);
        let mut trials = Trials::new(self, &rights, webhooks.as_deref(), namespaces);
        let (mut judged, mut losses, mut count) = (Vec::new(), Vec::new(), 0);
        let not_listed = listed::each(self.connection, &self.wanted, |object| -> anyhow::Result<()> {
            count += 1;
            (self.progress)(&format!("{count} workloads"));
            let of_object = judge(&object)?;
            trials.add(&object, &of_object, &self.wanted);
            losses.extend(clients::loss(&of_object.object, &object));
            if !of_object.rules.is_empty() {
                judged.push(of_object);
            }
            Ok(())
        })?;
        findings.extend(trials.findings(losses.is_empty()));
        findings.extend(clients::check(losses));

        (self.progress)("looking for injectors");
        let of_injectors = injectors::check(webhooks.as_deref(), &self.images(webhooks.as_deref().unwrap_or_default()));
        let steers = of_injectors.iter().any(|finding| finding.id == injectors::SWITCH);
        findings.extend(of_injectors);
        findings.extend(workloads::check(count, &judged, &not_listed));

        (self.progress)("looking for policies");
        let policies = rights.has(Right::POLICIES).then_some(self.policies);
        findings.extend(policies::check(policies, webhooks.as_deref().unwrap_or_default()));
        Ok(Checked { findings, situation: Situation { server, nodes, steers } })
    }

    fn objects<T>(&self, path: &str, read: impl Fn(&Value) -> T) -> Result<Vec<T>, Failure> {
        let mut objects = Vec::new();
        self.connection.list::<Failure>(path, &Selection::default(), |page| {
            objects.extend(page.iter().map(&read));
            Ok(())
        })?;
        Ok(objects)
    }

    /// The metrics of the kubelets that have to be asked, by the names of their nodes.
    fn kubelets(&self, nodes: &[Node], rights: &Rights) -> BTreeMap<String, Result<String, Failure>> {
        if !rights.has(Right::KUBELETS) {
            return BTreeMap::new();
        }
        let asked: Vec<String> =
            nodes.iter().filter(|node| node.has_to_be_asked()).map(|node| node.name.clone()).collect();
        let path = |name: &String| format!("/api/v1/nodes/{}/proxy/metrics", crate::cluster::connection::encoded(name));
        let paths: Vec<String> = asked.iter().map(path).collect();
        asked.into_iter().zip(self.connection.texts(&paths)).collect()
    }

    fn webhooks(&self, rights: &Rights) -> Option<Vec<Webhook>> {
        const PATH: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
        if !rights.has(Right::WEBHOOKS) {
            return None;
        }
        self.objects(PATH, Value::clone).ok().map(webhook::webhooks)
    }

    /// The labels of the namespaces, by their names.
    fn namespaces(&self, rights: &Rights) -> BTreeMap<String, Value> {
        if !rights.has(Right::NAMESPACES) {
            return BTreeMap::new();
        }
        let read = |namespace: &Value| {
            let name = namespace["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            (name, namespace["metadata"]["labels"].clone())
        };
        self.objects("/api/v1/namespaces", read).unwrap_or_default().into_iter().collect()
    }

    /// The images that run where webhooks have their services.
    fn images(&self, webhooks: &[Webhook]) -> Vec<(String, String)> {
        let namespaces: BTreeSet<&str> =
            webhooks.iter().filter_map(|webhook| webhook.service_namespace.as_deref()).collect();
        let path =
            |namespace: &&str| format!("/api/v1/namespaces/{}/pods", crate::cluster::connection::encoded(namespace));
        let pods =
            namespaces.iter().flat_map(|namespace| self.objects(&path(namespace), Value::clone).unwrap_or_default());
        injectors::images(&pods.collect::<Vec<_>>())
    }
}

/// The trials that have been made, and those that wait for the next batch.
struct Trials<'c> {
    check: &'c Check<'c>,
    rights: &'c Rights,
    webhooks: Option<&'c [Webhook]>,
    namespaces: BTreeMap<String, Value>,
    tried: BTreeSet<u64>,
    waiting: Vec<Trial>,
    runs: Vec<Run>,
    /// How many were not made, since they would have been too many.
    left_out: usize,
}

impl<'c> Trials<'c> {
    fn new(
        check: &'c Check<'c>,
        rights: &'c Rights,
        webhooks: Option<&'c [Webhook]>,
        namespaces: BTreeMap<String, Value>,
    ) -> Self {
        let (tried, waiting, runs) = (BTreeSet::new(), Vec::new(), Vec::new());
        Self { check, rights, webhooks, namespaces, tried, waiting, runs, left_out: 0 }
    }

    /// Tries the Pod of a workload, and a plain Pod in its namespace. Pods that are alike are tried once.
    fn add(&mut self, object: &Value, judged: &Judged, wanted: &Wanted) {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
        let template = wanted.kinds.iter().find(|((_, kind), _)| object["kind"] == *kind);
        let template = template.map(|(_, path)| listed::template(object, path));
        let own = template.and_then(|template| Trial::of(judged.object.clone(), namespace, template));
        for trial in [Some(Trial::plain(namespace)), own].into_iter().flatten() {
            if !self.tried.insert(fingerprint(&trial.pod)) {
                continue;
            }
            if self.runs.len() + self.waiting.len() >= self.check.most_trials {
                self.left_out += 1;
                continue;
            }
            self.waiting.push(trial);
        }
        if self.waiting.len() >= BATCH {
            self.make();
        }
    }

    fn make(&mut self) {
        let trials = std::mem::take(&mut self.waiting);
        if !self.rights.has(Right::DRY_RUNS) {
            self.left_out += trials.len();
            return;
        }
        let sent: Vec<(String, Value)> = trials.iter().map(|trial| (trial.path(), trial.pod.clone())).collect();
        for (trial, answer) in trials.into_iter().zip(self.check.connection.dry_run(&sent)) {
            let labels = &trial.pod["metadata"]["labels"];
            let of_namespace = self.namespaces.get(&trial.namespace);
            let called = self.webhooks.unwrap_or_default().iter().map(|webhook| match of_namespace {
                Some(of_namespace) => webhook.is_called(of_namespace, labels),
                // Without the namespace's labels nothing is sure.
                None => Answer::Unknown,
            });
            let called = called.collect();
            let outcome = trial.outcome(&answer);
            self.runs.push(Run { subject: trial.subject, namespace: trial.namespace, outcome, called });
        }
    }

    /// What there is to say of the trials; and that nothing strips, where objects tell of nothing else.
    fn findings(mut self, objects_are_whole: bool) -> Vec<Finding> {
        self.make();
        let mut findings = strips::check(&self.runs, self.webhooks);
        if !self.rights.has(Right::DRY_RUNS) {
            let text = format!("not known: the right to {} is missing", Right::DRY_RUNS);
            let advice = "It is used for dry runs alone, which store nothing.";
            findings.push(Finding::other(Group::Strips.about("dry-runs"), Status::Unknown, text, advice));
        } else if self.left_out > 0 {
            let text = format!("{} not tried", words::counted_as(self.left_out, "Pod was", "Pods were"));
            findings.push(Finding::other(
                Group::Strips.about("dry-runs"),
                Status::Unknown,
                text,
                "--max-dry-runs allows more.",
            ));
        } else if self.runs.is_empty() {
            findings.push(Finding::good(Group::Strips.about("dry-runs"), "no workloads to try"));
        } else if objects_are_whole && self.runs.iter().all(|run| matches!(run.outcome, Outcome::Kept)) {
            findings.push(Finding::good(Group::Strips.about("nothing"), "nothing strips restartPolicy: Always"));
        }
        findings
    }
}

/// What is the same for Pods that are alike.
fn fingerprint(pod: &Value) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    pod.to_string().hash(&mut hasher);
    hasher.finish()
}
