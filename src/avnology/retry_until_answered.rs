//! Repeats a request that only reads, until it is answered or the budget is used up.

use tokio::time::{Instant, sleep};

use super::{Backoff, Client, Decision, Reply, ReplyOutcome, RetryBudget, TargetError, decide};

/// Repeats a request that may pass. An answer of success has to be `acceptable` too; other answers that waiting does not
/// change are handed back.
pub async fn retry_until_answered<F: Future<Output = Reply>>(
    client: &Client,
    budget: &RetryBudget,
    request: impl Fn() -> F,
    acceptable: impl Fn(&Reply) -> bool,
) -> Result<Reply, TargetError> {
    retry_while(client, budget, request, acceptable, || true).await
}

/// Repeats a request like [`retry_until_answered`], and only as long as `keep_trying` says so.
pub async fn retry_while<F: Future<Output = Reply>>(
    client: &Client,
    budget: &RetryBudget,
    request: impl Fn() -> F,
    acceptable: impl Fn(&Reply) -> bool,
    keep_trying: impl Fn() -> bool,
) -> Result<Reply, TargetError> {
    let mut backoff = Backoff::new(budget, fastrand::Rng::new());
    // Waiting for the first answer may be waiting for a turn.
    let mut failing_since = None;
    let (mut attempt, mut was_refused) = (1, false);
    loop {
        let mut reply = request().await;
        if decide(reply.outcome) == Decision::Done && !acceptable(&reply) {
            reply = reply.unreadable();
        }
        if decide(reply.outcome) != Decision::Retry {
            return Ok(reply);
        }
        let own = backoff.next().unwrap_or(budget.longest);
        let refused = reply.outcome == (ReplyOutcome::Answered { status: 429 });
        // One refusal that asks for a longer wait than the budget has is believed only when the target repeats it.
        let doubted = refused && !std::mem::replace(&mut was_refused, true);
        // Asking again before the target wants it costs a refusal, and more.
        let delay = reply.retry_after.filter(|wait| *wait <= budget.total || !doubted).unwrap_or(own);
        let failing_for = failing_since.get_or_insert_with(Instant::now).elapsed();
        if attempt >= budget.attempts || failing_for + delay > budget.total || !keep_trying() {
            return Err(match reply.retry_after {
                Some(wait) if wait > budget.total => TargetError::asks_to_wait(client.base_url(), &reply, wait),
                _ => TargetError::unreachable(client.base_url(), &reply),
            });
        }
        sleep(delay).await;
        // A wait that the target asked for uses up time, and no attempt.
        attempt += u32::from(!refused);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use super::*;
    use crate::avnology::{ClientOptions, KeySource, Timeouts};

    fn client() -> Client {
        let options = ClientOptions {
            base_url: "http://127.0.0.1:9".parse().unwrap(),
            secret_key: "key".to_owned().into(),
            key_source: KeySource::Given(None),
            timeouts: Timeouts::default(),
            certificates: None,
            proxy: None,
        };
        Client::new(&options).unwrap()
    }

    /// When requests were made, and whether one was answered.
    async fn asked(budget: RetryBudget, refusals: usize, retry_after: Duration) -> (Vec<Duration>, bool) {
        let (start, asked) = (Instant::now(), RefCell::new(Vec::new()));
        let request = || async {
            asked.borrow_mut().push(start.elapsed());
            let status = if asked.borrow().len() <= refusals { 429 } else { 200 };
            let retry_after = (status == 429).then_some(retry_after);
            Reply { retry_after, ..Reply::none(ReplyOutcome::Answered { status }) }
        };
        let answered = retry_until_answered(&client(), &budget, request, |_| true).await.is_ok();
        (asked.into_inner(), answered)
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_that_says_when_is_asked_then_and_not_before() {
        let budget = RetryBudget { attempts: 3, total: Duration::from_mins(10), ..RetryBudget::default() };
        let (times, answered) = asked(budget, 5, Duration::from_secs(45)).await;
        assert!(answered, "a wait that the target asked for uses up no attempt");
        assert_eq!(times.len(), 6);
        assert!(times.windows(2).all(|pair| pair[1] >= pair[0] + Duration::from_secs(45)), "{times:?}");
        let (times, answered) = asked(budget, 100, Duration::from_secs(45)).await;
        assert!(!answered && times.len() == 14, "the time is bounded: {times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_turn_is_not_failing() {
        let asked = RefCell::new(0);
        let request = || async {
            // Its turn comes late: the rate is slow, and others were first.
            sleep(Duration::from_mins(4)).await;
            *asked.borrow_mut() += 1;
            Reply::none(ReplyOutcome::Answered { status: if *asked.borrow() == 1 { 503 } else { 200 } })
        };
        let answered = retry_until_answered(&client(), &RetryBudget::default(), request, |_| true).await;
        assert!(answered.is_ok(), "given up after {} request: {answered:?}", asked.borrow());
    }
}
