//! Shows reviews to a person, or to a program as JSON Lines, SARIF or JUnit XML.

pub mod junit;
pub mod sarif;

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::reviewer::{Change, Review, Verdict};
use crate::yaml;

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;

/// Where longer lines of a manifest are cut off, in characters.
const LONGEST_LINE: usize = 300;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const HINT: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const NOTE: Style = AnsiColor::Cyan.on_default();

/// A way to show reviews. What each call returns is to be printed then.
pub trait Report {
    /// What the policy says of an object.
    fn object(&mut self, file: &str, review: &Review) -> String;

    /// What is wrong with a file, and where.
    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String;

    /// What there was in all.
    fn end(&mut self, summary: &Summary) -> String;
}

/// Text for a person.
#[derive(Debug)]
pub struct Text {
    /// How many columns it may have.
    pub width: usize,
}

impl Report for Text {
    fn object(&mut self, file: &str, review: &Review) -> String {
        text(file, review, self.width)
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        text_error(file, place, message)
    }

    fn end(&mut self, summary: &Summary) -> String {
        summary.text()
    }
}

/// A line of JSON for each object and each error.
#[derive(Debug)]
pub struct JsonLines;

impl Report for JsonLines {
    fn object(&mut self, file: &str, review: &Review) -> String {
        json_line(file, review)
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        json_error(file, place, message)
    }

    fn end(&mut self, _: &Summary) -> String {
        String::new()
    }
}

/// How many objects got which verdict, and what else there was.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Objects that are good as they are.
    pub accepted: usize,
    /// Objects that are let through with a warning.
    pub warned: usize,
    /// Objects that are let through in another form.
    pub changed: usize,
    /// Objects that are not let through.
    pub denied: usize,
    /// Objects of kinds that the policy does not judge.
    pub skipped: usize,
    /// Documents that are no Kubernetes objects.
    pub others: usize,
    /// What could not be read or written.
    pub errors: usize,
    /// Files that were rewritten.
    pub written: usize,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Accepted => "accepted",
            Self::Warned => "warned",
            Self::Changed => "changed",
            Self::Denied => "denied",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Skipped => DIM,
            Self::Accepted => GOOD,
            Self::Warned => HINT,
            Self::Changed => NOTE.bold(),
            Self::Denied => BAD.bold(),
        }
    }
}

impl Summary {
    /// Counts a review.
    pub fn count(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Skipped => &mut self.skipped,
            Verdict::Accepted => &mut self.accepted,
            Verdict::Warned => &mut self.warned,
            Verdict::Changed => &mut self.changed,
            Verdict::Denied => &mut self.denied,
        } += 1;
    }

    /// The closing line.
    pub fn text(&self) -> String {
        let judged = self.accepted + self.warned + self.changed + self.denied;
        let noun = if judged == 1 { "object" } else { "objects" };
        let verdicts = [
            (GOOD, self.accepted, "accepted"),
            (HINT, self.warned, "warned"),
            (NOTE, self.changed, "changed"),
            (BAD, self.denied, "denied"),
        ];
        let verdicts = verdicts.iter().filter(|(_, count, _)| *count > 0);
        let verdicts: Vec<_> = verdicts.map(|(style, count, word)| format!("{style}{count} {word}{style:#}")).collect();
        let mut text = format!("{BOLD}{judged} {noun}{BOLD:#}");
        if !verdicts.is_empty() {
            text += &format!(": {}", verdicts.join(", "));
        }
        let rest = [
            (self.skipped, "of another kind", "of other kinds"),
            (self.others, "other document", "other documents"),
            (self.written, "file rewritten", "files rewritten"),
            (self.errors, "error", "errors"),
        ];
        for (count, one, many) in rest.into_iter().filter(|(count, ..)| *count > 0) {
            text += &format!("; {count} {}", if count == 1 { one } else { many });
        }
        text + "\n"
    }
}

/// A review for a person: a line, the findings, and what would change.
fn text(file: &str, review: &Review, width: usize) -> String {
    let style = review.verdict.style();
    let Review { line, kind, namespace, name, .. } = review;
    let mut text = format!("{style}{:<8}{style:#}  {}:{line}  ", review.verdict.word(), visible(file));
    let object = visible(&review.object());
    match review.verdict {
        Verdict::Skipped => text += &format!("{DIM}{object}{DIM:#}\n"),
        _ => text += &format!("{BOLD}{object}{BOLD:#}\n"),
    }
    let reference = format!("{kind}/{namespace}/{name}: ");
    for finding in &review.findings {
        let style = if finding.denies { BAD } else { HINT };
        text += &bullet(style, finding.text.strip_prefix(&reference).unwrap_or(&finding.text), width);
    }
    if let Some(change) = &review.change {
        text += &diff(change);
        if change.loses_comments && change.before.contains('#') {
            text += &bullet(HINT, "written anew: comments in this object are lost", width);
        }
    } else if review.verdict == Verdict::Changed {
        text += &bullet(HINT, "no way found to write the change into this file; see the patch in --output json", width);
    }
    text
}

