//! Where in a text the thing is that a path leads to.

use yaml::{Content, Node};

/// A place in a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

impl From<&yaml::Error> for Place {
    fn from(error: &yaml::Error) -> Self {
        Self { line: error.line, column: error.column }
    }
}

/// A step of a path.
enum Step {
    Key(String),
    Index(usize),
}

impl Place {
    /// No place: the object is in no text that anybody has written.
    pub const NONE: Self = Self { line: 0, column: 0 };

    /// Returns the place; None where it is [`Place::NONE`].
    pub fn written(self) -> Option<Self> {
        (self != Self::NONE).then_some(self)
    }

    /// Returns where in the text of an object a path leads; or to what is nearest to it and written there, as what stands
    /// behind an alias or is merged with `<<` is written elsewhere.
    pub fn of(path: &str, object: &Node) -> Self {
        let mut place = Self { line: object.line, column: object.column };
        let (mut rest, mut node) = (path, object);
        while let Some((step, behind)) = step(rest) {
            let Some(child) = child(node, &step) else { break };
            place = Self { line: child.line, column: child.column };
            (rest, node) = (behind, child);
        }
        place
    }
}

fn child<'n>(node: &'n Node, step: &Step) -> Option<&'n Node> {
    match (&node.content, step) {
        (Content::Mapping { entries, .. }, Step::Key(key)) => {
            entries.iter().find(|entry| entry.name.as_ref() == Some(key)).map(|entry| &entry.value)
        }
        (Content::Sequence { items, .. }, Step::Index(index)) => items.get(*index),
        _ => None,
    }
}

/// The first step of a path as the policy writes it, `a.b[0]["c.d"]`, and what is behind it.
fn step(path: &str) -> Option<(Step, &str)> {
    if let Some(quoted) = path.strip_prefix("[\"") {
        let mut strings = serde_json::Deserializer::from_str(&path[1..]).into_iter::<String>();
        let key = strings.next()?.ok()?;
        let rest = quoted.get(strings.byte_offset() - 1..)?.strip_prefix(']')?;
        return Some((Step::Key(key), rest));
    }
    if let Some(index) = path.strip_prefix('[') {
        let (index, rest) = index.split_once(']')?;
        return Some((Step::Index(index.parse().ok()?), rest));
    }
    let name = path.strip_prefix('.').unwrap_or(path);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let (key, rest) = name.split_at(name.find(|c| !is_plain(c)).unwrap_or(name.len()));
    (!key.is_empty()).then(|| (Step::Key(key.to_owned()), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = "# A Pod
spec:
  containers:
    - name: a
    - image: b
  \"x.y\\\"z\": [{a: 1}]
  other: &b {c: 1}
  alias: *b
";

    fn place(path: &str) -> (usize, usize) {
        let document = yaml::documents(POD).next().unwrap().unwrap();
        let Place { line, column } = Place::of(path, &document.root);
        (line, column)
    }

    #[test]
    fn a_path_leads_to_what_is_written_there() {
        assert_eq!(place("spec.containers[1]"), (5, 7));
        assert_eq!(place("spec.containers[0]"), (4, 7));
        assert_eq!(place("spec[\"x.y\\\"z\"][0].a"), (6, 18));
        assert_eq!(place(""), (2, 1));
    }

    #[test]
    fn what_is_not_written_there_is_near() {
        assert_eq!(place("spec.containers[7].x"), (4, 5));
        assert_eq!(place("spec.alias.c"), (8, 10));
        assert_eq!(place("status.x"), (2, 1));
    }

    #[test]
    fn what_is_no_path_leads_nowhere() {
        for path in ["[x]", "[\"x", "[\"x\"", "[-1]", " spec", ".."] {
            assert_eq!(place(path), (2, 1), "{path}");
        }
    }
}
