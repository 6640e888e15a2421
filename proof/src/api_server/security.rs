//! Security contexts: what Windows and Linux Pods may have, HostProcess containers, and users of the host.

use serde_json::{Value, json};

use crate::api_server::refusal::Refusals;
use crate::api_server::spec::{Container, Spec, elements};

const NOT_OF_WINDOWS: &str = "cannot be set for a windows pod";
const NOT_OF_LINUX: &str = "windows options cannot be set for a linux pod";

/// Fields of a container's `securityContext` that Windows Pods may not have.
const LINUX_FIELDS: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];
/// The same of a Pod's.
const LINUX_FIELDS_OF_PODS: [&str; 11] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
    "sysctls",
];

/// What is wrong with the security contexts of a Pod and its containers.
pub fn check(spec: &Spec, refusals: &mut Refusals) {
    spec.containers().iter().for_each(|container| check_one(spec, container, refusals));
    check_system(spec, refusals);
    check_host_process(spec, refusals);
    check_host_users(spec, refusals);
}

fn check_one(spec: &Spec, container: &Container, refusals: &mut Refusals) {
    let (context, place) = (&container.value["securityContext"], container.at("securityContext"));
    for field in ["runAsUser", "runAsGroup"] {
        if context[field].as_i64().is_some_and(|id| !(0..=i64::from(i32::MAX)).contains(&id)) {
            let why = "must be between 0 and 2147483647, inclusive";
            refusals.invalid(format!("{place}.{field}"), &context[field], why);
        }
    }
    refusals.one_of(format!("{place}.procMount"), &context["procMount"], &["Default", "Unmasked"]);
    if context["procMount"] == "Unmasked" && spec.value["hostUsers"] != false {
        let why = "`hostUsers` must be false to use `Unmasked`";
        refusals.invalid(format!("{place}.procMount"), &context["procMount"], why);
    }
    if context["allowPrivilegeEscalation"] == false {
        let shown = &context.clone();
        if context["privileged"] == true {
            refusals.invalid(&place, shown, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        }
        if elements(&context["capabilities"]["add"]).iter().any(|name| name == "CAP_SYS_ADMIN") {
            let why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            refusals.invalid(&place, shown, why);
        }
    }
}

fn is_there(value: &Value) -> bool {
    value.as_array().map_or(!value.is_null(), |list| !list.is_empty())
}

fn check_system(spec: &Spec, refusals: &mut Refusals) {
    if spec.value["os"].is_null() {
        return;
    }
    let context = &spec.value["securityContext"];
    let place = spec.at("securityContext");
    match spec.system() {
        "" => refusals.required(spec.at("os.name"), ""),
        "linux" => {
            let containers = spec.containers();
            let contexts = containers
                .iter()
                .map(|container| (&container.value["securityContext"], container.at("securityContext.windowsOptions")));
            for (context, at) in [(context, format!("{place}.windowsOptions"))].into_iter().chain(contexts) {
                if !context["windowsOptions"].is_null() {
                    refusals.forbidden(at, NOT_OF_LINUX);
                }
            }
        }
        "windows" => {
            for field in LINUX_FIELDS_OF_PODS.iter().filter(|field| is_there(&context[**field])) {
                refusals.forbidden(format!("{place}.{field}"), NOT_OF_WINDOWS);
            }
            for field in ["hostUsers", "shareProcessNamespace"].iter().filter(|field| is_there(&spec.value[**field])) {
                refusals.forbidden(spec.at(field), NOT_OF_WINDOWS);
            }
            for field in ["hostPID", "hostIPC"].iter().filter(|field| spec.value[**field] == true) {
                refusals.forbidden(spec.at(field), NOT_OF_WINDOWS);
            }
            for container in spec.containers() {
                let context = &container.value["securityContext"];
                for field in LINUX_FIELDS.iter().filter(|field| !context[**field].is_null()) {
                    refusals.forbidden(container.at(&format!("securityContext.{field}")), NOT_OF_WINDOWS);
                }
            }
        }
        _ => refusals.not_supported(spec.at("os"), &spec.value["os"]["name"], &["linux", "windows"]),
    }
}

fn check_host_process(spec: &Spec, refusals: &mut Refusals) {
    let says = |of: &Value| of["securityContext"]["windowsOptions"]["hostProcess"].as_bool();
    let of_pod = says(spec.value);
    let containers = spec.containers();
    let mut count = 0;
    for container in &containers {
        let own = says(container.value);
        if let (Some(pod), Some(own)) = (of_pod, own)
            && pod != own
        {
            let why = format!("pod hostProcess value must be identical if both are specified, was {pod}");
            refusals.invalid(container.at("securityContext.windowsOptions.hostProcess"), &json!(own), why);
        }
        count += usize::from(own.or(of_pod) == Some(true));
    }
    if count == 0 {
        return;
    }
    if count != containers.len() {
        let why = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        refusals.invalid(&spec.path, &json!(""), why);
    }
    if spec.value["hostNetwork"] != true {
        let why = "hostNetwork must be true if pod contains any hostProcess containers";
        refusals.invalid(spec.at("hostNetwork"), &json!(false), why);
    }
}

fn check_host_users(spec: &Spec, refusals: &mut Refusals) {
    if spec.value["hostUsers"] != false {
        return;
    }
    let why = "when `hostUsers` is false";
    for (field, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if spec.value[field] == true {
            refusals.forbidden(spec.at(shown), why);
        }
    }
    for container in
        spec.containers().iter().filter(|container| !elements(&container.value["volumeDevices"]).is_empty())
    {
        refusals.forbidden(container.at("volumeDevices"), why);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api_server::tests::{both, regular, table};

    #[test]
    fn as_kubernetes_words_it() {
        let context = |context: Value| regular(json!({"securityContext": context}));
        let with = |mut spec: Value, field: &str, value: Value| {
            spec[field] = value;
            spec
        };
        let host_process = json!({"windowsOptions": {"hostProcess": true}});
        let all = with(both(json!({"securityContext": host_process})), "hostNetwork", json!(true));
        let one = with(both(json!({})), "hostNetwork", json!(true));
        let mut one = with(one, "os", json!({"name": "windows"}));
        one["containers"][0]["securityContext"] = host_process.clone();
        let device = json!({"volumeDevices": [{"name": "v", "devicePath": "/v"}]});
        let device = with(regular(device), "volumes", json!([{"name": "v", "ephemeral": {}}]));
        table(&[
            (context(json!({"runAsUser": 0, "capabilities": {"drop": ["ALL"]}})), &[]),
            (all, &[]),
            (
                with(context(json!({"runAsUser": 1, "capabilities": {}})), "os", json!({"name": "windows"})),
                &[
                    "spec.containers[0].securityContext.capabilities: Forbidden: cannot be set for a windows pod",
                    "spec.containers[0].securityContext.runAsUser: Forbidden: cannot be set for a windows pod",
                ],
            ),
            (
                with(context(host_process), "os", json!({"name": "linux"})),
                &[
                    "spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
                    "spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers",
                ],
            ),
            (
                one,
                &[
                    "spec: Invalid value: \"\": If pod contains any hostProcess containers then all containers must be HostProcess containers",
                ],
            ),
            (
                with(device, "hostUsers", json!(false)),
                &["spec.containers[0].volumeDevices: Forbidden: when `hostUsers` is false"],
            ),
            (
                context(json!({"procMount": "Unmasked", "runAsUser": -1})),
                &[
                    "spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
                    "spec.containers[0].securityContext.procMount: Invalid value: \"Unmasked\": `hostUsers` must be false to use `Unmasked`",
                ],
            ),
        ]);
    }
}
