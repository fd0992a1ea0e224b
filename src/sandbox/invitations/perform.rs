//! What the methods on invitations do.

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::method::InvitationMethod;
use super::table::{InsertedInvitation, InvitationFields, SELECT, StoredInvitation, check, delete, get, insert};
use crate::sandbox::api_error::ApiError;
use crate::sandbox::batch::{SandboxItemResult, each_request};
use crate::sandbox::body::parse;
use crate::sandbox::call::{ApiAnswer, ReceivedCall};
use crate::sandbox::list_page::page;
use crate::sandbox::organizations;

/// One item of `:batchCreate`.
#[derive(Debug, Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    invitation: InvitationFields<'a>,
}

/// Does what a call asks for.
pub(in crate::sandbox) fn perform(
    transaction: &Transaction<'_>,
    call: &ReceivedCall,
    method: &InvitationMethod,
) -> Result<ApiAnswer, ApiError> {
    match method {
        InvitationMethod::Create(organization) => {
            let fields: InvitationFields<'_> = parse(&call.body)?;
            check(transaction, organization, &fields)?;
            match insert(transaction, organization, &fields)? {
                InsertedInvitation::Created(id) => ApiAnswer::json(201, &get(transaction, &id)?),
                InsertedInvitation::Exists(_) => {
                    Err(ApiError::conflict(Some("invitation.email"), "this address is invited already"))
                }
            }
        }
        InvitationMethod::List(organization) => list(transaction, call, organization),
        InvitationMethod::Delete(organization, id) => {
            organizations::need(transaction, organization)?;
            delete(transaction, organization, id)?;
            Ok(ApiAnswer::new(204, Vec::new()))
        }
        InvitationMethod::BatchCreate => each_request(call, |item, validate_only| {
            let Item { invitation } = parse(item)?;
            check(transaction, &invitation.organization_id, &invitation)?;
            if validate_only {
                return Ok(SandboxItemResult::Created { id: None });
            }
            Ok(match insert(transaction, &invitation.organization_id, &invitation)? {
                InsertedInvitation::Created(id) => SandboxItemResult::Created { id: Some(id) },
                InsertedInvitation::Exists(id) => SandboxItemResult::Exists { id, role: None },
            })
        }),
    }
}

fn list(transaction: &Transaction<'_>, call: &ReceivedCall, organization: &str) -> Result<ApiAnswer, ApiError> {
    #[derive(Serialize)]
    struct ListedPage {
        invitations: Vec<StoredInvitation>,
        next_page_token: Option<String>,
    }
    organizations::need(transaction, organization)?;
    let of = vec![("organization_id", organization.to_owned())];
    let page = page(transaction, call, SELECT, of, StoredInvitation::from_row)?;
    ApiAnswer::json(200, &ListedPage { invitations: page.items, next_page_token: page.next_page_token })
}
