//! Why a command failed.

use std::io;
use std::path::PathBuf;

use super::super::apps::apps_command_error::AppsCommandError;
use super::super::cutover::CutoverCommandError;
use super::super::runs::export::recovery_error::RecoveryError;
use super::super::undo::undo_error::UndoError;
use super::super::webhooks::webhooks_command_error::WebhooksCommandError;
use super::export_command_error::ExportCommandError;
use super::results_list::ResultsListError;
use super::run_start_error::RunStartError;
use super::tenant_plan_error::TenantPlanError;
use crate::destination::TargetError;
use crate::exit::ExitStatus;
use crate::journal::LockError;
use crate::memberships::MembershipsError;
use crate::outcomes::StopReason;
use crate::passwords::PasswordsError;
use crate::report::StdoutError;
use crate::sandbox::SandboxError;
use crate::selection::SelectionError;
use crate::signal::Signal;
use crate::source::{Purpose, SourceError};
use crate::verify::TestAccountsError;

/// Why a command did not even start, or could not report.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The target is of no use.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The embedded target cannot be started.
    #[error("the sandbox cannot be started")]
    Sandbox(#[from] SandboxError),
    /// The run is not undone.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// The export from Clerk's API is not finished.
    #[error(transparent)]
    Export(#[from] ExportCommandError),
    /// The switch cannot be checked.
    #[error(transparent)]
    Cutover(#[from] CutoverCommandError),
    /// There is no plan of the tenant.
    #[error(transparent)]
    Plan(#[from] TenantPlanError),
    /// Applications do not become clients, or not all.
    #[error(transparent)]
    Apps(#[from] AppsCommandError),
    /// Nothing can be done about webhooks.
    #[error(transparent)]
    Webhooks(#[from] WebhooksCommandError),
    /// The recovery links are not all made.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The run cannot begin, or not go on.
    #[error(transparent)]
    RunStart(#[from] RunStartError),
    /// A file of the run cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The account of a run cannot be written. As long as it is not, the run is not over.
    #[error(
        "cannot write `{path}`, the account of the run; what became of the records is in its journal, and the same command writes \
         the account when it can"
    )]
    NoAccount {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The list of what became of each record cannot be written.
    #[error(
        "{source}; the run is none the worse: `avnology migrate clerk runs export {run} --out FILE` writes the list"
    )]
    Results {
        /// The run.
        run: String,
        /// The reason.
        source: Box<ResultsListError>,
    },
    /// What cannot be written is of a job that was stopped.
    #[error("{source}")]
    OfStopped {
        /// How the job ended.
        status: ExitStatus,
        /// What cannot be written, and why.
        source: Box<CommandError>,
    },
    /// The results cannot be written to standard output.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
    /// The users of the run cannot be selected.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The passwords that the users lack cannot be read.
    #[error(transparent)]
    Passwords(#[from] PasswordsError),
    /// The organizations of users cannot be read.
    #[error(transparent)]
    Memberships(#[from] MembershipsError),
    /// The input cannot be looked through.
    #[error(transparent)]
    Search(#[from] StopReason),
    /// The input is of no use for a comparison.
    #[error("{}; {}", .0, .0.consequence(Purpose::NoComparison))]
    NotCompared(SourceError),
    /// There are no test accounts.
    #[error(transparent)]
    SignIn(#[from] TestAccountsError),
    /// The person at the terminal did not say yes.
    #[error("not confirmed; nothing was sent (the same command asks again, and --yes says so beforehand)")]
    NoConsent,
    /// A signal came before the first record.
    #[error("interrupted by {0} before anything was sent; the same command begins again")]
    Interrupted(Signal),
}

impl CommandError {
    /// The error of a job that `ended` so, and that could not write something then. The status of one that was stopped says what to
    /// do next, as to try again later: that stays.
    pub(in crate::command) fn of_job(self, ended: ExitStatus) -> Self {
        if ended.is_finished() { self } else { Self::OfStopped { status: ended, source: Box::new(self) } }
    }

    /// The exit status for it.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Target(error) => ExitStatus::of_target(error),
            Self::Export(error) => error.exit_status(),
            Self::Plan(error) => error.exit_status(),
            Self::Apps(error) => error.exit_status(),
            Self::Webhooks(error) => error.exit_status(),
            Self::Cutover(error) => error.exit_status(),
            Self::OfStopped { status, .. } => *status,
            Self::Interrupted(signal) | Self::Undo(UndoError::Interrupted { signal, .. }) => {
                ExitStatus::of_signal(*signal)
            }
            Self::RunStart(RunStartError::Source(error) | RunStartError::Gone { source: error, .. })
            | Self::NotCompared(error)
            | Self::Selection(SelectionError::Source(error))
            | Self::Passwords(PasswordsError::Source(error))
            | Self::Memberships(MembershipsError::Source(error)) => ExitStatus::of_source(error),
            Self::Selection(SelectionError::Nobody { .. })
            | Self::Passwords(PasswordsError::NoTable { .. })
            | Self::Memberships(MembershipsError::NoneInIt { .. })
            | Self::SignIn(_)
            | Self::Search(StopReason::TooFewRecords { .. }) => ExitStatus::Input,
            Self::RunStart(RunStartError::Lock(LockError::Held { .. }))
            | Self::Undo(UndoError::Lock(LockError::Held { .. })) => ExitStatus::Locked,
            Self::Search(StopReason::Internal(_)) => ExitStatus::Unexpected,
            Self::Passwords(_)
            | Self::Memberships(_)
            | Self::NoConsent
            | Self::Selection(_)
            | Self::Search(_)
            | Self::Sandbox(_)
            | Self::Recovery(_)
            | Self::Write { .. }
            | Self::Results { .. }
            | Self::NoAccount { .. }
            | Self::Stdout(_)
            | Self::RunStart(_)
            | Self::Undo(_) => ExitStatus::Usage,
        }
    }
}
