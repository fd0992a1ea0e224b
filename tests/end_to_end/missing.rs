//! Users who are no longer in the export: reported, disabled, and enabled again when they are back.

use crate::support;

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use avnology_migrate::human;
use serde_json::{Value, json};
use support::target::{Way, proxy};
use support::{Run, Sandbox, Scratch, export, lines, user};

const DISABLE: [&str; 4] = ["--on-missing", "disable", "--max-missing", "50"];

fn missing(run: &Run) -> Value {
    run.report()["missing"].clone()
}

/// Fails if the account of the missing says something else of these.
#[track_caller]
fn assert_counts(run: &Run, expected: &[(&str, u64)]) {
    let report = missing(run);
    for (name, number) in expected {
        assert_eq!(report[name], *number, "{name} of {report}\n{}", run.stderr);
    }
}

fn run_id(run: &Run) -> String {
    run.report()["run"].as_str().expect("a run").to_owned()
}

/// The users who may not sign in, by their external ids.
fn disabled(sandbox: &Sandbox) -> Vec<String> {
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let mut statement = database
        .prepare("SELECT external_id FROM identities WHERE state = 'disabled' ORDER BY external_id")
        .expect("the identities");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("readable rows")
}

fn change(sandbox: &Sandbox, sql: &str) {
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    assert_eq!(database.execute(sql, []).expect(sql), 1, "{sql}");
}

fn id(number: usize) -> String {
    format!("user_{number:06}")
}

#[test]
fn users_who_left_are_named_then_disabled_and_enabled_when_they_are_back() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let night = |users: &[usize], more: &[&str]| {
            let file = scratch.write("users.json", export(users.iter().map(|number| user(*number))));
            scratch.import(&sandbox, &file, more)
        };
        // Somebody else's identity, under an external id that a user of this export once had.
        let theirs = json!({ "identity": { "external_id": "theirs", "email": "theirs@example.com" } });
        assert_eq!(post(&sandbox, "v1/identities", &theirs), 201);
        let all: Vec<usize> = (0..10).collect();
        let first = night(&all, &DISABLE).expect_code(0);
        assert_counts(&first, &[("known", 0), ("missing", 0), ("disabled", 0)]);

        let some: Vec<usize> = (3..10).collect();
        let rehearsal = night(&some, &[&DISABLE[..], &["--dry-run", "--check-target"]].concat()).expect_code(0);
        assert_counts(&rehearsal, &[("known", 10), ("missing", 3), ("disabled", 0)]);
        let reported = night(&some, &["--on-missing", "report"]).expect_code(0);
        assert_counts(&reported, &[("known", 10), ("missing", 3), ("disabled", 0)]);
        assert_eq!(disabled(&sandbox), Vec::<String>::new());
        let file = missing(&reported)["file"].as_str().expect("a file").to_owned();
        let mut named: Vec<String> = lines(&scratch.path(&file))
            .iter()
            .map(|line| line["clerk_id"].as_str().expect("an id").to_owned())
            .collect();
        named.sort();
        assert_eq!(named, [id(0), id(1), id(2)]);
        assert_page(&scratch, &reported, "3 of 10 whom earlier runs created are no longer in the export", &[]);
        assert_eq!(exported(&scratch, &reported), [0, 1, 2].map(|number| (id(number), "missing".to_owned())));
        assert_eq!(exported(&scratch, &first), []);

        // One of them is gone at the target, and another one there is somebody else's by now.
        change(&sandbox, &format!("DELETE FROM identities WHERE external_id = '{}'", id(1)));
        change(
            &sandbox,
            &format!(
                "UPDATE identities SET admin_metadata = '{{\"clerk\":{{\"id\":\"user_other\"}}}}' WHERE external_id = '{}'",
                id(2)
            ),
        );
        let night_2 = night(&some, &[&DISABLE[..], &["--report-personal-data"]].concat()).expect_code(0);
        assert_page(&scratch, &night_2, "disabled at the target; undo", &[id(0), id(1), id(2)]);
        let outcomes = ["disabled", "left", "left"].map(str::to_owned);
        assert_eq!(exported(&scratch, &night_2), [id(0), id(1), id(2)].into_iter().zip(outcomes).collect::<Vec<_>>());
        assert_shown(&scratch, &night_2, &json!({"missing": 3, "disabled": 1, "left": 2, "enabled": 0}));
        assert_counts(&night_2, &[("missing", 3), ("disabled", 1), ("gone", 1), ("not_proven", 1)]);
        assert_eq!(disabled(&sandbox), [id(0)], "{flags:?}");
        // What is settled is not asked about again.
        let night_3 = night(&some, &DISABLE).expect_code(0);
        assert_counts(&night_3, &[("missing", 0), ("settled_before", 3), ("disabled", 0)]);

        // Back again, while another one leaves.
        let back: Vec<usize> = [0].into_iter().chain(4..10).collect();
        let night_4 = night(&back, &DISABLE).expect_code(0);
        assert_counts(&night_4, &[("missing", 1), ("disabled", 1), ("enabled", 1), ("settled_before", 2)]);
        assert_eq!(disabled(&sandbox), [id(3)], "{flags:?}");
        assert_shown(&scratch, &night_4, &json!({"missing": 1, "disabled": 1, "left": 0, "enabled": 1}));

        // Undoing the run that disabled somebody enables that one, and nobody else.
        let preview = scratch.undo(&sandbox, &run_id(&night_4), &["--dry-run"]).expect_code(0);
        assert_eq!(preview.report()["enabled"], 1);
        assert_eq!(disabled(&sandbox), [id(3)]);
        let undone = scratch.undo(&sandbox, &run_id(&night_4), &["--yes"]).expect_code(0);
        assert_eq!((&undone.report()["enabled"], &undone.report()["counts"]["deleted"]), (&json!(1), &json!(0)));
        assert_eq!(disabled(&sandbox), Vec::<String>::new());
        assert_eq!(sandbox.column("external_id").len(), 10, "nobody is deleted, and what was theirs is theirs");
    }
}

