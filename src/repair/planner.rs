//! What becomes of each finding, and the edits that repair the object: pure functions still.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::catalogue::sidecars::{Owner, Place};
use crate::json::by_name::{Names, Table};
use crate::json::malformed::Malformed;
use crate::json::path::{Path, Step};
use crate::json::read;
use crate::json::view::text;
use crate::kubernetes::pod::Container;
use crate::kubernetes::pod::List;
use crate::repair::consequences::Consequence;
use crate::repair::obstacles::Kept;
use crate::repair::outcome::Outcome;
use crate::repair::plan::Plan;
use crate::rules::finding::{Finding, Native, Rule};
use crate::rules::template::Case;
use crate::settings::action::Action;

/// What else decides whether and how a template may be changed.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'v> {
    /// What keeps the whole template from being changed, where anything does.
    pub frozen: Option<Kept<'v>>,
    /// Whether the template is that of a Job.
    pub is_job: bool,
    /// Whether Services find the named ports of native sidecars, where that is known.
    pub named_ports: Option<bool>,
    /// The way to the template.
    pub steps: &'v [Step<'v>],
}

/// Decides on each finding, in their order, and plans the edits.
pub fn plan<'v>(
    case: &Case<'v>,
    surroundings: Surroundings<'v>,
    findings: &[Finding<'v>],
) -> Result<(Plan, Vec<Outcome<'v>>), Malformed> {
    let taken = Names::of(case.spec.init_containers().iter().map(Container::name));
    let mut planner =
        Planner { case, surroundings, plan: Plan::default(), taken, host_ports: None, filled_volumes: None };
    let mut outcomes = findings.iter().map(|finding| planner.outcome(finding)).collect::<Result<Vec<_>, _>>()?;
    planner.add_quit_calls(findings, &mut outcomes);
    let Planner { mut plan, .. } = planner;
    let declared = case.declared();
    plan.declare.retain(|name| !declared.contains(name));
    Ok((plan, outcomes))
}

/// A container that is native, or that the plan makes so: the first one that no setting exempts.
pub fn native<'v>(case: &Case<'v>, findings: &[Finding<'v>], outcomes: &[Outcome<'v>]) -> Option<Native<'v>> {
    let planned = findings.iter().zip(outcomes).filter(|(_, outcome)| matches!(outcome, Outcome::Repaired(_)));
    let mut planned = planned.map(|(finding, _)| Native::Container(finding.list, finding.index, finding.container));
    case.native().or_else(|| planned.next())
}

struct Planner<'p, 'v> {
    case: &'p Case<'v>,
    surroundings: Surroundings<'v>,
    plan: Plan,
    /// Names in `initContainers`, also those to come.
    taken: Names,
    /// Which regular containers use a port of the node; read at the first need.
    host_ports: Option<Users>,
    /// Which ordinary init containers may fill a volume; read at the first need.
    filled_volumes: Option<Users>,
}

/// Of things that containers share, by name: the indexes of the first two containers that use them.
#[derive(Default)]
struct Users(Table<(usize, Option<usize>)>);

impl Users {
    fn add(&mut self, name: &str, user: usize) {
        let (first, second) = self.0.get_or_insert(name, (user, None));
        if *first != user {
            second.get_or_insert(user);
        }
    }

    /// The first user of it that is not this one.
    fn other_than(&self, user: Option<usize>, name: &str) -> Option<usize> {
        let (first, second) = self.0.get(name)?;
        if Some(*first) == user { *second } else { Some(*first) }
    }
}

