//! The list of identities, page by page, and the identities with given external ids.

use rusqlite::{OptionalExtension, Transaction};
use serde::Serialize;

use super::api_error::ApiError;
use super::call::{ApiAnswer, Call};
use super::filter;
use super::request::at_most;
use super::stored_identity::{COLUMNS, StoredIdentity};

/// The largest number of external ids of a `:batchGet`.
const MAX_IDS: usize = 100;

/// One page of identities.
#[derive(Serialize)]
struct ListedPage {
    identities: Vec<StoredIdentity>,
    next_page_token: Option<String>,
}

/// `:batchGet`
pub(super) fn batch_get(transaction: &Transaction<'_>, call: &Call) -> Result<ApiAnswer, ApiError> {
    let given = call.query.iter().filter(|(name, _)| name == "external_ids");
    let ids: Vec<&str> = given.flat_map(|(_, value)| value.split(',')).filter(|id| !id.is_empty()).collect();
    at_most(ids.len(), MAX_IDS)?;
    let mut statement =
        transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM identities WHERE external_id = ?1"))?;
    let mut identities = Vec::with_capacity(ids.len());
    for id in ids {
        identities.extend(statement.query_row([id], StoredIdentity::from_row).optional()?);
    }
    ApiAnswer::json(200, &ListedPage { identities, next_page_token: None })
}

/// Lists identities in the order of their creation. The page token is the number of the last identity listed.
pub(super) fn list(transaction: &Transaction<'_>, call: &Call) -> Result<ApiAnswer, ApiError> {
    let wrong = |name: &str| ApiError::validation(format!("{name} is malformed"));
    let size: usize = call.query("page_size").map_or(Ok(25), str::parse).map_err(|_| wrong("page_size"))?;
    if !(1..=100).contains(&size) {
        return Err(wrong("page_size"));
    }
    let (comparison, order) = match call.query("order_by").unwrap_or("create_time desc") {
        "create_time desc" => ("<", "DESC"),
        "create_time" | "create_time asc" => (">", "ASC"),
        _ => return Err(wrong("order_by")),
    };
    let conditions = call.query("filter").filter(|text| !text.is_empty()).map_or(Ok(Vec::new()), filter::parse)?;
    let mut clauses: Vec<String> = conditions
        .iter()
        .enumerate()
        .map(|(index, condition)| format!("{} = ?{}", condition.column(), index + 1))
        .collect();
    let mut values: Vec<String> = conditions.into_iter().map(filter::Condition::value).collect();
    if let Some(token) = call.query("page_token").filter(|token| !token.is_empty()) {
        token.parse::<i64>().map_err(|_| wrong("page_token"))?;
        values.push(token.to_owned());
        clauses.push(format!("number {comparison} CAST(?{} AS INTEGER)", values.len()));
    }
    let condition = if clauses.is_empty() { String::new() } else { format!("WHERE {}", clauses.join(" AND ")) };
    let sql = format!("SELECT {COLUMNS} FROM identities {condition} ORDER BY number {order} LIMIT {}", size + 1);
    let mut statement = transaction.prepare_cached(&sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), StoredIdentity::from_row)?;
    let mut identities: Vec<StoredIdentity> = rows.collect::<Result<_, _>>()?;
    let more = identities.len() > size;
    identities.truncate(size);
    let next_page_token = identities.last().filter(|_| more).map(|last| last.number.to_string());
    ApiAnswer::json(200, &ListedPage { identities, next_page_token })
}
