//! The rules: what each finds, why, in which words, and what to do about it. One rule is one file, and a line in [`RULES`].

pub mod evidence;
pub mod template;
pub mod role;
pub mod history;
pub mod facts;
pub mod rule;

mod legacy;
pub mod stripped;
pub mod injected;
mod misplaced;
pub mod converted;
pub mod nodes;
pub mod injections;
pub mod policy;

use crate::rules::facts::Facts;
use crate::rules::rule::{Finding, Rule};
use crate::settings::action::Action;
use crate::settings::rule_settings::RuleSetting;

/// All rules, in the order of the documentation.
pub static RULES: [&Rule; 8] = [
    &legacy::RULE,
    &stripped::RULE,
    &misplaced::RULE,
    &injected::RULE,
    &converted::RULE,
    &nodes::RULE,
    &injections::RULE,
    &policy::RULE,
];

/// Returns the settings of the rules, in their order.
pub fn settings() -> Vec<&'static RuleSetting> {
    RULES.iter().filter_map(|rule| Some(rule.check.as_ref()?.setting)).collect()
}

/// Returns what the rules find, of each container what the strictest says: in `initContainers` first, as the kubelet starts
/// them, in each list in its own order.
pub fn findings<'v>(facts: &'v Facts<'v>) -> Vec<Finding<'v>> {
    let mut findings = Vec::new();
    for list in facts.lists() {
        let checks: Vec<_> = RULES
            .iter()
            .filter_map(|rule| Some((*rule, rule.check.as_ref()?)))
            .map(|(rule, check)| (rule, check, facts.template.settings.actions.of(check.setting)))
            .filter(|(_, check, action)| check.list == *list && *action != Action::Ignore)
            .collect();
        for (index, container) in list.of(facts.template.spec).iter().enumerate() {
            if facts.template.is_exempt(container) {
                continue;
            }
            let found = checks.iter().filter_map(|(rule, check, action)| {
                let evidence = (check.find)(facts, index, container)?;
                Some(Finding { rule, check, index, container, template: &facts.template, evidence, action: *action })
            });
            findings.extend(found.max_by_key(|finding| (finding.action, finding.evidence.source.is_own_word)));
        }
    }
    findings
}
