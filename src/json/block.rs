//! Sixteen bytes of JSON, looked at together.

/// Where in sixteen bytes something is: a bit for each byte, the lowest for the first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Block {
    /// Quotation marks.
    pub quotes: u32,
    /// Backslashes.
    pub backslashes: u32,
    /// Brackets that open, square and curly.
    pub opened: u32,
    /// Brackets that close.
    pub closed: u32,
}

/// Square brackets differ from curly ones in this bit, and nothing else that differs from these only here is JSON outside of
/// strings.
const CURLY: u8 = 0x20;

impl Block {
    /// How many bytes it has.
    pub const LENGTH: usize = 16;

    /// Looks at these bytes.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    pub fn of(bytes: [u8; Self::LENGTH]) -> Self {
        use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, v128_or};

        let bytes = vector(bytes);
        let curly = v128_or(bytes, u8x16_splat(CURLY));
        let equal = |bytes, byte| u32::from(u8x16_bitmask(u8x16_eq(bytes, u8x16_splat(byte))));
        Self {
            quotes: equal(bytes, b'"'),
            backslashes: equal(bytes, b'\\'),
            opened: equal(curly, b'{'),
            closed: equal(curly, b'}'),
        }
    }

    /// Looks at these bytes.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    pub fn of(bytes: [u8; Self::LENGTH]) -> Self {
        let equal = |mask: u8, wanted: u8| {
            bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(byte | mask == wanted))
        };
        Self {
            quotes: equal(0, b'"'),
            backslashes: equal(0, b'\\'),
            opened: equal(CURLY, b'{'),
            closed: equal(CURLY, b'}'),
        }
    }

    /// Where in these bytes something ends plain text in a string: a quotation mark, a backslash or a control character.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    pub fn ends_of_plain(bytes: [u8; Self::LENGTH]) -> u32 {
        use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, v128_or};

        let bytes = vector(bytes);
        let quotes = v128_or(u8x16_eq(bytes, u8x16_splat(b'"')), u8x16_eq(bytes, u8x16_splat(b'\\')));
        u8x16_bitmask(v128_or(quotes, u8x16_lt(bytes, u8x16_splat(0x20)))).into()
    }

    /// Where in these bytes something ends plain text in a string: a quotation mark, a backslash or a control character.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    pub fn ends_of_plain(bytes: [u8; Self::LENGTH]) -> u32 {
        let is_end = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(is_end(byte)))
    }

    /// The bytes that are in strings, where there are no backslashes. The first one is, if `in_string`; a quotation mark that ends
    /// a string counts as outside, one that begins it as inside.
    pub const fn strings(self, in_string: bool) -> u32 {
        let mut strings = self.quotes ^ in_string as u32;
        strings ^= strings << 1;
        strings ^= strings << 2;
        strings ^= strings << 4;
        strings ^= strings << 8;
        strings & 0xFFFF
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn vector(bytes: [u8; Block::LENGTH]) -> std::arch::wasm32::v128 {
    let [low, high] = [&bytes[..8], &bytes[8..]].map(|half| half.try_into().map_or(0, u64::from_le_bytes));
    std::arch::wasm32::u64x2(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_brackets_from_what_is_in_strings() {
        for text in [
            r#"{"a[":["]",{}\]}"#,
            r#"":"}{[]", ["[]"]"#,
            "[[[[{{{{]]]]}}}}",
            "\"\"\"\"\"\"\"\"aaaaaaaa",
            "\u{5b}\u{7f};Kk}+M\r\n\t<=>?@",
        ] {
            let bytes: [u8; 16] = text.as_bytes()[..16].try_into().expect("16 bytes");
            let block = Block::of(bytes);
            let ends = bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u32::from(b"\"\\\r\n\t".contains(byte)));
            assert_eq!(Block::ends_of_plain(bytes), ends, "{text}");
            for in_string in [false, true] {
                let (strings, mut now) = (block.strings(in_string), in_string);
                for (index, byte) in bytes.into_iter().enumerate() {
                    let has = |bits: u32| bits >> index & 1 == 1;
                    now ^= byte == b'"';
                    assert_eq!((has(strings), has(block.quotes)), (now, byte == b'"'), "{text} {index}");
                    assert_eq!(has(block.backslashes), byte == b'\\', "{text} {index}");
                    assert_eq!(has(block.opened), matches!(byte, b'[' | b'{'), "{text} {index}");
                    assert_eq!(has(block.closed), matches!(byte, b']' | b'}'), "{text} {index}");
                }
            }
        }
    }
}
