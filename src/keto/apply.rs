//! Inserts and deletes tuples, so that each is there once or not at all.

use tokio::time::{Instant, sleep};

use super::errors::{gave_up, refused};
use super::lookup::Copies;
use super::receipts::receipts;
use super::{KetoCalls, MAX_DELETES, RelationTuple};
use crate::destination::TargetError;
use crate::pace::Backoff;

impl KetoCalls {
    /// Sees to it that these are there and those are not, in one transaction. `known` is what is there now. Returns which of the former
    /// were missing, by their texts. `run` is the run whose own those are, if they are anybody's.
    ///
    /// An insert is never repeated before it is known that the one before was not carried out.
    pub(super) async fn apply(
        &self,
        wanted: &[RelationTuple<'_>],
        unwanted: &[RelationTuple<'_>],
        mut known: Copies,
        run: Option<&str>,
    ) -> Result<Vec<String>, TargetError> {
        let missing: Vec<String> =
            wanted.iter().map(RelationTuple::text).filter(|text| !known.contains_key(text)).collect();
        let (mut backoff, began) = (Backoff::new(&self.requests.budget(), fastrand::Rng::new()), Instant::now());
        let mut is_doubtful = false;
        loop {
            let insert = chosen(wanted, |text| !known.contains_key(text));
            let delete = chosen(unwanted, |text| known.contains_key(text));
            if insert.is_empty() && delete.is_empty() {
                break;
            }
            let receipts = run.map(|run| receipts(run, &insert)).unwrap_or_default();
            let request = self.patch(&[insert, receipts].concat(), &delete);
            match self.once.send(|| self.write.send(request.clone()), |_| true).await {
                Ok(reply) if reply.outcome.is_success() => break,
                Ok(reply) => return Err(refused(self.write.base_url(), &reply, "--keto-write-url")),
                Err(given_up) => {
                    is_doubtful |= given_up.reply.outcome.may_have_been_applied();
                    let wait = backoff.next().unwrap_or(self.requests.budget().longest);
                    let wait = given_up.reply.retry_after.unwrap_or(wait);
                    if began.elapsed() + wait > self.requests.budget().total {
                        return Err(gave_up(self.write.base_url(), &given_up));
                    }
                    tracing::debug!(outcome = ?given_up.reply.outcome, "tuples: what became of them is looked up");
                    sleep(wait).await;
                    known = self.copies(&[wanted, unwanted].concat()).await?;
                }
            }
        }
        if is_doubtful {
            self.remove_copies(wanted).await?;
        }
        Ok(missing)
    }

    /// Takes away what is there twice: one delete takes all copies.
    async fn remove_copies(&self, tuples: &[RelationTuple<'_>]) -> Result<(), TargetError> {
        let copies = self.copies(tuples).await?;
        let twice = chosen(tuples, |text| copies.get(text).is_some_and(|count| *count > 1));
        if twice.is_empty() {
            return Ok(());
        }
        tracing::info!(tuples = twice.len(), "are at Keto twice, because a request was carried out late");
        self.remove(&twice).await?;
        let request = self.patch(&twice, &[]);
        match self.once.send(|| self.write.send(request.clone()), |_| true).await {
            Ok(reply) if reply.outcome.is_success() => Ok(()),
            Ok(reply) => Err(refused(self.write.base_url(), &reply, "--keto-write-url")),
            // The run stops with them in doubt, and finds out when it goes on.
            Err(given_up) => Err(gave_up(self.write.base_url(), &given_up)),
        }
    }

    /// Deletes tuples, with all their copies.
    pub(super) async fn remove(&self, tuples: &[RelationTuple<'_>]) -> Result<(), TargetError> {
        for some in tuples.chunks(MAX_DELETES) {
            let reply = self.asked(&self.write, &self.patch(&[], some), |_| true).await?;
            if !reply.outcome.is_success() {
                return Err(refused(self.write.base_url(), &reply, "--keto-write-url"));
            }
        }
        Ok(())
    }
}

fn chosen<'a>(tuples: &[RelationTuple<'a>], is_chosen: impl Fn(&str) -> bool) -> Vec<RelationTuple<'a>> {
    tuples.iter().filter(|tuple| is_chosen(&tuple.text())).cloned().collect()
}
