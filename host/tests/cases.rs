//! Every case, called natively and in the module: the two answers are the same bytes.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

mod common;
#[path = "../../tests/support/mod.rs"]
mod support;

use native_sidecar::engine::Engine;
use support::Case;

#[test]
fn the_module_answers_as_the_library_does() {
    let engine = Engine::load(common::policy()).unwrap();
    let mut failures = Vec::new();
    for case in Case::all() {
        let (function, payload) = case.call();
        let (native, module) = match function {
            "validate" => (native_sidecar_policy::validate(&payload), engine.validate(&payload)),
            _ => (native_sidecar_policy::validate_settings(&payload), engine.validate_settings(&payload)),
        };
        let module = module.unwrap();
        if native != module {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            failures.push(format!("{}: natively {}\nin the module {}", case.name, text(&native), text(&module)));
        }
        failures.extend(case.check(&module));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
