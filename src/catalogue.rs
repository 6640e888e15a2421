//! Well-known sidecars: which container is one, by its name and its image together.
//!
//! A name alone or an image alone says too little: nginx, redis and envoy are main containers as often as not, and
//! istio-init runs the image of istio-proxy.

use glob::Pattern;

use crate::image::Repository;

/// A well-known sidecar.
#[derive(Debug)]
pub struct Entry {
    /// The container's name; a `*` at its end stands for any characters.
    pub name: &'static str,
    /// The image's last path components as globs, each with an optional `:TAG`.
    images: &'static [&'static str],
    /// Whose sidecar it is.
    pub owner: Owner,
    /// Where it belongs among the init containers, once it is native.
    pub place: Place,
    /// Whether the same name and image also run once, as an ordinary init container.
    pub also_runs_once: bool,
    /// Why converting it could be wrong; such a one is no finding, and is never converted.
    pub keep: Option<&'static str>,
    /// What it is, or comes from, in words that its users know.
    pub product: &'static str,
}

/// Whose sidecar it is: who can change its form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Owner {
    /// The author of the Pod.
    Author,
    /// An injector that has a switch for the native form.
    Injector {
        /// Its name.
        name: &'static str,
        /// What turns the native form on.
        switch: &'static str,
    },
    /// An injector without a switch, or an operator that makes the Pod.
    Operator {
        /// Its name.
        name: &'static str,
    },
}

/// A place among the init containers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// Ahead of the ordinary init containers, which may need it.
    First,
    /// After them.
    Last,
}

impl Entry {
    const fn new(name: &'static str, images: &'static [&'static str], place: Place, product: &'static str) -> Self {
        Self { name, images, owner: Owner::Author, place, also_runs_once: false, keep: None, product }
    }

    const fn injected(self, name: &'static str, switch: &'static str) -> Self {
        Self { owner: Owner::Injector { name, switch }, ..self }
    }

    const fn operated(self, name: &'static str) -> Self {
        Self { owner: Owner::Operator { name }, ..self }
    }

    const fn also_runs_once(self) -> Self {
        Self { also_runs_once: true, ..self }
    }

    const fn keep(self, why: &'static str) -> Self {
        Self { keep: Some(why), ..self }
    }

    /// Whether this entry means the container with this name and image.
    fn matches(&self, name: &str, image: &str) -> bool {
        self.matches_name(name) && self.images.iter().any(|pattern| matches_image(pattern, image))
    }

    fn matches_name(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.name,
        }
    }
}

/// The entry that means the container with this name and image.
pub fn find(name: &str, image: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.matches(name, image))
}

/// Whether a pattern of the catalogue matches an image: its last components, with an optional `:TAG`.
fn matches_image(pattern: &str, image: &str) -> bool {
    let repository = Repository::of(image);
    let (path, tag) = pattern.split_once(':').map_or((pattern, None), |(path, tag)| (path, Some(tag)));
    let matches = |pattern: &str, text: &str| Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(text));
    matches(&format!("*/{path}"), &format!("/{}", repository.short))
        && tag.is_none_or(|tag| matches(tag, repository.tag.unwrap_or_default()))
}

use Place::{First, Last};

