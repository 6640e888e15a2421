//! What keeps a sidecar from being injected: the API server would refuse the Pod, or the Pod's own containers would lose
//! something to it. What is wrong whatever the Pod is left to the API server to say.
//!
//! <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>

use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::read;
use crate::kubernetes::pod::PodSpec;
use crate::kubernetes::resources::{self, Excess, Runs, Share};
use crate::kubernetes::version::{RESTART_RULES, Version};
use crate::repair::plan::{Addition, Plan, Target};
use crate::settings::injections::{Injection, Strategy, name_of};

/// A sidecar that a Pod may get.
pub struct Candidate<'i> {
    /// Where it comes from.
    pub injection: &'i Injection,
    /// The containers to add.
    pub additions: Vec<Addition>,
    /// The same containers, to look into.
    pub containers: Vec<Value>,
}

impl Candidate<'_> {
    /// Whether this is that one.
    pub fn is(&self, other: &Self) -> bool {
        self.injection.name == other.injection.name
    }

    /// Its containers, each with the place that it gets.
    fn placed(&self) -> impl Iterator<Item = (Target, &Value)> {
        self.additions.iter().map(|addition| addition.to).zip(&self.containers)
    }
}

/// A Pod, as it is to be with all that is planned so far.
#[derive(Clone)]
pub struct Pod<'a> {
    /// Its spec, as it came.
    spec: &'a Value,
    /// Its volumes, by name.
    volumes: Vec<(String, &'a RawValue)>,
    /// The volumes that come along with any that may be added.
    pub brought: Vec<&'a (String, Box<RawValue>)>,
    /// Its containers: those of `initContainers` in their order, and those of `containers` in theirs.
    containers: Vec<(Runs, &'a Value)>,
    /// How many of them stand ahead of the init containers that it came with.
    ahead: usize,
    /// Its own `resources`, and its containers as they count for these: as it came, and as it is to be.
    resources: Option<&'a RawValue>,
    came_with: Vec<Share<'a>>,
    shares: Vec<Share<'a>>,
    /// The version of the API server, where it is known.
    api_server: Option<Version>,
}

impl<'a> Pod<'a> {
    /// A Pod with this spec, which is given both ways, as this plan makes it.
    pub fn new(spec: &'a PodSpec, value: &'a Value, plan: &'a Plan, api_server: Option<Version>) -> Self {
        let (inits, regular) = (elements(&value["initContainers"]), elements(&value["containers"]));
        let mut containers = Vec::new();
        let moved = |indexes: &'a [usize], containers: &mut Vec<_>| {
            containers.extend(indexes.iter().filter_map(|index| Some((Runs::Native, regular.get(*index)?))));
        };
        moved(&plan.first, &mut containers);
        for (index, container) in inits.iter().enumerate() {
            let is_native = container["restartPolicy"] == "Always" || plan.restore.contains(&index);
            containers.push((if is_native { Runs::Native } else { Runs::Once }, container));
        }
        moved(&plan.last, &mut containers);
        let staying = regular.iter().enumerate().filter(|(index, _)| !plan.moves(*index));
        containers.extend(staying.map(|(_, container)| (Runs::Regular, container)));
        let mut came_with = Vec::new();
        came_with.extend(spec.init_containers().iter().map(|init| (init.runs_as_init(), init.resources)));
        came_with.extend(spec.containers().iter().map(|container| (Runs::Regular, container.resources)));
        let volumes = spec.volumes.map(|volumes| read::children(volumes.get())).unwrap_or_default();
        Self {
            spec: value,
            volumes: volumes.into_iter().map(|(_, volume)| (name_of(volume), volume)).collect(),
            brought: Vec::new(),
            containers,
            ahead: plan.first.len(),
            resources: spec.resources,
            came_with,
            shares: plan.shares(spec),
            api_server,
        }
    }

    /// Whether it has a volume of this name.
    pub fn has_volume(&self, name: &str) -> bool {
        self.volumes.iter().any(|(other, _)| other == name)
    }

    /// Why a sidecar can't be added; None where it can.
    pub fn obstacle(&self, candidate: &Candidate) -> Option<String> {
        CHECKS.iter().find_map(|check| check(self, candidate))
    }

    /// The same of the volumes that it mounts.
    pub fn missing_volume(&self, candidate: &Candidate) -> Option<String> {
        let comes = |name: &str| self.has_volume(name) || self.brought.iter().any(|(other, _)| other == name);
        let name = candidate.injection.mounts.iter().find(|name| !comes(name))?;
        Some(format!("it mounts volume {name:?}, which neither the Pod nor the injection has"))
    }

    /// Adds a sidecar.
    pub fn add(&mut self, candidate: &'a Candidate) {
        for (addition, container) in candidate.additions.iter().zip(&candidate.containers) {
            let share = addition.share();
            let (place, share_place) = match addition.to {
                Target::First => (self.ahead, self.ahead),
                Target::Last | Target::Regular => (self.containers.len(), self.shares.len()),
            };
            self.ahead += usize::from(addition.to == Target::First);
            self.containers.insert(place, (share.0, container));
            self.shares.insert(share_place, share);
        }
        for (name, volume) in &candidate.injection.volumes {
            if !self.has_volume(name) {
                self.volumes.push((name.clone(), volume));
            }
        }
    }
}

