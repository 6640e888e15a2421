//! Prints reports to standard output or standard error.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anyhow::Result;

/// How wide text is where no terminal says how wide it is.
const WIDTH: usize = 100;

/// Prints text in colour or without.
pub struct Printer {
    /// Whether the report goes to standard error, as standard output is for the manifests.
    to_stderr: bool,
    is_coloured: bool,
    has_coloured_errors: bool,
    /// How many columns text may have.
    pub width: usize,
}

impl Printer {
    /// Prints in colour when this says so.
    pub fn new(color: clap::ColorChoice, to_stderr: bool) -> Self {
        let is_coloured = |auto: ColorChoice| match color {
            clap::ColorChoice::Always => true,
            clap::ColorChoice::Never => false,
            clap::ColorChoice::Auto => auto != ColorChoice::Never,
        };
        let (out, errors) = (AutoStream::choice(&io::stdout()), AutoStream::choice(&io::stderr()));
        let is_terminal = if to_stderr { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
        Self {
            to_stderr,
            is_coloured: is_coloured(if to_stderr { errors } else { out }),
            has_coloured_errors: is_coloured(errors),
            width: if is_terminal { textwrap::termwidth().max(40) } else { WIDTH },
        }
    }

    /// Prints a part of the report.
    pub fn print(&self, text: &str) -> Result<()> {
        let text = coloured(text, self.is_coloured);
        let result = match self.to_stderr {
            true => io::stderr().write_all(text.as_bytes()),
            false => io::stdout().write_all(text.as_bytes()),
        };
        Ok(result?)
    }

    /// Prints an error, for a person.
    pub fn print_error(&self, text: &str) -> Result<()> {
        Ok(io::stderr().write_all(coloured(text, self.has_coloured_errors).as_bytes())?)
    }
}

fn coloured(text: &str, is_coloured: bool) -> String {
    if is_coloured { text.to_owned() } else { anstream::adapter::strip_str(text).to_string() }
}
