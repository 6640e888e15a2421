//! The payload of the waPC call `validate`: an AdmissionRequest and the settings.
//!
//! <https://docs.kubewarden.io/reference/spec/mutating-policies> and
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>

use serde_json::value::RawValue;

use crate::read::{self, Malformed};
use crate::view::{Text, text, view};

view! {
    /// What the host sends.
    struct Payload<'a> {
        request: Request<'a> = "request",
        settings: &'a RawValue = "settings",
    }

    /// An AdmissionRequest: of it, what the policy looks at.
    pub struct Request<'a> {
        kind: Coordinates<'a> = "kind",
        resource: Coordinates<'a> = "resource",
        sub_resource: Text<'a> = "subResource",
        operation: Text<'a> = "operation",
        name: Text<'a> = "name",
        namespace: Text<'a> = "namespace",
        object: &'a RawValue = "object",
        /// The object as it is stored, on UPDATE.
        pub old_object: &'a RawValue = "oldObject",
    }

    /// What kind of object it is about, or what resource: the API knows objects by both.
    struct Coordinates<'a> {
        group: Text<'a> = "group",
        version: Text<'a> = "version",
        kind: Text<'a> = "kind",
        resource: Text<'a> = "resource",
    }
}

/// What is done to the object, as far as the policy judges it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// It is new.
    Create,
    /// It replaces the stored one.
    Update,
}

impl<'a> Request<'a> {
    /// Reads the payload: the request, and the settings as they came.
    pub fn read(payload: &'a [u8]) -> Result<(Self, Option<&'a RawValue>), Malformed> {
        let json =
            std::str::from_utf8(payload).map_err(|error| Malformed::new("", format_args!("not JSON: {error}")))?;
        read::check_nesting(json)?;
        let Payload { request, settings, .. } = read::document(json)?;
        Ok((request.ok_or_else(|| Malformed::new("request", "missing"))?, settings))
    }

    /// Group and kind of the object; the group is empty for the core group.
    pub fn group_kind(&self) -> Result<(&str, &str), Malformed> {
        let missing = |place| Malformed::new(place, "missing");
        let kind = self.kind.as_ref().ok_or_else(|| missing("request.kind"))?;
        match text(&kind.kind) {
            "" => Err(missing("request.kind.kind")),
            name => Ok((text(&kind.group), name)),
        }
    }

    /// Group, version and name of the resource, as `apps`, `v1`, `deployments`; empty where the request does not say.
    pub fn resource(&self) -> (&str, &str, &str) {
        let resource = self.resource.as_ref();
        resource.map_or(("", "", ""), |of| (text(&of.group), text(&of.version), text(&of.resource)))
    }

    /// The operation; None for one that stores nothing that the policy could judge.
    pub fn operation(&self) -> Result<Option<Operation>, Malformed> {
        match text(&self.operation) {
            "CREATE" => Ok(Some(Operation::Create)),
            "UPDATE" => Ok(Some(Operation::Update)),
            "DELETE" | "CONNECT" => Ok(None),
            "" => Err(Malformed::new("request.operation", "missing")),
            other => Err(Malformed::new(
                "request.operation",
                format_args!("{other:?} is none of CREATE, UPDATE, DELETE, CONNECT"),
            )),
        }
    }

    /// Whether this is about a part of an object only, such as its status.
    pub fn is_for_subresource(&self) -> bool {
        !text(&self.sub_resource).is_empty()
    }

    /// The object.
    pub fn object(&self) -> Result<&'a RawValue, Malformed> {
        self.object.ok_or_else(|| Malformed::new("request.object", "missing"))
    }

    /// The name in the request: empty where the API server is to make one up.
    pub fn name(&self) -> &str {
        text(&self.name)
    }

    /// The namespace in the request; empty where there is none.
    pub fn namespace(&self) -> &str {
        text(&self.namespace)
    }
}

/// An error in the object, with its place in the whole request.
pub fn in_object(error: Malformed) -> Malformed {
    error.within("request.object")
}

/// An error in the stored object, with its place in the whole request.
pub fn in_old_object(error: Malformed) -> Malformed {
    error.within("request.oldObject")
}
