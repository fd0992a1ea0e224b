//! `--results` and `runs export`: one line a record, true and complete however a run went, and lists that people need.

use crate::support;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::Value;
use support::{Run, Sandbox, Scratch, export, mixed_export, until_of, user};

const USERS: usize = 900;

fn id(run: &Run) -> String {
    run.report()["run"].as_str().expect("an id").to_owned()
}

fn list(scratch: &Scratch, run: &str, more: &[&str]) -> Run {
    scratch.run(&[&["migrate", "clerk", "runs", "export", run], more].concat())
}

fn parsed(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// The lines about a run, by the number of the record; each record has one line.
#[track_caller]
fn by_record(lines: Vec<Value>) -> BTreeMap<u64, Value> {
    let count = lines.len();
    let by_record: BTreeMap<u64, Value> =
        lines.into_iter().map(|line| (line["record"].as_u64().expect("a number"), line)).collect();
    assert_eq!(by_record.len(), count, "each record once");
    by_record
}

/// The ids of the identities at the target, by their external ids.
fn at_target(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let mut statement = database.prepare("SELECT external_id, id FROM identities").expect("the table");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

/// Every record of a mixed export has the line that it ought to have.
#[track_caller]
fn check_mixed(lines: Vec<Value>, outcome: &str, there: &BTreeMap<String, String>) {
    let lines = by_record(lines);
    assert_eq!(lines.keys().copied().collect::<Vec<_>>(), (1..=USERS as u64).collect::<Vec<_>>(), "in order");
    for (number, line) in lines {
        let clerk_id = format!("user_{:06}", number - 1);
        assert_eq!((&line["kind"], &line["clerk_id"]), (&"user".into(), &clerk_id.as_str().into()), "{line}");
        if let Some(id) = there.get(&clerk_id) {
            assert_eq!((&line["outcome"], &line["id"]), (&outcome.into(), &id.as_str().into()), "{line}");
        } else {
            let code = if number % 60 == 8 { "no_email" } else { "invalid_json" };
            assert_eq!((&line["outcome"], &line["code"]), (&"rejected".into(), &code.into()), "{line}");
            assert_eq!(line["id"], Value::Null, "{line}");
        }
    }
}

#[test]
fn after_a_kill_each_record_has_one_line_and_in_the_end_all_have() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good) = mixed_export(USERS);
    let file = scratch.write("users.json", text);
    let flags = ["--batch-size", "20", "--concurrency", "3", "--results", "results.ndjson"];
    let mut command = scratch.import_command(&sandbox, &file, &flags);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    until_of(&mut process, "nothing is created", || sandbox.column("id").len() >= 200);
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    assert!(!scratch.path("results.ndjson").exists(), "there is all of a list or nothing");
    let runs = scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0).stdout;
    let runs: Value = serde_json::from_str(&runs).expect("runs");
    let run = runs[0]["id"].as_str().expect("a run").to_owned();
    let early = list(&scratch, &run, &["--format", "ndjson"]).expect_code(0).stdout;
    let early = by_record(parsed(&early));
    assert_eq!(early.len() as u64, runs[0]["counts"]["read"].as_u64().expect("a count"));
    let count = |outcome: &str| early.values().filter(|line| line["outcome"] == outcome).count() as u64;
    for outcome in ["created", "rejected", "unfinished"] {
        assert_eq!(count(outcome), runs[0]["counts"][outcome].as_u64().expect("a count"), "{outcome}");
    }
    let resumed = scratch.import(&sandbox, &file, &flags).expect_code(3);
    assert_eq!(id(&resumed), run);
    let there = at_target(&sandbox);
    assert_eq!(there.len(), good.len());
    check_mixed(parsed(&scratch.read("results.ndjson")), "created", &there);
    let mode = std::fs::metadata(scratch.path("results.ndjson")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Nobody is asked about the next night, and the list knows everybody all the same.
    scratch.import(&sandbox, &file, &["--new-run"]).expect_code(3);
    let night = scratch.import(&sandbox, &file, &["--new-run", "--results", "night.csv"]).expect_code(3);
    assert_eq!(night.report()["not_asked"], good.len());
    let listed = list(&scratch, &id(&night), &["--format", "ndjson"]).expect_code(0).stdout;
    check_mixed(parsed(&listed), "unchanged", &there);
    assert_eq!(scratch.read("night.csv"), list(&scratch, &id(&night), &[]).expect_code(0).stdout);
}

