//! What keeps a container from being converted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::catalogue::sidecars::{self, Owner};
use crate::json::malformed::Malformed;
use crate::kubernetes::pod::{Container, List};
use crate::repair::lists::Lists;
use crate::repair::outcome::NotRepaired;
use crate::repair::plan::Plan;
use crate::rules::facts::Facts;
use crate::rules::rule::Finding;
use crate::rules::template::Template;

/// What is in the way of conversions within one Pod template.
pub struct Obstacles<'v> {
    facts: &'v Facts<'v>,
    template: &'v Template<'v>,
    lists: Lists<'v>,
    /// Names in `initContainers`, also those to come.
    taken: BTreeSet<String>,
    /// Which regular containers use a port of the node; read at the first need.
    host_ports: Option<Users>,
    /// Which ordinary init containers may fill a volume; read at the first need.
    filled_volumes: Option<Users>,
}

/// Of things that containers share, by name: the indexes of the first two containers that use them.
#[derive(Default)]
struct Users(BTreeMap<String, (usize, Option<usize>)>);

impl Users {
    fn add(&mut self, name: &str, user: usize) {
        let (first, second) = self.0.entry(name.to_owned()).or_insert((user, None));
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

impl<'v> Obstacles<'v> {
    /// Those in this template.
    pub fn new(facts: &'v Facts<'v>, lists: Lists<'v>) -> Self {
        let template = &facts.template;
        let taken = template.spec.init_containers().iter().map(|container| container.name().to_owned()).collect();
        Self { facts, template, lists, taken, host_ports: None, filled_volumes: None }
    }

    /// Takes note that a container of this name goes to the init containers.
    pub fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// What keeps a container from being converted beside what is planned, where anything does.
    pub fn find(&mut self, finding: &Finding, plan: &Plan) -> Result<Option<NotRepaired>, Malformed> {
        let container = finding.container;
        // The catalogue protects what it knows even where it is not used to find sidecars.
        if let Some(entry) = self.template.well_known(container) {
            if let Some(why) = entry.kept {
                return Ok(Some(NotRepaired::Catalogue(why)));
            }
            if let Owner::Injector { switch, .. } = self.template.owner_of(entry) {
                return Ok(Some(NotRepaired::InjectorSwitch(switch)));
            }
        }
        if let Some(injector) = sidecars::owned_by_name(container.name()) {
            return Ok(Some(NotRepaired::InjectorSwitch(injector.how)));
        }
        if !matches!(container.restart_policy(), "" | "Always") {
            return Ok(Some(NotRepaired::OwnRestartPolicy(container.restart_policy().to_owned())));
        }
        let stays = |index: usize| index != finding.index && !plan.moves(index);
        if !(0..self.template.spec.containers().len()).any(|index| stays(index) && self.facts.may_be_main(index)) {
            return Ok(Some(NotRepaired::without_another(self.template)));
        }
        if self.taken.contains(container.name()) {
            return Ok(Some(NotRepaired::NameTaken));
        }
        if let Some(init) = self.filled_later(finding, plan)? {
            return Ok(Some(NotRepaired::VolumeFilledLater(init.to_owned())));
        }
        Ok(self.host_port_rival(finding)?.map(|rival| NotRepaired::HostPortTaken(rival.to_owned())))
    }

    /// The init container that mounts a volume which this one, started first, would need it to fill.
    fn filled_later(&mut self, finding: &Finding, plan: &Plan) -> Result<Option<&'v str>, Malformed> {
        let template = self.template;
        if !template.starts_first(finding.container) || plan.ordinary(template).next().is_none() {
            return Ok(None);
        }
        let filled = match self.filled_volumes.take() {
            Some(filled) => filled,
            None => self.read_filled_volumes(plan)?,
        };
        let mine = self.lists.mounts(finding.check.list, finding.index, finding.container)?;
        let mine = mine.iter().filter_map(|mount| mount["name"].as_str());
        let init = mine.filter_map(|volume| filled.other_than(None, volume)).min();
        self.filled_volumes = Some(filled);
        Ok(init.and_then(|init| template.spec.init_containers().get(init)).map(Container::name))
    }

    fn read_filled_volumes(&self, plan: &Plan) -> Result<Users, Malformed> {
        let volumes = self.lists.volumes(self.template.spec.volumes)?;
        let read_only = volumes.iter().filter(|volume| !is_writable(volume));
        let read_only: BTreeSet<_> = read_only.filter_map(|volume| volume["name"].as_str()).collect();
        let mut filled = Users::default();
        for (index, init) in plan.ordinary(self.template) {
            let mounts = self.lists.mounts(List::InitContainers, index, init)?;
            let writable = mounts.iter().filter(|mount| mount["readOnly"] != true);
            for volume in writable.filter_map(|mount| mount["name"].as_str()).filter(|name| !read_only.contains(name)) {
                filled.add(volume, index);
            }
        }
        Ok(filled)
    }

    /// Another regular container with a `hostPort` of this one: the API server compares them only within `containers`,
    /// so that a move would hide the conflict until the Pod starts.
    fn host_port_rival(&mut self, finding: &Finding) -> Result<Option<&'v str>, Malformed> {
        let mine = self.host_ports_of(finding.index, finding.container)?;
        if mine.is_empty() {
            return Ok(None);
        }
        let containers = self.template.spec.containers();
        let users = match self.host_ports.take() {
            Some(users) => users,
            None => {
                let mut users = Users::default();
                for (index, container) in containers.iter().enumerate() {
                    self.host_ports_of(index, container)?.into_iter().for_each(|port| users.add(&port, index));
                }
                users
            }
        };
        let rival = mine.iter().filter_map(|port| users.other_than(Some(finding.index), port)).min();
        self.host_ports = Some(users);
        Ok(rival.and_then(|rival| containers.get(rival)).map(Container::name))
    }

    /// Number and protocol of the ports of the node that a regular container uses.
    fn host_ports_of(&self, index: usize, container: &Container) -> Result<Vec<String>, Malformed> {
        let ports = self.lists.ports(List::Containers, index, container)?;
        let host_port = |port: &Value| {
            let number = port["hostPort"].as_i64().filter(|number| *number > 0)?;
            Some(format!("{number}/{}", port["protocol"].as_str().unwrap_or("TCP")))
        };
        Ok(ports.iter().filter_map(host_port).collect())
    }
}

/// The sources of volumes that no container can write to, so that none fills them for another.
const READ_ONLY_SOURCES: [&str; 5] = ["configMap", "downwardAPI", "image", "projected", "secret"];

fn is_writable(volume: &Value) -> bool {
    READ_ONLY_SOURCES.iter().all(|source| volume[source].is_null())
}
