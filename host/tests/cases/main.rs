//! Every case, called natively and in the module: the two answers are the same bytes.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod invariants;
mod support;

use std::sync::Arc;

use native_sidecar::engine::Engine;
use support::Case;

#[test]
fn the_module_answers_as_the_library_does() {
    let engine = Engine::load(common::policy()).unwrap();
    let mut failures = Vec::new();
    for case in Case::all() {
        let (function, payload) = case.call();
        let host = Arc::new(case.host());
        let engine = engine.with_host_calls(Arc::clone(&host));
        let module = match function {
            "validate" => engine.validate(&payload),
            _ => engine.validate_settings(&payload),
        };
        let (native, module) = (case.answer(), module.unwrap());
        assert_eq!(host.leftovers(), 0, "{}: the session has exchanges that nobody asks for", case.name);
        if native != module {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            failures.push(format!("{}: natively {}\nin the module {}", case.name, text(&native), text(&module)));
        }
        failures.extend(case.check(&module));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
