//! How a command ends, as scripts see it.

use std::process::ExitCode;

/// The exit codes. Scripts depend on them: they are never renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// All done, and no record was rejected.
    Success = 0,
    /// A bug, or a failure that the program does not know.
    Unexpected = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Finished, and some records were rejected.
    Rejected = 3,
    /// `--max-errors` or `--strict` stopped the run.
    TooManyErrors = 4,
    /// The input is unreadable, truncated or malformed as a whole, or it has too few records.
    Input = 5,
    /// The target refused access: authentication, scope, or plan.
    Refused = 6,
    /// The target cannot be reached or kept failing. A later retry may succeed.
    Unreachable = 7,
    /// Another run holds the lock.
    Locked = 8,
    /// `--max-duration` is over. The run can be resumed.
    TimeUp = 9,
    /// Ctrl-C. The run can be resumed.
    Interrupted = 130,
    /// SIGTERM. The run can be resumed.
    Terminated = 143,
}

impl ExitStatus {
    /// All codes, in the order of `--help`.
    pub const ALL: &'static [Self] = &[
        Self::Success,
        Self::Unexpected,
        Self::Usage,
        Self::Rejected,
        Self::TooManyErrors,
        Self::Input,
        Self::Refused,
        Self::Unreachable,
        Self::Locked,
        Self::TimeUp,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Whether the job came to its end, whatever it found.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Success | Self::Rejected)
    }

    /// What it means, for `--help`.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "all done, nothing rejected",
            Self::Unexpected => "unexpected failure (a bug)",
            Self::Usage => "wrong usage or configuration, or no room for the run's files",
            Self::Rejected => {
                "finished, some records were rejected (verify: or differ; export: or not as many as Clerk counts; cutover: or a \
                 step is open)"
            }
            Self::TooManyErrors => "stopped by --max-errors or --strict",
            Self::Input => "input unreadable, truncated or malformed as a whole, or too short (--min-records)",
            Self::Refused => "the target refused access (key, scope, subscription)",
            Self::Unreachable => {
                "the target, or the store of an input, cannot be reached or kept failing; try again later"
            }
            Self::Locked => "another run holds the lock",
            Self::TimeUp => "stopped by --max-duration; the same command resumes the run",
            Self::Interrupted => "interrupted (SIGINT); the same command resumes the run",
            Self::Terminated => "terminated (SIGTERM); the same command resumes the run",
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}
