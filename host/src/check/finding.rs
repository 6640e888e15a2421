//! What a check has found, as data.

use serde::Serialize;

/// The groups of checks, in the order in which they are shown.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The API server.
    ApiServer,
    /// The nodes.
    Nodes,
    /// Who strips the field.
    Strips,
    /// Injectors of sidecars.
    Injectors,
    /// The workloads that run.
    Workloads,
    /// Kubewarden and this policy.
    Policy,
}

impl Group {
    /// Something that is looked at in this group; the id is for programs.
    pub const fn about(self, id: &'static str) -> Topic {
        Topic { group: self, id }
    }

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ApiServer => "API server",
            Self::Nodes => "Nodes",
            Self::Strips => "What strips",
            Self::Injectors => "Injectors",
            Self::Workloads => "Workloads",
            Self::Policy => "The policy",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Topic {
    group: Group,
    id: &'static str,
}

/// How good it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Good,
    /// It is not known: something could not be asked.
    Unknown,
    /// Something to know, or to mend in time.
    Warning,
    /// Native sidecars fail here, or something hangs.
    Bad,
}

impl Status {
    /// The sign in front of it.
    pub const fn sign(self) -> char {
        match self {
            Self::Good => '✔',
            Self::Unknown => '?',
            Self::Warning => '!',
            Self::Bad => '✘',
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it belongs to.
    pub group: Group,
    /// What in that it is about, for programs: `stripper`.
    pub id: &'static str,
    /// How good it is.
    pub status: Status,
    /// What is so, in a clause: `kubelet of node-1 is 1.27.3`.
    pub text: String,
    /// What it is so for: names of nodes, workloads, webhooks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What it means and what to do; empty where nothing is to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub advice: String,
}

impl Finding {
    /// Something that is as it should be.
    pub fn good(topic: Topic, text: impl Into<String>) -> Self {
        let Topic { group, id } = topic;
        Self { group, id, status: Status::Good, text: text.into(), details: Vec::new(), advice: String::new() }
    }

    /// Something that is not as it should be, and what to do about it.
    pub fn other(topic: Topic, status: Status, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { status, advice: advice.into(), ..Self::good(topic, text) }
    }

    /// The same, with what it is so for.
    pub fn of(self, details: impl IntoIterator<Item = String>) -> Self {
        Self { details: details.into_iter().collect(), ..self }
    }
}

/// The exit code of these findings: 1 where something is bad.
pub fn exit_code(findings: &[Finding]) -> u8 {
    u8::from(findings.iter().any(|finding| finding.status == Status::Bad))
}
