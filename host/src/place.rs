//! Where in a text the thing is that a message of the policy is about.

use crate::yaml::{Content, Node};

/// What stands in a message ahead of a path into the object: a container is `"NAME" at PATH`, and an object that the policy
/// can't read is wrong at a path into the request.
const BEFORE_PATH: [&str; 2] = ["\" at ", " cannot be judged: request.object"];

/// What a message is about.
#[derive(Debug, Eq, PartialEq)]
pub struct Place<'m> {
    /// The path to it from the object; empty for the object itself.
    pub path: &'m str,
    /// The line that it starts on, from 1.
    pub line: usize,
    /// The column that it starts in, from 1.
    pub column: usize,
}

/// A step of a path.
enum Step {
    Key(String),
    Index(usize),
}

impl<'m> Place<'m> {
    /// What a message is about, where `object` is the node of the object; or what is nearest to it and written there, as
    /// what stands behind an alias or is merged with `<<` is written elsewhere.
    pub fn of(message: &'m str, object: &Node) -> Self {
        let path = BEFORE_PATH.iter().find_map(|before| Some(message.split_once(before)?.1)).unwrap_or_default();
        let (mut rest, mut node) = (path, Some(object));
        let Node { mut line, mut column, .. } = *object;
        while let Some((step, behind)) = step(rest) {
            rest = behind;
            node = node.and_then(|node| child(node, &step));
            if let Some(node) = node {
                (line, column) = (node.line, node.column);
            }
        }
        Self { path: path[..path.len() - rest.len()].trim_start_matches('.'), line, column }
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
    use crate::yaml;

    const POD: &str =
        "# A Pod\nspec:\n  containers:\n    - name: a\n    - image: b\n  \"x.y\\\"z\": [{a: 1}]\n  other: *a\n";

    fn place(message: &str) -> (String, usize, usize) {
        let text = POD.replace("*a", "&b {c: 1}\n  alias: *b");
        let document = yaml::documents(&text).next().unwrap().unwrap();
        let Place { path, line, column } = Place::of(message, &document.root);
        (path.to_owned(), line, column)
    }

    #[test]
    fn containers_are_where_their_path_leads() {
        let message = "Pod/a/b: container \"b\" at spec.containers[1] is a sidecar";
        assert_eq!(place(message), ("spec.containers[1]".to_owned(), 5, 7));
        let message = "Pod/a/b: container \"b\" at spec.containers[0]: native sidecars";
        assert_eq!(place(message), ("spec.containers[0]".to_owned(), 4, 7));
        let message = "Pod/a/b: container \"b\" at spec[\"x.y\\\"z\"][0].a has";
        assert_eq!(place(message), ("spec[\"x.y\\\"z\"][0].a".to_owned(), 6, 18));
    }

    #[test]
    fn what_is_not_written_there_is_near() {
        assert_eq!(
            place("Pod/a/b: container \"b\" at spec.containers[7].x is"),
            ("spec.containers[7].x".to_owned(), 4, 5)
        );
        assert_eq!(place("Pod/a/b: container \"b\" at spec.alias.c is"), ("spec.alias.c".to_owned(), 8, 10));
    }

    #[test]
    fn other_messages_are_about_the_object_or_what_is_wrong_in_it() {
        assert_eq!(place("Pod/a/b: no node of the cluster takes this Pod now."), (String::new(), 2, 1));
        assert_eq!(place("Pod/a/b: at home"), (String::new(), 2, 1));
        assert_eq!(place("Pod/a/b: \"\" at [x] or [\"x"), (String::new(), 2, 1));
        let malformed = "Pod/a/b cannot be judged: request.object.spec.containers: invalid type";
        assert_eq!(place(malformed), ("spec.containers".to_owned(), 4, 5));
    }
}
