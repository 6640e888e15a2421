//! A whole case: an admission request, the settings and the cluster, and what the policy answers.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// What the cluster answers, by the kind that is asked for; an error where there is nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Cluster(pub BTreeMap<String, String>);

/// An admission request, with what it is judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The AdmissionRequest. Texts in it may stand for a [spelling](SPELLINGS).
    pub request: Value,
    /// The settings.
    pub settings: Value,
    /// The cluster.
    pub cluster: Cluster,
}

/// How JSON can be written that no program would write: what they stand for starts with [`SPELLED`].
pub const SPELLINGS: [&str; 8] = [
    "1.50",
    "1E+2",
    "-0",
    "1e-7",
    "123456789012345678901234567890",
    r#""\u0041\/""#,
    r#"{"b":1 , "a" : [ ]}"#,
    r#"{"a":1,"a":2}"#,
];
/// The text that stands for a spelling is this with its index.
pub const SPELLED: &str = "\u{e000}";

/// What the policy answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// Whether the object may be stored.
    pub accepted: bool,
    /// Why not.
    pub message: Option<String>,
    /// The code of a denial.
    pub code: Option<u16>,
    /// What the user is told.
    pub warnings: Option<Vec<String>>,
    /// The object as it is to be stored, where that is changed.
    pub mutated_object: Option<Box<RawValue>>,
    /// The findings as data.
    pub audit_annotations: Option<BTreeMap<String, String>>,
}

impl Cluster {
    /// What a session answers, as `kwctl` records it: a list of exchanges.
    pub fn of_session(exchanges: &Value) -> Self {
        let answer = |exchange: &Value| {
            let request = exchange["request"].as_str()?;
            let kind = request.lines().find_map(|line| line.trim().strip_prefix("kind: "))?;
            Some((kind.to_owned(), exchange["response"]["payload"].as_str()?.to_owned()))
        };
        Self(exchanges.as_array().into_iter().flatten().filter_map(answer).collect())
    }

    /// Answers a question of the policy.
    pub fn ask(&self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let question: Value = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        let kind = question["kind"].as_str().unwrap_or_default();
        let answer = self.0.get(kind).map(|answer| answer.clone().into_bytes());
        answer.ok_or_else(|| format!("{operation} of {kind} has not been granted"))
    }
}

/// A value as text, with what stands for spellings spelled out.
pub fn text(value: &Value) -> String {
    let mut text = value.to_string();
    if text.contains(SPELLED) {
        for (index, spelling) in SPELLINGS.iter().enumerate() {
            text = text.replace(&format!("\"{SPELLED}{index}\""), spelling);
        }
    }
    text
}

impl Case {
    /// The kind of the object.
    pub fn kind(&self) -> &str {
        self.request["kind"]["kind"].as_str().unwrap_or_default()
    }

    /// Whether it is about a Pod.
    pub fn is_pod(&self) -> bool {
        self.kind() == "Pod" && self.request["kind"]["group"].as_str().unwrap_or_default().is_empty()
    }

    /// Whether a new object is to be stored.
    pub fn is_create(&self) -> bool {
        self.request["operation"] == "CREATE" && self.request["subResource"].as_str().unwrap_or_default().is_empty()
    }

    /// The object.
    pub fn object(&self) -> &Value {
        &self.request["object"]
    }

    /// The same case with another object.
    #[must_use]
    pub fn with_object(&self, object: Value) -> Self {
        let mut case = self.clone();
        if let Some(request) = case.request.as_object_mut() {
            request.insert("object".to_owned(), object);
        }
        case
    }

    /// The same case with another setting.
    #[must_use]
    pub fn with_setting(&self, name: &str, value: Value) -> Self {
        let mut case = self.clone();
        if !case.settings.is_object() {
            case.settings = json!({});
        }
        case.settings[name] = value;
        case
    }

    /// The payload of the call `validate`.
    pub fn payload(&self) -> String {
        text(&json!({"request": self.request, "settings": self.settings}))
    }

    /// The same, with this text for the object.
    pub fn payload_with(&self, object: &RawValue) -> String {
        const HERE: &str = "\u{e001}";
        let case = self.with_object(json!(HERE));
        case.payload().replacen(&format!("\"{HERE}\""), object.get(), 1)
    }

