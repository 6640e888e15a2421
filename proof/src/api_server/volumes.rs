//! Volumes, and what containers mount, have as devices and read variables from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::api_server::names::dns_label;
use crate::api_server::refusal::Refusals;
use crate::api_server::spec::{Container, Spec, elements, text};

const PROPAGATIONS: [&str; 3] = ["Bidirectional", "HostToContainer", "None"];
const RECURSIVE: [&str; 3] = ["Disabled", "Enabled", "IfPossible"];

type Volumes<'v> = BTreeMap<&'v str, &'v Value>;

/// What is wrong with the volumes of a Pod, and with how its containers use them. What is in a source is passed over.
pub fn check(spec: &Spec, refusals: &mut Refusals) {
    let mut volumes = Volumes::new();
    for (index, volume) in elements(&spec.value["volumes"]).iter().enumerate() {
        let place = format!("{}[{index}]", spec.at("volumes"));
        let name = text(&volume["name"]);
        let sources =
            volume.as_object().into_iter().flatten().filter(|(name, value)| *name != "name" && !value.is_null());
        if sources.count() > 1 {
            refusals.forbidden(&place, "may not specify more than 1 volume type");
        }
        match name {
            "" => refusals.required(format!("{place}.name"), ""),
            name if !dns_label(name).is_empty() => {
                dns_label(name)
                    .into_iter()
                    .for_each(|why| refusals.invalid(format!("{place}.name"), &json!(name), why));
            }
            name if volumes.insert(name, volume).is_some() => refusals.duplicate(format!("{place}.name"), name),
            _ => {}
        }
    }
    for container in spec.containers() {
        check_mounts(&container, &volumes, refusals);
        check_devices(&container, &volumes, refusals);
        check_variables(&container, &volumes, refusals);
    }
}

fn check_mounts(container: &Container, volumes: &Volumes, refusals: &mut Refusals) {
    let devices = elements(&container.value["volumeDevices"]);
    let is_privileged = container.value["securityContext"]["privileged"] == true;
    let mut paths = BTreeSet::new();
    for (index, mount) in elements(&container.value["volumeMounts"]).iter().enumerate() {
        let place = format!("{}[{index}]", container.at("volumeMounts"));
        let (name, path) = (text(&mount["name"]), text(&mount["mountPath"]));
        let (name_at, path_at) = (format!("{place}.name"), format!("{place}.mountPath"));
        if name.is_empty() {
            refusals.required(&name_at, "");
        }
        if !volumes.contains_key(name) {
            refusals.not_found(&name_at, name, "");
        }
        if path.is_empty() {
            refusals.required(&path_at, "");
        }
        if !paths.insert(path) {
            refusals.invalid(&path_at, &json!(path), "must be unique");
        }
        if devices.iter().any(|device| text(&device["name"]) == name) {
            refusals.invalid(&name_at, &json!(name), "must not already exist in volumeDevices");
        }
        if devices.iter().any(|device| text(&device["devicePath"]) == path) {
            refusals.invalid(&path_at, &json!(path), "must not already exist as a path in volumeDevices");
        }
        for field in ["subPath", "subPathExpr"] {
            let sub_path = text(&mount[field]);
            let at = format!("{}.{field}", container.at("volumeMounts"));
            if sub_path.starts_with('/') {
                refusals.invalid(&at, &json!(sub_path), "must be a relative path");
            }
            if sub_path.split('/').any(|part| part == "..") {
                refusals.invalid(&at, &json!(sub_path), "must not contain '..'");
            }
        }
        if !text(&mount["subPath"]).is_empty() && !text(&mount["subPathExpr"]).is_empty() {
            let why = "subPathExpr and subPath are mutually exclusive";
            refusals.invalid(format!("{place}.subPathExpr"), &mount["subPathExpr"], why);
        }
        let at = format!("{}.mountPropagation", container.at("volumeMounts"));
        let propagation = &mount["mountPropagation"];
        refusals.one_of(&at, propagation, &PROPAGATIONS);
        if propagation == "Bidirectional" && !is_privileged {
            refusals.forbidden(&at, "Bidirectional mount propagation is available only to privileged containers");
        }
        let at = format!("{}.recursiveReadOnly", container.at("volumeMounts"));
        refusals.one_of(&at, &mount["recursiveReadOnly"], &RECURSIVE);
        if ["Enabled", "IfPossible"].contains(&text(&mount["recursiveReadOnly"])) {
            if mount["readOnly"] != true {
                refusals.forbidden(&at, "may only be specified when readOnly is true");
            }
            if !propagation.is_null() && propagation != "None" {
                refusals.forbidden(&at, "may only be specified when mountPropagation is None or not specified");
            }
        }
    }
}

