//! The controller that makes a Pod: its template still has what admission has taken from the Pod.

use k8s_openapi::api::apps::v1::{DaemonSet, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ReplicationController;
use serde_json::Value;

use crate::cluster::host::{Cluster, Resource};
use crate::json::read;
use crate::json::view::text;
use crate::kubernetes::labels::Labels;
use crate::kubernetes::metadata::OwnerReference;

/// A kind of controllers that make Pods from a template in `spec.template`.
struct Controller {
    resource: Resource,
    /// Whether its template changes over time, so that only the present one counts.
    changes: bool,
    /// What tells whether a Pod is made from the present template, where it may not be.
    revision: Option<Revision>,
}

/// How a Pod and its controller say from which template the Pod is made.
struct Revision {
    /// The label of the Pod.
    label: &'static str,
    /// Where the controller has the same of its present template, as a JSON pointer.
    present: &'static str,
    /// The same, and what else tells of it, as field masks.
    fields: &'static [&'static str],
}

const fn controller<T: k8s_openapi::Resource>(changes: bool, revision: Option<Revision>) -> Controller {
    Controller { resource: Resource::of::<T>(), changes, revision }
}

/// In a rollout by partitions it makes Pods from the template before:
/// <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#partitions>. Until its controller has seen a new
/// template, the status tells of the one before.
const OF_STATEFUL_SET: Revision = Revision {
    label: "controller-revision-hash",
    present: "/status/updateRevision",
    fields: &["metadata.generation", "status.observedGeneration", "status.updateRevision"],
};

/// Its controller may be behind the object that is read here.
const OF_DAEMON_SET: Revision = Revision {
    label: "pod-template-generation",
    present: "/metadata/annotations/deprecated.daemonset.template.generation",
    fields: &["metadata.annotations"],
};

/// Kubernetes' own: <https://kubernetes.io/docs/concepts/workloads/controllers/>.
const CONTROLLERS: [Controller; 5] = [
    controller::<ReplicationController>(true, None),
    controller::<DaemonSet>(true, Some(OF_DAEMON_SET)),
    controller::<ReplicaSet>(false, None),
    controller::<StatefulSet>(true, Some(OF_STATEFUL_SET)),
    controller::<Job>(false, None),
];

const FIELDS: [&str; 3] =
    ["metadata.uid", "spec.template.spec.initContainers.name", "spec.template.spec.initContainers.restartPolicy"];

/// The native sidecars in the template of a controller.
#[derive(Debug)]
pub struct Owner {
    /// The controller, as messages name it: `ReplicaSet web`.
    pub controller: String,
    /// The names of the sidecars; the error is why they are not known.
    pub sidecars: Result<Vec<String>, String>,
}

impl Owner {
    /// Looks up the controller of a Pod with these labels in this namespace; None where it is of a kind that does not make Pods,
    /// or makes this one from another template than its present one.
    pub fn look_up(reference: &OwnerReference, namespace: &str, labels: Labels, cluster: &Cluster) -> Option<Self> {
        let (kind, name, uid) = (text(&reference.kind), text(&reference.name), text(&reference.uid));
        let is_it = |resource: Resource| {
            resource.kind == kind && group(resource.api_version) == group(text(&reference.api_version))
        };
        let known = CONTROLLERS.iter().find(|known| is_it(known.resource))?;
        let of_revision = known.revision.as_ref().map_or(&[][..], |revision| revision.fields);
        let fields: Vec<_> = FIELDS.iter().chain(of_revision).copied().collect();
        let answer = cluster.get(known.resource, namespace, name, known.changes, &fields);
        let answer = answer.and_then(|json| read::document::<Value>(&json).map_err(|error| error.to_string()));
        let is_seen = |object: &Value| {
            let [wanted, seen] =
                ["/metadata/generation", "/status/observedGeneration"].map(|path| object.pointer(path));
            wanted.zip(seen).is_none_or(|(wanted, seen)| wanted == seen)
        };
        let is_of_another = |object: &Value| {
            !is_seen(object)
                || known.revision.as_ref().is_some_and(|revision| {
                    let present = object.pointer(revision.present).and_then(Value::as_str);
                    present.is_some_and(|present| labels.get(revision.label).is_some_and(|own| own != present))
                })
        };
        if answer.as_ref().is_ok_and(is_of_another) {
            return None;
        }
        let sidecars = answer.and_then(|object| {
            let found = object["metadata"]["uid"].as_str().unwrap_or_default();
            if !(uid.is_empty() || found.is_empty() || uid == found) {
                return Err("it is gone, and another one has its name".to_owned());
            }
            let containers = object["spec"]["template"]["spec"]["initContainers"].as_array().into_iter().flatten();
            let native = containers.filter(|container| container["restartPolicy"] == "Always");
            Ok(native.filter_map(|container| container["name"].as_str()).map(str::to_owned).collect())
        });
        Some(Self { controller: format!("{kind} {name}"), sidecars })
    }
}

/// The group of an `apiVersion`; empty for the core group.
fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
