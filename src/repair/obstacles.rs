//! What keeps a container from being converted.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::catalogue::sidecars::{self, Owner};
use crate::json::by_name::ByName;
use crate::json::malformed::Malformed;
use crate::json::read;
use crate::kubernetes::pod::{Container, List};
use crate::kubernetes::port::Port;
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
    /// Names that several containers have; read at the first need.
    shared: Option<BTreeSet<String>>,
    /// Whether one of the regular containers that may be the main one stays for sure.
    has_main: bool,
    /// Which containers that stay, or are native, have which ports.
    ports: Ports,
    /// Which init containers may fill what others need; read at the first need.
    filled: Option<Users>,
}

/// Of things that containers share, by name: the containers that use them, in their order.
type Users = ByName<Vec<Place>>;

/// A container, by its list and its index there.
type Place = (List, usize);

/// Who has which ports, each read at the first need.
#[derive(Default)]
struct Ports {
    /// Ports of the node, with their protocol, of regular containers.
    host: Option<Users>,
    /// Names of ports, with their protocol.
    names: Option<Users>,
    /// Numbers of ports, and their names.
    probed: Option<Users>,
}

/// The first of them that is not this one.
fn other(users: Option<&Vec<Place>>, than: Place) -> Option<Place> {
    users?.iter().copied().find(|user| *user != than)
}

impl<'v> Obstacles<'v> {
    /// Those in this template.
    pub fn new(facts: &'v Facts<'v>, lists: Lists<'v>) -> Self {
        let template = &facts.template;
        let mut taken = BTreeSet::new();
        taken.extend(template.spec.init_containers().iter().map(|container| container.name().to_owned()));
        let mut containers = template.spec.containers().iter().enumerate();
        let has_main = containers.any(|(index, container)| facts.may_be_main(index) && !container.restarts_always());
        Self { facts, template, lists, taken, shared: None, has_main, ports: Ports::default(), filled: None }
    }

    /// Whether several containers have this name: what is said of it by its name would be said of all of them.
    pub fn is_shared(&mut self, name: &str) -> bool {
        let spec = self.template.spec;
        let shared = self.shared.get_or_insert_with(|| {
            let (mut seen, mut shared) = (BTreeSet::new(), BTreeSet::new());
            for container in spec.init_containers().iter().chain(spec.containers()) {
                if !seen.insert(container.name().to_owned()) {
                    shared.insert(container.name().to_owned());
                }
            }
            shared
        });
        shared.contains(name)
    }

    /// Takes note that a container goes to the init containers.
    pub fn take(&mut self, finding: &Finding) {
        self.taken.insert(finding.container.name().to_owned());
    }

    /// What keeps a container with these ports from being converted beside what is planned, where anything does.
    pub fn find(&mut self, finding: &Finding, ports: &[Port], plan: &Plan) -> Result<Option<NotRepaired>, Malformed> {
        let container = finding.container;
        match self.owned(container) {
            Some(why) => Ok(Some(why)),
            None => self.find_in_pod(finding, ports, plan),
        }
    }

    /// By what is known of it, who has to decide on this container in place of its author.
    fn owned(&self, container: &Container) -> Option<NotRepaired> {
        // The catalogue protects what it knows even where it is not used to find sidecars.
        if let Some(entry) = self.template.well_known(container) {
            if let Some(why) = entry.kept {
                return Some(NotRepaired::Catalogue(why));
            }
            if let Owner::Injector { switch, .. } = self.template.owner_of(entry) {
                return Some(NotRepaired::InjectorSwitch(switch));
            }
        }
        sidecars::owned_by_name(container.name()).map(|injector| NotRepaired::InjectorSwitch(injector.how))
    }

    /// What else in the Pod keeps it from being converted.
    pub fn find_in_pod(
        &mut self,
        finding: &Finding,
        ports: &[Port],
        plan: &Plan,
    ) -> Result<Option<NotRepaired>, Malformed> {
        let container = finding.container;
        if !matches!(container.restart_policy(), "" | "Always") {
            return Ok(Some(NotRepaired::OwnRestartPolicy(container.restart_policy().to_owned())));
        }
        if self.facts.may_be_main(finding.index) && !self.has_main {
            return Ok(Some(NotRepaired::without_another(self.template)));
        }
        if self.taken.contains(container.name()) {
            return Ok(Some(NotRepaired::NameTaken));
        }
        if let Some(init) = self.filled_later(finding)? {
            return Ok(Some(NotRepaired::VolumeFilledLater(self.name(init))));
        }
        self.port_rival(finding, ports, plan)
    }

