//! What a check of a cluster has found, as text for a person.

use anstyle::Style;

use crate::check::finding::{Finding, Status};
use crate::report::text::{BAD, BOLD, DIM, GOOD, HINT, visible};

fn style(status: Status) -> Style {
    match status {
        Status::Good => GOOD,
        Status::Unknown => DIM,
        Status::Warning => HINT,
        Status::Bad => BAD.bold(),
    }
}

/// The findings, under the headings of their groups, and the steps that remain.
pub fn text(findings: &[Finding], steps: &[String], width: usize) -> String {
    let mut text = String::new();
    let mut group = None;
    for finding in findings {
        if group.replace(finding.group) != Some(finding.group) {
            let gap = if text.is_empty() { "" } else { "\n" };
            text += &format!("{gap}{BOLD}{}{BOLD:#}\n", finding.group.title());
        }
        let style = style(finding.status);
        let sign = finding.status.sign();
        let line = wrapped(&finding.text, "  _ ", "    ", width);
        text += &line.replacen('_', &format!("{style}{sign}{style:#}"), 1);
        for detail in &finding.details {
            text += &wrapped(detail, "      ", "        ", width);
        }
        if !finding.advice.is_empty() {
            text += &wrapped(&finding.advice, "    → ", "      ", width);
        }
    }
    if !steps.is_empty() {
        text += &format!("\n{BOLD}What to do{BOLD:#}\n");
    }
    for (index, step) in steps.iter().enumerate() {
        text += &wrapped(step, &format!("  {}. ", index + 1), "     ", width);
    }
    text
}

fn wrapped(text: &str, first: &str, rest: &str, width: usize) -> String {
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    format!("{}\n", textwrap::fill(&visible(text), options))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::finding::Group;

    #[test]
    fn findings_stand_below_their_groups() {
        let findings = [
            Finding::good(Group::ApiServer.about("version"), "version v1.36.2"),
            Finding::other(Group::Nodes.about("too-old"), Status::Bad, "1 of 2 are too old", "Update these kubelets.")
                .of(["a (v1.27)".to_owned()]),
        ];
        let expected = "\
API server
  ✔ version v1.36.2

Nodes
  ✘ 1 of 2 are too old
      a (v1.27)
    → Update these kubelets.

What to do
  1. Update.
";
        let text = text(&findings, &["Update.".to_owned()], 80);
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), expected);
    }
}
