//! Which instance of Clerk something at the target came from, where several of them share a target: what came from others is not
//! extra.
//!
//! With a home organization the target itself says so. Without one the marks of runs do: a run that made something which is in the
//! export read from this instance, and one that made nothing of it read from another one.

use std::collections::BTreeSet;
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
    /// The runs that made something at the target that is in the export: as many as there are, and no more.
    pub runs: BTreeSet<String>,
}

impl Ownership {
    /// Whether one at the target is another instance's, as the target says by home organizations.
    pub(super) fn is_of_others(&self, listed: &Listed) -> io::Result<bool> {
        match self.kind {
            // Users who belong to an organization may be anybody's.
            Kind::User if self.organization.is_none() => Ok(false),
            Kind::User | Kind::Organization => Ok(listed.organization_id != self.organization),
            _ => Ok(self.organization_of(listed)?.is_some_and(|within| within.organization_id != self.organization)),
        }
    }

    /// Whether one that is not in the export is, or is in, an organization that another import made.
    pub(super) fn is_of_other_import(&self, listed: &Listed) -> io::Result<bool> {
        if self.organization.is_some() {
            return Ok(false);
        }
        let is_of_other =
            |organization: &Listed| organization.made_by.as_ref().is_some_and(|run| !self.runs.contains(run));
        match self.kind {
            Kind::User => Ok(false),
            Kind::Organization => Ok(is_of_other(listed)),
            _ => Ok(self.organization_of(listed)?.as_ref().is_some_and(is_of_other)),
        }
    }

    /// The organization that a membership, a tuple or an invitation is in.
    fn organization_of(&self, listed: &Listed) -> io::Result<Option<Listed>> {
        let within = match self.kind {
            Kind::User | Kind::Organization => None,
            Kind::Membership | Kind::Invitation => listed.id.split_once('/').map(|(organization, _)| organization),
            Kind::RoleTuple => listed.id.split_once(':').and_then(|(_, rest)| rest.split_once('#')).map(|(id, _)| id),
        };
        let (Some(within), Some(organizations)) = (within, &self.organizations) else { return Ok(None) };
        organizations.find(Key::Id(within))
    }
}
