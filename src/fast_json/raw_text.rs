//! The text of a value, in the form in which [`serde_json::value::RawValue`] takes it.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, MapAccess};

use super::left_to_serde::LeftToSerde;

/// The name under which [`serde_json::value::RawValue`] asks for the text of a value. If a version of `serde_json` changed it, all
/// records with metadata would go the long way, and the test of those that are left would fail.
pub(super) const RAW: &str = "$serde_json::private::RawValue";

/// The text of a value.
pub(super) struct RawText<'de>(pub Option<&'de str>);

impl<'de> MapAccess<'de> for RawText<'de> {
    type Error = LeftToSerde;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, LeftToSerde> {
        seed.deserialize(BorrowedStrDeserializer::new(RAW)).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, LeftToSerde> {
        seed.deserialize(BorrowedStrDeserializer::new(self.0.take().ok_or(LeftToSerde)?))
    }
}
