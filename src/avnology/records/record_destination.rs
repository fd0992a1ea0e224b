//! Each kind of record as a destination: its calls in the words of [`crate::destination`].

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, LocalBoxFuture};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::found::read_found;
use super::invitations::read_sent_invitation;
use super::memberships::read_sent_membership;
use super::record_calls::{RecordCalls, pair};
use super::tuples::read_sent_tuple;
use crate::avnology::destination::{BATCH, SINGLE};
use crate::avnology::errors::no_access_error;
use crate::avnology::{MAX_PAGE, Meaning, meaning_of};
use crate::destination::{
    Change, Changed, Comparable, CreateOutcome, CreateRequest, Destination, Envelope, IsOne, ItemError, ItemErrorKind,
    Look, TargetError,
};
use crate::http::{Body, is_transient};
use crate::kind::Kind;
use crate::mapping::Reference;
use crate::pace::{PaceGate, Permit, RetryBudget};

impl RecordCalls {
    /// Finds the first of these records, as many as one answer can hold.
    pub(super) async fn find_some(&self, external_ids: &[&str]) -> Result<(usize, Body), TargetError> {
        match self.kind {
            Kind::User => self.calls.read_some(external_ids).await,
            Kind::Organization => self.find_organizations(external_ids).await,
            Kind::Membership => self.find_membership(external_ids).await,
            Kind::RoleTuple => self.find_tuples(external_ids).await,
            Kind::Invitation => self.find_invitation(external_ids).await,
        }
    }

    async fn delete_some(&self, ids: &[&str]) -> Result<Vec<bool>, TargetError> {
        match self.kind {
            Kind::User => self.calls.delete_all(ids).await,
            Kind::Organization => {
                let mut done = Vec::with_capacity(ids.len());
                for id in ids {
                    done.push(self.delete_organization(id).await?);
                }
                Ok(done)
            }
            Kind::Membership => self.delete_memberships(ids).await,
            Kind::RoleTuple => self.delete_tuples(ids).await,
            Kind::Invitation => self.delete_invitations(ids).await,
        }
    }
}

impl Destination for RecordCalls {
    fn name(&self) -> String {
        self.calls.client.base_url().to_string()
    }

    fn pace(&self) -> &Arc<PaceGate> {
        self.calls.requests.pace()
    }

    fn budget(&self) -> RetryBudget {
        self.calls.requests.budget()
    }

    fn envelope(&self) -> Envelope {
        if self.has_batch_method { BATCH } else { SINGLE }
    }

    fn create<'a>(&'a self, request: CreateRequest<'a>, permit: Permit) -> BoxFuture<'a, CreateOutcome> {
        if self.has_batch_method {
            self.create_batch(request, permit).boxed()
        } else {
            self.create_one(request, permit).boxed()
        }
    }

    fn can_check(&self) -> bool {
        false
    }

    fn answers_probe(&self, permit: Permit) -> BoxFuture<'_, bool> {
        async move {
            let reply = self.calls.client.list(None, 1).await;
            permit.finish(&reply.pace_signal(is_transient));
            meaning_of(reply.outcome) == Meaning::Done
        }
        .boxed()
    }

    fn at_once(&self) -> usize {
        if self.has_batch_method { MAX_PAGE } else { 1 }
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Body>, TargetError>> {
        async move {
            match self.kind {
                Kind::Organization => self.get_organization(id).await,
                Kind::Invitation => self.get_invitation(id).await,
                _ => {
                    let (_, body) = self.find_some(&[id]).await?;
                    let is_there = read_found(&body).is_some_and(|(found, _)| !found.is_empty());
                    Ok(is_there.then_some(body))
                }
            }
        }
        .boxed()
    }

    fn delete<'a>(&'a self, ids: &'a [&'a str]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>> {
        self.delete_some(ids).boxed()
    }

    fn delete_with_contents<'a>(&'a self, ids: &'a [&'a str]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>> {
        async move {
            if self.kind != Kind::Organization {
                return self.delete_some(ids).await;
            }
            let mut done = Vec::with_capacity(ids.len());
            for id in ids {
                done.push(self.delete_organization_with_contents(id).await?);
            }
            Ok(done)
        }
        .boxed()
    }

    fn holds_others<'a>(&'a self, id: &'a str, is_one: &'a IsOne<'a>) -> BoxFuture<'a, Result<bool, TargetError>> {
        self.has_others(id, is_one).boxed()
    }

    fn walk<'a>(&'a self, look: &'a mut Look<'_>) -> LocalBoxFuture<'a, Result<(), TargetError>> {
        self.walk_all(look).boxed_local()
    }

    fn find<'a>(&'a self, external_ids: &'a [&'a str]) -> BoxFuture<'a, Result<(usize, Body), TargetError>> {
        self.find_some(external_ids).boxed()
    }

    fn find_person<'a>(&'a self, sent: &'a Comparable<'a>) -> BoxFuture<'a, Result<Option<Body>, TargetError>> {
        async move {
            match self.kind {
                Kind::Organization => self.find_by_name(sent).await,
                _ => Ok(None),
            }
        }
        .boxed()
    }

    fn change<'a>(&'a self, change: &'a Change<'a>) -> BoxFuture<'a, Result<Changed, TargetError>> {
        async move {
            match self.kind {
                Kind::Organization => self.change_organization(change).await,
                Kind::Membership => self.change_membership(change).await,
                Kind::User | Kind::RoleTuple | Kind::Invitation => {
                    let message =
                        Some("an open invitation cannot be changed; revoke it, then import it again".to_owned());
                    Ok(Changed::Refused(ItemError { kind: ItemErrorKind::Invalid, message, ..ItemError::default() }))
                }
            }
        }
        .boxed()
    }

    fn tuple_of(&self, found: &Comparable<'_>) -> Option<String> {
        let (organization, user) = pair(found.id.as_deref().filter(|_| self.kind == Kind::Membership)?)?;
        let own_role = found.own_role();
        let role = own_role.as_deref().or(found.role.as_deref())?;
        Some(self.tuples.text(organization, role, user))
    }

    fn put_back<'a>(
        &'a self,
        id: &'a str,
        role: Option<&'a str>,
        metadata: Option<&'a RawValue>,
    ) -> BoxFuture<'a, Result<bool, TargetError>> {
        async move {
            match (self.kind, role) {
                (Kind::Membership, Some(role)) => self.put_member_back(id, role, metadata).await,
                (Kind::RoleTuple, _) => self.grant(id).await,
                _ => Ok(false),
            }
        }
        .boxed()
    }

    fn disproves<'a>(&'a self, references: &'a [&'a Reference]) -> BoxFuture<'a, Result<Vec<bool>, TargetError>> {
        self.disproved(references).boxed()
    }

    fn read_sent<'a>(&self, encoded: &'a [u8]) -> Option<Comparable<'a>> {
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(borrow)]
            organization: Comparable<'a>,
        }
        match self.kind {
            Kind::User => crate::avnology::read_sent(encoded),
            Kind::Organization => serde_json::from_slice::<Item<'_>>(encoded).ok().map(|item| item.organization),
            Kind::Membership => read_sent_membership(encoded),
            Kind::RoleTuple => read_sent_tuple(encoded),
            Kind::Invitation => read_sent_invitation(encoded),
        }
    }

    fn read_found<'a>(&self, answer: &'a Body) -> Vec<Comparable<'a>> {
        read_found(answer).unwrap_or_default().0
    }

    fn no_access_error(&self, error: &ItemError) -> TargetError {
        no_access_error(self.calls.client.base_url(), error)
    }
}
