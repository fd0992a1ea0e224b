//! Which instance of Clerk something at the target came from, where several of them share a target: what came from others is not
//! extra.

use std::io;
use std::sync::Arc;

use crate::destination::{Catalogue, Key, Listed};
use crate::kind::Kind;

/// Whose records are compared.
#[derive(Clone, Debug, Default)]
pub struct Ownership {
    /// Of which kind they are.
    pub kind: Kind,
    /// The organization that the users of the instance go into, by its id at the target; nothing if the whole target is theirs.
    pub organization: Option<String>,
    /// All organizations at the target, if they were compared, too. What is in one of them came with it.
    pub organizations: Option<Arc<Catalogue>>,
}

impl Ownership {
    /// Whether one at the target is another instance's.
    pub(super) fn is_of_others(&self, listed: &Listed) -> io::Result<bool> {
        let within = match self.kind {
            // Users who belong to an organization may be anybody's.
            Kind::User if self.organization.is_none() => return Ok(false),
            Kind::User | Kind::Organization => return Ok(listed.organization_id != self.organization),
            Kind::Membership | Kind::Invitation => listed.id.split_once('/').map(|(organization, _)| organization),
            Kind::RoleTuple => listed.id.split_once(':').and_then(|(_, rest)| rest.split_once('#')).map(|(id, _)| id),
        };
        let (Some(within), Some(organizations)) = (within, &self.organizations) else { return Ok(false) };
        let organization = organizations.find(Key::Id(within))?;
        Ok(organization.is_some_and(|organization| organization.organization_id != self.organization))
    }
}
