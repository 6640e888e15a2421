//! Whether a change of an object is one that the policy may plan, and touches nothing else: in order, in spelling, in number.

use std::collections::BTreeSet;

use crate::spelled::Spelled;

/// The annotation that declares native sidecars.
pub const DECLARATION: &str = "sidecars.kubewarden.io/native";

/// What of a change is allowed.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// The names of containers that injections bring.
    pub containers: BTreeSet<String>,
}

/// What the policy may add to an object where there was nothing, by the member that it is in: the member, and those of it. What is
/// `null` is as good as nothing.
const MAY_APPEAR: [(&str, &[&str]); 5] = [
    ("spec", &["affinity", "containers", "initContainers", "volumes"]),
    ("metadata", &["annotations"]),
    ("affinity", &["nodeAffinity"]),
    ("nodeAffinity", &["requiredDuringSchedulingIgnoredDuringExecution"]),
    ("requiredDuringSchedulingIgnoredDuringExecution", &["nodeSelectorTerms"]),
];

/// What is not allowed of this change of an object; `Ok` where all is.
pub fn check(before: &Spelled, after: &Spelled, allowed: &Allowed) -> Result<(), String> {
    same(before, after, "", "$", allowed)
}

/// `name` is the member that the value is in, `place` its path.
fn same(before: &Spelled, after: &Spelled, name: &str, place: &str, allowed: &Allowed) -> Result<(), String> {
    if before == after {
        return Ok(());
    }
    let nothing = Spelled::Members(Vec::new());
    match (before, after) {
        (_, Spelled::Members(after)) if matches!(before, Spelled::Members(_)) || before.is_null() => {
            let before = if before.is_null() { &nothing } else { before };
            members(before.members(), after, name, place, allowed)
        }
        (_, Spelled::List(after)) if matches!(before, Spelled::List(_)) || before.is_null() => {
            list(before.elements(), after, name, place, allowed)
        }
        _ => Err(format!("{place} was {before:?} and is {after:?}")),
    }
}

fn members(
    before: &[(String, Spelled)],
    after: &[(String, Spelled)],
    name: &str,
    place: &str,
    allowed: &Allowed,
) -> Result<(), String> {
    let is_list = |name: &str| name == "containers" || name == "initContainers";
    let has_containers = |members: &[(String, Spelled)]| members.iter().any(|(name, _)| is_list(name));
    let is_spec = name == "spec" && (has_containers(before) || has_containers(after));
    let mut left = before.iter().peekable();
    for (key, value) in after {
        let at = format!("{place}.{key}");
        let there = left.next_if(|(known, _)| known == key).map(|(_, value)| value);
        match there {
            Some(_) if is_spec && (key == "containers" || key == "initContainers") => {}
            Some(there) if name == "annotations" && there != value => annotation(key, Some(there), value, &at)?,
            Some(there) => same(there, value, key, &at, allowed)?,
            None if name == "annotations" => annotation(key, None, value, &at)?,
            // A template that has no metadata yet, and a term of an affinity.
            None if key == "metadata" && after.iter().any(|(key, _)| key == "spec") => {
                same(&Spelled::Members(Vec::new()), value, key, &at, allowed)?;
            }
            None if name == "nodeSelectorTerms" && key == "matchExpressions" => {
                same(&Spelled::List(Vec::new()), value, key, &at, allowed)?;
            }
            None if MAY_APPEAR.iter().any(|(of, new)| *of == name && new.contains(&&**key)) => {
                let nothing = if matches!(value, Spelled::List(_)) {
                    Spelled::List(Vec::new())
                } else {
                    Spelled::Members(Vec::new())
                };
                let is_list_of_containers = is_spec && (key == "containers" || key == "initContainers");
                if !is_list_of_containers {
                    same(&nothing, value, key, &at, allowed)?;
                }
            }
            None => return Err(format!("{at} is new, or in another place")),
        }
    }
    if let Some((key, _)) = left.next() {
        return Err(format!("{place}.{key} is gone, or in another place"));
    }
    if is_spec {
        let list = |members: &[(String, Spelled)], name: &str| {
            let value = members.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            value.map(|value| value.elements().to_vec()).unwrap_or_default()
        };
        let [inits, regular] = ["initContainers", "containers"].map(|name| (list(before, name), list(after, name)));
        containers(&inits, &regular, place, allowed)?;
    }
    Ok(())
}

