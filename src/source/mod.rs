//! Reads bytes and finds the records in them.
//!
//! ```text
//! Input ── open ── watch ── decompress ──► detect ──► envelope (struson) ──► frame ──► RecordChunk
//! ```
//!
//! The raw bytes are watched (`watched`): the first pass records what they are, and each later read must find the same
//! bytes, block by block (`known`). The content of compressed data is used as far as checksums cover it (`decompress`).
//!
//! The first bytes of an input decide its shape, never its name (`detect`). struson, which is strict and knows exact
//! positions, walks the envelope around the `data` array (`envelope`). Inside the array, or in a file with one object a
//! line, the bounds of each record are found without building a tree (`elements`, `lines`). So the mappers can parse records
//! in parallel from the bytes of the chunk. The records of a CSV are its rows (`rows`); the mappers read their cells with the
//! header, which each chunk carries (`header`, `row`). A quote that is never closed ends with its row (`resemblance`). Buffers are
//! used again when no chunk needs them any more (`buffer`). A record that is as it was expected is not gone through to find where it
//! ends (`expected`).
//!
//! Together they accept exactly the documents that `serde_json` accepts: everything between records is checked here, and the
//! mapper parses the bytes of every record strictly. A record that does not parse is one reject. Damage that destroys the
//! structure of the array ends the input with a [`SourceError`], after all whole records before it.

mod answer;
mod block;
mod block_hash;
mod buffer;
mod byte_order_mark;
mod cells;
mod compressed;
mod consequence;
mod decoder;
mod decompress;
mod detect;
mod diagnose;
mod digest;
mod elements;
mod envelope;
mod expected;
mod findings;
mod foreign;
mod frame;
mod free_pieces;
mod gzip;
mod header;
mod held_back;
mod input;
mod json_shape;
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
mod quick_sum;
mod reader;
mod reader_limits;
mod record;
mod resemblance;
mod row;
mod row_scanner;
mod row_window;
mod rows;
#[cfg(test)]
mod rows_oracle;
mod shape;
mod shard;
mod source_error;
#[cfg(not(feature = "object-storage"))]
#[path = "without_feature/store.rs"]
mod store;
#[cfg(feature = "object-storage")]
mod store;
#[cfg(test)]
mod strictness;
mod unpack_step;
mod unpacked;
mod unread;
mod watched;
mod zstd;

pub(crate) use answer::ERROR_ANSWER;
pub use answer::{is_error_answer, users_within};
pub use buffer::Buffer;
pub(crate) use byte_order_mark::BYTE_ORDER_MARK;
pub use consequence::Purpose;
pub use diagnose::{SyntaxFault, diagnose, serde_json_can_say};
pub use digest::{InputDigest, InputSum, SumKind};
pub use expected::{ExpectedRecords, Extent};
pub use findings::Findings;
pub(crate) use free_pieces::{FreePieces, KEPT, PieceOwner};
pub use header::Header;
pub(crate) use held_back::HELD_BACK;
pub use input::Input;
pub(crate) use known::BLOCK_BYTES;
pub use known::{InputWatch, KnownInput, KnownInputs, Recorder, Watch};
pub use object::{Object, PART_BYTES, PARTS_AHEAD};
pub use object_access::{ObjectAccess, ObjectFault, ObjectUrlError, Version};
pub(crate) use reader::CHUNK_RECORDS;
pub use reader::RecordReader;
pub use reader_limits::ReaderLimits;
pub use record::{FramingFault, Position, RawRecord, RecordChunk, RecordSpan, ResumePoint, SkippedRows};
pub use row::{Row, RowFault};
pub use shape::Format;
pub use shard::{Shard, ShardChoice};
pub use source_error::{Place, SourceError};
pub use unpacked::unpacked;
