//! What becomes of findings, and the edits that repair an object.

pub mod plan;
pub mod outcome;
pub mod lists;
pub mod obstacles;
pub mod consequences;
pub mod planner;
pub mod apply;
