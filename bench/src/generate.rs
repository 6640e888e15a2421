//! Requests of any size, made up by a seeded generator: the same seed makes the same bytes.

use serde_json::{Map, Value, json};

/// What a generated Pod is like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many regular containers it has besides its sidecars.
    pub containers: usize,
    /// The form of its sidecars.
    pub sidecars: Sidecars,
    /// About how many bytes of annotations it has.
    pub annotations: usize,
    /// About how many bytes of managedFields it has.
    pub managed_fields: usize,
    /// Whether it asks for nodes by selector and affinity.
    pub selects_nodes: bool,
}

/// The sidecars of a generated Pod.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sidecars {
    /// None.
    None,
    /// Istio's, as a native sidecar, with the init container that sets up the network.
    NativeIstio,
    /// A log shipper that the catalogue knows, among the regular containers.
    Legacy,
}

/// An admission request for a Pod like this, with these settings: the payload of `validate`.
pub fn payload(shape: Shape, settings: &Value, seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let object = pod(shape, &mut random);
    json!({
        "settings": settings,
        "request": {
            "uid": "1299d386-525b-4032-98ae-1949f69f9cfc",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
            "requestResource": {"group": "", "version": "v1", "resource": "pods"},
            "name": object["metadata"]["name"],
            "namespace": "shop",
            "operation": "CREATE",
            "userInfo": {
                "username": "system:serviceaccount:kube-system:replicaset-controller",
                "uid": "5a4d2f0e-7a3c-4f66-9f5d-3f1f5b1f2a10",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
            },
            "object": object,
            "oldObject": null,
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        },
    })
    .to_string()
}

/// A list of this many nodes, as the API server gives it: about 1.1 KB each, and every other one too old for native sidecars.
pub fn nodes(count: usize, seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let items: Vec<Value> = (0..count).map(|index| node(index, &mut random)).collect();
    json!({"apiVersion": "v1", "kind": "NodeList", "metadata": {}, "items": items}).to_string()
}

fn word(random: &mut fastrand::Rng, length: usize) -> String {
    (0..length).map(|_| random.lowercase()).collect()
}

/// Text as people and tools write it: with quotation marks and line breaks here and there, which JSON escapes.
fn text(random: &mut fastrand::Rng, length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let letters = random.usize(2..10);
        text += &word(random, letters);
        text += [" ", " ", " ", "-", "/", ": ", "\"", "\n"][random.usize(0..8)];
    }
    text
}

fn pod(shape: Shape, random: &mut fastrand::Rng) -> Value {
    let name = format!("checkout-{}-{}", word(random, 9), word(random, 5));
    let mut annotations = Map::new();
    let mut left = shape.annotations;
    while left > 0 {
        let length = left.min(2_000);
        annotations.insert(format!("example.com/{}", word(random, 12)), json!(text(random, length)));
        left -= length;
    }
    let mut fields = Map::new();
    let mut managed = 0;
    while managed < shape.managed_fields {
        let name = word(random, 8);
        managed += 90;
        let one = json!({".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:resources": {}});
        fields.insert(format!("k:{{\"name\":\"{name}\"}}"), one);
    }
    let volume = json!({"name": "kube-api-access-x", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true});
    let mut containers: Vec<Value> = (0..shape.containers).map(|_| container(random, &volume)).collect();
    let mut init_containers = Vec::new();
    match shape.sidecars {
        Sidecars::None => {}
        Sidecars::NativeIstio => {
            annotations.insert(
                "sidecar.istio.io/status".to_owned(),
                json!(r#"{"initContainers":["istio-init","istio-proxy"],"containers":null,"volumes":["workload-socket","credential-socket","workload-certs","istio-envoy","istio-data","istio-podinfo","istio-token","istiod-ca-cert"],"imagePullSecrets":null,"revision":"default"}"#),
            );
            init_containers = vec![istio_init(), istio_proxy(&volume)];
        }
        Sidecars::Legacy => {
            let mut shipper = container(random, &volume);
            shipper["name"] = json!("fluent-bit");
            shipper["image"] = json!("cr.fluentbit.io/fluent/fluent-bit:3.1.9");
            // A name that the others have would keep it where it is.
            shipper["ports"] = json!([{"containerPort": 2020, "name": "metrics", "protocol": "TCP"}]);
            containers.push(shipper);
        }
    }
    let mut metadata = json!({
        "name": name,
        "generateName": "checkout-6d9f7c5b8-",
        "namespace": "shop",
        "labels": {"app": "checkout", "pod-template-hash": "6d9f7c5b8", "version": "v1"},
        "annotations": annotations,
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "checkout-6d9f7c5b8",
            "uid": "7e0c5b51-7e0c-4b51-9e0c-5b517e0c5b51", "controller": true, "blockOwnerDeletion": true}],
    });
    if !fields.is_empty() {
        let fields = json!({"f:spec": {"f:containers": fields}});
        metadata["managedFields"] = json!([{"manager": "kube-controller-manager", "operation": "Update",
            "apiVersion": "v1", "time": "2025-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": fields}]);
    }
    let mut spec = json!({
        "containers": containers,
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "tolerations": [
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        ],
        "volumes": [{"name": "kube-api-access-x", "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ]}}],
        "priority": 0,
        "preemptionPolicy": "PreemptLowerPriority",
    });
    if shape.selects_nodes {
        spec["nodeSelector"] = json!({"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"});
        let zones = json!({"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-central-1a", "eu-central-1b"]});
        let pools = json!({"key": "pool", "operator": "In", "values": ["general", "batch"]});
        spec["affinity"] = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            {"nodeSelectorTerms": [{"matchExpressions": [zones, pools]}]}}});
    }
    if !init_containers.is_empty() {
        spec["initContainers"] = json!(init_containers);
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {}})
}

