//! Reviews as text for a person.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use native_sidecar_review::change::Change;
use native_sidecar_review::reviewer::{Review, Verdict};
use similar::{ChangeTag, TextDiff};

use crate::report::output::Report;
use crate::report::summary::Summary;

/// What to do about templates.
const RENDER: &str = "review what they render to, with --helm CHART or: helm template CHART | native-sidecar review -";

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

/// Text for a person.
#[derive(Debug)]
pub struct Text {
    /// How many columns it may have.
    pub width: usize,
}

impl Report for Text {
    fn object(&mut self, file: &str, review: &Review) -> String {
        object(file, review, self.width)
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        problem((BAD, "error"), file, place, message)
    }

    fn warning(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        problem((HINT, "warning"), file, place, message)
    }

    fn template(&mut self, _: &str) -> String {
        String::new()
    }

    fn end(&mut self, summary: &Summary) -> String {
        closing_line(summary)
    }
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Skipped => DIM,
        Verdict::Accepted => GOOD,
        Verdict::Warned => HINT,
        Verdict::Changed => NOTE.bold(),
        Verdict::Denied => BAD.bold(),
    }
}

/// The closing line.
fn closing_line(summary: &Summary) -> String {
    let judged = summary.accepted + summary.warned + summary.changed + summary.denied;
    let noun = if judged == 1 { "object" } else { "objects" };
    let verdicts = [
        (GOOD, summary.accepted, "accepted"),
        (HINT, summary.warned, "warned"),
        (NOTE, summary.changed, "changed"),
        (BAD, summary.denied, "denied"),
    ];
    let verdicts = verdicts.iter().filter(|(_, count, _)| *count > 0);
    let verdicts: Vec<_> = verdicts.map(|(style, count, word)| format!("{style}{count} {word}{style:#}")).collect();
    let mut text = format!("{BOLD}{judged} {noun}{BOLD:#}");
    if !verdicts.is_empty() {
        text += &format!(": {}", verdicts.join(", "));
    }
    let rest = [
        (summary.skipped, "of another kind", "of other kinds"),
        (summary.others, "other document", "other documents"),
        (summary.written, "file rewritten", "files rewritten"),
        (summary.unreadable, "unreadable", "unreadable"),
        (summary.errors, "error", "errors"),
    ];
    for (count, one, many) in rest.into_iter().filter(|(count, ..)| *count > 0) {
        text += &format!("; {count} {}", if count == 1 { one } else { many });
    }
    text.push('\n');
    if summary.templates > 0 {
        let noun = if summary.templates == 1 { "template" } else { "templates" };
        text += &format!("{} {noun} skipped: {RENDER}\n", summary.templates);
    }
    text
}

/// A review for a person: a line, the findings, and what would change.
fn object(file: &str, review: &Review, width: usize) -> String {
    let style = style(review.verdict);
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
        if change.loses_comments {
            text += &bullet(HINT, "comments are lost where the lines above are written anew", width);
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

/// What is wrong with a file, for a person.
fn problem((style, word): (Style, &str), file: &str, place: Option<&yaml::Error>, message: &str) -> String {
    let mut text = format!("{style}{word}{style:#}: {}", visible(file));
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
        assert_eq!(plain(&closing_line(&Summary::default())), "0 objects\n");
        let one = Summary { denied: 1, skipped: 1, others: 1, errors: 1, written: 1, ..Summary::default() };
        let text = "1 object: 1 denied; 1 of another kind; 1 other document; 1 file rewritten; 1 error\n";
        assert_eq!(plain(&closing_line(&one)), text);
        let two = Summary {
            accepted: 2,
            warned: 2,
            changed: 2,
            denied: 2,
            skipped: 2,
            others: 2,
            templates: 2,
            unreadable: 2,
            errors: 2,
            written: 2,
        };
        let text = "8 objects: 2 accepted, 2 warned, 2 changed, 2 denied; 2 of other kinds; 2 other documents; 2 files \
            rewritten; 2 unreadable; 2 errors\n2 templates skipped: review what they render to, with --helm CHART or: \
            helm template CHART | native-sidecar review -\n";
        assert_eq!(plain(&closing_line(&two)), text);
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
