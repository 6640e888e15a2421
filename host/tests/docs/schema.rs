//! The settings as a type that can be described: what docs/settings.schema.json and docs/settings.md are made of.
//!
//! The module reads its settings without such a type, which would cost it a quarter of its size, so this one is held to it:
//! by names, choices and defaults, and by every case.

// The types are only described, never made.
#![allow(dead_code)]

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

const CONTAINER_GLOB: &str = r"^[-a-z0-9*?!\[\]]+$";
const IMAGE_GLOB: &str = r"^([-a-z0-9*?!\[\]._:]*/)*[-a-z0-9*?!\[\]._]*$";
const POD_TEMPLATE: &str = r"^[^/=]*/[^/=]+=\$";
const VERSION: &str = r"^(v?[0-9]+\.[0-9]+([.+-].*)?)?$";
const MINIMUM_VERSION: &str = r"^((1\.(2[89]|[3-9][0-9]|[1-9][0-9]{2,})|([2-9]|[1-9][0-9]+)\.(0|[1-9][0-9]*)))?$";
const LABEL: &str = r"^(([a-z0-9]([-_.a-z0-9]*[a-z0-9])?/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?=([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?)?$";
const DNS_LABEL: &str = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";
const ANNOTATION: &str = "^[^=]+=";

/// All are optional: `{}` rejects legacy and stripped sidecars, warns of misplaced and injected ones, and changes nothing.
/// `null` is the same as leaving a setting out. An unknown setting is an error.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Settings of native-sidecar-policy")]
pub struct Settings {
    /// What to do about a known sidecar among the regular containers.
    #[schemars(extend("default" = "reject", "examples" = ["convert"]))]
    legacy_sidecars: Option<LegacySidecars>,
    /// What to do about an init container that lost `restartPolicy: Always`.
    #[schemars(extend("default" = "reject", "examples" = ["restore"]))]
    stripped_sidecars: Option<StrippedSidecars>,
    /// What to do about `restartPolicy: Always` on a regular container, where it makes no sidecar.
    #[schemars(extend("default" = "warn", "examples" = ["convert"]))]
    misplaced_restart_policy: Option<MisplacedRestartPolicy>,
    /// What to do about a legacy sidecar that an injector or an operator adds. Its container is never moved; the message
    /// names the switch of its injector.
    #[schemars(extend("default" = "warn", "examples" = ["steer"]))]
    injected_sidecars: Option<InjectedSidecars>,
    /// Injectors that work by namespace: with `injectedSidecars: steer`, their switch is set on every Pod, with no need of a
    /// mark on it.
    #[schemars(extend("default" = [], "examples" = [["istio", "linkerd"]]))]
    steer_injectors: Option<Vec<Injector>>,
    /// Globs of container names. Containers with such a name are sidecars; this beats the catalogue.
    #[schemars(inner(regex(pattern = CONTAINER_GLOB)), extend("default" = [], "examples" = [["logshipper", "*-proxy"]]))]
    sidecar_names: Option<Vec<String>>,
    /// Globs of image repositories: registry and path, without tag and digest; `docker.io/library/` may be left out.
    /// Containers with such an image are sidecars.
    #[schemars(
        inner(length(min = 1), regex(pattern = IMAGE_GLOB)),
        extend("default" = [], "examples" = [["ghcr.io/example/shipper", "registry.example.com/sidecars/*"]])
    )]
    sidecar_images: Option<Vec<String>>,
    /// Whether the built-in list of well-known sidecars counts as well. It matches name and image together.
    #[schemars(extend("default" = true, "examples" = [false]))]
    catalogue: Option<bool>,
    /// Globs of container names that no rule touches.
    #[schemars(inner(regex(pattern = CONTAINER_GLOB)), extend("default" = [], "examples" = [["debug-*"]]))]
    exempt_containers: Option<Vec<String>>,
    /// Globs of container names. Sidecars with such a name are converted to the front of `initContainers`, for init
    /// containers that need them; others go to the end.
    #[schemars(inner(regex(pattern = CONTAINER_GLOB)), extend("default" = [], "examples" = [["cloud-sql-proxy"]]))]
    start_first: Option<Vec<String>>,
    /// Whether Pod templates of workloads are changed as Pods are. Without it `convert` and `restore` act as `warn` on
    /// them. GitOps tools see changed workloads as drift.
    #[schemars(extend("default" = false, "examples" = [true]))]
    convert_templates: Option<bool>,
    /// More kinds with Pod templates, each as `GROUP/KIND=JSONPATH`. The policy's `rules` have to send them.
    #[schemars(
        inner(regex(pattern = POD_TEMPLATE)),
        extend("default" = [], "examples" = [["argoproj.io/Rollout=$.spec.template"]])
    )]
    pod_templates: Option<Vec<String>>,
    /// How to know that the nodes on which a Pod may land support native sidecars.
    #[schemars(extend("default" = "none", "examples" = ["nodes"]))]
    node_check: Option<NodeCheck>,
    /// The version of the API server, for `nodeCheck: apiServerVersion`. `1.36` means nodes from `1.33` on.
    #[schemars(regex(pattern = VERSION), extend("examples" = ["1.36"]))]
    api_server_version: Option<String>,
    /// The oldest nodes that count as supporting native sidecars: `1.28` where only the start order matters.
    #[schemars(regex(pattern = MINIMUM_VERSION), extend("default" = "1.29", "examples" = ["1.28"]))]
    minimum_node_version: Option<String>,
    /// A label as `KEY=VALUE`. Nodes with it support native sidecars, nodes with another value of it do not, whatever their
    /// version says. deploy/node-labeller sets one.
    #[schemars(regex(pattern = LABEL), extend("examples" = ["native-sidecars.kubewarden.io/supported=true"]))]
    node_label: Option<String>,
    /// What to do about a Pod that has native sidecars, or would get them, and may land on nodes that do not support them.
    #[schemars(extend("default" = "reject", "examples" = ["legacy"]))]
    unsupported_nodes: Option<UnsupportedNodes>,
    /// Whether a new Pod is compared with the template of its controller, which it should not have lost a sidecar of.
    #[schemars(extend("default" = false, "examples" = [true]))]
    owner_lookup: Option<bool>,
    /// Whether messages about stripped sidecars name the mutating webhooks that could have done it.
    #[schemars(extend("default" = false, "examples" = [true]))]
    webhook_lookup: Option<bool>,
    /// Sidecars that new Pods get.
    #[schemars(extend("default" = [], "examples" = [[{
        "name": "vpn",
        "container": {
            "image": "registry.example.com/vpn:2",
            "volumeMounts": [{"name": "vpn-state", "mountPath": "/state"}],
        },
        "volumes": [{"name": "vpn-state", "emptyDir": {}}],
        "podSelector": {"matchLabels": {"net": "vpn"}},
    }]]))]
    injections: Option<Vec<Injection>>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", inline)]
