//! A JSON value that is edited in place.
//!
//! Only the objects and arrays on the way to an edit are opened. Everything else stays the text that it was, whatever it
//! holds: fields that nobody knows yet, numbers that no type of ours could hold.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::deserializer::raw_value;
use crate::json::malformed::Malformed;
use crate::json::path::{Path, Step};
use crate::json::read::{self, Members};
use crate::json::readable::{self, Checked, Unreadable};

/// A JSON value, opened only where it is edited.
#[derive(Debug)]
pub enum Tree<'a> {
    /// Text that is taken over as it is.
    Raw(&'a RawValue),
    /// An object.
    Object(Entries<'a>),
    /// An array.
    Array(Vec<Tree<'a>>),
    /// New text.
    Text(String),
    /// A new number.
    Number(u32),
    /// New JSON.
    New(Box<RawValue>),
}

/// The members of an object, in their order.
#[derive(Debug, Default)]
pub struct Entries<'a>(Vec<(Cow<'a, str>, Tree<'a>)>);

impl<'a> Tree<'a> {
    /// Reads a document, opened at these places and on the way to them. All of it has to be what hosts can read.
    pub fn open(json: &'a str, places: &[Path]) -> Result<Self, Malformed> {
        let places: Vec<_> = places.iter().map(|place| place.0.as_slice()).collect();
        readable::read(json, |reader| open(reader, &places))
    }

    /// A new string.
    pub fn text(text: &str) -> Self {
        Tree::Text(text.to_owned())
    }

    /// A new list of strings.
    pub fn texts<const N: usize>(texts: [&str; N]) -> Self {
        Tree::Array(texts.into_iter().map(Self::text).collect())
    }

    /// A new object.
    pub fn members<const N: usize>(members: [(&'static str, Self); N]) -> Self {
        Tree::Object(Entries(members.into_iter().map(|(name, tree)| (Cow::Borrowed(name), tree)).collect()))
    }

    /// The member of this object with this name; a new `null` at its end where there is none.
    pub fn member(&mut self, name: &str) -> Result<&mut Self, Malformed> {
        Ok(self.object()?.member(name, Position::End))
    }

    /// The same, with the new member at that position.
    pub fn member_at(&mut self, name: &str, position: Position) -> Result<&mut Self, Malformed> {
        Ok(self.object()?.member(name, position))
    }

    /// Sets a member of this object.
    pub fn set(&mut self, name: &str, value: Self) -> Result<(), Malformed> {
        *self.member(name)? = value;
        Ok(())
    }

    /// Takes a member out of this object, where it is there.
    pub fn remove(&mut self, name: &str) -> Result<(), Malformed> {
        self.object()?.0.retain(|(other, _)| other != name);
        Ok(())
    }

    /// This as JSON.
    pub fn into_json(self) -> Result<Box<RawValue>, Malformed> {
        serde_json::value::to_raw_value(&self).map_err(|error| Malformed::new("", error))
    }

    /// The value at the end of this step, for which room is made in an object.
    pub fn step(&mut self, step: &Step) -> Result<&mut Self, Malformed> {
        match step {
            Step::Key(name) => Ok(self.object()?.member(name, Position::End)),
            Step::Index(index) => {
                self.array()?.get_mut(*index).ok_or_else(|| Malformed::new(format_args!("[{index}]"), "missing"))
            }
        }
    }

    /// Opens an object; what is absent or `null` is an empty one.
    fn object(&mut self) -> Result<&mut Entries<'a>, Malformed> {
        if let Tree::Raw(raw) = self {
            let members: Option<Members> = read::document(raw.get())?;
            let members = members.unwrap_or_default().0.into_iter();
            *self = Tree::Object(Entries(members.map(|(name, value)| (name.0, Tree::Raw(value))).collect()));
        }
        match self {
            Tree::Object(members) => Ok(members),
            _ => Err(Malformed::new("", "not an object")),
        }
    }

    /// Opens an array; what is absent or `null` is an empty one.
    pub fn array(&mut self) -> Result<&mut Vec<Tree<'a>>, Malformed> {
        if let Tree::Raw(raw) = self {
            let elements: Option<Vec<&'a RawValue>> = read::document(raw.get())?;
            *self = Tree::Array(elements.unwrap_or_default().into_iter().map(Tree::Raw).collect());
        }
        match self {
            Tree::Array(elements) => Ok(elements),
            _ => Err(Malformed::new("", "not a list")),
        }
    }
}

/// Reads a value, opened if it is one of these places or on the way to one.
fn open<'a>(reader: &mut Checked<'a>, places: &[&[Step]]) -> Result<Tree<'a>, Unreadable> {
    let below = |step: &Step| -> Vec<&[Step]> {
        let steps = places.iter().filter_map(|place| place.split_first());
        steps.filter(|(first, _)| *first == step).map(|(_, rest)| rest).collect()
    };
    match reader.peek() {
        b'{' if !places.is_empty() => {
            reader.enter()?;
            let mut members = Vec::new();
            while reader.is_next(b'}', members.is_empty())? {
                let name = reader.name()?;
                let places = below(&Step::Key(Cow::Borrowed(&name)));
                let value = open(reader, &places)?;
                members.push((name, value));
            }
            Ok(Tree::Object(Entries(members)))
        }
        b'[' if !places.is_empty() => {
            reader.enter()?;
            let mut elements = Vec::new();
            while reader.is_next(b']', elements.is_empty())? {
                let places = below(&Step::Index(elements.len()));
                elements.push(open(reader, &places)?);
            }
            Ok(Tree::Array(elements))
        }
        _ => Ok(Tree::Raw(raw_value(reader.raw()?)?)),
    }
}

