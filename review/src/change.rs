//! What becomes of the text of objects of which the policy makes others.

use std::collections::HashMap;

use serde_json::Value;
use yaml::edit::{self, Edit};
use yaml::{Document, Node, comments};

use crate::place::Place;

/// How an object's lines would change.
#[derive(Debug, Eq, PartialEq)]
pub struct Change {
    /// The number of the first of these lines in the text, from 1.
    pub line: usize,
    /// The lines as they are.
    pub before: String,
    /// The lines as they would be.
    pub after: String,
    /// Whether comments are gone, as where the object had to be written anew.
    pub loses_comments: bool,
    /// What makes the change, from the first to the last.
    pub replacements: Vec<Replacement>,
}

/// A piece of text in the place of another.
#[derive(Debug, Eq, PartialEq)]
pub struct Replacement {
    /// Where what goes starts.
    pub start: Place,
    /// The place behind what goes; that of the start where something is only inserted.
    pub end: Place,
    /// What comes.
    pub text: String,
}

/// An object of which the policy makes another.
#[derive(Debug)]
pub struct Conversion<'d> {
    /// Where it is written.
    pub node: &'d Node,
    /// Its number in the List that it stands in.
    pub item: Option<usize>,
    /// The object as it is.
    pub before: &'d Value,
    /// The object as it would be.
    pub after: Value,
}

/// Returns the edits that make each of these conversions in a document; none where no edits are found that make them all,
/// and nothing else.
pub fn edits(text: &str, document: &Document, conversions: &[Conversion]) -> Option<Vec<Vec<Edit>>> {
    if conversions.is_empty() {
        return Some(Vec::new());
    }
    let mut expected = document.value.clone();
    for conversion in conversions {
        let place = match conversion.item {
            None => Some(&mut expected),
            Some(item) => expected.get_mut("items").and_then(|items| items.get_mut(item)),
        };
        if let Some(place) = place {
            place.clone_from(&conversion.after);
        }
    }
    let is_right = |edits: &Vec<Vec<Edit>>| {
        let text = edit::apply(text, document.range.clone(), &edits.concat());
        yaml::parse(&text).is_ok_and(|value| value == expected)
    };
    let careful = |each: &Conversion| edit::edits(text, each.node, each.before, &each.after);
    let careful: Vec<Vec<Edit>> = conversions.iter().map(careful).collect();
    if is_right(&careful) {
        return Some(careful);
    }
    let anew = conversions.iter().map(|each| each.anew(text)).collect();
    Some(anew).filter(is_right)
}

impl Conversion<'_> {
    /// Returns what these edits, which make the conversion, do to the lines of the object in its document.
    pub fn change(&self, text: &str, document: &Document, edits: &[Edit]) -> Change {
        let lines = edit::lines_of(text, self.node);
        let mut sorted: Vec<&Edit> = edits.iter().collect();
        sorted.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let mut known = (lines.start, Place { line: self.node.line, column: 1 });
        let replacement = |edit: &Edit| {
            let start = place(text, known, edit.range.start);
            let end = place(text, (edit.range.start, start), edit.range.end);
            known = (edit.range.end, end);
            Replacement { start, end, text: edit::apply(text, edit.range.clone(), std::slice::from_ref(edit)) }
        };
        let replacements = sorted.into_iter().map(replacement).collect();
        let before = text[lines.clone()].to_owned();
        Change {
            line: self.node.line,
            replacements,
            loses_comments: before.contains('#') && loses_comments(text, document, edits),
            before,
            after: edit::apply(text, lines, edits),
        }
    }

    /// Returns the edits that write the object anew.
    fn anew(&self, text: &str) -> Vec<Edit> {
        edit::rewrite(text, self.node, &self.after)
    }
}

/// Returns the place of an offset in the text, counted from another of which the place is known.
fn place(text: &str, known: (usize, Place), offset: usize) -> Place {
    // What is ahead of that is counted from the start of the text.
    let (from, Place { line, column }) = if offset < known.0 { (0, Place { line: 1, column: 1 }) } else { known };
    let passed = text.get(from..offset).unwrap_or_default();
    let own_line = passed.rsplit('\n').next().unwrap_or_default().chars().count();
    let column = if passed.contains('\n') { 1 } else { column } + own_line;
    Place { line: line + passed.matches('\n').count(), column }
}

