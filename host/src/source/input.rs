//! A text of manifests to review, and how it is read.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use native_sidecar_review::template;

use crate::source::chart::{self, DocumentNames};
use crate::source::render::Renderer;

/// The name of standard input.
pub const STDIN: &str = "<stdin>";

/// A text of manifests to review.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Input {
    /// Where it comes from.
    pub origin: Origin,
    /// Whether the user named it, and not only a folder that it is in.
    pub is_named: bool,
}

/// Where a text comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Standard input.
    Stdin,
    /// A file.
    File {
        /// The path that led to it.
        path: PathBuf,
        /// The file itself, without links on the way; None where there is none.
        file: Option<PathBuf>,
        /// Whether the file itself is in what the user named, so that it may be written.
        is_inside: bool,
    },
    /// What a program makes of a chart or a kustomization.
    Rendered(Renderer, OsString),
    /// A path at which nothing can be read, and why.
    Nothing(PathBuf, String),
}

/// Why a text can't be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unreadable {
    /// Where in the text; None where there is no text.
    pub place: Option<yaml::Error>,
    /// Why.
    pub message: String,
}

impl Input {
    /// What it is called.
    pub fn name(&self) -> String {
        match &self.origin {
            Origin::Stdin => STDIN.to_owned(),
            Origin::File { path, .. } | Origin::Nothing(path, _) => path.display().to_string(),
            Origin::Rendered(_, of) => of.display().to_string(),
        }
    }

    /// What the documents of its text are called.
    pub fn document_names<'t>(&self, name: &'t str, text: &'t str) -> DocumentNames<'t> {
        match &self.origin {
            Origin::Stdin => DocumentNames::rendered(name, text, None),
            Origin::Rendered(_, of) => DocumentNames::rendered(name, text, Some(Path::new(of))),
            Origin::File { .. } | Origin::Nothing(..) => DocumentNames::same(name),
        }
    }

    /// Reads it.
    pub fn read(&self) -> Result<String, Unreadable> {
        let bytes = match &self.origin {
            Origin::Stdin => read_all(io::stdin()),
            Origin::File { path, .. } => File::open(path).and_then(read_all),
            Origin::Rendered(renderer, of) => renderer.render(of).map_err(io::Error::other),
            Origin::Nothing(_, message) => Err(io::Error::other(message.clone())),
        };
        let bytes = bytes.map_err(|error| Unreadable { place: None, message: error.to_string() })?;
        String::from_utf8(bytes)
            .map_err(|error| Unreadable { place: Some(not_utf8(&error)), message: "not UTF-8".to_owned() })
    }

    /// Returns where its text shows that it is a template; None for manifests.
    pub fn template(&self, text: &str) -> Option<yaml::Error> {
        let is_rendered_by_helm = || match &self.origin {
            Origin::File { file: Some(file), .. } => chart::renders(file),
            _ => false,
        };
        template::action(text).filter(|_| is_rendered_by_helm()).or_else(|| template::evidence(text))
    }
}

fn read_all(mut reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn not_utf8(error: &std::string::FromUtf8Error) -> yaml::Error {
    let (good, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
    let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = good.iter().rposition(|byte| *byte == b'\n').map_or(0, |position| position + 1);
    let column = String::from_utf8_lossy(&good[start..]).chars().count() + 1;
    yaml::Error { line, column, message: String::new() }
}
