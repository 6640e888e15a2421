//! Injectors that have a switch for the native form: what marks the Pods that they work on, and how they are switched.

use crate::catalogue::marks::{Mark, Marked, annotation, label};
use crate::kubernetes::labels::Labels;
use crate::kubernetes::version::{SIDECARS_ALPHA, SIDECARS_BETA, Version};

/// An injector with a switch that the Pod itself carries.
#[derive(Debug, Eq, PartialEq)]
pub struct Injector {
    /// Its name in the setting `steerInjectors`.
    pub name: &'static str,
    /// Its name in messages, as in the catalogue.
    pub product: &'static str,
    /// The annotation that turns the native form on, with the value `true`.
    pub switch: &'static str,
    /// The same in words, with the version that came with it.
    pub how: &'static str,
    /// Other names of that annotation, which not every version reads.
    aliases: &'static [&'static str],
    /// What says that it works on a Pod: any of these.
    marks: &'static [Mark],
    /// The annotation with which it fails where its sidecar is native, unless that is 0.
    obstacle: Option<&'static str>,
    /// The oldest nodes that its switch is good for, where that is more than the settings ask for.
    pub minimum: Version,
}

const TRUE: &[&str] = &["true"];

/// <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/>: the switch is obeyed whatever the nodes are.
pub const ISTIO: Injector = Injector {
    name: "istio",
    product: "Istio",
    switch: "sidecar.istio.io/nativeSidecar",
    how: "annotation sidecar.istio.io/nativeSidecar: \"true\"",
    aliases: &[],
    marks: &[
        label("sidecar.istio.io/inject", TRUE),
        annotation("sidecar.istio.io/inject", TRUE),
        label("istio.io/rev", &[]),
    ],
    obstacle: None,
    // Nodes of 1.28 end its proxy before the app.
    minimum: SIDECARS_BETA,
};

/// <https://linkerd.io/2/reference/proxy-configuration/>: every version since 2.15 reads the alpha name. Up to 2.19 it refuses
/// to inject both, <https://github.com/linkerd/linkerd2/issues/12164>.
pub const LINKERD: Injector = Injector {
    name: "linkerd",
    product: "Linkerd",
    switch: "config.alpha.linkerd.io/proxy-enable-native-sidecar",
    how: "annotation config.alpha.linkerd.io/proxy-enable-native-sidecar: \"true\"",
    aliases: &["config.beta.linkerd.io/proxy-enable-native-sidecar", "config.linkerd.io/proxy-enable-native-sidecar"],
    marks: &[annotation("linkerd.io/inject", &["enabled", "ingress"])],
    obstacle: Some("config.alpha.linkerd.io/proxy-wait-before-exit-seconds"),
    minimum: SIDECARS_ALPHA,
};

/// <https://developer.hashicorp.com/consul/docs/reference/k8s/annotation-label>
pub const CONSUL: Injector = Injector {
    name: "consul",
    product: "Consul",
    switch: "consul.hashicorp.com/enable-consul-dataplane-as-sidecar",
    how: "annotation consul.hashicorp.com/enable-consul-dataplane-as-sidecar: \"true\"",
    aliases: &[],
    marks: &[annotation("consul.hashicorp.com/connect-inject", TRUE)],
    obstacle: None,
    minimum: SIDECARS_ALPHA,
};

/// <https://docs.dapr.io/reference/arguments-annotations-overview/>
pub const DAPR: Injector = Injector {
    name: "dapr",
    product: "Dapr",
    switch: "dapr.io/enable-native-sidecar",
    how: "annotation dapr.io/enable-native-sidecar: \"true\" (Dapr 1.18 or newer)",
    aliases: &[],
    marks: &[annotation("dapr.io/enabled", TRUE)],
    obstacle: None,
    minimum: SIDECARS_ALPHA,
};

/// Those that a Pod can steer. GKE's for Cloud Storage is not among them: its annotation only turns the native form off.
pub static INJECTORS: [Injector; 4] = [ISTIO, LINKERD, CONSUL, DAPR];

impl Injector {
    /// Whether its switch is to be turned on in a Pod with these labels and annotations: it works on that Pod, by a mark or
    /// because `always` says so, nobody has set the switch, and nothing makes it fail then.
    pub fn waits_for_switch(&self, always: bool, labels: Labels, annotations: Labels) -> bool {
        let is_set = |key: &&str| annotations.get(key).is_some();
        let pod = Marked { labels, annotations, owner: None };
        // A mark with another value says that the injector is to leave the Pod alone.
        let is_refused = || self.marks.iter().any(|mark| mark.is_on(pod).is_none());
        let works = self.works_on(pod) || always && !is_refused();
        works && !is_set(&self.switch) && !self.aliases.iter().any(is_set) && self.obstacle_on(annotations).is_none()
    }

    /// Whether a mark says that it works on this object.
    pub fn works_on(&self, object: Marked) -> bool {
        self.marks.iter().any(|mark| mark.is_on(object) == Some(true))
    }

    /// The annotation of a Pod with which this injector would fail where its sidecar is native, where there is one.
    pub fn obstacle_on(&self, annotations: Labels) -> Option<&'static str> {
        self.obstacle.filter(|key| annotations.get(key).is_some_and(|value| value != "0"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn they_say_how_they_are_switched() {
        for injector in &INJECTORS {
            let text = format!("annotation {}: \"true\"", injector.switch);
            assert!(injector.how.starts_with(&text), "{text}");
        }
    }

    #[test]
    fn they_wait_for_their_switch_until_somebody_sets_it() {
        let [istio, linkerd, consul, dapr] = &INJECTORS;
        let wait = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds";
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
            (linkerd, true, json!({}), json!({"config.linkerd.io/proxy-enable-native-sidecar": "false"}), false),
            (linkerd, true, json!({}), json!({wait: "5"}), false),
            (linkerd, true, json!({}), json!({wait: "0"}), true),
            (consul, false, json!({}), json!({"consul.hashicorp.com/connect-inject": "true"}), true),
            (consul, false, json!({"consul.hashicorp.com/connect-inject": "true"}), json!({}), false),
            (dapr, false, json!({}), json!({"dapr.io/enabled": "true"}), true),
            (dapr, false, json!({}), json!({"dapr.io/enabled": 7}), false),
            (dapr, true, json!({}), json!({wait: "5"}), true),
        ] {
            let raw = |map: &Value| to_raw_value(map).ok();
            let (raw_labels, raw_annotations) = (raw(&labels), raw(&annotations));
            let (labels, annotations) = (Labels(raw_labels.as_deref()), Labels(raw_annotations.as_deref()));
            let waits = injector.waits_for_switch(always, labels, annotations);
            assert_eq!(waits, expected, "{} {labels:?} {annotations:?}", injector.name);
        }
    }
}
