//! Injectors that have a switch for the native form: what marks the Pods that they work on, and how they are switched.

use crate::kubernetes::labels::Labels;
use crate::kubernetes::version::{SIDECARS_ALPHA, Version};

/// An injector with a switch that the Pod itself carries.
#[derive(Debug, Eq, PartialEq)]
pub struct Injector {
    /// Its name in the setting `steerInjectors`.
    pub name: &'static str,
    /// Its name in messages, as in the catalogue.
    pub product: &'static str,
    /// The annotation that turns the native form on, with the value `true`.
    pub switch: &'static str,
    /// Older names of that annotation.
    older: &'static [&'static str],
    /// What says that it works on a Pod: any of these.
    marks: &'static [Mark],
    /// The oldest nodes that it makes native sidecars for, where it asks for more than the settings.
    pub minimum: Version,
}

/// A label or an annotation of a Pod.
#[derive(Debug, Eq, PartialEq)]
struct Mark {
    place: Place,
    key: &'static str,
    /// Its values; any one, where there are none here.
    values: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Label,
    Annotation,
}

const fn label(key: &'static str, values: &'static [&'static str]) -> Mark {
    Mark { place: Place::Label, key, values }
}

const fn annotation(key: &'static str, values: &'static [&'static str]) -> Mark {
    Mark { place: Place::Annotation, key, values }
}

const TRUE: &[&str] = &["true"];

/// From the documentation of each.
pub static INJECTORS: [Injector; 5] = [
    // <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/>; without the switch it makes its sidecar native
    // where all kubelets are of 1.33.
    Injector {
        name: "istio",
        product: "Istio",
        switch: "sidecar.istio.io/nativeSidecar",
        older: &[],
        marks: &[
            label("sidecar.istio.io/inject", TRUE),
            annotation("sidecar.istio.io/inject", TRUE),
            label("istio.io/rev", &[]),
        ],
        minimum: Version::new(1, 33),
    },
    // <https://linkerd.io/2/reference/proxy-configuration/>
    Injector {
        name: "linkerd",
        product: "Linkerd",
        switch: "config.linkerd.io/proxy-enable-native-sidecar",
        older: &[
            "config.beta.linkerd.io/proxy-enable-native-sidecar",
            "config.alpha.linkerd.io/proxy-enable-native-sidecar",
        ],
        marks: &[annotation("linkerd.io/inject", &["enabled", "ingress"])],
        minimum: SIDECARS_ALPHA,
    },
    // <https://developer.hashicorp.com/consul/docs/reference/k8s/annotation-label>
    Injector {
        name: "consul",
        product: "Consul",
        switch: "consul.hashicorp.com/enable-consul-dataplane-as-sidecar",
        older: &[],
        marks: &[annotation("consul.hashicorp.com/connect-inject", TRUE)],
        minimum: SIDECARS_ALPHA,
    },
    // <https://docs.dapr.io/reference/arguments-annotations-overview/>
    Injector {
        name: "dapr",
        product: "Dapr",
        switch: "dapr.io/enable-native-sidecar",
        older: &[],
        marks: &[annotation("dapr.io/enabled", TRUE)],
        minimum: SIDECARS_ALPHA,
    },
    // <https://cloud.google.com/kubernetes-engine/docs/how-to/cloud-storage-fuse-csi-driver-sidecar>
    Injector {
        name: "gcsfuse",
        product: "GKE",
        switch: "gke-gcsfuse/enable-native-sidecar",
        older: &[],
        marks: &[annotation("gke-gcsfuse/volumes", TRUE)],
        minimum: SIDECARS_ALPHA,
    },
];

impl Injector {
    /// Whether its switch is to be turned on in a Pod with these labels and annotations: it works on that Pod, by a mark or
    /// because `always` says so, and nobody has set the switch.
    pub fn waits_for_switch(&self, always: bool, labels: Labels, annotations: Labels) -> bool {
        let is_set = |key: &&str| annotations.get(key).is_some();
        let found = |mark: &Mark| match mark.place {
            Place::Label => labels.get(mark.key),
            Place::Annotation => annotations.get(mark.key),
        };
        let is_right = |mark: &Mark, value: &str| mark.values.is_empty() || mark.values.contains(&value);
        let is_marked = |mark: &Mark| found(mark).is_some_and(|value| is_right(mark, &value));
        // A mark with another value says that the injector is to leave the Pod alone.
        let is_refused = |mark: &Mark| found(mark).is_some_and(|value| !is_right(mark, &value));
        let works = self.marks.iter().any(is_marked) || always && !self.marks.iter().any(is_refused);
        works && !is_set(&self.switch) && !self.older.iter().any(is_set)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    use super::*;
    use crate::catalogue::sidecars as catalogue;

    #[test]
    fn the_catalogue_names_their_switches() {
        for injector in &INJECTORS {
            let text = format!("annotation {}: \"true\"", injector.switch);
            assert!(catalogue::switches(injector.product).any(|switch| switch == text), "{text}");
        }
    }

    #[test]
    fn they_wait_for_their_switch_until_somebody_sets_it() {
        let [istio, linkerd, consul, dapr, gcsfuse] = &INJECTORS;
        for (injector, always, labels, annotations, expected) in [
            (istio, false, json!({}), json!({}), false),
            (istio, true, json!({}), json!({}), true),
            (istio, false, json!({"sidecar.istio.io/inject": "true"}), json!({}), true),
            (istio, false, json!({}), json!({"sidecar.istio.io/inject": "true"}), true),
            (istio, false, json!({"istio.io/rev": "1-24"}), json!({}), true),
            (istio, true, json!({"sidecar.istio.io/inject": "false"}), json!({}), false),
            (istio, true, json!({}), json!({"sidecar.istio.io/nativeSidecar": "false"}), false),
            (istio, true, json!({}), json!({"sidecar.istio.io/nativeSidecar": "true"}), false),
            (linkerd, false, json!({}), json!({"linkerd.io/inject": "enabled"}), true),
            (linkerd, false, json!({}), json!({"linkerd.io/inject": "ingress"}), true),
            (linkerd, true, json!({}), json!({"linkerd.io/inject": "disabled"}), false),
            (linkerd, true, json!({}), json!({"config.alpha.linkerd.io/proxy-enable-native-sidecar": "false"}), false),
            (consul, false, json!({}), json!({"consul.hashicorp.com/connect-inject": "true"}), true),
            (consul, false, json!({"consul.hashicorp.com/connect-inject": "true"}), json!({}), false),
            (dapr, false, json!({}), json!({"dapr.io/enabled": "true"}), true),
            (gcsfuse, false, json!({}), json!({"gke-gcsfuse/volumes": "true"}), true),
            (gcsfuse, false, json!({}), json!({"gke-gcsfuse/volumes": 7}), false),
        ] {
            let raw = |map: &Value| to_raw_value(map).ok();
            let (raw_labels, raw_annotations) = (raw(&labels), raw(&annotations));
            let (labels, annotations) = (Labels(raw_labels.as_deref()), Labels(raw_annotations.as_deref()));
            let waits = injector.waits_for_switch(always, labels, annotations);
            assert_eq!(waits, expected, "{} {labels:?} {annotations:?}", injector.name);
        }
    }
}
