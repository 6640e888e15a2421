//! What becomes of findings, in words for the user.

use std::fmt;

use crate::kubernetes::quantity::Quantity;
use crate::kubernetes::resources::Excess;
use crate::kubernetes::version::{NAMED_PORTS, RESTART_POLICY_RULES, Version};
use crate::rules::template::Template;

/// What becomes of a finding.
#[derive(Debug)]
pub enum Outcome {
    /// The object is refused for it; to do by hand what a conversion does, this has to be mended first, if anything.
    Rejected(Option<NotRepaired>),
    /// The user is told of it, and of the same.
    Warned(Option<NotRepaired>),
    /// The user is told of it, and why it is not repaired as the settings want.
    NotRepaired(NotRepaired),
    /// The plan repairs it; for the user that has these consequences.
    Repaired(Vec<Consequence>),
    /// The workload stays as it is, but of the Pods that it makes this is repaired, with these consequences, or not.
    OfPods(Result<Vec<Consequence>, NotRepaired>),
}

impl Outcome {
    /// What the repair means for the user, where there is one.
    pub fn consequences(&mut self) -> Option<&mut Vec<Consequence>> {
        match self {
            Self::Repaired(consequences) | Self::OfPods(Ok(consequences)) => Some(consequences),
            _ => None,
        }
    }
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
    /// Another container has its name.
    NameShared,
    /// The injector adds it again, and has this switch.
    InjectorSwitch(&'static str),
    /// The catalogue says why it must stay.
    Catalogue(&'static str),
    /// It has a `restartPolicy` of its own.
    OwnRestartPolicy(String),
    /// It has `restartPolicyRules`, and the cluster has this version, where that is known.
    RestartPolicyRules(Option<Version>),
    /// This init container fills a volume that it uses.
    VolumeFilledLater(String),
    /// That container uses the same port of the node.
    HostPortTaken(String),
    /// A port has this name in that container as well.
    PortNameTaken(String, String),
    /// Its startup probe asks that container, at this port.
    ProbesAnother(String, String),
    /// By this the Pod would ask for more than it may.
    PodResources(&'static str, Excess),
    /// Services would not find its named ports any more.
    NamedPorts,
    /// The scheduler would not look at its host ports any more.
    HostPorts,
    /// The nodes do not support native sidecars, for this reason.
    Nodes(String),
}

/// What a conversion changes beyond the form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Consequence {
    /// The app starts only after this field of it has done its work.
    HoldsBack(&'static str),
    /// A `preStop` that only sleeps delays it while the other containers end.
    PreStopSleeps,
    /// Init containers start without waiting for it.
    NoStartupProbe,
    /// Init containers that may need it run before it.
    BelongsFirst,
    /// The Pod asks for more of these resources: their names, how much before and how much now.
    Requests(Vec<(String, Quantity, Quantity)>),
    /// Services find this port by its name only from some version on.
    NamedPort(String),
    /// The scheduler counts this port of the node only from some version on.
    HostPort(i64),
    /// By this word of its command or its environment it ends when its work is done.
    EndsByItself(&'static str),
    /// It is ended with the main containers.
    CutOff,
    /// A rule of the Job's `podFailurePolicy` names it.
    FailurePolicy,
    /// A rule of the Job's `podFailurePolicy` looks at the exit codes of all containers.
    FailurePolicyOfAll,
    /// This scheduler may not know what native sidecars request.
    Scheduler(String),
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
            Self::JobUpdate => f.write_str("the template of a Job cannot change; make a new Job"),
            Self::LastRegularContainer => f.write_str("it is the last regular container, and a Pod needs one"),
            Self::MayBeMain => f.write_str(
                "no other container can be the main one; if this is a sidecar, exempt the main one (exemptContainers)",
            ),
            Self::MayBeMeant => {
                f.write_str("it may be meant so; a sidecar is named in sidecarNames or in the annotation")
            }
            Self::NameTaken => f.write_str("initContainers already has one of that name; rename one"),
            Self::NameShared => f.write_str("another container has its name; rename one"),
            Self::InjectorSwitch(switch) => write!(f, "its injector would add it again; switch that: {switch}"),
            Self::Catalogue(why) => f.write_str(why),
            Self::OwnRestartPolicy(policy) => write!(f, "it has restartPolicy: {policy} of its own; remove it"),
            Self::RestartPolicyRules(version) => {
                let remedy = match version {
                    Some(_) => "; remove them",
                    None => ", and apiServerVersion is not set",
                };
                write!(
                    f,
                    "native sidecars may have restartPolicyRules only from Kubernetes {RESTART_POLICY_RULES} on{remedy}"
                )
            }
            Self::VolumeFilledLater(name) => {
                write!(f, "startFirst would start it before init container {name:?} fills a volume that it uses")
            }
            Self::PortNameTaken(port, name) => {
                write!(
                    f,
                    "container {name:?} has a port {port:?} too, and Services would then send traffic there; rename one"
                )
            }
            Self::ProbesAnother(name, port) => {
                write!(
                    f,
                    "its startupProbe asks container {name:?} (port {port}), which could not start before that succeeds"
                )
            }
            Self::PodResources(cause, excess) => write!(f, "{cause} would lead to {excess}"),
            Self::HostPortTaken(name) => write!(f, "container {name:?} uses the same hostPort"),
            Self::NamedPorts => write!(
                f,
                "below Kubernetes {NAMED_PORTS}, Services would not find its ports by name; use their numbers"
            ),
            Self::HostPorts => {
                write!(f, "below Kubernetes 1.33.6, the scheduler would not count its hostPort")
            }
            Self::Nodes(why) => f.write_str(why),
        }
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HoldsBack(field) => write!(
                f,
                "the app starts only after its {field} has succeeded. Where that needs the app, the Pod never starts: change it."
            ),
            Self::PreStopSleeps => f.write_str(
                "its preStop only sleeps, which uses up the grace period. Keep it only in a proxy that serves the last requests.",
            ),
            Self::NoStartupProbe => f.write_str(
                "it starts first (startFirst) but has no startupProbe, so nothing waits until it is ready. Add one.",
            ),
            Self::BelongsFirst => f.write_str(
                "it starts after the init containers. Where they need it, ask the cluster admin for startFirst.",
            ),
            Self::Requests(raised) => {
                let raised = raised.iter().map(|(resource, before, now)| format!("{resource} {now} instead of {before}"));
                let raised = raised.collect::<Vec<_>>().join(", ");
                write!(f, "it starts first (startFirst), beside the init containers, so that the Pod requests {raised}.")
            }
            Self::NamedPort(port) => write!(
                f,
                "below Kubernetes {NAMED_PORTS}, Services and NetworkPolicies do not find its port {port:?} by name. Use the number."
            ),
            Self::HostPort(port) => write!(
                f,
                "below Kubernetes 1.33.6, the scheduler does not count its hostPort {port}, so that Pods may collide."
            ),
            Self::EndsByItself(word) => write!(
                f,
                "it ends by itself ({word}), and is now started again each time. Make it an ordinary init container."
            ),
            Self::CutOff => f.write_str("it is ended once the main containers have ended: what it has to do after them is cut off."),
            Self::FailurePolicy => {
                f.write_str("podFailurePolicy names it, but no longer sees its exit codes. Name a main container there.")
            }
            Self::FailurePolicyOfAll => f.write_str(
                "a rule of podFailurePolicy without containerName also sees how it is ended (137 or 143). Name a main container.",
            ),
            Self::Scheduler(name) => {
                write!(f, "scheduler {name:?} may not count what native sidecars request. Ask its operator.")
            }
            Self::QuitCall(name) => write!(
                f,
                "it ends with the Job, and container {name:?} that asks it to quit makes it start again. Remove the call."
            ),
        }
    }
}
