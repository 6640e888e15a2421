//! What becomes of the text of objects of which the policy makes others.

use serde_json::Value;
use yaml::edit::{self, Edit};
use yaml::{Document, Node};

/// How an object's lines would change.
#[derive(Debug, Eq, PartialEq)]
pub struct Change {
    /// The number of the first of these lines in the text, from 1.
    pub line: usize,
    /// The lines as they are.
    pub before: String,
    /// The lines as they would be.
    pub after: String,
    /// Whether the object had to be written anew, so that its comments are gone.
    pub loses_comments: bool,
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
    /// Returns what these edits, which make the conversion, do to the lines of the object.
    pub fn change(&self, text: &str, edits: &[Edit]) -> Change {
        let lines = edit::lines_of(text, self.node);
        Change {
            line: self.node.line,
            before: text[lines.clone()].to_owned(),
            after: edit::apply(text, lines, edits),
            loses_comments: edits == self.anew(text),
        }
    }

    /// Returns the edits that write the object anew.
    fn anew(&self, text: &str) -> Vec<Edit> {
        edit::rewrite(text, self.node, &self.after)
    }
}
