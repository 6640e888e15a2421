//! What the containers of a Pod are to it: its own work, or sidecars.

use crate::catalogue::glob::{self, Glob};
use crate::catalogue::sidecars::{self, Entry, Owner};
use crate::kubernetes::image::Repository;
use crate::kubernetes::pod::Container;
use crate::rules::evidence::{CATALOGUE, DECLARATION, Evidence, INJECTIONS, SIDECAR_IMAGES, SIDECAR_NAMES};
use crate::rules::template::{ISTIO_SIDECAR, Template};
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
/// What the catalogue knows as sidecars are main containers too: fluent-bit is the whole of its own DaemonSet, and oauth2-proxy
/// of its chart. So where nothing else is there, the likeliest of what only the catalogue calls a sidecar is none.
pub fn roles<'v>(template: &Template<'v>) -> Vec<Role<'v>> {
    roles_where(template, &|name| template.declares(name))
}

/// The same, where these are what the Pod's author declares.
fn roles_where<'v>(template: &Template<'v>, declares: &dyn Fn(&str) -> bool) -> Vec<Role<'v>> {
    let containers = template.spec.containers();
    let mut roles: Vec<_> = containers.iter().map(|container| role_of(template, container, declares)).collect();
    let known = roles.iter().zip(containers).enumerate().filter_map(|(index, (role, container))| match role {
        Role::Main => Some((index, None)),
        Role::Injected(_) => Some((index, template.purpose_of(container))),
        Role::Sidecar(evidence) if evidence.source == &CATALOGUE => Some((index, template.purpose_of(container))),
        // What its author calls a sidecar makes nothing else the main container.
        Role::Sidecar(evidence) if evidence.source == &DECLARATION => Some((index, template.purpose_of(container))),
        Role::Sidecar(_) | Role::Kept => None,
    });
    let (indexes, purposes): (Vec<_>, Vec<_>) = known.unzip();
    let is_main = sidecars::main_containers(&purposes, template.is_of_daemon_set(), roles.iter().any(is_of_settings));
    for (index, _) in indexes.into_iter().zip(is_main).filter(|(_, is_main)| *is_main) {
        if !matches!(&roles[index], Role::Sidecar(evidence) if evidence.source == &DECLARATION) {
            roles[index] = Role::Main;
        }
    }
    roles
}

/// Returns which of `containers` may be the Pod's own work: its main containers, or where there are none, those that only the
/// Pod's author calls sidecars, and of these the ones that would be main without that: a declaration makes nothing laxer. Else
/// those of the settings, and of these the ones that only a wildcard hits.
pub fn may_be_main(template: &Template, roles: &[Role]) -> Vec<bool> {
    let are = |is: &dyn Fn(&Role) -> bool| roles.iter().any(is).then(|| roles.iter().map(is).collect());
    let is_main = |role: &Role| matches!(role, Role::Main);
    let is_declared = |role: &Role| matches!(role, Role::Sidecar(evidence) if evidence.source == &DECLARATION);
    let is_hit = |role: &Role| matches!(role, Role::Sidecar(evidence) if !glob::is_literal(&evidence.detail));
    let mains_without = || {
        let declared: Vec<bool> = are(&is_declared)?;
        let without = roles_where(template, &|_| false);
        let mains: Vec<_> = declared.iter().zip(&without).map(|(declared, role)| *declared && is_main(role)).collect();
        Some(if mains.contains(&true) { mains } else { declared })
    };
    are(&is_main)
        .or_else(mains_without)
        .or_else(|| are(&is_hit))
        .or_else(|| are(&is_of_settings))
        .unwrap_or_else(|| vec![true; roles.len()])
}

/// Whether it is a sidecar because the settings or its author say so.
fn is_of_settings(role: &Role) -> bool {
    matches!(role, Role::Sidecar(evidence) if evidence.source != &CATALOGUE)
}

fn role_of<'v>(template: &Template<'v>, container: &'v Container<'v>, declares: &dyn Fn(&str) -> bool) -> Role<'v> {
    let (name, settings) = (container.name(), template.settings);
    // It stands by what it has injected, whatever else would know that.
    if template.is_companion(name) || template.is_injected(container) {
        return Role::Kept;
    }
    if template.is_exempt(container) {
        return Role::Main;
    }
    // The form that `auto` finds right may be either.
    if template.injection_of(container).is_some_and(|injection| injection.strategy == Strategy::Native) {
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
    let entry = template.catalogue_entry(container);
    if let Some(entry) = entry.filter(|entry| entry.kept.is_none() && template.owner_of(entry) != Owner::Author)
        && !(container.name() == ISTIO_SIDECAR && sidecars::is_router(container.args))
    {
        return Role::Injected(entry);
    }
    if declares(name) {
        return Role::Sidecar(DECLARATION.says());
    }
    match entry {
        None => Role::Main,
        Some(entry) if entry.kept.is_some() => Role::Kept,
        Some(_) if container.name() == ISTIO_SIDECAR && sidecars::is_router(container.args) => Role::Main,
        Some(_) if template.is_for(container) => Role::Main,
        Some(entry) => Role::Sidecar(CATALOGUE.says_of(entry.product)),
    }
}
