//! The workloads of a cluster, each once.
//!
//! What a controller has made is its controller's, where that is looked at, too. A Pod whose containers differ from its
//! controller's template is shown by itself: something in admission changed it.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::cluster::connection::{Connection, Failure, Selection};
use crate::cluster::resources::{Resource, Resources};

/// A kind of objects: group and kind; the group is empty for the core group.
pub type GroupKind = (String, String);

/// Which workloads are meant.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The kinds, and where in them the Pod template is. Pods come last, when their owners are known.
    pub kinds: Vec<(GroupKind, Vec<String>)>,
    /// The namespace; None for all of them.
    pub namespace: Option<String>,
    /// Labels that they have, as a selector.
    pub labels: String,
}

impl Wanted {
    /// Whether no workload is left out by its namespace or labels.
    pub fn is_all(&self) -> bool {
        self.namespace.is_none() && self.labels.is_empty()
    }
}

/// A kind whose objects could not be listed, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotListed {
    /// The kind.
    pub kind: String,
    /// What the server says.
    pub failure: Failure,
}

/// Goes through the workloads, page by page. Returns the kinds that could not be listed; a kind that the server does not have
/// is none of them.
pub fn each<E>(
    connection: &Connection,
    wanted: &Wanted,
    mut found: impl FnMut(Value) -> Result<(), E>,
) -> Result<Vec<NotListed>, E> {
    let resources = Resources::default();
    let kinds: BTreeSet<&GroupKind> = wanted.kinds.iter().map(|(kind, _)| kind).collect();
    let selection = Selection { labels: wanted.labels.clone(), fields: String::new() };
    let (mut templates, mut not_listed) = (HashMap::new(), Vec::new());
    for ((group, kind), template) in &wanted.kinds {
        let resource = match resource(connection, &resources, group, kind) {
            Ok(Some(resource)) => resource,
            Ok(None) => continue,
            Err(failure) => {
                not_listed.push(NotListed { kind: kind.clone(), failure });
                continue;
            }
        };
        let path = resource.path(wanted.namespace.as_deref());
        let page = |items: Vec<Value>| -> Result<(), Stop<E>> {
            for mut object in items {
                // Lists leave out what all of their objects have in common.
                object["apiVersion"] = resource.api_version.clone().into();
                object["kind"] = kind.clone().into();
                let containers = containers(&object, template);
                let owner = controller(&object).filter(|owner| kinds.contains(&owner.kind));
                let is_owners = owner.is_some_and(|owner| match templates.get(&owner.uid) {
                    Some(of_owner) => kind != "Pod" || *of_owner == containers,
                    // Its owner is gone, or of another version; nobody else shows it.
                    None => false,
                });
                templates.insert(object["metadata"]["uid"].as_str().unwrap_or_default().to_owned(), containers);
                if !is_owners {
                    found(object).map_err(Stop::Caller)?;
                }
            }
            Ok(())
        };
        match connection.list(&path, &selection, page) {
            Ok(()) => {}
            Err(Stop::Caller(error)) => return Err(error),
            Err(Stop::Server(failure)) => not_listed.push(NotListed { kind: kind.clone(), failure }),
        }
    }
    Ok(not_listed)
}

/// Why a list is not gone through to its end.
enum Stop<E> {
    Caller(E),
    Server(Failure),
}

impl<E> From<Failure> for Stop<E> {
    fn from(failure: Failure) -> Self {
        Self::Server(failure)
    }
}

/// The resource of a kind, in the version that the server prefers.
fn resource(
    connection: &Connection,
    resources: &Resources,
    group: &str,
    kind: &str,
) -> Result<Option<Resource>, Failure> {
    let api_version = match group {
        "" => "v1".to_owned(),
        group => match connection.get(&format!("/apis/{group}")) {
            Ok(found) => found["preferredVersion"]["groupVersion"].as_str().unwrap_or_default().to_owned(),
            Err(failure) if failure.is_missing() => return Ok(None),
            Err(failure) => return Err(failure),
        },
    };
    resources.find(connection, &api_version, kind)
}

/// The controller of an object.
struct Controller {
    kind: GroupKind,
    uid: String,
}

fn controller(object: &Value) -> Option<Controller> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    let text = |name: &str| owner[name].as_str().unwrap_or_default().to_owned();
    let api_version = text("apiVersion");
    let group = api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
    Some(Controller { kind: (group, text("kind")), uid: text("uid") })
}

/// The Pod template at the end of this path in an object.
pub fn template<'v>(object: &'v Value, path: &[String]) -> &'v Value {
    path.iter().fold(object, |value, name| &value[name.as_str()])
}

/// What of a Pod template says which sidecars it has: its containers, and which of the init containers restart.
fn containers(object: &Value, template: &[String]) -> Vec<String> {
    let spec = &self::template(object, template)["spec"];
    let mut containers = Vec::new();
    for list in ["initContainers", "containers"] {
        for container in spec[list].as_array().into_iter().flatten() {
            let name = container["name"].as_str().unwrap_or_default();
            let policy = container["restartPolicy"].as_str().unwrap_or_default();
            containers.push(format!("{list}/{name}/{policy}"));
        }
    }
    containers
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_containers_of_a_template_say_which_sidecars_it_has() {
        let spec = json!({"initContainers": [{"name": "a", "restartPolicy": "Always"}], "containers": [{"name": "b", "image": "x"}]});
        let expected = ["initContainers/a/Always", "containers/b/"];
        assert_eq!(containers(&json!({"spec": spec}), &[]), expected);
        let path = ["spec".to_owned(), "template".to_owned()];
        assert_eq!(containers(&json!({"spec": {"template": {"spec": spec}}}), &path), expected);
        assert!(containers(&json!({}), &path).is_empty());
    }

    #[test]
    fn the_controller_is_one_of_the_owners() {
        let owners = json!([{"kind": "A", "apiVersion": "v1", "uid": "1"}, {"kind": "Job", "apiVersion": "batch/v1", "uid": "2", "controller": true}]);
        let owner = controller(&json!({"metadata": {"ownerReferences": owners}})).unwrap();
        assert_eq!((owner.kind, owner.uid.as_str()), (("batch".to_owned(), "Job".to_owned()), "2"));
        assert!(controller(&json!({"metadata": {}})).is_none());
    }
}
