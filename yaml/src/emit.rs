//! Writes values as YAML.

use serde_json::Value;

use crate::scalar;

/// How a document is laid out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Layout {
    /// By how much a map inside of a map is indented.
    pub indent: usize,
    /// By how much the dashes of a list are indented against the key that holds it.
    pub dash: usize,
}

impl Default for Layout {
    fn default() -> Self {
        Self { indent: 2, dash: 0 }
    }
}

/// Lines, each with its line break, for a value that stands alone at this indentation.
pub fn block(value: &Value, indent: usize, layout: Layout) -> String {
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().map(|(key, value)| pad(indent) + &entry(key, value, indent, layout)).collect()
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(|value| pad(indent) + &item(value, indent, layout)).collect()
        }
        scalar => format!("{}{}\n", pad(indent), inline(scalar, indent, layout)),
    }
}

/// An entry of a map at this indentation, without the indentation of its first line.
pub fn entry(key: &str, value: &Value, indent: usize, layout: Layout) -> String {
    let key = string(key);
    match value {
        Value::Object(map) if !map.is_empty() => {
            format!("{key}:\n{}", block(value, indent + layout.indent, layout))
        }
        Value::Array(items) if !items.is_empty() => format!("{key}:\n{}", block(value, indent + layout.dash, layout)),
        scalar => format!("{key}: {}\n", inline(scalar, indent, layout)),
    }
}

/// An item of a list whose dash is at this indentation, without the indentation of its first line.
pub fn item(value: &Value, indent: usize, layout: Layout) -> String {
    match value {
        Value::Object(_) | Value::Array(_) => {
            let lines = block(value, indent + 2, layout);
            format!("- {}", lines.trim_start_matches(' '))
        }
        scalar => format!("- {}\n", inline(scalar, indent, layout)),
    }
}

/// A value in one line, as in `[a, b]` or `{a: b}`, or as JSON.
pub fn flow(value: &Value, json: bool) -> String {
    match value {
        Value::Object(map) => {
            let entry = |(key, value): (&String, _)| {
                format!("{}: {}", flow(&Value::from(key.as_str()), json), flow(value, json))
            };
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|value| flow(value, json)).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) if !json && is_plain(text) && !text.contains(['[', ']', '{', '}', ',']) => text.clone(),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A scalar, or an empty collection, behind a key at this indentation.
pub fn inline(value: &Value, indent: usize, layout: Layout) -> String {
    match value {
        Value::String(text) => literal(text, indent + layout.indent).unwrap_or_else(|| string(text)),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        other => other.to_string(),
    }
}

fn string(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// A string of JSON, which is one of YAML too but for a few characters that YAML wants escaped.
fn quoted(text: &str) -> String {
    let escape = |c: char| match needs_escape(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    Value::from(text).to_string().chars().map(escape).collect()
}

fn needs_escape(c: char) -> bool {
    c.is_control() || ['\u{2028}', '\u{2029}', '\u{feff}'].contains(&c)
}

/// A text of several lines as a block scalar, where that can express it.
fn literal(text: &str, indent: usize) -> Option<String> {
    let body = text.trim_end_matches('\n');
    let breaks = text.len() - body.len();
    let fits = |line: &str| !line.ends_with([' ', '\t']) && !line.chars().any(|c| needs_escape(c) && c != '\t');
    if !text.contains('\n') || body.is_empty() || body.starts_with([' ', '\t', '\n']) || !body.split('\n').all(fits) {
        return None;
    }
    let chomping = match breaks {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let indented = |line: &str| if line.is_empty() { String::new() } else { pad(indent) + line };
    let lines: Vec<String> = body.split('\n').map(indented).collect();
    Some(format!("|{chomping}\n{}{}", lines.join("\n"), "\n".repeat(breaks.saturating_sub(1))))
}

/// Whether a string can stand without quotes, in YAML 1.1 and 1.2 alike.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let second = text.chars().nth(1);
    let starts_well = match first {
        '-' => second.is_some_and(|second| !second.is_whitespace() && second != '-'),
        first => !first.is_whitespace() && !"?:,[]{}#&*!|>'\"%@`=<".contains(first),
    };
    starts_well
        && !text.ends_with([' ', '\t', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(needs_escape)
        && scalar::resolve(text, true, None).is_ok_and(|value| value.is_string())
        && !reads_as_number_elsewhere(text)
}

/// Dates, times and sexagesimal numbers, which are strings to Kubernetes but not to every reader of YAML 1.1.
fn reads_as_number_elsewhere(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
        && text.chars().all(|c| c.is_ascii_hexdigit() || "+-.:_xXoOTtZz ".contains(c))
        && text.contains([':', '-', 'T', '.'])
        && !text.contains(char::is_alphabetic)
}

/// Spaces.
pub fn pad(columns: usize) -> String {
    " ".repeat(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn yaml(value: &Value) -> String {
        block(value, 0, Layout::default())
    }

    #[test]
    fn maps_and_lists() {
        let value = json!({"spec": {"containers": [{"name": "a", "args": ["-x", ["y"]]}], "volumes": [], "x": {}}});
        let text = "\
spec:
  containers:
  - name: a
    args:
    - -x
    - - \"y\"
  volumes: []
  x: {}
";
        assert_eq!(yaml(&value), text);
        let indented = block(&value, 0, Layout { indent: 4, dash: 2 });
        assert!(
            indented.contains("spec:\n    containers:\n      - name: a\n        args:\n          - -x\n"),
            "{indented}"
        );
    }

    #[test]
    fn strings_that_read_as_something_else_are_quoted() {
        for text in
            ["yes", "on", "0123", "1e3", "null", "", "~", "y", "12:30:45", "2001-01-01", "- a", "a: b", "a #b", "#a"]
        {
            assert_eq!(yaml(&json!(text)), format!("{text:?}\n"), "{text}");
        }
        for text in ["a b", "nginx:1.27", "https://x.org/?a=b", "-v", "10m", "a#b", "é", "1.2.3-rc1", "/bin/sh"] {
            assert_eq!(yaml(&json!(text)), format!("{text}\n"), "{text}");
        }
    }

    #[test]
    fn several_lines_are_a_block() {
        assert_eq!(yaml(&json!({"a": "x\n\n y\n"})), "a: |\n  x\n\n   y\n");
        assert_eq!(yaml(&json!({"a": "x\ny"})), "a: |-\n  x\n  y\n");
        assert_eq!(yaml(&json!({"a": "x\n\n"})), "a: |+\n  x\n\n");
        assert_eq!(yaml(&json!({"a": " x\ny"})), "a: \" x\\ny\"\n");
        assert_eq!(yaml(&json!({"a": "x \ny"})), "a: \"x \\ny\"\n");
    }

    #[test]
    fn flow_style() {
        let value = json!({"a": [1, "b, c", "d"], "e": {}});
        assert_eq!(flow(&value, false), "{a: [1, \"b, c\", d], e: {}}");
        assert_eq!(flow(&value, true), "{\"a\": [1, \"b, c\", \"d\"], \"e\": {}}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let texts =
            ["x\ny\n", "\n", "a\n\n\n", "tab\there", "\u{7f}", "\u{feff}x", "€", "a\r\nb", "<<", "=", "!x", "%", "@"];
        for text in texts {
            let value = json!({"spec": [{"k": text}, text]});
            assert_eq!(crate::parse(&yaml(&value)), Ok(value), "{text:?}");
        }
    }
}
