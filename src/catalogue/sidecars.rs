//! Well-known sidecars: which container is one, by its name and its image together.
//!
//! A name alone or an image alone says too little: nginx, redis and envoy are main containers as often as not, and
//! istio-init runs the image of istio-proxy.

use serde_json::value::RawValue;

use crate::catalogue::glob::matches;
use crate::json::path::Step;
use crate::json::read;
use crate::kubernetes::image::Repository;

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
    pub kept: Option<&'static str>,
    /// The label that its Pods have, where name and image say too little.
    label: Option<&'static str>,
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
        Self { name, images, owner: Owner::Author, place, also_runs_once: false, kept: None, label: None, product }
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

    const fn kept(self, why: &'static str) -> Self {
        Self { kept: Some(why), ..self }
    }

    const fn labelled(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }

    /// Whether this entry means the container with this name and image, in a Pod with these labels.
    fn matches(&self, name: &str, image: &str, labels: Option<&RawValue>) -> bool {
        let has = |label: &'static str| {
            labels.is_some_and(|labels| matches!(read::raw_at(labels.get(), &[Step::key(label)]), Ok(Some(_))))
        };
        self.matches_name(name)
            && self.images.iter().any(|pattern| matches_image(pattern, image))
            && self.label.is_none_or(has)
    }

    fn matches_name(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.name,
        }
    }
}

/// The entry that means the container with this name and image, in a Pod with these labels.
pub fn find(name: &str, image: &str, labels: Option<&RawValue>) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.matches(name, image, labels))
}

/// The switches of an injector, as the entries of its containers name them.
#[cfg(test)]
pub fn switches(injector: &str) -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().filter_map(move |entry| match entry.owner {
        Owner::Injector { name, switch } if name == injector => Some(switch),
        _ => None,
    })
}

/// Whether a pattern of the catalogue matches an image: its last components, with an optional `:TAG`.
fn matches_image(pattern: &str, image: &str) -> bool {
    let repository = Repository::of(image);
    let (path, tag) = pattern.split_once(':').map_or((pattern, None), |(path, tag)| (path, Some(tag)));
    let ends = std::iter::successors(Some(repository.short), |rest| rest.split_once('/').map(|(_, rest)| rest));
    ends.into_iter().any(|end| matches(path, end))
        && tag.is_none_or(|tag| matches(tag, repository.tag.unwrap_or_default()))
}

use Place::{First, Last};

