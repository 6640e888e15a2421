//! Borrowed views: structs of just the fields of a JSON object that somebody looks at.
//!
//! Nothing is copied, unknown fields are passed over, and nothing is ever written back from here: a typed struct would
//! drop what it does not know. Lists and maps that are `null` read as absent, as in the API server.

use std::borrow::Cow;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

/// Structs of optional fields, read from JSON objects: `FIELD: TYPE = "NAME IN JSON"`. With `..FIELD` at the end, that one
/// gets the members that the others do not read, by name, as they came.
///
/// What serde derives for a struct would take an array of its fields as well, and costs the module a good part of its
/// size. A member that occurs twice counts as what it is last, as in serde_json's `Value`, which hosts read with.
macro_rules! view {
    ($(
        $(#[$about:meta])*
        $access:vis struct $view:ident<'a> {
            $($(#[$field_about:meta])* $field_access:vis $field:ident: $type:ty = $name:literal,)*
            $(..$others:ident)?
        }
    )*) => {$(
        $(#[$about])*
        #[derive(Debug, Default)]
        $access struct $view<'a> {
            $($(#[$field_about])* $field_access $field: Option<$type>,)*
            /// Whether there are other members, which it passes over.
            #[allow(dead_code)]
            $access has_others: bool,
            $($others: Vec<($crate::json::view::Text<'a>, &'a serde_json::value::RawValue)>,)?
            lifetime: std::marker::PhantomData<&'a ()>,
        }

        impl $view<'_> {
            /// The members that it reads.
            #[allow(dead_code)]
            $access const NAMES: &'static [&'static str] = &[$($name),*];
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $view<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members<'a>(std::marker::PhantomData<&'a ()>);

                impl<'de: 'a, 'a> serde::de::Visitor<'de> for Members<'a> {
                    type Value = $view<'a>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut view = $view::default();
                        while let Some(name) = map.next_key::<$crate::json::view::Text>()? {
                            match name.as_str() {
                                $($name => view.$field = map.next_value()?,)*
                                _ => $crate::json::view::other_member!(view, name, map $(, $others)?),
                            }
                        }
                        Ok(view)
                    }
                }

                deserializer.deserialize_map(Members(std::marker::PhantomData))
            }
        }
    )*};
}
pub(crate) use view;

/// What a view does with a member that none of its fields reads.
macro_rules! other_member {
    ($view:ident, $name:ident, $map:ident) => {{
        $map.next_value::<serde::de::IgnoredAny>()?;
        $view.has_others = true;
    }};
    ($view:ident, $name:ident, $map:ident, $others:ident) => {
        $view.$others.push(($name, $map.next_value()?))
    };
}
pub(crate) use other_member;

/// Text that is copied only where the JSON string has escapes in it.
#[derive(Debug, Default)]
pub struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;

        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrowing)
    }
}

impl<'a> Text<'a> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text of an optional field; empty where it is absent, as in the Go structs of Kubernetes.
pub fn text<'t>(field: &'t Option<Text<'_>>) -> &'t str {
    field.as_ref().map_or("", Text::as_str)
}
