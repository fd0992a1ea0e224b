//! Repeats a request until it is answered or the budget is used up.

use tokio::time::{Instant, sleep};

use super::{GaveUp, Reply, TransientRule};
use crate::pace::{Backoff, RetryBudget};

/// Repeats a request as long as its outcome is transient. An answer of success has to be `acceptable` too; other answers that
/// waiting does not change are handed back.
pub async fn retry_until_answered<F: Future<Output = Reply>>(
    budget: &RetryBudget,
    is_transient: TransientRule,
    request: impl Fn() -> F,
    acceptable: impl Fn(&Reply) -> bool,
) -> Result<Reply, GaveUp> {
    retry_while(budget, is_transient, request, acceptable, || true).await
}

/// Repeats a request like [`retry_until_answered`], and only as long as `keep_trying` says so.
pub async fn retry_while<F: Future<Output = Reply>>(
    budget: &RetryBudget,
    is_transient: TransientRule,
    request: impl Fn() -> F,
    acceptable: impl Fn(&Reply) -> bool,
    keep_trying: impl Fn() -> bool,
) -> Result<Reply, GaveUp> {
    let mut backoff = Backoff::new(budget, fastrand::Rng::new());
    // Waiting for the first answer may be waiting for a turn.
    let mut failing_since = None;
    let (mut attempt, mut was_refused) = (1, false);
    loop {
        let mut reply = request().await;
        if reply.outcome.is_success() && !acceptable(&reply) {
            reply = reply.into_unreadable();
        }
        if !is_transient(reply.outcome) {
            return Ok(reply);
        }
        let own = backoff.next().unwrap_or(budget.longest);
        let refused = reply.outcome.is_throttled();
        // One refusal that asks for a longer wait than the budget has is believed only when it is repeated.
        let doubted = refused && !std::mem::replace(&mut was_refused, true);
        // Asking again before the other side wants it costs a refusal, and more.
        let delay = reply.retry_after.filter(|wait| *wait <= budget.total || !doubted).unwrap_or(own);
        let failing_for = failing_since.get_or_insert_with(Instant::now).elapsed();
        if attempt >= budget.attempts || failing_for + delay > budget.total || !keep_trying() {
            let asks_to_wait = reply.retry_after.filter(|wait| *wait > budget.total);
            return Err(GaveUp { reply, asks_to_wait });
        }
        sleep(delay).await;
        // A wait that the other side asked for uses up time, and no attempt.
        attempt += u32::from(!refused);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use super::*;
    use crate::http::{ReplyOutcome, is_transient};

    /// When requests were made, and whether one was answered.
    async fn asked(budget: RetryBudget, refusals: usize, retry_after: Duration) -> (Vec<Duration>, bool) {
        let (start, asked) = (Instant::now(), RefCell::new(Vec::new()));
        let request = || async {
            asked.borrow_mut().push(start.elapsed());
            let status = if asked.borrow().len() <= refusals { 429 } else { 200 };
            let retry_after = (status == 429).then_some(retry_after);
            Reply { retry_after, ..Reply::none(ReplyOutcome::Answered { status }) }
        };
        let answered = retry_until_answered(&budget, is_transient, request, |_| true).await.is_ok();
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
        let answered = retry_until_answered(&RetryBudget::default(), is_transient, request, |_| true).await;
        assert!(answered.is_ok(), "given up after {} request: {answered:?}", asked.borrow());
    }
}
