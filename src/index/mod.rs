//! What grows with the number of users is on disk, as entries of a fixed size, sorted by their bytes.
//!
//! ```text
//! entries in any order ── Sorter ──► entries in order ── SortedFile::write ──► SortedFile ── find
//! ```
//!
//! Of each file some keys are in memory (`fences`), so that a look-up takes one read.
//!
//! A `Table` is for entries that are added and looked up in turns. `Texts` holds what has no fixed size; an entry then holds
//! its place.
//!
//! Duplicates need no order to be found: a `DuplicateFinder` puts the keys of all records into `buckets`, looks for
//! `repeated_keys` in each, and goes through these in the order of the records (`claims`).
//!
//! An entry begins with its key, usually a hash, so that one comparison of bytes serves every index. The buffers of the
//! sorters bound the memory, for any number of entries.

mod buckets;
mod claims;
mod duplicate;
mod duplicate_finder;
mod duplicates;
mod fences;
mod hash;
mod keys;
mod merge;
mod positioned;
mod record_place;
mod repeated_keys;
mod sorted_file;
mod sorted_files;
mod sorter;
mod table;
mod text_map;
mod text_sorter;
mod texts;

pub use duplicate::{Duplicate, DuplicateMeaning};
pub use duplicate_finder::DuplicateFinder;
pub use duplicates::{Duplicates, FoundDuplicates};
pub use hash::{HASH_BYTES, hash_of};
pub use keys::{HashedKey, Keys};
pub use merge::merge;
pub(crate) use positioned::{read_exact_at, read_most_at, sum_of_file, write_all_at};
pub use record_place::RecordPlace;
pub use sorted_file::SortedFile;
pub use sorted_files::{sorted_files, sorted_path};
pub use sorter::{Sorted, Sorter};
pub use table::Table;
pub use text_map::{TextLookup, TextMap};
pub use text_sorter::TextSorter;
pub use texts::Texts;
