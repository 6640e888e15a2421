//! Which cluster is meant, as the command line says it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Error, Result};
use clap::Args;
use native_sidecar_policy::describe::{self, KindDescription};
use native_sidecar_review::manifest::{self, Kinds};
use native_sidecar_review::policy::Policy;
use native_sidecar_review::reviewer::Review;
use serde_json::{Value, json};
use yaml::emit;

use crate::cluster::connection::{Connection, Target, encoded};
use crate::cluster::lookups::Lookups;
use crate::cluster::workloads::{GroupKind, Wanted};
use crate::command::module::Module;
use crate::engine::Engine;
use crate::engine::host_calls::HostCalls;
use crate::package::embedded;

/// Arguments that name a cluster.
#[derive(Args, Clone, Debug, Default)]
pub struct ClusterArgs {
    /// The kubeconfig file; by default that of kubectl, or the cluster that this runs in
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// The context in the kubeconfig; by default its current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

impl ClusterArgs {
    /// The cluster that they name.
    pub fn target(&self) -> Target {
        Target { kubeconfig: self.kubeconfig.clone(), context: self.context.clone() }
    }
}

/// Arguments of a review of what runs in a cluster.
#[derive(Args, Clone, Debug, Default)]
pub struct LiveArgs {
    /// Review the workloads that run in a cluster; needs the rights to list them
    #[arg(long, conflicts_with_all = ["paths", "helm", "kustomize", "write"])]
    cluster: bool,

    #[command(flatten)]
    target: ClusterArgs,

    /// With --cluster: review the workloads of this namespace alone
    #[arg(long, short, value_name = "NAME", requires = "cluster")]
    namespace: Option<String>,

    /// With --cluster: review the workloads with these labels alone, such as app=shop
    #[arg(long, short = 'l', value_name = "SELECTOR", requires = "cluster")]
    selector: Option<String>,

    /// With --cluster: take settings, rules and selectors from this ClusterAdmissionPolicy in the cluster
    #[arg(long, value_name = "NAME", requires = "cluster", conflicts_with_all = ["settings_path", "settings_json"])]
    policy_in_cluster: Option<String>,
}

impl LiveArgs {
    /// Connects to the cluster; None where files are reviewed.
    pub fn connection(&self) -> Result<Option<Arc<Connection>>> {
        self.cluster.then(|| Connection::open(&self.target.target()).map(Arc::new)).transpose()
    }

    /// Reads the policy in the cluster, with its settings; None where none is named.
    pub fn policy(&self, connection: &Connection) -> Option<Result<(Value, Policy)>> {
        let name = self.policy_in_cluster.as_deref()?;
        let read = || -> Result<(Value, Policy)> {
            let path = format!("/apis/policies.kubewarden.io/v1/clusteradmissionpolicies/{}", encoded(name));
            let text = connection.get(&path)?.to_string();
            let document = yaml::documents(&text).next().context("no answer")??;
            let objects = manifest::objects(&document);
            let object = objects.first().context("no object")?;
            let policy = Policy::read(object).map_err(Error::msg)?;
            let settings = object.value.pointer("/spec/settings").filter(|settings| settings.is_object());
            Ok((settings.cloned().unwrap_or_else(|| json!({})), policy))
        };
        Some(read().with_context(|| format!("cannot read ClusterAdmissionPolicy {name}")))
    }

    /// The workloads that are meant, with the kinds that these settings add.
    pub fn wanted(&self, settings: &Value) -> Wanted {
        let kind = |(group, kind): (&str, &str)| ((group.to_owned(), kind.to_owned()), Vec::new());
        let mut all: Vec<_> = Kinds::new(settings).added().map(kind).collect();
        all.extend(kinds());
        Wanted { kinds: all, namespace: self.namespace.clone(), labels: self.selector.clone().unwrap_or_default() }
    }
}

/// The engine, whose policy may ask this cluster for what the metadata of the embedded one names.
pub fn engine(module: &Module, connection: &Arc<Connection>) -> Result<Engine> {
    let metadata = embedded::metadata()?;
    let lookups = Lookups::new(Arc::clone(connection));
    let host_calls = HostCalls::new(metadata.context_aware_resources, Arc::new(lookups));
    Ok(module.engine()?.with_host_calls(Arc::new(host_calls)))
}

/// The kinds with Pod templates, and where these are. Pods come last, when their owners are known.
pub fn kinds() -> Vec<(GroupKind, Vec<String>)> {
    let kind = |kind: KindDescription| {
        let template: Vec<String> = kind.pod_template().map(str::to_owned).collect();
        ((kind.group.to_owned(), kind.kind.to_owned()), template)
    };
    let mut kinds: Vec<_> = describe::kinds().map(kind).collect();
    kinds.sort_by_key(|((_, kind), template)| (template.is_empty(), *kind == "ReplicaSet" || *kind == "Job"));
    kinds
}

/// What reports call an object that is in no file: `NAMESPACE/KIND/NAME`.
pub fn place(review: &Review) -> String {
    let parts = [&review.namespace, &review.kind, &review.name].map(String::as_str);
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// An object as text that can be reviewed: without its status, which nobody has written.
pub fn as_text(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.shift_remove("status");
    }
    emit::block(&object, 0, emit::Layout::default())
}
