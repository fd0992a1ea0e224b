//! How a failure is said.

use crate::exit::ExitStatus;
use crate::report::{Console, LogFormat};

/// How a command ended that could not even begin, or not report.
pub(super) type Failed = (anyhow::Error, ExitStatus);

/// Says what went wrong, with its causes, and passes the status on.
pub(super) fn fail(error: &anyhow::Error, status: ExitStatus) -> ExitStatus {
    Console::new(LogFormat::Text, false).error(&with_causes(error));
    status
}

/// An error and its causes, each once: many a sentence has its cause in it already.
pub(super) fn with_causes(error: &anyhow::Error) -> String {
    error.chain().skip(1).map(ToString::to_string).fold(error.to_string(), |text, cause| {
        if text.contains(&cause) { text } else { text + "\n  caused by: " + &cause }
    })
}
