//! The settings: what a cluster admin decides.

pub mod action;
pub mod choices;
pub mod pod_templates;
pub mod universal;
pub mod injections;

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;

use crate::catalogue::glob::{Glob, Subject};
use crate::catalogue::injectors::INJECTORS;
use crate::json::malformed::Malformed;
use crate::json::path::Step;
use crate::json::read;
use crate::json::view::{Text, text, view};
use crate::kubernetes::labels::NodeLabel;
use crate::kubernetes::version::{self, Version};
use crate::settings::action::Action;
use crate::settings::choices::{Choices, choose};
use crate::settings::injections::Injection;
use crate::settings::pod_templates::PodTemplatePath;

/// The settings of the policy, checked: a `Settings` is always one that can be used as it is.
///
/// They come with each request. What is absent or `null` has its default; what is unknown is an error.
pub struct Settings<'a> {
    /// What to do about a known sidecar in `containers`.
    pub legacy_sidecars: Action,
    /// What to do about a native sidecar that lost its `restartPolicy`.
    pub stripped_sidecars: Action,
    /// What to do about `restartPolicy: Always` in `containers`.
    pub misplaced_restart_policy: Action,
    /// What to do about a legacy sidecar whose injector or operator decides its form.
    pub injected_sidecars: Action,
    /// Injectors that are steered without a mark on the Pod.
    pub steer_injectors: Vec<&'static str>,
    /// Names of containers that are sidecars.
    pub sidecar_names: Vec<Glob<'a>>,
    /// Image repositories of containers that are sidecars.
    pub sidecar_images: Vec<Glob<'a>>,
    /// Whether the built-in list of well-known sidecars counts as well.
    pub catalogue: bool,
    /// Names of containers that no rule touches.
    pub exempt_containers: Vec<Glob<'a>>,
    /// Names of converted sidecars that go ahead of all init containers.
    pub start_first: Vec<Glob<'a>>,
    /// Whether workloads are changed as Pods are.
    pub convert_templates: bool,
    /// More kinds with Pod templates in them.
    pub pod_templates: Vec<PodTemplatePath>,
    /// How to know that nodes support native sidecars.
    pub node_check: NodeCheck,
    /// The version of the API server, where it is known.
    pub api_server_version: Option<Version>,
    /// The oldest nodes that count as supporting native sidecars.
    pub minimum_node_version: Version,
    /// The label by which nodes say themselves whether they do.
    pub node_label: Option<NodeLabel>,
    /// What to do about Pods that may land on nodes which do not.
    pub unsupported_nodes: UnsupportedNodes,
    /// Whether a Pod is compared with the template of its controller.
    pub owner_lookup: bool,
    /// Whether messages name the webhooks that could have stripped a sidecar.
    pub webhook_lookup: bool,
    /// Sidecars to inject.
    pub injections: Vec<Injection>,
}

/// How to know that nodes support native sidecars.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NodeCheck {
    /// Nobody asks.
    None,
    /// By the version of the API server: nodes are at most three minors older.
    ApiServerVersion,
    /// By the nodes of the cluster.
    Nodes,
}

/// What to do about Pods with native sidecars that may land on nodes without support for them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnsupportedNodes {
    /// Refuse the object.
    Reject,
    /// Tell the user, and let the object pass.
    Warn,
    /// The same, and make no sidecars native.
    Legacy,
    /// Keep the Pod to nodes with the label that says they do.
    Pin,
}

view! {
    /// The settings as they are written.
    struct Written<'a> {
        legacy_sidecars: Text<'a> = "legacySidecars",
        stripped_sidecars: Text<'a> = "strippedSidecars",
        misplaced_restart_policy: Text<'a> = "misplacedRestartPolicy",
        injected_sidecars: Text<'a> = "injectedSidecars",
        steer_injectors: Vec<Text<'a>> = "steerInjectors",
        sidecar_names: Vec<Text<'a>> = "sidecarNames",
        sidecar_images: Vec<Text<'a>> = "sidecarImages",
        catalogue: bool = "catalogue",
        exempt_containers: Vec<Text<'a>> = "exemptContainers",
        start_first: Vec<Text<'a>> = "startFirst",
        convert_templates: bool = "convertTemplates",
        pod_templates: Vec<Text<'a>> = "podTemplates",
        node_check: Text<'a> = "nodeCheck",
        api_server_version: Text<'a> = "apiServerVersion",
        minimum_node_version: Text<'a> = "minimumNodeVersion",
        node_label: Text<'a> = "nodeLabel",
        unsupported_nodes: Text<'a> = "unsupportedNodes",
        owner_lookup: bool = "ownerLookup",
        webhook_lookup: bool = "webhookLookup",
        injections: Vec<&'a RawValue> = "injections",
    }
}

