//! What commands ask and print, and how a long one shows where it is.

pub(in crate::command) mod consent;
pub(in crate::command) mod memory_log;
pub(in crate::command) mod named_people;
pub(in crate::command) mod output;
pub(in crate::command) mod progress;
pub(in crate::command) mod written_list;
