//! What several commands need, and is no command itself:
//!
//! - `reading`: the inputs, from what was named, or Clerk has, to an intake of the pipeline, with the files that are joined to them;
//! - `target`: the destination, what is known of its ids (`id_maps`), and of what an earlier run made there;
//! - `terminal`: what is asked and printed, and how a long command shows where it is;
//! - `run_overview` and `results_list`: a run as `runs` lists it, and what became of its records; `private_list` writes such lists,
//!   and `people_for_page` has whom the page of a run names;
//! - `in_background`: work on the disk that takes a while, on a thread of its own; `memory_log`: what a job takes of the machine;
//! - `unknown_word`: which of the words that were typed is no command;
//! - `command_error`, and what it gathers: `run_start_error` of runs that cannot begin, `export_command_error` of all that reads
//!   from Clerk, `tenant_plan_error` of what looks at a tenant beside its users, and the errors of single commands, which are in
//!   their folders.

pub(super) mod command_error;
pub(super) mod export_command_error;
pub(super) mod in_background;
pub(super) mod memory_log;
pub(super) mod people_for_page;
pub(super) mod private_list;
pub(super) mod reading;
pub(super) mod results_list;
pub(super) mod run_overview;
pub(super) mod run_start_error;
pub(super) mod target;
pub(super) mod tenant_plan_error;
pub(super) mod terminal;
pub(super) mod unknown_word;
