//! Memberships: finding, changing and deleting them.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::found::{Found, list_of};
use super::record_calls::{RecordCalls, pair};
use super::tuple::Tuple;
use crate::avnology::{AdminCalls, deleted};
use crate::destination::{Change, Changed, Comparable, TargetError};
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

impl<'a> Member<'a> {
    /// The role that is granted. Where it is one that the target's members cannot have, the membership's own role is `member`,
    /// and its metadata say which one it is.
    pub(super) fn granted_role(&self) -> Cow<'a, str> {
        #[derive(Deserialize)]
        struct Metadata<'a> {
            #[serde(borrow)]
            clerk: Origin<'a>,
        }
        #[derive(Deserialize)]
        struct Origin<'a> {
            #[serde(borrow)]
            role: Cow<'a, str>,
        }
        let noted = || serde_json::from_str::<Metadata<'a>>(self.metadata?.get()).ok();
        match (&*self.role, noted()) {
            ("member", Some(Metadata { clerk: Origin { role } })) => role,
            _ => self.role.clone(),
        }
    }
}

fn sent_member(encoded: &[u8]) -> Option<Member<'_>> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        membership: Member<'a>,
    }
    serde_json::from_slice::<Item<'_>>(encoded).ok().map(|item| item.membership)
}

/// Reads an encoded membership.
pub(super) fn read_sent_membership(encoded: &[u8]) -> Option<Comparable<'_>> {
    let sent = sent_member(encoded)?;
    let role = sent.granted_role();
    let id = format!("{}/{}", sent.organization_id?, sent.user_id?);
    Some(Comparable::of_metadata(id, Some(role), sent.metadata))
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
        let found = member.map(|member| Found {
            external_id: id,
            id,
            role: Some(member.granted_role()),
            admin_metadata: member.metadata,
            ..Found::default()
        });
        Ok((1, list_of(found.as_slice())))
    }

    /// Gives a member another role. What the role before granted is taken back first: whatever stops the program in between,
    /// nobody keeps a role that is not theirs, and the same change is made again. If the target refuses the change, the role
    /// before is granted again.
    pub(super) async fn change_membership(&self, change: &Change<'_>) -> Result<Changed, TargetError> {
        let (Some(path), Some(sent)) = (path_of(change.id), sent_member(change.encoded)) else {
            return Ok(Changed::Updated);
        };
        let before = self.read(&path, &[]).await?;
        let before = before.as_ref().and_then(|reply| serde_json::from_slice::<Member<'_>>(&reply.body).ok());
        let before = before.map(|member| member.granted_role()).filter(|role| *role != sent.granted_role());
        let withdrawn = match before {
            Some(role) => self.withdraw(change.id, &role).await?,
            None => None,
        };
        let body = serde_json::json!({ "role": sent.role, "metadata": sent.metadata });
        let body = Bytes::from(body.to_string());
        let reply = self.calls.retried(|| self.calls.client.patch_at(&path, body.clone()), |_| true).await?;
        let changed = self.changed(&reply)?;
        if let (Changed::Refused(_), Some(tuple)) = (&changed, withdrawn) {
            self.grant(&tuple).await?;
        }
        Ok(changed)
    }

    /// Takes the tuple of a member's role back; the tuple, if it was there.
    async fn withdraw(&self, id: &str, role: &str) -> Result<Option<String>, TargetError> {
        let Some((organization, user)) = pair(id) else { return Ok(None) };
        let (relation, subject) = (self.tuples.relation(role), self.tuples.subject(user));
        let namespace = self.tuples.namespace.as_str();
        let tuple = Tuple { namespace, object: organization, relation: &relation, subject: &subject };
        let is_there = self.has_tuple(&tuple).await?;
        self.delete_tuple(&tuple).await?;
        Ok(is_there.then(|| format!("{namespace}:{organization}#{relation}@{subject}")))
    }

    /// Deletes memberships: for each whether it is gone now.
    pub(super) async fn delete_memberships(&self, ids: &[&str]) -> Result<Vec<bool>, TargetError> {
        if !self.batch {
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
        let pairs = ids.iter().filter_map(|id| pair(id));
        let memberships: Vec<_> = pairs
            .map(|(organization, user)| serde_json::json!({ "organization_id": organization, "user_id": user }))
            .collect();
        let body = serde_json::json!({ "memberships": memberships }).to_string();
        delete_batch(&self.calls, "v1/memberships:batchDelete", body, ids.len()).await
    }
}

/// Deletes many at once.
pub(super) async fn delete_batch(
    calls: &AdminCalls,
    path: &str,
    body: String,
    count: usize,
) -> Result<Vec<bool>, TargetError> {
    let (body, key) = (Bytes::from(body), format!("delete-{}", uuid::Uuid::new_v4()));
    let request = || calls.client.post(path, body.clone(), &key);
    let reply = calls.ask(request, |reply| deleted(&reply.body, count).is_some()).await?;
    Ok(deleted(&reply.body, count).unwrap_or_default())
}
