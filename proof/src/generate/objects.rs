//! Objects of all kinds with Pod templates.

use serde_json::{Map, Value, json};

use crate::generate::source::Source;
use crate::generate::specs;
use crate::generate::values;
use crate::generate::words::{ANNOTATIONS, LABELS, RUN_ONCE};
use crate::lossless::DECLARATION;

/// The ways to the Pod templates of a kind.
pub type Paths = &'static [&'static [&'static str]];

const IN_SPEC: Paths = &[&["spec", "template"]];

/// The kinds: Kubernetes' own, and others that the setting `podTemplates` tells of. Pods come most.
const KINDS: [(&str, &str, Paths); 20] = [
    ("Pod", "", &[&[]]),
    ("Pod", "", &[&[]]),
    ("Pod", "", &[&[]]),
    ("Pod", "", &[&[]]),
    ("Pod", "", &[&[]]),
    ("Pod", "", &[&[]]),
    ("Pod", "", &[&[]]),
    ("Pod", "", &[&[]]),
    ("Pod", "", &[&[]]),
    ("Deployment", "apps", IN_SPEC),
    ("ReplicaSet", "apps", IN_SPEC),
    ("StatefulSet", "apps", IN_SPEC),
    ("DaemonSet", "apps", IN_SPEC),
    ("Job", "batch", IN_SPEC),
    ("CronJob", "batch", &[&["spec", "jobTemplate", "spec", "template"]]),
    ("ReplicationController", "", IN_SPEC),
    ("PodTemplate", "", &[&["template"]]),
    ("Rollout", "argoproj.io", IN_SPEC),
    ("Flow", "example.com", &[&["spec", "first"], &["spec", "second"]]),
    ("Service", "", &[]),
];

/// The entries of `podTemplates` for kinds that are not Kubernetes' own.
pub const POD_TEMPLATES: [(&str, &str); 2] =
    [("Rollout", "argoproj.io/Rollout=$.spec.template"), ("Flow", "example.com/Flow=$.spec[*]")];

/// A kind, its group, and where it has its templates.
pub fn kind(source: &mut Source) -> (&'static str, &'static str, Paths) {
    source.pick(&KINDS)
}

/// An object of this kind.
pub fn object(source: &mut Source, kind: &str, paths: Paths) -> Value {
    let is_of_job = kind.ends_with("Job");
    let mut object = json!({"apiVersion": "v1", "kind": kind});
    if !source.chance(1, 30) {
        object["metadata"] = metadata(source);
    }
    for path in paths {
        let spec = specs::spec(source, kind);
        if path.is_empty() {
            annotate(source, &mut object, &spec);
            object["spec"] = spec;
            continue;
        }
        let mut template = json!({});
        if !source.chance(1, 6) {
            template["metadata"] = json!({"labels": labels(source)});
            annotate(source, &mut template, &spec);
        }
        template["spec"] = spec;
        let place = path.iter().fold(&mut object, |place, name| &mut place[*name]);
        *place = template;
        if is_of_job {
            let job = path[..path.len() - 1].iter().fold(&mut object, |place, name| &mut place[*name]);
            failure_policy(source, job);
        }
    }
    if kind == "Service" {
        object["spec"] = json!({"selector": {"app": "shop"}});
    }
    values::unknown(source, &mut object);
    if source.chance(1, 10) {
        apply(source, &mut object, paths);
    }
    if source.chance(1, 6) {
        manage(source, &mut object, paths);
    }
    object
}

fn labels(source: &mut Source) -> Value {
    let labels = source.some(&LABELS);
    labels.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn metadata(source: &mut Source) -> Value {
    let mut metadata = json!({});
    let (name, value) = source.pick(&[("name", "shop"), ("generateName", "shop-"), ("name", "fluent-bit")]);
    metadata[name] = json!(value);
    if source.chance(2, 3) {
        metadata["namespace"] = json!("shop");
    }
    if source.chance(1, 2) {
        metadata["labels"] = labels(source);
    }
    if source.chance(1, 4) {
        let (kind, version) = source.pick(&[
            ("ReplicaSet", "apps/v1"),
            ("DaemonSet", "apps/v1"),
            ("Job", "batch/v1"),
            ("Alertmanager", "m/v1"),
        ]);
        metadata["ownerReferences"] =
            json!([{"apiVersion": version, "kind": kind, "name": "shop-1", "uid": "u", "controller": true}]);
    }
    values::unknown(source, &mut metadata);
    metadata
}

/// The names in a list of this spec, but for those that run once.
fn names(spec: &Value, list: &str) -> Vec<String> {
    let containers = spec[list].as_array().into_iter().flatten();
    let names = containers.filter_map(|container| container["name"].as_str());
    names.filter(|name| !RUN_ONCE.iter().any(|(known, _)| known == name)).map(str::to_owned).collect()
}

fn annotate(source: &mut Source, template: &mut Value, spec: &Value) {
    if template.get("metadata").is_none() || !source.chance(1, 2) {
        return;
    }
    let of = source.below(4) + 1;
    let mut annotations: Map<String, Value> = Map::new();
    for (name, value) in ANNOTATIONS {
        if source.chance(1, 5 * of) {
            annotations.insert(name.to_owned(), json!(value));
        }
    }
    if source.chance(1, 4) {
        let inits = names(spec, "initContainers");
        let regular = if source.chance(1, 3) { names(spec, "containers") } else { Vec::new() };
        let declared = source.some(&[inits, regular].concat()).join(source.pick(&[",", ", "]));
        annotations.insert(DECLARATION.to_owned(), json!(declared));
    }
    template["metadata"]["annotations"] = if source.chance(1, 40) { Value::Null } else { annotations.into() };
}

fn failure_policy(source: &mut Source, job: &mut Value) {
    if job["template"]["spec"]["restartPolicy"] == "Never" && source.chance(1, 2) {
        let mut codes = json!({"operator": source.pick(&["In", "NotIn"]), "values": [1, 137]});
        let names = names(&job["template"]["spec"], "containers");
        if !names.is_empty() && source.chance(1, 2) {
            codes["containerName"] = json!(source.pick(&names));
        }
        job["podFailurePolicy"] = json!({"rules": [{"action": "FailJob", "onExitCodes": codes}]});
    }
}

fn template<'o>(object: &'o mut Value, path: &[&str]) -> Option<&'o mut Value> {
    object.pointer_mut(&path.iter().map(|name| format!("/{name}")).collect::<String>())
}

