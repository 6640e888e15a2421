//! Findings: one container, one rule, where it is, why, and what to do about it. All text about them is here.

use std::fmt;

use crate::catalogue::glob::Glob;
use crate::catalogue::sidecars::{Entry, Owner};
use crate::cluster::nodes::{MOST_NAMED, Unsupported};
use crate::cluster::webhooks::Suspect;
use crate::json::path::{Path, Step};
use crate::kubernetes::labels::NodeLabel;
use crate::kubernetes::pod::Container;
use crate::kubernetes::pod::List;
use crate::kubernetes::version::Version;
use crate::repair::consequences::Consequence;
use crate::repair::obstacles::Kept;
use crate::settings::action::Action;

/// A container that a rule has something to say about.
#[derive(Debug)]
pub struct Finding<'v> {
    /// The rule.
    pub rule: Rule,
    /// The list that the container is in.
    pub list: List,
    /// Its index in that list.
    pub index: usize,
    /// The container.
    pub container: &'v Container<'v>,
    /// Why the rule applies.
    pub evidence: Evidence<'v>,
    /// What the settings want done.
    pub action: Action,
    /// Whether no other container could be the Pod's own work, so that this one has to stay.
    pub is_last_regular: bool,
}

/// The rules of the policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rule {
    /// A known sidecar stands in `containers`.
    Legacy,
    /// The same, and an injector or operator decides on it.
    Injected,
    /// A container in `containers` has `restartPolicy: Always`.
    Misplaced,
    /// An init container lost its `restartPolicy: Always`.
    Stripped,
}

/// Why a container is what a rule says.
#[derive(Debug)]
pub enum Evidence<'v> {
    /// A glob of `sidecarNames` matches its name.
    SidecarNames(&'v Glob<'v>),
    /// A glob of `sidecarImages` matches its image.
    SidecarImages(&'v Glob<'v>),
    /// The catalogue knows its name and image.
    Catalogue(&'static Entry),
    /// The annotation `sidecars.kubewarden.io/native` names it.
    Declared,
    /// It says so itself, by its `restartPolicy`.
    RestartPolicy,
    /// It was native in the stored object and is otherwise unchanged.
    OldObject,
    /// This manager set its `restartPolicy`.
    ManagedFields(&'v str),
    /// It is native in `kubectl.kubernetes.io/last-applied-configuration`.
    LastApplied,
    /// It has these fields, which only native sidecars may have.
    NativeOnlyFields(Vec<&'static str>),
    /// `sidecar.istio.io/status` lists it.
    IstioStatus,
    /// The template of this controller has it native.
    Owner(&'v str),
    /// The setting `injections` has one of this name.
    Injection,
}

/// The object and the template that findings are about; every text starts with it.
#[derive(Clone, Copy, Debug)]
pub struct About<'v> {
    /// The object: `KIND/NAMESPACE/NAME`.
    pub object: &'v str,
    /// The way to its Pod template.
    pub template: &'v [Step<'v>],
}

impl About<'_> {
    fn subject(self, list: List, index: usize, container: &Container) -> String {
        let noun = if list == List::InitContainers { "init container" } else { "container" };
        let path = Path::of(self.template).key("spec").key(list.field()).index(index);
        format!("{}: {noun} {:?} at {path}", self.object, container.name())
    }
}

impl<'v> Finding<'v> {
    /// What to tell the user: the object, the container, what is wrong, why, and what to do.
    pub fn text(&self, about: About<'_>) -> String {
        format!("{}. {}", self.problem(about), self.remedy())
    }

    /// The same, where it stays so although the settings want it otherwise.
    pub fn text_kept(&self, about: About<'_>, kept: &Kept<'_>) -> String {
        let undone = if self.rule == Rule::Stripped { "restored" } else { "converted" };
        match kept {
            Kept::Template => self.text(about),
            _ => format!("{}. Not {undone}: {kept}.", self.problem(about)),
        }
    }

    /// What its conversion means for the user.
    pub fn text_consequence(&self, about: About<'_>, consequence: &Consequence<'_>) -> String {
        format!("{} is now a native sidecar: {consequence}", self.subject(about))
    }

    fn subject(&self, about: About<'_>) -> String {
        about.subject(self.list, self.index, self.container)
    }

