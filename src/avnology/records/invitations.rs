//! Invitations: finding and deleting them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::found::{FoundRecord, list_of};
use super::record_calls::{RecordCalls, pair};
use crate::destination::{Comparable, TargetError};
use crate::http::{Body, RepeatingList};
use crate::mapping::normal_form;

#[derive(Deserialize)]
struct Invitation<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    organization_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    email: Cow<'a, str>,
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
}

/// Reads an encoded invitation.
pub(super) fn read_sent_invitation(encoded: &[u8]) -> Option<Comparable<'_>> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        invitation: Invitation<'a>,
    }
    let Item { invitation } = serde_json::from_slice::<Item<'_>>(encoded).ok()?;
    let id = format!("{}/{}", invitation.organization_id?, normal_form(&invitation.email));
    Some(Comparable::of_metadata(id, Some(invitation.role), invitation.metadata))
}

/// The invitations on a page of an organization's list: their ids, and how they are found.
pub(super) fn invitations_of(body: &[u8], organization: &str) -> Vec<(String, String)> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        invitations: Vec<Invitation<'a>>,
    }
    let list = serde_json::from_slice::<List<'_>>(body).ok();
    let invitations = list.into_iter().flat_map(|list| list.invitations);
    let ids = |found: Invitation<'_>| {
        Some((format!("{organization}/{}", found.id?), format!("{organization}/{}", normal_form(&found.email))))
    };
    invitations.filter_map(ids).collect()
}

fn path_of(organization: &str) -> String {
    format!("v1/organizations/{organization}/invitations")
}

impl RecordCalls {
    /// Finds the first of these invitations in the list of its organization: a list of it, or of none.
    pub(super) async fn find_invitation(&self, external_ids: &[&str]) -> Result<(usize, Body), TargetError> {
        let Some(external_id) = external_ids.first() else { return Ok((0, Body::default())) };
        let Some((organization, email)) = pair(external_id) else { return Ok((1, list_of(&[]))) };
        let found = self.invitation_of(organization, |found| normal_form(&found.email) == email).await?;
        Ok((1, found.unwrap_or_else(|| list_of(&[]))))
    }

    /// The invitation with this id, as a list.
    pub(super) async fn get_invitation(&self, id: &str) -> Result<Option<Body>, TargetError> {
        let Some((organization, own)) = pair(id) else { return Ok(None) };
        self.invitation_of(organization, |found| found.id.as_deref() == Some(own)).await
    }

    /// The first one of an organization's list that `is_it`, as a list.
    async fn invitation_of(
        &self,
        organization: &str,
        is_it: impl Fn(&Invitation<'_>) -> bool,
    ) -> Result<Option<Body>, TargetError> {
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            invitations: Vec<Invitation<'a>>,
            #[serde(default)]
            next_page_token: Option<String>,
        }
        let (mut token, mut cycle) = (None::<String>, RepeatingList::default());
        loop {
            let page = token.as_deref().map(|token| ("page_token", token));
            let parameters: Vec<_> = [("page_size", "100")].into_iter().chain(page).collect();
            let Some(reply) = self.read(&path_of(organization), &parameters).await? else { return Ok(None) };
            let Ok(list) = serde_json::from_slice::<List<'_>>(&reply.body) else { return Ok(None) };
            if let Some(found) = list.invitations.iter().find(|found| is_it(found)) {
                let id = found.id.as_ref().map(|id| format!("{organization}/{id}")).unwrap_or_default();
                let external_id = format!("{organization}/{}", normal_form(&found.email));
                let role = Some(Cow::Borrowed(&*found.role));
                let admin_metadata = found.metadata;
                let found =
                    FoundRecord { external_id: &external_id, id: &id, role, admin_metadata, ..FoundRecord::default() };
                return Ok(Some(list_of(&[found])));
            }
            match list.next_page_token.filter(|token| !token.is_empty()) {
                Some(next) if !cycle.closes_with(&next) => token = Some(next),
                _ => return Ok(None),
            }
        }
    }

    /// Takes invitations back: for each whether it is gone now.
    pub(super) async fn delete_invitations(&self, ids: &[&str]) -> Result<Vec<bool>, TargetError> {
        let mut done = Vec::with_capacity(ids.len());
        for id in ids {
            done.push(match pair(id) {
                Some((organization, own)) => self.delete_one(&format!("{}/{own}", path_of(organization)), &[]).await?,
                None => false,
            });
        }
        Ok(done)
    }
}
