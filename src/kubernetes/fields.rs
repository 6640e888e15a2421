//! What a container and a volume may have in them: their fields as Kubernetes defines them, as a table.
//!
//! <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container>. The typed structs of
//! k8s-openapi would take most of the module's size to say the same, and pass over what they do not know; a test holds the
//! table to them.

use serde_json::value::RawValue;
#[cfg(feature = "describe")]
use serde_json::{Value, json};

use crate::json::malformed::Malformed;
use crate::json::path::{Path, Step};
use crate::json::read;

/// What a value has to be.
#[derive(Debug)]
pub enum Type {
    /// A string.
    Text,
    /// `true` or `false`.
    Flag,
    /// An integer.
    Integer,
    /// An integer or a string: a port, an amount.
    Either,
    /// A list of these.
    List(&'static Self),
    /// An object with any keys and these values.
    Map(&'static Self),
    /// An object with these members, all of them optional.
    Object(&'static [(&'static str, Self)]),
    /// An object whose members nobody checks.
    Anything,
}

use Type::{Anything, Either, Flag, Integer, List, Map, Object, Text};

const TEXTS: Type = List(&Text);
const KEY_REFERENCE: Type = Object(&[("key", Text), ("name", Text), ("optional", Flag)]);
const SOURCE_REFERENCE: Type = Object(&[("name", Text), ("optional", Flag)]);
const EXEC: Type = Object(&[("command", TEXTS)]);
const HTTP_HEADERS: Type = List(&Object(&[("name", Text), ("value", Text)]));
const HTTP_GET: Type =
    Object(&[("host", Text), ("httpHeaders", HTTP_HEADERS), ("path", Text), ("port", Either), ("scheme", Text)]);
const TCP_SOCKET: Type = Object(&[("host", Text), ("port", Either)]);
const HANDLER: Type = Object(&[
    ("exec", EXEC),
    ("httpGet", HTTP_GET),
    ("sleep", Object(&[("seconds", Integer)])),
    ("tcpSocket", TCP_SOCKET),
]);
const PROBE: Type = Object(&[
    ("exec", EXEC),
    ("failureThreshold", Integer),
    ("grpc", Object(&[("port", Integer), ("service", Text)])),
    ("httpGet", HTTP_GET),
    ("initialDelaySeconds", Integer),
    ("periodSeconds", Integer),
    ("successThreshold", Integer),
    ("tcpSocket", TCP_SOCKET),
    ("terminationGracePeriodSeconds", Integer),
    ("timeoutSeconds", Integer),
]);
const PROFILE: Type = Object(&[("localhostProfile", Text), ("type", Text)]);
const VALUE_FROM: Type = Object(&[
    ("configMapKeyRef", KEY_REFERENCE),
    ("fieldRef", Object(&[("apiVersion", Text), ("fieldPath", Text)])),
    ("fileKeyRef", Object(&[("key", Text), ("optional", Flag), ("path", Text), ("volumeName", Text)])),
    ("resourceFieldRef", Object(&[("containerName", Text), ("divisor", Either), ("resource", Text)])),
    ("secretKeyRef", KEY_REFERENCE),
]);
const SECURITY_CONTEXT: Type = Object(&[
    ("allowPrivilegeEscalation", Flag),
    ("appArmorProfile", PROFILE),
    ("capabilities", Object(&[("add", TEXTS), ("drop", TEXTS)])),
    ("privileged", Flag),
    ("procMount", Text),
    ("readOnlyRootFilesystem", Flag),
    ("runAsGroup", Integer),
    ("runAsNonRoot", Flag),
    ("runAsUser", Integer),
    ("seLinuxOptions", Object(&[("level", Text), ("role", Text), ("type", Text), ("user", Text)])),
    ("seccompProfile", PROFILE),
    (
        "windowsOptions",
        Object(&[
            ("gmsaCredentialSpec", Text),
            ("gmsaCredentialSpecName", Text),
            ("hostProcess", Flag),
            ("runAsUserName", Text),
        ]),
    ),
]);
const AMOUNTS: Type = Map(&Either);

