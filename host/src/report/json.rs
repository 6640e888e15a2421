//! Reviews as JSON Lines, for programs.

use native_sidecar_review::json;
use native_sidecar_review::reviewer::Review;

use crate::report::output::Report;
use crate::report::summary::Summary;

/// A line of JSON for each object, each error, and each file that is left out.
#[derive(Debug)]
pub struct JsonLines;

impl Report for JsonLines {
    fn object(&mut self, file: &str, review: &Review) -> String {
        json::object(file, review)
    }

    fn error(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        json::problem(file, place, "error", message)
    }

    fn warning(&mut self, file: &str, place: Option<&yaml::Error>, message: &str) -> String {
        json::problem(file, place, "warning", message)
    }

    fn template(&mut self, file: &str) -> String {
        json::problem(file, None, "skipped", "template")
    }

    fn end(&mut self, _: &Summary) -> String {
        String::new()
    }
}
