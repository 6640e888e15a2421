//! The manifests of deploy/: they are what Kubernetes and Kubewarden read, the module takes their settings, and they grant
//! and ask for what these settings need, no more.

#![allow(clippy::panic)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use k8s_openapi::Resource;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding};
use kubewarden_policy_sdk::crd::policies::ClusterAdmissionPolicy;
use kubewarden_policy_sdk::crd::policies::cluster_admission_policy::ClusterAdmissionPolicySpec;
use native_sidecar::engine::Engine;
use native_sidecar::package::metadata::Metadata;
use native_sidecar_review::judge::Judge;
use native_sidecar_review::manifest::{self, Object};
use native_sidecar_review::policy::Policy;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use walkdir::WalkDir;

/// What a setting reads of the cluster: the setting, apiVersion and kind; the resource's group and name, and the verbs that it
/// needs.
type Lookup = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const LOOKUPS: [Lookup; 7] = [
    ("nodeCheck", "v1", "Node", "", "nodes", &["list", "watch"]),
    ("ownerLookup", "v1", "ReplicationController", "", "replicationcontrollers", &["get"]),
    ("ownerLookup", "apps/v1", "DaemonSet", "apps", "daemonsets", &["get"]),
    ("ownerLookup", "apps/v1", "ReplicaSet", "apps", "replicasets", &["get"]),
    ("ownerLookup", "apps/v1", "StatefulSet", "apps", "statefulsets", &["get"]),
    ("ownerLookup", "batch/v1", "Job", "batch", "jobs", &["get"]),
    ("webhookLookup", "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration",
     "admissionregistration.k8s.io", "mutatingwebhookconfigurations", &["list", "watch"]),
];

/// Values of settings with which the policy changes objects.
const CHANGES: [&str; 4] = ["convert", "restore", "steer", "pin"];

/// What `kubectl kustomize` reads, as far as deploy/ needs it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Kustomization {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    resources: Vec<String>,
    #[serde(default)]
    config_map_generator: Vec<ConfigMap>,
}

/// A ConfigMap that is made of files.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ConfigMap {
    name: String,
    files: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The YAML files below deploy/, from the root of the repository.
fn manifests() -> Vec<String> {
    let files =
        WalkDir::new(root().join("deploy")).sort_by_file_name().into_iter().map(|entry| entry.expect("an entry"));
    let names = files.map(|file| file.path().strip_prefix(root()).expect("a file of it").display().to_string());
    let names: Vec<_> = names.filter(|name| name.ends_with(".yaml")).collect();
    assert!(names.len() > 4, "{names:?}");
    names
}

fn documents(path: &str) -> Vec<Value> {
    let text = text(path);
    yaml::documents(&text).map(|each| each.unwrap_or_else(|error| panic!("{path}: {error}")).value).collect()
}

/// All policies of deploy/, with the file that each is in.
fn policies() -> Vec<(String, String, ClusterAdmissionPolicySpec)> {
    let mut policies = Vec::new();
    for file in manifests() {
        for document in documents(&file) {
            if document["kind"] == "ClusterAdmissionPolicy" {
                let policy: ClusterAdmissionPolicy = strict(&file, &document);
                let name = policy.metadata.name.expect("a name");
                policies.push((file.clone(), name, policy.spec.expect("a spec")));
            }
        }
    }
    policies
}

/// A document as a type, of which nothing is left out when it is written again.
fn strict<T: DeserializeOwned + Serialize>(file: &str, document: &Value) -> T {
    let read: T = serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{file}: {error}"));
    let written = serde_json::to_value(&read).expect("a value");
    let mut unknown = Vec::new();
    differences(document, &written, String::new(), &mut unknown);
    assert_eq!(unknown, Vec::<String>::new(), "{file} has what its type does not know");
    read
}