/// Where a new member goes, so that people find it where they would have written it.
#[derive(Clone, Copy, Debug)]
pub enum Position {
    /// Ahead of all others.
    Start,
    /// Ahead of this one; at the end where it is not there.
    Before(&'static str),
    /// Behind this one; at the end where it is not there.
    After(&'static str),
    /// Behind all others.
    End,
}

impl<'a> Entries<'a> {
    /// The member with this name; a new `null` at that position where there is none.
    fn member(&mut self, name: &str, position: Position) -> &mut Tree<'a> {
        let index_of = |members: &Self, wanted: &str| members.0.iter().rposition(|(name, _)| name == wanted);
        let index = index_of(self, name).unwrap_or_else(|| {
            let end = self.0.len();
            let index = match position {
                Position::Start => 0,
                Position::Before(other) => index_of(self, other).unwrap_or(end),
                Position::After(other) => index_of(self, other).map_or(end, |index| index + 1),
                Position::End => end,
            };
            self.0.insert(index, (Cow::Owned(name.to_owned()), Tree::Raw(RawValue::NULL)));
            index
        });
        &mut self.0[index].1
    }
}

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Tree::Raw(raw) => raw.serialize(serializer),
            Tree::Object(Entries(members)) => serializer.collect_map(members.iter().map(|(name, tree)| (name, tree))),
            Tree::Array(elements) => serializer.collect_seq(elements),
            Tree::Text(text) => serializer.serialize_str(text),
            Tree::Number(number) => serializer.serialize_u32(*number),
            Tree::New(raw) => raw.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_the_way_to_a_place_is_written_anew() {
        let places = [Path::default().key("a").key("b").index(1), Path::default().key("c")];
        for (json, expected) in [
            (
                r#"{ "a":{"b":[ {"x": 1} , { "y": [ ] }],"d":{ "e": 1.0 }}, "c":{"f": 1e5}, "g":[1, 2]}"#,
                r#"{"a":{"b":[{"x": 1},{"y":[ ]}],"d":{ "e": 1.0 }},"c":{"f":1e5},"g":[1, 2]}"#,
            ),
            (r#"{"a":{"b": null},"a": [ ],"\u0063":[1, {"h": 2}]}"#, r#"{"a":{"b":null},"a":[],"c":[1,{"h": 2}]}"#),
            ("[ 7 ]", "[7]"),
            ("7", "7"),
        ] {
            let tree = Tree::open(json, &places).expect(json);
            assert_eq!(serde_json::to_string(&tree).expect(json), expected);
        }
        assert_eq!(serde_json::to_string(&Tree::open("[ 7 ]", &[]).expect("a list")).expect("JSON"), "[ 7 ]");
        for (json, expected) in [
            (r#"{"a":{"b":[1,]}}"#, "not JSON: expected value at line 1 column 14"),
            (r#"{"a":{"b":[1],}}"#, "not JSON: key must be a string at line 1 column 15"),
            (r#"{"a":{"b":[1 2]}}"#, "not JSON: expected `,` or `]` at line 1 column 14"),
            (r#"{"a" 1}"#, "not JSON: expected `:` at line 1 column 6"),
            (r#"{"c":[0,{"i":1e999}]}"#, "c[1].i: a number that is out of range"),
        ] {
            assert_eq!(
                Tree::open(json, &places).err().map(|error| error.to_string()).as_deref(),
                Some(expected),
                "{json}"
            );
        }
        let deep = |levels: usize| format!("{{\"c\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(Tree::open(&deep(124), &places).is_ok() && Tree::open(&deep(125), &places).is_err());
    }
}
