//! The reference is `serde_json`: what is read here is what it reads, and what it refuses is refused. For property tests and
//! for fuzzing.

use std::fmt::Debug;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::clerk::{Invitation, Membership, Organization, User};
use crate::fast_json::read;

/// Fails unless what is read is what `serde_json` reads.
fn assert_same<'de, T: Deserialize<'de> + Debug>(text: &'de str) {
    let Some(value) = read::<T>(text) else { return };
    match serde_json::from_str::<T>(text) {
        Ok(expected) => assert_eq!(format!("{value:?}"), format!("{expected:?}"), "{text}"),
        Err(error) => panic!("serde_json refuses it: {error}: {text}"),
    }
}

/// The same for what must not be printed.
fn assert_refused_too<'de, T: Deserialize<'de>>(text: &'de str) {
    assert!(read::<T>(text).is_none() || serde_json::from_str::<T>(text).is_ok(), "{text}");
}

/// Fails unless the text is read as `serde_json` reads it, as each kind of record and as any value.
pub(crate) fn assert_agreement(text: &str) {
    assert_same::<User<'_>>(text);
    assert_same::<Value>(text);
    assert_same::<&RawValue>(text);
    assert_same::<IgnoredAny>(text);
    assert_refused_too::<Organization<'_>>(text);
    assert_refused_too::<Membership<'_>>(text);
    assert_refused_too::<Invitation<'_>>(text);
}
