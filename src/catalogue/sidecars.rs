//! Well-known sidecars: which container is one, by its name and its image together, or by an image that is unmistakable
//! alone.
//!
//! A name alone says too little, and so do most images: nginx, redis and envoy are main containers as often as not, and
//! istio-init runs the image of istio-proxy.

use serde_json::value::RawValue;

use crate::catalogue::entries::CATALOGUE;
pub use crate::catalogue::entry::{Entry, Owner, Place, Purpose};
use crate::catalogue::index::Index;
use crate::catalogue::injectors::Injector;
use crate::json::read;
use crate::kubernetes::image::base_name;

static INDEX: Index = Index::of(&CATALOGUE);

/// The entry that means the container with this name and image, in a Pod with these labels: of several the first one by which
/// it has to stay, else the first.
pub fn find(name: &str, image: &str, labels: Option<&RawValue>) -> Option<&'static Entry> {
    let entries = INDEX.entries(name, base_name(image)).map(|position| &CATALOGUE[position]);
    let mut entries = entries.filter(|entry| entry.means(name, image) && entry.has_label(labels));
    let first = entries.next()?;
    if first.kept.is_some() { Some(first) } else { entries.find(|entry| entry.kept.is_some()).or(Some(first)) }
}

/// The injector with a switch that adds containers of this name, whatever image they have: one that stands in the Pod already
/// is merged with that of the injector, or takes its place.
pub fn owned_by_name(name: &str) -> Option<&'static Injector> {
    let mut injected = CATALOGUE.iter().filter_map(|entry| Some((entry, entry.injector?)));
    injected.find(|(entry, _)| entry.has_name(name)).map(|(_, injector)| injector)
}

/// Which of the containers of a Pod are its own work, by what the catalogue says of each: None, where it says nothing.
///
/// What only the catalogue calls a sidecar is the main container where no other is left: then those are it that may be there for
/// their own sake, as nobody knows which, and else the likeliest. Where there are `others`, of which it knows nothing, what only
/// helps them never is.
pub fn main_containers(purposes: &[Option<Purpose>], is_daemon_set: bool, others: bool) -> Vec<bool> {
    let is_main = |purpose: &Option<Purpose>| match purpose {
        None => true,
        Some(purpose) => is_daemon_set && *purpose == Purpose::Agent,
    };
    if purposes.iter().any(is_main) {
        return purposes.iter().map(is_main).collect();
    }
    let helps = |purpose: &Purpose| matches!(purpose, Purpose::Injected | Purpose::Helper | Purpose::Exporter);
    let likeliest = purposes.iter().flatten().filter(|purpose| !(others && helps(purpose))).max();
    let may_work =
        |purpose: &Purpose| Some(purpose) == likeliest || *purpose >= Purpose::Proxy && !(others && helps(purpose));
    purposes.iter().map(|purpose| purpose.as_ref().is_some_and(may_work)).collect()
}

/// Whether an Istio proxy with these arguments runs as a router: a gateway, and so its Pod's own work.
pub fn is_router(args: Option<&RawValue>) -> bool {
    let args = args.map(|args| read::children(args.get())).unwrap_or_default();
    let is =
        |index: usize, word: &str| args.get(index).and_then(|(_, arg)| read::text(arg)).is_some_and(|arg| arg == word);
    is(0, "proxy") && is(1, "router")
}

