//! How often memory is allocated for a record on its way from bytes to its encoded form, so that it cannot creep up.

use std::io::Cursor;
use std::sync::Arc;

use allocation_counter::measure;
use avnology_migrate::mapping::{Rules, map, parse};
use avnology_migrate::source::{ReaderLimits, RecordChunk, RecordReader};

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
    let mut each = |work: fn(&[u8], &mut Vec<u8>)| {
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
    let parsing = each(|record, _| drop(parse(record).expect("a user")));
    let all = each(|record, body| {
        let user = parse(record).expect("a user");
        map(&user, &Rules::default()).expect("an identity").identity.encode(body);
    });
    // Measured: 7 in 100 records for framing, which is the chunks; 2 for the lists of a user; 5 more for what is mapped.
    let framing = framing.count_total * 100 / USERS;
    assert!(framing <= 10, "{framing} in 100 records");
    assert!((1..=2).contains(&parsing), "{parsing} for parsing");
    assert!((1..=7).contains(&all), "{all} in all");
}
