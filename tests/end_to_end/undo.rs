//! `undo` finds what its run created: under another external id, and with a journal that lost its end. Its numbers add up.

use crate::support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use avnology_migrate::journal::{BatchPlan, Ended, Entry, Journal, RecordKey};
use serde_json::json;
use support::target::{Way, http, proxy};
use support::terminal::Terminal;
use support::{Run, Sandbox, Scratch, export, user};

fn run_id(run: &Run) -> String {
    run.report()["run"].as_str().expect("a run").to_owned()
}

fn with_external_id(number: usize) -> String {
    user(number).replacen("\"first_name\"", &format!("\"external_id\":\"emp-{number}\",\"first_name\""), 1)
}

/// Puts the second half of a run's records in doubt, as a kill in flight does; `says_end` if the run was stopped instead.
fn put_in_doubt(directory: &Path, records: u64, says_end: bool) {
    let mut settled = Vec::new();
    Journal::read(&directory.join("journal"), 1, |record| settled.push(record.clone())).expect("a journal");
    settled.retain(|record| record.key.number <= records / 2);
    assert_eq!(settled.len() as u64, records / 2);
    let mut journal =
        Journal::create(&directory.join("journal"), &directory.join("rejects.ndjson")).expect("a journal");
    let doubtful = records / 2 + 1..=records;
    let external_ids = doubtful.clone().map(|number| format!("user_{:06}", number - 1)).collect();
    let plan = BatchPlan { records: doubtful.map(|number| RecordKey { input: 0, number }).collect(), round: 0 };
    journal.append(&Entry::Settled { records: settled, rejects_bytes: 0 }).expect("it is written");
    journal.append(&Entry::PlannedFor { plan, external_ids }).and_then(|()| journal.sync()).expect("it is written");
    if says_end {
        journal.end(Ended { exit_code: 130, ..Ended::default() }).expect("it is written");
    }
    std::fs::remove_file(directory.join("report.json")).expect("there was a report");
}

#[test]
fn a_user_in_doubt_is_found_under_another_external_id() {
    for (flags, says_end) in [(&[][..], true), (&[], false), (&["--no-batch"], true)] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let file = scratch.write("users.json", export((0..12).map(user)));
        let id = run_id(&scratch.import(&sandbox, &file, &["--rate", "1000/s"]).expect_code(0));
        put_in_doubt(&scratch.path(&format!(".avnology/runs/{id}")), 12, says_end);
        // Another import gives every user another external id, and another user now has one of the old ones.
        let stranger = user(30).replacen("\"first_name\"", "\"external_id\":\"user_000011\",\"first_name\"", 1);
        let later = scratch.write("later.json", export((0..12).map(with_external_id)));
        let options = ["--new-run", "--on-existing", "update", "--rate", "1000/s"];
        let updating = scratch.import(&sandbox, &later, &options);
        assert_eq!(updating.count("updated"), 12, "{}", updating.stderr);
        let stranger = scratch.write("stranger.json", export([stranger]));
        assert_eq!(scratch.import(&sandbox, &stranger, &["--new-run"]).count("created"), 1);
        let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
        let changed = "UPDATE identities SET update_time = '2030-01-01T00:00:00Z' WHERE external_id LIKE 'emp-%'";
        assert_eq!(database.execute(changed, []).expect("they are changed"), 12);
        let kept = scratch.undo(&sandbox, &id, &["--yes", "--rate", "1000/s"]);
        let counts = &kept.report()["counts"];
        assert_eq!((&counts["created"], &counts["kept_changed"]), (&json!(12), &json!(12)), "{flags:?} {says_end}");
        kept.expect_code(3);
        let undone = scratch.undo(&sandbox, &id, &["--yes", "--force", "--rate", "1000/s"]);
        let counts = &undone.report()["counts"];
        assert_eq!((&counts["created"], &counts["deleted"]), (&json!(12), &json!(12)), "{flags:?} {says_end}");
        undone.expect_code(0);
        assert_eq!(sandbox.column("external_id"), ["user_000011"], "the stranger's own");
    }
}

