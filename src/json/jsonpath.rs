//! JSONPaths, as jsonpath_lib reads them, and the places that they lead to.
//!
//! <https://docs.rs/jsonpath_lib>, which follows <https://goessner.net/articles/JsonPath/>. Where it would panic, or would take a
//! path for another one, the path is refused.

use std::ptr::from_ref;

use jsonpath_lib::{Parser, Selector};
use serde_json::Value;

use crate::json::path::{Path, Step};

/// The way to some places in a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JsonPath(String);

/// The longest path, in bytes: the parser calls itself for each step.
const LONGEST: usize = 500;

impl JsonPath {
    /// Reads a JSONPath; None is one that can't be read.
    pub fn new(text: &str) -> Option<Self> {
        // The parser stops without an error where it understands no more: behind that, it does not see what is wrong here either.
        let is_read_to_its_end = Parser::compile(&format!("{text}[")).is_err();
        let is_read = text.len() <= LONGEST && is_selected(text) && Parser::compile(text).is_ok() && is_read_to_its_end;
        is_read.then(|| Self(text.to_owned()))
    }
}

/// Whether jsonpath_lib selects what the path says, once it can parse it.
fn is_selected(path: &str) -> bool {
    let Some(path) = without_quoted(path) else { return false };
    let mut below = path.split("..").skip(1);
    // Each `..` would take every value once for each that it is in.
    let descends_once = match (below.next(), below.next()) {
        (_, Some(_)) => false,
        (Some(below), _) => !below.starts_with('[') || is_one(below),
        (None, _) => true,
    };
    descends_once && path.split('[').skip(1).all(|bracket| is_filter(bracket) || is_plain(bracket))
}

/// The path with nothing between its quotes; None where they do not stand around whole words.
fn without_quoted(path: &str) -> Option<String> {
    let mut rest = path;
    let mut outside = String::new();
    while let Some((before, quoted)) = rest.find(['\'', '"']).map(|quote| rest.split_at(quote)) {
        let quote = quoted.chars().next()?;
        let (word, after) = quoted[1..].split_once(quote)?;
        let opens = before.ends_with(|before: char| before.is_whitespace() || "[,(&=<>".contains(before));
        let closes = after.starts_with(|after: char| after.is_whitespace() || "],)&=<>!".contains(after));
        if word.contains('\\') || !opens || !closes {
            return None;
        }
        outside.extend([before, "''"]);
        rest = after;
    }
    Some(outside + rest)
}

/// Whether the bracket at the start of this selects one thing, or all, or by a filter.
fn is_one(below: &str) -> bool {
    let bracket = below.split(']').next().unwrap_or_default();
    bracket.contains('?') || !bracket.contains([',', ':'])
}

/// Whether what follows `[` is a name, an index, a slice, a union or `*`.
fn is_plain(bracket: &str) -> bool {
    let inner = bracket.split(']').next().unwrap_or_default();
    let step = inner.split(':').nth(2).unwrap_or("1").trim();
    !inner.contains(['?', '(', '@', '$']) && !step.parse().is_ok_and(|step: usize| step == 0)
}

/// Whether what follows `[` is a filter of comparisons, each with one member of what it looks at: `?(@.a == 1 && @.b)`. A single
/// comparison may look deeper.
fn is_filter(bracket: &str) -> bool {
    let Some((condition, _)) = bracket.strip_prefix("?(").and_then(|filter| filter.split_once(")]")) else {
        return false;
    };
    let terms: Vec<_> = condition.split("&&").collect();
    let is_term = |term: &&str| {
        let Some((before, member)) = term.split_once('@') else { return false };
        let end = member.find(|end: char| end.is_whitespace() || "=!<>".contains(end)).unwrap_or(member.len());
        let (member, after) = member.split_at(end);
        let mut names = member.split('.');
        let depth = names.clone().count() - 1;
        names.next() == Some("")
            && names.all(|name| !name.is_empty())
            && depth > 0
            && (depth == 1 || terms.len() == 1)
            && ![before, member, after].concat().contains(['@', '$', '*', ',', ':', '(', ')', '|', ']'])
    };
    terms.iter().all(is_term)
}