/// Each says why a sidecar can't be added to a Pod; None where nothing of its kind is in the way.
const CHECKS: [fn(&Pod, &Candidate) -> Option<String>; 16] = [
    another_volume,
    |pod, candidate| pod.missing_volume(candidate),
    name_taken,
    universal_on_windows,
    universal_in_jobs,
    security_of_another_system,
    host_process,
    missing_claim,
    host_network,
    host_ports,
    port_names,
    long_sleep,
    resize_policy,
    host_users,
    restart_rules,
    too_much,
];

fn another_volume(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let differs = |name: &str, volume: &RawValue| {
        pod.volumes.iter().any(|(other, there)| other == name && !read::same(there, volume))
    };
    let (name, _) = candidate.injection.volumes.iter().find(|(name, volume)| differs(name, volume))?;
    Some(format!("the Pod has another volume {name:?}"))
}

fn name_taken(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let is_there = |name: &String| pod.containers.iter().any(|(_, container)| container["name"] == name.as_str());
    let name = candidate.injection.companions().find(is_there)?;
    Some(format!("the Pod has a container {name:?} already"))
}

/// What brings its shell is a Linux container.
fn universal_on_windows(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let is_windows = pod.spec["os"]["name"] == "windows" || pod.spec["nodeSelector"]["kubernetes.io/os"] == "windows";
    (is_windows && candidate.injection.strategy == Strategy::Universal)
        .then(|| "its strategy universal is for Linux, and this is a Windows Pod".to_owned())
}

/// The planned first end of its native twin is a restart, and Jobs count those against `backoffLimit` where containers are
/// restarted in place.
fn universal_in_jobs(pod: &Pod, candidate: &Candidate) -> Option<String> {
    (pod.spec["restartPolicy"] == "OnFailure" && candidate.injection.strategy == Strategy::Universal).then(|| {
        let problem =
            "with strategy universal it ends once as planned, which a Job with restartPolicy: OnFailure counts";
        format!("{problem} as a failure; use native or auto")
    })
}

/// Fields of a `securityContext` that Windows Pods may not have.
const LINUX_ONLY: [&str; 10] = [
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
];

/// One that Linux Pods may not have.
const WINDOWS_ONLY: [&str; 1] = ["windowsOptions"];

fn security_of_another_system(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let (system, forbidden) = match pod.spec["os"]["name"].as_str()? {
        "windows" => ("Windows", &LINUX_ONLY as &[&str]),
        "linux" => ("Linux", &WINDOWS_ONLY as &[&str]),
        _ => return None,
    };
    let has = |field: &str| candidate.containers.iter().any(|container| !container["securityContext"][field].is_null());
    let fields: Vec<_> = forbidden.iter().copied().filter(|field| has(field)).collect();
    (!fields.is_empty())
        .then(|| format!("its securityContext has {}, which {system} Pods cannot have", fields.join(", ")))
}

/// Where one container of a Pod is a HostProcess container, all have to be. What the Pod says of all of them would make one of
/// the sidecar as well, which is for the settings to say.
fn host_process(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let says = |of: &Value| of["securityContext"]["windowsOptions"]["hostProcess"].as_bool();
    let of_pod = says(pod.spec);
    let is_there =
        of_pod == Some(true) || pod.containers.iter().any(|(_, container)| says(container).or(of_pod) == Some(true));
    let is_new = |container: &Value| says(container) == Some(true);
    let why = match is_there {
        true if !candidate.containers.iter().all(is_new) => "the Pod has HostProcess containers, and it is none",
        false if candidate.containers.iter().any(is_new) => "it is a HostProcess container, and the Pod has others",
        _ => return None,
    };
    Some(why.to_owned())
}

