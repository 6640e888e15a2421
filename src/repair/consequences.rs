//! What a conversion means beyond the form of the container.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::catalogue::sidecars::Place;
use crate::json::view::text;
use crate::kubernetes::pod::{Container, List};
use crate::repair::lists::port_name;
use crate::repair::outcome::{Consequence, Outcome};
use crate::repair::plan::Plan;
use crate::rules::rule::Finding;

/// Returns what the planned conversion of this container means, which has these ports. `are_named_ports_found` is whether
/// Services find the named ports of native sidecars, where that is known.
pub fn of_conversion(
    finding: &Finding,
    ports: &[Value],
    plan: &Plan,
    are_named_ports_found: Option<bool>,
) -> Vec<Consequence> {
    let (container, template) = (finding.container, finding.template);
    let mut consequences = Vec::new();
    if container.lifecycle.is_some_and(stops_with_sleep) {
        consequences.push(Consequence::PreStopSleeps);
    }
    let belongs_first = || template.well_known(container).is_some_and(|entry| entry.place == Place::First);
    match template.starts_first(container) {
        true if container.startup_probe.is_none() => consequences.push(Consequence::NoStartupProbe),
        false if belongs_first() && plan.ordinary(template).next().is_some() => {
            consequences.push(Consequence::BelongsFirst);
        }
        _ => {}
    }
    if are_named_ports_found.is_none() {
        consequences.extend(port_name(ports).map(|name| Consequence::NamedPort(name.to_owned())));
    }
    consequences
}

/// Adds the calls of a Job's main containers that would make a converted sidecar start again, each once: it is the caller
/// that has to change. Which containers stay is known only when all is planned.
pub fn add_quit_calls(findings: &[Finding], outcomes: &mut [Outcome], plan: &Plan, is_of_jobs: bool) {
    let converted = findings.iter().zip(outcomes).find_map(|(finding, outcome)| match (finding.check.list, outcome) {
        (List::Containers, Outcome::Repaired(consequences)) => Some((finding.template, consequences)),
        _ => None,
    });
    let Some((template, consequences)) = converted else { return };
    if !is_of_jobs && matches!(text(&template.spec.restart_policy), "" | "Always") {
        return;
    }
    let containers = template.spec.containers().iter().enumerate();
    let callers = containers.filter(|(index, other)| !plan.moves(*index) && calls_quit_endpoint(other));
    consequences.extend(callers.map(|(_, caller)| Consequence::QuitCall(caller.name().to_owned())));
}

/// Whether all that `preStop` does is to wait.
fn stops_with_sleep(lifecycle: &RawValue) -> bool {
    let lifecycle: Value = serde_json::from_str(lifecycle.get()).unwrap_or_default();
    let pre_stop = &lifecycle["preStop"];
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
