//! Asks the target whether it would take identities, without creating any (`validate_only`).

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::error_body::error_body;
use super::errors::refused;
use super::item_error::item_error_of;
use super::probe::{SINGLE_PROBE, clean_up, is_answer, probe, remove};
use super::{AdminCalls, Meaning, batch_results, identity, meaning_of};
use crate::destination::{ItemError, ItemErrorKind, ItemResult, TargetError, Validates};
use crate::http::{Reply, ReplyOutcome};

/// What stands around identities that are only to be checked.
const HEAD: &[u8] = br#"{"requests":["#;
const TAIL: &[u8] = br#"],"validate_only":true}"#;
const SINGLE_TAIL: &[u8] = br#","validate_only":true}"#;

impl AdminCalls {
    /// Finds out whether the target can be asked only to check, with a user whom nobody has. Should it create that user all the
    /// same, the user is deleted again, and the answer is no.
    pub(super) async fn can_validate(&self) -> Result<Validates, TargetError> {
        let key = format!("validate-{}", uuid::Uuid::new_v4());
        let (patience, body) = (self.requests.budget().total, Bytes::from_static(SINGLE_PROBE.as_bytes()));
        let reply = if self.batch {
            self.retried(|| probe(&self.client, &key), is_answer).await?
        } else {
            self.retried(|| self.client.create(body.clone(), &key), |_| true).await?
        };
        if self.batch {
            clean_up(&self.client, &reply, patience).await;
        } else if meaning_of(reply.outcome) == Meaning::Done
            && let Some(created) = identity(&reply.body)
        {
            remove(&self.client, &created.id, patience).await;
        }
        Ok(match reply.outcome {
            ReplyOutcome::Answered { status: 403 } => Validates::NotPermitted,
            // Of the one who was left by an earlier probe nothing can be learned.
            _ if !self.client.may_ask_to_check() || is_there(&reply, self.batch) => Validates::No,
            outcome => match meaning_of(outcome) {
                Meaning::Done => Validates::Yes,
                Meaning::OfContent => Validates::No,
                _ if outcome.is_no_method() => Validates::No,
                _ => return Err(refused(self.client.base_url(), &reply)),
            },
        })
    }

    /// Asks whether the target would create these identities, each as it would be sent. For each: nothing if it would, or what
    /// is wrong with it. Only if the target [`Self::can_validate`].
    ///
    /// # Errors
    /// If the target does not answer, refuses us, or creates somebody.
    pub(super) async fn validate_all(&self, encoded: &[&[u8]]) -> Result<Vec<Option<ItemError>>, TargetError> {
        if !self.batch {
            let mut results = Vec::with_capacity(encoded.len());
            for one in encoded {
                results.push(self.validate_one(one).await?);
            }
            return Ok(results);
        }
        self.validate_batch(encoded).await
    }

    fn validate_batch<'a>(
        &'a self,
        encoded: &'a [&'a [u8]],
    ) -> BoxFuture<'a, Result<Vec<Option<ItemError>>, TargetError>> {
        let checking = async move {
            let body = Bytes::from([HEAD, &encoded.join(&b","[..]), TAIL].concat());
            let key = format!("validate-{}", uuid::Uuid::new_v4());
            let request = || self.client.ask_batch_create(body.clone(), &key);
            let reply = self.retried(request, |reply| batch_results(&reply.body, encoded.len()).is_some()).await?;
            match (meaning_of(reply.outcome), encoded) {
                (Meaning::Done, _) => {
                    let results = batch_results(&reply.body, encoded.len()).unwrap_or_default();
                    results.into_iter().map(|result| self.checked(result)).collect()
                }
                (Meaning::OfContent, [_]) => {
                    Ok(vec![Some(item_error_of(ItemErrorKind::Invalid, error_body(&reply.body)))])
                }
                (Meaning::OfContent, _) => {
                    let (some, others) = encoded.split_at(encoded.len() / 2);
                    let mut results = self.validate_batch(some).await?;
                    results.extend(self.validate_batch(others).await?);
                    Ok(results)
                }
                _ => Err(refused(self.client.base_url(), &reply)),
            }
        };
        checking.boxed()
    }

    async fn validate_one(&self, encoded: &[u8]) -> Result<Option<ItemError>, TargetError> {
        // An object, without its last brace.
        let body = Bytes::from([&encoded[..encoded.len().saturating_sub(1)], SINGLE_TAIL].concat());
        let key = format!("validate-{}", uuid::Uuid::new_v4());
        let reply = self.retried(|| self.client.create(body.clone(), &key), |_| true).await?;
        match meaning_of(reply.outcome) {
            Meaning::Done => match identity(&reply.body) {
                Some(_) => Err(self.creates()),
                None => Ok(None),
            },
            Meaning::OfContent => {
                let error = error_body(&reply.body);
                let is_conflict = matches!(reply.outcome, ReplyOutcome::Answered { status: 409 });
                let kind = if is_conflict { ItemErrorKind::Conflict } else { ItemErrorKind::Invalid };
                Ok(Some(item_error_of(kind, error)))
            }
            _ => Err(refused(self.client.base_url(), &reply)),
        }
    }

    fn checked(&self, result: ItemResult) -> Result<Option<ItemError>, TargetError> {
        match result {
            ItemResult::Created { id: Some(_) } => Err(self.creates()),
            // If somebody created it a moment ago, the import finds it.
            ItemResult::Created { id: None } | ItemResult::Exists { .. } => Ok(None),
            ItemResult::Error(error) => Ok(Some(error)),
        }
    }

    /// The error of a target that creates whom it was asked only to check.
    fn creates(&self) -> TargetError {
        TargetError::Refused {
            target: self.client.base_url().to_string(),
            reason: "it created a user whom it was asked only to check (`validate_only`)".to_owned(),
            advice: "nothing more was sent; look there for users whose `external_id` is in the export",
        }
    }
}

/// Whether the answer to a probe says that its user is there.
fn is_there(reply: &Reply, batch: bool) -> bool {
    if !batch {
        return matches!(reply.outcome, ReplyOutcome::Answered { status: 409 });
    }
    let result = batch_results(&reply.body, 1).and_then(|mut results| results.pop());
    match result {
        Some(ItemResult::Exists { .. }) => true,
        Some(ItemResult::Error(error)) => error.kind == ItemErrorKind::Conflict,
        _ => false,
    }
}
