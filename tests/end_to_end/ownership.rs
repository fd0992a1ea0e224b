//! Which run created an identity, what `undo` deletes, and what becomes of a run whose answers were lost: a run never claims
//! what others created, and `undo` never deletes it.

use crate::support;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use avnology_migrate::journal::{BatchPlan, Entry, Journal, RecordKey};
use serde_json::json;
use support::target::{Way, http, proxy};
use support::{Run, Sandbox, Scratch, export, lines, until, until_of, user};

/// Whether it is a request that creates users, and not one of the preflight.
fn creates(head: &str, body: &[u8]) -> bool {
    (head.starts_with("POST /v1/identities ") || head.starts_with("POST /v1/identities:batchCreate"))
        && !String::from_utf8_lossy(body).contains(r#""validate_only":true"#)
}

fn run_id(run: &Run) -> String {
    run.report()["run"].as_str().expect("a run").to_owned()
}

/// An import by another host, with run directories and locks of its own.
fn import_elsewhere(base_url: &str, key: &str, export: &str) -> Run {
    let elsewhere = Scratch::new();
    let file = elsewhere.write("users.json", export);
    let arguments = ["migrate", "clerk", "--import", &file, "--output", "json", "--progress", "none"];
    let mut command = elsewhere.avnology(&arguments);
    command.env("AVNOLOGY_SECRET_KEY", key).env("AVNOLOGY_BASE_URL", base_url);
    Run::of(command.output().expect("the binary runs"))
}

/// Fails if the run claims any of the users, or if undoing it deletes any.
#[track_caller]
fn assert_claims_nothing(scratch: &Scratch, sandbox: &Sandbox, run: &Run, users: u64, what: &str) {
    let counts = (run.count("created"), run.count("unchanged"), run.count("rejected"));
    assert_eq!(counts, (0, users, 0), "{what}: created, unchanged, rejected: {}", run.stderr);
    let undone = scratch.undo(sandbox, &run_id(run), &["--yes"]);
    assert_eq!(undone.report()["counts"]["deleted"], 0, "{what}: {}", undone.stdout);
    assert_eq!(sandbox.column("id").len() as u64, users, "{what}: all are there still");
}

#[test]
fn the_run_does_not_own_what_another_host_created_while_an_answer_was_lost() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let (base_url, key) = (sandbox.base_url(), sandbox.key.clone());
        let first = AtomicBool::new(true);
        let url = proxy(&sandbox.base_url(), move |head, body| {
            if !creates(head, body) || !first.swap(false, Ordering::Relaxed) {
                return Way::Through;
            }
            // The request never arrives, and meanwhile another host imports the same export.
            import_elsewhere(&base_url, &key, &export((0..20).map(user))).expect_code(0);
            Way::Instead(String::new())
        });
        let file = scratch.write("users.json", export((0..20).map(user)));
        let run = scratch.import(&sandbox, &file, &["--base-url", &url, "--concurrency", "1"]).expect_code(0);
        assert_claims_nothing(&scratch, &sandbox, &run, 20, &format!("{flags:?}"));
    }
}

#[test]
fn the_run_does_not_own_what_a_run_two_seconds_ago_created() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..20).map(user)));
    let first = AtomicBool::new(true);
    let url = proxy(&sandbox.base_url(), move |head, body| {
        let is_lost = creates(head, body) && first.swap(false, Ordering::Relaxed);
        if is_lost { Way::Instead(String::new()) } else { Way::Through }
    });
    import_elsewhere(&sandbox.base_url(), &sandbox.key, &export((0..20).map(user))).expect_code(0);
    let run = scratch.import(&sandbox, &file, &["--base-url", &url]).expect_code(0);
    assert_claims_nothing(&scratch, &sandbox, &run, 20, "a run right before");
}

