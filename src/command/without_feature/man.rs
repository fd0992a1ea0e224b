//! Stands in for `avnology man` in a build without it.

use std::path::Path;

/// This build has neither completions nor man pages.
#[derive(Debug, thiserror::Error)]
#[error(
    "this build has no completions and no man pages; `cargo install --path . --features shell` builds one that has"
)]
pub struct ManError;

/// Says how to get them.
pub fn print_page(_: &[String]) -> Result<(), ManError> {
    Err(ManError)
}

/// Says how to get them.
pub fn write_pages(_: &Path) -> Result<(), ManError> {
    Err(ManError)
}
