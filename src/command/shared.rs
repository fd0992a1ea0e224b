//! What several commands need, and is no command itself:
//!
//! - `reading`: the inputs, from what was named to an intake of the pipeline, with the files that are joined to them;
//! - `target`: the destination, what is known of its ids (`id_maps`, `lookup_cache`), and of what an earlier run made there;
//! - `terminal`: what is asked and printed, and how a long command shows where it is;
//! - `in_background`: work on the disk that takes a while, on a thread of its own;
//! - `command_error` and `run_start_error`: the errors of a command, and of a run that cannot begin.

pub(super) mod command_error;
pub(super) mod in_background;
pub(super) mod reading;
pub(super) mod run_start_error;
pub(super) mod target;
pub(super) mod terminal;
