//! Containers and their names.

use std::collections::BTreeSet;

use serde_json::json;

use crate::api_server::names::dns_label;
use crate::api_server::refusal::Refusals;
use crate::api_server::spec::{Container, Form, Spec, text};

const PULL_POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES: [&str; 2] = ["FallbackToLogsOnError", "File"];

/// What is wrong with the containers of a Pod, and their names.
pub fn check(spec: &Spec, refusals: &mut Refusals) {
    if spec.regular().is_empty() {
        refusals.required(spec.at("containers"), "");
    }
    let mut names = BTreeSet::new();
    for container in spec.regular().iter().chain(&spec.init()) {
        check_one(spec, container, refusals);
        let name = container.name();
        if !names.insert(name.to_owned()) && (container.form == Form::Regular || !name.is_empty()) {
            refusals.duplicate(container.at("name"), name);
        }
    }
}

fn check_one(spec: &Spec, container: &Container, refusals: &mut Refusals) {
    match container.name() {
        "" => refusals.required(container.at("name"), ""),
        name => dns_label(name).into_iter().for_each(|why| refusals.invalid(container.at("name"), &json!(name), why)),
    }
    let image = text(&container.value["image"]);
    if image.is_empty() {
        refusals.required(container.at("image"), "");
    }
    if spec.is_pod && image.trim() != image {
        refusals.invalid(container.at("image"), &json!(image), "must not have leading or trailing whitespace");
    }
    for (field, words) in [("imagePullPolicy", &PULL_POLICIES[..]), ("terminationMessagePolicy", &MESSAGE_POLICIES)] {
        let value = &container.value[field];
        if !text(value).is_empty() {
            refusals.one_of(container.at(field), value, words);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::api_server::names::DNS_LABEL;
    use crate::api_server::tests::{said, table};

    #[test]
    fn as_kubernetes_words_it() {
        let app = json!({"name": "app", "image": "app"});
        let whitespace = "must not have leading or trailing whitespace";
        table(&[
            (json!({"containers": [app]}), &[]),
            (json!({"containers": []}), &["spec.containers: Required value"]),
            (json!({"initContainers": [app]}), &["spec.containers: Required value"]),
            (
                json!({"containers": [{"name": "App", "image": ""}]}),
                &[
                    &said("spec.containers[0].name", "Invalid value", "App", DNS_LABEL),
                    "spec.containers[0].image: Required value",
                ],
            ),
            (json!({"containers": [{"image": "app"}]}), &["spec.containers[0].name: Required value"]),
            (json!({"containers": [app, app]}), &["spec.containers[1].name: Duplicate value: \"app\""]),
            (
                json!({"containers": [app], "initContainers": [app]}),
                &["spec.initContainers[0].name: Duplicate value: \"app\""],
            ),
            (
                json!({"containers": [{"name": "app", "image": " app"}]}),
                &[&said("spec.containers[0].image", "Invalid value", " app", whitespace)],
            ),
            (
                json!({"containers": [{"name": "app", "image": "app", "imagePullPolicy": "Sometimes"}]}),
                &[
                    "spec.containers[0].imagePullPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
                ],
            ),
        ]);
    }
}