#[test]
fn clocks_that_are_wrong_decide_nothing() {
    let hours = |hours: i64| jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
    let target_date = hours(-3).strftime("date: %a, %d %b %Y %H:%M:%S GMT").to_string();
    // The clocks of importer and target differ by three hours; the target dates what it creates hours ahead.
    for (what, date, created) in
        [("clocks apart", Some(target_date), hours(-1)), ("creation times ahead", None, hours(5))]
    {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        import_elsewhere(&sandbox.base_url(), &sandbox.key, &export((0..20).map(user))).expect_code(0);
        let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
        let changed =
            database.execute("UPDATE identities SET create_time = ?1, update_time = ?1", [created.to_string()]);
        assert_eq!(changed.expect("times are changed"), 20);
        let first = AtomicBool::new(true);
        let url = proxy(&sandbox.base_url(), move |head, body| {
            if creates(head, body) && first.swap(false, Ordering::Relaxed) {
                return Way::Instead(String::new());
            }
            let date = date.clone();
            Way::Afterwards(Box::new(move |answer: String| {
                let Some(date) = date else { return answer };
                let dated = answer.lines().find(|line| line.to_lowercase().starts_with("date:")).map(str::to_owned);
                dated.map_or(answer.clone(), |dated| answer.replacen(dated.trim_end(), &date, 1))
            }))
        });
        let file = scratch.write("users.json", export((0..20).map(user)));
        let run = scratch.import(&sandbox, &file, &["--base-url", &url]).expect_code(0);
        assert_claims_nothing(&scratch, &sandbox, &run, 20, what);
    }
}

/// Kills an import at a moment when `is_time` returns true.
fn kill_when(mut importer: Child, is_time: impl Fn() -> bool) {
    until_of(&mut importer, "the moment never came", is_time);
    importer.kill().expect("it can be killed");
    importer.wait().expect("it ends");
}

fn start(scratch: &Scratch, sandbox: &Sandbox, file: &str, more: &[&str]) -> Child {
    let mut command = scratch.import_command(sandbox, file, more);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
}

/// A proxy that loses requests: its address, how many it saw, and a switch that repairs it.
struct Losing {
    url: String,
    seen: Arc<AtomicUsize>,
    broken: Arc<AtomicBool>,
    /// The first external id of each unanswered request. The last one is that of the request that the target carried out.
    lost: Arc<Mutex<Vec<String>>>,
}

/// The external id of the first user in a request.
fn first_external_id(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let (_, id) = body.split_once(r#""external_id":""#).expect("a user");
    id.split('"').next().unwrap_or_default().to_owned()
}

/// A proxy that passes on requests that create users, for a while. From number `lost` on it answers none. It passes that one
/// on if `carried_out` says so, and drops the ones after it.
fn losing_proxy(sandbox: &Sandbox, lost: usize, carried_out: bool) -> Losing {
    let (seen, broken, not_answered) = (Arc::default(), Arc::new(AtomicBool::new(true)), Arc::default());
    let losing = Losing { url: String::new(), seen, broken, lost: not_answered };
    let (count, is_broken, next) = (Arc::clone(&losing.seen), Arc::clone(&losing.broken), AtomicUsize::new(0));
    let not_answered = Arc::clone(&losing.lost);
    let url = proxy(&sandbox.base_url(), move |head, body| {
        if !creates(head, body) || !is_broken.load(Ordering::Relaxed) {
            return Way::Through;
        }
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number == lost && carried_out {
            let (count, not_answered, id) = (Arc::clone(&count), Arc::clone(&not_answered), first_external_id(body));
            return Way::Afterwards(Box::new(move |_| {
                not_answered.lock().expect("the list").push(id);
                count.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_mins(10));
                String::new()
            }));
        }
        if number >= lost {
            not_answered.lock().expect("the list").insert(0, first_external_id(body));
        }
        count.fetch_add(1, Ordering::Relaxed);
        if number < lost { Way::Through } else { Way::Silence { committed: false } }
    });
    Losing { url, ..losing }
}

#[test]
fn the_run_does_not_own_what_another_host_created_while_it_was_in_doubt() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let text = export((0..60).map(user));
        let file = scratch.write("users.json", &text);
        let Losing { url, seen, broken, .. } = losing_proxy(&sandbox, 0, false);
        let options = ["--base-url", &url, "--rate", "1000/s"];
        let importer = start(&scratch, &sandbox, &file, &options);
        kill_when(importer, || seen.load(Ordering::Relaxed) > 0);
        import_elsewhere(&sandbox.base_url(), &sandbox.key, &text).expect_code(0);
        broken.store(false, Ordering::Relaxed);
        let run = scratch.import(&sandbox, &file, &options).expect_code(0);
        assert!(run.stderr.contains("Continuing run"), "{}", run.stderr);
        assert_claims_nothing(&scratch, &sandbox, &run, 60, &format!("{flags:?}"));
    }
}

