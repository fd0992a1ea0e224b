//! What a mapper makes of a chunk, with records that are no users.

use std::io;
use std::sync::Arc;

use super::duplicates::DuplicateCheck;
use super::map::map_chunk;
use super::map_context::MapContext;
use super::unchanged::Unchanged;
use crate::delivery::Pieces;
use crate::index::DuplicateFinder;
use crate::journal::{ConfirmedRecord, ConfirmedUsers, ContentHash, Progress};
use crate::kind::Kind;
use crate::mapping::{MapOutput, Notices, Prepared, RecordMapper, RejectCode, Rejection, Unique, WantedOutput};
use crate::recognition::UnchangedRecords;
use crate::selection::RecordsOfRun;
use crate::source::{RawRecord, RecordChunk, RecordSpan};

/// Maps lines of text, which are no users: the first word is the id, the second one at Clerk.
#[derive(Debug)]
struct LineMapper;

impl RecordMapper for LineMapper {
    fn kind(&self) -> Kind {
        Kind::default()
    }

    fn map(
        &self,
        record: RawRecord<'_>,
        wanted: WantedOutput,
        output: &mut MapOutput,
    ) -> io::Result<Result<Prepared, Rejection>> {
        let text = String::from_utf8_lossy(record.bytes());
        let Some((id, clerk_id)) = text.split_once(' ') else {
            return Ok(Err(Rejection::of_record(RejectCode::InvalidRecord, "one word")));
        };
        if wanted.encoded {
            output.encoded.extend_from_slice(text.as_bytes());
        }
        if let Some(keys) = &mut output.unique_keys {
            keys.clear();
            keys.claim(Unique::Username, id);
        }
        let preview = wanted.preview.then(|| format!("<{text}>"));
        let (external_id, clerk_id) = (id.into(), Some(clerk_id.into()));
        let (notices, references) = (Notices::default(), Vec::new());
        Ok(Ok(Prepared { external_id, clerk_id, disabled: false, notices, references, preview }))
    }

    fn columns(&self) -> &'static [&'static str] {
        &[]
    }

    fn memory_growth(&self) -> (usize, usize) {
        (0, 0)
    }
}

fn context(duplicates: DuplicateCheck) -> MapContext {
    MapContext {
        mapper_of_input: vec![Arc::new(LineMapper)],
        progress: Arc::new(Progress::new(1)),
        confirmed_lookup: None,
        unchanged: Unchanged::Unknown,
        ids: None,
        duplicates,
        encode: true,
        wants_ready: true,
        largest_request: 4 * 1024 * 1024,
        mark: None,
        preview: 2,
        forecast: false,
        records: RecordsOfRun::All,
        pieces: Pieces::default(),
    }
}

/// A chunk with these records.
fn chunk(records: &[&str]) -> Arc<RecordChunk> {
    let (mut bytes, mut spans) = (Vec::new(), Vec::new());
    for (number, record) in (1..).zip(records) {
        let (offset, length) = (bytes.len() as u64, record.len() as u64);
        spans.push(RecordSpan { number, line: number, offset, length, fault: None });
        bytes.extend_from_slice(record.as_bytes());
    }
    let consumed = bytes.len() as u64;
    Arc::new(RecordChunk { input: "-".into(), bytes: bytes.into(), base: 0, spans, header: None, consumed })
}

/// One that is called is at fault.
#[derive(Debug)]
struct NobodyMaps;

impl RecordMapper for NobodyMaps {
    fn kind(&self) -> Kind {
        Kind::default()
    }

    fn map(&self, _: RawRecord<'_>, _: WantedOutput, _: &mut MapOutput) -> io::Result<Result<Prepared, Rejection>> {
        Err(io::Error::other("mapped again"))
    }

    fn columns(&self) -> &'static [&'static str] {
        &[]
    }

    fn memory_growth(&self) -> (usize, usize) {
        (0, 0)
    }
}

