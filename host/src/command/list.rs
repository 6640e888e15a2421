//! A list, which commands print as text or as JSON.

use std::io::{self, Write};

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::command::printer::Printer;

/// Arguments of commands that print a list.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// What to print
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

/// What to print.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: an array
    Json,
}

impl ListArgs {
    /// Prints the list in the form that is wanted; as text, in this many columns.
    pub fn print(&self, text: impl FnOnce(usize) -> String, json: impl FnOnce() -> Value) -> Result<()> {
        match self.output {
            Format::Text => {
                let printer = Printer::new(clap::ColorChoice::Auto, false);
                printer.print(&text(printer.width))
            }
            Format::Json => Ok(writeln!(io::stdout(), "{:#}", json())?),
        }
    }
}
