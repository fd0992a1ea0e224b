//! Inputs that somebody changes between two reads, or during a read.

use crate::support;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use avnology_migrate::source::{Input, ReaderLimits, RecordReader, Recorder, SourceError, SumKind, Watch};
use support::{Run, Sandbox, Scratch, export, until_of, user};

fn wait_for_users(sandbox: &Sandbox, users: usize, process: &mut Child) {
    until_of(process, "nothing arrived", || sandbox.column("id").len() >= users);
}

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

fn kill(mut process: Child) {
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
}

const SLOWLY: [&str; 4] = ["--batch-size", "20", "--concurrency", "1"];

/// A user whose record has this many bytes.
fn padded(number: usize, bytes: usize) -> String {
    let plain = user(number);
    let padding = "x".repeat(bytes - plain.len() - "\"unknown\":\"\",".len());
    plain.replace("\"first_name\"", &format!("\"unknown\":\"{padding}\",\"first_name\""))
}

/// Larger than the samples of a fingerprint can cover completely.
fn large(users: usize) -> String {
    export((0..users).map(|number| padded(number, 50_000)))
}

/// Swaps two users with records of the same length, in place.
fn swap(scratch: &Scratch, file: &str, text: &str, one: usize, other: usize) {
    let mut file = File::options().write(true).open(scratch.path(file)).expect("the file");
    let mut write = |at: usize, number: usize| {
        let place = text.find(&padded(at, 50_000)).expect("the record");
        file.seek(SeekFrom::Start(place as u64)).expect("its place");
        file.write_all(padded(number, 50_000).as_bytes()).expect("it is written");
    };
    write(one, other);
    write(other, one);
}

#[test]
fn a_resumed_run_checks_all_bytes_of_its_input() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let text = large(1_500);
    assert!(text.len() > 64 * 1024 * 1024);
    let file = scratch.write("users.json", &text);
    let mut process = start(&mut scratch.import_command(&sandbox, &file, &SLOWLY));
    wait_for_users(&sandbox, 200, &mut process);
    kill(process);
    swap(&scratch, &file, &text, 100, 1_300);
    let refused = scratch.import(&sandbox, &file, &[]).expect_code(2);
    assert!(refused.stderr.contains("has changed") && refused.stderr.contains("--new-run"), "{}", refused.stderr);
    // With the old file the run is resumed.
    scratch.write("users.json", &text);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert!(run.stderr.contains("Continuing"), "{}", run.stderr);
    assert_eq!((run.count("created"), sandbox.column("id").len()), (1_500, 1_500));
}

#[test]
fn what_the_first_pass_read_is_what_is_sent() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    // By far more than the reader, the mappers and the batches hold at once.
    let text = large(400);
    let file = scratch.write("users.json", &text);
    let mut process = start(&mut scratch.import_command(&sandbox, &file, &["--batch-size", "1", "--concurrency", "1"]));
    // The second read has begun now; an export in another order replaces the old one.
    wait_for_users(&sandbox, 1, &mut process);
    swap(&scratch, &file, &text, 10, 390);
    let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(5);
    assert!(run.stderr.contains("was changed while it was being read"), "{}", run.stderr);
    let last = sandbox.column("external_id").pop().expect("somebody");
    assert!(*last < *"user_000390", "nothing of the changed part is sent: {last}");
    // The same command begins again, and no user is lost.
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert!(!run.stderr.contains("Continuing"), "{}", run.stderr);
    assert_eq!((run.count("read"), run.count("rejected"), sandbox.column("id").len()), (400, 0, 400));
}

#[test]
fn an_import_of_a_file_that_is_overwritten_meanwhile_never_finishes() {
    for is_shorter in [false, true] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
        let file = scratch.write("users.json", export((0..400).map(|number| padded(number, 50_000))));
        let mut process =
            start(&mut scratch.import_command(&sandbox, &file, &["--batch-size", "1", "--concurrency", "1"]));
        wait_for_users(&sandbox, 1, &mut process);
        // As `rsync --inplace` does: the same file, with another export in it.
        let users = if is_shorter { 1_000..1_010 } else { 1_000..1_400 };
        let mut opened = File::options().write(true).open(scratch.path(&file)).expect("the file");
        opened.set_len(0).expect("it is emptied");
        opened.seek(SeekFrom::Start(0)).expect("its start");
        opened.write_all(export(users.clone().map(|number| padded(number, 50_000))).as_bytes()).expect("it is written");
        let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(5);
        assert!(run.stderr.contains("was changed while it was being read"), "{}", run.stderr);
        let ids = sandbox.column("external_id");
        assert!(ids.iter().all(|id| **id < *"user_000400"), "users of one export only");
        let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
        assert_eq!(run.count("created"), users.len() as u64, "the new one is imported by the same command");
    }
}

