//! Avnology ID as a destination: the Admin API's calls in the words of [`crate::destination`].

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, LocalBoxFuture};

use super::errors::no_access_error;
use super::lookup::as_list;
use super::records::RecordCalls;
use super::{
    AdminCalls, BATCH_CREATE, MAX_BATCH_ITEMS, MAX_BODY_BYTES, MAX_PAGE, Meaning, answers_probe_batch, meaning_of,
    read_list, read_sent,
};
use crate::destination::{
    Change, Changed, Comparable, CreateOutcome, CreateRequest, Destination, Envelope, ItemError, Look, TargetError,
    Validates,
};
use crate::http::{Body, is_transient};
use crate::kind::Kind;
use crate::mapping::TupleRules;
use crate::pace::{PaceGate, Permit, RetryBudget};

/// The body of `:batchCreate`.
pub(super) const BATCH: Envelope = Envelope {
    head: br#"{"requests":["#,
    separator: b",",
    tail: br#"],"validate_only":false}"#,
    items: MAX_BATCH_ITEMS,
    bytes: MAX_BODY_BYTES,
};

/// The body of the documented single create: the identity by itself.
pub(super) const SINGLE: Envelope = Envelope { head: b"", separator: b"", tail: b"", items: 1, bytes: MAX_BODY_BYTES };

impl Destination for AdminCalls {
    fn name(&self) -> String {
        self.client.base_url().to_string()
    }

    fn pace(&self) -> &Arc<PaceGate> {
        self.requests.pace()
    }

    fn budget(&self) -> RetryBudget {
        self.requests.budget()
    }

    fn envelope(&self) -> Envelope {
        if self.batch { BATCH } else { SINGLE }
    }

    fn create<'a>(&'a self, request: CreateRequest<'a>, permit: Permit) -> BoxFuture<'a, CreateOutcome> {
        if self.batch {
            self.create_batch(BATCH_CREATE, request, permit).boxed()
        } else {
            self.create_one(request, permit).boxed()
        }
    }

    fn can_check(&self) -> bool {
        self.batch && self.client.may_ask_to_check()
    }

    fn answers_probe(&self, permit: Permit) -> BoxFuture<'_, bool> {
        let probe = async move {
            let (answers_probe, signal) = if self.can_check() {
                answers_probe_batch(&self.client).await
            } else {
                let reply = self.client.list(None, 1).await;
                (meaning_of(reply.outcome) == Meaning::Done, reply.pace_signal(is_transient))
            };
            permit.finish(&signal);
            answers_probe
        };
        probe.boxed()
    }

    fn validates(&self) -> BoxFuture<'_, Result<Validates, TargetError>> {
        self.can_validate().boxed()
    }

    fn validate<'a>(&'a self, encoded: &'a [&'a [u8]]) -> BoxFuture<'a, Result<Vec<Option<ItemError>>, TargetError>> {
        self.validate_all(encoded).boxed()
    }

    fn at_once(&self) -> usize {
        if self.batch { MAX_PAGE } else { 1 }
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Body>, TargetError>> {
        async move { Ok(self.read_by_id(id).await?.map(as_list)) }.boxed()
    }

    fn delete<'a>(&'a self, ids: &'a [&'a str]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>> {
        self.delete_all(ids).boxed()
    }

    fn walk<'a>(&'a self, look: &'a mut Look<'_>) -> LocalBoxFuture<'a, Result<(), TargetError>> {
        async move { self.walk_list(None, look).await.map(drop) }.boxed_local()
    }

    fn find<'a>(&'a self, external_ids: &'a [&'a str]) -> BoxFuture<'a, Result<(usize, Body), TargetError>> {
        self.read_some(external_ids).boxed()
    }

    fn find_person<'a>(&'a self, sent: &'a Comparable<'a>) -> BoxFuture<'a, Result<Option<Body>, TargetError>> {
        self.read_person(sent).boxed()
    }

    fn change<'a>(&'a self, change: &'a Change<'a>) -> BoxFuture<'a, Result<Changed, TargetError>> {
        self.update(change).boxed()
    }

    fn set_disabled<'a>(&'a self, id: &'a str, is_disabled: bool) -> BoxFuture<'a, Result<bool, TargetError>> {
        self.disable_or_enable(id, is_disabled).boxed()
    }

    fn of_kind<'a>(
        &'a self,
        kind: Kind,
        tuples: &'a TupleRules,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Destination>>, TargetError>> {
        async move {
            let part: Arc<dyn Destination> = match kind {
                Kind::User => Arc::new(self.clone()),
                _ => Arc::new(RecordCalls::of(self.clone(), kind, tuples.clone()).await?),
            };
            Ok(Some(part))
        }
        .boxed()
    }

    fn reading_of_kind<'a>(
        &'a self,
        kind: Kind,
        tuples: &'a TupleRules,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Destination>>, TargetError>> {
        async move {
            let part: Arc<dyn Destination> = match kind {
                Kind::User => Arc::new(self.clone()),
                _ => Arc::new(RecordCalls::reading(self.clone(), kind, tuples.clone()).await?),
            };
            Ok(Some(part))
        }
        .boxed()
    }

    fn read_sent<'a>(&self, encoded: &'a [u8]) -> Option<Comparable<'a>> {
        read_sent(encoded)
    }

    fn read_found<'a>(&self, answer: &'a Body) -> Vec<Comparable<'a>> {
        read_list(answer).unwrap_or_default().0
    }

    fn no_access_error(&self, error: &ItemError) -> TargetError {
        no_access_error(self.client.base_url(), error)
    }
}
