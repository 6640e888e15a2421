//! The words that cases are made of.

/// Containers that run once: nothing ever says of these that they were sidecars.
pub const RUN_ONCE: [(&str, &str); 4] = [
    ("migrate", "registry.example.com/migrate:1"),
    ("fetch-assets", "registry.example.com/assets:2"),
    ("wait-for-db", "busybox:1.37"),
    ("init-permissions", "docker.io/library/alpine"),
];

/// Main containers.
pub const MAIN: [(&str, &str); 5] = [
    ("app", "registry.example.com/shop:1"),
    ("web", "nginx"),
    ("worker", "ghcr.io/example/worker@sha256:0123456789012345678901234567890123456789012345678901234567890123"),
    ("report", "localhost:5000/report"),
    ("db", "postgres:17"),
];

/// Sidecars of the settings alone, and well-known ones with their images.
pub const SIDECARS: [(&str, &str); 24] = [
    ("logshipper", "registry.example.com/logshipper:1"),
    ("vpn", "registry.example.com/vpn:2"),
    ("cloud-sql-proxy", "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1"),
    ("istio-proxy", "docker.io/istio/proxyv2:1.24.1"),
    ("linkerd-proxy", "cr.l5d.io/linkerd/proxy:edge-24.11.8"),
    ("fluent-bit", "cr.fluentbit.io/fluent/fluent-bit:3.2"),
    ("vault-agent", "hashicorp/vault:1.18"),
    ("oauth2-proxy", "quay.io/oauth2-proxy/oauth2-proxy:v7.7.1"),
    ("git-sync", "registry.k8s.io/git-sync/git-sync:v4.3.0"),
    ("daprd", "docker.io/daprio/daprd:1.14"),
    ("config-reloader", "quay.io/prometheus-operator/prometheus-config-reloader:v0.78.2"),
    ("envoy", "public.ecr.aws/appmesh/aws-appmesh-envoy:v1.29"),
    ("wait", "quay.io/argoproj/argoexec:v3.6.0"),
    ("queue-proxy", "gcr.io/knative-releases/knative.dev/serving/cmd/queue:v1.16"),
    ("thanos-sidecar", "quay.io/thanos/thanos:v0.37.0"),
    ("redis-exporter", "oliver006/redis_exporter:v1.66"),
    ("otc-container", "otel/opentelemetry-collector-contrib:0.114.0"),
    ("tailscale", "ghcr.io/tailscale/tailscale:v1.76"),
    ("kube-rbac-proxy", "quay.io/brancz/kube-rbac-proxy:v0.18.1"),
    ("reloader", "ghcr.io/jimmidyson/configmap-reload:v0.14.0"),
    ("dind", "docker:27-dind"),
    ("consul-dataplane", "hashicorp/consul-dataplane:1.6"),
    ("datadog-agent", "gcr.io/datadoghq/agent:7"),
    ("node-driver-registrar", "registry.k8s.io/sig-storage/csi-node-driver-registrar:v2.12.0"),
];

/// Annotations that mean something to the policy, and others.
pub const ANNOTATIONS: [(&str, &str); 12] = [
    ("example.com/owner", "team-a"),
    (
        "sidecar.istio.io/status",
        r#"{"initContainers":["istio-init","istio-proxy"],"containers":["istio-proxy"],"revision":"default"}"#,
    ),
    ("sidecar.istio.io/inject", "true"),
    ("linkerd.io/inject", "enabled"),
    ("linkerd.io/proxy-version", "edge-24.11.8"),
    ("dapr.io/enabled", "true"),
    ("consul.hashicorp.com/connect-inject", "true"),
    ("vault.hashicorp.com/agent-inject-status", "injected"),
    ("config.alpha.linkerd.io/proxy-wait-before-exit-seconds", "5"),
    ("sidecar.istio.io/nativeSidecar", "false"),
    ("kubernetes.io/config.mirror", "x"),
    ("x-future", "\u{1f980}\n\"é\""),
];

/// Labels of Pods.
pub const LABELS: [(&str, &str); 6] = [
    ("app", "shop"),
    ("net", "vpn"),
    ("sidecar.istio.io/inject", "true"),
    ("dapr.io/sidecar-injected", "true"),
    ("workflows.argoproj.io/workflow", "w"),
    ("tekton.dev/taskRun", "t"),
];

/// Commands and arguments that mean something, and others.
pub const COMMANDS: [&[&str]; 9] = [
    &["/run"],
    &["sh", "-c", "tail -F /opt/logs.txt"],
    &["sh", "-c", "work; curl -X POST localhost:15020/quitquitquit"],
    &["sh", "-c", "work && curl -X POST http://localhost:4191/shutdown"],
    &["/git-sync", "--one-time"],
    &["proxy", "router"],
    &["proxy", "sidecar"],
    &["sleep", "infinity"],
    &[],
];

/// Amounts of resources.
pub const AMOUNTS: [&str; 7] = ["100m", "1", "64Mi", "0", "500m", "1Gi", "2"];

/// Texts of members with these names; each other text is one of the first row.
const TEXTS: [(&str, &[&str]); 31] = [
    ("", &["text", "a", "", "é\n\"", "10.0.0.1", "sidecars.kubewarden.io/native"]),
    ("action", &["Restart", "RestartAllContainers", "FailJob", "Ignore", "Count"]),
    ("apiVersion", &["v1", "apps/v1", "batch/v1"]),
    ("conditionType", &["example.com/ready"]),
    ("claimName", &["claim-a", "claim-b"]),
    ("containerName", &["app", "logshipper", "istio-proxy"]),
    ("dnsPolicy", &["ClusterFirst", "Default", "None"]),
    ("effect", &["NoSchedule", "NoExecute", "PreferNoSchedule"]),
    ("fieldPath", &["metadata.name", "status.podIP"]),
    ("image", &["registry.example.com/shop:1", "cr.fluentbit.io/fluent/fluent-bit:3.2"]),
    ("imagePullPolicy", &["Always", "IfNotPresent", "Never"]),
    ("key", &["example.com/sidecars", "kubernetes.io/os", "tier"]),
    ("kind", &["ReplicaSet", "Job", "Node"]),
    ("matchLabelKeys", &["pod-template-hash"]),
    ("mountPath", &["/a", "/b", "/native-sidecar"]),
    ("mountPropagation", &["None", "HostToContainer", "Bidirectional"]),
    ("name", &["a", "logshipper", "v", "shared"]),
    ("nodeName", &["new-1", "old-1"]),
    ("operator", &["In", "NotIn", "Exists", "DoesNotExist"]),
    ("preemptionPolicy", &["Never", "PreemptLowerPriority"]),
    ("procMount", &["Default", "Unmasked"]),
    ("protocol", &["TCP", "UDP", "SCTP"]),
    ("recursiveReadOnly", &["Disabled", "IfPossible", "Enabled"]),
    ("resource", &["limits.cpu", "requests.memory"]),
    ("resourceName", &["cpu", "memory"]),
    ("restartPolicy", &["Always", "Never", "OnFailure"]),
    ("schedulerName", &["default-scheduler", "volcano"]),
    ("terminationMessagePolicy", &["File", "FallbackToLogsOnError"]),
    ("topologyKey", &["kubernetes.io/hostname"]),
    ("type", &["RuntimeDefault", "Unconfined", "Directory"]),
    ("whenUnsatisfiable", &["DoNotSchedule", "ScheduleAnyway"]),
];

/// The texts of a member of this name.
pub fn texts(member: &str) -> &'static [&'static str] {
    TEXTS.iter().find(|(name, _)| *name == member).map_or(TEXTS[0].1, |(_, texts)| texts)
}
