//! How often memory is allocated for a record on its way from bytes to its encoded form. This test keeps the number from
//! growing.

use std::io::{Cursor, Read};
use std::sync::Arc;

use allocation_counter::measure;
use avnology_migrate::avnology::{AvnologyForm, encode};
use avnology_migrate::mapping::{Rules, UserMapper, map, parse};
use avnology_migrate::outcomes::Silent;
use avnology_migrate::pipeline::{self, DryRun, Intake, Job, Mode};
use avnology_migrate::signal::Signals;
use avnology_migrate::source::{Input, ReaderLimits, RecordChunk, RecordReader, Watch};

#[path = "../fixtures/generate_export/export.rs"]
mod export;
#[path = "../fixtures/generate_export/user.rs"]
mod user;

const USERS: u64 = 2_000;

fn generate() -> Vec<u8> {
    let mut export = Vec::new();
    let generator = user::Generator { seed: 1, bad_share: 0.0, digests: true };
    export::write_export(&generator, USERS, &mut export).expect("memory takes everything");
    export
}

#[test]
fn a_record_takes_few_allocations() {
    let export = generate();
    let mut chunks: Vec<RecordChunk> = Vec::with_capacity(1_000);
    let source = Box::new(Cursor::new(export));
    let framing = measure(|| {
        let mut reader = RecordReader::new(source, Arc::from("-"), ReaderLimits::default()).expect("an export");
        while let Some(chunk) = reader.next_chunk().expect("a chunk") {
            chunks.push(chunk);
        }
    });
    let mut body = Vec::with_capacity(8 * 1024 * 1024);
    let mut each = |work: &dyn Fn(&[u8], &mut Vec<u8>)| {
        let counted = measure(|| {
            for chunk in &chunks {
                for span in &chunk.spans {
                    body.clear();
                    work(chunk.record(span), &mut body);
                }
            }
        });
        counted.count_total / USERS
    };
    let parsing = each(&|record, _| drop(parse(record).expect("a user")));
    let rules = Rules::default();
    let all = each(&|record, body| {
        let user = parse(record).expect("a user");
        encode(&map(&user, &rules).expect("an identity").identity, body);
    });
    // Measured: 7 in 100 records for framing (the chunks), 2 for the lists of a user, 5 more for what is mapped.
    let framing = framing.count_total * 100 / USERS;
    assert!(framing <= 10, "{framing} in 100 records");
    assert!((1..=2).contains(&parsing), "{parsing} for parsing");
    assert!((1..=7).contains(&all), "{all} in all");
}

/// Returns at most this many bytes at once, as a pipe or a decompressor does.
struct Piecewise(Cursor<Vec<u8>>, usize);

impl Read for Piecewise {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = self.1.min(buffer.len());
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn chunks_use_the_same_memory_with_any_size_of_reads() {
    let export = generate();
    // Many chunks of what is not a large export.
    let limits = ReaderLimits { chunk_bytes: 256 * 1024, ..ReaderLimits::default() };
    for piece in [10_000, 32 * 1024, 50_000, 200_000, usize::MAX] {
        let source = Box::new(Piecewise(Cursor::new(export.clone()), piece));
        let mut reader = RecordReader::new(source, Arc::from("-"), limits).expect("an export");
        let mut chunks = 0;
        while let Some(chunk) = reader.next_chunk().expect("a chunk") {
            // What the chunk before left over is less than a record, and this export has small records.
            let most = limits.chunk_bytes + 64 * 1024;
            assert!(chunk.bytes.capacity() <= most, "{} bytes in pieces of {piece}", chunk.bytes.capacity());
            chunks += 1;
        }
        assert!(chunks > 10);
    }
}

#[test]
fn later_chunks_use_the_memory_of_finished_ones() {
    let export = generate();
    let mut reader =
        RecordReader::new(Box::new(Cursor::new(export)), Arc::from("-"), ReaderLimits::default()).expect("an export");
    let allocated = measure(|| while reader.next_chunk().expect("a chunk").is_some() {});
    // Two chunks, the one that was returned and the one that is being filled; and the places of the records.
    assert!(allocated.bytes_total < 1024 * 1024, "{} bytes for an export of 4 MB", allocated.bytes_total);
}

/// How much memory the committer, which runs on the calling thread, keeps during a dry run of this many records. Each record
/// is a chunk of its own.
fn kept_by_the_committer(records: usize) -> u64 {
    let picture = "x".repeat(4096);
    let record = |number| {
        let address = format!(r#"[{{"email_address":"u{number}@example.com"}}]"#);
        format!(r#"{{"id":"user_{number}","email_addresses":{address},"image_url":"{picture}"}}"#) + "\n"
    };
    let export: String = (0..records).map(record).collect();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), export).expect("room");
    let intake = Intake {
        inputs: vec![Input::from_argument(file.path())],
        inputs_of_step: 0..1,
        records: avnology_migrate::selection::RecordsOfRun::All,
        reader_limits: ReaderLimits { chunk_bytes: 1, ..ReaderLimits::default() },
        mapper_of_input: vec![Arc::new(UserMapper::new(Rules::default(), Arc::new(AvnologyForm)))],
        largest_request: 4 * 1024 * 1024,
        watch: Watch::Nothing,
        shard_blocks: avnology_migrate::pipeline::ShardBlocks::Unknown,
        workers: 2,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (mut reporter, mut signals, mut valid) = (Silent, Signals::none(), None);
    let kept = measure(|| {
        let job = Job { intake, mode: Mode::DryRun(DryRun { preview: 0, max_errors: None }) };
        let run = Box::pin(pipeline::run(job, &mut reporter, &mut signals));
        valid = runtime.block_on(run).ledger.counts().valid;
    });
    assert_eq!(valid, Some(records as u64));
    kept.bytes_max
}

#[test]
fn a_dry_run_keeps_nothing_of_earlier_records() {
    let (few, many) = (kept_by_the_committer(500), kept_by_the_committer(5_000));
    assert!(many < few + 32 * 1024, "{few} bytes with 500 chunks, {many} with 5,000");
}
