//! Some of what a run created, by which it is seen whether a target is the run's. At another tenant, behind another key, nothing of it is
//! there. That would look as if all of it were gone, and be noted as deleted.

use std::sync::Arc;

use super::super::deletion::{CreatedRecord, Deletion};
use crate::command::shared::command_error::CommandError;
use crate::destination::Destination;
use crate::kind::Kind;
use crate::mapping::TupleRules;

/// How many are looked up of a kind. If one in twenty is still there, so many miss all of those once in 170 times.
const LOOKED_UP: usize = 100;

/// Some of the users and organizations that a run created, at random. What is in an organization goes with it, so memberships, roles
/// and invitations prove nothing.
#[derive(Default)]
pub(super) struct CreatedSample {
    users: OfKind,
    organizations: OfKind,
}

#[derive(Default)]
struct OfKind {
    seen: usize,
    some: Vec<CreatedRecord>,
}

impl CreatedSample {
    /// Notes one that the run created.
    pub(super) fn note(&mut self, kind: Kind, created: impl FnOnce() -> CreatedRecord) {
        match kind {
            Kind::User => self.users.note(created),
            Kind::Organization => self.organizations.note(created),
            Kind::Membership | Kind::RoleTuple | Kind::Invitation => {}
        }
    }

    /// How many the run created of which one would have to be there.
    pub(super) fn created(&self) -> usize {
        self.users.seen + self.organizations.seen
    }

    /// Whether any of them is at the target, or may be; also if there are none. `looking` counts, and deletes nothing.
    pub(super) async fn is_there(
        &self,
        looking: &mut Deletion<'_>,
        target: &Arc<dyn Destination>,
    ) -> Result<bool, CommandError> {
        for (kind, of_kind) in [(Kind::User, &self.users), (Kind::Organization, &self.organizations)] {
            if of_kind.some.is_empty() || !looking.turn_to(kind, target, &TupleRules::default()).await? {
                continue;
            }
            looking.delete(&of_kind.some).await?;
            if looking.counts.get().all().are_any_there() {
                return Ok(true);
            }
        }
        Ok(self.created() == 0)
    }
}

impl OfKind {
    /// Each has the same chance to be among those that are kept.
    fn note(&mut self, created: impl FnOnce() -> CreatedRecord) {
        self.seen += 1;
        if self.some.len() < LOOKED_UP {
            self.some.push(created());
        } else if let Some(place) = self.some.get_mut(fastrand::usize(..self.seen)) {
            *place = created();
        }
    }
}
