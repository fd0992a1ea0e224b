//! Why a plan of a tenant cannot be made.

use std::io;
use std::path::PathBuf;

use crate::exit::ExitStatus;
use crate::source::SourceError;
use crate::tenant_plan::{AssignmentError, UnreadableRecord};

/// Why a plan cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TenantPlanError {
    /// A file of the export cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
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
    /// An assignment cannot be.
    #[error(transparent)]
    Assignment(#[from] AssignmentError),
    /// The plan cannot be written.
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
            Self::Read { .. } | Self::Record { .. } => ExitStatus::Input,
            Self::Other { .. } | Self::Assignment(_) | Self::Write { .. } => ExitStatus::Usage,
        }
    }
}
