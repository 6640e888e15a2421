//! `review`: reads manifests, shows what the policy says of them, and writes what it makes of them.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use native_sidecar_review::policy::Policy;
use native_sidecar_review::reviewer::Reviewer;
use native_sidecar_review::rules::Rule;
use serde_json::Value;

use crate::command::baseline::Baseline;
use crate::command::cluster::{self, LiveArgs};
use crate::command::configuration::{self, Configuration, ConfigurationArgs};
use crate::command::module::Module;
use crate::command::printer::Printer;
use crate::command::session::{Options, Session};
use crate::command::settings::SettingsArgs;
use crate::report::fail_on::FailOn;
use crate::report::format::Format;
use crate::report::paths;
use crate::source::SourceArgs;
use crate::source::input::{Input, STDIN};
use crate::source::walk::{self, Exclude};

/// Arguments of `review`.
#[derive(Args, Debug)]
#[command(after_long_help = HELP)]
pub struct ReviewArgs {
    /// Manifests, as YAML or JSON; a folder means every *.yaml, *.yml and *.json in it; `-` is standard input
    #[arg(value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    source: SourceArgs,

    #[command(flatten)]
    live: LiveArgs,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    configuration: ConfigurationArgs,

    /// Another policy than the one inside this program: a file such as annotated-policy.wasm
    #[arg(long, short, value_name = "FILE", env = "NATIVE_SIDECAR_POLICY", hide_env_values = true)]
    policy: Option<PathBuf>,

    /// Write the changes into the files; with `-`, write all manifests, changed where needed, to standard output
    #[arg(long, short, visible_alias = "fix")]
    write: bool,

    /// Format of the report
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    output: Format,

    /// The mildest verdict that makes the exit code 1; by default denied
    #[arg(long, value_name = "VERDICT")]
    fail_on: Option<FailOn>,

    /// Accept that there is nothing to review, which is an error otherwise
    #[arg(long)]
    allow_empty: bool,

    /// File with the findings that are known: only others count
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Write the present findings into the file of --baseline
    #[arg(long)]
    write_baseline: bool,

    /// Explain a rule with an example and its settings, and review nothing
    #[arg(long, value_name = "RULE", value_parser = PossibleValuesParser::new(Rule::all().map(|rule| rule.id)))]
    explain: Option<String>,

    /// Leave out objects that are fine
    #[arg(long, short)]
    quiet: bool,

    /// Whether to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: clap::ColorChoice,
}

const HELP: &str = "\
Each object is sent to the policy as a request to create it. Objects of kinds without a Pod template are skipped; the \
setting podTemplates adds kinds. Documents without apiVersion and kind are only counted, as are kustomizations. So are parts of objects, as patches and test assertions have them: an object \
without a name, or whose Pods have no containers, or one without a name or, unless the object has a selector, without an image.

--write changes only the lines that have to change: comments, order and quotes stay. A list item that moves takes its \
comments along. Where that is not possible (an anchor that is used elsewhere, say), the object is written anew \
without its comments, and the report says so. A file behind a link that leads out of what is named is not written.

Each line of --output json has: file, document, line, apiVersion, kind, namespace, name, verdict (skipped, accepted, \
warned, changed, denied), leftOut, allowed, message, warnings, findings, repairs, patch, change (a unified diff), losesComments; or, of an error: \
file, line, column, error; of what is unreadable or a template in a folder: warning or skipped instead of error. An element of findings has: rule, severity (denied, warned), message, container, path, line, \
column, suppressed (comment, baseline), reason; one of repairs has: rule, container, path, line, column. --explain \
explains the rules that all formats name.

--output diff prints a patch for git apply or patch -p1, to be used in the same folder. It shows changes alone: that an \
object is denied, only the exit code says.

A comment ignores findings of the rules that it names: # native-sidecar: ignore[legacy,stripped] reason. It stands on the \
first line of a container, directly above it, or at the head of an object, where it holds for the whole object. Comments \
work in this command only, never in a cluster: there the policy denies what it denies, which allowed in --output json says.

A baseline names findings by file, object, rule and container, whether they deny or warn. Files that are not reviewed keep \
their entries when it is written anew. What is ignored or in the baseline does not count for the verdict and is counted in \
the last line. Neither keeps off a change: the setting exemptContainers does.

--settings-path takes the manifest of a policy, too, and obeys it as a whole: what its rules, its objectSelector and \
(by the names of namespaces) its namespaceSelector leave out is skipped, where it is not mutating a change is denied, and \
in mode monitor nothing is. What is not applied, such as matchConditions, is said first. Where a file holds several \
policies, --settings-policy chooses one by its name.

