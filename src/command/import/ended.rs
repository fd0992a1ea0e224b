//! The phase in which an import runs: the inputs through the pipeline, to an account.

use super::super::first_pass::{FirstPass, Subject};
use super::super::intake::intake;
use super::super::progress::reporter_with_metrics;
use crate::account::{Ledger, StopReason};
use crate::journal::{Journal, RunDirectory};
use crate::passwords::PasswordsReport;
use crate::pipeline::{self, Job, Mode, Ran};
use crate::signal::Signals;
use crate::source::SourceError;

/// An import that has ended, whether or not it sent anything.
pub(super) struct EndedImport {
    pub ledger: Ledger,
    /// The journal, in which the end is not said yet; none if it failed.
    pub journal: Option<Journal>,
    /// What came of the passwords that the users lack.
    pub passwords: Option<PasswordsReport>,
}

impl EndedImport {
    /// Nothing was sent, because of an input. The account says that it ended on its input, so that the same command begins anew
    /// with the repaired one.
    pub(super) fn unreadable(mut ledger: Ledger, journal: Journal, error: SourceError) -> Self {
        ledger.stopped = Some(StopReason::Unreadable(error));
        Self { ledger, journal: Some(journal), passwords: None }
    }

    /// Sends nothing: what is rejected is written, as the first pass saw it.
    pub(super) async fn refused(
        subject: Subject<'_>,
        first: &FirstPass,
        mode: Mode,
        kept: (&RunDirectory, Option<u64>),
        signals: &mut Signals,
    ) -> Self {
        let Subject { reading, records, passwords, output, .. } = subject;
        let job = Job { intake: intake(reading, records, passwords, None, first.watch()), mode };
        let mut reporter = reporter_with_metrics(output, &reading.inputs);
        Self::of(pipeline::run(job, reporter.as_mut(), signals).await, subject, first, kept)
    }

    /// What came of all steps.
    pub(super) fn of(
        Ran { mut ledger, journal, .. }: Ran,
        Subject { records, passwords, .. }: Subject<'_>,
        first: &FirstPass,
        (directory, min_records): (&RunDirectory, Option<u64>),
    ) -> Self {
        ledger.require_records(min_records);
        // That users share an address is counted in any case.
        if let Some(found) = first.duplicates()
            && let Err(error) = ledger.name_sharing(found, records)
        {
            tracing::warn!(%error, "the users who share an address are not named");
        }
        // If that fails, the account of the import is given all the same.
        let closed = passwords.map(|passwords| passwords.close_in(ledger.stopped.is_none(), directory));
        let passwords = closed.transpose().unwrap_or_else(|error| {
            tracing::warn!(%error, "the account of the passwords is missing");
            None
        });
        Self { ledger, journal, passwords }
    }
}