fn missing_claim(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let has = |name: &str| elements(&pod.spec["resourceClaims"]).iter().any(|claim| claim["name"] == name);
    let claims = candidate.containers.iter().flat_map(|container| elements(&container["resources"]["claims"]));
    let name = claims.filter_map(|claim| claim["name"].as_str()).find(|name| !has(name))?;
    Some(format!("it uses resource claim {name:?}, which the Pod does not have"))
}

/// A port of a container, as far as ports of the node go.
struct Port<'a> {
    name: &'a str,
    protocol: &'a str,
    number: i64,
    host_number: i64,
    address: &'a str,
}

impl<'a> Port<'a> {
    /// Those of a container.
    fn all(container: &'a Value) -> impl Iterator<Item = Self> {
        let text = |value: &'a Value| value.as_str().unwrap_or_default();
        elements(&container["ports"]).iter().map(move |port| Self {
            name: text(&port["name"]),
            protocol: port["protocol"].as_str().filter(|protocol| !protocol.is_empty()).unwrap_or("TCP"),
            number: port["containerPort"].as_i64().unwrap_or(0),
            host_number: port["hostPort"].as_i64().unwrap_or(0),
            address: text(&port["hostIP"]),
        })
    }

    /// The same of a Pod that may use the network of its node: there each port is one of the node.
    fn on_node(container: &'a Value, pod: &Pod) -> impl Iterator<Item = Self> {
        let is_shared = uses_host_network(pod);
        let default = move |port: Self| {
            let host_number = if is_shared && port.host_number == 0 { port.number } else { port.host_number };
            Self { host_number, ..port }
        };
        Self::all(container).map(default).filter(|port| port.host_number != 0)
    }

    /// Whether both can't be had on one node. No address means all of them.
    fn is_rival_of(&self, other: &Self) -> bool {
        let is_any = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
        (self.host_number, self.protocol) == (other.host_number, other.protocol)
            && (self.address == other.address || is_any(self.address) || is_any(other.address))
    }
}

fn uses_host_network(pod: &Pod) -> bool {
    pod.spec["hostNetwork"] == true
}

fn host_network(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let regular = candidate.placed().filter(|(to, _)| *to == Target::Regular);
    let mut ports = regular.flat_map(|(_, container)| Port::all(container));
    let port = ports.find(|port| port.host_number != 0 && port.host_number != port.number);
    let Port { number, host_number, .. } = port.filter(|_| uses_host_network(pod))?;
    Some(format!("its hostPort {host_number} is not its containerPort {number}, and the Pod has hostNetwork: true"))
}

/// The API server compares only regular containers, and the scheduler not at all within a Pod: what it takes would hang or
/// fail on the node.
fn host_ports(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let taken = |port: &Port| {
        let lasting = pod.containers.iter().filter(|(runs, _)| *runs != Runs::Once);
        let mut lasting = lasting.map(|(_, container)| *container);
        let rival = lasting.find(|container| Port::on_node(container, pod).any(|other| other.is_rival_of(port)))?;
        let Port { host_number, protocol, .. } = port;
        Some(format!("container {:?} has hostPort {host_number}/{protocol} too", name(rival)))
    };
    candidate.containers.iter().flat_map(|container| Port::on_node(container, pod)).find_map(|port| taken(&port))
}

