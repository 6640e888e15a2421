//! `run`: evaluates one admission request as `kwctl run` does.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use native_sidecar_review::admission::AdmissionRequest;
use serde_json::Value;

use crate::cluster::connection::Connection;
use crate::cluster::lookups::Lookups;
use crate::command::cluster::ClusterArgs;
use crate::command::module::Module;
use crate::command::settings::SettingsArgs;
use crate::engine::host_calls::HostCalls;
use crate::engine::lookup::Answers;
use crate::engine::session::{Recorder, Replay};
use crate::package::metadata::Metadata;

/// Arguments of `run`, a part of those of `kwctl run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The policy: a file such as annotated-policy.wasm; by default the one inside this program
    #[arg(value_name = "POLICY", env = "NATIVE_SIDECAR_POLICY", hide_env_values = true)]
    policy: Option<String>,

    /// File with an AdmissionRequest or AdmissionReview, as JSON; `-` is standard input
    #[arg(long, short, value_name = "FILE")]
    request_path: String,

    #[command(flatten)]
    settings: SettingsArgs,

    /// Let the policy read the Kubernetes resources that its metadata names: from the cluster, or from a recorded session
    #[arg(long)]
    allow_context_aware: bool,

    #[command(flatten)]
    cluster: ClusterArgs,

    /// Write the policy's questions about Kubernetes resources, and the cluster's answers, to this file
    #[arg(long, value_name = "FILE", requires = "allow_context_aware")]
    record_host_capabilities_interactions: Option<PathBuf>,

    /// File with the answers to the policy's questions about Kubernetes resources, as kwctl records them
    #[arg(long, value_name = "FILE", conflicts_with = "record_host_capabilities_interactions")]
    replay_host_capabilities_interactions: Option<PathBuf>,
}

/// Prints the response as one line of JSON. What keeps the policy from being asked is an error; the order in which
/// things are checked is kwctl's.
pub fn run(args: &RunArgs) -> Result<()> {
    let file = args.policy.as_deref().map(|policy| Path::new(policy.strip_prefix("file://").unwrap_or(policy)));
    if let Some(path) = file.filter(|path| !path.exists()) {
        bail!("Cannot find policy with uri: {}", path.display());
    }
    let settings = args.settings.read()?;
    let review: Value = serde_json::from_str(&read_request(&args.request_path)?)?;
    let policy = Module::read(file)?;
    let metadata = policy.metadata()?;
    let request = AdmissionRequest::from_review(review)?.to_sorted_value()?;
    let (host_calls, recorder) = host_calls(args, metadata)?;
    let host_calls = Arc::new(host_calls);
    let engine = policy.engine()?.with_host_calls(Arc::clone(&host_calls));

    engine.check_settings(&settings)?;
    let response = engine.evaluate(&request, &settings);
    if host_calls.leftovers() > 0 {
        warn(&format!("recorded exchanges that have not been replayed: {}", host_calls.leftovers()));
    }
    if let (Some(recorder), Some(path)) = (recorder, &args.record_host_capabilities_interactions) {
        std::fs::write(path, recorder.session()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let line = serde_json::to_string(&response)? + "\n";
    Ok(io::stdout().write_all(line.as_bytes())?)
}

fn read_request(path: &str) -> Result<String> {
    if path == "-" {
        return io::read_to_string(io::stdin()).map_err(|error| anyhow!("Error reading request from stdin: {error}"));
    }
    std::fs::read_to_string(path).map_err(|error| anyhow!("Error opening request file {path}; {error}"))
}

/// Who answers the policy, and who records that.
fn host_calls(args: &RunArgs, metadata: Option<Metadata>) -> Result<(HostCalls, Option<Arc<Recorder<Lookups>>>)> {
    let wanted = metadata.map(|metadata| metadata.context_aware_resources).unwrap_or_default();
    let granted = match args.allow_context_aware {
        true => wanted,
        false => {
            if !wanted.is_empty() {
                warn("the policy reads Kubernetes resources; grant it that with --allow-context-aware");
            }
            BTreeSet::new()
        }
    };
    if let Some(session) = &args.replay_host_capabilities_interactions {
        return Ok((HostCalls::new(granted, Arc::new(Replay::of_file(session)?)), None));
    }
    if granted.is_empty() {
        return Ok((HostCalls::default(), None));
    }
    let lookups = Lookups::new(Arc::new(Connection::open(&args.cluster.target())?));
    match args.record_host_capabilities_interactions {
        None => Ok((HostCalls::new(granted, Arc::new(lookups)), None)),
        Some(_) => {
            let recorder = Arc::new(Recorder::new(lookups));
            Ok((HostCalls::new(granted, Arc::clone(&recorder) as Arc<dyn Answers>), Some(recorder)))
        }
    }
}

/// Prints a warning.
pub(super) fn warn(text: &str) {
    // A warning that nobody can see is no reason to fail.
    let _ = writeln!(io::stderr(), "warning: {text}");
}
