//! Runs: resuming an interrupted one, refusing what cannot be resumed, one run at a time, and full disks.

use crate::support;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use avnology_migrate::journal::{BatchPlan, Entry, Journal, RecordKey};
use support::{Run, Sandbox, Scratch, assert_all_in_one_place, export, mixed_export, until_of, user};

const USERS: usize = 2_000;

/// Starts a slow import of a mixed export and waits until something is at the target.
fn start(scratch: &Scratch, sandbox: &Sandbox, more: &[&str]) -> Child {
    let flags: Vec<&str> = ["--batch-size", "20", "--concurrency", "1"].iter().chain(more).copied().collect();
    let mut command = scratch.import_command(sandbox, "users.json", &flags);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    until_of(&mut process, "nothing arrived", || !sandbox.column("id").is_empty());
    process
}

fn interrupt(process: Child) -> Run {
    let status = Command::new("kill").args(["-INT", &process.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
    Run::of(process.wait_with_output().expect("it ends")).expect_code(130)
}

#[test]
fn the_same_command_resumes_the_interrupted_run() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good) = mixed_export(USERS);
    let file = scratch.write("users.json", text);
    let first = interrupt(start(&scratch, &sandbox, &[]));
    assert!(first.count("created") > 0 && first.count("created") < good.len() as u64);
    let second = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert!(second.stderr.contains("Continuing run"), "{}", second.stderr);
    assert_eq!(second.report()["run"], first.report()["run"]);
    assert_all_in_one_place(&scratch, &sandbox, &second, USERS, &good);
    assert_eq!(second.count("created"), good.len() as u64, "the account is that of the whole run");
    // It is finished now: the next one is a new run with nothing to do.
    let third = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert!(!third.stderr.contains("Continuing run"), "{}", third.stderr);
    assert_ne!(third.report()["run"], second.report()["run"]);
    assert_eq!(third.count("unchanged"), good.len() as u64);
}

#[test]
fn runs_are_listed_and_resumed_by_their_id() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good) = mixed_export(USERS);
    scratch.write("users.json", text);
    let list = || {
        let run = scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0);
        serde_json::from_str::<serde_json::Value>(&run.stdout).expect("a list of runs")
    };
    assert_eq!(list(), serde_json::json!([]));
    let process = start(&scratch, &sandbox, &[]);
    assert_eq!(list()[0]["state"], "running");
    let first = interrupt(process);
    let listed = list();
    assert_eq!((&listed[0]["state"], &listed[0]["id"]), (&"interrupted".into(), &first.report()["run"]));
    assert_eq!(listed[0]["counts"]["created"], first.count("created"));
    let resume = |more: &[&str]| {
        let arguments: Vec<&str> =
            ["migrate", "clerk", "resume", "--output", "json"].iter().chain(more).copied().collect();
        let mut command = scratch.avnology(&arguments);
        command.env("AVNOLOGY_SECRET_KEY", &sandbox.key);
        Run::of(command.output().expect("the binary runs"))
    };
    assert!(resume(&["no-such-run"]).expect_code(2).stderr.contains("no-such-run"));
    let id = first.report()["run"].as_str().expect("an id").to_owned();
    let run = resume(&[&id]).expect_code(3);
    assert_all_in_one_place(&scratch, &sandbox, &run, USERS, &good);
    assert_eq!(list()[0]["state"], "finished");
    assert!(resume(&[&id]).expect_code(2).stderr.contains("finished"));
    assert!(resume(&[]).expect_code(2).stderr.contains("no run that was interrupted"));
    let text = scratch.run(&["migrate", "clerk", "runs"]).expect_code(0).stdout;
    assert!(text.contains(&id) && text.contains("finished"), "{text}");
    assert!(text.contains("AGE") && text.contains(" s  finished"), "{text}");
}