/// Whether a document has comments that it has no more after these edits.
fn loses_comments(text: &str, document: &Document, edits: &[Edit]) -> bool {
    let after = edit::apply(text, document.range.clone(), edits);
    let comments = |text: &str| comments::comments(text).into_iter().map(|comment| comment.text.trim().to_owned());
    let mut kept: HashMap<String, usize> = HashMap::new();
    for comment in comments(&after) {
        *kept.entry(comment).or_default() += 1;
    }
    let before = text.get(document.range.clone()).unwrap_or_default();
    comments(before).any(|comment| match kept.get_mut(&comment) {
        Some(left @ 1..) => {
            *left -= 1;
            false
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A text in which replacements are made, as a program would that reads a report.
    fn replaced(text: &str, replacements: &[Replacement]) -> String {
        let offset = |place: Place| {
            let start: usize = text.split_inclusive('\n').take(place.line - 1).map(str::len).sum();
            start + text[start..].chars().take(place.column - 1).map(char::len_utf8).sum::<usize>()
        };
        let mut result = text.to_owned();
        for Replacement { start, end, text } in replacements.iter().rev() {
            result.replace_range(offset(*start)..offset(*end), text);
        }
        result
    }

    /// Makes the second of two documents another, and checks that the replacements make the same of it as the edits.
    fn check(second: &str, change: impl Fn(&mut Value)) -> Vec<Replacement> {
        let text = format!("é: 1\n---\n# head\n{second}");
        let document = yaml::documents(&text).nth(1).unwrap().unwrap();
        let mut after = document.value.clone();
        change(&mut after);
        let conversion = Conversion { node: &document.root, item: None, before: &document.value, after };
        let edits = edits(&text, &document, std::slice::from_ref(&conversion)).unwrap().remove(0);
        let change = conversion.change(&text, &document, &edits);
        assert_eq!(replaced(&text, &change.replacements), edit::apply(&text, 0..text.len(), &edits));
        change.replacements
    }

    #[test]
    fn replacements_make_the_change() {
        let place = |line, column| Place { line, column };
        let moved = |object: &mut Value| {
            let item = object["a"].as_array_mut().unwrap().remove(0);
            object["b"].as_array_mut().unwrap().push(item);
        };
        let replacements = check("a:\n- name: é\n- name: y\nb:\n- name: z", moved);
        let expected = [
            Replacement { start: place(5, 1), end: place(6, 1), text: String::new() },
            Replacement { start: place(8, 10), end: place(8, 10), text: "\n- name: é".to_owned() },
        ];
        assert_eq!(replacements, expected);
        check("a: {é: 1, b: 2}\r\n", |object| object["a"]["c"] = 3.into());
        check("a:\r\n  b: 2\r\n", |object| object["a"]["c"] = 3.into());
        check("a: &a [1]\nb: *a\n", |object| object["a"] = "x".into());
    }

    #[test]
    fn directives_belong_to_the_document() {
        let text = "%TAG !e! x:\n---\na: !e!x 1 # one\nb: 2 # two\n";
        assert!(!loses(text, json!({"a": "1", "b": 3})));
        assert!(!loses(text, json!({"a": "1", "b": 2, "c": 3})));
        assert!(loses(text, json!({"a": [1], "b": 2})));
    }

    #[test]
    fn many_comments_are_compared_in_time() {
        let comments: String = (0..50_000).map(|number| format!("# {number}\n")).collect();
        assert!(!loses(&format!("{comments}a: 1\n{comments}"), json!({"a": 2})));
    }

    fn loses(text: &str, after: Value) -> bool {
        let document = yaml::documents(text).next().unwrap().unwrap();
        let conversions = [Conversion { node: &document.root, item: None, before: &document.value, after }];
        let edits = edits(text, &document, &conversions).unwrap();
        conversions[0].change(text, &document, &edits[0]).loses_comments
    }

    #[test]
    fn lost_comments_are_noticed_wherever_they_were() {
        let text = "# kept\na: 1 # one\nb: [ # two\n  c, d]\ne: '#'\n";
        let value = |b: Value| json!({"a": 1, "b": b, "e": "#"});
        assert!(!loses(text, json!({"a": 1, "b": ["c", "d"], "e": "#", "f": 2})));
        assert!(!loses(text, value(json!(["c", "d", "e"]))));
        assert!(loses(text, value(json!(3))));
        assert!(!loses(text, json!({"a": 2, "b": ["c", "d"], "e": "#"})));
        assert!(loses(text, json!({"a": [2], "b": ["c", "d"], "e": "#"})));
        assert!(loses("a: &a [1] # one\nb: *a # two\n", json!({"a": "x", "b": [1]})));
    }
}
