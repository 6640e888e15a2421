//! The metadata of a policy, as `metadata.yml` has it.
//!
//! <https://docs.kubewarden.io/tutorials/writing-policies/metadata>

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
pub use native_sidecar_review::lookup::ContextAwareResource;
use serde::{Deserialize, Serialize};

/// The annotation that holds the README.
pub const USAGE: &str = "io.kubewarden.policy.usage";

/// The metadata of a policy, in the order that Kubewarden writes it. Keys it does not know are left out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The version of the protocol that the module speaks; asked from it.
    pub protocol_version: Option<String>,
    /// The requests that the policy wants to see.
    pub rules: Vec<Rule>,
    /// Who made it, what for, and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Whether it may change objects.
    pub mutating: bool,
    /// Whether the audit scanner can use it.
    #[serde(default = "yes")]
    pub background_audit: bool,
    /// How it is run.
    #[serde(default)]
    pub execution_mode: ExecutionMode,
    /// What it judges.
    #[serde(default)]
    pub policy_type: PolicyType,
    /// The objects of the cluster that it wants to read.
    #[serde(default)]
    pub context_aware_resources: BTreeSet<ContextAwareResource>,
    /// What it wants to ask of its host: each as `NAMESPACE/OPERATION`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_capabilities: Option<BTreeSet<String>>,
    /// The oldest Kubewarden that can run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_kubewarden_version: Option<String>,
}

/// Which requests a policy wants to see.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// API groups.
    pub api_groups: Vec<String>,
    /// Versions of these.
    pub api_versions: Vec<String>,
    /// Resources in these.
    pub resources: Vec<String>,
    /// What is done to them.
    pub operations: Vec<Operation>,
}

/// What is done to an object.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Operation {
    Create,
    Update,
    Delete,
    Connect,
    #[serde(rename = "*")]
    All,
}

/// How a module is run; this host knows only the first.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum ExecutionMode {
    #[default]
    KubewardenWapc,
    Opa,
    Gatekeeper,
    Wasi,
}

/// What a policy judges.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum PolicyType {
    #[default]
    Kubernetes,
    Raw,
}

fn yes() -> bool {
    true
}

impl Metadata {
    /// Reads `metadata.yml`.
    pub fn from_yaml(text: &str) -> Result<Self> {
        Ok(serde_json::from_value(yaml::parse(text)?)?)
    }

    /// What keeps Kubernetes or Kubewarden from taking it, all of it.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut check = |place: String, is_wrong: bool, problem: &str| {
            if is_wrong {
                problems.push(format!("{place}: {problem}"));
            }
        };
        for (index, rule) in self.rules.iter().enumerate() {
            let stars = rule.operations.iter().map(|operation| match operation {
                Operation::All => "*",
                _ => "",
            });
            let lists: [(&str, Vec<&str>); 4] = [
                ("apiGroups", rule.api_groups.iter().map(String::as_str).collect()),
                ("apiVersions", rule.api_versions.iter().map(String::as_str).collect()),
                ("resources", rule.resources.iter().map(String::as_str).collect()),
                ("operations", stars.collect()),
            ];
            for (name, list) in lists {
                let place = || format!("rules[{index}].{name}");
                check(place(), list.is_empty(), "must not be empty");
                match name {
                    "resources" => {
                        check(place(), list.contains(&""), "has an empty string");
                        for problem in resource_problems(&list) {
                            check(place(), true, &problem);
                        }
                    }
                    _ => check(place(), list.contains(&"*") && list.len() > 1, "has \"*\" beside others"),
                }
            }
        }
        for (index, resource) in self.context_aware_resources.iter().enumerate() {
            let is_empty = resource.api_version.is_empty() || resource.kind.is_empty();
            check(format!("contextAwareResources[{index}]"), is_empty, "apiVersion and kind must not be empty");
        }
        for name in self.host_capabilities.iter().flatten() {
            let is_path = name.split('/').count() > 1 && name.split('/').all(|part| !part.is_empty());
            check(
                format!("hostCapabilities: {name:?}"),
                !is_path,
                "must be NAMESPACE/OPERATION, as kubernetes/get_resource",
            );
        }
        problems
    }
}