#[test]
fn a_run_goes_on_with_the_same_bytes_elsewhere() {
    let scratch = Scratch::new();
    let failing = Sandbox::start(&scratch, &["--fault", "outage-after=6:600s"]);
    let text = export((0..USERS).map(user));
    let file = scratch.write("users.json", &text);
    let passwords = scratch.write("passwords.csv", "id,password_digest,password_hasher\nuser_000003,,\n");
    let more = ["--passwords", &passwords, "--batch-size", "10", "--concurrency", "1", "--max-wait", "1"];
    let first = scratch.import(&failing, &file, &more).expect_code(7);
    assert!(first.count("created") > 0, "{}", first.stdout);
    let sandbox = failing.replace(&scratch, &[]);
    let id = first.report()["run"].as_str().expect("a run").to_owned();
    // What the config file says of imports is not about this run.
    scratch.write("avnology.toml", "[migrate.clerk]\nimport = \"others.json\"\n");
    for (from, to) in [("users.json", "moved.json"), ("passwords.csv", "moved.csv")] {
        std::fs::rename(scratch.path(from), scratch.path(to)).expect("renamed");
    }
    // As long, and the same at its ends and in all that is looked at without reading it.
    scratch.write("others.json", text.replacen("N60", "N61", 1));
    let resume = |more: &[&str]| {
        let fixed = ["migrate", "clerk", "resume", &id, "--output", "json", "--max-wait", "20"];
        let arguments: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
        Run::of(scratch.avnology(&arguments).env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("it runs"))
    };
    let moved = ["--import", "moved.json", "--passwords", "moved.csv"];
    for (more, code, expected) in [
        (&[][..], 5, "--import PATH"),
        (&["--import", "nowhere.json"], 5, "--import PATH"),
        (&["--import", "others.json", "--passwords", "moved.csv"], 2, "its bytes are others"),
        (&["--import", "moved.json", "moved.json"], 2, "it has 1 input"),
    ] {
        let refused = resume(more).expect_code(code);
        assert!(refused.stderr.contains(expected), "{more:?}: {}", refused.stderr);
    }
    let run = resume(&moved).expect_code(0);
    assert_eq!(run.count("created") + run.count("unchanged"), USERS as u64);
    assert_eq!(sandbox.column("id").len(), USERS);
    let record: serde_json::Value =
        serde_json::from_str(&scratch.read(&format!(".avnology/runs/{id}/run.json"))).expect("JSON");
    for (input, name) in [(&record["inputs"][0], "moved.json"), (&record["passwords"], "moved.csv")] {
        assert!(input["path"].as_str().is_some_and(|path| path.ends_with(name)), "{record}");
    }
}

#[test]
fn a_run_of_a_pipe_cannot_be_resumed_and_runs_and_resume_say_so() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let file = scratch.write("users.json", export((0..USERS).map(user)));
    let mut command = scratch.import_command(&sandbox, "-", &["--batch-size", "20", "--concurrency", "1"]);
    command.stdin(std::fs::File::open(scratch.path(&file)).expect("the file"));
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    until_of(&mut process, "nothing arrived", || !sandbox.column("id").is_empty());
    let id = interrupt(process).report()["run"].as_str().expect("an id").to_owned();
    let text = scratch.run(&["migrate", "clerk", "runs"]).expect_code(0).stdout;
    assert!(text.contains("interrupted") && text.contains("cannot be resumed: it read standard input"), "{text}");
    for arguments in [&["migrate", "clerk", "resume"][..], &["migrate", "clerk", "resume", &id]] {
        let refused = scratch.run(arguments).expect_code(2).stderr;
        assert!(refused.contains(&id) && refused.contains("cannot be resumed"), "{refused}");
        assert!(refused.contains("read only once") && refused.contains("import the export again"), "{refused}");
        assert!(!refused.contains("put the old file back"), "{refused}");
    }
    // What it says to do works.
    let again = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert_eq!(again.count("created") + again.count("unchanged"), USERS as u64);
}

#[test]
fn an_emptied_journal_is_written_anew_by_resume_and_runs_and_undo_say_so() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    scratch.write("users.json", export((0..USERS).map(user)));
    let first = interrupt(start(&scratch, &sandbox, &[]));
    let id = first.report()["run"].as_str().expect("an id").to_owned();
    std::fs::write(scratch.path(&format!(".avnology/runs/{id}/journal")), b"").expect("it is emptied");
    let listed = scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0).stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("a list of runs");
    assert_eq!((&listed[0]["state"], &listed[0]["counts"]), (&"interrupted".into(), &serde_json::Value::Null));
    let refused = scratch.undo(&sandbox, &id, &["--yes"]).expect_code(2).stderr;
    assert!(refused.contains("resume the run") && refused.contains("nothing was deleted"), "{refused}");
    let mut resume = scratch.avnology(&["migrate", "clerk", "resume", "--output", "json", "--progress", "none"]);
    let resumed =
        Run::of(resume.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs")).expect_code(0);
    assert_eq!(resumed.report()["run"], id.as_str());
    assert_eq!(resumed.count("created"), USERS as u64, "also those from before, by their marks");
    let undone = scratch.undo(&sandbox, &id, &["--yes"]).expect_code(0);
    assert_eq!((undone.report()["counts"]["deleted"].as_u64(), sandbox.column("id").len()), (Some(USERS as u64), 0));
}

