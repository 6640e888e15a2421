//! What the policy says of itself: for hosts, documentation and tests. It is not in the module.

use crate::rules::RULES;
use crate::rules::rule::Rule;

/// A rule, as people read of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RuleDescription {
    /// What it is called.
    pub id: &'static str,
    /// What it means, why it matters, an example, and its settings, as Markdown.
    pub text: &'static str,
}

/// The rules, in the order of the documentation. To the last belongs what no other says.
pub fn rules() -> impl Iterator<Item = RuleDescription> {
    RULES.iter().map(|Rule { id, text, .. }| RuleDescription { id, text })
}
