//! One Pod template, and all that a decision about it depends on.

use std::collections::BTreeSet;

use crate::catalogue::glob::{Glob, first_match};
use crate::catalogue::injectors::Injector;
use crate::catalogue::marks::Marked;
use crate::catalogue::sidecars::{self, Entry, Owner, Purpose};
use crate::json::view::text;
use crate::kubernetes::image::base_name;
use crate::kubernetes::labels::Labels;
use crate::kubernetes::metadata::{Annotations, Metadata};
use crate::kubernetes::pod::{Container, PodSpec, PodTemplate};
use crate::settings::Settings;
use crate::settings::injections::{Injection, Strategy};

/// The one sidecar that Istio injects. Its status also lists init containers that run once: its own, and those of
/// injection templates that only their authors know.
pub const ISTIO_SIDECAR: &str = "istio-proxy";

/// The object that a Pod template is in: it shows whose containers these are.
pub struct Around<'v> {
    /// Its metadata.
    pub metadata: &'v Metadata<'v>,
    /// Its annotations, which are read only where they matter.
    pub annotations: &'v dyn Fn() -> Labels<'v>,
    /// Those of the template.
    pub template_annotations: &'v dyn Fn() -> Labels<'v>,
    /// Whether it is a Pod.
    pub is_pod: bool,
    /// Whether it is a DaemonSet, or a Pod of one.
    pub is_of_daemon_set: bool,
}

/// A Pod template under judgement.
pub struct Template<'v> {
    /// The settings.
    pub settings: &'v Settings<'v>,
    /// The template as it came.
    pub pod: &'v PodTemplate<'v>,
    /// Its spec.
    pub spec: &'v PodSpec<'v>,
    /// The object around it.
    around: Around<'v>,
    /// The injections that are for this Pod.
    injections: &'v [&'v Injection],
    /// Whether this is a stored Pod: its lists of containers are immutable, so all that can be wrong is a strip.
    pub is_stored_pod: bool,
    /// The names that its annotation declares.
    declared: BTreeSet<String>,
}

