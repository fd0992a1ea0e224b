//! Delivers what the triggers of `webhooks` noted, one after the other, signed as the target's documentation says. Signatures
//! are made apart from the importer's own code: a mistake there must not be a mistake here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use rusqlite::{OptionalExtension, params};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use url::{Host, Url};

use super::api_error::ApiError;
use super::store::Database;
use crate::hexadecimal::hexadecimal;
use crate::http::{ClientError, PlainPoster, ReplyOutcome};

/// How long an endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a delivery is tried.
const ATTEMPTS: i64 = 3;

/// How long to wait before another attempt, and at most until somebody looks for deliveries without being asked to.
const PAUSE: Duration = Duration::from_millis(500);

/// What stands in place of a status if nothing was sent, or nothing came back.
const NO_ANSWER: u16 = 0;

/// Delivers what is noted.
#[derive(Clone, Debug)]
pub(super) struct Deliveries {
    wake: Arc<Notify>,
    poster: PlainPoster,
}

/// One delivery.
struct WebhookDelivery {
    number: i64,
    attempts: i64,
    url: String,
    secret: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Deliveries {
    /// Prepares deliveries.
    pub(super) fn new() -> Result<Self, ClientError> {
        Ok(Self { wake: Arc::default(), poster: PlainPoster::new(PATIENCE, None, None)? })
    }

    /// Something may have been noted.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Delivers for ever.
    pub(super) async fn run(self, store: Database) {
        loop {
            match next(&store).await {
                Ok(Some(delivery)) => self.deliver(&store, delivery).await,
                Ok(None) => {
                    // What another process noted in the same database is found all the same.
                    if timeout(PAUSE * 4, self.wake.notified()).await.is_err() {
                        tracing::trace!("nothing to deliver");
                    }
                }
                Err(error) => {
                    tracing::warn!(error = error.message, "deliveries cannot be read");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn deliver(&self, store: &Database, delivery: WebhookDelivery) {
        let WebhookDelivery { number, attempts, url, secret, headers, body } = delivery;
        let status = match Url::parse(&url).ok().filter(is_of_this_machine) {
            Some(url) => {
                let signed = sign(&secret, jiff::Timestamp::now().as_second(), &body);
                let own = headers.iter().map(|(name, value)| (name.as_str(), value.clone()));
                let headers: Vec<(&str, String)> = own.chain(signed).collect();
                match self.poster.post_with(url, &headers, body).await {
                    ReplyOutcome::Answered { status } => status,
                    _ => NO_ANSWER,
                }
            }
            // Nobody's machine gets anything from a rehearsal.
            None => return end(store, number, ATTEMPTS, Some(NO_ANSWER)).await,
        };
        let is_over = (200..300).contains(&status) || attempts + 1 >= ATTEMPTS;
        end(store, number, attempts + 1, is_over.then_some(status)).await;
        if !is_over {
            sleep(PAUSE).await;
        }
    }
}

/// The headers of a delivery.
fn sign(secret: &str, timestamp: i64, body: &[u8]) -> [(&'static str, String); 2] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, &[format!("{timestamp}.").as_bytes(), body].concat());
    let signature = hexadecimal(tag.as_ref());
    [("X-Avnology-Timestamp", timestamp.to_string()), ("X-Avnology-Signature", signature)]
}

fn is_of_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The oldest delivery that is not over.
async fn next(store: &Database) -> Result<Option<WebhookDelivery>, ApiError> {
    let read = |row: &rusqlite::Row<'_>| {
        let number: i64 = row.get(0)?;
        let payload = RawValue::from_string(row.get(4)?).unwrap_or_default();
        let body = json!({
            "event_id": format!("evt_{number}"), "event_type": row.get::<_, String>(2)?,
            "timestamp": row.get::<_, String>(3)?, "schema_version": "1", "actor_id": null, "actor_type": "system",
            "organization_id": null, "payload": payload,
        });
        Ok(WebhookDelivery {
            number,
            attempts: row.get(1)?,
            url: row.get(5)?,
            secret: row.get(6)?,
            headers: serde_json::from_str(&row.get::<_, String>(7)?).unwrap_or_default(),
            body: body.to_string().into_bytes(),
        })
    };
    let sql = "SELECT d.number, d.attempts, d.event_type, d.create_time, d.payload, w.url, w.secret, w.custom_headers \
               FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id \
               WHERE d.status IS NULL ORDER BY d.number LIMIT 1";
    store.transaction(move |transaction| Ok(transaction.prepare_cached(sql)?.query_row([], read).optional()?)).await
}

/// Notes what came of an attempt; a delivery with a status is over.
async fn end(store: &Database, number: i64, attempts: i64, status: Option<u16>) {
    let sql = "UPDATE webhook_deliveries SET attempts = ?2, status = ?3 WHERE number = ?1";
    let noted = store
        .transaction(move |transaction| {
            Ok(transaction.prepare_cached(sql)?.execute(params![number, attempts, status])?)
        })
        .await;
    if let Err(error) = noted {
        tracing::warn!(error = error.message, "what came of a delivery cannot be noted");
    }
}
