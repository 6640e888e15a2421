//! The module that the build makes: its size, its surface, and that it runs.

mod common;

use std::collections::BTreeSet;
use std::fs;

use native_sidecar::engine::Engine;
use native_sidecar::package::embedded;
use serde_json::{Value, json};
use wasmparser::{Parser, Payload};

/// What fits comfortably into a policy server that holds many policies.
const LARGEST: usize = 700_000;

#[test]
fn it_is_small() {
    let size = fs::read(common::policy()).expect("the module").len();
    assert!(size <= LARGEST, "{size} bytes are more than {LARGEST}");
}

#[test]
fn it_is_inside_the_program() {
    if std::env::var_os("NATIVE_SIDECAR_POLICY").is_none() {
        let module = fs::read(common::policy()).expect("the module");
        assert!(embedded::MODULE == module, "policy.wasm is another module than the one inside the program");
    }
}

#[test]
fn it_can_reach_nothing_but_its_host() {
    let module = fs::read(common::policy()).expect("the module");
    let (mut imports, mut exports) = (BTreeSet::new(), BTreeSet::new());
    for payload in Parser::new(0).parse_all(&module) {
        match payload.expect("a section") {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imports.insert(import.expect("an import").module.to_owned());
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    exports.insert(export.expect("an export").name.to_owned());
                }
            }
            _ => {}
        }
    }
    assert_eq!(imports, BTreeSet::from(["wapc".to_owned()]));
    assert_eq!(exports, ["__guest_call", "memory", "wapc_init"].map(str::to_owned).into());
}

#[test]
fn it_is_the_same_wherever_it_is_built() {
    let module = fs::read(common::policy()).expect("the module");
    let module = String::from_utf8_lossy(&module);
    let home = std::env::var("HOME").expect("a home");
    for place in [env!("CARGO_MANIFEST_DIR"), &format!("{home}/"), "/tmp/"] {
        assert!(!module.contains(place), "the module names files of the machine that built it, in {place}");
    }
}

/// A Pod that is built to take long, of about a megabyte. The engine ends a call that takes as long as policy servers let it.
fn judged(metadata: Value, spec: Value, settings: Value) {
    let engine = Engine::load(common::policy()).expect("the module");
    let request = json!({
        "uid": "u",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "operation": "CREATE",
        "object": {"metadata": metadata, "spec": spec},
    });
    let response = engine.evaluate(&request, &settings);
    assert!(response.allowed, "{:?}", response.status);
}

#[test]
fn it_takes_thousands_of_names_in_time() {
    let names = || (0..20_000).map(|index| format!("v{}", index * 7919 % 20_000));
    let named = || names().map(|name| json!({"name": name})).collect::<Vec<_>>();
    let converts = json!({"legacySidecars": "convert", "sidecarNames": ["log"], "startFirst": ["log"]});
    let (app, log) = (json!({"name": "app"}), json!({"name": "log", "volumeMounts": [{"name": "v7"}]}));
    let spec = json!({
        "volumes": named(),
        "initContainers": [{"name": "init", "volumeMounts": named()}],
        "containers": [app, log],
    });
    judged(json!({}), spec, converts.clone());
    let ports: Vec<_> = names().map(|name| json!({"name": name, "containerPort": 1})).collect();
    let log = json!({"name": "log", "ports": [{"name": "log", "containerPort": 2}]});
    judged(json!({}), json!({"containers": [{"name": "app", "ports": ports}, log]}), converts);
    let declared: String = names().chain(names()).chain(names()).map(|name| name + ",").collect();
    let metadata = json!({"annotations": {"sidecars.kubewarden.io/native": declared}});
    let containers: Vec<_> = (0..30_000).map(|index| json!({"name": format!("c{index}")})).collect();
    judged(metadata, json!({"containers": containers}), json!({}));
}

#[test]
fn it_speaks_the_protocol() {
    let engine = Engine::load(common::policy()).expect("the module");
    assert_eq!(engine.protocol_version().expect("a version"), "v1");
    engine.check_settings(&json!({})).expect("no settings are settings");
    let response = engine.evaluate(&json!({"uid": "u"}), &json!({}));
    assert_eq!((response.uid.as_str(), response.allowed), ("u", false));
    assert_ne!(response.status.and_then(|status| status.code), Some(500), "malformed input is a denial, not a failure");
}
