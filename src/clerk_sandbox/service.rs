//! From a request to its answer: key, rate limit, dispatch, in that order.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use rusqlite::Transaction;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::documented::{OF_INVITATIONS, USER_COUNT};
use super::failed_call::{FailedCall, answer};
use super::kind::Kind;
use super::operation::Operation;
use super::page::{count, page, with_members_count, without};
use super::query::Query;
use super::rate_window::RateWindow;
use super::record::Record;
use super::store::{self, TenantStore};
use super::users;

/// The largest body that is read.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// What all calls share.
#[derive(Debug)]
pub(super) struct Service {
    pub store: TenantStore,
    pub secret_key: SecretString,
    pub window: Option<Mutex<RateWindow>>,
    /// `production` or `development`, of which the key is.
    pub environment: &'static str,
}

/// All routes.
pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new().fallback(serve).with_state(service)
}

async fn serve(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let admitted = service.admit(&head.headers);
    // Read even when the answer is known already: a sender that is cut off in the middle might never see it.
    let body = axum::body::to_bytes(body, MAX_BODY).await;
    let body = body.map_err(|_| FailedCall::new(413, "request_body_too_large", "The body is too large."));
    let query = Query::of(head.uri.query());
    let answered = match admitted.and(body) {
        Ok(body) => service.perform(head.method.as_str(), head.uri.path(), query, body.to_vec()).await,
        Err(error) => Err(error),
    };
    answered.map_or_else(|error| error.response(), |body| answer(200, body))
}

impl Service {
    /// Fails if the key is wrong or comes too often. Digests are compared, so that the time taken says nothing about the key.
    fn admit(&self, headers: &HeaderMap) -> Result<(), FailedCall> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(FailedCall::authentication)?;
        if Sha256::digest(given) != Sha256::digest(self.secret_key.expose_secret()) {
            return Err(FailedCall::authentication());
        }
        let Some(window) = &self.window else { return Ok(()) };
        let admitted = window.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
        admitted.map_err(|seconds| FailedCall::rate_limited(Some(seconds)))
    }

    async fn perform(&self, method: &str, path: &str, query: Query, body: Vec<u8>) -> Result<Vec<u8>, FailedCall> {
        let store = &self.store;
        match Operation::of(method, path)? {
            Operation::Page(list, owner) => {
                store.read(move |connection| page(connection, list, owner.as_ref(), &query)).await
            }
            Operation::CountUsers => {
                let count = store.read(move |connection| count(connection, &USER_COUNT, &query)).await?;
                Ok(json!({"object": "total_count", "total_count": count}).to_string().into_bytes())
            }
            Operation::Get(kind, id) => {
                let counts_members = kind == Kind::Organizations && query.flag("include_members_count")? == Some(true);
                store
                    .read(move |connection| {
                        let record = store::find(connection, kind, &id)?;
                        Ok(if counts_members { with_members_count(connection, &record)? } else { record })
                    })
                    .await
                    .map(String::into_bytes)
            }
            Operation::GetInvitation(organization, id) => {
                store
                    .read(move |connection| {
                        let record = store::find(connection, Kind::OrganizationInvitations, &id)?;
                        let is_of = Record::of(Kind::OrganizationInvitations, record.as_bytes())
                            .is_ok_and(|record| record.organization_id == Some(organization));
                        if is_of {
                            Ok(without(&record, OF_INVITATIONS).into_bytes())
                        } else {
                            Err(FailedCall::not_found())
                        }
                    })
                    .await
            }
            Operation::GetSingle(kind) => {
                let found = store.read(move |connection| store::only(connection, kind)).await?;
                let found = found.or_else(|| (kind == Kind::Instance).then(|| self.instance()));
                found.map(String::into_bytes).ok_or_else(FailedCall::not_found)
            }
            writing => store.change(move |transaction| write(transaction, writing, &body)).await,
        }
    }

    /// What is known of the instance of an export that does not have it.
    fn instance(&self) -> String {
        let instance = json!({
            "object": "instance", "id": "ins_sandbox", "environment_type": self.environment,
            "allowed_origins": null, "workspace_id": null,
        });
        instance.to_string()
    }
}

fn write(transaction: &Transaction<'_>, call: Operation, body: &[u8]) -> Result<Vec<u8>, FailedCall> {
    match call {
        Operation::CreateUser => users::create(transaction, body),
        Operation::UpdateUser(id) => users::update(transaction, &id, body),
        Operation::MergeMetadata(id) => users::metadata(transaction, &id, body, true),
        Operation::ReplaceMetadata(id) => users::metadata(transaction, &id, body, false),
        Operation::SetFlag(id, flag, to) => users::set_flag(transaction, &id, flag, to),
        Operation::DeleteUser(id) => users::delete(transaction, &id),
        Operation::Put(kind, id) => {
            let record = Record::of(kind, body).map_err(|fault| FailedCall::body(fault.to_string()))?;
            if record.id != id {
                return Err(FailedCall::body("The record has another `id` than the path."));
            }
            store::put(transaction, kind, &record)?;
            Ok(record.text.into_bytes())
        }
        Operation::Delete(kind, id) => {
            store::delete(transaction, kind, &id)?;
            Ok(json!({"object": kind.name(), "id": id, "deleted": true}).to_string().into_bytes())
        }
        _ => Err(FailedCall::method()),
    }
}
