//! Containers, as people and injectors write them.

use serde_json::{Value, json};

use crate::generate::source::Source;
use crate::generate::values;
use crate::generate::words::{AMOUNTS, COMMANDS};
use crate::schema::Schema;

/// What is there for a container to use.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// The volumes of the Pod.
    pub volumes: Vec<Value>,
    /// The resource claims of the Pod.
    pub claims: Vec<Value>,
}

/// Members that are left to the code here.
const MADE: [&str; 17] = [
    "name",
    "image",
    "restartPolicy",
    "restartPolicyRules",
    "ports",
    "lifecycle",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "resources",
    "resizePolicy",
    "volumeMounts",
    "volumeDevices",
    "env",
    "command",
    "args",
    "securityContext",
];

/// A container with this name and image. `may_last` is whether it may have what only lasting containers have.
pub fn container(source: &mut Source, name: &str, image: &str, may_last: bool, shared: &Shared) -> Value {
    let mut container = json!({"name": name, "image": image});
    if source.chance(1, 3) {
        container["command"] = json!(source.pick(&COMMANDS));
    }
    if source.chance(1, 5) {
        container["args"] = json!(source.pick(&COMMANDS));
    }
    if source.chance(1, 4) {
        container["env"] = env(source, shared);
    }
    if source.chance(1, 3) {
        container["ports"] = ports(source);
    }
    // A stray probe makes an init container invalid; it is a clue all the same.
    let may_last = may_last || source.chance(1, 12);
    if may_last {
        lasting(source, &mut container);
    }
    if source.chance(1, 2) {
        container["resources"] = resources(source, shared);
    }
    if source.chance(1, 15) {
        let policy = if may_last { source.pick(&["NotRequired", "RestartContainer"]) } else { "NotRequired" };
        container["resizePolicy"] = json!([{"resourceName": "cpu", "restartPolicy": policy}]);
    }
    uses_volumes(source, &mut container, shared);
    if source.chance(1, 6) {
        container["securityContext"] = security_context(source);
    }
    if let Some(schema) = Schema::of("Container") {
        values::others(source, &schema, &mut container, &MADE);
    }
    container
}

fn env(source: &mut Source, shared: &Shared) -> Value {
    let mut variables = vec![
        json!({"name": "LOG", "value": "debug"}),
        json!({"name": "GITSYNC_ONE_TIME", "value": "true"}),
        json!({"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}),
    ];
    for volume in shared.volumes.iter().filter(|volume| volume["emptyDir"].is_object()) {
        let reference = json!({"volumeName": volume["name"], "path": "env", "key": "A"});
        variables.push(json!({"name": "A", "valueFrom": {"fileKeyRef": reference}}));
    }
    source.some(&variables).into()
}

fn ports(source: &mut Source) -> Value {
    let count = 1 + source.below(2);
    let port = |_| {
        let mut port = json!({"containerPort": source.pick(&[8080, 80, 9090, 443])});
        if source.chance(1, 2) {
            port["name"] = json!(source.pick(&["http", "metrics", "admin", ""]));
        }
        if source.chance(1, 5) {
            port["hostPort"] = json!(source.pick(&[0, 8080, 80]));
        }
        if source.chance(1, 5) {
            port["protocol"] = json!(source.pick(&["UDP", "TCP", "SCTP"]));
        }
        if source.chance(1, 12) {
            port["hostIP"] = json!(source.pick(&["10.0.0.1", "0.0.0.0"]));
        }
        port
    };
    (0..count).map(port).collect()
}

fn lasting(source: &mut Source, container: &mut Value) {
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        if source.chance(1, 6) {
            let mut asked = handler(source);
            asked["periodSeconds"] = json!(5);
            container[probe] = asked;
        }
    }
    if source.chance(1, 6) {
        let hook = source.pick(&["preStop", "postStart"]);
        let action = match source.below(4) {
            0 => json!({"sleep": {"seconds": source.pick(&[5, 30, 0, 31])}}),
            1 => json!({"exec": {"command": ["sleep", source.pick(&["20", "5s", "x"])]}}),
            2 => json!({"exec": {"command": ["sh", "-c", "sleep 5"]}}),
            _ => handler(source),
        };
        container["lifecycle"] = json!({hook: action});
    }
}

fn handler(source: &mut Source) -> Value {
    let port = source.pick(&[json!(8080), json!("http"), json!(80), json!(9090), json!("metrics")]);
    match source.below(4) {
        0 => json!({"exec": {"command": ["/ready"]}}),
        1 => json!({"httpGet": {"port": port, "path": "/"}}),
        2 => json!({"httpGet": {"port": port, "host": source.pick(&["localhost", "10.0.0.1"])}}),
        _ => json!({"tcpSocket": {"port": port}}),
    }
}

/// The `resources` of a container.
pub fn resources(source: &mut Source, shared: &Shared) -> Value {
    let mut resources = json!({});
    for field in ["requests", "limits"] {
        for name in ["cpu", "memory"] {
            if source.chance(1, 2) {
                let amount = if field == "limits" { "2Gi" } else { source.pick(&AMOUNTS) };
                resources[field][name] = json!(amount);
            }
        }
    }
    if source.chance(1, 20) {
        resources["limits"]["hugepages-2Mi"] = json!("4Mi");
    }
    if source.chance(1, 8) {
        let known: Vec<_> = shared.claims.iter().map(|claim| json!({"name": claim["name"]})).collect();
        if !known.is_empty() || source.chance(1, 8) {
            let gpu = [json!({"name": "gpu"})];
            resources["claims"] = json!([source.pick(if known.is_empty() { &gpu } else { &known })]);
        }
    }
    resources
}

fn uses_volumes(source: &mut Source, container: &mut Value, shared: &Shared) {
    let (mut mounts, mut devices) = (Vec::new(), Vec::new());
    for volume in source.some(&shared.volumes) {
        let name = volume["name"].as_str().unwrap_or_default();
        if volume["persistentVolumeClaim"].is_object() && source.chance(1, 4) {
            devices.push(json!({"name": name, "devicePath": format!("/dev/{name}")}));
            continue;
        }
        let mut mount = json!({"name": name, "mountPath": format!("/{name}")});
        if source.chance(1, 4) {
            mount["readOnly"] = json!(true);
        }
        mounts.push(mount);
    }
    if !mounts.is_empty() {
        container["volumeMounts"] = json!(mounts);
    }
    if !devices.is_empty() {
        container["volumeDevices"] = json!(devices);
    }
}

fn security_context(source: &mut Source) -> Value {
    let most = [
        json!({"runAsUser": 1000}),
        json!({"capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": false}),
        json!({"windowsOptions": {"runAsUserName": "ContainerUser"}}),
        json!({}),
    ];
    let few = [json!({"windowsOptions": {"hostProcess": true}}), json!({"procMount": "Unmasked"})];
    let is_rare = source.chance(1, 10);
    source.pick(if is_rare { &few } else { &most[..] })
}
