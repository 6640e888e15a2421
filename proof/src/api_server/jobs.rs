//! Jobs, and what fails them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::api_server::refusal::Refusals;
use crate::api_server::spec::{Spec, elements, text};

const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: [&str; 2] = ["In", "NotIn"];

/// What is wrong with the spec of a Job at this place, beside what is wrong with its Pods.
pub fn check(job: &Value, place: &str, refusals: &mut Refusals) {
    let template = Spec { value: &job["template"]["spec"], path: format!("{place}.template.spec"), is_pod: false };
    let policy = text(&template.value["restartPolicy"]);
    let at = template.at("restartPolicy");
    match policy {
        "" | "Always" => refusals.required(at, "valid values: \"OnFailure\", \"Never\""),
        "OnFailure" if !job["podFailurePolicy"].is_null() => {
            let why = "only \"Never\" is supported when podFailurePolicy is specified";
            refusals.invalid(at, &json!(policy), why);
        }
        "OnFailure" | "Never" => {}
        _ => refusals.not_supported(at, &json!(policy), &["OnFailure", "Never"]),
    }
    for field in ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"] {
        if job[field].as_i64().is_some_and(|number| number < 0) {
            refusals.invalid(format!("{place}.{field}"), &job[field], "must be greater than or equal to 0");
        }
    }
    check_failure_policy(job, &template, &format!("{place}.podFailurePolicy.rules"), refusals);
}

fn check_failure_policy(job: &Value, template: &Spec, place: &str, refusals: &mut Refusals) {
    let rules = elements(&job["podFailurePolicy"]["rules"]);
    if rules.len() > 20 {
        refusals.too_many(place, rules.len(), 20);
    }
    let containers = template.containers();
    let names: BTreeSet<_> = containers.iter().map(|container| container.name()).collect();
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("{place}[{index}]");
        let at = format!("{place}.action");
        match text(&rule["action"]) {
            "" => refusals.required(at, &format!("valid values: {ACTIONS:?}").replace(',', "")),
            "FailIndex" if job["backoffLimitPerIndex"].is_null() => {
                refusals.invalid(at, &rule["action"], "requires the backoffLimitPerIndex to be set");
            }
            _ => refusals.one_of(at, &rule["action"], &ACTIONS),
        }
        let (codes, conditions) = (&rule["onExitCodes"], elements(&rule["onPodConditions"]));
        match (codes.is_null(), conditions.is_empty()) {
            (false, false) => {
                refusals.invalid(&place, &json!(""), "specifying both OnExitCodes and OnPodConditions is not supported")
            }
            (true, true) => {
                refusals.invalid(&place, &json!(""), "specifying one of OnExitCodes and OnPodConditions is required")
            }
            (true, false) => {}
            (false, true) => check_exit_codes(codes, &names, &format!("{place}.onExitCodes"), refusals),
        }
    }
}

fn check_exit_codes(codes: &Value, names: &BTreeSet<&str>, place: &str, refusals: &mut Refusals) {
    match text(&codes["operator"]) {
        "" => refusals.required(format!("{place}.operator"), &format!("valid values: {OPERATORS:?}").replace(',', "")),
        _ => refusals.one_of(format!("{place}.operator"), &codes["operator"], &OPERATORS),
    }
    let name = &codes["containerName"];
    if !name.is_null() && !names.contains(text(name)) {
        let why = "must be one of the container or initContainer names in the pod template";
        refusals.invalid(format!("{place}.containerName"), name, why);
    }
    let (values, place) = (elements(&codes["values"]), format!("{place}.values"));
    match values.len() {
        0 => refusals.invalid(&place, &json!(null), "at least one value is required"),
        1..=255 => {}
        count => refusals.too_many(&place, count, 255),
    }
    let mut seen = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        let at = format!("{place}[{index}]");
        if codes["operator"] == "In" && *value == 0 {
            refusals.invalid(&at, value, "must not be 0 for the In operator");
        }
        if !seen.insert(value.as_i64()) {
            refusals.duplicate(at, &value.to_string());
        }
    }
    if !values.is_sorted_by_key(|value| value.as_i64()) {
        refusals.invalid(place, &json!(values), "must be ordered");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api_server::refusals;
    use crate::api_server::tests::lines;

    #[test]
    fn as_kubernetes_words_it() {
        let job = |policy: &str, rules: Value| {
            let spec = json!({"restartPolicy": policy, "containers": [{"name": "main", "image": "main"}],
                "initContainers": [{"name": "log", "image": "log", "restartPolicy": "Always"}]});
            let failure = if rules.is_null() { json!(null) } else { json!({"rules": rules}) };
            json!({"metadata": {"name": "j"}, "spec": {"template": {"spec": spec}, "podFailurePolicy": failure}})
        };
        let codes = |codes: Value| json!([{"action": "FailJob", "onExitCodes": codes}]);
        let named = |name: &str| codes(json!({"operator": "In", "values": [1, 2], "containerName": name}));
        for (job, expected) in [
            (job("Never", json!(null)), &[] as &[&str]),
            (job("Never", named("log")), &[]),
            (job("OnFailure", json!(null)), &[]),
            (
                job("Always", json!(null)),
                &["spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""],
            ),
            (
                job("OnFailure", named("main")),
                &[
                    "spec.template.spec.restartPolicy: Invalid value: \"OnFailure\": only \"Never\" is supported when podFailurePolicy is specified",
                ],
            ),
            (
                job("Never", named("other")),
                &[
                    "spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: \"other\": must be one of the container or initContainer names in the pod template",
                ],
            ),
            (
                job("Never", codes(json!({"operator": "In", "values": [3, 0, 3]}))),
                &[
                    "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator",
                    "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: \"3\"",
                    "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered",
                ],
            ),
            (
                job("Never", json!([{"action": "FailIndex"}])),
                &[
                    "spec.podFailurePolicy.rules[0].action: Invalid value: \"FailIndex\": requires the backoffLimitPerIndex to be set",
                    "spec.podFailurePolicy.rules[0]: Invalid value: \"\": specifying one of OnExitCodes and OnPodConditions is required",
                ],
            ),
        ] {
            assert_eq!(lines(&refusals("Job", &job)), expected);
        }
    }
}
