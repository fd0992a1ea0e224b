//! What is done about memberships that are missing, and about their role tuples.
//!
//! A role is taken back before its membership goes: should the program be killed in between, nobody has a role without a
//! membership. If the target does not take it back, the membership stays, or counts as missing still, and the next run tries again:
//! otherwise nobody would look for the role any more.

use std::path::PathBuf;
use std::sync::Arc;

use crate::command::shared::target::earlier_membership::{FoundMembership, look_at_all, pair};
use crate::destination::{Destination, TargetError};
use crate::id_map::IdLookup;
use crate::index::{HASH_BYTES, Table, hash_of};
use crate::journal::{ConfirmedRecord, ConfirmedUsers};
use crate::kind::Kind;
use crate::mapping::TupleRules;
use crate::missing::{
    CreatedEarlier, MissingMemberships, MissingMembershipsReport, Removal, RemovalKind, Removals, StatesFile,
};
use crate::outcomes::StopReason;

/// The parts of the target that take memberships and role tuples.
pub(super) struct TargetParts {
    pub members: Arc<dyn Destination>,
    pub tuples: Arc<dyn Destination>,
}

impl TargetParts {
    /// What they cannot do is found out before anything is sent.
    pub(super) async fn of(target: &dyn Destination, rules: &TupleRules) -> Result<Option<Self>, TargetError> {
        let members = target.of_kind(Kind::Membership, rules).await?;
        let tuples = target.of_kind(Kind::RoleTuple, rules).await?;
        Ok(members.zip(tuples).map(|(members, tuples)| Self { members, tuples }))
    }
}

/// What is done about memberships and tuples, a page at a time. What is about to be done is durable before it is done, and what was
/// done after it.
pub(super) struct MembershipChanges<'c> {
    pub parts: &'c TargetParts,
    pub found: &'c MissingMemberships,
    pub ids: &'c IdLookup,
    pub rules: &'c TupleRules,
    pub concurrency: usize,
    /// What earlier runs did, and earlier parts of this one.
    pub before: Removals,
    /// What the target confirmed: what is removed is not there any more, should it come back in a later export.
    pub confirmed: &'c mut ConfirmedUsers,
    pub path: PathBuf,
    pub file: Option<StatesFile>,
    /// Memberships, by their ids at Clerk, of which the target did not take back a role.
    pub with_role: Table<HASH_BYTES>,
    pub report: &'c mut MissingMembershipsReport,
}

