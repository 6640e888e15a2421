//! The comments of a document.

use std::ops::Range;

use crate::read::{Content, Document, Node};

/// Returns the comments of a document of this text, each from its `#` to the end of its line.
pub fn comments<'t>(text: &'t str, document: &Document) -> Vec<&'t str> {
    let mut scalars = Vec::new();
    collect(&document.root, &mut scalars);
    scalars.sort_by_key(|range| range.start);
    let mut scalars = scalars.into_iter().peekable();
    let mut comments = Vec::new();
    let mut position = document.range.start;
    while let Some(found) = text.get(position..document.range.end).and_then(|rest| rest.find('#')) {
        let start = position + found;
        while scalars.next_if(|scalar| scalar.end <= start).is_some() {}
        let is_content = scalars.peek().is_some_and(|scalar| scalar.contains(&start));
        // The header of a block scalar may have a comment, which ends with its line.
        if is_content || !text[..start].ends_with([' ', '\t', '\n']) && start > 0 {
            position = start + 1;
            continue;
        }
        let comment = text[start..].lines().next().unwrap_or_default();
        comments.push(comment.trim_end());
        position = start + comment.len();
    }
    comments
}

/// Collects where the scalars below a node stand.
fn collect(node: &Node, scalars: &mut Vec<Range<usize>>) {
    match &node.content {
        Content::Scalar(_) => scalars.push(node.range.clone()),
        Content::Alias(_) => {}
        Content::Sequence { items, .. } => items.iter().for_each(|item| collect(item, scalars)),
        Content::Mapping { entries, .. } => {
            for entry in entries {
                collect(&entry.key, scalars);
                collect(&entry.value, scalars);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::documents;

    #[test]
    fn comments_are_told_from_texts_with_a_number_sign() {
        let text = "\
# one
a: b#c # two
\"d #e\": 'f # g'
h: |
  # text
  more
# three
i: [ # four
  j, k ] # five
l: plain
  text #six
";
        let document = documents(text).next().unwrap().unwrap();
        let all = format!("---\n{text}");
        let second = documents(&all).next().unwrap().unwrap();
        assert_eq!(comments(text, &document), ["# two", "# three", "# four", "# five", "#six"]);
        assert_eq!(comments(&all, &second), ["# one", "# two", "# three", "# four", "# five", "#six"]);
    }
}