#[test]
fn warnings_are_counted_once_over_all_parts_of_a_run() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let users = (0..USERS).map(|number| {
        user(number).replace("\"first_name\"", "\"totp_enabled\":true,\"password_enabled\":true,\"first_name\"")
    });
    let file = scratch.write("users.json", export(users));
    interrupt(start(&scratch, &sandbox, &[]));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    let report = run.report();
    assert_eq!(report["left_behind"]["totp"], USERS);
    assert_eq!((&report["warnings"]["password_missing"], &report["password_resets"]), (&USERS.into(), &USERS.into()));
}

#[test]
fn each_of_several_inputs_is_resumed_at_its_own_place() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    scratch.write("users.json", export((0..600).map(user)));
    scratch.write("more.ndjson", (600..1_200).map(|number| user(number) + "\n").collect::<String>());
    let mut process = start(&scratch, &sandbox, &["--import", "more.ndjson"]);
    until_of(&mut process, "the second input is not reached", || sandbox.column("id").len() >= 700);
    let first = interrupt(process);
    assert!((600..1_200).contains(&first.count("created")), "{}", first.stdout);
    let run = scratch.import(&sandbox, "users.json", &["--import", "more.ndjson"]).expect_code(0);
    assert!(run.stderr.contains("Continuing run"), "{}", run.stderr);
    assert_eq!((run.count("read"), run.count("created")), (1_200, 1_200));
    assert_eq!(sandbox.column("id").len(), 1_200);
}

/// A run that was killed with batches of `size` in flight. The target carried them out, and has forgotten their idempotency
/// keys since.
fn killed_in_doubt(scratch: &Scratch, sandbox: &Sandbox, run: &Run, users: u64, size: u64) {
    let report = run.report();
    let id = report["run"].as_str().expect("a run");
    let file = |name: &str| scratch.path(&format!(".avnology/runs/{id}/{name}"));
    let mut journal = Journal::create(&file("journal"), &file("rejects.ndjson")).expect("a journal");
    for first in (1..=users).step_by(usize::try_from(size).expect("a small batch")) {
        let records = (first..first + size).map(|number| RecordKey { input: 0, number }).collect();
        journal
            .append(&Entry::Planned(BatchPlan { records, round: 0 }))
            .and_then(|()| journal.sync())
            .expect("it is written");
    }
    std::fs::remove_file(file("report.json")).expect("there was a report");
    for entry in std::fs::read_dir(scratch.path(".avnology/runs")).expect("runs") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("known-users")) {
            std::fs::remove_dir_all(path).expect("it can be removed");
        }
    }
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    assert!(database.execute("DELETE FROM idempotency_keys", []).expect("they are forgotten") > 0);
}

#[test]
fn the_run_owns_what_it_created_even_if_the_target_forgot_the_request() {
    for flags in [&[][..], &["--no-batch"]] {
        for rule in ["skip", "fail", "update"] {
            let scratch = Scratch::new();
            let sandbox = Sandbox::start(&scratch, flags);
            let options = ["--on-existing", rule, "--rate", "1000/s"];
            // One of them was there before, and stays as it was. It was created a while ago.
            let before = scratch.write("before.json", export([user(0)]));
            scratch.import(&sandbox, &before, &["--new-run"]).expect_code(0);
            let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
            let earlier =
                "UPDATE identities SET create_time = '2026-01-01T00:00:00Z', update_time = '2026-01-01T00:00:00Z'";
            assert_eq!(database.execute(earlier, []).expect("it is changed"), 1);
            let file = scratch.write("users.json", export((0..40).map(user)));
            let first = scratch.import(&sandbox, &file, &options);
            killed_in_doubt(&scratch, &sandbox, &first, 40, if flags.is_empty() { 40 } else { 1 });
            let resumed = scratch.import(&sandbox, &file, &options);
            assert!(resumed.stderr.contains("Continuing run"), "{}", resumed.stderr);
            let existing = if rule == "fail" { "rejected" } else { "unchanged" };
            let counts = (resumed.count("created"), resumed.count(existing));
            assert_eq!(counts, (39, 1), "{flags:?} {rule}: {}", resumed.stdout);
        }
    }
}

