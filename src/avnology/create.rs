//! Creates identities: in batches, or by the documented way for a target without batch methods, one request an identity.
//! Either way there is one result for each.

use super::error_body::{ErrorBody, error_body};
use super::failed_request::failed_request;
use super::item_error::item_error;
use super::{AdminCalls, Meaning, batch_results, identity, meaning_of, read_by_external_id};
use crate::destination::{CreateItem, CreateOutcome, CreateRequest, CreateResults, ItemResult, RunMark, TargetError};
use crate::http::{Reply, ReplyOutcome, is_transient};
use crate::pace::{PaceSignal, Permit, RequestResult};

/// The code of a conflict, should a target answer 409 without one.
const CONFLICT: &str = "AVNOLOGY_AUTH_903";

impl AdminCalls {
    /// Creates the records of a batch by the batch method at this path.
    pub(super) async fn create_batch(&self, path: &str, request: CreateRequest<'_>, permit: Permit) -> CreateOutcome {
        let reply = self.client.post(path, request.body, request.key).await;
        let done = meaning_of(reply.outcome) == Meaning::Done;
        let results = done.then(|| batch_results(&reply.body, request.items.len())).flatten();
        let reply = if done && results.is_none() { reply.into_unreadable() } else { reply };
        let signal = reply.pace_signal(is_transient);
        // A target that takes none of the items does not work, even if its status says success.
        let all_fail = results.as_ref().is_some_and(|results| results.iter().all(ItemResult::is_transient));
        let result = if all_fail { RequestResult::Failed } else { signal.result };
        permit.finish(&PaceSignal { result, ..signal });
        match results {
            Some(results) => {
                let (request_id, held_room) = (reply.request_id, reply.body.into_held_room());
                CreateOutcome::Results(CreateResults { results, request_id, held_room })
            }
            None => self.failed(reply),
        }
    }

    /// Creates one identity.
    pub(super) async fn create_one(&self, request: CreateRequest<'_>, permit: Permit) -> CreateOutcome {
        let CreateRequest { body, items, key, sent_before, mark } = request;
        let Some(item) = items.first().copied() else {
            return CreateOutcome::Results(CreateResults::default());
        };
        let mut reply = self.client.create(body, key).await;
        let is_done = meaning_of(reply.outcome) == Meaning::Done;
        let created = if is_done { identity(&reply.body) } else { None };
        if is_done && created.is_none() {
            reply = reply.into_unreadable();
        }
        permit.finish(&reply.pace_signal(is_transient));
        let result = match (created, reply.outcome) {
            (Some(created), _) => {
                let disabled = self.disable(item, &created.id, created.state.as_deref()).await;
                disabled.map(|()| ItemResult::Created { id: Some(created.id) })
            }
            (None, ReplyOutcome::Answered { status: 409 }) => {
                self.existing(item, mark, sent_before, error_body(&reply.body)).await
            }
            (None, _) => return self.failed(reply),
        };
        match result {
            Ok(result) => {
                let (results, request_id) = (vec![result], reply.request_id);
                CreateOutcome::Results(CreateResults { results, request_id, ..CreateResults::default() })
            }
            Err(error) => CreateOutcome::Stopped(error),
        }
    }

    pub(super) fn failed(&self, reply: Reply) -> CreateOutcome {
        tracing::debug!(outcome = ?reply.outcome, request = reply.request_id, "no results");
        CreateOutcome::Failed(Box::new(failed_request(self.client.base_url(), reply)))
    }

    /// A target that ignores `state` has let in somebody who is banned.
    async fn disable(&self, item: CreateItem<'_>, id: &str, state: Option<&str>) -> Result<(), TargetError> {
        if item.disabled && !matches!(state, Some("disabled" | "inactive")) {
            // One who was deleted meanwhile is not let in either.
            self.set_state(id, "deactivate").await?;
        }
        Ok(())
    }

    /// Finds out, by reading, whether the identity is there already or another one is in the way.
    async fn existing(
        &self,
        item: CreateItem<'_>,
        mark: Option<&RunMark>,
        sent_before: bool,
        conflict: ErrorBody,
    ) -> Result<ItemResult, TargetError> {
        let (_, body) = self.read_some(&[item.external_id]).await?;
        let found = read_by_external_id(&body);
        let Some(found) = found.get(item.external_id) else {
            let code = conflict.code.or_else(|| Some(CONFLICT.to_owned()));
            let error = ErrorBody { code, ..conflict };
            return Ok(ItemResult::Error(item_error(error)));
        };
        // Ours, if a request created it whose answer was lost: then the identity could not be disabled yet. Nobody else's is touched;
        // but where a target does not show whose it is, nobody who is banned is let in.
        let is_ours = match mark {
            Some(mark) if found.shows_admin_metadata() => found.is_marked_by(mark),
            _ => sent_before,
        };
        if let Some(id) = found.id.as_deref().filter(|_| is_ours) {
            self.disable(item, id, found.state.as_deref()).await?;
        }
        Ok(ItemResult::Exists { id: found.id.as_deref().map(str::to_owned) })
    }
}
