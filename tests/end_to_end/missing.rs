//! Users who are no longer in the export: reported, disabled, and enabled again when they are back.

use crate::support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
        let told = night(&some, &["--on-missing", "report"]).expect_code(0);
        assert_counts(&told, &[("known", 10), ("missing", 3), ("disabled", 0)]);
        assert_eq!(disabled(&sandbox), Vec::<String>::new());
        let file = missing(&told)["file"].as_str().expect("a file").to_owned();
        let mut named: Vec<String> = lines(&scratch.path(&file))
            .iter()
            .map(|line| line["clerk_id"].as_str().expect("an id").to_owned())
            .collect();
        named.sort();
        assert_eq!(named, [id(0), id(1), id(2)]);

        // One of them is gone at the target, and another one there is somebody else's by now.
        change(&sandbox, &format!("DELETE FROM identities WHERE external_id = '{}'", id(1)));
        change(
            &sandbox,
            &format!(
                "UPDATE identities SET admin_metadata = '{{\"clerk\":{{\"id\":\"user_other\"}}}}' WHERE external_id = '{}'",
                id(2)
            ),
        );
        let night_2 = night(&some, &DISABLE).expect_code(0);
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
    let told = scratch.import(&sandbox, &file, &["--on-missing", "report"]).expect_code(0);
    assert_counts(&told, &[("missing", 20), ("disabled", 0)]);
    assert_eq!((told.count("created"), disabled(&sandbox).len()), (1, 0));

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

    for part in [&["--limit", "5"][..], &["--shard", "1/2"], &["--sample", "3"]] {
        let run = scratch.import(&sandbox, &file, &[&DISABLE[..], part].concat()).expect_code(2);
        assert!(run.stderr.contains("--on-missing needs all users"), "{}", run.stderr);
    }
    let rejects = run.report()["rejects_file"].as_str().expect("a file").to_owned();
    let mended = scratch.import(&sandbox, &rejects, &DISABLE).expect_code(2);
    assert!(mended.stderr.contains("needs the whole export"), "{}", mended.stderr);
    assert_eq!(disabled(&sandbox).len(), 0);
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
        assert_eq!(broken_off.count("created"), 1, "the import itself is done: {}", broken_off.stderr);
        assert_eq!(disabled(&sandbox), [id(0)], "{flags:?}");
        is_down.store(false, Ordering::Relaxed);
        let goes_on = import(&[]).expect_code(0);
        assert_eq!(run_id(&goes_on), run_id(&broken_off));
        assert_counts(&goes_on, &[("missing", 4), ("disabled", 4), ("disabled_by_others", 0)]);
        assert_eq!(disabled(&sandbox), [id(0), id(1), id(2), id(3)], "{flags:?}");
        let undone = scratch.undo(&sandbox, &run_id(&goes_on), &["--yes"]).expect_code(0);
        assert_eq!(undone.report()["enabled"], 4);
        assert_eq!(disabled(&sandbox), Vec::<String>::new(), "{flags:?}");
    }
}
