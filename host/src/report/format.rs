//! The formats of reports.

use clap::ValueEnum;

use crate::report::fail_on::FailOn;
use crate::report::github::Github;
use crate::report::json::JsonLines;
use crate::report::junit::Junit;
use crate::report::markdown::Markdown;
use crate::report::output::Report;
use crate::report::patch::Patch;
use crate::report::sarif::Sarif;
use crate::report::text::Text;

/// The format of a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
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
    pub fn has_errors_apart(self) -> bool {
        matches!(self, Self::Text | Self::Diff)
    }

    /// Returns an empty report. Text may have this many columns; in it, what is so bad fails.
    pub fn report(self, width: usize, fail_on: FailOn) -> Box<dyn Report> {
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
