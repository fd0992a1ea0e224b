//! What `runs` reports about a run: it comes from the journal and from no other file, and the numbers add up for every end of
//! a run. And what is reported about a run whose journal or directory cannot be used.

use crate::support;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use avnology_migrate::journal::{BatchPlan, Entry, Journal, RecordKey};
use serde_json::{Value, json};
use support::{Run, Sandbox, Scratch, export, mixed_export, until, user};

/// All runs, the newest first. Their numbers add up, and the list for people has the same ones.
#[track_caller]
fn listed(scratch: &Scratch) -> Vec<Value> {
    let list = |more: &[&str]| scratch.run(&[&["migrate", "clerk", "runs"], more].concat()).expect_code(0).stdout;
    let runs: Vec<Value> = serde_json::from_str(&list(&["--output", "json"])).expect("a list of runs");
    for run in &runs {
        let number = |name: &str| run["counts"][name].as_u64().unwrap_or_else(|| panic!("{name}: {run}"));
        if run["counts"].is_null() {
            continue;
        }
        let parts = ["created", "updated", "unchanged", "rejected", "unfinished"].map(number);
        assert_eq!(number("read"), parts.iter().sum::<u64>(), "{run}");
        if let Some(deleted) = run["undone"]["deleted"].as_u64() {
            let rest = ["kept", "left"].map(|name| run["undone"][name].as_u64().expect("a count"));
            assert_eq!(number("created"), deleted + rest.iter().sum::<u64>(), "{run}");
        }
    }
    let text = list(&[]);
    assert!(text == "No runs.\n" || text.starts_with("RUN "), "{text}");
    // A running run has gone on in between.
    for run in runs.iter().filter(|run| run["state"] != "running") {
        let mut lines = text.lines().skip_while(|line| !line.starts_with(run["id"].as_str().expect("an id")));
        assert!(lines.next().is_some_and(|line| line.contains(run["state"].as_str().expect("a state"))), "{text}");
        let numbers = lines.next().expect("a line with numbers").trim_start();
        let shown = |count: &Value, name: &str| match count.as_u64() {
            Some(0) => None,
            Some(count) => Some(format!("{} {name}", avnology_migrate::human::count(count))),
            None => Some(format!("? {name}")),
        };
        let names = ["created", "updated", "unchanged", "rejected", "unfinished"];
        let mut expected: Vec<String> = names.iter().filter_map(|name| shown(&run["counts"][name], name)).collect();
        if let Some(undone) = run.get("undone") {
            expected.push(shown(&undone["deleted"], "deleted").unwrap_or_else(|| "0 deleted".to_owned()));
        }
        let expected = if run["counts"].is_null() {
            "what became of its records is not known".to_owned()
        } else if expected.is_empty() {
            "no records".to_owned()
        } else {
            expected.join(", ")
        };
        assert_eq!(numbers, expected, "{text}");
    }
    runs
}

#[track_caller]
fn numbers(run: &Value) -> [u64; 5] {
    ["created", "updated", "unchanged", "rejected", "unfinished"].map(|name| run["counts"][name].as_u64().expect(name))
}

fn id(run: &Run) -> String {
    run.report()["run"].as_str().expect("an id").to_owned()
}

fn start(scratch: &Scratch, sandbox: &Sandbox) -> Child {
    let mut command = scratch.import_command(
        sandbox,
        "users.json",
        &["--batch-size", "20", "--concurrency", "1", "--rate", "1000/s"],
    );
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    until("nothing arrived", || !sandbox.column("id").is_empty());
    process
}

