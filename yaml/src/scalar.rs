//! What an unquoted word means.
//!
//! Kubernetes reads YAML with go-yaml v2, which follows YAML 1.1: `yes` and `on` are booleans, `0644` is octal.
//! <https://pkg.go.dev/sigs.k8s.io/yaml>

use serde_json::{Number, Value};

/// The value of a scalar: `plain` says that it is not quoted, `tag` is the one of YAML's own tags that it has.
pub fn resolve(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, String> {
    match tag {
        None if plain => resolve_plain(text),
        None | Some("str") => Ok(Value::String(text.to_owned())),
        Some(tag) => {
            let value = resolve_plain(text)?;
            let fits = match tag {
                "null" => value.is_null(),
                "bool" => value.is_boolean(),
                "int" => value.is_i64() || value.is_u64(),
                "float" => value.is_number(),
                _ => false,
            };
            if fits { Ok(value) } else { Err(format!("{text:?} is no !!{tag}")) }
        }
    }
}

fn resolve_plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => return Err(format!("{text} cannot be expressed in JSON")),
        _ => match number(text) {
            Some(number) => Value::Number(number),
            None => Value::String(text.to_owned()),
        },
    })
}

fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return None;
    }
    let digits = text.replace('_', "");
    let float = || is_float(&digits).then(|| digits.parse().ok().and_then(Number::from_f64)).flatten();
    integer(&digits).or_else(float)
}

/// An integer that fits 64 bits, in the notations of Go.
fn integer(digits: &str) -> Option<Number> {
    let (negative, unsigned) = match digits.strip_prefix(['+', '-']) {
        Some(rest) => (digits.starts_with('-'), rest),
        None => (false, digits),
    };
    let lower = unsigned.to_ascii_lowercase();
    let (radix, unsigned) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    // from_str_radix takes a sign of its own.
    if !unsigned.starts_with(|first: char| first.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(unsigned, radix).ok()?;
    if negative { Some(0i64.checked_sub_unsigned(magnitude)?.into()) } else { Some(magnitude.into()) }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let mantissa_fits = match mantissa.split_once('.') {
        None => is_digits(mantissa),
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
    };
    mantissa_fits && exponent.is_none_or(|exponent| is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_mean_what_they_mean_to_kubectl() {
        let cases = [
            ("", json!(null)),
            ("~", json!(null)),
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("nope", json!("nope")),
            ("8080", json!(8080)),
            ("-1", json!(-1)),
            ("+7", json!(7)),
            ("0644", json!(420)),
            ("0o644", json!(420)),
            ("0x1F", json!(31)),
            ("0b11", json!(3)),
            ("1_000", json!(1000)),
            ("08", json!(8.0)),
            ("1e3", json!(1000.0)),
            ("1.0", json!(1.0)),
            (".5", json!(0.5)),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("1.2.3", json!("1.2.3")),
            ("1e", json!("1e")),
            ("--1", json!("--1")),
            ("-", json!("-")),
            (".", json!(".")),
            ("100m", json!("100m")),
            ("2001-01-01", json!("2001-01-01")),
            ("12:30:45", json!("12:30:45")),
            ("é", json!("é")),
        ];
        for (text, value) in cases {
            assert_eq!(resolve(text, true, None), Ok(value), "{text}");
            assert_eq!(resolve(text, false, None), Ok(json!(text)), "{text}");
        }
    }

    #[test]
    fn tags_say_what_a_scalar_is() {
        assert_eq!(resolve("8080", true, Some("str")), Ok(json!("8080")));
        assert_eq!(resolve("8080", false, Some("int")), Ok(json!(8080)));
        assert_eq!(resolve("x", true, Some("int")), Err("\"x\" is no !!int".to_owned()));
    }

    #[test]
    fn what_json_lacks_is_an_error() {
        assert_eq!(resolve(".inf", true, None), Err(".inf cannot be expressed in JSON".to_owned()));
    }
}
