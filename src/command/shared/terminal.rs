//! What commands ask and print, and how a long one shows where it is.

pub(in crate::command) mod consent;
pub(in crate::command) mod output;
pub(in crate::command) mod progress;
