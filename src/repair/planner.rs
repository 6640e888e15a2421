//! Decides what becomes of each finding, and plans the edits that repair the object: a pure function still.

use crate::cluster::nodes::Nodes;
use crate::cluster::placement::Placement;
use crate::json::malformed::Malformed;
use crate::repair::consequences;
use crate::repair::lists::{Lists, port_name};
use crate::repair::obstacles::Obstacles;
use crate::repair::outcome::{NotRepaired, Outcome};
use crate::repair::plan::Plan;
use crate::rules::evidence::Strength;
use crate::rules::facts::Facts;
use crate::rules::rule::{Finding, Repair};
use crate::settings::UnsupportedNodes;
use crate::settings::action::Action;

/// What else decides whether and how a template may be changed.
pub struct Surroundings<'v> {
    /// What keeps the whole template from being changed, where anything does.
    pub not_changeable: Option<NotRepaired>,
    /// Whether its Pods belong to Jobs.
    pub is_of_jobs: bool,
    /// Where in the object the template is.
    pub lists: Lists<'v>,
    /// Where its Pods may land; it is asked for only where a sidecar becomes native.
    pub placement: &'v Placement<'v>,
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
    consequences::add_quit_calls(findings, &mut outcomes, &plan, surroundings.is_of_jobs);
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
                Ok(Outcome::Warned)
            }
            (Action::Reject, _) => Ok(Outcome::Rejected),
            (Action::Repair, Repair::Restore) => self.restore(finding),
            (Action::Repair, Repair::Convert) => self.convert(finding),
            // Their injectors are steered, not they.
            (Action::Repair, Repair::Steer) | (Action::Ignore | Action::Warn, _) => Ok(Outcome::Warned),
        }
    }

    fn restore(&mut self, finding: &Finding) -> Result<Outcome, Malformed> {
        if let Some(why) = self.surroundings.not_changeable.clone() {
            return Ok(Outcome::NotRepaired(why));
        }
        // Whoever lets a container that runs once restart for ever does worse than whoever refuses it.
        if finding.evidence.strength == Strength::Open {
            return Ok(Outcome::Rejected);
        }
        if let Some(why) = self.general_obstacle(finding) {
            return Ok(Outcome::NotRepaired(why));
        }
        if let Some(why) = self.nodes()?.and_then(|nodes| self.unsupported(nodes)) {
            return Ok(Outcome::NotRepaired(why));
        }
        self.plan.restore.push(finding.index);
        self.plan.declare.push(finding.container.name().to_owned());
        Ok(Outcome::Repaired(Vec::new()))
    }

    fn convert(&mut self, finding: &Finding) -> Result<Outcome, Malformed> {
        let obstacle = match self.general_obstacle(finding) {
            None if finding.evidence.strength == Strength::Open => Some(NotRepaired::MayBeMeant),
            None => self.obstacles.find(finding, &self.plan)?,
            some => some,
        };
        if let Some(why) = obstacle {
            return Ok(Outcome::NotRepaired(why));
        }
        let nodes = self.nodes()?;
        if let Some(why) = nodes.and_then(|nodes| self.unsupported(nodes)) {
            return Ok(Outcome::NotRepaired(why));
        }
        let are_named_ports_found = nodes.and_then(|nodes| nodes.named_ports);
        let ports = self.surroundings.lists.ports(finding.check.list, finding.index, finding.container)?;
        if are_named_ports_found == Some(false) && port_name(&ports).is_some() {
            return Ok(Outcome::NotRepaired(NotRepaired::NamedPorts));
        }
        let name = finding.container.name();
        self.plan.declare.push(name.to_owned());
        match finding.template.starts_first(finding.container) {
            true => self.plan.first.push(finding.index),
            false => self.plan.last.push(finding.index),
        }
        self.obstacles.take(name);
        Ok(Outcome::Repaired(consequences::of_conversion(finding, &ports, &self.plan, are_named_ports_found)))
    }

    /// What keeps any container from being repaired, in whichever list.
    fn general_obstacle(&self, finding: &Finding) -> Option<NotRepaired> {
        let rules = finding.container.has_restart_policy_rules().then_some(NotRepaired::RestartPolicyRules);
        self.surroundings.not_changeable.clone().or(rules)
    }

    fn nodes(&self) -> Result<Option<&'v Nodes>, Malformed> {
        self.surroundings.placement.nodes()
    }

    /// Why nothing becomes native there, where the settings keep the legacy form on nodes without support.
    fn unsupported(&self, nodes: &Nodes) -> Option<NotRepaired> {
        let keeps_legacy = self.facts.template.settings.unsupported_nodes == UnsupportedNodes::Legacy;
        nodes.why_not().filter(|_| keeps_legacy).map(NotRepaired::Nodes)
    }
}
