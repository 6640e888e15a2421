//! JSONPaths that lead to places: members, elements, and all of them.
//!
//! <https://www.rfc-editor.org/rfc/rfc9535>, but for filters, slices and unions: those pick by what is there, and a Pod template
//! is at the same places in all objects of its kind.

use serde_json::value::RawValue;

use crate::json::path::{Path, Step};
use crate::json::read;

/// The way to some places in a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JsonPath(Vec<Selector>);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Selector {
    /// `.name` or `['name']`
    Member(String),
    /// `[0]`
    Element(usize),
    /// `.*` or `[*]`
    All,
    /// `..`: what follows, here or at any depth below.
    Descent,
}

impl JsonPath {
    /// Reads a JSONPath; None is one that can't be read, or has a filter, a slice or a union.
    pub fn new(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut selectors = Vec::new();
        while !rest.is_empty() {
            let selector;
            if let Some(below) = rest.strip_prefix("..") {
                selectors.push(Selector::Descent);
                // A bracket may follow at once, and a name has lost its dot.
                (selector, rest) = if below.starts_with('[') { bracketed(below)? } else { named(below)? };
            } else if let Some(below) = rest.strip_prefix('.') {
                (selector, rest) = named(below)?;
            } else {
                (selector, rest) = bracketed(rest)?;
            }
            selectors.push(selector);
        }
        Some(Self(selectors))
    }
}

/// What a name selects, and what follows it.
fn named(text: &str) -> Option<(Selector, &str)> {
    let (name, rest) = text.split_at(text.find(['.', '[']).unwrap_or(text.len()));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || !byte.is_ascii();
    match name {
        "*" => Some((Selector::All, rest)),
        _ if !name.is_empty() && name.bytes().all(is_plain) => Some((Selector::Member(name.to_owned()), rest)),
        _ => None,
    }
}

/// What brackets select, and what follows them.
fn bracketed(text: &str) -> Option<(Selector, &str)> {
    let inner = text.strip_prefix('[')?;
    for quote in ['\'', '"'] {
        if let Some(quoted) = inner.strip_prefix(quote) {
            let (name, rest) = quoted.split_once(quote)?;
            return (!name.contains('\\')).then_some((Selector::Member(name.to_owned()), rest.strip_prefix(']')?));
        }
    }
    let (inner, rest) = inner.split_once(']')?;
    let selector = match inner {
        "*" => Selector::All,
        _ if inner.bytes().all(|byte| byte.is_ascii_digit()) => Selector::Element(inner.parse().ok()?),
        _ => return None,
    };
    Some((selector, rest))
}

/// The places that any of the paths leads to and that hold something, each once, in the document's own order.
pub fn places(document: &RawValue, paths: &[&JsonPath]) -> Vec<Path<'static>> {
    let mut places = Vec::new();
    let active: Vec<&[Selector]> = paths.iter().map(|path| &path.0[..]).collect();
    walk(document, &active, &mut Vec::new(), &mut places);
    places
}

/// Goes down from a value to which these selectors are left.
fn walk<'d>(value: &'d RawValue, active: &[&[Selector]], steps: &mut Vec<Step<'d>>, places: &mut Vec<Path<'static>>) {
    if active.iter().any(|selectors| selectors.is_empty()) && value.get() != "null" {
        places.push(Path(steps.iter().cloned().map(Step::into_owned).collect()));
    }
    if active.iter().all(|selectors| selectors.is_empty()) {
        return;
    }
    for (step, child) in read::children(value.get()) {
        let mut next = Vec::new();
        active.iter().for_each(|selectors| advance(selectors, &step, &mut next));
        if !next.is_empty() {
            steps.push(step);
            walk(child, &next, steps, places);
            steps.pop();
        }
    }
}