    fn name(&self, (list, index): Place) -> String {
        list.of(self.template.spec).get(index).map(|container| container.name().to_owned()).unwrap_or_default()
    }

    /// The init container that may write to what this one, started first, would need it to fill. One that is a native sidecar,
    /// or becomes one, starts as late as one that runs once.
    fn filled_later(&mut self, finding: &Finding) -> Result<Option<Place>, Malformed> {
        let template = self.template;
        if !template.starts_first(finding.container) || template.spec.init_containers().is_empty() {
            return Ok(None);
        }
        let listed = self.lists.volumes(template.spec.volumes)?;
        let mut volumes = ByName::default();
        for volume in &listed {
            if let Some(name) = volume["name"].as_str() {
                *volumes.get_or_insert(name, volume) = volume;
            }
        }
        let filled = match self.filled.take() {
            Some(filled) => filled,
            None => self.read_filled(&volumes)?,
        };
        let (list, index, container) = (finding.check.list, finding.index, finding.container);
        let mounts = self.lists.mounts(list, index, container)?;
        let devices = self.lists.devices(list, index, container)?;
        let used = mounts.iter().chain(&devices).filter_map(|mount| mount["name"].as_str());
        let env = self.lists.env(list, index, container)?;
        let read = env.iter().filter_map(|variable| variable["valueFrom"]["fileKeyRef"]["volumeName"].as_str());
        let needed = used.chain(read).map(|name| storage(name, &volumes));
        let init = needed.filter_map(|storage| filled.get(&storage)?.first().copied()).min_by_key(|(_, index)| *index);
        self.filled = Some(filled);
        Ok(init)
    }

    /// What init containers may write to.
    fn read_filled(&self, volumes: &ByName<&Value>) -> Result<Users, Malformed> {
        let mut filled = Users::default();
        let is_writable = |name: &&str| volumes.get(name).is_none_or(|volume| is_writable(volume));
        for (index, init) in self.template.spec.init_containers().iter().enumerate() {
            let mounts = self.lists.mounts(List::InitContainers, index, init)?;
            let devices = self.lists.devices(List::InitContainers, index, init)?;
            let written = mounts.iter().filter(|mount| mount["readOnly"] != true).chain(&devices);
            for name in written.filter_map(|mount| mount["name"].as_str()).filter(is_writable) {
                filled.get_or_insert(&storage(name, volumes), Vec::new()).push((List::InitContainers, index));
            }
        }
        Ok(filled)
    }

    /// Whether the ports of another container than this one may have this text in them: reading them takes longer.
    fn may_be_in_other_ports(&self, place: Place, text: &str) -> bool {
        [List::Containers, List::InitContainers].into_iter().any(|list| {
            let containers = list.of(self.template.spec).iter().enumerate();
            let others = containers.filter(|(index, _)| (list, *index) != place);
            // What is escaped may be it.
            others
                .filter_map(|(_, other)| other.ports)
                .any(|ports| ports.get().contains(text) || ports.get().contains('\\'))
        })
    }

