//! Pods and Pod templates: <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/>.

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::malformed::Malformed;
use crate::json::read;
use crate::json::tree::{Position, Tree};
use crate::json::view::{Text, text, view};
use crate::kubernetes::metadata::{Annotations, Metadata};
use crate::kubernetes::resources::Runs;

view! {
    /// A Pod, or the Pod template in a workload.
    pub struct PodTemplate<'a> {
        pub metadata: Metadata<'a> = "metadata",
        pub spec: PodSpec<'a> = "spec",
    }

    /// What the policy looks at in a Pod's spec.
    pub struct PodSpec<'a> {
        pub restart_policy: Text<'a> = "restartPolicy",
        init_containers: Vec<Container<'a>> = "initContainers",
        containers: Vec<Container<'a>> = "containers",
        pub scheduler_name: Text<'a> = "schedulerName",
        pub host_network: bool = "hostNetwork",
        pub volumes: &'a RawValue = "volumes",
        pub security_context: &'a RawValue = "securityContext",
        /// What the containers have together; like those of a container, read only when a plan depends on it.
        pub resources: &'a RawValue = "resources",
    }

    /// What the policy looks at in a container. The fields that are raw here are read only when a plan depends on them.
    pub struct Container<'a> {
        name: Text<'a> = "name",
        image: Text<'a> = "image",
        restart_policy: Text<'a> = "restartPolicy",
        pub restart_policy_rules: Vec<IgnoredAny> = "restartPolicyRules",
        pub resize_policy: &'a RawValue = "resizePolicy",
        pub lifecycle: &'a RawValue = "lifecycle",
        pub liveness_probe: IgnoredAny = "livenessProbe",
        pub readiness_probe: IgnoredAny = "readinessProbe",
        pub startup_probe: &'a RawValue = "startupProbe",
        pub ports: &'a RawValue = "ports",
        pub volume_mounts: &'a RawValue = "volumeMounts",
        pub volume_devices: &'a RawValue = "volumeDevices",
        pub command: &'a RawValue = "command",
        pub args: &'a RawValue = "args",
        pub env: &'a RawValue = "env",
        pub resources: &'a RawValue = "resources",
    }
}

impl<'a> PodTemplate<'a> {
    /// Its labels, where it has any.
    pub fn labels(&self) -> Option<&'a RawValue> {
        self.metadata.as_ref()?.labels
    }

    /// Its annotations, where it has any.
    pub fn annotations(&self) -> Option<&Annotations<'a>> {
        self.metadata.as_ref()?.annotations.as_ref()
    }
}

impl<'a> PodSpec<'a> {
    /// `initContainers`, in their order.
    pub fn init_containers(&self) -> &[Container<'a>] {
        self.init_containers.as_deref().unwrap_or_default()
    }

    /// `containers`, in their order.
    pub fn containers(&self) -> &[Container<'a>] {
        self.containers.as_deref().unwrap_or_default()
    }
}

impl<'a> Container<'a> {
    /// Its name; empty where it has none.
    pub fn name(&self) -> &str {
        text(&self.name)
    }

    /// Its image; empty where it has none.
    pub fn image(&self) -> &str {
        text(&self.image)
    }

    /// Its own `restartPolicy`; empty where it has none.
    pub fn restart_policy(&self) -> &str {
        text(&self.restart_policy)
    }

    /// Whether it says `restartPolicy: Always` of itself: in `initContainers` that makes it a native sidecar.
    pub fn restarts_always(&self) -> bool {
        self.restart_policy() == "Always"
    }

    /// How it takes part in what its Pod asks for, as one of `initContainers`.
    pub fn runs_as_init(&self) -> Runs {
        if self.restarts_always() { Runs::Native } else { Runs::Once }
    }

    /// Whether it has `restartPolicyRules`, which Kubernetes does not allow on a native sidecar.
    pub fn has_restart_policy_rules(&self) -> bool {
        self.restart_policy_rules.as_ref().is_some_and(|rules| !rules.is_empty())
    }

    /// The fields it has that Kubernetes forbids on init containers without `restartPolicy: Always`.
    pub fn native_only_fields(&self) -> impl Iterator<Item = &'static str> {
        [
            ("lifecycle", self.lifecycle.is_some()),
            ("livenessProbe", self.liveness_probe.is_some()),
            ("readinessProbe", self.readiness_probe.is_some()),
            ("resizePolicy: RestartContainer", self.restarts_on_resize()),
            ("startupProbe", self.startup_probe.is_some()),
        ]
        .into_iter()
        .filter_map(|(field, present)| present.then_some(field))
    }

    /// Whether it asks to be restarted where some resource of it is resized.
    fn restarts_on_resize(&self) -> bool {
        // What can't be read is no evidence of anything.
        let policies: Vec<Value> = self.resize_policy.and_then(|raw| read::lenient(raw.get())).unwrap_or_default();
        policies.iter().any(|policy| policy["restartPolicy"] == "RestartContainer")
    }
}

/// A list of containers in a Pod's spec.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum List {
    /// `initContainers`
    InitContainers,
    /// `containers`
    Containers,
}

impl List {
    /// The field's name.
    pub const fn field(self) -> &'static str {
        match self {
            Self::InitContainers => "initContainers",
            Self::Containers => "containers",
        }
    }

    /// Its containers.
    pub fn of<'v>(self, spec: &'v PodSpec<'v>) -> &'v [Container<'v>] {
        match self {
            Self::InitContainers => spec.init_containers(),
            Self::Containers => spec.containers(),
        }
    }
}

/// This container as a native sidecar: with `restartPolicy: Always`.
pub fn made_native(mut container: Tree) -> Result<Tree, Malformed> {
    *container.member_at("restartPolicy", Position::After("image"))? = Tree::text("Always");
    Ok(container)
}

#[cfg(test)]
mod tests;