/// What is left of the selectors behind this step, if it is one that they select.
fn advance<'s>(selectors: &'s [Selector], step: &Step, next: &mut Vec<&'s [Selector]>) {
    let Some((selector, rest)) = selectors.split_first() else { return };
    let is_selected = match (selector, step) {
        (Selector::Descent, _) => {
            next.push(selectors);
            return advance(rest, step, next);
        }
        (Selector::All, _) => true,
        (Selector::Member(name), Step::Key(key)) => name == key,
        (Selector::Element(wanted), Step::Index(index)) => wanted == index,
        _ => false,
    };
    if is_selected {
        next.push(rest);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    use super::*;

    fn document() -> Value {
        json!({
            "a": {"b": {"c": 1}, "b-c": [10, {"b": 2}, null], "x.y": {"b": 3}},
            "b": [[{"b": 4}], []],
            "é": {"b": {"b": 5}},
            "nothing": null,
        })
    }

    fn found(path: &str) -> Option<Vec<String>> {
        let path = JsonPath::new(path)?;
        let document = to_raw_value(&document()).ok()?;
        let places = places(&document, &[&path]);
        Some(places.iter().map(ToString::to_string).collect())
    }

    /// The values there are those that jsonpath_lib selects, in any order.
    #[test]
    fn selects_as_jsonpath_lib_does() {
        for path in [
            "$.a",
            "$.a.b.c",
            "$['a']['b']",
            "$[\"a\"].b-c",
            "$.a['b-c'][1]",
            "$.a['x.y']",
            "$.a.b-c[0]",
            "$.a.b-c[9]",
            "$.a[*]",
            "$.a.*",
            "$.b[*]",
            "$.b[0][0].b",
            "$.b[*][*].b",
            "$..c",
            "$..b",
            "$.a..b",
            "$.é.b.b",
            "$.missing",
            "$.missing.further",
        ] {
            let document = document();
            let expected = jsonpath_lib::select(&document, path).unwrap_or_default();
            let mut expected: Vec<_> =
                expected.into_iter().filter(|value| !value.is_null()).map(Value::to_string).collect();
            let raw = to_raw_value(&document).unwrap_or_default();
            let path_read = JsonPath::new(path);
            let places = path_read.iter().flat_map(|path| places(&raw, &[path]));
            let value_at =
                |place: Path| read::raw_at(raw.get(), &place.0).ok().flatten().map(|raw| raw.get().to_owned());
            let mut values: Vec<_> = places.filter_map(value_at).collect();
            expected.sort();
            values.sort();
            assert!(path_read.is_some(), "{path}");
            assert_eq!(values, expected, "{path}");
        }
    }

    #[test]
    fn finds_each_place_once_in_the_order_of_the_document() {
        assert_eq!(found("$"), Some(vec![String::new()]));
        assert_eq!(
            found("$..b").map(|places| places.join(" ")).as_deref(),
            Some("a.b a.b-c[1].b a[\"x.y\"].b b b[0][0].b [\"é\"].b [\"é\"].b.b")
        );
        let raw = to_raw_value(&document()).unwrap_or_default();
        let paths = ["$.b", "$.a.b", "$.*"].map(|path| JsonPath::new(path).unwrap_or(JsonPath(Vec::new())));
        let places = places(&raw, &paths.iter().collect::<Vec<_>>());
        assert_eq!(places.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "a.b", "b", "[\"é\"]"]);
    }

    #[test]
    fn refuses_what_it_can_not_follow() {
        for path in [
            "",
            "a",
            ".a",
            "$a",
            "$.",
            "$..",
            "$...a",
            "$.a.",
            "$.a[",
            "$.a[]",
            "$.a['b",
            "$.a['b'",
            "$.a[b]",
            "$.a[-1]",
            "$.a[1:2]",
            "$.a[1,2]",
            "$.a[?(@.b)]",
            "$.a[(@.length-1)]",
            "$.a b",
            "$['a\\u0062']",
            "$[99999999999999999999]",
        ] {
            assert_eq!(JsonPath::new(path), None, "{path}");
        }
    }
}
