//! Why applications do not become clients.

use std::path::PathBuf;

use crate::apps::ApplyError;
use crate::exit::ExitStatus;
use crate::journal::LockError;
use crate::made_once::AppliedError;
use crate::signal::Signal;
use crate::tenant_plan::PlanReadError;

/// Why applications do not become clients, or not all.
#[derive(Debug, thiserror::Error)]
pub enum AppsCommandError {
    /// The plan is of no use.
    #[error("`{}` {source}{}", path.display(), remedy(source))]
    Plan {
        /// The plan.
        path: PathBuf,
        /// What is wrong with it.
        source: PlanReadError,
    },
    /// Two applications would become one client.
    #[error(
        "`{}`: application {application} is in the plan twice, or another one has its client id; mend that there, or make the \
         plan anew with `plan`",
        path.display()
    )]
    Twice {
        /// The plan.
        path: PathBuf,
        /// Clerk's id of the second one.
        application: String,
    },
    /// What is temporarily on disk cannot be used.
    #[error("temporary files cannot be used: {0}; make room in the directory for temporary files (TMPDIR)")]
    Temporary(#[from] std::io::Error),
    /// A redirect URL is assigned to nobody.
    #[error(
        "{count} redirect URLs of the plan are assigned to a client id that no application in it has, or to an application \
         that becomes no client; mend `assigned_to` in the plan"
    )]
    AssignedToNobody {
        /// How many.
        count: u64,
    },
    /// There is no file for secrets.
    #[error(
        "--secrets-out FILE is needed: the target makes a secret for {count} of these clients and shows it once; nothing was sent"
    )]
    NoSecretsFile {
        /// How many clients get a secret.
        count: u64,
    },
    /// A plan of a development instance is not for a live target.
    #[error(
        "the plan is of a development instance, and the key is for a live target: its client ids and addresses are others \
         than those of production; --force does it all the same"
    )]
    Development,
    /// It stopped in between.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// What is made cannot be remembered.
    #[error(transparent)]
    Applied(#[from] AppliedError),
    /// A signal came.
    #[error("interrupted by {0}; what was done is kept, and the same command goes on")]
    Interrupted(Signal),
}

/// What to do about a plan that is none.
const fn remedy(fault: &PlanReadError) -> &'static str {
    match fault {
        PlanReadError::NoPlan(_) => "; mend that there, or make the plan anew with `plan`",
        PlanReadError::Io(_) => "",
    }
}

impl AppsCommandError {
    /// The exit status for it.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Plan { source: PlanReadError::NoPlan(_), .. } | Self::Twice { .. } => ExitStatus::Input,
            Self::Apply(ApplyError::Target(error)) => ExitStatus::of_target(error),
            Self::Apply(ApplyError::Unsettled(_) | ApplyError::NoSecret(_)) => ExitStatus::Unreachable,
            Self::Applied(AppliedError::Lock(LockError::Held { .. }))
            | Self::Apply(ApplyError::Applied(AppliedError::Lock(LockError::Held { .. }))) => ExitStatus::Locked,
            Self::Interrupted(signal) => ExitStatus::of_signal(*signal),
            _ => ExitStatus::Usage,
        }
    }
}
