//! How an import ended: its ledger and what of it is kept. One that was withheld ends here, too: its rejects are written.

use super::super::shared::reading::first_pass::FirstPass;
use super::super::shared::reading::intake::intake;
use super::super::shared::reading::joined::JoinReports;
use super::super::shared::reading::read_subject::ReadSubject;
use super::super::shared::terminal::progress::reporter_with_metrics;
use super::run_and_target::RunAndTarget;
use crate::journal::Journal;
use crate::outcomes::{Ledger, StopReason};
use crate::pipeline::{self, ImportRun, Job, Mode, Ran};
use crate::report::TimelineMoment;
use crate::signal::Signals;
use crate::source::SourceError;

/// An import that has ended, whether or not it sent anything.
pub(super) struct EndedImport {
    pub ledger: Ledger,
    /// The journal, in which the end is not said yet; none if it failed.
    pub journal: Option<Journal>,
    /// What came of what other files say about users.
    pub joined: JoinReports,
    /// How it went over time.
    pub timeline: Vec<TimelineMoment>,
}

impl EndedImport {
    /// Nothing was sent, because an input cannot be read. The account says that it ended on its input, so that the same command
    /// begins anew with the repaired one.
    pub(super) fn of_unreadable_input(ImportRun { mut ledger, journal, .. }: ImportRun, error: SourceError) -> Self {
        ledger.stopped = Some(StopReason::Unreadable(error));
        Self { ledger, journal: Some(journal), joined: JoinReports::default(), timeline: Vec::new() }
    }

    /// Of an import that is withheld: what is rejected is written, as the first pass saw it. Why nothing is sent comes with the run.
    pub(super) async fn withheld(
        (import_run, reason): (ImportRun, StopReason),
        subject: ReadSubject<'_>,
        first_pass: &FirstPass,
        run_and_target: RunAndTarget<'_>,
        signals: &mut Signals,
    ) -> Self {
        let ReadSubject { reading, records, joined, output, .. } = subject;
        let mode = Mode::Withheld(Box::new(import_run), reason);
        let job = Job { intake: intake(reading, records, Some(joined), None, first_pass.watch()), mode };
        let mut reporter = reporter_with_metrics(output, &reading.inputs);
        let ran = pipeline::run(job, reporter.as_mut(), signals).await;
        Self::of(ran, Vec::new(), subject, first_pass, run_and_target)
    }

    /// What came of all steps.
    pub(super) fn of(
        Ran { mut ledger, journal, .. }: Ran,
        timeline: Vec<TimelineMoment>,
        ReadSubject { records, joined, .. }: ReadSubject<'_>,
        first_pass: &FirstPass,
        RunAndTarget { settings, run, .. }: RunAndTarget<'_>,
    ) -> Self {
        ledger.require_records(settings.limits.min_records);
        // That users share an address is counted in any case.
        if let Some(found) = first_pass.duplicates()
            && let Err(error) = ledger.name_sharing(found, records)
        {
            tracing::warn!(%error, "the users who share an address are not named");
        }
        // If that fails, the account of the import is given all the same.
        let closed = joined.close_in(ledger.stopped.is_none(), &run.directory);
        let joined = closed.unwrap_or_else(|error| {
            tracing::warn!(%error, "the account of the passwords and memberships is missing");
            JoinReports::default()
        });
        Self { ledger, journal, joined, timeline }
    }
}
