//! The tokens of a grant.

use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;
use serde_json::json;

use super::grant::{Grant, end, now, spend, with_id};
use super::oauth_error::OAuthError;
use super::signing_key::SigningKey;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::clients::OAuthClient;
use crate::sandbox::secret::{digest_of, new_secret};

/// How long an access token and an id token are good, in seconds: as the target's documentation shows it.
const ACCESS_SECONDS: i64 = 900;

/// How long a refresh token is good: 30 days.
const REFRESH_SECONDS: i64 = 30 * 24 * 60 * 60;

/// What the token endpoint answers.
#[derive(Debug, Serialize)]
pub(super) struct IssuedTokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Issues what a grant comes to. `scope` is the grant's, or a part of it.
pub(super) fn issue(
    transaction: &Transaction<'_>,
    issuer: &str,
    client: &OAuthClient,
    grant: &Grant,
    scope: &str,
) -> Result<IssuedTokens, ApiError> {
    let (key, now) = (SigningKey::of(transaction)?, now());
    let has = |name| scope.split(' ').any(|granted| granted == name);
    let subject = grant.identity_id.as_deref().unwrap_or(&client.client_id);
    let (client_id, expires) = (&client.client_id, now + ACCESS_SECONDS);
    let claims = json!({
        "iss": issuer, "sub": subject, "aud": client_id, "client_id": client_id, "scope": scope, "iat": now, "exp": expires,
        "jti": new_secret()?,
    });
    let access_token = key.sign("at+jwt", &claims)?;
    StoredToken { kind: "access", grant_id: &grant.id, scope, expires }.store(transaction, &access_token)?;
    let is_personal = grant.identity_id.is_some();
    let id_token = if is_personal && has("openid") {
        let mut claims = json!({
            "iss": issuer, "sub": subject, "aud": client_id, "iat": now, "exp": expires, "auth_time": grant.signed_in_unix,
        });
        if let Some(nonce) = &grant.nonce {
            claims["nonce"] = json!(nonce);
        }
        Some(key.sign("JWT", &claims)?)
    } else {
        None
    };
    let refresh_token = if is_personal && client.may_use("refresh_token") && grant.has_scope("offline_access") {
        let token = new_secret()?;
        let expires = now + REFRESH_SECONDS;
        StoredToken { kind: "refresh", grant_id: &grant.id, scope: &grant.scope, expires }
            .store(transaction, &token)?;
        Some(token)
    } else {
        None
    };
    spend(transaction, &grant.id, if refresh_token.is_some() { now + REFRESH_SECONDS } else { expires })?;
    let scope = scope.to_owned();
    Ok(IssuedTokens { access_token, token_type: "Bearer", expires_in: ACCESS_SECONDS, scope, id_token, refresh_token })
}

/// A token as it is kept.
struct StoredToken<'a> {
    kind: &'static str,
    grant_id: &'a str,
    scope: &'a str,
    expires: i64,
}

impl StoredToken<'_> {
    fn store(&self, transaction: &Transaction<'_>, token: &str) -> Result<(), ApiError> {
        let Self { kind, grant_id, scope, expires } = self;
        let sql = "INSERT INTO oauth_tokens (digest, kind, grant_id, scope, expires_unix) VALUES (?1, ?2, ?3, ?4, ?5)";
        transaction.prepare_cached(sql)?.execute(params![digest_of(token), kind, grant_id, scope, expires])?;
        Ok(())
    }
}

/// The grant of an access token, with the token's scopes.
pub(super) fn of_access_token(transaction: &Transaction<'_>, token: &str) -> Result<Option<Grant>, ApiError> {
    let sql = "SELECT grant_id, scope FROM oauth_tokens WHERE digest = ?1 AND kind = 'access' AND expires_unix > ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    let found: Option<(String, String)> =
        statement.query_row(params![digest_of(token), now()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, scope)) = found else { return Ok(None) };
    Ok(with_id(transaction, &id)?.map(|grant| Grant { scope, ..grant }))
}

/// The grant of a refresh token. One that was used before is in the wrong hands: then the grant ends, and all its tokens with it.
pub(super) fn of_refresh_token(
    transaction: &Transaction<'_>,
    client: &OAuthClient,
    token: &str,
) -> Result<Grant, OAuthError> {
    const UNKNOWN: OAuthError = OAuthError::grant("the refresh token is unknown, was used or has expired");
    let sql =
        "SELECT grant_id, is_spent FROM oauth_tokens WHERE digest = ?1 AND kind = 'refresh' AND expires_unix > ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    let found: Option<(String, bool)> =
        statement.query_row(params![digest_of(token), now()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, is_spent)) = found else { return Err(UNKNOWN) };
    let grant = with_id(transaction, &id)?.filter(|grant| grant.client_id == client.client_id);
    let Some(grant) = grant else { return Err(UNKNOWN) };
    if is_spent {
        end(transaction, &grant.id)?;
        return Err(UNKNOWN);
    }
    Ok(grant)
}

/// Notes that a refresh token was used.
pub(super) fn use_up(transaction: &Transaction<'_>, token: &str) -> Result<(), ApiError> {
    let sql = "UPDATE oauth_tokens SET is_spent = 1 WHERE digest = ?1";
    transaction.prepare_cached(sql)?.execute([digest_of(token)])?;
    Ok(())
}
