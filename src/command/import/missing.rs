//! Users who are no longer in the export: who they are is found out before anything is sent, and what is done about them comes
//! after all steps.

use std::io;
use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};

use super::super::shared::command_error::CommandError;
use super::super::shared::reading::first_pass::ReadSubject;
use super::super::shared::reading::missing_users::{MissingUsersOf, account, refusal};
use super::super::shared::target::earlier_identity::{FoundIdentity, look_at, pages};
use super::missing_file::write_missing;
use super::missing_memberships::GoneMemberships;
use crate::destination::{Destination, TargetError};
use crate::journal::RunDirectory;
use crate::missing::{
    ChangedStates, CreatedEarlier, MissingReport, MissingSearch, MissingUsers, StateChange, StateChangeKind, StatesFile,
};
use crate::outcomes::StopReason;
use crate::settings::{ImportSettings, MissingRules, RunOnDisk, has_memberships};
use crate::signal::Signals;
use crate::source::Watch;

/// Who is missing, and what is to be done about them.
pub(super) struct MissingRecords<'a> {
    rules: MissingRules,
    users: MissingUsers,
    /// Which memberships are missing, if they can be.
    memberships: Option<GoneMemberships<'a>>,
    directory: &'a RunDirectory,
    /// What runs call the target.
    target: &'a str,
    report: MissingReport,
}

impl<'a> MissingRecords<'a> {
    /// Looks who is missing, if that was asked for, and names them in a file of the run. It is also nothing if the export cannot be
    /// read to its end: the import says so, and is stopped by it.
    pub(super) async fn find(
        (settings, destination): (&ImportSettings, &dyn Destination),
        run: &'a RunOnDisk,
        subject: ReadSubject<'_>,
        watch: &Watch,
        signals: &mut Signals,
    ) -> Result<Option<Self>, CommandError> {
        let Some(rules) = settings.missing else { return Ok(None) };
        let RunOnDisk { directory, record } = run;
        let search = MissingUsersOf { runs: &settings.runs_directory, target: &record.target, run: Some(&record.id) };
        let Some(users) = search.find(subject, watch, signals).await? else { return Ok(None) };
        let path = directory.missing();
        name_missing(&users, &path).map_err(|source| CommandError::Write { path: path.clone(), source })?;
        let file = (users.missing > 0).then(|| path.display().to_string());
        let report = MissingReport { file, ..account(rules, &users) };
        let memberships = if has_memberships(&settings.reading) {
            GoneMemberships::find((settings, rules, destination), run, subject, watch, signals).await?
        } else {
            None
        };
        Ok(Some(Self { rules, users, memberships, directory, target: &record.target, report }))
    }

    /// Why nothing is to be sent, if too many are missing.
    pub(super) fn refusal(&self) -> Option<StopReason> {
        refusal(self.rules, &self.users).or_else(|| self.memberships.as_ref().and_then(GoneMemberships::refusal))
    }

    /// What came of it.
    pub(super) fn into_report(self) -> MissingReport {
        MissingReport { memberships: self.memberships.map(GoneMemberships::into_report), ..self.report }
    }

    /// Disables those who are missing, enables those who are back, and removes memberships, as far as that was asked for.
    pub(super) async fn carry_out(
        &mut self,
        settings: &ImportSettings,
        destination: &dyn Destination,
        signals: &mut Signals,
    ) -> Result<(), StopReason> {
        if !self.rules.rule.disables_users() {
            return Ok(());
        }
        tokio::select! {
            biased;
            signal = signals.next() => Err(StopReason::Interrupted(signal)),
            done = async {
                self.change_states(settings, destination).await?;
                match &mut self.memberships {
                    Some(memberships) => memberships.carry_out(settings).await,
                    None => Ok(()),
                }
            } => done,
        }
    }

    async fn change_states(&mut self, settings: &ImportSettings, target: &dyn Destination) -> Result<(), StopReason> {
        let concurrency = settings.connection.pace.concurrency.start.max(1);
        let path = self.directory.disabled();
        let mut file = None;
        let before =
            MissingSearch::states(&settings.runs_directory, self.target, None).map_err(StopReason::Temporary)?;
        let mut changes =
            Changes { target, concurrency, file: &mut file, path: &path, before: &before, report: &mut self.report };
        for page in pages(self.users.back()) {
            changes.enable(&page.map_err(StopReason::Temporary)?).await?;
        }
        // The missing may be among those whose id cannot be read.
        if self.users.without_id > 0 {
            return Ok(());
        }
        for page in pages(self.users.missing_users()) {
            changes.disable(&page.map_err(StopReason::Temporary)?).await?;
        }
        Ok(())
    }
}

/// Names those who are missing in a file, which only the owner can read. Of nobody there is no file.
fn name_missing(users: &MissingUsers, path: &Path) -> io::Result<()> {
    write_missing(path, (users.missing > 0).then(|| users.missing_users()))
}

/// What is done about identities, a page at a time. What is about to be done is durable before it is done, and what was done after
/// it.
struct Changes<'c> {
    target: &'c dyn Destination,
    concurrency: usize,
    file: &'c mut Option<StatesFile>,
    path: &'c Path,
    /// What earlier runs did, and earlier parts of this one.
    before: &'c ChangedStates,
    report: &'c mut MissingReport,
}

impl Changes<'_> {
    async fn disable(&mut self, users: &[CreatedEarlier]) -> Result<(), StopReason> {
        let mut open = Vec::with_capacity(users.len());
        for user in users {
            match self.before.of_id(&user.id).map_err(StopReason::Temporary)? {
                // By an earlier part of this run: those of earlier runs are settled.
                Some(StateChangeKind::Disabled) => self.report.disabled += 1,
                before => open.push((user, before)),
            }
        }
        let found = self.look_at(open.iter().map(|(user, _)| *user)).await?;
        let (mut settled, mut doomed) = (Vec::new(), Vec::new());
        for ((user, before), found) in open.into_iter().zip(found) {
            match found {
                FoundIdentity::Active => doomed.push(user),
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
    async fn enable(&mut self, users: &[(CreatedEarlier, bool)]) -> Result<(), StopReason> {
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
