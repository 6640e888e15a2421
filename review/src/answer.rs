//! The calls to the policy: what is sent, and what its answers stand for.

use anyhow::{Result, anyhow};
use kubewarden_policy_sdk::response::ValidationResponse;
use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use serde_json::{Value, json};

use crate::admission::{AdmissionResponse, Status};
use crate::judge::Evaluation;

/// Returns what the call `validate` is sent.
pub fn payload(request: &Value, settings: &Value) -> String {
    json!({"request": request, "settings": settings}).to_string()
}

/// Returns the evaluation of a request to which the policy gave this answer, or none for this reason.
pub fn of_request(request: &Value, answer: Result<Vec<u8>>) -> Evaluation {
    let uid = request["uid"].as_str().unwrap_or_default();
    answer.and_then(|answer| evaluation(uid, request.get("object"), &answer)).unwrap_or_else(|error| {
        let message = format!("internal server error: {error}");
        Evaluation { response: AdmissionResponse::failure(uid, message), mutated: None }
    })
}

/// Returns what is wrong with settings, by the answer to the call `validate_settings`; None where nothing is.
pub fn problem_of_settings(answer: &[u8]) -> Option<String> {
    match serde_json::from_slice(answer) {
        Ok(SettingsValidationResponse { valid: true, .. }) => None,
        Ok(SettingsValidationResponse { message, .. }) => Some(message.unwrap_or_default()),
        Err(error) => Some(format!("error: InvalidResponseWithError({error:?})")),
    }
}

/// Returns the evaluation that an answer stands for, where this object was in the request.
fn evaluation(uid: &str, object: Option<&Value>, answer: &[u8]) -> Result<Evaluation> {
    let answer: ValidationResponse =
        serde_json::from_slice(answer).map_err(|error| anyhow!("invalid response from policy: {error}"))?;
    let uid = uid.to_owned();
    let has_status = answer.message.is_some() || answer.code.is_some();
    let response = AdmissionResponse {
        uid,
        allowed: answer.accepted,
        status: has_status.then_some(Status { message: answer.message, code: answer.code }),
        audit_annotations: answer.audit_annotations.map(|annotations| annotations.into_iter().collect()),
        warnings: answer.warnings,
        ..AdmissionResponse::default()
    };
    match (object, answer.mutated_object) {
        (_, None) => Ok(Evaluation { response, mutated: None }),
        (Some(object), Some(mutated)) => {
            let patched = response.patched(object, &mutated);
            let response = patched.map_err(|error| anyhow!("invalid response format: {error}"))?;
            Ok(Evaluation { mutated: response.patch.is_some().then_some(mutated), response })
        }
        (None, Some(_)) => {
            let message = "Incoming object is null, which happens only with DELETE operations, but the policy is \
                attempting a mutation. This is not allowed";
            let status = Some(Status { message: Some(message.to_owned()), code: None });
            let response = AdmissionResponse { uid: response.uid, status, ..AdmissionResponse::default() };
            Ok(Evaluation { response, mutated: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn evaluated(object: Option<&Value>, answer: Value) -> Evaluation {
        evaluation("u", object, answer.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn an_answer_is_passed_on() {
        let annotations = json!({"b": "1", "a": "2"});
        let denied = json!({
            "accepted": false, "message": "no", "code": 403, "warnings": ["w"], "audit_annotations": annotations,
        });
        let Evaluation { response, mutated } = evaluated(Some(&json!({})), denied);
        let line = "{\"uid\":\"u\",\"allowed\":false,\"status\":{\"message\":\"no\",\"code\":403},\
            \"auditAnnotations\":{\"a\":\"2\",\"b\":\"1\"},\"warnings\":[\"w\"]}";
        assert_eq!((serde_json::to_string(&response).unwrap().as_str(), mutated), (line, None));
    }

    #[test]
    fn another_object_is_a_patch_and_an_equal_one_is_none() {
        let object = json!({"a": 1, "b": 1});
        let changed = json!({"b": 1, "a": 2});
        let Evaluation { response, mutated } =
            evaluated(Some(&object), json!({"accepted": true, "mutated_object": changed}));
        assert_eq!(json!(response.operations().unwrap()), json!([{"op": "replace", "path": "/a", "value": 2}]));
        assert_eq!(mutated.unwrap().to_string(), changed.to_string());
        let same = json!({"accepted": true, "mutated_object": {"b": 1, "a": 1}});
        let Evaluation { response, mutated } = evaluated(Some(&object), same);
        assert_eq!((response.patch, mutated), (None, None));
    }

    #[test]
    fn numbers_stay_what_they_are() {
        let object = json!({"a": 0.369_955_166_548_079_25});
        let answer = "{\"accepted\":true,\"mutated_object\":{\"a\":0.36995516654807925}}";
        let Evaluation { mutated, .. } = evaluation("u", Some(&object), answer.as_bytes()).unwrap();
        assert_eq!(mutated, None);
    }

    #[test]
    fn a_missing_object_cant_be_changed() {
        let answer = json!({"accepted": true, "mutated_object": {"a": 1}, "warnings": ["w"]});
        let Evaluation { response, mutated } = evaluated(None, answer);
        assert_eq!((response.allowed, response.warnings, mutated), (false, None, None));
        assert!(response.status.unwrap().message.unwrap().starts_with("Incoming object is null"));
    }
}
