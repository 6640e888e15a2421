//! Whether hosts can read what goes back to them.

use crate::json::malformed::Malformed;
use crate::json::read::{located, place};
use crate::json::scanner::{NotJson, Scanner};

/// The most levels that the JSON readers of Kubewarden's hosts take (serde_json's limit), less the two that an object is deep
/// in a request. The host could not read an answer that holds a deeper one.
const MOST_LEVELS: u32 = 125;

/// Refuses a document that hosts could not read: one that is no JSON in parts that nobody looks at, that is nested too deep, or
/// that has a number which no `f64` can hold.
pub fn check_readable(json: &str) -> Result<(), Malformed> {
    let mut scanner = Scanner::new(json);
    let refused = walk(&mut scanner).unwrap_or_else(|NotJson| Some(located(NotJson.into(), scanner.position, json)));
    refused.map_or(Ok(()), Err)
}

/// Passes over a document token by token. Returns what hosts could not read of it.
fn walk(scanner: &mut Scanner) -> Result<Option<Malformed>, NotJson> {
    // The lists and objects that it is in: a bit for each, the lowest for the innermost, which says whether it is an object.
    let (mut levels, mut are_objects) = (0, 0_u128);
    loop {
        match scanner.peek() {
            b'"' => drop(scanner.skip_string()?),
            b't' => scanner.expect_word("true")?,
            b'f' => scanner.expect_word("false")?,
            b'n' => scanner.expect_word("null")?,
            start @ (b'{' | b'[') => {
                let is_object = start == b'{';
                scanner.position += 1;
                (levels, are_objects) = (levels + 1, are_objects << 1 | u128::from(is_object));
                if levels > MOST_LEVELS {
                    return Ok(Some(Malformed::new("", format_args!("nested deeper than {MOST_LEVELS} levels"))));
                }
                if scanner.peek() != if is_object { b'}' } else { b']' } {
                    if is_object {
                        scanner.skip_name()?;
                    }
                    continue;
                }
            }
            _ => {
                let number = scanner.number()?;
                // Nothing else can be that large.
                let may_be_large = number.len() > 300 || number.contains(['E', 'e']);
                if may_be_large && number.parse::<f64>().is_ok_and(f64::is_infinite) {
                    let place = place(scanner.text, scanner.position);
                    return Ok(Some(Malformed::new(place, "a number that is out of range")));
                }
            }
        }
        // What follows a value.
        loop {
            if levels == 0 {
                return scanner.expect_end().map(|()| None);
            }
            let (next, is_object) = (scanner.peek(), are_objects & 1 == 1);
            scanner.position += 1;
            match (next, is_object) {
                (b',', true) => {
                    scanner.skip_name()?;
                    break;
                }
                (b',', false) => break,
                (b'}', true) | (b']', false) => (levels, are_objects) = (levels - 1, are_objects >> 1),
                _ => return Err(NotJson),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

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
            ("[] ]", "not JSON: trailing characters at line 1 column 4"),
        ] {
            let error = check_readable(json).err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(error, expected, "{json}");
        }
    }
}
