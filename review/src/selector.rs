//! Label selectors, over labels of which not all are known.

use std::slice;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

/// Whether something is so. Things that all have to be so are so as their minimum says, things of which one is enough as
/// their maximum says.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Answer {
    /// It is not so.
    No,
    /// A file does not say.
    Unknown,
    /// It is so.
    Yes,
}

impl From<bool> for Answer {
    fn from(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
}

/// A requirement of a selector; an entry of `matchLabels` is one with `In` and a single value.
struct Requirement<'s> {
    key: &'s str,
    operator: &'s str,
    values: &'s [String],
}

fn requirements(selector: &LabelSelector) -> impl Iterator<Item = Requirement<'_>> {
    let labels = selector.match_labels.iter().flatten();
    let labels = labels.map(|(key, value)| Requirement { key, operator: "In", values: slice::from_ref(value) });
    let expressions = selector.match_expressions.iter().flatten().map(|expression| Requirement {
        key: &expression.key,
        operator: &expression.operator,
        values: expression.values.as_deref().unwrap_or_default(),
    });
    labels.chain(expressions)
}

impl Requirement<'_> {
    fn is_met_by(&self, value: Option<&str>) -> bool {
        let is_listed = value.is_some_and(|value| self.values.iter().any(|listed| listed == value));
        match self.operator {
            "In" => is_listed,
            "NotIn" => !is_listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }

    fn is_valid(&self) -> bool {
        match self.operator {
            "In" | "NotIn" => !self.values.is_empty(),
            "Exists" | "DoesNotExist" => self.values.is_empty(),
            _ => false,
        }
    }
}

/// Whether a selector selects what has these labels: `label` returns the value of a label, or None where it is not known
/// whether there is one.
pub fn selects<'l>(selector: &LabelSelector, label: impl Fn(&str) -> Option<Option<&'l str>>) -> Answer {
    let answers = requirements(selector).map(|requirement| match label(requirement.key) {
        Some(value) => requirement.is_met_by(value).into(),
        None => Answer::Unknown,
    });
    answers.min().unwrap_or(Answer::Yes)
}

/// Returns the labels that a selector asks for, in its order.
pub fn keys(selector: &LabelSelector) -> Vec<&str> {
    let mut keys = Vec::new();
    for Requirement { key, .. } in requirements(selector) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Returns the first requirement that Kubernetes does not take, as `OPERATOR on the label KEY`.
pub fn mistake(selector: &LabelSelector) -> Option<String> {
    let mistake = requirements(selector).find(|requirement| !requirement.is_valid())?;
    Some(format!("{} on the label {}", mistake.operator, mistake.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn selector(value: Value) -> LabelSelector {
        serde_json::from_value(value).unwrap()
    }

    /// What a selector says of `app: shop`, where nothing is known of the label `env` and there is no other.
    fn answer(value: Value) -> Answer {
        selects(&selector(value), |key| match key {
            "app" => Some(Some("shop")),
            "env" => None,
            _ => Some(None),
        })
    }

    fn expression(key: &str, operator: &str, values: &[&str]) -> Value {
        json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]})
    }

    #[test]
    fn a_requirement_is_met_as_in_kubernetes() {
        use Answer::{No, Unknown, Yes};
        assert_eq!(answer(json!({})), Yes);
        assert_eq!(answer(json!({"matchLabels": {"app": "shop"}})), Yes);
        assert_eq!(answer(json!({"matchLabels": {"app": "blog"}})), No);
        assert_eq!(answer(json!({"matchLabels": {"tier": "web"}})), No);
        let rows: [(&str, &[&str], [Answer; 3]); 4] = [
            ("In", &["shop", "blog"], [Yes, Unknown, No]),
            ("NotIn", &["shop"], [No, Unknown, Yes]),
            ("Exists", &[], [Yes, Unknown, No]),
            ("DoesNotExist", &[], [No, Unknown, Yes]),
        ];
        for (operator, values, expected) in rows {
            let found = ["app", "env", "tier"].map(|key| answer(expression(key, operator, values)));
            assert_eq!(found, expected, "{operator}");
        }
    }

    #[test]
    fn one_requirement_that_is_not_met_decides() {
        let with = |app: &str| answer(json!({"matchLabels": {"app": app, "env": "prod"}}));
        assert_eq!(with("shop"), Answer::Unknown);
        assert_eq!(with("blog"), Answer::No);
    }

    #[test]
    fn what_kubernetes_does_not_take_is_found() {
        for (operator, values) in [("Contains", &["a"][..]), ("In", &[]), ("Exists", &["a"])] {
            let mistake = mistake(&selector(expression("env", operator, values)));
            assert_eq!(mistake, Some(format!("{operator} on the label env")));
        }
        assert_eq!(mistake(&selector(json!({"matchLabels": {"env": "prod"}}))), None);
    }

    #[test]
    fn labels_are_named_once() {
        let twice = json!({"matchLabels": {"env": "prod", "app": "shop"}, "matchExpressions": [{"key": "env", "operator": "Exists"}]});
        assert_eq!(keys(&selector(twice)), ["app", "env"]);
    }
}