/// The page of a run says this of the missing, and names these people and nobody else.
#[track_caller]
fn assert_page(scratch: &Scratch, run: &Run, fact: &str, named: &[String]) {
    let page = scratch.read(&format!(".avnology/runs/{}/report.html", run_id(run)));
    assert!(page.contains("Users who are no longer in the export") && page.contains(fact), "{fact}: {page}");
    for user in (0..10).map(id) {
        assert_eq!(page.contains(&user), named.contains(&user), "{user}: {page}");
    }
}

/// Who is in the list of a run, by the id at Clerk, and what became of them.
#[track_caller]
fn exported(scratch: &Scratch, run: &Run) -> Vec<(String, String)> {
    let list = ["migrate", "clerk", "runs", "export", &run_id(run), "--users", "missing", "--out", "missing.ndjson"];
    scratch.run(&list).expect_code(0);
    let mode = std::fs::metadata(scratch.path("missing.ndjson")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let listed = lines(&scratch.path("missing.ndjson"));
    let mut found: Vec<_> = listed.iter().map(|line| (text(&line["clerk_id"]), text(&line["outcome"]))).collect();
    found.sort();
    found
}

/// `runs show` has these counts, for programs and for people, and names nobody.
#[track_caller]
fn assert_shown(scratch: &Scratch, run: &Run, expected: &Value) {
    let show = |more: &[&str]| {
        let show = ["migrate", "clerk", "runs", "show", &run_id(run)];
        scratch.run(&[&show[..], more].concat()).expect_code(0).stdout
    };
    let shown: Value = serde_json::from_str(&show(&["--output", "json"])).expect("a run");
    assert_eq!(&shown["missing"], expected);
    let text = show(&[]);
    let number = expected["missing"].as_u64().expect("a count");
    assert!(text.contains(&format!("{} no longer in the export, ", human::plural(number, "user"))), "{text}");
    assert!(!text.contains("user_0000"), "{text}");
}

/// Posts with the key of the sandbox; the status.
fn post(sandbox: &Sandbox, path: &str, body: &Value) -> u16 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = client
            .post(format!("{}/{path}", sandbox.base_url()))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", sandbox.key))
            .body(body.to_string());
        request.send().await.expect("an answer").status().as_u16()
    })
}

