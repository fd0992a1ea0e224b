//! Finds out which tuples are there, and how often.

use std::collections::{BTreeMap, HashMap};

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use super::answer::{list_of, page, read_found};
use super::errors::endless_list;
use super::receipts::is_receipt;
use super::{KetoCalls, KetoTuples, RelationTuple};
use crate::destination::{Look, TargetError};
use crate::http::RepeatingList;

/// Questions that are under way at once.
const AT_ONCE: usize = 4;

/// Tuples of a page.
const PAGE: &str = "1000";

/// How often each tuple is there; it is not if it is not in here.
pub(super) type Copies = HashMap<String, usize>;

impl KetoCalls {
    /// How often these tuples are there. The tuples of an object are listed, if they are on one page; in a larger organization each is
    /// asked for by itself.
    pub(super) async fn copies(&self, tuples: &[RelationTuple<'_>]) -> Result<Copies, TargetError> {
        let mut objects = BTreeMap::<(&str, &str), Vec<&RelationTuple<'_>>>::new();
        for tuple in tuples {
            objects.entry((&tuple.namespace, &tuple.object)).or_default().push(tuple);
        }
        let asked: Vec<BoxFuture<'_, _>> =
            objects.into_iter().map(|(object, tuples)| self.copies_of_object(object, tuples).boxed()).collect();
        let copies: Vec<Copies> = stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(copies.into_iter().flatten().collect())
    }

    async fn copies_of_object(
        &self,
        (namespace, object): (&str, &str),
        tuples: Vec<&RelationTuple<'_>>,
    ) -> Result<Copies, TargetError> {
        let mut copies = Copies::new();
        if tuples.len() > 1 {
            let reply = self.page(&[("namespace", namespace), ("object", object), ("page_size", PAGE)]).await?;
            let (listed, next) = page(&reply.body).unwrap_or_default();
            if next.is_none() {
                count(&listed, &mut copies);
                return Ok(copies);
            }
        }
        for tuple in tuples {
            let mut parameters = tuple.parameters().to_vec();
            parameters.push(("page_size", PAGE));
            let reply = self.page(&parameters).await?;
            count(&page(&reply.body).unwrap_or_default().0, &mut copies);
        }
        Ok(copies)
    }
}

fn count(tuples: &[RelationTuple<'_>], copies: &mut Copies) {
    for tuple in tuples {
        *copies.entry(tuple.text()).or_default() += 1;
    }
}

impl KetoTuples {
    /// Shows every page of the list of all tuples of the namespace to `look`.
    pub(super) async fn walk_all(&self, look: &mut Look<'_>) -> Result<(), TargetError> {
        let (mut cycle, mut token) = (RepeatingList::default(), None::<String>);
        loop {
            let mut parameters = vec![("namespace", self.rules.namespace.as_str()), ("page_size", PAGE)];
            parameters.extend(token.as_deref().map(|token| ("page_token", token)));
            let reply = self.calls.page(&parameters).await?;
            let (tuples, next) = page(&reply.body).unwrap_or_default();
            let granted = tuples.iter().filter(|tuple| !is_receipt(tuple));
            look(&read_found(&list_of(granted, |_| None)))?;
            let Some(next) = next else { return Ok(()) };
            if cycle.closes_with(&next) {
                return Err(endless_list(self.calls.read.base_url()));
            }
            token = Some(next);
        }
    }
}
