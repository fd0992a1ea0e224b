//! The file of known records, and what is found in it.

use std::io::Cursor;
use std::sync::Arc;

use proptest::prelude::*;

use super::known_file::{CRC_BYTES, HEADER_BYTES, KnownRecords};
use super::known_writer::KnownWriter;
use super::recognizer::WINDOW;
use super::*;
use crate::source::{ExpectedRecords, Extent, ReaderLimits, RecordChunk, RecordReader, RecordSpan};

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
        whole.add(Fingerprint::of(record.as_bytes(), &secret).unwrap(), number, &[[7; 13], [9; 13]]).unwrap();
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
            assert_eq!(Some(record.fingerprint), Fingerprint::of(format!("record {count}").as_bytes(), &secret));
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
        assert!(numbers(&broken).is_some_and(|count| count < 6_000 && count >= whole * 1_115), "{damaged}");
        assert!(numbers(&bytes[..damaged]).is_some_and(|count| count < 6_000), "cut off at {damaged}");
    }
    for damaged in 0..HEADER_BYTES {
        let mut broken = bytes.clone();
        broken[damaged] ^= 1;
        assert_eq!((numbers(&broken), numbers(&bytes[..damaged])), (None, None), "{damaged}");
    }
    // Whole, but of versions whose keys were hashed otherwise, or which did not say how far a record goes, or of a key whether anybody
    // verified it.
    for version in [b"AVNREC-1", b"AVNREC-2", b"AVNREC-3"] {
        let (mut older, sum) = ([version, &bytes[8..]].concat(), HEADER_BYTES - CRC_BYTES);
        let of_header = crc32fast::hash(&older[..sum]).to_le_bytes();
        older[sum..HEADER_BYTES].copy_from_slice(&of_header);
        assert_eq!(numbers(&older), None);
    }
    std::fs::write(&path, &bytes).unwrap();
    assert!(KnownFile::open(&path, &Basis::of(&["two"])).unwrap().is_none());
    assert!(KnownFile::open(&path, &Basis::of(&["one"]).with("more")).unwrap().is_none());
    assert!(KnownFile::open(&directory.path().join("none"), &Basis::of(&["one"])).unwrap().is_none());
    assert_ne!(Basis::of(&["a", "b"]), Basis::of(&["ab"]));
}

/// Which records of a chunk are known, each framed for itself.
pub(super) fn recognize(recognizer: &mut Recognizer, chunk: &RecordChunk) -> Vec<Option<Recognized>> {
    chunk.spans.iter().for_each(|span| recognizer.found(Some(chunk.record(span))));
    recognizer.take()
}

/// Which records of tonight are known, if those of the night before were `before`.
fn recognized(before: &[String], tonight: &[String]) -> Vec<bool> {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = file(directory.path(), before);
    let mut recognizer = Recognizer::of(opened(&path).unwrap());
    chunks(tonight, 7).iter().flat_map(|chunk| recognize(&mut recognizer, chunk)).map(|known| known.is_some()).collect()
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

/// A recognizer, and how often a record was as expected.
struct Counted(Recognizer, usize);

impl ExpectedRecords for Counted {
    fn extent_of_next(&mut self, bytes: &[u8]) -> Option<Extent> {
        let extent = self.0.extent_of_next(bytes);
        self.1 += usize::from(extent.is_some());
        extent
    }

    fn found(&mut self, record: Option<&[u8]>) {
        self.0.found(record);
    }
}

/// The records in an export, and which of them are known: each framed, or those that are as expected not; and how many were not.
type Seen = (Vec<(RecordSpan, bool)>, usize);

fn seen(export: &str, known: &std::path::Path, chunk_bytes: usize, is_framed: bool) -> Seen {
    let limits = ReaderLimits { chunk_bytes, ..ReaderLimits::default() };
    let bytes = Cursor::new(export.to_owned().into_bytes());
    let mut reader = RecordReader::new(Box::new(bytes), "-".into(), limits).unwrap();
    let (mut expected, mut seen) = (Counted(Recognizer::of(opened(known).unwrap()), 0), Vec::new());
    loop {
        let chunk = if is_framed { reader.next_chunk() } else { reader.next_chunk_of(&mut expected) };
        let Some(chunk) = chunk.unwrap() else { return (seen, expected.1) };
        let known = if is_framed { recognize(&mut expected.0, &chunk) } else { expected.0.take() };
        assert_eq!(known.len(), chunk.spans.len());
        seen.extend(chunk.spans.into_iter().zip(known.into_iter().map(|known| known.is_some())));
    }
}

fn export(records: &[String]) -> String {
    format!("{{\"data\": [\n {} ]}}", records.join(" ,\n"))
}

/// Records of several lines, with brackets in strings.
fn users(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{{\n\"id\": {number},\n\"a\": [\"]}}\\\"\", {{}}]\n}}")).collect()
}

#[test]
fn records_that_are_as_they_were_are_not_framed() {
    let directory = tempfile::tempdir().unwrap();
    let mut users = users(2_000);
    let (known, _) = file(directory.path(), &users);
    users[700] = "{\"id\": 2}".to_owned();
    users.remove(300);
    let export = export(&users);
    let framed = seen(&export, &known, 64 * 1024, true);
    let (expected, skipped) = seen(&export, &known, 64 * 1024, false);
    assert_eq!(framed, (expected, 0));
    assert_eq!(framed.0.iter().filter(|(_, is_known)| *is_known).count(), 1_998);
    // Framed are also those behind the one that is gone and the changed one, and those at the end of a buffer.
    assert!((1_990..=1_996).contains(&skipped), "{skipped}");
}

proptest! {
    /// Whatever is expected, and whatever stands there: the same records come out, and the same of them are known.
    #[test]
    fn what_is_expected_changes_nothing(
        before in proptest::collection::vec(0usize..6, 0..12),
        tonight in proptest::collection::vec((0usize..6, proptest::option::weighted(0.2, 0usize..4)), 0..12),
        chunk_bytes in 1usize..400,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let users = users(6);
        let before: Vec<String> = before.iter().map(|user| users[*user].clone()).collect();
        let behind = [" x", "}", " {}", "\n"];
        let tonight: Vec<String> = tonight
            .iter()
            .map(|(user, garbage)| users[*user].clone() + garbage.map_or("", |garbage| behind[garbage]))
            .collect();
        let (known, _) = file(directory.path(), &before);
        let (framed, _) = seen(&export(&tonight), &known, chunk_bytes, true);
        let (expected, _) = seen(&export(&tonight), &known, chunk_bytes, false);
        prop_assert_eq!(framed, expected);
    }
}