#[test]
fn nobody_is_disabled_if_the_export_may_be_wrong() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..40).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let before = sandbox.identities();

    // Half of the export is missing: nothing is sent, not even who is new.
    scratch.write("users.json", export((20..41).map(user)));
    let refused = scratch.import(&sandbox, &file, &["--on-missing", "disable"]).expect_code(5);
    assert!(refused.stderr.contains("--max-missing") && refused.stderr.contains("20 of 40"), "{}", refused.stderr);
    let rehearsed = ["--on-missing", "disable", "--dry-run", "--check-target"];
    assert!(scratch.import(&sandbox, &file, &rehearsed).expect_code(5).stderr.contains("20 of 40"));
    assert_eq!(sandbox.identities(), before);
    // So it is in a report alone: that sends what is there, and disables nobody.
    let reported = scratch.import(&sandbox, &file, &["--on-missing", "report"]).expect_code(0);
    assert_counts(&reported, &[("missing", 20), ("disabled", 0)]);
    assert_eq!((reported.count("created"), disabled(&sandbox).len()), (1, 0));

    // A record without a readable id can be anybody's.
    let broken = "{\"first_name\":\"N\"}".to_owned();
    scratch.write("users.json", export((1..41).map(user).chain([broken])));
    let open = scratch.import(&sandbox, &file, &DISABLE).expect_code(3);
    assert_counts(&open, &[("missing", 1), ("records_without_id", 1), ("disabled", 0)]);
    assert_eq!(disabled(&sandbox).len(), 0);
    // A user whose record is rejected is in the export all the same.
    let rejected = user(0).replace("user0@example.com", "no address");
    scratch.write("users.json", export((1..41).map(user).chain([rejected])));
    let run = scratch.import(&sandbox, &file, &DISABLE).expect_code(3);
    assert_counts(&run, &[("missing", 0), ("records_without_id", 0)]);

    a_run_that_cannot_be_read_is_needed(&scratch, &sandbox, &file, &run);
    parts_are_refused(&scratch, &sandbox, &file);
    let rejects = run.report()["rejects_file"].as_str().expect("a file").to_owned();
    let mended = scratch.import(&sandbox, &rejects, &DISABLE).expect_code(2);
    assert!(mended.stderr.contains("needs the whole export"), "{}", mended.stderr);
    // Nor are packed ones an export.
    let packed = std::fs::File::create(scratch.path("rejects.ndjson.gz")).expect("a file");
    let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::default());
    packed.write_all(scratch.read(&rejects).as_bytes()).and_then(|()| packed.finish().map(drop)).expect("it is packed");
    let all = ["--on-missing", "disable", "--max-missing", "100"];
    let mended = scratch.import(&sandbox, "rejects.ndjson.gz", &all).expect_code(2);
    assert!(mended.stderr.contains("needs the whole export"), "{}", mended.stderr);
    assert_eq!(disabled(&sandbox).len(), 0);
}

/// What an earlier run created, disabled or left to others is in its files alone.
#[track_caller]
fn a_run_that_cannot_be_read_is_needed(scratch: &Scratch, sandbox: &Sandbox, file: &str, run: &Run) {
    for name in ["run.json", "journal"] {
        let path = scratch.path(&format!(".avnology/runs/{}/{name}", run_id(run)));
        let whole = std::fs::read(&path).expect(name);
        std::fs::write(&path, [b"damaged", &whole[7..]].concat()).expect(name);
        let stopped = scratch.import(sandbox, file, &[&["--new-run"][..], &DISABLE].concat()).expect_code(2);
        assert!(stopped.stderr.contains(&format!("{}` away", run_id(run))), "{name}: {}", stopped.stderr);
        std::fs::write(&path, whole).expect(name);
    }
}

