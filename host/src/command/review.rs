//! `review`: reads manifests, shows what the policy says of them, and writes what it makes of them.

use std::io::{self, IsTerminal, Write};
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

use crate::cluster::connection::Connection;
use crate::cluster::workloads::{self, NotListed, Wanted};
use crate::command::baseline::Baseline;
use crate::command::cluster::{self, LiveArgs};
use crate::command::configuration::{self, Configuration, ConfigurationArgs};
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
use crate::report::tally::Tally;
use crate::report::text::{self, Text};
use crate::source::SourceArgs;
use crate::source::chart::DocumentNames;
use crate::source::input::{Input, Origin, STDIN, Unreadable};
use crate::source::replace;
use crate::source::walk::{self, Exclude};

/// Arguments of `review`.
#[derive(Args, Debug)]
#[command(after_long_help = HELP)]
pub struct ReviewArgs {
    /// Manifests as YAML or JSON; of a folder: every *.yaml, *.yml and *.json in it; `-` is standard input
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
setting podTemplates adds kinds. Documents without apiVersion and kind are only counted, as are kustomizations. So are parts of objects, as patches and test assertions have them: an object \
without a name, or whose Pods have no containers, or one without a name or, unless the object has a selector, without an image.

--write changes only the lines that have to change: comments, order and quotes stay. A list item that moves takes its \
comments along. Where that is not possible (an anchor that is used elsewhere, say), the object is written anew \
without its comments, and the report says so. A file behind a link that leads out of what is named is not written.

A line of --output json has: file, document, line, apiVersion, kind, namespace, name, verdict (skipped, accepted, \
warned, changed, denied), leftOut, allowed, message, warnings, findings, repairs, patch, change (a unified diff); or, of an error: \
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
--policy-in-cluster takes settings, rules and selectors from a ClusterAdmissionPolicy there.

Exit codes: 0 nothing is as bad as --fail-on says, or worse; 1 something is; 2 something could not be read (in a folder: with --strict) or written, or \
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
    let fail_on = args.fail_on(&configuration);

