//! A dry run, and an import to a target that answers at once, from the file to the summary. The throughput is in users and,
//! by the size of the export, in bytes. Run it with `cargo bench`.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::de::IgnoredAny;
use struson::reader::{JsonReader, JsonStreamReader};

#[path = "../fixtures/instant_sink/bodies.rs"]
mod bodies;
#[path = "../fixtures/generate_export/export.rs"]
mod export;
#[path = "../fixtures/instant_sink/server.rs"]
mod server;
#[path = "../fixtures/generate_export/user.rs"]
mod user;

use export::write_export;
use user::Generator;

const USERS: u64 = 20_000;

fn generate() -> Vec<u8> {
    let mut export = Vec::new();
    let generator = Generator { seed: 1, bad_share: 0.0, digests: true };
    write_export(&generator, USERS, &mut export).expect("memory takes everything");
    export
}

/// The address of a sink that lives as long as this process.
fn sink() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || server::serve(listener, true));
    format!("http://{address}")
}

fn benches(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let path: PathBuf = directory.path().join("users.json");
    let export = generate();
    std::fs::write(&path, &export).expect("a file");
    let base_url = sink();
    let run = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_avnology"));
        command.current_dir(directory.path()).env("AVNOLOGY_SECRET_KEY", "any").stdout(Stdio::null());
        let status = command.args(["migrate", "clerk", "--import", "users.json", "--quiet"]).args(flags).status();
        assert!(status.expect("the binary runs").success());
    };
    let mut group = criterion.benchmark_group("end-to-end");
    group.sample_size(10);
    group.throughput(Throughput::ElementsAndBytes { elements: USERS, bytes: export.len() as u64 });
    group.bench_function("dry run", |bencher| bencher.iter(|| run(&["--dry-run"])));
    let open = || BufReader::new(File::open(&path).expect("the export"));
    group.bench_function("dry run: struson walks the file", |bencher| {
        bencher.iter(|| JsonStreamReader::new(open()).skip_value());
    });
    group.bench_function("dry run: serde_json skips the file, from a reader", |bencher| {
        bencher.iter(|| serde_json::from_reader::<_, IgnoredAny>(open()).is_ok());
    });
    group.bench_function("dry run: serde_json skips the file, the whole of it in memory", |bencher| {
        bencher.iter(|| serde_json::from_slice::<IgnoredAny>(&std::fs::read(&path).expect("the export")).is_ok());
    });
    group.bench_function("import to an instant sink", |bencher| {
        bencher.iter(|| run(&["--base-url", &base_url, "--rate", "100000/s", "--new-run", "--recheck"]));
    });
    let url = format!("{base_url}/v1/identities:batchCreate");
    let bodies = bodies::of(&path, 500).expect("the export maps");
    group.bench_function("import to an instant sink: the same bodies by a load generator", |bencher| {
        bencher.iter(|| bodies::send(&url, &bodies, 4));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