/// Of a part of the users nobody knows who is missing.
#[track_caller]
fn parts_are_refused(scratch: &Scratch, sandbox: &Sandbox, file: &str) {
    let organizations = scratch.write("organizations.json", "[]");
    for part in [
        &["--limit", "5"][..],
        &["--skip", "5"],
        &["--sample", "3"],
        &["--only", "user_000001"],
        &["--where", "$.id"],
        &["--shard", "1/2"],
        &["--organizations", &organizations, "--steps", "organizations"],
        &["--import", "-"],
        &["--import", "/dev/stdin"],
    ] {
        for rule in ["report", "disable"] {
            let run = scratch.import(sandbox, file, &[part, &["--on-missing", rule]].concat()).expect_code(2);
            assert!(run.stderr.contains("--on-missing needs all users"), "{part:?}: {}", run.stderr);
        }
    }
    let halved = ["--on-missing", "disable", "--limit", "5", "--clerk-url", "http://127.0.0.1:9"];
    let mut command = scratch.import_command(sandbox, "clerk://", &halved);
    let refused = Run::of(command.env("CLERK_SECRET_KEY", "sk_test_none").output().expect("the binary runs"));
    assert!(refused.expect_code(2).stderr.contains("--on-missing needs all users"));
    // An export that says itself that users are not in it, by its directory and by its file.
    let before = sandbox.identities();
    for (fewer, said) in [
        (json!({"since": {"moment": "2026-11-01T00:00:00Z"}}), "has only users who are new or changed"),
        (json!({"differences": [{"kind": "users", "found": 39, "counted": 40}]}), "has 39 users, and Clerk counted 40"),
    ] {
        write_export(scratch, "tenant", &(0..40).map(user).collect::<Vec<_>>(), &json!({}));
        scratch.import(sandbox, "tenant", &[]).expect_code(0);
        write_export(scratch, "tenant", &[user(39)], &fewer);
        for input in ["tenant", "tenant/users.ndjson"] {
            for more in [&["--new-run"][..], &["--dry-run", "--check-target"]] {
                let rules = ["--on-missing", "disable", "--max-missing", "100"];
                let run = scratch.import(sandbox, input, &[&rules[..], more].concat()).expect_code(2);
                assert!(run.stderr.contains(said), "{input} {more:?}: {}", run.stderr);
            }
        }
    }
    assert_eq!(sandbox.identities(), before);
}

/// Writes what an export leaves in a directory, with these members in its manifest.
fn write_export(scratch: &Scratch, directory: &str, users: &[String], more: &Value) {
    std::fs::create_dir_all(scratch.path(directory)).expect("a directory");
    scratch.write(&format!("{directory}/users.ndjson"), users.join("\n") + "\n");
    let mut manifest = json!({
        "format": 1, "program": "test", "api": "http://127.0.0.1:9", "api_version": "2025-11-10",
        "instance": {"id": "ins_1", "environment_type": "production"},
        "started": "2026-11-23T03:10:00Z", "finished": "2026-11-23T03:11:00Z", "missing": [], "differences": [],
        "files": [{"kind": "users", "file": "users.ndjson", "records": users.len(), "bytes": 1, "sha256": ""}],
    });
    for (name, value) in more.as_object().expect("an object") {
        manifest[name] = value.clone();
    }
    scratch.write(&format!("{directory}/manifest.json"), manifest.to_string());
    scratch.note_in_manifest(directory);
}

/// What undo, and the night on which somebody is back, need to know goes only with a word; the counts stay in any case.
#[test]
fn pruning_keeps_whom_a_run_disabled_until_nobody_needs_it() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let night = |users: std::ops::Range<usize>| {
        let file = scratch.write("users.json", export(users.map(user)));
        scratch.import(&sandbox, &file, &DISABLE).expect_code(0)
    };
    night(0..6);
    let disabling = night(1..6);
    assert_eq!(disabled(&sandbox), [id(0)]);
    // A line that somebody damaged may say that the tool itself disabled a user: what to do is said.
    let states = scratch.path(&format!(".avnology/runs/{}/disabled.ndjson", run_id(&disabling)));
    let whole = std::fs::read(&states).expect("what the run did");
    std::fs::write(&states, [&whole[..], b"{}\n"].concat()).expect("a damaged line");
    let stopped = scratch.import(&sandbox, "users.json", &[&["--new-run"][..], &DISABLE].concat()).expect_code(2);
    assert!(stopped.stderr.contains("line 3 of") && stopped.stderr.contains("disabled.ndjson"), "{}", stopped.stderr);
    assert!(!stopped.stderr.contains("TMPDIR"), "{}", stopped.stderr);
    std::fs::write(&states, whole).expect("what the run did");
    let prune = |more: &[&str]| {
        let prune = ["migrate", "clerk", "runs", "prune", "--older-than", "0h"];
        scratch.run(&[&prune[..], more].concat()).expect_code(0).stdout
    };
    let text = prune(&[]);
    assert!(text.contains(&format!("{}: kept; it can be undone", run_id(&disabling))), "{text}");
    prune(&["--personal-data"]);
    let list = ["migrate", "clerk", "runs", "export", &run_id(&disabling), "--users", "missing"];
    let removed = scratch.run(&list).expect_code(2);
    assert!(removed.stderr.contains("was removed"), "{}", removed.stderr);
    let mut not_looked = list;
    let never = run_id(&scratch.import(&sandbox, "users.json", &["--new-run"]).expect_code(0));
    not_looked[4] = &never;
    let not_looked = scratch.run(&not_looked).expect_code(2);
    assert!(not_looked.stderr.contains("did not look for users"), "{}", not_looked.stderr);
    // Back again: the run that disabled the user is still known.
    assert_counts(&night(0..6), &[("enabled", 1)]);
    assert_eq!(disabled(&sandbox), Vec::<String>::new());
    night(1..6);
    prune(&["--personal-data", "--give-up-undo"]);
    assert_shown(&scratch, &disabling, &json!({"missing": 1, "disabled": 1, "left": 0, "enabled": 0}));
}