.native-sidecar.yaml holds what the command line does not say: settings (or settingsPath and settingsPolicy), exclude, \
failOn, baseline. It is looked for in the working folder and those above it, as far as the one with .git. Paths and globs \
in it are relative to its folder.

--cluster reviews every workload of a cluster, each once: what a controller made is its controller's, and a Pod that differs \
from its controller's template is shown by itself. Nodes, owners and webhooks are asked for as in the cluster. \
--policy-in-cluster takes settings, rules and selectors from a ClusterAdmissionPolicy there. In all outputs, file is \
NAMESPACE/KIND/NAME then, and there are no lines; in a baseline, it is <cluster>.

Exit codes: 0 nothing is as bad as --fail-on says, or worse; 1 something is; 2 something could not be read (in a folder: with --strict) or written, or \
there was nothing to review. From good to bad: accepted, warned, changed, denied. A change that --write has written does \
not count.";

impl ReviewArgs {
    /// What a review does with what it finds, by these arguments and by the configuration where they say nothing.
    fn options(&self, configuration: &Configuration) -> Options {
        let configured = configuration.fail_on.as_deref().and_then(|word| FailOn::from_str(word, false).ok());
        Options {
            format: self.output,
            fail_on: self.fail_on.or(configured).unwrap_or_default(),
            writes: self.write,
            writes_baseline: self.write_baseline,
            is_quiet: self.quiet,
            is_strict: self.source.strict,
            may_be_empty: self.allow_empty,
        }
    }
}

/// Reviews everything. What can't be read or written is reported, and the rest goes on.
pub fn run(args: &ReviewArgs) -> Result<ExitCode> {
    if let Some(rule) = args.explain.as_deref().and_then(Rule::named) {
        io::stdout().write_all(rule.text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    let rendered: Vec<Input> = args.source.rendered().collect();
    let connection = args.live.connection()?;
    let paths = match args.paths.as_slice() {
        [] if !rendered.is_empty() || connection.is_some() => &[][..],
        [] if io::stdin().is_terminal() => bail!("no manifests: name files or folders, or give them on standard input"),
        [] => &[PathBuf::from("-")],
        paths => paths,
    };
    let configuration = args.configuration.read()?;
    let (settings, deployed) = match connection.as_ref().and_then(|connection| args.live.policy(connection)) {
        Some(policy) => policy.map(|(settings, policy)| (settings, Some(policy)))?,
        None => configuration.settings(&args.settings)?,
    };
    let module = Module::read(args.policy.as_deref())?;
    let engine = match &connection {
        Some(connection) => cluster::engine(&module, connection)?,
        None => module.engine()?,
    };
    engine.check_settings(&settings).map_err(|error| configuration.blame(&args.settings, error))?;
    let baseline = args.baseline.clone().or_else(|| configuration.baseline.clone());
    if args.write_baseline && baseline.is_none() {
        bail!("--write-baseline needs --baseline FILE, or baseline in {}", configuration::FILE);
    }
    let baseline = baseline.map(|path| Baseline::open(&path, args.write_baseline)).transpose()?;

    let exclude = [
        Exclude { folder: None, patterns: &args.source.exclude },
        Exclude { folder: configuration.folder(), patterns: &configuration.exclude },
    ];
    let mut inputs = walk::inputs(paths, &exclude)?;
    inputs.extend(rendered);
    let names = names(paths.iter().map(PathBuf::as_path).chain(args.source.rendered_from()));
    let to_stdout = args.write && paths.iter().any(is_stdin);
    let options = args.options(&configuration);
    let mut session = Session::new(options, Printer::new(args.color, to_stdout), baseline, inputs.len());
    session.begin(notes(args, &configuration, &settings, deployed.as_ref()))?;
    let reviewer = Reviewer::new(&engine, &settings).of_policy(deployed.as_ref());
    match &connection {
        Some(connection) => {
            session.cluster(&reviewer, connection, &args.live.wanted(&settings))?;
            session.finish(paths::CLUSTER)
        }
        None => {
            session.all(&reviewer, inputs)?;
            session.finish(&names)
        }
    }
}

/// What has to be known ahead of the report.
fn notes(args: &ReviewArgs, configuration: &Configuration, settings: &Value, policy: Option<&Policy>) -> Vec<String> {
    configuration.note(&args.configuration).into_iter().chain(policy.and_then(|policy| policy.note(settings))).collect()
}

/// The first of these paths, and how many more there are.
fn names<'p>(paths: impl Iterator<Item = &'p Path>) -> String {
    let named = |path: &Path| if path.as_os_str() == "-" { STDIN.to_owned() } else { path.display().to_string() };
    let all: Vec<String> = paths.map(named).collect();
    match all.get(3..).map_or(0, <[String]>::len) {
        0 => all.join(", "),
        more => format!("{} and {more} more", all[..3].join(", ")),
    }
}
