//! `review`: reads manifests, shows what the policy says of them, and writes what it makes of them.

use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use native_sidecar_review::policy::Policy;
use native_sidecar_review::reviewer::{Event, Reviewer, Verdict};
use native_sidecar_review::rules::Rule;
use serde_json::Value;
use yaml::edit;

use crate::command::configuration::{Configuration, ConfigurationArgs};
use crate::command::files::{self, Unreadable};
use crate::command::module::Module;
use crate::command::printer::Printer;
use crate::command::progress::Progress;
use crate::command::settings::SettingsArgs;
use crate::report::json::JsonLines;
use crate::report::junit::Junit;
use crate::report::output::Report;
use crate::report::sarif::Sarif;
use crate::report::summary::Summary;
use crate::report::text::Text;

/// The name of standard input.
const STDIN: &str = "<stdin>";

/// Arguments of `review`.
#[derive(Args, Debug)]
#[command(after_long_help = HELP)]
pub struct ReviewArgs {
    /// Manifests as YAML or JSON; of a folder: every *.yaml, *.yml and *.json in it; `-` is standard input
    #[arg(value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    configuration: ConfigurationArgs,

    /// Another policy than the one inside this program: a file such as annotated-policy.wasm
    #[arg(long, short, value_name = "FILE", env = "NATIVE_SIDECAR_POLICY", hide_env_values = true)]
    policy: Option<PathBuf>,

    /// Put the changes into the files; of standard input: write the changed text to standard output
    #[arg(long, short)]
    write: bool,

    /// What to print
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    output: Format,

    /// Print what a rule means, why it matters, an example, and its settings; reviews nothing
    #[arg(long, value_name = "RULE", value_parser = PossibleValuesParser::new(Rule::all().map(|rule| rule.id)))]
    explain: Option<String>,

    /// Leave out objects that are fine
    #[arg(long, short)]
    quiet: bool,

    /// When to print in colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: clap::ColorChoice,
}

const HELP: &str = "\
Each object is sent to the policy as a request to create it. Objects of kinds without a Pod template are skipped; the \
setting podTemplates adds kinds. Documents without apiVersion and kind, kustomizations, and patches that say nothing of a Pod are only counted.

--write changes only the lines that have to change: comments, order and quotes stay. A list item that moves takes its \
comments along. Where that is not possible (an anchor that is used elsewhere, say), the object is written anew \
without its comments, and the report says so.

A line of --output json has: file, document, line, apiVersion, kind, namespace, name, verdict (skipped, accepted, \
warned, changed, denied), allowed, message, warnings, patch; or, of an error: file, line, column, error. The results of --output sarif and the \
tests of --output junit name the rule of each message, which --explain explains.

--settings-path takes the manifest of a policy, too, and obeys it as a whole: what its rules, its objectSelector and \
(by the names of namespaces) its namespaceSelector leave out is skipped, where it is not mutating a change is denied, and \
in mode monitor nothing is. What is not applied, such as matchConditions, is said first. Where a file holds several \
policies, --settings-policy chooses one by its name.

.native-sidecar.yaml holds what the command line does not say: settings (or settingsPath and settingsPolicy), exclude, \
failOn, baseline. It is looked for in the working folder and those above it, as far as the one with .git. Paths and globs \
in it are relative to its folder.

Exit codes: 0 nothing is denied, 1 something is denied, 2 something could not be read or written.";

/// What to print.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: one line of JSON for each object and each error
    Json,
    /// For code scanning and editors: SARIF 2.1.0, with a result for each message
    Sarif,
    /// For CI systems: JUnit XML, with a test for each object
    Junit,
}