enum LegacySidecars {
    /// refuse the object
    Reject,
    /// let it pass, and say so
    Warn,
    /// move the container to `initContainers`, with `restartPolicy: Always`
    Convert,
    /// nothing
    Ignore,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", inline)]
enum StrippedSidecars {
    /// refuse the object
    Reject,
    /// let it pass, and say so
    Warn,
    /// put `restartPolicy: Always` back
    Restore,
    /// nothing
    Ignore,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", inline)]
enum MisplacedRestartPolicy {
    /// let it pass, and say so
    Warn,
    /// refuse the object
    Reject,
    /// move the container to `initContainers`
    Convert,
    /// nothing
    Ignore,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", inline)]
enum InjectedSidecars {
    /// let it pass, and say so
    Warn,
    /// refuse the object
    Reject,
    /// set the annotation by which the injector makes its sidecar native
    Steer,
    /// nothing
    Ignore,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", inline)]
enum Injector {
    /// Istio
    Istio,
    /// Linkerd
    Linkerd,
    /// Consul
    Consul,
    /// Dapr
    Dapr,
    /// Cloud Storage FUSE of GKE
    Gcsfuse,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", inline)]
enum NodeCheck {
    /// nobody asks: all nodes count as supporting them
    None,
    /// by the setting `apiServerVersion`: kubelets are at most three minors older
    ApiServerVersion,
    /// by the Nodes of the cluster, which the policy has to be granted
    Nodes,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", inline)]
enum UnsupportedNodes {
    /// refuse the object
    Reject,
    /// let it pass, and say so
    Warn,
    /// the same, and convert, steer and restore nothing
    Legacy,
    /// keep the Pod to nodes with `nodeLabel`, which this needs, by required node affinity
    Pin,
}

/// A sidecar that new Pods get, once, and never over a container of that name. At least one of `podSelector` and `annotation`
/// says which Pods; where both are given, both have to match.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct Injection {
    /// The container's name.
    #[schemars(regex(pattern = DNS_LABEL))]
    name: String,
    /// The container, as in a Pod, without `name` and `restartPolicy`. `strategy: universal` needs its `command`.
    #[schemars(schema_with = "container")]
    container: Value,
    /// Volumes that come along, unless the Pod has the same.
    #[schemars(schema_with = "volumes", extend("default" = []))]
    volumes: Option<Value>,
    /// A LabelSelector over the Pod's labels; `{}` is every Pod.
    #[schemars(schema_with = "selector")]
    pod_selector: Option<Value>,
    /// An annotation that the Pod has, as `KEY=VALUE`.
    #[schemars(regex(pattern = ANNOTATION))]
    annotation: Option<String>,
    /// In which form it is injected.
    #[schemars(extend("default" = "native"))]
    strategy: Option<Strategy>,
    /// Whether it goes ahead of all init containers; else it goes behind them.
    #[schemars(extend("default" = false))]
    first: Option<bool>,
    /// For `strategy: universal` only: any image with a static busybox at `/bin/busybox`.
    #[schemars(extend("default" = "docker.io/library/busybox:1.37.0-musl"))]
    helper_image: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", inline)]
enum Strategy {
    /// among the init containers, with `restartPolicy: Always`
    Native,
    /// among the regular containers
    Legacy,
    /// native where `nodeCheck` finds that all nodes support it, else legacy
    Auto,
    /// in both forms, of which one works
    Universal,
}

/// The schema of all settings.
pub fn settings() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Settings>().to_value();
    schema["$id"] = json!(
        "https://raw.githubusercontent.com/native-sidecar-policy/native-sidecar-policy/main/docs/settings.schema.json"
    );
    let is = |setting: &str, value: &str| json!({"properties": {setting: {"const": value}}, "required": [setting]});
    let filled =
        |setting: &str| json!({"properties": {setting: {"type": "string", "minLength": 1}}, "required": [setting]});
    schema["allOf"] = json!([
        {"if": is("nodeCheck", "apiServerVersion"), "then": filled("apiServerVersion")},
        {"if": is("unsupportedNodes", "pin"), "then": filled("nodeLabel")},
        {
            "if": {"properties": {"injections": {"type": "array", "contains": is("strategy", "auto")}}, "required": ["injections"]},
            "then": {"properties": {"nodeCheck": {"enum": ["apiServerVersion", "nodes"]}}, "required": ["nodeCheck"]},
        },
    ]);
    let definitions = schema["$defs"].as_object_mut().unwrap();
    definitions.values_mut().for_each(loosen);
    let container = &mut definitions["io.k8s.api.core.v1.Container"];
    container["properties"].as_object_mut().unwrap().retain(|name, _| name != "restartPolicy");
    container["properties"]["image"] = json!({"type": "string", "minLength": 1});
    container["required"] = json!(["image"]);
    let injection = &mut schema["properties"]["injections"]["items"];
    injection["required"] = json!(["name", "container"]);
    injection["anyOf"] = json!([
        {"properties": {"podSelector": {"type": "object"}}, "required": ["podSelector"]},
        {"properties": {"annotation": {"type": "string"}}, "required": ["annotation"]},
    ]);
    let command = json!({"properties": {"command": {"type": "array", "minItems": 1}}, "required": ["command"]});
    injection["if"] = is("strategy", "universal");
    injection["then"] = json!({"properties": {"container": command}});
    injection["else"] = json!({"properties": {"helperImage": {"type": "null"}}});
    schema
}

/// Its definitions are loosened when all of them are there.
fn container(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<v1::Container>()
}

/// The policy looks no further than at the names of the sources that a volume may have.
fn volumes(_: &mut SchemaGenerator) -> Schema {
    let volume = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<v1::Volume>().to_value();
    let names = volume["properties"].as_object().unwrap().keys();
    let mut fields: Map<_, _> = names.map(|name| (name.clone(), json!({"type": ["object", "null"]}))).collect();
    fields.insert("name".to_owned(), json!({"type": "string", "pattern": DNS_LABEL}));
    let volume = json!({"type": "object", "properties": fields, "required": ["name"], "additionalProperties": false});
    object(json!({"type": ["array", "null"], "items": volume}))
}

fn selector(generator: &mut SchemaGenerator) -> Schema {
    let labels = BTreeMap::<String, String>::json_schema(generator);
    let requirement = |operators: [&str; 2], limit: &str, count: u8| {
        json!({
            "type": "object",
            "properties": {
                "key": {"type": "string", "minLength": 1},
                "operator": {"enum": operators},
                "values": {"type": "array", "items": {"type": "string"}, limit: count},
            },
            "required": if limit == "minItems" { json!(["key", "operator", "values"]) } else { json!(["key", "operator"]) },
            "additionalProperties": false,
        })
    };
    let requirement = json!({"anyOf": [requirement(["In", "NotIn"], "minItems", 1), requirement(["Exists", "DoesNotExist"], "maxItems", 0)]});
    object(json!({
        "type": ["object", "null"],
        "properties": {"matchLabels": labels, "matchExpressions": {"type": "array", "items": requirement}},
        "additionalProperties": false,
    }))
}

fn object(schema: Value) -> Schema {
    Schema::try_from(schema).unwrap()
}

/// Makes of the schema of a type of Kubernetes what the policy reads: no field is required, `null` is nothing, and what is
/// unknown is an error.
fn loosen(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if members.remove("x-kubernetes-int-or-string").is_some() {
        members.insert("type".to_owned(), json!(["integer", "string"]));
    }
    let is_loose =
        |name: &str| name.starts_with("x-") || ["default", "description", "format", "required"].contains(&name);
    members.retain(|name, _| !is_loose(name));
    if let Some(fields) = members.get_mut("properties").and_then(Value::as_object_mut) {
        fields.values_mut().for_each(loosen);
        fields.values_mut().for_each(or_null);
        members.insert("additionalProperties".to_owned(), json!(false));
    }
    for name in ["items", "additionalProperties"] {
        if let Some(inner) = members.get_mut(name).filter(|inner| inner.is_object()) {
            loosen(inner);
            or_null(inner);
        }
    }
}

fn or_null(schema: &mut Value) {
    match schema.get("type").cloned() {
        None => *schema = json!({"anyOf": [schema.take(), {"type": "null"}]}),
        Some(Value::Array(types)) => schema["type"] = types.into_iter().chain([json!("null")]).collect(),
        Some(one) => schema["type"] = json!([one, "null"]),
    }
}
