//! A model of the API server: what it refuses of an object, written from what Kubernetes 1.36 says in
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.2/pkg/apis/core/validation/validation.go> and
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.2/pkg/apis/batch/validation/validation.go>.
//!
//! It is the oracle of what the policy promises: an object that would be taken is still taken when the policy has changed it. It
//! knows what a policy that moves, adds and marks containers could break, and passes over the rest.

pub mod refusal;
pub mod spec;
pub mod names;
pub mod quantity;
pub mod decode;
pub mod containers;
pub mod restarts;
pub mod handlers;
pub mod ports;
pub mod volumes;
pub mod resources;
pub mod security;
pub mod jobs;
pub mod defaults;

use serde_json::Value;

use crate::api_server::refusal::Refusals;
use crate::api_server::spec::Spec;
use crate::schema::Schema;

/// A subject of the checks of a Pod: what it is called, and what is wrong with it.
pub type Subject = (&'static str, fn(&Spec, &mut Refusals));

/// What is checked of each Pod and Pod template.
pub const SUBJECTS: [Subject; 7] = [
    ("containers and their names", containers::check),
    ("restart policies and rules", restarts::check),
    ("probes and lifecycle hooks", handlers::check),
    ("ports and host ports", ports::check),
    ("volumes, mounts, devices and files of variables", volumes::check),
    ("amounts, Pod-level resources, claims and resize policies", resources::check),
    ("Windows, HostProcess and users of the host", security::check),
];

/// Returns why an object of this kind would be refused, as it is with its defaults. Nothing is refused of a kind that is not one
/// of Kubernetes.
pub fn refusals(kind: &str, object: &Value) -> Vec<refusal::Refusal> {
    let mut refusals = Refusals::default();
    let Some(schema) = Schema::of(kind) else { return refusals.0 };
    decode::check(&schema, object, "", &mut refusals);
    let at: &[&str] = match kind {
        "Pod" => &[],
        "PodTemplate" => &["template"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template"],
        _ => &["spec", "template"],
    };
    let template = at.iter().fold(object, |value, name| &value[*name]);
    let path = at.iter().chain(&["spec"]).copied().collect::<Vec<_>>().join(".");
    let spec = Spec { value: &template["spec"], path, is_pod: kind == "Pod" };
    SUBJECTS.iter().for_each(|(_, check)| check(&spec, &mut refusals));
    match kind {
        "Job" => jobs::check(&object["spec"], "spec", &mut refusals),
        "CronJob" => jobs::check(&object["spec"]["jobTemplate"]["spec"], "spec.jobTemplate.spec", &mut refusals),
        "Pod" => {}
        _ if spec.value["restartPolicy"] != Value::Null && kind != "PodTemplate" => {
            refusals.one_of(spec.at("restartPolicy"), &spec.value["restartPolicy"], &["Always"]);
        }
        _ => {}
    }
    refusals.0
}

#[cfg(test)]
pub mod tests {
    //! What the tables of the subjects are made of.

    use serde_json::{Value, json};

    use crate::api_server::refusal::Refusal;
    use crate::api_server::{defaults, refusals};

    /// These refusals, as lines.
    pub fn lines(refusals: &[Refusal]) -> Vec<String> {
        refusals.iter().map(ToString::to_string).collect()
    }

    /// A line of one.
    pub fn said(field: &str, kind: &str, value: &str, why: &str) -> String {
        format!("{field}: {kind}: {value:?}: {why}")
    }

    /// Each Pod with this spec is refused with these lines.
    pub fn table(rows: &[(Value, &[&str])]) {
        for (spec, expected) in rows {
            let mut pod = json!({"metadata": {"name": "p"}, "spec": spec});
            defaults::fill_in(&mut pod);
            assert_eq!(lines(&refusals("Pod", &pod)), *expected, "{spec}");
        }
    }

    fn container(name: &str, fields: &Value) -> Value {
        let mut container = json!({"name": name, "image": name});
        if let (Some(container), Some(fields)) = (container.as_object_mut(), fields.as_object()) {
            container.extend(fields.clone());
        }
        container
    }

    /// A spec with a regular container that has these fields.
    pub fn regular(fields: Value) -> Value {
        json!({"containers": [container("a", &fields)]})
    }

    /// A spec with a native sidecar that has them.
    pub fn native(fields: Value) -> Value {
        let mut spec = once(fields);
        spec["initContainers"][0]["restartPolicy"] = json!("Always");
        spec
    }

    /// A spec with an init container that has them.
    pub fn once(fields: Value) -> Value {
        json!({"initContainers": [container("i", &fields)], "containers": [container("a", &json!({}))]})
    }

    /// A spec with an init container and a regular one that both have them.
    pub fn both(fields: Value) -> Value {
        json!({"initContainers": [container("i", &fields)], "containers": [container("a", &fields)]})
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        let row = |spec: Value| lines(&refusals("Pod", &json!({"spec": spec})));
        let wrong = "spec.containers[0].ports[0].containerPort: Invalid value: \"80\": can't be decoded";
        let port = json!({"containers": [{"name": "a", "image": "a", "ports": [{"containerPort": "80"}]}]});
        assert_eq!(row(port)[0], wrong);
        let amounts = json!({"requests": {"cpu": 1}, "limits": {"cpu": "1"}, "future": {"is": ["here"]}});
        assert_eq!(
            row(regular(json!({"resources": amounts, "livenessProbe": {"httpGet": {"port": "http"}}}))),
            [""; 0]
        );
        assert_eq!(
            row(json!({"hostNetwork": "true", "containers": []}))[0],
            "spec.hostNetwork: Invalid value: \"true\": can't be decoded"
        );
    }

    #[test]
    fn workloads_are_looked_into() {
        let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a"}], "restartPolicy": "Never"}});
        let deployment = json!({"spec": {"selector": {}, "template": template}});
        assert_eq!(
            lines(&refusals("Deployment", &deployment)),
            [
                "spec.template.spec.containers[0].image: Required value",
                "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"",
            ]
        );
        assert_eq!(refusals("Rollout", &deployment), []);
    }
}
