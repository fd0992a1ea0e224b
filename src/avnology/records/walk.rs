//! Lists of all records of a kind, page by page. Members and invitations are listed for each organization.

use super::found::{FoundRecord, list_of, read_found};
use super::invitations::invitations_of;
use super::memberships::members_of;
use super::record_calls::RecordCalls;
use super::record_pages::RecordPages;
use super::tuple::PERMISSIONS;
use super::tuples::tuples_of;
use crate::destination::{IsOne, Look, TargetError};
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
        let mut pages = RecordPages::of(ORGANIZATIONS.to_owned(), &[("order_by", "create_time")]);
        while let Some(body) = pages.next(self).await? {
            let (found, _) = read_found(&body).unwrap_or_default();
            look(&found)?;
        }
        Ok(())
    }

    async fn walk_tuples(&self, look: &mut Look<'_>) -> Result<(), TargetError> {
        let namespace = self.tuples.namespace.as_str();
        let parameters = [("namespace", namespace), ("order_by", "create_time")];
        let mut pages = RecordPages::of(PERMISSIONS.to_owned(), &parameters);
        while let Some(body) = pages.next(self).await? {
            // A target may ignore a filter.
            let ids = tuples_of(&body, namespace);
            show(ids.iter().map(|id| FoundRecord { external_id: id, id, ..FoundRecord::default() }), look)?;
        }
        Ok(())
    }

    async fn walk_in_organizations(&self, look: &mut Look<'_>) -> Result<(), TargetError> {
        let mut organizations = RecordPages::of(ORGANIZATIONS.to_owned(), &[("order_by", "create_time")]);
        while let Some(body) = organizations.next(self).await? {
            let (found, _) = read_found(&body).unwrap_or_default();
            for organization in found.iter().filter_map(|found| found.id.as_deref()) {
                self.walk_organization(organization, look).await?;
            }
        }
        Ok(())
    }

    /// Whether something is in an organization that is none of these: a member, or a role that is granted there.
    pub(super) async fn has_others(&self, organization: &str, is_one: &IsOne<'_>) -> Result<bool, TargetError> {
        let mut pages = RecordPages::of(format!("{ORGANIZATIONS}/{organization}/members"), &[]);
        while let Some(body) = pages.next(self).await? {
            for (id, _) in members_of(&body, organization) {
                if !is_one(Kind::Membership, &id)? {
                    return Ok(true);
                }
            }
        }
        let parameters = [("namespace", self.tuples.namespace.as_str()), ("object", organization)];
        let mut pages = RecordPages::of(PERMISSIONS.to_owned(), &parameters);
        while let Some(body) = pages.next(self).await? {
            // A target may ignore a filter.
            let in_it = format!("{}:{organization}#", self.tuples.namespace);
            for id in tuples_of(&body, &self.tuples.namespace).iter().filter(|id| id.starts_with(&in_it)) {
                if !is_one(Kind::RoleTuple, id)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn walk_organization(&self, organization: &str, look: &mut Look<'_>) -> Result<(), TargetError> {
        let what = if self.kind == Kind::Membership { "members" } else { "invitations" };
        let mut pages =
            RecordPages::of(format!("{ORGANIZATIONS}/{organization}/{what}"), &[("order_by", "create_time")]);
        while let Some(body) = pages.next(self).await? {
            if self.kind == Kind::Membership {
                let members = members_of(&body, organization);
                let found = members.iter().map(|(id, member)| FoundRecord {
                    external_id: id,
                    id,
                    role: Some(member.role.clone()),
                    admin_metadata: member.metadata,
                    ..FoundRecord::default()
                });
                show(found, look)?;
            } else {
                let invitations = invitations_of(&body, organization);
                let found = invitations.iter().map(|(id, external_id)| FoundRecord {
                    external_id,
                    id,
                    ..FoundRecord::default()
                });
                show(found, look)?;
            }
        }
        Ok(())
    }
}

fn show<'f>(found: impl Iterator<Item = FoundRecord<'f>>, look: &mut Look<'_>) -> Result<(), TargetError> {
    let list = list_of(&found.collect::<Vec<_>>());
    let (found, _) = read_found(&list).unwrap_or_default();
    Ok(look(&found)?)
}
