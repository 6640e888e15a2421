//! The rules: pure functions from a Pod template and its surroundings to findings.

use crate::catalogue::glob::Glob;
use crate::catalogue::injectors::Injector;
use crate::catalogue::sidecars::{self as catalogue, Entry, Owner};
use crate::json::by_name::Names;
use crate::kubernetes::image::Repository;
use crate::kubernetes::metadata::Annotations;
use crate::kubernetes::pod::List;
use crate::kubernetes::pod::{Container, PodSpec, PodTemplate};
use crate::rules::finding::{Evidence, Finding, Native, Rule};
use crate::rules::history::{Stored, Traces};
use crate::settings::Settings;
use crate::settings::action::Action;
use crate::settings::injections::{Injection, Strategy};
use crate::settings::rule_settings;

/// One Pod template, and all that a decision about it depends on.
#[derive(Clone, Copy)]
pub struct Case<'v> {
    /// The settings.
    pub settings: &'v Settings<'v>,
    /// The template.
    pub template: &'v PodTemplate<'v>,
    /// Its spec.
    pub spec: &'v PodSpec<'v>,
    /// The injections that are for this Pod.
    pub injections: &'v [&'v Injection],
    /// Whether this is a stored Pod: its lists of containers are immutable, so all that can be wrong is a strip.
    pub is_stored_pod: bool,
}

