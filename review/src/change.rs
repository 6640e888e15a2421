//! What becomes of the text of objects of which the policy makes others.

use serde_json::Value;
use yaml::edit::{self, Edit};
use yaml::{Document, Node, comments};

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
        let before = text[lines.clone()].to_owned();
        let loses_comments = before.contains('#') && loses_comments(text, document, edits);
        Change { line: self.node.line, before, after: edit::apply(text, lines, edits), loses_comments }
    }

    /// Returns the edits that write the object anew.
    fn anew(&self, text: &str) -> Vec<Edit> {
        edit::rewrite(text, self.node, &self.after)
    }
}

/// Whether a document has comments that it has no more after these edits.
fn loses_comments(text: &str, document: &Document, edits: &[Edit]) -> bool {
    let after = edit::apply(text, document.range.clone(), edits);
    let comments = |text: &str| comments::comments(text).into_iter().map(|comment| comment.text.trim().to_owned());
    let mut kept: Vec<String> = comments(&after).collect();
    let before = text.get(document.range.clone()).unwrap_or_default();
    comments(before).any(|comment| {
        let found = kept.iter().position(|kept| *kept == comment);
        found.map(|found| kept.swap_remove(found)).is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
        assert!(loses(text, json!({"a": 2, "b": ["c", "d"], "e": "#"})));
    }
}
