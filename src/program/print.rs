//! Text as the whole answer.

use super::failed::fail;
use crate::exit::ExitStatus;
use crate::report::print_text;

/// Prints a text.
pub(super) fn print(text: &str) -> ExitStatus {
    print_text(text).map_or_else(|error| fail(&error.into(), ExitStatus::Usage), |()| ExitStatus::Success)
}
