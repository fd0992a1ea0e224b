//! Shards that keep their runs in one directory: one of them goes through the inputs for all.

use crate::support;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use avnology_migrate::journal::RunDirectory;
use serde_json::Value;
use support::{Run, Sandbox, Scratch, mixed_export, until_of, user};

const SHARDS: [&str; 3] = ["1/3", "2/3", "3/3"];
const LOOKS: &str = "Looking for duplicates within the input";
const TAKES_OVER: &str = "has looked for duplicates already";

/// A mixed export in which a record of the second shard and one of the third repeat one of the first.
fn mixed_export_with_duplicates() -> String {
    let (text, _) = mixed_export(2_600);
    [1_500, 2_500]
        .iter()
        .fold(text, |text, later| text.replace(&format!("\"user{later}@example.com\""), "\"user10@example.com\""))
}

fn passwords() -> String {
    let rows = [3, 1_003, 9_999].map(|number| format!("user_{number:06},$2a$10$too-short,bcrypt\n"));
    format!("id,password_digest,password_hasher\n{}", rows.concat())
}

/// The directory of a run, and what of its first pass has to be the same whoever made it.
fn first_pass(scratch: &Scratch, runs: &str, run: &Run) -> (PathBuf, [Value; 3], [Vec<u8>; 4]) {
    let directory = scratch.path(runs).join(run.report()["run"].as_str().expect("an id"));
    let record: Value = serde_json::from_slice(&std::fs::read(directory.join("first-pass.json")).expect("a file"))
        .expect("a first pass");
    let prediction = &record["prediction"];
    let kept = ["blocks", "duplicates", "passwords.json", "block-starts"];
    let files = kept.map(|name| std::fs::read(directory.join(name)).expect(name));
    let named = [&prediction["rejects"], &prediction["rejects_of_all"], &record["inputs"]].map(Clone::clone);
    (directory, named, files)
}

fn damage_block_starts(runs: &Path) {
    let starts = std::fs::read_dir(runs).expect("runs").flatten().map(|run| run.path().join("block-starts"));
    for path in starts.filter(|path| path.exists()) {
        let mut bytes = std::fs::read(&path).expect("a file");
        bytes[20] ^= 1;
        std::fs::write(&path, bytes).expect("a file");
    }
}

