//! A dry run, and an import to a target that answers at once, from the file to the summary. Throughput in users and, by
//! the size of the export, in bytes; run with `cargo bench`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

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
    std::thread::spawn(move || server::serve(listener));
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
    for throughput in [Throughput::Elements(USERS), Throughput::Bytes(export.len() as u64)] {
        let unit = if matches!(throughput, Throughput::Bytes(_)) { "bytes" } else { "users" };
        group.throughput(throughput);
        group.bench_function(format!("dry run, {unit}"), |bencher| bencher.iter(|| run(&["--dry-run"])));
        group.bench_function(format!("import to an instant sink, {unit}"), |bencher| {
            bencher.iter(|| run(&["--base-url", &base_url, "--rate", "100000/s", "--new-run", "--recheck"]));
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
