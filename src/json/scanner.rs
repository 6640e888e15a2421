//! The tokens of a JSON text: <https://www.rfc-editor.org/rfc/rfc8259>.
//!
//! Almost all of a request is passed over, and of lists and objects that are, only the end is looked for: hosts read JSON before
//! they hand it on. What goes back to them is looked at to the letter.

use std::borrow::Cow;

use crate::json::block::Block;

/// A text, and how far it is read.
#[derive(Debug)]
pub struct Scanner<'a> {
    /// The text.
    pub text: &'a str,
    /// What has been read, in bytes.
    pub position: usize,
}

/// It is no JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotJson;

impl<'a> Scanner<'a> {
    /// Begins to read a text.
    pub const fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    /// Returns the next byte that is no white space, without reading it; 0, which JSON never has, at the end.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        let byte = self.byte().unwrap_or_default();
        if byte > b' ' { byte } else { self.peek_behind_space() }
    }

    #[cold]
    fn peek_behind_space(&mut self) -> u8 {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.byte() {
            self.position += 1;
        }
        self.byte().unwrap_or_default()
    }

    /// Reads this byte, ahead of which there may be white space.
    #[inline]
    pub fn expect(&mut self, byte: u8) -> Result<(), NotJson> {
        if self.peek() != byte {
            return Err(NotJson);
        }
        self.position += 1;
        Ok(())
    }

    /// Reads this word, which is what a peeked letter can only be the beginning of.
    pub fn expect_word(&mut self, word: &str) -> Result<(), NotJson> {
        let rest = self.text.as_bytes().get(self.position..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(NotJson);
        }
        self.position += word.len();
        Ok(())
    }

    /// Makes sure that there is nothing more.
    pub fn expect_end(&mut self) -> Result<(), NotJson> {
        self.peek();
        if self.position == self.text.len() { Ok(()) } else { Err(NotJson) }
    }

    /// Reads a string, which is at the quotation mark.
    pub fn string(&mut self) -> Result<Cow<'a, str>, NotJson> {
        let start = self.position;
        let is_plain = self.skip_string()?;
        let quoted = self.text.get(start..self.position).ok_or(NotJson)?;
        match quoted.get(1..quoted.len() - 1) {
            Some(plain) if is_plain => Ok(Cow::Borrowed(plain)),
            _ => serde_json::from_str(quoted).map(Cow::Owned).map_err(|_| NotJson),
        }
    }

    /// Passes over a string, which is at the quotation mark. Returns whether it has no escapes in it.
    pub fn skip_string(&mut self) -> Result<bool, NotJson> {
        let bytes = self.text.as_bytes();
        let (mut at, mut is_plain) = (self.position + 1, true);
        loop {
            at = end_of_plain(bytes, at);
            let escaped = match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => bytes.get(at + 1).copied(),
                _ => return Err(NotJson),
            };
            is_plain = false;
            at += match escaped {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                Some(b'u') if has_digits(bytes.get(at + 2..at + 6)) => 6,
                _ => return Err(NotJson),
            };
        }
        self.position = at + 1;
        Ok(is_plain)
    }

    /// Reads a number, which begins here.
    pub fn number(&mut self) -> Result<&'a str, NotJson> {
        let start = self.position;
        self.skip_byte(|byte| byte == b'-');
        match self.byte() {
            Some(b'0') => self.position += 1,
            _ => self.skip_digits()?,
        }
        if self.skip_byte(|byte| byte == b'.') {
            self.skip_digits()?;
        }
        if self.skip_byte(|byte| matches!(byte, b'E' | b'e')) {
            self.skip_byte(|byte| matches!(byte, b'+' | b'-'));
            self.skip_digits()?;
        }
        self.text.get(start..self.position).ok_or(NotJson)
    }

    fn skip_byte(&mut self, is: fn(u8) -> bool) -> bool {
        let is_there = self.byte().is_some_and(is);
        self.position += usize::from(is_there);
        is_there
    }

    fn skip_digits(&mut self) -> Result<(), NotJson> {
        let start = self.position;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        if self.position == start { Err(NotJson) } else { Ok(()) }
    }

    /// Reads a value as the text that it is.
    pub fn raw(&mut self) -> Result<&'a str, NotJson> {
        self.peek();
        let start = self.position;
        self.skip()?;
        self.text.get(start..self.position).ok_or(NotJson)
    }

    /// Passes over a value. What is in a list or an object is not looked at more closely than is needed to find its end.
    pub fn skip(&mut self) -> Result<(), NotJson> {
        match self.peek() {
            b'"' => self.skip_string().map(drop),
            b'{' | b'[' => self.skip_nested(),
            b't' => self.expect_word("true"),
            b'f' => self.expect_word("false"),
            b'n' => self.expect_word("null"),
            b'-' | b'0'..=b'9' => self.number().map(drop),
            _ => Err(NotJson),
        }
    }

    /// Passes over the name of a member, and the colon behind it.
    pub fn skip_name(&mut self) -> Result<(), NotJson> {
        if self.peek() != b'"' {
            return Err(NotJson);
        }
        self.skip_string()?;
        self.expect(b':')
    }

    /// Passes over a list or an object, by counting brackets outside of strings.
    fn skip_nested(&mut self) -> Result<(), NotJson> {
        let bytes = self.text.as_bytes();
        let (mut at, mut levels, mut in_string) = (self.position, 0, false);
        loop {
            while let Some(sixteen) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
                let block = Block::of(*sixteen);
                if block.backslashes != 0 {
                    break;
                }
                let strings = block.strings(in_string);
                let (opened, closed) = (block.opened & !strings, block.closed & !strings);
                if closed.count_ones() < levels {
                    levels = levels + opened.count_ones() - closed.count_ones();
                } else {
                    let mut brackets = opened | closed;
                    while brackets != 0 {
                        let index = brackets.trailing_zeros();
                        brackets &= brackets - 1;
                        levels = if opened >> index & 1 == 1 { levels + 1 } else { levels - 1 };
                        if levels == 0 {
                            self.position = at + index as usize + 1;
                            return Ok(());
                        }
                    }
                }
                in_string = strings >> (Block::LENGTH - 1) == 1;
                at += Block::LENGTH;
            }
            // A backslash, or less than a block.
            let end = at + Block::LENGTH;
            while at < end {
                let byte = bytes.get(at).ok_or(NotJson)?;
                at += 1;
                match byte {
                    b'"' => in_string = !in_string,
                    b'\\' if in_string => at += 1,
                    b'{' | b'[' if !in_string => levels += 1,
                    b'}' | b']' if !in_string => {
                        levels -= 1;
                        if levels == 0 {
                            self.position = at;
                            return Ok(());
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

fn has_digits(bytes: Option<&[u8]>) -> bool {
    bytes.is_some_and(|bytes| bytes.iter().all(u8::is_ascii_hexdigit))
}

/// The index of the first quotation mark, backslash or control character from here on, as far as there are such.
fn end_of_plain(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(sixteen) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        match Block::ends_of_plain(*sixteen) {
            0 => at += Block::LENGTH,
            ends => return at + ends.trailing_zeros() as usize,
        }
    }
    let is_end = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(is_end).unwrap_or(rest.len())
}