/// A user who is banned at Clerk is disabled, but a user of somebody else is not, with any `--on-existing`.
#[test]
fn no_user_of_somebody_else_is_disabled_while_reading_back() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--no-batch"]);
    let theirs = export([user(1)]);
    let banned = export([user(1).replace("\"first_name\"", "\"banned\":true,\"first_name\"")]);
    let (base_url, key) = (sandbox.base_url(), sandbox.key.clone());
    let first = AtomicBool::new(true);
    let url = proxy(&sandbox.base_url(), move |head, body| {
        if !creates(head, body) || !first.swap(false, Ordering::Relaxed) {
            return Way::Through;
        }
        import_elsewhere(&base_url, &key, &theirs).expect_code(0);
        Way::Instead(String::new())
    });
    let file = scratch.write("users.json", banned);
    let run = scratch.import(&sandbox, &file, &["--base-url", &url]).expect_code(0);
    assert_eq!((run.count("created"), run.count("unchanged")), (0, 1));
    assert_eq!(sandbox.column("state"), ["active"]);
}

/// The run owns what it created, even if the answer was lost and the target forgot its keys.
#[test]
fn the_run_owns_what_it_created_behind_a_gateways_503() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let database = sandbox.database.clone();
    let first = AtomicBool::new(true);
    let url = proxy(&sandbox.base_url(), move |head, body| {
        if !creates(head, body) || !first.swap(false, Ordering::Relaxed) {
            return Way::Through;
        }
        let database = database.clone();
        Way::Afterwards(Box::new(move |_| {
            let database = rusqlite::Connection::open(database).expect("the database");
            assert_eq!(database.execute("DELETE FROM idempotency_keys", []).expect("it forgets").min(1), 1);
            http("503 Service Unavailable", "retry-after: 0\r\n", "")
        }))
    });
    let file = scratch.write("users.json", export((0..20).map(user)));
    let run = scratch.import(&sandbox, &file, &["--base-url", &url]).expect_code(0);
    assert_eq!((run.count("created"), run.count("unchanged")), (20, 0), "{}", run.stdout);
    let undone = scratch.undo(&sandbox, &run_id(&run), &["--yes"]).expect_code(0);
    assert_eq!(undone.report()["counts"]["deleted"], 20);
    assert!(sandbox.column("id").is_empty());
}

/// A target without batch methods whose list ignores these parameters.
fn ignoring(sandbox: &Sandbox, parameters: &'static [&'static str]) -> String {
    proxy(&sandbox.base_url(), move |head, _| {
        let (line, rest) = head.split_once("\r\n").expect("a request line");
        let Some((path, query)) = line.split_once('?').filter(|_| line.starts_with("GET ")) else {
            return Way::Through;
        };
        let (query, version) = query.rsplit_once(' ').expect("a version");
        let kept: Vec<&str> =
            query.split('&').filter(|pair| !parameters.iter().any(|name| pair.starts_with(name))).collect();
        Way::As(format!("{path}?{} {version}\r\n{rest}", kept.join("&")))
    })
}

#[test]
fn undo_deletes_all_where_the_list_ignores_the_filter() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--no-batch"]);
    let url = ignoring(&sandbox, &["filter="]);
    let file = scratch.write("users.json", export((0..60).map(user)));
    let options = ["--base-url", &url, "--rate", "1000/s"];
    let run = scratch.import(&sandbox, &file, &options).expect_code(0);
    assert_eq!(run.count("created"), 60);
    let undone = scratch.undo(&sandbox, &run_id(&run), &["--yes", "--rate", "1000/s"]);
    let expected = json!({
        "created": 60, "deleted": 60, "gone_already": 0, "kept_changed": 0, "kept_not_ours": 0, "failed": 0,
    });
    assert_eq!(undone.report()["counts"], expected);
    assert!(sandbox.column("id").is_empty());
    undone.expect_code(0);
}

