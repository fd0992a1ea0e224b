//! What the methods on permissions do.

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::method::PermissionMethod;
use super::permission_tuple::PermissionTuple;
use super::table::{grant, is_there, revoke};
use crate::sandbox::api_error::ApiError;
use crate::sandbox::batch::{SandboxItemResult, each, each_request};
use crate::sandbox::body::parse;
use crate::sandbox::call::{ApiAnswer, ReceivedCall};
use crate::sandbox::list_page::page;

/// The columns that a list can be filtered by, each a query parameter.
const FILTERED: [&str; 4] = ["namespace", "object", "relation", "subject"];

/// The largest number of tuples of a `:batchCheck`.
const MAX_CHECKED: usize = 1_000;

#[derive(Serialize)]
struct Verdict {
    allowed: bool,
}

/// A body of `:batchDelete` and `:batchCheck`.
#[derive(Deserialize)]
struct Tuples {
    permissions: Vec<PermissionTuple>,
}

/// Does what a call asks for.
pub(in crate::sandbox) fn perform(
    transaction: &Transaction<'_>,
    call: &ReceivedCall,
    method: &PermissionMethod,
) -> Result<ApiAnswer, ApiError> {
    match method {
        PermissionMethod::Grant => {
            let tuple: PermissionTuple = parse(&call.body)?;
            tuple.check()?;
            if grant(transaction, &tuple)? {
                ApiAnswer::json(201, &tuple)
            } else {
                Err(ApiError::conflict(None, "this tuple exists"))
            }
        }
        PermissionMethod::List => list(transaction, call),
        PermissionMethod::Revoke => {
            delete(transaction, &named(call)?)?;
            Ok(ApiAnswer::new(204, Vec::new()))
        }
        PermissionMethod::Check => verdict(transaction, &parse(&call.body)?).and_then(|v| ApiAnswer::json(200, &v)),
        PermissionMethod::BatchCreate => batch_create(transaction, call),
        PermissionMethod::BatchDelete => {
            let request: Tuples = parse(&call.body)?;
            each(call, request.permissions, |tuple| {
                delete(transaction, &tuple)?;
                Ok(SandboxItemResult::Deleted { id: tuple.to_string() })
            })
        }
        PermissionMethod::BatchCheck => batch_check(transaction, call),
    }
}

/// The tuple that a call of `DELETE` names: in its body, or in its query if it has none.
fn named(call: &ReceivedCall) -> Result<PermissionTuple, ApiError> {
    if !call.body.is_empty() {
        return parse(&call.body);
    }
    let value = |name| call.query(name).unwrap_or_default().to_owned();
    let [namespace, object, relation, subject] = FILTERED.map(value);
    Ok(PermissionTuple { namespace, object, relation, subject })
}

fn delete(transaction: &Transaction<'_>, tuple: &PermissionTuple) -> Result<(), ApiError> {
    tuple.check()?;
    if revoke(transaction, tuple)? { Ok(()) } else { Err(ApiError::not_found("the tuple")) }
}

fn verdict(transaction: &Transaction<'_>, tuple: &PermissionTuple) -> Result<Verdict, ApiError> {
    tuple.check()?;
    Ok(Verdict { allowed: is_there(transaction, tuple)? })
}

fn list(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    #[derive(Serialize)]
    struct ListedPage {
        permissions: Vec<PermissionTuple>,
        next_page_token: Option<String>,
    }
    let given = FILTERED.iter().filter_map(|name| call.query(name).map(|value| (*name, value.to_owned())));
    let select = "SELECT number, namespace, object, relation, subject FROM permissions";
    let page = page(transaction, call, select, given.collect(), PermissionTuple::from_row)?;
    ApiAnswer::json(200, &ListedPage { permissions: page.items, next_page_token: page.next_page_token })
}

fn batch_create(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    #[derive(Deserialize)]
    struct Item {
        permission: PermissionTuple,
    }
    each_request(call, |item, validate_only| {
        let Item { permission: tuple } = parse(item)?;
        tuple.check()?;
        if validate_only {
            return Ok(SandboxItemResult::Created { id: None });
        }
        let id = tuple.to_string();
        Ok(if grant(transaction, &tuple)? {
            SandboxItemResult::Created { id: Some(id) }
        } else {
            SandboxItemResult::Exists { id, role: None }
        })
    })
}

fn batch_check(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    #[derive(Serialize)]
    struct Verdicts {
        results: Vec<Verdict>,
    }
    let request: Tuples = parse(&call.body)?;
    if request.permissions.len() > MAX_CHECKED {
        return Err(ApiError::validation(format!("at most {MAX_CHECKED} items at a time")));
    }
    let results = request.permissions.iter().map(|tuple| verdict(transaction, tuple)).collect::<Result<_, _>>()?;
    ApiAnswer::json(200, &Verdicts { results })
}