    let exclude = [
        Exclude { folder: None, patterns: &args.source.exclude },
        Exclude { folder: configuration.folder(), patterns: &configuration.exclude },
    ];
    let mut inputs = walk::inputs(paths, &exclude)?;
    inputs.extend(rendered);
    let names = names(paths.iter().map(PathBuf::as_path).chain(args.source.rendered_from()));
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
    let reviewer = Reviewer::new(&engine, &settings).of_policy(deployed.as_ref());
    match &connection {
        Some(connection) => {
            session.cluster(&reviewer, connection, &args.live.wanted(&settings))?;
            session.finish(cluster::NAME)
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
    fn all(&mut self, reviewer: &Reviewer, inputs: Vec<Input>) -> Result<()> {
        for input in inputs {
            self.input(reviewer, &input)?;
            self.progress.file();
        }
        self.progress.finish();
        self.printer.print(&self.report.end(&self.summary))
    }

    /// What is left to do and to say when everything is reviewed.
    fn finish(&self, names: &str) -> Result<ExitCode> {
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
            bail!("nothing to review: no Kubernetes object in {names} (--allow-empty accepts that)");
        }
        Ok(ExitCode::from(self.fail_on.exit_code(&self.summary)))
    }

    /// Reviews what runs in a cluster.
    fn cluster(&mut self, reviewer: &Reviewer, connection: &Connection, wanted: &Wanted) -> Result<()> {
        let names = DocumentNames::same(cluster::NAME);
        let mut tally = Tally::default();
        let not_listed = workloads::each(connection, wanted, |object| {
            reviewer.review(cluster::NAME, &cluster::as_text(&object), |event| {
                if let Event::Object(review) = &event {
                    tally.add(review);
                }
                self.event(&names, true, event)
            })?;
            Ok::<(), anyhow::Error>(())
        })?;
        for NotListed { kind, failure } in not_listed {
            self.error(cluster::NAME, None, &format!("cannot list {kind}: {failure}"))?;
        }
        if let Some(baseline) = &mut self.baseline {
            baseline.reviewed(cluster::NAME);
        }
        self.progress.finish();
        if self.args.output == Format::Text {
            self.printer.print(&tally.table())?;
        }
        self.printer.print(&self.report.end(&self.summary))
    }

    fn input(&mut self, reviewer: &Reviewer, input: &Input) -> Result<()> {
        let name = input.name();
        let text = match input.read() {
            Ok(text) => text,
            Err(Unreadable { place, message }) => {
                return self.unreadable(input.is_named, &name, place.as_ref(), &message);
            }
        };
        if let Some(place) = input.template(&text) {
            return self.template(input.is_named, &name, &place);
        }
        let names = input.document_names(&name, &text);
        let problems = self.summary.errors + self.summary.unreadable;
        let edits = reviewer.review(&name, &text, |event| self.event(&names, input.is_named, event))?;
        let is_whole = problems == self.summary.errors + self.summary.unreadable;
        if let Some(baseline) = self.baseline.as_mut().filter(|_| is_whole) {
            baseline.reviewed(&name);
        }
        let after = edit::apply(&text, 0..text.len(), &edits);
        if !edits.is_empty() {
            self.rewritten(&name, &text, &after, &input.origin)?;
        }
        if self.args.write {
            self.write(&input.origin, &name, &after, !edits.is_empty())?;
        }
        Ok(())
    }

    fn write(&mut self, origin: &Origin, name: &str, after: &str, is_changed: bool) -> Result<()> {
        let (path, file, is_inside) = match origin {
            Origin::Stdin => return Ok(io::stdout().write_all(after.as_bytes())?),
            Origin::File { path, file, is_inside } if is_changed => (path, file, *is_inside),
            _ => return Ok(()),
        };
        let written = match file {
            Some(file) if !is_inside => {
                Err(anyhow!("the link leads to {}, which is outside of what was named", file.display()))
            }
            file => replace::replace(file.as_ref().unwrap_or(path), after.as_bytes()),
        };
        match written {
            Ok(()) => self.summary.written += 1,
            Err(error) => self.error(name, None, &format!("cannot write: {error:#}"))?,
        }
        Ok(())
    }

    /// Shows what all changes together make of a file.
    fn rewritten(&mut self, file: &str, before: &str, after: &str, origin: &Origin) -> Result<()> {
        let shown = match (self.args.output, origin) {
            (Format::Diff, Origin::Stdin | Origin::Rendered(..)) => {
                Err(anyhow!("a diff needs files to name; name them in place of what is rendered or piped"))
            }
            _ => self.report.rewritten(file, before, after),
        };
        match shown {
            Ok(text) => self.progress.suspend(|| self.printer.print(&text)),
            Err(error) => self.error(file, None, &format!("{error:#}")),
        }
    }

    fn event(&mut self, names: &DocumentNames, is_named: bool, event: Event) -> Result<()> {
        let mut review = match event {
            Event::Object(review) => review,
            Event::Other => {
                self.summary.others += 1;
                return Ok(());
            }
            Event::Error(error) => {
                return self.unreadable(is_named, names.at(error.line), Some(&error), &error.message);
            }
            Event::Mistake(mistake) => return self.note(names.at(mistake.line), &mistake),
            Event::Unused(unused) if self.args.output == Format::Text => {
                return self.note(names.at(unused.line), &unused);
            }
            Event::Unused(_) => return Ok(()),
        };
        let file = names.at(review.line);
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

    /// What can't be read is an error where the user named it, and a warning where it only is in a folder.
    fn unreadable(&mut self, is_named: bool, name: &str, place: Option<&yaml::Error>, message: &str) -> Result<()> {
        if is_named || self.args.source.strict {
            return self.error(name, place, message);
        }
        self.summary.unreadable += 1;
        let text = self.report.warning(name, place, message);
        self.print_problem(&text)
    }

    fn template(&mut self, is_named: bool, name: &str, place: &yaml::Error) -> Result<()> {
        if is_named || self.args.source.strict {
            return self.error(name, Some(place), &place.message);
        }
        self.summary.templates += 1;
        let text = self.report.template(name);
        self.print_problem(&text)
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> Result<()> {
        self.summary.errors += 1;
        let text = self.report.error(file, place, message);
        self.print_problem(&text)
    }

    fn print_problem(&self, text: &str) -> Result<()> {
        self.progress.suspend(|| match self.args.output.has_errors_apart() {
            true => self.printer.print_error(text),
            false => self.printer.print(text),
        })
    }

    /// Something about a file that is no error.
    fn note(&self, file: &str, place: &yaml::Error) -> Result<()> {
        self.progress.suspend(|| self.printer.print_error(&text::note(file, place)))
    }
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
