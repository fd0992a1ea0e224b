//! Property tests: over a whole document the reader accepts what `serde_json` accepts, and nothing else.

use std::io::Read;
use std::sync::Arc;

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::{ReaderLimits, RecordReader};

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

/// What the reader makes of a document: its records, or `None` when anything in it was refused.
fn read(document: &[u8], chunk_bytes: usize, piece: usize) -> Option<Vec<Vec<u8>>> {
    let limits = ReaderLimits { chunk_bytes, ..ReaderLimits::default() };
    let source = Dribble { bytes: document.to_vec(), given: 0, piece };
    let mut reader = RecordReader::new(Box::new(source), Arc::from("-"), limits).ok()?;
    let mut records = Vec::new();
    let mut number = 0;
    while let Some(chunk) = reader.next_chunk().ok()? {
        for span in &chunk.spans {
            number += 1;
            assert_eq!(span.number, number, "records are numbered without gaps");
            let record = chunk.record(span);
            if span.fault.is_some() || serde_json::from_str::<IgnoredAny>(std::str::from_utf8(record).ok()?).is_err() {
                return None;
            }
            let start = usize::try_from(span.offset).unwrap();
            assert_eq!(record, &document[start..start + record.len()], "positions are those of the document");
            let line = memchr::memchr_iter(b'\n', &document[..start]).count() as u64 + 1;
            assert_eq!(span.line, line, "lines are those of the document");
            records.push(record.to_vec());
        }
    }
    Some(records)
}

fn space() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[ \n\t\r]{0,3}").unwrap()
}

/// A JSON value as text, with the characters in its strings that make framing hard.
fn value() -> impl Strategy<Value = String> {
    let text = proptest::string::string_regex(r#"[a-c{}\[\],: é😀]{0,6}(\\["\\/nt])?[a-c{}\[\],]{0,3}"#).unwrap();
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-0.5e+300".to_owned()),
        Just("12345678901234567890".to_owned()),
        text.prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 0..5), space())
                .prop_map(|(items, space)| format!("[{space}{}]", items.join(&format!(",{space}")))),
            (proptest::collection::vec(inner, 0..5), space()).prop_map(|(items, space)| {
                let members: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| format!("\"k{index}\"{space}:{space}{item}"))
                    .collect();
                format!("{{{}{space}}}", members.join(&format!("{space},")))
            }),
        ]
    })
}

fn array() -> impl Strategy<Value = String> {
    (proptest::collection::vec(value(), 0..6), space(), space())
        .prop_map(|(items, before, behind)| format!("[{before}{}{behind}]", items.join(&format!("{behind},{before}"))))
}

/// A whole document: a bare array or an envelope.
fn document() -> impl Strategy<Value = String> {
    let envelope = (array(), value(), value(), space()).prop_map(|(array, before, behind, space)| {
        format!("{{\"before\":{before}{space},\"data\"{space}:{space}{array},{space}\"behind\":{behind}}}{space}")
    });
    prop_oneof![(space(), array(), space()).prop_map(|(a, array, b)| format!("{a}{array}{b}")), envelope]
}

/// A change somewhere: a byte put in, taken out or replaced, or the end cut off.
fn mutate(document: &str, at: usize, kind: u8, byte: u8) -> Vec<u8> {
    let mut bytes = document.as_bytes().to_vec();
    let at = at % bytes.len().max(1);
    match kind {
        0 => bytes.insert(at, byte),
        1 => {
            bytes.remove(at);
        }
        2 => bytes[at] = byte,
        _ => bytes.truncate(at),
    }
    bytes
}

/// The reference: valid JSON in UTF-8 of a shape that holds users.
fn reference(document: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Envelope {
        #[serde(rename = "data")]
        _data: Vec<IgnoredAny>,
    }
    std::str::from_utf8(document).is_ok_and(|text| {
        serde_json::from_str::<Vec<IgnoredAny>>(text).is_ok()
            || text.trim_start().starts_with('{') && serde_json::from_str::<Envelope>(text).is_ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_valid_document_gives_its_elements(document in document(), chunk in 1usize..80, piece in 1usize..50) {
        let parsed: serde_json::Value = serde_json::from_str(&document).unwrap();
        let expected = parsed.get("data").unwrap_or(&parsed).as_array().unwrap();
        let records = read(document.as_bytes(), chunk, piece).expect("a valid document is accepted");
        let values: Vec<serde_json::Value> =
            records.iter().map(|record| serde_json::from_slice(record).unwrap()).collect();
        prop_assert_eq!(&values, expected);
    }

    #[test]
    fn a_changed_document_is_accepted_only_if_serde_json_accepts_it(
        document in document(),
        at in any::<usize>(),
        kind in 0u8..4,
        byte in proptest::sample::select(b"{}[]\",:\\ \n0-e.tn\xff\x00".to_vec()),
        chunk in 1usize..80,
        piece in 1usize..50,
    ) {
        let changed = mutate(&document, at, kind, byte);
        // As NDJSON a changed document can be valid in another way.
        let is_lines = !changed.trim_ascii_start().starts_with(b"[") && !changed.windows(6).any(|part| part == b"\"data\"");
        prop_assume!(!is_lines);
        prop_assert_eq!(read(&changed, chunk, piece).is_some(), reference(&changed), "{}", String::from_utf8_lossy(&changed));
    }
}
