//! The table of OAuth clients.

use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::value::RawValue;

use super::client::{COLUMNS, OAuthClient, PUBLIC};
use super::fields::{ClientFields, UpdateClient};
use super::validation;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::assignments::Assignments;
use crate::sandbox::clock::now;
use crate::sandbox::secret::{digest_of, new_secret};

/// The client with this id.
pub(in crate::sandbox) fn find(transaction: &Transaction<'_>, id: &str) -> Result<Option<OAuthClient>, ApiError> {
    let mut statement = transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM oauth_clients WHERE id = ?1"))?;
    Ok(statement.query_row([id], OAuthClient::from_row).optional()?)
}

/// The client with this id, which has to be there.
pub(super) fn need(transaction: &Transaction<'_>, id: &str) -> Result<OAuthClient, ApiError> {
    find(transaction, id)?.ok_or_else(|| ApiError::not_found("the client"))
}

/// Whether this is the secret of a client. It compares digests, so that the time it takes reveals nothing about the secret.
pub(in crate::sandbox) fn has_secret(transaction: &Transaction<'_>, id: &str, secret: &str) -> Result<bool, ApiError> {
    let sql = "SELECT 1 FROM oauth_clients WHERE id = ?1 AND secret_digest = ?2";
    Ok(transaction.prepare_cached(sql)?.exists(params![id, digest_of(secret)])?)
}

/// Inserts a client, and gives it a secret unless it is public.
pub(super) fn insert(transaction: &Transaction<'_>, fields: &ClientFields<'_>) -> Result<OAuthClient, ApiError> {
    validation::check(fields)?;
    let Some(name) = &fields.client_name else { return Err(ApiError::field("client_name", "a name is required")) };
    let id = fields.client_id.clone().unwrap_or_else(|| format!("app_{}", uuid::Uuid::now_v7().simple()));
    let method = fields.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
    let secret = if method == PUBLIC { None } else { Some(new_secret()?) };
    if secret.is_none() && fields.grant_types.iter().flatten().any(|grant_type| grant_type == "client_credentials") {
        return Err(ApiError::field("grant_types", "a client without a secret has no client_credentials"));
    }
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO oauth_clients (id, client_name, redirect_uris, grant_types, response_types, scope, \
             token_endpoint_auth_method, client_uri, logo_uri, skip_consent, metadata, secret_digest, create_time, \
             update_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13)",
        )?
        .execute(params![
            id,
            name,
            list(fields.redirect_uris.as_deref(), &[])?,
            list(fields.grant_types.as_deref(), &["authorization_code"])?,
            list(fields.response_types.as_deref(), &["code"])?,
            fields.scope.as_deref().unwrap_or("openid"),
            method,
            fields.client_uri,
            fields.logo_uri,
            fields.skip_consent.unwrap_or(false),
            fields.metadata.map(RawValue::get),
            secret.as_deref().map(digest_of),
            now(),
        ])?;
    if inserted == 0 {
        return Err(ApiError::conflict(Some("client_id"), "a client with this id exists"));
    }
    let mut client = need(transaction, &id)?;
    client.client_secret = secret;
    Ok(client)
}

/// A list as the text of a column.
fn list(given: Option<&[String]>, default: &[&str]) -> Result<String, ApiError> {
    let text = given.map_or_else(|| serde_json::to_string(default), serde_json::to_string);
    text.map_err(|error| ApiError::internal(500, error.to_string()))
}

/// Sets the fields that the mask names; one that the body does not have gets its default.
pub(super) fn update(transaction: &Transaction<'_>, id: &str, request: &UpdateClient<'_>) -> Result<(), ApiError> {
    let fields = &request.client;
    validation::check(fields)?;
    let client = need(transaction, id)?;
    let mut changes = Assignments::default();
    for name in request.update_mask.split(',').map(str::trim) {
        match name {
            "client_name" if fields.client_name.is_some() => changes.set("client_name", fields.client_name.clone()),
            "redirect_uris" => changes.set("redirect_uris", list(fields.redirect_uris.as_deref(), &[])?),
            "grant_types" => changes.set("grant_types", list(fields.grant_types.as_deref(), &["authorization_code"])?),
            "response_types" => changes.set("response_types", list(fields.response_types.as_deref(), &["code"])?),
            "scope" => changes.set("scope", fields.scope.as_deref().unwrap_or("openid")),
            "client_uri" => changes.set("client_uri", fields.client_uri.as_deref()),
            "logo_uri" => changes.set("logo_uri", fields.logo_uri.as_deref()),
            "skip_consent" => changes.set("skip_consent", fields.skip_consent.unwrap_or(false)),
            "metadata" => changes.set("metadata", fields.metadata.map(RawValue::get)),
            "token_endpoint_auth_method" => {
                let method = fields.token_endpoint_auth_method.as_deref().unwrap_or("client_secret_basic");
                if (method == PUBLIC) != client.is_public() {
                    let message = "a client with a secret keeps it, and one without gets none";
                    return Err(ApiError::field("token_endpoint_auth_method", message));
                }
                changes.set("token_endpoint_auth_method", method);
            }
            _ => return Err(ApiError::field("update_mask", "the mask names a field that cannot be updated so")),
        }
    }
    changes.update(transaction, "oauth_clients", id).map(drop)
}

/// Deletes a client, and what people granted it.
pub(super) fn delete(transaction: &Transaction<'_>, id: &str) -> Result<(), ApiError> {
    need(transaction, id)?;
    for sql in [
        "DELETE FROM oauth_tokens WHERE grant_id IN (SELECT id FROM oauth_grants WHERE client_id = ?1)",
        "DELETE FROM oauth_grants WHERE client_id = ?1",
        "DELETE FROM oauth_clients WHERE id = ?1",
    ] {
        transaction.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

/// Gives a client a new secret; the old one ends.
pub(super) fn rotate_secret(transaction: &Transaction<'_>, id: &str) -> Result<String, ApiError> {
    if need(transaction, id)?.is_public() {
        return Err(ApiError::validation("a client whose method is none has no secret"));
    }
    let secret = new_secret()?;
    let mut changes = Assignments::default();
    changes.set("secret_digest", digest_of(&secret));
    changes.update(transaction, "oauth_clients", id)?;
    Ok(secret)
}
