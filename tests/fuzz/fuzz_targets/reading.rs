//! For any document the reader accepts what `serde_json` accepts, and nothing else, with any size of buffers.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod source {
    pub(crate) use avnology_migrate::source::{Format, ReaderLimits, RecordReader, SourceError};
}
#[path = "../../../src/source/oracle.rs"]
mod oracle;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (chunk, piece, document) = input;
    let (chunk_bytes, piece) = (usize::from(chunk) + 1, usize::from(piece) + 1);
    oracle::assert_agreement(document, chunk_bytes, piece);
    // If records are too large, the others are unchanged.
    oracle::read(document, source::ReaderLimits { chunk_bytes, record_bytes: 32 }, piece);
});
