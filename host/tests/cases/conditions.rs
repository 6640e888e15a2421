//! The `matchConditions` of deploy/: where they keep the policy server from being called, the policy has nothing to say.
//!
//! An API server evaluates them on the object as it decoded it. An error counts as the policy's `failurePolicy`: it must not
//! happen.

use std::fs;
use std::path::Path;

use cel::{Context, Program, Value as CelValue};
use k8s_openapi::api::core::v1::Pod;
use native_sidecar::engine::host_calls::HostCalls;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Case, answer};

/// Settings that look for something in a Pod with one container: their policies can't have the condition that leaves it out.
const LOOK_AT_EVERY_POD: [&str; 5] = ["injections", "ownerLookup", "sidecarImages", "sidecarNames", "steer"];

/// A policy of deploy/ and its conditions.
struct Policy {
    name: String,
    settings: Value,
    conditions: Vec<Condition>,
}

/// A condition: its name, and what it says.
struct Condition {
    name: String,
    program: Program,
}

impl Condition {
    /// Whether it is so of this request; an error as text.
    fn holds(&self, request: &Value) -> Result<bool, String> {
        let mut context = Context::default();
        context.add_variable("request", request).unwrap();
        context.add_variable("object", &request["object"]).unwrap();
        context.add_variable("oldObject", &request["oldObject"]).unwrap();
        match self.program.execute(&context) {
            Ok(CelValue::Bool(holds)) => Ok(holds),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Policy {
    /// Whether the policy server is called for this request.
    fn is_called(&self, request: &Value) -> bool {
        let holds = |condition: &Condition| {
            condition.holds(request).unwrap_or_else(|error| panic!("{}: {}: {error}", self.name, condition.name))
        };
        self.conditions.iter().all(holds)
    }
}

/// The policies of deploy/, each named `FILE NAME`.
fn policies() -> Vec<Policy> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let files = ["audit.yaml", "context-aware.yaml", "enforce.yaml", "injection.yaml"];
    let mut policies = Vec::new();
    for file in files {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        for document in yaml::documents(&text) {
            let document = document.unwrap().value;
            if document["kind"] != "ClusterAdmissionPolicy" {
                continue;
            }
            let name = format!("{file} {}", document["metadata"]["name"].as_str().unwrap());
            let conditions = document["spec"]["matchConditions"].as_array().into_iter().flatten();
            let conditions = conditions.map(|condition| {
                let expression = condition["expression"].as_str().unwrap();
                let program = Program::compile(expression).unwrap_or_else(|error| panic!("{name}: {error}"));
                Condition { name: condition["name"].as_str().unwrap().to_owned(), program }
            });
            policies.push(Policy {
                conditions: conditions.collect(),
                settings: document["spec"]["settings"].clone(),
                name,
            });
        }
    }
    policies
}

/// Whether settings look for something in a Pod with one container.
fn look_at_every_pod(settings: &Value) -> bool {
    let settings = settings.as_object().unwrap();
    settings.iter().any(|(key, value)| LOOK_AT_EVERY_POD.iter().any(|word| key == word || value == word))
}

/// Returns the request as an API server knows it when it evaluates conditions: its objects are decoded, and a Pod always has a
/// spec. None where it would not call a webhook for it.
fn as_known(request: &Value) -> Option<Value> {
    let object = request.get("object").filter(|object| object.is_object())?;
    let old = request.get("oldObject").filter(|object| object.is_object());
    let is_write = request["operation"] == "CREATE" || request["operation"] == "UPDATE" && old.is_some();
    let has_subresource = request["subResource"].as_str().is_some_and(|name| !name.is_empty());
    if !is_write || has_subresource {
        return None;
    }
    let mut known = request.clone();
    if request["kind"]["kind"].as_str()? == "Pod" {
        let decoded = |object: &Value| Pod::deserialize(object).ok().filter(|pod| pod.spec.is_some());
        known["object"] = json!(decoded(object)?);
        if let Some(old) = old {
            known["oldObject"] = json!(decoded(old)?);
        }
    }
    Some(known)
}

/// Whether an answer lets the request pass as it is, and without a word. What can't be judged (400) no API server would store: it says
/// so itself.
fn is_silent(answer: &Value) -> bool {
    answer["code"] == 400
        || answer["accepted"] == true
            && answer.get("mutated_object").is_none()
            && answer.get("patch").is_none()
            && answer["warnings"].as_array().is_none_or(Vec::is_empty)
}

/// What the policy answers, natively.
fn judge(request: &Value, settings: &Value, host: &HostCalls) -> Value {
    let payload = json!({"request": request, "settings": settings}).to_string();
    serde_json::from_slice(&answer("validate", payload.as_bytes(), host)).unwrap()
}

/// A request, and what comes of it: each of its containers alone in the Pod, and an update of the object by itself.
fn variants(request: &Value) -> Vec<Value> {
    let mut variants = vec![request.clone()];
    if !request["object"].is_object() {
        return variants;
    }
    for container in request["object"]["spec"]["containers"].as_array().into_iter().flatten() {
        let mut alone = request.clone();
        alone["object"]["spec"]["containers"] = json!([container]);
        alone["object"]["spec"].as_object_mut().unwrap().shift_remove("initContainers");
        variants.push(alone);
    }
    let mut update = request.clone();
    update["operation"] = json!("UPDATE");
    update["oldObject"] = request["object"].clone();
    variants.push(update);
    variants
}

#[test]
fn what_is_kept_from_the_policies_is_nothing_to_them() {
    let policies = policies();
    let mut kept = 0;
    for case in Case::all() {
        let Some(request) = &case.request else { continue };
        for request in variants(request) {
            let Some(known) = as_known(&request) else { continue };
            for policy in policies.iter().filter(|policy| !policy.is_called(&known)) {
                let answer = judge(&request, &policy.settings, &HostCalls::default());
                assert!(is_silent(&answer), "{}: {} would have said {answer}", case.name, policy.name);
                kept += 1;
            }
        }
    }
    assert!(kept > 1000, "only {kept} requests were kept from a policy");
}

/// The conditions fit other settings too, but for those of [`LOOK_AT_EVERY_POD`].
#[test]
fn what_is_kept_from_the_policies_is_nothing_to_most_settings() {
    let policies = policies();
    let named = |name: &str| policies.iter().find(|policy| policy.name == name).unwrap();
    let (all, every_pod) = (named("enforce.yaml native-sidecars"), named("context-aware.yaml native-sidecars"));
    let mut kept = 0;
    for case in Case::all() {
        let Some(request) = &case.request else { continue };
        let check = answer("validate_settings", case.settings.to_string().as_bytes(), &HostCalls::default());
        if serde_json::from_slice::<Value>(&check).unwrap()["valid"] == false {
            continue;
        }
        let policy = if look_at_every_pod(&case.settings) { every_pod } else { all };
        for request in variants(request) {
            if as_known(&request).is_some_and(|known| !policy.is_called(&known)) {
                let answer = judge(&request, &case.settings, &HostCalls::default());
                assert!(is_silent(&answer), "{}: {answer}", case.name);
                kept += 1;
            }
        }
    }
    assert!(kept > 300, "only {kept} requests were kept from the policy");
}

#[test]
fn policies_have_the_conditions_that_their_settings_allow() {
    for policy in policies() {
        let names: Vec<_> = policy.conditions.iter().map(|condition| condition.name.as_str()).collect();
        let expected: &[&str] = match (policy.settings.get("injections"), look_at_every_pod(&policy.settings)) {
            (Some(_), _) => &[],
            (None, true) => &["the-spec-changes"],
            (None, false) => &["the-spec-changes", "not-just-a-container"],
        };
        assert_eq!(names, expected, "{}", policy.name);
    }
}

/// A request to create a Pod, as an API server sends it: `containers` is always there, and may be null.
fn pod(metadata: &Value, spec: &Value) -> Value {
    request("Pod", "CREATE", &json!({"metadata": metadata, "spec": spec}), &Value::Null)
}

fn request(kind: &str, operation: &str, object: &Value, old: &Value) -> Value {
    json!({"uid": "u", "kind": {"group": "", "version": "v1", "kind": kind}, "operation": operation, "name": "p",
        "namespace": "shop", "userInfo": {}, "object": object, "oldObject": old})
}

#[test]
fn what_the_policies_are_called_for() {
    let app = json!({"name": "app", "image": "app"});
    let proxy = json!({"name": "cloud-sql-proxy", "image": "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2"});
    let always = json!({"name": "app", "image": "app", "restartPolicy": "Always"});
    let declared = json!({"annotations": {"sidecars.kubewarden.io/native": "app"}});
    let (one, two) = (json!({"containers": [&app]}), json!({"containers": [&app, &proxy]}));
    let with_init = json!({"containers": [&app], "initContainers": [&proxy]});
    let object = |spec: &Value| json!({"metadata": {}, "spec": spec});
    let labelled = |spec: &Value| json!({"metadata": {"labels": {"a": "b"}, "annotations": {"a": "b"}}, "spec": spec});
    let workload =
        |template: &Value, replicas: u8| object(&json!({"replicas": replicas, "template": object(template)}));
    // Whether a policy with both conditions is called, and one with the first alone.
    let table = [
        ("one container", pod(&json!({}), &one), false, true),
        ("annotations", pod(&json!({"annotations": {"a": "b"}}), &one), false, true),
        ("a known sidecar alone", pod(&json!({}), &json!({"containers": [&proxy]})), false, true),
        ("a declaration", pod(&declared, &one), true, true),
        ("its own restartPolicy", pod(&json!({}), &json!({"containers": [&always]})), true, true),
        ("two containers", pod(&json!({}), &two), true, true),
        ("an init container", pod(&json!({}), &with_init), true, true),
        ("no containers", pod(&json!({}), &json!({"containers": []})), true, true),
        ("null", pod(&json!({}), &json!({"containers": null})), true, true),
        ("nothing", pod(&json!({}), &json!({})), true, true),
        ("labels on a Pod", request("Pod", "UPDATE", &labelled(&with_init), &object(&with_init)), false, false),
        ("a Pod that changes", request("Pod", "UPDATE", &object(&with_init), &object(&two)), true, true),
        ("a workload", request("Deployment", "CREATE", &workload(&one, 1), &Value::Null), true, true),
        ("a status", request("Deployment", "UPDATE", &labelled(&one), &object(&one)), false, false),
        ("a scale", request("Deployment", "UPDATE", &workload(&two, 2), &workload(&two, 1)), true, true),
        ("a template", request("Deployment", "UPDATE", &workload(&two, 1), &workload(&one, 1)), true, true),
        ("no spec", request("PodTemplate", "UPDATE", &json!({"template": one}), &json!({"template": one})), true, true),
    ];
    for policy in policies() {
        for (what, request, both, first) in &table {
            let expected = match policy.conditions.len() {
                0 => true,
                1 => *first,
                _ => *both,
            };
            assert_eq!(policy.is_called(request), expected, "{}: {what}", policy.name);
        }
    }
}