fn bullet(style: Style, text: &str, width: usize) -> String {
    let options = textwrap::Options::new(width)
        .initial_indent("  - ")
        .subsequent_indent("    ")
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let wrapped = textwrap::fill(&visible(text), options);
    format!("{}\n", wrapped.replacen("  - ", &format!("  {style}-{style:#} "), 1))
}

/// A unified diff, with the line numbers of the file.
fn diff(change: &Change) -> String {
    let diff = TextDiff::from_lines(&change.before, &change.after);
    let mut text = String::new();
    for group in diff.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let range = |start: usize, end: usize| format!("{},{}", start + change.line, end - start);
        let old = range(first.old_range().start, last.old_range().end);
        let new = range(first.new_range().start, last.new_range().end);
        text += &format!("    {NOTE}@@ -{old} +{new} @@{NOTE:#}\n");
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = visible(change.value().trim_end_matches(['\n', '\r']));
            text += &match change.tag() {
                ChangeTag::Equal if line.is_empty() => "\n".to_owned(),
                ChangeTag::Equal => format!("     {line}\n"),
                ChangeTag::Delete => format!("    {BAD}-{line}{BAD:#}\n"),
                ChangeTag::Insert => format!("    {GOOD}+{line}{GOOD:#}\n"),
            };
        }
    }
    text
}

/// A review as one line of JSON.
fn json_line(file: &str, review: &Review) -> String {
    let response = review.response.as_ref();
    let patch = response.and_then(|response| response.operations().ok());
    let line = json!({
        "file": file,
        "document": review.document,
        "line": review.line,
        "apiVersion": review.api_version,
        "kind": review.kind,
        "namespace": review.namespace,
        "name": review.name,
        "verdict": review.verdict.word(),
        "allowed": response.is_none_or(|response| response.allowed),
        "message": response.and_then(|response| response.status.as_ref()?.message.as_deref()),
        "warnings": response.and_then(|response| response.warnings.as_deref()).unwrap_or_default(),
        "patch": patch.map_or_else(|| json!([]), |patch| json!(patch)),
    });
    format!("{line}\n")
}

/// What is wrong with a file, as one line of JSON.
fn json_error(file: &str, place: Option<&yaml::Error>, message: &str) -> String {
    let mut line = json!({"file": file});
    if let (Some(error), Value::Object(line)) = (place, &mut line) {
        line.insert("line".to_owned(), error.line.into());
        line.insert("column".to_owned(), error.column.into());
    }
    line["error"] = message.into();
    format!("{line}\n")
}

/// What is wrong with a file, for a person.
fn text_error(file: &str, place: Option<&yaml::Error>, message: &str) -> String {
    let mut text = format!("{BAD}error{BAD:#}: {}", visible(file));
    if let Some(error) = place {
        // Writing to a string can't fail.
        let _ = write!(text, ":{}:{}", error.line, error.column);
    }
    text + &format!(": {}\n", visible(message))
}

/// A text without what a terminal would take for a command, and not too long for anybody to read.
fn visible(text: &str) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        match c {
            _ if count == LONGEST_LINE && text.len() > 4 * LONGEST_LINE => return shown + "…",
            c if c.is_control() && c != '\t' => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_summary_counts_what_there_is() {
        assert_eq!(plain(&Summary::default().text()), "0 objects\n");
        let one = Summary { denied: 1, skipped: 1, others: 1, errors: 1, written: 1, ..Summary::default() };
        let text = "1 object: 1 denied; 1 of another kind; 1 other document; 1 file rewritten; 1 error\n";
        assert_eq!(plain(&one.text()), text);
        let two =
            Summary { accepted: 2, warned: 2, changed: 2, denied: 2, skipped: 2, others: 2, errors: 2, written: 2 };
        let text = "8 objects: 2 accepted, 2 warned, 2 changed, 2 denied; 2 of other kinds; 2 other documents; 2 files \
            rewritten; 2 errors\n";
        assert_eq!(plain(&two.text()), text);
    }

    #[test]
    fn a_diff_has_the_line_numbers_of_the_file() {
        let lines = |from: usize| (from..20).map(|number| format!("line {number}\n")).collect::<String>();
        let before = lines(1);
        let after = before.replace("line 10\n", "line ten\nand more\n");
        let change = Change { line: 101, before, after, loses_comments: false };
        let text = "    @@ -107,7 +107,8 @@
     line 7
     line 8
     line 9
    -line 10
    +line ten
    +and more
     line 11
     line 12
     line 13
";
        assert_eq!(plain(&diff(&change)), text);
    }

    #[test]
    fn a_terminal_is_told_nothing_by_a_manifest() {
        assert_eq!(visible("a\u{1b}[31m\tb\r"), "a\\u{1b}[31m\tb\\r");
        assert_eq!(visible(&"x".repeat(5000)).chars().count(), LONGEST_LINE + 1);
        assert_eq!(visible(&"x".repeat(500)).len(), 500);
    }

    #[test]
    fn findings_are_wrapped_and_indented() {
        let text = "container \"log\" at spec.containers[1] is a sidecar in the legacy form (well-known).";
        let wrapped = "  - container \"log\" at\n    spec.containers[1] is a\n    sidecar in the legacy form\n    (well-known).\n";
        assert_eq!(plain(&bullet(BAD, text, 32)), wrapped);
    }
}