    fn problem(&self, about: About<'_>) -> String {
        let (subject, evidence) = (self.subject(about), &self.evidence);
        match (self.rule, self.container.restart_policy()) {
            (Rule::Legacy, _) => format!("{subject} is a sidecar in the legacy form ({evidence})"),
            (Rule::Injected, _) => format!("{subject} is injected in the legacy form ({evidence})"),
            (Rule::Misplaced, _) => format!("{subject} has {evidence}, which makes no sidecar outside initContainers"),
            (Rule::Stripped, "") => format!("{subject} has lost restartPolicy: Always ({evidence})"),
            (Rule::Stripped, other) => format!("{subject} has restartPolicy: {other} instead of Always ({evidence})"),
        }
    }

    fn remedy(&self) -> String {
        match (self.rule, &self.evidence) {
            (Rule::Injected, Evidence::Catalogue(Entry { owner: Owner::Injector { name, switch }, .. })) => {
                format!("Switch {name} to native sidecars: {switch}.")
            }
            (Rule::Injected, Evidence::Catalogue(Entry { owner: Owner::Operator { name }, .. })) => {
                format!("Only {name} can change that.")
            }
            (Rule::Legacy | Rule::Injected, _) => {
                "Move it to initContainers and set restartPolicy: Always on it.".to_owned()
            }
            (Rule::Misplaced, _) => "Move it to initContainers, or remove its restartPolicy.".to_owned(),
            (Rule::Stripped, Evidence::OldObject) => {
                "Put it back; to drop it on purpose, rename the container or set another value (Kubernetes 1.34+)."
                    .to_owned()
            }
            (Rule::Stripped, _) => {
                "Put it back and update the tool that drops it, or the Pod hangs in Init.".to_owned()
            }
        }
    }
}

impl fmt::Display for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SidecarNames(glob) => write!(f, "sidecarNames: {}", glob.as_str()),
            Self::SidecarImages(glob) => write!(f, "sidecarImages: {}", glob.as_str()),
            Self::Catalogue(entry) => write!(f, "well-known: {}", entry.product),
            Self::Declared => f.write_str("declared in annotation sidecars.kubewarden.io/native"),
            Self::RestartPolicy => f.write_str("restartPolicy: Always"),
            Self::OldObject => f.write_str("the stored object has it"),
            Self::ManagedFields(manager) => write!(f, "managedFields: {manager} set it"),
            Self::LastApplied => f.write_str("kubectl.kubernetes.io/last-applied-configuration has it"),
            Self::NativeOnlyFields(fields) => write!(f, "only native sidecars may have {}", fields.join(", ")),
            Self::IstioStatus => f.write_str("sidecar.istio.io/status lists it"),
            Self::Owner(owner) => write!(f, "its {owner} has it"),
            Self::Injection => f.write_str("injections has one of that name"),
        }
    }
}

impl About<'_> {
    /// That the Pod lacks a native sidecar which its controller's template has.
    pub fn missing(self, sidecar: &str, owner: &str) -> String {
        let lists = "spec.initContainers";
        format!(
            "{}: native sidecar {sidecar:?} of its {owner} is missing from {lists}. Look at the mutating webhooks.",
            self.object
        )
    }

    /// That the Pod could not be compared with its controller's template.
    pub fn not_compared(self, owner: &str, error: &str) -> String {
        format!("{}: not compared with its {owner}: {error}.", self.object)
    }
}

impl About<'_> {
    /// That a sidecar is not injected, and why.
    pub fn not_injected(self, name: &str, why: &str) -> String {
        format!("{}: sidecar {name:?} is not injected: {why}.", self.object)
    }

    /// That an injector is not switched to the native form, because of the nodes.
    pub fn not_steered(self, injector: &str, unsupported: &Unsupported) -> String {
        let object = self.object;
        fitting(|named| {
            format!("{object}: {injector} is not switched to native sidecars: {}.", unsupported.clause(named))
        })
    }
}

/// A text that names as many nodes as fit into a warning.
fn fitting(text: impl Fn(usize) -> String) -> String {
    let mut named = MOST_NAMED;
    loop {
        let text = text(named);
        if named == 1 || text.chars().count() < WARNING_LIMIT {
            return text;
        }
        named -= 1;
    }
}

