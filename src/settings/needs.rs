//! Settings that need others, as data: what the settings are checked against, and what their schema and documentation say.

use std::fmt;

use serde_json::value::RawValue;

use crate::json::malformed::Malformed;
use crate::json::view::{self, Text};

/// Something that is written for a setting.
#[derive(Debug)]
pub struct Condition {
    /// The setting.
    pub setting: &'static str,
    /// What is written.
    pub is: Is,
}

/// What is written for a setting.
#[derive(Debug)]
pub enum Is {
    /// This word.
    Word(&'static str),
    /// Another word than this, which is the default.
    Other(&'static str),
    /// Anything but this word, also nothing.
    Not(&'static str),
    /// Anything but an empty text.
    Filled,
    /// A list that has an entry with this field and this word in it.
    Entry(&'static str, &'static str),
}

/// A setting that needs another one: without it, it could have no effect.
#[derive(Debug)]
pub struct Need {
    /// What makes the need.
    pub of: Condition,
    /// What is needed: any of these.
    pub needed: &'static [Condition],
}

const fn condition(setting: &'static str, is: Is) -> Condition {
    Condition { setting, is }
}

const fn need(of: Condition, needed: &'static [Condition]) -> Need {
    Need { of, needed }
}

const A_NODE_CHECK: &[Condition] = &[condition("nodeCheck", Is::Other("none"))];
const A_CONVERSION: &[Condition] =
    &[condition("legacySidecars", Is::Word("convert")), condition("misplacedRestartPolicy", Is::Word("convert"))];
const A_CHANGE: &[Condition] = &[
    condition("legacySidecars", Is::Word("convert")),
    condition("strippedSidecars", Is::Word("restore")),
    condition("misplacedRestartPolicy", Is::Word("convert")),
    condition("injectedSidecars", Is::Word("steer")),
    condition("unsupportedNodes", Is::Word("pin")),
];
const STRIPPED: &[Condition] = &[condition("strippedSidecars", Is::Not("ignore"))];

/// The need of an injection with strategy `auto`, which is told at its place.
pub const AUTO: Need = need(condition("injections", Is::Entry("strategy", "auto")), A_NODE_CHECK);

/// All needs. Forms write down defaults, so that these need nothing.
pub const NEEDS: [Need; 12] = [
    need(condition("nodeCheck", Is::Word("apiServerVersion")), &[condition("apiServerVersion", Is::Filled)]),
    need(condition("unsupportedNodes", Is::Word("pin")), &[condition("nodeLabel", Is::Filled)]),
    // Who writes it means some check, and may have forgotten which.
    need(condition("unsupportedNodes", Is::Filled), &[condition("nodeCheck", Is::Filled)]),
    need(condition("unsupportedNodes", Is::Other("reject")), &[condition("nodeCheck", Is::Not("none"))]),
    need(condition("nodeLabel", Is::Filled), A_NODE_CHECK),
    need(condition("minimumNodeVersion", Is::Other("1.29")), A_NODE_CHECK),
    need(condition("steerInjectors", Is::Filled), &[condition("injectedSidecars", Is::Word("steer"))]),
    need(condition("startFirst", Is::Filled), A_CONVERSION),
    need(condition("convertTemplates", Is::Filled), A_CHANGE),
    need(condition("ownerLookup", Is::Filled), STRIPPED),
    need(condition("webhookLookup", Is::Filled), STRIPPED),
    AUTO,
];

/// What somebody has written for a setting, as a text: empty where it is as good as nothing.
pub trait Given {
    /// Returns the text; that of a list or a flag only says that there is something.
    fn text(&self) -> &str;
}

impl Given for Option<Text<'_>> {
    fn text(&self) -> &str {
        view::text(self)
    }
}

impl Given for Option<bool> {
    fn text(&self) -> &str {
        if *self == Some(true) { "true" } else { "" }
    }
}

impl<T> Given for Option<Vec<T>> {
    fn text(&self) -> &str {
        if self.as_ref().is_some_and(|entries| !entries.is_empty()) { "[…]" } else { "" }
    }
}

impl Given for Option<&RawValue> {
    fn text(&self) -> &str {
        self.map_or("", RawValue::get)
    }
}

impl Condition {
    /// Whether this is so where that text is given. What is in the entries of a list is not known here.
    pub fn is_met_by(&self, given: &str) -> bool {
        match self.is {
            Is::Word(word) => given == word,
            Is::Other(word) => !given.is_empty() && given != word,
            Is::Not(word) => given != word,
            Is::Filled => !given.is_empty(),
            Is::Entry(..) => false,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is {
            Is::Word(word) => write!(f, "{}: {word}", self.setting),
            Is::Entry(field, word) => write!(f, "{field}: {word} in {}", self.setting),
            Is::Other(_) | Is::Not(_) | Is::Filled => f.write_str(self.setting),
        }
    }
}

impl Need {
    /// Returns what is wrong with settings of which these texts are given, by name; None where nothing is.
    pub fn check<'w>(&self, given: impl Fn(&str) -> &'w str) -> Option<Malformed> {
        let is_met = |condition: &Condition| condition.is_met_by(given(condition.setting));
        let is_wrong = is_met(&self.of) && !self.needed.iter().any(is_met);
        let of = &self.of;
        let wrong = |setting: &str, problem: fmt::Arguments| Malformed::new(setting, problem);
        is_wrong.then(|| match self.needed {
            [Condition { setting, is: Is::Word(word) }] => wrong(setting, format_args!("not {word}; {of} needs that")),
            [Condition { setting, is: Is::Not(word) }] => wrong(setting, format_args!("{word}; {of} needs another")),
            [Condition { setting, .. }] => wrong(setting, format_args!("missing; {of} needs it")),
            several => wrong(of.setting, format_args!("needs {}", one_of(several))),
        })
    }
}

/// Returns conditions of which one has to be met, as a text.
pub fn one_of(conditions: &[Condition]) -> String {
    let text = |condition: &Condition| match condition.is {
        Is::Not(word) => format!("{}: anything but {word}", condition.setting),
        _ => condition.to_string(),
    };
    conditions.iter().map(text).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_missing() {
        let error = |need: &Need, given: &[(&str, &'static str)]| {
            let text = |name: &str| given.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text);
            need.check(text).map(|error| error.to_string()).unwrap_or_default()
        };
        let [version, pin, check, another, _, _, steer, first, ..] = &NEEDS;
        let word = ("nodeCheck", "apiServerVersion");
        assert_eq!(error(version, &[word]), "apiServerVersion: missing; nodeCheck: apiServerVersion needs it");
        assert_eq!(error(version, &[word, ("apiServerVersion", "1.36")]), "");
        assert_eq!(error(version, &[("nodeCheck", "nodes")]), "");
        assert_eq!(error(pin, &[("unsupportedNodes", "pin")]), "nodeLabel: missing; unsupportedNodes: pin needs it");
        assert_eq!(error(check, &[("unsupportedNodes", "warn")]), "nodeCheck: missing; unsupportedNodes needs it");
        assert_eq!(error(check, &[("unsupportedNodes", "reject"), ("nodeCheck", "none")]), "");
        let none = [("unsupportedNodes", "warn"), ("nodeCheck", "none")];
        assert_eq!(error(another, &none), "nodeCheck: none; unsupportedNodes needs another");
        assert_eq!(error(another, &none[..1]), "");
        assert_eq!(
            error(steer, &[("steerInjectors", "[…]")]),
            "injectedSidecars: not steer; steerInjectors needs that"
        );
        assert_eq!(
            error(first, &[("startFirst", "[…]")]),
            "startFirst: needs legacySidecars: convert or misplacedRestartPolicy: convert"
        );
        assert_eq!(error(first, &[("startFirst", "[…]"), ("misplacedRestartPolicy", "convert")]), "");
        let other = &AUTO.needed[0];
        assert_eq!(["", "none", "nodes"].map(|given| other.is_met_by(given)), [false, false, true]);
        assert_eq!(AUTO.of.to_string(), "strategy: auto in injections");
    }

    #[test]
    fn what_is_empty_is_not_given() {
        assert_eq!(Some(false).text(), "");
        assert_eq!(Some(Vec::<u8>::new()).text(), "");
        assert_eq!(None::<Text>.text(), "");
        assert!(Condition { setting: "startFirst", is: Is::Filled }.is_met_by(Some(vec![1]).text()));
        assert!(Condition { setting: "ownerLookup", is: Is::Word("true") }.is_met_by(Some(true).text()));
    }
}
