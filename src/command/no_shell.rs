//! Stands in for `avnology completions` and `avnology man` in a build without them.

use std::path::Path;

use crate::cli::Shell;

/// This build has neither.
#[derive(Debug, thiserror::Error)]
#[error(
    "this build has no completions and no man pages; `cargo install --path . --features shell` builds one that has"
)]
pub struct ShellError;

/// Says how to get them.
pub fn completions(_: Shell) -> Result<(), ShellError> {
    Err(ShellError)
}

/// Says how to get them.
pub fn print_page(_: &[String]) -> Result<(), ShellError> {
    Err(ShellError)
}

/// Says how to get them.
pub fn write_pages(_: &Path) -> Result<(), ShellError> {
    Err(ShellError)
}
