//! Reading JSON into views, with errors that say what is wrong and where.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::deserializer::{Problem, Reader};
use crate::json::malformed::Malformed;
use crate::json::path::{Path, Step};
use crate::json::view::Text;

/// Reads a document.
pub fn document<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Malformed> {
    with(json, PhantomData)
}

/// Reads a document whose errors nobody reads: what can't be read says nothing.
pub fn lenient<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    read(json, PhantomData).ok()
}

/// Reads what is at the end of `steps`: None where it is absent or `null`.
pub fn at<'a, T: Deserialize<'a>>(json: &'a str, steps: &[Step<'_>]) -> Result<Option<T>, Malformed> {
    match raw_at(json, steps)? {
        None => Ok(None),
        Some(raw) => document(raw.get()).map_err(|error| error.within(Path::of(steps))),
    }
}

/// Reads a document with a reader that has a state.
pub fn with<'a, S: DeserializeSeed<'a>>(json: &'a str, reader: S) -> Result<S::Value, Malformed> {
    read(json, reader).map_err(|(problem, end)| located(problem, end, json))
}

/// Reads a document. The error comes with how much had been read, in bytes.
fn read<'a, S: DeserializeSeed<'a>>(json: &'a str, seed: S) -> Result<S::Value, (Problem, usize)> {
    let mut reader = Reader::new(json);
    let read = seed.deserialize(&mut reader).and_then(|read| reader.expect_end().map(|()| read));
    read.map_err(|problem| (problem, reader.position()))
}

/// Finds what is at the end of `steps`, without looking into anything else: None where it is absent or `null`.
pub fn raw_at<'a>(json: &'a str, steps: &[Step<'_>]) -> Result<Option<&'a RawValue>, Malformed> {
    with(json, At(steps))
}

/// The error with its place as a path: lines and columns count in a document that the user never sees in this form.
#[cold]
pub(super) fn located(problem: Problem, end: usize, json: &str) -> Malformed {
    match problem.into_text() {
        Some(problem) => Malformed::new(place(json, end), problem),
        // What serde_json says of it is what people know.
        None => {
            let error = serde_json::from_str::<IgnoredAny>(json).err();
            let error = error.or_else(|| serde_json::from_str::<Value>(json).err());
            let words = error.map(|error| format!(": {error}")).unwrap_or_default();
            Malformed::new("", format_args!("not JSON{words}"))
        }
    }
}

/// What has been read when `end` bytes have been: the value that begins, ends or goes on there.
pub(super) fn place(json: &str, end: usize) -> Path<'_> {
    let mut path = Path::default();
    let mut value = json;
    let offset = |part: &str| part.as_ptr() as usize - json.as_ptr() as usize;
    while (offset(value) + 1..offset(value) + value.len()).contains(&end) {
        let child = children(value).into_iter().find(|(_, child)| offset(child.get()) + child.get().len() >= end);
        let Some((step, child)) = child else { break };
        path.0.push(step);
        value = child.get();
    }
    path
}

/// The members of an object, or the elements of an array; nothing of what has neither.
pub fn children(json: &str) -> Vec<(Step<'_>, &RawValue)> {
    if let Some(Members(members)) = lenient(json) {
        return members.into_iter().map(|(name, value)| (Step::Key(name.0), value)).collect();
    }
    let elements: Vec<&RawValue> = lenient(json).unwrap_or_default();
    elements.into_iter().enumerate().map(|(index, value)| (Step::Index(index), value)).collect()
}

/// The members of an object in their order, each as the text that it is.
#[derive(Debug, Default)]
pub struct Members<'a>(pub Vec<(Text<'a>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for InOrder<'a> {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

/// The text that this value is; None where it is something else.
pub fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    lenient::<Text>(raw.get()).map(|text| text.0)
}

/// Finds what is at the end of the steps, in one pass.
struct At<'s>(&'s [Step<'s>]);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0.first() {
            None => Option::deserialize(deserializer),
            Some(_) => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.first() {
            Some(Step::Index(_)) => "a list",
            _ => "an object",
        })
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((Step::Key(wanted), rest)) = self.0.split_first() else {
            return Err(serde::de::Error::invalid_type(Unexpected::Map, &self));
        };
        let mut found = None;
        while let Some(key) = map.next_key::<Text>()? {
            if key.0 == *wanted {
                found = map.next_value_seed(At(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let Some((Step::Index(wanted), rest)) = self.0.split_first() else {
            return Err(serde::de::Error::invalid_type(Unexpected::Seq, &self));
        };
        for _ in 0..*wanted {
            if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        let found = seq.next_element_seed(At(rest))?.flatten();
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

/// Compares two documents by what they mean: the order of members, white space and spelling do not count.
pub fn same(one: &RawValue, other: &RawValue) -> bool {
    let parse = |raw: &RawValue| lenient::<Value>(raw.get());
    one.get() == other.get() || matches!((parse(one), parse(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::pod::PodTemplate;

    fn error<'a, T: Deserialize<'a>>(json: &'a str, steps: &[Step<'_>]) -> String {
        at::<T>(json, steps).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn errors_say_where() {
        let steps = [Step::key("spec"), Step::Index(1), Step::key("template")];
        for (json, expected) in [
            (r#"{"spec":[0,{"template":"x"}]}"#, "spec[1].template: invalid type: string \"x\", expected an object"),
            (
                r#"{"spec":[0,{"template":{"spec":{"containers":[{},{"name":{}}]}}}]}"#,
                "spec[1].template.spec.containers[1].name: invalid type: map, expected a string",
            ),
            (r#"{"spec":[0,7]}"#, "spec[1]: invalid type: integer `7`, expected an object"),
            (r#"{"spec":{}}"#, "spec: invalid type: map, expected a list"),
            (r#"[]"#, "invalid type: sequence, expected an object"),
            (r#"{"spec":[0,"#, "not JSON: EOF while parsing a value at line 1 column 11"),
            (r#"{} {}"#, "not JSON: trailing characters at line 1 column 4"),
        ] {
            assert_eq!(error::<PodTemplate>(json, &steps), expected, "{json}");
        }
    }

    #[test]
    fn reads_what_is_there() {
        let steps = [Step::key("a\"b"), Step::Index(1)];
        for (json, expected) in [
            (r#"{"a\"b":[1,2,3],"c":[4]}"#, Ok(Some(2))),
            (r#"{"a\"b":[1]}"#, Ok(None)),
            (r#"{"a\"b":null}"#, Ok(None)),
            (r#"{"a\"b":[1,null]}"#, Ok(None)),
            (r#"{"c":[4]}"#, Ok(None)),
            ("null", Ok(None)),
        ] {
            assert_eq!(at::<u8>(json, &steps), expected, "{json}");
        }
    }
}
