//! A JSON value that is edited in place.
//!
//! Only the objects and arrays on the way to an edit are opened. Everything else stays the text that it was, whatever it
//! holds: fields that nobody knows yet, numbers that no type of ours could hold.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::malformed::Malformed;
use crate::json::path::Step;
use crate::json::read::{self, Members};

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
