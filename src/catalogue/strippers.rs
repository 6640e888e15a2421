//! Mutating webhooks that are known to drop `restartPolicy` of init containers.

use std::fmt;

use crate::catalogue::glob::matches;

/// A webhook that drops what its version of the API does not have.
#[derive(Debug)]
pub struct Stripper {
    /// A glob of its configuration's name and its own.
    webhook: &'static str,
    /// The version that ended it, where one did.
    ended_in: Option<&'static str>,
    /// Where it is told.
    source: &'static str,
}

const fn ended(webhook: &'static str, version: &'static str, source: &'static str) -> Stripper {
    Stripper { webhook, ended_in: Some(version), source }
}

const fn open(webhook: &'static str, source: &'static str) -> Stripper {
    Stripper { webhook, ended_in: None, source }
}

const POD_IDENTITY: &str = "https://github.com/aws/amazon-eks-pod-identity-webhook/issues/208";
const DATADOG: &str = "https://github.com/DataDog/datadog-agent/issues/37837";
/// Told by a driver whose sidecar they broke.
const GCS_FUSE: &str = "https://github.com/GoogleCloudPlatform/gcs-fuse-csi-driver/blob/main/docs/known-issues.md";

/// Not among them are those of consul-k8s, Dapr and vault-k8s: they patch only what they add.
static STRIPPERS: [Stripper; 16] = [
    ended("*/pod-identity-webhook.amazonaws.com", "0.5.3", POD_IDENTITY),
    ended("*/iam-for-pods.amazonaws.com", "0.5.3", POD_IDENTITY),
    open("datadog-webhook/*", DATADOG),
    open("*/datadog.webhook.*", DATADOG),
    open("*/mpod.appmesh.k8s.aws", "https://github.com/aws/aws-app-mesh-controller-for-k8s/issues/774"),
    ended("*kube-image-keeper*/mpod*.kb.io", "1.13.0", "https://github.com/enix/kube-image-keeper/issues/457"),
    open("*/secrets-init.doit-intl.com", "https://github.com/doitintl/kube-secrets-init/issues/53"),
    open("*/gtoken.doit-intl.com", "https://github.com/doitintl/gtoken/pull/38"),
    open("*/berglas-webhook.cloud.google.com", "https://github.com/GoogleCloudPlatform/berglas/issues/264"),
    ended(
        "*/mutation.azure-workload-identity.io",
        "1.3.0",
        "https://github.com/Azure/azure-workload-identity/issues/1312",
    ),
    open(
        "*/*.webhook.crfa.internal.knative.dev",
        "https://github.com/GoogleCloudPlatform/gcs-fuse-csi-driver/issues/322",
    ),
    ended("*/k8s-image-swapper.github.io", "1.5.10", GCS_FUSE),
    open("*/logsidecar-injector.logging.kubesphere.io", GCS_FUSE),
    open("*/pod-admission-controller.spiffe.gke.io", GCS_FUSE),
    open("*k8ssandra-operator*/mpod.kb.io", "https://github.com/k8ssandra/cass-operator/issues/629"),
    ended(
        "*/linstor-scheduler-admission.linbit.com",
        "chart 0.3.1",
        "https://github.com/piraeusdatastore/piraeus-operator/issues/1025",
    ),
];

/// The stripper that this webhook is, by the name of its configuration and its own: `CONFIGURATION/WEBHOOK`.
pub fn find(webhook: &str) -> Option<&'static Stripper> {
    STRIPPERS.iter().find(|stripper| matches(stripper.webhook, webhook))
}

impl fmt::Display for Stripper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ended_in {
            Some(version) => write!(f, "known for it before {version}: {}", self.source),
            None => write!(f, "known for it: {}", self.source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_of_each_which_version_ended_it() {
        for (webhook, expected) in [
            (
                "pod-identity-webhook/iam-for-pods.amazonaws.com",
                Some("known for it before 0.5.3: https://github.com/aws/amazon-eks-pod-identity-webhook/issues/208"),
            ),
            (
                "datadog-webhook/datadog.webhook.lib.injection",
                Some("known for it: https://github.com/DataDog/datadog-agent/issues/37837"),
            ),
            (
                "kube-image-keeper-mutating-webhook/mpod-v1.kb.io",
                Some("known for it before 1.13.0: https://github.com/enix/kube-image-keeper/issues/457"),
            ),
            (
                "azure-wi-webhook-mutating-webhook-configuration/mutation.azure-workload-identity.io",
                Some("known for it before 1.3.0: https://github.com/Azure/azure-workload-identity/issues/1312"),
            ),
            (
                "linstor-scheduler-admission/linstor-scheduler-admission.linbit.com",
                Some(
                    "known for it before chart 0.3.1: https://github.com/piraeusdatastore/piraeus-operator/issues/1025",
                ),
            ),
            (
                "spiffe/pod-admission-controller.spiffe.gke.io",
                Some(
                    "known for it: https://github.com/GoogleCloudPlatform/gcs-fuse-csi-driver/blob/main/docs/known-issues.md",
                ),
            ),
            ("consul-connect-injector/consul-connect-injector.consul.hashicorp.com", None),
            ("dapr-sidecar-injector/sidecar-injector.dapr.io", None),
            ("vault-agent-injector-cfg/vault.hashicorp.com", None),
            ("", None),
        ] {
            assert_eq!(find(webhook).map(Stripper::to_string).as_deref(), expected, "{webhook}");
        }
    }

    #[test]
    fn every_webhook_is_a_glob_of_two_names() {
        for stripper in &STRIPPERS {
            assert!(glob::Pattern::new(stripper.webhook).is_ok(), "{stripper:?}");
            assert_eq!(stripper.webhook.split('/').count(), 2, "{stripper:?}");
            assert!(stripper.source.starts_with("https://"), "{stripper:?}");
        }
    }
}