fn check_devices(container: &Container, volumes: &Volumes, refusals: &mut Refusals) {
    let mounts = elements(&container.value["volumeMounts"]);
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for (index, device) in elements(&container.value["volumeDevices"]).iter().enumerate() {
        let place = format!("{}[{index}]", container.at("volumeDevices"));
        let (name, path) = (text(&device["name"]), text(&device["devicePath"]));
        let (name_at, path_at) = (format!("{place}.name"), format!("{place}.devicePath"));
        if name.is_empty() {
            refusals.required(&name_at, "");
        }
        if !name.is_empty() && !names.insert(name) {
            refusals.invalid(&name_at, &json!(name), "must be unique");
        }
        match volumes.get(name) {
            None => refusals.not_found(&name_at, name, ""),
            Some(volume) if volume["persistentVolumeClaim"].is_null() && volume["ephemeral"].is_null() => {
                let why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                refusals.invalid(&name_at, &json!(name), why);
            }
            Some(_) => {}
        }
        if path.is_empty() {
            refusals.required(&path_at, "");
        }
        if !paths.insert(path) {
            refusals.invalid(&path_at, &json!(path), "must be unique");
        }
        if path.split('/').any(|part| part == "..") {
            refusals.invalid(&path_at, &json!(path), "can not contain backsteps ('..')");
        }
        if mounts.iter().any(|mount| text(&mount["name"]) == name) {
            refusals.invalid(&name_at, &json!(name), "must not already exist in volumeMounts");
        }
        if mounts.iter().any(|mount| text(&mount["mountPath"]) == path) {
            refusals.invalid(&path_at, &json!(path), "must not already exist as a path in volumeMounts");
        }
    }
}

fn check_variables(container: &Container, volumes: &Volumes, refusals: &mut Refusals) {
    for (index, variable) in elements(&container.value["env"]).iter().enumerate() {
        let place = format!("{}[{index}]", container.at("env"));
        if text(&variable["name"]).is_empty() {
            refusals.required(format!("{place}.name"), "");
        }
        let reference = &variable["valueFrom"]["fileKeyRef"];
        if reference.is_null() {
            continue;
        }
        let name = text(&reference["volumeName"]);
        let place = format!("{place}.valueFrom.fileKeyRef.volumeName");
        match volumes.get(name) {
            None => refusals.not_found(place, name, ""),
            Some(volume) if volume["emptyDir"].is_null() => {
                refusals.invalid(place, &json!(name), "referenced volume must be of type emptyDir");
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api_server::tests::{regular, table};

    #[test]
    fn as_kubernetes_words_it() {
        let spec = |container: Value, volumes: Value| {
            let mut spec = regular(container);
            spec["volumes"] = volumes;
            spec
        };
        let mounts = |mounts: Value| spec(json!({"volumeMounts": mounts}), json!([{"name": "v", "emptyDir": {}}]));
        let claim = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]);
        let file = json!([{"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "p", "key": "k"}}}]);
        table(&[
            (mounts(json!([{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b", "subPath": "b"}])), &[]),
            (spec(json!({"volumeDevices": [{"name": "v", "devicePath": "/dev/a"}]}), claim.clone()), &[]),
            (spec(json!({"env": file}), json!([{"name": "v", "emptyDir": {}}])), &[]),
            (
                mounts(json!([{"name": "w", "mountPath": "/a"}, {"name": "v", "mountPath": "/a", "subPath": "../b"}])),
                &[
                    "spec.containers[0].volumeMounts[0].name: Not found: \"w\"",
                    "spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/a\": must be unique",
                    "spec.containers[0].volumeMounts.subPath: Invalid value: \"../b\": must not contain '..'",
                ],
            ),
            (
                mounts(json!([{"name": "v", "mountPath": "/a", "mountPropagation": "Bidirectional"}])),
                &[
                    "spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers",
                ],
            ),
            (
                mounts(json!([{"name": "v", "mountPath": "/a", "recursiveReadOnly": "Enabled"}])),
                &[
                    "spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true",
                ],
            ),
            (
                spec(
                    json!({"volumeDevices": [{"name": "v", "devicePath": "/dev/a"}]}),
                    json!([{"name": "v", "emptyDir": {}}]),
                ),
                &[
                    "spec.containers[0].volumeDevices[0].name: Invalid value: \"v\": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
                ],
            ),
            (
                spec(json!({"env": file}), claim),
                &[
                    "spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Invalid value: \"v\": referenced volume must be of type emptyDir",
                ],
            ),
            (
                spec(json!({}), json!([{"name": "v"}, {"name": "v", "emptyDir": {}, "secret": {}}, {}])),
                &[
                    "spec.volumes[1]: Forbidden: may not specify more than 1 volume type",
                    "spec.volumes[1].name: Duplicate value: \"v\"",
                    "spec.volumes[2].name: Required value",
                ],
            ),
        ]);
    }
}