/// Reviews everything. What can't be read or written is reported, and the rest goes on.
pub fn run(args: &ReviewArgs) -> Result<ExitCode> {
    if let Some(rule) = args.explain.as_deref().and_then(Rule::named) {
        io::stdout().write_all(rule.text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    let paths = match args.paths.as_slice() {
        [] if io::stdin().is_terminal() => bail!("no manifests: name files or folders, or give them on standard input"),
        [] => &[PathBuf::from("-")],
        paths => paths,
    };
    let configuration = args.configuration.read()?;
    let (settings, deployed) = configuration.settings(&args.settings)?;
    let engine = Module::read(args.policy.as_deref())?.engine()?;
    engine.check_settings(&settings).map_err(|error| configuration.blame(&args.settings, error))?;

    let inputs = files::manifests(paths);
    let to_stdout = args.write && paths.iter().any(is_stdin);
    let printer = Printer::new(args.color, to_stdout);
    let mut session = Session {
        args,
        report: match args.output {
            Format::Text => Box::new(Text { width: printer.width }),
            Format::Json => Box::new(JsonLines),
            Format::Sarif => Box::<Sarif>::default(),
            Format::Junit => Box::<Junit>::default(),
        },
        printer,
        summary: Summary::default(),
        progress: Progress::new(inputs.len(), args.output == Format::Text && io::stderr().is_terminal()),
    };
    for note in notes(args, &configuration, &settings, deployed.as_ref()) {
        session.printer.print_error(&format!("note: {note}\n"))?;
    }
    session.all(&Reviewer::new(&engine, &settings).of_policy(deployed.as_ref()), inputs)
}

/// What has to be known ahead of the report.
fn notes(args: &ReviewArgs, configuration: &Configuration, settings: &Value, policy: Option<&Policy>) -> Vec<String> {
    configuration.note(&args.configuration).into_iter().chain(policy.and_then(|policy| policy.note(settings))).collect()
}

/// A review of everything that was asked for.
struct Session<'a> {
    args: &'a ReviewArgs,
    report: Box<dyn Report>,
    printer: Printer,
    summary: Summary,
    progress: Progress,
}

impl Session<'_> {
    fn all(&mut self, reviewer: &Reviewer, inputs: Vec<files::Found>) -> Result<ExitCode> {
        for input in inputs {
            match input {
                Ok(path) => self.input(reviewer, &path)?,
                Err(Unreadable { path, message }) => self.error(&path.display().to_string(), None, &message)?,
            }
            self.progress.file();
        }
        self.progress.finish();
        self.printer.print(&self.report.end(&self.summary))?;
        Ok(ExitCode::from(match self.summary {
            Summary { errors: 1.., .. } => 2,
            Summary { denied: 1.., .. } => 1,
            _ => 0,
        }))
    }

    fn input(&mut self, reviewer: &Reviewer, path: &Path) -> Result<()> {
        let is_stdin = path.as_os_str() == "-";
        let name = if is_stdin { STDIN.to_owned() } else { path.display().to_string() };
        let text = match read(path, is_stdin) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => return self.error(&name, Some(&not_utf8(&error)), "not UTF-8"),
            },
            Err(error) => return self.error(&name, None, &error.to_string()),
        };
        let edits = reviewer.review(&name, &text, |event| self.event(&name, event))?;
        if !self.args.write {
            return Ok(());
        }
        if is_stdin {
            return Ok(io::stdout().write_all(edit::apply(&text, 0..text.len(), &edits).as_bytes())?);
        }
        if edits.is_empty() {
            return Ok(());
        }
        match files::replace(path, edit::apply(&text, 0..text.len(), &edits).as_bytes()) {
            Ok(()) => self.summary.written += 1,
            Err(error) => self.error(&name, None, &format!("cannot write: {error:#}"))?,
        }
        Ok(())
    }

    fn event(&mut self, file: &str, event: Event) -> Result<()> {
        let review = match event {
            Event::Object(review) => review,
            Event::Other => {
                self.summary.others += 1;
                return Ok(());
            }
            Event::Error(error) => return self.error(file, Some(&error), &error.message),
        };
        self.summary.count(&review);
        if self.args.write && review.verdict == Verdict::Changed && review.change.is_none() {
            // The report says so; a migration must not take the file for done.
            self.summary.errors += 1;
        }
        self.progress.object();
        if self.args.quiet && matches!(review.verdict, Verdict::Accepted | Verdict::Skipped) {
            return Ok(());
        }
        let text = self.report.object(file, &review);
        self.progress.suspend(|| self.printer.print(&text))
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> Result<()> {
        self.summary.errors += 1;
        let text = self.report.error(file, place, message);
        self.progress.suspend(|| match self.args.output {
            Format::Text => self.printer.print_error(&text),
            Format::Json | Format::Sarif | Format::Junit => self.printer.print(&text),
        })
    }
}

fn read(path: &Path, is_stdin: bool) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match is_stdin {
        true => io::stdin().read_to_end(&mut bytes)?,
        false => std::fs::File::open(path)?.read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}

fn not_utf8(error: &std::string::FromUtf8Error) -> yaml::Error {
    let (good, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
    let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = good.iter().rposition(|byte| *byte == b'\n').map_or(0, |position| position + 1);
    let column = String::from_utf8_lossy(&good[start..]).chars().count() + 1;
    yaml::Error { line, column, message: String::new() }
}
