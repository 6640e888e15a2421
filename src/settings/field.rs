//! What there is to know of a setting, for the documentation, the form and the schema.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::json::view::Text;
use crate::settings::choices::Choice;

/// What there is to know of a setting, or of a field of one.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What people read of it.
    pub text: String,
    /// What it is as JSON.
    pub shape: Shape,
    /// The group that it is in.
    pub group: &'static str,
    /// The words that it may be, the default first, or those that its entries may be; each with its meaning.
    pub choices: Vec<(&'static str, &'static str)>,
    /// The regular expression that it matches, or each of its entries does.
    pub pattern: Option<&'static str>,
    /// What it is as JSON Schema, where that is more than its shape; of a list, each of its entries.
    pub schema: Option<Value>,
    /// What it is where nobody says.
    pub default: Option<Value>,
    /// A value that is not the default.
    pub example: Option<Value>,
    /// Whether it has to be there.
    pub is_required: bool,
}

/// What a setting is as JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// `true` or `false`.
    Flag,
    /// A string.
    Text,
    /// A list of strings.
    Texts,
    /// An object.
    Object,
    /// A list of objects.
    Objects,
}

/// A type of a view, as JSON.
pub trait Shaped {
    /// What it is.
    const SHAPE: Shape;
}

impl Shaped for bool {
    const SHAPE: Shape = Shape::Flag;
}

impl Shaped for Text<'_> {
    const SHAPE: Shape = Shape::Text;
}

impl Shaped for Vec<Text<'_>> {
    const SHAPE: Shape = Shape::Texts;
}

impl Shaped for &RawValue {
    const SHAPE: Shape = Shape::Object;
}

impl Shaped for Vec<&RawValue> {
    const SHAPE: Shape = Shape::Objects;
}

impl Field {
    /// Returns a field of which no more is known. A list is empty and a flag is off where nobody says.
    pub fn new(name: &'static str, text: String, shape: Shape) -> Self {
        let default = match shape {
            Shape::Flag => Some(json!(false)),
            Shape::Texts | Shape::Objects => Some(json!([])),
            Shape::Text | Shape::Object => None,
        };
        Self {
            name,
            text,
            shape,
            group: "",
            choices: Vec::new(),
            pattern: None,
            schema: None,
            default,
            example: None,
            is_required: false,
        }
    }
}

/// Returns the words of choices, each with its meaning.
pub fn words<T>(choices: &[Choice<T>]) -> Vec<(&'static str, &'static str)> {
    choices.iter().map(|choice| (choice.word, choice.meaning)).collect()
}

/// Returns the lines of a doc comment as one.
pub fn text(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
