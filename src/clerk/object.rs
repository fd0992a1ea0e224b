//! The macro behind Clerk's objects: structs whose fields may all be absent or null, read with exact error messages.
//!
//! Serde's derive would do, but for four things an importer needs: the name of the field at fault in every error,
//! a count of the fields nobody knows, no buffering (as `flatten` does), so that metadata stays the bytes it was, and names
//! in either of two styles: `first_name` as the Backend API has them, `firstName` as Clerk's JavaScript SDK prints them.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};

/// Declares a struct of optional fields and its `Deserialize`.
///
/// Every field has the type `Option<T>`; null and absence are the same. `also known` lists fields that Clerk documents
/// and the mapping has no use for. Anything else is ignored and counted, if the struct names a counter. A field goes by its
/// own name, or by the one behind `as`, and in the SDK's style. In place of an object a text may stand for one of its fields,
/// if the struct says for which.
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
                /// How many members this object has that Clerk does not document.
                pub $counter: u32,
            )?
        }

        impl $name<'_> {
            /// The members that are read, by their names in JSON.
            pub const READ: &'static [&'static str] =
                &[$( $crate::clerk::object::name_of!($field $($name_of_field)?) ),*];

            /// The members that Clerk documents and the mapping has no use for.
            pub const IGNORED: &'static [&'static str] = &[$( $known ),*];
        }

        impl<'de> serde::Deserialize<'de> for $name<'de> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;
                impl<'de> serde::de::Visitor<'de> for ObjectVisitor {
                    type Value = $name<'de>;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str($expecting)
                    }

                    $(
                        fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                            Ok($name { $text: Some(text.into()), ..$name::default() })
                        }

                        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                            Ok($name { $text: Some(text.to_owned().into()), ..$name::default() })
                        }
                    )?

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut object = $name::default();
                        while let Some($crate::clerk::object::Text(mut name)) = map.next_key()? {
                            // Once more if the name is in the SDK's style; most are not.
                            loop {
                                match &*name {
                                    $(
                                        $crate::clerk::object::name_of!($field $($name_of_field)?) => {
                                            if object.$field.is_some() {
                                                return Err(serde::de::Error::duplicate_field(stringify!($field)));
                                            }
                                            object.$field = map.next_value::<Option<$type>>().map_err(|error| {
                                                $crate::clerk::object::at_field(stringify!($field), &error)
                                            })?;
                                        }
                                    )*
                                    $( $known => { map.next_value::<serde::de::IgnoredAny>()?; } )*
                                    other => {
                                        if let Some(snake_case) = $crate::clerk::object::snake_case(other) {
                                            name = snake_case.into();
                                            continue;
                                        }
                                        map.next_value::<serde::de::IgnoredAny>()?;
                                        $( object.$counter += 1; )?
                                    }
                                }
                                break;
                            }
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_any(ObjectVisitor)
            }
        }
    };
}
pub(super) use clerk_object;

/// What a field is called in JSON.
macro_rules! name_of {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}
pub(super) use name_of;

/// A name in the SDK's style, `primaryEmailAddressId`, in that of the Backend API; `None` if it is in no such style.
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

/// A string, borrowed from the record unless it holds escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub std::borrow::Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// Entries of one kind that a user may have. Clerk's users have a few; a million empty ones would take a hundred times the
/// record's size in memory.
const MOST: usize = 1_000;

/// A few entries: an array, or a text that has `|` between them.
#[derive(Clone, Debug)]
pub struct Few<T>(Vec<T>);

impl<T> std::ops::Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T> Few<T> {
    fn collect<E: serde::de::Error>(entries: impl Iterator<Item = Result<T, E>>) -> Result<Self, E> {
        let mut few = Vec::new();
        for entry in entries {
            if few.len() == MOST {
                return Err(E::invalid_length(MOST + 1, &"at most 1000"));
            }
            few.push(entry?);
        }
        Ok(Self(few))
    }
}

impl<'de, T: serde::Deserialize<'de>> Few<T> {
    /// The entries of a text that has `|` between them.
    pub(super) fn split<E: serde::de::Error>(text: &'de str) -> Result<Self, E> {
        Self::collect(pieces(text).map(|piece| T::deserialize(BorrowedStrDeserializer::new(piece))))
    }
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split('|').map(str::trim_ascii).filter(|piece| !piece.is_empty())
}

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Few<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FewVisitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: serde::Deserialize<'de>> serde::de::Visitor<'de> for FewVisitor<T> {
            type Value = Few<T>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a sequence")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                Few::collect(std::iter::from_fn(|| entries.next_element().transpose()))
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Few::split(text)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Few::collect(pieces(text).map(|piece| T::deserialize(StrDeserializer::new(piece))))
            }
        }
        deserializer.deserialize_any(FewVisitor(std::marker::PhantomData))
    }
}

/// Puts a field's name before an error inside it. Names nest: `email_addresses: verified: …`.
pub(super) fn at_field<E: serde::de::Error>(field: &str, error: &E) -> E {
    E::custom(format_args!("{field}: {error}"))
}
