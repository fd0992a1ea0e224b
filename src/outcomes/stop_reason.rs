//! Why a run ended before its input did.

use crate::destination::TargetError;
use crate::human::{count, plural, plural_past};
use crate::kind::Kind;
use crate::signal::Signal;
use crate::source::{Purpose, SourceError};

/// Why a run ended before its input did.
#[derive(Debug, thiserror::Error)]
pub enum StopReason {
    /// A signal.
    #[error("interrupted by {0}")]
    Interrupted(Signal),
    /// The input cannot be read any further.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The input cannot be read any further, and that was known before anything was sent.
    #[error("{}; {}", .0, .0.consequence(Purpose::FirstPass))]
    Unreadable(SourceError),
    /// The target refuses us or cannot be reached.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// More rejects than `--max-errors` allows.
    #[error("more than {} rejected (--max-errors)", plural_past(*limit, "record"))]
    TooManyErrors {
        /// The limit.
        limit: u64,
    },
    /// More rejects are known to come than `--max-errors` allows.
    #[error(
        "{} cannot be imported, more than the {} of --max-errors, so nothing is sent; mend them, or allow more",
        plural(*rejects, "record"), count(*limit)
    )]
    TooManyPredicted {
        /// How many there are.
        rejects: u64,
        /// The limit.
        limit: u64,
    },
    /// Rejects are known to come, and `--strict` allows none.
    #[error(
        "{} cannot be imported (--strict), so nothing is sent; mend them, or import the others without --strict",
        plural(*rejects, "record")
    )]
    Strict {
        /// How many there are.
        rejects: u64,
    },
    /// Fewer records than `--min-records` asks for.
    #[error(
        "the input has {}, fewer than the {} of --min-records; look whether the export is whole",
        plural(*found, "record"), count(*least)
    )]
    TooFewRecords {
        /// How many there are.
        found: u64,
        /// How many there should be.
        least: u64,
    },
    /// More users or memberships are missing from the export than `--max-missing` allows.
    #[error(
        "{} of {} {} earlier runs created {} no longer in the export, more than the {most} % of --max-missing, so nothing is sent; look \
         whether the export is whole",
        count(*missing), plural(*known, kind.as_str()), if *kind == Kind::User { "whom" } else { "that" },
        if *missing == 1 { "is" } else { "are" }
    )]
    TooManyMissing {
        /// Of which kind they are.
        kind: Kind,
        /// How many are missing.
        missing: u64,
        /// How many there are.
        known: u64,
        /// The limit in percent.
        most: u8,
    },
    /// The run's directory cannot be written.
    #[error("cannot write `{path}`: {source}; make room or make it writable, then run the same command again")]
    Journal {
        /// The file.
        path: String,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// Temporary files cannot be used.
    #[error("cannot use temporary files: {0}; make room in the directory for temporary files (TMPDIR)")]
    Temporary(#[source] std::io::Error),
    /// The id map cannot be read.
    #[error(
        "the id map of the target, which lies beside the runs, cannot be read: {0}; without it a user whose external id and \
         addresses changed could get a second identity; make it readable, or move that directory away so that it is made anew from \
         the journals; then run the same command again"
    )]
    IdMap(#[source] std::io::Error),
    /// What a run did about who and what is missing cannot be read.
    #[error("it is not known whom or what an earlier run disabled or removed: {0}")]
    MissingStates(#[source] std::io::Error),
    /// An earlier run cannot be read, and what it did could change what this one does.
    #[error(
        "{problem}; whom that run created or met is not known, and somebody could get a second identity or be disabled wrongly, so \
         nothing is sent; if it is lost for good, move `{directory}` away, and run the same command again"
    )]
    LostRun {
        /// The directory of that run.
        directory: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A bug.
    #[error("internal error: {0}")]
    Internal(String),
}

impl StopReason {
    /// The reason, and of an input that cannot be read any further what was done with it.
    pub fn and_what_was_done(&self, purpose: Purpose) -> String {
        match self {
            Self::Source(error) => format!("{error}; {}", error.consequence(purpose)),
            other => other.to_string(),
        }
    }
}