#[test]
fn mended_rejects_are_linked_to_their_run_from_any_directory() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let (text, _) = mixed_export(60);
    let file = scratch.write("users.json", text);
    let first = scratch.import(&sandbox, &file, &[]).expect_code(3).report();
    let rejects = first["rejects_file"].as_str().expect("rejects");
    let mended = scratch.read(rejects).replace("oops", "\"username\":\"mended\"");
    let elsewhere = scratch.write("mended.ndjson", mended);
    for (input, code) in [(rejects, 3), (elsewhere.as_str(), 3)] {
        let run = scratch.import(&sandbox, input, &[]).expect_code(code).report();
        assert_eq!(run["rejects_of"], first["run"], "{input}");
    }
    let text = scratch.run(&["migrate", "clerk", "runs"]).expect_code(0).stdout;
    let link = format!("mends rejects of {}", first["run"].as_str().expect("a run"));
    assert_eq!(text.matches(&link).count(), 2, "{text}");
    assert_eq!(first.get("rejects_of"), None);
}

#[test]
fn a_run_is_resumed_with_the_options_it_began_with() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    scratch.write("users.json", export((0..USERS).map(user)));
    let first = interrupt(start(&scratch, &sandbox, &["--rate", "300/m"])).report();
    let id = first["run"].as_str().expect("a run");
    let record: serde_json::Value =
        serde_json::from_str(&scratch.read(&format!(".avnology/runs/{id}/run.json"))).expect("a record");
    let expected = serde_json::json!({
        "rate": "300/m", "concurrency": "1", "batch_size": 20, "batch_bytes": 1_048_576, "max_wait": 180,
        "max_errors": null, "max_record_bytes": 8_388_608, "recheck": false, "strict": false, "min_records": null,
        "on_missing": null, "max_missing": null,
    });
    assert_eq!(record["options"], expected);
    // What is in the environment now wins over what the run began with: `0` is neither a rate nor a number of requests.
    for arguments in [&["migrate", "clerk", "resume", id][..], &["migrate", "clerk", "undo", id, "--dry-run"]] {
        for name in ["AVNOLOGY_RATE", "AVNOLOGY_CONCURRENCY"] {
            let mut command = scratch.avnology(arguments);
            command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env(name, "0");
            let refused = Run::of(command.output().expect("the binary runs")).expect_code(2);
            assert!(refused.stderr.contains(name), "{}", refused.stderr);
        }
    }
    let mut command = scratch.avnology(&[
        "migrate",
        "clerk",
        "resume",
        id,
        "--output",
        "json",
        "--rate",
        "1000/s",
        "--progress",
        "none",
    ]);
    let resumed = Run::of(command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs"));
    let resumed = resumed.expect_code(0);
    let left = USERS as u64 - first["counts"]["created"].as_u64().expect("a count");
    assert_eq!(resumed.count("created"), USERS as u64);
    // Batches of 20, as before, and not of 500.
    assert!(resumed.report()["requests"]["sent"].as_u64().expect("a count") >= left / 20, "{}", resumed.stdout);
}

#[test]
fn a_changed_input_is_refused_with_a_choice() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, _) = mixed_export(USERS);
    let file = scratch.write("users.json", text);
    let first = interrupt(start(&scratch, &sandbox, &[]));
    let (other, good) = mixed_export(USERS + 30);
    scratch.write("users.json", other);
    let refused = scratch.import(&sandbox, &file, &[]).expect_code(2);
    assert!(refused.stderr.contains("has changed") && refused.stderr.contains("--new-run"), "{}", refused.stderr);
    let fresh = scratch.import(&sandbox, &file, &["--new-run"]).expect_code(3);
    assert_ne!(fresh.report()["run"], first.report()["run"]);
    assert!(fresh.count("unchanged") >= first.count("created"));
    assert_all_in_one_place(&scratch, &sandbox, &fresh, USERS + 30, &good);
}

