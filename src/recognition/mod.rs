//! Knows the records of the night before again by their bytes, so that they are neither read nor mapped.
//!
//! ```text
//! the file of the night before: fingerprint, notices, hashed keys; in the order of the export            (KnownFile)
//!   └─► Recognizer, asked by the reader: is the next record the next one in the file, or one soon behind it?
//!         ├─ the next one: unchanged, with the notices of the night before; it is not mapped, and not framed if it is in an array
//!         ├─ one behind:   the same, but it is framed
//!         └─ no:           framed and mapped as ever; its fingerprint and its keys are candidates      (UnchangedRecords)
//! behind the first pass: a known record that has a key in common with a mapped one is looked at for duplicates
//! behind the last pass:  known ones and candidates that the target confirmed become the file of this night
//! ```
//!
//! Its answer is the one that mapping would give:
//!
//! - The file says by which [`Basis`] it holds: the rules, the form of the target, the program, and what the target had confirmed.
//!   If any of that is another one now, nobody is known.
//! - Only what the target confirmed comes into the file, and it comes there at the end of a run that is complete. So a run that
//!   was killed leaves the file as it was, and that file holds only while nothing was confirmed since.
//! - No two records in the file have a key in common: what the search for duplicates found is left out. So it is enough to look
//!   again at the keys of those that were mapped, and of known records that share one ([`KeyFilter`]).
//! - Each record in the file is found at most once, and in the order of the file: a second copy of a record is mapped.
//! - The file is in blocks with checksums. Behind damage nobody is known.
//!
//! Hashes are keyed with a secret that is in the file, which only the owner can read. Somebody who can choose the bytes of a
//! record cannot make two records alike without it. The files of one run have no name and end with the process.

mod basis;
mod candidate;
mod fingerprint;
mod key_filter;
mod known_file;
mod known_writer;
mod next_night;
#[cfg(test)]
mod night_tests;
mod place_entry;
mod recognizer;
mod secret;
#[cfg(test)]
mod tests;
mod unchanged_records;

pub use basis::Basis;
pub use candidate::MappedRecord;
pub use fingerprint::Fingerprint;
pub use key_filter::KeyFilter;
pub use known_file::KnownFile;
pub use recognizer::{Recognized, Recognizer};
pub use secret::{NightSecret, RecordHash};
pub use unchanged_records::{MOST_INPUTS, RecognitionCounts, UnchangedRecords, UnchangedStretch};