fn annotation(key: &str, before: Option<&Spelled>, after: &Spelled, place: &str) -> Result<(), String> {
    let text = |value: &Spelled| match value {
        Spelled::Scalar(text) => serde_json::from_str::<Option<String>>(text).unwrap_or_default().unwrap_or_default(),
        _ => String::new(),
    };
    let (before, after) = (before.map(text).unwrap_or_default(), text(after));
    let is_longer = key == DECLARATION && after.starts_with(before.trim_end());
    let switches = ["nativeSidecar", "native-sidecar", "native-sidecars", "dataplane-as-sidecar"];
    let is_switch = after == "true" && switches.iter().any(|end| key.ends_with(end));
    match is_longer || is_switch {
        true => Ok(()),
        false => Err(format!("{place} was {before:?} and is {after:?}")),
    }
}

fn list(before: &[Spelled], after: &[Spelled], name: &str, place: &str, allowed: &Allowed) -> Result<(), String> {
    let may_grow = match name {
        "volumes" | "matchExpressions" => true,
        "nodeSelectorTerms" => before.is_empty(),
        _ => false,
    };
    if after.len() < before.len() || after.len() > before.len() && !may_grow {
        return Err(format!("{place} had {} elements and has {}", before.len(), after.len()));
    }
    let mut pairs = before.iter().zip(after).enumerate();
    pairs.try_for_each(|(index, (before, after))| same(before, after, name, &format!("{place}[{index}]"), allowed))
}

/// Whether `after` is this container as a native sidecar, and nothing else.
fn is_made_native(before: &Spelled, after: &Spelled) -> bool {
    let always = ("restartPolicy".to_owned(), Spelled::text("Always"));
    let is_policy = |(name, _): &&(String, Spelled)| name == "restartPolicy";
    match before.get("restartPolicy") {
        Some(policy) if *policy == always.1 => before == after,
        Some(policy) if !policy.is_null() && *policy != Spelled::text("") => false,
        Some(_) => {
            let with = |member: &(String, Spelled)| if is_policy(&member) { always.clone() } else { member.clone() };
            after.members() == before.members().iter().map(with).collect::<Vec<_>>()
        }
        None => {
            let rest: Vec<_> = after.members().iter().filter(|member| !is_policy(member)).cloned().collect();
            rest == before.members()
                && after.members().len() == rest.len() + 1
                && after.get("restartPolicy") == Some(&always.1)
        }
    }
}

/// Each is a list before and after.
fn containers(
    inits: &(Vec<Spelled>, Vec<Spelled>),
    regular: &(Vec<Spelled>, Vec<Spelled>),
    place: &str,
    allowed: &Allowed,
) -> Result<(), String> {
    let is_injected = |container: &Spelled| allowed.containers.contains(&container.name());
    let mut moved = Vec::new();
    let mut staying = regular.1.iter().peekable();
    for container in &regular.0 {
        if staying.next_if(|other| *other == container).is_none() {
            moved.push(container);
        }
    }
    if let Some(stranger) = staying.find(|container| !is_injected(container)) {
        return Err(format!("{place}.containers has {stranger:?}, which nobody put there"));
    }
    let added = inits.1.len().checked_sub(inits.0.len());
    let added = added.ok_or_else(|| format!("{place}.initContainers lost some"))?;
    // All that was there stays together.
    let is_kept = |first: usize| {
        let there = inits.1.iter().skip(first);
        inits.0.iter().zip(there).all(|(before, after)| before == after || is_made_native(before, after))
    };
    let fits = |first: usize| {
        let (ahead, rest) = inits.1.split_at(first);
        let behind = &rest[inits.0.len()..];
        let mut moved = moved.clone();
        let is_known = |container: &Spelled, moved: &mut Vec<&Spelled>| {
            match moved.iter().position(|before| is_made_native(before, container)) {
                Some(index) => drop(moved.remove(index)),
                None => return is_injected(container),
            }
            true
        };
        is_kept(first)
            && ahead.iter().chain(behind).all(|container| is_known(container, &mut moved))
            && moved.is_empty()
    };
    match (0..=added).any(fits) {
        true => Ok(()),
        false => Err(format!(
            "{place}.initContainers are not those that were there, with those that moved and were injected"
        )),
    }
}
