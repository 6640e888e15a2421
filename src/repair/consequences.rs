//! What a conversion means beyond the form of the container.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::catalogue::command::{ends_by_itself, is_endless};
use crate::catalogue::sidecars::Place;
use crate::json::read;
use crate::json::view::text;
use crate::kubernetes::pod::{Container, List, PodSpec};
use crate::kubernetes::port::Port;
use crate::kubernetes::resources::{self, Amounts};
use crate::kubernetes::version::{HOST_PORTS, NAMED_PORTS, Version};
use crate::repair::outcome::{Consequence, Outcome};
use crate::repair::plan::Plan;
use crate::rules::evidence::{SIDECAR_IMAGES, SIDECAR_NAMES};
use crate::rules::rule::Finding;

/// What the Pods of a template run for.
#[derive(Clone, Copy)]
pub struct Work<'v> {
    /// Whether they belong to Jobs.
    pub is_of_jobs: bool,
    /// The `podFailurePolicy` of their Job, where it is known.
    pub failure_policy: Option<&'v RawValue>,
}

impl Work<'_> {
    /// Whether a Pod with this spec has an end.
    fn ends(self, spec: &PodSpec) -> bool {
        self.is_of_jobs || !matches!(text(&spec.restart_policy), "" | "Always")
    }
}

/// Returns what the planned conversion of this container means, which has these ports. `before` is what the Pod requested
/// until then, where that could change; `version` is that of the cluster, where it is known.
pub fn of_conversion(
    finding: &Finding,
    ports: &[Port],
    before: Option<&Amounts>,
    plan: &Plan,
    version: Option<Version>,
    work: Work,
) -> Vec<Consequence> {
    let (container, template) = (finding.container, finding.template);
    let spec = template.spec;
    let lifecycle: Value = container.lifecycle.map(parsed).unwrap_or_default();
    let starts_first = template.starts_first(container);
    let mut consequences = Vec::new();
    let mut say = |says: bool, consequence: Consequence| consequences.extend(says.then_some(consequence));
    say(
        container.startup_probe.is_some_and(|probe| may_need_others(probe, ports)),
        Consequence::HoldsBack("startupProbe"),
    );
    say(!lifecycle["postStart"].is_null(), Consequence::HoldsBack("postStart"));
    let ends_by_itself = ends_by_itself(container);
    if let Some(word) = ends_by_itself {
        say(true, Consequence::EndsByItself(word));
    }
    let is_of_settings = [&SIDECAR_NAMES, &SIDECAR_IMAGES].contains(&finding.evidence.source);
    let may_work_on = is_of_settings && template.well_known(container).is_none() && !is_endless(container);
    say(work.ends(spec) && may_work_on && ends_by_itself.is_none(), Consequence::CutOff);
    say(stops_with_sleep(&lifecycle["preStop"]), Consequence::PreStopSleeps);
    say(starts_first && container.startup_probe.is_none(), Consequence::NoStartupProbe);
    let belongs_first = || template.well_known(container).is_some_and(|entry| entry.place == Place::First);
    say(!starts_first && belongs_first() && plan.ordinary(template).next().is_some(), Consequence::BelongsFirst);
    if let Some(before) = before {
        let raised = resources::raised(spec.resources, before, &plan.shares(spec));
        say(!raised.is_empty(), Consequence::Requests(raised));
    }
    let reaches = |threshold| version.and_then(|version| version.reaches(threshold));
    if let Some(name) = ports.iter().find_map(Port::name) {
        say(reaches(NAMED_PORTS).is_none(), Consequence::NamedPort(name.to_owned()));
    }
    if let Some(port) = ports.iter().find_map(|port| port.on_node(spec.host_network == Some(true))) {
        say(reaches(HOST_PORTS).is_none(), Consequence::HostPort(port));
    }
    consequences
}

