//! Stands in for `avnology completions` in a build without it.

use crate::cli::Shell;
use crate::command::man::ManError;

/// Says how to get them: the same feature has the man pages.
pub fn completions(_: Shell) -> Result<(), ManError> {
    Err(ManError)
}