/// The entries, in their order.
#[cfg(feature = "describe")]
pub fn entries() -> &'static [Entry] {
    &CATALOGUE
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    use super::Purpose::{Agent, Exporter, Helper, Proxy};
    use super::*;
    use crate::catalogue::injectors::INJECTORS;
    use crate::catalogue::marks::Marked;
    use crate::kubernetes::labels::Labels;

    #[test]
    fn every_pattern_is_a_glob_and_every_entry_has_a_source() {
        for entry in &CATALOGUE {
            for pattern in entry.images.iter() {
                assert!(pattern.split(':').all(|glob| glob::Pattern::new(glob).is_ok()), "{pattern}");
                assert!(!pattern.contains(':') || pattern.ends_with('*'), "{pattern}");
                assert!(pattern.split('/').count() <= 2, "{pattern}");
            }
            assert!(entry.names.iter().all(|name| name.matches('*').count() <= 1), "{entry:?}");
            assert!(entry.source.starts_with("https://"), "{entry:?}");
            // It goes on a sentence about an owner that has no switch.
            let can_go_on = |clause: &str| matches!(entry.owner, Owner::Operator { .. }) && !clause.ends_with('.');
            assert!(entry.instead.is_none_or(can_go_on), "{entry:?}");
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
            ("vault-agent", "hashicorp/vault:1.18", Some("Vault agent")),
            ("vault-agent", "hashicorp/vault-k8s:1", None),
            ("vault", "hashicorp/vault:1.18", None),
            ("csql-default-proxy", "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2", Some("Cloud SQL Auth Proxy")),
            (
                "azwi-proxy",
                "mcr.microsoft.com/oss/azure/workload-identity/proxy:v1.5.0",
                Some("Azure Workload Identity"),
            ),
            ("proxy", "mcr.microsoft.com/oss/azure/workload-identity/proxy:v1.5.0", None),
            ("dind", "docker:28-dind", Some("Docker in Docker")),
            ("dind", "docker:28", None),
            ("dind", "docker", None),
            ("docker", "docker:28-dind", None),
            ("fluent-bit", "fluent/fluent-bit", Some("Fluent Bit")),
            ("fluentbit", "fluent/fluent-bit:3", Some("Fluent Bit")),
            ("fluent-bit", &format!("localhost:5000/fluent/fluent-bit:3{digest}"), Some("Fluent Bit")),
            ("fluent-bit", "redis:7", None),
            ("aggregator", "fluent/fluent-bit:3", None),
            ("fluentd", "fluent/fluentd-kubernetes-daemonset:v1", Some("Fluentd")),
            ("otc-container", "otel/opentelemetry-collector-contrib:0.115.0", Some("OpenTelemetry Collector")),
            ("otel-collector", "otel/opentelemetry-collector-contrib:0.115.0", Some("OpenTelemetry Collector")),
            ("gateway", "otel/opentelemetry-collector-contrib:0.115.0", None),
            ("datadog", "gcr.io/datadoghq/agent:7", Some("Datadog agent")),
            ("trace-agent", "gcr.io/datadoghq/agent:7", None),
            ("redis-exporter", "oliver006/redis_exporter:v1", Some("Prometheus exporter")),
            ("nginx", "nginx", None),
            ("envoy", "envoyproxy/envoy:v1.32.0", None),
            ("redis-proxy", "envoyproxy/envoy:v1.30", None),
            ("sidecar-log", "alpine", None),
            ("", "", None),
        ] {
            assert_eq!(find(name, image, None).map(|entry| entry.product), product, "{name} {image}");
        }
    }

    #[test]
    fn knows_some_containers_by_an_image_that_is_unmistakable() {
        for (image, product) in [
            ("gcr.io/cloud-sql-connectors/cloud-sql-proxy:2", Some("Cloud SQL Auth Proxy")),
            ("gcr.io/cloudsql-docker/gce-proxy:1.33", Some("Cloud SQL Auth Proxy")),
            ("gcr.io/alloydb-connectors/alloydb-auth-proxy:1", Some("AlloyDB Auth Proxy")),
            ("gcr.io/cloud-spanner-pg-adapter/pgadapter:0.40", Some("Cloud Spanner PGAdapter")),
            ("quay.io/brancz/kube-rbac-proxy:v0.18", Some("kube-rbac-proxy")),
            ("registry.redhat.io/openshift4/ose-kube-rbac-proxy-rhel9:v4.17", Some("kube-rbac-proxy")),
            ("rancher/mirrored-brancz-kube-rbac-proxy:v0.18", Some("kube-rbac-proxy")),
            ("quay.io/prometheuscommunity/prom-label-proxy:v0.11", Some("prom-label-proxy")),
            ("quay.io/oauth2-proxy/oauth2-proxy:v7.7.1", Some("OAuth2 Proxy")),
            ("quay.io/openshift/origin-oauth-proxy:4", Some("OpenShift OAuth proxy")),
            ("quay.io/gogatekeeper/gatekeeper:3", Some("Keycloak Gatekeeper")),
            ("openpolicyagent/gatekeeper:v3.17", None),
            ("ghcr.io/jimmidyson/configmap-reload:v0.12.0", Some("configmap-reload")),
            (
                "quay.io/prometheus-operator/prometheus-config-reloader:v0.77.2",
                Some("Prometheus operator's config-reloader"),
            ),
            ("victoriametrics/operator:config-reloader-v0.48.3", Some("config-reloader")),
            ("victoriametrics/operator:v0.48.3", None),
            ("ghcr.io/stakater/reloader:v1.1.0", None),
            ("quay.io/kiwigrid/k8s-sidecar:1.28.0", Some("Grafana's configuration sidecar")),
            ("registry.k8s.io/git-sync/git-sync:v4.4.0", Some("git-sync")),
            ("gcr.io/google-containers/prometheus-to-sd:v0.9.2", Some("prometheus-to-sd")),
            ("prometheuscommunity/postgres-exporter:v0.15.0", Some("Prometheus exporter")),
            ("percona/mongodb_exporter:0.43", Some("Prometheus exporter")),
            ("nginx/nginx-prometheus-exporter:1.4", Some("Prometheus exporter")),
            ("prom/blackbox-exporter:v0.25.0", None),
            ("quay.io/prometheus/node-exporter:v1.8.2", None),
            ("prom/cloudwatch-exporter", None),
            ("nvcr.io/nvidia/k8s/dcgm-exporter:4", None),
            ("public.ecr.aws/xray/aws-xray-daemon:3", Some("AWS X-Ray")),
            ("notkiwigrid/k8s-sidecar", None),
            ("redis:7", None),
        ] {
            let entry = find("other", image, None);
            assert_eq!(entry.map(|entry| entry.product), product, "{image}");
            // An init container of any name that runs such an image once is not to be made to run for ever.
            assert!(entry.is_none_or(|entry| entry.also_runs_once), "{image}");
        }
    }

    #[test]
    fn knows_some_containers_only_by_the_label_of_their_pod() {
        for (name, image, labels, product) in [
            ("sidecar-log", "alpine", json!({"tekton.dev/taskRun": "build"}), Some("Tekton")),
            (
                "sidecar-sql",
                "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2",
                json!({"tekton.dev/taskRun": "build"}),
                Some("Tekton"),
            ),
            ("sidecar-sql", "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2", json!({}), Some("Cloud SQL Auth Proxy")),
            ("sidecar-log", "alpine", json!(null), None),
            (
                "config-reloader",
                "victoriametrics/operator:config-reloader-v0.68.3",
                json!({"managed-by": "vm-operator"}),
                Some("VictoriaMetrics operator's config-reloader"),
            ),
            ("config-reloader", "victoriametrics/operator:config-reloader-v0.68.3", json!({}), Some("config-reloader")),
            ("docker", "docker:dind", json!({"actions-runner": ""}), Some("Docker in Docker")),
            ("docker", "docker:dind", json!({}), None),
        ] {
            let labels = to_raw_value(&labels).ok();
            assert_eq!(find(name, image, labels.as_deref()).map(|entry| entry.product), product, "{name} {labels:?}");
        }
    }

    /// What an object with these labels and annotations, and this controller, shows.
    fn shown(object: &Value, then: impl FnOnce(Marked)) {
        let raw = |part: &str| to_raw_value(&object[part]).ok();
        let (labels, annotations) = (raw("labels"), raw("annotations"));
        let (labels, annotations) = (Labels(labels.as_deref()), Labels(annotations.as_deref()));
        then(Marked { labels, annotations, owner: object["owner"].as_str() });
    }

    #[test]
    fn a_sidecar_is_its_authors_unless_the_object_shows_another_owner() {
        let bare = json!({});
        let labelled = |key: &str, value: &str| json!({"labels": {key: value}});
        let annotated = |key: &str, value: &str| json!({"annotations": {key: value}});
        let istio = "istio/proxyv2:1";
        let proxy = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2";
        let reloader = "prometheus-operator/prometheus-config-reloader:v0.77";
        let collector = "otel/opentelemetry-collector:1";
        for (name, image, object, expected) in [
            ("istio-proxy", istio, annotated("sidecar.istio.io/status", "{}"), Some("Istio")),
            ("istio-proxy", istio, annotated("sidecar.istio.io/inject", "true"), Some("Istio")),
            ("istio-proxy", istio, annotated("sidecar.istio.io/inject", "false"), None),
            ("istio-proxy", istio, json!({}), None),
            ("linkerd-proxy", "linkerd/proxy", annotated("linkerd.io/proxy-version", "2"), Some("Linkerd")),
            ("linkerd-proxy", "linkerd/proxy", labelled("linkerd.io/control-plane-ns", "l"), Some("Linkerd")),
            ("kuma-sidecar", "kuma-dp", annotated("kuma.io/sidecar-injected", "true"), Some("Kuma")),
            (
                "consul-dataplane",
                "hashicorp/consul-dataplane",
                labelled("consul.hashicorp.com/connect-inject-status", "injected"),
                Some("Consul"),
            ),
            ("daprd", "daprio/daprd", annotated("dapr.io/enabled", "true"), Some("Dapr")),
            ("daprd", "daprio/daprd", annotated("dapr.io/enabled", "false"), None),
            (
                "vault-agent",
                "hashicorp/vault:1.18",
                annotated("vault.hashicorp.com/agent-inject-status", "injected"),
                Some("the Vault agent injector"),
            ),
            ("vault-agent", "hashicorp/vault:1.18", bare.clone(), None),
            ("envoy", "aws-appmesh-envoy", bare.clone(), Some("the App Mesh controller")),
            (
                "gke-gcsfuse-sidecar",
                "gcs-fuse-csi-driver-sidecar-mounter",
                annotated("gke-gcsfuse/volumes", "true"),
                Some("GKE"),
            ),
            (
                "csql-default-db",
                proxy,
                annotated("cloudsql.cloud.google.com/db", "1,proxy:2"),
                Some("the Cloud SQL operator"),
            ),
            ("csql-default-db", proxy, bare.clone(), None),
            ("cloud-sql-proxy", proxy, annotated("cloudsql.cloud.google.com/db", "1,proxy:2"), None),
            (
                "azwi-proxy",
                "workload-identity/proxy",
                annotated("azure.workload.identity/inject-proxy-sidecar", "true"),
                Some("Azure Workload Identity"),
            ),
            (
                "otc-container",
                collector,
                labelled("sidecar.opentelemetry.io/injected", "app.sidecar"),
                Some("the OpenTelemetry operator"),
            ),
            ("otc-container", collector, bare.clone(), None),
            (
                "jaeger-agent",
                "jaegertracing/jaeger-agent",
                labelled("sidecar.jaegertracing.io/injected", "jaeger"),
                Some("the Jaeger operator"),
            ),
            ("jfs-mount", "juicedata/mount", labelled("done.sidecar.juicefs.com/inject", "true"), Some("JuiceFS")),
            ("fluid-fuse-0", "juicedata/mount", labelled("done.sidecar.fluid.io/inject", "true"), Some("Fluid")),
            (
                "datadog-agent-injected",
                "datadog/agent:7",
                labelled("agent.datadoghq.com/sidecar", "fargate"),
                Some("the Datadog cluster agent"),
            ),
            (
                "config-reloader",
                reloader,
                labelled("operator.prometheus.io/name", "k8s"),
                Some("the Prometheus operator"),
            ),
            ("config-reloader", reloader, labelled("app.kubernetes.io/managed-by", "Helm"), None),
            ("dind", "docker:dind", labelled("actions-ephemeral-runner", "True"), Some("actions-runner-controller")),
            ("config-reloader", reloader, json!({"owner": "Prometheus"}), Some("the Prometheus operator")),
            ("config-reloader", reloader, json!({"owner": "StatefulSet"}), None),
            ("dind", "docker:dind", bare, None),
        ] {
            shown(&object, |marked| {
                let entry = find(name, image, marked.labels.0);
                let owner = entry.filter(|entry| entry.shows(marked)).and_then(|entry| match entry.owner {
                    Owner::Author => None,
                    Owner::Injector { name, .. } | Owner::Operator { name } => Some(name),
                });
                assert_eq!(owner, expected, "{name} {object}");
            });
        }
    }

    #[test]
    fn every_injector_with_a_switch_owns_containers_by_their_name() {
        for (name, expected) in [
            ("istio-proxy", Some("istio")),
            ("linkerd-proxy", Some("linkerd")),
            ("consul-dataplane-web", Some("consul")),
            ("daprd", Some("dapr")),
            ("vault-agent", None),
            ("csql-default-db", None),
            ("istio-init", None),
            ("", None),
        ] {
            assert_eq!(owned_by_name(name).map(|injector| injector.name), expected, "{name}");
        }
        for injector in &INJECTORS {
            assert!(CATALOGUE.iter().any(|entry| entry.injector == Some(injector)), "{injector:?}");
        }
    }

    #[test]
    fn the_main_containers_are_the_likeliest() {
        use Purpose::Injected;

        for (purposes, is_daemon_set, others, expected) in [
            (vec![None, Some(Proxy)], false, false, vec![true, false]),
            (vec![None, Some(Agent)], false, false, vec![true, false]),
            (vec![None, Some(Agent), Some(Helper)], true, false, vec![true, true, false]),
            (vec![Some(Agent), Some(Helper)], false, false, vec![true, false]),
            (vec![Some(Agent), Some(Agent)], false, false, vec![true, true]),
            (vec![Some(Proxy), Some(Exporter)], false, false, vec![true, true]),
            (vec![Some(Proxy), Some(Agent), Some(Helper)], false, false, vec![true, true, false]),
            (vec![Some(Exporter), Some(Helper), Some(Proxy)], true, false, vec![true, false, true]),
            (vec![Some(Injected), Some(Proxy)], false, false, vec![false, true]),
            (vec![Some(Injected), Some(Helper)], false, false, vec![false, true]),
            (vec![Some(Helper)], false, false, vec![true]),
            (vec![Some(Helper)], false, true, vec![false]),
            (vec![Some(Exporter), Some(Injected)], false, true, vec![false, false]),
            (vec![Some(Exporter), Some(Proxy)], false, true, vec![false, true]),
            (vec![], false, true, vec![]),
        ] {
            let found = main_containers(&purposes, is_daemon_set, others);
            assert_eq!(found, expected, "{purposes:?} {is_daemon_set} {others}");
        }
    }

    #[test]
    fn an_istio_proxy_may_be_a_router() {
        for (args, expected) in [
            (json!(["proxy", "router"]), true),
            (json!(["proxy", "router", "--domain", "x"]), true),
            (json!(["proxy", "sidecar"]), false),
            (json!(["router"]), false),
            (json!("proxy router"), false),
            (json!(null), false),
        ] {
            assert_eq!(is_router(to_raw_value(&args).ok().as_deref()), expected, "{args}");
        }
        assert!(!is_router(None));
    }
}