impl<'v> Template<'v> {
    /// The template with these injections for it.
    pub fn new(
        settings: &'v Settings<'v>,
        pod: &'v PodTemplate<'v>,
        spec: &'v PodSpec<'v>,
        around: Around<'v>,
        injections: &'v [&'v Injection],
        is_stored_pod: bool,
    ) -> Self {
        let mut declared = BTreeSet::new();
        declared.extend(pod.annotations().into_iter().flat_map(Annotations::declared).map(str::to_owned));
        Self { settings, pod, spec, around, injections, is_stored_pod, declared }
    }

    /// The first native sidecar that no setting exempts, and that needs nodes which know it: one that is injected in both
    /// forms does not.
    pub fn native(&self) -> Option<(usize, &'v Container<'v>)> {
        let mut inits = self.spec.init_containers().iter().enumerate();
        let is_universal = |container: &Container| {
            let mut companions = self.injection(container.name()).into_iter().flat_map(Injection::companions);
            companions.any(|name| self.spec.containers().iter().any(|other| other.name() == name))
        };
        inits.find(|(_, container)| {
            container.restarts_always() && !self.is_exempt(container) && !is_universal(container)
        })
    }

    /// Whether this injector has worked on the Pod already: its switch comes too late then.
    pub fn has_container_of(&self, injector: &Injector) -> bool {
        let mut containers = self.spec.init_containers().iter().chain(self.spec.containers());
        containers.any(|container| {
            let own = self.well_known(container).and_then(|entry| entry.injector);
            own.is_some_and(|own| own.name == injector.name)
        })
    }

    /// The injections that this Pod still waits for: nothing in it has their name.
    pub fn missing_injections(&self) -> impl Iterator<Item = &'v Injection> {
        let spec = self.spec;
        let containers = move || spec.init_containers().iter().chain(spec.containers());
        let is_there = move |name: &str| containers().any(|container| container.name() == name);
        self.injections.iter().copied().filter(move |injection| !is_there(&injection.name))
    }

    /// The init containers that are not native, and that no setting exempts.
    pub fn ordinary(&self) -> impl Iterator<Item = &'v Container<'v>> {
        self.spec
            .init_containers()
            .iter()
            .filter(|container| !container.restarts_always() && !self.is_exempt(container))
    }

    /// Of these sidecars of the Pod's controller, those that the Pod does not have.
    pub fn missing<'o>(&self, sidecars: &'o [String]) -> impl Iterator<Item = &'o str> {
        let is_there = |name: &str| self.spec.init_containers().iter().any(|container| container.name() == name);
        let is_exempt = |name: &str| first_match(&self.settings.exempt_containers, name).is_some();
        sidecars.iter().map(String::as_str).filter(move |name| !is_there(name) && !is_exempt(name))
    }

    /// The catalogue's entry for this container, where the settings let the catalogue find sidecars.
    pub fn catalogue_entry(&self, container: &Container) -> Option<&'static Entry> {
        self.settings.catalogue.then(|| self.well_known(container)).flatten()
    }

    /// The catalogue's entry for this container, whether or not the catalogue is used to find sidecars.
    pub fn well_known(&self, container: &Container) -> Option<&'static Entry> {
        sidecars::find(container.name(), container.image(), self.pod.labels())
    }

    /// The injection of this name that is for this Pod.
    pub fn injection(&self, name: &str) -> Option<&'v Injection> {
        self.injections.iter().find(|injection| injection.name == name).copied()
    }

    /// The injection for this Pod that has added this container, by its name and its image, from whichever mirror that comes.
    pub fn injection_of(&self, container: &Container) -> Option<&'v Injection> {
        let is_of = |injection: &&Injection| base_name(&injection.image) == base_name(container.image());
        self.injection(container.name()).filter(is_of)
    }

    /// Whether this regular container is one that the policy injects in that form.
    pub fn is_injected(&self, container: &Container) -> bool {
        self.injection_of(container).is_some_and(|injection| injection.strategy != Strategy::Native)
    }

    /// Whether an injection adds a container of this name beside its sidecar.
    pub fn is_companion(&self, name: &str) -> bool {
        self.injections.iter().any(|injection| injection.companions().any(|companion| companion == name))
    }

    /// Whether no rule touches this container. One without a name, as an operator may still have to give it, can't be spoken of.
    pub fn is_exempt(&self, container: &Container) -> bool {
        let name = container.name();
        name.is_empty() || first_match(&self.settings.exempt_containers, name).is_some() || self.is_companion(name)
    }

    /// The glob of the setting `sidecarNames` that matches this name: the one that is the name itself, where there is one.
    pub fn named_by_settings(&self, name: &str) -> Option<&'v Glob<'v>> {
        let globs = &self.settings.sidecar_names;
        let first = first_match(globs, name)?;
        globs.iter().find(|glob| glob.as_str() == name && glob.is_literal()).or(Some(first))
    }

    /// Whose sidecar this is, as far as the object shows that: else it is its author's.
    pub fn owner_of(&self, entry: &Entry) -> Owner {
        if self.shows(entry) { entry.owner } else { Owner::Author }
    }

    /// What a well-known container does; None where it is not known.
    pub fn purpose_of(&self, container: &Container) -> Option<Purpose> {
        let entry = self.well_known(container)?;
        Some(if self.shows(entry) { Purpose::Injected } else { entry.purpose })
    }

    fn shows(&self, entry: &Entry) -> bool {
        let Around { metadata, annotations, template_annotations, is_pod, .. } = &self.around;
        if entry.owner == Owner::Author {
            return false;
        }
        let owner = metadata.controller().map(|owner| text(&owner.kind));
        let pod = Marked { labels: Labels(self.pod.labels()), annotations: template_annotations(), owner };
        entry.shows(pod)
            || !is_pod && entry.shows(Marked { labels: Labels(metadata.labels), annotations: annotations(), owner })
    }

    /// Whether these are Pods of a DaemonSet.
    pub const fn is_of_daemon_set(&self) -> bool {
        self.around.is_of_daemon_set
    }

    /// Whether the workload is there for this container: its name is that of the container. A name that only ends so, as
    /// `shop-with-oauth2-proxy`, says nothing; nor does a label, which is no exception that anybody but the cluster admin may make.
    pub fn is_for(&self, container: &Container) -> bool {
        let metadata = self.around.metadata;
        let own = [&metadata.name, &metadata.generate_name].map(|name| text(name).trim_end_matches('-'));
        let own = if own[0].is_empty() { own[1] } else { own[0] };
        let workload = match metadata.controller() {
            // What a Deployment makes has a hash behind its name, and so has what a CronJob makes.
            Some(owner) if matches!(text(&owner.kind), "Job" | "ReplicaSet") => {
                text(&owner.name).rsplit_once('-').map_or(text(&owner.name), |(workload, _)| workload)
            }
            Some(owner) => text(&owner.name),
            None => own,
        };
        [own, workload].contains(&container.name())
    }

    /// Whether the settings want this sidecar ahead of all init containers.
    pub fn starts_first(&self, container: &Container) -> bool {
        first_match(&self.settings.start_first, container.name()).is_some()
    }

    /// Whether its annotation declares a native sidecar of this name.
    pub fn declares(&self, name: &str) -> bool {
        self.declared.contains(name)
    }
}