/// Adds what is to be said once of all conversions: which containers stay is known only when all is planned.
pub fn add_those_of_all(findings: &[Finding], outcomes: &mut [Outcome], plan: &Plan, work: Work) {
    let converted = findings.iter().zip(outcomes).filter_map(|(finding, outcome)| match finding.check.list {
        List::Containers => Some((finding, outcome.consequences()?)),
        List::InitContainers => None,
    });
    let mut converted: Vec<_> = converted.collect();
    let failure_policy: Value = work.failure_policy.map(parsed).unwrap_or_default();
    let rules = || failure_policy["rules"].as_array().into_iter().flatten().map(|rule| &rule["onExitCodes"]);
    for (finding, consequences) in &mut converted {
        let name = finding.container.name();
        consequences.extend(rules().find(|rule| rule["containerName"] == name).map(|_| Consequence::FailurePolicy));
    }
    let Some((finding, consequences)) = converted.first_mut() else { return };
    let spec = finding.template.spec;
    consequences.extend(rules().find(|rule| sees_ended_sidecars(rule)).map(|_| Consequence::FailurePolicyOfAll));
    let scheduler = Some(text(&spec.scheduler_name)).filter(|name| !matches!(*name, "" | "default-scheduler"));
    consequences.extend(scheduler.map(|name| Consequence::Scheduler(name.to_owned())));
    if work.ends(spec) {
        let containers = spec.containers().iter().enumerate();
        let callers = containers.filter(|(index, other)| !plan.moves(*index) && calls_quit_endpoint(other));
        consequences.extend(callers.map(|(_, caller)| Consequence::QuitCall(caller.name().to_owned())));
    }
}

fn parsed(raw: &RawValue) -> Value {
    read::lenient(raw.get()).unwrap_or_default()
}

/// Whether a startup probe may need more than the container itself, which has these ports. What answers a connection to a port
/// of its own is the container alone; a command, and what answers a request, may ask others.
fn may_need_others(probe: &RawValue, ports: &[Port]) -> bool {
    let probe = parsed(probe);
    let port = &probe["tcpSocket"]["port"];
    let is_own = |own: &Port| match port {
        Value::Number(number) => own.number().is_some_and(|own| number.as_i64() == Some(own)),
        Value::String(name) => own.name() == Some(name),
        _ => false,
    };
    !ports.iter().any(is_own)
}

/// The exit codes of a sidecar that is ended: by SIGKILL, and by SIGTERM.
const ENDED: [u8; 2] = [137, 143];

/// Whether this rule for exit codes looks at all containers, and fits that of a sidecar that is ended.
fn sees_ended_sidecars(rule: &Value) -> bool {
    let has = |code: &u8| rule["values"].as_array().is_some_and(|values| values.iter().any(|value| *value == *code));
    let fits = match rule["operator"].as_str() {
        Some("In") => ENDED.iter().any(has),
        Some("NotIn") => !ENDED.iter().all(has),
        _ => false,
    };
    fits && rule["containerName"].as_str().unwrap_or_default().is_empty()
}

/// Whether all that `preStop` does is to wait.
fn stops_with_sleep(pre_stop: &Value) -> bool {
    let command: Vec<_> =
        pre_stop["exec"]["command"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match command[..] {
        [shell, "-c", script] if shell.ends_with("sh") => script.trim().strip_prefix("sleep ").is_some_and(is_duration),
        [program, time] => program.ends_with("sleep") && is_duration(time),
        _ => !pre_stop["sleep"].is_null(),
    }
}

fn is_duration(time: &str) -> bool {
    let time = time.trim();
    time.starts_with(|first: char| first.is_ascii_digit())
        && time.chars().all(|each| each.is_ascii_digit() || ".smhd".contains(each))
}

/// Requests by which a container of a Job ends its sidecars: Istio's and the Cloud SQL proxy's, Linkerd's, Dapr's.
const QUIT_ENDPOINTS: [&str; 3] = ["/quitquitquit", ":4191/shutdown", "/v1.0/shutdown"];

fn calls_quit_endpoint(container: &Container) -> bool {
    [container.command, container.args]
        .into_iter()
        .flatten()
        .any(|command| QUIT_ENDPOINTS.iter().any(|endpoint| command.get().contains(endpoint)))
}
