//! JSON as it is spelled: members in their order and as often as they are there, and numbers and texts as they were written.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Spelled {
    /// A number, a text, a word.
    Scalar(String),
    /// A list.
    List(Vec<Spelled>),
    /// An object.
    Members(Vec<(String, Spelled)>),
}

/// The members of an object.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

impl Spelled {
    /// Reads JSON.
    pub fn read(json: &str) -> serde_json::Result<Self> {
        let json = json.trim();
        Ok(match json.as_bytes().first() {
            Some(b'{') => {
                let members: Members = serde_json::from_str(json)?;
                let members = members.0.into_iter().map(|(name, raw)| Ok((name, Self::read(raw.get())?)));
                Self::Members(members.collect::<serde_json::Result<_>>()?)
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(json)?;
                Self::List(elements.into_iter().map(|raw| Self::read(raw.get())).collect::<serde_json::Result<_>>()?)
            }
            _ => Self::Scalar(json.to_owned()),
        })
    }

    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Scalar(serde_json::Value::from(text).to_string())
    }

    /// Its members; none of what is no object.
    pub fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Members(members) => members,
            _ => &[],
        }
    }

    /// Its elements; none of what is no list.
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::List(elements) => elements,
            _ => &[],
        }
    }

    /// The last member of this name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The name that it has; empty where it has none.
    pub fn name(&self) -> String {
        match self.get("name") {
            Some(Self::Scalar(text)) => serde_json::from_str(text).unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Whether it is as good as nothing: `null`, or not there.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(text) if text == "null")
    }
}