    /// The bytes that the policy answers to this payload.
    pub fn bytes(&self, payload: &str) -> Vec<u8> {
        native_sidecar_policy::validate(payload.as_bytes(), &|operation, payload| self.cluster.ask(operation, payload))
    }

    /// What the policy answers to this payload. An error is what no answer should be.
    pub fn answer_to(&self, payload: &str) -> Result<Answer, String> {
        let bytes = self.bytes(payload);
        serde_json::from_slice(&bytes).map_err(|error| format!("{error} in {}", String::from_utf8_lossy(&bytes)))
    }

    /// What the policy answers to the case.
    pub fn answer(&self) -> Result<Answer, String> {
        self.answer_to(&self.payload())
    }

    /// Whether its settings are settings.
    pub fn has_valid_settings(&self) -> bool {
        let answer = native_sidecar_policy::validate_settings(text(&self.settings).as_bytes());
        serde_json::from_slice::<Value>(&answer).is_ok_and(|answer| answer["valid"] == true)
    }

    /// Reads a case that was kept: its request and its settings, and what the cluster answers by the kind that is asked for.
    pub fn read(json: &str) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Kept {
            request: Value,
            settings: Value,
            #[serde(default)]
            cluster: BTreeMap<String, String>,
        }
        let Kept { request, settings, cluster } = serde_json::from_str(json)?;
        Ok(Self { request, settings, cluster: Cluster(cluster) })
    }

    /// The case, to be kept.
    pub fn kept(&self) -> Value {
        json!({"request": self.request, "settings": self.settings, "cluster": self.cluster.0})
    }

    /// The case as a folder of `tests/cases`: its files, one after the other.
    pub fn folder(&self) -> String {
        let file = |name: &str, text: &str| format!("==> {name}\n{text}\n");
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
        let mut folder = file("request.json", &pretty(&self.request)) + &file("settings.json", &pretty(&self.settings));
        let session = self.session();
        if !session.is_empty() {
            folder += &file("session.yaml", &session);
        }
        folder
    }

    /// What the policy asks of the cluster, as kwctl records it.
    fn session(&self) -> String {
        let exchanges = RefCell::new(String::new());
        let host = |operation: &str, payload: &[u8]| {
            let answer = self.cluster.ask(operation, payload);
            let question: Value = serde_json::from_slice(payload).unwrap_or_default();
            let tag = match operation {
                "get_resource" => "KubernetesGetResource",
                _ => "KubernetesListResourceAll",
            };
            let (kind, text) = match &answer {
                Ok(answer) => ("Success", String::from_utf8_lossy(answer).into_owned()),
                Err(error) => ("Error", error.clone()),
            };
            let members = question.as_object().into_iter().flatten();
            let members: String = members.map(|(name, value)| format!("    {name}: {value}\n")).collect();
            let member = if kind == "Error" { "message" } else { "payload" };
            *exchanges.borrow_mut() += &format!(
                "- type: Exchange\n  request: |\n    !{tag}\n{members}  response:\n    type: {kind}\n    {member}: '{}'\n",
                text.replace('\'', "''")
            );
            answer
        };
        native_sidecar_policy::validate(self.payload().as_bytes(), &host);
        exchanges.into_inner()
    }
}

impl Answer {
    /// The object as it is to be stored, as a value.
    pub fn mutated(&self) -> Option<Value> {
        serde_json::from_str(self.mutated_object.as_ref()?.get()).ok()
    }

    /// What was found: each rule with its container and the path in the object.
    pub fn findings(&self) -> Vec<(String, String, String)> {
        let text = self.audit_annotations.as_ref().and_then(|annotations| annotations.get("findings"));
        let findings: Vec<Value> = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let of = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        findings.iter().map(|finding| (of(finding, "rule"), of(finding, "container"), of(finding, "outcome"))).collect()
    }

    /// All that it says, as one text.
    pub fn words(&self) -> String {
        let warnings = self.warnings.iter().flatten().map(String::as_str);
        self.message.iter().map(String::as_str).chain(warnings).collect::<Vec<_>>().join("\n")
    }
}
