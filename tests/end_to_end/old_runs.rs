//! Runs that earlier versions began: they are listed, resumed and undone.

use crate::support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use support::{Run, Scratch, lines};

const RUN: &str = "20261126T024808Z-4e3c70ea";

/// One whose journal names no ids at Clerk, beside what its target had confirmed.
const RUN_WITHOUT_IDS: &str = "20261126T064933Z-53f3518d";

/// The run as version 0.1.0 left it, with its inputs and its target.
fn interrupted() -> Scratch {
    left_by("0.1.0", RUN)
}

fn without_ids() -> Scratch {
    left_by("0.1.0-without-ids", RUN_WITHOUT_IDS)
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("its files") {
        let path = entry.expect("a file").path();
        std::fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
    }
}

/// A run as an earlier version left it.
fn left_by(version: &str, run: &str) -> Scratch {
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/old_runs").join(version);
    let scratch = Scratch::new();
    let directory = scratch.path(&format!(".avnology/runs/{run}"));
    copy_all(&kept.join("run"), &directory);
    if kept.join("known-users").is_dir() {
        let target = format!("sandbox:{}", scratch.path("sandbox.db").display());
        let digest =
            Sha256::digest(target).iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        copy_all(&kept.join("known-users"), &scratch.path(&format!(".avnology/runs/known-users-{digest}")));
    }
    let place = scratch.path("").display().to_string();
    let record = std::fs::read_to_string(directory.join("run.json")).expect("its record");
    std::fs::write(directory.join("run.json"), record.replace("@SCRATCH@/", &place)).expect("it is written");
    for name in ["users.json", "users.csv"].into_iter().filter(|name| kept.join(name).exists()) {
        std::fs::copy(kept.join(name), scratch.path(name)).expect("a copy");
    }
    let database = rusqlite::Connection::open(scratch.path("sandbox.db")).expect("a database");
    let statements = std::fs::read_to_string(kept.join("sandbox.sql")).expect("its content");
    database.execute_batch(&statements).expect("it is filled");
    scratch
}

