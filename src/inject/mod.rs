//! Adds the sidecars of the setting `injections` to Pods.

pub mod universal;

use std::fmt::Display;

use serde_json::value::RawValue;

use crate::inject::universal::Twins;
use crate::json::malformed::Malformed;
use crate::json::read;
use crate::json::tree::{Position, Tree};
use crate::json::view::text;
use crate::kubernetes::pod::{self, PodSpec};
use crate::repair::plan::{Addition, Plan, Target};
use crate::settings::injections::{Injection, Strategy, name_of};

impl Injection {
    /// Where it goes, depending on whether the nodes support native sidecars.
    const fn target(&self, is_supported: bool) -> Target {
        match self.strategy {
            Strategy::Legacy => Target::Regular,
            Strategy::Auto if !is_supported => Target::Regular,
            _ if self.first => Target::First,
            _ => Target::Last,
        }
    }

    /// Plans to add it to a Pod, and to what the plan adds already. The error says why it can't be.
    pub fn add(&self, spec: &PodSpec, is_supported: bool, plan: &mut Plan) -> Result<(), String> {
        let missing = self.missing_volumes(spec.volumes, plan)?;
        let to = self.target(is_supported);
        let unexpected = |error: &dyn Display| format!("its container can't be written: {error}");
        if self.strategy == Strategy::Universal {
            let mut there = spec.init_containers().iter().chain(spec.containers());
            if let Some(taken) = there.find(|there| self.companions().any(|name| name == there.name())) {
                return Err(format!("the Pod has a container {:?} already", taken.name()));
            }
            let policy = text(&spec.restart_policy);
            let twins = Twins::new(&self.name, &self.container, &self.helper_image, policy, spec.security_context);
            let twins = twins.map_err(|error| unexpected(&error))?;
            plan.add.extend(twins.init.map(|container| Addition { container, to }));
            plan.add.push(Addition { container: twins.legacy, to: Target::Regular });
        } else {
            let container = form(&self.container, &self.name, to != Target::Regular);
            plan.add.push(Addition { container: container.map_err(|error| unexpected(&error))?, to });
        }
        if to != Target::Regular {
            plan.declare.push(self.name.clone());
        }
        plan.volumes.extend(missing);
        Ok(())
    }

    /// The volumes that come along and that neither the Pod nor the plan has.
    fn missing_volumes(&self, volumes: Option<&RawValue>, plan: &Plan) -> Result<Vec<(String, Box<RawValue>)>, String> {
        let there = volumes.map(|volumes| read::children(volumes.get())).unwrap_or_default();
        let there: Vec<_> = there.into_iter().map(|(_, volume)| (name_of(volume), volume)).collect();
        let mut missing = Vec::new();
        for (name, volume) in &self.volumes {
            match there.iter().find(|(other, _)| other == name) {
                Some((_, other)) if read::same(other, volume) => {}
                Some(_) => return Err(format!("the Pod has another volume {name:?}")),
                None if plan.volumes.iter().any(|(other, _)| other == name) => {}
                None => missing.push((name.clone(), volume.clone())),
            }
        }
        let comes = |name: &String| {
            self.volumes.iter().any(|(other, _)| other == name) || there.iter().any(|(other, _)| other == name)
        };
        if let Some(name) = self.mounts.iter().find(|name| !comes(name)) {
            return Err(format!("it mounts volume {name:?}, which neither the Pod nor the injection has"));
        }
        Ok(missing)
    }
}

/// Returns a container of the settings with this name, as a native sidecar or as a regular container.
fn form(container: &RawValue, name: &str, is_native: bool) -> Result<Box<RawValue>, Malformed> {
    let mut container = Tree::Raw(container);
    *container.member_at("name", Position::Start)? = Tree::text(name);
    let container = if is_native { pod::made_native(container)? } else { container };
    container.into_json()
}
