//! The user of the preflight, who is checked and never created; and what is done if a target creates it all the same.

use std::time::Duration;

use bytes::Bytes;

use super::{BATCH_DELETE, Client, Meaning, batch_results, deleted, meaning_of, read_list};
use crate::destination::ItemResult;
use crate::http::{Reply, ReplyOutcome, shown_request_id};
use crate::pace::RetryBudget;

/// Its key at the target.
pub(super) const PROBE_ID: &str = "avnology-migrate-preflight";

/// The request.
const PROBE: &str = r#"{"requests":[{"identity":{"external_id":"avnology-migrate-preflight","email":"preflight@avnology-migrate.invalid","traits":{}}}],"validate_only":true}"#;

/// The probe for a target without batch methods.
pub(super) const SINGLE_PROBE: &str = r#"{"identity":{"external_id":"avnology-migrate-preflight","email":"preflight@avnology-migrate.invalid","traits":{}},"validate_only":true}"#;

/// How often and how long a request of the preflight is tried: a single lost packet must not fail a nightly job, nor must a
/// target that asks to wait for a while.
pub(super) const fn budget(patience: Duration) -> RetryBudget {
    RetryBudget { attempts: 6, total: patience, base: Duration::from_millis(200), longest: Duration::from_secs(10) }
}

/// Asks the target to check a batch of one.
pub(super) async fn probe(client: &Client, key: &str) -> Reply {
    client.ask_batch_create(Bytes::from_static(PROBE.as_bytes()), key).await
}

/// Whether this is an answer to it.
pub(super) fn is_answer(reply: &Reply) -> bool {
    batch_results(&reply.body, 1).is_some()
}

/// Deletes the user of the probe if the answer shows that it is there, and logs it. No probe is sent any more then.
pub(super) async fn clean_up(client: &Client, reply: &Reply, patience: Duration) {
    let result = batch_results(&reply.body, 1).and_then(|mut results| results.pop());
    let id = match result {
        Some(ItemResult::Created { id: Some(id) }) => id,
        // Left by an earlier run. Nobody is deleted because of an id that is another one's.
        Some(ItemResult::Exists { id: Some(id) }) if is_the_probe(client, &id, patience).await => id,
        _ => return,
    };
    remove(client, &id, patience).await;
}

/// Deletes the user of the probe, who has this id, and logs it. No probe is sent any more then.
pub(super) async fn remove(client: &Client, id: &str, patience: Duration) {
    client.ask_to_check_no_more();
    let id = shown_request_id(id);
    let is_gone = match id {
        Some(id) => is_deleted(client, id, patience).await,
        None => false,
    };
    let what = "the target has created the user `avnology-migrate-preflight`, whom it was asked only to check";
    if is_gone {
        tracing::warn!(
            "{what} (it ignores `validate_only`); it was deleted again, and nothing more is checked this way"
        );
    } else {
        let id = id.unwrap_or("unknown");
        tracing::warn!(
            "{what} (it ignores `validate_only`), and does not delete it; delete it by hand, its id is {id}"
        );
    }
}

/// Whether the user with this id is the one of a probe.
async fn is_the_probe(client: &Client, id: &str, patience: Duration) -> bool {
    let is_list = |reply: &Reply| read_list(&reply.body).is_some();
    let Ok(reply) = client.until_answered(&budget(patience), || client.batch_get(&[PROBE_ID]), is_list).await else {
        return false;
    };
    let (found, _) = read_list(&reply.body).unwrap_or_default();
    found.iter().any(|found| found.external_id.as_deref() == Some(PROBE_ID) && found.id.as_deref() == Some(id))
}

async fn is_deleted(client: &Client, id: &str, patience: Duration) -> bool {
    let one = client.until_answered(&budget(patience), || client.delete(id), |_| true).await;
    match one.map(|reply| reply.outcome) {
        Ok(ReplyOutcome::Answered { status: 404 }) => {}
        Ok(outcome) if meaning_of(outcome) == Meaning::Done => return true,
        Ok(ReplyOutcome::Answered { status: 405 | 501 }) => {}
        _ => return false,
    }
    // It is gone, or there is no such method but the one for several.
    let body = Bytes::from(serde_json::json!({ "ids": [id] }).to_string());
    let key = format!("delete-{}", uuid::Uuid::new_v4());
    let request = || client.post(BATCH_DELETE, body.clone(), &key);
    let several = client.until_answered(&budget(patience), request, |reply| deleted(&reply.body, 1).is_some()).await;
    several.is_ok_and(|reply| deleted(&reply.body, 1).is_some_and(|gone| gone == [Ok(())]))
}