fn at_target(scratch: &Scratch) -> Vec<String> {
    let database = rusqlite::Connection::open(scratch.path("sandbox.db")).expect("the database");
    let mut statement = database.prepare("SELECT external_id FROM identities ORDER BY external_id").expect("the table");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

fn run(scratch: &Scratch, arguments: &[&str]) -> Run {
    scratch.run(&[&["migrate", "clerk"], arguments, &["--output", "json"]].concat())
}

fn notices(report: &Value) -> Value {
    serde_json::json!([report["warnings"], report["left_behind"], report["password_resets"]])
}

#[test]
fn a_run_of_version_0_1_0_is_listed_with_its_counts() {
    let scratch = interrupted();
    let listed: Value = serde_json::from_str(&run(&scratch, &["runs"]).expect_code(0).stdout).expect("a list");
    assert_eq!((&listed[0]["id"], &listed[0]["state"]), (&RUN.into(), &"interrupted".into()));
    let counts = &listed[0]["counts"];
    assert_eq!((&counts["created"], &counts["rejected"]), (&15.into(), &4.into()), "{counts}");
}

#[test]
fn a_run_of_version_0_1_0_is_resumed_and_reports_the_same_notices() {
    let scratch = interrupted();
    let was = scratch.read(&format!(".avnology/runs/{RUN}/rejects.ndjson"));
    let resumed = run(&scratch, &["resume", RUN, "--max-errors", "99", "--progress", "none"]).expect_code(3);
    let report = resumed.report();
    assert_eq!((resumed.count("read"), resumed.count("created"), resumed.count("rejected")), (30, 26, 4));
    // The same import as one run of this version.
    let fresh = [
        "--import",
        "users.csv",
        "--import",
        "users.json",
        "--sandbox",
        "--sandbox-db",
        "other.db",
        "--runs-dir",
        "fresh",
    ];
    let fresh = run(&scratch, &[&fresh[..], &["--progress", "none"]].concat()).expect_code(3).report();
    // The user whose address was taken there is one of these here.
    assert_eq!(fresh["counts"]["created"], 27);
    assert_eq!(notices(&report), notices(&fresh));
    assert_eq!(report["rejected_by_code"]["duplicate_external_id"]["first"][0]["same_as"]["record"], 1);
    let rejects = scratch.path(report["rejects_file"].as_str().expect("rejects"));
    assert!(std::fs::read_to_string(&rejects).expect("its rejects").starts_with(&was), "its rejects are gone on with");
    assert_eq!(lines(&rejects).len(), 4);
    let mut all: Vec<String> = (1..=24).map(|number| format!("user_{number:04}")).collect();
    all.extend(["user_0101", "user_0103"].map(str::to_owned));
    all.insert(0, "somebody_else".to_owned());
    assert_eq!(at_target(&scratch), all);
    // It stays with the sums and the hashes of blocks that it began with, and so does what is said of it.
    let first: Value =
        serde_json::from_str(&scratch.read(&format!(".avnology/runs/{RUN}/first-pass.json"))).expect("JSON");
    let inputs = report["inputs"].as_array().expect("inputs").iter().zip(first["inputs"].as_array().expect("inputs"));
    for (told, kept) in inputs {
        assert!(told["sha256"].as_str().is_some_and(|sum| sum.len() == 64) && told["blake3"].is_null(), "{told}");
        assert_eq!((&kept["sha256"], &kept["block_hash"]), (&told["sha256"], &"xxh64".into()));
    }
    let shown = scratch.run(&["migrate", "clerk", "runs", "show", RUN]).expect_code(0).stdout;
    assert!(shown.contains("SHA-256 ef51e0729a84") && !shown.contains("BLAKE3"), "{shown}");
    // What a verification finds is added to its report.
    let inputs = ["--import", "users.csv", "--import", "users.json"];
    let more = ["--sandbox", "--sandbox-db", "sandbox.db", "--progress", "none"];
    run(&scratch, &[&["verify"], &inputs[..], &more[..]].concat());
    let page: Value = serde_json::from_str(&scratch.read(&format!(".avnology/runs/{RUN}/report.json"))).expect("JSON");
    assert!(page["verification"]["at"].is_string(), "{page}");
    // After it was resumed, it is undone completely.
    run(&scratch, &["undo", RUN, "--yes"]).expect_code(0);
    assert_eq!(at_target(&scratch), ["somebody_else"]);
}

#[test]
fn a_changed_input_of_a_run_of_version_0_1_0_is_found_by_its_sums() {
    let scratch = interrupted();
    let first = format!(".avnology/runs/{RUN}/first-pass.json");
    let was = scratch.read(&first);
    let resume = || run(&scratch, &["resume", RUN, "--max-errors", "99", "--progress", "none"]);
    scratch.write(&first, was.replace("ef51e0729a84", "ef51e0729a85"));
    let refused = resume().expect_code(2);
    assert!(refused.stderr.contains("users.json` has changed"), "{}", refused.stderr);
    scratch.write(&first, &was);
    let blocks = scratch.path(&format!(".avnology/runs/{RUN}/blocks"));
    let mut hashes = std::fs::read(&blocks).expect("its blocks");
    // The first block of the second input.
    hashes[8] ^= 1;
    std::fs::write(&blocks, &hashes).expect("it is written");
    let stopped = resume().expect_code(5);
    assert!(stopped.stderr.contains("was changed while it was being read"), "{}", stopped.stderr);
    hashes[8] ^= 1;
    std::fs::write(&blocks, &hashes).expect("it is written");
    assert_eq!(resume().expect_code(3).count("created"), 26);
}

#[test]
fn a_run_of_version_0_1_0_is_undone() {
    let scratch = interrupted();
    assert_eq!(at_target(&scratch).len(), 16);
    let undone = run(&scratch, &["undo", RUN, "--yes"]).expect_code(0);
    assert_eq!(undone.report()["counts"]["deleted"], 15);
    assert_eq!(at_target(&scratch), ["somebody_else"]);
    assert!(Path::new(&scratch.path(&format!(".avnology/runs/{RUN}/undone.json"))).exists());
}

/// The ids at the target that a list of ids names.
fn listed_ids(scratch: &Scratch, id: &str) -> (Vec<String>, String) {
    let listed = scratch.run(&["migrate", "clerk", "runs", "ids", id, "--format", "ndjson"]).expect_code(0);
    let lines = listed.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut ids: Vec<String> = lines.map(|line| line["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort_unstable();
    (ids, listed.stderr)
}

#[test]
fn a_run_without_ids_is_listed_resumed_and_undone() {
    let scratch = without_ids();
    let listed: Value = serde_json::from_str(&run(&scratch, &["runs"]).expect_code(0).stdout).expect("a list");
    let counts = &listed[0]["counts"];
    assert_eq!((&counts["created"], &counts["unchanged"]), (&10.into(), &1.into()), "{counts}");
    let resume = ["resume", RUN_WITHOUT_IDS, "--max-errors", "99", "--progress", "none"];
    let resumed = run(&scratch, &resume).expect_code(3);
    let counts = ["created", "unchanged", "rejected"].map(|name| resumed.count(name));
    assert_eq!(counts, [28, 1, 2], "{}", resumed.stdout);
    run(&scratch, &["undo", RUN_WITHOUT_IDS, "--yes"]).expect_code(0);
    assert_eq!(at_target(&scratch), ["somebody_else", "user_0002"]);
}

/// What an earlier version remembers of the target says nothing of ids: the target is asked about everybody once.
#[test]
fn the_ids_of_users_whom_an_earlier_version_imported_are_known_after_one_more_import() {
    let scratch = without_ids();
    let (ids, warning) = listed_ids(&scratch, RUN_WITHOUT_IDS);
    assert!(ids.is_empty() && warning.contains("import the same export once more"), "{warning}");
    let flags =
        ["--import", "users.json", "--sandbox", "--sandbox-db", "sandbox.db", "--progress", "none", "--new-run"];
    let next = run(&scratch, &flags).expect_code(3);
    assert_eq!((next.count("unchanged"), next.report()["not_asked"].as_u64()), (11, Some(0)), "{}", next.stdout);
    let database = rusqlite::Connection::open(scratch.path("sandbox.db")).expect("the database");
    let query = "SELECT id FROM identities WHERE external_id <> 'somebody_else' ORDER BY id";
    let mut statement = database.prepare(query).expect("the table");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    let there: Vec<String> = rows.collect::<Result<_, _>>().expect("texts");
    assert_eq!(there.len(), 29);
    for id in [next.report()["run"].as_str().expect("a run"), RUN_WITHOUT_IDS] {
        let (ids, warning) = listed_ids(&scratch, id);
        assert_eq!((ids, warning.as_str()), (there.clone(), ""));
    }
    let last = run(&scratch, &flags).expect_code(3);
    assert_eq!(last.report()["not_asked"], 29, "from then on all is known: {}", last.stdout);
}
