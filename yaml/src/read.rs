//! Reads texts into documents, with the place of every node.
//!
//! JSON is YAML too, so this reads both. Plain scalars mean what they mean to kubectl, which follows YAML 1.1: see
//! [`scalar`]. Values that JSON can't express are errors, and so are duplicate keys.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::vec;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StrInput, StructureStyle, options};
use serde_json::{Map, Value};

use crate::parts::{Part, Place, parts};
use crate::scalar;

/// How many values the aliases of one document may stand for: a "billion laughs" file stops here.
const MAX_ALIASED_VALUES: usize = 1_000_000;

/// How deep nodes may nest, what aliases stand for among them. JSON that nests deeper is refused by Kubewarden, too.
const MAX_DEPTH: usize = 127;

/// What is wrong in a text, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Error {}

/// One document of a text.
#[derive(Debug)]
pub struct Document {
    /// Its number in the text, from 1.
    pub index: usize,
    /// Where it stands in the text, with its directives.
    pub range: Range<usize>,
    /// Its nodes.
    pub root: Node,
    /// Its value.
    pub value: Value,
}

/// A node of a document.
#[derive(Debug)]
pub struct Node {
    /// Where its content stands in the text, without anchor and tag. For a block collection: up to the next token.
    pub range: Range<usize>,
    /// The line it starts on, from 1.
    pub line: usize,
    /// The column it starts in, from 1.
    pub column: usize,
    /// What it is.
    pub content: Content,
    /// Its tag, unless it is one of YAML's own.
    pub tag: Option<String>,
}

/// What a node is.
#[derive(Debug)]
pub enum Content {
    /// A string, number, boolean or null.
    Scalar(Value),
    /// A list.
    Sequence {
        /// Its items.
        items: Vec<Node>,
        /// Whether it is written `[a, b]`.
        flow: bool,
    },
    /// A map.
    Mapping {
        /// Its entries.
        entries: Vec<Entry>,
        /// Whether it is written `{a: b}`.
        flow: bool,
    },
    /// `*anchor`: what the anchor stands for.
    Alias(Value),
}

/// An entry of a mapping.
#[derive(Debug)]
pub struct Entry {
    /// The key's name in JSON; None for the merge key `<<`.
    pub name: Option<String>,
    /// The key.
    pub key: Node,
    /// The value.
    pub value: Node,
}

/// The documents of a text. After a document with an error come those behind it.
pub fn documents(text: &str) -> Documents<'_> {
    Documents { text, parts: parts(text).into_iter(), current: None, index: 0, end: 0 }
}

/// The only document of a text; null where there is none.
pub fn parse(text: &str) -> Result<Value, Error> {
    let mut documents = documents(text);
    let Some(document) = documents.next().transpose()? else { return Ok(Value::Null) };
    match documents.next().transpose()? {
        None => Ok(document.value),
        Some(second) => Err(Error {
            line: second.root.line,
            column: second.root.column,
            message: "more than one document".to_owned(),
        }),
    }
}

/// Iterator of [`documents`].
pub struct Documents<'t> {
    text: &'t str,
    parts: vec::IntoIter<Part<'t>>,
    /// The part that is being read, and what reads it.
    current: Option<(Part<'t>, Parser<'t, StrInput<'t>>)>,
    index: usize,
    /// Where the last document ended.
    end: usize,
}

impl Iterator for Documents<'_> {
    type Item = Result<Document, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (part, parser) = match &mut self.current {
                Some(current) => current,
                none => none.insert(start(self.parts.next()?)),
            };
            match document(part, parser, &mut self.index).transpose() {
                None => self.current = None,
                Some(Ok(mut document)) => {
                    let lead = self.text.get(self.end..document.range.start).unwrap_or_default();
                    document.range.start -= directives(lead);
                    self.end = document.range.end;
                    return Some(Ok(document));
                }
                Some(Err(error)) => {
                    if !parser.proceed_next_document().unwrap_or(false) {
                        self.current = None;
                    }
                    return Some(Err(error));
                }
            }
        }
    }
}

fn start(part: Part<'_>) -> (Part<'_>, Parser<'_, StrInput<'_>>) {
    let options = options! { emit_comments: false, block_nesting_limit: MAX_DEPTH, flow_nesting_limit: MAX_DEPTH };
    let parser = Parser::new_from_str_with_options(part.text, options);
    (part, parser)
}

/// How much of the end of what stands ahead of a document are its directives: `%TAG !e! tag:example.org,2000:`.
fn directives(lead: &str) -> usize {
    let (mut length, mut passed) = (0, 0);
    for line in lead.split_inclusive('\n').rev() {
        passed += line.len();
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.starts_with('%') {
            length = passed;
        } else if !line.is_empty() && !line.starts_with('#') {
            break;
        }
    }
    length
}

