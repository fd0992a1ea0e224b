//! What the reader of a CSV has to agree with, for property tests and for fuzzing: the `csv` crate over the whole document.

use std::io::Read;
use std::sync::Arc;

use crate::source::{ReaderLimits, RecordReader, RowFault, SourceError};

/// Gives out a few bytes at a time, so that every border falls everywhere.
struct Dribble(std::io::Cursor<Vec<u8>>, usize);

impl Read for Dribble {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(buffer.len());
        self.0.read(&mut buffer[..count])
    }
}

/// The cells of each row, or why there are none; and whether the table ends in the middle of a row. Positions are checked.
pub(crate) fn read(document: &[u8], chunk_bytes: usize, piece: usize) -> (Vec<Result<Vec<String>, RowFault>>, bool) {
    let limits = ReaderLimits { chunk_bytes, ..ReaderLimits::default() };
    let source = Dribble(std::io::Cursor::new(document.to_vec()), piece);
    let mut reader = RecordReader::new(Box::new(source), Arc::from("-"), limits).expect("a table of users");
    let mut rows = Vec::new();
    loop {
        let chunk = match reader.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return (rows, false),
            Err(SourceError::Truncated { .. }) => return (rows, true),
            Err(error) => panic!("{error}"),
        };
        for span in &chunk.spans {
            let (start, bytes) = (usize::try_from(span.offset).expect("a small document"), chunk.record(span));
            assert_eq!(bytes, &document[start..start + bytes.len()], "positions are those of the document");
            let line = memchr::memchr_iter(b'\n', &document[..start]).count() as u64 + 1;
            assert_eq!((span.number, span.line), (rows.len() as u64 + 1, line));
            let header = chunk.header.as_ref().expect("a header");
            let row = header.row(bytes).map(|row| header.cells(&row).map(|(_, cell)| cell.to_owned()).collect());
            assert_eq!(row == Err(RowFault::NotUtf8), std::str::from_utf8(bytes).is_err());
            rows.push(row);
        }
    }
}

/// Fails unless the reader finds the rows that the `csv` crate finds.
pub(crate) fn assert_agreement(document: &[u8], chunk_bytes: usize, piece: usize) {
    let (rows, is_cut_off) = read(document, chunk_bytes, piece);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(document);
    let mut records = reader.byte_records().map(|record| record.expect("memory can be read"));
    let columns = records.next().expect("the header").len();
    let expected: Vec<csv::ByteRecord> = records.collect();
    // What is cut off is not handed out.
    assert_eq!(rows.len() + usize::from(is_cut_off), expected.len(), "{}", document.escape_ascii());
    for (row, record) in rows.iter().zip(&expected) {
        match row {
            Ok(cells) => assert!(cells.iter().map(String::as_bytes).eq(record.iter()), "{}", document.escape_ascii()),
            Err(RowFault::Cells { .. }) => assert_ne!(record.len(), columns, "{}", document.escape_ascii()),
            // Others are more lenient, and take parts of several rows for one cell.
            Err(RowFault::Quotes) => assert!(record.iter().any(|cell| !cell.is_empty())),
            Err(RowFault::NotUtf8) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &[u8] = b"id,first_name,password_digest\n";

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

        #[test]
        fn what_the_csv_crate_writes_reads_back(
            rows in proptest::collection::vec(proptest::collection::vec("[a-c,\"\r\n |é😀]{0,8}", 4..5), 0..12),
            crlf in any::<bool>(),
            end in any::<bool>(),
            chunk in 1usize..80,
            piece in 1usize..50,
        ) {
            let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(b"\xef\xbb\xbf".to_vec());
            writer.write_record(["id", "first_name", "last_name", "password_digest"]).unwrap();
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let mut document = writer.into_inner().unwrap();
            if !end {
                // The last line break may be missing.
                document.truncate(document.len() - if crlf { 2 } else { 1 });
            }
            let (read, is_cut_off) = read(&document, chunk, piece);
            let expected: Vec<_> = rows.into_iter().map(Ok).collect();
            prop_assert!(!is_cut_off);
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_bytes_are_rows_as_the_csv_crate_has_them(
            bytes in proptest::collection::vec(proptest::sample::select(b"ab,,\"\"\"\r\n\n \xff\xc3\xa9\xef\xbb\xbf".to_vec()), 0..120),
            chunk in 1usize..80,
            piece in 1usize..50,
        ) {
            assert_agreement(&[HEADER, &bytes].concat(), chunk, piece);
        }
    }
}
