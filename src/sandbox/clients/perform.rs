//! What the methods on OAuth clients do.

use rusqlite::Transaction;
use serde::Serialize;

use super::client::{COLUMNS, OAuthClient};
use super::method::ClientMethod;
use super::table::{delete, insert, need, rotate_secret, update};
use crate::sandbox::api_error::ApiError;
use crate::sandbox::body::parse;
use crate::sandbox::call::{ApiAnswer, ReceivedCall};
use crate::sandbox::filter;
use crate::sandbox::list_page::page;

/// What a list can be filtered by.
const FILTERED: &[&str] = &["client_id", "client_name"];

#[derive(Serialize)]
struct ListedPage {
    oauth_clients: Vec<OAuthClient>,
    next_page_token: Option<String>,
}

#[derive(Serialize)]
struct NewSecret<'a> {
    client_id: &'a str,
    client_secret: String,
}

/// Does what a call asks for.
pub(in crate::sandbox) fn perform(
    transaction: &Transaction<'_>,
    call: &ReceivedCall,
    method: &ClientMethod,
) -> Result<ApiAnswer, ApiError> {
    match method {
        ClientMethod::Create => ApiAnswer::json(201, &insert(transaction, &parse(&call.body)?)?),
        ClientMethod::List => list(transaction, call),
        ClientMethod::Get(id) => ApiAnswer::json(200, &need(transaction, id)?),
        ClientMethod::Update(id) => {
            update(transaction, id, &parse(&call.body)?)?;
            ApiAnswer::json(200, &need(transaction, id)?)
        }
        ClientMethod::Delete(id) => {
            delete(transaction, id)?;
            Ok(ApiAnswer::new(204, Vec::new()))
        }
        ClientMethod::RotateSecret(id) => {
            ApiAnswer::json(200, &NewSecret { client_id: id, client_secret: rotate_secret(transaction, id)? })
        }
    }
}

fn list(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    let conditions = filter::parse(call.query("filter").unwrap_or_default(), FILTERED)?;
    let column = |name| if name == "client_id" { "id" } else { name };
    let equal = conditions.into_iter().map(|(name, value)| (column(name), value)).collect();
    let page = page(transaction, call, &format!("SELECT {COLUMNS} FROM oauth_clients"), equal, OAuthClient::from_row)?;
    ApiAnswer::json(200, &ListedPage { oauth_clients: page.items, next_page_token: page.next_page_token })
}