#[test]
fn everything_that_a_run_created_is_deleted_after_its_journal_lost_its_end() {
    for (bytes_left, command) in [(None, "resume"), (None, "undo"), (Some(0), "import"), (Some(8), "undo")] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        let file = scratch.write("users.json", include_str!("../../fixtures/clerk_users.json"));
        let run = scratch.import(&sandbox, &file, &[]);
        let (id, created) = (run_id(&run), run.count("created"));
        assert_eq!(created, 48);
        let directory = scratch.path(&format!(".avnology/runs/{id}"));
        let journal = std::fs::OpenOptions::new().write(true).open(directory.join("journal")).expect("a journal");
        let length = journal.metadata().expect("a file").len();
        journal.set_len(bytes_left.unwrap_or(length - 600)).expect("it is cut");
        std::fs::remove_file(directory.join("report.json")).expect("there was a report");
        let what = format!("{bytes_left:?} {command}");
        if command != "undo" {
            let arguments: &[&str] = if command == "resume" {
                &["migrate", "clerk", "resume", &id, "--output", "json", "--progress", "none"]
            } else {
                &["migrate", "clerk", "--import", &file, "--output", "json", "--progress", "none"]
            };
            let mut again = scratch.avnology(arguments);
            again.env("AVNOLOGY_SECRET_KEY", &sandbox.key);
            if command == "import" {
                again.env("AVNOLOGY_BASE_URL", sandbox.base_url());
            }
            let again = Run::of(again.output().expect("the binary runs"));
            assert_eq!((run_id(&again), again.count("created")), (id.clone(), 48), "{what}: {}", again.stderr);
        }
        let undone = scratch.undo(&sandbox, &id, &["--yes"]);
        let counts = &undone.report()["counts"];
        assert_eq!((&counts["created"], &counts["deleted"]), (&json!(48), &json!(48)), "{what}: {}", undone.stderr);
        assert_eq!(sandbox.column("id").len(), 0, "{what}");
        undone.expect_code(0);
    }
}

#[test]
fn gone_identities_stay_gone_if_another_run_created_the_same_users() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let file = scratch.write("users.json", export((0..5).map(user)));
        let first = run_id(&scratch.import(&sandbox, &file, &[]).expect_code(0));
        scratch.undo(&sandbox, &first, &["--yes"]).expect_code(0);
        let second = scratch.import(&sandbox, &file, &[]).expect_code(0);
        assert_eq!(second.count("created"), 5);
        let again = scratch.undo(&sandbox, &first, &["--yes"]);
        let counts = &again.report()["counts"];
        assert_eq!((&counts["gone_already"], &counts["kept_not_ours"]), (&json!(5), &json!(0)), "{flags:?}");
        again.expect_code(0);
        assert_eq!(sandbox.column("id").len(), 5, "those of the other run stay");
        let listed = scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0);
        let listed: serde_json::Value = serde_json::from_str(&listed.stdout).expect("runs");
        let undone = listed.as_array().expect("runs").iter().find(|run| run["id"] == first.as_str());
        assert_eq!(undone.map(|run| &run["undone"]["deleted"]), Some(&json!(5)), "{listed}");
    }
}

