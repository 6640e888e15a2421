//! Why a rule applies: sources of evidence, what they say, and how much that proves.

use std::borrow::Cow;
use std::fmt;

/// Something that tells what a container is, or was. Each is a static: it is the same only as itself.
#[derive(Debug)]
pub struct Source {
    /// What it is called in the audit annotation.
    pub name: &'static str,
    /// The words around the detail.
    words: (&'static str, &'static str),
    /// Whether it is the container's own word, which counts more than what others say of it.
    pub is_own_word: bool,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Source {}

/// How much evidence proves, the weakest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Strength {
    /// Somebody changed it, and may have meant to: no reason to refuse anything.
    Change,
    /// Something is wrong, but there are two ways to mend it, and nobody knows which is meant: nothing is repaired.
    Open,
    /// It is known.
    Proof,
}

/// What a source says of a container, and what another one adds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Evidence<'v> {
    /// The source.
    pub source: &'static Source,
    /// What it says: a glob, a manager, fields; empty where its words say all.
    pub detail: Cow<'v, str>,
    /// How much it proves.
    pub strength: Strength,
    /// What makes it a proof, where it is none by itself.
    with: Option<Box<Evidence<'v>>>,
}

/// A glob of the setting `sidecarNames` matches its name.
pub static SIDECAR_NAMES: Source = Source::new("sidecarNames", "sidecarNames: ", "");
/// A glob of the setting `sidecarImages` matches its image.
pub static SIDECAR_IMAGES: Source = Source::new("sidecarImages", "sidecarImages: ", "");
/// The catalogue knows its name and image, as this product.
pub static CATALOGUE: Source = Source::new("catalogue", "well-known: ", "");
/// The annotation `sidecars.kubewarden.io/native` names it.
pub static DECLARATION: Source = Source::new("declaration", "declared in annotation sidecars.kubewarden.io/native", "");
/// The setting `injections` has one of this name.
pub static INJECTIONS: Source = Source::new("injections", "injections has one of that name", "");

impl Source {
    /// A source of this name, with the words ahead of its detail and behind it.
    pub const fn new(name: &'static str, before: &'static str, after: &'static str) -> Self {
        Self { name, words: (before, after), is_own_word: false }
    }

    /// The same source, as the container's own word.
    pub const fn own_word(self) -> Self {
        Self { is_own_word: true, ..self }
    }

    /// What it says where its words say all.
    pub const fn says(&'static self) -> Evidence<'static> {
        Evidence { source: self, detail: Cow::Borrowed(""), strength: Strength::Proof, with: None }
    }

    /// What it says with a detail.
    pub fn says_of<'v>(&'static self, detail: impl Into<Cow<'v, str>>) -> Evidence<'v> {
        Evidence { detail: detail.into(), ..self.says() }
    }
}

impl<'v> Evidence<'v> {
    /// The same, which proves no more than this.
    #[must_use]
    pub fn only(self, strength: Strength) -> Self {
        Self { strength, ..self }
    }

    /// Both together, which is a proof.
    #[must_use]
    pub fn and(self, other: Evidence<'v>) -> Self {
        Self { with: Some(Box::new(other)), strength: Strength::Proof, ..self }
    }
}

impl fmt::Display for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.source.words;
        write!(f, "{before}{}{after}", self.detail)?;
        match &self.with {
            Some(other) => write!(f, "; {other}"),
            None => Ok(()),
        }
    }
}
