//! What commands ask and print, and how a long one shows where it is.

pub(super) mod ask;
pub(super) mod in_background;
pub(super) mod memory_log;
pub(super) mod named_people;
pub(super) mod output;
pub(super) mod progress;
pub(super) mod written_list;