impl<'v> Planner<'_, 'v> {
    fn outcome(&mut self, finding: &Finding<'v>) -> Result<Outcome<'v>, Malformed> {
        match finding.action {
            _ if finding.is_last_regular => Ok(Outcome::Kept(Kept::LastRegularContainer)),
            Action::Ignore | Action::Warn => Ok(Outcome::Warned),
            Action::Reject => Ok(Outcome::Rejected),
            // Their injectors are steered, not they.
            Action::Repair if finding.rule == Rule::Injected => Ok(Outcome::Warned),
            Action::Repair => match self.obstacle(finding)? {
                Some(kept) => Ok(Outcome::Kept(kept)),
                None => self.repair(finding).map(Outcome::Repaired),
            },
        }
    }

    /// What keeps a finding from being repaired, where anything does.
    fn obstacle(&mut self, finding: &Finding<'v>) -> Result<Option<Kept<'v>>, Malformed> {
        let container = finding.container;
        if let Some(frozen) = self.surroundings.frozen {
            return Ok(Some(frozen));
        }
        if container.has_restart_policy_rules() {
            return Ok(Some(Kept::RestartPolicyRules));
        }
        if finding.rule == Rule::Stripped {
            return Ok(None);
        }
        // The catalogue protects what it knows even where it is not used to find sidecars.
        if let Some(entry) = self.case.well_known(container) {
            if let Some(why) = entry.kept {
                return Ok(Some(Kept::Catalogue(why)));
            }
            if let Owner::Injector { switch, .. } = entry.owner {
                return Ok(Some(Kept::InjectorSwitch(switch)));
            }
        }
        if !matches!(container.restart_policy(), "" | "Always") {
            return Ok(Some(Kept::OwnRestartPolicy(container.restart_policy())));
        }
        let moved = self.plan.first.len() + self.plan.last.len();
        if moved + 1 == self.case.spec.containers().len() {
            return Ok(Some(Kept::LastRegularContainer));
        }
        if self.taken.contains(container.name()) {
            return Ok(Some(Kept::NameTaken));
        }
        if let Some(init) = self.filled_later(finding)? {
            return Ok(Some(Kept::VolumeFilledLater(init)));
        }
        if let Some(rival) = self.host_port_rival(finding)? {
            return Ok(Some(Kept::HostPortTaken(rival)));
        }
        let are_lost = self.surroundings.named_ports == Some(false) && self.named_port(finding)?.is_some();
        Ok(are_lost.then_some(Kept::NamedPorts))
    }

    fn repair(&mut self, finding: &Finding<'v>) -> Result<Vec<Consequence<'v>>, Malformed> {
        let name = finding.container.name();
        self.plan.declare.push(name.to_owned());
        match (finding.list, self.starts_first(finding.container)) {
            (List::InitContainers, _) => {
                self.plan.restore.push(finding.index);
                return Ok(Vec::new());
            }
            (List::Containers, true) => self.plan.first.push(finding.index),
            (List::Containers, false) => self.plan.last.push(finding.index),
        }
        self.taken.add(name);
        self.consequences(finding)
    }

    fn starts_first(&self, container: &Container) -> bool {
        self.case.settings.start_first.iter().any(|glob| glob.matches(container.name()))
    }

    /// Whether init containers may need it, and there are some.
    fn belongs_first(&self, container: &Container) -> bool {
        self.case.well_known(container).is_some_and(|entry| entry.place == Place::First)
            && self.ordinary_init_containers().next().is_some()
    }

    /// The init containers that run once, also after the edits that are planned.
    fn ordinary_init_containers(&self) -> impl Iterator<Item = (usize, &'v Container<'v>)> {
        let inits = self.case.spec.init_containers().iter().enumerate();
        inits.filter(|(index, init)| !init.restarts_always() && self.plan.restore.binary_search(index).is_err())
    }

    /// The init container that mounts a volume which this one, started first, would need it to fill.
    fn filled_later(&mut self, finding: &Finding<'v>) -> Result<Option<&'v str>, Malformed> {
        if !self.starts_first(finding.container) || self.ordinary_init_containers().next().is_none() {
            return Ok(None);
        }
        let filled = match self.filled_volumes.take() {
            Some(filled) => filled,
            None => self.read_filled_volumes()?,
        };
        let mine = self.container_list("volumeMounts", finding.list, finding.index, finding.container.volume_mounts)?;
        let mine = mine.iter().filter_map(|mount| mount["name"].as_str());
        let init = mine.filter_map(|volume| filled.other_than(None, volume)).min();
        self.filled_volumes = Some(filled);
        Ok(init.and_then(|init| self.case.spec.init_containers().get(init)).map(Container::name))
    }

    fn read_filled_volumes(&self) -> Result<Users, Malformed> {
        let volumes = self.list("volumes", &[], self.case.spec.volumes)?;
        let read_only = Names::of(
            volumes.iter().filter(|volume| !is_writable(volume)).filter_map(|volume| volume["name"].as_str()),
        );
        let mut filled = Users::default();
        for (index, init) in self.ordinary_init_containers() {
            let mounts = self.container_list("volumeMounts", List::InitContainers, index, init.volume_mounts)?;
            let writable = mounts.iter().filter(|mount| mount["readOnly"] != true);
            for volume in writable.filter_map(|mount| mount["name"].as_str()).filter(|name| !read_only.contains(name)) {
                filled.add(volume, index);
            }
        }
        Ok(filled)
    }

    /// Another regular container with a `hostPort` of this one: the API server compares them only within `containers`,
    /// so that a move would hide the conflict until the Pod starts.
    fn host_port_rival(&mut self, finding: &Finding<'v>) -> Result<Option<&'v str>, Malformed> {
        let mine = self.read_host_ports(finding.index, finding.container)?;
        if mine.is_empty() {
            return Ok(None);
        }
        let containers = self.case.spec.containers();
        let users = match self.host_ports.take() {
            Some(users) => users,
            None => {
                let mut users = Users::default();
                for (index, container) in containers.iter().enumerate() {
                    self.read_host_ports(index, container)?.into_iter().for_each(|port| users.add(&port, index));
                }
                users
            }
        };
        let rival = mine.iter().filter_map(|port| users.other_than(Some(finding.index), port)).min();
        self.host_ports = Some(users);
        Ok(rival.and_then(|rival| containers.get(rival)).map(Container::name))
    }

    /// Number and protocol of the ports of the node that it uses.
    fn read_host_ports(&self, index: usize, container: &Container) -> Result<Vec<String>, Malformed> {
        let ports = self.container_list("ports", List::Containers, index, container.ports)?;
        let host_port = |port: &Value| {
            let number = port["hostPort"].as_i64().filter(|number| *number > 0)?;
            Some(format!("{number}/{}", port["protocol"].as_str().unwrap_or("TCP")))
        };
        Ok(ports.iter().filter_map(host_port).collect())
    }

    fn consequences(&self, finding: &Finding<'v>) -> Result<Vec<Consequence<'v>>, Malformed> {
        let container = finding.container;
        let mut consequences = Vec::new();
        if container.lifecycle.is_some_and(stops_with_sleep) {
            consequences.push(Consequence::PreStopSleeps);
        }
        match self.starts_first(container) {
            true if container.startup_probe.is_none() => consequences.push(Consequence::NoStartupProbe),
            false if self.belongs_first(container) => consequences.push(Consequence::BelongsFirst),
            _ => {}
        }
        if self.surroundings.named_ports.is_none() {
            consequences.extend(self.named_port(finding)?.map(Consequence::NamedPort));
        }
        Ok(consequences)
    }

    /// The name of its first port that has one.
    fn named_port(&self, finding: &Finding) -> Result<Option<String>, Malformed> {
        let ports = self.container_list("ports", finding.list, finding.index, finding.container.ports)?;
        let mut names = ports.iter().filter_map(|port| port["name"].as_str());
        Ok(names.find(|name| !name.is_empty()).map(str::to_owned))
    }

    /// Adds the calls of a Job's main containers that would make a converted sidecar start again, each once: it is the
    /// caller that has to change. Which containers stay is known only when all is planned.
    fn add_quit_calls(&self, findings: &[Finding<'v>], outcomes: &mut [Outcome<'v>]) {
        if !self.surroundings.is_job && matches!(text(&self.case.spec.restart_policy), "" | "Always") {
            return;
        }
        let converted = findings.iter().zip(outcomes).find_map(|(finding, outcome)| match (finding.list, outcome) {
            (List::Containers, Outcome::Repaired(consequences)) => Some(consequences),
            _ => None,
        });
        let Some(consequences) = converted else { return };
        let containers = self.case.spec.containers().iter().enumerate();
        let callers = containers.filter(|(index, other)| !self.plan.moves(*index) && calls_quit_endpoint(other));
        consequences.extend(callers.map(|(_, caller)| Consequence::QuitCall(caller.name())));
    }

    fn container_list(
        &self,
        name: &'static str,
        list: List,
        index: usize,
        raw: Option<&RawValue>,
    ) -> Result<Vec<Value>, Malformed> {
        self.list(name, &[Step::key(list.field()), Step::Index(index)], raw)
    }

    /// Reads a list that was left raw until now: empty where it is absent.
    fn list(&self, name: &'static str, steps: &[Step], raw: Option<&RawValue>) -> Result<Vec<Value>, Malformed> {
        let Some(raw) = raw else { return Ok(Vec::new()) };
        read::document(raw.get()).map_err(|error| {
            let own = [&[Step::key("spec")], steps, &[Step::key(name)]].concat();
            error.within(Path([self.surroundings.steps, &own].concat()))
        })
    }
}

/// The sources of volumes that no container can write to, so that none fills them for another.
const READ_ONLY_SOURCES: [&str; 5] = ["configMap", "downwardAPI", "image", "projected", "secret"];

fn is_writable(volume: &Value) -> bool {
    READ_ONLY_SOURCES.iter().all(|source| volume[source].is_null())
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
