//! What the catalogue says of a sidecar.

use serde_json::value::RawValue;

use crate::catalogue::glob::matches;
use crate::catalogue::injectors::Injector;
use crate::catalogue::marks::{Mark, Marked};
use crate::json::path::Step;
use crate::json::read;
use crate::kubernetes::image::{Repository, cut, last_component};

/// Globs of names.
pub type Names = &'static [&'static str];

/// A well-known sidecar.
#[derive(Debug)]
pub struct Entry {
    /// The container's names, as globs with one `*`; any name, where there are none.
    pub names: Names,
    /// The last component of the image or the last two, each a glob, with an optional `:TAG`.
    pub images: Names,
    /// Whose sidecar it is, where the object shows that.
    pub owner: Owner,
    /// What shows it: any of these. Where its owner leaves no mark, name and image have to do.
    signs: &'static [Mark],
    /// The injector whose switch a Pod can carry.
    pub injector: Option<&'static Injector>,
    /// What the author of the Pod can do where the owner has no switch.
    pub instead: Option<&'static str>,
    /// What it does, and so how it ranks beside others.
    pub purpose: Purpose,
    /// Where it belongs among the init containers, once it is native.
    pub place: Place,
    /// Whether the same name and image may also be those of an ordinary init container, so that they prove nothing of one.
    pub also_runs_once: bool,
    /// Why converting it could be wrong; such a one is no finding, and is never converted.
    pub kept: Option<&'static str>,
    /// The label that its Pods have, where name and image say too little.
    pub label: Option<&'static str>,
    /// What it is, or comes from, in words that its users know.
    pub product: &'static str,
    /// Its manifest, chart or documentation, with this name and image.
    #[cfg(any(test, feature = "describe"))]
    pub source: &'static str,
}

/// Whose sidecar it is: who can change its form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Owner {
    /// The author of the Pod.
    Author,
    /// An injector that has a switch for the native form.
    Injector {
        /// Its name.
        name: &'static str,
        /// What turns the native form on.
        switch: &'static str,
    },
    /// An injector without a switch, or an operator that makes the Pod.
    Operator {
        /// Its name.
        name: &'static str,
    },
}

/// What a sidecar does, in the order of how likely it is to be the Pod's own work.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Purpose {
    /// An injector or an operator added it, as the object shows, whatever else it does.
    Injected,
    /// It looks after another container's files, as reloaders do.
    Helper,
    /// It carries another container's connections.
    Proxy,
    /// It shows another container's metrics.
    Exporter,
    /// It has work of its own, as collectors have: it is a main container of a DaemonSet.
    Agent,
}

/// A place among the init containers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// Ahead of the ordinary init containers, which may need it.
    First,
    /// After them.
    Last,
}

impl Entry {
    /// What is known by its name and its image together.
    pub(super) const fn new(
        names: Names,
        images: Names,
        purpose: Purpose,
        place: Place,
        product: &'static str,
    ) -> Self {
        Self {
            names,
            images,
            owner: Owner::Author,
            signs: &[],
            injector: None,
            instead: None,
            purpose,
            place,
            also_runs_once: false,
            kept: None,
            label: None,
            product,
            #[cfg(any(test, feature = "describe"))]
            source: "",
        }
    }

    /// What is known by its image, whatever it is called.
    pub(super) const fn by_image(images: Names, purpose: Purpose, place: Place, product: &'static str) -> Self {
        Self::new(&[], images, purpose, place, product).also_runs_once()
    }

    /// What has to stay where it is.
    pub(super) const fn kept(names: Names, images: Names, product: &'static str) -> Self {
        Self::new(names, images, Purpose::Helper, Place::Last, product)
    }

    /// With the reason why it is kept.
    pub(super) const fn because(self, why: &'static str) -> Self {
        Self { kept: Some(why), ..self }
    }

    /// Added by an injector with a switch that the Pod carries, where one of these signs shows it.
    pub(super) const fn injected(self, injector: &'static Injector, signs: &'static [Mark]) -> Self {
        let owner = Owner::Injector { name: injector.product, switch: injector.how };
        Self { owner, injector: Some(injector), signs, ..self }
    }

    /// Added by somebody who can be switched in another way, where one of these signs shows it.
    pub(super) const fn switched(self, name: &'static str, switch: &'static str, signs: &'static [Mark]) -> Self {
        Self { owner: Owner::Injector { name, switch }, signs, ..self }
    }

    /// Added by somebody without a switch, where one of these signs shows it.
    pub(super) const fn operated(self, name: &'static str, signs: &'static [Mark]) -> Self {
        Self { owner: Owner::Operator { name }, signs, ..self }
    }

    /// With what the author of the Pod can do instead.
    pub(super) const fn instead(self, what: &'static str) -> Self {
        Self { instead: Some(what), ..self }
    }

    /// May also be an ordinary init container.
    pub(super) const fn also_runs_once(self) -> Self {
        Self { also_runs_once: true, ..self }
    }

    /// Only in a Pod with this label.
    pub(super) const fn labelled(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }

    /// With its source.
    #[cfg_attr(not(any(test, feature = "describe")), expect(unused_variables))]
    pub(super) const fn see(self, source: &'static str) -> Self {
        Self {
            #[cfg(any(test, feature = "describe"))]
            source,
            ..self
        }
    }

    /// Whether this entry means the container with this name and image, where its Pod has the label.
    pub(super) fn means(&self, name: &str, image: &str) -> bool {
        let has_image = |image: Repository| self.images.iter().any(|glob| matches_image(glob, &image));
        (self.names.is_empty() || self.has_name(name)) && has_image(Repository::of(image))
    }

    /// Whether a Pod with these labels has the one that the entry asks for.
    pub(super) fn has_label(&self, labels: Option<&RawValue>) -> bool {
        self.label.is_none_or(|label| {
            labels.is_some_and(|labels| matches!(read::raw_at(labels.get(), &[Step::key(label)]), Ok(Some(_))))
        })
    }

    /// Whether a container of this name may be meant.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.names.iter().any(|glob| matches(glob, name))
    }

    /// Whether the object shows that the owner of this entry added it or made the object, or is to add it. Else it is its
    /// author's.
    pub fn shows(&self, object: Marked) -> bool {
        self.owner != Owner::Author
            && (self.signs.is_empty()
                || self.signs.iter().any(|sign| sign.is_on(object) == Some(true))
                || self.injector.is_some_and(|injector| injector.works_on(object)))
    }
}

/// Whether a glob of the catalogue matches an image.
fn matches_image(glob: &str, Repository { short, tag, .. }: &Repository) -> bool {
    let (path, wanted_tag) = cut(glob, glob.bytes().position(|byte| byte == b':'));
    let ((wanted_rest, wanted), (rest, component)) = (last_component(path), last_component(short));
    matches(wanted, component)
        && (wanted_rest.is_empty() || matches(wanted_rest, last_component(rest).1))
        && wanted_tag.is_none_or(|wanted| matches(wanted, tag.unwrap_or_default()))
}
