//! Stands in for `avnology migrate clerk codemod` in a build without it.

use crate::cli::CodemodArguments;
use crate::exit::ExitStatus;

/// This build has no codemod.
#[derive(Debug, thiserror::Error)]
#[error("this build cannot move code; `cargo install --path . --features codemod` builds one that can")]
pub struct CodemodCommandError;

impl CodemodCommandError {
    /// Wrong usage of this build.
    pub fn exit_status(&self) -> ExitStatus {
        ExitStatus::Usage
    }
}

/// Says how to get one.
///
/// # Errors
/// Always.
pub fn run(_: &CodemodArguments) -> Result<ExitStatus, CodemodCommandError> {
    Err(CodemodCommandError)
}
