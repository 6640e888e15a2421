//! What goes into and comes out of an evaluation, as Kubewarden has it: a request, and the response with its patch.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use json_patch::Patch;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An AdmissionRequest, with the fields that Kubewarden passes on and demands.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest {
    /// Names this request and its response.
    pub uid: String,
    /// What the object is.
    pub kind: GroupVersionKind,
    /// What kind of resource it belongs to.
    pub resource: GroupVersionResource,
    /// Its part that is meant, such as `status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_resource: Option<String>,
    /// What the client sent, where the API server converted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_kind: Option<GroupVersionKind>,
    /// What the client sent it to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_resource: Option<GroupVersionResource>,
    /// Which part of that the client meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_sub_resource: Option<String>,
    /// The object's name, where it has one already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The object's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// CREATE, UPDATE, DELETE or CONNECT.
    pub operation: String,
    /// Who asks.
    pub user_info: UserInfo,
    /// The object; none on DELETE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Value>,
    /// The object as it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_object: Option<Value>,
    /// Whether nothing is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// The options of the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Value>,
}

/// A kind in a version of an API group.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GroupVersionKind {
    /// The group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
}

/// A resource in a version of an API group.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GroupVersionResource {
    /// The group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The resource: the kind's plural in lower case.
    pub resource: String,
}

/// Who asks.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct UserInfo {
    /// What else the authenticator says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<BTreeMap<String, Vec<String>>>,
    /// The groups of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Tells users of the same name apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

impl AdmissionRequest {
    /// Reads an AdmissionReview or an AdmissionRequest. Fields that Kubewarden does not know are gone afterwards.
    pub fn from_review(review: Value) -> Result<Self> {
        let Value::Object(mut object) = review else { bail!("Invalid request object") };
        let is_review = object.get("kind").and_then(Value::as_str) == Some("AdmissionReview");
        let request = match is_review {
            true => object.remove("request").context("invalid AdmissionReview object")?,
            false => Value::Object(object),
        };
        serde_json::from_value(request)
            .map_err(|error| anyhow!("cannot build AdmissionRequest object from given input: {error}"))
    }

    /// The request as JSON, with sorted keys: that is how Kubewarden sends it to a policy.
    pub fn to_sorted_value(&self) -> Result<Value> {
        let mut request = serde_json::to_value(self)?;
        request.sort_all_objects();
        Ok(request)
    }
}

/// An AdmissionResponse; the order of the fields is that of Kubewarden's output.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionResponse {
    /// The request's uid.
    pub uid: String,
    /// Whether the request is let through.
    pub allowed: bool,
    /// `JSONPatch`, where there is a patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_type: Option<&'static str>,
    /// The JSON Patch in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// Why the request is not let through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// What to write into the audit log.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// What to tell the user.
    pub warnings: Option<Vec<String>>,
}

/// Why a request is not let through.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Status {
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// As an HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

impl AdmissionResponse {
    /// The response where the policy could not be asked, or gave no answer.
    pub fn failure(uid: &str, message: String) -> Self {
        let status = Status { message: Some(message), code: Some(500) };
        Self { uid: uid.to_owned(), status: Some(status), ..Self::default() }
    }

    /// The same response with the JSON Patch that turns an object into another; with none where they are equal.
    pub fn patched(mut self, object: &Value, mutated: &Value) -> serde_json::Result<Self> {
        let patch = diff(object, mutated);
        if !patch.0.is_empty() {
            self.patch_type = Some("JSONPatch");
            self.patch = Some(STANDARD.encode(serde_json::to_vec(&patch)?));
        }
        Ok(self)
    }

    /// The JSON Patch, decoded; empty where there is none.
    pub fn operations(&self) -> Result<Patch> {
        let Some(patch) = &self.patch else { return Ok(Patch::default()) };
        Ok(serde_json::from_slice(&STANDARD.decode(patch)?)?)
    }
}

/// Kubewarden's maps are sorted, which shows in the order of the patch.
fn diff(object: &Value, mutated: &Value) -> Patch {
    let sorted = |value: &Value| {
        let mut value = value.clone();
        value.sort_all_objects();
        value
    };
    json_patch::diff(&sorted(object), &sorted(mutated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request() -> Value {
        json!({
            "uid": "u",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "operation": "CREATE",
            "userInfo": {},
        })
    }

    fn error(review: Value) -> String {
        AdmissionRequest::from_review(review).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn reviews_and_requests_are_read() {
        for review in [request(), json!({"kind": "AdmissionReview", "request": request()})] {
            assert_eq!(AdmissionRequest::from_review(review).unwrap().uid, "u");
        }
    }

    #[test]
    fn only_what_kubewarden_knows_is_passed_on_in_its_order() {
        let mut review = request();
        review["object"] = json!({"b": 1, "a": 2});
        review["unknown"] = json!(1);
        let request = AdmissionRequest::from_review(review).unwrap().to_sorted_value().unwrap();
        let text = "{\"kind\":{\"group\":\"\",\"kind\":\"Pod\",\"version\":\"v1\"},\"object\":{\"a\":2,\"b\":1},\
            \"operation\":\"CREATE\",\"resource\":{\"group\":\"\",\"resource\":\"pods\",\"version\":\"v1\"},\
            \"uid\":\"u\",\"userInfo\":{}}";
        assert_eq!(request.to_string(), text);
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert_eq!(error(json!([])), "Invalid request object");
        assert_eq!(error(json!({"kind": "AdmissionReview"})), "invalid AdmissionReview object");
        let prefix = "cannot build AdmissionRequest object from given input:";
        assert_eq!(error(json!({})), format!("{prefix} missing field `uid`"));
        for field in ["uid", "kind", "resource", "operation", "userInfo"] {
            let mut review = request();
            review.as_object_mut().unwrap().remove(field);
            assert_eq!(error(review), format!("{prefix} missing field `{field}`"));
        }
    }

    #[test]
    fn responses_print_as_kwctl_prints_them() {
        let response = AdmissionResponse { uid: "u".to_owned(), allowed: true, ..AdmissionResponse::default() };
        let object = json!({"b": {"x": 1}, "a": 1});
        let response = response.patched(&object, &json!({"b": {}, "a": 2, "c": 3})).unwrap();
        let patch = "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":2},{\"op\":\"remove\",\"path\":\"/b/x\"},\
            {\"op\":\"add\",\"path\":\"/c\",\"value\":3}]";
        assert_eq!(serde_json::to_string(&response.operations().unwrap()).unwrap(), patch);
        let line = format!(
            "{{\"uid\":\"u\",\"allowed\":true,\"patchType\":\"JSONPatch\",\"patch\":\"{}\",\
            \"auditAnnotations\":null,\"warnings\":null}}",
            STANDARD.encode(patch)
        );
        assert_eq!(serde_json::to_string(&response).unwrap(), line);

        let mut denied = AdmissionResponse::failure("u", "no".to_owned());
        denied.warnings = Some(vec!["w".to_owned()]);
        let line = "{\"uid\":\"u\",\"allowed\":false,\"status\":{\"message\":\"no\",\"code\":500},\
            \"auditAnnotations\":null,\"warnings\":[\"w\"]}";
        assert_eq!(serde_json::to_string(&denied).unwrap(), line);
    }

    #[test]
    fn an_equal_object_is_no_patch() {
        let response = AdmissionResponse::default();
        let patched = response.clone().patched(&json!({"a": 1, "b": 1}), &json!({"b": 1, "a": 1}));
        assert_eq!(patched.unwrap(), response);
    }
}
