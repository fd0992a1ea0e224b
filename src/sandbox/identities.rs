//! The methods on identities; each runs within one transaction.

use rusqlite::Transaction;

use super::api_error::ApiError;
use super::batch::{batch_create, batch_delete, batch_update};
use super::call::{ApiAnswer, Call, Method};
use super::identity_table::{Inserted, delete, insert, set_state, update};
use super::listing::{batch_get, list};
use super::request::{CreateRequest, UpdateRequest, parse};
use super::stored_identity::{StoredIdentity, get};
use super::{idempotency, validation};

/// Does what a call asks for.
pub(super) fn perform(transaction: &Transaction<'_>, call: &Call) -> Result<ApiAnswer, ApiError> {
    match &call.method {
        Method::Create => idempotency::once(transaction, call, || create(transaction, &call.body)),
        Method::BatchCreate => idempotency::once(transaction, call, || batch_create(transaction, call)),
        Method::BatchUpdate => idempotency::once(transaction, call, || batch_update(transaction, call)),
        Method::BatchDelete => idempotency::once(transaction, call, || batch_delete(transaction, &call.body)),
        Method::BatchGet => batch_get(transaction, call),
        Method::List => list(transaction, call),
        Method::Get(id) => get(transaction, id).and_then(|identity| identity.answer(200)),
        Method::Update(id) => {
            let request: UpdateRequest<'_> = parse(&call.body)?;
            matches_etag(&get(transaction, id)?, call)?;
            update(transaction, id, &request)?;
            get(transaction, id).and_then(|identity| identity.answer(200))
        }
        Method::Delete(id) => {
            matches_etag(&get(transaction, id)?, call)?;
            delete(transaction, id)?;
            Ok(ApiAnswer::new(204, Vec::new()))
        }
        Method::SetState(id, state) => {
            set_state(transaction, id, state)?;
            get(transaction, id).and_then(|identity| identity.answer(200))
        }
    }
}

fn create(transaction: &Transaction<'_>, body: &[u8]) -> Result<ApiAnswer, ApiError> {
    let request: CreateRequest<'_> = parse(body)?;
    validation::check_new(&request.identity)?;
    let password = request.initial_password.as_deref().map(hash_password).transpose()?;
    if request.validate_only {
        return Ok(ApiAnswer::new(200, b"{}".to_vec()));
    }
    match insert(transaction, &request.identity, password.as_deref())? {
        Inserted::Created(id) => get(transaction, &id)?.answer(201),
        Inserted::Exists(_) => {
            Err(ApiError::conflict(Some("identity.external_id"), "an identity with this external_id exists"))
        }
        Inserted::Conflict(error) => Err(error),
    }
}

/// A real target would use Argon2id here. The sandbox needs bcrypt for imported hashes anyway.
fn hash_password(password: &str) -> Result<String, ApiError> {
    if password.chars().count() < 8 {
        return Err(ApiError::field("initial_password", "a password has at least 8 characters"));
    }
    bcrypt::hash(password, 10).map_err(|_| ApiError::internal(500, "the password cannot be hashed"))
}

fn matches_etag(identity: &StoredIdentity, call: &Call) -> Result<(), ApiError> {
    match &call.if_match {
        Some(etag) if *etag != identity.etag() => Err(ApiError::conflict(None, "the identity has changed (ETag)")),
        _ => Ok(()),
    }
}
