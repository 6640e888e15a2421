//! `review`: reads manifests, shows what the policy says of them, and writes what it makes of them.

use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use native_sidecar_review::policy::Policy;
use native_sidecar_review::reviewer::{Event, Review, Reviewer, Verdict};
use native_sidecar_review::rules::Rule;
use serde_json::Value;
use yaml::edit;

use crate::command::baseline::Baseline;
use crate::command::configuration::{self, Configuration, ConfigurationArgs};
use crate::command::files::{self, Unreadable};
use crate::command::module::Module;
use crate::command::printer::Printer;
use crate::command::progress::Progress;
use crate::command::settings::SettingsArgs;
use crate::report::fail_on::FailOn;
use crate::report::github::Github;
use crate::report::json::JsonLines;
use crate::report::junit::Junit;
use crate::report::markdown::Markdown;
use crate::report::output::Report;
use crate::report::patch::Patch;
use crate::report::sarif::Sarif;
use crate::report::summary::Summary;
use crate::report::text::{self, Text};

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
    #[arg(long, short, visible_alias = "fix")]
    write: bool,

    /// What to print
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    output: Format,

    /// What makes the exit code 1; by default what is denied
    #[arg(long, value_name = "VERDICT")]
    fail_on: Option<FailOn>,

    /// Take it for no error that there is no Kubernetes object
    #[arg(long)]
    allow_empty: bool,

    /// A file with the findings that are known: only others count
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Write the findings that there are now into the file of --baseline
    #[arg(long)]
    write_baseline: bool,

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
warned, changed, denied), leftOut, allowed, message, warnings, findings, repairs, patch, change (a unified diff); or, of an error: \
file, line, column, error. An element of findings has: rule, severity (denied, warned), message, container, path, line, \
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

Exit codes: 0 nothing is as bad as --fail-on says, or worse; 1 something is; 2 something could not be read or written, or \
there was nothing to review. From good to bad: accepted, warned, changed, denied. A change that --write has written does \
not count.";

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
    /// For GitHub Actions: annotations beside the lines
    Github,
    /// For a pull request or a job's summary: a table, and the changes
    Markdown,
    /// For git apply: what --write would change
    Diff,
}

impl Format {
    /// Whether errors are for the eyes of a person, on standard error.
    fn has_errors_apart(self) -> bool {
        matches!(self, Self::Text | Self::Diff)
    }

    fn report(self, width: usize, fail_on: FailOn) -> Box<dyn Report> {
        match self {
            Self::Text => Box::new(Text { width }),
            Self::Json => Box::new(JsonLines),
            Self::Sarif => Box::<Sarif>::default(),
            Self::Junit => Box::new(Junit::new(fail_on)),
            Self::Github => Box::new(Github),
            Self::Markdown => Box::<Markdown>::default(),
            Self::Diff => Box::new(Patch),
        }
    }
}

impl ReviewArgs {
    /// What makes the review fail.
    fn fail_on(&self, configuration: &Configuration) -> FailOn {
        let configured = configuration.fail_on.as_deref().and_then(|word| FailOn::from_str(word, false).ok());
        self.fail_on.or(configured).unwrap_or_default()
    }
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
    let baseline = args.baseline.clone().or_else(|| configuration.baseline.clone());
    if args.write_baseline && baseline.is_none() {
        bail!("--write-baseline needs --baseline FILE, or baseline in {}", configuration::FILE);
    }
    let baseline = baseline.map(|path| Baseline::open(&path, args.write_baseline)).transpose()?;
    let fail_on = args.fail_on(&configuration);

    let inputs = files::manifests(paths);
    let to_stdout = args.write && paths.iter().any(is_stdin);
    let printer = Printer::new(args.color, to_stdout);
    let mut session = Session {
        args,
        report: args.output.report(printer.width, fail_on),
        printer,
        baseline,
        fail_on,
        summary: Summary::default(),
        progress: Progress::new(inputs.len(), args.output == Format::Text && io::stderr().is_terminal()),
    };
    for note in notes(args, &configuration, &settings, deployed.as_ref()) {
        session.printer.print_error(&format!("note: {note}\n"))?;
    }
    session.all(&Reviewer::new(&engine, &settings).of_policy(deployed.as_ref()), inputs)?;
    session.finish(paths)
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
    baseline: Option<Baseline>,
    fail_on: FailOn,
    summary: Summary,
    progress: Progress,
}

