//! Restart policies of Pods and of containers, and the rules beside them.

use serde_json::Value;

use crate::api_server::refusal::Refusals;
use crate::api_server::spec::{Container, Form, Spec, elements, text};

const POLICIES: [&str; 3] = ["Always", "Never", "OnFailure"];
const ACTIONS: [&str; 2] = ["Restart", "RestartAllContainers"];
const OPERATORS: [&str; 2] = ["In", "NotIn"];
const RULES_NEED_A_POLICY: &str = "must specify restartPolicy when restart rules are used";

/// What is wrong with how a Pod and its containers are restarted.
pub fn check(spec: &Spec, refusals: &mut Refusals) {
    if !text(&spec.value["restartPolicy"]).is_empty() {
        refusals.one_of(spec.at("restartPolicy"), &spec.value["restartPolicy"], &["Always", "OnFailure", "Never"]);
    }
    spec.containers().iter().for_each(|container| check_one(container, refusals));
}

fn check_one(container: &Container, refusals: &mut Refusals) {
    let policy = &container.value["restartPolicy"];
    let rules = elements(&container.value["restartPolicyRules"]);
    if policy.is_null() {
        if !rules.is_empty() {
            refusals.required(container.at("restartPolicy"), RULES_NEED_A_POLICY);
        }
        // Of an init container no more is said.
        if container.form == Form::Once {
            return;
        }
    }
    refusals.one_of(container.at("restartPolicy"), policy, &POLICIES);
    if rules.len() > 20 {
        refusals.too_many(container.at("restartPolicyRules"), rules.len(), 20);
    }
    for (index, rule) in rules.iter().enumerate() {
        check_rule(rule, &format!("{}[{index}]", container.at("restartPolicyRules")), refusals);
    }
}

fn check_rule(rule: &Value, place: &str, refusals: &mut Refusals) {
    let or_empty = |value: &Value| if value.is_null() { Value::from("") } else { value.clone() };
    refusals.one_of(format!("{place}.action"), &or_empty(&rule["action"]), &ACTIONS);
    let codes = &rule["exitCodes"];
    if codes.is_null() {
        return refusals.required(format!("{place}.exitCodes"), "must be specified");
    }
    refusals.one_of(format!("{place}.exitCodes.operator"), &or_empty(&codes["operator"]), &OPERATORS);
    let values = elements(&codes["values"]).len();
    if values > 255 {
        refusals.too_many(format!("{place}.exitCodes.values"), values, 255);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api_server::tests::{both, table};

    #[test]
    fn as_kubernetes_words_it() {
        let rules = |action: &str, operator: &str| json!([{"action": action, "exitCodes": {"operator": operator, "values": [1]}}]);
        let with = |policy: Value, rules: Value| both(json!({"restartPolicy": policy, "restartPolicyRules": rules}));
        let (init, regular) = (with(json!(null), rules("Restart", "In")), with(json!("Never"), json!(null)));
        table(&[
            (regular, &[]),
            (with(json!("Always"), rules("RestartAllContainers", "NotIn")), &[]),
            (
                init,
                &[
                    "spec.initContainers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used",
                    "spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used",
                ],
            ),
            (
                json!({"containers": [{"name": "a", "image": "a", "restartPolicy": "Sometimes"}]}),
                &[
                    "spec.containers[0].restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"Never\", \"OnFailure\"",
                ],
            ),
            (
                json!({"containers": [{"name": "a", "image": "a", "restartPolicy": "Never", "restartPolicyRules": [{"action": "Stop"}]}]}),
                &[
                    "spec.containers[0].restartPolicyRules[0].action: Unsupported value: \"Stop\": supported values: \"Restart\", \"RestartAllContainers\"",
                    "spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified",
                ],
            ),
            (
                json!({"restartPolicy": "Once", "containers": [{"name": "a", "image": "a"}]}),
                &[
                    "spec.restartPolicy: Unsupported value: \"Once\": supported values: \"Always\", \"OnFailure\", \"Never\"",
                ],
            ),
        ]);
    }
}
