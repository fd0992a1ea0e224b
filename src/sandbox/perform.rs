//! Does what a call asks for, within one transaction.

use rusqlite::Transaction;

use super::api_error::ApiError;
use super::call::{ApiAnswer, Method, ReceivedCall};
use super::{clients, idempotency, identities, invitations, members, organizations, permissions, webhooks};

/// Does what a call asks for. A call that changes something and has an idempotency key does so once.
pub(super) fn perform(transaction: &Transaction<'_>, call: &ReceivedCall) -> Result<ApiAnswer, ApiError> {
    idempotency::once(transaction, call, || match &call.method {
        Method::Identities(method) => identities::perform(transaction, call, method),
        Method::Organizations(method) => organizations::perform(transaction, call, method),
        Method::Members(method) => members::perform(transaction, call, method),
        Method::Invitations(method) => invitations::perform(transaction, call, method),
        Method::Permissions(method) => permissions::perform(transaction, call, method),
        Method::Clients(method) => clients::perform(transaction, call, method),
        Method::Webhooks(method) => webhooks::perform(transaction, call, method),
    })
}
