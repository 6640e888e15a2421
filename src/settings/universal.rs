//! What the strategy `universal` of injections asks of a sidecar, and the names of what comes along with it.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::json::malformed::Malformed;
use crate::json::path::Path;
use crate::json::tree::Tree;

/// The image that has a statically linked busybox at `/bin/busybox`, unless the settings name another.
pub const HELPER_IMAGE: &str = "docker.io/library/busybox:1.37.0-musl";

/// Where the containers see the folder that they share.
pub const FOLDER: &str = "/native-sidecar";

/// The resources that Kubernetes lets a container have more of than it asks for.
const SHARED_RESOURCES: [&str; 3] = ["cpu", "ephemeral-storage", "memory"];

/// The names of what comes with the native twin: the container that brings the shell, and the legacy twin.
pub fn companions(name: &str) -> [String; 2] {
    [format!("{name}-helper"), format!("{name}-legacy")]
}

/// The name of the volume that they share.
pub fn volume_name(name: &str) -> String {
    format!("{name}-twins")
}

/// The volume that they share: its name, and itself.
pub fn volume(name: &str) -> Result<(String, Box<RawValue>), Malformed> {
    let name = volume_name(name);
    let volume = Tree::members([("name", Tree::text(&name)), ("emptyDir", Tree::members([]))]);
    Ok((name, volume.into_json()?))
}

/// What keeps a container of the settings from being injected in both forms, at its place in it.
pub fn obstacles(container: &Value) -> Vec<Malformed> {
    let mut found = Vec::new();
    if container["command"].as_array().is_none_or(Vec::is_empty) {
        found.push(Malformed::new("command", "missing; universal cannot see what the image runs"));
    }
    let mut not = |place: Path, why: &str| found.push(Malformed::new(place, format_args!("not with universal: {why}")));
    let at = Path::default;
    let elements = |name: &str| container[name].as_array().into_iter().flatten().enumerate();
    if !container["lifecycle"]["postStart"].is_null() {
        not(at().key("lifecycle").key("postStart"), "the first run of the native form ends at once");
    }
    if !container["resources"]["claims"].is_null() {
        not(at().key("resources").key("claims"), "both forms would use them");
    }
    for list in ["limits", "requests"] {
        let resources = container["resources"][list].as_object().into_iter().flat_map(Map::keys);
        for name in resources.filter(|name| !SHARED_RESOURCES.contains(&&***name)) {
            not(at().key("resources").key(list).key(name), "both forms would take it");
        }
    }
    for (index, _) in elements("ports").filter(|(_, port)| port["hostPort"].as_i64().is_some_and(|port| port != 0)) {
        not(at().key("ports").index(index).key("hostPort"), "it would be lost where the legacy form works");
    }
    for (index, _) in elements("volumeMounts").filter(|(_, mount)| mount["mountPath"] == FOLDER) {
        not(at().key("volumeMounts").index(index).key("mountPath"), "the forms share a folder there");
    }
    found
}