/// The webhooks that could have stripped a sidecar, as lines that are short enough for warnings.
pub fn suspects(object: &str, suspects: Result<Vec<Suspect>, String>) -> Vec<String> {
    let suspects = match suspects {
        Err(error) => {
            return vec![format!("{object}: which mutating webhooks could have stripped it is not known: {error}.")];
        }
        Ok(suspects) => suspects,
    };
    if suspects.is_empty() {
        return vec![format!(
            "{object}: no mutating webhook is called for it, so a client or a controller has stripped it."
        )];
    }
    let mut lines: Vec<String> = Vec::new();
    for suspect in &suspects {
        let suspect = suspect.to_string();
        match lines.last_mut() {
            Some(line) if line.chars().count() + suspect.chars().count() + 3 < WARNING_LIMIT => {
                line.push_str(", ");
                line.push_str(&suspect);
            }
            first => {
                let then = if first.is_some() { "and then" } else { "mutating webhooks that could have stripped it" };
                lines.push(format!("{object}: {then}, in their order: {suspect}"));
            }
        }
    }
    let key = "patch.webhook.admission.k8s.io/round_N_index_M";
    lines.push(format!(
        "{object}: audit annotations {key} (level Request) tell what each has changed; [M] is its number here."
    ));
    lines
}

/// What is a native sidecar, or becomes one.
#[derive(Clone, Copy, Debug)]
pub enum Native<'v> {
    /// A container in this list, at this index.
    Container(List, usize, &'v Container<'v>),
    /// A container that is injected, with this name.
    Injected(&'v str),
}

/// What to tell the user of the nodes on which a Pod may land.
#[derive(Clone, Copy, Debug)]
pub struct NodesText<'v> {
    /// The Pod.
    pub about: About<'v>,
    /// A sidecar in it.
    pub native: Native<'v>,
}

impl NodesText<'_> {
    /// Why they can't be relied on, as long as it takes.
    pub fn rejection(self, unsupported: &Unsupported) -> String {
        self.naming(MOST_NAMED, unsupported, None)
    }

    /// The same, naming fewer nodes where Kubernetes would cut it. `kept` is why the Pod is not pinned to others.
    pub fn warning(self, unsupported: &Unsupported, kept: Option<Kept>) -> String {
        fitting(|named| self.naming(named, unsupported, kept))
    }

    fn naming(self, named: usize, unsupported: &Unsupported, kept: Option<Kept>) -> String {
        let subject = match self.native {
            Native::Container(list, index, container) => self.about.subject(list, index, container),
            Native::Injected(name) => format!("{}: sidecar {name:?} of injections", self.about.object),
        };
        let remedy = match (kept, unsupported) {
            (Some(kept), _) => format!(" Not pinned: {kept}."),
            (None, Unsupported::Nodes { .. }) => " Update them, or keep the Pod off them.".to_owned(),
            (None, Unsupported::Skew { .. } | Unsupported::Unknown(_)) => String::new(),
        };
        format!("{subject}: {}.{remedy}", unsupported.clause(named))
    }

    /// What it means that the Pod is kept to nodes with this label.
    pub fn pinned(self, unsupported: &Unsupported, NodeLabel { key, value }: &NodeLabel) -> String {
        let missing = match unsupported {
            Unsupported::Nodes { has_labelled: false, .. } => " No such node is there for it yet.",
            _ => "",
        };
        let why = unsupported.clause(1);
        format!("{}: the Pod now needs a node with {key}={value}: {why}.{missing}", self.about.object)
    }

    /// That there are none now.
    pub fn no_node(self, minimum: Version) -> String {
        let object = self.about.object;
        format!(
            "{object}: no node of the cluster takes this Pod now. Native sidecars need nodes of {minimum} or newer."
        )
    }
}

/// Where Kubernetes cuts a warning, in characters:
/// <https://pkg.go.dev/k8s.io/apiserver/pkg/warning>. Ours are shorter.
const WARNING_LIMIT: usize = 256;

/// Fits a text into a warning: the name of the object gives way first, as the user knows it best.
pub fn warning(object: &str, text: String) -> String {
    let excess = (text.chars().count() + 1).saturating_sub(WARNING_LIMIT);
    if excess == 0 {
        return text;
    }
    let rest = text.strip_prefix(object).unwrap_or(&text);
    let kept = object.chars().count().saturating_sub(excess + 1);
    let object: String = object.chars().take(kept).collect();
    let short: Vec<char> = format!("{object}…{rest}").chars().collect();
    match short.len() < WARNING_LIMIT {
        true => short.into_iter().collect(),
        false => short.into_iter().take(WARNING_LIMIT - 2).chain(['…']).collect(),
    }
}