/// As large as before and with the same ends: an export in another order, which would mix up users.
#[test]
fn an_input_in_another_order_is_refused_too() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let mut users: Vec<String> = (0..2_000).map(user).collect();
    let file = scratch.write("users.json", export(users.clone()));
    drop(interrupt(start(&scratch, &sandbox, &[])));
    users.swap(1_000, 1_500);
    scratch.write("users.json", export(users));
    let refused = scratch.import(&sandbox, &file, &[]).expect_code(2);
    assert!(refused.stderr.contains("has changed"), "{}", refused.stderr);
}

#[test]
fn two_runs_into_one_target_are_refused_and_the_holder_is_named() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    scratch.write("users.json", export((0..USERS).map(user)));
    scratch.write("other.json", export((0..3).map(user)));
    let mut process = start(&scratch, &sandbox, &[]);
    let refused = scratch.import(&sandbox, "other.json", &["--runs-dir", "elsewhere"]).expect_code(8);
    assert!(refused.stderr.contains(&format!("process {}", process.id())), "{}", refused.stderr);
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    scratch.import(&sandbox, "other.json", &["--runs-dir", "elsewhere"]).expect_code(0);
}

#[test]
fn a_damaged_journal_is_reported_and_a_torn_one_is_not() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good) = mixed_export(USERS);
    let file = scratch.write("users.json", text);
    let first = interrupt(start(&scratch, &sandbox, &[]));
    let journal = scratch.path(&format!(".avnology/runs/{}/journal", first.report()["run"].as_str().expect("a run")));
    let whole = std::fs::read(&journal).expect("the journal");
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&journal, damaged).expect("it is written");
    let refused = scratch.import(&sandbox, &file, &[]).expect_code(2);
    assert!(refused.stderr.contains("damaged at byte") && refused.stderr.contains("--new-run"), "{}", refused.stderr);
    // What a crash leaves: half an entry, or space that was never filled.
    let torn = [&whole[..whole.len() - 5], &[0; 700]].concat();
    std::fs::write(&journal, torn).expect("it is written");
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_all_in_one_place(&scratch, &sandbox, &run, USERS, &good);
}

/// What somebody does to the rejects of an unfinished run stays.
#[test]
fn rejects_that_were_mended_in_an_unfinished_run_stay_as_they_are() {
    type Mend = fn(&str) -> Option<String>;
    let mends: [(&str, Mend); 5] = [
        ("mended", |text| Some(text.replace("oops", "\"username\":\"mended, and longer than before\""))),
        ("mended, as long as before", |text| Some(text.replacen("oops", "OOPS", 1))),
        ("a line removed", |text| Some(text.split_inclusive('\n').skip(1).collect())),
        ("a line added", |text| Some(format!("{text}{{\"id\":\"added\"}}\n"))),
        ("moved away", |_| None),
    ];
    for (name, mend) in mends {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
        let (text, good) = mixed_export(USERS);
        let file = scratch.write("users.json", text);
        let first = interrupt(start(&scratch, &sandbox, &[])).report();
        let path = first["rejects_file"].as_str().expect("rejects").to_owned();
        let counted = std::fs::read_to_string(scratch.path(&path)).expect("rejects").lines().count();
        let mended = mend(&scratch.read(&path));
        match &mended {
            Some(text) => drop(scratch.write(&path, text)),
            None => std::fs::remove_file(scratch.path(&path)).expect("it is there"),
        }
        if name == "mended" {
            // After any number of later interruptions.
            let mut second = start(&scratch, &sandbox, &[]);
            let further = scratch.path(&path).with_file_name("rejects-2.ndjson");
            until_of(&mut second, "it is killed before it ends", || further.exists());
            second.kill().expect("it can be killed");
            second.wait().expect("it ends");
        }
        let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
        assert_eq!(std::fs::read_to_string(scratch.path(&path)).ok(), mended, "{name}");
        // It is reported once.
        let reported = run.stderr.contains("stays as it is") && run.stderr.contains("rejects-2.ndjson");
        assert!(reported || name == "mended", "{}", run.stderr);
        let (report, bad) = (run.report(), USERS - good.len());
        assert_eq!((run.count("rejected"), run.count("read")), (bad as u64, USERS as u64), "{name}");
        let further = report["rejects_file"].as_str().expect("rejects");
        assert!(further.ends_with("rejects-2.ndjson"), "{further}");
        let earlier = mended.map(|_| serde_json::json!([path]));
        assert_eq!(report.get("earlier_rejects_files").cloned(), earlier, "{name}");
        assert_eq!(
            support::lines(&scratch.path(further)).len(),
            bad - counted,
            "{name}: those that were not reported yet"
        );
    }
}

