//! The exit status that an account comes to.

use std::io;

use super::{AtTarget, Ledger, StopReason};
use crate::destination::TargetError;
use crate::exit::ExitStatus;
use crate::signal::Signal;
use crate::source::SourceError;

impl ExitStatus {
    /// The status of a finished run: the one place where an outcome becomes a number.
    pub fn of(ledger: &Ledger) -> Self {
        match &ledger.stopped {
            None if ledger.counts().unfinished > 0 => Self::Unexpected,
            None if ledger.at_target.as_ref().is_some_and(AtTarget::lacks_scopes) => Self::Refused,
            None if ledger.rejected() > 0 => Self::Rejected,
            None => Self::Success,
            Some(StopReason::Interrupted(signal)) => Self::of_signal(*signal),
            Some(StopReason::Source(error) | StopReason::Unreadable(error)) => Self::of_source(error),
            Some(StopReason::Target(error)) => Self::of_target(error),
            Some(
                StopReason::TooManyErrors { .. } | StopReason::TooManyPredicted { .. } | StopReason::Strict { .. },
            ) => Self::TooManyErrors,
            Some(StopReason::TooFewRecords { .. } | StopReason::TooManyMissing { .. }) => Self::Input,
            // A full disk or a read-only directory needs somebody to do something, as a wrong setting does.
            Some(
                StopReason::Journal { .. }
                | StopReason::Temporary(_)
                | StopReason::IdMap(_)
                | StopReason::MissingStates(_)
                | StopReason::LostRun { .. },
            ) => Self::Usage,
            Some(StopReason::Internal(_)) => Self::Unexpected,
        }
    }

    /// The status when a run was asked to end.
    pub const fn of_signal(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::Interrupted,
            Signal::Terminate => Self::Terminated,
            Signal::TimeUp => Self::TimeUp,
        }
    }

    /// The status when an input is of no use. A store that cannot be reached may be reached later.
    pub fn of_source(error: &SourceError) -> Self {
        let is_transient = |error: &io::Error| error.kind() == io::ErrorKind::HostUnreachable;
        match error {
            SourceError::Open { reason, .. } | SourceError::Read { reason, .. } if is_transient(reason) => {
                Self::Unreachable
            }
            _ => Self::Input,
        }
    }

    /// The status when the target is of no use.
    pub fn of_target(error: &TargetError) -> Self {
        match error {
            TargetError::Client(_) | TargetError::Index(_) => Self::Usage,
            TargetError::Refused { .. } => Self::Refused,
            TargetError::Unreachable { .. } | TargetError::AsksToWait { .. } => Self::Unreachable,
        }
    }
}
