//! What identities can be sent to.

use std::fmt;
use std::io;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, LocalBoxFuture};
use serde_json::value::RawValue;

use super::{
    Change, Changed, Comparable, CreateOutcome, CreateRequest, Envelope, ItemError, RunMark, TargetError, Validates,
};
use crate::http::Body;
use crate::kind::Kind;
use crate::mapping::{Reference, TupleRules};
use crate::pace::{PaceGate, Permit, RetryBudget};

/// What is shown every page of a list.
pub type Look<'l> = dyn FnMut(&[Comparable<'_>]) -> io::Result<()> + 'l;

/// Whether something of a kind, by its id, is one of those that are meant.
pub type IsOne<'i> = dyn Fn(Kind, &str) -> io::Result<bool> + Sync + 'i;

/// What identities can be sent to. One implementation a vendor, and a scripted one for the tests of the sender.
/// `connect` in `command/shared/target.rs` chooses.
///
/// Every request goes at its turn of the destination's pace. Those of [`Self::create`] and [`Self::answers_probe`] come with a
/// permit, and are not repeated; all others wait for their own turn, and are repeated within the retry budget. What
/// [`HttpClient`](crate::http::HttpClient) sends again, because a key or a compressed body was refused, counts as one request.
pub trait Destination: fmt::Debug + Send + Sync {
    /// What a person calls it: its address.
    fn name(&self) -> String;

    /// The pace that all requests to it share.
    fn pace(&self) -> &Arc<PaceGate>;

    /// How often and how long one request is tried.
    fn budget(&self) -> RetryBudget;

    /// The form of a request that creates identities, and its bounds.
    fn envelope(&self) -> Envelope;

    /// Creates identities, in one request of this form. It says what became of each, or why nobody knows.
    fn create<'a>(&'a self, request: CreateRequest<'a>, permit: Permit) -> BoxFuture<'a, CreateOutcome>;

    /// Whether [`Self::answers_probe`] asks by a create that is only to be checked; otherwise it only reads.
    fn can_check(&self) -> bool;

    /// Whether it answers a request with which nothing is wrong.
    fn answers_probe(&self, permit: Permit) -> BoxFuture<'_, bool>;

