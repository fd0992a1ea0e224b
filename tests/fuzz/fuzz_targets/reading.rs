//! Over any document the reader accepts what `serde_json` accepts, and nothing else, wherever its buffers end.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod source {
    pub(crate) use avnology_migrate::source::{Format, ReaderLimits, RecordReader};
}
#[path = "../../../src/source/oracle.rs"]
mod oracle;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (chunk, piece, document) = input;
    oracle::assert_agreement(document, usize::from(chunk) + 1, usize::from(piece) + 1);
});