#[test]
fn users_are_found_where_the_list_ignores_the_filter() {
    // Its usual order is the newest first.
    for parameters in [&["filter="][..], &["filter=", "order_by="]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &["--no-batch"]);
        let url = ignoring(&sandbox, parameters);
        let file = scratch.write("users.json", export((0..150).map(user)));
        let options = ["--base-url", &url, "--rate", "1000/s", "--concurrency", "1"];
        scratch.import(&sandbox, &file, &options).expect_code(0);
        let verified = scratch.verify(&sandbox, &file, &options);
        let report = verified.report();
        assert_eq!((&report["equal"], &report["missing"]["count"]), (&json!(150), &json!(0)), "{}", verified.stdout);
        // Another program creates one more after the list was read.
        let (base_url, key, created) = (sandbox.base_url(), sandbox.key.clone(), AtomicUsize::new(0));
        let meanwhile = proxy(&url, move |head, body| {
            if creates(head, body) && created.fetch_add(1, Ordering::Relaxed) == 100 {
                import_elsewhere(&base_url, &key, &export([user(999)])).expect_code(0);
            }
            Way::Through
        });
        let more = scratch.write("more.json", export((0..150).chain([999]).map(user)));
        let flags = ["--base-url", &meanwhile, "--rate", "1000/s", "--concurrency", "1", "--recheck"];
        let again = scratch.import(&sandbox, &more, &flags);
        let counts = (again.count("unchanged"), again.count("created"), again.count("rejected"));
        assert_eq!(counts, (151, 0, 0), "{parameters:?}: {}", again.stdout);
    }
}

#[test]
fn an_identity_counts_as_gone_only_if_the_target_says_so() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--no-batch"]);
    let file = scratch.write("users.json", export((0..5).map(user)));
    let away = Arc::new(AtomicBool::new(false));
    let is_away = Arc::clone(&away);
    let calls = AtomicUsize::new(0);
    let url = proxy(&sandbox.base_url(), move |_, _| {
        // The preflight succeeds, and the look whether they are there at all. Then the gateway finds no service behind it.
        if is_away.load(Ordering::Relaxed) && calls.fetch_add(1, Ordering::Relaxed) >= 2 + 5 {
            return Way::Instead(http("404 Not Found", "content-type: text/html\r\n", "default backend - 404"));
        }
        Way::Through
    });
    let run = scratch.import(&sandbox, &file, &["--base-url", &url]).expect_code(0);
    away.store(true, Ordering::Relaxed);
    let undone = scratch.undo(&sandbox, &run_id(&run), &["--yes"]);
    assert_ne!(undone.code, Some(0), "{}", undone.stdout);
    assert_eq!(undone.report()["counts"]["gone_already"], 0, "{}", undone.stdout);
    assert_eq!(sandbox.column("id").len(), 5);
}

fn runs_of(scratch: &Scratch) -> serde_json::Value {
    let listed = scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0);
    serde_json::from_str(&listed.stdout).expect("runs")
}

/// A run that was killed with two requests in flight, of which the target carried out one: its id, a user of the request
/// that never arrived, and a user of the other one.
fn killed_in_flight(scratch: &Scratch, sandbox: &Sandbox, batch: bool) -> (String, String, String) {
    let file = scratch.write("users.json", export((0..80).map(user)));
    let Losing { url, seen, broken, lost } = losing_proxy(sandbox, if batch { 2 } else { 40 }, true);
    let options = ["--base-url", &url, "--batch-size", "20", "--concurrency", "2", "--rate", "1000/s"];
    let importer = start(scratch, sandbox, &file, &options);
    let whole = if batch { 4 } else { 42 };
    kill_when(importer, || seen.load(Ordering::Relaxed) >= whole);
    broken.store(false, Ordering::Relaxed);
    let lost = lost.lock().expect("the list").clone();
    let [never_arrived, .., carried_out] = lost.as_slice() else { panic!("{lost:?}") };
    let id = runs_of(scratch)[0]["id"].as_str().expect("a run").to_owned();
    (id, never_arrived.clone(), carried_out.clone())
}

