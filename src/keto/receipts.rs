//! What a run inserted, said by Keto itself.
//!
//! A tuple has no room for the mark of a run. So the request that inserts tuples inserts a receipt with them, which names the run and
//! those tuples. A request is one transaction: a run that finds the receipt knows that the run inserted them, also where the import
//! was killed before it had the answer. Without a receipt, a tuple that is there is somebody else's.
//!
//! A receipt is a tuple, too: of an object that no organization is called, with a relation that no namespace declares. So it grants
//! nobody anything. Once every outcome of the run is in its journal, its receipts are deleted.

use std::borrow::Cow;
use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::answer::page;
use super::errors::{endless_list, refused};
use super::{KetoCalls, RelationTuple};
use crate::destination::TargetError;
use crate::hexadecimal::hexadecimal;
use crate::http::{RepeatingList, Request};

/// The object of receipts. An id at Clerk begins otherwise.
const OBJECT: &str = "avnology_migrate";

/// The most tuples that one receipt names, so that it is no longer than a text that any database indexes.
const MOST: usize = 50;

/// Bytes of a digest that a receipt has of a tuple: enough for the few thousand tuples that can be in doubt at once.
const DIGEST: usize = 8;

/// Receipts of a page.
const PAGE: &str = "500";

/// Whether a tuple is a receipt.
pub(super) fn is_receipt(tuple: &RelationTuple<'_>) -> bool {
    tuple.object == OBJECT
}

/// The receipts of this run for tuples that it inserts.
pub(super) fn receipts<'a>(run: &'a str, inserted: &[RelationTuple<'a>]) -> Vec<RelationTuple<'a>> {
    let receipt = |some: &[RelationTuple<'a>]| RelationTuple {
        namespace: some.first().map(|tuple| tuple.namespace.clone()).unwrap_or_default(),
        object: Cow::Borrowed(OBJECT),
        relation: Cow::Borrowed(run),
        subject: Cow::Owned(some.iter().map(|tuple| digest(&tuple.text())).collect::<Vec<_>>().join(".")),
    };
    inserted.chunks(MOST).map(receipt).collect()
}

fn digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text)[..DIGEST])
}

impl KetoCalls {
    /// Which of these tuples, by their texts, this run has receipts for. All its receipts are gone through, and none is kept.
    pub(super) async fn receipted(
        &self,
        namespace: &str,
        run: &str,
        tuples: impl IntoIterator<Item = &str>,
    ) -> Result<HashSet<String>, TargetError> {
        let mut open: Vec<(String, &str)> = tuples.into_iter().map(|text| (digest(text), text)).collect();
        let (mut found, mut cycle, mut token) = (HashSet::new(), RepeatingList::default(), None::<String>);
        while !open.is_empty() {
            let mut parameters = of_run(namespace, run).to_vec();
            parameters.push(("page_size", PAGE));
            parameters.extend(token.as_deref().map(|token| ("page_token", token)));
            let reply = self.page(&parameters).await?;
            let (receipts, next) = page(&reply.body).unwrap_or_default();
            let named: HashSet<&str> = receipts.iter().flat_map(|receipt| receipt.subject.split('.')).collect();
            open.retain(|(digest, text)| !named.contains(digest.as_str()) || !found.insert((*text).to_owned()));
            let Some(next) = next else { break };
            if cycle.closes_with(&next) {
                return Err(endless_list(self.read.base_url()));
            }
            token = Some(next);
        }
        Ok(found)
    }

    /// Deletes the receipts of a run, all at once. A run that inserted nothing has none, and writes nothing.
    pub(super) async fn forget_receipts(&self, namespace: &str, run: &str) -> Result<(), TargetError> {
        let of_run_alone = [&of_run(namespace, run)[..], &[("page_size", "1")]].concat();
        let first = self.page(&of_run_alone).await?;
        if page(&first.body).is_some_and(|(receipts, _)| receipts.is_empty()) {
            return Ok(());
        }
        let mut url = self.write.url("admin/relation-tuples");
        url.query_pairs_mut().extend_pairs(of_run(namespace, run));
        let reply = self.asked(&self.write, &Request::delete(url), |_| true).await?;
        if reply.outcome.is_success() {
            Ok(())
        } else {
            Err(refused(self.write.base_url(), &reply, "--keto-write-url"))
        }
    }
}

fn of_run<'a>(namespace: &'a str, run: &'a str) -> [(&'static str, &'a str); 3] {
    [("namespace", namespace), ("object", OBJECT), ("relation", run)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_names_the_run_and_what_it_inserted_and_is_not_long() {
        let texts: Vec<String> = (0..120).map(|number| format!("orgs:org_{number}#admin@5f0c")).collect();
        let tuples: Vec<_> = texts.iter().filter_map(|text| RelationTuple::of(text)).collect();
        let receipts = receipts("run", &tuples);
        assert_eq!(receipts.len(), 3);
        assert!(receipts.iter().all(|receipt| is_receipt(receipt) && receipt.relation == "run"));
        assert!(receipts.iter().all(|receipt| receipt.namespace == "orgs" && receipt.subject.len() < 1000));
        let named: HashSet<&str> = receipts.iter().flat_map(|receipt| receipt.subject.split('.')).collect();
        assert_eq!(named.len(), 120);
        assert!(texts.iter().all(|text| named.contains(digest(text).as_str())));
        assert!(!tuples.iter().any(is_receipt));
    }
}