#[test]
fn undoing_a_run_that_only_updated_says_so() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..5).map(user)));
    let first = scratch.import(&sandbox, &file, &[]).expect_code(0);
    let file = scratch.write("changed.json", export((0..5).map(with_external_id)));
    let updating = scratch.import(&sandbox, &file, &["--on-existing", "update"]).expect_code(0);
    let id = run_id(&updating);
    // The question names the first run's moment to the second.
    let first = first.report()["run"].as_str().expect("a run").to_owned();
    let mut asked = scratch.avnology(&["migrate", "clerk", "undo", &first]);
    let mut terminal = Terminal::start(asked.env("AVNOLOGY_SECRET_KEY", &sandbox.key));
    terminal.wait_for("Delete them? [y/N] ");
    terminal.type_line("n");
    let (code, screen) = terminal.end();
    assert_eq!((code, screen.contains(" UTC created 5 identities at")), (Some(2), true), "{screen}");
    // Without `--yes`: nothing is at stake, so nobody is asked.
    let mut undo = scratch.avnology(&["migrate", "clerk", "undo", &id]);
    let undone = Run::of(undo.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("it runs")).expect_code(0);
    let said = format!("{}{}", undone.stdout, undone.stderr);
    assert!(said.contains(&format!("Run {id} had created no identities")), "{said}");
    assert!(said.contains("5 updated by the run: undo takes no update back"), "{said}");
    assert_eq!(scratch.undo(&sandbox, &id, &["--yes"]).expect_code(0).report()["updated"], 5);
}

#[test]
fn undo_needs_no_way_to_the_export() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..3).map(user)));
    let id = run_id(&scratch.import(&sandbox, &file, &[]).expect_code(0));
    let path = format!(".avnology/runs/{id}/run.json");
    let mut record: serde_json::Value = serde_json::from_str(&scratch.read(&path)).expect("a record");
    // The run of another build, whose export lies in a store that this one cannot read.
    record["inputs"][0]["path"] = json!("s3://bucket/users.json");
    scratch.write(&path, record.to_string());
    let undone = scratch.undo(&sandbox, &id, &["--yes"]).expect_code(0);
    assert_eq!(undone.report()["counts"]["deleted"], 3);
}

#[test]
fn a_dry_run_shows_what_an_undo_would_delete_and_deletes_nothing() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let hash = bcrypt::hash("a good password", 4).expect("a hash");
        let users = (0..20).map(|number| user(number).replacen('{', &format!("{{\"password_digest\":\"{hash}\","), 1));
        let file = scratch.write("users.json", export(users));
        let run = scratch.import(&sandbox, &file, &["--rate", "1000/s"]).expect_code(0).report();
        let run = run["run"].as_str().expect("a run");
        for number in [3, 4, 5] {
            assert_eq!(sandbox.sign_in(&format!("user{number}@example.com"), "a good password").0, 201);
        }
        {
            let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
            for change in [
                "UPDATE identities SET update_time = '2027-01-01T00:00:00Z' WHERE external_id IN ('user_000005', 'user_000006')",
                "DELETE FROM identities WHERE external_id = 'user_000007'",
            ] {
                assert!(database.execute(change, []).expect(change) > 0);
            }
        }
        let state = || {
            let mut files = Vec::new();
            for entry in std::fs::read_dir(scratch.path(".avnology/runs").join(run)).expect("a run") {
                let path = entry.expect("a file").path();
                // That the run is looked at is in its lock.
                if path.ends_with("lock") {
                    continue;
                }
                files.push((path.clone(), std::fs::read(path).expect("its content")));
            }
            files.sort();
            (sandbox.identities(), files)
        };
        let before = state();
        let counts = |more: &[&str], code| {
            let report = scratch.undo(&sandbox, run, more).expect_code(code).report();
            assert_eq!(
                report["dry_run"],
                serde_json::Value::from(more.contains(&"--dry-run").then_some(true)),
                "{report}"
            );
            ["deleted", "signed_in", "gone_already", "kept_changed"]
                .map(|name| report["counts"][name].as_u64().unwrap_or_default())
        };
        // It asks nobody, with or without a terminal.
        assert_eq!(counts(&["--dry-run"], 3), [17, 2, 1, 2]);
        assert_eq!(counts(&["--dry-run", "--force"], 0), [19, 3, 1, 0]);
        assert_eq!(state(), before, "nothing was deleted, and nothing was written");
        let mut command = scratch.avnology(&["migrate", "clerk", "undo", run, "--dry-run"]);
        let said = Run::of(command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs")).stderr;
        for line in [
            "Dry run: nothing was deleted.",
            "              17 would be deleted\n",
            "               2   of these have signed in since\n",
            "               2 would be kept: changed since (--force deletes them too)\n",
        ] {
            assert!(said.contains(line), "{line}{said}");
        }
        assert!(!said.contains("does not say whether"), "{said}");
        assert_eq!(counts(&["--yes"], 3), [17, 2, 1, 2]);
    }
}

