//! Label selectors and the requirements in them, which node affinity is made of as well.
//!
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>

use std::borrow::Cow;

use k8s_openapi::api::core::v1::NodeSelectorRequirement;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use serde_json::value::RawValue;

use crate::json::path::Step;
use crate::json::read;

/// What is required of the label with this key: a `NodeSelectorRequirement` or a `LabelSelectorRequirement`.
#[derive(Clone, Copy, Debug)]
pub struct Requirement<'v> {
    /// The key.
    pub key: &'v str,
    operator: &'v str,
    values: &'v [String],
}

/// The labels of an object, as they came.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'v>(pub Option<&'v RawValue>);

impl<'v> Labels<'v> {
    /// The value of the label with this key.
    pub fn get(self, key: &str) -> Option<Cow<'v, str>> {
        read::raw_at(self.0?.get(), &[Step::key(key)]).ok()?.and_then(read::text)
    }
}

impl<'v> From<&'v NodeSelectorRequirement> for Requirement<'v> {
    fn from(NodeSelectorRequirement { key, operator, values }: &'v NodeSelectorRequirement) -> Self {
        Self { key, operator, values: values.as_deref().unwrap_or_default() }
    }
}

impl<'v> From<&'v LabelSelectorRequirement> for Requirement<'v> {
    fn from(LabelSelectorRequirement { key, operator, values }: &'v LabelSelectorRequirement) -> Self {
        Self { key, operator, values: values.as_deref().unwrap_or_default() }
    }
}

impl Requirement<'_> {
    /// Whether a label with this value meets it, or the lack of such a label.
    ///
    /// A requirement that the API server would refuse is met by nothing, as in the scheduler.
    pub fn is_met_by(&self, value: Option<&str>) -> bool {
        let values = self.values;
        let is_listed = || value.is_some_and(|value| values.iter().any(|listed| listed == value));
        match self.operator {
            "In" => is_listed(),
            "NotIn" => !values.is_empty() && !is_listed(),
            "Exists" => values.is_empty() && value.is_some(),
            "DoesNotExist" => values.is_empty() && value.is_none(),
            operator @ ("Gt" | "Lt") => match (value, values) {
                (Some(value), [limit]) => match (value.parse::<i64>(), limit.parse::<i64>()) {
                    (Ok(value), Ok(limit)) if operator == "Gt" => value > limit,
                    (Ok(value), Ok(limit)) => value < limit,
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether the API server would take it in a label selector.
    pub fn is_label_requirement(&self) -> bool {
        !self.key.is_empty()
            && match self.operator {
                "In" | "NotIn" => !self.values.is_empty(),
                "Exists" | "DoesNotExist" => self.values.is_empty(),
                _ => false,
            }
    }

    /// Whether it asks for just this value of this label.
    pub fn asks_for(&self, key: &str, value: &str) -> bool {
        self.key == key && self.operator == "In" && self.values == [value]
    }
}

/// Whether a label selector selects what has these labels; of those that are not known, None, it may be either.
pub fn selects(selector: &LabelSelector, label: impl Fn(&str) -> Option<Option<String>>) -> bool {
    let mut labels = selector.match_labels.iter().flatten();
    let mut expressions = selector.match_expressions.iter().flatten().map(Requirement::from);
    labels.all(|(key, value)| label(key).is_none_or(|found| found.as_ref() == Some(value)))
        && expressions
            .all(|expression| label(expression.key).is_none_or(|found| expression.is_met_by(found.as_deref())))
}

/// A label of nodes, and its value where they support native sidecars.
#[derive(Debug, Eq, PartialEq)]
pub struct NodeLabel {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl NodeLabel {
    /// Reads `KEY=VALUE`: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>.
    pub fn new(text: &str) -> Result<Self, String> {
        let form = || "is not of the form KEY=VALUE, such as example.com/native-sidecars=true".to_owned();
        let (key, value) = text.split_once('=').ok_or_else(form)?;
        let is_name = |text: &str| {
            let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
            let bytes = text.as_bytes();
            bytes.len() <= 63
                && is_end(bytes.first())
                && is_end(bytes.last())
                && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        };
        let (prefix, name) = key.rsplit_once('/').unwrap_or(("x", key));
        let is_prefix = prefix.split('.').all(is_name) && !prefix.bytes().any(|byte| byte.is_ascii_uppercase());
        if !(is_prefix && is_name(name) && (value.is_empty() || is_name(value))) {
            return Err(form());
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }
}
