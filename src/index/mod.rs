//! What grows with the number of users lies on disk, as fixed-size entries in the order of their bytes.
//!
//! ```text
//! entries in any order ── Sorter ──► entries in order ── SortedFile::write ──► SortedFile ── find
//! ```
//!
//! What is added and looked up in turns is in a `Table`; what has no fixed size is in `Texts`, and its place in an entry.
//!
//! Who has a key that only one record can have is found in the same way: a `DuplicateFinder` sorts the keys, and goes through
//! those that are there several times once more in the order of the records (`claims`).
//!
//! An entry begins with its key, most often a hash, so that one comparison of bytes does for every index. Memory is
//! bounded by the sorter's buffer, with any number of entries.

mod claims;
mod duplicate;
mod duplicates;
mod hash;
mod merge;
mod positioned;
mod record_place;
mod sorted_file;
mod sorter;
mod table;
mod texts;

pub use duplicate::{Duplicate, Meaning};
pub use duplicates::{DuplicateFinder, Duplicates, FoundDuplicates, Keys};
pub use hash::{HASH_BYTES, hash_of};
pub use merge::merge;
pub(crate) use positioned::{read_exact_at, sum_of_file, write_all_at};
pub use record_place::RecordPlace;
pub use sorted_file::SortedFile;
pub use sorter::{Sorted, Sorter};
pub use table::Table;
pub use texts::Texts;
