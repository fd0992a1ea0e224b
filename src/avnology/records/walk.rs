//! Lists of all records of a kind, page by page. Members and invitations are listed for each organization.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::found::{Found, list_of, read_found};
use super::invitations::invitations_of;
use super::memberships::members_of;
use super::record_calls::RecordCalls;
use super::tuples::{PERMISSIONS, tuples_of};
use crate::avnology::errors::endless_list;
use crate::destination::{Look, TargetError};
use crate::http::{Body, Cycle};
use crate::kind::Kind;

const ORGANIZATIONS: &str = "v1/organizations";

impl RecordCalls {
    /// Shows all records of the kind to `look`.
    pub(super) async fn walk_all(&self, look: &mut Look<'_>) -> Result<(), TargetError> {
        match self.kind {
            Kind::User => self.calls.walk_list(None, look).await.map(drop),
            Kind::Organization => self.walk_organizations(look).await,
            Kind::RoleTuple => self.walk_tuples(look).await,
            Kind::Membership | Kind::Invitation => self.walk_in_organizations(look).await,
        }
    }

    async fn walk_organizations(&self, look: &mut Look<'_>) -> Result<(), TargetError> {
        let mut pages = Pages::of(ORGANIZATIONS.to_owned(), &[("order_by", "create_time")]);
        while let Some(body) = pages.next(self).await? {
            let (found, _) = read_found(&body).unwrap_or_default();
            look(&found)?;
        }
        Ok(())
    }

    async fn walk_tuples(&self, look: &mut Look<'_>) -> Result<(), TargetError> {
        let namespace = self.tuples.namespace.as_str();
        let parameters = [("namespace", namespace), ("order_by", "create_time")];
        let mut pages = Pages::of(PERMISSIONS.to_owned(), &parameters);
        while let Some(body) = pages.next(self).await? {
            // A target may ignore a filter.
            let ids = tuples_of(&body, namespace);
            show(ids.iter().map(|id| Found { external_id: id, id, ..Found::default() }), look)?;
        }
        Ok(())
    }

    async fn walk_in_organizations(&self, look: &mut Look<'_>) -> Result<(), TargetError> {
        let mut organizations = Pages::of(ORGANIZATIONS.to_owned(), &[("order_by", "create_time")]);
        while let Some(body) = organizations.next(self).await? {
            let (found, _) = read_found(&body).unwrap_or_default();
            for organization in found.iter().filter_map(|found| found.id.as_deref()) {
                self.walk_organization(organization, look).await?;
            }
        }
        Ok(())
    }

    async fn walk_organization(&self, organization: &str, look: &mut Look<'_>) -> Result<(), TargetError> {
        let what = if self.kind == Kind::Membership { "members" } else { "invitations" };
        let mut pages = Pages::of(format!("{ORGANIZATIONS}/{organization}/{what}"), &[("order_by", "create_time")]);
        while let Some(body) = pages.next(self).await? {
            if self.kind == Kind::Membership {
                let members = members_of(&body, organization);
                let found = members.iter().map(|(id, member)| Found {
                    external_id: id,
                    id,
                    role: Some(member.role.clone()),
                    admin_metadata: member.metadata,
                    ..Found::default()
                });
                show(found, look)?;
            } else {
                let invitations = invitations_of(&body, organization);
                let found = invitations.iter().map(|(id, external_id)| Found { external_id, id, ..Found::default() });
                show(found, look)?;
            }
        }
        Ok(())
    }
}

fn show<'f>(found: impl Iterator<Item = Found<'f>>, look: &mut Look<'_>) -> Result<(), TargetError> {
    let list = list_of(&found.collect::<Vec<_>>());
    let (found, _) = read_found(&list).unwrap_or_default();
    Ok(look(&found)?)
}

/// The pages of a list.
pub(super) struct Pages<'a> {
    path: String,
    parameters: &'a [(&'a str, &'a str)],
    token: Option<String>,
    cycle: Cycle,
    is_over: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn of(path: String, parameters: &'a [(&'a str, &'a str)]) -> Self {
        Self { path, parameters, token: None, cycle: Cycle::default(), is_over: false }
    }

    /// The next page; nothing behind the last one, or if what is listed is gone.
    pub(super) async fn next(&mut self, calls: &RecordCalls) -> Result<Option<Body>, TargetError> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(default)]
            next_page_token: Option<String>,
            #[serde(flatten)]
            _others: IgnoredAny,
        }
        if self.is_over {
            return Ok(None);
        }
        let page = self.token.as_deref().map(|token| ("page_token", token));
        let parameters: Vec<_> =
            [("page_size", "100")].into_iter().chain(self.parameters.iter().copied()).chain(page).collect();
        let Some(reply) = calls.read(&self.path, &parameters).await? else { return Ok(None) };
        let token = serde_json::from_slice::<Page>(&reply.body).ok().and_then(|page| page.next_page_token);
        self.token = token.filter(|token| !token.is_empty());
        match &self.token {
            None => self.is_over = true,
            Some(next) if self.cycle.closes_with(next) => return Err(endless_list(calls.calls.client.base_url())),
            Some(_) => {}
        }
        Ok(Some(reply.body))
    }
}
