//! The view of a Pod, held to the types of Kubernetes on many Pods: it reads what they can read, with the same in every field.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{self, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use k8s_openapi::schemars::SchemaGenerator;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::kubernetes::metadata::{NATIVE_ANNOTATION, OwnerReference};

/// How many Pods are changed at random.
const RANDOM_PODS: usize = 1_500;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const MIRROR: &str = "kubernetes.io/config.mirror";
const ISTIO_STATUS: &str = "sidecar.istio.io/status";

/// What the Pod of this test does without, or has little of: the types of Kubernetes take a while to read it.
const LEFT_OUT: [&str; 9] = [
    "affinity",
    "dnsConfig",
    "env",
    "envFrom",
    "ephemeralContainers",
    "hostAliases",
    "resources",
    "status",
    "topologySpreadConstraints",
];

/// A value with everything that the schema has: lists and maps with one entry.
fn filled(root: &Value, schema: &Value) -> Value {
    let reference = schema["$ref"].as_str().or(schema["allOf"][0]["$ref"].as_str());
    if let Some(definition) = reference.and_then(|reference| root.pointer(reference.strip_prefix('#')?)) {
        return filled(root, definition);
    }
    let is = |wanted: &str| match &schema["type"] {
        Value::String(name) => name == wanted,
        Value::Array(names) => names.iter().any(|name| name == wanted),
        _ => false,
    };
    match schema["properties"].as_object() {
        Some(properties) => properties.iter().map(|(name, schema)| (name.clone(), filled(root, schema))).collect(),
        None if is("array") => json!([filled(root, &schema["items"])]),
        None if is("object") => match schema.get("additionalProperties") {
            Some(values) => json!({"key": filled(root, values)}),
            None => json!({"anything": [1, 2, null]}),
        },
        None if is("boolean") => json!(true),
        None if is("integer") => json!(7),
        None if schema["format"] == "date-time" => json!("2026-11-23T00:00:00Z"),
        None => json!("a \"text\""),
    }
}

