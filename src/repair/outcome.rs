//! What becomes of findings.

use crate::repair::consequences::Consequence;
use crate::repair::obstacles::Kept;

/// What becomes of a finding.
#[derive(Debug)]
pub enum Outcome<'v> {
    /// The object is refused for it.
    Rejected,
    /// The user is told of it.
    Warned,
    /// The user is told of it, and why it is not treated as the settings want.
    Kept(Kept<'v>),
    /// The plan repairs it; for the user that has these consequences.
    Repaired(Vec<Consequence<'v>>),
}
