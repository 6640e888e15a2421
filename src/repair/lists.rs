//! Lists in a Pod's spec that are read only where a plan depends on them.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::malformed::Malformed;
use crate::json::path::{Path, Step};
use crate::json::read;
use crate::kubernetes::pod::{Container, List};

/// The lists of the Pod template at the end of these steps; errors say where in the object they are.
#[derive(Clone, Copy, Debug)]
pub struct Lists<'v>(pub &'v [Step<'v>]);

impl Lists<'_> {
    /// The ports of a container.
    pub fn ports(self, list: List, index: usize, container: &Container) -> Result<Vec<Value>, Malformed> {
        self.of_container("ports", list, index, container.ports)
    }

    /// The volumes that a container mounts.
    pub fn mounts(self, list: List, index: usize, container: &Container) -> Result<Vec<Value>, Malformed> {
        self.of_container("volumeMounts", list, index, container.volume_mounts)
    }

    /// The volumes of the Pod.
    pub fn volumes(self, volumes: Option<&RawValue>) -> Result<Vec<Value>, Malformed> {
        self.read("volumes", &[], volumes)
    }

    fn of_container(
        self,
        name: &'static str,
        list: List,
        index: usize,
        raw: Option<&RawValue>,
    ) -> Result<Vec<Value>, Malformed> {
        self.read(name, &[Step::key(list.field()), Step::Index(index)], raw)
    }

    /// Reads a list that was left raw until now: empty where it is absent.
    fn read(self, name: &'static str, steps: &[Step], raw: Option<&RawValue>) -> Result<Vec<Value>, Malformed> {
        let Some(raw) = raw else { return Ok(Vec::new()) };
        read::document(raw.get()).map_err(|error| {
            let own = [&[Step::key("spec")], steps, &[Step::key(name)]].concat();
            error.within(Path([self.0, &own].concat()))
        })
    }
}

/// The name of the first of these ports that has one.
pub fn port_name(ports: &[Value]) -> Option<&str> {
    ports.iter().filter_map(|port| port["name"].as_str()).find(|name| !name.is_empty())
}
