//! A borrowed view of just the fields of a Kubernetes object that the policy looks at.
//!
//! Nothing is copied, unknown fields are passed over, and nothing is ever written back from here: a typed struct would
//! drop what it does not know. Lists and maps that are `null` read as absent, as in the API server.

use std::borrow::Cow;

use serde::de::{IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Structs of optional fields, read from JSON objects: `FIELD: TYPE = "NAME IN JSON"`.
///
/// What serde derives for a struct would take an array of its fields as well, and costs the module a good part of its
/// size. A member that occurs twice counts as what it is last, as in serde_json's `Value`, which hosts read with.
macro_rules! view {
    ($(
        $(#[$about:meta])*
        $access:vis struct $view:ident<'a> {
            $($(#[$field_about:meta])* $field_access:vis $field:ident: $type:ty = $name:literal,)*
        }
    )*) => {$(
        $(#[$about])*
        #[derive(Debug, Default)]
        $access struct $view<'a> {
            $($(#[$field_about])* $field_access $field: Option<$type>,)*
            /// Whether there are other members, which it passes over.
            #[allow(dead_code)]
            $access has_others: bool,
            lifetime: std::marker::PhantomData<&'a ()>,
        }

        impl $view<'_> {
            /// The members that it reads.
            #[allow(dead_code)]
            $access const NAMES: &'static [&'static str] = &[$($name),*];
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $view<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members<'a>(std::marker::PhantomData<&'a ()>);

                impl<'de: 'a, 'a> serde::de::Visitor<'de> for Members<'a> {
                    type Value = $view<'a>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut view = $view::default();
                        while let Some(name) = map.next_key::<$crate::view::Text>()? {
                            match name.as_str() {
                                $($name => view.$field = map.next_value()?,)*
                                _ => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                    view.has_others = true;
                                }
                            }
                        }
                        Ok(view)
                    }
                }

                deserializer.deserialize_map(Members(std::marker::PhantomData))
            }
        }
    )*};
}
pub(crate) use view;

/// Text that is copied only where the JSON string has escapes in it.
#[derive(Debug, Default)]
pub struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;

        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrowing)
    }
}

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
        pub istio_status: Text<'a> = "sidecar.istio.io/status",
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

    /// A Pod, or the Pod template in a workload.
    pub struct PodTemplate<'a> {
        pub metadata: Metadata<'a> = "metadata",
        pub spec: PodSpec<'a> = "spec",
    }

    /// What the policy looks at in a Pod's spec.
    pub struct PodSpec<'a> {
        pub restart_policy: Text<'a> = "restartPolicy",
        init_containers: Vec<Container<'a>> = "initContainers",
        containers: Vec<Container<'a>> = "containers",
        pub volumes: &'a RawValue = "volumes",
        pub security_context: &'a RawValue = "securityContext",
    }

    /// What the policy looks at in a container. The fields that are raw here are read only when a plan depends on them.
    pub struct Container<'a> {
        name: Text<'a> = "name",
        image: Text<'a> = "image",
        restart_policy: Text<'a> = "restartPolicy",
        pub restart_policy_rules: Vec<IgnoredAny> = "restartPolicyRules",
        pub lifecycle: &'a RawValue = "lifecycle",
        pub liveness_probe: IgnoredAny = "livenessProbe",
        pub readiness_probe: IgnoredAny = "readinessProbe",
        pub startup_probe: IgnoredAny = "startupProbe",
        pub ports: &'a RawValue = "ports",
        pub volume_mounts: &'a RawValue = "volumeMounts",
        pub command: &'a RawValue = "command",
        pub args: &'a RawValue = "args",
    }
}

impl<'a> Text<'a> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text of an optional field; empty where it is absent, as in the Go structs of Kubernetes.
pub fn text<'t>(field: &'t Option<Text<'_>>) -> &'t str {
    field.as_ref().map_or("", Text::as_str)
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

impl<'a> PodTemplate<'a> {
    /// Its labels, where it has any.
    pub fn labels(&self) -> Option<&'a RawValue> {
        self.metadata.as_ref()?.labels
    }

    /// Its annotations, where it has any.
    pub fn annotations(&self) -> Option<&Annotations<'a>> {
        self.metadata.as_ref()?.annotations.as_ref()
    }
}

impl<'a> PodSpec<'a> {
    /// `initContainers`, in their order.
    pub fn init_containers(&self) -> &[Container<'a>] {
        self.init_containers.as_deref().unwrap_or_default()
    }

    /// `containers`, in their order.
    pub fn containers(&self) -> &[Container<'a>] {
        self.containers.as_deref().unwrap_or_default()
    }
}

impl<'a> Container<'a> {
    /// Its name; empty where it has none.
    pub fn name(&self) -> &str {
        text(&self.name)
    }

    /// Its image; empty where it has none.
    pub fn image(&self) -> &str {
        text(&self.image)
    }

    /// Its own `restartPolicy`; empty where it has none.
    pub fn restart_policy(&self) -> &str {
        text(&self.restart_policy)
    }

    /// Whether it says `restartPolicy: Always` of itself: in `initContainers` that makes it a native sidecar.
    pub fn restarts_always(&self) -> bool {
        self.restart_policy() == "Always"
    }

    /// Whether it has `restartPolicyRules`, which Kubernetes does not allow on a native sidecar.
    pub fn has_restart_policy_rules(&self) -> bool {
        self.restart_policy_rules.as_ref().is_some_and(|rules| !rules.is_empty())
    }

    /// The fields it has that Kubernetes forbids on init containers without `restartPolicy: Always`.
    pub fn native_only_fields(&self) -> impl Iterator<Item = &'static str> {
        [
            ("lifecycle", self.lifecycle.is_some()),
            ("livenessProbe", self.liveness_probe.is_some()),
            ("readinessProbe", self.readiness_probe.is_some()),
            ("startupProbe", self.startup_probe.is_some()),
        ]
        .into_iter()
        .filter_map(|(field, present)| present.then_some(field))
    }
}
