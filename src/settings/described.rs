//! Settings that tell what they are, for the documentation, the form and the schema. Only the host and the tests ask.

/// A [`view!`](crate::json::view::view) of settings. Its doc comments are what people read, and `#[describe(…)]` says the rest:
/// members of `Field`.
macro_rules! described {
    (
        $(#[doc = $about:literal])*
        struct $view:ident<'a> {
            $(
                $(#[doc = $doc:literal])*
                $(#[describe($($described:ident: $value:expr),* $(,)?)])?
                $field:ident: $type:ty = $name:literal,
            )*
            $(..$others:ident)?
        }
    ) => {
        $crate::json::view::view! {
            $(#[doc = $about])*
            struct $view<'a> {
                $($(#[doc = $doc])* $field: $type = $name,)*
                $(..$others)?
            }
        }

        impl $view<'_> {
            /// Returns what is given for this member.
            #[allow(dead_code)]
            fn given(&self, name: &str) -> &str {
                match name {
                    $($name => $crate::settings::needs::Given::text(&self.$field),)*
                    _ => "",
                }
            }
        }

        #[cfg(feature = "describe")]
        impl<'a> $view<'a> {
            /// Returns what people read of all of it.
            pub fn text() -> String {
                $crate::settings::field::text(&[$($about),*])
            }

            /// Returns what there is to know of each member, in their order.
            pub fn fields() -> Vec<$crate::settings::field::Field> {
                use $crate::settings::field::{Field, Shaped, text};
                vec![$(Field {
                    $($($described: $value,)*)?
                    ..Field::new($name, text(&[$($doc),*]), <$type as Shaped>::SHAPE)
                }),*]
            }
        }
    };
}
pub(crate) use described;
