//! What becomes of findings, in words for the user.

use std::fmt;

use crate::rules::template::Template;

/// What becomes of a finding.
#[derive(Debug)]
pub enum Outcome {
    /// The object is refused for it.
    Rejected,
    /// The user is told of it.
    Warned,
    /// The user is told of it, and why it is not repaired as the settings want.
    NotRepaired(NotRepaired),
    /// The plan repairs it; for the user that has these consequences.
    Repaired(Vec<Consequence>),
}

/// Why something that the settings want repaired, or refused, is left as it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotRepaired {
    /// Workloads are not to be changed: the finding speaks for itself.
    Template,
    /// The object is made by this controller, which would make it anew: its kind and name.
    Owned(String, String),
    /// A Job's template can't be updated.
    JobUpdate,
    /// The Pod needs at least one regular container.
    LastRegularContainer,
    /// Of several containers that are known as sidecars, one has to be the main container.
    MayBeMain,
    /// Its `restartPolicy` may be meant as it is.
    MayBeMeant,
    /// `initContainers` has one of that name.
    NameTaken,
    /// The injector adds it again, and has this switch.
    InjectorSwitch(&'static str),
    /// The catalogue says why it must stay.
    Catalogue(&'static str),
    /// It has a `restartPolicy` of its own.
    OwnRestartPolicy(String),
    /// It has `restartPolicyRules`.
    RestartPolicyRules,
    /// This init container fills a volume that it mounts.
    VolumeFilledLater(String),
    /// That container uses the same port of the node.
    HostPortTaken(String),
    /// Services would not find its named ports any more.
    NamedPorts,
    /// The nodes do not support native sidecars, for this reason.
    Nodes(String),
}

/// What a conversion changes beyond the form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Consequence {
    /// A `preStop` that only sleeps delays nothing any more.
    PreStopSleeps,
    /// Init containers start without waiting for it.
    NoStartupProbe,
    /// Init containers that may need it run before it.
    BelongsFirst,
    /// Services find this port by its name only from Kubernetes 1.32 on.
    NamedPort(String),
    /// This main container of a Job stops it by a request, and it would start again.
    QuitCall(String),
}

impl NotRepaired {
    /// That no other container of this template can be the main one.
    pub fn without_another(template: &Template) -> Self {
        match template.spec.containers().len() {
            1 => Self::LastRegularContainer,
            _ => Self::MayBeMain,
        }
    }
}

impl fmt::Display for NotRepaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template => f.write_str("workloads are not changed"),
            Self::Owned(kind, name) => write!(f, "{kind} {name} makes this object; change it there"),
            Self::JobUpdate => f.write_str("the template of a Job can't change; make a new Job"),
            Self::LastRegularContainer => f.write_str("it is the last regular container, and a Pod needs one"),
            Self::MayBeMain => f.write_str(
                "no other container can be the main one; if this is a sidecar, exempt the main one (exemptContainers)",
            ),
            Self::MayBeMeant => {
                f.write_str("it may be meant so; a sidecar is named in sidecarNames or in the annotation")
            }
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

impl fmt::Display for Consequence {
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
