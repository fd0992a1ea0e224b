//! What the reader has to agree with, for property tests and for fuzzing.

use std::io::Read;
use std::sync::Arc;

use serde::de::IgnoredAny;

use crate::source::{Format, ReaderLimits, RecordReader, SourceError};

/// Gives out a few bytes at a time, so that every border falls everywhere.
struct Dribble {
    bytes: Vec<u8>,
    given: usize,
    piece: usize,
}

impl Read for Dribble {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.piece.min(buffer.len()).min(self.bytes.len() - self.given);
        buffer[..count].copy_from_slice(&self.bytes[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

/// A reader of a document that comes in pieces.
pub(crate) fn reader(document: &[u8], limits: ReaderLimits, piece: usize) -> Result<RecordReader, SourceError> {
    let source = Dribble { bytes: document.to_vec(), given: 0, piece };
    RecordReader::new(Box::new(source), Arc::from("-"), limits)
}

/// What the reader makes of a document: its records, or `None` when anything in it was refused; and the shape it found.
pub(crate) fn read(document: &[u8], limits: ReaderLimits, piece: usize) -> (Option<Format>, Option<Vec<Vec<u8>>>) {
    let Ok(mut reader) = reader(document, limits, piece) else { return (None, None) };
    // A CSV is for others to judge; as JSON it is refused.
    let is_json = reader.format() != Format::Rows;
    (Some(reader.format()), if is_json { records(&mut reader, document) } else { None })
}

fn records(reader: &mut RecordReader, document: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut records, mut number, mut are_valid) = (Vec::new(), 0, true);
    while let Some(chunk) = reader.next_chunk().ok()? {
        for span in &chunk.spans {
            number += 1;
            assert_eq!(span.number, number, "records are numbered without gaps");
            let start = usize::try_from(span.offset).expect("a small document");
            let line = memchr::memchr_iter(b'\n', &document[..start]).count() as u64 + 1;
            assert_eq!(span.line, line, "lines are those of the document");
            if span.fault.is_some() {
                are_valid = false;
                continue;
            }
            let record = chunk.record(span);
            let length = usize::try_from(span.length).expect("a small document");
            assert_eq!(record, &document[start..start + length], "records are those of the document");
            are_valid &= std::str::from_utf8(record).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
            records.push(record.to_vec());
        }
    }
    are_valid.then_some(records)
}

/// Whether a document of this shape is valid JSON in UTF-8 that holds users: in the reader's place, `serde_json`.
pub(crate) fn reference(document: &[u8], format: Option<Format>) -> bool {
    #[derive(serde::Deserialize)]
    struct Envelope {
        #[serde(rename = "data")]
        _data: Vec<IgnoredAny>,
    }
    let Ok(text) = std::str::from_utf8(document) else { return false };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Some(Format::Lines) => {
            let space = [' ', '\t', '\r'];
            let mut lines = text.split('\n').map(|line| line.trim_matches(space)).filter(|line| !line.is_empty());
            lines.all(|line| serde_json::from_str::<IgnoredAny>(line).is_ok())
        }
        _ => {
            serde_json::from_str::<Vec<IgnoredAny>>(text).is_ok()
                || text.trim_start().starts_with('{') && serde_json::from_str::<Envelope>(text).is_ok()
        }
    }
}

/// Fails unless the reader and `serde_json` agree about a document.
pub(crate) fn assert_agreement(document: &[u8], chunk_bytes: usize, piece: usize) {
    let (format, records) = read(document, ReaderLimits { chunk_bytes, ..ReaderLimits::default() }, piece);
    assert_eq!(
        records.is_some(),
        reference(document, format),
        "{:?} {chunk_bytes} {piece} {}",
        format,
        document.escape_ascii()
    );
}
