//! Trials: a Pod with a native sidecar goes through admission as a server-side dry run, and comes back with the field or without.

use serde_json::{Value, json};

use crate::cluster::connection::Failure;

/// The init container of a trial.
const PROBE: &str = "native-sidecar-check";

/// What the API server says where an init container has lost the field and has what needs it.
const INVALID: [&str; 2] = [
    "may not be set for init containers without restartPolicy=Always",
    "must specify restartPolicy when restart rules are used",
];

/// The annotation by which a kubelet marks what it shows of a Pod of its own.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// A Pod that is to be tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What it is made from: `Deployment shop/orders`, or `a plain Pod in shop`.
    pub subject: String,
    /// Its namespace.
    pub namespace: String,
    /// The Pod.
    pub pod: Value,
}

/// What has become of a trial.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The field is there still.
    Kept,
    /// It is lost.
    Lost,
    /// A webhook of this name takes no dry runs.
    NoDryRun(String),
    /// The Pod was refused, for a reason that tells nothing about the field.
    Refused(String),
}

impl Trial {
    /// A plain Pod with a native sidecar. It asks for as little as Pod Security Standards and quotas let through.
    pub fn plain(namespace: &str) -> Self {
        let mut app = container("app", PROBE);
        app["securityContext"] = secure(false);
        let spec = json!({
            "securityContext": {"runAsUser": 65532},
            "automountServiceAccountToken": false,
            "initContainers": [probe(PROBE, false)],
            "containers": [app],
        });
        Self {
            subject: format!("a plain Pod in {namespace}"),
            namespace: namespace.to_owned(),
            pod: pod(namespace, &json!({}), spec),
        }
    }

    /// A Pod of a workload, with one native sidecar more. None where the template has no containers, or where it is the image
    /// of a kubelet's own Pod, which goes through no admission before it runs.
    pub fn of(subject: String, namespace: &str, template: &Value) -> Option<Self> {
        if !template["metadata"]["annotations"][MIRROR].is_null() {
            return None;
        }
        let mut spec = template["spec"].clone();
        // Its image is one that the namespace takes already.
        let image = spec["containers"][0]["image"].as_str()?.to_owned();
        if !spec["initContainers"].is_array() {
            spec["initContainers"] = json!([]);
        }
        let is_windows = spec["os"]["name"] == "windows";
        spec["initContainers"].as_array_mut()?.push(probe(&image, is_windows));
        let spec_members = spec.as_object_mut()?;
        // A Pod that is bound to a node does not go through the scheduler, nor through all webhooks.
        spec_members.shift_remove("nodeName");
        // Nobody creates a Pod with these.
        spec_members.shift_remove("ephemeralContainers");
        Some(Self { subject, namespace: namespace.to_owned(), pod: pod(namespace, &template["metadata"], spec) })
    }

    /// Where such Pods are created.
    pub fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/pods", crate::cluster::connection::encoded(&self.namespace))
    }

    /// What an answer tells about the field.
    pub fn outcome(&self, answer: &Result<Value, Failure>) -> Outcome {
        let returned = match answer {
            Ok(returned) => returned,
            Err(Failure { message, .. }) if INVALID.iter().any(|words| message.contains(words)) => {
                return Outcome::Lost;
            }
            Err(Failure { message, .. }) => {
                return match without_dry_run(message) {
                    Some(webhook) => Outcome::NoDryRun(webhook),
                    None => Outcome::Refused(message.clone()),
                };
            }
        };
        let inits = |pod: &Value| pod["spec"]["initContainers"].as_array().cloned().unwrap_or_default();
        let returned = inits(returned);
        let is_native = |container: &Value| container["restartPolicy"] == "Always";
        let found = |sent: &Value| returned.iter().find(|container| container["name"] == sent["name"]);
        let sent: Vec<Value> = inits(&self.pod).into_iter().filter(is_native).collect();
        match sent.iter().find(|sent| found(sent).is_some_and(|container| !is_native(container))) {
            Some(_) => Outcome::Lost,
            None if returned.iter().any(|container| container["name"] == PROBE) => Outcome::Kept,
            None => Outcome::Refused(format!("something took the container {PROBE} out of the Pod")),
        }
    }
}

/// The webhook that the API server names where it takes no dry runs.
fn without_dry_run(message: &str) -> Option<String> {
    let (before, _) = message.split_once(" does not support dry run")?;
    let name = before.rsplit("admission webhook ").next()?;
    Some(name.trim_matches('"').to_owned())
}

