//! What the methods on identities do.

use rusqlite::Transaction;

use super::batch::{batch_create, batch_delete, batch_update};
use super::listing::{batch_get, list};
use super::method::IdentityMethod;
use super::request::{CreateIdentity, UpdateIdentity};
use super::stored::{StoredIdentity, get};
use super::table::{InsertedIdentity, delete, insert, set_state, update};
use super::validation;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::body::parse;
use crate::sandbox::call::{ApiAnswer, ReceivedCall};

/// Does what a call asks for.
pub(in crate::sandbox) fn perform(
    transaction: &Transaction<'_>,
    call: &ReceivedCall,
    method: &IdentityMethod,
) -> Result<ApiAnswer, ApiError> {
    match method {
        IdentityMethod::Create => create(transaction, &call.body),
        IdentityMethod::BatchCreate => batch_create(transaction, call),
        IdentityMethod::BatchUpdate => batch_update(transaction, call),
        IdentityMethod::BatchDelete => batch_delete(transaction, call),
        IdentityMethod::BatchGet => batch_get(transaction, call),
        IdentityMethod::List => list(transaction, call),
        IdentityMethod::Get(id) => get(transaction, id).and_then(|identity| identity.answer(200)),
        IdentityMethod::Update(id) => {
            let request: UpdateIdentity<'_> = parse(&call.body)?;
            matches_etag(&get(transaction, id)?, call)?;
            update(transaction, id, &request)?;
            get(transaction, id).and_then(|identity| identity.answer(200))
        }
        IdentityMethod::Delete(id) => {
            matches_etag(&get(transaction, id)?, call)?;
            delete(transaction, id)?;
            Ok(ApiAnswer::new(204, Vec::new()))
        }
        IdentityMethod::SetState(id, state) => {
            set_state(transaction, id, state)?;
            get(transaction, id).and_then(|identity| identity.answer(200))
        }
    }
}
fn create(transaction: &Transaction<'_>, body: &[u8]) -> Result<ApiAnswer, ApiError> {
    let request: CreateIdentity<'_> = parse(body)?;
    validation::check_new(transaction, &request.identity)?;
    let password = request.initial_password.as_deref().map(hash_password).transpose()?;
    if request.validate_only {
        return Ok(ApiAnswer::new(200, b"{}".to_vec()));
    }
    match insert(transaction, &request.identity, password.as_deref())? {
        InsertedIdentity::Created(id) => get(transaction, &id)?.answer(201),
        InsertedIdentity::Exists(_) => {
            Err(ApiError::conflict(Some("identity.external_id"), "an identity with this external_id exists"))
        }
        InsertedIdentity::Conflict(error) => Err(error),
    }
}

/// A real target would use Argon2id here. The sandbox needs bcrypt for imported hashes anyway.
fn hash_password(password: &str) -> Result<String, ApiError> {
    if password.chars().count() < 8 {
        return Err(ApiError::field("initial_password", "a password has at least 8 characters"));
    }
    bcrypt::hash(password, 10).map_err(|_| ApiError::internal(500, "the password cannot be hashed"))
}

fn matches_etag(identity: &StoredIdentity, call: &ReceivedCall) -> Result<(), ApiError> {
    match &call.if_match {
        Some(etag) if *etag != identity.etag() => Err(ApiError::conflict(None, "the identity has changed (ETag)")),
        _ => Ok(()),
    }
}
