//! Why a destination cannot be used, in words for a person.

use crate::http::ClientError;

/// Why a destination cannot be used, or cannot be used any longer.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No client for it can be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The target answered that it does not let us in.
    #[error("{target} refused: {reason}; {advice}")]
    Refused {
        /// The target's name.
        target: String,
        /// What the answer means.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// It wants to be left alone for longer than anybody wants to wait.
    #[error(
        "{target} asks to be left alone for {seconds} s ({answer}), longer than --max-wait; everything done so far is \
         kept, run the same command again then"
    )]
    AsksToWait {
        /// The target's name.
        target: String,
        /// The answer that asked for it, as in `HTTP 503`.
        answer: String,
        /// For how long.
        seconds: u64,
    },
    /// The temporary index of who is at the target cannot be used.
    #[error("the temporary index on disk failed; make room in the directory for temporary files (TMPDIR)")]
    Index(#[from] std::io::Error),
    /// No usable answer.
    #[error("{target} cannot be reached: {reason}; everything done so far is kept, run the same command again later")]
    Unreachable {
        /// The target's name.
        target: String,
        /// The last failure.
        reason: String,
        /// Whether what was sent may be the reason: not if the target refused to look at it, or is not there.
        may_be_of_record: bool,
    },
}
