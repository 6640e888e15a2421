//! Which of the injectors that are known are there, and whether they inject native sidecars.
//!
//! Their webhooks tell that they are there, and the image of their controller which version it is.

use glob::Pattern;
use native_sidecar_policy::describe::Version;
use serde_json::Value;

use crate::check::finding::{Finding, Group, Status};
use crate::check::webhook::Webhook;

/// The id of an injector that has to be switched.
pub const SWITCH: &str = "switch";

/// An injector.
struct Injector {
    product: &'static str,
    /// A glob of its webhook, `CONFIGURATION/WEBHOOK`.
    webhook: &'static str,
    /// The end of the repository of its controller's image, as a glob.
    image: &'static str,
    /// The version from which on it injects native sidecars by itself.
    native_since: Option<Version>,
    /// What turns the native form on, where anything does, and the version from which on, where that is told.
    switch: Option<(&'static str, Option<Version>)>,
    /// Where that is told.
    source: &'static str,
}

/// From their sources and documents of July and August 2026.
const INJECTORS: [Injector; 11] = [
    Injector {
        product: "Istio",
        webhook: "*/*sidecar-injector.istio.io",
        image: "/pilot",
        native_since: Some(Version::new(1, 27)),
        switch: Some(("annotation sidecar.istio.io/nativeSidecar: \"true\" on Pods", Some(Version::new(1, 24)))),
        source: "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/",
    },
    Injector {
        product: "Linkerd",
        webhook: "linkerd-proxy-injector-webhook-config/*",
        image: "linkerd/controller",
        native_since: Some(Version::new(2, 20)),
        switch: Some((
            "annotation config.alpha.linkerd.io/proxy-enable-native-sidecar: \"true\" on Pods",
            Some(Version::new(2, 15)),
        )),
        source: "https://linkerd.io/2/reference/proxy-configuration/",
    },
    Injector {
        product: "Kuma",
        webhook: "*/*kuma-injector.kuma.io",
        image: "/kuma-cp",
        native_since: Some(Version::new(2, 14)),
        switch: Some(("Helm value experimental.sidecarContainers: true", None)),
        source: "https://kuma.io/docs/",
    },
    Injector {
        product: "Consul",
        webhook: "*/consul-connect-injector.consul.hashicorp.com",
        image: "/consul-k8s-control-plane",
        native_since: None,
        switch: Some((
            "annotation consul.hashicorp.com/enable-consul-dataplane-as-sidecar: \"true\" on Pods",
            Some(Version::new(1, 9)),
        )),
        source: "https://developer.hashicorp.com/consul/docs/reference/k8s/annotation-label",
    },
    Injector {
        product: "Dapr",
        webhook: "*/sidecar-injector.dapr.io",
        image: "/injector",
        native_since: None,
        switch: Some((
            "annotation dapr.io/enable-native-sidecar: \"true\" on Pods, or Helm value dapr_sidecar_injector.nativeSidecar",
            Some(Version::new(1, 18)),
        )),
        source: "https://docs.dapr.io/reference/arguments-annotations-overview/",
    },
    Injector {
        product: "OpenTelemetry operator",
        webhook: "*opentelemetry-operator-mutation*/*",
        image: "/opentelemetry-operator",
        native_since: Some(Version::new(0, 132)),
        switch: None,
        source: "https://github.com/open-telemetry/opentelemetry-operator",
    },
    Injector {
        product: "Vault agent injector",
        webhook: "vault-agent-injector*/vault.hashicorp.com",
        image: "/vault-k8s",
        native_since: None,
        switch: None,
        source: "https://github.com/hashicorp/vault-k8s/issues/620",
    },
    Injector {
        product: "Cloud SQL Proxy Operator",
        webhook: "*mutating-core-webhook-configuration/mpod.kb.io",
        image: "/cloud-sql-proxy-operator",
        native_since: Some(Version::new(1, 6)),
        switch: None,
        source: "https://github.com/GoogleCloudPlatform/cloud-sql-proxy-operator/releases",
    },
    Injector {
        product: "JuiceFS CSI",
        webhook: "juicefs-admission-webhook*/*",
        image: "/juicefs-csi-driver",
        native_since: Some(Version::new(0, 27)),
        switch: None,
        source: "https://github.com/juicedata/juicefs-csi-driver/releases",
    },
    Injector {
        product: "Fluid",
        webhook: "fluid-pod-admission-webhook/*",
        image: "/fluid-webhook",
        native_since: None,
        switch: Some(("Helm value webhook.fuseSidecar.sidecarInjectionMode: native-sidecar", Some(Version::new(1, 1)))),
        source: "https://github.com/fluid-cloudnative/fluid/releases",
    },
    Injector {
        product: "Tekton",
        webhook: "webhook.pipeline.tekton.dev/webhook.pipeline.tekton.dev",
        image: "/pipeline/webhook-*",
        native_since: None,
        switch: Some(("enable-kubernetes-sidecar: \"true\" in the ConfigMap feature-flags", Some(Version::new(0, 62)))),
        source: "https://tekton.dev/docs/pipelines/additional-configs/",
    },
];

/// What there is to say of them. `images` are those that run, each with its namespace.
pub fn check(webhooks: Option<&[Webhook]>, images: &[(String, String)]) -> Vec<Finding> {
    const GROUP: Group = Group::Injectors;
    let Some(webhooks) = webhooks else {
        let text = "not known: the right to list mutatingwebhookconfigurations.admissionregistration.k8s.io is missing";
        return vec![Finding::other(GROUP.about("unknown"), Status::Unknown, text, "")];
    };
    let found = INJECTORS.iter().filter_map(|injector| {
        let pattern = Pattern::new(injector.webhook).ok()?;
        let webhook = webhooks.iter().find(|webhook| pattern.matches(&webhook.name))?;
        Some(injector.told(version(injector, webhook, images)))
    });
    let found: Vec<Finding> = found.collect();
    match found.is_empty() {
        true => vec![Finding::good(GROUP.about("none"), "none that is known")],
        false => found,
    }
}

/// The version of an injector: the tag of its controller's image, in the namespace of its webhook's service.
fn version(injector: &Injector, webhook: &Webhook, images: &[(String, String)]) -> Option<String> {
    let namespace = webhook.service_namespace.as_deref()?;
    let pattern = Pattern::new(&format!("*{}", injector.image)).ok()?;
    let image = images.iter().find(|(of, image)| {
        let repository = image.split('@').next().and_then(|image| image.rsplit_once(':')).map_or("", |(name, _)| name);
        of == namespace && pattern.matches(&format!("/{repository}"))
    });
    let (_, image) = image?;
    image.split('@').next()?.rsplit_once(':').map(|(_, tag)| tag.to_owned())
}

impl Injector {
    fn told(&self, tag: Option<String>) -> Finding {
        const GROUP: Group = Group::Injectors;
        let Self { product, native_since, switch, source, .. } = self;
        let version =
            tag.as_deref().and_then(|tag| Version::read(tag.trim_start_matches("edge-").trim_start_matches("stable-")));
        let name = tag.as_ref().map_or_else(|| (*product).to_owned(), |tag| format!("{product} {tag}"));
        let native = native_since.and_then(|since| version.map(|version| version >= since));
        if native == Some(true) {
            return Finding::good(
                GROUP.about("native"),
                format!("{name} injects native sidecars where the nodes run them"),
            );
        }
        let update = native_since.map(|since| format!(" {product} {since} does so by itself.")).unwrap_or_default();
        let Some((how, since)) = switch else {
            let text = format!("{name} injects legacy sidecars");
            return match native_since {
                Some(since) if version.is_none() => {
                    let text = format!("{product} is there, and its version is not known");
                    Finding::other(
                        GROUP.about("legacy"),
                        Status::Unknown,
                        text,
                        format!("Native since {since}. {source}"),
                    )
                }
                Some(since) => Finding::other(
                    GROUP.about("legacy"),
                    Status::Warning,
                    text,
                    format!("Update it to {since}. {source}"),
                ),
                None => Finding::other(
                    GROUP.about("legacy"),
                    Status::Warning,
                    text,
                    format!("It has no native form. {source}"),
                ),
            };
        };
        let too_old = since.filter(|since| version.is_some_and(|version| version < *since));
        let steer = if how.starts_with("annotation") { "; injectedSidecars: steer sets it" } else { "" };
        match (version, too_old) {
            (None, _) => {
                let text = format!("{product} is there, and its version is not known");
                let since = since.map(|since| format!("Since {since} there is ")).unwrap_or_default();
                Finding::other(GROUP.about("unknown"), Status::Unknown, text, format!("{since}{how}.{update} {source}"))
            }
            (Some(_), Some(since)) => {
                let text = format!("{name} injects legacy sidecars");
                let advice = format!("Update it: {since} or newer has {how}.{update} {source}");
                Finding::other(GROUP.about("legacy"), Status::Warning, text, advice)
            }
            (Some(_), None) => {
                let text = format!("{name} injects legacy sidecars unless it is told otherwise");
                Finding::other(
                    GROUP.about(SWITCH),
                    Status::Warning,
                    text,
                    format!("Turn on {how}{steer}.{update} {source}"),
                )
            }
        }
    }
}

/// The images of these Pods, each with the Pod's namespace.
pub fn images(pods: &[Value]) -> Vec<(String, String)> {
    let images = pods.iter().flat_map(|pod| {
        let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
        let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
        containers.filter_map(move |container| Some((namespace.to_owned(), container["image"].as_str()?.to_owned())))
    });
    images.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::webhook::webhooks;
    use serde_json::json;

    fn told(configuration: &str, webhook: &str, image: &str) -> String {
        let webhook = json!({
            "name": webhook, "admissionReviewVersions": [], "sideEffects": "None",
            "clientConfig": {"service": {"name": "s", "namespace": "system"}},
        });
        let webhooks = webhooks(vec![json!({"metadata": {"name": configuration}, "webhooks": [webhook]})]);
        let images = [("other".to_owned(), "x/pilot:9.9".to_owned()), ("system".to_owned(), image.to_owned())];
        let findings = check(Some(&webhooks), &images);
        assert_eq!(findings.len(), 1);
        format!("{} {}", findings[0].status.sign(), findings[0].text)
    }

    #[test]
    fn webhooks_and_images_tell_which_they_are() {
        for (configuration, webhook, image, expected) in [
            (
                "istio-sidecar-injector",
                "namespace.sidecar-injector.istio.io",
                "istio/pilot:1.29.1-distroless@sha256:0",
                "✔ Istio 1.29.1-distroless injects native sidecars where the nodes run them",
            ),
            (
                "istio-sidecar-injector",
                "rev.object.sidecar-injector.istio.io",
                "istio/pilot:1.25.0",
                "! Istio 1.25.0 injects legacy sidecars unless it is told otherwise",
            ),
            (
                "istio-sidecar-injector",
                "sidecar-injector.istio.io",
                "istio/pilot:1.20.0",
                "! Istio 1.20.0 injects legacy sidecars",
            ),
            (
                "linkerd-proxy-injector-webhook-config",
                "linkerd-proxy-injector.linkerd.io",
                "ghcr/other:1",
                "? Linkerd is there, and its version is not known",
            ),
            (
                "vault-agent-injector-cfg",
                "vault.hashicorp.com",
                "hashicorp/vault-k8s:1.7.0",
                "! Vault agent injector 1.7.0 injects legacy sidecars",
            ),
            (
                "x-opentelemetry-operator-mutation",
                "mpod.kb.io",
                "x/opentelemetry-operator:0.140.0",
                "✔ OpenTelemetry operator 0.140.0 injects native sidecars where the nodes run them",
            ),
            (
                "cloud-sql-proxy-operator-mutating-core-webhook-configuration",
                "mpod.kb.io",
                "gcr.io/cloud-sql-connectors/cloud-sql-operator/cloud-sql-proxy-operator:1.5.0",
                "! Cloud SQL Proxy Operator 1.5.0 injects legacy sidecars",
            ),
            (
                "juicefs-admission-webhook",
                "sidecar.juicefs.com",
                "juicedata/juicefs-csi-driver:v0.31.0",
                "✔ JuiceFS CSI v0.31.0 injects native sidecars where the nodes run them",
            ),
            (
                "fluid-pod-admission-webhook",
                "schedulepod.fluid.io",
                "fluidcloudnative/fluid-webhook:v1.1.0-8ac1f2e",
                "! Fluid v1.1.0-8ac1f2e injects legacy sidecars unless it is told otherwise",
            ),
            (
                "webhook.pipeline.tekton.dev",
                "webhook.pipeline.tekton.dev",
                "ghcr.io/tektoncd/pipeline/webhook-d4749e605405422fd87700164e31b2d1:v1.9.0@sha256:0",
                "! Tekton v1.9.0 injects legacy sidecars unless it is told otherwise",
            ),
            ("other", "mpod.kb.io", "x", "✔ none that is known"),
        ] {
            assert_eq!(told(configuration, webhook, image), expected);
        }
    }

    #[test]
    fn every_webhook_is_a_glob_of_two_names() {
        for injector in &INJECTORS {
            assert!(Pattern::new(injector.webhook).is_ok(), "{}", injector.product);
            assert_eq!(injector.webhook.split('/').count(), 2, "{}", injector.product);
            assert!(injector.source.starts_with("https://"), "{}", injector.product);
        }
    }
}