const LEGACY_SIDECARS: Choices<Action> =
    &[("reject", Action::Reject), ("warn", Action::Warn), ("convert", Action::Repair), ("ignore", Action::Ignore)];
const STRIPPED_SIDECARS: Choices<Action> =
    &[("reject", Action::Reject), ("warn", Action::Warn), ("restore", Action::Repair), ("ignore", Action::Ignore)];
const MISPLACED_RESTART_POLICY: Choices<Action> =
    &[("warn", Action::Warn), ("reject", Action::Reject), ("convert", Action::Repair), ("ignore", Action::Ignore)];
const INJECTED_SIDECARS: Choices<Action> =
    &[("warn", Action::Warn), ("reject", Action::Reject), ("steer", Action::Repair), ("ignore", Action::Ignore)];
const NODE_CHECK: Choices<NodeCheck> =
    &[("none", NodeCheck::None), ("apiServerVersion", NodeCheck::ApiServerVersion), ("nodes", NodeCheck::Nodes)];
const UNSUPPORTED_NODES: Choices<UnsupportedNodes> = &[
    ("reject", UnsupportedNodes::Reject),
    ("warn", UnsupportedNodes::Warn),
    ("legacy", UnsupportedNodes::Legacy),
    ("pin", UnsupportedNodes::Pin),
];

impl<'a> Settings<'a> {
    /// Reads the settings; absent ones are the same as `{}`. The error lists all that is wrong with them.
    pub fn read(settings: Option<&'a RawValue>) -> Result<Self, Vec<Malformed>> {
        let json = settings.map_or("{}", RawValue::get);
        let written: Written = read::document(json).map_err(|error| vec![error])?;
        let mut errors = if written.has_others { unknown(json) } else { Vec::new() };
        let mut checker = Checker { errors: &mut errors };
        let settings = Self {
            legacy_sidecars: checker.choice("legacySidecars", &written.legacy_sidecars, LEGACY_SIDECARS),
            stripped_sidecars: checker.choice("strippedSidecars", &written.stripped_sidecars, STRIPPED_SIDECARS),
            misplaced_restart_policy: checker.choice(
                "misplacedRestartPolicy",
                &written.misplaced_restart_policy,
                MISPLACED_RESTART_POLICY,
            ),
            injected_sidecars: checker.choice("injectedSidecars", &written.injected_sidecars, INJECTED_SIDECARS),
            steer_injectors: checker.each("steerInjectors", &written.steer_injectors, |text| injector_name(text)),
            sidecar_names: checker.globs("sidecarNames", &written.sidecar_names, Subject::ContainerName),
            sidecar_images: checker.globs("sidecarImages", &written.sidecar_images, Subject::Repository),
            catalogue: written.catalogue.unwrap_or(true),
            exempt_containers: checker.globs("exemptContainers", &written.exempt_containers, Subject::ContainerName),
            start_first: checker.globs("startFirst", &written.start_first, Subject::ContainerName),
            convert_templates: written.convert_templates.unwrap_or(false),
            pod_templates: checker.each("podTemplates", &written.pod_templates, |text| PodTemplatePath::new(text)),
            node_check: checker.choice("nodeCheck", &written.node_check, NODE_CHECK),
            api_server_version: checker.optional("apiServerVersion", &written.api_server_version, api_server_version),
            minimum_node_version: checker
                .optional("minimumNodeVersion", &written.minimum_node_version, minimum_node_version)
                .unwrap_or(version::SIDECARS_BETA),
            node_label: checker.optional("nodeLabel", &written.node_label, NodeLabel::new),
            unsupported_nodes: checker.choice("unsupportedNodes", &written.unsupported_nodes, UNSUPPORTED_NODES),
            owner_lookup: written.owner_lookup.unwrap_or(false),
            webhook_lookup: written.webhook_lookup.unwrap_or(false),
            injections: injections::read(
                written.injections.as_deref().unwrap_or_default(),
                !matches!(text(&written.node_check), "" | "none"),
                checker.errors,
            ),
        };
        if settings.node_check == NodeCheck::ApiServerVersion {
            checker.demand("apiServerVersion", &written.api_server_version, "nodeCheck: apiServerVersion");
        }
        if settings.unsupported_nodes == UnsupportedNodes::Pin {
            checker.demand("nodeLabel", &written.node_label, "unsupportedNodes: pin");
        }
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }
}

