//! What the policy says of itself: for hosts, documentation and tests. It is not in the module.

use crate::json::path::Step;
use crate::kubernetes::kinds::{KINDS, Kind};
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

/// A kind with Pod templates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KindDescription {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    template: &'static [Step<'static>],
}

impl KindDescription {
    /// Returns the names of the members on the way from an object to its Pod template; none for a Pod, which is one itself.
    pub fn pod_template(&self) -> impl Iterator<Item = &'static str> {
        self.template.iter().filter_map(|step| match step {
            Step::Key(name) => Some(&**name),
            Step::Index(_) => None,
        })
    }
}

/// The kinds that the policy knows by itself.
pub fn kinds() -> impl Iterator<Item = KindDescription> {
    KINDS.iter().map(|Kind { group, kind, template, .. }| KindDescription { group, kind, template })
}
