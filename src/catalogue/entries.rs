//! The entries of the catalogue.

use crate::catalogue::entry::Entry;
use crate::catalogue::entry::Place::{First, Last};
use crate::catalogue::entry::Purpose::{Agent, Exporter, Helper, Proxy};
use crate::catalogue::injectors::{CONSUL, DAPR, ISTIO, LINKERD};
use crate::catalogue::marks::{Mark, annotation, label, owner};

/// The well-known sidecars, without an owner where the author of the Pod adds them. The first that matches counts.
///
/// An image is written by the last components of its repository, which mirrors keep.
pub(super) static CATALOGUE: [Entry; 75] = [
    Entry::new(&["istio-proxy"], &["proxyv2", "proxyv2-*", "istio-proxyv2-*"], Proxy, First, "Istio")
        .injected(&ISTIO, &[annotation("sidecar.istio.io/status", &[])])
        .see("https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/"),
    Entry::new(&["linkerd-proxy"], &["linkerd/proxy"], Proxy, First, "Linkerd")
        .injected(&LINKERD, &[annotation("linkerd.io/proxy-version", &[]), label("linkerd.io/control-plane-ns", &[])])
        .see("https://github.com/linkerd/linkerd2/blob/main/pkg/k8s/labels.go"),
    Entry::new(&["kuma-sidecar"], &["kuma-dp", "kuma-sidecar"], Proxy, First, "Kuma")
        .switched(
            "Kuma",
            "update its control plane to 2.14 or newer, and Kubernetes to 1.29 or newer",
            &[annotation("kuma.io/sidecar-injected", TRUE)],
        )
        .see("https://github.com/kumahq/kuma/blob/master/pkg/plugins/runtime/k8s/metadata/annotations.go"),
    Entry::new(&["consul-dataplane*"], &["hashicorp/consul-dataplane"], Proxy, Last, "Consul")
        .injected(
            &CONSUL,
            &[
                label("consul.hashicorp.com/connect-inject-status", &[]),
                annotation("consul.hashicorp.com/connect-inject-status", &[]),
            ],
        )
        .see("https://developer.hashicorp.com/consul/docs/reference/k8s/annotation-label"),
    Entry::new(&["daprd"], &["dapr/daprd", "daprio/daprd"], Proxy, Last, "Dapr")
        .injected(&DAPR, &[label("dapr.io/sidecar-injected", TRUE), annotation("dapr.io/enabled", TRUE)])
        .see("https://docs.dapr.io/reference/arguments-annotations-overview/"),
    Entry::new(&["vault-agent"], &["hashicorp/vault", "hashicorp/vault-enterprise"], Helper, Last, "Vault agent")
        .operated("the Vault agent injector", VAULT_SIGNS)
        .instead("in a Job, set vault.hashicorp.com/agent-pre-populate-only: \"true\"")
        .also_runs_once()
        .see("https://github.com/hashicorp/vault-k8s/blob/main/agent-inject/agent/annotations.go"),
    // Its controller leaves no mark.
    Entry::new(&["envoy"], &["aws-appmesh-envoy"], Proxy, First, "AWS App Mesh")
        .operated("the App Mesh controller", &[])
        .see("https://github.com/aws/aws-app-mesh-controller-for-k8s/blob/master/pkg/inject/envoy.go"),
    Entry::new(&["xray-daemon"], XRAY, Agent, Last, "AWS X-Ray").see(XRAY_SOURCE),
    Entry::by_image(XRAY, Agent, Last, "AWS X-Ray").see(XRAY_SOURCE),
    Entry::new(&["gke-gcsfuse-sidecar"], &["gcs-fuse-csi-driver-sidecar-mounter"], Proxy, First, GCS_FUSE)
        .switched("GKE", GKE_NODES, GCS_FUSE_SIGNS)
        .see(GCS_FUSE_SOURCE),
    Entry::new(
        &["gke-gcsfuse-metadata-prefetch"],
        &["gcs-fuse-csi-driver-metadata-prefetch"],
        Helper,
        Last,
        GCS_FUSE,
    )
    .switched("GKE", GKE_NODES, GCS_FUSE_SIGNS)
    .see(GCS_FUSE_SOURCE),
    Entry::new(&["csql-*"], CLOUD_SQL_PROXY, Proxy, First, "Cloud SQL Auth Proxy")
        .switched(
            "the Cloud SQL operator",
            "update it to 1.6.0 or newer, and Kubernetes to 1.29 or newer",
            &[annotation("cloudsql.cloud.google.com/*", &[])],
        )
        .see("https://github.com/GoogleCloudPlatform/cloud-sql-proxy-operator/blob/main/internal/workload/names.go"),
    Entry::new(&["cloud-sql-proxy", "cloudsql-proxy"], CLOUD_SQL_PROXY, Proxy, First, "Cloud SQL Auth Proxy")
        .see(CLOUD_SQL_SOURCE),
    Entry::by_image(CLOUD_SQL_PROXY, Proxy, First, "Cloud SQL Auth Proxy").see(CLOUD_SQL_SOURCE),
    Entry::new(&["alloydb-auth-proxy"], ALLOYDB_PROXY, Proxy, First, "AlloyDB Auth Proxy").see(ALLOYDB_SOURCE),
    Entry::by_image(ALLOYDB_PROXY, Proxy, First, "AlloyDB Auth Proxy").see(ALLOYDB_SOURCE),
    Entry::by_image(&["cloud-spanner-pg-adapter/pgadapter"], Proxy, First, "Cloud Spanner PGAdapter")
        .see("https://github.com/GoogleCloudPlatform/pgadapter/blob/postgresql-dialect/docs/sidecar-proxy.md"),
    Entry::new(&["azwi-proxy"], &["workload-identity/proxy"], Proxy, First, "Azure Workload Identity")
        .switched(
            "Azure Workload Identity",
            "update it to 1.5.0 or newer, and Kubernetes to 1.32 or newer",
            &[annotation("azure.workload.identity/inject-proxy-sidecar", TRUE)],
        )
        .see("https://github.com/Azure/azure-workload-identity/blob/main/pkg/webhook/consts.go"),
    Entry::new(&["otc-container"], OPENTELEMETRY, Agent, Last, "OpenTelemetry Collector")
        .switched(
            "the OpenTelemetry operator",
            "update it to 0.132 or newer, and Kubernetes to 1.29 or newer",
            &[
                label("sidecar.opentelemetry.io/injected", &[]),
                label("app.kubernetes.io/managed-by", &["opentelemetry-operator"]),
                owner("OpenTelemetryCollector"),
            ],
        )
        .see("https://github.com/open-telemetry/opentelemetry-operator/blob/main/docs/api/opentelemetrycollectors.md"),
    Entry::new(
        &["otel-collector", "otel-agent", "otel-sidecar", "opentelemetry-collector", "otelcol"],
        OPENTELEMETRY,
        Agent,
        Last,
        "OpenTelemetry Collector",
    )
    .see("https://github.com/open-telemetry/opentelemetry-helm-charts/tree/main/charts/opentelemetry-collector"),
    Entry::new(&["jaeger-agent"], JAEGER_AGENT, Agent, Last, "Jaeger agent")
        .operated("the Jaeger operator", &[label("sidecar.jaegertracing.io/injected", &[])])
        .see(JAEGER_SOURCE),
    Entry::by_image(JAEGER_AGENT, Agent, Last, "Jaeger agent").see(JAEGER_SOURCE),
    Entry::new(&["jfs-mount*"], &["juicedata/mount"], Proxy, First, "JuiceFS")
        .switched(
            "JuiceFS",
            "update its CSI driver to 0.27 or newer, where enableNativeSidecar is on",
            &[label("done.sidecar.juicefs.com/inject", TRUE)],
        )
        .see("https://juicefs.com/docs/csi/guide/configurations"),
    Entry::new(
        &["fluid-fuse*"],
        &["*fluid*/*", "*-fuse", "alluxio-dev", "juicedata/mount"],
        Proxy,
        First,
        "Fluid",
    )
    .switched(
        "Fluid",
        "webhook.fuseSidecar.sidecarInjectionMode: native-sidecar in its Helm values (1.0.8 or newer)",
        &[label("done.sidecar.fluid.io/inject", TRUE)],
    )
    .see("https://github.com/fluid-cloudnative/fluid/tree/master/charts/fluid"),
    Entry::new(&["dind"], DIND, Agent, First, "Docker in Docker")
        .switched(
            "actions-runner-controller",
            "update gha-runner-scale-set to 0.12.0 or newer, and Kubernetes to 1.29 or newer",
            &[],
        )
        .labelled("actions-ephemeral-runner")
        .see("https://github.com/actions/actions-runner-controller/blob/master/charts/gha-runner-scale-set/templates/_helpers.tpl"),
    Entry::new(&["docker"], DIND, Agent, First, "Docker in Docker")
        .operated("actions-runner-controller", &[])
        .instead("gha-runner-scale-set 0.12.0 or newer makes it native")
        .labelled("actions-runner")
        .see("https://github.com/actions/actions-runner-controller/blob/master/controllers/actions.summerwind.net/runner_controller.go"),
    Entry::new(&["dind", "docker-in-docker", "docker-dind"], DIND, Agent, First, "Docker in Docker")
        .see("https://hub.docker.com/_/docker"),
    Entry::new(
        &["fluent-bit", "fluentbit"],
        &["fluent/fluent-bit", "aws-for-fluent-bit", "bitnami*/fluent-bit"],
        Agent,
        Last,
        "Fluent Bit",
    )
    .see("https://github.com/fluent/helm-charts/tree/main/charts/fluent-bit"),
    Entry::new(&["fluentd"], &["fluent/fluentd*", "bitnami*/fluentd"], Agent, Last, "Fluentd")
        .see("https://github.com/fluent/fluentd-kubernetes-daemonset"),
    Entry::new(&["filebeat"], &["beats/filebeat*", "elastic/filebeat"], Agent, Last, "Filebeat")
        .see("https://www.elastic.co/docs/reference/beats/filebeat/running-on-kubernetes"),
    Entry::new(&["vector"], &["timberio/vector", "vectordotdev/vector"], Agent, Last, "Vector")
        .see("https://github.com/vectordotdev/helm-charts/tree/develop/charts/vector"),
    Entry::new(&["promtail"], &["grafana/promtail"], Agent, Last, "Promtail")
        .see("https://github.com/grafana/helm-charts/tree/main/charts/promtail"),
    Entry::new(&["alloy"], &["grafana/alloy"], Agent, Last, "Grafana Alloy")
        .see("https://github.com/grafana/alloy/tree/main/operations/helm/charts/alloy"),
    Entry::new(&["grafana-agent"], &["grafana/agent"], Agent, Last, "Grafana Agent")
        .see("https://github.com/grafana/agent/tree/main/operations/helm/charts/grafana-agent"),
    Entry::new(&["telegraf"], &["telegraf"], Agent, Last, "Telegraf")
        .see("https://github.com/influxdata/telegraf-operator"),
    Entry::new(&["datadog-agent-injected"], DATADOG_AGENT, Agent, Last, "Datadog agent")
        .operated("the Datadog cluster agent", &[label("agent.datadoghq.com/sidecar", &[])])
        .see("https://docs.datadoghq.com/integrations/eks_fargate/"),
    Entry::new(&["datadog-agent", "datadog", "dd-agent"], DATADOG_AGENT, Agent, Last, "Datadog agent")
        .see("https://docs.datadoghq.com/integrations/eks_fargate/"),
    Entry::new(&["aws-otel-collector"], &["aws-otel-collector"], Agent, Last, "AWS Distro for OpenTelemetry")
        .see("https://github.com/aws-observability/aws-otel-collector/tree/main/deployment-template/eks"),
    Entry::new(&["cloudwatch-agent"], &["cloudwatch-agent"], Agent, Last, "CloudWatch agent")
        .see("https://github.com/aws-samples/amazon-cloudwatch-container-insights"),
    Entry::new(
        &["config-reloader"],
        &["prometheus-config-reloader", "victoriametrics/operator:config-reloader-*"],
        Helper,
        Last,
        "VictoriaMetrics operator's config-reloader",
    )
    .operated("the VictoriaMetrics operator", &[label("managed-by", &["vm-operator"])])
    .labelled("managed-by")
    .see("https://github.com/VictoriaMetrics/operator/blob/master/internal/config/config.go"),
    Entry::new(&["config-reloader"], CONFIG_RELOADER, Helper, Last, "Prometheus operator's config-reloader")
        .operated("the Prometheus operator", PROMETHEUS_OPERATOR)
        .see(PROMETHEUS_SOURCE),
    Entry::new(&["thanos-sidecar"], &["thanos/thanos", "bitnami*/thanos"], Helper, Last, "Thanos")
        .operated("the Prometheus operator", PROMETHEUS_OPERATOR)
        .see(PROMETHEUS_SOURCE),
    Entry::by_image(CONFIG_RELOADER, Helper, Last, "Prometheus operator's config-reloader").see(PROMETHEUS_SOURCE),
    Entry::by_image(&["*configmap-reload"], Helper, Last, "configmap-reload")
        .see("https://github.com/jimmidyson/configmap-reload"),
    Entry::by_image(&["kube-logging/config-reloader", "victoriametrics/operator:config-reloader-*"], Helper, Last, "config-reloader")
        .see("https://github.com/kube-logging/config-reloader"),
    Entry::by_image(&["nats-server-config-reloader"], Helper, Last, "NATS config reloader")
        .see("https://github.com/nats-io/k8s/tree/main/helm/charts/nats"),
    Entry::by_image(&["kiwigrid/k8s-sidecar"], Helper, Last, "Grafana's configuration sidecar")
        .see("https://github.com/kiwigrid/k8s-sidecar"),
    Entry::new(&["git-sync"], &["git-sync"], Helper, Last, "git-sync").also_runs_once().see(GIT_SYNC_SOURCE),
    Entry::by_image(&["git-sync/git-sync"], Helper, Last, "git-sync").see(GIT_SYNC_SOURCE),
    Entry::by_image(&["litestream/litestream"], Helper, Last, "Litestream")
        .see("https://litestream.io/guides/kubernetes/"),
    Entry::by_image(&["spiffe/spiffe-helper"], Helper, Last, "SPIFFE helper")
        .see("https://github.com/spiffe/spiffe-helper"),
    Entry::by_image(&["addon-resizer"], Helper, Last, "addon-resizer")
        .see("https://github.com/kubernetes/autoscaler/tree/master/addon-resizer"),
    Entry::by_image(&["openpolicyagent/kube-mgmt"], Helper, Last, "Open Policy Agent's kube-mgmt")
        .see("https://github.com/open-policy-agent/kube-mgmt"),
    Entry::new(&["ts-sidecar", "tailscale"], &["tailscale/tailscale"], Proxy, First, "Tailscale")
        .see("https://github.com/tailscale/tailscale/tree/main/docs/k8s"),
    Entry::new(
        &["secrets-provider", "cyberark-secrets-provider-for-k8s"],
        &["secrets-provider-for-k8s"],
        Helper,
        Last,
        "CyberArk Secrets Provider",
    )
    .also_runs_once()
    .see("https://github.com/cyberark/secrets-provider-for-k8s"),
    Entry::by_image(&["cyberark/secretless-broker"], Proxy, Last, "CyberArk Secretless Broker")
        .see("https://github.com/cyberark/secretless-broker"),
    Entry::new(&["oauth2-proxy"], OAUTH2_PROXY, Proxy, Last, "OAuth2 Proxy").see(OAUTH2_PROXY_SOURCE),
    Entry::by_image(OAUTH2_PROXY, Proxy, Last, "OAuth2 Proxy").see(OAUTH2_PROXY_SOURCE),
    Entry::by_image(&["openshift/oauth-proxy", "origin-oauth-proxy", "ose-oauth-proxy*"], Proxy, Last, "OpenShift OAuth proxy")
        .see("https://github.com/openshift/oauth-proxy"),
    Entry::by_image(&["keycloak-gatekeeper", "louketo-proxy", "gogatekeeper/gatekeeper"], Proxy, Last, "Keycloak Gatekeeper")
        .see("https://github.com/gogatekeeper/gatekeeper"),
    Entry::by_image(&["*kube-rbac-proxy", "ose-kube-rbac-proxy*"], Proxy, Last, "kube-rbac-proxy")
        .see("https://github.com/brancz/kube-rbac-proxy"),
    Entry::by_image(&["prom-label-proxy"], Proxy, Last, "prom-label-proxy")
        .see("https://github.com/prometheus-community/prom-label-proxy"),
    Entry::by_image(&["aws-sigv4-proxy"], Proxy, Last, "AWS SigV4 proxy")
        .see("https://github.com/awslabs/aws-sigv4-proxy"),
    Entry::by_image(&["ghostunnel/ghostunnel"], Proxy, Last, "Ghostunnel").see("https://github.com/ghostunnel/ghostunnel"),
    Entry::new(&["postgres-exporter", "redis-exporter", "statsd-exporter"], ANY_EXPORTER, Exporter, Last, EXPORTER)
        .see("https://prometheus.io/docs/instrumenting/exporters/"),
    Entry::by_image(EXPORTERS, Exporter, Last, EXPORTER).see("https://prometheus.io/docs/instrumenting/exporters/"),
    Entry::by_image(&["prometheus-to-sd"], Exporter, Last, "prometheus-to-sd")
        .see("https://github.com/GoogleCloudPlatform/k8s-stackdriver/tree/master/prometheus-to-sd"),
    Entry::kept(&["wait", "supervisor"], &["argoexec"], "Argo Workflows")
        .because("Argo's executor must outlive the main container")
        .see("https://github.com/argoproj/argo-workflows/blob/main/workflow/common/common.go"),
    Entry::kept(&["queue-proxy"], &["*queue*"], "Knative")
        .because("Knative's queue-proxy takes part in the main container's end")
        .see("https://github.com/knative/serving/blob/main/pkg/reconciler/revision/resources/queue.go"),
    Entry::kept(&["sidecar-*"], &["*"], "Tekton")
        .because("Tekton ends its sidecars itself; its flag enable-kubernetes-sidecar makes them native (0.62 or newer)")
        .labelled("tekton.dev/taskRun")
        .see("https://tekton.dev/docs/pipelines/additional-configs/"),
    Entry::kept(&["metrics-logger-and-collector", "metrics-collector"], &["katib*/*", "kubeflowkatib/*"], "Katib")
        .because("Katib's collector waits for the main container's end")
        .see("https://github.com/kubeflow/katib/blob/master/pkg/webhook/v1beta1/pod/const.go"),
    Entry::kept(
        &["node-driver-registrar", "csi-*", "liveness-probe"],
        &["sig-storage/*", "csi-components/*", "csi-*", "livenessprobe"],
        "CSI",
    )
    .because("CSI sidecars and their driver talk over the driver's socket")
    .see("https://kubernetes-csi.github.io/docs/sidecar-containers.html"),
    Entry::kept(&["agent"], &["kserve/agent"], "KServe")
        .because("KServe's agent and the model server need each other")
        .see(KSERVE_SOURCE),
    Entry::kept(&["modelcar*"], &["*kserve*/*", "modelcar"], "KServe").because(MODELCAR).see(KSERVE_SOURCE),
    Entry::kept(&["modelcar*"], &["*"], "KServe")
        .because(MODELCAR)
        .labelled("serving.kserve.io/inferenceservice")
        .see(KSERVE_SOURCE),
];

