//! Reviews as commands to GitHub Actions, which shows them beside the lines of the files.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use native_sidecar_review::place::Place;
use native_sidecar_review::reviewer::Review;
use native_sidecar_review::rules::Rule;

use crate::report::output::Report;
use crate::report::pending::Pending;
use crate::report::summary::Summary;
use crate::report::text;

/// Commands to GitHub Actions.
#[derive(Debug)]
pub struct Github;

impl Report for Github {
    fn object(&mut self, file: &str, review: &Review) -> String {
        let findings = review.open().map(|finding| {
            let level = if finding.denies { "error" } else { "warning" };
            command(level, file, Some(finding.place), &title(finding.rule), &finding.text)
        });
        let pending = Pending::of(review);
        let pending = pending.map(|change| {
            let title = format!("pending change: {}", title(change.rule));
            command("notice", file, Some(change.place), &title, &change.text)
        });
        findings.chain(pending).collect()
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        command("error", file, place.map(Place::from), "not reviewed", message)
    }

    fn warning(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        command("warning", file, place.map(Place::from), "not reviewed", message)
    }

    fn end(&mut self, summary: &Summary) -> String {
        text::closing_line(summary)
    }
}

fn title(rule: Rule) -> String {
    format!("{} ({})", rule.title(), rule.id)
}

fn command(level: &str, file: &str, place: Option<Place>, title: &str, message: &str) -> String {
    let place = place.and_then(Place::written);
    let place = place.map(|place| format!(",line={},col={}", place.line, place.column)).unwrap_or_default();
    let file = property(file.strip_prefix("./").unwrap_or(file));
    format!("::{level} file={file}{place},title={}::{}\n", property(title), data(message))
}

/// A text behind a command. A line break in it would start another command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text in a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_manifest_becomes_a_command() {
        let place = Some(Place { line: 3, column: 7 });
        let expected =
            "::error file=a%2Cb%3A1.yaml,line=3,col=7,title=100%25%3A x::50%25%0D%0A::set-output name=a::b, c\n";
        assert_eq!(command("error", "./a,b:1.yaml", place, "100%: x", "50%\r\n::set-output name=a::b, c"), expected);
        assert_eq!(command("notice", "a", None, "t", "%0A"), "::notice file=a,title=t::%250A\n");
    }
}