#[test]
fn a_file_that_was_only_touched_is_the_same_file() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let text = large(200);
    let file = scratch.write("users.json", &text);
    let mut process = start(&mut scratch.import_command(&sandbox, &file, &["--batch-size", "1", "--concurrency", "1"]));
    wait_for_users(&sandbox, 1, &mut process);
    // The same bytes again, over the old ones. The file is never shorter in between, because that would be another file.
    let mut opened = File::options().write(true).open(scratch.path(&file)).expect("the file");
    opened.write_all(text.as_bytes()).expect("it is written");
    let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(0);
    assert_eq!(run.count("created"), 200);
}

#[test]
fn a_file_that_replaces_the_one_that_is_read_is_reported() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let file = scratch.write("users.json", export((0..200).map(|number| padded(number, 50_000))));
    scratch.write("next.json", export((200..210).map(user)));
    let mut process = start(&mut scratch.import_command(&sandbox, &file, &["--batch-size", "1", "--concurrency", "1"]));
    wait_for_users(&sandbox, 1, &mut process);
    std::fs::rename(scratch.path("next.json"), scratch.path(&file)).expect("it is renamed");
    let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(5);
    assert!(run.stderr.contains("was changed while it was being read"), "{}", run.stderr);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert_eq!(run.count("created"), 10);
}

/// If there is no second read, as in a dry run.
#[test]
fn a_file_that_changes_during_the_first_read_is_reported() {
    let scratch = Scratch::new();
    let text = export((0..4_000).map(user));
    for is_touched in [false, true] {
        let path = scratch.path(&scratch.write("users.json", &text));
        let (recorder, limits) = (Arc::new(Recorder::default()), ReaderLimits::default());
        let watch = Watch::Record(Arc::clone(&recorder)).of(0);
        let mut reader = RecordReader::open_watched(&Input::File(path.clone()), limits, &watch).expect("an export");
        let mut records = reader.next_chunk().expect("a chunk").expect("a chunk").spans.len();
        let first = text.find("\"N").expect("the first one");
        let mut file = File::options().write(true).open(&path).expect("the file");
        file.seek(SeekFrom::Start(first as u64)).expect("a place");
        file.write_all(if is_touched { b"\"N" } else { b"\"M" }).expect("it is written");
        let ended = loop {
            match reader.next_chunk() {
                Ok(Some(chunk)) => records += chunk.spans.len(),
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
            }
        };
        match ended {
            None => assert!(is_touched && records == 4_000 && recorder.inputs().len() == 1),
            Some(reported) => {
                assert!(!is_touched && reported.contains("was changed while it was being read"), "{reported}");
            }
        }
    }
}

/// Reads an input to its end. Returns the number of records.
fn read(path: &Path, watch: &Watch) -> Result<u64, SourceError> {
    let mut reader =
        RecordReader::open_watched(&Input::File(path.to_path_buf()), ReaderLimits::default(), &watch.of(0))?;
    while reader.next_chunk()?.is_some() {}
    Ok(reader.records())
}

#[test]
fn a_second_read_finds_the_same_bytes_or_reports_a_change() {
    let scratch = Scratch::new();
    let text = export((0..9_000).map(user));
    let mut encoder = zstd::Encoder::new(Vec::new(), -100).expect("an encoder");
    encoder.write_all(text.as_bytes()).expect("memory takes everything");
    let zstd = encoder.finish().expect("memory takes everything");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(text.as_bytes()).expect("memory takes everything");
    let gzip = encoder.finish().expect("memory takes everything");
    for bytes in [text.into_bytes(), zstd, gzip] {
        assert!(bytes.len() > 600_000, "several blocks");
        let path = scratch.path(&scratch.write("users", &bytes));
        let blocks = tempfile::tempfile().expect("a file");
        let recorder = Arc::new(Recorder::with_block_hashes(SumKind::default(), blocks));
        assert_eq!(read(&path, &Watch::Record(Arc::clone(&recorder))).expect("an export"), 9_000);
        let watch = Watch::Hold(Arc::new(recorder.finish().expect("it was noted")));
        assert_eq!(read(&path, &watch).expect("the same"), 9_000);
        for at in [300_000, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&path, changed).expect("it is written");
            assert!(matches!(read(&path, &watch), Err(SourceError::Changed { .. })));
        }
        for length in [0, 262_144, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).expect("it is written");
            assert!(matches!(read(&path, &watch), Err(SourceError::Changed { .. })), "{length}");
        }
        std::fs::write(&path, [&*bytes, b"\n"].concat()).expect("it is written");
        assert!(matches!(read(&path, &watch), Err(SourceError::Changed { .. })));
    }
}

