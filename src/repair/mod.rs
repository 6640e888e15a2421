//! What becomes of findings, and the edits that repair an object.

pub mod apply;
pub mod consequences;
pub mod obstacles;
pub mod outcome;
pub mod plan;
pub mod planner;
