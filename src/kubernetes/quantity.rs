//! Quantities, as Kubernetes writes amounts of resources:
//! <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.

use std::fmt;
use std::ops::Add;

/// An amount of a resource in thousandths, to which the API server rounds up what containers ask for. The largest is that of
/// Kubernetes, and larger ones count as much.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Quantity(i128);

/// A suffix, as factors: a power of ten and a power of 1024.
const SUFFIXES: [(&str, i32, u32); 16] = [
    ("", 0, 0),
    ("n", -9, 0),
    ("u", -6, 0),
    ("m", -3, 0),
    ("k", 3, 0),
    ("M", 6, 0),
    ("G", 9, 0),
    ("T", 12, 0),
    ("P", 15, 0),
    ("E", 18, 0),
    ("Ki", 0, 1),
    ("Mi", 0, 2),
    ("Gi", 0, 3),
    ("Ti", 0, 4),
    ("Pi", 0, 5),
    ("Ei", 0, 6),
];

/// So many digits are exact with the largest suffix; what is behind them is rounded up.
const MOST_DIGITS: usize = 19;

impl Quantity {
    /// The largest one.
    const MAX: Self = Self(i64::MAX as i128 * 1000);

    /// Reads a quantity. None is what Kubernetes does not take for one.
    pub fn read(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.strip_prefix(['-', '+']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        let (whole, rest) = digits(text);
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), digits);
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let (ten, kibi) = factors(suffix)?;
        let significant = format!("{whole}{fraction}");
        let significant = significant.trim_start_matches('0');
        let (exact, dropped) = significant.split_at(significant.len().min(MOST_DIGITS));
        // The digits with the last one for ones, and by which power of ten they count as thousandths.
        let mut amount = exact.bytes().fold(0_i128, |amount, digit| amount * 10 + i128::from(digit - b'0'));
        amount *= 1024_i128.pow(kibi);
        let place = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
        let mut power =
            ten.saturating_add(3).saturating_sub(place(fraction.len())).saturating_add(place(dropped.len()));
        let mut has_rest = dropped.bytes().any(|digit| digit != b'0');
        while power > 0 && amount > 0 && amount <= Self::MAX.0 {
            amount *= 10;
            power -= 1;
        }
        while power < 0 && amount > 0 {
            has_rest |= amount % 10 > 0;
            amount /= 10;
            power += 1;
        }
        let amount = (amount + i128::from(has_rest)).min(Self::MAX.0);
        Some(Self(if is_negative { -amount } else { amount }))
    }
}

/// The digits that a text starts with, and the rest.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}

/// What a suffix stands for: a power of ten and a power of 1024.
fn factors(suffix: &str) -> Option<(i32, u32)> {
    if let Some((_, ten, kibi)) = SUFFIXES.iter().find(|(known, ..)| *known == suffix) {
        return Some((*ten, *kibi));
    }
    Some((suffix.strip_prefix(['e', 'E'])?.parse().ok()?, 0))
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self((self.0 + other.0).min(Self::MAX.0))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % 1000 != 0 {
            return write!(f, "{}m", self.0);
        }
        let whole = self.0 / 1000;
        let fits = |unit: i128| whole != 0 && whole % unit == 0;
        let mut binary = SUFFIXES.iter().rev().filter(|(_, _, kibi)| *kibi > 0);
        match binary.find(|(_, _, kibi)| fits(1024_i128.pow(*kibi))) {
            Some((suffix, _, kibi)) => write!(f, "{}{suffix}", whole / 1024_i128.pow(*kibi)),
            None => write!(f, "{whole}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_kubernetes_reads() {
        let milli = |text: &str| Quantity::read(text).map(|quantity| quantity.0);
        for (text, expected) in [
            ("0", 0),
            ("1", 1000),
            ("+1", 1000),
            ("-1.5", -1500),
            ("500m", 500),
            (".5", 500),
            ("5.", 5000),
            ("1.5Gi", 1_610_612_736_000),
            ("64Mi", 67_108_864_000),
            ("1k", 1_000_000),
            ("1M", 1_000_000_000),
            ("2G", 2_000_000_000_000),
            ("1T", 1_000_000_000_000_000),
            ("1P", 1_000_000_000_000_000_000),
            ("1E", 1_000_000_000_000_000_000_000),
            ("1Ti", 1_099_511_627_776_000),
            ("1Ei", 1_152_921_504_606_846_976_000),
            ("12e2", 1_200_000),
            ("12E-1", 1200),
            ("1e+3", 1_000_000),
            ("1u", 1),
            ("1n", 1),
            ("1000u", 1),
            ("1001u", 2),
            ("0.0001", 1),
            ("0.100000000000000000000000000001", 101),
            ("0.100000000000000000000000000000", 100),
            ("000000000000000000000000000000001", 1000),
            ("0e999999999", 0),
            ("1e-999999999", 1),
            ("100E", Quantity::MAX.0),
            ("1e999999999", Quantity::MAX.0),
            ("99999999999999999999999999999999999999999999999Ei", Quantity::MAX.0),
        ] {
            assert_eq!(milli(text), Some(expected), "{text}");
        }
        let none = [
            "",
            ".",
            "-",
            "+-1",
            "1.1.M",
            "1+1.0M",
            "0.1mi",
            "0.1am",
            "aoeu",
            ".5i",
            "1i",
            "-3.01i",
            "-3.01e-",
            "1K",
            "1ki",
            " 1",
            "1 ",
            "m",
            "1e1.5",
            "1e99999999999",
        ];
        for text in none {
            assert_eq!(milli(text), None, "{text}");
        }
    }

    #[test]
    fn compares_adds_and_shows() {
        let sum =
            |texts: &[&str]| texts.iter().filter_map(|text| Quantity::read(text)).fold(Quantity::default(), Add::add);
        for (texts, expected) in [
            (&["500m", "1"] as &[_], "1500m"),
            (&["0.5", "0.5"], "1"),
            (&["64Mi", "32Mi"], "96Mi"),
            (&["1Gi", "1"], "1073741825"),
            (&["1Gi", "1Ki"], "1048577Ki"),
            (&["2"], "2"),
            (&["2048"], "2Ki"),
            (&[], "0"),
            (&["100E", "100E"], "9223372036854775807"),
        ] {
            assert_eq!(sum(texts).to_string(), expected);
        }
        assert!(Quantity::read("1Gi") > Quantity::read("1G") && Quantity::read("1000m") == Quantity::read("1"));
    }
}
