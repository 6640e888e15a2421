//! The rules: what they find in a Pod template, why, and what to do about it.

pub mod finding;
pub mod history;
pub mod template;
