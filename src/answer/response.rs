//! The answers to the two calls, as JSON.

use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use serde::Serialize;

use crate::answer::findings;
use crate::answer::lines::printable;
use crate::json::malformed::Malformed;
use crate::json::tree::Tree;

/// The answer to `validate`: the SDK's `ValidationResponse`, but with an object that keeps its own text.
///
/// <https://docs.kubewarden.io/reference/spec/validating-policies>
#[derive(Debug, Default, Serialize)]
pub struct Answer<'a> {
    /// Whether the object is let through.
    pub accepted: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The HTTP status that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The object to store instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutated_object: Option<Tree<'a>>,
    /// What to tell the user in either case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The findings as data, for the audit log of the API server and for any host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_annotations: Option<Annotations>,
    /// About how long it is in bytes, so that it is written into one buffer.
    #[serde(skip)]
    pub length: usize,
}

/// What the API server puts into its audit log, under the name of the webhook:
/// <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response>.
#[derive(Debug, Serialize)]
pub struct Annotations {
    /// The findings, as JSON: a list of [`findings::Entry`].
    pub findings: String,
}

impl<'a> Answer<'a> {
    /// The object is accepted as it is.
    pub fn accept() -> Self {
        Self { accepted: true, ..Self::default() }
    }

    /// There is nothing that could be judged: 400 Bad Request.
    pub fn malformed(subject: &str, error: &Malformed) -> Self {
        Self {
            message: Some(printable(format!("{subject} cannot be judged: {error}"))),
            code: Some(400),
            audit_annotations: Some(Annotations { findings: findings::malformed(error) }),
            ..Self::default()
        }
    }

    /// The settings cannot be used, so nothing is let through: 500 Internal Server Error.
    pub fn unusable_settings(errors: &[Malformed]) -> Self {
        Self {
            message: Some(printable(format!("The settings of the policy are not valid: {}", list(errors)))),
            code: Some(500),
            ..Self::default()
        }
    }

    /// The answer as JSON.
    pub fn into_json(self) -> Vec<u8> {
        json(&self, self.length)
    }
}

/// The answer to `validate_settings`, as JSON.
pub fn settings(errors: &[Malformed]) -> Vec<u8> {
    let message = (!errors.is_empty()).then(|| list(errors));
    json(&SettingsValidationResponse { valid: errors.is_empty(), message }, 0)
}

fn list(errors: &[Malformed]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn json(answer: &impl Serialize, length: usize) -> Vec<u8> {
    let mut json = Vec::with_capacity(length.max(128));
    // Text, numbers and booleans under text keys: writing them to memory can't fail.
    match serde_json::to_writer(&mut json, answer) {
        Ok(()) => json,
        Err(_) => Vec::new(),
    }
}
