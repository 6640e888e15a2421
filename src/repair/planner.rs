//! Decides what becomes of each finding, and plans the edits that repair the object: a pure function still.

use crate::cluster::nodes::Nodes;
use crate::cluster::placement::Placement;
use crate::json::malformed::Malformed;
use crate::kubernetes::resources::{self, Excess};
use crate::kubernetes::version::{HOST_PORTS, NAMED_PORTS, RESTART_POLICY_RULES, Version};
use crate::repair::consequences::{self, Work};
use crate::repair::lists::Lists;
use crate::repair::obstacles::Obstacles;
use crate::repair::outcome::{Consequence, NotRepaired, Outcome};
use crate::repair::plan::Plan;
use crate::rules::evidence::{CATALOGUE, Strength};
use crate::rules::facts::Facts;
use crate::rules::rule::{Finding, Repair};
use crate::settings::action::Action;
use crate::settings::{NodeCheck, Settings};

/// What else decides whether and how a template may be changed.
pub struct Surroundings<'v> {
    /// What keeps the whole template from being changed, where anything does.
    pub not_changeable: Option<NotRepaired>,
    /// Who is changed.
    pub changes: Changes,
    /// What its Pods run for.
    pub work: Work<'v>,
    /// Where in the object the template is.
    pub lists: Lists<'v>,
    /// Where its Pods may land; it is asked for only where a sidecar becomes native.
    pub placement: &'v Placement<'v>,
}

/// Who is changed where a template has something to convert.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Changes {
    /// The object, which is a Pod: the API server has set its defaults.
    Pod,
    /// The object, which is a workload.
    Template,
    /// The Pods that the object makes, and not the object.
    Later,
}

/// Decides on each finding, in their order, and plans the edits.
pub fn plan<'v>(
    facts: &'v Facts<'v>,
    surroundings: &Surroundings<'v>,
    findings: &[Finding<'v>],
) -> Result<(Plan, Vec<Outcome>), Malformed> {
    let obstacles = Obstacles::new(facts, surroundings.lists);
    let mut planner = Planner { facts, surroundings, plan: Plan::default(), obstacles };
    let mut outcomes = findings.iter().map(|finding| planner.outcome(finding)).collect::<Result<Vec<_>, _>>()?;
    let Planner { mut plan, .. } = planner;
    consequences::add_those_of_all(findings, &mut outcomes, &plan, surroundings.work);
    if surroundings.changes == Changes::Later {
        plan = Plan::default();
    }
    plan.declare.retain(|name| !facts.template.declares(name));
    Ok((plan, outcomes))
}

struct Planner<'p, 'v> {
    facts: &'v Facts<'v>,
    surroundings: &'p Surroundings<'v>,
    plan: Plan,
    obstacles: Obstacles<'v>,
}

