//! The rules that messages belong to, and what there is to know of each.

use native_sidecar_policy::describe::{self, RuleDescription};

/// A rule.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rule {
    /// Its number among the rules, from 0.
    pub index: usize,
    /// What it is called.
    pub id: &'static str,
    /// What it means, why it matters, an example, and its settings, as Markdown.
    pub text: &'static str,
    /// The setting that says what to do about what it finds; None where that is always the same.
    pub setting: Option<&'static str>,
}

impl Rule {
    /// All rules.
    pub fn all() -> impl Iterator<Item = Self> {
        let rule = |(index, RuleDescription { id, text, setting })| Self { index, id, text, setting };
        describe::rules().enumerate().map(rule)
    }

    /// The rule of this name.
    pub fn named(id: &str) -> Option<Self> {
        Self::all().find(|rule| rule.id == id)
    }

    /// The rule of this name; where there is none, the last, to which belongs what no other says.
    pub fn named_or_last(id: &str) -> Self {
        Self::named(id).or(Self::all().last()).unwrap_or_default()
    }

    /// What it means, in one line.
    pub fn title(&self) -> &'static str {
        self.part(0).trim_start_matches("# ")
    }

    /// What it means, in a few sentences.
    pub fn summary(&self) -> &'static str {
        self.part(1)
    }

    fn part(&self, number: usize) -> &'static str {
        self.text.split("\n\n").nth(number).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_by_name() {
        for (index, rule) in Rule::all().enumerate() {
            assert_eq!((rule.index, Rule::named(rule.id)), (index, Some(rule)));
        }
        assert_eq!(Rule::named("other"), None);
        assert_eq!(Rule::named_or_last("nodes").id, "nodes");
        assert_eq!(Rule::named_or_last("other").id, "policy");
        let misplaced = Rule::named("misplaced").unwrap();
        assert_eq!(misplaced.title(), "restartPolicy: Always in containers makes no sidecar");
        assert!(misplaced.summary().ends_with('.'), "{}", misplaced.summary());
    }
}
