//! Which relations the namespaces declare: Keto takes a tuple with any other one, and answers every check of it with an error.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::answer::error_code;
use super::errors::refused;
use super::{KetoTuples, RelationTuple};
use crate::destination::TargetError;
use crate::http::{ReplyOutcome, Request};

impl KetoTuples {
    /// Finds out about the relations of these tuples that were not asked about before.
    pub(super) async fn learn_relations(&self, tuples: &[RelationTuple<'_>]) -> Result<(), TargetError> {
        let relations: BTreeSet<&str> = tuples.iter().map(|tuple| &*tuple.relation).collect();
        for relation in relations {
            if self.is_declared(relation).is_none() {
                let is_declared = self.ask_about(relation).await?;
                self.relations.lock().unwrap_or_else(PoisonError::into_inner).insert(relation.to_owned(), is_declared);
            }
        }
        Ok(())
    }

    /// Whether a relation is declared, if that was asked.
    pub(super) fn is_declared(&self, relation: &str) -> Option<bool> {
        self.relations.lock().unwrap_or_else(PoisonError::into_inner).get(relation).copied()
    }

    async fn ask_about(&self, relation: &str) -> Result<bool, TargetError> {
        let mut url = self.calls.read.url("relation-tuples/check/openapi");
        url.query_pairs_mut().extend_pairs([
            ("namespace", self.rules.namespace.as_str()),
            ("object", "nothing"),
            ("relation", relation),
            ("subject_id", "nobody"),
        ]);
        let reply = self.calls.asked(&self.calls.read, &Request::get(url), |_| true).await?;
        match reply.outcome {
            ReplyOutcome::Answered { status: 200 | 403 } => Ok(true),
            ReplyOutcome::Answered { status: 400 } if error_code(&reply.body) == Some(400) => Ok(false),
            _ => Err(refused(self.calls.read.base_url(), &reply, "--keto-read-url")),
        }
    }
}
