//! Looks who is no longer in an export, for an import and for its dry run at the target.

use std::io;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::read_subject::ReadSubject;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::export_command_error::ExportCommandError;
use crate::command::shared::in_background::in_background;
use crate::command::shared::run_start_error::RunStartError;
use crate::export::Manifest;
use crate::journal::{InputRecord, LostRun};
use crate::kind::Kind;
use crate::missing::{DamagedLine, MissingReport, MissingSearch, MissingUsers, SearchError};
use crate::outcomes::StopReason;
use crate::settings::MissingRules;
use crate::signal::Signals;
use crate::source::Watch;

/// A search for users who are missing: what it goes by beside the export.
pub(in crate::command) struct SearchForMissingUsers<'m> {
    /// Where runs are kept.
    pub runs: &'m Path,
    /// What runs call the target.
    pub target: &'m str,
    /// The run that looks; nothing in a dry run.
    pub run: Option<&'m str>,
}

/// Looks for who or what is missing. Nothing is known if the export cannot be read to its end: the import says so, and is stopped by
/// it.
pub(in crate::command) async fn search_for<T: Send + 'static>(
    whom: &str,
    signals: &mut Signals,
    search: impl FnOnce(&CancellationToken) -> Result<Option<T>, SearchError> + Send + 'static,
) -> Result<Option<T>, CommandError> {
    match in_background(&format!("looking for {whom}"), signals, search).await? {
        Ok(found) => Ok(found),
        Err(SearchError::Source(error)) => {
            tracing::warn!(%error, "nobody looks for {whom}: the export cannot be read to its end");
            Ok(None)
        }
        Err(SearchError::Lost(LostRun { directory, problem })) => {
            Err(StopReason::LostRun { directory: directory.display().to_string(), problem }.into())
        }
        Err(SearchError::Io(error)) => Err(unreadable(error).into()),
    }
}

/// Why an import stops if it cannot be read what runs did about who and what is missing.
pub(in crate::command) fn unreadable(error: io::Error) -> StopReason {
    if DamagedLine::is_cause(&error) { StopReason::MissingStates(error) } else { StopReason::Temporary(error) }
}

impl SearchForMissingUsers<'_> {
    /// Looks who is missing. Nothing is known if the export cannot be read to its end: the import says so, and is stopped by it.
    pub(in crate::command) async fn find(
        &self,
        subject: ReadSubject<'_>,
        watch: &Watch,
        signals: &mut Signals,
    ) -> Result<Option<MissingUsers>, CommandError> {
        check_whole(subject)?;
        subject.output.console.note("Looking for users who are no longer in the export …");
        let search = self.search(subject, watch)?;
        search_for("missing users", signals, move |stop| search.find(|| stop.is_cancelled())).await
    }

    fn search(&self, subject: ReadSubject<'_>, watch: &Watch) -> Result<MissingSearch, RunStartError> {
        let reading = subject.reading;
        let (mut inputs, mut paths) = (Vec::new(), Vec::new());
        for (index, (input, kind)) in (0..).zip(reading.inputs.iter().zip(&reading.kinds)) {
            if *kind == Kind::User {
                let failed = |source| RunStartError::Io { path: input.name().to_string().into(), source };
                paths.push(InputRecord::of(input, *kind).map_err(failed)?.path);
                inputs.push((input.clone(), watch.of(index)));
            }
        }
        Ok(MissingSearch {
            runs_directory: self.runs.to_path_buf(),
            target: self.target.to_owned(),
            run: self.run.map(str::to_owned),
            paths,
            inputs,
            limits: reading.limits,
            rules: reading.rules.clone(),
            temporary: std::env::temp_dir(),
        })
    }
}

/// Fails if an export says that it does not have all users: the others would be taken for missing.
fn check_whole(subject: ReadSubject<'_>) -> Result<(), CommandError> {
    for (input, kind) in subject.reading.inputs.iter().zip(&subject.reading.kinds) {
        let Some(path) = input.path() else { continue };
        if *kind != Kind::User {
            continue;
        }
        if let Some(why) = Manifest::lacks_users(path).map_err(ExportCommandError::from)? {
            return Err(RunStartError::MissingOfSome { input: input.name().to_string(), why }.into());
        }
    }
    Ok(())
}

/// Why nothing is to be sent, if too many are missing.
pub(in crate::command) fn reason_to_withhold(
    MissingRules { rule, most }: MissingRules,
    users: &MissingUsers,
) -> Option<StopReason> {
    let MissingUsers { known, missing, .. } = *users;
    let is_refused = rule.disables_users() && users.is_more_than(most);
    is_refused.then_some(StopReason::TooManyMissing { kind: Kind::User, missing, known, most })
}

/// The account of those who are missing, before anything is done about them.
pub(in crate::command) fn account(rules: MissingRules, users: &MissingUsers) -> MissingReport {
    MissingReport {
        known: users.known,
        missing: users.missing,
        settled_before: users.settled,
        records_without_id: users.without_id,
        ..MissingReport::new(rules.rule)
    }
}
