//! Bytes to records.
//!
//! ```text
//! Input ── open ── watch ── decompress ──► detect ──► envelope (struson) ──► frame ──► RecordChunk
//! ```
//!
//! The raw bytes are looked after as they come (`watched`): the first pass notes what they are, and what reads them
//! later is held to that, block by block (`known`). What is compressed is relied on as far as checksums cover it
//! (`compressed`).
//!
//! The shape of an input is found by looking at its first bytes, never at its name (`detect`). The envelope around
//! the `data` array is walked by struson, which is strict and knows exact positions (`envelope`). Inside the array
//! (or in a file of one object a line) the bounds of each record are found without building a tree (`frame`), so
//! that the mapper workers can parse records in parallel straight out of the chunk's bytes. The records of a CSV are its
//! rows (`rows`), whose cells the mappers read under its header, which travels with each chunk (`header`). A quote that is
//! never closed ends with the row it stands in (`resemblance`).
//! Chunks travel in buffers that are used again once nobody needs them any more (`buffer`).
//!
//! Together they accept exactly the documents that `serde_json` accepts: everything between records is checked here,
//! and every record's bytes are parsed strictly by the mapper. A record that does not parse is one reject. Damage that
//! takes the array's own structure with it ends the input with a [`SourceError`], after all whole records before it.

mod answer;
mod block;
mod buffer;
mod cells;
mod compressed;
mod consequence;
mod decompress;
mod detect;
mod diagnose;
mod digest;
mod envelope;
mod error;
mod frame;
mod gzip;
mod header;
mod input;
mod known;
mod lines;
mod member_names;
mod misplaced;
mod nesting;
mod notation;
mod object;
mod object_access;
#[cfg(test)]
mod oracle;
mod page;
mod reader;
mod reader_limits;
mod record;
mod resemblance;
mod row_scanner;
mod rows;
#[cfg(test)]
mod rows_oracle;
mod shard;
#[cfg(not(feature = "object-storage"))]
#[path = "no_store.rs"]
mod store;
#[cfg(feature = "object-storage")]
mod store;
#[cfg(test)]
mod strictness;
mod unread;
mod watched;
mod zstd;

pub use answer::{is_error_answer, users_within};
pub use buffer::Buffer;
pub(crate) use buffer::KEPT;
pub(crate) use compressed::HELD_BACK;
pub use consequence::Purpose;
pub use detect::Format;
pub(crate) use detect::{BYTE_ORDER_MARK, ERROR_ANSWER};
pub use diagnose::{SyntaxFault, diagnose};
pub use digest::InputDigest;
pub(crate) use digest::hexadecimal;
pub use error::{Place, SourceError};
pub use header::{Header, Row, RowFault};
pub use input::Input;
pub(crate) use known::BLOCK_BYTES;
pub use known::{InputWatch, KnownInput, KnownInputs, Recorder, Watch};
pub use object::{Object, PART_BYTES, PARTS_AHEAD};
pub use object_access::{ObjectAccess, ObjectFault, ObjectUrlError, Version};
pub(crate) use reader::CHUNK_RECORDS;
pub use reader::{RecordReader, ResumePoint};
pub use reader_limits::ReaderLimits;
pub use record::{FramingFault, Position, RawRecord, RecordChunk, RecordSpan, SkippedRows};
pub use shard::{Shard, ShardChoice};
