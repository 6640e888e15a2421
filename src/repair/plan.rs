//! The edits to a Pod template, as values.

use serde_json::value::RawValue;

use crate::json::path::Step;
use crate::json::read;
use crate::kubernetes::pod::{Container, PodSpec};
use crate::kubernetes::resources::{self, Excess, Runs, Share};
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

    /// The containers of a Pod with this spec, as they count for what it asks for, once the plan is carried out.
    pub fn shares<'s>(&'s self, spec: &'s PodSpec) -> Vec<Share<'s>> {
        let containers = spec.containers();
        let moved = |indexes: &'s [usize]| {
            let moved = indexes.iter().filter_map(|index| containers.get(*index));
            moved.map(|container| (Runs::Native, container.resources))
        };
        let added = |to: Target| self.add.iter().filter(move |addition| addition.to == to).map(Addition::share);
        let inits = spec.init_containers().iter().enumerate().map(|(index, init)| {
            let is_restored = self.restore.binary_search(&index).is_ok();
            (if is_restored { Runs::Native } else { init.runs_as_init() }, init.resources)
        });
        let staying = containers.iter().enumerate().filter(|(index, _)| !self.moves(*index));
        let staying = staying.map(|(_, container)| (Runs::Regular, container.resources));
        let first = moved(&self.first).chain(added(Target::First));
        let last = moved(&self.last).chain(added(Target::Last));
        first.chain(inits).chain(last).chain(staying).chain(added(Target::Regular)).collect()
    }

    /// What a Pod with this spec, as the plan makes it, would ask for although its own `spec.resources` do not allow that.
    /// `is_defaulted` is whether the API server has set the defaults of a Pod already, as it does before it asks webhooks.
    pub fn excess(&self, spec: &PodSpec, is_defaulted: bool) -> Option<Excess> {
        let pod = spec.resources?;
        resources::excess(pod, &Self::default().shares(spec), &self.shares(spec), is_defaulted)
    }
}

impl Addition {
    /// It, as it counts for what its Pod asks for.
    fn share(&self) -> Share<'_> {
        let member = |name| read::raw_at(self.container.get(), &[Step::key(name)]).ok().flatten();
        let is_native = || member("restartPolicy").and_then(read::text).is_some_and(|policy| policy == "Always");
        let runs = match self.to {
            Target::Regular => Runs::Regular,
            Target::First | Target::Last if is_native() => Runs::Native,
            Target::First | Target::Last => Runs::Once,
        };
        (runs, member("resources"))
    }
}
