//! Adds the sidecars of the setting `injections` to Pods.

pub mod universal;
pub mod obstacles;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::inject::obstacles::{Candidate, Pod};
use crate::inject::universal::Twins;
use crate::json::malformed::Malformed;
use crate::json::read;
use crate::json::tree::{Position, Tree};
use crate::json::view::text;
use crate::kubernetes::pod::{self, PodSpec};
use crate::kubernetes::version::Version;
use crate::repair::plan::{Addition, Plan, Target};
use crate::settings::injections::{Injection, Strategy};

/// A sidecar that is not injected, and why.
pub type Refusal<'i> = (&'i Injection, String);

impl Injection {
    /// Where it goes, depending on whether the nodes support native sidecars.
    pub const fn target(&self, is_supported: bool) -> Target {
        match self.strategy {
            Strategy::Legacy => Target::Regular,
            Strategy::Auto if !is_supported => Target::Regular,
            _ if self.first => Target::First,
            _ => Target::Last,
        }
    }

    /// What it adds to a Pod with this spec.
    fn candidate(&self, spec: &PodSpec, to: Target) -> Result<Candidate<'_>, Malformed> {
        let additions = if self.strategy == Strategy::Universal {
            let policy = text(&spec.restart_policy);
            let twins = Twins::new(&self.name, &self.container, &self.helper_image, policy, spec.security_context)?;
            let init = twins.init.map(|container| Addition { container, to });
            let legacy = Addition { container: twins.legacy, to: Target::Regular };
            init.into_iter().chain([legacy]).collect()
        } else {
            vec![Addition { container: form(&self.container, &self.name, to != Target::Regular)?, to }]
        };
        let read = |addition: &Addition| read::document(addition.container.get());
        let containers = additions.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Candidate { injection: self, additions, containers })
    }
}

/// Plans to add these sidecars to a Pod, whose spec is given both ways. `target` says where each goes, or why it is not added at
/// all. Returns what is not added, in their order.
pub fn plan<'i>(
    injections: &[&'i Injection],
    spec: &PodSpec,
    value: &Value,
    api_server: Option<Version>,
    target: impl Fn(&Injection) -> Result<Target, String>,
    plan: &mut Plan,
) -> Vec<Refusal<'i>> {
    let unexpected = |error: Malformed| format!("its container cannot be written: {error}");
    let mut refusals = Vec::new();
    let mut candidates = Vec::new();
    for injection in injections {
        match target(injection).and_then(|to| injection.candidate(spec, to).map_err(unexpected)) {
            Ok(candidate) => candidates.push(candidate),
            Err(why) => refusals.push((*injection, why)),
        }
    }
    let pod = Pod::new(spec, value, plan, api_server);
    let (added, refused) = settle(&candidates, &pod);
    refusals.extend(refused);
    let volumes = added.iter().flat_map(|candidate| &candidate.injection.volumes);
    let volumes: Vec<_> = volumes.filter(|(name, _)| !pod.has_volume(name)).collect();
    for (name, volume) in volumes {
        if plan.volumes.iter().all(|(other, _)| other != name) {
            plan.volumes.push((name.clone(), volume.clone()));
        }
    }
    for Candidate { injection, additions, .. } in added {
        if additions.iter().any(|addition| addition.to != Target::Regular) {
            plan.declare.push(injection.name.clone());
        }
        plan.add.extend(additions.iter().cloned());
    }
    let in_order = injections.iter().filter_map(|injection| {
        let index = refusals.iter().position(|(refused, _)| refused.name == injection.name)?;
        Some(refusals.swap_remove(index))
    });
    in_order.collect()
}

/// Decides which of these a Pod gets, in which order, and why it does not get the others: those can't be added to the Pod that
/// comes out either, so that to judge it again changes nothing.
fn settle<'p, 'c: 'p, 'i>(
    candidates: &'c [Candidate<'i>],
    pod: &Pod<'p>,
) -> (Vec<&'c Candidate<'i>>, Vec<Refusal<'i>>) {
    let (mut pod, mut added) = (pod.clone(), Vec::new());
    let mut waiting: Vec<_> = candidates.iter().collect();
    loop {
        let (together, with, refused) = fitting(waiting.clone(), &pod);
        if together.is_empty() {
            return (added, refused);
        }
        waiting.retain(|candidate| !together.iter().any(|other| other.is(candidate)));
        added.extend(together);
        pod = with;
    }
}

/// Finds which of these fit into a Pod together. What one of them brings the others may mount, whichever comes first; who does
/// not fit takes its volumes with it.
fn fitting<'p, 'c: 'p, 'i>(
    mut trying: Vec<&'c Candidate<'i>>,
    pod: &Pod<'p>,
) -> (Vec<&'c Candidate<'i>>, Pod<'p>, Vec<Refusal<'i>>) {
    let mut lacking = Vec::new();
    loop {
        let mut with = pod.clone();
        with.brought = trying.iter().flat_map(|candidate| &candidate.injection.volumes).collect();
        let (mut fitting, mut refused) = (Vec::new(), Vec::new());
        for candidate in &trying {
            match with.obstacle(candidate) {
                Some(why) => refused.push((candidate.injection, why)),
                None => {
                    with.add(candidate);
                    fitting.push(*candidate);
                }
            }
        }
        with.brought.clear();
        let before = lacking.len();
        for candidate in &fitting {
            if let Some(why) = with.missing_volume(candidate) {
                lacking.push((candidate.injection, why));
                trying.retain(|other| !other.is(candidate));
            }
        }
        if lacking.len() == before {
            refused.append(&mut lacking);
            return (fitting, with, refused);
        }
    }
}

/// Returns a container of the settings with this name, as a native sidecar or as a regular container.
fn form(container: &RawValue, name: &str, is_native: bool) -> Result<Box<RawValue>, Malformed> {
    let mut container = Tree::Raw(container);
    *container.member_at("name", Position::Start)? = Tree::text(name);
    let container = if is_native { pod::made_native(container)? } else { container };
    container.into_json()
}
