//! The comments of a text, with their places. What only looks like one, in a string or a block of text, is none.

use granit_parser::{Event, Parser, options};

use crate::parts::{Place, parts};

/// A comment.
#[derive(Debug, Eq, PartialEq)]
pub struct Comment {
    /// The line it stands on, from 1.
    pub line: usize,
    /// The column of its `#`, from 1.
    pub column: usize,
    /// Whether nothing else stands on its line.
    pub is_alone: bool,
    /// What it says: everything behind its `#`.
    pub text: String,
}

/// Returns the comments of a text in their order. Of a document with an error those behind the error may be missing.
pub fn comments(text: &str) -> Vec<Comment> {
    let mut comments = Vec::new();
    for part in parts(text) {
        let options = options! { emit_comments: true, max_buffered_comment_events: usize::MAX };
        let mut parser = Parser::new_from_str_with_options(part.text, options);
        loop {
            match parser.next_event() {
                Some(Ok((Event::Comment(comment, _), span))) => comments.push(at(text, part.place(&span), &comment)),
                Some(Ok(_)) => {}
                Some(Err(_)) if parser.proceed_next_document().unwrap_or(false) => {}
                Some(Err(_)) | None => break,
            }
        }
    }
    comments.sort_by_key(|comment| (comment.line, comment.column));
    comments
}

fn at(text: &str, place: Place, comment: &str) -> Comment {
    let lead = text.get(..place.range.start).unwrap_or_default();
    let own_line = lead.rsplit('\n').next().unwrap_or_default();
    Comment {
        line: place.line,
        column: place.column,
        is_alone: own_line.trim_start_matches('\u{feff}').trim().is_empty(),
        text: comment.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The comments of a text: place, `alone`, and what they say.
    fn told(text: &str) -> Vec<String> {
        let alone = |comment: &Comment| if comment.is_alone { " alone" } else { "" };
        let line = |comment: &Comment| {
            format!("{}:{}{}:{}", comment.line, comment.column, alone(comment), comment.text.trim_end())
        };
        comments(text).iter().map(line).collect()
    }

    #[test]
    fn comments_stand_anywhere() {
        let text = "\u{feff}# first\n--- # start\na: 1 # one\nlist:\n  # above\n  - x # é\n  -\n    # inside\n    y: {b: 1, # flow\n \
            c: 2}\n# end\n...\n# behind\n";
        let expected = [
            "1:1 alone: first",
            "2:5: start",
            "3:6: one",
            "5:3 alone: above",
            "6:7: é",
            "8:5 alone: inside",
            "9:15: flow",
            "11:1 alone: end",
            "13:1 alone: behind",
        ];
        assert_eq!(told(text), expected);
    }

    #[test]
    fn what_looks_like_a_comment_is_none() {
        let text =
            "a: 'x # no'\nb: \"x\n  # no\n  y\"\nc: | # header\n  # no\n  text\n # behind\nd: x#no\n\"e # no\": 1\n";
        assert_eq!(told(text), ["5:6: header", "8:2 alone: behind"]);
        assert_eq!(told("{\"a\": \"# no\"}"), Vec::<String>::new());
    }

    #[test]
    fn every_part_has_its_own() {
        assert_eq!(
            told("a: 1 # one\n---\n\u{feff}b: 2 # two\n# three\n"),
            ["1:6: one", "3:6: two", "4:1 alone: three"]
        );
        assert_eq!(told("{}\n{} # end\n"), ["2:4: end"]);
    }

    #[test]
    fn documents_behind_an_error_have_theirs() {
        assert_eq!(told("a: [ # one\n---\nb: 1 # two\n"), ["1:6: one", "3:6: two"]);
        let many = "# x\n".repeat(1000) + "a: 1\n" + &"# y\n".repeat(1000);
        assert_eq!(comments(&many).len(), 2000);
    }
}
