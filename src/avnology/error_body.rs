//! What an answer says about an error.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use crate::http::{Reply, ReplyOutcome};

/// Bytes of what an error says that are kept of each of its parts. It goes into the rejects file, once for each record.
const KEPT_OF_ERROR: usize = 1024;

/// The error envelope: `{"error":{"code","message","request_id"}}`, or the same without the wrapper.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct ErrorBody {
    /// `AVNOLOGY_AUTH_…`.
    #[serde(deserialize_with = "truncate")]
    pub code: Option<String>,
    /// A sentence from the target. It may repeat personal data, so it goes to the rejects file and nowhere else.
    #[serde(deserialize_with = "truncate")]
    pub message: Option<String>,
    /// The field at fault, as in `identity.email`.
    #[serde(deserialize_with = "truncate")]
    pub field: Option<String>,
    /// For a support request.
    #[serde(alias = "requestId", deserialize_with = "truncate")]
    pub request_id: Option<String>,
}

/// A part of an error, which is cut off if it is long.
fn truncate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    Ok(text.map(|text| match text.floor_char_boundary(KEPT_OF_ERROR) {
        all if all == text.len() => text.into_owned(),
        end => format!("{}…", &text[..end]),
    }))
}

/// Reads an error answer in each of its forms: the envelope, the flat form, or nothing readable at all.
pub(super) fn error_body(body: &[u8]) -> ErrorBody {
    #[derive(Deserialize)]
    struct Envelope {
        error: ErrorBody,
    }
    serde_json::from_slice::<Envelope>(body)
        .map(|envelope| envelope.error)
        .or_else(|_| serde_json::from_slice::<ErrorBody>(body))
        .unwrap_or_default()
}

/// Whether the target itself says that what a request is about is not there. A gateway with nothing behind it says 404 as well.
pub(super) fn says_it_is_gone(reply: &Reply) -> bool {
    reply.outcome == (ReplyOutcome::Answered { status: 404 }) && error_body(&reply.body).is_own_word()
}

impl ErrorBody {
    /// Whether the error is the target's own word, and not that of something on the way to it.
    pub(super) fn is_own_word(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.starts_with("AVNOLOGY_"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_in_every_form() {
        let expected = Some("AVNOLOGY_AUTH_902".to_owned());
        assert_eq!(error_body(br#"{"error":{"code":"AVNOLOGY_AUTH_902","details":{}}}"#).code, expected);
        assert_eq!(error_body(br#"{"code":"AVNOLOGY_AUTH_902","requestId":"r"}"#).code, expected);
        assert_eq!(error_body(b"<html>502 Bad Gateway</html>"), ErrorBody::default());
        assert_eq!(error_body(b""), ErrorBody::default());
    }

    #[test]
    fn of_what_an_error_says_at_length_the_beginning_is_kept() {
        let text = |length: usize| "ä".repeat(length / 2);
        let body = |text: &str| format!(r#"{{"error":{{"code":"x","message":"{text}","field":null}}}}"#);
        let said = |text: &str| error_body(body(text).as_bytes()).message;
        assert_eq!(said(&text(KEPT_OF_ERROR)), Some(text(KEPT_OF_ERROR)));
        assert_eq!(said(&format!("a{}", text(50_000))), Some(format!("a{}…", text(KEPT_OF_ERROR - 2))));
    }
}
