//! Reviews as text for a person.

use anstyle::{AnsiColor, Style};
use native_sidecar_review::change::Change;
use native_sidecar_review::diff;
use native_sidecar_review::findings::Suppression;
use native_sidecar_review::reviewer::{Review, Verdict};
use similar::ChangeTag;

use crate::report::output::Report;
use crate::report::paths;
use crate::report::summary::Summary;

/// What to do about templates.
const RENDER: &str = "review what they render to, with --helm CHART or: helm template CHART | native-sidecar review -";

/// Where longer lines of a manifest are cut off, in characters.
const LONGEST_LINE: usize = 300;

pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const HINT: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
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
        error(file, place, message)
    }

    fn warning(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        warning(file, place, message)
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

/// Returns the closing line.
pub fn closing_line(summary: &Summary) -> String {
    let judged = summary.judged();
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
    for (reason, count) in &summary.left_out {
        text += &format!("; {count} skipped: {reason}");
    }
    let rest = [
        (summary.skipped, "of another kind", "of other kinds"),
        (summary.others, "other document", "other documents"),
        (summary.known, "known finding (baseline)", "known findings (baseline)"),
        (summary.ignored, "ignored finding", "ignored findings"),
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
    let mut text = format!("{style}{:<8}{style:#}  {}:{}  ", review.verdict.word(), visible(file), review.line);
    let object = visible(&review.object());
    match review.verdict {
        Verdict::Skipped => {
            let reason = review.left_out.as_deref().map(|reason| format!(": {}", visible(reason))).unwrap_or_default();
            text += &format!("{DIM}{object}{reason}{DIM:#}");
        }
        _ => text += &format!("{BOLD}{object}{BOLD:#}"),
    }
    text += &format!("{}\n", suppressed(review));
    for finding in review.open() {
        let style = if finding.denies { BAD } else { HINT };
        text += &bullet(style, review.brief(&finding.text), width);
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

/// How many findings do not count, in brackets; empty where all do.
fn suppressed(review: &Review) -> String {
    let suppressions: Vec<_> = review.findings.iter().filter_map(|finding| finding.suppression.as_ref()).collect();
    let known = suppressions.iter().filter(|suppression| ***suppression == Suppression::Baseline).count();
    let counts = [(known, "known"), (suppressions.len() - known, "ignored")];
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    match counts.collect::<Vec<_>>().join(", ") {
        counts if counts.is_empty() => counts,
        counts => format!("  {DIM}({counts}){DIM:#}"),
    }
}

pub(super) fn bullet(style: Style, text: &str, width: usize) -> String {
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
    let mut text = String::new();
    for hunk in diff::hunks(&change.before, &change.after, change.line) {
        text += &format!("    {NOTE}{}{NOTE:#}\n", hunk.header);
        for (tag, line) in hunk.lines {
            let line = visible(line.trim_end_matches(['\n', '\r']));
            text += &match tag {
                ChangeTag::Equal if line.is_empty() => "\n".to_owned(),
                ChangeTag::Equal => format!("     {line}\n"),
                ChangeTag::Delete => format!("    {BAD}-{line}{BAD:#}\n"),
                ChangeTag::Insert => format!("    {GOOD}+{line}{GOOD:#}\n"),
            };
        }
    }
    text
}

/// Returns what is wrong with a file, for a person.
pub fn error(file: &str, place: Option<&yaml::Error>, message: &str) -> String {
    problem((BAD, "error"), file, place, message)
}

/// Returns what could not be read in a folder, for a person.
pub fn warning(file: &str, place: Option<&yaml::Error>, message: &str) -> String {
    problem((HINT, "warning"), file, place, message)
}

/// Returns what a person should know of a file that is no error.
pub fn note(file: &str, place: &yaml::Error) -> String {
    problem((HINT, "note"), file, Some(place), &place.message)
}

fn problem((style, word): (Style, &str), file: &str, place: Option<&yaml::Error>, message: &str) -> String {
    let file = paths::placed(&visible(file), place);
    format!("{style}{word}{style:#}: {file}: {}\n", visible(message))
}

/// A text without what a terminal would take for a command, and not too long for anybody to read.
pub(super) fn visible(text: &str) -> String {
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
            known: 2,
            ignored: 2,
            worst: Verdict::Denied,
            ..Summary::default()
        };
        let text = "8 objects: 2 accepted, 2 warned, 2 changed, 2 denied; 2 of other kinds; 2 other documents; 2 known \
            findings (baseline); 2 ignored findings; 2 files rewritten; 2 unreadable; 2 errors\n2 templates skipped: \
            review what they render to, with --helm CHART or: helm template CHART | native-sidecar review -\n";
        assert_eq!(plain(&closing_line(&two)), text);
        let left_out = [("not matched by the rules of ClusterAdmissionPolicy a".to_owned(), 3)].into();
        let policy = Summary { accepted: 1, skipped: 1, left_out, ..Summary::default() };
        let text = "1 object: 1 accepted; 3 skipped: not matched by the rules of ClusterAdmissionPolicy a; 1 of another kind\n";
        assert_eq!(plain(&closing_line(&policy)), text);
    }

    #[test]
    fn a_diff_has_the_line_numbers_of_the_file() {
        let lines = |from: usize| (from..20).map(|number| format!("line {number}\n")).collect::<String>();
        let before = lines(1);
        let after = before.replace("line 10\n", "line ten\nand more\n");
        let change = Change { line: 101, before, after, loses_comments: false, replacements: Vec::new() };
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