impl Session<'_> {
    fn all(&mut self, reviewer: &Reviewer, inputs: Vec<files::Found>) -> Result<()> {
        for input in inputs {
            match input {
                Ok(path) => self.input(reviewer, &path)?,
                Err(Unreadable { path, message }) => self.error(&path.display().to_string(), None, &message)?,
            }
            self.progress.file();
        }
        self.progress.finish();
        self.printer.print(&self.report.end(&self.summary))
    }

    /// What is left to do and to say when everything is reviewed.
    fn finish(&self, paths: &[PathBuf]) -> Result<ExitCode> {
        if let Some(baseline) = &self.baseline {
            baseline.write()?;
            if let (count @ 1.., false) = (baseline.gone(), self.args.write_baseline) {
                let entries = if count == 1 { "1 entry is" } else { &format!("{count} entries are") };
                let name = baseline.path().display();
                let text = format!("note: baseline {name}: {entries} gone; write it anew with --write-baseline\n");
                self.printer.print_error(&text)?;
            }
        }
        if self.summary.is_empty() && self.summary.errors == 0 && !self.args.allow_empty {
            bail!("nothing to review: no Kubernetes object in {} (--allow-empty accepts that)", names(paths));
        }
        Ok(ExitCode::from(self.fail_on.exit_code(&self.summary)))
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
        let errors = self.summary.errors;
        let edits = reviewer.review(&name, &text, |event| self.event(&name, event))?;
        if let Some(baseline) = self.baseline.as_mut().filter(|_| errors == self.summary.errors) {
            baseline.reviewed(&name);
        }
        let after = edit::apply(&text, 0..text.len(), &edits);
        if !edits.is_empty() {
            self.rewritten(&name, &text, &after, is_stdin)?;
        }
        if !self.args.write {
            return Ok(());
        }
        if is_stdin {
            return Ok(io::stdout().write_all(after.as_bytes())?);
        }
        if edits.is_empty() {
            return Ok(());
        }
        match files::replace(path, after.as_bytes()) {
            Ok(()) => self.summary.written += 1,
            Err(error) => self.error(&name, None, &format!("cannot write: {error:#}"))?,
        }
        Ok(())
    }

    /// Shows what all changes together make of a file.
    fn rewritten(&mut self, file: &str, before: &str, after: &str, is_stdin: bool) -> Result<()> {
        let shown = match (self.args.output, is_stdin) {
            (Format::Diff, true) => Err(anyhow!("a diff needs files to name; name them in place of standard input")),
            _ => self.report.rewritten(file, before, after),
        };
        match shown {
            Ok(text) => self.progress.suspend(|| self.printer.print(&text)),
            Err(error) => self.error(file, None, &format!("{error:#}")),
        }
    }

    fn event(&mut self, file: &str, event: Event) -> Result<()> {
        let mut review = match event {
            Event::Object(review) => review,
            Event::Other => {
                self.summary.others += 1;
                return Ok(());
            }
            Event::Error(error) => return self.error(file, Some(&error), &error.message),
            Event::Mistake(mistake) => return self.note(file, &mistake),
            Event::Unused(unused) if self.args.output == Format::Text => return self.note(file, &unused),
            Event::Unused(_) => return Ok(()),
        };
        if let Some(baseline) = &mut self.baseline {
            baseline.suppress(file, &mut review);
        }
        self.summary.count(&review, self.args.write);
        if review.verdict == Verdict::Changed && review.change.is_none() {
            self.stuck(file, &review)?;
        }
        self.progress.object();
        if self.args.quiet && matches!(review.verdict, Verdict::Accepted | Verdict::Skipped) {
            return Ok(());
        }
        let text = self.report.object(file, &review);
        self.progress.suspend(|| self.printer.print(&text))
    }

    /// A change that can't be written: a migration must not take the file for done.
    fn stuck(&mut self, file: &str, review: &Review) -> Result<()> {
        match self.args.output {
            Format::Diff => {
                let message = format!("no way found to write the change of {} into this file", review.object());
                self.error(&format!("{file}:{}", review.line), None, &message)?;
            }
            // The report says so.
            _ if self.args.write => self.summary.errors += 1,
            _ => {}
        }
        Ok(())
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> Result<()> {
        self.summary.errors += 1;
        let text = self.report.error(file, place, message);
        self.progress.suspend(|| match self.args.output.has_errors_apart() {
            true => self.printer.print_error(&text),
            false => self.printer.print(&text),
        })
    }

    /// Something about a file that is no error.
    fn note(&self, file: &str, place: &yaml::Error) -> Result<()> {
        self.progress.suspend(|| self.printer.print_error(&text::note(file, place)))
    }
}

/// The first of these paths, and how many more there are.
fn names(paths: &[PathBuf]) -> String {
    let named = |path: &PathBuf| if path.as_os_str() == "-" { STDIN.to_owned() } else { path.display().to_string() };
    let first: Vec<String> = paths.iter().take(3).map(named).collect();
    match paths.len() - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
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
