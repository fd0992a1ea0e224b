//! The file of known records, and what is found in it.

use std::io::Cursor;
use std::sync::Arc;

use super::known_file::{CRC_BYTES, HEADER_BYTES, KnownRecords};
use super::known_writer::KnownWriter;
use super::recognizer::WINDOW;
use super::*;
use crate::source::{RecordChunk, RecordSpan};

/// Chunks of a few records each, as the reader makes them.
pub(super) fn chunks(records: &[String], together: usize) -> Vec<RecordChunk> {
    let mut offset = 0;
    let mut chunks = Vec::new();
    for (chunk, records) in records.chunks(together).enumerate() {
        let (mut bytes, mut spans, base) = (Vec::new(), Vec::new(), offset);
        for (number, record) in (1 + (chunk * together) as u64..).zip(records) {
            spans.push(RecordSpan { number, line: number, offset, length: record.len() as u64, fault: None });
            bytes.extend_from_slice(record.as_bytes());
            offset += record.len() as u64;
        }
        let (input, bytes) = ("-".into(), bytes.into());
        chunks.push(RecordChunk { input, bytes, base, spans, header: None, consumed: offset });
    }
    chunks
}

fn file(directory: &std::path::Path, records: &[String]) -> (std::path::PathBuf, NightSecret) {
    let (path, secret) = (directory.join("records"), NightSecret::random());
    let mut bytes = Vec::new();
    let mut whole = KnownWriter::begin(Cursor::new(&mut bytes), &Basis::of(&["one"]), &secret).unwrap();
    for (number, record) in (0..).zip(records) {
        whole.add(&secret.hash(record.as_bytes()), number, &[[7; 13], [9; 13]]).unwrap();
    }
    whole.finish().unwrap();
    std::fs::write(&path, bytes).unwrap();
    (path, secret)
}

fn all_records(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("record {number}")).collect()
}

fn opened(path: &std::path::Path) -> Option<Arc<KnownFile>> {
    KnownFile::open(path, &Basis::of(&["one"])).unwrap().map(Arc::new)
}

#[test]
fn what_was_written_is_read_up_to_the_first_damage_and_only_by_its_basis() {
    let directory = tempfile::tempdir().unwrap();
    let records = all_records(6_000);
    let (path, secret) = file(directory.path(), &records);
    let bytes = std::fs::read(&path).unwrap();
    let numbers = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let mut known = KnownRecords::of(opened(&path)?);
        let mut count = 0;
        while let Some(record) = known.next().unwrap() {
            assert_eq!((record.number, record.notices), (count, count));
            assert_eq!(record.hash, secret.hash(format!("record {count}").as_bytes()));
            assert_eq!(known.keys(), [[7; 13], [9; 13]]);
            count += 1;
        }
        Some(count)
    };
    assert_eq!(numbers(&bytes), Some(6_000));
    for damaged in [HEADER_BYTES + 3, HEADER_BYTES + 5, HEADER_BYTES + 20_000, 200_000, bytes.len() - 1] {
        let mut broken = bytes.clone();
        broken[damaged] ^= 1;
        let whole = (damaged.saturating_sub(HEADER_BYTES) / (64 * 1024)) as u64;
        assert!(numbers(&broken).is_some_and(|count| count < 6_000 && count >= whole * 1_300), "{damaged}");
        assert!(numbers(&bytes[..damaged]).is_some_and(|count| count < 6_000), "cut off at {damaged}");
    }
    for damaged in 0..HEADER_BYTES {
        let mut broken = bytes.clone();
        broken[damaged] ^= 1;
        assert_eq!((numbers(&broken), numbers(&bytes[..damaged])), (None, None), "{damaged}");
    }
    // Whole, but of the version whose keys were hashed otherwise.
    let (mut older, sum) = ([b"AVNREC-1", &bytes[8..]].concat(), HEADER_BYTES - CRC_BYTES);
    let of_header = crc32fast::hash(&older[..sum]).to_le_bytes();
    older[sum..HEADER_BYTES].copy_from_slice(&of_header);
    assert_eq!(numbers(&older), None);
    std::fs::write(&path, &bytes).unwrap();
    assert!(KnownFile::open(&path, &Basis::of(&["two"])).unwrap().is_none());
    assert!(KnownFile::open(&path, &Basis::of(&["one"]).with("more")).unwrap().is_none());
    assert!(KnownFile::open(&directory.path().join("none"), &Basis::of(&["one"])).unwrap().is_none());
    assert_ne!(Basis::of(&["a", "b"]), Basis::of(&["ab"]));
}

/// Which records of tonight are known, if those of the night before were `before`.
fn recognized(before: &[String], tonight: &[String]) -> Vec<bool> {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = file(directory.path(), before);
    let mut recognizer = Recognizer::of(opened(&path).unwrap());
    chunks(tonight, 7).iter().flat_map(|chunk| recognizer.recognize(chunk)).map(|known| known.is_some()).collect()
}

#[test]
fn a_record_that_is_new_changed_or_gone_costs_none_of_the_others() {
    let before = all_records(3_000);
    let mut tonight = before.clone();
    tonight.drain(1_500..1_500 + WINDOW - 1);
    tonight[700] = "changed".to_owned();
    tonight.insert(100, "new".to_owned());
    tonight.insert(0, before[20].clone());
    let known = recognized(&before, &tonight);
    let unknown: Vec<&String> =
        tonight.iter().zip(&known).filter(|(_, known)| !**known).map(|(record, _)| record).collect();
    // A copy at the beginning is found in place of the record itself, with those before it lost.
    let expected: Vec<&String> = before[..=20].iter().chain([&tonight[101], &tonight[702]]).collect();
    assert_eq!(unknown, expected);
    // Behind more of them that are gone nobody is known, and that is all.
    let tonight = before[WINDOW..].to_vec();
    assert_eq!(recognized(&before, &tonight), vec![false; tonight.len()]);
}