/// What is known of a container in `containers`.
#[derive(Debug)]
enum Known<'v> {
    /// It is the Pod's own work, for all that is known.
    Main,
    /// It is a sidecar whose form its author decides.
    Sidecar(Evidence<'v>),
    /// It is a sidecar whose form its injector or operator decides.
    Injected(&'static Entry),
    /// It is a sidecar that may be wrong in the native form.
    Kept,
}

impl<'v> Case<'v> {
    /// The findings: those of `initContainers` first, as the kubelet starts them, each list in its own order.
    ///
    /// `traces` is what is known of the past of the init containers.
    pub fn findings(&self, traces: &'v Traces) -> Vec<Finding<'v>> {
        let declared = self.declared();
        let stripped = self.suspects().filter_map(|(index, container)| {
            let evidence = self.stripped(container, traces, &declared)?;
            let (rule, action) = (Rule::Stripped, self.settings.actions.of(&rule_settings::STRIPPED_SIDECARS));
            Some(Finding {
                rule,
                list: List::InitContainers,
                index,
                container,
                evidence,
                action,
                is_last_regular: false,
            })
        });
        let mut findings: Vec<_> = stripped.collect();
        if !self.is_stored_pod {
            findings.extend(self.regular(&declared).filter(|finding| finding.action != Action::Ignore));
        }
        findings
    }

    /// The first native sidecar that no setting exempts, and that needs nodes which know it: one that is injected in both
    /// forms does not.
    pub fn native(&self) -> Option<Native<'v>> {
        let mut inits = self.spec.init_containers().iter().enumerate();
        let is_twin = |container: &Container| {
            let mut companions = self.injection(container.name()).into_iter().flat_map(Injection::companions);
            companions.any(|name| self.spec.containers().iter().any(|other| other.name() == name))
        };
        let (index, container) = inits
            .find(|(_, container)| container.restarts_always() && !self.is_exempt(container) && !is_twin(container))?;
        Some(Native::Container(List::InitContainers, index, container))
    }

    /// Whether this injector has worked on the Pod already: its switch comes too late then.
    pub fn has_container_of(&self, injector: &Injector) -> bool {
        let mut containers = self.spec.init_containers().iter().chain(self.spec.containers());
        containers.any(|container| {
            let owner = self.well_known(container).map(|entry| entry.owner);
            matches!(owner, Some(Owner::Injector { name, .. }) if name == injector.product)
        })
    }

    /// The injections that this Pod still waits for: nothing in it has their name.
    pub fn awaited(&self) -> impl Iterator<Item = &'v Injection> {
        let spec = self.spec;
        let containers = move || spec.init_containers().iter().chain(spec.containers());
        let is_there = move |name: &str| containers().any(|container| container.name() == name);
        self.injections.iter().copied().filter(move |injection| !is_there(&injection.name))
    }

    /// The init containers that are not native, and so could be stripped.
    pub fn suspects(&self) -> impl Iterator<Item = (usize, &'v Container<'v>)> {
        let is_judged = self.settings.actions.of(&rule_settings::STRIPPED_SIDECARS) != Action::Ignore;
        let is_suspect =
            move |container: &Container| is_judged && !container.restarts_always() && !self.is_exempt(container);
        self.spec.init_containers().iter().enumerate().filter(move |(_, container)| is_suspect(container))
    }

    /// Of these sidecars of the Pod's controller, those that the Pod does not have.
    pub fn missing<'o>(&self, sidecars: &'o [String]) -> impl Iterator<Item = &'o str> {
        let is_there = |name: &str| self.spec.init_containers().iter().any(|container| container.name() == name);
        let is_exempt = |name: &str| first_match(&self.settings.exempt_containers, name).is_some();
        sidecars.iter().map(String::as_str).filter(move |name| !is_there(name) && !is_exempt(name))
    }

    /// Why this init container must have been native once: the strongest evidence.
    fn stripped(&self, container: &'v Container<'v>, traces: &'v Traces, declared: &Names) -> Option<Evidence<'v>> {
        let name = container.name();
        let past = traces.of(name);
        let stored = past.and_then(|past| past.stored);
        if self.is_stored_pod && stored == Some(Stored::Ordinary) {
            // It was stored like this, and can't be changed any more: refusing updates would help nobody.
            return None;
        }
        // Another value is a decision, where the lack of any is none.
        let has_no_policy = container.restart_policy().is_empty();
        let manager = past.and_then(|past| past.manager.as_deref());
        let fields: Vec<_> = container.native_only_fields().collect();
        if has_no_policy && stored == Some(Stored::Native) {
            Some(Evidence::OldObject)
        } else if let Some(manager) = manager.filter(|_| has_no_policy) {
            Some(Evidence::ManagedFields(manager))
        } else if declared.contains(name) {
            Some(Evidence::Declared)
        } else if past.is_some_and(|past| past.applied_native) {
            Some(Evidence::LastApplied)
        } else if !fields.is_empty() {
            Some(Evidence::NativeOnlyFields(fields))
        } else if let Some(owner) = past.and_then(|past| past.owner.as_deref()).filter(|_| !has_no_policy) {
            Some(Evidence::Owner(owner))
        } else if !has_no_policy {
            None
        } else if past.is_some_and(|past| past.injected_by_istio) {
            Some(Evidence::IstioStatus)
        } else if let Some(glob) = first_match(&self.settings.sidecar_names, name) {
            Some(Evidence::SidecarNames(glob))
        } else if self.injection(name).is_some_and(|injection| injection.strategy != Strategy::Legacy) {
            Some(Evidence::Injection)
        } else {
            let known = self.catalogue_entry(container);
            let known = known.filter(|known| !known.also_runs_once && known.kept.is_none());
            let owner = past.and_then(|past| past.owner.as_deref());
            known.map(Evidence::Catalogue).or(owner.map(Evidence::Owner))
        }
    }

    /// The findings in `containers`; of a container that two rules apply to, that of the stricter one.
    fn regular(&self, declared: &Names) -> impl Iterator<Item = Finding<'v>> {
        let known = self.known(declared);
        let has_main = known.iter().any(|known| matches!(known, Known::Main));
        let last = known.iter().rposition(|known| matches!(known, Known::Sidecar(_))).filter(|_| !has_main);
        let containers = self.spec.containers().iter().enumerate();
        containers.zip(known).map(move |((index, container), known)| {
            let (rule, evidence, action) = match known {
                Known::Sidecar(evidence) => {
                    (Rule::Legacy, evidence, self.settings.actions.of(&rule_settings::LEGACY_SIDECARS))
                }
                Known::Injected(entry) => (
                    Rule::Injected,
                    Evidence::Catalogue(entry),
                    self.settings.actions.of(&rule_settings::INJECTED_SIDECARS),
                ),
                Known::Main | Known::Kept => (Rule::Misplaced, Evidence::RestartPolicy, Action::Ignore),
            };
            let misplaced = self.settings.actions.of(&rule_settings::MISPLACED_RESTART_POLICY);
            let is_misplaced = container.restarts_always() && !self.is_exempt(container);
            let (rule, evidence, action) = match is_misplaced && misplaced >= action {
                true => (Rule::Misplaced, Evidence::RestartPolicy, misplaced),
                false => (rule, evidence, action),
            };
            let is_last_regular = rule == Rule::Legacy && last == Some(index);
            Finding { rule, list: List::Containers, index, container, evidence, action, is_last_regular }
        })
    }

    /// What each of `containers` is.
    ///
    /// What the catalogue knows as sidecars are main containers too: fluent-bit is the whole of its own DaemonSet, and
    /// istio-proxy of a gateway. So where nothing else is there, what only the catalogue calls a sidecar is none.
    fn known(&self, declared: &Names) -> Vec<Known<'v>> {
        let mut known: Vec<_> = self.spec.containers().iter().map(|container| self.know(container, declared)).collect();
        if !known.iter().any(|known| matches!(known, Known::Main)) {
            for known in &mut known {
                if matches!(known, Known::Sidecar(Evidence::Catalogue(_)) | Known::Injected(_)) {
                    *known = Known::Main;
                }
            }
        }
        known
    }

    fn know(&self, container: &'v Container<'v>, declared: &Names) -> Known<'v> {
        let (name, settings) = (container.name(), self.settings);
        if self.is_companion(name) {
            return Known::Kept;
        }
        if self.is_exempt(container) {
            return Known::Main;
        }
        if let Some(glob) = first_match(&settings.sidecar_names, name) {
            return Known::Sidecar(Evidence::SidecarNames(glob));
        }
        // The form that `auto` finds right may be either.
        if self.injection(name).is_some_and(|injection| injection.strategy == Strategy::Native) {
            return Known::Sidecar(Evidence::Injection);
        }
        if !settings.sidecar_images.is_empty() {
            let spellings: Vec<_> = Repository::of(container.image()).spellings().collect();
            let matches = |glob: &&Glob| spellings.iter().any(|spelling| glob.matches(spelling));
            if let Some(glob) = settings.sidecar_images.iter().find(matches) {
                return Known::Sidecar(Evidence::SidecarImages(glob));
            }
        }
        if declared.contains(name) {
            return Known::Sidecar(Evidence::Declared);
        }
        match self.catalogue_entry(container) {
            None => Known::Main,
            Some(entry) if entry.kept.is_some() => Known::Kept,
            Some(entry) if entry.owner == Owner::Author => Known::Sidecar(Evidence::Catalogue(entry)),
            Some(entry) => Known::Injected(entry),
        }
    }

    fn catalogue_entry(&self, container: &Container) -> Option<&'static Entry> {
        self.settings.catalogue.then(|| self.well_known(container)).flatten()
    }

    /// The catalogue's entry for this container, whether or not the catalogue is used to find sidecars.
    pub fn well_known(&self, container: &Container) -> Option<&'static Entry> {
        catalogue::find(container.name(), container.image(), self.template.labels())
    }

    fn injection(&self, name: &str) -> Option<&'v Injection> {
        self.injections.iter().find(|injection| injection.name == name).copied()
    }

    /// Whether an injection adds a container of this name beside its sidecar.
    fn is_companion(&self, name: &str) -> bool {
        self.injections.iter().any(|injection| injection.companions().any(|companion| companion == name))
    }

    fn is_exempt(&self, container: &Container) -> bool {
        let name = container.name();
        first_match(&self.settings.exempt_containers, name).is_some() || self.is_companion(name)
    }

    /// The names that the template declares.
    pub fn declared(&self) -> Names {
        Names::of(self.template.annotations().into_iter().flat_map(Annotations::declared))
    }
}

/// The first of the globs that matches this name.
fn first_match<'g>(globs: &'g [Glob<'g>], name: &str) -> Option<&'g Glob<'g>> {
    globs.iter().find(|glob| glob.matches(name))
}
