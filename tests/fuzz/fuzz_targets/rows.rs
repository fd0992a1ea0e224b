//! Over any table the reader of a CSV finds the rows that the `csv` crate finds, wherever its buffers end.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod source {
    pub(crate) use avnology_migrate::source::{ReaderLimits, RecordReader, RowFault, SourceError};
}
#[path = "../../../src/source/rows_oracle.rs"]
mod rows_oracle;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (chunk, piece, rows) = input;
    let document = [b"id,first_name,password_digest\n", rows].concat();
    rows_oracle::assert_agreement(&document, usize::from(chunk) + 1, usize::from(piece) + 1);
});