fn signal(process: Child, name: &str) -> Run {
    let status = Command::new("kill").args([name, &process.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
    Run::of(process.wait_with_output().expect("it ends"))
}

fn undo(scratch: &Scratch, sandbox: &Sandbox, run: &str) -> Child {
    let mut undo = scratch.avnology(&["migrate", "clerk", "undo", run, "--yes"]);
    undo.env("AVNOLOGY_SECRET_KEY", &sandbox.key).stdout(Stdio::piped()).stderr(Stdio::piped());
    undo.spawn().expect("the binary starts")
}

#[test]
fn the_numbers_of_a_run_add_up_for_every_end() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good) = mixed_export(2_000);
    scratch.write("users.json", &text);
    assert!(listed(&scratch).is_empty());
    let process = start(&scratch, &sandbox);
    assert_eq!(listed(&scratch)[0]["state"], "running");
    signal(process, "-INT");
    assert_eq!(listed(&scratch)[0]["state"], "interrupted");
    let process = start(&scratch, &sandbox);
    std::thread::sleep(Duration::from_millis(200));
    signal(process, "-KILL");
    assert_eq!(listed(&scratch)[0]["state"], "interrupted");
    let whole = scratch.import(&sandbox, "users.json", &[]).expect_code(3);
    let first = id(&whole);
    let finished = &listed(&scratch)[0];
    assert_eq!((&finished["state"], &finished["id"]), (&json!("finished"), &json!(first)));
    let (good, bad) = (good.len() as u64, 2_000 - good.len() as u64);
    assert_eq!(numbers(finished), [good, 0, 0, bad, 0]);
    scratch.write("users.json", text.replace("\"N30\"", "\"Renamed\""));
    scratch.import(&sandbox, "users.json", &["--on-existing", "update", "--recheck"]).expect_code(3);
    let updated = &listed(&scratch)[0];
    assert_eq!(numbers(updated), [0, 1, good - 1, bad, 0], "whom it updated is in a column");
    assert_eq!(updated.get("undone"), None);
    // In part, interrupted; in part, killed; completely.
    let sandbox = sandbox.replace(&scratch, &["--fault", "latency=100ms"]);
    for (name, is_known) in [("-INT", true), ("-KILL", false)] {
        let there = sandbox.column("id").len();
        let process = undo(&scratch, &sandbox, &first);
        until("nothing is deleted", || sandbox.column("id").len() < there);
        signal(process, name);
        let run = listed(&scratch)[1].clone();
        assert_eq!((&run["state"], run["undone"]["deleted"].is_u64()), (&json!("undoing"), is_known), "{name}: {run}");
        assert_eq!(numbers(&run)[0], good);
    }
    let undone = scratch.undo(&sandbox, &first, &["--yes"]).expect_code(3);
    let run = listed(&scratch)[1].clone();
    assert_eq!((&run["state"], numbers(&run)[0]), (&json!("undone"), good));
    // The user that was updated after the run is kept.
    assert_eq!(run["undone"], json!({"deleted": good - 1, "kept": 1, "left": 0}), "{}", undone.stdout);
    let journal = scratch.path(&format!(".avnology/runs/{first}/journal"));
    let mut damaged = std::fs::read(&journal).expect("a journal");
    damaged[100] ^= 1;
    std::fs::write(&journal, damaged).expect("it is written");
    let run = listed(&scratch)[1].clone();
    assert!(run["counts"].is_null() && run["undone"]["left"].is_null(), "{run}");
}

#[test]
fn what_a_killed_run_created_is_counted_after_undo_found_it() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", export((0..40).map(user)));
    let run = id(&scratch.import(&sandbox, "users.json", &[]).expect_code(0));
    let file = |name: &str| scratch.path(&format!(".avnology/runs/{run}/{name}"));
    // As if it was killed with all of them in flight. The target did most of the work.
    let mut journal = Journal::create(&file("journal"), &file("rejects.ndjson")).expect("a journal");
    let plan = BatchPlan { records: (1..=40).map(|number| RecordKey { input: 0, number }).collect(), round: 0 };
    let external_ids = (0..40).map(|number| format!("user_{number:06}")).collect();
    journal.append(&Entry::PlannedFor { plan, external_ids }).and_then(|()| journal.sync()).expect("it is written");
    drop(journal);
    std::fs::remove_file(file("report.json")).expect("there was a report");
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    for change in [
        "DELETE FROM identities WHERE external_id IN ('user_000003', 'user_000004')",
        "UPDATE identities SET first_name = 'New', update_time = '2030-01-01T00:00:00Z' WHERE external_id = 'user_000009'",
    ] {
        assert!(database.execute(change, []).expect(change) > 0);
    }
    assert_eq!(numbers(&listed(&scratch)[0]), [0, 0, 0, 0, 40]);
    let first = scratch.undo(&sandbox, &run, &["--yes"]).expect_code(3).report()["counts"].clone();
    assert_eq!((&first["created"], &first["deleted"], &first["kept_changed"]), (&json!(38), &json!(37), &json!(1)));
    let undone = listed(&scratch)[0].clone();
    assert_eq!((&undone["state"], numbers(&undone)), (&json!("undone"), [38, 0, 0, 0, 2]));
    assert_eq!(undone["undone"], json!({"deleted": 37, "kept": 1, "left": 0}));
    // Again: now it is known what the run created.
    let again = scratch.undo(&sandbox, &run, &["--yes", "--force"]).expect_code(0).report()["counts"].clone();
    assert_eq!((&again["created"], &again["deleted"], &again["gone_already"]), (&json!(38), &json!(1), &json!(37)));
    assert_eq!(listed(&scratch)[0]["undone"], json!({"deleted": 38, "kept": 0, "left": 0}));
}