/// The rules of Kubernetes for wildcards in `resources`:
/// <https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/mutating-webhook-configuration-v1/>
fn resource_problems(resources: &[&str]) -> Vec<String> {
    let mut problems = Vec::new();
    let is_plain = |resource: &&str| *resource != "*" && !resource.contains('/');
    if resources.contains(&"*/*") && resources.len() > 1 {
        problems.push("has \"*/*\" beside others".to_owned());
    }
    if resources.contains(&"*") && resources.iter().any(is_plain) {
        problems.push("has \"*\" beside resources without a subresource".to_owned());
    }
    for resource in resources.iter().filter(|resource| **resource != "*/*") {
        let Some((name, part)) = resource.split_once('/') else { continue };
        let (any_part, any_name) = (format!("{name}/*"), format!("*/{part}"));
        for wildcard in [any_part, any_name] {
            if *resource != wildcard && resources.contains(&wildcard.as_str()) {
                problems.push(format!("has {resource:?} beside {wildcard:?}"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "rules: [{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}]\n";

    fn problems(rule: &str) -> Vec<String> {
        Metadata::from_yaml(&format!("mutating: true\nrules: [{rule}]\n")).unwrap().problems()
    }

    #[test]
    fn defaults_are_those_of_kubewarden() {
        let metadata = Metadata::from_yaml(&format!("{RULES}mutating: true\nunknown: 1\n")).unwrap();
        let json = "{\"protocolVersion\":null,\"rules\":[{\"apiGroups\":[\"\"],\"apiVersions\":[\"v1\"],\
            \"resources\":[\"pods\"],\"operations\":[\"CREATE\"]}],\"mutating\":true,\"backgroundAudit\":true,\
            \"executionMode\":\"kubewarden-wapc\",\"policyType\":\"kubernetes\",\"contextAwareResources\":[]}";
        assert_eq!(serde_json::to_string(&metadata).unwrap(), json);
        assert_eq!(metadata.problems(), Vec::<String>::new());
    }

    #[test]
    fn missing_and_wrong_fields_are_errors() {
        let error = |text: &str| Metadata::from_yaml(text).map(|_| ()).unwrap_err().to_string();
        assert_eq!(error("mutating: true"), "missing field `rules`");
        assert_eq!(error(RULES), "missing field `mutating`");
        assert!(error(&RULES.replace("CREATE", "MAKE")).starts_with("unknown variant `MAKE`"));
    }

    #[test]
    fn host_capabilities_are_read_checked_and_written() {
        let read =
            |list: &str| Metadata::from_yaml(&format!("{RULES}mutating: true\nhostCapabilities: {list}\n")).unwrap();
        let metadata = read("[kubernetes/list_resources_all, kubernetes/get_resource]");
        assert_eq!(metadata.problems(), Vec::<String>::new());
        let json = serde_json::to_string(&metadata).unwrap();
        let end = ",\"hostCapabilities\":[\"kubernetes/get_resource\",\"kubernetes/list_resources_all\"]}";
        assert!(json.ends_with(end), "{json}");
        assert_eq!(
            read("[get_resource, oci/]").problems(),
            [
                "hostCapabilities: \"get_resource\": must be NAMESPACE/OPERATION, as kubernetes/get_resource",
                "hostCapabilities: \"oci/\": must be NAMESPACE/OPERATION, as kubernetes/get_resource",
            ]
        );
    }

    #[test]
    fn rules_that_no_webhook_can_have_are_problems() {
        let empty = "{apiGroups: [], apiVersions: [], resources: [], operations: []}";
        assert_eq!(
            problems(empty),
            [
                "rules[0].apiGroups: must not be empty",
                "rules[0].apiVersions: must not be empty",
                "rules[0].resources: must not be empty",
                "rules[0].operations: must not be empty",
            ]
        );
        let stars = "{apiGroups: ['*', a], apiVersions: ['*', v1], resources: ['*', pods], operations: ['*', CREATE]}";
        assert_eq!(
            problems(stars),
            [
                "rules[0].apiGroups: has \"*\" beside others",
                "rules[0].apiVersions: has \"*\" beside others",
                "rules[0].resources: has \"*\" beside resources without a subresource",
                "rules[0].operations: has \"*\" beside others",
            ]
        );
        let resources = |list: &str| {
            problems(&format!("{{apiGroups: [''], apiVersions: [v1], resources: [{list}], operations: [CREATE]}}"))
        };
        assert_eq!(resources("'', pods"), ["rules[0].resources: has an empty string"]);
        assert_eq!(resources("'*/*', pods"), ["rules[0].resources: has \"*/*\" beside others"]);
        assert_eq!(resources("pods/*, pods/status"), ["rules[0].resources: has \"pods/status\" beside \"pods/*\""]);
        assert_eq!(resources("'*/scale', pods/scale"), ["rules[0].resources: has \"pods/scale\" beside \"*/scale\""]);
        assert_eq!(resources("pods, pods/status, '*/scale'"), Vec::<String>::new());
    }
}
