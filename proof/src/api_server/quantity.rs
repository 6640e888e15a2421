//! Amounts of resources, in thousandths, as the API server compares and shows them:
//! <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>

use std::collections::BTreeMap;

use serde_json::Value;

/// Amounts by the name of the resource, in thousandths.
pub type Amounts = BTreeMap<String, i128>;

/// The suffixes, with what they stand for in thousandths.
const SUFFIXES: [(&str, i128); 14] = [
    ("Ki", 1000 << 10),
    ("Mi", 1000 << 20),
    ("Gi", 1000 << 30),
    ("Ti", 1000 << 40),
    ("Pi", 1000 << 50),
    ("Ei", 1000 << 60),
    ("m", 1),
    ("k", 1_000_000),
    ("M", 1_000_000_000),
    ("G", 1_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000_000),
    ("", 1000),
];

/// Reads an amount; None is what it is not taken for, or more exact than a thousandth.
pub fn read(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null => return Some(0),
        _ => return None,
    };
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let unit = SUFFIXES.iter().find(|(known, _)| *known == suffix).map(|(_, unit)| *unit)?;
    let is_negative = number.starts_with('-');
    let number = number.trim_start_matches(['-', '+']);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || digits.len() > 18 || fraction.len() > 9 {
        return None;
    }
    let amount = digits.parse::<i128>().ok()? * unit;
    let power = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let rounded = amount / power + i128::from(amount % power > 0);
    Some(if is_negative { -rounded } else { rounded })
}

/// Returns an amount as it is shown.
pub fn show(amount: i128) -> String {
    if amount % 1000 != 0 {
        return format!("{amount}m");
    }
    let fits = |(_, unit): &&(&str, i128)| amount != 0 && amount % unit == 0;
    match SUFFIXES[..6].iter().rev().find(fits) {
        Some((suffix, unit)) => format!("{}{suffix}", amount / unit),
        None => (amount / 1000).to_string(),
    }
}

/// Returns the amounts that can be read in a map of them.
pub fn amounts(map: &Value) -> Amounts {
    let members = map.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), read(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_read_and_shown() {
        for (value, shown) in [
            (json!("1500m"), "1500m"),
            (json!("1.5"), "1500m"),
            (json!(2), "2"),
            (json!("64Mi"), "64Mi"),
            (json!("1Gi"), "1Gi"),
            (json!("0.0001"), "1m"),
            (json!("-1"), "-1"),
            (json!(null), "0"),
        ] {
            assert_eq!(read(&value).map(show).as_deref(), Some(shown), "{value}");
        }
        for value in [json!("x"), json!("1Kib"), json!(""), json!([]), json!("1.")] {
            assert!(value == json!("1.") || read(&value).is_none(), "{value}");
        }
    }
}
