//! The settings: what a cluster admin decides.

use serde_json::value::RawValue;

use crate::kind;
use crate::pattern::{Glob, Subject};
use crate::read::{self, Malformed, Members};
use crate::view::{Text, view};

/// The settings of the policy, checked: a `Settings` is always one that can be used as it is.
///
/// They come with each request. What is absent or `null` has its default; what is unknown is an error.
pub struct Settings {
    /// What to do about a known sidecar in `containers`.
    pub legacy_sidecars: Action,
    /// What to do about a native sidecar that lost its `restartPolicy`.
    pub stripped_sidecars: Action,
    /// What to do about `restartPolicy: Always` in `containers`.
    pub misplaced_restart_policy: Action,
    /// What to do about a legacy sidecar whose injector or operator decides its form.
    pub injected_sidecars: Action,
    /// Names of containers that are sidecars.
    pub sidecar_names: Vec<Glob>,
    /// Image repositories of containers that are sidecars.
    pub sidecar_images: Vec<Glob>,
    /// Whether the built-in list of well-known sidecars counts as well.
    pub catalogue: bool,
    /// Names of containers that no rule touches.
    pub exempt_containers: Vec<Glob>,
    /// Names of converted sidecars that go ahead of all init containers.
    pub start_first: Vec<Glob>,
    /// Whether workloads are changed as Pods are.
    pub convert_templates: bool,
    /// More kinds with Pod templates in them.
    pub pod_templates: Vec<PodTemplatePath>,
}

/// What to do about a finding.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Action {
    /// Nothing.
    Ignore,
    /// Tell the user, and let the object pass.
    Warn,
    /// Change the object so that the finding is gone: convert or restore.
    Repair,
    /// Refuse the object.
    Reject,
}

/// An entry of the setting `podTemplates`: where the objects of a kind have their Pod templates.
pub struct PodTemplatePath {
    /// The kind's group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The way to the templates.
    pub path: jsonpath_lib::Compiled,
}

view! {
    /// The settings as they are written.
    struct Written<'a> {
        legacy_sidecars: Text<'a> = "legacySidecars",
        stripped_sidecars: Text<'a> = "strippedSidecars",
        misplaced_restart_policy: Text<'a> = "misplacedRestartPolicy",
        injected_sidecars: Text<'a> = "injectedSidecars",
        sidecar_names: Vec<Text<'a>> = "sidecarNames",
        sidecar_images: Vec<Text<'a>> = "sidecarImages",
        catalogue: bool = "catalogue",
        exempt_containers: Vec<Text<'a>> = "exemptContainers",
        start_first: Vec<Text<'a>> = "startFirst",
        convert_templates: bool = "convertTemplates",
        pod_templates: Vec<Text<'a>> = "podTemplates",
    }
}

/// The values of a setting that names an action, the default first.
type Choices = &'static [(&'static str, Action)];

const LEGACY_SIDECARS: Choices =
    &[("reject", Action::Reject), ("warn", Action::Warn), ("convert", Action::Repair), ("ignore", Action::Ignore)];
const STRIPPED_SIDECARS: Choices =
    &[("reject", Action::Reject), ("warn", Action::Warn), ("restore", Action::Repair), ("ignore", Action::Ignore)];
const MISPLACED_RESTART_POLICY: Choices =
    &[("warn", Action::Warn), ("reject", Action::Reject), ("convert", Action::Repair), ("ignore", Action::Ignore)];
const INJECTED_SIDECARS: Choices = &[("warn", Action::Warn), ("reject", Action::Reject), ("ignore", Action::Ignore)];

