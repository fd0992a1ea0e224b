//! What the reader has to agree with, for property tests and for fuzzing.

use std::io::Read;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

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

/// An object whose `data` is an array; if that is empty, no other member is an array that begins with an object.
struct Envelope;

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Envelope)
    }
}

impl<'de> Visitor<'de> for Envelope {
    type Value = Self;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object with a `data` array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let (mut users, mut beside) = (None, false);
        while let Some(name) = members.next_key::<String>()? {
            if name == "data" {
                if users.replace(members.next_value::<Vec<IgnoredAny>>()?.len()).is_some() {
                    return Err(A::Error::duplicate_field("data"));
                }
            } else {
                let value = members.next_value::<&RawValue>()?.get();
                beside |= value.strip_prefix('[').is_some_and(|items| items.trim_start_matches(SPACE).starts_with('{'));
            }
        }
        match users {
            None => Err(A::Error::missing_field("data")),
            Some(0) if beside => Err(A::Error::custom("users beside `data`")),
            Some(_) => Ok(self),
        }
    }
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Whether a document of this shape is valid JSON in UTF-8 that holds users: in the reader's place, `serde_json`. Of pages
/// that are put together each is such a document; of lines too, but for a byte order mark in front and a comma behind.
pub(crate) fn reference(document: &[u8], format: Option<Format>) -> bool {
    let Ok(text) = std::str::from_utf8(document) else { return false };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Some(Format::Lines) => text.split('\n').all(is_line),
        Some(Format::Arrays) => serde_json::from_str::<Vec<Vec<IgnoredAny>>>(text).is_ok(),
        Some(Format::Envelopes) => serde_json::from_str::<Vec<Envelope>>(text).is_ok(),
        Some(Format::Array) => are_pages::<Vec<IgnoredAny>>(text),
        Some(Format::Envelope) => are_pages::<Envelope>(text),
        Some(Format::Rows) => false,
        None => are_pages::<Vec<IgnoredAny>>(text) || are_pages::<Envelope>(text),
    }
}

fn is_line(line: &str) -> bool {
    let space = &SPACE[..3];
    let line = line.trim_matches(space);
    let line = line.strip_prefix('\u{feff}').unwrap_or(line).trim_matches(space);
    let object = line.strip_suffix(',').map(|object| object.trim_end_matches(space));
    let value = object.filter(|object| object.ends_with('}')).unwrap_or(line);
    value.is_empty() || serde_json::from_str::<IgnoredAny>(value).is_ok()
}

fn are_pages<P: DeserializeOwned>(mut text: &str) -> bool {
    loop {
        let mut pages = serde_json::Deserializer::from_str(text).into_iter::<P>();
        if !matches!(pages.next(), Some(Ok(_))) {
            return false;
        }
        text = text[pages.byte_offset()..].trim_start_matches(SPACE);
        text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start_matches(SPACE);
        if text.is_empty() {
            return true;
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