/// A user who has a password that cannot move, or is only without one.
fn person(number: usize) -> String {
    let password = if number.is_multiple_of(3) { "\"password_enabled\":true," } else { "" };
    let external =
        if number.is_multiple_of(4) { format!("\"external_id\":\"emp, \\\"{number}\\\"\",") } else { String::new() };
    user(number).replacen('{', &format!("{{{external}{password}"), 1)
}

#[test]
fn lists_for_people_have_who_they_are_about_and_are_held_to_the_input() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let people = |upto| export((0..upto).map(person).chain([r#"{"id":"user_bad","email_addresses":[]}"#.to_owned()]));
    let file = scratch.write("users.json", people(30));
    let first = scratch.import(&sandbox, &file, &[]).expect_code(3);
    let run = id(&first);
    let of = |users: &str| {
        let text = list(&scratch, &run, &["--users", users, "--format", "ndjson"]).expect_code(0).stdout;
        parsed(&text)
    };
    let resets = of("needs-reset");
    assert_eq!(resets.len() as u64, first.report()["password_resets"].as_u64().expect("a count"));
    let expected = (0..30).step_by(3).map(|number| format!("user{number}@example.com"));
    let emails = resets.iter().map(|line| line["email"].as_str().expect("an address").to_owned());
    assert_eq!(emails.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    assert_eq!((of("password_missing").len(), of("created").len(), of("unchanged").len()), (10, 30, 0));
    let rejected = of("rejected");
    assert_eq!((&rejected[0]["clerk_id"], &rejected[0]["code"]), (&"user_bad".into(), &"no_email".into()));
    assert_eq!((rejected.len(), of("no_email"), of("totp").len()), (1, rejected.clone(), 0));
    // A database takes the table as it is.
    list(&scratch, &run, &["--users", "created", "--out", "created.csv"]).expect_code(0);
    let mut reader = csv::Reader::from_path(scratch.path("created.csv")).expect("a table");
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("rows");
    let ids: BTreeMap<String, String> = rows.iter().map(|row| (row[2].to_owned(), row[3].to_owned())).collect();
    assert_eq!(ids, at_target(&sandbox), "external ids with commas and quotes");
    let wrong = list(&scratch, &run, &["--users", "nobody"]).expect_code(2);
    assert!(wrong.stderr.contains("needs-reset") && wrong.stderr.contains("email_taken"), "{}", wrong.stderr);
    // Another input in its place is not taken for the run's.
    scratch.write("users.json", people(31));
    let refused = list(&scratch, &run, &["--users", "needs-reset", "--out", "resets.csv"]).expect_code(2);
    assert!(refused.stderr.contains("is not what it was when the run read it"), "{}", refused.stderr);
    assert!(!scratch.path("resets.csv").exists());
    let other = list(&scratch, &run, &["--format", "ndjson"]).expect_code(0);
    assert!(other.stderr.contains("without their ids at Clerk"), "{}", other.stderr);
    let other = by_record(parsed(&other.stdout));
    assert_eq!(
        (other.len(), &other[&2]["clerk_id"], &other[&31]["clerk_id"]),
        (31, &"user_000001".into(), &Value::Null)
    );
    // What cannot be written is said before anything is sent, and a dry run has no results.
    let wrong = scratch.import(&sandbox, &file, &["--new-run", "--results", "nowhere/results.csv"]).expect_code(2);
    assert!(wrong.stderr.contains("--results"), "{}", wrong.stderr);
    scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--results", "results.csv"]).expect_code(2);
}

#[test]
fn the_results_of_a_pipe_and_of_shards_are_listed() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", mixed_export(1_200).0);
    let shards = ["1/2", "2/2"].map(|shard| id(&scratch.import(&sandbox, &file, &["--shard", shard]).expect_code(3)));
    scratch.run(&["migrate", "clerk", "runs", "merge"]).expect_code(3);
    let merged = format!("{}-merged", shards[0].strip_suffix("-1of2").expect("the first shard"));
    let lines = by_record(parsed(&list(&scratch, &merged, &["--format", "ndjson"]).expect_code(0).stdout));
    assert_eq!(lines.len(), 1_200, "each record of each shard");
    let mut command = scratch.import_command(&sandbox, "-", &["--recheck", "--results", "piped.ndjson"]);
    command.stdin(std::fs::File::open(scratch.path(&file)).expect("the file"));
    let piped = Run::of(command.output().expect("the binary runs")).expect_code(3);
    assert!(piped.stderr.contains("can be read only once"), "{}", piped.stderr);
    let lines = by_record(parsed(&scratch.read("piped.ndjson")));
    let known = lines.values().filter(|line| line["outcome"] == "unchanged" && line["clerk_id"].is_string()).count();
    assert_eq!((lines.len(), known), (1_200, 1_160), "whom the target was asked about is known without the input");
}

/// What a service does next depends on how the run ended: what it could not write does not hide that.
#[cfg(target_os = "linux")]
#[test]
fn a_list_or_report_that_cannot_be_written_does_not_hide_how_a_run_was_stopped() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..12).map(user)));
    // At this rate the second request would come a minute later, on any machine.
    let slow = ["--batch-size", "1", "--rate", "1/m", "--max-duration", "2s"];
    for full in ["--results", "--report"] {
        let run = scratch.import(&sandbox, &file, &[&slow[..], &[full, "/dev/full"]].concat()).expect_code(9);
        assert!(run.stderr.contains("cannot write `/dev/full`"), "{full}: {}", run.stderr);
        assert!(!run.stderr.contains("has finished"), "{full}: {}", run.stderr);
    }
    // One that came to its end has nothing else to say.
    let whole = scratch.import(&sandbox, &file, &["--rate", "1000/s", "--results", "/dev/full"]).expect_code(2);
    let said = format!("runs export {} --out FILE` writes the list", id(&whole));
    assert!(whole.stderr.contains("the run is none the worse") && whole.stderr.contains(&said), "{}", whole.stderr);
}