/// A Pod with every field that the view looks at, and some more.
fn full_pod() -> Value {
    let root = SchemaGenerator::default().into_root_schema_for::<Pod>().to_value();
    let mut pod = filled(&root, &root);
    (pod["apiVersion"], pod["kind"]) = (json!("v1"), json!("Pod"));
    let leave_out = |value: &mut Value| {
        value.as_object_mut().unwrap().retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
    };
    leave_out(&mut pod);
    leave_out(&mut pod["spec"]);
    for list in ["initContainers", "containers"] {
        leave_out(&mut pod["spec"][list][0]);
    }
    pod["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
    let resources = json!({"requests": {"cpu": "100m"}, "limits": {}});
    pod["spec"]["resources"] = resources.clone();
    for list in ["initContainers", "containers"] {
        pod["spec"][list][0]["resources"] = resources.clone();
        pod["spec"][list][0]["env"] = json!([{"name": "HOME", "value": "/"}]);
    }
    for name in [NATIVE_ANNOTATION, LAST_APPLIED, MIRROR, ISTIO_STATUS] {
        pod["metadata"]["annotations"][name] = json!(format!("{name} \\ é"));
    }
    pod
}

/// Does something to the value at this place of the document, counted through all values.
fn at(document: &mut Value, place: &mut usize, change: &mut dyn FnMut(&mut Value)) {
    if *place == 0 {
        change(document);
    }
    *place = place.wrapping_sub(1);
    match document {
        Value::Object(members) => members.values_mut().for_each(|value| at(value, place, change)),
        Value::Array(elements) => elements.iter_mut().for_each(|value| at(value, place, change)),
        _ => {}
    }
}

/// How many values there are in the document.
fn count(document: &Value) -> usize {
    1 + match document {
        Value::Object(members) => members.values().map(count).sum(),
        Value::Array(elements) => elements.iter().map(count).sum(),
        _ => 0,
    }
}

/// A value of every kind.
fn kinds() -> [Value; 6] {
    [json!(null), json!("Always"), json!([]), json!({}), json!(7), json!(true)]
}

/// The number of changes that leave a value of its kind.
const CHANGES: usize = 3;

/// Makes another value of the same kind.
fn change(value: &mut Value, change: usize) {
    *value = match (value.take(), change) {
        (Value::String(_), 0) => json!(""),
        (Value::String(_), 1) => json!("Always"),
        (Value::String(text), _) => json!(text + "\n\"é\\"),
        (Value::Array(_), 0) => json!([]),
        (Value::Array(elements), 1) => [&elements[..], &elements[..]].concat().into(),
        (Value::Array(elements), _) => elements.into_iter().skip(1).collect(),
        (Value::Object(_), 0) => json!({}),
        // Without its first member or its last.
        (Value::Object(members), 1) => Value::Object(members.into_iter().skip(1).collect()),
        (Value::Object(members), _) => {
            let count = members.len().saturating_sub(1);
            Value::Object(members.into_iter().take(count).collect())
        }
        (Value::Bool(flag), _) => json!(!flag),
        (other, _) => other,
    };
}

/// Compares the view with what the types of Kubernetes read, and counts for each field how often it was there.
#[derive(Default)]
struct Comparison {
    compared: usize,
    refused: usize,
    present: BTreeMap<(&'static str, &'static str), usize>,
}

impl Comparison {
    fn document(&mut self, json: &str) {
        let (view, pod) = (serde_json::from_str::<PodTemplate>(json), serde_json::from_str::<Pod>(json));
        match (view, pod) {
            (Ok(view), Ok(pod)) => {
                self.compared += 1;
                self.pod(json, &view, &pod);
            }
            (Err(error), Ok(_)) => panic!("the view refuses it, Kubernetes does not: {error}: {json}"),
            (_, Err(_)) => self.refused += 1,
        }
    }

    fn same<T: PartialEq + std::fmt::Debug>(
        &mut self,
        json: &str,
        field: (&'static str, &'static str),
        view: Option<T>,
        kubernetes: Option<T>,
    ) {
        *self.present.entry(field).or_default() += usize::from(view.is_some());
        assert!(view == kubernetes, "{field:?}: {view:?} in the view, {kubernetes:?} in Kubernetes: {json}");
    }

    /// Texts of which an empty one is the same as none, as in the types of Kubernetes where a field is required.
    fn text(&mut self, json: &str, field: (&'static str, &'static str), view: &Option<Text>, kubernetes: &str) {
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        self.same(json, field, filled(text(view)), filled(kubernetes));
    }

    /// What the view keeps as it came, read as the type of Kubernetes.
    fn raw<T: for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug + Clone>(
        &mut self,
        json: &str,
        field: (&'static str, &'static str),
        view: Option<&RawValue>,
        kubernetes: &Option<T>,
    ) {
        let view: Option<T> = view.map(|raw| serde_json::from_str(raw.get()).unwrap());
        self.same(json, field, view, kubernetes.clone());
    }

    fn pod(&mut self, json: &str, view: &PodTemplate, pod: &Pod) {
        let nothing = Metadata::default();
        *self.present.entry(("PodTemplate", "metadata")).or_default() += usize::from(view.metadata.is_some());
        self.metadata(json, view.metadata.as_ref().unwrap_or(&nothing), &pod.metadata);
        self.same(json, ("PodTemplate", "spec"), view.spec.as_ref().map(|_| ()), pod.spec.as_ref().map(|_| ()));
        if let (Some(view), Some(spec)) = (&view.spec, &pod.spec) {
            self.spec(json, view, spec);
        }
    }

    fn metadata(&mut self, json: &str, view: &Metadata, metadata: &ObjectMeta) {
        let field = |name| ("Metadata", name);
        let owned = |view: &Option<Text>| view.as_ref().map(|text| text.as_str().to_owned());
        self.same(json, field("name"), owned(&view.name), metadata.name.clone());
        self.same(json, field("generateName"), owned(&view.generate_name), metadata.generate_name.clone());
        self.same(json, field("namespace"), owned(&view.namespace), metadata.namespace.clone());
        self.raw(json, field("labels"), view.labels, &metadata.labels);
        self.raw::<Vec<ManagedFieldsEntry>>(
            json,
            field("managedFields"),
            view.managed_fields,
            &metadata.managed_fields,
        );

        let annotations = metadata.annotations.as_ref();
        self.same(json, field("annotations"), view.annotations.as_ref().map(|_| ()), annotations.map(|_| ()));
        let nothing = Annotations::default();
        let view_of = view.annotations.as_ref().unwrap_or(&nothing);
        let annotation = |name: &str| annotations.and_then(|annotations| annotations.get(name)).cloned();
        let field = |name| ("Annotations", name);
        self.same(json, field(NATIVE_ANNOTATION), owned(&view_of.native), annotation(NATIVE_ANNOTATION));
        self.raw(json, field(ISTIO_STATUS), view_of.istio_status, &annotation(ISTIO_STATUS));
        self.raw(json, field(LAST_APPLIED), view_of.last_applied, &annotation(LAST_APPLIED));
        self.same(json, field(MIRROR), view_of.mirror.map(|_| ()), annotation(MIRROR).map(|_| ()));

        let (owners, kubernetes) = (&view.owner_references, &metadata.owner_references);
        let (len, wanted) = (owners.as_ref().map(Vec::len), kubernetes.as_ref().map(Vec::len));
        self.same(json, ("Metadata", "ownerReferences"), len, wanted);
        for (view, owner) in owners.iter().flatten().zip(kubernetes.iter().flatten()) {
            let field = |name| ("OwnerReference", name);
            self.text(json, field("apiVersion"), &view.api_version, &owner.api_version);
            self.text(json, field("kind"), &view.kind, &owner.kind);
            self.text(json, field("name"), &view.name, &owner.name);
            self.text(json, field("uid"), &view.uid, &owner.uid);
            self.same(json, field("controller"), view.controller, owner.controller);
        }
    }

    fn spec(&mut self, json: &str, view: &PodSpec, spec: &v1::PodSpec) {
        let field = |name| ("PodSpec", name);
        let restart_policy = view.restart_policy.as_ref().map(|text| text.as_str().to_owned());
        self.same(json, field("restartPolicy"), restart_policy, spec.restart_policy.clone());
        self.raw(json, field("volumes"), view.volumes, &spec.volumes);
        self.raw(json, field("securityContext"), view.security_context, &spec.security_context);
        self.raw(json, field("resources"), view.resources, &spec.resources);
        self.same(json, field("hostNetwork"), view.host_network, spec.host_network);
        let scheduler = view.scheduler_name.as_ref().map(|text| text.as_str().to_owned());
        self.same(json, field("schedulerName"), scheduler, spec.scheduler_name.clone());
        let inits = spec.init_containers.as_ref();
        let view_inits = view.init_containers.as_ref();
        self.same(json, field("initContainers"), view_inits.map(Vec::len), inits.map(Vec::len));
        self.same(json, field("containers"), Some(view.containers().len()), Some(spec.containers.len()));
        let views = view.init_containers().iter().chain(view.containers());
        for (view, container) in views.zip(inits.into_iter().flatten().chain(&spec.containers)) {
            self.container(json, view, container);
        }
    }

    fn container(&mut self, json: &str, view: &Container, container: &v1::Container) {
        let field = |name| ("Container", name);
        let owned = |view: &Option<Text>| view.as_ref().map(|text| text.as_str().to_owned());
        self.text(json, field("name"), &view.name, &container.name);
        self.same(json, field("image"), owned(&view.image), container.image.clone());
        self.same(json, field("restartPolicy"), owned(&view.restart_policy), container.restart_policy.clone());
        let (rules, wanted) = (&view.restart_policy_rules, &container.restart_policy_rules);
        self.same(json, field("restartPolicyRules"), rules.as_ref().map(Vec::len), wanted.as_ref().map(Vec::len));
        self.raw(json, field("resizePolicy"), view.resize_policy, &container.resize_policy);
        self.raw(json, field("lifecycle"), view.lifecycle, &container.lifecycle);
        for (name, view, probe) in [
            ("livenessProbe", &view.liveness_probe, &container.liveness_probe),
            ("readinessProbe", &view.readiness_probe, &container.readiness_probe),
        ] {
            self.same(json, field(name), view.map(|_| ()), probe.as_ref().map(|_| ()));
        }
        self.raw(json, field("startupProbe"), view.startup_probe, &container.startup_probe);
        self.raw(json, field("ports"), view.ports, &container.ports);
        self.raw(json, field("volumeMounts"), view.volume_mounts, &container.volume_mounts);
        self.raw(json, field("command"), view.command, &container.command);
        self.raw(json, field("args"), view.args, &container.args);
        self.raw(json, field("env"), view.env, &container.env);
        self.raw(json, field("resources"), view.resources, &container.resources);
        self.raw(json, field("volumeDevices"), view.volume_devices, &container.volume_devices);
    }
}

#[test]
fn it_reads_what_kubernetes_reads() {
    let mut comparison = Comparison::default();
    let full = full_pod();
    comparison.document(&full.to_string());
    assert_eq!(comparison.compared, 1);
    let values = count(&full);
    // Each value in turn becomes something else,
    for place in 0..values {
        let mut changed = |change: &mut dyn FnMut(&mut Value)| {
            let mut pod = full.clone();
            at(&mut pod, &mut { place }, change);
            comparison.document(&pod.to_string());
        };
        kinds().iter().for_each(|kind| changed(&mut |value| *value = kind.clone()));
        (0..CHANGES).for_each(|kind| changed(&mut |value| change(value, kind)));
    }
    // and then many at once, in a Pod that has each of its members twice: it counts as what it is last.
    let mut random = fastrand::Rng::with_seed(12);
    for _ in 0..RANDOM_PODS {
        let mut pods = [full.clone(), full.clone()];
        for pod in &mut pods {
            for _ in 0..random.usize(1..20) {
                let (mut place, kind) = (random.usize(..count(pod)), random.usize(..CHANGES));
                at(pod, &mut place, &mut |value| change(value, kind));
            }
        }
        let [pod, again] = pods.map(|pod| pod.to_string());
        comparison.document(&pod);
        if let (Some(members), Some(more)) = (pod.strip_suffix('}'), again.strip_prefix("{\"")) {
            comparison.document(&format!("{members},\"{more}"));
        }
    }
    let Comparison { compared, refused, present } = comparison;
    println!("{values} values; {compared} Pods compared, {refused} refused");
    for (view, names) in [
        ("PodTemplate", PodTemplate::NAMES),
        ("PodSpec", PodSpec::NAMES),
        ("Container", Container::NAMES),
        ("Metadata", Metadata::NAMES),
        ("Annotations", Annotations::NAMES),
        ("OwnerReference", OwnerReference::NAMES),
    ] {
        for name in names {
            assert!(
                present.get(&(view, name)).is_some_and(|count| *count > RANDOM_PODS / 2),
                "{view} {name} is not compared"
            );
        }
    }
    assert!(compared > 2 * RANDOM_PODS && refused > RANDOM_PODS, "{compared} compared, {refused} refused");
}
