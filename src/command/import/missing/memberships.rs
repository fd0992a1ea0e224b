//! Memberships that are no longer in the export: which they are is found out before anything is sent, and what is done about them
//! comes after all steps.

mod membership_changes;

use std::path::PathBuf;

use membership_changes::{MembershipChanges, TargetParts};

use super::missing_names_file::write_missing;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::reading::read_subject::ReadSubject;
use crate::command::shared::reading::search_for_missing::{search_for, unreadable};
use crate::command::shared::run_start_error::RunStartError;
use crate::command::shared::target::earlier_identity::pages;
use crate::command::shared::target::id_maps::with_id_map;
use crate::destination::Destination;
use crate::index::Table;
use crate::journal::{ConfirmedUsers, InputRecord, RunDirectory};
use crate::kind::Kind;
use crate::missing::{MembershipSearch, MissingMemberships, MissingMembershipsReport};
use crate::outcomes::StopReason;
use crate::settings::{ImportSettings, MissingRules, RunOnDisk};
use crate::signal::Signals;
use crate::source::Watch;

/// Entries in memory: 128 KiB.
const BUFFERED: usize = 8 * 1024;

/// Which memberships are missing, and what is to be done about them.
pub(super) struct MissingMembershipRecords<'a> {
    rules: MissingRules,
    found: MissingMemberships,
    /// Where they are removed, if they are.
    parts: Option<TargetParts>,
    directory: &'a RunDirectory,
    /// What runs call the target.
    target: &'a str,
    report: MissingMembershipsReport,
}

impl<'a> MissingMembershipRecords<'a> {
    /// Looks which are missing, and names them in a file of the run.
    pub(super) async fn find(
        (settings, rules, destination): (&ImportSettings, MissingRules, &dyn Destination),
        run: &'a RunOnDisk,
        subject: ReadSubject<'_>,
        watch: &Watch,
        signals: &mut Signals,
    ) -> Result<Option<Self>, CommandError> {
        let RunOnDisk { directory, record } = run;
        subject.output.console.note("Looking for memberships that are no longer in the export …");
        let search = search((settings.runs_directory.clone(), &record.target, &record.id), subject, watch)?;
        let searching = search_for("missing memberships", signals, move |stop| search.find(|| stop.is_cancelled()));
        let Some(found) = searching.await? else { return Ok(None) };
        let path = directory.missing_memberships();
        write_missing(&path, (found.missing > 0).then(|| found.memberships()))
            .map_err(|source| CommandError::Write { path: path.clone(), source })?;
        let is_removing = rules.rule.removes_memberships() && found.missing > 0 && found.without_id == 0;
        let parts = if is_removing {
            let looking = signals.unless_one_comes(TargetParts::of(destination, &settings.reading.rules.tuples));
            looking.await.map_err(CommandError::Interrupted)??
        } else {
            None
        };
        let report = MissingMembershipsReport {
            known: found.known,
            missing: found.missing,
            settled_before: found.settled,
            without_user_or_organization: found.without_user_or_organization,
            of_incomplete_users: found.of_incomplete_users,
            records_without_id: found.without_id,
            file: (found.missing > 0).then(|| path.display().to_string()),
            ..MissingMembershipsReport::default()
        };
        Ok(Some(Self { rules, found, parts, directory, target: &record.target, report }))
    }

    /// Why nothing is to be sent, if too many are missing.
    pub(super) fn reason_to_withhold(&self) -> Option<StopReason> {
        let MissingRules { rule, most } = self.rules;
        let MissingMemberships { known, missing, .. } = self.found;
        let is_refused = rule.removes_memberships() && self.found.is_more_than(most);
        is_refused.then_some(StopReason::TooManyMissing { kind: Kind::Membership, missing, known, most })
    }

    /// What came of it.
    pub(super) fn into_report(self) -> MissingMembershipsReport {
        self.report
    }

    /// Removes those that are missing, if that was asked for and nothing speaks against it.
    pub(super) async fn carry_out(
        &mut self,
        settings: &ImportSettings,
        confirmed: &mut ConfirmedUsers,
    ) -> Result<(), StopReason> {
        let Some(parts) = &self.parts else { return Ok(()) };
        let runs = &settings.runs_directory;
        let ids = with_id_map(runs, self.target, |map| map.lookup()).await.map_err(StopReason::IdMap)?;
        let mut changes = MembershipChanges {
            parts,
            found: &self.found,
            ids: &ids,
            rules: &settings.reading.rules.tuples,
            concurrency: settings.connection.pace.concurrency.start.max(1),
            before: MembershipSearch::removals(runs, self.target, None).map_err(unreadable)?,
            confirmed,
            path: self.directory.removed(),
            file: None,
            with_role: Table::new(BUFFERED, std::env::temp_dir()),
            report: &mut self.report,
        };
        for page in pages(self.found.tuples()) {
            changes.take_back(&page.map_err(StopReason::Temporary)?).await?;
        }
        for page in pages(self.found.memberships()) {
            changes.remove(page.map_err(StopReason::Temporary)?).await?;
        }
        Ok(())
    }
}

/// The search for memberships that are missing from these inputs.
fn search(
    (runs_directory, target, run): (PathBuf, &str, &str),
    subject: ReadSubject<'_>,
    watch: &Watch,
) -> Result<MembershipSearch, RunStartError> {
    let reading = subject.reading;
    let (mut records, mut inputs) = (Vec::new(), Vec::new());
    for (index, (input, kind)) in (0..).zip(reading.inputs.iter().zip(&reading.kinds)) {
        if matches!(kind, Kind::User | Kind::Organization | Kind::Membership) {
            let failed = |source| RunStartError::Io { path: input.name().to_string().into(), source };
            records.push(InputRecord::of(input, *kind).map_err(failed)?);
            inputs.push((*kind, input.clone(), watch.of(index)));
        }
    }
    Ok(MembershipSearch {
        runs_directory,
        target: target.to_owned(),
        run: run.to_owned(),
        records,
        inputs,
        limits: reading.limits,
        temporary: std::env::temp_dir(),
    })
}
