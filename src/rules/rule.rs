//! What a rule is made of, and what it finds: one container, one rule, where it is, and why.

use crate::json::path::{Path, Step};
use crate::kubernetes::pod::{Container, List};
use crate::rules::evidence::Evidence;
use crate::rules::facts::Facts;
use crate::rules::template::Template;
use crate::settings::action::Action;
use crate::settings::rule_settings::RuleSetting;

/// A rule: something that messages are about.
pub struct Rule {
    /// What it is called in outputs and in the documentation.
    pub id: &'static str,
    /// What it finds in containers; None where its messages come from elsewhere.
    pub check: Option<Check>,
    /// What it means, why it matters, an example, and its settings, as Markdown: the section of the documentation.
    #[cfg(feature = "describe")]
    pub text: &'static str,
}

/// What a rule finds in containers, in which words, and how it is mended.
pub struct Check {
    /// The list whose containers it looks at.
    pub list: List,
    /// The setting that says what to do about what it finds.
    pub setting: &'static RuleSetting,
    /// Why it applies to this container, which is at this index of the list; None where it does not.
    pub find: for<'f> fn(&'f Facts<'f>, usize, &'f Container<'f>) -> Option<Evidence<'f>>,
    /// What is wrong, in words that follow the container.
    pub problem: fn(&Finding) -> String,
    /// What the user is to do.
    pub remedy: fn(&Finding) -> String,
    /// What the policy does where it repairs; None where it can't.
    pub repair: Option<Repair>,
    /// Whether it leaves a sidecar alone that may be the main container, as no other is left.
    pub spares_main: bool,
}

/// What the policy does about a finding where the settings want it repaired.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Repair {
    /// It moves the container to `initContainers`, with `restartPolicy: Always`.
    Convert,
    /// It sets `restartPolicy: Always` where the container is.
    Restore,
    /// It leaves the container alone, and sets the switch of what injects it.
    Steer,
}

impl Repair {
    /// What is not done where something keeps it from being repaired: `Not …`.
    pub const fn undone(self) -> &'static str {
        match self {
            Self::Restore => "restored",
            Self::Convert | Self::Steer => "converted",
        }
    }
}

/// A container that a rule has something to say about.
pub struct Finding<'v> {
    /// The rule.
    pub rule: &'static Rule,
    /// What the rule says of containers.
    pub check: &'static Check,
    /// Its index in the list that the rule looks at.
    pub index: usize,
    /// The container.
    pub container: &'v Container<'v>,
    /// The template that it is in.
    pub template: &'v Template<'v>,
    /// Why the rule applies.
    pub evidence: Evidence<'v>,
    /// What the settings want done.
    pub action: Action,
}

/// The object and the template that messages are about; every text starts with it.
#[derive(Clone, Copy, Debug)]
pub struct About<'v> {
    /// The object: `KIND/NAMESPACE/NAME`.
    pub object: &'v str,
    /// The way to its Pod template.
    pub template: &'v [Step<'v>],
}

impl<'v> About<'v> {
    /// Returns where a container of this template is in the object.
    pub fn path(self, list: List, index: usize) -> Path<'v> {
        Path::of(self.template).key("spec").key(list.field()).index(index)
    }

    /// Returns how texts name a container of this template.
    pub fn subject(self, list: List, index: usize, container: &Container) -> String {
        let noun = if list == List::InitContainers { "init container" } else { "container" };
        format!("{}: {noun} {:?} at {}", self.object, container.name(), self.path(list, index))
    }
}

impl Finding<'_> {
    /// Returns how texts name the container.
    pub fn subject(&self, about: About<'_>) -> String {
        about.subject(self.check.list, self.index, self.container)
    }
}
