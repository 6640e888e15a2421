//! The answers: the one place that builds what goes back to the host.

mod lines;
mod findings;
pub mod response;
pub mod verdict;
