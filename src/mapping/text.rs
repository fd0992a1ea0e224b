//! Parts of a record as they are taken up: what is empty is absent, what is too long or no moment is rejected.

use std::borrow::Cow;

use super::{RejectCode, Rejection};
use crate::clerk::Time;

/// The text, unless there is nothing in it.
pub(super) fn non_empty(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// The letters A to Z made small, if that is wanted and there are any. Others stay: the target does not know them by case.
pub(super) fn lowercase(text: Cow<'_, str>, wanted: bool) -> Cow<'_, str> {
    if wanted && has_capitals(&text) { Cow::Owned(text.to_ascii_lowercase()) } else { text }
}

/// Whether there is a letter from A to Z. All bytes are looked at, because that can be done with many at once.
fn has_capitals(text: &str) -> bool {
    text.bytes().fold(false, |any, byte| any | byte.is_ascii_uppercase())
}

/// Rejects what is longer than this many characters.
pub(super) fn at_most(limit: usize, field: &str, text: &str) -> Result<(), Rejection> {
    // Bytes are never fewer than characters: the count is needed for long texts only.
    if text.len() > limit && text.chars().count() > limit {
        let message = format!("{field} is longer than {limit} characters");
        return Err(Rejection::of_field(RejectCode::FieldTooLong, field, message));
    }
    Ok(())
}

/// A moment, which is written as in RFC 3339. To write it takes a while, and most of them are never sent.
pub(super) fn time(field: &str, time: Option<Time>) -> Result<Option<jiff::Timestamp>, Rejection> {
    let Some(milliseconds) = time.and_then(|time| time.milliseconds) else { return Ok(None) };
    let Ok(timestamp) = jiff::Timestamp::from_millisecond(milliseconds) else {
        let message = format!("{field} is not a time in Unix milliseconds");
        return Err(Rejection::of_field(RejectCode::InvalidRecord, field, message));
    };
    Ok(Some(timestamp))
}