impl<'v> Planner<'_, 'v> {
    fn outcome(&mut self, finding: &Finding) -> Result<Outcome, Malformed> {
        if finding.check.spares_main && self.facts.may_be_main(finding.index) {
            return Ok(Outcome::NotRepaired(NotRepaired::without_another(finding.template)));
        }
        match (finding.action, finding.check.repair) {
            (Action::Reject | Action::Repair, _) if finding.evidence.strength == Strength::Change => {
                Ok(Outcome::Warned(None))
            }
            (Action::Reject, _) => Ok(Outcome::Rejected(self.in_the_way(finding))),
            (Action::Repair, Some(Repair::Restore)) => self.restore(finding),
            (Action::Repair, Some(Repair::Convert)) => self.convert(finding),
            // Their injectors are steered, not they.
            (Action::Repair, Some(Repair::Steer) | None) | (Action::Ignore | Action::Warn, _) => {
                Ok(Outcome::Warned(self.in_the_way(finding)))
            }
        }
    }

    /// What is in the way of whoever moves a container by hand, of what can be told without asking anybody. What can't be read
    /// for it is no reason to say less of the finding.
    fn in_the_way(&mut self, finding: &Finding) -> Option<NotRepaired> {
        if finding.check.repair != Some(Repair::Convert) || finding.evidence.strength == Strength::Open {
            return None;
        }
        let Surroundings { lists, placement, .. } = self.surroundings;
        if let Some(why) = placement.dropped() {
            return Some(NotRepaired::Nodes(why));
        }
        let ports = lists.ports(finding.check.list, finding.index, finding.container).ok()?;
        // The catalogue has just said that it is its author's.
        match finding.evidence.source == &CATALOGUE {
            true => self.obstacles.find_in_pod(finding, &ports, &self.plan).ok()?,
            false => self.obstacles.find(finding, &ports, &self.plan).ok()?,
        }
    }

    fn restore(&mut self, finding: &Finding) -> Result<Outcome, Malformed> {
        if let Some(why) = self.surroundings.not_changeable.clone() {
            return Ok(Outcome::NotRepaired(why));
        }
        // Whoever lets a container that runs once restart for ever does worse than whoever refuses it.
        if finding.evidence.strength == Strength::Open {
            return Ok(Outcome::Rejected(None));
        }
        if self.obstacles.is_shared(finding.container.name()) {
            return Ok(Outcome::NotRepaired(NotRepaired::NameShared));
        }
        let nodes = self.nodes()?;
        if let Some(why) = self.surroundings.placement.refusal()? {
            return Ok(Outcome::NotRepaired(NotRepaired::Nodes(why)));
        }
        let version = nodes.and_then(|nodes| nodes.version);
        if let Some(why) = Self::rules(finding, version).filter(|_| version.is_some()) {
            return Ok(Outcome::NotRepaired(why));
        }
        self.plan.restore.push(finding.index);
        // The API server would refuse it like this.
        if let Some(excess) = self.excess(finding) {
            self.plan.restore.pop();
            return Ok(Outcome::NotRepaired(NotRepaired::PodResources("restartPolicy: Always", excess)));
        }
        self.plan.declare.push(finding.container.name().to_owned());
        Ok(Outcome::Repaired(Vec::new()))
    }

    fn convert(&mut self, finding: &Finding) -> Result<Outcome, Malformed> {
        if self.surroundings.changes == Changes::Later {
            return self.conversion(finding).map(Outcome::OfPods);
        }
        if let Some(why) = self.surroundings.not_changeable.clone() {
            return Ok(Outcome::NotRepaired(why));
        }
        Ok(self.conversion(finding)?.map_or_else(Outcome::NotRepaired, Outcome::Repaired))
    }

    /// Plans to convert a container. Returns what that means, or why it can't be.
    fn conversion(&mut self, finding: &Finding) -> Result<Result<Vec<Consequence>, NotRepaired>, Malformed> {
        let (spec, container) = (finding.template.spec, finding.container);
        let Surroundings { lists, changes, work, .. } = self.surroundings;
        if finding.evidence.strength == Strength::Open {
            return Ok(Err(NotRepaired::MayBeMeant));
        }
        let ports = lists.ports(finding.check.list, finding.index, container)?;
        if let Some(why) = self.obstacles.find(finding, &ports, &self.plan)? {
            return Ok(Err(why));
        }
        let Settings { api_server_version, node_check, .. } = finding.template.settings;
        // On which nodes the Pods of a workload will land is looked up when they are made.
        let is_for_later = *changes == Changes::Later && *node_check == NodeCheck::Nodes;
        let placement = self.surroundings.placement;
        let refusal = if is_for_later { placement.dropped() } else { placement.refusal()? };
        if let Some(why) = refusal {
            return Ok(Err(NotRepaired::Nodes(why)));
        }
        let nodes = if is_for_later { None } else { self.nodes()? };
        let version = nodes.and_then(|nodes| nodes.version).or(*api_server_version);
        let will_be_known = is_for_later && version.is_none();
        let lacks = |threshold| version.and_then(|version| version.reaches(threshold)) == Some(false);
        if let Some(why) = Self::rules(finding, version).filter(|_| !will_be_known) {
            return Ok(Err(why));
        }
        if lacks(NAMED_PORTS) && ports.iter().any(|port| port.name().is_some()) {
            return Ok(Err(NotRepaired::NamedPorts));
        }
        let is_in_network_of_host = spec.host_network == Some(true);
        if lacks(HOST_PORTS) && ports.iter().any(|port| port.on_node(is_in_network_of_host).is_some()) {
            return Ok(Err(NotRepaired::HostPorts));
        }
        let starts_first = finding.template.starts_first(container);
        let counts = container.resources.is_some();
        let is_beside_inits = starts_first && !spec.init_containers().is_empty();
        let before = (counts && is_beside_inits).then(|| resources::requests(self.plan.shares(spec)));
        let planned = if starts_first { &mut self.plan.first } else { &mut self.plan.last };
        planned.push(finding.index);
        if let Some(excess) = self.excess(finding) {
            let planned = if starts_first { &mut self.plan.first } else { &mut self.plan.last };
            planned.pop();
            return Ok(Err(NotRepaired::PodResources("startFirst", excess)));
        }
        let name = container.name();
        self.plan.declare.push(name.to_owned());
        self.obstacles.take(finding);
        Ok(Ok(consequences::of_conversion(finding, &ports, before.as_ref(), &self.plan, version, *work)))
    }

    /// What the Pod would ask for too much, with a container that is planned to be native. What asks for nothing changes no sum.
    fn excess(&self, finding: &Finding) -> Option<Excess> {
        finding.container.resources?;
        self.plan.excess(finding.template.spec, self.surroundings.changes != Changes::Template)
    }

    /// What keeps a container with `restartPolicyRules` from being native in a cluster of this version, where it is known.
    fn rules(finding: &Finding, version: Option<Version>) -> Option<NotRepaired> {
        let may_have_them = version.and_then(|version| version.reaches(RESTART_POLICY_RULES)) == Some(true);
        let has_them = finding.container.has_restart_policy_rules();
        (has_them && !may_have_them).then_some(NotRepaired::RestartPolicyRules(version))
    }

    fn nodes(&self) -> Result<Option<&'v Nodes>, Malformed> {
        self.surroundings.placement.nodes()
    }
}
