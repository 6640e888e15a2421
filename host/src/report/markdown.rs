//! Reviews as Markdown, for a comment on a pull request or the summary of a job.
//!
//! It is what GitHub makes of Markdown: <https://github.github.com/gfm/>

use native_sidecar_review::diff;
use native_sidecar_review::reviewer::Review;

use crate::report::output::Report;
use crate::report::paths;
use crate::report::pending::Pending;
use crate::report::summary::Summary;
use crate::report::text;

/// How long a page may get before more objects are only counted, in bytes: a comment takes 65,536 characters.
const LONGEST: usize = 60_000;

/// A page, which is printed at the end: a table of the objects that need something, and their changes.
#[derive(Debug, Default)]
pub struct Markdown {
    rows: String,
    changes: String,
    errors: String,
    left_out: usize,
}

impl Report for Markdown {
    fn object(&mut self, file: &str, review: &Review) -> String {
        let pending = Pending::of(review);
        let findings = review.open().map(|finding| format!("{} [{}]", review.brief(&finding.text), finding.rule.id));
        let pending = pending.iter().map(|change| review.brief(&change.text).to_owned());
        let texts: Vec<String> = findings.chain(pending).map(|text| escaped(&text)).collect();
        if texts.is_empty() {
            return String::new();
        }
        let (object, place) = (code(&review.object()), code(&format!("{file}:{}", review.line)));
        let row = format!("| {} | {object} | {place} | {} |\n", review.verdict.word(), texts.join("<br>"));
        let change = review.change.as_ref().map(|change| {
            let hunks = diff::hunks(&change.before, &change.after, change.line);
            let lines: String = hunks.iter().map(ToString::to_string).collect();
            format!("\n<details><summary>{object} at {place}</summary>\n\n{}\n</details>\n", block("diff", &lines))
        });
        self.add(row, change.unwrap_or_default());
        String::new()
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        self.problem("error", file, place, message)
    }

    fn warning(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        self.problem("warning", file, place, message)
    }

    fn end(&mut self, summary: &Summary) -> String {
        let closing_line = text::closing_line(summary);
        let mut page = format!("### Sidecars\n\n{}", anstream::adapter::strip_str(&closing_line));
        if !self.errors.is_empty() {
            page += &format!("\n{}", self.errors);
        }
        if !self.rows.is_empty() {
            page += &format!("\n| verdict | object | place | what is found |\n|---|---|---|---|\n{}", self.rows);
        }
        page += &self.changes;
        if self.left_out > 0 {
            page += &format!("\n{} more left out: the page would get too long.\n", self.left_out);
        }
        page
    }
}

impl Markdown {
    fn len(&self) -> usize {
        self.rows.len() + self.changes.len() + self.errors.len()
    }

    fn problem(&mut self, word: &str, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        let line = format!("- {word}: {}: {}\n", code(&paths::placed(file, place)), escaped(message));
        match self.len() + line.len() > LONGEST {
            true => self.left_out += 1,
            false => self.errors += &line,
        }
        String::new()
    }

    fn add(&mut self, row: String, change: String) {
        if self.len() + row.len() + change.len() > LONGEST {
            self.left_out += 1;
            return;
        }
        self.rows += &row;
        self.changes += &change;
    }
}

/// A text that is shown as it is, in one line: nothing in it is Markdown, HTML, a mention or the end of a table's cell.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => shown.extend(c.escape_default()),
            // An entity alone would still mention a user, or another issue.
            '@' | '#' => shown += &format!("&#{};&#8203;", u32::from(c)),
            c if c.is_ascii_punctuation() && !" .,:;/()'=-+?".contains(c) => shown += &format!("&#{};", u32::from(c)),
            c => shown.push(c),
        }
    }
    shown
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// A block of text, between more backticks than it has in a row.
fn block(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{text}{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_manifest_becomes_markdown() {
        assert_eq!(escaped("Pod shop/a-b at spec.x: \"y\""), "Pod shop/a-b at spec.x: &#34;y&#34;");
        assert_eq!(escaped("a|b`c`<b>&*_[x](y)"), "a&#124;b&#96;c&#96;&#60;b&#62;&#38;&#42;&#95;&#91;x&#93;(y)");
        assert_eq!(escaped("@team #1"), "&#64;&#8203;team &#35;&#8203;1");
        assert_eq!(escaped("a\n\u{1b}\\"), "a\\n\\u{1b}&#92;");
    }

    #[test]
    fn no_text_ends_its_block() {
        assert_eq!(block("diff", "+a\n"), "```diff\n+a\n```\n");
        assert_eq!(block("diff", " ```\n+````x\n"), "`````diff\n ```\n+````x\n`````\n");
    }

    #[test]
    fn a_page_does_not_get_too_long() {
        let mut page = Markdown::default();
        for _ in 0..3 {
            page.add("r".repeat(20_000), "c".repeat(5_000));
        }
        page.error("f", None, &"x".repeat(20_000));
        assert_eq!((page.len(), page.left_out), (50_000, 2));
    }
}