/// The places where `written` lacks something of `read`.
fn differences(read: &Value, written: &Value, path: String, unknown: &mut Vec<String>) {
    match (read, written) {
        (Value::Object(read), Value::Object(written)) => {
            for (key, value) in read {
                differences(value, written.get(key).unwrap_or(&Value::Null), format!("{path}.{key}"), unknown);
            }
        }
        (Value::Array(read), Value::Array(written)) if read.len() == written.len() => {
            for (index, (read, written)) in read.iter().zip(written).enumerate() {
                differences(read, written, format!("{path}[{index}]"), unknown);
            }
        }
        _ if read == written => {}
        _ => unknown.push(path),
    }
}

#[test]
fn what_a_type_does_not_know_is_found() {
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"nam": "x"},
        "rules": [{"verbs": ["get"], "resource": ["pods"]}]});
    let read: ClusterRole = serde_json::from_value(role.clone()).expect("a role");
    let mut unknown = Vec::new();
    differences(&role, &serde_json::to_value(read).expect("a value"), String::new(), &mut unknown);
    assert_eq!(unknown, [".metadata.nam", ".rules[0].resource"]);
}

#[test]
fn every_document_is_of_its_type() {
    for file in manifests() {
        for document in documents(&file) {
            let read = |kind: &str| document["kind"] == kind;
            let versions = [
                (read(ClusterRole::KIND), ClusterRole::API_VERSION),
                (read(ClusterRoleBinding::KIND), ClusterRoleBinding::API_VERSION),
                (read(CronJob::KIND), CronJob::API_VERSION),
                (read(Role::KIND), Role::API_VERSION),
                (read(RoleBinding::KIND), RoleBinding::API_VERSION),
                (read(ServiceAccount::KIND), ServiceAccount::API_VERSION),
                (read(ClusterAdmissionPolicy::KIND), "policies.kubewarden.io/v1"),
                (read("Kustomization"), "kustomize.config.k8s.io/v1beta1"),
            ];
            let version = versions.iter().find(|(read, _)| *read).map(|(_, version)| *version);
            assert_eq!(document["apiVersion"].as_str(), version, "{file}: apiVersion of {}", document["kind"]);
            match document["kind"].as_str().expect("a kind") {
                ClusterRole::KIND => drop(strict::<ClusterRole>(&file, &document)),
                ClusterRoleBinding::KIND => drop(strict::<ClusterRoleBinding>(&file, &document)),
                CronJob::KIND => drop(strict::<CronJob>(&file, &document)),
                Role::KIND => drop(strict::<Role>(&file, &document)),
                RoleBinding::KIND => drop(strict::<RoleBinding>(&file, &document)),
                ServiceAccount::KIND => drop(strict::<ServiceAccount>(&file, &document)),
                "Kustomization" => drop(strict::<Kustomization>(&file, &document)),
                _ => drop(strict::<ClusterAdmissionPolicy>(&file, &document)),
            }
        }
    }
}

#[test]
fn the_module_takes_all_settings() {
    let engine = Engine::load(common::policy()).expect("the module");
    let policies = policies();
    assert_eq!(policies.len(), 7);
    for (file, name, spec) in policies {
        engine.check_settings(&spec.settings.0).unwrap_or_else(|error| panic!("{file}: {name}: {error}"));
    }
}

#[test]
fn mutating_is_what_changes_objects() {
    for (file, name, spec) in policies() {
        let settings = spec.settings.0.as_object().expect("settings").clone();
        let changes = |(key, value): (&String, &Value)| key == "injections" || CHANGES.iter().any(|word| value == word);
        assert_eq!(spec.mutating, settings.iter().any(changes), "{file}: {name}: {settings:?}");
    }
}

#[test]
fn the_module_is_the_one_of_this_version() {
    let metadata = Metadata::from_yaml(&text("metadata.yml")).expect("the metadata");
    let annotations = metadata.annotations.expect("annotations");
    let url = &annotations["io.kubewarden.policy.ociUrl"];
    let module = format!("registry://{url}:v{}", annotations["io.kubewarden.policy.version"]);
    for (file, name, spec) in policies() {
        assert_eq!(spec.module, module, "{file}: {name}");
    }
}

