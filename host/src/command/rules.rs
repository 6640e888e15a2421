//! `rules`: lists the rules and their settings.

use anyhow::Result;
use clap::Args;
use native_sidecar_policy::describe::{self, Field};
use native_sidecar_review::rules::Rule;
use serde_json::{Value, json};

use crate::command::list::ListArgs;

/// Arguments of `rules`.
#[derive(Args, Debug)]
#[command(after_help = "`native-sidecar review --explain RULE` explains one of them.")]
pub struct RulesArgs {
    #[command(flatten)]
    list: ListArgs,
}

/// Prints the rules, each with the setting that says what to do about what it finds.
pub fn run(args: &RulesArgs) -> Result<()> {
    let settings = describe::settings().fields;
    let setting = |rule: &Rule| settings.iter().find(|field| Some(field.name) == rule.setting);
    args.list.print(
        |_| Rule::all().map(|rule| text(&rule, setting(&rule))).collect(),
        || Rule::all().map(|rule| json(&rule, setting(&rule))).collect(),
    )
}

fn text(rule: &Rule, setting: Option<&Field>) -> String {
    let setting = setting.map(|field| format!("{:12}{}: {}\n", "", field.name, values(field).join(", ")));
    format!("{:12}{}\n{}", rule.id, rule.title(), setting.unwrap_or_default())
}

/// The words that a setting may be, the default first.
fn values(setting: &Field) -> Vec<String> {
    let words = setting.choices.iter().map(|(word, _)| *word).enumerate();
    words.map(|(index, word)| if index == 0 { format!("{word} (default)") } else { word.to_owned() }).collect()
}

fn json(rule: &Rule, setting: Option<&Field>) -> Value {
    let setting = setting.map(|field| {
        let values: Vec<_> = field.choices.iter().map(|(word, _)| *word).collect();
        json!({"name": field.name, "values": values, "default": field.default})
    });
    json!({"id": rule.id, "title": rule.title(), "summary": rule.summary().replace('\n', " "), "setting": setting})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_shown_with_their_values() {
        let settings = describe::settings().fields;
        let rule = |id: &str| Rule::named(id).unwrap();
        let setting = |id: &str| settings.iter().find(|field| Some(field.name) == rule(id).setting);
        assert_eq!(
            text(&rule("nodes"), setting("nodes")),
            "nodes       The nodes may not support native sidecars\n            \
            unsupportedNodes: reject (default), warn, legacy, pin\n"
        );
        assert_eq!(text(&rule("policy"), setting("policy")), "policy      The policy cannot judge the object\n");
        assert_eq!(json(&rule("policy"), setting("policy"))["setting"], Value::Null);
        assert_eq!(
            json(&rule("misplaced"), setting("misplaced"))["setting"],
            json!({
                "name": "misplacedRestartPolicy",
                "values": ["warn", "reject", "convert", "ignore"],
                "default": "warn",
            })
        );
    }
}
