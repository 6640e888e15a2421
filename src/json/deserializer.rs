//! What serde reads views with: [`Scanner`] for serde's data model.
//!
//! serde_json's own reader is made for all that serde can do, and takes more than twice as long here.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Expected, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Number;
use serde_json::value::RawValue;

use crate::json::scanner::{NotJson, Scanner};

/// By this name serde_json's `RawValue` asks for the text of a value, and this name is the only one in the object that it then
/// gets. Only serde_json says so, and a test.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// By this name a value asks for itself and then for the text that it was read from, as two elements of a list.
pub(super) const WITH_TEXT: &str = "$native-sidecar-policy::WithText";

/// How deep lists and objects may be in each other, where somebody looks into them: serde_json's limit.
const MOST_LEVELS: usize = 127;

/// A text that serde reads.
#[derive(Debug)]
pub struct Reader<'a> {
    scanner: Scanner<'a>,
    levels: usize,
}

/// Why a text can't be read as what is wanted of it.
#[derive(Debug)]
// As small as a pointer: each function here returns one, and there are hundreds of them.
#[expect(clippy::box_collection)]
pub struct Problem(Option<Box<String>>);

impl Problem {
    /// What is wrong; None where it is no JSON.
    pub fn into_text(self) -> Option<String> {
        self.0.map(|text| *text)
    }
}

impl From<NotJson> for Problem {
    fn from(_: NotJson) -> Self {
        Self(None)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().map_or("not JSON", String::as_str))
    }
}

impl std::error::Error for Problem {}

impl serde::de::Error for Problem {
    #[cold]
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self(Some(Box::new(problem.to_string())))
    }

    #[cold]
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match found {
            Unexpected::Unit => Self::custom(format_args!("invalid type: null, expected {expected}")),
            found => Self::custom(format_args!("invalid type: {found}, expected {expected}")),
        }
    }
}

impl<'a> Reader<'a> {
    /// Begins to read a text.
    pub const fn new(text: &'a str) -> Self {
        Self { scanner: Scanner::new(text), levels: 0 }
    }

    /// How much has been read, in bytes.
    pub const fn position(&self) -> usize {
        self.scanner.position
    }

    /// Makes sure that there is nothing more.
    pub fn expect_end(&mut self) -> Result<(), Problem> {
        Ok(self.scanner.expect_end()?)
    }

    fn enter(&mut self) -> Result<(), NotJson> {
        self.scanner.position += 1;
        self.levels += 1;
        if self.levels > MOST_LEVELS { Err(NotJson) } else { Ok(()) }
    }

    /// Passes over `null`, where it is there.
    fn skip_null(&mut self) -> Result<bool, NotJson> {
        let is_null = self.scanner.peek() == b'n';
        if is_null {
            self.scanner.expect_word("null")?;
        }
        Ok(is_null)
    }

    /// Says what there is in place of what was expected.
    #[cold]
    fn refuse(&mut self, expected: &dyn Expected) -> Problem {
        match self.scanner.peek() {
            b'[' => serde::de::Error::invalid_type(Unexpected::Seq, expected),
            b'{' => serde::de::Error::invalid_type(Unexpected::Map, expected),
            _ => self.deserialize_any(Refused(expected)).err().unwrap_or(Problem(None)),
        }
    }
}

/// Takes no value, as it is not what was expected.
struct Refused<'e>(&'e dyn Expected);

