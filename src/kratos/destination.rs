//! Kratos as a destination, in the words of [`crate::destination`].

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, LocalBoxFuture};

use super::read::{read_found, read_sent};
use super::{KratosCalls, MAX_BATCH_ITEMS, MAX_BODY_BYTES};
use crate::destination::{
    Change, Changed, Comparable, CreateOutcome, CreateRequest, Destination, Envelope, ItemError, Look, TargetError,
};
use crate::http::{Body, Request, is_transient};
use crate::kind::Kind;
use crate::mapping::TupleRules;
use crate::pace::{PaceGate, Permit, RetryBudget};

/// The body of a batch.
const BATCH: Envelope = Envelope {
    head: br#"{"identities":["#,
    separator: b",",
    tail: b"]}",
    items: MAX_BATCH_ITEMS,
    bytes: MAX_BODY_BYTES,
};

impl Destination for KratosCalls {
    fn name(&self) -> String {
        self.target().to_string()
    }

    fn pace(&self) -> &Arc<PaceGate> {
        self.requests.pace()
    }

    fn budget(&self) -> RetryBudget {
        self.requests.budget()
    }

    fn envelope(&self) -> Envelope {
        BATCH
    }

    fn create<'a>(&'a self, request: CreateRequest<'a>, permit: Permit) -> BoxFuture<'a, CreateOutcome> {
        self.create_batch(request, permit).boxed()
    }

    fn can_check(&self) -> bool {
        false
    }

    fn answers_probe(&self, permit: Permit) -> BoxFuture<'_, bool> {
        let probe = async move {
            let reply = self.http.send(Request::get(self.list_url([("page_size", "1")]))).await;
            permit.finish(&reply.pace_signal(is_transient));
            reply.outcome.is_success()
        };
        probe.boxed()
    }

    fn at_once(&self) -> usize {
        1
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Body>, TargetError>> {
        self.read_by_id(id).boxed()
    }

    fn delete<'a>(&'a self, ids: &'a [&'a str]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>> {
        self.delete_all(ids).boxed()
    }

    fn walk<'a>(&'a self, look: &'a mut Look<'_>) -> LocalBoxFuture<'a, Result<(), TargetError>> {
        self.walk_list(look).boxed_local()
    }

    fn find<'a>(&'a self, external_ids: &'a [&'a str]) -> BoxFuture<'a, Result<(usize, Body), TargetError>> {
        self.find_some(external_ids).boxed()
    }

    fn find_person<'a>(&'a self, sent: &'a Comparable<'a>) -> BoxFuture<'a, Result<Option<Body>, TargetError>> {
        self.find_by_address(sent).boxed()
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
            let (Kind::RoleTuple, Some(keto)) = (kind, &self.keto) else { return Ok(None) };
            let tuples = keto.clone().beside(Arc::new(self.clone()), tuples.for_keto()).await?;
            Ok(Some(Arc::new(tuples) as Arc<dyn Destination>))
        }
        .boxed()
    }

    fn read_sent<'a>(&self, encoded: &'a [u8]) -> Option<Comparable<'a>> {
        read_sent(encoded, self.key())
    }

    fn read_found<'a>(&self, answer: &'a Body) -> Vec<Comparable<'a>> {
        read_found(answer, self.key()).unwrap_or_default()
    }

    fn no_access_error(&self, _: &ItemError) -> TargetError {
        let advice = "check AVNOLOGY_KRATOS_TOKEN, then run the same command again";
        TargetError::Refused { target: self.name(), reason: "it refuses single identities".to_owned(), advice }
    }
}