/// Group, version, resource and operation of rules, one by one.
fn spread(rules: impl IntoIterator<Item = Value>) -> BTreeSet<[String; 4]> {
    let mut all = BTreeSet::new();
    for rule in rules {
        let list = |key: &str| -> Vec<String> { serde_json::from_value(rule[key].clone()).expect("a list of words") };
        for group in list("apiGroups") {
            for version in list("apiVersions") {
                for resource in list("resources") {
                    for operation in list("operations") {
                        all.insert([group.clone(), version.clone(), resource.clone(), operation]);
                    }
                }
            }
        }
    }
    all
}

#[test]
fn rules_are_among_those_of_the_metadata() {
    let metadata = yaml::parse(&text("metadata.yml")).expect("the metadata");
    let known = spread(metadata["rules"].as_array().expect("rules").iter().cloned());
    for (file, name, spec) in policies() {
        let rules = spec.rules.expect("rules").into_iter().map(|rule| serde_json::to_value(rule).expect("a value"));
        let rules = spread(rules);
        let unknown: Vec<_> = rules.difference(&known).collect();
        assert!(unknown.is_empty(), "{file}: {name}: {unknown:?}");
        let all = name == "native-sidecars-audit" || name == "native-sidecars-report";
        assert!(!all || rules == known, "{file}: {name} does not see everything");
        let pods_only = rules.iter().all(|[_, _, resource, _]| resource == "pods");
        assert_eq!(spec.mutating, pods_only, "{file}: {name}: only Pods are changed, and workloads are judged");
    }
}

/// The fields of a policy's `spec` that a review obeys.
const OBEYED: [&str; 8] =
    ["matchConditions", "matchPolicy", "mode", "mutating", "namespaceSelector", "objectSelector", "rules", "settings"];

/// Those that change no verdict on a file: who is asked, how long, in which words, and what of a cluster may be read.
const OF_NO_CONCERN: [&str; 9] = [
    "backgroundAudit",
    "contextAwareResources",
    "failurePolicy",
    "message",
    "module",
    "policyServer",
    "sideEffects",
    "timeoutEvalSeconds",
    "timeoutSeconds",
];

#[test]
fn a_review_knows_every_field_of_a_policy() {
    let spec = serde_json::to_value(ClusterAdmissionPolicySpec::default()).expect("a value");
    let fields: BTreeSet<_> = spec.as_object().expect("fields").keys().map(String::as_str).collect();
    assert_eq!(fields, OBEYED.into_iter().chain(OF_NO_CONCERN).collect());
}

/// Whether a review with this policy judges an object.
fn is_judged(policy: &Policy, group: &str, kind: &str, namespace: &str) -> bool {
    let value = json!({"metadata": {"namespace": namespace}});
    let api_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    policy.leaves_out(&Object { api_version, kind: kind.to_owned(), value: &value, node: None, item: None }).is_none()
}

#[test]
fn a_review_obeys_these_policies() {
    for (file, name, spec) in policies() {
        let document = documents(&file).into_iter().find(|document| document["metadata"]["name"] == *name);
        let text = document.expect("the policy").to_string();
        let document = yaml::documents(&text).next().expect("a document").expect("JSON");
        let policy = Policy::read(&manifest::objects(&document)[0]).unwrap_or_else(|error| panic!("{file}: {error}"));
        let seen = spread(spec.rules.expect("rules").iter().map(|rule| serde_json::to_value(rule).expect("a value")));
        for kind in native_sidecar_policy::describe::kinds() {
            let resource = kind.kind.to_lowercase() + "s";
            let is_seen = seen.contains(&[kind.group, "v1", &resource, "CREATE"].map(str::to_owned));
            assert_eq!(is_judged(&policy, kind.group, kind.kind, "shop"), is_seen, "{file}: {name}: {resource}");
            assert!(!is_judged(&policy, kind.group, kind.kind, "kube-system"), "{file}: {name}: {resource}");
        }
    }
}

