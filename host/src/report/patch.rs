//! Reviews as a patch: what `--write` would change, for `git apply`.

use std::path::Path;

use anyhow::{Result, bail};
use native_sidecar_review::diff;
use native_sidecar_review::reviewer::Review;

use crate::report::output::Report;
use crate::report::paths;
use crate::report::summary::Summary;
use crate::report::text;

/// A patch of all files, and nothing else.
#[derive(Debug)]
pub struct Patch;

impl Report for Patch {
    fn object(&mut self, _: &str, _: &Review) -> String {
        String::new()
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        text::error(file, place, message)
    }

    fn rewritten(&mut self, file: &str, before: &str, after: &str) -> Result<String> {
        let file = paths::relative(Path::new(file), Path::new("."))?;
        if file.starts_with("../") {
            bail!("no patch reaches out of the working folder; go to a folder above the file");
        }
        Ok(diff::patch(&file, &diff::hunks(before, after, 1)))
    }

    fn warning(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        text::warning(file, place, message)
    }

    fn end(&mut self, _: &Summary) -> String {
        String::new()
    }
}