/// The pipe stands in for a list that takes long: nobody reads it.
#[cfg(target_os = "linux")]
#[test]
fn a_list_that_takes_long_hears_signals() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..12).map(user)));
    let made = std::process::Command::new("mkfifo").arg(scratch.path("list")).status().expect("mkfifo runs");
    assert!(made.success());
    let mut command = scratch.import_command(&sandbox, &file, &["--results", "list"]);
    let piped = std::process::Stdio::piped;
    let process = command.stdout(piped()).stderr(piped()).spawn().expect("the binary runs");
    // The run is over when its account is there. Before that, a signal would stop the run itself.
    let runs = || std::fs::read_dir(scratch.path(".avnology/runs")).into_iter().flatten().flatten();
    while !runs().any(|run| run.path().join("report.json").exists()) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let sent = std::process::Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    // The run has finished, so there is nothing to resume, and only the list is missing.
    let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(2);
    assert_eq!(run.count("created"), 12, "{}", run.stdout);
    let said = format!("runs export {} --out FILE` writes the list", id(&run));
    assert!(run.stderr.contains("interrupted by SIGTERM") && run.stderr.contains(&said), "{}", run.stderr);
    assert_eq!(list(&scratch, &id(&run), &[]).expect_code(0).stdout.lines().count(), 13);
}