/// The well-known sidecars.
///
/// An image is written by the components that all its mirrors share. Where the same container also occurs as something
/// else, that is said of it; who is listed without an owner is added by the author of the Pod.
static CATALOGUE: [Entry; 47] = [
    Entry::new("istio-proxy", &["proxyv2", "istio/proxyv2*"], First, "Istio")
        .injected("Istio", "annotation sidecar.istio.io/nativeSidecar: \"true\""),
    Entry::new("linkerd-proxy", &["linkerd/proxy"], First, "Linkerd")
        .injected("Linkerd", "annotation config.linkerd.io/proxy-enable-native-sidecar: \"true\""),
    Entry::new("kuma-sidecar", &["kuma-dp"], First, "Kuma")
        .injected("Kuma", "a control plane on Kubernetes 1.29+ does so by default"),
    Entry::new("consul-dataplane", &["hashicorp/consul-dataplane"], Last, "Consul")
        .injected("Consul", "annotation consul.hashicorp.com/enable-consul-dataplane-as-sidecar: \"true\""),
    Entry::new("daprd", &["daprio/daprd", "dapr/daprd"], Last, "Dapr")
        .injected("Dapr", "annotation dapr.io/enable-native-sidecar: \"true\""),
    Entry::new("vault-agent", &["hashicorp/vault"], Last, "Vault agent").operated("the Vault agent injector"),
    Entry::new("envoy", &["aws-appmesh-envoy"], First, "AWS App Mesh"),
    Entry::new("xray-daemon", &["aws-xray-daemon"], Last, "AWS X-Ray"),
    Entry::new("gke-gcsfuse-sidecar", &["gcs-fuse-csi-driver-sidecar-mounter"], First, "GKE Cloud Storage FUSE")
        .injected("GKE gcsfuse", "annotation gke-gcsfuse/enable-native-sidecar: \"true\""),
    Entry::new("cloud-sql-proxy", CLOUD_SQL_PROXY, First, "Cloud SQL Auth Proxy"),
    Entry::new("csql-*", CLOUD_SQL_PROXY, First, "Cloud SQL Auth Proxy"),
    Entry::new("alloydb-auth-proxy", &["alloydb-connectors/alloydb-auth-proxy"], First, "AlloyDB Auth Proxy"),
    Entry::new("otc-container", &["opentelemetry-collector*"], Last, "OpenTelemetry Collector")
        .injected("the OpenTelemetry operator", "its default on Kubernetes 1.29+"),
    Entry::new("jaeger-agent", &["jaegertracing/jaeger-agent"], Last, "Jaeger agent").operated("the Jaeger operator"),
    Entry::new("jfs-mount", &["juicedata/mount"], First, "JuiceFS"),
    Entry::new("fluid-fuse*", &["*fluid*/*"], First, "Fluid"),
    Entry::new("dind", &["docker:*dind*"], First, "Docker in Docker"),
    Entry::new("fluent-bit", &["fluent/fluent-bit"], Last, "Fluent Bit"),
    Entry::new("fluentd", &["fluent/fluentd*"], Last, "Fluentd"),
    Entry::new("filebeat", &["beats/filebeat"], Last, "Filebeat"),
    Entry::new("vector", &["timberio/vector"], Last, "Vector"),
    Entry::new("promtail", &["grafana/promtail"], Last, "Promtail"),
    Entry::new("alloy", &["grafana/alloy"], Last, "Grafana Alloy"),
    Entry::new("datadog-agent", &["datadog/agent"], Last, "Datadog agent"),
    Entry::new("datadog-agent-injected", &["datadog/agent"], Last, "Datadog agent"),
    Entry::new("aws-otel-collector", &["aws-otel-collector"], Last, "AWS Distro for OpenTelemetry"),
    Entry::new("cloudwatch-agent", &["cloudwatch-agent"], Last, "CloudWatch agent"),
    Entry::new("config-reloader", &["prometheus-operator/prometheus-config-reloader"], Last, "Prometheus operator")
        .operated("the Prometheus operator"),
    Entry::new("thanos-sidecar", &["thanos/thanos"], Last, "Thanos").operated("the Prometheus operator"),
    Entry::new("grafana-sc-*", &["kiwigrid/k8s-sidecar"], Last, "Grafana's configuration sidecar"),
    Entry::new("git-sync", &["git-sync/git-sync"], Last, "git-sync").also_runs_once(),
    Entry::new("ts-sidecar", &["tailscale/tailscale"], First, "Tailscale"),
    Entry::new("tailscale", &["tailscale/tailscale"], First, "Tailscale"),
    Entry::new("secrets-provider", &["secrets-provider-for-k8s"], Last, "CyberArk Secrets Provider"),
    Entry::new("oauth2-proxy", &["oauth2-proxy/oauth2-proxy"], Last, "OAuth2 Proxy"),
    Entry::new("postgres-exporter", &["*-exporter"], Last, "Prometheus exporter"),
    Entry::new("redis-exporter", &["*-exporter"], Last, "Prometheus exporter"),
    Entry::new("statsd-exporter", &["*-exporter"], Last, "Prometheus exporter"),
    Entry::new("wait", &["argoexec"], Last, "Argo Workflows").keep("Argo's wait must outlive the main container"),
    Entry::new("queue-proxy", &["*queue*"], Last, "Knative")
        .keep("Knative's queue-proxy takes part in its own shutdown"),
    Entry::new("sidecar-*", &["*"], Last, "Tekton").keep("Tekton ends its sidecars itself"),
    Entry::new("metrics-logger-and-collector", &["katib*/*", "*-metrics-collector"], Last, "Katib")
        .keep("Katib's collector reads the main container's output until its end"),
    Entry::new("node-driver-registrar", CSI, Last, "CSI").keep(CSI_PEERS),
    Entry::new("csi-*", CSI, Last, "CSI").keep(CSI_PEERS),
    Entry::new("liveness-probe", CSI, Last, "CSI").keep(CSI_PEERS),
    Entry::new("agent", &["kserve/agent"], Last, "KServe").keep("KServe's agent shares the model server's life"),
    Entry::new("modelcar", &["*"], Last, "KServe").keep("KServe's modelcar shares the model server's processes"),
];

const CLOUD_SQL_PROXY: &[&str] = &["cloud-sql-connectors/cloud-sql-proxy", "cloudsql-docker/gce-proxy"];
const CSI: &[&str] = &["sig-storage/*"];
const CSI_PEERS: &str = "CSI sidecars and their driver talk over the driver's socket";
