//! The mutating webhooks of a cluster, in the order in which the API server calls them, and whether it calls one for a Pod.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration, RuleWithOperations};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use native_sidecar_policy::describe::stripper;
use native_sidecar_review::selector::{self, Answer};
use serde_json::Value;

/// A mutating webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The names of its configuration and its own: `CONFIGURATION/WEBHOOK`.
    pub name: String,
    /// What is known of it, where it is known to strip.
    pub known: Option<String>,
    /// The namespace of its service; None where it is elsewhere.
    pub service_namespace: Option<String>,
    webhook: MutatingWebhook,
}

/// The webhooks of these configurations, in the order in which they are called.
pub fn webhooks(configurations: Vec<Value>) -> Vec<Webhook> {
    let read = |value: Value| serde_json::from_value::<MutatingWebhookConfiguration>(value).ok();
    let mut configurations: Vec<MutatingWebhookConfiguration> = configurations.into_iter().filter_map(read).collect();
    configurations.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    let of = |configuration: MutatingWebhookConfiguration| {
        let own = configuration.metadata.name.unwrap_or_default();
        configuration.webhooks.unwrap_or_default().into_iter().map(move |webhook| {
            let name = format!("{own}/{}", webhook.name);
            let service_namespace = webhook.client_config.service.as_ref().map(|service| service.namespace.clone());
            Webhook { known: stripper(&name), name, service_namespace, webhook }
        })
    };
    configurations.into_iter().flat_map(of).collect()
}

impl Webhook {
    /// Whether it is called when a Pod with these labels is created in a namespace with those. Where it has `matchConditions`,
    /// that is not known.
    pub fn is_called(&self, namespace_labels: &Value, labels: &Value) -> Answer {
        let webhook = &self.webhook;
        let selects = |selector: &Option<LabelSelector>, labels: &Value| {
            let answer =
                selector.as_ref().map(|selector| selector::selects(selector, |key| Some(labels[key].as_str())));
            answer.unwrap_or(Answer::Yes)
        };
        let has_conditions = webhook.match_conditions.as_ref().is_some_and(|conditions| !conditions.is_empty());
        Answer::from(webhook.rules.iter().flatten().any(covers_pods))
            .min(selects(&webhook.object_selector, labels))
            .min(selects(&webhook.namespace_selector, namespace_labels))
            .min(if has_conditions { Answer::Unknown } else { Answer::Yes })
    }

    /// Whether the API server refuses dry runs for which it would be called.
    pub fn refuses_dry_runs(&self) -> bool {
        !matches!(self.webhook.side_effects.as_str(), "None" | "NoneOnDryRun")
    }

    /// Its name, and what is known of it.
    pub fn told(&self) -> String {
        self.known.as_ref().map_or_else(|| self.name.clone(), |known| format!("{} ({known})", self.name))
    }
}

/// Whether a rule covers the creation of Pods.
fn covers_pods(rule: &RuleWithOperations) -> bool {
    let has = |list: &Option<Vec<String>>, wanted: &[&str]| {
        list.iter().flatten().any(|listed| wanted.contains(&listed.as_str()))
    };
    has(&rule.operations, &["*", "CREATE"])
        && has(&rule.api_groups, &["*", ""])
        && has(&rule.api_versions, &["*", "v1"])
        && has(&rule.resources, &["*", "*/*", "pods", "pods/*"])
        && matches!(rule.scope.as_deref(), None | Some("" | "*" | "Namespaced"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn webhook(more: Value) -> Webhook {
        let rule = json!({"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]});
        let mut webhook = json!({
            "name": "w", "admissionReviewVersions": ["v1"], "clientConfig": {}, "sideEffects": "None", "rules": [rule],
        });
        for (name, value) in more.as_object().unwrap() {
            webhook[name] = value.clone();
        }
        webhooks(vec![json!({"metadata": {"name": "c"}, "webhooks": [webhook]})]).remove(0)
    }

    #[test]
    fn rules_and_selectors_decide_whether_one_is_called() {
        let (namespace, labels) = (json!({"team": "a"}), json!({"app": "b"}));
        let called = |more: Value| webhook(more).is_called(&namespace, &labels);
        assert_eq!(called(json!({})), Answer::Yes);
        assert_eq!(called(json!({"namespaceSelector": {"matchLabels": {"team": "a"}}})), Answer::Yes);
        assert_eq!(called(json!({"namespaceSelector": {"matchLabels": {"team": "b"}}})), Answer::No);
        assert_eq!(called(json!({"objectSelector": {"matchLabels": {"app": "c"}}})), Answer::No);
        let condition = json!({"matchConditions": [{"name": "x", "expression": "true"}]});
        assert_eq!(called(condition), Answer::Unknown);
        let rule = json!({"operations": ["CREATE"], "apiGroups": ["apps"], "apiVersions": ["*"], "resources": ["*"]});
        assert_eq!(called(json!({"rules": [rule]})), Answer::No);
    }

    #[test]
    fn they_come_in_the_order_in_which_they_are_called() {
        let configuration = |name: &str| {
            json!({"metadata": {"name": name}, "webhooks": [
                {"name": "b", "admissionReviewVersions": [], "clientConfig": {}, "sideEffects": "Some"},
                {"name": "a", "admissionReviewVersions": [], "clientConfig": {}, "sideEffects": "NoneOnDryRun"},
            ]})
        };
        let all = webhooks(vec![configuration("z"), configuration("datadog-webhook")]);
        let names: Vec<&str> = all.iter().map(|webhook| webhook.name.as_str()).collect();
        assert_eq!(names, ["datadog-webhook/b", "datadog-webhook/a", "z/b", "z/a"]);
        assert_eq!(
            all[0].told(),
            "datadog-webhook/b (known for it: https://github.com/DataDog/datadog-agent/issues/37837)"
        );
        assert_eq!(all.iter().map(Webhook::refuses_dry_runs).collect::<Vec<_>>(), [true, false, true, false]);
    }
}
