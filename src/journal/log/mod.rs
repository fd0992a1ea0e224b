//! The append-only log beneath a run's journal: which bytes are an entry, and what a crash can do to them.
//!
//! # On disk
//!
//! ```text
//! file    = magic group*
//! magic   = "AVNJRNL2"                     8 bytes; the last one is the version of this format
//! group   = mark entry*                    what one sync made durable
//! mark    = FF FF FF FF place sum          place: u64, little endian, the offset at which this mark begins
//! entry   = length check payload sum
//! length  = u32, little endian             bytes of the payload
//! check   = u32, little endian             CRC-32 of the 4 bytes of `length`, its highest bit set
//! payload = `length` bytes
//! sum     = u32, little endian             CRC-32 of the payload, or of what is before it in a mark; its highest bit set
//! ```
//!
//! # What is guaranteed
//!
//! - Once [`LogWriter::sync`] has returned, the entries before it survive a kill, a crash and a power cut.
//! - After a crash, any part of the group that was being synced may be there: blocks of it may be missing with others behind
//!   them. A group is only begun when the one before is durable, so what is damaged in the last group is torn, and is
//!   cut off from the first entry that is not whole.
//! - A group behind it proves that a damaged entry was durable before: that is [`LogError::Damaged`]. It is never taken for
//!   the end, for the entries behind it would be lost in silence. A mark knows its own place, so it is found with any
//!   bytes before it.
//! - [`LogWriter::seal`] adds a mark and nothing else. In a log that was sealed, damage anywhere is found.
//!
//! # What is not
//!
//! - A file that somebody cut exactly between two entries looks like an older state of the same file.
//! - One writer at a time: the run's lock sees to that.
//!
//! Version 1 had no marks. Its logs are read, and gone on with in groups; where no mark is before it, damage counts as torn.

mod format;
mod log_error;
mod reader;
mod tail;
#[cfg(test)]
mod tests;
mod writer;

pub use log_error::LogError;
pub(super) use reader::LogReader;
pub(super) use tail::{Tail, read_tail};
pub(super) use writer::LogWriter;
