//! Role tuples: finding and deleting them.

use bytes::Bytes;
use serde::Deserialize;

use super::found::{FoundRecord, list_of};
use super::record_calls::RecordCalls;
use super::record_pages::RecordPages;
use super::tuple::{BATCH_CHECK, PERMISSIONS, TupleBody};
use crate::avnology::MAX_PAGE;
use crate::destination::{Comparable, TargetError};
use crate::http::{Body, Reply};

/// How often the tuples of an organization are listed while they are deleted. Where the pages of a list move up as it gets shorter,
/// each time at least half of what is left is seen.
const PASSES: u32 = 32;

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    permissions: Vec<TupleBody<'a>>,
}

/// Reads an encoded tuple. There is nothing in it that could differ.
pub(super) fn read_sent_tuple(encoded: &[u8]) -> Option<Comparable<'_>> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        permission: TupleBody<'a>,
    }
    let Item { permission: TupleBody { namespace, object, relation, subject } } =
        serde_json::from_slice(encoded).ok()?;
    Some(Comparable::of_metadata(format!("{namespace}:{object}#{relation}@{subject}"), None, None))
}

/// The tuples of a namespace on a page of the list, as texts.
pub(super) fn tuples_of(body: &[u8], namespace: &str) -> Vec<String> {
    let list = serde_json::from_slice::<List<'_>>(body).ok();
    let tuples = list.into_iter().flat_map(|list| list.permissions).filter(|tuple| tuple.namespace == namespace);
    tuples
        .map(|TupleBody { namespace, object, relation, subject }| format!("{namespace}:{object}#{relation}@{subject}"))
        .collect()
}

impl RecordCalls {
    /// Finds the first of these tuples: a list of those that are there.
    pub(super) async fn find_tuples(&self, ids: &[&str]) -> Result<(usize, Body), TargetError> {
        if self.has_batch_method {
            return self.check_tuples(ids).await;
        }
        let Some(id) = ids.first() else { return Ok((0, Body::default())) };
        let Some(tuple) = TupleBody::of(id) else { return Ok((1, list_of(&[]))) };
        let found =
            self.has_tuple(&tuple).await?.then(|| FoundRecord { external_id: id, id, ..FoundRecord::default() });
        Ok((1, list_of(found.as_slice())))
    }

    /// Whether the tuple is there.
    pub(super) async fn has_tuple(&self, tuple: &TupleBody<'_>) -> Result<bool, TargetError> {
        let reply = self.read(PERMISSIONS, &tuple.parameters()).await?;
        let list = reply.as_ref().and_then(|reply| serde_json::from_slice::<List<'_>>(&reply.body).ok());
        // A target may ignore a filter.
        Ok(list.is_some_and(|list| list.permissions.contains(tuple)))
    }

    /// Grants a role again that was taken back, by the text of its tuple: whether it is granted now.
    pub(super) async fn grant(&self, tuple: &str) -> Result<bool, TargetError> {
        let Some(tuple) = TupleBody::of(tuple) else { return Ok(false) };
        self.create_again(PERMISSIONS, Bytes::from(serde_json::json!(tuple).to_string())).await
    }

    async fn check_tuples(&self, ids: &[&str]) -> Result<(usize, Body), TargetError> {
        #[derive(Deserialize)]
        struct Answer {
            results: Vec<Allowed>,
        }
        #[derive(Deserialize)]
        struct Allowed {
            allowed: bool,
        }
        let ids = &ids[..ids.len().min(MAX_PAGE)];
        let tuples: Vec<Option<TupleBody<'_>>> = ids.iter().map(|id| TupleBody::of(id)).collect();
        let body = Bytes::from(serde_json::json!({ "permissions": tuples }).to_string());
        let key = format!("check-{}", uuid::Uuid::new_v4());
        let read = |reply: &Reply| {
            let answer = serde_json::from_slice::<Answer>(&reply.body).ok()?;
            (answer.results.len() == ids.len()).then_some(answer.results)
        };
        let request = || self.calls.client.post(BATCH_CHECK, body.clone(), &key);
        let reply = self.calls.ask(request, |reply| read(reply).is_some()).await?;
        let allowed = read(&reply).unwrap_or_default();
        let there = ids.iter().zip(allowed).filter(|(_, result)| result.allowed);
        let found: Vec<_> =
            there.map(|(id, _)| FoundRecord { external_id: id, id, ..FoundRecord::default() }).collect();
        Ok((ids.len(), list_of(&found)))
    }

    /// Whether a role is granted in an organization.
    pub(super) async fn has_tuples(&self, organization: &str) -> Result<bool, TargetError> {
        let parameters =
            [("namespace", self.tuples.namespace.as_str()), ("object", organization), ("page_size", "100")];
        let reply = self.read(PERMISSIONS, &parameters).await?;
        let list = reply.as_ref().and_then(|reply| serde_json::from_slice::<List<'_>>(&reply.body).ok());
        // A target may ignore a filter.
        Ok(list.is_none_or(|list| list.permissions.iter().any(|tuple| tuple.object == organization)))
    }

    /// Takes back all roles in an organization, also those that others granted: whether none is left.
    pub(super) async fn delete_tuples_in(&self, organization: &str) -> Result<bool, TargetError> {
        let parameters = [("namespace", self.tuples.namespace.as_str()), ("object", organization)];
        for _ in 0..PASSES {
            let mut pages = RecordPages::of(PERMISSIONS.to_owned(), &parameters);
            let (mut found_any, mut any_went) = (false, false);
            while let Some(body) = pages.next(self).await? {
                let Ok(list) = serde_json::from_slice::<List<'_>>(&body) else { return Ok(false) };
                // A target may ignore a filter.
                for tuple in list.permissions.into_iter().filter(|tuple| tuple.object == organization) {
                    if tuple.namespace == self.tuples.namespace {
                        found_any = true;
                        any_went |= self.delete_tuple(&tuple).await?;
                    }
                }
            }
            if !any_went {
                return Ok(!found_any);
            }
        }
        Ok(false)
    }

    /// Takes a role back: whether it is gone now.
    pub(super) async fn delete_tuple(&self, tuple: &TupleBody<'_>) -> Result<bool, TargetError> {
        self.delete_one(PERMISSIONS, &tuple.parameters()).await
    }

    /// Deletes tuples: for each whether it is gone now.
    pub(super) async fn delete_tuples(&self, ids: &[&str]) -> Result<Vec<bool>, TargetError> {
        let tuples: Vec<TupleBody<'_>> = ids.iter().filter_map(|id| TupleBody::of(id)).collect();
        if self.has_batch_method && tuples.len() == ids.len() {
            let tuples: Vec<_> = tuples.iter().map(|tuple| serde_json::json!(tuple)).collect();
            return self.calls.delete_batch("v1/permissions:batchDelete", "permissions", &tuples).await;
        }
        let mut done = Vec::with_capacity(ids.len());
        for id in ids {
            done.push(match TupleBody::of(id) {
                Some(tuple) => self.delete_tuple(&tuple).await?,
                None => false,
            });
        }
        Ok(done)
    }
}
