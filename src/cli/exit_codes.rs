//! The exit codes, as `--help` shows them.

use crate::exit::ExitStatus;

/// The table of exit codes, from the one enum that defines them.
pub(crate) fn exit_codes() -> String {
    let rows = ExitStatus::ALL.iter().map(|status| format!("\n  {:>3}  {}", status.code(), status.meaning()));
    std::iter::once("Exit codes:".to_owned()).chain(rows).collect()
}