fn container(random: &mut fastrand::Rng, volume: &Value) -> Value {
    let name = word(random, 8);
    json!({
        "name": name,
        "image": format!("registry.example.com/shop/{name}:1.{}", random.u8(0..100)),
        "ports": [{"containerPort": random.u16(1024..), "name": "http", "protocol": "TCP"}],
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "DATABASE", "value": format!("postgres://{}:5432/shop", word(random, 12))},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        ],
        "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "volumeMounts": [volume],
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    })
}

fn istio_init() -> Value {
    json!({
        "name": "istio-init",
        "image": "docker.io/istio/proxyv2:1.27.0",
        "args": ["istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-x", "",
            "-b", "*", "-d", "15090,15021,15020", "--log_output_level=default:info"],
        "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "10m", "memory": "40Mi"}},
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
            "privileged": false, "readOnlyRootFilesystem": false, "runAsGroup": 0, "runAsNonRoot": false, "runAsUser": 0},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    })
}

fn istio_proxy(volume: &Value) -> Value {
    let field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}});
    json!({
        "name": "istio-proxy",
        "image": "docker.io/istio/proxyv2:1.27.0",
        "restartPolicy": "Always",
        "args": ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local", "--proxyLogLevel=warning",
            "--proxyComponentLogLevel=misc:error", "--log_output_level=default:info"],
        "ports": [{"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"}],
        "env": [
            {"name": "PILOT_CERT_PROVIDER", "value": "istiod"},
            {"name": "CA_ADDR", "value": "istiod.istio-system.svc:15012"},
            field("POD_NAME", "metadata.name"),
            field("POD_NAMESPACE", "metadata.namespace"),
            field("INSTANCE_IP", "status.podIP"),
            field("SERVICE_ACCOUNT", "spec.serviceAccountName"),
            field("HOST_IP", "status.hostIP"),
            {"name": "PROXY_CONFIG", "value": "{}\n"},
            {"name": "ISTIO_META_POD_PORTS", "value": "[\n    {\"name\":\"http\",\"containerPort\":8080,\"protocol\":\"TCP\"}\n]"},
            {"name": "ISTIO_META_APP_CONTAINERS", "value": "checkout"},
            {"name": "ISTIO_META_CLUSTER_ID", "value": "Kubernetes"},
            {"name": "ISTIO_META_WORKLOAD_NAME", "value": "checkout"},
            {"name": "ISTIO_META_MESH_ID", "value": "cluster.local"},
            {"name": "TRUST_DOMAIN", "value": "cluster.local"},
        ],
        "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "10m", "memory": "40Mi"}},
        "readinessProbe": {"httpGet": {"path": "/healthz/ready", "port": 15021}, "periodSeconds": 15, "timeoutSeconds": 3, "failureThreshold": 4},
        "startupProbe": {"httpGet": {"path": "/healthz/ready", "port": 15021}, "periodSeconds": 1, "timeoutSeconds": 3, "failureThreshold": 600},
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "privileged": false,
            "readOnlyRootFilesystem": true, "runAsGroup": 1337, "runAsNonRoot": true, "runAsUser": 1337},
        "volumeMounts": [
            {"name": "workload-socket", "mountPath": "/var/run/secrets/workload-spiffe-uds"},
            {"name": "istiod-ca-cert", "mountPath": "/var/run/secrets/istio"},
            {"name": "istio-data", "mountPath": "/var/lib/istio/data"},
            {"name": "istio-envoy", "mountPath": "/etc/istio/proxy"},
            {"name": "istio-token", "mountPath": "/var/run/secrets/tokens"},
            volume,
        ],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    })
}

fn node(index: usize, random: &mut fastrand::Rng) -> Value {
    let name = format!("ip-10-{}-{}-{index}.eu-central-1.compute.internal", random.u8(..), random.u8(..));
    let mut labels = json!({
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": "m6i.2xlarge",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "m6i.2xlarge",
        "topology.kubernetes.io/region": "eu-central-1",
        "topology.kubernetes.io/zone": format!("eu-central-1{}", ["a", "b", "c"][index % 3]),
        "pool": if index % 4 < 2 { "general" } else { "batch" },
    });
    for _ in 0..9 {
        labels[format!("example.com/{}", word(random, 14))] = json!(word(random, 16));
    }
    json!({
        "metadata": {"name": name, "labels": labels},
        "spec": {},
        "status": {"nodeInfo": {"kubeletVersion": if index.is_multiple_of(2) { "v1.33.1-eks-1552ad0" } else { "v1.27.16-eks-1552ad0" }, "operatingSystem": "linux"}},
    })
}