#[test]
fn a_run_that_was_killed_in_flight_is_undone_without_its_export() {
    for (flags, made) in [(&[][..], 60), (&["--no-batch"], 41)] {
        for replaced in [true, false] {
            let scratch = Scratch::new();
            let sandbox = Sandbox::start(&scratch, flags);
            let (id, never_arrived, unproven) = killed_in_flight(&scratch, &sandbox, flags.is_empty());
            assert_eq!(sandbox.column("id").len(), made);
            // Another program creates users of the request that never arrived, and others.
            let number = never_arrived.trim_start_matches("user_").parse().expect("a number");
            let theirs: [usize; 2] = [number, 200];
            import_elsewhere(&sandbox.base_url(), &sandbox.key, &export(theirs.iter().copied().map(user)))
                .expect_code(0);
            if replaced {
                scratch.write("users.json", export((300..310).map(user)));
            } else {
                std::fs::remove_file(scratch.path("users.json")).expect("it is removed");
            }
            let mut resume = scratch.avnology(&["migrate", "clerk", "resume", &id]);
            let resumed = Run::of(resume.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("it runs"));
            assert_ne!(resumed.code, Some(0));
            assert!(resumed.stderr.contains(&format!("undo {id}")), "it says what to do: {}", resumed.stderr);
            // Somebody removed the mark from one user of the request that was carried out and never answered.
            let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
            let taken_off = "UPDATE identities SET admin_metadata = '{}', update_time = '2030-01-01T00:00:00Z' WHERE external_id = ?1";
            assert_eq!(database.execute(taken_off, [&unproven]).expect("it is changed"), 1);
            let undone = scratch.undo(&sandbox, &id, &["--yes"]).expect_code(3);
            let counts = undone.report()["counts"].clone();
            let proven = json!(made - 1);
            assert_eq!((&counts["created"], &counts["deleted"]), (&proven, &proven), "{flags:?} {counts}");
            let named = lines(&scratch.path(&format!(".avnology/runs/{id}/in-doubt.ndjson")));
            assert_eq!((counts["in_doubt"].as_u64(), &named[0]["external_id"]), (Some(1), &json!(unproven)));
            assert_eq!(runs_of(&scratch)[0]["state"], "undoing");
            // Somebody deletes it by hand; then nothing is in doubt any more.
            database.execute("DELETE FROM identities WHERE external_id = ?1", [&unproven]).expect("it is deleted");
            scratch.undo(&sandbox, &id, &["--yes"]).expect_code(0);
            let left: Vec<String> = theirs.iter().map(|number| format!("user_{number:06}")).collect();
            assert_eq!(sandbox.column("external_id"), left);
            assert_eq!(runs_of(&scratch)[0]["state"], "undone");
        }
    }
}

/// A run of an older version: its identities have no mark, and its plans name no users.
fn of_an_older_version(scratch: &Scratch, sandbox: &Sandbox, id: &str) -> PathBuf {
    let directory = scratch.path(&format!(".avnology/runs/{id}"));
    let text = scratch.read(&format!(".avnology/runs/{id}/run.json"));
    let mut record: serde_json::Value = serde_json::from_str(&text).expect("a record");
    record.as_object_mut().expect("an object").remove("marked");
    scratch.write(&format!(".avnology/runs/{id}/run.json"), record.to_string());
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let unmarked = "UPDATE identities SET admin_metadata = json_remove(admin_metadata, '$.avnology_migrate')";
    assert!(database.execute(unmarked, []).expect("marks are removed") > 0);
    directory
}

#[test]
fn users_in_doubt_without_proof_are_named_and_kept() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..40).map(user)));
    let run = scratch.import(&sandbox, &file, &["--batch-size", "20", "--concurrency", "1"]).expect_code(0);
    let id = run_id(&run);
    let directory = of_an_older_version(&scratch, &sandbox, &id);
    // Its journal as an older version wrote it: the first half is settled, the other half was in flight.
    let mut settled = Vec::new();
    Journal::read(&directory.join("journal"), 1, |record| settled.push(record.clone())).expect("a journal");
    settled.sort_by_key(|record| record.key);
    settled.truncate(20);
    let mut journal =
        Journal::create(&directory.join("journal"), &directory.join("rejects.ndjson")).expect("a journal");
    let records = (21..=40).map(|number| RecordKey { input: 0, number }).collect();
    journal.append(&Entry::Settled { records: settled, rejects_bytes: 0 }).expect("it is written");
    journal
        .append(&Entry::Planned(BatchPlan { records, round: 0 }))
        .and_then(|()| journal.sync())
        .expect("it is written");
    std::fs::remove_file(directory.join("report.json")).expect("there was a report");
    std::fs::remove_file(scratch.path("users.json")).expect("there was an export");
    let undone = scratch.undo(&sandbox, &id, &["--yes"]).expect_code(3);
    let counts = undone.report()["counts"].clone();
    assert_eq!((&counts["deleted"], &counts["in_doubt"]), (&json!(20), &json!(20)), "{counts}");
    assert_eq!(sandbox.column("id").len(), 20, "what nobody can prove is kept");
    assert!(
        undone.stderr.contains("in-doubt.ndjson") && undone.stderr.contains(&format!("undo {id}")),
        "{}",
        undone.stderr
    );
    let named = lines(&directory.join("in-doubt.ndjson"));
    assert_eq!(named.len(), 20);
    assert_eq!(
        (&named[0]["record"], named[0]["input"].as_str().map(|path| path.ends_with("users.json"))),
        (&json!(21), Some(true))
    );
    let mode = std::fs::metadata(directory.join("in-doubt.ndjson")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// What is sent again must be what was sent before, or the target takes it for another request with the same key.
#[test]
fn a_resumed_run_of_an_older_version_writes_no_mark() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..20).map(user)));
    let id = run_id(&scratch.import(&sandbox, &file, &[]).expect_code(0));
    let directory = of_an_older_version(&scratch, &sandbox, &id);
    let mut journal =
        Journal::create(&directory.join("journal"), &directory.join("rejects.ndjson")).expect("a journal");
    let records = (1..=20).map(|number| RecordKey { input: 0, number }).collect();
    journal
        .append(&Entry::Planned(BatchPlan { records, round: 0 }))
        .and_then(|()| journal.sync())
        .expect("it is written");
    std::fs::remove_file(directory.join("report.json")).expect("there was a report");
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    database.execute_batch("DELETE FROM identities; DELETE FROM idempotency_keys").expect("it never arrived");
    let resumed = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert_eq!((run_id(&resumed), resumed.count("created")), (id, 20), "{}", resumed.stderr);
    assert!(sandbox.column("admin_metadata").iter().all(|text| !text.contains("avnology_migrate")));
}

