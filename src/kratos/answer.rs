//! What Kratos' answers say.

use serde::Deserialize;

use crate::destination::{Field, ItemError, ItemErrorKind};
use crate::http::{Reply, ReplyOutcome};

/// What a batch says of one item. None of it is to be believed beside a conflict: see [`super::create`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ItemAnswer {
    /// It is created, under this id.
    Created(String),
    /// Something of it is taken.
    Taken,
    /// It is not as the schema wants it.
    Invalid,
    /// Something else.
    Failed,
}

/// Reads the answer to a batch of `expected` items; nothing if there is no result for each.
pub(super) fn item_answers(reply: &Reply, expected: usize) -> Option<Vec<ItemAnswer>> {
    #[derive(Deserialize)]
    struct List {
        identities: Vec<Entry>,
    }
    #[derive(Deserialize)]
    #[serde(tag = "action", rename_all = "snake_case")]
    enum Entry {
        Create { identity: String },
        Error { error: Code },
    }
    #[derive(Deserialize)]
    struct Code {
        code: u16,
    }
    match reply.outcome {
        // A batch of one that is taken is answered so as a whole.
        ReplyOutcome::Answered { status: 409 } if expected == 1 => return Some(vec![ItemAnswer::Taken]),
        outcome if !outcome.is_success() => return None,
        _ => {}
    }
    let list: List = serde_json::from_slice(&reply.body).ok()?;
    let answer = |entry| match entry {
        Entry::Create { identity } => ItemAnswer::Created(identity),
        Entry::Error { error: Code { code: 409 } } => ItemAnswer::Taken,
        Entry::Error { error: Code { code: 400 } } => ItemAnswer::Invalid,
        Entry::Error { .. } => ItemAnswer::Failed,
    };
    (list.identities.len() == expected).then(|| list.identities.into_iter().map(answer).collect())
}

/// What Kratos says about an error: `{"error":{"code","status","reason","message"}}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct KratosError {
    pub code: u16,
    pub reason: Option<String>,
    pub message: Option<String>,
}

/// Reads an error; nothing if the answer is not Kratos' own.
pub(super) fn kratos_error(body: &[u8]) -> Option<KratosError> {
    #[derive(Deserialize)]
    struct Envelope {
        error: KratosError,
    }
    serde_json::from_slice::<Envelope>(body).ok().map(|envelope| envelope.error)
}

/// Bytes of what Kratos says that are kept.
const KEPT: usize = 1024;

/// Why Kratos finds an identity invalid. The text can hold what was sent, so it goes to the rejects file and nowhere else.
pub(super) fn invalid(body: &[u8]) -> ItemError {
    let KratosError { reason, message, .. } = kratos_error(body).unwrap_or_default();
    let text = reason.or(message);
    let field = text.as_deref().and_then(field_at_fault).map(str::to_owned);
    let message = text.map(|text| text[..text.floor_char_boundary(KEPT)].to_owned());
    ItemError { kind: ItemErrorKind::Invalid, code: None, message, field, taken: None }
}

/// The field that a message of the schema is about: it says `I[#/traits/username] S[…]`, the deepest one last.
fn field_at_fault(text: &str) -> Option<&str> {
    let places = text.split("I[#/").skip(1).filter_map(|rest| rest.split_once(']').map(|(place, _)| place));
    places.filter_map(|place| place.strip_prefix("traits/")).find(|place| !place.is_empty())
}

/// The conflict of an identity, of which this is taken.
pub(super) fn conflict(taken: Option<Field>) -> ItemError {
    let field = taken.map(|field| field.name().to_owned());
    ItemError { kind: ItemErrorKind::Conflict, code: None, message: None, field, taken }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_at_fault_is_the_first_one_that_the_schema_names() {
        let reason = "I[#/traits] S[#/properties/traits] validation failed\n  I[#/traits/username] \
                      S[#/properties/traits/properties/username/minLength] length must be >= 3, but got 1";
        let body = serde_json::json!({ "error": { "code": 400, "reason": reason } }).to_string();
        let error = invalid(body.as_bytes());
        assert_eq!((error.kind, error.field.as_deref()), (ItemErrorKind::Invalid, Some("username")));
        assert_eq!(invalid(b"<html>").field, None);
    }

    #[test]
    fn a_batch_of_one_that_is_taken_is_answered_as_a_whole() {
        let reply = |status, body: &str| Reply {
            body: body.as_bytes().to_vec().into(),
            ..Reply::none(ReplyOutcome::Answered { status })
        };
        assert_eq!(item_answers(&reply(409, "{}"), 1), Some(vec![ItemAnswer::Taken]));
        assert_eq!(item_answers(&reply(409, "{}"), 2), None);
        let two = r#"{"identities":[{"action":"create","identity":"a","patch_id":null},{"action":"error","error":{"code":409}}]}"#;
        assert_eq!(
            item_answers(&reply(200, two), 2),
            Some(vec![ItemAnswer::Created("a".to_owned()), ItemAnswer::Taken])
        );
        assert_eq!(item_answers(&reply(200, two), 3), None);
        assert_eq!(item_answers(&reply(200, r#"{"identities":[null]}"#), 1), None);
    }
}
