//! The inputs of commands: what was named becomes an intake of the pipeline, with the files that are joined to it, and what going
//! through it once found out.

pub(in crate::command) mod export_from_clerk;
pub(in crate::command) mod fetched_records;
pub(in crate::command) mod first_pass;
pub(in crate::command) mod forecast;
pub(in crate::command) mod inline_memberships_file;
pub(in crate::command) mod intake;
pub(in crate::command) mod joined;
pub(in crate::command) mod look_at_inputs;
pub(in crate::command) mod read_subject;
pub(in crate::command) mod records_of_export;
pub(in crate::command) mod search_for_missing;
pub(in crate::command) mod selecting;
