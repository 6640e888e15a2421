//! The Kubernetes objects of a document, and the request that would create each.

use serde_json::Value;

use yaml::{Content, Document, Node};

use crate::admission::{AdmissionRequest, GroupVersionKind, GroupVersionResource, UserInfo};
use native_sidecar_policy::describe::{self, KindDescription};

/// The kinds that are sent to the policy.
#[derive(Debug, Default)]
pub struct Kinds {
    /// Group and kind of those that the setting `podTemplates` adds.
    added: Vec<(String, String)>,
}

/// An object in a document.
#[derive(Debug)]
pub struct Object<'d> {
    /// Group and version.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// Its value.
    pub value: &'d Value,
    /// Where it is written; None where that is somewhere else, behind an alias.
    pub node: Option<&'d Node>,
    /// Its number in the List that it stands in.
    pub item: Option<usize>,
}

/// The objects of a document, whole or not; none where it is no manifest.
pub fn objects(document: &Document) -> Vec<Object<'_>> {
    let Some((api_version, kind)) = type_of(&document.value) else { return Vec::new() };
    // A kustomization looks like an object but never gets to the API server.
    if api_version.starts_with("kustomize.config.k8s.io/") {
        return Vec::new();
    }
    match (kind.strip_suffix("List"), document.value.get("items")) {
        (Some(item_kind), Some(Value::Array(items))) => {
            let nodes = item_nodes(&document.root);
            let object = |(index, value)| {
                // The items of a PodList need not say that they are Pods.
                let implied = (!item_kind.is_empty()).then_some((api_version, item_kind));
                let (api_version, kind) = type_of(value).or(implied)?;
                Some(Object {
                    api_version: api_version.to_owned(),
                    kind: kind.to_owned(),
                    value,
                    node: nodes.and_then(|nodes| nodes.get(index)),
                    item: Some(index),
                })
            };
            items.iter().enumerate().filter_map(object).collect()
        }
        _ => vec![Object {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            value: &document.value,
            node: Some(&document.root),
            item: None,
        }],
    }
}

fn known(group: &str, kind: &str) -> Option<KindDescription> {
    describe::kinds().find(|known| known.group == group && known.kind == kind)
}

/// Whether a kind is one that the policy knows without the setting `podTemplates`.
pub(crate) fn is_known(group: &str, kind: &str) -> bool {
    known(group, kind).is_some()
}

/// Returns the resource that holds the objects of a kind, as Kubernetes names it, and most extensions do.
pub(crate) fn usual_resource(kind: &str) -> String {
    kind.to_lowercase() + "s"
}

pub(crate) fn group_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