#[test]
fn an_edited_report_changes_nothing() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    scratch.write("users.json", export((0..600).map(user)));
    let process = start(&scratch, &sandbox);
    signal(process, "-KILL");
    let run = listed(&scratch)[0]["id"].as_str().expect("an id").to_owned();
    let report = format!(".avnology/runs/{run}/report.json");
    // Somebody writes that the run is finished. It is not.
    scratch.write(&report, "{\"status\":\"finished\",\"exit_code\":0}");
    assert_eq!(listed(&scratch)[0]["state"], "interrupted");
    let whole = scratch.import(&sandbox, "users.json", &[]).expect_code(0);
    assert_eq!((id(&whole), whole.count("created")), (run.clone(), 600));
    // Now it is finished, with any report.
    for text in [None, Some("no report"), Some("{\"status\":\"stopped\",\"exit_code\":5}")] {
        match text {
            None => std::fs::remove_file(scratch.path(&report)).expect("it is there"),
            Some(text) => drop(scratch.write(&report, text)),
        }
        assert_eq!(listed(&scratch)[0]["state"], "finished", "{text:?}");
        let refused = scratch.run(&["migrate", "clerk", "resume", &run]).expect_code(2);
        assert!(refused.stderr.contains("it is finished"), "{text:?}: {}", refused.stderr);
    }
    let next = scratch.import(&sandbox, "users.json", &[]).expect_code(0);
    assert_ne!(id(&next), run);
    // A run of an old version, whose journal does not say how it ended, is judged by its report.
    let next = id(&next);
    let record = format!(".avnology/runs/{next}/run.json");
    scratch.write(&record, scratch.read(&record).replace("\"journals_end\": true", "\"journals_end\": false"));
    assert_eq!(listed(&scratch)[0]["state"], "finished");
    std::fs::remove_file(scratch.path(&format!(".avnology/runs/{next}/report.json"))).expect("it is there");
    assert_eq!(listed(&scratch)[0]["state"], "interrupted");
}

/// An entry of an unknown kind, with correct checksums.
fn unknown_entry() -> Vec<u8> {
    let sum = |bytes: &[u8]| (crc32fast::hash(bytes) | 1 << 31).to_le_bytes();
    let (length, payload) = (3u32.to_le_bytes(), [99, 1, 2]);
    [&length[..], &sum(&length), &payload, &sum(&payload)].concat()
}

#[test]
fn a_run_that_cannot_be_undone_says_why_and_what_to_do() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", export((0..50).map(user)));
    let run = id(&scratch.import(&sandbox, "users.json", &[]).expect_code(0));
    let file = |name: &str| scratch.path(&format!(".avnology/runs/{run}/{name}"));
    let journal = std::fs::read(file("journal")).expect("a journal");
    let refused = |reported: &[&str]| {
        let run = scratch.undo(&sandbox, &run, &["--yes"]).expect_code(2);
        assert!(reported.iter().all(|reported| run.stderr.contains(reported)), "{reported:?}: {}", run.stderr);
        assert!(!run.stderr.contains("--new-run"), "nobody wants a new run here: {}", run.stderr);
        assert_eq!(sandbox.column("id").len(), 50);
    };
    let mut damaged = journal.clone();
    damaged[100] ^= 1;
    std::fs::write(file("journal"), &damaged).expect("it is written");
    refused(&["damaged at byte", "nothing was deleted", "from a backup", "admin_metadata.avnology_migrate"]);
    std::fs::write(file("journal"), [b"AVNJRNL3", &journal[8..]].concat()).expect("it is written");
    refused(&["a newer version of the tool wrote it", "nothing was deleted"]);
    std::fs::write(file("journal"), [&journal[..], &unknown_entry()].concat()).expect("it is written");
    refused(&["a newer version of the tool wrote it", "nothing was deleted"]);
    std::fs::write(file("journal"), b"no journal").expect("it is written");
    refused(&["not a journal", "nothing was deleted"]);
    std::fs::remove_file(file("journal")).expect("it is there");
    refused(&["journal", "nothing was deleted", "from a backup"]);
    std::fs::write(file("journal"), &journal).expect("it is written");
    let record = std::fs::read_to_string(file("run.json")).expect("a record");
    std::fs::write(file("run.json"), &record[..50]).expect("it is written");
    refused(&["/run.json`", "is cut off", "put it back"]);
    let list = scratch.run(&["migrate", "clerk", "runs"]).expect_code(0);
    assert!(list.stderr.contains(&run) && list.stderr.contains("is passed over"), "{}", list.stderr);
    std::fs::remove_file(file("run.json")).expect("it is there");
    refused(&["/run.json`", "is missing", "put it back"]);
    std::fs::write(file("run.json"), record).expect("it is written");
    scratch.undo(&sandbox, &run, &["--yes"]).expect_code(0);
    assert_eq!(sandbox.column("id").len(), 0);
}