#[test]
fn the_namespaces_of_the_system_are_left_out() {
    let expected = json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn",
        "values": ["kube-system", "kube-public", "kube-node-lease", "kubewarden"]}]});
    for (file, name, spec) in policies() {
        let selector = serde_json::to_value(spec.namespace_selector).expect("a value");
        assert_eq!(selector, expected, "{file}: {name}");
    }
}

/// The lookups that settings ask for.
fn needed(settings: &Value) -> impl Iterator<Item = &'static Lookup> {
    LOOKUPS.iter().filter(move |lookup| settings[lookup.0] == "nodes" || settings[lookup.0] == true)
}

#[test]
fn what_the_settings_read_is_asked_for_and_granted() {
    let mut files: BTreeMap<String, BTreeSet<[&str; 3]>> = BTreeMap::new();
    for (file, name, spec) in policies() {
        let asked: Vec<_> = spec.context_aware_resources.iter().map(|each| (&*each.api_version, &*each.kind)).collect();
        let expected: Vec<_> = needed(&spec.settings.0).map(|lookup| (lookup.1, lookup.2)).collect();
        assert_eq!(asked, expected, "{file}: {name}");
        let grants = files.entry(file).or_default();
        for (_, _, _, group, resource, verbs) in needed(&spec.settings.0) {
            grants.extend(verbs.iter().map(|verb| [*group, *resource, *verb]));
        }
    }
    assert!(files.values().any(|grants| !grants.is_empty()));
    for (file, expected) in files {
        let documents = documents(&file);
        let of_kind = |kind: &str| documents.iter().filter(|each| each["kind"] == kind).collect::<Vec<_>>();
        let roles: Vec<ClusterRole> = of_kind("ClusterRole").into_iter().map(|each| strict(&file, each)).collect();
        let rules: Vec<PolicyRule> = roles.iter().flat_map(|role| role.rules.clone().unwrap_or_default()).collect();
        let mut granted = BTreeSet::new();
        for rule in &rules {
            for group in rule.api_groups.iter().flatten() {
                for resource in rule.resources.iter().flatten() {
                    granted.extend(rule.verbs.iter().map(|verb| [&**group, &**resource, &**verb]));
                }
            }
        }
        assert_eq!(granted, expected, "{file}");
        for role in &roles {
            let bindings = of_kind("ClusterRoleBinding").into_iter();
            let bindings: Vec<ClusterRoleBinding> = bindings.map(|each| strict(&file, each)).collect();
            let binding = bindings.iter().find(|binding| Some(&binding.role_ref.name) == role.metadata.name.as_ref());
            let binding = binding.unwrap_or_else(|| panic!("{file}: nobody has the role"));
            assert_eq!(binding.role_ref.kind, ClusterRole::KIND);
            assert_eq!(binding.role_ref.api_group.as_deref(), Some(ClusterRole::GROUP));
            let subjects: Vec<_> = binding.subjects.iter().flatten().collect();
            let [subject] = subjects[..] else { panic!("{file}: {subjects:?}") };
            assert_eq!(
                (&*subject.kind, &*subject.name, subject.namespace.as_deref()),
                ("ServiceAccount", "policy-server", Some("kubewarden"))
            );
        }
    }
}