#[test]
fn where_nothing_of_a_run_is_at_the_target_nothing_is_noted_as_undone() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..30).map(user)));
    let run = run_id(&scratch.import(&sandbox, &file, &[]).expect_code(0));
    let undo = |more: &[&str]| scratch.undo(&sandbox, &run, &[&["--yes"], more].concat());
    let undone = || scratch.path(&format!(".avnology/runs/{run}/undone.json")).exists();
    // As behind the key of another tenant.
    let away = rusqlite::Connection::open(&sandbox.database).expect("the database");
    away.execute_batch("CREATE TABLE away AS SELECT * FROM identities; DELETE FROM identities").expect("they go");
    let looked = undo(&["--dry-run"]).expect_code(0);
    assert!(looked.stderr.contains("another tenant"), "{}", looked.stderr);
    for _ in 0..2 {
        let refused = undo(&[]).expect_code(2);
        assert!(refused.stderr.contains("of 30 identities that the run created, none"), "{}", refused.stderr);
        assert!(!undone(), "the run is as it was");
    }
    away.execute_batch("INSERT INTO identities SELECT * FROM away LIMIT 10").expect("some come back");
    let counts = &undo(&[]).expect_code(0).report()["counts"];
    assert_eq!((&counts["deleted"], &counts["gone_already"]), (&10.into(), &20.into()));
    // Once it was begun, it may be repeated.
    undo(&[]).expect_code(0);
    std::fs::remove_file(scratch.path(&format!(".avnology/runs/{run}/undone.json"))).expect("it goes");
    undo(&["--force"]).expect_code(2);
    undo(&["--even-if-gone"]).expect_code(0);
    assert!(undone());
}

#[test]
fn users_whom_a_run_disabled_are_enabled_at_the_right_target_after_the_wrong_one() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let night = |users: std::ops::Range<usize>| {
        let file = scratch.write("users.json", export(users.map(user)));
        let more = ["--new-run", "--on-missing", "disable", "--max-missing", "50"];
        run_id(&scratch.import(&sandbox, &file, &more).expect_code(0))
    };
    night(0..10);
    let run = night(2..10);
    let is_active = || sandbox.column("state").iter().filter(|state| *state == "active").count();
    assert_eq!(is_active(), 8);
    let away = rusqlite::Connection::open(&sandbox.database).expect("the database");
    away.execute_batch("CREATE TABLE away AS SELECT * FROM identities; DELETE FROM identities").expect("they go");
    for _ in 0..2 {
        let refused = scratch.undo(&sandbox, &run, &["--yes"]).expect_code(2);
        assert!(refused.stderr.contains("of 2 users whom the run disabled, none"), "{}", refused.stderr);
    }
    away.execute_batch("INSERT INTO identities SELECT * FROM away").expect("they come back");
    assert_eq!(scratch.undo(&sandbox, &run, &["--yes"]).expect_code(0).report()["enabled"], 2);
    assert_eq!(is_active(), 10);
}