    /// What another container has, so that this one can't be moved away from it: a port of the node, which the API server
    /// compares only within `containers`, so that a move would hide the conflict until the Pod starts; a port of that name,
    /// which Services look for in `containers` first; the port that its startup probe asks.
    fn port_rival(&mut self, finding: &Finding, mine: &[Port], plan: &Plan) -> Result<Option<NotRepaired>, Malformed> {
        let place = (finding.check.list, finding.index);
        let Ports { mut host, mut names, mut probed } = std::mem::take(&mut self.ports);
        let mut rival = None;
        for port in mine.iter().filter_map(|port| self.host_port(port)) {
            let of = |list, port: &Port| match list {
                List::Containers => self.host_port(port).into_iter().collect(),
                List::InitContainers => Vec::new(),
            };
            let taken = other(self.read_once(&mut host, plan, &of)?.get(&port), place);
            rival = [rival, taken].into_iter().flatten().min_by_key(|(_, index)| *index);
        }
        let mut why = rival.map(|rival| NotRepaired::HostPortTaken(self.name(rival)));
        for (port, name) in mine.iter().filter_map(|port| Some((port.name()?, named(port)?))) {
            if !self.may_be_in_other_ports(place, port) {
                continue;
            }
            let names = self.read_once(&mut names, plan, &|_, port| named(port).into_iter().collect())?;
            let taken = || other(names.get(&name), place);
            why = why.or_else(|| Some(NotRepaired::PortNameTaken(port.to_owned(), self.name(taken()?))));
        }
        let is_own = |asked: &String| mine.iter().any(|port| probe_targets(port).any(|target| target == *asked));
        if let Some(asked) = finding.container.startup_probe.and_then(probed_port).filter(|asked| !is_own(asked)) {
            let probed = self.read_once(&mut probed, plan, &|_, port| probe_targets(port).collect())?;
            let taken = || other(probed.get(&asked), place);
            why = why.or_else(|| Some(NotRepaired::ProbesAnother(self.name(taken()?), asked.clone())));
        }
        self.ports = Ports { host, names, probed };
        Ok(why)
    }

    /// Which regular containers and native sidecars have which ports, by one of the ways to name these.
    fn read_once<'p>(
        &self,
        ports: &'p mut Option<Users>,
        plan: &Plan,
        names: &dyn Fn(List, &Port) -> Vec<String>,
    ) -> Result<&'p Users, Malformed> {
        if let Some(ports) = ports {
            return Ok(ports);
        }
        let spec = self.template.spec;
        let inits = spec.init_containers().iter().enumerate();
        let native = inits.filter(|(index, init)| init.restarts_always() || plan.restore.binary_search(index).is_ok());
        let native = native.map(|(index, container)| (List::InitContainers, index, container));
        let regular = spec.containers().iter().enumerate();
        let regular = regular.map(|(index, container)| (List::Containers, index, container));
        let mut all = Users::default();
        for (list, index, container) in regular.chain(native) {
            for port in self.lists.ports(list, index, container)? {
                for name in names(list, &port) {
                    all.get_or_insert(&name, Vec::new()).push((list, index));
                }
            }
        }
        Ok(ports.insert(all))
    }

    /// Number and protocol of the port of the node that a port takes.
    fn host_port(&self, port: &Port) -> Option<String> {
        let number = port.on_node(self.template.spec.host_network == Some(true))?;
        Some(format!("{number}/{}", port.protocol()))
    }
}

/// Name and protocol of a port, where it has a name.
fn named(port: &Port) -> Option<String> {
    Some([port.name()?, "/", port.protocol()].concat())
}

/// How a probe may name a port: by number or by name.
fn probe_targets(port: &Port) -> impl Iterator<Item = String> {
    let number = port.number().map(|number| number.to_string());
    number.into_iter().chain(port.name().map(str::to_owned))
}

/// The port in its own Pod that a probe asks over the network.
fn probed_port(probe: &RawValue) -> Option<String> {
    let probe: Value = read::lenient(probe.get()).unwrap_or_default();
    let target = ["httpGet", "tcpSocket", "grpc"].iter().map(|way| &probe[way]).find(|target| target.is_object())?;
    let is_here = target["host"].as_str().is_none_or(|host| matches!(host, "" | "localhost" | "127.0.0.1" | "::1"));
    match &target["port"] {
        Value::String(name) if is_here => Some(name.clone()),
        Value::Number(number) if is_here => Some(number.to_string()),
        _ => None,
    }
}

/// What a volume of this name stores things in: a claim is the same under each name.
fn storage(name: &str, volumes: &ByName<&Value>) -> String {
    let claim = volumes.get(name).and_then(|volume| volume["persistentVolumeClaim"]["claimName"].as_str());
    claim.map_or_else(|| format!("volume/{name}"), |claim| format!("claim/{claim}"))
}

/// The sources of volumes that no container can write to, so that none fills them for another.
const READ_ONLY_SOURCES: [&str; 5] = ["configMap", "downwardAPI", "image", "projected", "secret"];

fn is_writable(volume: &Value) -> bool {
    let is_read_only_claim = volume["persistentVolumeClaim"]["readOnly"] == true;
    !is_read_only_claim && READ_ONLY_SOURCES.iter().all(|source| volume[source].is_null())
}