fn container(name: &str, image: &str) -> Value {
    let little = json!({"cpu": "1m", "memory": "1Mi"});
    json!({"name": name, "image": image, "resources": {"requests": little, "limits": little}})
}

/// What the Pod Security Standard `restricted` asks of a container, whatever its Pod says. A Pod for Windows may not have most
/// of it.
fn secure(is_windows: bool) -> Value {
    if is_windows {
        return json!({"runAsNonRoot": true});
    }
    json!({
        "allowPrivilegeEscalation": false, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

fn probe(image: &str, is_windows: bool) -> Value {
    let mut probe = container(PROBE, image);
    probe["restartPolicy"] = json!("Always");
    probe["securityContext"] = secure(is_windows);
    probe
}

fn pod(namespace: &str, metadata: &Value, spec: Value) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"generateName": format!("{PROBE}-"), "namespace": namespace},
        "spec": spec,
    });
    for name in ["labels", "annotations"] {
        if metadata[name].is_object() {
            pod["metadata"][name] = metadata[name].clone();
        }
    }
    pod
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(message: &str) -> Result<Value, Failure> {
        Err(Failure { code: Some(422), message: message.to_owned() })
    }

    #[test]
    fn a_trial_is_the_workloads_pod_with_one_sidecar_more() {
        let template = json!({
            "metadata": {"labels": {"app": "a"}, "annotations": {"x": "y"}, "name": "ignored"},
            "spec": {"serviceAccountName": "sa", "nodeName": "n", "containers": [{"name": "app", "image": "i"}]},
        });
        let trial = Trial::of("Deployment shop/orders".to_owned(), "shop", &template).unwrap();
        let metadata = json!({
            "generateName": "native-sidecar-check-", "namespace": "shop", "labels": {"app": "a"}, "annotations": {"x": "y"},
        });
        assert_eq!(trial.pod["metadata"], metadata);
        assert_eq!(trial.pod["spec"]["serviceAccountName"], "sa");
        assert!(trial.pod["spec"]["nodeName"].is_null());
        assert_eq!(trial.pod["spec"]["initContainers"][0]["image"], "i");
        assert_eq!(trial.path(), "/api/v1/namespaces/shop/pods");
        assert!(Trial::of(String::new(), "shop", &json!({"spec": {"containers": []}})).is_none());
    }

    #[test]
    fn a_pod_that_runs_is_tried_as_one_that_could_be_created() {
        let trial = |more: Value| {
            let mut template = json!({"spec": {"containers": [{"name": "app", "image": "i"}]}});
            for (name, value) in more.as_object().unwrap() {
                template[name] = value.clone();
            }
            Trial::of(String::new(), "shop", &template)
        };
        let mirror = json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}});
        assert!(trial(mirror).is_none());
        let containers = json!([{"name": "app", "image": "i"}]);
        let debugged = trial(json!({"spec": {"containers": containers, "ephemeralContainers": [{"name": "debug"}]}}));
        assert!(debugged.unwrap().pod["spec"]["ephemeralContainers"].is_null());
        let windows = trial(json!({"spec": {"containers": containers, "os": {"name": "windows"}}})).unwrap();
        let own = json!({"runAsNonRoot": true});
        assert_eq!(windows.pod["spec"]["initContainers"][0]["securityContext"], own);
    }

    #[test]
    fn the_answer_tells_what_became_of_the_field() {
        let trial = Trial::plain("shop");
        assert_eq!(trial.outcome(&Ok(trial.pod.clone())), Outcome::Kept);
        let mut stripped = trial.pod.clone();
        stripped["spec"]["initContainers"][0].as_object_mut().unwrap().shift_remove("restartPolicy");
        assert_eq!(trial.outcome(&Ok(stripped)), Outcome::Lost);
        for words in INVALID {
            let invalid = format!("Pod \"a\" is invalid: spec.initContainers[0].livenessProbe: Forbidden: {words}");
            assert_eq!(trial.outcome(&failure(&invalid)), Outcome::Lost);
        }
        let no_dry_run = "admission webhook \"w.example.com\" does not support dry run";
        assert_eq!(trial.outcome(&failure(no_dry_run)), Outcome::NoDryRun("w.example.com".to_owned()));
        assert_eq!(trial.outcome(&failure("exceeded quota")), Outcome::Refused("exceeded quota".to_owned()));
        let gone = Outcome::Refused("something took the container native-sidecar-check out of the Pod".to_owned());
        assert_eq!(trial.outcome(&Ok(json!({"spec": {}}))), gone);
    }
}
