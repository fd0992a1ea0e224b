//! The batch methods on identities.

use rusqlite::Transaction;
use serde::Deserialize;

use super::request::{CreateIdentity, UpdateIdentity};
use super::table::{InsertedIdentity, delete, find, insert, update};
use super::validation;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::batch::{SandboxItemResult, each, each_request};
use crate::sandbox::body::parse;
use crate::sandbox::call::{ApiAnswer, ReceivedCall};

/// `:batchCreate`
pub(super) fn batch_create(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    each_request(call, |item, validate_only| {
        let request: CreateIdentity<'_> = parse(item)?;
        validation::check_new(transaction, &request.identity)?;
        if validate_only || request.validate_only {
            return Ok(SandboxItemResult::Created { id: None });
        }
        Ok(match insert(transaction, &request.identity, None)? {
            InsertedIdentity::Created(id) => SandboxItemResult::Created { id: Some(id) },
            InsertedIdentity::Exists(id) => SandboxItemResult::Exists { id, role: None },
            InsertedIdentity::Conflict(error) => error.into(),
        })
    })
}

/// `:batchUpdate`
pub(super) fn batch_update(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    each_request(call, |item, _| {
        let request: UpdateIdentity<'_> = parse(item)?;
        let id = match &request.id {
            Some(id) => id.to_string(),
            None => find(transaction, "external_id", request.identity.external_id.as_deref())?
                .ok_or_else(|| ApiError::not_found("the identity"))?,
        };
        update(transaction, &id, &request)?;
        Ok(SandboxItemResult::Updated { id })
    })
}

/// `:batchDelete`
pub(super) fn batch_delete(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    #[derive(Deserialize)]
    struct DeleteRequest {
        ids: Vec<String>,
    }
    let request: DeleteRequest = parse(&call.body)?;
    each(call, request.ids, |id| {
        delete(transaction, &id)?;
        Ok(SandboxItemResult::Deleted { id })
    })
}
