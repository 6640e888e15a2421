//! `check`: is a cluster ready for native sidecars, and what strips them?

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use native_sidecar_review::reviewer::{Event, Reviewer};
use serde_json::{Value, json};

use crate::check::advice::steps;
use crate::check::finding::exit_code;
use crate::check::workloads::Judged;
use crate::check::{Check, policies};
use crate::cluster::connection::Connection;
use crate::cluster::workloads::Wanted;
use crate::command::cluster::{self, ClusterArgs};
use crate::command::module::Module;
use crate::command::printer::Printer;
use crate::report::checklist;

/// Arguments of `check`.
#[derive(Args, Debug)]
#[command(after_long_help = HELP)]
pub struct CheckArgs {
    #[command(flatten)]
    cluster: ClusterArgs,

    /// Another policy than the one inside this program: a file such as annotated-policy.wasm
    #[arg(long, short, value_name = "FILE", env = "NATIVE_SIDECAR_POLICY", hide_env_values = true)]
    policy: Option<PathBuf>,

    /// Look at the workloads of this namespace alone
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<String>,

    /// Write a mutating and a validating ClusterAdmissionPolicy with the settings that the cluster can take today
    #[arg(long, value_name = "FILE")]
    emit_policy: Option<PathBuf>,

    /// How many Pods are sent through admission as dry runs at most
    #[arg(long, value_name = "NUMBER", default_value_t = 2000)]
    max_dry_runs: usize,

    /// Format of the report
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    output: Format,

    /// Whether to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: clap::ColorChoice,
}

const HELP: &str = "\
It reads, and sends Pods through admission as server-side dry runs; nothing is stored. The rights that it uses are in \
deploy/check.yaml; what it may not ask is shown as not known (?), with the right that is missing.

Each workload's own Pod, with a harmless native sidecar added, and a plain Pod in each namespace go through admission. Where \
the field restartPolicy: Always does not come back, the mutating webhooks that were called only there are named.

Workloads are judged with the settings of the policy of this module that is in the cluster; with the default ones where \
there is none.

Signs: ✔ good, ! something to know, ✘ native sidecars fail or something hangs, ? not known.
Exit codes: 0 nothing is bad, 1 something is (✘), 2 the cluster could not be asked.";

/// What to print.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: one JSON object
    Json,
}

/// Checks a cluster.
pub fn run(args: &CheckArgs) -> Result<ExitCode> {
    let connection = Arc::new(Connection::open(&args.cluster.target())?);
    let policies = policies::list(&connection);
    let settings = policies.as_deref().ok().and_then(policies::settings).unwrap_or_else(|| json!({}));
    let engine = cluster::engine(&Module::read(args.policy.as_deref())?, &connection)?;
    let settings = match engine.check_settings(&settings) {
        Ok(()) => settings,
        // Those of another version of the policy.
        Err(_) => json!({}),
    };
    let bar = progress_bar();
    let reviewer = Reviewer::new(&engine, &settings);
    let check = Check {
        connection: &connection,
        wanted: Wanted { kinds: cluster::kinds(), namespace: args.namespace.clone(), labels: String::new() },
        policies: &policies,
        most_trials: args.max_dry_runs,
        progress: &|what| bar.set_message(what.to_owned()),
    };
    let checked = check.run(&mut |object| judge(&reviewer, object));
    bar.finish_and_clear();
    let checked = checked.with_context(|| format!("cannot check {}", connection.server))?;
    if let Some(path) = &args.emit_policy {
        std::fs::write(path, checked.situation.policies())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let printer = Printer::new(args.color, false);
    let steps = steps(&checked.findings);
    printer.print(&match args.output {
        Format::Text => checklist::text(&checked.findings, &steps, printer.width),
        Format::Json => format!("{}\n", json!({"findings": checked.findings, "steps": steps})),
    })?;
    Ok(ExitCode::from(exit_code(&checked.findings)))
}

/// What the policy says of an object in the cluster.
fn judge(reviewer: &Reviewer<'_>, object: &Value) -> Result<Judged> {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    let mut judged = Judged { kind, object: String::new(), rules: Vec::new() };
    reviewer.review("cluster", &cluster::as_text(object), |event| -> Result<()> {
        if let Event::Object(review) = event {
            judged.object = review.object();
            judged.rules = review.findings.into_iter().map(|finding| (finding.rule.id, finding.text)).collect();
        }
        Ok(())
    })?;
    Ok(judged)
}

fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::default_spinner());
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}