/// A container.
pub const CONTAINER: Type = Object(&[
    ("args", TEXTS),
    ("command", TEXTS),
    ("env", List(&Object(&[("name", Text), ("value", Text), ("valueFrom", VALUE_FROM)]))),
    (
        "envFrom",
        List(&Object(&[("configMapRef", SOURCE_REFERENCE), ("prefix", Text), ("secretRef", SOURCE_REFERENCE)])),
    ),
    ("image", Text),
    ("imagePullPolicy", Text),
    ("lifecycle", Object(&[("postStart", HANDLER), ("preStop", HANDLER), ("stopSignal", Text)])),
    ("livenessProbe", PROBE),
    ("name", Text),
    (
        "ports",
        List(&Object(&[
            ("containerPort", Integer),
            ("hostIP", Text),
            ("hostPort", Integer),
            ("name", Text),
            ("protocol", Text),
        ])),
    ),
    ("readinessProbe", PROBE),
    ("resizePolicy", List(&Object(&[("resourceName", Text), ("restartPolicy", Text)]))),
    (
        "resources",
        Object(&[
            ("claims", List(&Object(&[("name", Text), ("request", Text)]))),
            ("limits", AMOUNTS),
            ("requests", AMOUNTS),
        ]),
    ),
    ("restartPolicy", Text),
    (
        "restartPolicyRules",
        List(&Object(&[("action", Text), ("exitCodes", Object(&[("operator", Text), ("values", List(&Integer))]))])),
    ),
    ("securityContext", SECURITY_CONTEXT),
    ("startupProbe", PROBE),
    ("stdin", Flag),
    ("stdinOnce", Flag),
    ("terminationMessagePath", Text),
    ("terminationMessagePolicy", Text),
    ("tty", Flag),
    ("volumeDevices", List(&Object(&[("devicePath", Text), ("name", Text)]))),
    (
        "volumeMounts",
        List(&Object(&[
            ("mountPath", Text),
            ("mountPropagation", Text),
            ("name", Text),
            ("readOnly", Flag),
            ("recursiveReadOnly", Text),
            ("subPath", Text),
            ("subPathExpr", Text),
        ])),
    ),
    ("workingDir", Text),
]);

/// A volume: its name, and one of the sources that there are. What is in a source is left to the API server.
pub const VOLUME: Type = Object(&[
    ("awsElasticBlockStore", Anything),
    ("azureDisk", Anything),
    ("azureFile", Anything),
    ("cephfs", Anything),
    ("cinder", Anything),
    ("configMap", Anything),
    ("csi", Anything),
    ("downwardAPI", Anything),
    ("emptyDir", Anything),
    ("ephemeral", Anything),
    ("fc", Anything),
    ("flexVolume", Anything),
    ("flocker", Anything),
    ("gcePersistentDisk", Anything),
    ("gitRepo", Anything),
    ("glusterfs", Anything),
    ("hostPath", Anything),
    ("image", Anything),
    ("iscsi", Anything),
    ("name", Text),
    ("nfs", Anything),
    ("persistentVolumeClaim", Anything),
    ("photonPersistentDisk", Anything),
    ("portworxVolume", Anything),
    ("projected", Anything),
    ("quobyte", Anything),
    ("rbd", Anything),
    ("scaleIO", Anything),
    ("secret", Anything),
    ("storageos", Anything),
    ("vsphereVolume", Anything),
]);

#[cfg(feature = "describe")]
impl Type {
    /// Returns this as JSON Schema; what is in it may be `null`, which is the same as nothing.
    pub fn schema(&self) -> Value {
        match self {
            Text => json!({"type": "string"}),
            Flag => json!({"type": "boolean"}),
            Integer => json!({"type": "integer"}),
            Either => json!({"type": ["integer", "string"]}),
            List(of) => json!({"type": "array", "items": of.schema_or_null()}),
            Map(of) => json!({"type": "object", "additionalProperties": of.schema_or_null()}),
            Object(members) => {
                let properties = members.iter().map(|(name, member)| ((*name).to_owned(), member.schema_or_null()));
                json!({
                    "type": "object",
                    "properties": Value::Object(properties.collect()),
                    "additionalProperties": false,
                })
            }
            Anything => json!({"type": "object"}),
        }
    }

    fn schema_or_null(&self) -> Value {
        or_null(self.schema())
    }
}

/// Returns the schema of what may be `null` as well.
#[cfg(feature = "describe")]
pub fn or_null(mut schema: Value) -> Value {
    let types = match schema.get("type") {
        None => return json!({"anyOf": [schema, {"type": "null"}]}),
        Some(Value::Array(types)) => types.clone(),
        Some(one) => vec![one.clone()],
    };
    schema["type"] = types.into_iter().chain([json!("null")]).collect();
    schema
}

