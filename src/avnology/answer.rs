//! What the target's answers say.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

/// Bytes of what an error says that are kept of each of its parts. It goes into the rejects file, once for each record.
const KEPT_OF_ERROR: usize = 1024;

/// The error envelope: `{"error":{"code","message","request_id"}}`, or the same without the wrapper.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
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
pub fn error_body(body: &[u8]) -> ErrorBody {
    #[derive(Deserialize)]
    struct Envelope {
        error: ErrorBody,
    }
    serde_json::from_slice::<Envelope>(body)
        .map(|envelope| envelope.error)
        .or_else(|_| serde_json::from_slice::<ErrorBody>(body))
        .unwrap_or_default()
}

/// What became of one item of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ItemResult {
    /// A new identity.
    Created {
        /// `usr_…`; absent when only validated.
        id: Option<String>,
    },
    /// An identity with this `external_id` was there already, and was not touched.
    Exists {
        /// `usr_…`.
        id: Option<String>,
    },
    /// Not created.
    Error {
        /// Why.
        error: ErrorBody,
    },
}

/// Reads a batch answer; `None` unless it has one result for each of `expected` items.
pub fn batch_results(body: &[u8], expected: usize) -> Option<Vec<ItemResult>> {
    #[derive(Deserialize)]
    struct CreateAnswer {
        results: Vec<ItemResult>,
    }
    let answer: CreateAnswer = serde_json::from_slice(body).ok()?;
    (answer.results.len() == expected).then_some(answer.results)
}

/// Reads the answer to a batch delete: for each of `expected` items whether it is gone now, deleted by this call or
/// before it. `None` unless there is a result for each.
pub fn deleted(body: &[u8], expected: usize) -> Option<Vec<bool>> {
    #[derive(Deserialize)]
    struct DeleteAnswer {
        results: Vec<DeleteResult>,
    }
    #[derive(Deserialize)]
    struct DeleteResult {
        status: String,
        #[serde(default)]
        error: ErrorBody,
    }
    let answer: DeleteAnswer = serde_json::from_slice(body).ok()?;
    let gone =
        |item: &DeleteResult| item.status == "deleted" || item.error.code.as_deref() == Some("AVNOLOGY_AUTH_901");
    (answer.results.len() == expected).then(|| answer.results.iter().map(gone).collect())
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Done.
    Updated,
    /// The target would not have it.
    Refused(ErrorBody),
}

/// Reads the answer to a batch update of one.
pub fn updated(body: &[u8]) -> Option<Changed> {
    #[derive(Deserialize)]
    struct UpdateAnswer {
        results: [UpdateResult; 1],
    }
    #[derive(Deserialize)]
    struct UpdateResult {
        status: String,
        #[serde(default)]
        error: ErrorBody,
    }
    let UpdateAnswer { results: [item] } = serde_json::from_slice(body).ok()?;
    match item.status.as_str() {
        "updated" => Some(Changed::Updated),
        "error" => Some(Changed::Refused(item.error)),
        _ => None,
    }
}

/// The parts of an identity that the importer looks at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IdentityAnswer {
    /// `usr_…`.
    pub id: String,
    /// `active`, `disabled` or `inactive`; absent on a target that does not say.
    #[serde(default)]
    pub state: Option<String>,
}

/// Reads the answer to a single create.
pub fn identity(body: &[u8]) -> Option<IdentityAnswer> {
    serde_json::from_slice(body).ok()
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
        let results = format!(r#"{{"results":[{{"status":"error","error":{{"message":"{}"}}}}]}}"#, text(50_000));
        let results = batch_results(results.as_bytes(), 1).unwrap();
        assert!(matches!(&results[..], [ItemResult::Error { error }] if error.message.as_ref().unwrap().len() < 1100));
    }

    #[test]
    fn a_batch_answer_has_to_have_a_result_for_each_item() {
        let body = br#"{"results":[{"status":"created","id":"usr_1"},{"status":"error","error":{"code":"x"}}]}"#;
        assert_eq!(batch_results(body, 2).map(|results| results.len()), Some(2));
        assert_eq!(batch_results(body, 1), None);
        assert_eq!(batch_results(body, 3), None);
        assert_eq!(batch_results(br#"{"results":[{"status":"unheard-of"}]}"#, 1), None);
        assert_eq!(batch_results(b"<html>", 0), None);
    }
}
