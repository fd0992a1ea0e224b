//! What the methods on endpoints of webhooks do.

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::method::WebhookMethod;
use super::table::{SELECT, StoredWebhook, WebhookFields, delete, get, insert, rotate};
use crate::sandbox::api_error::ApiError;
use crate::sandbox::assignments::Assignments;
use crate::sandbox::body::parse;
use crate::sandbox::call::{ApiAnswer, ReceivedCall};
use crate::sandbox::list_page::page;

/// The body of a `PATCH`.
#[derive(Debug, Deserialize)]
struct Change {
    active: bool,
}

/// Does what a call asks for.
pub(in crate::sandbox) fn perform(
    transaction: &Transaction<'_>,
    call: &ReceivedCall,
    method: &WebhookMethod,
) -> Result<ApiAnswer, ApiError> {
    match method {
        WebhookMethod::Create => {
            let fields: WebhookFields<'_> = parse(&call.body)?;
            ApiAnswer::json(201, &insert(transaction, &fields)?)
        }
        WebhookMethod::List => list(transaction, call),
        WebhookMethod::Get(id) => ApiAnswer::json(200, &get(transaction, id)?),
        WebhookMethod::Update(id) => {
            let Change { active } = parse(&call.body)?;
            let mut assignments = Assignments::default();
            assignments.set("active", active);
            assignments.update(transaction, "webhooks", id)?;
            ApiAnswer::json(200, &get(transaction, id)?)
        }
        WebhookMethod::Delete(id) => {
            delete(transaction, id)?;
            Ok(ApiAnswer::new(204, Vec::new()))
        }
        WebhookMethod::RotateSecret(id) => ApiAnswer::json(200, &rotate(transaction, id)?),
    }
}

fn list(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    #[derive(Serialize)]
    struct ListedPage {
        webhooks: Vec<StoredWebhook>,
        next_page_token: Option<String>,
    }
    let page = page(transaction, call, SELECT, Vec::new(), StoredWebhook::from_row)?;
    ApiAnswer::json(200, &ListedPage { webhooks: page.items, next_page_token: page.next_page_token })
}
