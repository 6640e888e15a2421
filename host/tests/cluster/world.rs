//! Objects of a cluster.

use serde_json::{Value, json};

pub fn node(name: &str, version: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {}},
        "status": {"nodeInfo": {
            "kubeletVersion": version, "operatingSystem": "linux", "architecture": "amd64", "bootID": "", "kernelVersion": "",
            "containerRuntimeVersion": "", "kubeProxyVersion": "", "machineID": "", "osImage": "", "systemUUID": "",
        }},
    })
}

pub fn namespace(name: &str, mut labels: Value) -> Value {
    labels["kubernetes.io/metadata.name"] = json!(name);
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

fn spec(is_native: bool) -> Value {
    let sidecar = json!({"name": "cloud-sql-proxy", "image": "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.11"});
    let app = json!({"name": "app", "image": "example.com/app:1"});
    match is_native {
        false => json!({"containers": [app, sidecar]}),
        true => {
            let mut native = sidecar;
            native["restartPolicy"] = json!("Always");
            json!({"initContainers": [native], "containers": [app]})
        }
    }
}

fn template(name: &str, is_native: bool) -> Value {
    json!({"metadata": {"labels": {"app": name}}, "spec": spec(is_native)})
}

fn completing(name: &str) -> Value {
    let mut template = template(name, false);
    template["spec"]["restartPolicy"] = json!("Never");
    template
}

fn workload(api_version: &str, kind: &str, namespace: &str, name: &str, spec: Value) -> Value {
    let uid = format!("{kind}-{namespace}-{name}");
    let metadata = json!({"namespace": namespace, "name": name, "uid": uid});
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec})
}

pub fn deployment(namespace: &str, name: &str, is_native: bool) -> Value {
    let selector = json!({"matchLabels": {"app": name}});
    let spec = json!({"selector": selector, "template": template(name, is_native)});
    workload("apps/v1", "Deployment", namespace, name, spec)
}

/// A Job with a legacy sidecar.
pub fn job(namespace: &str, name: &str) -> Value {
    workload("batch/v1", "Job", namespace, name, json!({"template": completing(name)}))
}

/// A CronJob with a legacy sidecar.
pub fn cron_job(namespace: &str, name: &str) -> Value {
    let job = json!({"spec": {"template": completing(name)}});
    workload("batch/v1", "CronJob", namespace, name, json!({"schedule": "17 5 * * *", "jobTemplate": job}))
}

/// A Pod with a native sidecar, and this controller.
pub fn pod(namespace: &str, name: &str, owner: Value) -> Value {
    let mut pod = workload("v1", "Pod", namespace, name, spec(true));
    if !owner.is_null() {
        pod["metadata"]["ownerReferences"] = json!([owner]);
    }
    pod
}

/// A configuration with one webhook for Pods, with this more in it.
pub fn webhook(name: &str, more: Value) -> Value {
    let rule = json!({"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]});
    let service = json!({"service": {"name": name, "namespace": "system"}});
    let mut webhook = json!({
        "name": format!("{name}.example.com"), "admissionReviewVersions": ["v1"], "clientConfig": service,
        "sideEffects": "None", "rules": [rule],
    });
    for (name, value) in more.as_object().unwrap() {
        webhook[name] = value.clone();
    }
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name}, "webhooks": [webhook],
    })
}

/// What a stripper leaves of a Pod.
pub fn strip(mut pod: Value) -> Value {
    for container in pod["spec"]["initContainers"].as_array_mut().into_iter().flatten() {
        container.as_object_mut().unwrap().remove("restartPolicy");
    }
    pod
}

/// What a stripper leaves of a Deployment.
pub fn strip_template(mut deployment: Value) -> Value {
    let template = deployment["spec"]["template"].take();
    deployment["spec"]["template"] = strip(template);
    deployment
}

pub fn metrics(value: u8) -> String {
    format!("kubernetes_feature_enabled{{name=\"SidecarContainers\",stage=\"BETA\"}} {value}\n")
}
