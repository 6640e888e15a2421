//! The settings of the rules: what to do about what each of them finds.

use crate::settings::action::Action;
use crate::settings::choices::Choice;

/// A setting that says what to do about what a rule finds.
#[derive(Debug)]
pub struct RuleSetting {
    /// Its name.
    pub name: &'static str,
    /// The words that it may be, the default first.
    pub choices: [Choice<Action>; 4],
    /// What it is for, as people read it.
    #[cfg(feature = "describe")]
    pub text: &'static str,
}

/// The choice to refuse what the rule finds.
const REJECT: Choice<Action> = Choice::new("reject", Action::Reject, "refuse the object");
/// The choice to tell the user of it.
const WARN: Choice<Action> = Choice::new("warn", Action::Warn, "let it pass, and say so");
/// The choice to do nothing.
const IGNORE: Choice<Action> = Choice::new("ignore", Action::Ignore, "nothing");

/// The choice to repair it: its word, and what is done.
const fn repair(word: &'static str, meaning: &'static str) -> Choice<Action> {
    Choice::new(word, Action::Repair, meaning)
}

/// The setting of legacy sidecars.
pub static LEGACY_SIDECARS: RuleSetting = RuleSetting {
    name: "legacySidecars",
    choices: [
        REJECT,
        WARN,
        repair("convert", "move the container to `initContainers`, with `restartPolicy: Always`"),
        IGNORE,
    ],
    #[cfg(feature = "describe")]
    text: "What to do about a known sidecar among the regular containers.",
};

/// The setting of stripped sidecars.
pub static STRIPPED_SIDECARS: RuleSetting = RuleSetting {
    name: "strippedSidecars",
    choices: [REJECT, WARN, repair("restore", "put `restartPolicy: Always` back"), IGNORE],
    #[cfg(feature = "describe")]
    text: "What to do about an init container that lost `restartPolicy: Always`.",
};

/// The setting of `restartPolicy: Always` where it makes no sidecar.
pub static MISPLACED_RESTART_POLICY: RuleSetting = RuleSetting {
    name: "misplacedRestartPolicy",
    choices: [WARN, REJECT, repair("convert", "move the container to `initContainers`"), IGNORE],
    #[cfg(feature = "describe")]
    text: "What to do about `restartPolicy: Always` on a regular container, where it makes no sidecar.",
};

/// The setting of sidecars that an injector or an operator adds.
pub static INJECTED_SIDECARS: RuleSetting = RuleSetting {
    name: "injectedSidecars",
    choices: [
        WARN,
        REJECT,
        repair("steer", "set the annotation by which the injector makes its sidecar native"),
        IGNORE,
    ],
    #[cfg(feature = "describe")]
    text: "What to do about a legacy sidecar that an injector or an operator adds. Its container is never moved; the message \
           names the switch of its injector.",
};

/// The settings of all rules, in the order of the documentation.
pub static RULE_SETTINGS: [&RuleSetting; 4] =
    [&LEGACY_SIDECARS, &STRIPPED_SIDECARS, &MISPLACED_RESTART_POLICY, &INJECTED_SIDECARS];

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
