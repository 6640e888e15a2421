//! Specs of Pods.

use serde_json::{Value, json};

use crate::generate::containers::{self, Shared};
use crate::generate::source::Source;
use crate::generate::values;
use crate::generate::words::{MAIN, RUN_ONCE, SIDECARS, texts};
use crate::schema::Schema;

/// Members that are left to the code here.
const MADE: [&str; 19] = [
    "volumes",
    "resourceClaims",
    "initContainers",
    "containers",
    "ephemeralContainers",
    "restartPolicy",
    "hostNetwork",
    "hostUsers",
    "os",
    "resources",
    "affinity",
    "nodeSelector",
    "nodeName",
    "tolerations",
    "schedulerName",
    "terminationGracePeriodSeconds",
    "securityContext",
    "hostPID",
    "hostIPC",
];

/// A spec of a Pod in an object of this kind.
pub fn spec(source: &mut Source, kind: &str) -> Value {
    let shared = Shared { volumes: volumes(source), claims: claims(source) };
    let (inits, regular) = lists(source, &shared);
    let mut spec = json!({});
    let mut put = |name: &str, list: &[Value], is_there: bool| {
        if !list.is_empty() || is_there {
            spec[name] = json!(list);
        }
    };
    put("volumes", &shared.volumes, false);
    put("resourceClaims", &shared.claims, false);
    // Both orders are written.
    if source.chance(1, 2) {
        put("initContainers", &inits, false);
        put("containers", &regular, true);
    } else {
        put("containers", &regular, true);
        let is_there = source.chance(1, 20);
        put("initContainers", &inits, is_there);
    }
    if kind.ends_with("Job") {
        spec["restartPolicy"] = json!(source.pick(&["Never", "OnFailure"]));
    } else if source.chance(1, 4) {
        let policies: &[_] = if kind == "Pod" { &["Always", "Never", "OnFailure"] } else { &["Always"] };
        spec["restartPolicy"] = json!(source.pick(policies));
    }
    around(source, &mut spec);
    if let Some(schema) = Schema::of("PodSpec") {
        values::others(source, &schema, &mut spec, &MADE);
    }
    spec
}

fn lists(source: &mut Source, shared: &Shared) -> (Vec<Value>, Vec<Value>) {
    let (mut inits, mut regular, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let mut add = |source: &mut Source, list: &mut Vec<Value>, of: &[(&'static str, &str)], is_init: bool| {
        let (name, image) = source.pick(of);
        // Twice the same name is an error, and is looked at all the same.
        if names.contains(&name) && !source.chance(1, 40) {
            return;
        }
        names.push(name);
        let is_native = is_init && source.chance(1, 2) && !RUN_ONCE.iter().any(|(known, _)| *known == name);
        let image = if source.chance(1, 20) { source.pick(texts("image")) } else { image };
        let mut container = containers::container(source, name, image, !is_init || is_native, shared);
        let policy = match (is_init, source.below(40)) {
            (true, 0) | (false, 0..=3) => Some(source.pick(&["Never", "OnFailure", "Always"])),
            _ if is_native => Some("Always"),
            (false, 4..=6) => Some("Always"),
            (true, 1) => None,
            _ => None,
        };
        if let Some(policy) = policy {
            container["restartPolicy"] = json!(policy);
        } else if source.chance(1, 40) {
            container["restartPolicy"] = Value::Null;
        }
        if source.chance(1, 25) {
            let codes = json!({"operator": "In", "values": [1]});
            container["restartPolicyRules"] = json!([{"action": "Restart", "exitCodes": codes}]);
        }
        list.push(container);
    };
    let inits_wanted = source.below(4);
    for _ in 0..inits_wanted {
        let of: &[_] = if source.chance(1, 2) { &SIDECARS } else { &RUN_ONCE };
        add(source, &mut inits, of, true);
    }
    if !source.chance(1, 8) {
        add(source, &mut regular, &MAIN, false);
    }
    let more = source.below(4);
    for _ in 0..more {
        let of: &[_] = if source.chance(3, 4) { &SIDECARS } else { &MAIN };
        add(source, &mut regular, of, false);
    }
    if regular.is_empty() && !source.chance(1, 10) {
        add(source, &mut regular, &MAIN, false);
    }
    let turned = source.below(regular.len().max(1));
    regular.rotate_left(turned);
    (inits, regular)
}

fn volumes(source: &mut Source) -> Vec<Value> {
    source.some(&[
        json!({"name": "data", "emptyDir": {}}),
        json!({"name": "shared", "emptyDir": {"medium": "Memory"}}),
        json!({"name": "config", "configMap": {"name": "c"}}),
        json!({"name": "disk", "persistentVolumeClaim": {"claimName": "claim-a"}}),
        json!({"name": "disk-again", "persistentVolumeClaim": {"claimName": "claim-a", "readOnly": true}}),
        json!({"name": "host", "hostPath": {"path": "/var/log"}}),
        json!({"name": "vpn-state", "emptyDir": {}}),
    ])
}

fn claims(source: &mut Source) -> Vec<Value> {
    let claims = [
        json!({"name": "gpu", "resourceClaimName": "gpu"}),
        json!({"name": "fpga", "resourceClaimTemplateName": "fpga"}),
    ];
    if source.chance(1, 10) { source.some(&claims) } else { Vec::new() }
}

fn around(source: &mut Source, spec: &mut Value) {
    let affinity = |terms: Value| json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}});
    let table = [
        (12, "hostNetwork", json!(true)),
        (25, "hostUsers", json!(false)),
        (25, "os", source.pick(&[json!({"name": "linux"}), json!({"name": "windows"})])),
        (15, "schedulerName", source.pick(&[json!("default-scheduler"), json!("volcano")])),
        (10, "terminationGracePeriodSeconds", source.pick(&[json!(30), json!(0), json!(5)])),
        (
            20,
            "securityContext",
            source.pick(&[json!({"runAsUser": 1}), json!({"windowsOptions": {"hostProcess": true}})]),
        ),
        (20, "nodeName", json!(source.pick(texts("nodeName")))),
        (15, "nodeSelector", json!({"kubernetes.io/os": source.pick(&["linux", "windows"])})),
        (15, "tolerations", json!([{"operator": "Exists"}])),
        (
            15,
            "affinity",
            affinity(json!([{"matchExpressions": [{"key": "example.com/sidecars", "operator": "Exists"}]}, {}])),
        ),
        (40, "affinity", affinity(json!(null))),
        (40, "affinity", json!({"nodeAffinity": null})),
        (40, "affinity", affinity(json!([]))),
        (40, "hostPID", json!(true)),
        (40, "containers", json!(null)),
        (40, "initContainers", json!(null)),
        (40, "volumes", json!(null)),
    ];
    for (of, name, value) in table {
        if source.chance(1, of) {
            spec[name] = value;
        }
    }
    if source.chance(1, 8) {
        let mut resources = json!({});
        for field in ["requests", "limits"] {
            for name in ["cpu", "memory"] {
                if source.chance(1, 2) {
                    resources[field][name] = json!(source.pick(&["1", "2Gi", "2", "500m"]));
                }
            }
        }
        spec["resources"] = resources;
    }
}