/// The places that any of the paths leads to and that hold something, each once, in the document's own order.
pub fn places(document: &Value, paths: &[&JsonPath]) -> Vec<Path<'static>> {
    let select = |path: &&JsonPath| Selector::default().str_path(&path.0).ok()?.value(document).select().ok();
    let selected = paths.iter().filter_map(select).flatten().filter(|value| !value.is_null());
    let mut in_order = Vec::new();
    for value in selected.map(from_ref) {
        if let Err(index) = in_order.binary_search(&value) {
            in_order.insert(index, value);
        }
    }
    let mut places = Vec::new();
    walk(document, &in_order, &mut Path::default(), &mut places);
    places
}

/// Adds the places of the selected values among this one and those in it.
fn walk<'d>(value: &'d Value, selected: &[*const Value], path: &mut Path<'d>, places: &mut Vec<Path<'static>>) {
    if selected.binary_search(&from_ref(value)).is_ok() {
        places.push(Path(path.0.iter().cloned().map(Step::into_owned).collect()));
    }
    let mut below = |step, child| {
        path.0.push(step);
        walk(child, selected, path, places);
        path.0.pop();
    };
    match value {
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, child)| below(Step::Index(index), child));
        }
        Value::Object(members) => members.iter().for_each(|(name, child)| below(Step::key(name), child)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "z": {"b": {"c": 1}, "b-c": [10, {"b": 2}, null], "x.y": {"b": 3}},
            "b": [[{"b": 4}], []],
            "é": {"b": {"b": 5}},
            "nothing": null,
            "jobs": [
                {"name": "one", "n": 1, "on": true, "at": {"kind": "x"}, "t": {}},
                {"name": "two", "n": 2, "on": false, "at": {"kind": "y"}, "t": {}},
                {"name": "one", "n": 2, "at": {"kind": "x"}, "t": null},
            ],
        })
    }

    /// The places that a path leads to, separated by spaces.
    fn found(path: &str) -> Option<String> {
        let path = JsonPath::new(path)?;
        Some(shown(&places(&document(), &[&path])))
    }

    fn shown(places: &[Path]) -> String {
        places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn leads_to_each_place_once_in_the_order_of_the_document() {
        for (path, expected) in [
            ("$", ""),
            ("$.z.b.c", "z.b.c"),
            ("$['z'][\"b\"]", "z.b"),
            ("$.z.b-c[1]", "z.b-c[1]"),
            ("$.z['x.y']", "z[\"x.y\"]"),
            ("$.z.*", "z.b z.b-c z[\"x.y\"]"),
            ("$.b[*][*].b", "b[0][0].b"),
            ("$..c", "z.b.c"),
            ("$..b", "z.b z.b-c[1].b z[\"x.y\"].b b b[0][0].b [\"é\"].b [\"é\"].b.b"),
            ("$.é.b.b", "[\"é\"].b.b"),
            ("$.missing.further", ""),
            ("$.nothing", ""),
            ("$.jobs[9]", ""),
            ("$.jobs[-1]", "jobs[2]"),
            ("$.jobs[1:].n", "jobs[1].n jobs[2].n"),
            ("$.jobs[-2:-1]", "jobs[1]"),
            ("$.jobs[::2]", "jobs[0] jobs[2]"),
            ("$.jobs[2,0,0]", "jobs[0] jobs[2]"),
            ("$['jobs','b'][0]", "b[0] jobs[0]"),
            ("$.jobs[*].t", "jobs[0].t jobs[1].t"),
            ("$.jobs[?(@.name == 'one')].n", "jobs[0].n jobs[2].n"),
            ("$.jobs[?(@.n >= 2)]", "jobs[1] jobs[2]"),
            ("$.jobs[?(@.name != \"one\")]", "jobs[1]"),
            ("$.jobs[?(@.on)]", "jobs[0] jobs[1]"),
            ("$.jobs[?('one' == @.name && @.n > 1)]", "jobs[2]"),
            ("$.jobs[?(@.name == 'one')][?(@.n == 2)]", "jobs[2]"),
            ("$.jobs[?(@.at.kind == 'x')].at", "jobs[0].at jobs[2].at"),
            ("$..[?(@.kind == 'y')]", "jobs[1].at"),
            ("$.jobs[?(@.name == 'a || b')]", ""),
        ] {
            assert_eq!(found(path).as_deref(), Some(expected), "{path}");
        }
        let paths = ["$.b", "$.z.b", "$.z.*", "$.b"].map(|path| JsonPath(path.to_owned()));
        let places = places(&document(), &paths.iter().collect::<Vec<_>>());
        assert_eq!(shown(&places), "z.b z.b-c z[\"x.y\"] b");
    }

    #[test]
    fn refuses_what_jsonpath_lib_can_not_read() {
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
            "$.a[(@.length-1)]",
            "$.a[99999999999999999999]",
            "$.a[?]",
            "$.a[?(@.b == )]",
            "$.a[0:1:2:3]",
        ] {
            assert_eq!(JsonPath::new(path), None, "{path}");
        }
    }

    /// What it would panic at, pass over, or select something else for.
    #[test]
    fn refuses_what_jsonpath_lib_reads_as_something_else() {
        let long = format!("$.{}", "a".repeat(LONGEST));
        for path in [
            "$.a b",
            "$.a]",
            "$.a = 1",
            "$['a\\u0062']",
            "$.a'b[::0]c'",
            "$.a[::0]",
            "$.a[0:1: 0 ]",
            "$..a..b",
            "$..['a','b']",
            "$..[0:1]",
            "$.a[?(@.b == 1 || @.c == 2)]",
            "$.a[?(@.b.c == 1 && @.d)]",
            "$.a[?(@['b'] == 1)]",
            "$.a[?(@.b['c','d'])]",
            "$.a[?(@.b[0:1])]",
            "$.a[?(@.b == $.c)]",
            "$.a[?(@..b)]",
            "$.a[?(@.*)]",
            "$.a[?(@ == 1)]",
            "$.a[?(1 == 1)]",
            "$.a[?('b','c' == @.d)]",
            &long,
        ] {
            assert_eq!(JsonPath::new(path), None, "{path}");
        }
    }

    /// Paths of any words, put together at random: each is refused, or selects something without a panic.
    #[test]
    fn selects_or_refuses_whatever_it_is_given() {
        const WORDS: [&str; 48] = [
            ".",
            "..",
            "[",
            "]",
            "*",
            "[?(",
            ")]",
            "(",
            ")",
            "@",
            "@.",
            "$",
            "'",
            "\"",
            "'a'",
            "['a']",
            "['a','n']",
            "jobs",
            "name",
            "n",
            "at.kind",
            "0",
            "-1",
            "[0]",
            "[-9]",
            "[0,1]",
            "[1:]",
            "[::2]",
            "[::0]",
            ":",
            ",",
            "==",
            "!=",
            "<",
            ">=",
            "&&",
            "||",
            " ",
            "true",
            "1.5",
            "@.n",
            "@.at.kind",
            "[*]",
            "[?(@.n==1)]",
            ".jobs",
            ".*",
            "é",
            "\\",
        ];
        let document = document();
        let mut selected = 0;
        for seed in 0..20_000 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut path = ["$", "$.jobs", "$.jobs[?("][random.usize(..3)].to_owned();
            for _ in 0..random.usize(..7) {
                path.push_str(WORDS[random.usize(..WORDS.len())]);
            }
            path.push_str(["", "]", ")]", ")].n"][random.usize(..4)]);
            if let Some(read) = JsonPath::new(&path) {
                selected += usize::from(!places(&document, &[&read]).is_empty());
            }
        }
        assert!(selected > 200, "{selected}");
    }
}