#[test]
fn one_shard_looks_for_duplicates_for_all_and_they_know_what_it_knows() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", mixed_export_with_duplicates());
    scratch.write("passwords.csv", passwords());
    let more = ["--passwords", "passwords.csv", "--new-run", "--runs-dir"];
    let start = |shard: &str, runs: &str| {
        let mut command =
            scratch.import_command(&sandbox, "users.json", &[&more[..], &[runs, "--shard", shard]].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
    };
    let end = |process: std::process::Child| Run::of(process.wait_with_output().expect("it ends")).expect_code(3);
    // Two begin at once, and the third finds that all is done.
    let together = [start("1/3", "shared"), start("2/3", "shared")];
    let [first, second] = together.map(end);
    let shared = [first, second, end(start("3/3", "shared"))];
    let with = |runs: &[Run], note: &str| runs.iter().filter(|run| run.stderr.contains(note)).count();
    assert_eq!((with(&shared, LOOKS), with(&shared, TAKES_OVER)), (1, 2), "{}", shared[2].stderr);
    let locks = std::fs::read_dir(scratch.path("shared")).expect("runs").flatten();
    assert_eq!(locks.filter(|entry| entry.path().is_file()).count(), 0, "no lock is left");

    // Each by itself finds the same.
    let alone: Vec<Run> = SHARDS.iter().map(|shard| end(start(shard, &format!("alone-{}", &shard[..1])))).collect();
    assert_eq!((with(&alone, LOOKS), with(&alone, TAKES_OVER)), (3, 0));
    for (number, (shared, alone)) in (1..).zip(shared.iter().zip(&alone)) {
        let (directory, predicted, files) = first_pass(&scratch, "shared", shared);
        let (_, expected, files_alone) = first_pass(&scratch, &format!("alone-{number}"), alone);
        assert_eq!((&predicted, files), (&expected, files_alone), "shard {number}");
        assert_eq!(predicted[0], shared.count("rejected"), "shard {number}");
        assert_eq!(shared.report()["passwords"], alone.report()["passwords"], "shard {number}");
        assert_eq!(shared.count("rejected"), alone.count("rejected"), "shard {number}");
        #[cfg(unix)]
        for name in ["first-pass.json", "blocks", "duplicates", "passwords.json", "block-starts"] {
            use std::os::unix::fs::PermissionsExt;
            let found = std::fs::metadata(directory.join(name)).expect(name).permissions().mode();
            assert_eq!(found & 0o777, 0o600, "{name}");
        }
    }
    let whole = ["migrate", "clerk", "runs", "merge", "--runs-dir", "shared", "--output", "json"];
    assert_eq!(scratch.run(&whole).expect_code(3).count("read"), 2_600);

    // What is not surely the same is looked at again: other rules, damaged findings, another file.
    let again = |shard, more: &[&str]| {
        let fixed = ["--passwords", "passwords.csv", "--new-run", "--runs-dir", "shared", "--shard", shard];
        scratch.import(&sandbox, "users.json", &[&fixed[..], more].concat()).expect_code(3)
    };
    assert!(again("1/3", &["--on-existing", "update"]).stderr.contains(LOOKS));
    assert!(again("1/3", &[]).stderr.contains(TAKES_OVER));
    // A shard that does not know where blocks begin reads all of them.
    damage_block_starts(&scratch.path("shared"));
    let damaged = again("2/3", &[]);
    assert!(damaged.stderr.contains(TAKES_OVER) && damaged.count("read") == shared[1].count("read"));
    for run in std::fs::read_dir(scratch.path("shared")).expect("runs").flatten() {
        if run.path().join("blocks").exists() {
            std::fs::write(run.path().join("blocks"), b"damaged").expect("a file");
        }
    }
    assert!(again("1/3", &[]).stderr.contains(LOOKS));
    assert!(again("2/3", &[]).stderr.contains(TAKES_OVER));
    let text = scratch.read("users.json");
    scratch.write("users.json", text.replace("\"N30\"", "\"N03\""));
    assert!(again("3/3", &[]).stderr.contains(LOOKS));
}

#[test]
fn a_shard_waits_as_long_as_another_one_looks_and_looks_itself_if_that_one_is_gone() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", support::export((0..1_200).map(user)));
    let first = scratch.import(&sandbox, "users.json", &["--shard", "1/2"]).expect_code(0);
    let runs = scratch.path(".avnology/runs");
    let (directory, record) =
        RunDirectory::open(runs.join(first.report()["run"].as_str().expect("an id"))).expect("a run");
    // As a run that is killed in its first pass leaves it: the lock is held until its process is gone, and nothing is found.
    std::fs::remove_file(directory.first_pass()).expect("a first pass");
    let lock = File::create(runs.join(format!("first-pass-{}.lock", record.whole_digest()))).expect("a lock file");
    lock.lock().expect("nobody has it");
    let mut command = scratch.import_command(&sandbox, "users.json", &["--shard", "2/2"]);
    let notes = File::create(scratch.path("notes")).expect("a file");
    let mut second = command.stdout(Stdio::piped()).stderr(notes).spawn().expect("the binary runs");
    until_of(&mut second, "it says that it waits", || scratch.read("notes").contains("Waiting for another shard"));
    assert!(!scratch.read("notes").contains(LOOKS));
    drop(lock);
    let second = Run::of(second.wait_with_output().expect("it ends")).expect_code(0);
    assert!(scratch.read("notes").contains(LOOKS), "{}", scratch.read("notes"));
    assert_eq!(first.count("created") + second.count("created"), 1_200);
}
