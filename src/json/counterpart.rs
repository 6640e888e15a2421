//! Where another version of a document has what is at a place in this one.

use serde_json::value::RawValue;

use crate::json::path::{Path, Step};
use crate::json::read;

/// The place in `old` of what is at this place in `new`: the same, but in a list the element of the same name, wherever it
/// stands. Elements without names are compared by their index, where the lists are as long as each other. None where there is
/// nothing to compare with.
pub fn counterpart<'a>(new: &str, old: &str, place: &Path<'a>) -> Option<Path<'a>> {
    let mut found = Path::default();
    for (depth, step) in place.0.iter().enumerate() {
        let step = match step {
            Step::Key(_) => step.clone(),
            Step::Index(index) => {
                let elements = elements(new, place.0.get(..depth)?)?;
                Step::Index(index_of(&elements, *index, &self::elements(old, &found.0)?)?)
            }
        };
        found = found.step(step);
    }
    Some(found)
}

fn elements<'j>(json: &'j str, list: &[Step]) -> Option<Vec<&'j RawValue>> {
    read::at(json, list).ok()?
}

fn index_of(new: &[&RawValue], index: usize, old: &[&RawValue]) -> Option<usize> {
    let name = |element: &RawValue| {
        read::raw_at(element.get(), &[Step::key("name")]).ok()?.and_then(read::text).map(String::from)
    };
    match name(new.get(index)?) {
        Some(own) => old.iter().position(|element| name(element).as_ref() == Some(&own)),
        None => (new.len() == old.len()).then_some(index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_lists_go_by_their_names() {
        let place = |index: usize| Path::default().key("jobs").index(index).key("template");
        let jobs = |jobs: &str| format!(r#"{{"jobs":{jobs}}}"#);
        for (new, index, old, expected) in [
            (r#"[{"name":"worker"}]"#, 0, r#"[{"name":"leader"},{"name":"worker"}]"#, Some(1)),
            (r#"[{"name":"worker"}]"#, 0, r#"[{"name":"leader"}]"#, None),
            (r#"[{"name":"a"},{"name":"b"}]"#, 1, r#"[{"name":"a"},{"name":"b"}]"#, Some(1)),
            (r#"[{},{}]"#, 1, r#"[{},{}]"#, Some(1)),
            (r#"[{},{}]"#, 1, r#"[{}]"#, None),
            (r#"[{}]"#, 0, r#"{}"#, None),
        ] {
            let found = counterpart(&jobs(new), &jobs(old), &place(index));
            assert_eq!(found, expected.map(place), "{new} {old}");
        }
        let plain = Path::default().key("spec").key("template");
        assert_eq!(counterpart("{}", "{}", &plain), Some(plain));
    }
}
