//! Reading and mapping, each beside what it is compared with. Throughput in bytes; run with `cargo bench`.

use std::hint::black_box;
use std::io::Cursor;
use std::sync::Arc;

use avnology_migrate::mapping::{Rules, map, parse};
use avnology_migrate::source::{ReaderLimits, RecordChunk, RecordReader};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use struson::reader::{JsonReader, JsonStreamReader};

#[path = "../fixtures/generate_export/export.rs"]
mod export;
#[path = "../fixtures/generate_export/user.rs"]
mod user;

use export::write_export;
use user::Generator;

/// Users in the export.
const USERS: u64 = 4_000;

/// An export of that many users.
fn generate(users: u64) -> Vec<u8> {
    let mut export = Vec::new();
    let generator = Generator { seed: 1, bad_share: 0.0, digests: true };
    write_export(&generator, users, &mut export).expect("memory takes everything");
    export
}

fn chunks(export: &[u8]) -> Vec<RecordChunk> {
    let source = Box::new(Cursor::new(export.to_vec()));
    let mut reader = RecordReader::new(source, Arc::from("-"), ReaderLimits::default()).expect("an export");
    std::iter::from_fn(|| reader.next_chunk().expect("a chunk")).collect()
}

fn benches(criterion: &mut Criterion) {
    let export = generate(USERS);
    let mut group = criterion.benchmark_group("dry-run");
    group.throughput(Throughput::Bytes(export.len() as u64)).sample_size(20);

    group.bench_function("frame", |bencher| bencher.iter(|| black_box(chunks(&export)).len()));
    group.bench_function("frame: struson walks the whole document", |bencher| {
        bencher.iter(|| JsonStreamReader::new(export.as_slice()).skip_value());
    });

    let framed = chunks(&export);
    let records = || framed.iter().flat_map(|chunk| chunk.spans.iter().map(|span| chunk.record(span)));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| records().filter(|record| parse(record).is_ok()).count());
    });
    group.bench_function("frame: serde_json skips the whole document", |bencher| {
        bencher.iter(|| serde_json::from_slice::<serde::de::IgnoredAny>(&export).is_ok());
    });
    group.bench_function("parse: serde_json into a tree", |bencher| {
        bencher.iter(|| records().filter(|record| serde_json::from_slice::<serde_json::Value>(record).is_ok()).count());
    });
    group.bench_function("parse, map and encode", |bencher| {
        let rules = Rules::default();
        let mut body = Vec::new();
        bencher.iter(|| {
            body.clear();
            for record in records() {
                let user = parse(record).expect("a user");
                map(&user, &rules).expect("an identity").identity.encode(&mut body);
            }
            body.len()
        });
    });
    group.bench_function("map", |bencher| {
        let rules = Rules::default();
        let users: Vec<_> = records().map(|record| parse(record).expect("a user")).collect();
        bencher.iter(|| users.iter().filter(|user| map(user, &rules).is_ok()).count());
    });
    group.bench_function("encode", |bencher| {
        let rules = Rules::default();
        let users: Vec<_> = records().map(|record| parse(record).expect("a user")).collect();
        let identities: Vec<_> = users.iter().map(|user| map(user, &rules).expect("an identity").identity).collect();
        let mut body = Vec::new();
        bencher.iter(|| {
            body.clear();
            for identity in &identities {
                identity.encode(&mut body);
            }
            body.len()
        });
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
