//! Role tuples at Keto as a destination.

use std::collections::HashSet;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, LocalBoxFuture};

use super::answer::{list_of, read_found, read_sent};
use super::{KetoTuples, MAX_BATCH_ITEMS, RelationTuple};
use crate::destination::{
    Change, Changed, Comparable, CreateOutcome, CreateRequest, Destination, Envelope, ItemError, ItemErrorKind, Look,
    PAGE, RunMark, TargetError,
};
use crate::http::{Body, Request, is_transient};
use crate::kind::Kind;
use crate::mapping::Reference;
use crate::pace::{PaceGate, Permit, RetryBudget};

/// A list of tuples. What is sent of it depends on what is there.
const BATCH: Envelope =
    Envelope { head: b"[", separator: b",", tail: b"]", items: MAX_BATCH_ITEMS, bytes: 1024 * 1024 };

impl KetoTuples {
    /// Finds the first of these tuples.
    async fn find_some(&self, ids: &[&str]) -> Result<(usize, Body), TargetError> {
        self.find_of(ids, None).await
    }

    /// The same, and which of them this run inserted.
    async fn find_of(&self, ids: &[&str], mark: Option<&RunMark>) -> Result<(usize, Body), TargetError> {
        let ids = &ids[..ids.len().min(PAGE)];
        let tuples: Vec<RelationTuple<'_>> = ids.iter().filter_map(|id| RelationTuple::of(id)).collect();
        let copies = self.calls.copies(&tuples).await?;
        let there: Vec<RelationTuple<'_>> =
            tuples.into_iter().filter(|tuple| copies.contains_key(&tuple.text())).collect();
        let inserted = match mark {
            Some(mark) => {
                let there = copies.keys().map(String::as_str);
                self.calls.receipted(&self.rules.namespace, mark.run(), there).await?
            }
            None => HashSet::new(),
        };
        let run_of = |tuple: &RelationTuple<'_>| mark.filter(|_| inserted.contains(&tuple.text())).map(RunMark::run);
        Ok((ids.len(), list_of(&there, run_of)))
    }

    /// A role became another one: the one is granted and the other taken back at once.
    async fn change_role(&self, change: &Change<'_>) -> Result<Changed, TargetError> {
        let sent = read_sent(change.encoded).and_then(|sent| sent.external_id);
        let (Some(wanted), Some(unwanted)) =
            (sent.as_deref().and_then(RelationTuple::of), RelationTuple::of(change.id))
        else {
            return Ok(Changed::Refused(ItemError { kind: ItemErrorKind::Invalid, ..ItemError::default() }));
        };
        let (wanted, unwanted) = ([wanted], [unwanted]);
        self.learn_relations(&wanted).await?;
        if self.is_declared(&wanted[0].relation) != Some(true) {
            return Ok(Changed::Refused(super::create::undeclared(&wanted[0].relation)));
        }
        if wanted != unwanted {
            let known = self.calls.copies(&[wanted.clone(), unwanted.clone()].concat()).await?;
            self.calls.apply(&wanted, &unwanted, known, None).await?;
        }
        Ok(Changed::Updated)
    }

    /// For each of these whether Kratos does not say that it is whom the record names. Nobody else is granted anything.
    async fn disproved(&self, references: &[&Reference]) -> Result<Vec<bool>, TargetError> {
        let mut disproved = Vec::with_capacity(references.len());
        while disproved.len() < references.len() {
            let rest = &references[disproved.len()..];
            let ids: Vec<&str> = rest.iter().map(|reference| &*reference.external_id).collect();
            let (count, body) = self.users.find(&ids).await?;
            let found = Comparable::by_external_id(self.users.read_found(&body));
            disproved.extend(rest[..count].iter().map(|reference| {
                let found = found.get(&*reference.external_id).filter(|_| reference.kind == Kind::User);
                !found.is_some_and(|found| {
                    found.id.as_deref() == Some(&*reference.id)
                        && found.clerk_id().as_deref() == Some(&*reference.clerk_id)
                })
            }));
        }
        Ok(disproved)
    }
}

impl Destination for KetoTuples {
    fn name(&self) -> String {
        self.calls.write.base_url().to_string()
    }

    fn pace(&self) -> &Arc<PaceGate> {
        self.calls.requests.pace()
    }

    fn budget(&self) -> RetryBudget {
        self.calls.requests.budget()
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
        async move {
            let reply = self.calls.write.send(Request::get(self.calls.write.url("health/ready"))).await;
            permit.finish(&reply.pace_signal(is_transient));
            reply.outcome.is_success()
        }
        .boxed()
    }

    fn at_once(&self) -> usize {
        PAGE
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Body>, TargetError>> {
        async move {
            let (_, body) = self.find_some(&[id]).await?;
            let is_there = !read_found(&body).is_empty();
            Ok(is_there.then_some(body))
        }
        .boxed()
    }

    fn delete<'a>(&'a self, ids: &'a [&'a str]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>> {
        async move {
            let tuples: Vec<RelationTuple<'_>> = ids.iter().filter_map(|id| RelationTuple::of(id)).collect();
            self.calls.remove(&tuples).await?;
            Ok(ids.iter().map(|id| RelationTuple::of(id).is_some()).collect())
        }
        .boxed()
    }

    fn walk<'a>(&'a self, look: &'a mut Look<'_>) -> LocalBoxFuture<'a, Result<(), TargetError>> {
        self.walk_all(look).boxed_local()
    }

    fn find<'a>(&'a self, external_ids: &'a [&'a str]) -> BoxFuture<'a, Result<(usize, Body), TargetError>> {
        self.find_some(external_ids).boxed()
    }

    fn find_of_run<'a>(
        &'a self,
        external_ids: &'a [&'a str],
        mark: &'a RunMark,
    ) -> BoxFuture<'a, Result<(usize, Body), TargetError>> {
        self.find_of(external_ids, Some(mark)).boxed()
    }

    fn forget_run<'a>(&'a self, mark: &'a RunMark) -> BoxFuture<'a, Result<(), TargetError>> {
        self.calls.forget_receipts(&self.rules.namespace, mark.run()).boxed()
    }

    fn find_person<'a>(&'a self, _: &'a Comparable<'a>) -> BoxFuture<'a, Result<Option<Body>, TargetError>> {
        std::future::ready(Ok(None)).boxed()
    }

    fn change<'a>(&'a self, change: &'a Change<'a>) -> BoxFuture<'a, Result<Changed, TargetError>> {
        self.change_role(change).boxed()
    }

    fn disproves<'a>(&'a self, references: &'a [&'a Reference]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>> {
        self.disproved(references).boxed()
    }

    fn read_sent<'a>(&self, encoded: &'a [u8]) -> Option<Comparable<'a>> {
        read_sent(encoded)
    }

    fn read_found<'a>(&self, answer: &'a Body) -> Vec<Comparable<'a>> {
        read_found(answer)
    }

    fn no_access_error(&self, _: &ItemError) -> TargetError {
        let advice = "run the same command again";
        TargetError::Refused { target: self.name(), reason: "it refuses single tuples".to_owned(), advice }
    }
}
