//! The part that every Kubernetes object has.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::json::view::{Text, text, view};

/// The annotation that declares native sidecars: names of containers, separated by commas.
pub const NATIVE_ANNOTATION: &str = "sidecars.kubewarden.io/native";

view! {
    /// The part that every object has: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/>.
    pub struct Metadata<'a> {
        pub name: Text<'a> = "name",
        pub generate_name: Text<'a> = "generateName",
        pub namespace: Text<'a> = "namespace",
        pub labels: &'a RawValue = "labels",
        pub annotations: Annotations<'a> = "annotations",
        pub owner_references: Vec<OwnerReference<'a>> = "ownerReferences",
        /// Who set which field; read only where an init container could be stripped.
        pub managed_fields: &'a RawValue = "managedFields",
    }

    /// The annotations that mean something to the policy.
    pub struct Annotations<'a> {
        /// [`NATIVE_ANNOTATION`]
        pub native: Text<'a> = "sidecars.kubewarden.io/native",
        /// The object as `kubectl apply` last sent it, as JSON in a string.
        pub last_applied: &'a RawValue = "kubectl.kubernetes.io/last-applied-configuration",
        /// Set by a kubelet on the image that it shows of a static Pod.
        pub mirror: IgnoredAny = "kubernetes.io/config.mirror",
        /// What Istio injected, as JSON in a string.
        pub istio_status: &'a RawValue = "sidecar.istio.io/status",
    }

    /// An owner of an object.
    pub struct OwnerReference<'a> {
        pub api_version: Text<'a> = "apiVersion",
        pub kind: Text<'a> = "kind",
        pub name: Text<'a> = "name",
        pub uid: Text<'a> = "uid",
        pub controller: bool = "controller",
    }

    /// An object of which only the metadata matter.
    pub struct Object<'a> {
        pub metadata: Metadata<'a> = "metadata",
    }
}

impl<'a> Metadata<'a> {
    /// The owner that manages this object, where there is one.
    pub fn controller(&self) -> Option<&OwnerReference<'a>> {
        self.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
    }

    /// Whether this is what a kubelet shows of a static Pod: nothing that is done to it reaches the Pod.
    pub fn is_mirror(&self) -> bool {
        self.annotations.as_ref().is_some_and(|annotations| annotations.mirror.is_some())
    }
}

impl<'a> Annotations<'a> {
    /// The names that `sidecars.kubewarden.io/native` declares.
    pub fn declared(&self) -> impl Iterator<Item = &str> {
        text(&self.native).split(',').map(str::trim).filter(|name| !name.is_empty())
    }
}