fn type_of(value: &Value) -> Option<(&str, &str)> {
    let text = |key| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    Some((text("apiVersion")?, text("kind")?))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn item_nodes(root: &Node) -> Option<&[Node]> {
    let Content::Mapping { entries, .. } = &root.content else { return None };
    let items = entries.iter().find(|entry| entry.name.as_deref() == Some("items"))?;
    match &items.value.content {
        Content::Sequence { items, .. } => Some(items),
        _ => None,
    }
}

impl Kinds {
    /// The kinds that these settings want judged.
    pub fn new(settings: &Value) -> Self {
        let entries = settings.get("podTemplates").and_then(Value::as_array).into_iter().flatten();
        let kind = |entry: &str| {
            let group_kind = entry.split_once('=').map_or(entry, |(group_kind, _)| group_kind);
            let (group, kind) = group_kind.split_once('/').unwrap_or(("", group_kind));
            (group.to_owned(), kind.to_owned())
        };
        Self { added: entries.filter_map(Value::as_str).map(kind).collect() }
    }

    /// Returns group and kind of those that the setting `podTemplates` adds.
    pub fn added(&self) -> impl Iterator<Item = (&str, &str)> {
        self.added.iter().map(|(group, kind)| (group.as_str(), kind.as_str()))
    }

    /// The request that would create an object; None for a kind that is not judged.
    pub fn request(&self, object: &Object, uid: String) -> Option<AdmissionRequest> {
        let (group, version) = group_version(&object.api_version);
        let resource = self.resource(group, &object.kind)?;
        let (group, version) = (group.to_owned(), version.to_owned());
        Some(AdmissionRequest {
            uid,
            kind: GroupVersionKind { group: group.clone(), version: version.clone(), kind: object.kind.clone() },
            resource: GroupVersionResource { group, version, resource },
            sub_resource: None,
            request_kind: None,
            request_resource: None,
            request_sub_resource: None,
            name: object.metadata("name").map(str::to_owned),
            namespace: Some(object.namespace().unwrap_or("default").to_owned()),
            operation: "CREATE".to_owned(),
            user_info: UserInfo::default(),
            object: Some(object.value.clone()),
            old_object: None,
            dry_run: Some(true),
            options: None,
        })
    }

    /// Returns the resource that holds the objects of a kind, as Kubernetes and its extensions name it.
    fn resource(&self, group: &str, kind: &str) -> Option<String> {
        let is_added = || self.added.iter().any(|added| (added.0.as_str(), added.1.as_str()) == (group, kind));
        (is_known(group, kind) || is_added()).then(|| usual_resource(kind))
    }
}

impl Object<'_> {
    /// Whether an API server could take it: it has a name, and its Pods have containers with a name and an image. One that
    /// lacks them is part of an object: a patch, as for kustomize, or what a test waits for. With a selector, which such parts
    /// have no use for, it is whole, and a tool is to fill in the images. What is there and wrong is for the policy to tell.
    pub fn is_whole(&self) -> bool {
        let Some(spec) = self.pod_spec() else { return true };
        if self.has_wrong_name() || self.has_wrong_spec() {
            return true;
        }
        let has = |value: &Value, key: &str| value.get(key).is_some_and(|value| !is_empty(value));
        let awaits_images = self.value.get("spec").is_some_and(|spec| has(spec, "selector"));
        let is_whole = |container: &Value| {
            !container.is_object() || has(container, "name") && (awaits_images || has(container, "image"))
        };
        let lists = ["initContainers", "containers"].iter().filter_map(|list| spec.get(list)?.as_array());
        !self.name().is_empty() && has(spec, "containers") && lists.flatten().all(is_whole)
    }

    /// Whether its metadata or its name is there, and of a type that they can't have.
    fn has_wrong_name(&self) -> bool {
        let metadata = self.value.get("metadata").unwrap_or(&Value::Null);
        let is_text = |key| metadata.get(key).is_none_or(|name| name.is_null() || name.is_string());
        !(metadata.is_null() || metadata.is_object()) || !["name", "generateName"].into_iter().all(is_text)
    }

    /// Whether what holds the specification of its Pods, or that itself, is there and no object; or holds what belongs deeper,
    /// as where a line is indented too little.
    fn has_wrong_spec(&self) -> bool {
        let path: Vec<_> = self.pod_spec_path().into_iter().flatten().chain(["containers"]).collect();
        let mut value = self.value;
        for (index, next) in path.iter().enumerate() {
            let is_misplaced = |name: &&str| *name != *next && value.get(*name).is_some();
            if !value.is_object() || path[index..].iter().any(is_misplaced) {
                return !value.is_null();
            }
            value = value.get(next).unwrap_or(&Value::Null);
        }
        false
    }

    /// Returns the path of the first of those texts that hold an action of a template, `{{ … }}`, where no object may have one:
    /// its type and names, and the names and images of its containers.
    pub(crate) fn template_action(&self) -> Option<String> {
        let is_action = |value: &Value| value.as_str().is_some_and(|text| text.contains("{{"));
        let member = |value: &Value, key: &str| value.get(key).is_some_and(is_action);
        let find = |value: &Value, keys: &[&str]| keys.iter().find(|key| member(value, key)).map(ToString::to_string);
        let of_metadata = || {
            let key = find(self.value.get("metadata")?, &["name", "generateName", "namespace"])?;
            Some(format!("metadata.{key}"))
        };
        let of_containers = || {
            let (path, spec) = (self.pod_spec_path()?.join("."), self.pod_spec()?);
            ["initContainers", "containers"].iter().find_map(|list| {
                let containers = spec.get(list)?.as_array()?;
                containers.iter().enumerate().find_map(|(index, container)| {
                    Some(format!("{path}.{list}[{index}].{}", find(container, &["name", "image"])?))
                })
            })
        };
        find(self.value, &["apiVersion", "kind"]).or_else(of_metadata).or_else(of_containers)
    }

    /// The specification of its Pods, null where it says nothing of them; None for a kind that the policy does not know.
    fn pod_spec(&self) -> Option<&Value> {
        let names = self.pod_spec_path()?;
        Some(names.into_iter().try_fold(self.value, |value, name| value.get(name)).unwrap_or(&Value::Null))
    }

    fn pod_spec_path(&self) -> Option<Vec<&'static str>> {
        let (group, _) = group_version(&self.api_version);
        Some(known(group, &self.kind)?.pod_template().chain(["spec"]).collect())
    }

    /// Its namespace, where it names one.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata("namespace")
    }

    /// Its name, or the beginning of one that is to be made up. A number or boolean, which is no name, is shown as one.
    pub fn name(&self) -> String {
        let generated = || self.metadata("generateName").map(|prefix| format!("{prefix}*"));
        let wrong = || {
            let name = self.value.get("metadata")?.get("name")?;
            (name.is_number() || name.is_boolean()).then(|| name.to_string())
        };
        self.metadata("name").map(str::to_owned).or_else(wrong).or_else(generated).unwrap_or_default()
    }

    fn metadata(&self, key: &str) -> Option<&str> {
        self.value.get("metadata")?.get(key)?.as_str().filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(text: &str) -> Vec<String> {
        let document = yaml::documents(text).next().unwrap().unwrap();
        let place = |object: &Object| object.node.map_or(0, |node| node.line);
        objects(&document)
            .iter()
            .map(|object| format!("{} {} {} {}", place(object), object.api_version, object.kind, object.name()))
            .collect()
    }

    #[test]
    fn documents_and_lists_hold_objects() {
        assert_eq!(names("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}"), ["1 v1 Pod a"]);
        let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n- kind: x\n";
        assert_eq!(names(list), ["4 v1 Service "]);
        let typed = "apiVersion: v1\nkind: PodList\nitems: [{metadata: {generateName: a-}, spec: {}}]";
        assert_eq!(names(typed), ["3 v1 Pod a-*"]);
        let alias = "apiVersion: v1\nkind: List\nx: &a [{apiVersion: v1, kind: Pod, spec: {}}]\nitems: *a\n";
        assert_eq!(names(alias), ["0 v1 Pod "]);
    }

    #[test]
    fn what_is_no_manifest_holds_none() {
        let texts =
            ["a: 1", "[]", "null", "kind: Pod", "- op: add", "apiVersion: kustomize.config.k8s.io/v1\nkind: Component"];
        for text in texts {
            assert_eq!(names(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn parts_of_objects_are_no_whole_ones() {
        let pod = |spec: Value| {
            let value = json!({"metadata": {"name": "a"}, "spec": spec});
            let (api_version, kind) = ("v1".to_owned(), "Pod".to_owned());
            Object { api_version, kind, value: &value, node: None, item: None }.is_whole()
        };
        let app = json!({"name": "app", "image": "x"});
        assert!(pod(json!({"containers": [app]})));
        assert!(pod(json!({"containers": [app], "initContainers": []})));
        // What is there and wrong is for the policy to tell.
        for wrong in [json!("x"), json!({}), json!([1]), json!([{"name": 1, "image": {}}])] {
            assert!(pod(json!({"containers": wrong})), "{wrong}");
        }
        assert!(pod(json!({"containers": [app], "initContainers": {}})));
        let parts = [
            json!(null),
            json!({}),
            json!({"containers": null}),
            json!({"containers": []}),
            json!({"containers": [app, {"name": "log"}]}),
            json!({"containers": [app, {"name": "log", "image": ""}]}),
            json!({"containers": [app, {"image": "log"}]}),
            json!({"containers": [app], "initContainers": [{"name": "log", "restartPolicy": "Always"}]}),
        ];
        for part in parts {
            assert!(!pod(part.clone()), "{part}");
        }
        let is_whole = |text: &str| {
            let document = yaml::documents(text).next().unwrap().unwrap();
            objects(&document)[0].is_whole()
        };
        assert!(is_whole("{apiVersion: v1, kind: Service}"));
        assert!(is_whole(
            "{apiVersion: v1, kind: Pod, metadata: {generateName: a-}, spec: {containers: [{name: a, image: b}]}}"
        ));
        assert!(!is_whole("{apiVersion: v1, kind: Pod, metadata: {}, spec: {containers: [{name: a, image: b}]}}"));
        assert!(!is_whole("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, status: {readyReplicas: 1}}"));
        let deployment = |selector: &str| {
            is_whole(&format!(
                "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a}}, spec: {{{selector}template: {{spec: \
                {{containers: [{{name: a}}]}}}}}}}}"
            ))
        };
        assert!(deployment("selector: {matchLabels: {app: a}}, "));
        assert!(!deployment("selector: null, "));
        assert!(!deployment(""));
    }

    #[test]
    fn what_is_there_and_wrong_is_for_the_policy_to_tell() {
        let is_whole = |api_version: &str, kind: &str, metadata: &str, members: &str| {
            let text = format!("{{apiVersion: {api_version}, kind: {kind}, metadata: {metadata}, {members}}}");
            let document = yaml::documents(&text).next().unwrap().unwrap();
            objects(&document)[0].is_whole()
        };
        let pod = |metadata, members| is_whole("v1", "Pod", metadata, members);
        let deployment = |spec: &str| is_whole("apps/v1", "Deployment", "{name: a}", spec);
        let cron_job = |spec: &str| is_whole("batch/v1", "CronJob", "{name: a}", spec);
        let fits = "spec: {containers: [{name: a, image: b}]}";
        for metadata in ["{name: 2024}", "{name: yes}", "{name: [a]}", "{generateName: 1}", "[a]", "a"] {
            assert!(pod(metadata, fits), "{metadata}");
        }
        assert!(pod("{name: a}", "spec: [{containers: []}]"));
        assert!(pod("{name: a}", "spec: x"));
        assert!(pod("{name: a}", "containers: [{name: a, image: b}]"));
        assert!(deployment("spec: {template: []}"));
        assert!(deployment("spec: {template: {spec: x}}"));
        assert!(deployment("spec: {selector: {}, template: {metadata: {}}, spec: {containers: []}}"));
        assert!(deployment("spec: {template: {containers: []}}"));
        assert!(cron_job("spec: {schedule: x, jobTemplate: {template: {spec: {containers: []}}}}"));
        // These are patches.
        for metadata in ["{}", "null", "{name: ''}", "{name: null}", "{labels: {a: b}}"] {
            assert!(!pod(metadata, fits), "{metadata}");
        }
        for spec in ["spec: null", "spec: {replicas: 2}", "status: {}", "spec: {template: {metadata: {labels: {}}}}"] {
            assert!(!deployment(spec), "{spec}");
        }
        assert!(!deployment("spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}}}"));
        assert!(!cron_job("spec: {schedule: x, jobTemplate: {metadata: {}}}"));
    }

    #[test]
    fn a_name_of_a_wrong_type_is_shown() {
        assert_eq!(names("apiVersion: v1\nkind: Pod\nmetadata: {name: 2024}"), ["1 v1 Pod 2024"]);
        assert_eq!(names("apiVersion: v1\nkind: Pod\nmetadata: {name: yes}"), ["1 v1 Pod true"]);
        assert_eq!(names("apiVersion: v1\nkind: Pod\nmetadata: {name: [a]}"), ["1 v1 Pod "]);
    }

    #[test]
    fn requests_are_made_for_kinds_with_a_pod_template() {
        let kinds = Kinds::new(&json!({"podTemplates": ["argoproj.io/Rollout=$.spec.template", "Own=$", 5]}));
        let resource = |api_version: &str, kind: &str| {
            let value = json!({"metadata": {"name": "a"}});
            let object = Object {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                value: &value,
                node: None,
                item: None,
            };
            kinds.request(&object, "u".to_owned()).map(|request| {
                let GroupVersionResource { group, version, resource } = request.resource;
                format!("{group} {version} {resource} {}", request.namespace.unwrap_or_default())
            })
        };
        assert_eq!(resource("v1", "Pod").as_deref(), Some(" v1 pods default"));
        assert_eq!(resource("apps/v1", "Deployment").as_deref(), Some("apps v1 deployments default"));
        assert_eq!(
            resource("argoproj.io/v1alpha1", "Rollout").as_deref(),
            Some("argoproj.io v1alpha1 rollouts default")
        );
        assert_eq!(resource("v1", "Own").as_deref(), Some(" v1 owns default"));
        assert_eq!(resource("v1", "Service"), None);
        assert_eq!(resource("apps/v1", "Pod"), None);
    }
}
