//! What the settings want done about findings.

/// What to do about a finding.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Action {
    /// Nothing.
    Ignore,
    /// Tell the user, and let the object pass.
    Warn,
    /// Change the object so that the finding is gone: convert, restore or steer.
    Repair,
    /// Refuse the object.
    Reject,
}
