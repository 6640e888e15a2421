//! Values that know the text they were read from.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::deserializer::WITH_TEXT;

/// A value, and the text that it was read from: one pass gives both.
#[derive(Debug)]
pub struct Sourced<'a, T> {
    /// The value.
    pub value: T,
    /// Its text.
    pub text: &'a RawValue,
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Sourced<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Both<'a, T>(PhantomData<(&'a (), T)>);

        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for Both<'a, T> {
            type Value = Sourced<'a, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let missing = || A::Error::custom("a reader that does not know the text");
                let value = seq.next_element()?.ok_or_else(missing)?;
                let text = seq.next_element()?.ok_or_else(missing)?;
                Ok(Sourced { value, text })
            }
        }

        deserializer.deserialize_newtype_struct(WITH_TEXT, Both(PhantomData))
    }
}
