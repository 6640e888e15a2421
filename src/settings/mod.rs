//! The settings: what a cluster admin decides.

pub mod action;
pub mod choices;
pub mod rule_settings;
pub mod needs;
#[cfg(feature = "describe")]
pub mod patterns;
#[cfg(feature = "describe")]
pub mod field;
pub mod described;
pub mod pod_templates;
pub mod universal;
pub mod injections;

use std::borrow::Cow;
use std::fmt;

#[cfg(feature = "describe")]
use serde_json::json;
use serde_json::value::RawValue;

use crate::catalogue::glob::{Glob, Subject};
use crate::catalogue::injectors::INJECTORS;
use crate::json::malformed::Malformed;
use crate::json::read;
use crate::json::view::Text;
use crate::kubernetes::labels::NodeLabel;
use crate::kubernetes::version::{self, Version};
use crate::settings::choices::{Choice, Choices, choose};
use crate::settings::described::described;
#[cfg(feature = "describe")]
use crate::settings::field::{Field, words};
use crate::settings::injections::Injection;
use crate::settings::needs::NEEDS;
use crate::settings::pod_templates::PodTemplatePath;
use crate::settings::rule_settings::{Actions, RuleSetting};

/// The settings of the policy, checked: a `Settings` is always one that can be used as it is.
///
/// They come with each request. What is absent or `null` has its default; what is unknown is an error.
pub struct Settings<'a> {
    /// What to do about what the rules find.
    pub actions: Actions,
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

described! {
    /// All are optional: `{}` rejects legacy and stripped sidecars, warns of misplaced and injected ones, and changes nothing.
    /// `null` is the same as leaving a setting out. An unknown setting is an error.
    struct Written<'a> {
        /// Injectors that work by namespace: with `injectedSidecars: steer`, their switch is set on every Pod, also
        /// on one without their mark.
        #[describe(group: "Rules", choices: words(&injector_names()), example: Some(json!(["istio", "linkerd"])))]
        steer_injectors: Vec<Text<'a>> = "steerInjectors",
        /// Names of containers that are sidecars, as globs. They beat the catalogue.
        #[describe(
            group: "Sidecars",
            pattern: Some(patterns::CONTAINER_GLOB),
            example: Some(json!(["logshipper", "*-proxy"])),
        )]
        sidecar_names: Vec<Text<'a>> = "sidecarNames",
        /// Image repositories of containers that are sidecars, as globs: registry and path, without tag and digest.
        /// `docker.io/library/` may be left out.
        #[describe(
            group: "Sidecars",
            pattern: Some(patterns::IMAGE_GLOB),
            schema: Some(json!({"type": "string", "minLength": 1})),
            example: Some(json!(["ghcr.io/example/shipper", "registry.example.com/sidecars/*"])),
        )]
        sidecar_images: Vec<Text<'a>> = "sidecarImages",
        /// The built-in list of well-known sidecars counts as well. It matches name and image together, or an image that is unmistakable alone.
        #[describe(group: "Sidecars", default: Some(json!(CATALOGUE)), example: Some(json!(!CATALOGUE)))]
        catalogue: bool = "catalogue",
        /// Names of containers that no rule touches, as globs.
        #[describe(group: "Sidecars", pattern: Some(patterns::CONTAINER_GLOB), example: Some(json!(["debug-*"])))]
        exempt_containers: Vec<Text<'a>> = "exemptContainers",
        /// Names of sidecars, as globs, that are converted to the front of `initContainers`, for init containers that need
        /// them. Others go to the end.
        #[describe(
            group: "Conversion",
            pattern: Some(patterns::CONTAINER_GLOB),
            example: Some(json!(["cloud-sql-proxy"])),
        )]
        start_first: Vec<Text<'a>> = "startFirst",
        /// Pod templates of workloads are changed as Pods are. Without it `convert` and `restore` act as `warn` on
        /// them. GitOps tools see changed workloads as drift.
        #[describe(group: "Conversion", example: Some(json!(true)))]
        convert_templates: bool = "convertTemplates",
        /// More kinds with Pod templates, each as `GROUP/KIND=JSONPATH`, also with `[*]`, slices, unions and filters. The
        /// policy's `rules` have to send them.
        #[describe(
            group: "Kinds",
            pattern: Some(patterns::POD_TEMPLATE),
            example: Some(json!(["argoproj.io/Rollout=$.spec.template"])),
        )]
        pod_templates: Vec<Text<'a>> = "podTemplates",
        /// How the policy knows that the nodes on which a Pod may land support native sidecars.
        #[describe(group: "Nodes", choices: words(NODE_CHECK), example: Some(json!("nodes")))]
        node_check: Text<'a> = "nodeCheck",
        /// The version of the API server, for `nodeCheck: apiServerVersion`. `1.36` means nodes from `1.33` on.
        #[describe(group: "Nodes", pattern: Some(patterns::VERSION), example: Some(json!("1.36")))]
        api_server_version: Text<'a> = "apiServerVersion",
        /// The oldest nodes that count as supporting native sidecars: `1.28` where only the start order matters.
        #[describe(
            group: "Nodes",
            pattern: Some(patterns::MINIMUM_VERSION),
            default: Some(json!(MINIMUM_NODE_VERSION.to_string())),
            example: Some(json!("1.28")),
        )]
        minimum_node_version: Text<'a> = "minimumNodeVersion",
        /// A label, as `KEY=VALUE`, of nodes that support native sidecars, whatever their version says. Nodes with another
        /// value of it do not support them. deploy/node-labeller sets one.
        #[describe(
            group: "Nodes",
            pattern: Some(patterns::LABEL),
            example: Some(json!("native-sidecars.kubewarden.io/supported=true")),
        )]
        node_label: Text<'a> = "nodeLabel",
        /// What to do about a Pod that has native sidecars, or would get them, and may land on nodes that do not support them.
        #[describe(group: "Nodes", choices: words(UNSUPPORTED_NODES), example: Some(json!("legacy")))]
        unsupported_nodes: Text<'a> = "unsupportedNodes",
        /// A new Pod is compared with the template of its controller, to find a sidecar that it has lost. The policy needs to
        /// be granted ReplicaSet, StatefulSet, DaemonSet, ReplicationController and Job.
        #[describe(group: "Cluster", example: Some(json!(true)))]
        owner_lookup: bool = "ownerLookup",
        /// Messages about stripped sidecars name the mutating webhooks that could have done it. The policy needs to be
        /// granted MutatingWebhookConfiguration.
        #[describe(group: "Cluster", example: Some(json!(true)))]
        webhook_lookup: bool = "webhookLookup",
        /// Sidecars that new Pods get.
        #[describe(
            group: "Injection",
            example: Some(json!([{
                "name": "vpn",
                "container": {
                    "image": "registry.example.com/vpn:2",
                    "volumeMounts": [{"name": "vpn-state", "mountPath": "/state"}],
                },
                "volumes": [{"name": "vpn-state", "emptyDir": {}}],
                "podSelector": {"matchLabels": {"net": "vpn"}},
            }])),
        )]
        injections: Vec<&'a RawValue> = "injections",
        ..others
    }
}