    /// Finds out whether it can be asked to check identities without creating anybody.
    fn validates(&self) -> BoxFuture<'_, Result<Validates, TargetError>> {
        Box::pin(std::future::ready(Ok(Validates::No)))
    }

    /// Asks whether it would create these identities, each as it would be sent: for each nothing, or what is wrong with it. Only
    /// for one that [`Self::validates`]. It is an error if it creates somebody.
    fn validate<'a>(&'a self, encoded: &'a [&'a [u8]]) -> BoxFuture<'a, Result<Vec<Option<ItemError>>, TargetError>> {
        Box::pin(std::future::ready(Ok(vec![None; encoded.len()])))
    }

    /// How many identities one request can be about that looks up or deletes; one if each takes a request of its own.
    fn at_once(&self) -> usize;

    /// The identity with this id of the destination's own: an answer for [`Self::read_found`]. Nothing only if the
    /// destination itself says that there is none.
    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Body>, TargetError>>;

    /// Deletes identities by the destination's own ids: for each whether it is gone now. One that was gone before is.
    fn delete<'a>(&'a self, ids: &'a [&'a str]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>>;

    /// Deletes them with what others put into them since: members of an organization, and the roles there. An identity has nothing in
    /// it.
    fn delete_with_contents<'a>(&'a self, ids: &'a [&'a str]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>> {
        self.delete(ids)
    }

    /// Whether something is in an organization that is none of these, by kind and id: a membership, or a role tuple.
    fn holds_others<'a>(&'a self, _id: &'a str, _is_one: &'a IsOne<'a>) -> BoxFuture<'a, Result<bool, TargetError>> {
        async { Ok(false) }.boxed()
    }

    /// Shows every page of the list of all identities to `look`. One may come twice, if it moves meanwhile.
    fn walk<'a>(&'a self, look: &'a mut Look<'_>) -> LocalBoxFuture<'a, Result<(), TargetError>>;

    /// Finds the first of these identities by their external ids, as many as one answer can hold: how many it was asked
    /// about, and an answer for [`Self::read_found`]. Let go of one answer before you ask for the next one: together they
    /// have bounded room.
    fn find<'a>(&'a self, external_ids: &'a [&'a str]) -> BoxFuture<'a, Result<(usize, Body), TargetError>>;

    /// Finds, in the same way, what a run may have created. If that has no room for the mark of a run, the destination finds out in
    /// another way whether the run created it; where it did, the answer has the mark in it.
    fn find_of_run<'a>(
        &'a self,
        external_ids: &'a [&'a str],
        mark: &'a RunMark,
    ) -> BoxFuture<'a, Result<(usize, Body), TargetError>> {
        let _ = mark;
        self.find(external_ids)
    }

    /// Forgets what only helps to find out what a run created. All of that is in the run's journal now, or deleted.
    fn forget_run<'a>(&'a self, mark: &'a RunMark) -> BoxFuture<'a, Result<(), TargetError>> {
        let _ = mark;
        async { Ok(()) }.boxed()
    }

    /// Finds the same person as `sent`, wherever it is by its external id: an answer for [`Self::read_found`]. There may be
    /// others in it.
    fn find_person<'a>(&'a self, sent: &'a Comparable<'a>) -> BoxFuture<'a, Result<Option<Body>, TargetError>>;

    /// Changes some fields of one identity.
    fn change<'a>(&'a self, change: &'a Change<'a>) -> BoxFuture<'a, Result<Changed, TargetError>>;

    /// The external id of the role tuple that this membership has, which a change of its role takes back; nothing if it is no
    /// membership, or if the destination takes no role back.
    fn tuple_of(&self, found: &Comparable<'_>) -> Option<String> {
        let _ = found;
        None
    }

    /// Disables an identity, or enables it again: whether it did. One that has no such state, or is not there, does not.
    fn set_disabled<'a>(&'a self, id: &'a str, is_disabled: bool) -> BoxFuture<'a, Result<bool, TargetError>> {
        let _ = (id, is_disabled);
        async { Ok(false) }.boxed()
    }

    /// Puts a membership or a role tuple back that was removed, by its id, with the role and the metadata that it had: whether it
    /// is there now, which says nothing of its role. An organization or a user who is not there any more gets nothing back.
    fn put_back<'a>(
        &'a self,
        id: &'a str,
        role: Option<&'a str>,
        metadata: Option<&'a RawValue>,
    ) -> BoxFuture<'a, Result<bool, TargetError>> {
        let _ = (id, role, metadata);
        async { Ok(false) }.boxed()
    }

    /// The part of it that takes records of another kind, with role tuples in this form; nothing if it has no place for them. It finds
    /// out how it can be driven.
    fn of_kind<'a>(
        &'a self,
        kind: Kind,
        tuples: &'a TupleRules,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Destination>>, TargetError>> {
        let _ = (kind, tuples);
        async { Ok(None) }.boxed()
    }

    /// The preflight for reading alone: the key may be one that can do nothing else.
    fn reading_of_kind<'a>(
        &'a self,
        kind: Kind,
        tuples: &'a TupleRules,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Destination>>, TargetError>> {
        self.of_kind(kind, tuples)
    }

    /// For each of these whether it is not there under the id that was known, or is another one: then nothing may be granted.
    fn disproves<'a>(&'a self, references: &'a [&'a Reference]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>> {
        async { Ok(vec![true; references.len()]) }.boxed()
    }

    /// Reads an identity as it is sent.
    fn read_sent<'a>(&self, encoded: &'a [u8]) -> Option<Comparable<'a>>;

    /// Reads the identities of an answer.
    fn read_found<'a>(&self, answer: &'a Body) -> Vec<Comparable<'a>>;

    /// The error of a run that the destination does not let in, as it said of an item.
    fn no_access_error(&self, error: &ItemError) -> TargetError;
}