#[test]
fn no_mapping_file_takes_the_name_of_the_mark() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export([user(1)]));
    scratch.write("mapping.toml", "[metadata]\nprivate = \"admin_metadata.avnology_migrate\"\n");
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--mapping", "mapping.toml", "--dry-run"]);
    assert!(run.expect_code(2).stderr.contains("always taken"));
}

#[test]
fn a_user_who_was_given_an_external_id_later_is_the_same_person() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let file = scratch.write("users.json", export((0..3).map(user)));
        scratch.import(&sandbox, &file, &[]).expect_code(0);
        // One user gets an external id, then another one, then none; another user takes an address of theirs.
        let given = |id: &str| user(1).replace("\"first_name\"", &format!("\"external_id\":\"{id}\",\"first_name\""));
        let stranger = user(2).replace("user_000002", "user_000009");
        for external_id in ["emp-7", "emp-8", "user_000001"] {
            let users = export([user(0), given(external_id), stranger.clone()]);
            let file = scratch.write("later.json", users);
            let night = scratch.import(&sandbox, &file, &["--new-run"]).expect_code(3);
            let counts = (night.count("unchanged"), night.count("rejected"));
            assert_eq!(counts, (2, 1), "{flags:?} {external_id}: {}", night.stdout);
            assert_eq!(night.report()["warnings"]["differs_at_target"], 1, "{}", night.stdout);
            assert_eq!(night.report()["rejected_by_code"]["email_taken"]["first"][0]["record"], 3, "the stranger");
            let fail = scratch.import(&sandbox, &file, &["--new-run", "--on-existing", "fail"]).expect_code(3);
            assert_eq!(fail.report()["rejected_by_code"]["already_exists"]["count"], 2, "{}", fail.stdout);
            let updated = scratch.import(&sandbox, &file, &["--new-run", "--on-existing", "update"]).expect_code(3);
            assert_eq!((updated.count("updated"), updated.count("rejected")), (1, 1), "{}", updated.stdout);
            assert!(sandbox.column("external_id").contains(&external_id.to_owned()), "{external_id}");
            let after = scratch.import(&sandbox, &file, &["--new-run"]).expect_code(3);
            assert_eq!((after.count("unchanged"), after.report()["warnings"].get("differs_at_target")), (2, None));
        }
        assert_eq!(sandbox.column("id").len(), 3, "nobody is there twice");
    }
}

#[test]
fn verify_reports_an_external_id_that_was_set_later() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..3).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let given = user(1).replace("\"first_name\"", "\"external_id\":\"emp-7\",\"first_name\"");
    let file = scratch.write("later.json", export([user(0), given, user(2)]));
    let report = scratch.verify(&sandbox, &file, &[]).expect_code(3).report();
    assert_eq!(
        (&report["equal"], &report["missing"]["count"], &report["extra"]["count"]),
        (&json!(2), &json!(0), &json!(0))
    );
    assert_eq!(report["different_fields"], json!({"external_id": 1}), "{report}");
}