impl Visitor<'_> for Refused<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.scanner.peek() {
            b'"' => self.deserialize_str(visitor),
            b'[' => self.deserialize_seq(visitor),
            b'{' => self.deserialize_map(visitor),
            b't' | b'f' => self.deserialize_bool(visitor),
            b'n' => self.deserialize_unit(visitor),
            b'-' | b'0'..=b'9' => {
                let number = serde_json::from_str::<Number>(self.scanner.number()?).map_err(|_| Problem(None))?;
                match (number.as_u64(), number.as_i64()) {
                    (Some(number), _) => visitor.visit_u64(number),
                    (_, Some(number)) => visitor.visit_i64(number),
                    _ => visitor.visit_f64(number.as_f64().unwrap_or_default()),
                }
            }
            _ => Err(Problem(None)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if self.scanner.peek() != b'"' {
            return Err(self.refuse(&visitor));
        }
        match self.scanner.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.scanner.peek() {
            b't' => {
                self.scanner.expect_word("true")?;
                visitor.visit_bool(true)
            }
            b'f' => {
                self.scanner.expect_word("false")?;
                visitor.visit_bool(false)
            }
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.skip_null()? {
            true => visitor.visit_unit(),
            false => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.skip_null()? {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if self.scanner.peek() != b'[' {
            return Err(self.refuse(&visitor));
        }
        self.enter()?;
        let mut items = Items { reader: self, is_first: true, is_at_end: false };
        let value = visitor.visit_seq(&mut items)?;
        items.expect_end(b']')?;
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if self.scanner.peek() != b'{' {
            return Err(self.refuse(&visitor));
        }
        self.enter()?;
        let mut items = Items { reader: self, is_first: true, is_at_end: false };
        let value = visitor.visit_map(&mut items)?;
        items.expect_end(b'}')?;
        Ok(value)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Problem> {
        match name {
            RAW_VALUE => visitor.visit_map(Raw(Some(self.scanner.raw()?))),
            WITH_TEXT => {
                self.scanner.peek();
                let start = self.scanner.position;
                visitor.visit_seq(WithText { reader: self, start, is_read: false })
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.scanner.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_str(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit_struct tuple tuple_struct enum
    }
}

/// The elements of a list, or the members of an object.
struct Items<'r, 'a> {
    reader: &'r mut Reader<'a>,
    is_first: bool,
    is_at_end: bool,
}

impl Items<'_, '_> {
    /// Moves on to the next element or member; false where the list or object ends.
    fn is_next(&mut self, end: u8) -> Result<bool, NotJson> {
        if self.is_at_end {
            return Ok(false);
        }
        let scanner = &mut self.reader.scanner;
        if scanner.peek() == end {
            scanner.position += 1;
            self.reader.levels -= 1;
            self.is_at_end = true;
            return Ok(false);
        }
        if !std::mem::take(&mut self.is_first) {
            scanner.expect(b',')?;
        }
        Ok(true)
    }

    /// Makes sure that there are no more of them than somebody has taken.
    fn expect_end(&mut self, end: u8) -> Result<(), Problem> {
        match self.is_next(end)? {
            true => Err(serde::de::Error::custom("more elements than expected")),
            false => Ok(()),
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        if !self.is_next(b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, 'de> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        if !self.is_next(b'}')? {
            return Ok(None);
        }
        if self.reader.scanner.peek() != b'"' {
            return Err(Problem(None));
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        self.reader.scanner.expect(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// Returns the JSON value with this text, which is not looked at again.
pub fn raw_value(text: &str) -> Result<&RawValue, Problem> {
    <&RawValue>::deserialize(Known(text))
}

/// The text of a value, where it is known.
struct Known<'a>(&'a str);

impl<'de> Deserializer<'de> for Known<'de> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_map(Raw(Some(self.0)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A value, and then its text.
struct WithText<'r, 'a> {
    reader: &'r mut Reader<'a>,
    start: usize,
    is_read: bool,
}

impl<'de> SeqAccess<'de> for WithText<'_, 'de> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        if !std::mem::replace(&mut self.is_read, true) {
            return seed.deserialize(&mut *self.reader).map(Some);
        }
        let scanner = &self.reader.scanner;
        let text = scanner.text.get(self.start..scanner.position).ok_or(NotJson)?;
        seed.deserialize(Known(text)).map(Some)
    }
}

/// The object of one member that a `RawValue` is read from.
struct Raw<'a>(Option<&'a str>);

impl<'de> MapAccess<'de> for Raw<'de> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        seed.deserialize(StrDeserializer::new(RAW_VALUE)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        seed.deserialize(BorrowedStrDeserializer::new(self.0.take().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
        let mut reader = Reader::new(json);
        let read = T::deserialize(&mut reader).and_then(|read| reader.expect_end().map(|()| read));
        read.map_err(|problem| problem.to_string())
    }

    const TEXTS: [&str; 12] = [
        r#"{"a":[1,-0,1.5e3,-2E-7,0.1,18446744073709551615,-9223372036854775808],"b":{"":null}}"#,
        " [ true , false ,\tnull , \"\" , [ ] , { } ]\r\n",
        r#"{"\u0061\n":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","plain":"a longer text without any escape in it"}"#,
        r#"{"dup":1,"dup":{"dup":[2]}}"#,
        "\"ends in the middle of eight bytes \\\\\"",
        "01",
        "1.",
        "-",
        "1e",
        "[1,]",
        "{\"a\":1,}",
        "nul",
    ];

    /// Each text, cut off everywhere, and with other bytes everywhere.
    fn mutated(text: &str) -> impl Iterator<Item = String> {
        let others = ["", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "e", ".", " ", "\u{1}", "u", "\u{e9}"];
        let places = (0..text.len()).filter(|place| text.is_ascii() || text.is_char_boundary(*place));
        places.flat_map(move |place| {
            let (start, rest) = text.split_at(place);
            let rest = rest.get(1..).unwrap_or_default();
            others.map(|other| format!("{start}{other}{rest}")).into_iter().chain([start.to_owned()])
        })
    }

    #[test]
    fn it_reads_what_serde_json_reads() {
        for text in TEXTS.into_iter().flat_map(mutated).chain(TEXTS.map(str::to_owned)) {
            assert_eq!(read::<Value>(&text).ok(), serde_json::from_str(&text).ok(), "{text}");
            assert_eq!(read::<String>(&text).ok(), serde_json::from_str(&text).ok(), "{text}");
            assert_eq!(read::<Vec<Value>>(&text).ok(), serde_json::from_str(&text).ok(), "{text}");
        }
    }

    #[test]
    fn it_passes_over_what_is_json() {
        fn raw(text: &str) -> Option<&str> {
            read::<&RawValue>(text).map(RawValue::get).ok()
        }
        for text in TEXTS.into_iter().flat_map(mutated).filter(|text| serde_json::from_str::<&RawValue>(text).is_ok()) {
            assert_eq!(raw(&text), Some(text.trim_matches([' ', '\t', '\r', '\n'])), "{text}");
        }
        // Blocks end at each place of it.
        for length in 0..17 {
            let string = format!(r#""{}[\"]\\","]""#, "x".repeat(length));
            let deep = format!("{}{string}{}", "[{\"a\":[".repeat(100_000), "]}]".repeat(100_000));
            assert_eq!(raw(&deep), Some(deep.as_str()));
            assert_eq!(raw(&deep[..deep.len() - 1]), None);
        }
    }

    #[test]
    fn it_says_what_was_expected() {
        for text in ["7", "-7", "1.5", "\"x\"", "true", "null", "[]", "{}"] {
            let expected = |error: serde_json::Error| error.to_string().split(" at line").next().map(str::to_owned);
            assert_eq!(read::<bool>(text).err(), serde_json::from_str::<bool>(text).err().and_then(expected), "{text}");
            assert_eq!(read::<String>(text).err(), serde_json::from_str::<String>(text).err().and_then(expected));
            assert_eq!(read::<Vec<u8>>(text).err(), serde_json::from_str::<Vec<u8>>(text).err().and_then(expected));
        }
        let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
        assert_eq!(read::<Value>(&deep), serde_json::from_str(&deep).map_err(|error| error.to_string()));
        let deeper = format!("[{deep}]");
        assert_eq!((read::<Value>(&deeper).is_err(), serde_json::from_str::<Value>(&deeper).is_err()), (true, true));
        assert_eq!(read::<(u8, u8)>("[1,2,3]"), Err("more elements than expected".to_owned()));
    }
}
