//! Creates identities in batches, and believes of the answers what can be believed.
//!
//! Kratos v1.3.1 rolls a batch back as a whole if one of its identities conflicts, and answers all the same that the others were
//! created, with ids that nobody has. Newer versions keep the others. So, with any version: beside a conflict, a "created"
//! counts only if the id is there; what is not there is sent again, without those that conflict.

use std::collections::HashSet;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::KratosCalls;
use super::answer::{ItemAnswer, conflict, invalid, item_answers};
use super::errors::{failed_request, refused};
use super::read::{read_found, read_sent};
use crate::destination::{
    Comparable, CreateItem, CreateOutcome, CreateRequest, CreateResults, Field, ItemError, ItemResult, TargetError,
};
use crate::http::{Reply, ReplyOutcome, Request, is_transient};
use crate::pace::Permit;

/// Identities that are asked about at once after an answer.
const AT_ONCE: usize = 4;

/// What was sent of one identity, without the wrapper of a batch.
type Sent<'a> = &'a RawValue;

impl KratosCalls {
    /// Creates the identities of a batch.
    pub(super) async fn create_batch(&self, request: CreateRequest<'_>, permit: Permit) -> CreateOutcome {
        let expected = request.items.len();
        let reply = self.http.send(self.batch(request.body.clone())).await;
        let answers = item_answers(&reply, expected);
        let is_success = reply.outcome.is_success();
        let reply = if is_success && answers.is_none() { reply.into_unreadable() } else { reply };
        permit.finish(&reply.pace_signal(is_transient));
        let sent = read_batch(&request.body).filter(|sent| sent.len() == expected);
        let (Some(answers), Some(sent)) = (answers, sent) else {
            tracing::debug!(outcome = ?reply.outcome, request = reply.request_id, "no results");
            return CreateOutcome::Failed(Box::new(failed_request(self.target(), reply)));
        };
        let (request_id, held_room) = (reply.request_id, reply.body.into_held_room());
        match self.results(&request.items, &sent, answers).await {
            Ok(results) => CreateOutcome::Results(CreateResults { results, request_id, held_room }),
            Err(error) => CreateOutcome::Stopped(error),
        }
    }