#[test]
fn a_mark_makes_no_difference_and_updates_do_not_claim() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let file = scratch.write("users.json", export((0..5).map(user)));
        let first = scratch.import(&sandbox, &file, &[]).expect_code(0);
        let marks = |sandbox: &Sandbox| {
            sandbox.column("admin_metadata").iter().filter(|text| text.contains(&run_id(&first))).count()
        };
        assert_eq!(marks(&sandbox), 5);
        assert_eq!(scratch.verify(&sandbox, &file, &[]).expect_code(0).report()["equal"], 5);
        let again = scratch.import(&sandbox, &file, &["--recheck", "--on-existing", "update"]).expect_code(0);
        assert_eq!((again.count("unchanged"), again.count("updated")), (5, 0), "{}", again.stdout);
        // Somebody's private metadata changes: the update for that claims nothing.
        let changed = (0..5)
            .map(user)
            .map(|user| user.replacen("\"first_name\"", "\"private_metadata\":{\"a\":1},\"first_name\"", 1));
        let file = scratch.write("changed.json", export(changed));
        let updating = scratch.import(&sandbox, &file, &["--on-existing", "update"]).expect_code(0);
        assert_eq!(updating.count("updated"), 5);
        assert!(sandbox.column("admin_metadata").iter().all(|text| !text.contains(&run_id(&updating))));
        let undone = scratch.undo(&sandbox, &run_id(&updating), &["--yes"]).expect_code(0);
        assert_eq!(undone.report()["counts"]["created"], 0);
        // What the first run created was changed afterwards.
        let undone = scratch.undo(&sandbox, &run_id(&first), &["--yes"]).expect_code(3);
        assert_eq!(undone.report()["counts"]["kept_changed"], 5);
    }
}

#[test]
fn undo_shows_how_far_it_is() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..500).map(user)));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    let sandbox = sandbox.replace(&scratch, &["--fault", "latency=600ms"]);
    let undone =
        scratch.undo(&sandbox, &run_id(&run), &["--yes", "--progress", "json", "--rate", "1000/s"]).expect_code(0);
    let shown: Vec<serde_json::Value> =
        undone.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let progress: Vec<_> = shown.iter().filter(|line| line["event"] == "progress").collect();
    assert!(!progress.is_empty(), "{}", undone.stderr);
    assert!(progress.iter().all(|line| line["created"] == 500 && line["deleted"].is_u64()), "{}", undone.stderr);
}

#[test]
fn a_run_that_is_stopped_says_what_to_type_next() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let file = scratch.write("users.json", export((0..2_000).map(user)));
    let mut command = scratch.import_command(&sandbox, &file, &["--batch-size", "20", "--concurrency", "1"]);
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    until("nothing arrived", || !sandbox.column("id").is_empty());
    Command::new("kill").args(["-INT", &process.id().to_string()]).status().expect("kill runs");
    let stopped = Run::of(process.wait_with_output().expect("it ends")).expect_code(130);
    let id = run_id(&stopped);
    for next in [format!("avnology migrate clerk resume {id}"), format!("avnology migrate clerk undo {id}")] {
        assert!(stopped.stderr.contains(&next), "{next}: {}", stopped.stderr);
    }
    let bad =
        (0..300).map(|number| if number % 3 == 0 { format!("{{\"id\":\"user_{number}\"}}") } else { user(number) });
    let file = scratch.write("bad.json", export(bad));
    let stopped = scratch.import(&sandbox, &file, &["--max-errors", "10"]).expect_code(4);
    let next = format!("avnology migrate clerk resume {} --max-errors", run_id(&stopped));
    assert!(stopped.stderr.contains(&next), "{}", stopped.stderr);
    let allowed = ["migrate", "clerk", "resume", &run_id(&stopped), "--max-errors", "100", "--output", "json"];
    let mut command = scratch.avnology(&allowed);
    command.env("AVNOLOGY_SECRET_KEY", &sandbox.key);
    let resumed = Run::of(command.output().expect("the binary runs")).expect_code(3);
    let imported = resumed.count("created") + resumed.count("unchanged");
    assert_eq!((imported, resumed.count("rejected")), (200, 100), "{}", resumed.stdout);
}