impl Settings {
    /// Reads the settings; absent ones are the same as `{}`. The error lists all that is wrong with them.
    pub fn read(settings: Option<&RawValue>) -> Result<Self, Vec<Malformed>> {
        let written = settings.map_or("{}", RawValue::get);
        let Members(members) = read::document(written).map_err(|error| vec![error])?;
        let names = members.iter().map(|(name, _)| name.as_str());
        let unknown = names.filter(|name| !Written::NAMES.contains(name));
        let problem = || format!("unknown setting; known are {}", Written::NAMES.join(", "));
        let mut errors: Vec<_> = unknown.map(|name| Malformed::new(name, problem())).collect();
        let written: Written = read::document(written).map_err(|error| vec![error])?;
        let mut checker = Checker { errors: &mut errors };
        let settings = Self {
            legacy_sidecars: checker.action("legacySidecars", &written.legacy_sidecars, LEGACY_SIDECARS),
            stripped_sidecars: checker.action("strippedSidecars", &written.stripped_sidecars, STRIPPED_SIDECARS),
            misplaced_restart_policy: checker.action(
                "misplacedRestartPolicy",
                &written.misplaced_restart_policy,
                MISPLACED_RESTART_POLICY,
            ),
            injected_sidecars: checker.action("injectedSidecars", &written.injected_sidecars, INJECTED_SIDECARS),
            sidecar_names: checker.globs("sidecarNames", &written.sidecar_names, Subject::ContainerName),
            sidecar_images: checker.globs("sidecarImages", &written.sidecar_images, Subject::Repository),
            catalogue: written.catalogue.unwrap_or(true),
            exempt_containers: checker.globs("exemptContainers", &written.exempt_containers, Subject::ContainerName),
            start_first: checker.globs("startFirst", &written.start_first, Subject::ContainerName),
            convert_templates: written.convert_templates.unwrap_or(false),
            pod_templates: checker.each("podTemplates", &written.pod_templates, PodTemplatePath::new),
        };
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }
}

/// Collects what is wrong, so that one look at the message is enough to mend all of it.
struct Checker<'e> {
    errors: &'e mut Vec<Malformed>,
}

impl Checker<'_> {
    fn action(&mut self, setting: &str, written: &Option<Text>, choices: Choices) -> Action {
        let word = match written {
            None => choices[0].0,
            Some(word) => word.as_str(),
        };
        match choices.iter().find(|(choice, _)| *choice == word) {
            Some((_, action)) => *action,
            None => {
                let known: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
                let problem = format!("{word:?} is none of {}", known.join(", "));
                self.errors.push(Malformed::new(setting, problem));
                Action::Reject
            }
        }
    }

    fn globs(&mut self, setting: &str, written: &Option<Vec<Text>>, subject: Subject) -> Vec<Glob> {
        self.each(setting, written, |text| Glob::new(text, subject))
    }

    fn each<T>(
        &mut self,
        setting: &str,
        written: &Option<Vec<Text>>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut entries = Vec::new();
        for (index, text) in written.iter().flatten().enumerate() {
            match read(text.as_str()) {
                Ok(entry) => entries.push(entry),
                Err(problem) => self.errors.push(Malformed::new(
                    format_args!("{setting}[{index}]"),
                    format_args!("{:?} {problem}", text.as_str()),
                )),
            }
        }
        entries
    }
}

impl PodTemplatePath {
    /// Reads `GROUP/KIND=JSONPATH`. The error says what is wrong with it, in words that follow the text itself.
    fn new(text: &str) -> Result<Self, String> {
        const FORM: &str = "is not of the form GROUP/KIND=JSONPATH, as argoproj.io/Rollout=$.spec.template is";
        let (group_kind, path) = text.split_once('=').ok_or(FORM)?;
        let (group, kind) = group_kind.split_once('/').ok_or(FORM)?;
        if kind.is_empty() || kind.contains('/') {
            return Err(FORM.to_owned());
        }
        if kind::is_built_in(group, kind) {
            return Err(format!("names {kind}, whose Pod template the policy knows by itself"));
        }
        if !path.starts_with('$') {
            return Err("has a JSONPath that does not start with $".to_owned());
        }
        let path =
            jsonpath_lib::Compiled::compile(path).map_err(|_| format!("has a JSONPath that cannot be read: {path}"))?;
        Ok(Self { group: group.to_owned(), kind: kind.to_owned(), path })
    }
}
