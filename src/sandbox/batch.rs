//! What all batch methods have in common: at most a thousand items, and one result for each, in order.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::api_error::ApiError;
use super::body::parse;
use super::call::{ApiAnswer, ReceivedCall};

/// The largest number of items in a batch.
const MAX_ITEMS: usize = 1_000;

/// A body of `:batchCreate` and `:batchUpdate`. Each item is parsed by itself, so that a malformed item is one error.
#[derive(Debug, Deserialize)]
struct BatchRequest<'a> {
    #[serde(borrow)]
    requests: Vec<&'a RawValue>,
    #[serde(default)]
    validate_only: bool,
}

/// What became of one item.
#[derive(Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum SandboxItemResult {
    Created {
        /// None if it was only validated.
        id: Option<String>,
    },
    Exists {
        id: String,
        /// The role that a member has.
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<String>,
    },
    Updated {
        id: String,
    },
    Deleted {
        id: String,
    },
    Error {
        error: SandboxItemError,
    },
}

#[derive(Serialize)]
pub(super) struct SandboxItemError {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl From<ApiError> for SandboxItemResult {
    fn from(ApiError { code, message, field, .. }: ApiError) -> Self {
        Self::Error { error: SandboxItemError { code, message, field } }
    }
}

/// Answers a body of `requests`. `one` gets the bytes of an item, and whether to do no more than validate it.
pub(super) fn each_request(
    call: &ReceivedCall,
    mut one: impl FnMut(&[u8], bool) -> Result<SandboxItemResult, ApiError>,
) -> Result<ApiAnswer, ApiError> {
    let batch: BatchRequest<'_> = parse(&call.body)?;
    let validate_only = batch.validate_only;
    each(call, batch.requests, |item| one(item.get().as_bytes(), validate_only))
}

/// Answers a list of items. An error of an item becomes its result. Only a failure of the database is one of the batch.
pub(super) fn each<T>(
    call: &ReceivedCall,
    items: Vec<T>,
    mut one: impl FnMut(T) -> Result<SandboxItemResult, ApiError>,
) -> Result<ApiAnswer, ApiError> {
    #[derive(Serialize)]
    struct Results {
        results: Vec<SandboxItemResult>,
    }
    if items.len() > MAX_ITEMS {
        return Err(ApiError::validation(format!("at most {MAX_ITEMS} items at a time")));
    }
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        results.push(if fastrand::f64() < call.item_fault {
            ApiError::internal(500, "a fault on purpose").into()
        } else {
            match one(item) {
                Err(failure) if failure.status >= 500 => return Err(failure),
                answer => answer.unwrap_or_else(SandboxItemResult::from),
            }
        });
    }
    ApiAnswer::json(200, &Results { results })
}