#[test]
fn whom_others_disabled_is_theirs_and_a_banned_user_stays_disabled() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let night = |users: BTreeMap<usize, String>| {
        let file = scratch.write("users.json", export(users.into_values()));
        scratch.import(&sandbox, &file, &DISABLE).expect_code(0)
    };
    let all = || (0..8).map(|number| (number, user(number))).collect::<BTreeMap<_, _>>();
    night(all());
    change(&sandbox, &format!("UPDATE identities SET state = 'disabled' WHERE external_id = '{}'", id(0)));
    let mut some = all();
    some.retain(|number, _| *number > 1);
    let gone = night(some);
    assert_counts(&gone, &[("missing", 2), ("disabled", 1), ("disabled_by_others", 1)]);
    // Both are back: the one was disabled by others, the other one is banned at Clerk.
    let mut back = all();
    back.insert(1, user(1).replacen('{', "{\"banned\":true,", 1));
    let back = night(back);
    assert_counts(&back, &[("missing", 0), ("enabled", 0)]);
    assert_eq!(disabled(&sandbox), [id(0), id(1)]);
    // A later run decided about them: undoing the one that disabled the user changes nothing any more.
    let undone = scratch.undo(&sandbox, &run_id(&gone), &["--yes"]).expect_code(0);
    assert_eq!(undone.report()["enabled"], Value::Null);
    assert_eq!(disabled(&sandbox), [id(0), id(1)]);
}

#[test]
fn a_run_that_broke_off_while_it_disabled_goes_on_where_it_was() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let (is_down, database) = (Arc::new(AtomicBool::new(false)), sandbox.database.clone());
        let is_down_here = Arc::clone(&is_down);
        // The target does what the first request asks for, its answer is lost, and then it is gone.
        let url = proxy(&sandbox.base_url(), move |head, _| {
            if !is_down_here.load(Ordering::Relaxed) || !head.contains(":deactivate ") {
                return Way::Through;
            }
            let id = head.split(['/', ':']).find(|part| part.starts_with("usr_")).expect("an id").to_owned();
            let database = rusqlite::Connection::open(&database).expect("the database");
            let sql = "UPDATE identities SET state = 'disabled' WHERE id = ?1 AND external_id = 'user_000000'";
            database.execute(sql, [id]).expect(sql);
            Way::Instead(String::new())
        });
        let import = |more: &[&str]| {
            let fixed = ["--base-url", &url, "--concurrency", "1", "--max-wait", "1"];
            scratch.import(&sandbox, "users.json", &[&DISABLE[..], &fixed, more].concat())
        };
        scratch.write("users.json", export((0..8).map(user)));
        import(&[]).expect_code(0);
        scratch.write("users.json", export((4..9).map(user)));
        is_down.store(true, Ordering::Relaxed);
        let broken_off = import(&[]).expect_code(7);
        assert_eq!(broken_off.count("created"), 1, "the import itself has finished: {}", broken_off.stderr);
        assert_eq!(disabled(&sandbox), [id(0)], "{flags:?}");
        is_down.store(false, Ordering::Relaxed);
        let goes_on = import(&[]).expect_code(0);
        assert_eq!(run_id(&goes_on), run_id(&broken_off));
        assert_counts(&goes_on, &[("missing", 4), ("disabled", 4), ("disabled_by_others", 0)]);
        assert_eq!(disabled(&sandbox), [id(0), id(1), id(2), id(3)], "{flags:?}");
        let undone = scratch.undo(&sandbox, &run_id(&goes_on), &["--yes"]).expect_code(0);
        assert_eq!(undone.report()["enabled"], 4);
        assert_eq!(disabled(&sandbox), Vec::<String>::new(), "{flags:?}");

        // A night that broke off just so, and its users are back on the next one, which is another run.
        is_down.store(true, Ordering::Relaxed);
        let broken_off = import(&["--new-run"]).expect_code(7);
        assert_eq!(disabled(&sandbox), [id(0)], "{flags:?}");
        is_down.store(false, Ordering::Relaxed);
        scratch.write("users.json", export((0..9).map(user)));
        let back = import(&["--new-run"]).expect_code(0);
        assert_ne!(run_id(&back), run_id(&broken_off));
        assert_counts(&back, &[("missing", 0), ("enabled", 1)]);
        assert_eq!(disabled(&sandbox), Vec::<String>::new(), "{flags:?}");
    }
}

