//! Mixes cases: parts of one object in the place of like parts of another, with the settings of a third and the cluster of a fourth.

use serde_json::Value;

use crate::admission::Case;

/// Cases to mix, and the choices.
pub struct Mixture<'c> {
    cases: &'c [Case],
    random: fastrand::Rng,
}

/// A part of a value: the member that it is in, or that the list that it is in is in, and its place as a JSON pointer.
type Part = (String, String);

impl<'c> Mixture<'c> {
    /// Mixes these; the same seed makes the same mixtures.
    pub fn new(cases: &'c [Case], seed: u64) -> Self {
        Self { cases, random: fastrand::Rng::with_seed(seed) }
    }

    fn pick(&mut self) -> &'c Case {
        &self.cases[self.random.usize(..self.cases.len())]
    }

    /// Settings of two cases together.
    fn settings(&mut self) -> Value {
        let mut settings = self.pick().settings.clone();
        if let (Some(members), Value::Object(more)) = (settings.as_object_mut(), &self.pick().settings) {
            for (name, value) in more.iter().filter(|_| self.random.u8(..3) == 0) {
                members.insert(name.clone(), value.clone());
            }
        }
        settings
    }

    fn swap(&mut self, object: &mut Value, other: &Value) {
        let (mine, theirs) = (parts(object), parts(other));
        if mine.is_empty() || theirs.is_empty() {
            return;
        }
        let (name, place) = &mine[self.random.usize(..mine.len())];
        let like: Vec<_> = theirs.iter().filter(|(other, _)| other == name).collect();
        // Something else altogether, in few mixtures.
        let from = if like.is_empty() || self.random.u8(..20) == 0 {
            &theirs[self.random.usize(..theirs.len())]
        } else {
            like[self.random.usize(..like.len())]
        };
        if let (Some(here), Some(there)) = (object.pointer_mut(place), other.pointer(&from.1)) {
            match (self.random.u8(..3), here) {
                // Beside what is there.
                (0, Value::Array(elements)) if there.is_array() => {
                    elements.extend(there.as_array().into_iter().flatten().cloned());
                }
                (_, here) => *here = there.clone(),
            }
        }
    }
}

impl Iterator for Mixture<'_> {
    type Item = Case;

    fn next(&mut self) -> Option<Case> {
        let mut case = self.pick().clone();
        for _ in 0..self.random.usize(..4) {
            let other = self.pick().request["object"].clone();
            let name = if self.random.u8(..8) == 0 { "oldObject" } else { "object" };
            self.swap(&mut case.request[name], &other);
        }
        if self.random.u8(..4) > 0 {
            case.settings = self.settings();
        }
        let cluster = self.pick().cluster.clone();
        if self.random.u8(..3) == 0 {
            case.cluster.0.extend(cluster.0);
        }
        Some(case)
    }
}

/// All parts of a value.
fn parts(value: &Value) -> Vec<Part> {
    fn add(value: &Value, name: &str, place: &str, parts: &mut Vec<Part>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let place = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
                    parts.push((name.clone(), place.clone()));
                    add(value, name, &place, parts);
                }
            }
            Value::Array(elements) => {
                for (index, value) in elements.iter().enumerate() {
                    let place = format!("{place}/{index}");
                    parts.push((format!("{name}[]"), place.clone()));
                    add(value, name, &place, parts);
                }
            }
            _ => {}
        }
    }
    let mut parts = Vec::new();
    add(value, "", "", &mut parts);
    parts
}
