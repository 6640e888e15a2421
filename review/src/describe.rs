//! What the policy is, as data: its rules, and the kinds that it judges.

/// A rule of the policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RuleDescription {
    /// What it is called.
    pub id: &'static str,
    /// What it means, why it matters, an example, and its settings, as Markdown.
    pub text: &'static str,
}

/// A kind with Pod templates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KindDescription {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The path from an object to its Pod template; empty for a Pod, which is one itself.
    pub pod_template: &'static str,
}

/// Returns the rules. To the last belongs what no other says.
pub fn rules() -> impl Iterator<Item = RuleDescription> {
    RULES.into_iter()
}

/// Returns Kubernetes' own kinds with a Pod template.
pub fn kinds() -> impl Iterator<Item = KindDescription> {
    KINDS.into_iter()
}

const RULES: [RuleDescription; 8] = [
    RuleDescription { id: "legacy", text: include_str!("rules/legacy.md") },
    RuleDescription { id: "stripped", text: include_str!("rules/stripped.md") },
    RuleDescription { id: "misplaced", text: include_str!("rules/misplaced.md") },
    RuleDescription { id: "injected", text: include_str!("rules/injected.md") },
    RuleDescription { id: "converted", text: include_str!("rules/converted.md") },
    RuleDescription { id: "nodes", text: include_str!("rules/nodes.md") },
    RuleDescription { id: "injections", text: include_str!("rules/injections.md") },
    RuleDescription { id: "policy", text: include_str!("rules/policy.md") },
];

const KINDS: [KindDescription; 9] = [
    KindDescription { group: "", kind: "Pod", pod_template: "" },
    KindDescription { group: "", kind: "PodTemplate", pod_template: "template" },
    KindDescription { group: "", kind: "ReplicationController", pod_template: "spec.template" },
    KindDescription { group: "apps", kind: "DaemonSet", pod_template: "spec.template" },
    KindDescription { group: "apps", kind: "Deployment", pod_template: "spec.template" },
    KindDescription { group: "apps", kind: "ReplicaSet", pod_template: "spec.template" },
    KindDescription { group: "apps", kind: "StatefulSet", pod_template: "spec.template" },
    KindDescription { group: "batch", kind: "CronJob", pod_template: "spec.jobTemplate.spec.template" },
    KindDescription { group: "batch", kind: "Job", pod_template: "spec.template" },
];
