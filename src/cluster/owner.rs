//! The controller that makes a Pod: its template still has what admission has taken from the Pod.

use k8s_openapi::api::apps::v1::{DaemonSet, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ReplicationController;
use serde_json::Value;

use crate::cluster::host::{Cluster, Resource};
use crate::json::view::text;
use crate::kubernetes::metadata::OwnerReference;

/// A kind of controllers that make Pods from a template in `spec.template`.
struct Controller {
    resource: Resource,
    /// Whether its template changes over time, so that only the present one counts.
    changes: bool,
}

const fn controller<T: k8s_openapi::Resource>(changes: bool) -> Controller {
    Controller { resource: Resource::of::<T>(), changes }
}

/// Kubernetes' own: <https://kubernetes.io/docs/concepts/workloads/controllers/>.
const CONTROLLERS: [Controller; 5] = [
    controller::<ReplicationController>(true),
    controller::<DaemonSet>(true),
    controller::<ReplicaSet>(false),
    controller::<StatefulSet>(true),
    controller::<Job>(false),
];

const FIELDS: &[&str] =
    &["metadata.uid", "spec.template.spec.initContainers.name", "spec.template.spec.initContainers.restartPolicy"];

/// The native sidecars in the template of a controller.
#[derive(Debug)]
pub struct Owner {
    /// The controller, as messages name it: `ReplicaSet web`.
    pub controller: String,
    /// The names of the sidecars; the error is why they are not known.
    pub sidecars: Result<Vec<String>, String>,
}

impl Owner {
    /// Looks up the controller of a Pod in this namespace; None where it is of a kind that does not make Pods.
    pub fn look_up(reference: &OwnerReference, namespace: &str, cluster: &Cluster) -> Option<Self> {
        let (kind, name, uid) = (text(&reference.kind), text(&reference.name), text(&reference.uid));
        let is_it = |resource: Resource| {
            resource.kind == kind && group(resource.api_version) == group(text(&reference.api_version))
        };
        let known = CONTROLLERS.iter().find(|known| is_it(known.resource))?;
        let answer = cluster.get(known.resource, namespace, name, known.changes, FIELDS);
        let sidecars = answer.and_then(|json| {
            let object: Value = serde_json::from_str(&json).map_err(|error| format!("not JSON: {error}"))?;
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
