//! The edits to a Pod template, as values.

use serde_json::value::RawValue;

use crate::kubernetes::pod::Container;
use crate::kubernetes::scheduling::Pin;
use crate::rules::template::Template;

/// The edits to one Pod template.
#[derive(Debug, Default)]
pub struct Plan {
    /// Indexes in `initContainers` that get `restartPolicy: Always`.
    pub restore: Vec<usize>,
    /// Indexes in `containers` that get it and go ahead of all init containers, in this order.
    pub first: Vec<usize>,
    /// Indexes in `containers` that get it and go behind all init containers, in this order.
    pub last: Vec<usize>,
    /// Names that the annotation `sidecars.kubewarden.io/native` is to declare besides those that it has.
    pub declare: Vec<String>,
    /// The label that nodes are to have.
    pub pin: Option<Pin>,
    /// Annotations that get the value `true`: the switches of injectors.
    pub switch_on: Vec<&'static str>,
    /// Containers to add, in their order.
    pub add: Vec<Addition>,
    /// Volumes to add, by name.
    pub volumes: Vec<(String, Box<RawValue>)>,
}

/// A container to add.
#[derive(Debug)]
pub struct Addition {
    /// Itself.
    pub container: Box<RawValue>,
    /// Where it goes.
    pub to: Target,
}

/// Where a container is added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Target {
    /// Ahead of all init containers, as a native sidecar.
    First,
    /// Behind all init containers, as a native sidecar.
    Last,
    /// Behind the regular containers.
    Regular,
}

impl Plan {
    /// Whether there is nothing to edit.
    pub fn is_empty(&self) -> bool {
        let is_restored = !(self.restore.is_empty() && self.first.is_empty() && self.last.is_empty());
        !is_restored && self.pin.is_none() && self.switch_on.is_empty() && self.add.is_empty()
    }

    /// The init containers that run once, also after the edits that are planned, each with its index.
    pub fn ordinary<'v>(&self, template: &Template<'v>) -> impl Iterator<Item = (usize, &'v Container<'v>)> {
        let inits = template.spec.init_containers().iter().enumerate();
        inits.filter(|(index, init)| !init.restarts_always() && self.restore.binary_search(index).is_err())
    }

    /// Whether the regular container at this index goes to the init containers.
    pub fn moves(&self, index: usize) -> bool {
        [&self.first, &self.last].iter().any(|indexes| indexes.binary_search(&index).is_ok())
    }
}
