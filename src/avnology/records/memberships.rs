//! Memberships: finding, changing and deleting them.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::found::{FoundRecord, list_of};
use super::record_calls::{RecordCalls, pair};
use super::tuple::TupleBody;
use crate::avnology::error_body::says_it_is_gone;
use crate::destination::{Change, Changed, Comparable, ItemError, ItemErrorKind, TargetError};
use crate::http::Body;

/// A membership as it is sent, and a member as the target shows it.
#[derive(Deserialize)]
pub(super) struct Member<'a> {
    #[serde(borrow, default)]
    pub organization_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub user_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub role: Cow<'a, str>,
    #[serde(borrow, default)]
    pub metadata: Option<&'a RawValue>,
}

/// Reads an encoded membership.
pub(super) fn read_sent_membership(encoded: &[u8]) -> Option<Comparable<'_>> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        membership: Member<'a>,
    }
    let Item { membership } = serde_json::from_slice::<Item<'_>>(encoded).ok()?;
    let id = format!("{}/{}", membership.organization_id?, membership.user_id?);
    Some(Comparable::of_metadata(id, Some(membership.role), membership.metadata))
}

/// The members of a page of an organization's list, with their ids.
pub(super) fn members_of<'a>(body: &'a [u8], organization: &str) -> Vec<(String, Member<'a>)> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        members: Vec<Member<'a>>,
    }
    let list = serde_json::from_slice::<List<'_>>(body).ok();
    let members = list.into_iter().flat_map(|list| list.members);
    members.filter_map(|member| Some((format!("{organization}/{}", member.user_id.as_deref()?), member))).collect()
}

/// Where a member is.
pub(super) fn path_of(id: &str) -> Option<String> {
    pair(id).map(|(organization, user)| format!("v1/organizations/{organization}/members/{user}"))
}

impl RecordCalls {
    /// Finds the first of these memberships: a list of it, or of none.
    pub(super) async fn find_membership(&self, ids: &[&str]) -> Result<(usize, Body), TargetError> {
        let Some(id) = ids.first() else { return Ok((0, Body::default())) };
        let Some(path) = path_of(id) else { return Ok((1, list_of(&[]))) };
        let Some(reply) = self.read(&path, &[]).await? else { return Ok((1, list_of(&[]))) };
        let member = serde_json::from_slice::<Member<'_>>(&reply.body).ok();
        let found = member.map(|Member { role, metadata, .. }| FoundRecord {
            external_id: id,
            id,
            role: Some(role),
            admin_metadata: metadata,
            ..FoundRecord::default()
        });
        Ok((1, list_of(found.as_slice())))
    }

    /// Gives a member another role. What the role before granted is taken back, and that first: should the program be killed in
    /// between, the member is still seen to have the role before, and gets the other one by the next run. If the target refuses
    /// the change, the member keeps the grant, unless it is no member any more; if it does not take the grant back, the role is not
    /// changed.
    pub(super) async fn change_membership(&self, change: &Change<'_>) -> Result<Changed, TargetError> {
        let (Some(path), Some((organization, user))) = (path_of(change.id), pair(change.id)) else {
            return Ok(Changed::Updated);
        };
        let before = self.read(&path, &[]).await?;
        let before = before.as_ref().and_then(|reply| serde_json::from_slice::<Member<'_>>(&reply.body).ok());
        let sent = read_sent_membership(change.encoded).unwrap_or_default();
        let role = sent.role.as_deref().unwrap_or_default();
        let own = sent.own_role();
        let before =
            before.map(|Member { role, metadata, .. }| Comparable::of_metadata(String::new(), Some(role), metadata));
        let was = before.and_then(|before| before.own_role().or(before.role));
        let was = was.filter(|was| **was != *own.as_deref().unwrap_or(role));
        let taken_back = match was {
            Some(was) => match self.take_back(organization, user, &was).await? {
                TakenBack::Not => return Ok(Changed::Refused(role_stays())),
                TakenBack::Gone(tuple) => Some(tuple),
                TakenBack::WasNotThere => None,
            },
            None => None,
        };
        let body = serde_json::json!({ "role": sent.role, "metadata": sent.admin_metadata() });
        let body = Bytes::from(body.to_string());
        let reply = self.calls.retried(|| self.calls.client.patch_at(&path, body.clone()), |_| true).await?;
        match (self.changed(&reply)?, taken_back) {
            (Changed::Refused(error), Some(tuple)) if !says_it_is_gone(&reply) && !self.grant(&tuple).await? => {
                Ok(Changed::Refused(role_is_lost(error)))
            }
            (changed, _) => Ok(changed),
        }
    }

    /// Makes somebody a member again, unless they are one: whether they are one now.
    pub(super) async fn put_member_back(
        &self,
        id: &str,
        role: &str,
        metadata: Option<&RawValue>,
    ) -> Result<bool, TargetError> {
        let Some((organization, user)) = pair(id) else { return Ok(false) };
        let member = serde_json::json!({ "user_id": user, "role": role, "metadata": metadata });
        self.create_again(&format!("v1/organizations/{organization}/members"), Bytes::from(member.to_string())).await
    }

    /// Takes back the tuple of a role, if it is there.
    async fn take_back(&self, organization: &str, user: &str, role: &str) -> Result<TakenBack, TargetError> {
        let (relation, subject) = (self.tuples.relation(role), self.tuples.subject(user));
        let namespace = self.tuples.namespace.as_str();
        let tuple = TupleBody { namespace, object: organization, relation: &relation, subject: &subject };
        let is_there = self.has_tuple(&tuple).await?;
        let is_gone = self.delete_tuple(&tuple).await?;
        Ok(match (is_there, is_gone) {
            (false, _) => TakenBack::WasNotThere,
            (true, false) => TakenBack::Not,
            (true, true) => TakenBack::Gone(self.tuples.text(organization, role, user)),
        })
    }

    /// Deletes memberships: for each whether it is gone now.
    pub(super) async fn delete_memberships(&self, ids: &[&str]) -> Result<Vec<bool>, TargetError> {
        if !self.has_batch_method {
            let mut done = Vec::with_capacity(ids.len());
            for id in ids {
                let path = path_of(id);
                done.push(match path {
                    Some(path) => self.delete_one(&path, &[]).await?,
                    None => false,
                });
            }
            return Ok(done);
        }
        let pairs = ids.iter().map(|id| pair(id).unwrap_or_default());
        let memberships: Vec<_> = pairs
            .map(|(organization, user)| serde_json::json!({ "organization_id": organization, "user_id": user }))
            .collect();
        self.calls.delete_batch("v1/memberships:batchDelete", "memberships", &memberships).await
    }
}

/// What became of the tuple of a role.
enum TakenBack {
    WasNotThere,
    /// It is gone: its text.
    Gone(String),
    /// The target keeps it.
    Not,
}

/// Why a member keeps the role that they have.
fn role_stays() -> ItemError {
    let message = Some("the target did not take back what the role before grants".to_owned());
    ItemError { kind: ItemErrorKind::Invalid, message, ..ItemError::default() }
}

/// Why a member has neither the grant of the role before nor the other role.
fn role_is_lost(error: ItemError) -> ItemError {
    let lost = "the target did not grant the role before again, which was taken back for the change; grant it by hand";
    let message = error.message.map_or_else(|| lost.to_owned(), |said| format!("{said}; {lost}"));
    ItemError { message: Some(message), ..error }
}
