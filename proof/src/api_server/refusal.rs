//! What the API server says of an object that it does not take, in its own words:
//! <https://github.com/kubernetes/apimachinery/blob/master/pkg/util/validation/field/errors.go>

use std::fmt::{self, Display};

use serde_json::Value;

/// Why an object is refused: the field, and what is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The path of the field.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

/// All that is wrong with an object, in the order in which it was found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Refusals(pub Vec<Refusal>);

impl Refusals {
    fn add(&mut self, field: impl Display, kind: &str, value: impl Display, detail: impl Display) {
        let (value, detail) = (value.to_string(), detail.to_string());
        let parts = [kind, &value].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        let reason = if detail.is_empty() { parts } else { format!("{parts}: {detail}") };
        self.0.push(Refusal { field: field.to_string(), reason });
    }

    /// It has to be there.
    pub fn required(&mut self, field: impl Display, detail: &str) {
        self.add(field, "Required value", "", detail);
    }

    /// It may not be there.
    pub fn forbidden(&mut self, field: impl Display, detail: &str) {
        self.add(field, "Forbidden", "", detail);
    }

    /// Its value is wrong.
    pub fn invalid(&mut self, field: impl Display, value: &Value, detail: impl Display) {
        self.add(field, "Invalid value", value, detail);
    }

    /// Its value is there already.
    pub fn duplicate(&mut self, field: impl Display, value: &str) {
        self.add(field, "Duplicate value", format_args!("{value:?}"), "");
    }

    /// Its value names something that is not there.
    pub fn not_found(&mut self, field: impl Display, value: &str, detail: impl Display) {
        self.add(field, "Not found", format_args!("{value:?}"), detail);
    }

    /// Its value is none of these.
    pub fn not_supported(&mut self, field: impl Display, value: &Value, supported: &[&str]) {
        let supported = supported.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
        self.add(field, "Unsupported value", value, format_args!("supported values: {supported}"));
    }

    /// Its value, where there is one, is none of these; the empty text is none either.
    pub fn one_of(&mut self, field: impl Display, value: &Value, supported: &[&str]) {
        if !value.is_null() && !value.as_str().is_some_and(|text| supported.contains(&text)) {
            self.not_supported(field, value, supported);
        }
    }

    /// It has too many elements.
    pub fn too_many(&mut self, field: impl Display, count: usize, most: usize) {
        self.add(field, "Too many", count, format_args!("must have at most {most} items"));
    }
}

impl Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|refusal| writeln!(f, "{refusal}"))
    }
}