impl Type {
    /// Adds to `errors` all that makes the value something else than this; `place` is where it is. `null` is the same as
    /// nothing, as in the API server.
    pub fn check(&self, value: &RawValue, place: &Path, errors: &mut Vec<Malformed>) {
        let text = value.get();
        let is_integer = || text.parse::<i64>().is_ok();
        let (is_right, wanted) = match self {
            _ if text == "null" => return,
            Text => (text.starts_with('"'), "a string"),
            Flag => (text == "true" || text == "false", "true or false"),
            Integer => (is_integer(), "an integer"),
            Either => (is_integer() || text.starts_with('"'), "an integer or a string"),
            List(_) => (text.starts_with('['), "a list"),
            Map(_) | Object(_) | Anything => (text.starts_with('{'), "an object"),
        };
        if !is_right {
            return errors.push(Malformed::new(place, format_args!("not {wanted}")));
        }
        for (step, child) in read::children(text) {
            let place = place.clone().step(step.clone());
            let wanted = match (self, &step) {
                (List(of) | Map(of), _) => Some(*of),
                (Object(members), Step::Key(name)) => {
                    members.iter().find(|(known, _)| known == name).map(|(_, wanted)| wanted)
                }
                _ => return,
            };
            match wanted {
                None => errors.push(Malformed::new(place, "unknown field")),
                Some(wanted) => wanted.check(child, &place, errors),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::{Container, Volume};
    use k8s_openapi::schemars::{JsonSchema, SchemaGenerator};
    use serde_json::Value;
    use serde_json::value::to_raw_value;

    use super::*;

    /// A type of Kubernetes, as JSON Schema, with the definitions that it refers to.
    struct Schema(Value);

    impl Schema {
        fn of<T: JsonSchema>() -> Self {
            Self(SchemaGenerator::default().into_root_schema_for::<T>().to_value())
        }

        /// What this schema says, or what it refers to.
        fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
            let reference = schema["$ref"].as_str().or(schema["allOf"][0]["$ref"].as_str());
            match reference.and_then(|reference| self.0.pointer(reference.strip_prefix('#')?)) {
                Some(definition) => self.resolved(definition),
                None => schema,
            }
        }

        /// Whether the table says the same of the value at `place`.
        fn assert_same(&self, schema: &Value, table: &Type, place: &str) {
            let schema = self.resolved(schema);
            let is = |wanted: &str| match &schema["type"] {
                Value::String(name) => name == wanted,
                Value::Array(names) => names.iter().any(|name| name == wanted),
                _ => false,
            };
            match table {
                Type::Text => assert!(is("string"), "{place}: {schema}"),
                Type::Flag => assert!(is("boolean"), "{place}: {schema}"),
                Type::Integer => assert!(is("integer"), "{place}: {schema}"),
                // A quantity is text in the schema, and the API server takes numbers for it as well.
                Type::Either => assert!(is("string") || !is("object"), "{place}: {schema}"),
                Type::List(of) => {
                    assert!(is("array"), "{place}: {schema}");
                    self.assert_same(&schema["items"], of, &format!("{place}[]"));
                }
                Type::Map(of) => self.assert_same(&schema["additionalProperties"], of, &format!("{place}{{}}")),
                Type::Anything => assert!(is("object"), "{place}: {schema}"),
                Type::Object(members) => {
                    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
                    let mut wanted: Vec<_> = properties.keys().map(String::as_str).collect();
                    wanted.sort_unstable();
                    let known: Vec<_> = members.iter().map(|(name, _)| *name).collect();
                    assert_eq!(known, wanted, "{place}");
                    for (name, table) in *members {
                        self.assert_same(&properties[*name], table, &format!("{place}.{name}"));
                    }
                }
            }
        }
    }

    #[test]
    fn the_tables_are_those_of_kubernetes() {
        let container = Schema::of::<Container>();
        container.assert_same(&container.0, &CONTAINER, "container");
        let volume = Schema::of::<Volume>();
        volume.assert_same(&volume.0, &VOLUME, "volume");
    }

    #[test]
    fn nothing_is_the_same_as_null() {
        let mut errors = Vec::new();
        let container =
            serde_json::json!({"image": null, "env": [null, {"name": "a", "value": null}], "resources": null});
        if let Ok(raw) = to_raw_value(&container) {
            CONTAINER.check(&raw, &Path::default(), &mut errors);
        }
        assert_eq!(errors, []);
    }
}