#[test]
fn what_is_known_as_unchanged_is_not_mapped_again_and_is_rejected_as_a_duplicate_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let mut confirmed = ConfirmedUsers::open(directory.path(), "target").unwrap();
    let content = |text: &str| ContentHash::of(text.as_bytes());
    // The third one has changed since.
    let users = [("a", "a 1"), ("b", "b 2"), ("c", "c 9")].map(|(id, text)| (id.to_owned(), text.to_owned()));
    // Nobody is believed to be known without a sample.
    let others = (0..100).map(|number| (number.to_string(), String::new()));
    let users = users.into_iter().chain(others).map(|(id, text)| ConfirmedRecord::new(&id, &id, content(&text)));
    confirmed.add(users).unwrap();
    confirmed.write().unwrap();
    let lookup = Arc::new(confirmed.lookup().unwrap().expect("known users"));
    let chunk = chunk(&["a 1", "b 2", "b 2", "c 3"]);
    let records = Arc::new(UnchangedRecords::create(1, None).unwrap().unwrap());
    let finder = Arc::new(DuplicateFinder::new(std::env::temp_dir()));
    let first_pass = MapContext {
        confirmed_lookup: Some(lookup),
        unchanged: Unchanged::FirstPass(Arc::clone(&records)),
        ..context(DuplicateCheck::Find(Arc::clone(&finder)))
    };
    map_chunk(0, Arc::clone(&chunk), &[], &first_pass).unwrap();
    drop(first_pass);
    let found = Arc::into_inner(finder).unwrap().finish().unwrap();
    let found = Arc::new(found.write(tempfile::tempfile().unwrap()).unwrap());
    let second_pass =
        MapContext { unchanged: Unchanged::SecondPass(records), ..context(DuplicateCheck::Reject(Arc::clone(&found))) };
    let mapped = map_chunk(0, Arc::clone(&chunk), &[], &second_pass).unwrap();
    let unchanged: Vec<_> = mapped.unchanged.iter().map(|settled| settled.key.number).collect();
    let rejects: Vec<_> = mapped.rejects.iter().map(|reject| (reject.key.number, reject.code)).collect();
    assert_eq!((unchanged, rejects), (vec![1, 2], vec![(3, RejectCode::DuplicateUsername)]));
    assert_eq!(*mapped.encoded, b"c 3", "only the one that changed");
    let nobody = MapContext { mapper_of_input: vec![Arc::new(NobodyMaps)], ..second_pass };
    assert_eq!(map_chunk(0, self::chunk(&["a 1", "b 2", "b 2"]), &[], &nobody).unwrap().unchanged.len(), 2);
    assert!(map_chunk(0, chunk, &[], &nobody).is_err(), "the one that changed is mapped");
}

#[test]
fn what_a_record_is_only_its_mapper_knows() {
    let chunk = chunk(&["a 1", "b", "a 3", "c 4"]);
    let finder = Arc::new(DuplicateFinder::new(std::env::temp_dir()));
    let found = map_chunk(0, Arc::clone(&chunk), &[], &context(DuplicateCheck::Find(Arc::clone(&finder)))).unwrap();
    assert_eq!(found.counts.previews, ["<a 1>", "<a 3>"]);
    let found = Arc::into_inner(finder).unwrap().finish().unwrap();
    let found = found.write(tempfile::tempfile().unwrap()).unwrap();
    let mapped = map_chunk(0, chunk, &[], &context(DuplicateCheck::Reject(Arc::new(found)))).unwrap();
    let ready: Vec<_> = mapped.ready.iter().map(|ready| (&*ready.external_id, ready.clerk_id())).collect();
    assert_eq!(ready, [("a", "1"), ("c", "4")]);
    assert_eq!(*mapped.encoded, b"a 1c 4", "of a duplicate nothing stays");
    let rejects: Vec<_> = mapped.rejects.iter().map(|reject| (reject.key.number, reject.code)).collect();
    assert_eq!(rejects, [(2, RejectCode::InvalidRecord), (3, RejectCode::DuplicateUsername)]);
}

#[test]
fn what_is_only_counted_is_counted_as_if_it_were_sent() {
    let chunk = chunk(&["a 1", "b", "c 4"]);
    let [sent, counted] = [true, false].map(|wants_ready| {
        let context = MapContext { wants_ready, forecast: true, ..context(DuplicateCheck::Off) };
        map_chunk(0, Arc::clone(&chunk), &[], &context).unwrap()
    });
    assert_eq!((sent.ready.len(), counted.ready.len()), (2, 0));
    assert_eq!((counted.counts.valid, counted.counts.not_settled_before, counted.rejects.len()), (2, 3, 1));
    assert_eq!(format!("{:?}", counted.counts), format!("{:?}", sent.counts));
}