/// Collects what is wrong, so that one look at the message is enough to mend all of it.
struct Checker<'e> {
    errors: &'e mut Vec<Malformed>,
}

impl Checker<'_> {
    fn choice<T: Copy>(&mut self, setting: &str, written: &Option<Text>, choices: Choices<T>) -> T {
        self.one(setting, written.as_ref(), |word| choose(word, choices)).unwrap_or(choices[0].1)
    }

    /// A setting that another one needs.
    fn demand(&mut self, setting: &str, written: &Option<Text>, other: &str) {
        if text(written).is_empty() {
            self.errors.push(Malformed::new(setting, format_args!("missing; {other} needs it")));
        }
    }

    /// A text that may be empty: forms send that for what nobody filled in.
    fn optional<T>(
        &mut self,
        setting: &str,
        written: &Option<Text>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.one(setting, written.as_ref().filter(|text| !text.as_str().is_empty()), |text| read(text))
    }

    fn globs<'a>(&mut self, setting: &str, written: &Option<Vec<Text<'a>>>, subject: Subject) -> Vec<Glob<'a>> {
        self.each(setting, written, |text| Glob::new(text.clone(), subject))
    }

    fn each<'a, T>(
        &mut self,
        setting: &str,
        written: &Option<Vec<Text<'a>>>,
        read: impl Fn(&Cow<'a, str>) -> Result<T, String>,
    ) -> Vec<T> {
        let entries = written.iter().flatten().enumerate();
        entries.filter_map(|(index, text)| self.one(format_args!("{setting}[{index}]"), Some(text), &read)).collect()
    }

    fn one<'a, T>(
        &mut self,
        setting: impl fmt::Display,
        written: Option<&Text<'a>>,
        read: impl Fn(&Cow<'a, str>) -> Result<T, String>,
    ) -> Option<T> {
        let text = &written?.0;
        read(text).map_err(|problem| self.refuse(&setting, text, &problem)).ok()
    }

    #[cold]
    fn refuse(&mut self, setting: &dyn fmt::Display, text: &str, problem: &str) {
        self.errors.push(Malformed::new(setting, format_args!("{text:?} {problem}")));
    }
}

/// The members that are no settings.
#[cold]
fn unknown(json: &str) -> Vec<Malformed> {
    let known = Written::NAMES.join(", ");
    let names = read::children(json).into_iter().filter_map(|(step, _)| match step {
        Step::Key(name) if !Written::NAMES.contains(&&*name) => Some(name),
        _ => None,
    });
    names.map(|name| Malformed::new(name, format_args!("unknown setting; known are {known}"))).collect()
}

fn injector_name(text: &str) -> Result<&'static str, String> {
    choose(text, &INJECTORS.each_ref().map(|injector| (injector.name, injector.name)))
}

fn api_server_version(text: &str) -> Result<Version, String> {
    Version::read(text).ok_or_else(|| "is no version of Kubernetes, as 1.36 is".to_owned())
}

fn minimum_node_version(text: &str) -> Result<Version, String> {
    match Version::read(text).filter(|version| version.to_string() == text) {
        None => Err("is not of the form MAJOR.MINOR, as 1.29 is".to_owned()),
        Some(version) if version < version::SIDECARS_ALPHA => {
            Err(format!("is too old: native sidecars came with {}", version::SIDECARS_ALPHA))
        }
        Some(version) => Ok(version),
    }
}