/// Who leaves and comes back is asked about, and everybody else is known by the bytes of the record, as on any other night.
#[test]
fn whom_the_import_disabled_is_not_taken_for_unchanged_and_all_others_are() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let night = |users: std::ops::Range<usize>, more: &[&str]| {
        let file = scratch.write("users.json", export(users.map(user)));
        scratch.import(&sandbox, &file, &[more, &["-v"]].concat()).expect_code(0)
    };
    let mapped = |run: &Run| {
        let line =
            run.stderr.lines().find(|line| line.contains("not known by their bytes")).expect("a line of the log");
        line.split("records=").nth(1).and_then(|text| text.split(' ').next()?.parse::<u64>().ok()).expect("a number")
    };
    night(0..40, &DISABLE);
    night(0..40, &DISABLE);
    assert_eq!(mapped(&night(2..40, &DISABLE)), 0);
    assert_eq!(disabled(&sandbox), [id(0), id(1)]);
    assert_eq!(mapped(&night(2..40, &DISABLE)), 0);
    // A run that is not asked to look who is missing repairs them, too.
    let back = night(0..40, &["--on-existing", "update"]);
    assert_eq!((mapped(&back), back.count("updated")), (2, 2), "{}", back.stderr);
    assert_eq!(disabled(&sandbox), Vec::<String>::new());
}

#[test]
fn who_came_back_and_left_again_is_disabled_again() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let night = |users: std::ops::Range<usize>, more: &[&str]| {
            let file = scratch.write("users.json", export(users.map(user)));
            scratch.import(&sandbox, &file, &[more, &["--new-run"]].concat()).expect_code(0)
        };
        night(0..10, &DISABLE);
        let first = night(2..10, &DISABLE);
        assert_eq!(disabled(&sandbox), [id(0), id(1)]);
        // One is back in a run that does not look who is missing.
        let back = night(1..10, &["--on-existing", "update"]);
        assert_eq!(back.count("updated"), 1, "{}", back.stderr);
        assert_eq!(disabled(&sandbox), [id(0)]);
        let rehearsal = night(2..10, &[&DISABLE[..], &["--dry-run", "--check-target"]].concat());
        assert_counts(&rehearsal, &[("missing", 1), ("settled_before", 1)]);
        let again = night(2..10, &DISABLE);
        assert_counts(&again, &[("missing", 1), ("settled_before", 1), ("disabled", 1)]);
        assert_eq!(disabled(&sandbox), [id(0), id(1)], "{flags:?}");
        assert_counts(&night(2..10, &DISABLE), &[("missing", 0), ("settled_before", 2), ("disabled", 0)]);
        // One is back in a run that changes nobody, and stays disabled. A run that finds that does not undo it.
        night(1..10, &[]);
        let found = night(2..10, &DISABLE);
        assert_counts(&found, &[("missing", 1), ("disabled", 0), ("disabled_by_others", 1)]);
        scratch.undo(&sandbox, &run_id(&found), &["--yes", "--even-if-gone"]).expect_code(0);
        assert_eq!(disabled(&sandbox), [id(0), id(1)], "{flags:?}");
        // Of both, a later run than the first one decided about one.
        let first = scratch.undo(&sandbox, &run_id(&first), &["--dry-run"]).expect_code(0);
        assert_eq!(first.report()["enabled"], 1, "{}", first.stdout);
        // Undoing the run that disabled the user last enables that one.
        let undone = scratch.undo(&sandbox, &run_id(&again), &["--yes"]).expect_code(0);
        assert_eq!(undone.report()["enabled"], 1);
        assert_eq!(disabled(&sandbox), [id(0)], "{flags:?}");
    }
}