const TRUE: &[&str] = &["true"];

const ALLOYDB_PROXY: &[&str] = &["alloydb-connectors/alloydb-auth-proxy"];
const CLOUD_SQL_PROXY: &[&str] = &["cloud-sql-connectors/cloud-sql-proxy", "cloudsql-docker/gce-proxy"];
const CONFIG_RELOADER: &[&str] = &["prometheus-config-reloader"];
const DATADOG_AGENT: &[&str] =
    &["datadog/agent", "datadoghq/agent", "datadoghq.azurecr.io/agent", "registry.datadoghq.com/agent"];
const DIND: &[&str] = &["docker:*dind*"];
const JAEGER_AGENT: &[&str] = &["jaegertracing/jaeger-agent"];
const OAUTH2_PROXY: &[&str] = &["oauth2-proxy/oauth2-proxy", "bitnami*/oauth2-proxy", "pusher/oauth2_proxy"];
const OPENTELEMETRY: &[&str] = &["opentelemetry-collector*", "splunk-otel-collector"];
const XRAY: &[&str] = &["aws-xray-daemon"];

const ANY_EXPORTER: &[&str] = &["*-exporter", "*_exporter"];
/// Exporters that stand beside what they look at. Those of a node, a cloud or a probe are the work of their own Pods.
const EXPORTERS: &[&str] = &[
    "apache-exporter",
    "haproxy-exporter",
    "jmx-exporter",
    "jmx-prometheus-exporter",
    "memcached-exporter",
    "mongodb-exporter",
    "mongodb_exporter",
    "mysqld-exporter",
    "nginx-exporter",
    "nginx-prometheus-exporter",
    "pgbouncer-exporter",
    "php-fpm-exporter",
    "php-fpm_exporter",
    "postgres-exporter",
    "postgres_exporter",
    "prometheus-nats-exporter",
    "prometheus-pgbouncer-exporter",
    "rabbitmq-exporter",
    "redis-exporter",
    "redis_exporter",
    "statsd-exporter",
];

