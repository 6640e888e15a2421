//! The parts of a text that have to be read one by one, as kubectl does.
//!
//! YAML wants `---` between documents, and a byte order mark only ahead of them. kubectl also reads JSON objects that follow
//! each other, as `jq` writes them, and a mark behind a separator, as where files were joined.

use std::iter;
use std::ops::Range;

use granit_parser::{Marker, Span};
use serde::de::IgnoredAny;

/// What files start with that some editors write.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A part of a text.
#[derive(Debug)]
pub struct Part<'t> {
    /// Its text.
    pub text: &'t str,
    /// Where it starts in the whole text.
    start: usize,
    /// The line it starts on, from 1.
    line: usize,
    /// The column it starts in, from 1.
    column: usize,
}

/// A place in the whole text.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where it is.
    pub range: Range<usize>,
    /// The line it starts on, from 1.
    pub line: usize,
    /// The column it starts in, from 1.
    pub column: usize,
}

impl Part<'_> {
    /// Returns the place of what a parser has found in this part.
    pub fn place(&self, span: &Span) -> Place {
        let range = span.byte_range().unwrap_or_default();
        let (line, column) = self.line_and_column(&span.start);
        Place { range: self.start + range.start..self.start + range.end, line, column }
    }

    /// Returns line and column of a parser's mark in this part.
    pub fn line_and_column(&self, marker: &Marker) -> (usize, usize) {
        let column = if marker.line() == 1 { self.column } else { 1 };
        (self.line + marker.line() - 1, column + marker.col())
    }
}

/// Returns the parts of a text: most have one.
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut line, mut column) = (0, 1, 1);
    for gap in gaps_of_json(text).into_iter().chain(gaps_of_marks(text)).chain(iter::once(text.len()..text.len())) {
        parts.push(Part { text: text.get(start..gap.start).unwrap_or_default(), start, line, column });
        let passed = text.get(start..gap.end).unwrap_or_default();
        let own_line = passed.rsplit('\n').next().unwrap_or_default().chars().count();
        line += passed.matches('\n').count();
        column = if passed.contains('\n') { own_line + 1 } else { column + own_line };
        start = gap.end;
    }
    parts
}

/// Between JSON objects of which the next follows without a separator.
fn gaps_of_json(text: &str) -> Vec<Range<usize>> {
    let json = text.trim_start_matches(BYTE_ORDER_MARK);
    let is_object = |text: &str| text.trim_start().starts_with('{');
    let mut gaps = Vec::new();
    if !is_object(json) {
        return gaps;
    }
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<IgnoredAny>();
    while let Some(Ok(_)) = values.next() {
        let end = values.byte_offset();
        if is_object(&json[end..]) {
            let end = text.len() - json.len() + end;
            gaps.push(end..end);
        }
    }
    gaps
}

/// Separators with a byte order mark behind them.
fn gaps_of_marks(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("\n\u{feff}").filter_map(|(line_break, _)| {
        let line = text[..line_break].rfind('\n').map_or(0, |found| found + 1);
        let is_separator = text[line..line_break].trim_start_matches(BYTE_ORDER_MARK).trim_end() == "---";
        is_separator.then_some(line..line_break + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        parts(text).iter().map(|part| part.text).collect()
    }

    #[test]
    fn json_objects_may_follow_each_other() {
        assert_eq!(texts("{\"a\": 1}\n{\"b\": 2} {}\n"), ["{\"a\": 1}", "\n{\"b\": 2}", " {}\n"]);
        assert_eq!(texts("\u{feff} {}{\"a"), ["\u{feff} {}", "{\"a"]);
        for one in
            ["{\"a\": \"{}\"}", "{a: 1}\n{b: 2}", "{}\n---\n{}\n", "{}\n[]\n", "{} # {}\n", "a: {}\n", "[{}, {}]", ""]
        {
            assert_eq!(texts(one), [one]);
        }
    }

    #[test]
    fn a_byte_order_mark_may_stand_behind_a_separator() {
        assert_eq!(texts("a: 1\n---\n\u{feff}b: 2\n"), ["a: 1\n", "\u{feff}b: 2\n"]);
        assert_eq!(texts("\u{feff}---\r\n\u{feff}---\r\n\u{feff}a\r\n"), ["", "", "\u{feff}a\r\n"]);
        for one in ["a: |\n  ---\n\u{feff}b\n", "a: 1\n\u{feff}b: 2\n", "\u{feff}a: 1\n"] {
            assert_eq!(texts(one), [one]);
        }
    }

    #[test]
    fn parts_know_where_they_start() {
        let starts = |text| parts(text).iter().map(|part| (part.start, part.line, part.column)).collect::<Vec<_>>();
        assert_eq!(starts("{\"é\": 1}{}\n{ }{\n}{}"), [(0, 1, 1), (9, 1, 9), (11, 1, 11), (15, 2, 4), (18, 3, 2)]);
        assert_eq!(starts("a: 1\n---\n\u{feff}b: 2\n"), [(0, 1, 1), (9, 3, 1)]);
    }
}
