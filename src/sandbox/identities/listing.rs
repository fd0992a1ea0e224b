//! The list of identities, page by page, and the identities with given external ids.

use rusqlite::{OptionalExtension, Transaction};
use serde::Serialize;

use super::email_key::email_key;
use super::stored::{COLUMNS, StoredIdentity};
use crate::sandbox::api_error::ApiError;
use crate::sandbox::call::{ApiAnswer, ReceivedCall};
use crate::sandbox::filter;
use crate::sandbox::list_page::page;

/// Columns that can be filtered by.
const FILTERED: &[&str] = &["external_id", "email", "username", "state", "phone", "organization_id"];

/// The largest number of external ids of a `:batchGet`.
const MAX_IDS: usize = 100;

/// One page of identities.
#[derive(Serialize)]
struct ListedPage {
    identities: Vec<StoredIdentity>,
    next_page_token: Option<String>,
}

/// `:batchGet`
pub(super) fn batch_get(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    let mut statement =
        transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM identities WHERE external_id = ?1"))?;
    let mut identities = Vec::new();
    for id in call.query_list("external_ids", MAX_IDS)? {
        identities.extend(statement.query_row([id], StoredIdentity::from_row).optional()?);
    }
    ApiAnswer::json(200, &ListedPage { identities, next_page_token: None })
}

/// Lists identities.
pub(super) fn list(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    let conditions = filter::parse(call.query("filter").unwrap_or_default(), FILTERED)?;
    let conditions = conditions.into_iter().map(|(column, value)| match column {
        "email" => ("email_key", email_key(&value)),
        _ => (column, value),
    });
    let select = format!("SELECT {COLUMNS} FROM identities");
    let page = page(transaction, call, &select, conditions.collect(), StoredIdentity::from_row)?;
    ApiAnswer::json(200, &ListedPage { identities: page.items, next_page_token: page.next_page_token })
}
