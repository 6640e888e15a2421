//! `review`: reads manifests, shows what the policy says of them, and writes what it makes of them.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use native_sidecar_review::reviewer::{Event, Reviewer, Verdict};
use native_sidecar_review::rules::Rule;
use serde_json::Value;
use yaml::edit;

use crate::command::policy_file;
use crate::command::printer::Printer;
use crate::command::progress::Progress;
use crate::command::settings::SettingsArgs;
use crate::engine::Engine;
use crate::report::json::JsonLines;
use crate::report::junit::Junit;
use crate::report::output::Report;
use crate::report::sarif::Sarif;
use crate::report::summary::Summary;
use crate::report::text::Text;
use crate::source::SourceArgs;
use crate::source::chart::DocumentNames;
use crate::source::input::{Input, Origin, Unreadable};
use crate::source::{replace, walk};

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
    settings: SettingsArgs,

    /// The policy; by default policy.wasm or annotated-policy.wasm here or where this program was built
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
setting podTemplates adds kinds. Documents without apiVersion and kind are only counted, as are kustomizations. So are parts of objects, as patches and test assertions have them: an object \
without a name, or whose Pods have no containers, or one without a name or, unless the object has a selector, without an image.

--write changes only the lines that have to change: comments, order and quotes stay. A list item that moves takes its \
comments along. Where that is not possible (an anchor that is used elsewhere, say), the object is written anew \
without its comments, and the report says so. A file behind a link that leads out of what is named is not written.

A line of --output json has: file, document, line, apiVersion, kind, namespace, name, verdict (skipped, accepted, \
warned, changed, denied), allowed, message, warnings, patch; or, of an error: file, line, column, error; of what is unreadable or a template in a folder: warning or skipped instead of error. The results of --output sarif and the \
tests of --output junit name the rule of each message, which --explain explains.

--settings-path takes the manifest of a policy, too, and uses its spec.settings. Where a file holds several policies, \
--settings-policy chooses one by its name.

Exit codes: 0 nothing is denied, 1 something is denied, 2 something could not be read (in a folder: with --strict) or written.";

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
    let rendered: Vec<Input> = args.source.rendered().collect();
    let paths = match args.paths.as_slice() {
        [] if !rendered.is_empty() => &[][..],
        [] if io::stdin().is_terminal() => bail!("no manifests: name files or folders, or give them on standard input"),
        [] => &[PathBuf::from("-")],
        paths => paths,
    };
    let settings = args.settings.read()?;
    let policy = args.policy.clone().map_or_else(policy_file::find, Ok)?;
    let engine = Engine::load(policy)?;
    engine.check_settings(&settings)?;

    let mut inputs = walk::inputs(paths, &args.source.exclude)?;
    inputs.extend(rendered);
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
    session.all(&engine, &settings, inputs)
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
    fn all(&mut self, engine: &Engine, settings: &Value, inputs: Vec<Input>) -> Result<ExitCode> {
        let reviewer = Reviewer::new(engine, settings);
        for input in inputs {
            self.input(&reviewer, &input)?;
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

    fn input(&mut self, reviewer: &Reviewer, input: &Input) -> Result<()> {
        let name = input.name();
        let text = match input.read() {
            Ok(text) => text,
            Err(Unreadable { place, message }) => return self.unreadable(input, &name, place.as_ref(), &message),
        };
        if let Some(place) = input.template(&text) {
            return self.template(input, &name, &place);
        }
        let names = input.document_names(&name, &text);
        let edits = reviewer.review(&name, &text, |event| self.event(input, &names, event))?;
        if !self.args.write {
            return Ok(());
        }
        let changed = || edit::apply(&text, 0..text.len(), &edits);
        match &input.origin {
            Origin::Stdin => Ok(io::stdout().write_all(changed().as_bytes())?),
            Origin::File { path, file, is_inside } if !edits.is_empty() => {
                let written = match file {
                    Some(file) if !is_inside => {
                        Err(anyhow!("the link leads to {}, which is outside of what was named", file.display()))
                    }
                    file => replace::replace(file.as_ref().unwrap_or(path), changed().as_bytes()),
                };
                match written {
                    Ok(()) => self.summary.written += 1,
                    Err(error) => self.error(&name, None, &format!("cannot write: {error:#}"))?,
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn event(&mut self, input: &Input, names: &DocumentNames, event: Event) -> Result<()> {
        let review = match event {
            Event::Object(review) => review,
            Event::Other => {
                self.summary.others += 1;
                return Ok(());
            }
            Event::Error(error) => return self.unreadable(input, names.at(error.line), Some(&error), &error.message),
        };
        self.summary.count(review.verdict);
        if self.args.write && review.verdict == Verdict::Changed && review.change.is_none() {
            // The report says so; a migration must not take the file for done.
            self.summary.errors += 1;
        }
        self.progress.object();
        if self.args.quiet && matches!(review.verdict, Verdict::Accepted | Verdict::Skipped) {
            return Ok(());
        }
        let text = self.report.object(names.at(review.line), &review);
        self.progress.suspend(|| self.printer.print(&text))
    }

    /// What can't be read is an error where the user named it, and a warning where it only is in a folder.
    fn unreadable(&mut self, input: &Input, name: &str, place: Option<&yaml::Error>, message: &str) -> Result<()> {
        if input.is_named || self.args.source.strict {
            return self.error(name, place, message);
        }
        self.summary.unreadable += 1;
        let text = self.report.warning(name, place, message);
        self.print_problem(&text)
    }

    fn template(&mut self, input: &Input, name: &str, place: &yaml::Error) -> Result<()> {
        if input.is_named || self.args.source.strict {
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
        self.progress.suspend(|| match self.args.output {
            Format::Text => self.printer.print_error(text),
            Format::Json | Format::Sarif | Format::Junit => self.printer.print(text),
        })
    }
}
