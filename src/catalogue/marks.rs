//! Marks of an object: labels, annotations and owners that say who works on it, or has worked on it.

use crate::json::path::Step;
use crate::json::read;
use crate::kubernetes::labels::Labels;

/// A label, an annotation or an owner.
#[derive(Debug, Eq, PartialEq)]
pub struct Mark {
    place: Place,
    /// Its key; with a `*` at its end, any key that starts so. Of an owner, its kind.
    key: &'static str,
    /// Its values; any one, where there are none here.
    values: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Label,
    Annotation,
    Owner,
}

/// The part of an object that has marks: of a Pod, or of a Pod template and the object around it.
#[derive(Clone, Copy, Debug)]
pub struct Marked<'v> {
    /// Its labels.
    pub labels: Labels<'v>,
    /// Its annotations.
    pub annotations: Labels<'v>,
    /// The kind of its controller, where it has one.
    pub owner: Option<&'v str>,
}

/// A label with one of these values, or with any.
pub const fn label(key: &'static str, values: &'static [&'static str]) -> Mark {
    Mark { place: Place::Label, key, values }
}

/// An annotation with one of these values, or with any.
pub const fn annotation(key: &'static str, values: &'static [&'static str]) -> Mark {
    Mark { place: Place::Annotation, key, values }
}

/// A controller of this kind.
pub const fn owner(kind: &'static str) -> Mark {
    Mark { place: Place::Owner, key: kind, values: &[] }
}

impl Mark {
    /// Whether the object has this mark; None where it has the key, with another value.
    pub fn is_on(&self, object: Marked) -> Option<bool> {
        let map = match self.place {
            Place::Label => object.labels,
            Place::Annotation => object.annotations,
            Place::Owner => return Some(object.owner == Some(self.key)),
        };
        if let Some(start) = self.key.strip_suffix('*') {
            return Some(has_key_with(start, map));
        }
        match map.get(self.key) {
            None => Some(false),
            Some(value) => (self.values.is_empty() || self.values.contains(&&*value)).then_some(true),
        }
    }
}

fn has_key_with(start: &str, map: Labels) -> bool {
    let members = map.0.map(|map| read::children(map.get())).unwrap_or_default();
    members.iter().any(|(step, _)| matches!(step, Step::Key(key) if key.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::*;

    #[test]
    fn an_object_has_a_mark_lacks_it_or_has_another() {
        let labels = to_raw_value(&json!({"a": "1", "done.example.com/x": "true"})).ok();
        let annotations = to_raw_value(&json!({"b": "2", "example.com/some-name": "3", "c": 7})).ok();
        let object = Marked {
            labels: Labels(labels.as_deref()),
            annotations: Labels(annotations.as_deref()),
            owner: Some("StatefulSet"),
        };
        for (mark, expected) in [
            (label("a", &[]), Some(true)),
            (label("a", &["0", "1"]), Some(true)),
            (label("a", &["0"]), None),
            (label("b", &[]), Some(false)),
            (annotation("b", &["2"]), Some(true)),
            (annotation("c", &[]), Some(false)),
            (annotation("example.com/*", &[]), Some(true)),
            (annotation("example.org/*", &[]), Some(false)),
            (label("example.com/*", &[]), Some(false)),
            (owner("StatefulSet"), Some(true)),
            (owner("Job"), Some(false)),
        ] {
            assert_eq!(mark.is_on(object), expected, "{mark:?}");
        }
        let bare = Marked { labels: Labels(None), annotations: Labels(None), owner: None };
        assert_eq!(
            [label("a", &[]), annotation("*", &[]), owner("Job")].map(|mark| mark.is_on(bare)),
            [Some(false); 3]
        );
    }
}
