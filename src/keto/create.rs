//! Grants roles: reads what is there, and inserts what is missing.

use std::collections::HashSet;

use super::KetoTuples;
use super::answer::page;
use super::errors::failed_question;
use super::keto_calls::is_page;
use super::relation_tuple::RelationTuple;
use crate::destination::{
    CreateItem, CreateOutcome, CreateRequest, CreateResults, ItemError, ItemErrorKind, ItemResult, RunMark, TargetError,
};
use crate::http::{Request, is_transient};
use crate::pace::Permit;

impl KetoTuples {
    /// Grants the roles of a batch.
    pub(super) async fn create_batch(&self, request: CreateRequest<'_>, permit: Permit) -> CreateOutcome {
        // The permit is for one request, and this one shows how busy Keto is.
        let first = request.items.first().and_then(|item| RelationTuple::of(item.external_id));
        let parameters = first.as_ref().map(RelationTuple::parameters).unwrap_or_default();
        let reply = self.calls.read.send(Request::get(self.calls.list_url(&parameters))).await;
        let reply =
            if reply.outcome.is_success() && page(&reply.body).is_none() { reply.into_unreadable() } else { reply };
        permit.finish(&reply.pace_signal(is_transient));
        if !reply.outcome.is_success() || !is_page(&reply) {
            return CreateOutcome::Failed(Box::new(failed_question(self.calls.read.base_url(), reply)));
        }
        match self.results(&request).await {
            Ok(results) => CreateOutcome::Results(CreateResults {
                results,
                request_id: reply.request_id,
                ..CreateResults::default()
            }),
            Err(error) => CreateOutcome::Stopped(error),
        }
    }

    async fn results(&self, request: &CreateRequest<'_>) -> Result<Vec<ItemResult>, TargetError> {
        let (items, run) = (&request.items, request.mark.map(RunMark::run));
        let tuples: Vec<RelationTuple<'_>> =
            items.iter().filter_map(|item| RelationTuple::of(item.external_id)).collect();
        self.learn_relations(&tuples).await?;
        let mut granted = tuples;
        granted.retain(|tuple| self.is_declared(&tuple.relation) == Some(true));
        let known = self.calls.copies(&granted).await?;
        // An earlier part of the run may have inserted what is there: its answer was lost.
        let mut inserted = match run.filter(|_| request.sent_before) {
            Some(run) => {
                let there = known.keys().map(String::as_str);
                self.calls.receipted(&self.rules.namespace, run, there).await?
            }
            None => HashSet::new(),
        };
        inserted.extend(self.calls.apply(&granted, &[], known, run).await?);
        let result = |item: &CreateItem<'_>| {
            let id = Some(item.external_id.to_owned());
            match RelationTuple::of(item.external_id) {
                Some(tuple) if self.is_declared(&tuple.relation) == Some(true) => {
                    if inserted.contains(item.external_id) {
                        ItemResult::Created { id }
                    } else {
                        ItemResult::Exists { id }
                    }
                }
                tuple => {
                    ItemResult::Error(undeclared(&tuple.map(|tuple| tuple.relation.into_owned()).unwrap_or_default()))
                }
            }
        };
        Ok(items.iter().map(result).collect())
    }
}

/// The error of a role that would fail every check.
pub(super) fn undeclared(relation: &str) -> ItemError {
    let message = format!(
        "the namespaces of Keto do not declare the relation `{relation}`: add it as --print-keto-namespaces={relation} shows, then run \
         the same command again"
    );
    ItemError {
        kind: ItemErrorKind::Invalid,
        message: Some(message),
        field: Some("role".to_owned()),
        ..ItemError::default()
    }
}
