//! For any table the reader of a CSV and the `csv` crate read the same in every row that both of them find, with any size of
//! buffers; and every byte is in a row or belongs to none.
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