/// Whether the built-in list counts where nobody says.
const CATALOGUE: bool = true;

/// The oldest nodes that count as supporting native sidecars where nobody says.
const MINIMUM_NODE_VERSION: Version = version::SIDECARS_BETA;

const NODE_CHECK: Choices<NodeCheck> = &[
    Choice::new("none", NodeCheck::None, "nobody asks: all nodes count as supporting them"),
    Choice::new(
        "apiServerVersion",
        NodeCheck::ApiServerVersion,
        "by the setting `apiServerVersion`: kubelets are at most three minors older",
    ),
    Choice::new("nodes", NodeCheck::Nodes, "by the Nodes of the cluster, which the policy has to be granted"),
];
const UNSUPPORTED_NODES: Choices<UnsupportedNodes> = &[
    Choice::new("reject", UnsupportedNodes::Reject, "refuse the object"),
    Choice::new("warn", UnsupportedNodes::Warn, "let it pass, and say so"),
    Choice::new("legacy", UnsupportedNodes::Legacy, "the same, and convert, steer and restore nothing"),
    Choice::new("pin", UnsupportedNodes::Pin, "keep the Pod to nodes with `nodeLabel`, by required node affinity"),
];

impl<'a> Settings<'a> {
    /// Reads the settings; absent ones are the same as `{}`. The error lists all that is wrong with them. `rules` are the
    /// settings of the rules.
    pub fn read(settings: Option<&'a RawValue>, rules: &[&'static RuleSetting]) -> Result<Self, Vec<Malformed>> {
        // Hosts send `null` where nobody has set anything.
        let json = settings.map(RawValue::get).filter(|json| *json != "null").unwrap_or("{}");
        let written: Written = read::document(json).map_err(|error| vec![unquoted(error)])?;
        let mut errors = Vec::new();
        let words = rule_words(&written.others, rules, &mut errors);
        let mut checker = Checker { errors: &mut errors };
        let actions = words.iter().filter_map(|(rule, word)| {
            Some((rule.name, checker.one(rule.name, Some(word), |word| choose(word, rule.choices))?))
        });
        let actions = Actions(actions.collect());
        let given = |name: &str| match words.iter().find(|(rule, _)| rule.name == name) {
            Some((_, word)) => word.as_str(),
            None => written.given(name),
        };
        let settings = Self {
            actions,
            steer_injectors: checker.each("steerInjectors", &written.steer_injectors, |text| injector_name(text)),
            sidecar_names: checker.globs("sidecarNames", &written.sidecar_names, Subject::ContainerName),
            sidecar_images: checker.globs("sidecarImages", &written.sidecar_images, Subject::Repository),
            catalogue: written.catalogue.unwrap_or(CATALOGUE),
            exempt_containers: checker.globs("exemptContainers", &written.exempt_containers, Subject::ContainerName),
            start_first: checker.globs("startFirst", &written.start_first, Subject::ContainerName),
            convert_templates: written.convert_templates.unwrap_or_default(),
            pod_templates: checker.each("podTemplates", &written.pod_templates, |text| PodTemplatePath::new(text)),
            node_check: checker.choice("nodeCheck", &written.node_check, NODE_CHECK),
            api_server_version: checker.optional("apiServerVersion", &written.api_server_version, api_server_version),
            minimum_node_version: checker
                .optional("minimumNodeVersion", &written.minimum_node_version, minimum_node_version)
                .unwrap_or(MINIMUM_NODE_VERSION),
            node_label: checker.optional("nodeLabel", &written.node_label, NodeLabel::new),
            unsupported_nodes: checker.choice("unsupportedNodes", &written.unsupported_nodes, UNSUPPORTED_NODES),
            owner_lookup: written.owner_lookup.unwrap_or_default(),
            webhook_lookup: written.webhook_lookup.unwrap_or_default(),
            injections: injections::read(written.injections.as_deref().unwrap_or_default(), given, checker.errors),
        };
        errors.extend(NEEDS.iter().filter_map(|need| need.check(given)));
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }
}