/// The next document of a part, and the number of those so far; None where there is no more.
fn document<'t>(
    part: &Part<'t>,
    parser: &mut Parser<'t, StrInput<'t>>,
    index: &mut usize,
) -> Result<Option<Document>, Error> {
    let mut loader = Loader { part, parser, anchors: HashMap::new(), aliased: 0, depth: 0 };
    let start = loop {
        match loader.next()? {
            None | Some((Event::StreamEnd, _)) => return Ok(None),
            Some((Event::DocumentStart(..), place)) => break place.range.start,
            Some(_) => {}
        }
    };
    *index += 1;
    let root = loader.node()?;
    let value = loader.value(&root)?;
    let (_, end) = loader.expect()?;
    Ok(Some(Document { index: *index, range: start..end.range.start, root, value }))
}

/// Builds the nodes of one document.
struct Loader<'p, 't> {
    part: &'p Part<'t>,
    parser: &'p mut Parser<'t, StrInput<'t>>,
    /// The values of the anchors that are complete.
    anchors: HashMap<usize, Value>,
    /// How many values aliases have stood for so far.
    aliased: usize,
    /// How many nodes are open.
    depth: usize,
}

impl<'t> Loader<'_, 't> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Place)>, Error> {
        let next = self.parser.next_event().transpose().map_err(|error| self.error(&error))?;
        Ok(next.map(|(event, span)| (event, self.part.place(&span))))
    }

    /// What has to come next, as the document is not complete.
    fn expect(&mut self) -> Result<(Event<'t>, Place), Error> {
        let too_early = || Error { line: 1, column: 1, message: "the text ends too early".to_owned() };
        self.next()?.ok_or_else(too_early)
    }

    fn error(&self, error: &ScanError) -> Error {
        let (line, column) = self.part.line_and_column(error.marker());
        let message = match error.kind() {
            ErrorKind::RecursionLimitExceeded => too_deep(),
            ErrorKind::ExpectedDocumentStart => {
                "the document ends above: put --- ahead of this, or indent it as what it belongs to".to_owned()
            }
            _ => error.info(),
        };
        Error { line, column, message }
    }

    fn node(&mut self) -> Result<Node, Error> {
        let (event, place) = self.expect()?;
        self.node_from(event, place)
    }

    fn node_from(&mut self, event: Event<'t>, place: Place) -> Result<Node, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(at(&place, too_deep()));
        }
        let tag = event.tag().filter(|tag| tag.core_suffix().is_none()).map(ToString::to_string);
        let anchor = event.anchor_id();
        let Place { mut range, line, column } = place.clone();
        let content = match event {
            Event::Scalar(ref text, style, ..) => {
                let core = event.tag().map(|tag| tag.core_suffix().unwrap_or("str"));
                let plain = style == ScalarStyle::Plain;
                Content::Scalar(scalar::resolve(text, plain, core).map_err(|message| at(&place, message))?)
            }
            Event::SequenceStart(style, ..) => {
                let mut items = Vec::new();
                loop {
                    match self.expect()? {
                        (Event::SequenceEnd, end) => break range.end = end.range.end,
                        (event, place) => items.push(self.node_from(event, place)?),
                    }
                }
                Content::Sequence { items, flow: style == StructureStyle::Flow }
            }
            Event::MappingStart(style, ..) => {
                let mut entries: Vec<Entry> = Vec::new();
                let mut lines: HashMap<String, usize> = HashMap::new();
                loop {
                    let (name, key) = match self.expect()? {
                        (Event::MappingEnd, end) => break range.end = end.range.end,
                        (event, place) => self.key(event, place)?,
                    };
                    let name_of_first = name.clone().unwrap_or_else(|| "<<".to_owned());
                    if let Some(first) = lines.insert(name_of_first.clone(), key.line) {
                        let message = format!("duplicate key {name_of_first:?}, first on line {first}");
                        return Err(Error { line: key.line, column: key.column, message });
                    }
                    let value = self.node()?;
                    entries.push(Entry { name, key, value });
                }
                Content::Mapping { entries, flow: style == StructureStyle::Flow }
            }
            Event::Alias(anchor) => {
                let Some(value) = self.anchors.get(&anchor) else {
                    return Err(at(&place, "an alias inside of what it stands for".to_owned()));
                };
                // The alias itself is open already.
                if self.depth - 1 + depth(value) > MAX_DEPTH {
                    return Err(at(&place, too_deep()));
                }
                self.aliased += count(value);
                if self.aliased > MAX_ALIASED_VALUES {
                    return Err(at(&place, format!("aliases stand for more than {MAX_ALIASED_VALUES} values")));
                }
                Content::Alias(value.clone())
            }
            _ => return Err(at(&place, "no value".to_owned())),
        };
        self.depth -= 1;
        let node = Node { range, line, column, content, tag };
        if let Some(anchor) = anchor {
            let value = self.value(&node)?;
            self.anchors.insert(anchor, value);
        }
        Ok(node)
    }

    fn key(&mut self, event: Event<'t>, place: Place) -> Result<(Option<String>, Node), Error> {
        let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
        let key = self.node_from(event, place)?;
        let wrong = |message: &str| Error { line: key.line, column: key.column, message: message.to_owned() };
        let name = match &key.content {
            _ if is_merge => None,
            Content::Scalar(Value::String(text)) | Content::Alias(Value::String(text)) => Some(text.clone()),
            Content::Scalar(number @ (Value::Number(_) | Value::Bool(_))) => Some(number.to_string()),
            Content::Scalar(Value::Null) => return Err(wrong("a key is missing")),
            _ => return Err(wrong("a key must be a string")),
        };
        Ok((name, key))
    }

    /// The value of a complete node.
    fn value(&self, node: &Node) -> Result<Value, Error> {
        Ok(match &node.content {
            Content::Scalar(value) | Content::Alias(value) => value.clone(),
            Content::Sequence { items, .. } => items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?,
            Content::Mapping { entries, .. } => {
                let mut map = Map::with_capacity(entries.len());
                for entry in entries {
                    if let Some(name) = &entry.name {
                        map.insert(name.clone(), self.value(&entry.value)?);
                    }
                }
                for entry in entries.iter().filter(|entry| entry.name.is_none()) {
                    let merged = self.value(&entry.value)?;
                    let sources = if let Value::Array(sources) = merged { sources } else { vec![merged] };
                    for source in sources {
                        let Value::Object(source) = source else {
                            let message = "only maps can be merged with <<".to_owned();
                            return Err(Error { line: entry.key.line, column: entry.key.column, message });
                        };
                        // Whatever is there already, in the map itself or in an earlier source, wins.
                        for (name, value) in source {
                            map.entry(name).or_insert(value);
                        }
                    }
                }
                Value::Object(map)
            }
        })
    }
}

