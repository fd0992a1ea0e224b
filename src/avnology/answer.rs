//! What the target's answers say.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error_body::ErrorBody;
use super::item_error::item_error;
use crate::destination::{Changed, ItemError, ItemResult};

/// One result of a batch. What its status has no use for is not looked into.
#[derive(Deserialize)]
struct CreateResult<'a> {
    status: CreateStatus,
    /// `usr_…`; absent when only validated.
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum CreateStatus {
    Created,
    Exists,
    Error,
}

impl CreateResult<'_> {
    fn read(self) -> Option<ItemResult> {
        let id = || self.id.map(|id| serde_json::from_str(id.get())).transpose().ok();
        Some(match self.status {
            CreateStatus::Created => ItemResult::Created { id: id()? },
            CreateStatus::Exists => ItemResult::Exists { id: id()? },
            CreateStatus::Error => ItemResult::Error(item_error(serde_json::from_str(self.error?.get()).ok()?)),
        })
    }
}

/// Reads a batch answer; `None` unless it has one result for each of `expected` items.
pub(crate) fn batch_results(body: &[u8], expected: usize) -> Option<Vec<ItemResult>> {
    #[derive(Deserialize)]
    struct CreateAnswer<'a> {
        #[serde(borrow)]
        results: Vec<CreateResult<'a>>,
    }
    let answer: CreateAnswer<'_> = serde_json::from_slice(body).ok()?;
    let is_complete = answer.results.len() == expected;
    if is_complete { answer.results.into_iter().map(CreateResult::read).collect() } else { None }
}

/// Reads the answer to a batch delete: for each of `expected` items that it is gone now, deleted by this call or before it, or why
/// not. `None` unless there is a result for each.
pub(crate) fn deleted(body: &[u8], expected: usize) -> Option<Vec<Result<(), ItemError>>> {
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
    let gone = |DeleteResult { status, error }| {
        let is_gone = status == "deleted" || error.code.as_deref() == Some("AVNOLOGY_AUTH_901");
        if is_gone { Ok(()) } else { Err(item_error(error)) }
    };
    (answer.results.len() == expected).then(|| answer.results.into_iter().map(gone).collect())
}

/// Reads the answer to a batch update of one.
pub(crate) fn updated(body: &[u8]) -> Option<Changed> {
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
        "error" => Some(Changed::Refused(item_error(item.error))),
        _ => None,
    }
}

/// The parts of an identity that the importer looks at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct IdentityAnswer {
    /// `usr_…`.
    pub id: String,
    /// `active`, `disabled` or `inactive`; absent on a target that does not say.
    #[serde(default)]
    pub state: Option<String>,
}

/// Reads the answer to a single create.
pub(crate) fn identity(body: &[u8]) -> Option<IdentityAnswer> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_an_item_is_refused_with_the_beginning_is_kept() {
        let text = "ä".repeat(25_000);
        let results = format!(r#"{{"results":[{{"status":"error","error":{{"message":"{text}"}}}}]}}"#);
        let results = batch_results(results.as_bytes(), 1).unwrap();
        assert!(matches!(&results[..], [ItemResult::Error(error)] if error.message.as_ref().unwrap().len() < 1100));
    }

    #[test]
    fn a_batch_answer_has_to_have_a_result_for_each_item() {
        let body = br#"{"results":[{"status":"created","id":"usr_1"},{"status":"error","error":{"code":"x"}}]}"#;
        assert_eq!(batch_results(body, 2).map(|results| results.len()), Some(2));
        assert_eq!(batch_results(body, 1), None);
        assert_eq!(batch_results(body, 3), None);
        assert_eq!(batch_results(br#"{"results":[{"status":"unheard-of"}]}"#, 1), None);
        assert_eq!(batch_results(br#"{"results":[{"status":"created","id":7}]}"#, 1), None);
        assert_eq!(batch_results(br#"{"results":[{"status":"error","id":"usr_1"}]}"#, 1), None);
        let id = |body: &[u8]| match batch_results(body, 1).as_deref() {
            Some([ItemResult::Created { id }]) => id.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(id(br#"{"results":[{"status":"created","error":7,"id":"usr_\u0031"}]}"#).as_deref(), Some("usr_1"));
        assert_eq!(id(br#"{"results":[{"status":"created","id":null}]}"#), None);
        assert_eq!(batch_results(b"<html>", 0), None);
    }
}