const PROMETHEUS_OPERATOR: &[Mark] = &[
    label("operator.prometheus.io/name", &[]),
    label("app.kubernetes.io/managed-by", &["prometheus-operator"]),
    owner("Alertmanager"),
    owner("Prometheus"),
    owner("PrometheusAgent"),
    owner("ThanosRuler"),
];
const VAULT_SIGNS: &[Mark] = &[
    annotation("vault.hashicorp.com/agent-inject-status", &["injected"]),
    annotation("vault.hashicorp.com/agent-inject", TRUE),
];
const GCS_FUSE_SIGNS: &[Mark] = &[annotation("gke-gcsfuse/volumes", TRUE)];

const EXPORTER: &str = "Prometheus exporter";
const GCS_FUSE: &str = "GKE Cloud Storage FUSE";
const GKE_NODES: &str = "update the control plane and all nodes to 1.29 or newer";
const MODELCAR: &str = "KServe's modelcar shares the model server's processes";

const ALLOYDB_SOURCE: &str = "https://github.com/GoogleCloudPlatform/alloydb-auth-proxy/tree/main/examples/k8s-sidecar";
const CLOUD_SQL_SOURCE: &str = "https://github.com/GoogleCloudPlatform/cloud-sql-proxy/tree/main/examples/k8s-sidecar";
const GCS_FUSE_SOURCE: &str =
    "https://cloud.google.com/kubernetes-engine/docs/how-to/cloud-storage-fuse-csi-driver-sidecar";
const GIT_SYNC_SOURCE: &str = "https://github.com/kubernetes/git-sync/blob/master/docs/kubernetes.md";
const JAEGER_SOURCE: &str = "https://github.com/jaegertracing/jaeger-operator/blob/main/pkg/inject/sidecar.go";
const KSERVE_SOURCE: &str = "https://github.com/kserve/kserve/blob/master/pkg/constants/constants.go";
const OAUTH2_PROXY_SOURCE: &str = "https://github.com/oauth2-proxy/manifests/tree/main/helm/oauth2-proxy";
const PROMETHEUS_SOURCE: &str =
    "https://github.com/prometheus-operator/prometheus-operator/blob/main/pkg/operator/config_reloader.go";
const XRAY_SOURCE: &str = "https://github.com/aws/aws-xray-daemon";
