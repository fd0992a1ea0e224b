//! Finds, lists and deletes identities.

use std::collections::HashSet;
use std::io;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use super::KratosCalls;
use super::answer::kratos_error;
use super::errors::{endless_list, refused};
use super::read::read_found;
use crate::destination::{Comparable, TargetError};
use crate::http::{Body, RepeatingList, Reply, ReplyOutcome, Request};

/// Lookups that are under way at once for one batch.
const AT_ONCE: usize = 4;

/// Identities that are looked up by one call: each is a request of its own.
const IN_ONE_CALL: usize = 16;

/// Identities of a page of the list, and of a request by ids.
const PAGE: usize = 100;

impl KratosCalls {
    /// A list of who has this identifier, of any kind.
    pub(super) async fn identified_by(&self, identifier: &str) -> Result<Body, TargetError> {
        let request = Request::get(self.list_url([("credentials_identifier", identifier)]));
        Ok(self.ask(&request, |reply| read_found(&reply.body, self.key()).is_some()).await?.body)
    }

    /// Who has any of several identifiers, as one list.
    async fn identified_by_any(&self, identifiers: &[&str]) -> Result<Body, TargetError> {
        let lists: Vec<BoxFuture<'_, _>> =
            identifiers.iter().map(|identifier| self.identified_by(identifier).boxed()).collect();
        together(lists).await
    }

    /// A list of who has this key. Others may be in it, who are not as sure.
    pub(super) async fn known_by(&self, external_id: &str) -> Result<Body, TargetError> {
        if self.key().is_some() {
            return self.identified_by(external_id).await;
        }
        let Some(url) = self.external_url(external_id) else { return Ok(Body::from(b"[]".to_vec())) };
        let reply = self.retried(&Request::get(url), |_| true).await?;
        if reply.outcome.is_success() {
            return Ok(reply.body.between(b"[", b"]"));
        }
        self.is_gone(&reply).map(|()| Body::from(b"[]".to_vec()))
    }

    pub(super) async fn find_some(&self, external_ids: &[&str]) -> Result<(usize, Body), TargetError> {
        let some = &external_ids[..external_ids.len().min(IN_ONE_CALL)];
        let lists: Vec<BoxFuture<'_, _>> = some.iter().map(|id| self.known_by(id).boxed()).collect();
        Ok((some.len(), together(lists).await?))
    }

    /// By what else is unique.
    pub(super) async fn find_by_address(&self, sent: &Comparable<'_>) -> Result<Option<Body>, TargetError> {
        if sent.clerk_id().is_none() {
            return Ok(None);
        }
        // A phone number is no identifier.
        let identifiers: Vec<&str> =
            sent.addresses().filter(|(name, _)| *name != "phone").map(|(_, value)| value).collect();
        self.identified_by_any(&identifiers).await.map(Some)
    }

    /// Which of these ids of its own are there.
    pub(super) async fn present(&self, ids: &[&str]) -> Result<HashSet<String>, TargetError> {
        let mut there = HashSet::new();
        for some in ids.chunks(PAGE) {
            let mut url = self.http.url("admin/identities");
            url.query_pairs_mut().extend_pairs(some.iter().map(|id| ("ids", *id)));
            let reply = self.ask(&Request::get(url), |reply| read_found(&reply.body, self.key()).is_some()).await?;
            let found = read_found(&reply.body, self.key()).unwrap_or_default();
            there.extend(found.into_iter().filter_map(|found| found.id.map(std::borrow::Cow::into_owned)));
        }
        Ok(there)
    }

    pub(super) async fn read_by_id(&self, id: &str) -> Result<Option<Body>, TargetError> {
        let reply = self.retried(&self.identity_request(id), |_| true).await?;
        if reply.outcome.is_success() {
            return Ok(Some(reply.body.between(b"[", b"]")));
        }
        self.is_gone(&reply).map(|()| None)
    }

    pub(super) async fn delete_all(&self, ids: &[&str]) -> Result<Vec<bool>, TargetError> {
        let deleted: Vec<BoxFuture<'_, _>> = ids.iter().map(|id| self.delete_one(id).boxed()).collect();
        stream::iter(deleted).buffered(AT_ONCE).try_collect().await
    }

    async fn delete_one(&self, id: &str) -> Result<bool, TargetError> {
        let reply = self.retried(&Request::delete(self.identity_url(id)), |_| true).await?;
        if !reply.outcome.is_success() {
            self.is_gone(&reply)?;
        }
        Ok(true)
    }

    /// Whether Kratos itself says that there is no such identity. A gateway with nothing behind it says 404 as well.
    fn is_gone(&self, reply: &Reply) -> Result<(), TargetError> {
        match reply.outcome {
            ReplyOutcome::Answered { status: 404 }
                if kratos_error(&reply.body).is_some_and(|error| error.code == 404) =>
            {
                Ok(())
            }
            _ => Err(refused(self.target(), reply)),
        }
    }

    /// Shows every page of the list to `look`.
    pub(super) async fn walk_list(
        &self,
        mut look: impl FnMut(&[Comparable<'_>]) -> io::Result<()>,
    ) -> Result<(), TargetError> {
        let (mut cycle, mut token) = (RepeatingList::default(), None::<String>);
        let size = PAGE.to_string();
        loop {
            let page = token.as_deref().map(|token| ("page_token", token));
            let request = Request::get(self.list_url([("page_size", size.as_str())].into_iter().chain(page)));
            let reply = self.ask(&request, |reply| read_found(&reply.body, self.key()).is_some()).await?;
            look(&read_found(&reply.body, self.key()).unwrap_or_default())?;
            let next = reply.next_page.and_then(|url| {
                url.query_pairs().find(|(name, _)| name == "page_token").map(|(_, token)| token.into_owned())
            });
            let Some(next) = next else { return Ok(()) };
            // A target that gives the same pages again and again must not keep us for ever.
            if cycle.closes_with(&next) {
                return Err(endless_list(self.target()));
            }
            token = Some(next);
        }
    }
}

/// Several lists as one.
async fn together(lists: Vec<BoxFuture<'_, Result<Body, TargetError>>>) -> Result<Body, TargetError> {
    let lists: Vec<Body> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
    let inner = lists.iter().map(|list| list.trim_ascii()).filter_map(|list| list.get(1..list.len() - 1));
    let inner: Vec<&[u8]> = inner.filter(|list| !list.trim_ascii().is_empty()).collect();
    Ok(Body::from([b"[".as_slice(), &inner.join(&b','), b"]"].concat()))
}