/// The init containers of a template, but for those that run once.
fn inits<'o>(object: &'o mut Value, path: &[&str]) -> Vec<&'o mut Value> {
    let list = template(object, path).and_then(|template| template.pointer_mut("/spec/initContainers"));
    let list = list.and_then(Value::as_array_mut).into_iter().flatten();
    list.filter(|init| init.is_object() && !RUN_ONCE.iter().any(|(known, _)| init["name"] == *known)).collect()
}

/// Makes some init containers of an object native that are not, or the other way round.
fn changed(source: &mut Source, object: &Value, paths: Paths, is_native: bool) -> Value {
    let mut object = object.clone();
    for path in paths {
        for init in inits(&mut object, path) {
            let members = init.as_object_mut().filter(|_| source.chance(1, 2));
            if let Some(members) = members {
                match is_native {
                    true => drop(members.insert("restartPolicy".to_owned(), json!("Always"))),
                    false => drop(members.shift_remove("restartPolicy")),
                }
            }
        }
    }
    object
}

/// Writes down what was applied: some init containers are native there.
fn apply(source: &mut Source, object: &mut Value, paths: Paths) {
    let applied = changed(source, object, paths, true);
    let key = "kubectl.kubernetes.io/last-applied-configuration";
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        let annotations = metadata.entry("annotations").or_insert(Value::Null);
        if annotations.is_null() {
            *annotations = json!({});
        }
        annotations[key] = json!(applied.to_string());
    }
}

/// Writes down who set which field.
fn manage(source: &mut Source, object: &mut Value, paths: Paths) {
    let Some(path) = paths.first() else { return };
    let mut containers = Map::new();
    for init in inits(object, path) {
        let set =
            if source.chance(1, 2) { json!({"f:image": {}, "f:restartPolicy": {}}) } else { json!({"f:image": {}}) };
        containers.insert(format!("k:{}", json!({"name": init["name"]})), set);
    }
    let mut fields = json!({});
    let place = path.iter().fold(&mut fields, |place, name| &mut place[format!("f:{name}")]);
    *place = json!({"f:spec": {"f:initContainers": containers, "f:containers": {}}});
    if object["metadata"].is_object() {
        object["metadata"]["managedFields"] = json!([{"manager": "kubectl", "fieldsV1": fields}]);
    }
}

/// The object that an update replaces.
pub fn before(source: &mut Source, object: &Value, paths: Paths) -> Value {
    let is_native = source.chance(2, 3);
    let mut old = changed(source, object, paths, is_native);
    if source.chance(1, 6) {
        old["metadata"]["labels"] = json!({"old": "label"});
    }
    old
}
