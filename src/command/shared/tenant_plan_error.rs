//! Why what a tenant has beside its users cannot be shown.

use std::io;
use std::path::PathBuf;

use crate::exit::ExitStatus;
use crate::export::{ExportError, ExportKind};
use crate::source::SourceError;
use crate::tenant_plan::{PlanBuildError, UnreadableRecord};

/// Why a plan cannot be made, or templates cannot be taken apart.
#[derive(Debug, thiserror::Error)]
pub enum TenantPlanError {
    /// A file of the export cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A file of the export is not as it was written.
    #[error(transparent)]
    OtherFile(ExportError),
    /// A file of the export cannot be read to its end.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason, or what is wrong with what is packed.
        source: io::Error,
    },
    /// A record of the export is not what it should be.
    #[error("record {number} of `{}` cannot be used: {source}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// The record's number, from 1.
        number: u64,
        /// What is wrong.
        source: UnreadableRecord,
    },
    /// What is in the place of the plan is none of this tenant.
    #[error("`{}` is there already, and {problem}; name another file with --out", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An assignment cannot be, or there is no room for temporary files.
    #[error(transparent)]
    Build(#[from] PlanBuildError),
    /// The export does not have what the command is about.
    #[error("the export in `{}` has no {kind}; make one with them", path.display())]
    Without {
        /// The export.
        path: PathBuf,
        /// What it has not.
        kind: ExportKind,
    },
    /// The user of the example is not in the export.
    #[error("no user of the export has the id that --example names")]
    NoUser,
    /// The user of the example would not be imported.
    #[error("an import rejects the user of --example: {0}")]
    RejectedUser(String),
    /// The plan, or the report, cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
}

impl TenantPlanError {
    /// The exit status for it.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Source(error) => ExitStatus::of_source(error),
            Self::OtherFile(_) | Self::Read { .. } | Self::Record { .. } => ExitStatus::Input,
            Self::Other { .. }
            | Self::Build(_)
            | Self::Without { .. }
            | Self::NoUser
            | Self::RejectedUser(_)
            | Self::Write { .. } => ExitStatus::Usage,
        }
    }
}
