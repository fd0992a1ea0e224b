//! Repeats a request that only reads, until it is answered or the budget is used up.

use tokio::time::{Instant, sleep};

use super::{Backoff, Client, Decision, Outcome, Reply, RetryBudget, TargetError, decide};

/// Repeats a request that may pass. An answer of success has to be `acceptable` too; other answers that waiting does not
/// change are handed back.
pub async fn insist<F: Future<Output = Reply>>(
    client: &Client,
    budget: &RetryBudget,
    request: impl Fn() -> F,
    acceptable: impl Fn(&Reply) -> bool,
) -> Result<Reply, TargetError> {
    let mut backoff = Backoff::new(budget, fastrand::Rng::new());
    let started = Instant::now();
    let mut attempt = 1;
    loop {
        let mut reply = request().await;
        if decide(reply.outcome) == Decision::Done && !acceptable(&reply) {
            reply.outcome = Outcome::Unreadable;
        }
        if decide(reply.outcome) != Decision::Retry {
            return Ok(reply);
        }
        let own = backoff.next().unwrap_or(budget.longest);
        let delay = reply.retry_after.unwrap_or(own).min(budget.longest);
        if attempt >= budget.attempts || started.elapsed() + delay > budget.total {
            return Err(TargetError::unreachable(client.base_url(), &reply));
        }
        sleep(delay).await;
        attempt += 1;
    }
}