    /// What became of each item.
    async fn results(
        &self,
        items: &[CreateItem<'_>],
        sent: &[Sent<'_>],
        answers: Vec<ItemAnswer>,
    ) -> Result<Vec<ItemResult>, TargetError> {
        let said: Vec<&str> = answers
            .iter()
            .filter_map(|answer| if let ItemAnswer::Created(id) = answer { Some(id.as_str()) } else { None })
            .collect();
        let is_believable = !answers.contains(&ItemAnswer::Taken);
        let there = if is_believable { None } else { Some(self.present(&said).await?) };
        let each = items.iter().zip(sent).zip(&answers);
        let results: Vec<BoxFuture<'_, _>> =
            each.map(|((item, sent), answer)| self.result(item, sent, answer, there.as_ref()).boxed()).collect();
        stream::iter(results).buffered(AT_ONCE).try_collect().await
    }

    /// What became of one item; `there` is who is there of those who are said to be created, if that is not to be believed.
    async fn result(
        &self,
        item: &CreateItem<'_>,
        sent: Sent<'_>,
        answer: &ItemAnswer,
        there: Option<&HashSet<String>>,
    ) -> Result<ItemResult, TargetError> {
        Ok(match answer {
            ItemAnswer::Created(id) if there.is_none_or(|there| there.contains(id)) => {
                ItemResult::Created { id: Some(id.clone()) }
            }
            ItemAnswer::Created(_) | ItemAnswer::Failed => ItemResult::Error(ItemError {
                message: Some("Kratos took it back with its batch".to_owned()),
                ..ItemError::default()
            }),
            ItemAnswer::Taken => match self.who_has_it(item, sent).await? {
                Some(result) => result,
                // Another one of its own batch may have had it, which was rolled back since.
                None => self.create_alone(item, sent).await?,
            },
            // The batch does not say what is wrong with it.
            ItemAnswer::Invalid => self.create_alone(item, sent).await?,
        })
    }

    /// Creates one identity by itself: the answer says what is wrong with it.
    async fn create_alone(&self, item: &CreateItem<'_>, sent: Sent<'_>) -> Result<ItemResult, TargetError> {
        #[derive(Deserialize)]
        struct Identity {
            id: String,
        }
        let read = |reply: &Reply| serde_json::from_slice::<Identity>(&reply.body).ok();
        let body = Bytes::copy_from_slice(sent.get().as_bytes());
        let request = Request::post(self.http.url("admin/identities"), body).with_answer();
        let reply = self.retried(&request, |reply| read(reply).is_some()).await?;
        match (reply.outcome, read(&reply)) {
            (ReplyOutcome::Answered { status: 200..=299 }, Some(Identity { id })) => {
                Ok(ItemResult::Created { id: Some(id) })
            }
            (ReplyOutcome::Answered { status: 400 | 413 | 422 }, _) => Ok(ItemResult::Error(invalid(&reply.body))),
            // It may be the answer to a request that was repeated.
            (ReplyOutcome::Answered { status: 409 }, _) => {
                let result = self.who_has_it(item, sent).await?;
                // Nothing finds an identity by its phone number; nothing else is left.
                Ok(result.unwrap_or_else(|| ItemResult::Error(conflict(phone_of(sent)))))
            }
            _ => Err(refused(self.target(), &reply)),
        }
    }

    /// What another identity has of one that conflicts; nothing if nobody is found who has anything of it.
    async fn who_has_it(&self, item: &CreateItem<'_>, sent: Sent<'_>) -> Result<Option<ItemResult>, TargetError> {
        let under_key = self.known_by(item.external_id).await?;
        let found = read_found(&under_key, self.key()).unwrap_or_default();
        if let Some(same) = found.iter().find(|found| found.external_id.as_deref() == Some(item.external_id)) {
            return Ok(Some(ItemResult::Exists { id: same.id.as_deref().map(str::to_owned) }));
        }
        let has_key = !found.is_empty();
        let wrapped = format!("{{\"create\":{}}}", sent.get());
        let sent = read_sent(wrapped.as_bytes(), self.key()).unwrap_or_default();
        for (name, field) in [("email", Field::Email), ("username", Field::Username)] {
            let value = sent.addresses().find(|(other, _)| *other == name).map(|(_, value)| value);
            if let Some(value) = value
                && self.is_taken(value, |found| found.has_address(name, value)).await?
            {
                return Ok(Some(ItemResult::Error(conflict(Some(field)))));
            }
        }
        for identifier in sent.provider_identifiers() {
            if self.is_taken(&identifier, |_| true).await? {
                let message = "another identity has this social sign-in".to_owned();
                let field = Some("external_accounts".to_owned());
                return Ok(Some(ItemResult::Error(ItemError { message: Some(message), field, ..conflict(None) })));
            }
        }
        Ok(has_key.then(|| ItemResult::Error(conflict(Some(Field::ExternalId)))))
    }

    async fn is_taken(&self, identifier: &str, is_it: impl Fn(&Comparable<'_>) -> bool) -> Result<bool, TargetError> {
        let body = self.identified_by(identifier).await?;
        Ok(read_found(&body, self.key()).unwrap_or_default().iter().any(is_it))
    }
}

fn phone_of(sent: Sent<'_>) -> Option<Field> {
    let value: serde_json::Value = serde_json::from_str(sent.get()).unwrap_or_default();
    value["traits"]["phone"].is_string().then_some(Field::Phone)
}

/// The identities of a batch, without their wrappers.
fn read_batch(body: &[u8]) -> Option<Vec<&RawValue>> {
    #[derive(Deserialize)]
    struct Batch<'a> {
        #[serde(borrow)]
        identities: Vec<Item<'a>>,
    }
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        create: &'a RawValue,
    }
    let batch: Batch<'_> = serde_json::from_slice(body).ok()?;
    Some(batch.identities.into_iter().map(|item| item.create).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_names_the_field_that_a_user_has() {
        let batch = br#"{"identities":[{"create":{"traits":{"phone":"+1"}}},{"create":{"traits":{}}}]}"#;
        let sent = read_batch(batch).unwrap();
        assert_eq!((phone_of(sent[0]), phone_of(sent[1])), (Some(Field::Phone), None));
        assert!(read_batch(b"{}").is_none());
    }
}
