//! What the page calls.

use native_sidecar_review::describe;
use native_sidecar_review::rules::Rule;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use yaml::emit::{self, Layout};

use crate::module::{Host, Module};
use crate::{cluster, export, report, settings};

#[wasm_bindgen]
extern "C" {
    /// The policy's module, in the page's engine.
    pub type Policy;

    #[wasm_bindgen(method, catch)]
    fn call(
        this: &Policy,
        operation: &str,
        payload: &str,
        host: &dyn Fn(String, String, String, Vec<u8>) -> Result<Vec<u8>, JsValue>,
    ) -> Result<Vec<u8>, JsValue>;
}

impl Module for Policy {
    fn call(&self, operation: &str, payload: &str, host: &Host) -> Result<Vec<u8>, String> {
        let host = |binding, namespace, operation, payload| {
            host(binding, namespace, operation, payload).map_err(|message| JsValue::from_str(&message))
        };
        let failure = |error: JsValue| error.as_string().unwrap_or_else(|| "the module has failed".to_owned());
        self.call(operation, payload, &host).map_err(failure)
    }
}

/// Reviews manifests, and returns what there is to show of them, as JSON.
#[wasm_bindgen]
pub fn review(policy: &Policy, manifest: &str, settings: &str, session: &str) -> String {
    report::review(policy, manifest, settings, session).to_string()
}

/// Returns what all changes together make of manifests, as JSON.
#[wasm_bindgen]
pub fn changed(policy: &Policy, manifest: &str, settings: &str, session: &str) -> String {
    report::changed(policy, manifest, settings, session).to_string()
}

/// Returns a text of settings that says what a value in JSON says.
#[wasm_bindgen(js_name = rewriteSettings)]
pub fn rewrite_settings(text: &str, value: &str) -> String {
    serde_json::from_str(value).map_or_else(|_| text.to_owned(), |value| settings::rewritten(text, &value))
}

/// Returns a session with one more exchange.
#[wasm_bindgen(js_name = extendSession)]
pub fn extend_session(session: &str, exchange: &str) -> String {
    cluster::extended(session, exchange)
}

/// Returns a value in JSON as YAML; nothing where it is no JSON.
#[wasm_bindgen(js_name = toYaml)]
pub fn to_yaml(value: &str) -> String {
    let value: Result<Value, _> = serde_json::from_str(value);
    value.map_or_else(|_| String::new(), |value| emit::block(&value, 0, Layout { indent: 2, dash: 2 }))
}

/// Returns a text in YAML as JSON: its `value`, or the `problem` with it.
#[wasm_bindgen(js_name = fromYaml)]
pub fn from_yaml(text: &str) -> String {
    match yaml::parse(text) {
        Ok(value) => json!({"value": value}).to_string(),
        Err(error) => json!({"problem": error.to_string()}).to_string(),
    }
}

/// Returns the manifest of a policy with settings in JSON, the address of the module, and the requests that the objects of
/// a manifest make, as JSON.
#[wasm_bindgen]
pub fn exports(manifest: &str, settings: &str) -> String {
    let settings: Value = serde_json::from_str(settings).unwrap_or_else(|_| json!({}));
    let exports = json!({
        "policy": export::policy(&settings).unwrap_or_default(),
        "module": export::module().unwrap_or_default(),
        "requests": export::requests(manifest, &settings),
    });
    exports.to_string()
}

/// Returns the rules, and the headings of the settings, as JSON.
#[wasm_bindgen]
pub fn describe() -> String {
    let rule =
        |rule: Rule| json!({"id": rule.id, "title": rule.title(), "summary": rule.summary(), "setting": rule.setting});
    let group = |field: &describe::Field| (field.name.to_owned(), json!(field.group));
    let groups: serde_json::Map<String, Value> = describe::settings().fields.iter().map(group).collect();
    json!({"rules": Rule::all().map(rule).collect::<Vec<_>>(), "groups": groups}).to_string()
}
