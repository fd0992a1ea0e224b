//! The batch methods: one result for each item.

use rusqlite::Transaction;
use serde::Serialize;
use serde_json::value::RawValue;

use super::api_error::ApiError;
use super::call::{ApiAnswer, Call};
use super::identity_table::{Inserted, delete, find, insert, update};
use super::request::{BatchRequest, CreateRequest, DeleteRequest, UpdateRequest, at_most, parse};
use super::validation;

/// The largest number of items in a batch.
const MAX_ITEMS: usize = 1_000;

/// One result of a batch.
#[derive(Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum SentResult {
    Created { id: Option<String> },
    Exists { id: String },
    Updated { id: String },
    Deleted { id: String },
    Error { error: ItemError },
}

#[derive(Serialize)]
struct ItemError {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl From<ApiError> for SentResult {
    fn from(ApiError { code, message, field, .. }: ApiError) -> Self {
        Self::Error { error: ItemError { code, message, field } }
    }
}

fn results(results: Vec<SentResult>) -> Result<ApiAnswer, ApiError> {
    #[derive(Serialize)]
    struct Results {
        results: Vec<SentResult>,
    }
    ApiAnswer::json(200, &Results { results })
}

/// `:batchCreate`
pub(super) fn batch_create(transaction: &Transaction<'_>, call: &Call) -> Result<ApiAnswer, ApiError> {
    let batch: BatchRequest<'_> = parse(&call.body)?;
    at_most(batch.requests.len(), MAX_ITEMS)?;
    let mut answers = Vec::with_capacity(batch.requests.len());
    for item in batch.requests {
        let answer = if fastrand::f64() < call.item_fault {
            ApiError::internal(500, "a fault on purpose").into()
        } else {
            create_item(transaction, item, batch.validate_only)?
        };
        answers.push(answer);
    }
    results(answers)
}

/// An error of the item becomes its result. Only a failure of the database is an error of the batch.
fn create_item(transaction: &Transaction<'_>, item: &RawValue, validate_only: bool) -> Result<SentResult, ApiError> {
    let request: CreateRequest<'_> = match parse(item.get().as_bytes()) {
        Ok(request) => request,
        Err(error) => return Ok(error.into()),
    };
    if let Err(error) = validation::check_new(&request.identity) {
        return Ok(error.into());
    }
    if validate_only || request.validate_only {
        return Ok(SentResult::Created { id: None });
    }
    Ok(match insert(transaction, &request.identity, None)? {
        Inserted::Created(id) => SentResult::Created { id: Some(id) },
        Inserted::Exists(id) => SentResult::Exists { id },
        Inserted::Conflict(error) => error.into(),
    })
}

/// `:batchUpdate`
pub(super) fn batch_update(transaction: &Transaction<'_>, call: &Call) -> Result<ApiAnswer, ApiError> {
    let batch: BatchRequest<'_> = parse(&call.body)?;
    at_most(batch.requests.len(), MAX_ITEMS)?;
    let update_item = |item: &RawValue| {
        let request: UpdateRequest<'_> = parse(item.get().as_bytes())?;
        let id = match &request.id {
            Some(id) => id.to_string(),
            None => find(transaction, "external_id", request.identity.external_id.as_deref())?
                .ok_or_else(|| ApiError::not_found("the identity"))?,
        };
        update(transaction, &id, &request)?;
        Ok::<_, ApiError>(SentResult::Updated { id })
    };
    results(batch.requests.into_iter().map(|item| update_item(item).unwrap_or_else(SentResult::from)).collect())
}

/// `:batchDelete`
pub(super) fn batch_delete(transaction: &Transaction<'_>, body: &[u8]) -> Result<ApiAnswer, ApiError> {
    let request: DeleteRequest = parse(body)?;
    at_most(request.ids.len(), MAX_ITEMS)?;
    let delete_item = |id: String| match delete(transaction, &id) {
        Ok(()) => SentResult::Deleted { id },
        Err(error) => error.into(),
    };
    results(request.ids.into_iter().map(delete_item).collect())
}
