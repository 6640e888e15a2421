//! The same members of each object of a long list, in one pass over its text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use crate::json::malformed::Malformed;
use crate::json::read::with;
use crate::json::view::Text;

/// What is wanted of an object: members by their names, and what of each.
pub type Wanted<'w> = [(&'w str, Want<'w>)];

/// What is wanted of a member.
#[derive(Debug)]
pub enum Want<'w> {
    /// All of it: to be found at this index.
    Whole(usize),
    /// Some of its own members.
    Members(&'w Wanted<'w>),
}

/// Finds the same members in each object of the list `items`, in one pass, and hands them over object by object: None is what
/// is absent or `null`. There are `count` of them.
pub fn each_item<'a>(
    json: &'a str,
    wanted: &Wanted,
    count: usize,
    take: &mut dyn FnMut(&[Option<&'a RawValue>]),
) -> Result<(), Malformed> {
    let mut found = vec![None; count];
    with(json, Items { wanted, found: &mut found, take, is_list: false })
}

struct Items<'f, 'de> {
    wanted: &'f Wanted<'f>,
    found: &'f mut [Option<&'de RawValue>],
    take: &'f mut dyn FnMut(&[Option<&'de RawValue>]),
    /// Whether this is the list itself, or the object that it is in.
    is_list: bool,
}

impl<'de> DeserializeSeed<'de> for Items<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_list { "a list" } else { "an object" })
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        if self.is_list { Ok(()) } else { Err(E::invalid_type(Unexpected::Unit, &self)) }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.is_list {
            return Err(serde::de::Error::invalid_type(Unexpected::Map, &self));
        }
        let Self { wanted, found, take, .. } = self;
        while let Some(key) = map.next_key::<Text>()? {
            match key.as_str() {
                "items" => {
                    map.next_value_seed(Items { wanted, found: &mut *found, take: &mut *take, is_list: true })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if !self.is_list {
            return Err(serde::de::Error::invalid_type(Unexpected::Seq, &self));
        }
        let Self { wanted, found, take, .. } = self;
        loop {
            found.fill(None);
            if seq.next_element_seed(Finder { wanted, found: &mut *found })?.is_none() {
                return Ok(());
            }
            take(found);
        }
    }
}

/// Finds members of an object.
struct Finder<'f, 'de> {
    wanted: &'f Wanted<'f>,
    found: &'f mut [Option<&'de RawValue>],
}

impl<'de> DeserializeSeed<'de> for Finder<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Finder<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { wanted, found } = self;
        while let Some(key) = map.next_key::<Text>()? {
            match wanted.iter().find(|(name, _)| *name == key.0).map(|(_, want)| want) {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(Want::Whole(index)) => found[*index] = map.next_value()?,
                Some(Want::Members(wanted)) => map.next_value_seed(Finder { wanted, found: &mut *found })?,
            }
        }
        Ok(())
    }
}
