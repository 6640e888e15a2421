//! Cases as data: a folder in `tests/cases` is a test.
//!
//! `request.json` holds the AdmissionRequest (without it, the case is about the settings alone), `settings.json` the
//! settings (`{}` without it) and `expected.json` the whole answer, with the JSON Patch that the host makes of it.
//! `session.yaml` holds what the policy may ask of the cluster, as `kwctl run --record-host-capabilities-interactions`
//! writes it, and the policy asks for all of it. Without it, the policy is granted nothing.
//! `BLESS=1 cargo test` writes the expectations anew: read the difference before you commit it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use native_sidecar::engine::host_calls::HostCalls;
use native_sidecar::package::metadata::Metadata;
use serde_json::{Value, json};

/// A case.
pub struct Case {
    /// Its folder's name.
    pub name: String,
    folder: PathBuf,
    /// The AdmissionRequest; None where only the settings are checked.
    pub request: Option<Value>,
    /// The settings.
    pub settings: Value,
    session: Option<String>,
}

/// The files that a case may have.
const FILES: [&str; 4] = ["expected.json", "request.json", "session.yaml", "settings.json"];

impl Case {
    /// All cases, by their names.
    pub fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
        let cases: Vec<_> = names(&folder).into_iter().map(|name| Self::read(folder.join(&name), name)).collect();
        assert!(!cases.is_empty(), "there are no cases in {}", folder.display());
        cases
    }

    fn read(folder: PathBuf, name: String) -> Self {
        let files = names(&folder);
        let strangers: Vec<_> = files.iter().filter(|file| !FILES.contains(&file.as_str())).collect();
        assert!(strangers.is_empty(), "case {name} has files that no test reads: {strangers:?}");
        let read = |file: &str| files.contains(file).then(|| parse(&folder.join(file)));
        let (request, settings) = (read("request.json"), read("settings.json"));
        assert!(request.is_some() || settings.is_some(), "case {name} has neither request.json nor settings.json");
        let session = folder.join("session.yaml");
        let session = session.exists().then(|| fs::read_to_string(&session).expect("session.yaml can be read"));
        Self { name, request, settings: settings.unwrap_or_else(|| json!({})), session, folder }
    }

    /// A host that answers as the session says, from its beginning.
    pub fn host(&self) -> HostCalls {
        let Some(session) = &self.session else { return HostCalls::default() };
        HostCalls::replay(granted(), session).unwrap_or_else(|error| panic!("{}: {error:#}", self.name))
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
        if !file.exists() {
            return Some(format!("{}: there is no expected.json; write it, or run with BLESS=1", self.name));
        }
        let expected = parse(&file);
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
fn granted() -> BTreeSet<native_sidecar::package::metadata::ContextAwareResource> {
    let metadata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metadata.yml");
    Metadata::from_yaml(&fs::read_to_string(metadata).expect("metadata.yml")).expect("metadata").context_aware_resources
}

/// The names of what is in a folder, sorted.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("cases are folders");
    entries.map(|entry| entry.expect("a folder can be read").file_name().to_string_lossy().into_owned()).collect()
}

fn parse(file: &Path) -> Value {
    let text = fs::read_to_string(file).expect("the files of a case can be read");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
