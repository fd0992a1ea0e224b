//! What several commands need, and is no command itself:
//!
//! - `reading`: the inputs, from what was named to an intake of the pipeline, with the files that are joined to them;
//! - `target`: the destination, what is known of its ids, and of what an earlier run made there;
//! - `terminal`: what is asked and printed, and how a long command shows where it is;
//! - the errors of a command, and of a run that cannot begin.

pub(super) mod command_error;
pub(super) mod lookup_cache;
pub(super) mod reading;
pub(super) mod run_start_error;
pub(super) mod target;
pub(super) mod terminal;