/// What kubelets see is a token that is good for their metrics alone.
#[test]
fn the_labeller_may_do_no_more_than_it_has_to() {
    let documents = documents("deploy/node-labeller/rbac.yaml");
    let bound = |account: &str| -> Vec<String> {
        let is_theirs = |each: &&Value| each["subjects"][0]["name"] == account;
        let roles = documents.iter().filter(is_theirs).map(|binding| &binding["roleRef"]);
        let rules = roles.flat_map(|role| {
            let is_it = |each: &&Value| each["kind"] == role["kind"] && each["metadata"]["name"] == role["name"];
            documents.iter().find(is_it).expect("the role")["rules"].as_array().expect("rules")
        });
        let text = |rule: &Value| format!("{} {} {}", rule["resources"], rule["resourceNames"], rule["verbs"]);
        rules.map(text).collect()
    };
    assert_eq!(
        bound("native-sidecar-node-labeller"),
        [
            r#"["nodes"] null ["get","list","patch"]"#,
            r#"["serviceaccounts/token"] ["native-sidecar-node-metrics"] ["create"]"#
        ]
    );
    assert_eq!(bound("native-sidecar-node-metrics"), [r#"["nodes/metrics"] null ["get"]"#]);
}

#[test]
fn the_lookups_are_those_of_the_metadata() {
    let metadata = yaml::parse(&text("metadata.yml")).expect("the metadata");
    let lookups: Vec<_> = LOOKUPS.iter().map(|lookup| json!({"apiVersion": lookup.1, "kind": lookup.2})).collect();
    assert_eq!(metadata["contextAwareResources"], json!(lookups));
    let operations =
        LOOKUPS.iter().map(|lookup| if lookup.5.contains(&"list") { "list_resources_all" } else { "get_resource" });
    let capabilities: BTreeSet<_> = operations.map(|operation| format!("kubernetes/{operation}")).collect();
    assert_eq!(metadata["hostCapabilities"], json!(capabilities));
}

/// A new Pod: `checkout` with its regular containers, and init containers.
fn pod(metadata: &Value, init: &Value, others: &Value) -> Value {
    let mut containers = vec![json!({"name": "checkout", "image": "registry.example.com/checkout:1"})];
    containers.extend(others.as_array().expect("containers").iter().cloned());
    let mut metadata = metadata.clone();
    metadata["name"] = json!("checkout");
    metadata["namespace"] = json!("shop");
    json!({
        "uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "name": "checkout", "namespace": "shop",
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": "CREATE",
        "userInfo": {"username": "alice"},
        "object": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": {"initContainers": init, "containers": containers}},
    })
}

/// Whether each policy allows a Pod, which init containers then are native, and whether it warns.
fn verdicts(request: &Value) -> BTreeMap<String, (bool, Vec<String>, bool)> {
    let engine = Engine::load(common::policy()).expect("the module");
    let mut verdicts = BTreeMap::new();
    for (file, name, spec) in policies().into_iter().filter(|(file, ..)| file != "deploy/context-aware.yaml") {
        let evaluation = engine.judge(request, &spec.settings.0);
        let object = evaluation.mutated.as_ref().unwrap_or(&request["object"]);
        let native = object["spec"]["initContainers"].as_array().expect("init containers").iter();
        let native = native.filter(|container| container["restartPolicy"] == "Always");
        let native = native.map(|container| container["name"].as_str().expect("a name").to_owned()).collect();
        let file = file.trim_start_matches("deploy/").to_owned();
        let warns = evaluation.response.warnings.is_some_and(|warnings| !warnings.is_empty());
        let former = verdicts.insert(format!("{file} {name}"), (evaluation.response.allowed, native, warns));
        assert_eq!(former, None, "{file}: {name} is there twice");
    }
    verdicts
}

fn table(rows: [(&str, bool, &[&str], bool); 5]) -> BTreeMap<String, (bool, Vec<String>, bool)> {
    let row = |(policy, allowed, native, warns): (&str, bool, &[&str], bool)| {
        (policy.to_owned(), (allowed, native.iter().map(ToString::to_string).collect(), warns))
    };
    rows.into_iter().map(row).collect()
}

#[test]
fn a_legacy_sidecar() {
    let proxy = json!({"name": "cloud-sql-proxy", "image": "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2"});
    let request = pod(&json!({}), &json!([]), &json!([proxy]));
    let expected = table([
        ("audit.yaml native-sidecars-audit", true, &[], true),
        ("audit.yaml native-sidecars-report", false, &[], false),
        ("enforce.yaml native-sidecars", true, &["cloud-sql-proxy"], false),
        ("enforce.yaml native-sidecars-validate", true, &[], true),
        ("injection.yaml native-sidecars-inject", true, &[], false),
    ]);
    assert_eq!(verdicts(&request), expected);
}

#[test]
fn a_stripped_sidecar() {
    let init = json!([{"name": "proxy", "image": "registry.example.com/proxy:1"}]);
    let declared = json!({"annotations": {"sidecars.kubewarden.io/native": "proxy"}});
    let request = pod(&declared, &init, &json!([]));
    let expected = table([
        ("audit.yaml native-sidecars-audit", true, &[], true),
        ("audit.yaml native-sidecars-report", false, &[], false),
        ("enforce.yaml native-sidecars", true, &["proxy"], false),
        ("enforce.yaml native-sidecars-validate", false, &[], false),
        ("injection.yaml native-sidecars-inject", true, &[], false),
    ]);
    assert_eq!(verdicts(&request), expected);
}

#[test]
fn a_pod_that_gets_a_sidecar() {
    let request = pod(&json!({"labels": {"net": "vpn"}}), &json!([{"name": "migrate", "image": "m"}]), &json!([]));
    let expected = table([
        ("audit.yaml native-sidecars-audit", true, &[], false),
        ("audit.yaml native-sidecars-report", true, &[], false),
        ("enforce.yaml native-sidecars", true, &[], false),
        ("enforce.yaml native-sidecars-validate", true, &[], false),
        ("injection.yaml native-sidecars-inject", true, &["vpn"], false),
    ]);
    assert_eq!(verdicts(&request), expected);
}

#[test]
fn every_file_has_its_line_and_its_place() {
    let readme = text("deploy/README.md");
    let files = fs::read_dir(root().join("deploy")).expect("a folder").map(|entry| entry.expect("an entry"));
    let files: BTreeSet<_> = files.map(|entry| entry.file_name().into_string().expect("a name")).collect();
    for file in files.iter().filter(|file| *file != "README.md") {
        assert!(readme.contains(&format!("(./{file})")), "deploy/README.md does not name {file}");
    }
    let kustomization: Kustomization = strict("kustomization.yaml", &documents("deploy/kustomization.yaml")[0]);
    // enforce.yaml is the base. The others are for something else, or take its place.
    let elsewhere = ["audit.yaml", "check.yaml", "context-aware.yaml", "injection.yaml", "kustomization.yaml"];
    let expected: Vec<_> =
        files.iter().filter(|file| file.ends_with(".yaml") && !elsewhere.contains(&&***file)).collect();
    assert_eq!(kustomization.resources.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn what_takes_the_place_of_the_base_has_its_names_and_more_settings() {
    let policies = policies();
    let of =
        |file: &str| -> Vec<_> { policies.iter().filter(|each| each.0 == format!("deploy/{file}.yaml")).collect() };
    let (base, aware) = (of("enforce"), of("context-aware"));
    assert_eq!(base.len(), aware.len());
    for ((_, base_name, base), (_, aware_name, aware)) in base.into_iter().zip(aware) {
        assert_eq!(base_name, aware_name);
        let mut expected = base.clone();
        expected.context_aware_resources.clone_from(&aware.context_aware_resources);
        // What is missing from a Pod is looked for in every Pod.
        let conditions = expected.match_conditions.as_mut().expect("conditions");
        conditions.retain(|condition| condition.name == "the-spec-changes");
        let settings = expected.settings.0.as_object_mut().expect("settings");
        for (key, value) in aware.settings.0.as_object().expect("settings") {
            settings.entry(key).or_insert_with(|| value.clone());
        }
        assert_eq!(*aware, expected, "{aware_name}");
    }
}
