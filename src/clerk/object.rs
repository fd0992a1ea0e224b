//! The macro for Clerk's objects: structs whose fields may all be absent or null, with exact error messages.
//!
//! serde's derive cannot do four things that an importer needs: name the field at fault in every error, count unknown
//! fields, read without a buffer (as `flatten` uses), so that metadata stays the same bytes, and accept names in two styles:
//! `first_name` as in the Backend API, and `firstName` as Clerk's JavaScript SDK prints it.

use serde::de::{DeserializeSeed, Deserializer, Visitor};

use super::text::Text;

/// Declares a struct of optional fields and its `Deserialize`.
///
/// Every field has the type `Option<T>`; null means absent. `also known` lists fields that Clerk documents and the mapping
/// does not need. Every other field is ignored, and counted if the struct names a counter. The JSON name of a field is its
/// own name, or the name after `as`; the SDK's style is accepted, too. If the struct allows it, a plain text may replace the
/// object; it is then the value of one field.
macro_rules! clerk_object {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident<'de> {
            $( $(#[$field_attribute:meta])* $field:ident $(as $name_of_field:literal)?: $type:ty, )*
        }
        expecting $expecting:literal;
        also known [ $($known:literal),* $(,)? ];
        $(count unknown in $counter:ident;)?
        $(a text is its $text:ident;)?
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Default)]
        pub struct $name<'de> {
            $( $(#[$field_attribute])* pub $field: Option<$type>, )*
            $(
                /// How many members of this object Clerk does not document.
                pub $counter: u32,
            )?
        }

        impl $name<'_> {
            /// The members that are read, by their names in JSON.
            pub const READ: &'static [&'static str] =
                &[$( $crate::clerk::object::name_of!($field $($name_of_field)?) ),*];

            /// The members that Clerk documents and the mapping has no use for.
            pub const IGNORED: &'static [&'static str] = &[$( $known ),*];

            /// Both, the ones that are read first.
            const KNOWN: &'static [&'static str] =
                &[$( $crate::clerk::object::name_of!($field $($name_of_field)?), )* $( $known ),*];
        }

        const _: () = {
            #[derive(Clone, Copy)]
            #[expect(non_camel_case_types, reason = "the members have the names of the fields")]
            enum Member {
                $( $field, )*
                Ignored,
                Unknown,
            }

            impl Member {
                const READ: &'static [Self] = &[$( Self::$field ),*];

                #[inline]
                fn of(name: $crate::clerk::object::Name<'_>) -> Self {
                    match name {
                        $crate::clerk::object::Name::Known(place) => {
                            Self::READ.get(place).copied().unwrap_or(Self::Ignored)
                        }
                        $crate::clerk::object::Name::Given(name) => Self::named(&name),
                    }
                }

                fn named(name: &str) -> Self {
                    match name {
                        $( $crate::clerk::object::name_of!($field $($name_of_field)?) => Self::$field, )*
                        $( $known => Self::Ignored, )*
                        other => $crate::clerk::object::snake_case(other)
                            .map_or(Self::Unknown, |snake_case| Self::named(&snake_case)),
                    }
                }
            }

            struct ObjectVisitor<'o, 'de>(&'o mut $name<'de>);
            impl<'de> serde::de::Visitor<'de> for ObjectVisitor<'_, 'de> {
                type Value = ();

                fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    formatter.write_str($expecting)
                }

                $(
                    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                        self.0.$text = Some(text.into());
                        Ok(())
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                        self.0.$text = Some(text.to_owned().into());
                        Ok(())
                    }
                )?

                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    let object = self.0;
                    while let Some(name) = map.next_key_seed($crate::clerk::object::NameAmong($name::KNOWN))? {
                        match Member::of(name) {
                            $(
                                Member::$field => {
                                    if object.$field.is_some() {
                                        return Err(serde::de::Error::duplicate_field(stringify!($field)));
                                    }
                                    object.$field = map.next_value::<Option<$type>>().map_err(|error| {
                                        $crate::clerk::object::at_field(stringify!($field), &error)
                                    })?;
                                }
                            )*
                            Member::Ignored => {
                                map.next_value::<serde::de::IgnoredAny>()?;
                            }
                            Member::Unknown => {
                                map.next_value::<serde::de::IgnoredAny>()?;
                                $( object.$counter += 1; )?
                            }
                        }
                    }
                    Ok(())
                }
            }

            impl<'de> serde::Deserialize<'de> for $name<'de> {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let mut object = $name::default();
                    deserializer.deserialize_any(ObjectVisitor(&mut object))?;
                    Ok(object)
                }
            }

            impl<'de> serde::de::DeserializeSeed<'de> for $crate::clerk::object::InPlace<'_, $name<'de>> {
                type Value = ();

                fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                    deserializer.deserialize_any(ObjectVisitor(self.0))
                }
            }
        };
    };
}
pub(super) use clerk_object;

/// Reads an object into one that is empty: objects are large, and each one that is returned is copied.
pub(crate) struct InPlace<'o, T>(pub &'o mut T);

/// The name of a field in JSON.
macro_rules! name_of {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}
pub(super) use name_of;

/// A name of the SDK's style, such as `primaryEmailAddressId`, in the style of the Backend API; `None` for every other name.
pub(super) fn snake_case(name: &str) -> Option<String> {
    let is_camel_case = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().any(|byte| byte.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_camel_case.then(|| {
        let letters = name
            .chars()
            .flat_map(|letter| [letter.is_ascii_uppercase().then_some('_'), Some(letter.to_ascii_lowercase())]);
        letters.flatten().collect()
    })
}

/// The name of a member.
pub(super) enum Name<'de> {
    /// Its place among the names that are known, from a reader that finds it by itself: [`crate::fast_json`].
    Known(usize),
    /// The name, from any other reader.
    Given(Text<'de>),
}

/// Asks for a name, and says which ones are known.
pub(super) struct NameAmong(pub &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for NameAmong {
    type Value = Name<'de>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name<'de>, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a name")
            }

            #[inline]
            fn visit_u64<E: serde::de::Error>(self, place: u64) -> Result<Name<'de>, E> {
                usize::try_from(place).map(Name::Known).map_err(E::custom)
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name::Given(name.into()))
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name::Given(name.to_owned().into()))
            }
        }
        // A name is no struct, and a reader that knows nothing of this gives the name. But only there can be said which are known.
        deserializer.deserialize_struct("", self.0, NameVisitor)
    }
}

/// Puts the name of a field before an error inside it. Names nest: `email_addresses: verified: …`.
pub(super) fn at_field<E: serde::de::Error>(field: &str, error: &E) -> E {
    E::custom(format_args!("{field}: {error}"))
}
