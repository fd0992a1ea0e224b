//! The table of endpoints.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::sandbox::api_error::ApiError;
use crate::sandbox::clock::now;

/// The events that any page of the target names.
const EVENTS: [&str; 24] = [
    "directory.sync.completed",
    "mfa.enrolled",
    "mfa.removed",
    "oauth.consent.granted",
    "oauth.consent.revoked",
    "organization.created",
    "organization.member.added",
    "organization.member.removed",
    "organization.updated",
    "session.created",
    "session.revoked",
    "sso.connection.created",
    "user.created",
    "user.deleted",
    "user.deletion_cancelled",
    "user.deletion_scheduled",
    "user.disabled",
    "user.email_verified",
    "user.enabled",
    "user.mfa_enrolled",
    "user.mfa_removed",
    "user.password_changed",
    "user.phone_verified",
    "user.updated",
];

/// What callers say about an endpoint.
#[derive(Debug, Deserialize)]
pub(super) struct WebhookFields<'a> {
    #[serde(borrow, default)]
    url: Cow<'a, str>,
    #[serde(default)]
    events: Vec<String>,
    #[serde(borrow, default)]
    description: Option<Cow<'a, str>>,
    /// Callers who say nothing have deliveries at once.
    #[serde(default)]
    active: Option<bool>,
    #[serde(default)]
    organization_id: Option<String>,
    #[serde(default)]
    custom_headers: BTreeMap<String, String>,
}

/// An endpoint as answers show it.
#[derive(Serialize)]
pub(super) struct StoredWebhook {
    id: String,
    url: String,
    events: Vec<String>,
    description: Option<String>,
    active: bool,
    organization_id: Option<String>,
    custom_headers: BTreeMap<String, String>,
    create_time: String,
    update_time: String,
    /// Only where the secret is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// What makes an endpoint.
pub(super) const SELECT: &str = "SELECT number, id, url, events, description, active, organization_id, custom_headers, \
                                 create_time, update_time FROM webhooks";

impl StoredWebhook {
    /// An endpoint from a row of [`SELECT`].
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(1)?,
            url: row.get(2)?,
            events: serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default(),
            description: row.get(4)?,
            active: row.get(5)?,
            organization_id: row.get(6)?,
            custom_headers: serde_json::from_str(&row.get::<_, String>(7)?).unwrap_or_default(),
            create_time: row.get(8)?,
            update_time: row.get(9)?,
            secret: None,
        })
    }

    /// An endpoint with its secret.
    pub(super) fn with_secret(self, secret: String) -> Self {
        Self { secret: Some(secret), ..self }
    }
}

/// Refuses an endpoint with a wrong value.
fn check(fields: &WebhookFields<'_>) -> Result<(), ApiError> {
    let url = url::Url::parse(&fields.url).ok().filter(|_| fields.url.len() <= 2048);
    let is_here = |url: &url::Url| match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if !url.is_some_and(|url| url.scheme() == "https" || url.scheme() == "http" && is_here(&url)) {
        return Err(ApiError::field("url", "this must be a URL with https"));
    }
    let distinct: BTreeSet<&String> = fields.events.iter().collect();
    let is_known = |event: &&String| EVENTS.contains(&event.as_str());
    if distinct.is_empty() || distinct.len() < fields.events.len() || !distinct.iter().all(is_known) {
        return Err(ApiError::field("events", "these must be events that there are, each once"));
    }
    if fields.description.as_ref().is_some_and(|text| text.chars().count() > 500) {
        return Err(ApiError::field("description", "this has at most 500 characters"));
    }
    Ok(())
}

/// A secret that nobody can guess.
fn new_secret() -> String {
    let bytes: Vec<u8> =
        [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].iter().flat_map(uuid::Uuid::as_bytes).copied().collect();
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// Inserts an endpoint; returns it with its secret.
pub(super) fn insert(transaction: &Transaction<'_>, fields: &WebhookFields<'_>) -> Result<StoredWebhook, ApiError> {
    check(fields)?;
    let (id, secret, now) = (format!("whk_{}", uuid::Uuid::now_v7().simple()), new_secret(), now());
    let text = |error: serde_json::Error| ApiError::internal(500, error.to_string());
    transaction.execute(
        "INSERT INTO webhooks (id, url, events, description, active, organization_id, custom_headers, secret, create_time, \
         update_time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
        params![
            id,
            fields.url,
            serde_json::to_string(&fields.events).map_err(text)?,
            fields.description,
            fields.active.unwrap_or(true),
            fields.organization_id,
            serde_json::to_string(&fields.custom_headers).map_err(text)?,
            secret,
            now,
        ],
    )?;
    Ok(get(transaction, &id)?.with_secret(secret))
}

/// The endpoint with this id.
pub(super) fn get(transaction: &Transaction<'_>, id: &str) -> Result<StoredWebhook, ApiError> {
    transaction
        .prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
        .query_row([id], StoredWebhook::from_row)
        .optional()?
        .ok_or_else(|| ApiError::not_found("the webhook"))
}

/// Deletes an endpoint, and what was to be delivered to it.
pub(super) fn delete(transaction: &Transaction<'_>, id: &str) -> Result<(), ApiError> {
    transaction.execute("DELETE FROM webhook_deliveries WHERE webhook_id = ?1", [id])?;
    let deleted = transaction.execute("DELETE FROM webhooks WHERE id = ?1", [id])?;
    if deleted == 0 { Err(ApiError::not_found("the webhook")) } else { Ok(()) }
}

/// Gives an endpoint a new secret.
pub(super) fn rotate(transaction: &Transaction<'_>, id: &str) -> Result<StoredWebhook, ApiError> {
    let secret = new_secret();
    let sql = "UPDATE webhooks SET secret = ?2, version = version + 1, update_time = ?3 WHERE id = ?1";
    transaction.execute(sql, params![id, secret, now()])?;
    Ok(get(transaction, id)?.with_secret(secret))
}