impl MembershipChanges<'_> {
    /// Takes tuples back that earlier runs created, of memberships that are gone or the tool's own. All of them come before the first
    /// membership.
    pub(super) async fn take_back(&mut self, tuples: &[CreatedEarlier]) -> Result<(), StopReason> {
        let mut memberships = Vec::with_capacity(tuples.len());
        for tuple in tuples {
            let membership = self.found.membership(&tuple.clerk_id).map_err(StopReason::Temporary)?;
            memberships.push(membership.unwrap_or_else(|| tuple.clone()));
        }
        let found = self.look_at(&memberships).await?;
        for (tuple, found) in tuples.iter().zip(found) {
            if matches!(found, FoundMembership::NotProven) {
                self.note(&[removal(RemovalKind::Left, Kind::RoleTuple, tuple)])?;
            } else if !self.take_back_one(tuple).await? {
                self.with_role.insert(membership_key(&tuple.clerk_id)).map_err(StopReason::Temporary)?;
            }
        }
        Ok(())
    }

    /// Takes a tuple back, if it is there: whether it is gone now.
    async fn take_back_one(&mut self, tuple: &CreatedEarlier) -> Result<bool, StopReason> {
        let before = self.before.of(Kind::RoleTuple, tuple).map_err(StopReason::Temporary)?;
        let line = |change| removal(change, Kind::RoleTuple, tuple);
        if self.parts.tuples.get(&tuple.id).await.map_err(StopReason::Target)?.is_none() {
            // By an earlier part of this run, if it was there.
            let is_ours = matches!(before, Some(RemovalKind::Removing | RemovalKind::Removed));
            self.report.roles_taken_back += u64::from(is_ours);
            match before {
                Some(RemovalKind::Removed) => {}
                Some(RemovalKind::Removing) => self.note(&[line(RemovalKind::Removed)])?,
                _ => self.note(&[line(RemovalKind::Left)])?,
            }
            return Ok(true);
        }
        self.delete_tuple(tuple).await
    }

    /// Deletes a tuple that is there: whether it is gone now.
    async fn delete_tuple(&mut self, tuple: &CreatedEarlier) -> Result<bool, StopReason> {
        let line = |change| removal(change, Kind::RoleTuple, tuple);
        self.forget_confirmed([&tuple.id])?;
        self.note(&[line(RemovalKind::Removing)])?;
        let is_gone = self.parts.tuples.delete(&[&tuple.id]).await.map_err(StopReason::Target)? == [true];
        if is_gone {
            self.report.roles_taken_back += 1;
            self.note(&[line(RemovalKind::Removed)])?;
        }
        Ok(is_gone)
    }

    /// Removes memberships, and first the role that each has now.
    pub(super) async fn remove(&mut self, memberships: Vec<CreatedEarlier>) -> Result<(), StopReason> {
        let found = self.look_at(&memberships).await?;
        let (mut settled, mut doomed) = (Vec::new(), Vec::new());
        for (membership, found) in memberships.into_iter().zip(found) {
            let has_role = self.with_role.find(&membership_key(&membership.clerk_id)).map_err(StopReason::Temporary)?;
            if has_role.is_some() {
                self.report.failed += 1;
                continue;
            }
            let before = self.before.of(Kind::Membership, &membership).map_err(StopReason::Temporary)?;
            let line = |change| removal(change, Kind::Membership, &membership);
            match (&found, before) {
                // By an earlier part of this run.
                (FoundMembership::Gone, Some(RemovalKind::Removed)) => self.report.removed += 1,
                (FoundMembership::Gone, Some(RemovalKind::Removing)) => {
                    self.report.removed += 1;
                    settled.push(line(RemovalKind::Removed));
                }
                (FoundMembership::Gone, _) => {
                    self.report.gone += 1;
                    settled.push(line(RemovalKind::Left));
                }
                (FoundMembership::NotProven, _) => {
                    self.report.not_proven += 1;
                    settled.push(line(RemovalKind::Left));
                }
                (FoundMembership::There { .. }, _) => doomed.push((membership, found)),
            }
        }
        self.note(&settled)?;
        let doomed = self.take_roles_back(doomed).await?;
        if doomed.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = doomed.iter().map(|(membership, _)| membership.id.clone()).collect();
        let mut lines: Vec<Removal> =
            doomed.into_iter().map(|(membership, found)| removing(membership, found)).collect();
        self.forget_confirmed(&ids)?;
        self.note(&lines)?;
        let (ids, mut done): (Vec<&str>, _) = (ids.iter().map(String::as_str).collect(), Vec::new());
        for some in ids.chunks(self.parts.members.at_once()) {
            done.extend(self.parts.members.delete(some).await.map_err(StopReason::Target)?);
        }
        let mut done = done.into_iter();
        lines.retain_mut(|line| {
            line.change = RemovalKind::Removed;
            done.next() == Some(true)
        });
        self.report.removed += lines.len() as u64;
        self.report.failed += (ids.len() - lines.len()) as u64;
        self.note(&lines)
    }

    /// Takes back the roles that members have now: also those that a change gave them, or the target itself. Returns those who have
    /// none any more.
    async fn take_roles_back(
        &mut self,
        members: Vec<(CreatedEarlier, FoundMembership)>,
    ) -> Result<Vec<(CreatedEarlier, FoundMembership)>, StopReason> {
        let mut without_role = Vec::with_capacity(members.len());
        for (membership, found) in members {
            let role = found.granted().zip(pair(&membership.id));
            let text = role.map(|(role, (organization, user))| self.rules.text(organization, role, user));
            if self.take_role_back(&membership, text).await? {
                without_role.push((membership, found));
            } else {
                self.report.failed += 1;
            }
        }
        Ok(without_role)
    }

    /// Takes back the role that this tuple grants, if there is one: whether it is gone now.
    async fn take_role_back(&mut self, membership: &CreatedEarlier, tuple: Option<String>) -> Result<bool, StopReason> {
        let Some(text) = tuple else { return Ok(true) };
        if self.parts.tuples.get(&text).await.map_err(StopReason::Target)?.is_none() {
            return Ok(true);
        }
        self.delete_tuple(&CreatedEarlier { external_id: text.clone(), id: text, ..membership.clone() }).await
    }

    async fn look_at(&self, memberships: &[CreatedEarlier]) -> Result<Vec<FoundMembership>, StopReason> {
        let found = look_at_all(self.parts.members.as_ref(), self.ids, memberships, self.concurrency).await;
        found.map_err(StopReason::Target)
    }

    /// What is removed is not taken for confirmed, should it come back.
    fn forget_confirmed<'i>(&mut self, ids: impl IntoIterator<Item = &'i String>) -> Result<(), StopReason> {
        let nothing = ids.into_iter().map(|id| ConfirmedRecord::nothing(id));
        let forgotten = self.confirmed.add(nothing).and_then(|()| self.confirmed.write());
        forgotten.map_err(StopReason::Temporary)
    }

    fn note(&mut self, lines: &[Removal]) -> Result<(), StopReason> {
        let path = &self.path;
        let failed = |source| StopReason::Journal { path: path.display().to_string(), source };
        if lines.is_empty() {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(StatesFile::open(path).map_err(failed)?),
        };
        file.add(lines).map_err(failed)
    }
}

fn membership_key(clerk_id: &str) -> [u8; HASH_BYTES] {
    hash_of(Kind::Membership.number(), clerk_id)
}

fn removal(change: RemovalKind, kind: Kind, known: &CreatedEarlier) -> Removal {
    Removal { change, kind, known: known.clone(), role: None, metadata: None, of: None }
}

/// A membership that is about to be removed, with what undo needs to put it back.
fn removing(known: CreatedEarlier, found: FoundMembership) -> Removal {
    let (role, metadata, of) = match found {
        FoundMembership::There { role, metadata, of, .. } => (Some(role), metadata, Some(of)),
        FoundMembership::Gone | FoundMembership::NotProven => (None, None, None),
    };
    Removal { change: RemovalKind::Removing, kind: Kind::Membership, known, role, metadata, of }
}