/// Rejects that somebody mends during the run stay, too.
#[test]
fn rejects_that_are_mended_during_the_run_stay_as_they_are() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good) = mixed_export(USERS);
    // So large that it is not read to its end at once.
    let padding = format!("\"private_metadata\":{{\"padding\":\"{}\"}},\"first_name\"", "x".repeat(2_000));
    scratch.write("users.json", text.replace("\"first_name\"", &padding));
    let process = start(&scratch, &sandbox, &[]);
    let signal = |name: &str| {
        let status = Command::new("kill").args([name, &process.id().to_string()]).status().expect("kill runs");
        assert!(status.success());
    };
    signal("-STOP");
    let runs = std::fs::read_dir(scratch.path(".avnology/runs")).expect("runs").flatten().map(|entry| entry.path());
    let path = runs.map(|run| run.join("rejects.ndjson")).find(|path| path.exists()).expect("rejects");
    let reported = std::fs::read_to_string(&path).expect("rejects");
    assert!(reported.lines().count() < USERS - good.len(), "it was stopped too late");
    let mended = reported.replace("oops", "\"username\":\"mended\"");
    std::fs::write(&path, &mended).expect("it is written");
    signal("-CONT");
    let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(3);
    assert_eq!(std::fs::read_to_string(&path).expect("rejects"), mended);
    let further = support::lines(&path.with_file_name("rejects-2.ndjson")).len();
    assert_eq!(further + mended.lines().count(), USERS - good.len(), "each reject once: {}", run.stderr);
}

/// A limit on the size of files stands in for a full disk: writing beyond it fails in the same way.
#[test]
fn a_full_disk_stops_the_run_resumably() {
    for (blocks, name) in [(8, "the journal"), (1, "the first bytes")] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        let (text, good) = mixed_export(USERS);
        let file = scratch.write("users.json", text);
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec {} migrate clerk --import {file} --output json --progress none --batch-size 20",
            support::AVNOLOGY
        );
        let mut command = Command::new("bash");
        command.args(["-c", &script]).current_dir(scratch.path("."));
        command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
        let full = Run::of(command.output().expect("bash runs"));
        assert_eq!(full.code, Some(2), "{name}: {}", full.stderr);
        assert!(full.stderr.contains("cannot write") && full.stderr.contains("too large"), "{name}: {}", full.stderr);
        let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
        assert_all_in_one_place(&scratch, &sandbox, &run, USERS, &good);
        assert_eq!(run.count("created"), good.len() as u64, "{name}: answers that could not be kept are given again");
    }
}

#[test]
fn undo_deletes_exactly_what_the_run_created() {
    for flags in [&["--fault", "status=503:0.1", "--fault", "reset-after=0.1"][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let before = scratch.write("before.json", export((0..20).map(user)));
        scratch.import(&sandbox, &before, &["--rate", "1000/s"]).expect_code(0);
        let file = scratch.write("users.json", export((0..300).map(user)));
        let run = scratch.import(&sandbox, &file, &["--rate", "1000/s"]).expect_code(0);
        assert_eq!(run.count("created"), 280);
        let id = run.report()["run"].as_str().expect("an id").to_owned();
        {
            let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
            for change in [
                "UPDATE identities SET first_name = 'New', update_time = '2030-01-01T00:00:00Z' WHERE external_id = 'user_000100'",
                "DELETE FROM identities WHERE external_id = 'user_000101'",
                "UPDATE identities SET id = 'usr_other' WHERE external_id = 'user_000102'",
            ] {
                assert_eq!(database.execute(change, []).expect(change), 1, "{change}");
            }
        }
        let refused = scratch.undo(&sandbox, &id, &[]).expect_code(2);
        assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
        assert_eq!(sandbox.column("id").len(), 299, "nothing without a yes");
        let undone = scratch.undo(&sandbox, &id, &["--yes", "--rate", "1000/s"]).expect_code(3);
        let counts = undone.report()["counts"].clone();
        let expected = serde_json::json!({
            "created": 280, "deleted": 277, "gone_already": 1, "kept_changed": 1, "kept_not_ours": 1, "failed": 0,
        });
        assert_eq!(counts, expected);
        let mut left: Vec<String> = (0..20).map(|number| format!("user_{number:06}")).collect();
        left.extend(["user_000100".to_owned(), "user_000102".to_owned()]);
        assert_eq!(sandbox.column("external_id"), left);
        // Again with --force: only the changed one remains to be deleted.
        let forced = scratch.undo(&sandbox, &id, &["--yes", "--force", "--rate", "1000/s"]).expect_code(3);
        assert_eq!(
            (&forced.report()["counts"]["deleted"], &forced.report()["counts"]["gone_already"]),
            (&1.into(), &278.into())
        );
        let listed = scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&listed.stdout).expect("runs")[0]["state"], "undone");
    }
}