fn at(place: &Place, message: String) -> Error {
    Error { line: place.line, column: place.column, message }
}

fn too_deep() -> String {
    format!("nested deeper than {MAX_DEPTH} levels")
}

/// How many levels a value takes, itself among them.
fn depth(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(map) => map.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// How many values a value is made of, itself among them.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn documents_are_read_one_by_one() {
        let text = "# first\na: 1\n---\nb: [\n---\n---\n- c\n...\n";
        let read: Vec<_> = documents(text).map(|each| each.map(|each| (each.index, each.range, each.value))).collect();
        let unclosed = Error { line: 4, column: 4, message: "unclosed bracket '['".to_owned() };
        let expected = [
            Ok((1, 8..13, json!({"a": 1}))),
            Err(unclosed),
            Ok((3, 22..25, json!(null))),
            Ok((4, 26..34, json!(["c"]))),
        ];
        assert_eq!(read, expected);
        let ranges = |text: &str| documents(text).map(|each| each.unwrap().range).collect::<Vec<_>>();
        assert_eq!(
            ranges("%TAG !e! x:\n# one\n%YAML 1.1\n---\n!e!a b\n...\n# two\n%YAML 1.1\n---\nc\n"),
            [0..39, 49..64]
        );
        assert_eq!(ranges("# 1\n--- |\n%a\n---\nb\n"), [4..13, 13..18]);
        assert_eq!(documents("").count(), 0);
        assert_eq!(documents("# nothing\n").count(), 0);
    }

    #[test]
    fn what_kubectl_takes_apart_is_too() {
        let read = |text: &str| {
            let told = |document: Result<Document, Error>| match document {
                Ok(Document { index, range, root, value }) => {
                    format!("{index} {}:{} {:?} {value}", root.line, root.column, &text[range])
                }
                Err(error) => error.to_string(),
            };
            documents(text).map(told).collect::<Vec<_>>()
        };
        let expected = ["1 1:1 \"{\\\"a\\\": 1}\" {\"a\":1}", "2 2:2 \"{\\\"b\\\": 2}\" {\"b\":2}"];
        assert_eq!(read("{\"a\": 1}\n {\"b\": 2}"), expected);
        let expected = [
            "1 1:1 \"{\\\"a\\\": 1}\" {\"a\":1}",
            "line 1, column 18: duplicate key \"b\", first on line 1",
            "line 1, column 25: unclosed bracket '{'",
        ];
        assert_eq!(read("{\"a\": 1}{\"b\": 2, \"b\": 3}{"), expected);
        let expected = ["1 1:1 \"a: 1\\n\" {\"a\":1}", "2 3:1 \"b: 2\\n\" {\"b\":2}"];
        assert_eq!(read("a: 1\n---\n\u{feff}b: 2\n"), expected);
    }

    #[test]
    fn one_document_is_wanted() {
        assert_eq!(parse(""), Ok(json!(null)));
        assert_eq!(parse("\u{feff}a: b\r\n"), Ok(json!({"a": "b"})));
        assert_eq!(error("a: 1\n---\nb: 2\n"), "line 3, column 1: more than one document");
        let ends = "the document ends above: put --- ahead of this, or indent it as what it belongs to";
        for text in ["---\n{}\n{}\n", "[]\n\n[]\n", "  a: 1\n\nb: 2\n"] {
            assert_eq!(error(text), format!("line 3, column 1: {ends}"), "{text}");
        }
    }

    #[test]
    fn keys_are_strings_in_json() {
        assert_eq!(
            parse("{1: a, true: b, 0x10: c, 1.5: d, \"e\": f}"),
            Ok(json!({
                "1": "a", "true": "b", "16": "c", "1.5": "d", "e": "f"
            }))
        );
        assert_eq!(error("{[a]: b}"), "line 1, column 2: a key must be a string");
        assert_eq!(error("? \n: b"), "line 2, column 1: a key is missing");
        assert_eq!(error("a: 1\nb: 2\n\"a\": 3"), "line 3, column 1: duplicate key \"a\", first on line 1");
        assert_eq!(error("x:\n  1: a\n  \"1\": b"), "line 3, column 3: duplicate key \"1\", first on line 2");
    }

    #[test]
    fn anchors_and_merges_are_resolved() {
        let text = "a: &a {x: 1, w: 2}\nb: &b {x: 3, z: 4}\nc: {<<: *a, x: 5}\nd: {<<: [*a, *b]}\ne: [*a]\n\"<<\": 6\n";
        assert_eq!(
            parse(text),
            Ok(json!({
                "a": {"x": 1, "w": 2},
                "b": {"x": 3, "z": 4},
                "c": {"x": 5, "w": 2},
                "d": {"x": 1, "w": 2, "z": 4},
                "e": [{"x": 1, "w": 2}],
                "<<": 6,
            }))
        );
        assert_eq!(error("a: &a 1\nb:\n  <<: *a\n"), "line 3, column 3: only maps can be merged with <<");
        assert_eq!(error("&a [*a]"), "line 1, column 5: an alias inside of what it stands for");
        assert!(error("*a").contains("unknown anchor"), "{}", error("*a"));
    }

    #[test]
    fn aliases_can_not_fill_the_memory() {
        let mut text = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            text += &format!("- &a{level} [{aliases}]\n");
        }
        assert!(error(&text).ends_with("aliases stand for more than 1000000 values"), "{}", error(&text));
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        let block: String = (0..1000).map(|level| " ".repeat(level) + "a:\n").collect();
        for text in ["[".repeat(100_000), "{a: ".repeat(10_000), "- ".repeat(10_000), block] {
            assert!(error(&text).ends_with("nested deeper than 127 levels"), "{}", error(&text));
        }
        let fits = "[".repeat(127) + &"]".repeat(127);
        assert!(parse(&fits).is_ok());
    }

    #[test]
    fn what_aliases_stand_for_nests_too() {
        let nested = |levels: usize, value: &str| "[".repeat(levels) + value + &"]".repeat(levels);
        let text = |levels| format!("- &a {}\n- {}\n", nested(60, "x"), nested(levels, "*a"));
        assert!(parse(&text(65)).is_ok());
        assert_eq!(error(&text(66)), "line 2, column 69: nested deeper than 127 levels");
        let anchored = |item: usize| format!("- &a{item} {}\n", nested(120, &format!("*a{}", item - 1)));
        let chain: String = (1..120).map(anchored).collect();
        assert_eq!(error(&format!("- &a0 x\n{chain}")), "line 3, column 127: nested deeper than 127 levels");
    }

    #[test]
    fn tags_of_its_own_are_known_to_a_document() {
        let document = documents("!KubernetesGetResource\nname: x\n").next().unwrap().unwrap();
        assert_eq!(document.root.tag.as_deref(), Some("!KubernetesGetResource"));
        assert_eq!(document.value, json!({"name": "x"}));
        assert_eq!(parse("[!!str 1, !!int \"1\", ! 1, !own 1]"), Ok(json!(["1", 1, "1", "1"])));
    }
}
