//! The seam to the engine that runs the policy.

use serde_json::Value;

use crate::admission::AdmissionResponse;

/// An engine that runs the policy.
pub trait Judge {
    /// Returns what the policy says of an AdmissionRequest. Whatever goes wrong is a response, too.
    fn judge(&self, request: &Value, settings: &Value) -> Evaluation;
}

impl<F: Fn(&Value, &Value) -> Evaluation> Judge for F {
    fn judge(&self, request: &Value, settings: &Value) -> Evaluation {
        self(request, settings)
    }
}

/// An evaluation: the response, and the object that it makes of the one in the request.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The response as the API server gets it.
    pub response: AdmissionResponse,
    /// The changed object, with its keys in the order of the original.
    pub mutated: Option<Value>,
}
