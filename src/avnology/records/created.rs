//! Creates records of one kind: in batches, or by the single methods, one request a record.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::found::read_found;
use super::record_calls::{RecordCalls, is_own_answer, pair};
use crate::avnology::error_body::{ErrorBody, error_body};
use crate::avnology::item_error::{gone, item_error};
use crate::avnology::{Meaning, meaning_of};
use crate::destination::{CreateItem, CreateOutcome, CreateRequest, CreateResults, ItemResult, TargetError};
use crate::http::{ReplyOutcome, is_transient};
use crate::kind::Kind;
use crate::pace::Permit;

impl RecordCalls {
    /// Creates the records of a batch.
    pub(super) async fn create_batch(&self, request: CreateRequest<'_>, permit: Permit) -> CreateOutcome {
        let external_ids: Vec<&str> = request.items.iter().map(|item| item.external_id).collect();
        match self.calls.create_batch(self.batch_path(), request, permit).await {
            CreateOutcome::Results(CreateResults { results, request_id, held_room }) => {
                let named = results.into_iter().zip(&external_ids).map(|(result, id)| self.named(result, id));
                CreateOutcome::Results(CreateResults { results: named.collect(), request_id, held_room })
            }
            failed => failed,
        }
    }

    /// A result with the id by which the kind is known here.
    fn named(&self, result: ItemResult, external_id: &str) -> ItemResult {
        let id_of = |id: Option<String>| self.id(id, external_id);
        match result {
            ItemResult::Created { id } => ItemResult::Created { id: id_of(id) },
            ItemResult::Exists { id } => ItemResult::Exists { id: id_of(id) },
            error @ ItemResult::Error(_) => error,
        }
    }

    /// The id by which a record is known here; of an invitation the organization is part of it.
    fn id(&self, id: Option<String>, external_id: &str) -> Option<String> {
        match self.kind {
            Kind::User | Kind::Organization => id,
            Kind::Membership | Kind::RoleTuple => Some(external_id.to_owned()),
            Kind::Invitation => Some(format!("{}/{}", pair(external_id)?.0, id?)),
        }
    }

    /// Creates one record.
    pub(super) async fn create_one(&self, request: CreateRequest<'_>, permit: Permit) -> CreateOutcome {
        let CreateRequest { body, items, key, .. } = request;
        let Some(item) = items.first().copied() else {
            return CreateOutcome::Results(CreateResults::default());
        };
        let mut reply = self.calls.client.post(&self.single_path(item.external_id), self.single_body(&body), key).await;
        // A page of a gateway creates nothing, even if its status is one of success.
        if meaning_of(reply.outcome) == Meaning::Done && !self.is_created(&reply.body) {
            reply = reply.into_unreadable();
        }
        permit.finish(&reply.pace_signal(is_transient));
        let result = match (reply.outcome, gone(&reply)) {
            (ReplyOutcome::Answered { status: 409 }, _) => self.existing(item, error_body(&reply.body)).await,
            // The organization or the user is not there.
            (_, Some(error)) => Ok(ItemResult::Error(error)),
            (outcome, None) if meaning_of(outcome) != Meaning::Done => return self.calls.failed(reply),
            _ => Ok(ItemResult::Created { id: self.id(id_in(&reply.body), item.external_id) }),
        };
        match result {
            Ok(result) => {
                let (results, request_id) = (vec![result], reply.request_id);
                CreateOutcome::Results(CreateResults { results, request_id, ..CreateResults::default() })
            }
            Err(error) => CreateOutcome::Stopped(error),
        }
    }

    /// Whether an answer says that a record was created: of what is known by the target's own id, with that.
    fn is_created(&self, body: &[u8]) -> bool {
        match self.kind {
            Kind::User | Kind::Organization | Kind::Invitation => id_in(body).is_some(),
            Kind::Membership | Kind::RoleTuple => is_own_answer(body),
        }
    }

    fn single_path(&self, external_id: &str) -> String {
        let organization = pair(external_id).map_or("", |(organization, _)| organization);
        match self.kind {
            Kind::User => "v1/identities".to_owned(),
            Kind::Organization => "v1/organizations".to_owned(),
            Kind::Membership => format!("v1/organizations/{organization}/members"),
            Kind::RoleTuple => "v1/permissions".to_owned(),
            Kind::Invitation => format!("v1/organizations/{organization}/invitations"),
        }
    }

    /// What is in the envelope of an item; the organization stands in the path instead.
    fn single_body(&self, item: &Bytes) -> Bytes {
        type Members<'a> = BTreeMap<&'a str, &'a RawValue>;
        let inner = serde_json::from_slice::<Members<'_>>(item).ok().and_then(|item| item.into_values().next());
        let Some(inner) = inner else { return item.clone() };
        if matches!(self.kind, Kind::Membership | Kind::Invitation)
            && let Ok(mut members) = serde_json::from_str::<Members<'_>>(inner.get())
        {
            members.remove("organization_id");
            return Bytes::from(serde_json::to_vec(&members).unwrap_or_default());
        }
        Bytes::copy_from_slice(inner.get().as_bytes())
    }

    /// Finds out, by reading, whether the record is there already or another one is in the way.
    async fn existing(&self, item: CreateItem<'_>, conflict: ErrorBody) -> Result<ItemResult, TargetError> {
        let (_, body) = self.find_some(&[item.external_id]).await?;
        let found = read_found(&body).unwrap_or_default().0;
        if let Some(found) = found.into_iter().find(|found| found.external_id.as_deref() == Some(item.external_id)) {
            return Ok(ItemResult::Exists { id: found.id.map(Cow::into_owned) });
        }
        let code = conflict.code.or_else(|| Some("AVNOLOGY_AUTH_903".to_owned()));
        Ok(ItemResult::Error(item_error(ErrorBody { code, ..conflict })))
    }
}

/// The id in the answer to a single create.
fn id_in(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Created {
        id: Option<String>,
    }
    serde_json::from_slice::<Created>(body).ok()?.id
}
