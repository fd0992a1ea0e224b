//! What the methods on organizations do.

use rusqlite::{OptionalExtension, Transaction};
use serde::Serialize;

use super::method::OrganizationMethod;
use super::request::{CreateOrganization, OrganizationFields, UpdateOrganization};
use super::stored::{COLUMNS, StoredOrganization, answer};
use super::table::{InsertedOrganization, delete, insert, update};
use super::validation;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::batch::{SandboxItemResult, each_request};
use crate::sandbox::body::parse;
use crate::sandbox::call::{ApiAnswer, ReceivedCall};
use crate::sandbox::filter;
use crate::sandbox::list_page::page;

/// Columns that can be filtered by.
const FILTERED: &[&str] = &["external_id", "name", "slug"];

/// The largest number of external ids of a `:batchGet`.
const MAX_IDS: usize = 100;

#[derive(Serialize)]
struct ListedPage {
    organizations: Vec<StoredOrganization>,
    next_page_token: Option<String>,
}

/// Does what a call asks for.
pub(in crate::sandbox) fn perform(
    transaction: &Transaction<'_>,
    call: &ReceivedCall,
    method: &OrganizationMethod,
) -> Result<ApiAnswer, ApiError> {
    match method {
        OrganizationMethod::Create => create(transaction, call),
        OrganizationMethod::List => list(transaction, call),
        OrganizationMethod::Get(id) => answer(transaction, 200, id),
        OrganizationMethod::Update(id) => {
            update(transaction, id, &parse(&call.body)?)?;
            answer(transaction, 200, id)
        }
        OrganizationMethod::Delete(id) => {
            delete(transaction, id, call.query("force") == Some("true"))?;
            Ok(ApiAnswer::new(204, Vec::new()))
        }
        OrganizationMethod::BatchCreate => batch_create(transaction, call),
        OrganizationMethod::BatchUpdate => each_request(call, |item, _| {
            let request: UpdateOrganization<'_> = parse(item)?;
            let id = request.id.as_deref().ok_or_else(|| ApiError::field("id", "an id is required"))?;
            update(transaction, id, &request)?;
            Ok(SandboxItemResult::Updated { id: id.to_owned() })
        }),
        OrganizationMethod::BatchGet => batch_get(transaction, call),
    }
}

fn create(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    let fields: OrganizationFields<'_> = parse(&call.body)?;
    validation::check_new(&fields)?;
    match insert(transaction, &fields)? {
        InsertedOrganization::Created(id) => answer(transaction, 201, &id),
        InsertedOrganization::Exists(_) => {
            Err(ApiError::conflict(Some("organization.external_id"), "an organization with this external_id exists"))
        }
        InsertedOrganization::Conflict(error) => Err(error),
    }
}

fn batch_create(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    each_request(call, |item, validate_only| {
        let CreateOrganization { organization } = parse(item)?;
        validation::check_new(&organization)?;
        if validate_only {
            return Ok(SandboxItemResult::Created { id: None });
        }
        Ok(match insert(transaction, &organization)? {
            InsertedOrganization::Created(id) => SandboxItemResult::Created { id: Some(id) },
            InsertedOrganization::Exists(id) => SandboxItemResult::Exists { id, role: None },
            InsertedOrganization::Conflict(error) => error.into(),
        })
    })
}

fn list(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    let conditions = filter::parse(call.query("filter").unwrap_or_default(), FILTERED)?;
    let select = format!("SELECT {COLUMNS} FROM organizations");
    let page = page(transaction, call, &select, conditions, StoredOrganization::from_row)?;
    ApiAnswer::json(200, &ListedPage { organizations: page.items, next_page_token: page.next_page_token })
}

fn batch_get(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    let mut statement =
        transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM organizations WHERE external_id = ?1"))?;
    let mut organizations = Vec::new();
    for id in call.query_list("external_ids", MAX_IDS)? {
        organizations.extend(statement.query_row([id], StoredOrganization::from_row).optional()?);
    }
    ApiAnswer::json(200, &ListedPage { organizations, next_page_token: None })
}
