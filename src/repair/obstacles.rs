//! What keeps a finding from being repaired.

use std::fmt;

/// Why something that the settings want repaired, or refused, is left as it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept<'v> {
    /// Workloads are not to be changed: the finding speaks for itself.
    Template,
    /// The object is made by this controller, which would make it anew.
    Owned(&'v str, &'v str),
    /// A Job's template can't be updated.
    JobUpdate,
    /// The Pod needs at least one regular container.
    LastRegularContainer,
    /// `initContainers` has one of that name.
    NameTaken,
    /// The injector adds it again, and has this switch.
    InjectorSwitch(&'static str),
    /// The catalogue says why it must stay.
    Catalogue(&'static str),
    /// It has a `restartPolicy` of its own.
    OwnRestartPolicy(&'v str),
    /// It has `restartPolicyRules`.
    RestartPolicyRules,
    /// This init container fills a volume that it mounts.
    VolumeFilledLater(&'v str),
    /// That container uses the same port of the node.
    HostPortTaken(&'v str),
    /// Services would not find its named ports any more.
    NamedPorts,
    /// The nodes do not support native sidecars, for this reason.
    Nodes(&'v str),
}

impl fmt::Display for Kept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template => f.write_str("workloads are not changed"),
            Self::Owned(kind, name) => write!(f, "{kind} {name} makes this object; change it there"),
            Self::JobUpdate => f.write_str("the template of a Job can't change; make a new Job"),
            Self::LastRegularContainer => f.write_str("it is the last regular container, and a Pod needs one"),
            Self::NameTaken => f.write_str("initContainers already has one of that name; rename one"),
            Self::InjectorSwitch(switch) => write!(f, "its injector would add it again; switch that: {switch}"),
            Self::Catalogue(why) => f.write_str(why),
            Self::OwnRestartPolicy(policy) => write!(f, "it has restartPolicy: {policy} of its own; remove it"),
            Self::RestartPolicyRules => f.write_str("native sidecars can't have restartPolicyRules; remove them"),
            Self::VolumeFilledLater(name) => {
                write!(f, "startFirst would start it before init container {name:?} fills a volume that it mounts")
            }
            Self::HostPortTaken(name) => write!(f, "container {name:?} uses the same hostPort"),
            Self::NamedPorts => {
                f.write_str("below Kubernetes 1.32, Services would not find its ports by name; use their numbers")
            }
            Self::Nodes(why) => f.write_str(why),
        }
    }
}
