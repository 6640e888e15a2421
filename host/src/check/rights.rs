//! The rights that the check uses, and which of them are missing: what cannot be asked is not known.

use serde_json::{Value, json};

use crate::cluster::connection::Connection;

/// A right to do something in the API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Right {
    verb: &'static str,
    group: &'static str,
    /// The resource with its subresource; a path, where it begins with `/`.
    resource: &'static str,
}

/// Declares the rights, in the order of deploy/check.yaml.
macro_rules! rights {
    ($($name:ident: $verb:literal $group:literal $resource:literal, $what:literal;)*) => {
        impl Right {
            $(#[doc = concat!("To ", $what, ".")]
            pub const $name: Self = Self { verb: $verb, group: $group, resource: $resource };)*

            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

rights! {
    METRICS: "get" "" "/metrics", "read the feature gates of the API server";
    NODES: "list" "" "nodes", "read the versions of kubelets";
    KUBELETS: "get" "" "nodes/proxy", "read the feature gates of kubelets";
    NAMESPACES: "list" "" "namespaces", "read the labels that webhooks select by";
    PODS: "list" "" "pods", "read the Pods";
    POD_TEMPLATES: "list" "" "podtemplates", "read the PodTemplates";
    REPLICATION_CONTROLLERS: "list" "" "replicationcontrollers", "read the ReplicationControllers";
    DAEMON_SETS: "list" "apps" "daemonsets", "read the DaemonSets";
    DEPLOYMENTS: "list" "apps" "deployments", "read the Deployments";
    REPLICA_SETS: "list" "apps" "replicasets", "read the ReplicaSets";
    STATEFUL_SETS: "list" "apps" "statefulsets", "read the StatefulSets";
    CRON_JOBS: "list" "batch" "cronjobs", "read the CronJobs";
    JOBS: "list" "batch" "jobs", "read the Jobs";
    DRY_RUNS: "create" "" "pods", "send Pods through admission as dry runs, which store nothing";
    WEBHOOKS: "list" "admissionregistration.k8s.io" "mutatingwebhookconfigurations", "read the mutating webhooks";
    POLICIES: "list" "policies.kubewarden.io" "clusteradmissionpolicies", "read Kubewarden's policies";
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { verb, group, resource } = self;
        match group.is_empty() {
            true => write!(f, "{verb} {resource}"),
            false => write!(f, "{verb} {resource}.{group}"),
        }
    }
}

impl Right {
    /// The SelfSubjectAccessReview that asks for it.
    fn review(self) -> Value {
        let Self { verb, group, resource } = self;
        let (name, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let spec = match name {
            "" => json!({"nonResourceAttributes": {"verb": verb, "path": resource}}),
            name => {
                let attributes = json!({"verb": verb, "group": group, "resource": name, "subresource": subresource});
                json!({"resourceAttributes": attributes})
            }
        };
        json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec})
    }
}

/// Which rights are there.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    missing: Vec<Right>,
}

impl Rights {
    /// Asks the server. A right about which it says nothing counts as one that is there: what it opens is asked for then.
    pub fn ask(connection: &Connection) -> Self {
        let reviews: Vec<Value> = Right::ALL.iter().map(|right| right.review()).collect();
        let answers = connection.review(&reviews).into_iter().zip(Right::ALL);
        let is_missing = |answer: &Value| answer["status"]["allowed"] == false;
        let missing = answers.filter(|(answer, _)| answer.as_ref().is_ok_and(is_missing)).map(|(_, right)| *right);
        Self { missing: missing.collect() }
    }

    /// Whether this right is there.
    pub fn has(&self, right: Right) -> bool {
        !self.missing.contains(&right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rights that a ClusterRole grants.
    fn granted(role: &Value) -> Vec<String> {
        let texts = |list: &Value| -> Vec<String> {
            list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let rules = role["rules"].as_array().unwrap().iter().flat_map(|rule| {
            let paths = texts(&rule["nonResourceURLs"]).into_iter().map(|path| ("get".to_owned(), path));
            let resources = texts(&rule["resources"]).into_iter().flat_map(|resource| {
                let group = rule["apiGroups"][0].as_str().unwrap_or_default();
                let name = if group.is_empty() { resource } else { format!("{resource}.{group}") };
                texts(&rule["verbs"]).into_iter().map(move |verb| (verb, name.clone()))
            });
            paths.chain(resources).map(|(verb, name)| format!("{verb} {name}")).collect::<Vec<_>>()
        });
        rules.collect()
    }

    #[test]
    fn the_manifest_grants_just_these() {
        let text = include_str!("../../../deploy/check.yaml");
        let role =
            yaml::documents(text).map(|document| document.unwrap().value).find(|value| value["kind"] == "ClusterRole");
        let mut granted = granted(&role.unwrap());
        // Everybody may read that, and the last is for older kubelets, and in a comment.
        granted.retain(|right| right != "get /version");
        let mut expected: Vec<String> = Right::ALL.iter().map(ToString::to_string).collect();
        expected.retain(|right| *right != Right::KUBELETS.to_string());
        granted.sort();
        expected.sort();
        assert_eq!(granted, expected);
    }

    #[test]
    fn rights_are_told_by_verb_and_resource() {
        let told: Vec<String> = [Right::METRICS, Right::KUBELETS, Right::JOBS].map(|right| right.to_string()).into();
        assert_eq!(told, ["get /metrics", "get nodes/proxy", "list jobs.batch"]);
        let attributes = json!({"verb": "get", "group": "", "resource": "nodes", "subresource": "proxy"});
        assert_eq!(Right::KUBELETS.review()["spec"], json!({"resourceAttributes": attributes}));
        let attributes = json!({"verb": "get", "path": "/metrics"});
        assert_eq!(Right::METRICS.review()["spec"], json!({"nonResourceAttributes": attributes}));
    }
}
