//! Makes a case smaller that breaks a property, and still does: parts are dropped as long as that is so.

use serde_json::{Map, Value};

use crate::admission::Case;

/// How often a smaller case is tried.
const MOST: usize = 20_000;

/// Returns the smallest case that is found and still fails.
pub fn shrink(case: &Case, fails: impl Fn(&Case) -> bool) -> Case {
    let (mut case, mut tries) = (case.clone(), 0);
    loop {
        let before = case.clone();
        for part in ["request", "settings"] {
            let value = if part == "request" { case.request.clone() } else { case.settings.clone() };
            let mut pending = places(&value, Vec::new());
            pending.sort_by_key(Vec::len);
            for place in pending {
                tries += 1;
                let mut smaller = case.clone();
                let target = if part == "request" { &mut smaller.request } else { &mut smaller.settings };
                if tries < MOST && remove(target, &place) && fails(&smaller) {
                    case = smaller;
                }
            }
        }
        for kind in case.cluster.0.keys().cloned().collect::<Vec<_>>() {
            let mut smaller = case.clone();
            smaller.cluster.0.remove(&kind);
            if fails(&smaller) {
                case = smaller;
            }
        }
        if case == before || tries >= MOST {
            return case;
        }
    }
}

/// A step into a value: a member, or an element.
#[derive(Clone, Debug)]
enum Step {
    Member(String),
    Element(usize),
}

/// The ways to all parts of a value, the last of each list first.
fn places(value: &Value, here: Vec<Step>) -> Vec<Vec<Step>> {
    let with = |step: Step| [here.clone(), vec![step]].concat();
    let below: Vec<(Vec<Step>, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (with(Step::Member(name.clone())), value)).collect()
        }
        Value::Array(elements) => {
            elements.iter().enumerate().rev().map(|(index, value)| (with(Step::Element(index)), value)).collect()
        }
        _ => Vec::new(),
    };
    below.into_iter().flat_map(|(place, value)| [vec![place.clone()], places(value, place)].concat()).collect()
}

/// Removes the part at this place; false where there is none.
fn remove(value: &mut Value, place: &[Step]) -> bool {
    let Some((last, way)) = place.split_last() else { return false };
    let parent = way.iter().try_fold(value, |value, step| match step {
        Step::Member(name) => value.get_mut(name),
        Step::Element(index) => value.get_mut(index),
    });
    match (parent, last) {
        (Some(Value::Object(members)), Step::Member(name)) => Map::shift_remove(members, name).is_some(),
        (Some(Value::Array(elements)), Step::Element(index)) if *index < elements.len() => {
            elements.remove(*index);
            true
        }
        _ => false,
    }
}
