//! Lists in a Pod's spec that are read only where a plan depends on them.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::malformed::Malformed;
use crate::json::path::{Path, Step};
use crate::json::read;
use crate::kubernetes::pod::{Container, List};
use crate::kubernetes::port::Port;

/// The lists of the Pod template at the end of these steps; errors say where in the object they are.
#[derive(Clone, Copy, Debug)]
pub struct Lists<'v>(pub &'v [Step<'v>]);

impl Lists<'_> {
    /// The ports of a container.
    pub fn ports<'a>(self, list: List, index: usize, container: &Container<'a>) -> Result<Vec<Port<'a>>, Malformed> {
        self.of_container("ports", list, index, container.ports)
    }

    /// The block devices that a container uses.
    pub fn devices(self, list: List, index: usize, container: &Container) -> Result<Vec<Value>, Malformed> {
        self.of_container("volumeDevices", list, index, container.volume_devices)
    }

    /// The environment of a container.
    pub fn env(self, list: List, index: usize, container: &Container) -> Result<Vec<Value>, Malformed> {
        self.of_container("env", list, index, container.env)
    }

    /// The volumes that a container mounts.
    pub fn mounts(self, list: List, index: usize, container: &Container) -> Result<Vec<Value>, Malformed> {
        self.of_container("volumeMounts", list, index, container.volume_mounts)
    }

    /// The volumes of the Pod.
    pub fn volumes(self, volumes: Option<&RawValue>) -> Result<Vec<Value>, Malformed> {
        self.read("volumes", &[], volumes)
    }

    fn of_container<'a, T: Deserialize<'a>>(
        self,
        name: &'static str,
        list: List,
        index: usize,
        raw: Option<&'a RawValue>,
    ) -> Result<Vec<T>, Malformed> {
        self.read(name, &[Step::key(list.field()), Step::Index(index)], raw)
    }

    /// Reads a list that was left raw until now: empty where it is absent.
    fn read<'a, T: Deserialize<'a>>(
        self,
        name: &'static str,
        steps: &[Step],
        raw: Option<&'a RawValue>,
    ) -> Result<Vec<T>, Malformed> {
        let Some(raw) = raw else { return Ok(Vec::new()) };
        read::document(raw.get()).map_err(|error| {
            let own = [&[Step::key("spec")], steps, &[Step::key(name)]].concat();
            error.within(Path([self.0, &own].concat()))
        })
    }
}
