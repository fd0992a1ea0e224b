//! What is done about users who are missing, and about those who are back.

use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};

use crate::command::shared::target::earlier_identity::{FoundIdentity, look_at};
use crate::destination::{Destination, TargetError};
use crate::missing::{ChangedStates, CreatedEarlier, MissingReport, StateChange, StateChangeKind, StatesFile};
use crate::outcomes::StopReason;

/// What is done about identities, a page at a time. What is about to be done is durable before it is done, and what was done after
/// it.
pub(super) struct UserChanges<'c> {
    pub target: &'c dyn Destination,
    pub concurrency: usize,
    pub file: &'c mut Option<StatesFile>,
    pub path: &'c Path,
    /// What earlier runs did, and earlier parts of this one.
    pub before: &'c ChangedStates,
    /// What earlier parts of this run did.
    pub own: &'c ChangedStates,
    pub report: &'c mut MissingReport,
}

impl UserChanges<'_> {
    /// Disables those of them who are missing, if they are proven to be those whom an earlier run created.
    pub(super) async fn disable(&mut self, users: &[CreatedEarlier]) -> Result<(), StopReason> {
        let mut open = Vec::with_capacity(users.len());
        for user in users {
            if self.own.of_id(&user.id).map_err(StopReason::Temporary)? == Some(StateChangeKind::Disabled) {
                self.report.disabled += 1;
            } else {
                open.push((user, self.before.of_id(&user.id).map_err(StopReason::Temporary)?));
            }
        }
        let found = self.look_at(open.iter().map(|(user, _)| *user)).await?;
        let (mut settled, mut doomed) = (Vec::new(), Vec::new());
        for ((user, before), found) in open.into_iter().zip(found) {
            match found {
                FoundIdentity::Active => doomed.push(user),
                // Since an earlier run disabled the user, one that changes nobody has seen the user. It is still for that earlier one to
                // take back.
                FoundIdentity::Disabled if before == Some(StateChangeKind::Disabled) => {
                    self.report.disabled_by_others += 1;
                    continue;
                }
                // An earlier part, or an earlier run, was killed behind the request.
                FoundIdentity::Disabled if before == Some(StateChangeKind::Disabling) => {
                    self.report.disabled += 1;
                    settled.push(line(user, StateChangeKind::Disabled));
                    continue;
                }
                FoundIdentity::Disabled => self.report.disabled_by_others += 1,
                FoundIdentity::Gone => self.report.gone += 1,
                FoundIdentity::NotProven => self.report.not_proven += 1,
            }
            if !matches!(found, FoundIdentity::Active) {
                settled.push(line(user, StateChangeKind::Left));
            }
        }
        settled.extend(doomed.iter().map(|user| line(user, StateChangeKind::Disabling)));
        self.note(&settled)?;
        let done = self.set_disabled(&doomed, true).await?;
        let mut after = Vec::with_capacity(doomed.len());
        for (user, is_done) in doomed.iter().zip(done) {
            if is_done {
                self.report.disabled += 1;
                after.push(line(user, StateChangeKind::Disabled));
            } else {
                self.report.gone += 1;
                after.push(line(user, StateChangeKind::Left));
            }
        }
        self.note(&after)
    }

    /// Enables those of them who are to be. What of them is not proven stays as it is.
    pub(super) async fn enable(&mut self, users: &[(CreatedEarlier, bool)]) -> Result<(), StopReason> {
        let mut undone = Vec::with_capacity(users.len());
        for back in users {
            // By an earlier part of this run.
            if self.before.of_id(&back.0.id).map_err(StopReason::Temporary)? == Some(StateChangeKind::Enabled) {
                self.report.enabled += 1;
            } else {
                undone.push(back);
            }
        }
        let found = self.look_at(undone.iter().filter(|(_, is_ours)| *is_ours).map(|(user, _)| user)).await?;
        let mut found = found.into_iter();
        let (mut lines, mut open) = (Vec::new(), Vec::new());
        for (user, is_ours) in undone {
            if *is_ours && matches!(found.next(), Some(FoundIdentity::Disabled)) {
                open.push(user);
            } else {
                lines.push(line(user, StateChangeKind::Returned));
            }
        }
        let done = self.set_disabled(&open, false).await?;
        for (user, is_done) in open.iter().zip(done) {
            self.report.enabled += u64::from(is_done);
            lines.push(line(user, if is_done { StateChangeKind::Enabled } else { StateChangeKind::Returned }));
        }
        self.note(&lines)
    }

    async fn look_at<'u>(
        &self,
        users: impl Iterator<Item = &'u CreatedEarlier>,
    ) -> Result<Vec<FoundIdentity>, StopReason> {
        let asked = users.map(|user| look_at(self.target, user));
        let found: Result<Vec<FoundIdentity>, TargetError> =
            stream::iter(asked).buffered(self.concurrency).try_collect().await;
        found.map_err(StopReason::Target)
    }

    async fn set_disabled(&self, users: &[&CreatedEarlier], is_disabled: bool) -> Result<Vec<bool>, StopReason> {
        let asked = users.iter().map(|user| self.target.set_disabled(&user.id, is_disabled));
        let done: Result<Vec<bool>, TargetError> = stream::iter(asked).buffered(self.concurrency).try_collect().await;
        done.map_err(StopReason::Target)
    }

    fn note(&mut self, lines: &[StateChange]) -> Result<(), StopReason> {
        let failed = |source| StopReason::Journal { path: self.path.display().to_string(), source };
        if lines.is_empty() {
            return Ok(());
        }
        let file = match &mut *self.file {
            Some(file) => file,
            none => none.insert(StatesFile::open(self.path).map_err(failed)?),
        };
        file.add(lines).map_err(failed)
    }
}

fn line(user: &CreatedEarlier, change: StateChangeKind) -> StateChange {
    StateChange { change, user: user.clone() }
}