/// The well-known sidecars, without an owner where the author of the Pod adds them.
///
/// An image is written by the last components of its repository, which mirrors keep.
static CATALOGUE: [Entry; 53] = [
    Entry::new("istio-proxy", &["proxyv2", "proxyv2-*", "istio-proxyv2-*"], First, "Istio")
        .injected("Istio", "annotation sidecar.istio.io/nativeSidecar: \"true\""),
    Entry::new("linkerd-proxy", &["linkerd/proxy"], First, "Linkerd")
        .injected("Linkerd", "annotation config.linkerd.io/proxy-enable-native-sidecar: \"true\""),
    Entry::new("kuma-sidecar", &["kuma-dp", "kuma-sidecar"], First, "Kuma")
        .injected("Kuma", "update its control plane, and Kubernetes to 1.29 or newer"),
    Entry::new("consul-dataplane*", &["hashicorp/consul-dataplane"], Last, "Consul")
        .injected("Consul", "annotation consul.hashicorp.com/enable-consul-dataplane-as-sidecar: \"true\""),
    Entry::new("daprd", &["dapr/daprd", "daprio/daprd"], Last, "Dapr")
        .injected("Dapr", "annotation dapr.io/enable-native-sidecar: \"true\""),
    Entry::new("vault-agent", &["hashicorp/vault", "hashicorp/vault-enterprise"], Last, "Vault agent")
        .operated("the Vault agent injector")
        .also_runs_once(),
    Entry::new("envoy", &["aws-appmesh-envoy"], First, "AWS App Mesh").operated("the App Mesh controller"),
    Entry::new("xray-daemon", &["aws-xray-daemon"], Last, "AWS X-Ray"),
    Entry::new("gke-gcsfuse-sidecar", &["gcs-fuse-csi-driver-sidecar-mounter"], First, "GKE Cloud Storage FUSE")
        .injected("GKE", "annotation gke-gcsfuse/enable-native-sidecar: \"true\""),
    Entry::new(
        "gke-gcsfuse-metadata-prefetch",
        &["gcs-fuse-csi-driver-metadata-prefetch"],
        Last,
        "GKE Cloud Storage FUSE",
    )
    .injected("GKE", "annotation gke-gcsfuse/enable-native-sidecar: \"true\""),
    Entry::new("cloud-sql-proxy", CLOUD_SQL_PROXY, First, "Cloud SQL Auth Proxy"),
    Entry::new("cloudsql-proxy", CLOUD_SQL_PROXY, First, "Cloud SQL Auth Proxy"),
    Entry::new("csql-*", CLOUD_SQL_PROXY, First, "Cloud SQL Auth Proxy").operated("the Cloud SQL Auth Proxy operator"),
    Entry::new("alloydb-auth-proxy", &["alloydb-connectors/alloydb-auth-proxy"], First, "AlloyDB Auth Proxy"),
    Entry::new("otc-container", &["opentelemetry-collector*"], Last, "OpenTelemetry Collector")
        .injected("the OpenTelemetry operator", "update it, and Kubernetes to 1.29 or newer"),
    Entry::new("jaeger-agent", &["jaegertracing/jaeger-agent"], Last, "Jaeger agent").operated("the Jaeger operator"),
    Entry::new("jfs-mount*", &["juicedata/mount"], First, "JuiceFS")
        .injected("JuiceFS", "enableNativeSidecar in the configuration of its CSI driver"),
    Entry::new("fluid-fuse*", &["*fluid*/*", "*-fuse", "alluxio-dev", "juicedata/mount"], First, "Fluid")
        .injected("Fluid", "webhook.fuseSidecar.sidecarInjectionMode: native-sidecar in its Helm values"),
    Entry::new("dind", &["docker:*dind*"], First, "Docker in Docker"),
    Entry::new("fluent-bit", &["fluent/fluent-bit", "aws-for-fluent-bit", "bitnami*/fluent-bit"], Last, "Fluent Bit"),
    Entry::new("fluentd", &["fluent/fluentd*", "bitnami*/fluentd"], Last, "Fluentd"),
    Entry::new("filebeat", &["beats/filebeat*", "elastic/filebeat"], Last, "Filebeat"),
    Entry::new("vector", &["timberio/vector", "vectordotdev/vector"], Last, "Vector"),
    Entry::new("promtail", &["grafana/promtail"], Last, "Promtail"),
    Entry::new("alloy", &["grafana/alloy"], Last, "Grafana Alloy"),
    Entry::new("datadog-agent", DATADOG_AGENT, Last, "Datadog agent"),
    Entry::new("datadog-agent-injected", DATADOG_AGENT, Last, "Datadog agent").operated("the Datadog cluster agent"),
    Entry::new("aws-otel-collector", &["aws-otel-collector"], Last, "AWS Distro for OpenTelemetry"),
    Entry::new("cloudwatch-agent", &["cloudwatch-agent"], Last, "CloudWatch agent"),
    Entry::new("config-reloader", &["prometheus-config-reloader"], Last, "Prometheus operator")
        .operated("the Prometheus operator"),
    Entry::new("thanos-sidecar", &["thanos/thanos", "bitnami*/thanos"], Last, "Thanos")
        .operated("the Prometheus operator"),
    Entry::new("grafana-sc-*", &["kiwigrid/k8s-sidecar"], Last, "Grafana's configuration sidecar").also_runs_once(),
    Entry::new("git-sync", &["git-sync", "git-sync/git-sync"], Last, "git-sync").also_runs_once(),
    Entry::new("ts-sidecar", &["tailscale/tailscale"], First, "Tailscale"),
    Entry::new("tailscale", &["tailscale/tailscale"], First, "Tailscale"),
    Entry::new("secrets-provider", SECRETS_PROVIDER, Last, "CyberArk Secrets Provider").also_runs_once(),
    Entry::new("cyberark-secrets-provider-for-k8s", SECRETS_PROVIDER, Last, "CyberArk Secrets Provider")
        .also_runs_once(),
    Entry::new("oauth2-proxy", &["oauth2-proxy/oauth2-proxy", "bitnami*/oauth2-proxy"], Last, "OAuth2 Proxy"),
    Entry::new("postgres-exporter", EXPORTER, Last, "Prometheus exporter"),
    Entry::new("redis-exporter", EXPORTER, Last, "Prometheus exporter"),
    Entry::new("statsd-exporter", EXPORTER, Last, "Prometheus exporter"),
    Entry::new("wait", &["argoexec"], Last, "Argo Workflows").kept(ARGO),
    Entry::new("supervisor", &["argoexec"], Last, "Argo Workflows").kept(ARGO),
    Entry::new("queue-proxy", &["*queue*"], Last, "Knative")
        .kept("Knative's queue-proxy takes part in the main container's end"),
    Entry::new("sidecar-*", &["*"], Last, "Tekton")
        .kept("Tekton ends its sidecars itself")
        .labelled("tekton.dev/taskRun"),
    Entry::new("metrics-logger-and-collector", KATIB_COLLECTOR, Last, "Katib").kept(KATIB),
    Entry::new("metrics-collector", KATIB_COLLECTOR, Last, "Katib").kept(KATIB),
    Entry::new("node-driver-registrar", CSI, Last, "CSI").kept(CSI_PEERS),
    Entry::new("csi-*", CSI, Last, "CSI").kept(CSI_PEERS),
    Entry::new("liveness-probe", CSI, Last, "CSI").kept(CSI_PEERS),
    Entry::new("agent", &["kserve/agent"], Last, "KServe").kept("KServe's agent and the model server need each other"),
    Entry::new("modelcar*", &["*kserve*/*", "modelcar"], Last, "KServe").kept(MODELCAR),
    Entry::new("modelcar*", &["*"], Last, "KServe").kept(MODELCAR).labelled("serving.kserve.io/inferenceservice"),
];

