//! Shows reviews to a person, or to a program: as text, JSON Lines, SARIF, JUnit XML, a patch, GitHub's commands or Markdown.

pub mod summary;
pub mod fail_on;
pub mod output;
pub mod paths;
pub mod pending;
pub mod text;
pub mod json;
pub mod sarif;
pub mod junit;
pub mod patch;
pub mod github;
pub mod markdown;
pub mod format;
pub mod checklist;
pub mod tally;
