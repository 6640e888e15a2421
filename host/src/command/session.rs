//! A review as it goes: texts come in, findings are shown, changes are written.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use native_sidecar_review::reviewer::{Event, Review, Reviewer, Verdict};
use yaml::edit;

use crate::cluster::connection::Connection;
use crate::cluster::workloads::{self, NotListed, Wanted};
use crate::command::baseline::Baseline;
use crate::command::cluster;
use crate::command::printer::Printer;
use crate::command::progress::Progress;
use crate::report::fail_on::FailOn;
use crate::report::format::Format;
use crate::report::output::Report;
use crate::report::paths::CLUSTER;
use crate::report::summary::Summary;
use crate::report::tally::Tally;
use crate::report::text;
use crate::source::chart::DocumentNames;
use crate::source::input::{Input, Origin, Unreadable};
use crate::source::replace;

/// What a review does with what it finds.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The format of the report.
    pub format: Format,
    /// What makes the review fail.
    pub fail_on: FailOn,
    /// Whether changes are written.
    pub writes: bool,
    /// Whether the baseline is written anew.
    pub writes_baseline: bool,
    /// Whether objects that are fine are left out of the report.
    pub is_quiet: bool,
    /// Whether what can't be read in a folder is an error.
    pub is_strict: bool,
    /// Whether there may be nothing to review.
    pub may_be_empty: bool,
}

/// A review of everything that was asked for.
pub struct Session {
    options: Options,
    report: Box<dyn Report>,
    printer: Printer,
    baseline: Option<Baseline>,
    summary: Summary,
    tally: Tally,
    progress: Progress,
}

impl Session {
    /// Begins a review of this number of files.
    pub fn new(options: Options, printer: Printer, baseline: Option<Baseline>, files: usize) -> Self {
        let Options { format, fail_on, .. } = options;
        let shows_progress = format == Format::Text && io::stderr().is_terminal();
        Self {
            options,
            report: format.report(printer.width, fail_on),
            printer,
            baseline,
            summary: Summary::default(),
            tally: Tally::default(),
            progress: Progress::new(files, shows_progress),
        }
    }

    /// Tells what has to be known ahead of the report.
    pub fn begin(&self, notes: impl IntoIterator<Item = String>) -> Result<()> {
        notes.into_iter().try_for_each(|note| self.printer.print_error(&format!("note: {note}\n")))
    }

    /// Reviews these texts.
    pub fn all(&mut self, reviewer: &Reviewer, inputs: Vec<Input>) -> Result<()> {
        for input in inputs {
            self.input(reviewer, &input)?;
            self.progress.file();
        }
        self.progress.finish();
        self.printer.print(&self.report.end(&self.summary))
    }

    /// Does what is left when everything is reviewed; `names` says what that was. Returns the exit code.
    pub fn finish(&self, names: &str) -> Result<ExitCode> {
        if let Some(baseline) = &self.baseline {
            baseline.write()?;
            if let (count @ 1.., false) = (baseline.gone(), self.options.writes_baseline) {
                let entries = if count == 1 { "1 entry is" } else { &format!("{count} entries are") };
                let name = baseline.path().display();
                let text = format!("note: baseline {name}: {entries} gone; write it anew with --write-baseline\n");
                self.printer.print_error(&text)?;
            }
        }
        if self.summary.is_empty() && self.summary.errors == 0 && !self.options.may_be_empty {
            bail!("nothing to review: no Kubernetes object in {names} (--allow-empty accepts that)");
        }
        Ok(ExitCode::from(self.options.fail_on.exit_code(&self.summary)))
    }

    /// Reviews what runs in a cluster.
    pub fn cluster(&mut self, reviewer: &Reviewer, connection: &Connection, wanted: &Wanted) -> Result<()> {
        if self.options.format == Format::Diff {
            bail!("a diff needs files to name, which a cluster has none of");
        }
        let names = DocumentNames::same(CLUSTER);
        let not_listed = workloads::each(connection, wanted, |object| {
            reviewer.review(CLUSTER, &cluster::as_text(&object), |event| match event {
                Event::Object(mut review) => {
                    review.forget_places();
                    self.object(&cluster::place(&review), CLUSTER, review)
                }
                event => self.event(&names, true, event),
            })?;
            Ok::<(), anyhow::Error>(())
        })?;
        let is_whole = wanted.is_all() && not_listed.is_empty();
        for NotListed { kind, failure } in not_listed {
            self.error(CLUSTER, None, &format!("cannot list {kind}: {failure}"))?;
        }
        if let Some(baseline) = self.baseline.as_mut().filter(|_| is_whole) {
            baseline.reviewed(CLUSTER);
        }
        self.progress.finish();
        if self.options.format == Format::Text {
            self.printer.print(&self.tally.table())?;
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
        if self.options.writes {
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
        let shown = match (self.options.format, origin) {
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
        let review = match event {
            Event::Object(review) => review,
            Event::Other => {
                self.summary.others += 1;
                return Ok(());
            }
            Event::Error(error) => {
                return self.unreadable(is_named, names.at(error.line), Some(&error), &error.message);
            }
            Event::Mistake(mistake) => return self.note(names.at(mistake.line), &mistake),
            Event::Unused(unused) if self.options.format == Format::Text => {
                return self.note(names.at(unused.line), &unused);
            }
            Event::Unused(_) => return Ok(()),
        };
        let file = names.at(review.line);
        self.object(file, file, review)
    }

    /// Shows what the policy says of an object, unless it is known. `source` is what a baseline calls the file.
    fn object(&mut self, file: &str, source: &str, mut review: Box<Review>) -> Result<()> {
        if let Some(baseline) = &mut self.baseline {
            baseline.suppress(source, &mut review);
        }
        self.tally.add(&review);
        self.summary.count(&review, self.options.writes);
        if review.verdict == Verdict::Changed && review.change.is_none() {
            self.stuck(file, &review)?;
        }
        self.progress.object();
        if self.options.is_quiet && matches!(review.verdict, Verdict::Accepted | Verdict::Skipped) {
            return Ok(());
        }
        let text = self.report.object(file, &review);
        self.progress.suspend(|| self.printer.print(&text))
    }

    /// A change that can't be written: a migration must not take the file for done.
    fn stuck(&mut self, file: &str, review: &Review) -> Result<()> {
        match self.options.format {
            Format::Diff => {
                let message = format!("no way found to write the change of {} into this file", review.object());
                self.error(&format!("{file}:{}", review.line), None, &message)?;
            }
            // The report says so.
            _ if self.options.writes => self.summary.errors += 1,
            _ => {}
        }
        Ok(())
    }

    /// What can't be read is an error where the user named it, and a warning where it only is in a folder.
    fn unreadable(&mut self, is_named: bool, name: &str, place: Option<&yaml::Error>, message: &str) -> Result<()> {
        if is_named || self.options.is_strict {
            return self.error(name, place, message);
        }
        self.summary.unreadable += 1;
        let text = self.report.warning(name, place, message);
        self.print_problem(&text)
    }

    fn template(&mut self, is_named: bool, name: &str, place: &yaml::Error) -> Result<()> {
        if is_named || self.options.is_strict {
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
        self.progress.suspend(|| match self.options.format.has_errors_apart() {
            true => self.printer.print_error(text),
            false => self.printer.print(text),
        })
    }

    /// Something about a file that is no error.
    fn note(&self, file: &str, place: &yaml::Error) -> Result<()> {
        self.progress.suspend(|| self.printer.print_error(&text::note(file, place)))
    }
}
