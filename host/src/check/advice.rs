//! What this cluster can take today: settings, as policies that are ready to apply, and the steps that remain.

use native_sidecar_policy::describe::Version;
use serde_json::{Value, json};
use yaml::edit;

use crate::check::finding::{Finding, Group, Status};
use crate::check::nodes::{LABEL, Readiness};

/// The policies that the settings are put into.
const ENFORCE: &str = include_str!("../../../deploy/enforce.yaml");

/// What of the cluster the settings depend on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Situation {
    /// The API server's version.
    pub server: Option<Version>,
    /// What its nodes run.
    pub nodes: Readiness,
    /// Whether an injector with an annotation as its switch is there.
    pub steers: bool,
}

impl Situation {
    /// The settings about nodes that this cluster needs, by docs/adopting.md.
    pub fn node_settings(&self) -> Vec<(&'static str, Value)> {
        let server_is_enough = self.server.is_some_and(|server| server >= Version::new(1, 36));
        match (self.nodes.is_full, self.nodes.needs_label) {
            (Some(true), _) if server_is_enough => Vec::new(),
            (Some(true), _) if self.server.is_some_and(|server| server >= Version::new(1, 32)) => {
                let version = self.server.map(|server| server.to_string());
                vec![("nodeCheck", json!("apiServerVersion")), ("apiServerVersion", json!(version))]
            }
            (_, true) => vec![("nodeCheck", json!("nodes")), ("nodeLabel", json!(format!("{}=true", LABEL)))],
            _ => vec![("nodeCheck", json!("nodes"))],
        }
    }

    /// The policies of deploy/enforce.yaml with these settings.
    pub fn policies(&self) -> String {
        let mut edits = Vec::new();
        for document in yaml::documents(ENFORCE).flatten() {
            let mut after = document.value.clone();
            let settings = self.node_settings();
            if settings.iter().any(|(_, value)| *value == "nodes") {
                after["spec"]["contextAwareResources"] = json!([{"apiVersion": "v1", "kind": "Node"}]);
            }
            for (name, value) in settings {
                after["spec"]["settings"][name] = value;
            }
            if self.steers && after["spec"]["mutating"] == true {
                after["spec"]["settings"]["injectedSidecars"] = json!("steer");
                // A Pod that an injector works on has one container until then: deploy/README.md.
                if let Some(conditions) = after["spec"]["matchConditions"].as_array_mut() {
                    conditions.retain(|condition| condition["name"] != "not-just-a-container");
                }
            }
            edits.extend(edit::edits(ENFORCE, &document.root, &document.value, &after));
        }
        edit::apply(ENFORCE, 0..ENFORCE.len(), &edits)
    }
}

/// The steps that remain, in the order in which to take them.
pub fn steps(findings: &[Finding]) -> Vec<String> {
    let is = |group: Group, status: Status| {
        findings.iter().any(|finding| finding.group == group && finding.status == status)
    };
    let has = |group: Group, ids: &[&str]| {
        let is_open = |finding: &&Finding| finding.status != Status::Good && ids.contains(&finding.id);
        findings.iter().filter(is_open).any(|finding| finding.group == group)
    };
    let steps = [
        (
            is(Group::ApiServer, Status::Bad),
            "Update the API server, or turn its feature gate on: nothing else helps before that.",
        ),
        (
            is(Group::Nodes, Status::Bad),
            "Update the nodes that are named, or keep Pods with native sidecars from them (nodeCheck).",
        ),
        (is(Group::Strips, Status::Bad), "Update what strips the field; until then a mutating policy restores it."),
        (is(Group::Injectors, Status::Warning), "Switch the injectors to the native form."),
        (has(Group::Workloads, &["hanging"]), "Mend the Jobs that do not complete, and delete those that hang."),
        (has(Group::Policy, &["kubewarden"]), "Install Kubewarden: https://docs.kubewarden.io/quick-start."),
        (
            has(Group::Policy, &["kubewarden", "none"]),
            "kubectl apply -f deploy/audit.yaml: it warns, and denies nothing.",
        ),
        (
            has(Group::Policy, &["not-mutating", "not-validating"]),
            "Apply what --emit-policy writes: one policy repairs Pods, the other sees what other webhooks leave.",
        ),
        (
            has(Group::Workloads, &["stripped", "legacy", "misplaced"]),
            "Mend the workloads: `native-sidecar review --fix` on their manifests.",
        ),
    ];
    steps.iter().filter(|(applies, _)| *applies).map(|(_, step)| (*step).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(server: (u32, u32), nodes_are_fine: Option<bool>, needs_label: bool) -> String {
        let server = Some(Version::new(server.0, server.1));
        let nodes = Readiness { is_full: nodes_are_fine, needs_label };
        let settings = Situation { server, nodes, steers: false }.node_settings();
        settings.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_nodes_decide_on_the_settings() {
        assert_eq!(settings((1, 36), Some(true), false), "");
        assert_eq!(settings((1, 33), Some(true), false), "nodeCheck: \"apiServerVersion\", apiServerVersion: \"1.33\"");
        assert_eq!(settings((1, 31), Some(true), false), "nodeCheck: \"nodes\"");
        assert_eq!(settings((1, 36), Some(false), false), "nodeCheck: \"nodes\"");
        assert_eq!(settings((1, 36), None, false), "nodeCheck: \"nodes\"");
        let label = "nodeCheck: \"nodes\", nodeLabel: \"native-sidecars.kubewarden.io/supported=true\"";
        assert_eq!(settings((1, 31), Some(false), true), label);
    }

    #[test]
    fn the_policies_are_those_of_deploy_with_the_settings() {
        let situation = Situation {
            server: Some(Version::new(1, 31)),
            nodes: Readiness { is_full: Some(false), needs_label: false },
            steers: true,
        };
        let text = situation.policies();
        let documents: Vec<Value> = yaml::documents(&text).map(|document| document.unwrap().value).collect();
        let settings: Vec<Value> = documents.iter().map(|document| document["spec"]["settings"].clone()).collect();
        let expected = [
            json!({"legacySidecars": "convert", "strippedSidecars": "restore", "nodeCheck": "nodes", "injectedSidecars": "steer"}),
            json!({"legacySidecars": "warn", "strippedSidecars": "reject", "nodeCheck": "nodes"}),
        ];
        assert_eq!(settings, expected);
        let conditions = |document: &Value| -> Vec<String> {
            let conditions = document["spec"]["matchConditions"].as_array().unwrap();
            conditions.iter().map(|condition| condition["name"].to_string()).collect()
        };
        assert_eq!(conditions(&documents[0]), ["\"the-spec-changes\""]);
        assert_eq!(conditions(&documents[1]), ["\"the-spec-changes\"", "\"not-just-a-container\""]);
        assert_eq!(documents[0]["spec"]["contextAwareResources"], json!([{"apiVersion": "v1", "kind": "Node"}]));
        assert!(text.contains("# The policy server is called only where all of these hold"), "{text}");
        let none = Situation {
            server: Some(Version::new(1, 36)),
            nodes: Readiness { is_full: Some(true), needs_label: false },
            ..Situation::default()
        };
        assert_eq!(none.policies(), ENFORCE);
    }
}