/// The error, with what to do where a version is a number: YAML takes 1.30 for 1.3.
fn unquoted(error: Malformed) -> Malformed {
    match error.problem.starts_with("invalid type: floating point") {
        true => Malformed { problem: "a number, in which 1.30 is 1.3: put it in quotes".to_owned(), ..error },
        false => error,
    }
}

/// The members that are settings of rules, with what they say, in the order of the rules. All that is wrong with the members
/// goes to `errors`.
fn rule_words<'a>(
    members: &[(Text<'a>, &'a RawValue)],
    rules: &[&'static RuleSetting],
    errors: &mut Vec<Malformed>,
) -> Vec<(&'static RuleSetting, Text<'a>)> {
    for (name, _) in members.iter().filter(|(name, _)| !rules.iter().any(|rule| rule.name == name.as_str())) {
        let known: Vec<_> = rules.iter().map(|rule| rule.name).chain(Written::NAMES.iter().copied()).collect();
        errors.push(Malformed::new(name.as_str(), format_args!("unknown setting; known are {}", known.join(", "))));
    }
    let mut words = Vec::new();
    for rule in rules {
        // The last of a name counts.
        let Some((_, raw)) = members.iter().rfind(|(name, _)| name.as_str() == rule.name) else { continue };
        match read::document::<Option<Text>>(raw.get()) {
            Ok(word) => words.extend(word.map(|word| (*rule, word))),
            Err(error) => errors.push(error.within(rule.name)),
        }
    }
    words
}

/// Returns what there is to know of all settings together, and of each but those of the rules.
#[cfg(feature = "describe")]
pub fn describe() -> (String, Vec<Field>) {
    (Written::text(), Written::fields())
}

/// Collects what is wrong, so that one look at the message is enough to mend all of it.
struct Checker<'e> {
    errors: &'e mut Vec<Malformed>,
}

impl Checker<'_> {
    fn choice<T: Copy>(&mut self, setting: &str, written: &Option<Text>, choices: Choices<T>) -> T {
        self.one(setting, written.as_ref(), |word| choose(word, choices)).unwrap_or(choices[0].value)
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

/// The names of the injectors, as the words of a setting.
fn injector_names() -> [Choice<&'static str>; INJECTORS.len()] {
    INJECTORS.each_ref().map(|injector| Choice::new(injector.name, injector.name, injector.product))
}

fn injector_name(text: &str) -> Result<&'static str, String> {
    choose(text, &injector_names())
}

fn api_server_version(text: &str) -> Result<Version, String> {
    match Version::read(text) {
        None => Err("is not a version of Kubernetes such as 1.36".to_owned()),
        Some(version) if version < version::ADMISSION => {
            Err("is too old for admission policies; 1.30 without quotes is 1.3".to_owned())
        }
        Some(version) => Ok(version),
    }
}

fn minimum_node_version(text: &str) -> Result<Version, String> {
    match Version::read(text).filter(|version| version.to_string() == text) {
        None => Err("is not of the form MAJOR.MINOR, such as 1.29".to_owned()),
        Some(version) if version < version::SIDECARS_ALPHA => {
            Err(format!("is too old: native sidecars came with {}", version::SIDECARS_ALPHA))
        }
        Some(version) => Ok(version),
    }
}