const CLOUD_SQL_PROXY: &[&str] = &["cloud-sql-connectors/cloud-sql-proxy", "cloudsql-docker/gce-proxy"];
const DATADOG_AGENT: &[&str] =
    &["datadog/agent", "datadoghq/agent", "datadoghq.azurecr.io/agent", "registry.datadoghq.com/agent"];
const SECRETS_PROVIDER: &[&str] = &["secrets-provider-for-k8s"];
const EXPORTER: &[&str] = &["*-exporter", "*_exporter"];
const KATIB_COLLECTOR: &[&str] = &["katib*/*", "kubeflowkatib/*"];
const CSI: &[&str] = &["sig-storage/*", "csi-components/*", "csi-*", "livenessprobe"];

const ARGO: &str = "Argo's executor must outlive the main container";
const KATIB: &str = "Katib's collector waits for the main container's end";
const CSI_PEERS: &str = "CSI sidecars and their driver talk over the driver's socket";
const MODELCAR: &str = "KServe's modelcar shares the model server's processes";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_a_glob() {
        for entry in &CATALOGUE {
            for pattern in entry.images {
                assert!(pattern.split(':').all(|glob| glob::Pattern::new(glob).is_ok()), "{pattern}");
            }
        }
    }

    #[test]
    fn knows_containers_by_name_and_image() {
        let digest = format!("@sha256:{}", "0".repeat(64));
        for (name, image, product) in [
            ("istio-proxy", "docker.io/istio/proxyv2:1.24.0", Some("Istio")),
            ("istio-proxy", "registry.example.com/mirror/proxyv2-rhel9:1", Some("Istio")),
            ("istio-proxy", "auto", None),
            ("istio-init", "docker.io/istio/proxyv2:1.24.0", None),
            ("linkerd-proxy", "cr.l5d.io/linkerd/proxy:edge-25.1.1", Some("Linkerd")),
            ("linkerd-proxy", "evillinkerd/proxy", None),
            ("linkerd-init", "cr.l5d.io/linkerd/proxy:edge-25.1.1", None),
            ("consul-dataplane-web", "hashicorp/consul-dataplane:1.6", Some("Consul")),
            ("vault-agent", "hashicorp/vault-k8s:1", None),
            ("csql-default-proxy", "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2", Some("Cloud SQL Auth Proxy")),
            ("dind", "docker:28-dind", Some("Docker in Docker")),
            ("dind", "docker:28", None),
            ("dind", "docker", None),
            ("fluent-bit", "fluent/fluent-bit", Some("Fluent Bit")),
            ("fluent-bit", &format!("localhost:5000/fluent/fluent-bit:3{digest}"), Some("Fluent Bit")),
            ("fluent-bit", "redis:7", None),
            ("fluentd", "fluent/fluentd-kubernetes-daemonset:v1", Some("Fluentd")),
            ("otc-container", "otel/opentelemetry-collector-contrib:0.115.0", Some("OpenTelemetry Collector")),
            ("redis-exporter", "oliver006/redis_exporter:v1", Some("Prometheus exporter")),
            ("nginx", "nginx", None),
            ("envoy", "envoyproxy/envoy:v1.32.0", None),
            ("sidecar-log", "alpine", None),
            ("", "", None),
        ] {
            assert_eq!(find(name, image, None).map(|entry| entry.product), product, "{name} {image}");
        }
    }

    #[test]
    fn knows_some_containers_only_by_the_label_of_their_pod() {
        let labels: Box<RawValue> = serde_json::from_str(r#"{"tekton.dev/taskRun":"build"}"#).unwrap_or_default();
        assert_eq!(find("sidecar-log", "alpine", Some(&labels)).map(|entry| entry.product), Some("Tekton"));
        assert!(find("sidecar-log", "alpine", Some(RawValue::NULL)).is_none());
    }
}
