//! The documented way for a target without batch methods: one request an identity.
//!
//! Its answers are turned into the same per-item results as a batch's, so that all else stays the same.

use bytes::Bytes;

use super::batch::Item;
use super::send::Exchange;
use crate::avnology::{
    Client, Decision, ErrorBody, ItemResult, Outcome, Reply, decide, error_body, found_identity, identity,
};

/// Creates one identity.
pub(super) async fn create(client: &Client, item: &Item, body: Bytes, key: &str) -> Exchange {
    let reply = client.create(body, key).await;
    let status = match reply.outcome {
        Outcome::Answered { status } => status,
        Outcome::Unreadable | Outcome::Failed(_) => return Exchange::Undecided(reply),
    };
    if status == 409 {
        return existing(client, item, error_body(&reply.body)).await;
    }
    if decide(reply.outcome) != Decision::Done {
        return Exchange::Undecided(reply);
    }
    let Some(created) = identity(&reply.body) else {
        return Exchange::Undecided(Reply { outcome: Outcome::Unreadable, ..reply });
    };
    // A target that ignores `state` has let in somebody who is banned.
    if item.disabled && !matches!(created.state.as_deref(), Some("disabled" | "inactive")) {
        let reply = client.deactivate(&created.id, "disabled at Clerk").await;
        if decide(reply.outcome) != Decision::Done {
            return Exchange::Undecided(reply);
        }
    }
    Exchange::Results(vec![ItemResult::Created { id: Some(created.id) }])
}

/// Tells apart, by reading, an identity that is there already from another one that is in the way.
async fn existing(client: &Client, item: &Item, conflict: ErrorBody) -> Exchange {
    let reply = client.find(&item.external_id).await;
    if decide(reply.outcome) != Decision::Done {
        return Exchange::Undecided(reply);
    }
    match found_identity(&reply.body, &item.external_id) {
        Some(Some(found)) => Exchange::Results(vec![ItemResult::Exists { id: Some(found.id) }]),
        Some(None) => {
            let code = conflict.code.or_else(|| Some("AVNOLOGY_AUTH_903".to_owned()));
            Exchange::Results(vec![ItemResult::Error { error: ErrorBody { code, ..conflict } }])
        }
        None => Exchange::Undecided(Reply { outcome: Outcome::Unreadable, ..reply }),
    }
}
