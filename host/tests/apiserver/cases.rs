//! What the policy makes of the objects of tests/cases is valid wherever they were, and comes back as it was meant.

use std::collections::{BTreeMap, BTreeSet};

use native_sidecar::cluster::connection::Failure;
use serde_json::{Value, json};

use crate::server::Cluster;
use crate::support::Case;

/// An object that the policy changed.
struct Changed {
    case: String,
    namespace: String,
    /// Where such objects are created.
    path: String,
    before: Value,
    after: Value,
}

impl Changed {
    fn of(case: &Case) -> Option<Self> {
        let request = case.request.as_ref()?;
        let mut answer: Value = serde_json::from_slice(&case.answer()).unwrap();
        let after = answer.get_mut("mutated_object")?.take();
        let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (group, version, resource) =
            (text("/resource/group"), text("/resource/version"), text("/resource/resource"));
        let namespace = Some(text("/namespace")).filter(|name| !name.is_empty()).unwrap_or("default").to_owned();
        let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        Some(Self {
            case: case.name.clone(),
            path: format!("{root}/namespaces/{namespace}/{resource}"),
            before: complete(request["object"].clone(), &namespace),
            after: complete(after, &namespace),
            namespace,
        })
    }

    fn service_account(&self) -> Option<&str> {
        template(&self.before)["spec"]["serviceAccountName"].as_str()
    }
}

/// The Pod template of an object.
fn template(object: &Value) -> &Value {
    let paths = ["/spec/jobTemplate/spec/template", "/spec/template", "/template"];
    paths.iter().find_map(|path| object.pointer(path)).unwrap_or(object)
}

/// An object with what an API server asks for and has nothing to do with sidecars, and without what only a stored one has.
fn complete(mut object: Value, namespace: &str) -> Value {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    object.as_object_mut().unwrap().shift_remove("status");
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata
        .retain(|name, _| !["resourceVersion", "uid", "managedFields", "creationTimestamp"].contains(&name.as_str()));
    metadata.insert("namespace".to_owned(), namespace.into());
    if !metadata.contains_key("name") && !metadata.contains_key("generateName") {
        metadata.insert("name".to_owned(), "case".into());
    }
    let is_controller = ["Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"].contains(&kind.as_str());
    if kind == "CronJob" && object["spec"]["schedule"].is_null() {
        object["spec"]["schedule"] = json!("17 5 * * *");
    }
    let path = match kind.as_str() {
        "Pod" => "",
        "PodTemplate" => "/template",
        "CronJob" => "/spec/jobTemplate/spec/template",
        _ => "/spec/template",
    };
    if is_controller && object["spec"]["selector"].is_null() {
        object["spec"]["selector"] = json!({"matchLabels": {"case": "case"}});
        object["spec"]["template"]["metadata"]["labels"]["case"] = json!("case");
    }
    let Some(template) = object.pointer_mut(path) else { return object };
    let completes = ["Job", "CronJob"].contains(&kind.as_str());
    if completes && template["spec"]["restartPolicy"].is_null() {
        template["spec"]["restartPolicy"] = json!("Never");
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in template["spec"][list].as_array_mut().into_iter().flatten() {
            if container.is_object() && container["image"].is_null() {
                container["image"] = json!("registry.example.com/image:1");
            }
        }
    }
    object
}

/// The first path at which something is not as it was meant; None where all is. The server adds defaults, and volumes behind
/// those of the Pod.
fn differs(path: &str, meant: &Value, found: &Value) -> Option<String> {
    let is_nothing = match meant {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        // A port of the node that is none.
        Value::Number(number) => path.ends_with(".hostPort") && number.as_i64() == Some(0),
        Value::Bool(_) => false,
    };
    match (meant, found) {
        _ if is_nothing => None,
        // The server writes amounts in its own way.
        (_, Value::String(_)) if path.contains(".requests.") || path.contains(".limits.") => None,
        // It drops what it does not know, as fields of a future version.
        (Value::Object(meant), Value::Object(found)) => {
            meant.iter().filter(|(name, _)| !is_made_up(name)).find_map(|(name, meant)| {
                differs(&format!("{path}.{name}"), meant, found.get(name).unwrap_or(&Value::Null))
            })
        }
        (Value::Array(meant), Value::Array(found)) => {
            let is_closed = path.ends_with("ontainers");
            if meant.len() > found.len() || (is_closed && meant.len() < found.len()) {
                return Some(format!("{path}: {} items, and not {}", found.len(), meant.len()));
            }
            let mut pairs = meant.iter().zip(found).enumerate();
            pairs.find_map(|(index, (meant, found))| differs(&format!("{path}[{index}]"), meant, found))
        }
        _ => (meant != found).then(|| format!("{path}: {found}, and not {meant}")),
    }
}

/// Whether a field is one that only the cases know: `futureMeta`, `schedulingGatesV9`.
fn is_made_up(name: &str) -> bool {
    name.starts_with("future") || name.ends_with(['7', '8', '9'])
}

/// A refusal without what it names: what it is about.
fn reason(failure: &Failure) -> String {
    failure.message.split(" is invalid: ").nth(1).unwrap_or(&failure.message).chars().take(160).collect()
}

#[test]
#[ignore = "needs KUBEBUILDER_ASSETS"]
fn what_is_changed_stays_valid_and_comes_back_as_it_was_meant() {
    let changed: Vec<Changed> = Case::all().iter().filter_map(Changed::of).collect();
    let cluster = Cluster::start("other");
    let namespaces: BTreeSet<&str> = changed.iter().map(|changed| changed.namespace.as_str()).collect();
    let accounts: BTreeSet<(&str, &str)> = changed
        .iter()
        .flat_map(|changed| [Some("default"), changed.service_account()].map(|name| (changed.namespace.as_str(), name)))
        .filter_map(|(namespace, name)| Some((namespace, name?)))
        .collect();
    // The server makes its own.
    let is_own = |name: &&str| *name == "default" || name.starts_with("kube-");
    let namespaces = namespaces
        .into_iter()
        .filter(|name| !is_own(name))
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
    let accounts = accounts.into_iter().map(|(namespace, name)| {
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": namespace, "name": name}})
    });
    cluster.create(&namespaces.chain(accounts).collect::<Vec<_>>());

    let connection = cluster.connection();
    let sent = |object: fn(&Changed) -> &Value| {
        let objects: Vec<(String, Value)> =
            changed.iter().map(|changed| (changed.path.clone(), object(changed).clone())).collect();
        connection.dry_run(&objects)
    };
    let (before, after) = (sent(|changed| &changed.before), sent(|changed| &changed.after));
    let (mut same, mut refused, mut mended) = (0, BTreeMap::<String, Vec<&str>>::new(), 0);
    let mut failures = Vec::new();
    for ((changed, before), after) in changed.iter().zip(before).zip(after) {
        match (before, after) {
            (Err(failure), Err(_)) => refused.entry(reason(&failure)).or_default().push(&changed.case),
            (Ok(_), Err(failure)) => failures.push(format!("{}: {failure}", changed.case)),
            (before, Ok(found)) => {
                mended += usize::from(before.is_err());
                match differs("", &changed.after, &found) {
                    Some(difference) => failures.push(format!("{}{difference}", changed.case)),
                    None => same += 1,
                }
            }
        }
    }
    let count: usize = refused.values().map(Vec::len).sum();
    println!(
        "{} cases change an object: {same} are valid and come back as meant, {mended} of them were refused before;",
        changed.len()
    );
    println!("{count} are refused before and after:");
    for (reason, cases) in &refused {
        println!("  {reason}: {}", cases.join(", "));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
