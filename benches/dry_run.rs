//! Reading and mapping, each beside what it is compared with. The throughput is in users and, by the size of the export, in
//! bytes. Run it with `cargo bench`.

use std::hint::black_box;
use std::io::{BufReader, Cursor};
use std::sync::Arc;

use avnology_migrate::avnology::encode;
use avnology_migrate::clerk::User;
use avnology_migrate::mapping::{Rules, map, parse};
use avnology_migrate::source::{ReaderLimits, RecordChunk, RecordReader};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use serde::de::IgnoredAny;
use serde_json::Value;
use struson::reader::{JsonReader, JsonStreamReader};

#[path = "../fixtures/generate_export/export.rs"]
mod export;
#[path = "../fixtures/generate_export/user.rs"]
mod user;

use export::write_export;
use user::Generator;

/// The number of users in the export.
const USERS: u64 = 4_000;

/// An export with this many users.
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

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn framing(group: &mut Group<'_>, export: &[u8]) {
    group.bench_function("frame", |bencher| bencher.iter(|| black_box(chunks(export)).len()));
    group.bench_function("frame: struson walks the whole document", |bencher| {
        bencher.iter(|| JsonStreamReader::new(export).skip_value());
    });
    group.bench_function("frame: serde_json skips the document, from a reader", |bencher| {
        bencher.iter(|| serde_json::from_reader::<_, IgnoredAny>(BufReader::new(export)).is_ok());
    });
    group.bench_function("frame: serde_json skips the document, the whole of it in memory", |bencher| {
        bencher.iter(|| serde_json::from_slice::<IgnoredAny>(export).is_ok());
    });
}

fn parsing(group: &mut Group<'_>, records: &[&[u8]]) {
    group.bench_function("parse", |bencher| {
        bencher.iter(|| records.iter().filter(|record| parse(record).is_ok()).count());
    });
    group.bench_function("parse: serde_json alone", |bencher| {
        let is_user = |record: &&&[u8]| {
            std::str::from_utf8(record).is_ok_and(|text| serde_json::from_str::<User<'_>>(text).is_ok())
        };
        bencher.iter(|| records.iter().filter(is_user).count());
    });
    group.bench_function("parse: serde_json into a tree", |bencher| {
        bencher.iter(|| records.iter().filter(|record| serde_json::from_slice::<Value>(record).is_ok()).count());
    });
    group.bench_function("parse, map and encode", |bencher| {
        let rules = Rules::default();
        let mut body = Vec::new();
        bencher.iter(|| {
            body.clear();
            for record in records {
                let user = parse(record).expect("a user");
                encode(&map(&user, &rules).expect("an identity").identity, &mut body);
            }
            body.len()
        });
    });
}

fn mapping(group: &mut Group<'_>, records: &[&[u8]]) {
    let rules = Rules::default();
    let users: Vec<_> = records.iter().map(|record| parse(record).expect("a user")).collect();
    group.bench_function("map", |bencher| {
        bencher.iter(|| users.iter().filter(|user| map(user, &rules).is_ok()).count());
    });
    let identities: Vec<_> = users.iter().map(|user| map(user, &rules).expect("an identity").identity).collect();
    let encode_all = |body: &mut Vec<u8>| {
        body.clear();
        for identity in &identities {
            encode(identity, body);
        }
    };
    let mut body = Vec::new();
    group.bench_function("encode", |bencher| bencher.iter(|| encode_all(&mut body)));
    encode_all(&mut body);
    let encoded = serde_json::Deserializer::from_slice(&body).into_iter::<Value>();
    let trees: Vec<Value> = encoded.map(|tree| tree.expect("JSON")).collect();
    group.bench_function("encode: serde_json from a tree", |bencher| {
        bencher.iter(|| {
            body.clear();
            trees.iter().all(|tree| serde_json::to_writer(&mut body, tree).is_ok())
        });
    });
}

fn benches(criterion: &mut Criterion) {
    let export = generate(USERS);
    let framed = chunks(&export);
    let records = framed.iter().flat_map(|chunk| chunk.spans.iter().map(|span| chunk.record(span)));
    let records: Vec<&[u8]> = records.collect();
    let mut group = criterion.benchmark_group("dry-run");
    group.throughput(Throughput::ElementsAndBytes { elements: USERS, bytes: export.len() as u64 }).sample_size(20);
    framing(&mut group, &export);
    parsing(&mut group, &records);
    mapping(&mut group, &records);
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