#[test]
fn the_digest_that_is_kept_is_that_of_the_file() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let text = export((0..3_000).map(user));
    let file = scratch.write("users.json", &text);
    let report = scratch.import(&sandbox, &file, &[]).expect_code(0).report();
    let id = report["run"].as_str().expect("a run");
    let kept: serde_json::Value =
        serde_json::from_str(&scratch.read(&format!(".avnology/runs/{id}/first-pass.json"))).expect("JSON");
    let blake3 = blake3::hash(text.as_bytes()).to_hex();
    let input = &kept["inputs"][0];
    assert_eq!((&input["blake3"], &input["bytes"]), (&blake3.as_str().into(), &text.len().into()));
    assert_eq!((&input["sha256"], &input["block_hash"]), (&serde_json::Value::Null, &"xxh3".into()));
    assert_eq!(report["inputs"][0]["blake3"], input["blake3"]);
}

/// A run that an earlier version left, which kept no digest.
#[test]
fn a_run_of_an_earlier_version_is_resumed_by_its_fingerprint() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let file = scratch.write("users.json", export((0..2_000).map(user)));
    let mut process = start(&mut scratch.import_command(&sandbox, &file, &SLOWLY));
    wait_for_users(&sandbox, 100, &mut process);
    kill(process);
    let runs = std::fs::read_dir(scratch.path(".avnology/runs")).expect("runs");
    let run =
        runs.map(|entry| entry.expect("an entry").path()).find(|path| path.join("run.json").exists()).expect("it");
    for name in ["first-pass.json", "blocks"] {
        std::fs::remove_file(run.join(name)).expect("it is there");
    }
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert!(run.stderr.contains("Continuing"), "{}", run.stderr);
    assert_eq!((run.count("created"), sandbox.column("id").len()), (2_000, 2_000));
}

#[test]
fn a_resumed_run_needs_the_passwords_that_it_began_with() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let file = scratch.write("users.json", export((0..2_000).map(user)));
    let row = |number: usize| format!("user_{number:06},user{number}@example.com,digest{number:06}\n");
    let table = |rows: &[usize]| {
        let padding = format!("{:x<60000},a@example.com,\n", "pad");
        let rows: String = rows.iter().map(|number| row(*number) + &padding).collect();
        format!("id,primary_email_address,password_digest\n{rows}")
    };
    let mut rows: Vec<usize> = (0..1_200).collect();
    scratch.write("users.csv", table(&rows));
    let more = [&SLOWLY[..], &["--passwords", "users.csv"]].concat();
    let mut process = start(&mut scratch.import_command(&sandbox, &file, &more));
    wait_for_users(&sandbox, 100, &mut process);
    kill(process);
    rows.swap(500, 700);
    scratch.write("users.csv", table(&rows));
    let refused = scratch.import(&sandbox, &file, &["--passwords", "users.csv"]).expect_code(2);
    assert!(refused.stderr.contains("users.csv") && refused.stderr.contains("has changed"), "{}", refused.stderr);
}

/// Two exports with the same samples, on two machines.
#[test]
fn shards_of_two_exports_are_not_merged() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let text = large(1_400);
    let file = scratch.write("users.json", &text);
    scratch.import(&sandbox, &file, &["--shard", "1/2"]).expect_code(0);
    swap(&scratch, &file, &text, 100, 1_300);
    scratch.import(&sandbox, &file, &["--shard", "2/2"]).expect_code(0);
    let merged = scratch.run(&["migrate", "clerk", "runs", "merge"]).expect_code(2);
    assert!(merged.stderr.contains("differ in inputs"), "{}", merged.stderr);
}
