//! Reading to the letter what goes back to the host, since the host has to read it.

use std::borrow::Cow;

use crate::json::deserializer::Problem;
use crate::json::malformed::Malformed;
use crate::json::read::{located, place};
use crate::json::scanner::{NotJson, Scanner};

/// The most levels that the JSON readers of Kubewarden's hosts take (serde_json's limit), less the two that an object is deep
/// in a request. The host could not read an answer that holds a deeper one.
const MOST_LEVELS: u32 = 125;

/// Reads a document, and refuses one that hosts could not read: one that is no JSON in parts that nobody looks at, that is
/// nested too deep, or that has a number which no `f64` can hold.
pub fn read<'a, T>(
    json: &'a str,
    value: impl FnOnce(&mut Checked<'a>) -> Result<T, Unreadable>,
) -> Result<T, Malformed> {
    let mut reader = Checked { scanner: Scanner::new(json), levels: 0 };
    let read = value(&mut reader).and_then(|read| Ok(reader.scanner.expect_end().map(|()| read)?));
    read.map_err(|Unreadable(why)| why.unwrap_or_else(|| located(NotJson.into(), reader.scanner.position, json)))
}

/// What hosts could not read: None for what is no JSON.
#[derive(Debug)]
pub struct Unreadable(Option<Malformed>);

impl From<NotJson> for Unreadable {
    fn from(_: NotJson) -> Self {
        Self(None)
    }
}

impl From<Problem> for Unreadable {
    fn from(_: Problem) -> Self {
        Self(None)
    }
}

/// A document that is read to the letter.
#[derive(Debug)]
pub struct Checked<'a> {
    scanner: Scanner<'a>,
    /// How many lists and objects are open.
    levels: u32,
}

impl<'a> Checked<'a> {
    /// Returns the first byte of the next value, without reading it.
    pub fn peek(&mut self) -> u8 {
        self.scanner.peek()
    }

    /// Enters the list or the object that begins here.
    pub fn enter(&mut self) -> Result<(), Unreadable> {
        self.scanner.position += 1;
        self.levels += 1;
        if self.levels > MOST_LEVELS {
            return Err(Unreadable(Some(Malformed::new("", format_args!("nested deeper than {MOST_LEVELS} levels")))));
        }
        Ok(())
    }

    /// Goes on to the next element or member, or leaves the list or object with this bracket: then there is none.
    pub fn is_next(&mut self, end: u8, is_first: bool) -> Result<bool, Unreadable> {
        if self.scanner.peek() == end {
            self.scanner.position += 1;
            self.levels -= 1;
            return Ok(false);
        }
        if !is_first {
            self.scanner.expect(b',')?;
        }
        Ok(true)
    }

    /// Reads the name of a member, and the colon behind it.
    pub fn name(&mut self) -> Result<Cow<'a, str>, Unreadable> {
        if self.scanner.peek() != b'"' {
            return Err(Unreadable(None));
        }
        let name = self.scanner.string()?;
        self.scanner.expect(b':')?;
        Ok(name)
    }

    /// Reads a value as the text that it is, token by token.
    pub fn raw(&mut self) -> Result<&'a str, Unreadable> {
        self.scanner.peek();
        let start = self.scanner.position;
        self.walk()?;
        Ok(self.scanner.text.get(start..self.scanner.position).ok_or(NotJson)?)
    }

    fn walk(&mut self) -> Result<(), Unreadable> {
        let outside = self.levels;
        // The lists and objects that are entered: a bit for each, the lowest for the innermost, which says whether it is an
        // object.
        let mut are_objects = 0_u128;
        loop {
            match self.scanner.peek() {
                b'"' => drop(self.scanner.skip_string()?),
                b't' => self.scanner.expect_word("true")?,
                b'f' => self.scanner.expect_word("false")?,
                b'n' => self.scanner.expect_word("null")?,
                start @ (b'{' | b'[') => {
                    let is_object = start == b'{';
                    self.enter()?;
                    are_objects = are_objects << 1 | u128::from(is_object);
                    if self.scanner.peek() != if is_object { b'}' } else { b']' } {
                        if is_object {
                            self.scanner.skip_name()?;
                        }
                        continue;
                    }
                }
                _ => self.number()?,
            }
            // What follows a value.
            loop {
                if self.levels == outside {
                    return Ok(());
                }
                let (next, is_object) = (self.scanner.peek(), are_objects & 1 == 1);
                self.scanner.position += 1;
                match (next, is_object) {
                    (b',', true) => {
                        self.scanner.skip_name()?;
                        break;
                    }
                    (b',', false) => break,
                    (b'}', true) | (b']', false) => (self.levels, are_objects) = (self.levels - 1, are_objects >> 1),
                    _ => return Err(Unreadable(None)),
                }
            }
        }
    }

    fn number(&mut self) -> Result<(), Unreadable> {
        let number = self.scanner.number()?;
        // Nothing else can be that large.
        let may_be_large = number.len() > 300 || number.contains(['E', 'e']);
        if may_be_large && number.parse::<f64>().is_ok_and(f64::is_infinite) {
            let place = place(self.scanner.text, self.scanner.position);
            return Err(Unreadable(Some(Malformed::new(place, "a number that is out of range"))));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn check_readable(json: &str) -> Result<(), Malformed> {
        read(json, Checked::raw).map(drop)
    }

    #[test]
    fn refuses_what_hosts_can_not_read() {
        let nested = |levels: usize| format!("{}\"[[[\\\"[[[\"{}", "[".repeat(levels), "]".repeat(levels));
        let in_request = |levels| serde_json::from_str::<Value>(&format!("[[{}]]", nested(levels)));
        assert_eq!(check_readable(&nested(125)), Ok(()));
        assert!(in_request(125).is_ok());
        let error = check_readable(&nested(126)).map_err(|error| error.to_string());
        assert_eq!(error, Err("nested deeper than 125 levels".to_owned()));
        assert!(in_request(126).is_err());
        assert_eq!(check_readable(&format!("[{}]", ["[]"; 1000].join(","))), Ok(()));
        let large = format!(r#"{{"a":[1e308,-1.5E+3,true,"1e999",{}]}}"#, "9".repeat(309));
        for (json, expected) in [
            (r#"{"a":[1e308,-1.5E+3,1e-999,"1e999","\\"]}"#, ""),
            (r#"{"a":[0,{"b":1e999}]}"#, "a[1].b: a number that is out of range"),
            (r#"{"a":-1E+400}"#, "a: a number that is out of range"),
            (large.as_str(), "a[4]: a number that is out of range"),
            (r#"{"a":[tru]}"#, "not JSON: expected ident at line 1 column 10"),
            (r#"{"a":[],"b":{"c":[1,]}}"#, "not JSON: expected value at line 1 column 21"),
            (
                "{\"a\":[\"\n\"]}",
                "not JSON: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 7",
            ),
            (r#"{"a":["\q"]}"#, "not JSON: invalid escape at line 1 column 9"),
            ("[] ]", "not JSON: trailing characters at line 1 column 4"),
        ] {
            let error = check_readable(json).err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(error, expected, "{json}");
        }
    }
}
