//! A way to show reviews.

use anyhow::Result;
use native_sidecar_review::reviewer::Review;

use crate::report::summary::Summary;

/// A way to show reviews. What each call returns is to be printed then.
pub trait Report {
    /// What the policy says of an object.
    fn object(&mut self, file: &str, review: &Review) -> String;

    /// What is wrong with a file, and where.
    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String;

    /// What all changes together make of a file; an error where that can't be shown.
    fn rewritten(&mut self, _file: &str, _before: &str, _after: &str) -> Result<String> {
        Ok(String::new())
    }

    /// What could not be read in a folder, and where.
    fn warning(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String;

    /// A template in a folder, which is skipped. The last line counts them.
    fn template(&mut self, _file: &str) -> String {
        String::new()
    }

    /// What there was in all.
    fn end(&mut self, summary: &Summary) -> String;
}
