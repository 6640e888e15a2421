//! The payload of the waPC call `validate`: an AdmissionRequest and the settings.
//!
//! <https://docs.kubewarden.io/reference/spec/mutating-policies> and
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>

use std::fmt;

use k8s_openapi::api::core::v1::Pod;
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::malformed::Malformed;
use crate::json::read;
use crate::json::sourced::Sourced;
use crate::json::view::{Text, text, view};
use crate::kubernetes::kinds;
use crate::kubernetes::pod::PodTemplate;

/// An AdmissionRequest: of it, what the policy looks at.
#[derive(Debug, Default)]
pub struct Request<'a> {
    is_there: bool,
    kind: Option<Coordinates<'a>>,
    resource: Option<Coordinates<'a>>,
    sub_resource: Option<Text<'a>>,
    operation: Option<Text<'a>>,
    name: Option<Text<'a>>,
    namespace: Option<Text<'a>>,
    /// The object, where it was read on the way: it is a Pod then.
    pub pod: Option<Sourced<'a, PodTemplate<'a>>>,
    object: Option<&'a RawValue>,
    /// The object as it is stored, on UPDATE.
    pub old_object: Option<&'a RawValue>,
}

view! {
    /// What kind of object it is about, or what resource: the API knows objects by both.
    struct Coordinates<'a> {
        group: Text<'a> = "group",
        version: Text<'a> = "version",
        kind: Text<'a> = "kind",
        resource: Text<'a> = "resource",
    }
}

/// Reads what the host sends, in one pass.
struct Reader<'r, 'a> {
    request: &'r mut Request<'a>,
    settings: &'r mut Option<&'a RawValue>,
    /// Whether this is the request, or what it is in.
    is_request: bool,
    /// Whether a Pod is read on the way. The kind has to come first then, as it does.
    reads_pods: bool,
}

impl<'a> Coordinates<'a> {
    fn is_pod(&self) -> bool {
        kinds::is::<Pod>(text(&self.group), text(&self.kind))
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.is_request {
            true => deserializer.deserialize_option(self),
            false => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Reader<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { request, settings, is_request, reads_pods } = self;
        while let Some(key) = map.next_key::<Text>()? {
            match (is_request, key.as_str()) {
                (false, "request") => {
                    *request = Request::default();
                    let (request, settings) = (&mut *request, &mut *settings);
                    map.next_value_seed(Reader { request, settings, is_request: true, reads_pods })?;
                }
                (false, "settings") => *settings = map.next_value()?,
                (true, "kind") => request.kind = map.next_value()?,
                (true, "resource") => request.resource = map.next_value()?,
                (true, "subResource") => request.sub_resource = map.next_value()?,
                (true, "operation") => request.operation = map.next_value()?,
                (true, "name") => request.name = map.next_value()?,
                (true, "namespace") => request.namespace = map.next_value()?,
                (true, "object") if reads_pods && request.kind.as_ref().is_some_and(Coordinates::is_pod) => {
                    request.pod = map.next_value()?;
                }
                (true, "object") => request.object = map.next_value()?,
                (true, "oldObject") => request.old_object = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        request.is_there |= is_request;
        Ok(())
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
        let json = simdutf8::compat::from_utf8(payload);
        let json = json.map_err(|error| Malformed::new("", format_args!("not JSON: {error}")))?;
        let read = |reads_pods| {
            let (mut request, mut settings) = (Self::default(), None);
            let reader = Reader { request: &mut request, settings: &mut settings, is_request: false, reads_pods };
            read::with(json, reader)?;
            Ok((request, settings))
        };
        // Whether what is wrong with a Pod matters depends on the rest of the request.
        let (request, settings) = match read(true) {
            Ok((request, settings)) if request.is_all_of_one_kind() => (request, settings),
            _ => read(false)?,
        };
        if !request.is_there {
            return Err(Malformed::new("request", "missing"));
        }
        Ok((request, settings))
    }

    /// Whether what was read of the object fits to its kind, and nothing was said twice.
    fn is_all_of_one_kind(&self) -> bool {
        let is_pod = self.kind.as_ref().is_some_and(Coordinates::is_pod);
        self.pod.is_none() || is_pod && self.object.is_none()
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
        let object = self.pod.as_ref().map(|pod| pod.text).or(self.object);
        object.ok_or_else(|| Malformed::new("request.object", "missing"))
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
