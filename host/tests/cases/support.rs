//! Cases as data: a folder in `tests/cases`, in one of its groups, is a test.
//!
//! `object.yaml` holds the object that is created; where there is also `old.yaml`, it is an update of that one. A case
//! about the request itself has `request.json`, the AdmissionRequest, in their place; a case with neither is about the
//! settings alone. `settings.json` holds the settings (`{}` without it) and `expected.json` the whole answer, with the
//! JSON Patch that the host makes of it.
//! `session.yaml` holds what the policy may ask of the cluster, as `kwctl run --record-host-capabilities-interactions`
//! writes it, and the policy asks for all of it. Without it, the policy is granted nothing.
//! `BLESS=1 cargo test` writes the expectations anew: read the difference before you commit it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use native_sidecar::engine::host_calls::HostCalls;
use native_sidecar::engine::session::Replay;
use native_sidecar::package::metadata::Metadata;
use serde_json::{Value, json};

use crate::case_files;

/// A case.
pub struct Case {
    /// Its group and its folder's name.
    pub name: String,
    folder: PathBuf,
    /// The AdmissionRequest; None where only the settings are checked.
    pub request: Option<Value>,
    /// The settings.
    pub settings: Value,
    session: Option<String>,
}

/// The files that a case may have.
const FILES: [&str; 6] = ["expected.json", "object.yaml", "old.yaml", "request.json", "session.yaml", "settings.json"];

impl Case {
    /// All cases, by their names.
    pub fn all() -> Vec<Self> {
        case_files::folders().into_iter().map(|(name, folder)| Self::read(name, folder)).collect()
    }

    fn read(name: String, folder: PathBuf) -> Self {
        let files = case_files::entries(&folder);
        let strangers: Vec<_> = files.keys().filter(|file| !FILES.contains(&file.as_str())).collect();
        assert!(strangers.is_empty(), "case {name} has files that no test reads: {strangers:?}");
        let has = |file: &str| files.contains_key(file);
        assert!(!has("request.json") || !has("object.yaml"), "case {name} has both request.json and object.yaml");
        assert!(!has("old.yaml") || has("object.yaml"), "case {name} has old.yaml without object.yaml");
        let (request, settings) = (case_files::request(&folder), case_files::value(&folder, "settings.json"));
        assert!(request.is_some() || settings.is_some(), "case {name} has no object, no request and no settings");
        let session = folder.join("session.yaml");
        let session = session.exists().then(|| fs::read_to_string(&session).expect("session.yaml can be read"));
        Self { name, request, settings: settings.unwrap_or_else(|| json!({})), session, folder }
    }

    /// A host that answers as the session says, from its beginning.
    pub fn host(&self) -> HostCalls {
        let Some(session) = &self.session else { return HostCalls::default() };
        let replay = Replay::new(session).unwrap_or_else(|error| panic!("{}: {error:#}", self.name));
        HostCalls::new(granted(), Arc::new(replay))
    }

    /// The answer of the library, called natively.
    pub fn answer(&self) -> Vec<u8> {
        let (function, payload) = self.call();
        let host = self.host();
        let answer = answer(function, &payload, &host);
        assert_eq!(host.leftovers(), 0, "{}: the session has exchanges that nobody asks for", self.name);
        answer
    }

    /// The waPC call, and its payload.
    pub fn call(&self) -> (&'static str, Vec<u8>) {
        let (function, payload) = match &self.request {
            None => ("validate_settings", self.settings.clone()),
            Some(request) => ("validate", json!({"request": request, "settings": self.settings})),
        };
        (function, payload.to_string().into_bytes())
    }

    /// What is wrong with this answer of the policy, compared with `expected.json`; None where nothing is.
    pub fn check(&self, answer: &[u8]) -> Option<String> {
        let answer = self.with_patch(serde_json::from_slice(answer).expect("the policy answers with JSON"));
        let file = self.folder.join("expected.json");
        if std::env::var_os("BLESS").is_some() {
            let text = serde_json::to_string_pretty(&answer).expect("JSON can be written") + "\n";
            fs::write(&file, text).expect("expected.json can be written");
            return None;
        }
        let Some(expected) = case_files::value(&self.folder, "expected.json") else {
            return Some(format!("{}: there is no expected.json; write it, or run with BLESS=1", self.name));
        };
        let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON can be written");
        (answer != expected)
            .then(|| format!("{}: expected {}\nbut it is {}", self.name, pretty(&expected), pretty(&answer)))
    }

    /// The answer, with the patch that the host computes in place of the mutated object.
    fn with_patch(&self, mut answer: Value) -> Value {
        let members = answer.as_object_mut().expect("the answer is an object");
        if let Some(mutated) = members.remove("mutated_object") {
            let object = &self.request.as_ref().expect("only a request has an object")["object"];
            members.insert("patch".to_owned(), json!(json_patch::diff(object, &mutated)));
        }
        answer
    }
}

/// Calls the library natively.
pub fn answer(function: &str, payload: &[u8], host: &HostCalls) -> Vec<u8> {
    let ask = |operation: &str, payload: &[u8]| host.call("kubewarden", "kubernetes", operation, payload);
    match function {
        "validate" => native_sidecar_policy::validate(payload, &ask),
        _ => native_sidecar_policy::validate_settings(payload),
    }
}

/// What metadata.yml asks for.
pub fn granted() -> BTreeSet<native_sidecar::package::metadata::ContextAwareResource> {
    let metadata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metadata.yml");
    Metadata::from_yaml(&fs::read_to_string(metadata).expect("metadata.yml")).expect("metadata").context_aware_resources
}
