//! Users and memberships that are no longer in the export: which they are is found out before anything is sent, and what is done
//! about them comes after all steps. The search for users is in [`SearchForMissingUsers`], all about memberships in
//! [`MissingMembershipRecords`].

mod memberships;
mod missing_names_file;
mod user_changes;

use std::io;
use std::path::Path;

use memberships::MissingMembershipRecords;
use missing_names_file::write_missing;
use user_changes::UserChanges;

use crate::command::shared::command_error::CommandError;
use crate::command::shared::reading::read_subject::ReadSubject;
use crate::command::shared::reading::search_for_missing::{
    SearchForMissingUsers, account, reason_to_withhold, unreadable,
};
use crate::command::shared::target::earlier_identity::pages;
use crate::destination::Destination;
use crate::journal::{ConfirmedRecord, ConfirmedUsers, RunDirectory};
use crate::missing::{ChangedStates, MissingReport, MissingSearch, MissingUsers};
use crate::outcomes::StopReason;
use crate::settings::{ImportSettings, MissingRules, RunOnDisk, has_memberships};
use crate::signal::Signals;
use crate::source::Watch;

/// Who is missing, and what is to be done about them.
pub(super) struct MissingRecords<'a> {
    rules: MissingRules,
    users: MissingUsers,
    /// Which memberships are missing, if they can be.
    memberships: Option<MissingMembershipRecords<'a>>,
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
        let search =
            SearchForMissingUsers { runs: &settings.runs_directory, target: &record.target, run: Some(&record.id) };
        let Some(users) = search.find(subject, watch, signals).await? else { return Ok(None) };
        let path = directory.missing();
        name_missing(&users, &path).map_err(|source| CommandError::Write { path: path.clone(), source })?;
        let file = (users.missing > 0).then(|| path.display().to_string());
        let report = MissingReport { file, ..account(rules, &users) };
        let memberships = if has_memberships(&settings.reading) {
            MissingMembershipRecords::find((settings, rules, destination), run, subject, watch, signals).await?
        } else {
            None
        };
        Ok(Some(Self { rules, users, memberships, directory, target: &record.target, report }))
    }

    /// Why nothing is to be sent, if too many are missing.
    pub(super) fn reason_to_withhold(&self) -> Option<StopReason> {
        reason_to_withhold(self.rules, &self.users)
            .or_else(|| self.memberships.as_ref().and_then(MissingMembershipRecords::reason_to_withhold))
    }

    /// What came of it.
    pub(super) fn into_report(self) -> MissingReport {
        MissingReport { memberships: self.memberships.map(MissingMembershipRecords::into_report), ..self.report }
    }

    /// Disables those who are missing, enables those who are back, and removes memberships, as far as that was asked for. What the
    /// target `confirmed` of them does not hold any more.
    pub(super) async fn carry_out(
        &mut self,
        settings: &ImportSettings,
        destination: &dyn Destination,
        confirmed: &mut Option<ConfirmedUsers>,
        signals: &mut Signals,
    ) -> Result<(), StopReason> {
        if !self.rules.rule.disables_users() {
            return Ok(());
        }
        let mut opened;
        let confirmed = if let Some(confirmed) = confirmed {
            confirmed
        } else {
            let opening = ConfirmedUsers::open(&settings.runs_directory, self.target);
            opened = opening.map_err(StopReason::Temporary)?;
            &mut opened
        };
        tokio::select! {
            biased;
            signal = signals.next() => Err(StopReason::Interrupted(signal)),
            done = async {
                self.change_states(settings, destination, confirmed).await?;
                match &mut self.memberships {
                    Some(memberships) => memberships.carry_out(settings, confirmed).await,
                    None => Ok(()),
                }
            } => done,
        }
    }

    async fn change_states(
        &mut self,
        settings: &ImportSettings,
        target: &dyn Destination,
        confirmed: &mut ConfirmedUsers,
    ) -> Result<(), StopReason> {
        let concurrency = settings.connection.pace.concurrency.start.max(1);
        let path = self.directory.disabled();
        let mut file = None;
        let before = MissingSearch::states(&settings.runs_directory, self.target).map_err(unreadable)?;
        let own = ChangedStates::read([&path], &std::env::temp_dir()).map_err(unreadable)?;
        let mut changes = UserChanges {
            target,
            concurrency,
            file: &mut file,
            path: &path,
            before: &before,
            own: &own,
            report: &mut self.report,
        };
        for page in pages(self.users.back()) {
            changes.enable(&page.map_err(StopReason::Temporary)?).await?;
        }
        // The missing may be among those whose id cannot be read.
        if self.users.without_id > 0 {
            return Ok(());
        }
        forget_confirmed(&self.users, confirmed).map_err(StopReason::Temporary)?;
        for page in pages(self.users.missing_users()) {
            changes.disable(&page.map_err(StopReason::Temporary)?).await?;
        }
        Ok(())
    }
}

/// Whoever is missing is asked about when back, by any run: until then the identity may be disabled, or have been deleted. This is
/// durable before the first one is disabled.
fn forget_confirmed(users: &MissingUsers, confirmed: &mut ConfirmedUsers) -> io::Result<()> {
    for user in users.missing_users() {
        confirmed.add([ConfirmedRecord::nothing(&user?.external_id)])?;
    }
    confirmed.write()
}

/// Names those who are missing in a file, which only the owner can read. Of nobody there is no file.
fn name_missing(users: &MissingUsers, path: &Path) -> io::Result<()> {
    write_missing(path, (users.missing > 0).then(|| users.missing_users()))
}
