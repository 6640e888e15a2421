//! What the containers of a Pod are to it: its own work, or sidecars.

use crate::catalogue::glob::Glob;
use crate::catalogue::sidecars::{Entry, Owner};
use crate::kubernetes::image::Repository;
use crate::kubernetes::pod::Container;
use crate::rules::evidence::{CATALOGUE, DECLARATION, Evidence, INJECTIONS, SIDECAR_IMAGES, SIDECAR_NAMES};
use crate::rules::template::Template;
use crate::settings::injections::Strategy;

/// What a container in `containers` is to its Pod.
#[derive(Debug)]
pub enum Role<'v> {
    /// It is the Pod's own work, for all that is known.
    Main,
    /// It is a sidecar whose form its author decides.
    Sidecar(Evidence<'v>),
    /// It is a sidecar whose form its injector or operator decides.
    Injected(&'static Entry),
    /// It is a sidecar that may be wrong in the native form, or that the policy itself has injected as it is.
    Kept,
}

/// Returns what each of `containers` is.
///
/// What the catalogue knows as sidecars are main containers too: fluent-bit is the whole of its own DaemonSet, and istio-proxy
/// of a gateway. So where nothing else is there, what only the catalogue calls a sidecar is none.
pub fn roles<'v>(template: &Template<'v>) -> Vec<Role<'v>> {
    let containers = template.spec.containers();
    let mut roles: Vec<_> = containers.iter().map(|container| role_of(template, container)).collect();
    if !roles.iter().any(|role| matches!(role, Role::Main)) {
        for role in &mut roles {
            let is_of_catalogue = match role {
                Role::Sidecar(evidence) => evidence.source == &CATALOGUE,
                Role::Injected(_) => true,
                Role::Main | Role::Kept => false,
            };
            if is_of_catalogue {
                *role = Role::Main;
            }
        }
    }
    roles
}

fn role_of<'v>(template: &Template<'v>, container: &'v Container<'v>) -> Role<'v> {
    let (name, settings) = (container.name(), template.settings);
    // It stands by what it has injected, whatever else would know that.
    if template.is_companion(name) || template.is_injected(container) {
        return Role::Kept;
    }
    if template.is_exempt(container) {
        return Role::Main;
    }
    // The form that `auto` finds right may be either.
    if template.injection(name).is_some_and(|injection| injection.strategy == Strategy::Native) {
        return Role::Sidecar(INJECTIONS.says());
    }
    if let Some(glob) = template.named_by_settings(name) {
        return Role::Sidecar(SIDECAR_NAMES.says_of(glob.as_str()));
    }
    if !settings.sidecar_images.is_empty() {
        let spellings: Vec<_> = Repository::of(container.image()).spellings().collect();
        let matches = |glob: &&Glob| spellings.iter().any(|spelling| glob.matches(spelling));
        if let Some(glob) = settings.sidecar_images.iter().find(matches) {
            return Role::Sidecar(SIDECAR_IMAGES.says_of(glob.as_str()));
        }
    }
    if template.declares(name) {
        return Role::Sidecar(DECLARATION.says());
    }
    match template.catalogue_entry(container) {
        None => Role::Main,
        Some(entry) if entry.kept.is_some() => Role::Kept,
        Some(entry) if entry.owner == Owner::Author => Role::Sidecar(CATALOGUE.says_of(entry.product)),
        Some(entry) => Role::Injected(entry),
    }
}