/// Services look for a named port in `containers` first, and then among the native sidecars, each in their order: a sidecar in
/// front of another would take its traffic.
fn port_names<'p>(pod: &Pod<'p>, candidate: &Candidate) -> Option<String> {
    let is_found = |port: &Port, container: &Value| {
        Port::all(container).any(|other| (other.name, other.protocol) == (port.name, port.protocol))
    };
    candidate.placed().find_map(|(to, container)| {
        let (before, behind) = match to {
            Target::First => pod.containers.split_at(pod.ahead),
            Target::Regular => (&[] as &[_], &pod.containers[..]),
            Target::Last => return None,
        };
        let native = |list: &[(Runs, &'p Value)], port: &Port| {
            let mut native = list.iter().filter(|(runs, _)| *runs == Runs::Native);
            native.find(|(_, other)| is_found(port, other)).map(|(_, other)| name(other))
        };
        Port::all(container).filter(|port| !port.name.is_empty()).find_map(|port| {
            let mut regular = pod.containers.iter().filter(|(runs, _)| *runs == Runs::Regular);
            if regular.any(|(_, other)| is_found(&port, other)) || native(before, &port).is_some() {
                return None;
            }
            let rival = native(behind, &port)?;
            Some(format!("Services would find its port {:?} in place of that of {rival:?}", port.name))
        })
    })
}

/// The grace period of a Pod that does not say.
const GRACE_PERIOD: i64 = 30;

fn long_sleep(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let grace_period = pod.spec["terminationGracePeriodSeconds"].as_i64().unwrap_or(GRACE_PERIOD);
    let hooks = candidate.containers.iter().flat_map(|container| {
        let seconds = |hook| container["lifecycle"][hook]["sleep"]["seconds"].as_i64();
        ["postStart", "preStop"].into_iter().filter_map(move |hook| Some((hook, seconds(hook)?)))
    });
    let (hook, seconds) = hooks.into_iter().find(|(_, seconds)| *seconds > grace_period)?;
    Some(format!("its {hook} sleeps for {seconds} s, and the Pod's grace period is {grace_period} s"))
}

fn resize_policy(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let mut policies = candidate.containers.iter().flat_map(|container| elements(&container["resizePolicy"]));
    (pod.spec["restartPolicy"] == "Never" && policies.any(|policy| policy["restartPolicy"] == "RestartContainer"))
        .then(|| "its resizePolicy restarts it, and the Pod has restartPolicy: Never".to_owned())
}

fn host_users(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let has_own_users = pod.spec["hostUsers"] == false;
    let any = |is: fn(&Value) -> bool| candidate.containers.iter().any(is);
    if has_own_users && any(|container| !elements(&container["volumeDevices"]).is_empty()) {
        Some("it has volumeDevices, and the Pod has hostUsers: false".to_owned())
    } else if !has_own_users && any(|container| container["securityContext"]["procMount"] == "Unmasked") {
        Some("its procMount: Unmasked needs a Pod with hostUsers: false".to_owned())
    } else {
        None
    }
}

fn restart_rules(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let mut ruled = candidate.placed().filter(|(_, container)| !elements(&container["restartPolicyRules"]).is_empty());
    let (to, _) = ruled.next()?;
    match (to, pod.api_server) {
        (Target::Regular, _) => {
            Some("in containers its restartPolicyRules would need a restartPolicy of its own".to_owned())
        }
        (_, Some(version)) if version < RESTART_RULES => {
            Some(format!("before Kubernetes {RESTART_RULES}, native sidecars cannot have restartPolicyRules"))
        }
        _ => None,
    }
}

fn too_much(pod: &Pod, candidate: &Candidate) -> Option<String> {
    let pod_resources = pod.resources?;
    let mut with = pod.clone();
    with.add(candidate);
    let excess = resources::excess(pod_resources, &pod.came_with, &with.shares, true)?;
    let Excess { resource, asked, field, allowed } = excess;
    Some(match field {
        "requests" => {
            format!(
                "the Pod's {resource} request of {allowed} is less than the {asked} that its containers would request"
            )
        }
        _ => format!("the Pod's {resource} limit of {allowed} is less than its own of {asked}"),
    })
}

/// The name of a container.
fn name(container: &Value) -> &str {
    container["name"].as_str().unwrap_or_default()
}

/// The elements of a list; none of what is no list.
fn elements(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::*;
    use crate::inject;
    use crate::settings::injections;

    /// What is said of injections that a Pod with this spec does not get, where the nodes are all new.
    fn refusals(spec: Value, written: Vec<Value>, api_server: Option<Version>) -> Vec<String> {
        let written: Vec<_> = written.into_iter().filter_map(|written| to_raw_value(&written).ok()).collect();
        let borrowed: Vec<_> = written.iter().map(|written| &**written).collect();
        let mut errors = Vec::new();
        let injections = injections::read(&borrowed, |_| "nodes", &mut errors);
        assert_eq!(errors, []);
        let injections: Vec<_> = injections.iter().collect();
        let raw = to_raw_value(&spec).unwrap_or_default();
        let read = read::lenient(raw.get()).unwrap_or_default();
        let target = |injection: &Injection| Ok(injection.target(true));
        let refusals = inject::plan(&injections, &read, &spec, api_server, target, &mut Plan::default());
        refusals.into_iter().map(|(injection, why)| format!("{}: {why}", injection.name)).collect()
    }

    /// What is said of one with this container and the rest of its fields.
    fn why_not(spec: Value, container: Value, rest: Value) -> String {
        let mut written = json!({"name": "vpn", "podSelector": {}, "container": {"image": "v", "command": ["v"]}});
        let merge = |into: &mut Value, from: Value| {
            for (name, value) in from.as_object().into_iter().flatten() {
                into[name.as_str()] = value.clone();
            }
        };
        merge(&mut written["container"], container);
        merge(&mut written, rest);
        let mut pod = json!({"containers": [{"name": "app"}]});
        merge(&mut pod, spec);
        let refusals = refusals(pod, vec![written], None);
        refusals.first().and_then(|text| text.strip_prefix("vpn: ")).unwrap_or_default().to_owned()
    }

    #[test]
    fn what_depends_on_the_pod_as_a_whole() {
        let (native, legacy, universal) = (json!({}), json!({"strategy": "legacy"}), json!({"strategy": "universal"}));
        let windows = json!({"os": {"name": "windows"}});
        let security = |fields: Value| json!({"securityContext": fields});
        let host_process = |is: bool| security(json!({"windowsOptions": {"hostProcess": is}}));
        let all_host_process =
            json!({"containers": [{"name": "app", "securityContext": {"windowsOptions": {"hostProcess": true}}}]});
        let sleep = |hook: &str, seconds: i64| json!({"lifecycle": {hook: {"sleep": {"seconds": seconds}}}});
        let resize = |policy: &str| json!({"resizePolicy": [{"resourceName": "cpu", "restartPolicy": policy}]});
        let claims = json!({"resources": {"claims": [{"name": "gpu"}]}});
        let rules = json!({"restartPolicyRules": [{"action": "Restart"}]});
        let device = json!({"volumeDevices": [{"name": "disk", "devicePath": "/dev/x"}]});
        let disk = |host_users: bool| json!({"hostUsers": host_users, "volumes": [{"name": "disk"}]});
        let file = json!({"env": [{"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "config"}}}]});
        let on_host = json!({"hostNetwork": true});
        let port = |number: u16, host: u16| json!({"ports": [{"containerPort": number, "hostPort": host}]});
        let of_job = |policy: &str| json!({"restartPolicy": policy});
        let universal_on_windows = "its strategy universal is for Linux, and this is a Windows Pod";
        let none_of_host = "the Pod has HostProcess containers, and it is none";
        let counted = "with strategy universal it ends once as planned, which a Job with restartPolicy: OnFailure counts as \
                       a failure; use native or auto";
        for (pod, container, rest, expected) in [
            (&json!({}), &security(json!({"runAsUser": 1})), &native, ""),
            (&windows, &security(json!({"runAsNonRoot": true})), &native, ""),
            (
                &windows,
                &security(json!({"runAsUser": 1, "capabilities": {"drop": ["ALL"]}})),
                &native,
                "its securityContext has capabilities, runAsUser, which Windows Pods cannot have",
            ),
            (
                &json!({"os": {"name": "linux"}}),
                &host_process(false),
                &native,
                "its securityContext has windowsOptions, which Linux Pods cannot have",
            ),
            (&windows, &json!({}), &universal, universal_on_windows),
            (&json!({"nodeSelector": {"kubernetes.io/os": "windows"}}), &json!({}), &universal, universal_on_windows),
            (&json!({"nodeSelector": {"kubernetes.io/os": "linux"}}), &json!({}), &universal, ""),
            (&of_job("OnFailure"), &json!({}), &universal, counted),
            (&of_job("OnFailure"), &json!({}), &native, ""),
            (&of_job("Never"), &json!({}), &universal, ""),
            (&host_process(true), &json!({}), &native, none_of_host),
            (&host_process(true), &host_process(true), &native, ""),
            (&all_host_process, &host_process(false), &native, none_of_host),
            (&all_host_process, &host_process(true), &native, ""),
            (&json!({}), &host_process(true), &native, "it is a HostProcess container, and the Pod has others"),
            (&json!({}), &claims, &native, "it uses resource claim \"gpu\", which the Pod does not have"),
            (&json!({"resourceClaims": [{"name": "gpu"}]}), &claims, &native, ""),
            (
                &json!({"terminationGracePeriodSeconds": 0}),
                &sleep("preStop", 5),
                &native,
                "its preStop sleeps for 5 s, and the Pod's grace period is 0 s",
            ),
            (&json!({}), &sleep("preStop", 30), &native, ""),
            (
                &json!({}),
                &sleep("postStart", 31),
                &native,
                "its postStart sleeps for 31 s, and the Pod's grace period is 30 s",
            ),
            (
                &of_job("Never"),
                &resize("RestartContainer"),
                &native,
                "its resizePolicy restarts it, and the Pod has restartPolicy: Never",
            ),
            (&of_job("Never"), &resize("NotRequired"), &native, ""),
            (&of_job("Always"), &resize("RestartContainer"), &native, ""),
            (&disk(false), &device, &native, "it has volumeDevices, and the Pod has hostUsers: false"),
            (&disk(true), &device, &native, ""),
            (
                &json!({}),
                &security(json!({"procMount": "Unmasked"})),
                &native,
                "its procMount: Unmasked needs a Pod with hostUsers: false",
            ),
            (&json!({"hostUsers": false}), &security(json!({"procMount": "Unmasked"})), &native, ""),
            (&json!({}), &device, &native, "it mounts volume \"disk\", which neither the Pod nor the injection has"),
            (&json!({}), &file, &native, "it mounts volume \"config\", which neither the Pod nor the injection has"),
            (
                &on_host,
                &port(80, 81),
                &legacy,
                "its hostPort 81 is not its containerPort 80, and the Pod has hostNetwork: true",
            ),
            (&on_host, &port(80, 81), &native, ""),
            (&on_host, &port(80, 80), &legacy, ""),
            (&json!({}), &port(80, 81), &legacy, ""),
            (&json!({}), &rules, &legacy, "in containers its restartPolicyRules would need a restartPolicy of its own"),
            (&json!({}), &rules, &native, ""),
        ] {
            let why = why_not(pod.clone(), container.clone(), rest.clone());
            assert_eq!(why, expected, "{pod} {container} {rest}");
        }
        let written =
            json!({"name": "vpn", "podSelector": {}, "container": {"image": "v", "restartPolicyRules": [{}]}});
        let by_version = |minor| refusals(json!({}), vec![written.clone()], Some(Version::new(1, minor)));
        assert_eq!(by_version(35), ["vpn: before Kubernetes 1.36, native sidecars cannot have restartPolicyRules"]);
        assert_eq!(by_version(36), [] as [&str; 0]);
    }

    #[test]
    fn ports_of_the_node_have_one_user() {
        let port = |port: Value| json!({"ports": [port]});
        let pod = |container: Value, list: &str, network: bool| {
            let mut own = container;
            own["name"] = json!("web");
            let mut pod = json!({"hostNetwork": network});
            pod[list] = json!([own]);
            pod
        };
        let taken = "container \"web\" has hostPort 80/TCP too";
        let http = port(json!({"containerPort": 8080, "hostPort": 80}));
        let plain = port(json!({"containerPort": 80}));
        let mut sidecar = http.clone();
        sidecar["restartPolicy"] = json!("Always");
        for (there, list, network, own, expected) in [
            (&http, "containers", false, &http, taken),
            (&sidecar, "initContainers", false, &http, taken),
            // What runs once is gone by then.
            (&http, "initContainers", false, &http, ""),
            (&http, "containers", false, &port(json!({"hostPort": 80, "protocol": "UDP"})), ""),
            (&http, "containers", false, &port(json!({"hostPort": 81})), ""),
            (&http, "containers", false, &port(json!({"hostPort": 80, "hostIP": "10.0.0.1"})), taken),
            (
                &port(json!({"hostPort": 80, "hostIP": "10.0.0.2"})),
                "containers",
                false,
                &port(json!({"hostPort": 80, "hostIP": "10.0.0.1"})),
                "",
            ),
            (&plain, "containers", false, &plain, ""),
            (&plain, "containers", true, &plain, taken),
        ] {
            for strategy in ["native", "legacy"] {
                let why = why_not(pod(there.clone(), list, network), own.clone(), json!({"strategy": strategy}));
                assert_eq!(why, expected, "{there} {list} {network} {own} {strategy}");
            }
        }
    }

    #[test]
    fn traffic_goes_where_it_went() {
        let web = json!({"ports": [{"name": "web", "containerPort": 8080}]});
        let named = |name: &str, native: bool| {
            let policy = native.then_some("Always");
            json!({"name": name, "ports": web["ports"], "restartPolicy": policy})
        };
        let proxy = json!({"initContainers": [named("proxy", true)]});
        let both = json!({"initContainers": [named("proxy", true)], "containers": [named("app", false)]});
        let once = json!({"initContainers": [named("setup", false)]});
        let behind = "Services would find its port \"web\" in place of that of \"proxy\"";
        for (pod, rest, expected) in [
            (&json!({}), json!({}), ""),
            (&proxy, json!({}), ""),
            (&proxy, json!({"first": true}), behind),
            (&proxy, json!({"strategy": "legacy"}), behind),
            (&both, json!({"first": true}), ""),
            (&both, json!({"strategy": "legacy"}), ""),
            (&once, json!({"first": true}), ""),
        ] {
            assert_eq!(why_not(pod.clone(), web.clone(), rest.clone()), expected, "{pod} {rest}");
        }
        let udp = json!({"ports": [{"name": "web", "containerPort": 8080, "protocol": "UDP"}]});
        assert_eq!(why_not(proxy, udp, json!({"first": true})), "");
    }

    #[test]
    fn what_the_pod_has_left_is_shared() {
        let pod = json!({
            "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}},
            "containers": [{"name": "app", "resources": {"requests": {"cpu": "700m"}}}],
        });
        let asks = |name: &str, cpu: &str| {
            let resources = json!({"requests": {"cpu": cpu}});
            json!({"name": name, "podSelector": {}, "container": {"image": "x", "resources": resources}})
        };
        let less = |name: &str, sum: &str| {
            format!("{name}: the Pod's cpu request of 1 is less than the {sum} that its containers would request")
        };
        assert_eq!(refusals(pod.clone(), vec![asks("a", "200m"), asks("b", "100m")], None), [] as [&str; 0]);
        // One after the other, as long as there is room.
        assert_eq!(
            refusals(pod.clone(), vec![asks("a", "400m"), asks("b", "200m"), asks("c", "200m")], None),
            [less("a", "1300m"), less("c", "1100m")]
        );
        let mut limited = asks("a", "100m");
        limited["container"]["resources"]["limits"] = json!({"cpu": 2});
        limited["strategy"] = json!("legacy");
        assert_eq!(refusals(pod, vec![limited], None), ["a: the Pod's cpu limit of 1 is less than its own of 2"]);
    }

    #[test]
    fn volumes_come_with_those_that_are_added() {
        let mounts = |name: &str, volume: &str| json!({"name": name, "podSelector": {}, "container": {"image": "x", "volumeMounts": [{"name": volume}]}});
        let brings = |mut injection: Value, volume: &str| {
            injection["volumes"] = json!([{"name": volume, "emptyDir": {}}]);
            injection
        };
        let plain = |name: &str| json!({"name": name, "podSelector": {}, "container": {"image": "x"}});
        let missing = |name: &str, volume: &str| {
            format!("{name}: it mounts volume {volume:?}, which neither the Pod nor the injection has")
        };
        let none: [&str; 0] = [];
        let pod = json!({"containers": [{"name": "app"}]});
        let said = |written: Vec<Value>| refusals(pod.clone(), written, None);
        // Whichever comes first.
        assert_eq!(said(vec![mounts("a", "v"), brings(plain("b"), "v")]), none);
        assert_eq!(said(vec![brings(plain("b"), "v"), mounts("a", "v")]), none);
        assert_eq!(said(vec![brings(mounts("a", "w"), "v"), brings(mounts("b", "v"), "w")]), none);
        // Who is not added takes its volumes with it.
        assert_eq!(
            said(vec![mounts("a", "v"), brings(mounts("b", "w"), "v"), brings(mounts("c", "u"), "w")]),
            [missing("a", "v"), missing("b", "w"), missing("c", "u")]
        );
        // What was in the way of another may be gone by then.
        let port = |mut injection: Value| {
            injection["container"]["ports"] = json!([{"hostPort": 80}]);
            injection
        };
        assert_eq!(
            said(vec![port(mounts("a", "v")), port(plain("b")), brings(mounts("c", "u"), "v")]),
            ["a: container \"b\" has hostPort 80/TCP too".to_owned(), missing("c", "u")]
        );
    }
}
