//! The settings of the rules: what to do about what each of them finds.

use crate::settings::action::Action;
use crate::settings::choices::{Choice, Choices};

/// A setting that says what to do about what a rule finds.
#[derive(Debug)]
pub struct RuleSetting {
    /// Its name.
    pub name: &'static str,
    /// The words that it may be, the default first.
    pub choices: Choices<Action>,
    /// What it is for, as people read it.
    #[cfg(feature = "describe")]
    pub text: &'static str,
}

/// The choice to refuse what the rule finds.
pub const REJECT: Choice<Action> = Choice::new("reject", Action::Reject, "refuse the object");
/// The choice to tell the user of it.
pub const WARN: Choice<Action> = Choice::new("warn", Action::Warn, "let it pass, and say so");
/// The choice to do nothing.
pub const IGNORE: Choice<Action> = Choice::new("ignore", Action::Ignore, "nothing");

/// The choice to repair it: its word, and what is done.
pub const fn repair(word: &'static str, meaning: &'static str) -> Choice<Action> {
    Choice::new(word, Action::Repair, meaning)
}

/// What the settings want done about what the rules find: the settings that somebody has written.
#[derive(Debug, Default)]
pub struct Actions(pub Vec<(&'static str, Action)>);

impl Actions {
    /// Returns what this setting says.
    pub fn of(&self, setting: &RuleSetting) -> Action {
        let written = self.0.iter().find(|(name, _)| *name == setting.name);
        written.map_or(setting.choices[0].value, |(_, action)| *action)
    }
}
