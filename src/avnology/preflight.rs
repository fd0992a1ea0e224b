//! Finds out before the first record whether the target is there, wants us, and how it can be driven.

use std::time::Duration;

use super::errors::refused;
use super::probe::{PROBE_ID, budget, clean_up, is_answer, probe};
use super::{Client, Meaning, batch_results, meaning_of, read_list};
use crate::destination::{ItemResult, TargetError};
use crate::http::{Reply, ReplyOutcome, is_transient};
use crate::pace::{PaceSignal, RetryBudget};

/// How a target can be driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether it has the batch methods; without them users are created one by one.
    pub batch: bool,
}

/// Asks the target for its first identity (key, scope, reachability), then validates a batch of one.
/// It waits no longer than `patience` for either.
pub async fn preflight(client: &Client, patience: Duration) -> Result<Capabilities, TargetError> {
    let key = format!("preflight-{}", uuid::Uuid::new_v4());
    let (capabilities, probed) = probe_target(client, patience, || probe(client, &key), is_answer).await?;
    clean_up(client, &probed, patience).await;
    Ok(capabilities)
}

/// Whether the target still takes a batch as it should, with which nothing is wrong. Only for one that [`Client::may_ask_to_check`].
pub async fn answers_probe_batch(client: &Client) -> (bool, PaceSignal) {
    let key = format!("preflight-{}", uuid::Uuid::new_v4());
    let reply = probe(client, &key).await;
    let answers_probe_batch = meaning_of(reply.outcome) == Meaning::Done
        && batch_results(&reply.body, 1).is_some_and(|results| !results.iter().any(ItemResult::is_transient));
    clean_up(client, &reply, RetryBudget::default().longest).await;
    (answers_probe_batch, reply.pace_signal(is_transient))
}

/// The preflight of `verify` and `undo`, whose key may be one that can only read.
pub async fn preflight_reading(client: &Client, patience: Duration) -> Result<Capabilities, TargetError> {
    let probe = || client.batch_get(&[PROBE_ID]);
    let probed = probe_target(client, patience, probe, |reply| read_list(&reply.body).is_some()).await?;
    Ok(probed.0)
}

async fn probe_target<F: Future<Output = Reply>>(
    client: &Client,
    patience: Duration,
    probe: impl Fn() -> F,
    acceptable: impl Fn(&Reply) -> bool,
) -> Result<(Capabilities, Reply), TargetError> {
    let is_list = |reply: &Reply| read_list(&reply.body).is_some();
    let listed = client.until_answered(&budget(patience), || client.list(None, 1), is_list).await?;
    if meaning_of(listed.outcome) != Meaning::Done {
        return Err(refused(client.base_url(), &listed));
    }
    let probed = client.until_answered(&budget(patience), probe, acceptable).await?;
    match probed.outcome {
        outcome if outcome.is_no_method() => Ok((Capabilities { batch: false }, probed)),
        ReplyOutcome::Answered { status: 200..=299 } => Ok((Capabilities { batch: true }, probed)),
        _ => Err(refused(client.base_url(), &probed)),
    }
}
