//! What a repair means beyond the form of a container.

use std::fmt;

/// What a conversion changes beyond the form.
#[derive(Debug, Eq, PartialEq)]
pub enum Consequence<'v> {
    /// A `preStop` that only sleeps delays nothing any more.
    PreStopSleeps,
    /// Init containers start without waiting for it.
    NoStartupProbe,
    /// Init containers that may need it run before it.
    BelongsFirst,
    /// Services find this port by its name only from Kubernetes 1.32 on.
    NamedPort(String),
    /// This main container of a Job stops it by a request, and it would start again.
    QuitCall(&'v str),
}

impl fmt::Display for Consequence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreStopSleeps => f.write_str(
                "it stops after the regular containers anyway, and its preStop that only sleeps is no use. Remove preStop.",
            ),
            Self::NoStartupProbe => f.write_str(
                "it starts first (startFirst) but has no startupProbe, so nothing waits until it is ready. Add one.",
            ),
            Self::BelongsFirst => f.write_str(
                "it starts after the init containers. Where they need it, ask the cluster admin for startFirst.",
            ),
            Self::NamedPort(port) => write!(
                f,
                "below Kubernetes 1.32, Services and NetworkPolicies do not find its port {port:?} by name. Use the number."
            ),
            Self::QuitCall(name) => write!(
                f,
                "it ends with the Job, and container {name:?} that asks it to quit makes it start again. Remove the call."
            ),
        }
    }
}