#[test]
fn of_shards_one_that_is_there_is_enough() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..1_200).map(user)));
    let shards = ["1/2", "2/2"]
        .map(|shard| run_id(&scratch.import(&sandbox, &file, &["--new-run", "--shard", shard]).expect_code(0)));
    scratch.run(&["migrate", "clerk", "runs", "merge"]).expect_code(0);
    let merged = format!("{}-merged", shards[0].strip_suffix("-1of2").expect("the first shard"));
    let away = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let first_shard = "DELETE FROM identities WHERE external_id < 'user_001000'";
    assert_eq!(away.execute(first_shard, []).expect("they go"), 1_000);
    scratch.undo(&sandbox, &merged, &["--yes"]).expect_code(0);
    assert_eq!(sandbox.column("id"), [""; 0]);
    for run in &shards {
        assert!(scratch.path(&format!(".avnology/runs/{run}/undone.json")).exists());
    }
}

#[test]
fn the_report_of_an_undo_is_what_it_prints() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..5).map(user)));
    let id = run_id(&scratch.import(&sandbox, &file, &[]).expect_code(0));
    let read = |name: &str| serde_json::from_str::<serde_json::Value>(&scratch.read(name)).expect("JSON");
    let refused = scratch.undo(&sandbox, &id, &["--yes", "--report", "undo.html"]).expect_code(2);
    assert!(refused.stderr.contains("a page of an import and of a dry run only"), "{}", refused.stderr);
    for more in [&["--dry-run", "--report", "undo.json"][..], &["--yes", "--report", "undo.json"]] {
        let run = scratch.undo(&sandbox, &id, more).expect_code(0);
        assert_eq!((read("undo.json"), read("undo.json")["counts"]["deleted"].as_u64()), (run.report(), Some(5)));
    }
    // Of several shards, each.
    let shards = ["1/2", "2/2"].map(|shard| {
        run_id(&scratch.import(&sandbox, &file, &["--new-run", "--recheck", "--shard", shard]).expect_code(0))
    });
    scratch.run(&["migrate", "clerk", "runs", "merge"]).expect_code(0);
    let merged = format!("{}-merged", shards[0].strip_suffix("-1of2").expect("the first shard"));
    scratch.undo(&sandbox, &merged, &["--yes", "--report", "undo.json"]).expect_code(0);
    let reports = read("undo.json");
    let runs: Vec<_> = reports.as_array().expect("a report of each").iter().map(|report| &report["run"]).collect();
    assert_eq!(runs, shards.iter().collect::<Vec<_>>());
}

#[test]
fn deletions_that_fail_for_a_while_are_made() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "off", "--fault", "item-error=0.1"]);
    let file = scratch.write("users.json", export((0..60).map(user)));
    let run = run_id(&scratch.import(&sandbox, &file, &["--rate", "1000/s"]).expect_code(0));
    let undone = scratch.undo(&sandbox, &run, &["--yes"]).expect_code(0).report();
    assert_eq!((&undone["counts"]["deleted"], &undone["counts"]["failed"]), (&60.into(), &0.into()), "{undone}");
}

#[test]
fn deletions_that_are_refused_for_want_of_a_permission_stop_undo() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "off"]);
    let may_delete = Arc::new(AtomicBool::new(false));
    let may = Arc::clone(&may_delete);
    let url = proxy(&sandbox.base_url(), move |head, _| {
        let refused = r#"{"status":"error","error":{"code":"AVNOLOGY_AUTH_100"}}"#;
        let answer = || http("200 OK", "", &format!("{{\"results\":[{}]}}", [refused; 20].join(",")));
        let deletes = head.starts_with("POST /v1/identities:batchDelete");
        if deletes && !may.load(Ordering::Relaxed) { Way::Instead(answer()) } else { Way::Through }
    });
    let file = scratch.write("users.json", export((0..20).map(user)));
    let run = run_id(&scratch.import(&sandbox, &file, &["--base-url", &url]).expect_code(0));
    let undone = scratch.undo(&sandbox, &run, &["--yes"]).expect_code(6);
    assert!(undone.stderr.contains("lacks a permission"), "{}", undone.stderr);
    may_delete.store(true, Ordering::Relaxed);
    scratch.undo(&sandbox, &run, &["--yes"]).expect_code(0);
    assert_eq!(sandbox.column("id"), Vec::<String>::new());
}
