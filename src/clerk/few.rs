//! A short list, bounded.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};

/// The largest number of entries of one kind. Clerk's users have a few. A million empty entries would take a hundred times
/// the size of the record in memory.
const MOST: usize = 1_000;

/// A short list: an array, or a text with `|` between the entries.
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
    /// The entries of a text with `|` between them.
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
