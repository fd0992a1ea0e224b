//! The calls of one kind of record.

use bytes::Bytes;

use super::tuple::BATCH_CHECK;
use crate::avnology::error_body::error_body;
use crate::avnology::errors::refused_kind;
use crate::avnology::probe::PROBE_ID;
use crate::avnology::{AdminCalls, Meaning, meaning_of};
use crate::destination::TargetError;
use crate::http::{Reply, ReplyOutcome};
use crate::kind::Kind;
use crate::mapping::TupleRules;

/// The calls of one kind of record, at the pace of all calls to the target.
#[derive(Clone, Debug)]
pub(in crate::avnology) struct RecordCalls {
    pub(super) calls: AdminCalls,
    pub(super) kind: Kind,
    /// Whether the target has the batch method of the kind.
    pub(super) has_batch_method: bool,
    /// The form of role tuples.
    pub(super) tuples: TupleRules,
}

impl RecordCalls {
    /// Finds out how this kind can be driven.
    pub(in crate::avnology) async fn of(
        calls: AdminCalls,
        kind: Kind,
        tuples: TupleRules,
    ) -> Result<Self, TargetError> {
        let mut records = Self { calls, kind, has_batch_method: false, tuples };
        records.check_reading().await?;
        records.has_batch_method = records.asks_for_batch_method().await?;
        tracing::info!(kind = kind.as_str(), batch = records.has_batch_method, "how the target takes them");
        Ok(records)
    }

    /// Checks the target for reading alone: the key may be one that can do nothing else, so nothing is asked that a read does not say.
    pub(in crate::avnology) async fn reading(
        calls: AdminCalls,
        kind: Kind,
        tuples: TupleRules,
    ) -> Result<Self, TargetError> {
        let mut records = Self { calls, kind, has_batch_method: false, tuples };
        records.check_reading().await?;
        records.has_batch_method = records.reads_batches().await?;
        Ok(records)
    }

    /// Whether the target can be asked for many records of the kind at once. Of members and invitations it never can.
    async fn reads_batches(&self) -> Result<bool, TargetError> {
        let client = &self.calls.client;
        let reply = match self.kind {
            Kind::Organization => {
                let parameters = [("external_ids", PROBE_ID)];
                self.calls.retried(|| client.get_at("v1/organizations:batchGet", &parameters), |_| true).await?
            }
            Kind::RoleTuple => {
                // It reads, but it is a POST: a key that may not send one checks tuple by tuple.
                let (body, key) =
                    (Bytes::from_static(br#"{"permissions":[]}"#), format!("check-{}", uuid::Uuid::new_v4()));
                self.calls.retried(|| client.post(BATCH_CHECK, body.clone(), &key), |_| true).await?
            }
            Kind::User | Kind::Membership | Kind::Invitation => return Ok(false),
        };
        match reply.outcome {
            outcome if outcome.is_no_method() => Ok(false),
            ReplyOutcome::Answered { status: 401 | 403 } if self.kind == Kind::RoleTuple => Ok(false),
            ReplyOutcome::Answered { status: 200..=299 | 400 | 422 } => Ok(true),
            _ => Err(self.refused(&reply)),
        }
    }

    /// Where batches of the kind are created.
    pub(super) fn batch_path(&self) -> &'static str {
        match self.kind {
            Kind::User => crate::avnology::BATCH_CREATE,
            Kind::Organization => "v1/organizations:batchCreate",
            Kind::Membership => "v1/memberships:batchCreate",
            Kind::RoleTuple => "v1/permissions:batchCreate",
            Kind::Invitation => "v1/invitations:batchCreate",
        }
    }

    /// Fails if the key may not read the kind: that is found out before anything is sent.
    async fn check_reading(&self) -> Result<(), TargetError> {
        let path = if self.kind == Kind::RoleTuple { "v1/permissions" } else { "v1/organizations" };
        let reply = self.calls.retried(|| self.calls.client.get_at(path, &[("page_size", "1")]), |_| true).await?;
        match reply.outcome {
            ReplyOutcome::Answered { status: 401..=403 } => Err(self.refused(&reply)),
            _ => Ok(()),
        }
    }

    /// Whether the target knows the batch method, by an empty batch, which creates nothing in any case.
    async fn asks_for_batch_method(&self) -> Result<bool, TargetError> {
        let key = format!("preflight-{}", uuid::Uuid::new_v4());
        let empty = Bytes::from_static(br#"{"requests":[],"validate_only":true}"#);
        let reply =
            self.calls.retried(|| self.calls.client.post(self.batch_path(), empty.clone(), &key), |_| true).await?;
        match reply.outcome {
            outcome if outcome.is_no_method() => Ok(false),
            ReplyOutcome::Answered { status: 200..=299 | 400 | 422 } => Ok(true),
            _ => Err(self.refused(&reply)),
        }
    }

    /// The error for a reply that says that the target does not let us in.
    pub(super) fn refused(&self, reply: &Reply) -> TargetError {
        refused_kind(self.calls.client.base_url(), reply, self.kind)
    }

    /// Asks for something until it is answered; nothing if the target says that it is not there.
    pub(super) async fn read(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Option<Reply>, TargetError> {
        let is_json = |reply: &Reply| serde_json::from_slice::<serde::de::IgnoredAny>(&reply.body).is_ok();
        let reply = self.calls.retried(|| self.calls.client.get_at(path, parameters), is_json).await?;
        if meaning_of(reply.outcome) == Meaning::Done {
            return Ok(Some(reply));
        }
        self.calls.is_gone(&reply).await.map(|()| None)
    }

    /// Creates something again that was there before, by its single method: whether it is there now. What it is about may be gone.
    pub(super) async fn create_again(&self, path: &str, body: Bytes) -> Result<bool, TargetError> {
        let key = format!("again-{}", uuid::Uuid::new_v4());
        let ask = || self.calls.client.post(path, body.clone(), &key);
        let reply = self.calls.retried(ask, |reply| is_own_answer(&reply.body)).await?;
        match reply.outcome {
            // Somebody else may have created it in between.
            ReplyOutcome::Answered { status: 200..=299 | 409 } => Ok(true),
            ReplyOutcome::Answered { status: 400 | 404 | 422 } if error_body(&reply.body).is_own_word() => Ok(false),
            _ => Err(self.refused(&reply)),
        }
    }

    /// Deletes something: whether it is gone now. One that was gone before is.
    pub(super) async fn delete_one(&self, path: &str, parameters: &[(&str, &str)]) -> Result<bool, TargetError> {
        let reply = self.calls.retried(|| self.calls.client.delete_at(path, parameters), |_| true).await?;
        match meaning_of(reply.outcome) {
            Meaning::Done => Ok(true),
            // It has what this run did not make.
            Meaning::OfContent => Ok(false),
            _ => self.calls.is_gone(&reply).await.map(|()| true),
        }
    }
}

/// Whether an answer can be the target's own: nothing, or JSON.
pub(super) fn is_own_answer(body: &[u8]) -> bool {
    body.is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// The two halves of an id that names two.
pub(super) fn pair(id: &str) -> Option<(&str, &str)> {
    id.split_once('/')
}
