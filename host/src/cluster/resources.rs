//! Which resource a kind is: an API server is asked for objects by the plural name of their resource.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::cluster::connection::{Connection, Failure, encoded};

/// A resource of an API server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resource {
    /// Group and version; the version alone for the core group.
    pub api_version: String,
    /// The name in paths, such as `pods`.
    pub plural: String,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
}

impl Resource {
    /// The path of all of its objects: those of a namespace, or of all of them.
    pub fn path(&self, namespace: Option<&str>) -> String {
        let root = root(&self.api_version);
        match namespace.filter(|_| self.is_namespaced) {
            Some(namespace) => format!("{root}/namespaces/{}/{}", encoded(namespace), self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }
}

/// The resources that have been looked up.
#[derive(Debug, Default)]
pub struct Resources(Mutex<HashMap<String, Value>>);

impl Resources {
    /// The resource of a kind; None where the API server has none. It is asked once for each group and version.
    pub fn find(&self, connection: &Connection, api_version: &str, kind: &str) -> Result<Option<Resource>, Failure> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(api_version) {
            known.insert(api_version.to_owned(), connection.get(&root(api_version))?);
        }
        let resources = known.get(api_version).and_then(|list| list["resources"].as_array());
        // Subresources have the kinds of other things.
        let is_meant = |resource: &&Value| {
            resource["kind"] == kind && resource["name"].as_str().is_some_and(|name| !name.contains('/'))
        };
        Ok(resources.into_iter().flatten().find(is_meant).map(|resource| Resource {
            api_version: api_version.to_owned(),
            plural: resource["name"].as_str().unwrap_or_default().to_owned(),
            is_namespaced: resource["namespaced"] == true,
        }))
    }
}

fn root(api_version: &str) -> String {
    if api_version.contains('/') { format!("/apis/{api_version}") } else { format!("/api/{api_version}") }
}