#[test]
fn a_run_stopped_while_it_waits_for_its_turn_leaves_nothing_in_doubt() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", mixed_export(USERS).0);
    let process = start(&scratch, &sandbox, &["--rate", "1/s"]);
    // The first batch has its answer by now, and the second one waits for its turn.
    std::thread::sleep(Duration::from_millis(300));
    let first = interrupt(process);
    let id = first.report()["run"].as_str().expect("an id").to_owned();
    let undone = scratch.undo(&sandbox, &id, &["--yes"]).expect_code(0);
    assert_eq!(undone.report()["counts"]["deleted"], first.count("created"));
}

#[test]
fn an_undo_that_is_interrupted_says_so_and_goes_on() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..300).map(user)));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    let id = run.report()["run"].as_str().expect("an id").to_owned();
    let sandbox = sandbox.replace(&scratch, &["--fault", "latency=300ms"]);
    let mut undo = scratch.avnology(&["migrate", "clerk", "undo", &id, "--yes"]);
    undo.env("AVNOLOGY_SECRET_KEY", &sandbox.key).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = undo.spawn().expect("the binary starts");
    until_of(&mut process, "nothing is deleted", || sandbox.column("id").len() < 300);
    let interrupted = interrupt(process);
    assert!(interrupted.stderr.contains("the same command goes on"), "{}", interrupted.stderr);
    let state = || {
        let listed = scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0);
        serde_json::from_str::<serde_json::Value>(&listed.stdout).expect("runs")[0]["state"].clone()
    };
    assert_eq!(state(), "undoing");
    let refused = scratch.run(&["migrate", "clerk", "resume", &id]).expect_code(2).stderr;
    assert!(refused.contains("is being undone") && refused.contains(&format!("undo {id}")), "{refused}");
    scratch.undo(&sandbox, &id, &["--yes"]).expect_code(0);
    assert_eq!((state(), sandbox.column("id").len()), ("undone".into(), 0));
}

#[test]
fn more_inputs_than_can_be_numbered_are_refused() {
    let scratch = Scratch::new();
    let file = scratch.write("u", export([user(1)]));
    let import = |count: usize| {
        let inputs = std::iter::repeat_n(["--import", &file], count).flatten();
        let arguments: Vec<&str> = ["migrate", "clerk", "--dry-run"].into_iter().chain(inputs).collect();
        scratch.run(&arguments)
    };
    import(2).expect_code(3);
    assert!(import(65_536).expect_code(2).stderr.contains("at most 65535"));
}

#[test]
fn an_undone_run_is_never_resumed() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good) = mixed_export(USERS);
    let file = scratch.write("users.json", text);
    let first = interrupt(start(&scratch, &sandbox, &[]));
    let id = first.report()["run"].as_str().expect("an id").to_owned();
    let undone = scratch.undo(&sandbox, &id, &["--yes"]).expect_code(0);
    assert_eq!(undone.report()["counts"]["deleted"], first.count("created"));
    assert_eq!(sandbox.column("id").len(), 0);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_ne!(run.report()["run"], id.as_str());
    assert_all_in_one_place(&scratch, &sandbox, &run, USERS, &good);
    assert_eq!(run.count("created"), good.len() as u64);
}
