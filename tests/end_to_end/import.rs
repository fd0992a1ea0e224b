//! The main job from the outside: the built binary against a sandbox that is a process of its own.

use crate::support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use support::{Sandbox, Scratch, export, lines, user};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clerk_users.json");
const FIXTURE_README: &str = include_str!("../../fixtures/README.md");

/// The rows of the table in the fixtures' README whose header begins with `first`.
fn table(first: &str) -> Vec<Vec<&'static str>> {
    let is_row = |line: &&str| line.starts_with('|');
    let mut rows =
        FIXTURE_README.lines().skip_while(|line| !line.starts_with(&format!("| {first}"))).take_while(is_row);
    assert!(rows.next().is_some(), "the table of {first}");
    rows.skip(1)
        .map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect()
}

#[test]
fn the_fixture_lands_and_its_users_sign_in_with_their_old_passwords() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let run = scratch.import(&sandbox, FIXTURE, &[]).expect_code(3);
    let rows = table("#");
    let created = rows.iter().filter(|row| row[4] == "created").count() as u64;
    assert_eq!((run.count("read"), run.count("created")), (rows.len() as u64, created));
    let passwords = table("email");
    assert!(passwords.len() >= 8, "{passwords:?}");
    for row in passwords {
        let (status, answer) = sandbox.sign_in(row[0], row[1]);
        if row[2] == "yes" {
            assert_eq!(status, 201, "{row:?}: {answer}");
            assert!(answer["id"].as_str().expect("a session").starts_with("ses_"));
        } else {
            assert_eq!(status, 423, "{row:?}: {answer}");
        }
        let (status, answer) = sandbox.sign_in(row[0], "not the password");
        assert_eq!((status, &answer["error"]["code"]), (401, &json!("AVNOLOGY_AUTH_001")), "{row:?}");
    }
    let (status, answer) = sandbox.sign_in("nobody@example.com", "any password");
    assert_eq!((status, &answer["error"]["code"]), (401, &json!("AVNOLOGY_AUTH_001")));
}

#[test]
fn the_fixture_shows_what_its_table_says() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let run = scratch.import(&sandbox, FIXTURE, &[]).expect_code(3);
    let report = run.report();
    let rejects = lines(Path::new(&scratch.path(report["rejects_file"].as_str().expect("a rejects file"))));
    let rejected: Vec<(u64, String)> = table("#")
        .iter()
        .filter_map(|row| Some((row[0].parse().ok()?, row[4].strip_prefix("rejected: `")?.to_owned())))
        .collect();
    let mut seen: Vec<(u64, String)> = rejects
        .iter()
        .map(|reject| {
            (
                reject["position"]["record"].as_u64().expect("a number"),
                reject["code"].as_str().expect("a code").to_owned(),
            )
        })
        .collect();
    seen.sort();
    assert_eq!(seen, rejected);
    let mut notices = std::collections::BTreeMap::<String, u64>::new();
    for row in table("#") {
        for notice in
            row[5].split(',').map(|notice| notice.trim().trim_matches('`')).filter(|notice| !notice.is_empty())
        {
            *notices.entry(notice.to_owned()).or_default() += 1;
        }
    }
    let mut counted = report["warnings"].as_object().expect("warnings").clone();
    counted.extend(report["left_behind"].as_object().expect("left behind").clone());
    assert_eq!(serde_json::to_value(notices).expect("JSON"), Value::Object(counted));
}

#[test]
fn importing_twice_changes_nothing() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let first = scratch.import(&sandbox, FIXTURE, &[]).expect_code(3);
    let before = sandbox.identities();
    let second = scratch.import(&sandbox, FIXTURE, &[]).expect_code(3);
    assert_eq!((second.count("created"), second.count("unchanged")), (0, first.count("created")));
    assert_eq!(second.count("rejected"), first.count("rejected"));
    assert_eq!(sandbox.identities(), before, "the content is the same to the byte");
}

#[test]
fn metadata_arrives_to_the_byte() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let metadata = r#"{ "big": 123456789012345678901234567890 ,"huge":1e400,"e":"\u00e9\ud83d\ude00","a":1,"a":2,"d":[[[[[{}]]]]] }"#;
    let record = format!(
        r#"{{"id":"user_1","email_addresses":[{{"email_address":"a@example.com"}}],"public_metadata":{metadata},"private_metadata":{metadata}}}"#
    );
    let file = scratch.write("users.json", export([record]));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert!(sandbox.column("traits")[0].contains(&format!("\"public_metadata\":{metadata}")));
    assert!(sandbox.column("admin_metadata")[0].contains(&format!("\"private_metadata\":{metadata}")));
}

#[test]
fn rejects_are_private_and_can_be_mended_and_imported() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let broken = r#"{"id":"user_000002","email_addresses":[{"email_address":"two@example.com"}],"x": oops}"#;
    let without = r#"{"id":"user_000003","email_addresses":[]}"#;
    let file = scratch.write("users.json", export([user(1), broken.to_owned(), without.to_owned()]));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    let report = run.report();
    let rejects = scratch.path(report["rejects_file"].as_str().expect("a rejects file"));
    assert_eq!(mode(&rejects), 0o600);
    assert_eq!(mode(rejects.parent().expect("the run's directory")), 0o700);
    assert_eq!(mode(&rejects.with_file_name("report.json")), 0o600);

    let unmended = rejects.to_str().expect("a path");
    let again = scratch.import(&sandbox, unmended, &[]).expect_code(3);
    assert_eq!((again.count("read"), again.count("rejected")), (2, 2), "rejected for the same reasons");

    let text = std::fs::read_to_string(&rejects).expect("the rejects");
    let mended = text
        .replace("oops", "1")
        .replace(r#""email_addresses":[]"#, r#""email_addresses":[{"email_address":"three@example.com"}]"#);
    let file = scratch.write("mended.ndjson", mended);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert_eq!(run.count("created"), 2);
    assert_eq!(sandbox.column("email"), ["three@example.com", "two@example.com", "user1@example.com"]);
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

#[test]
fn a_target_without_batch_methods_is_driven_one_by_one() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--no-batch"]);
    let first = scratch.import(&sandbox, FIXTURE, &["--rate", "1000/s"]).expect_code(3);
    let before = sandbox.identities();
    let second = scratch.import(&sandbox, FIXTURE, &["--rate", "1000/s"]).expect_code(3);
    assert_eq!((second.count("created"), second.count("unchanged")), (0, first.count("created")));
    assert_eq!(second.count("rejected"), first.count("rejected"));
    assert_eq!(sandbox.identities(), before);
    let by_code = |run: &support::Run| {
        let report = run.report();
        let codes = report["rejected_by_code"].as_object().expect("codes").clone();
        codes.into_iter().map(|(code, count)| (code, count["count"].clone())).collect::<Vec<_>>()
    };
    let batched = {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        by_code(&scratch.import(&sandbox, FIXTURE, &[]))
    };
    assert_eq!(by_code(&first), batched, "the same codes either way");
}

#[test]
fn an_embedded_sandbox_needs_no_account() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..20).map(user)));
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--sandbox"]).expect_code(0);
    assert!(run.stderr.contains("20 created") && run.stderr.contains("avnology sandbox --db"), "{}", run.stderr);
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--sandbox", "--output", "json"]).expect_code(0);
    assert_eq!(run.count("unchanged"), 20);
    assert_eq!(mode(&scratch.path(".avnology/sandbox.db")), 0o600);
}

#[test]
fn a_user_too_large_for_a_batch_goes_alone_and_one_too_large_for_the_target_is_rejected() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let sized = |number: usize, bytes: usize| {
        let padding = "x".repeat(bytes);
        format!(
            r#"{{"id":"user_{number}","email_addresses":[{{"email_address":"u{number}@example.com"}}],"public_metadata":{{"padding":"{padding}"}}}}"#
        )
    };
    let file =
        scratch.write("users.json", export([sized(1, 10), sized(2, 3_000_000), sized(3, 5_000_000), sized(4, 10)]));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_eq!(run.count("created"), 3);
    assert_eq!(run.report()["rejected_by_code"]["too_large_for_target"]["first"][0]["record"], 3);
}

#[test]
fn the_preflight_finds_a_wrong_key_a_missing_scope_and_a_dead_target_before_the_first_record() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..5).map(user)));
    let sandbox = Sandbox::start(&scratch, &["--scopes", "admin:users:read"]);
    let command = |key: &str, url: &str| {
        let mut command = scratch.avnology(&["migrate", "clerk", "--import", &file, "--base-url", url]);
        command.env("AVNOLOGY_SECRET_KEY", key);
        support::Run::of(command.output().expect("the binary runs"))
    };
    let run = command("sk_live_wrong_key", &sandbox.base_url()).expect_code(6);
    assert!(run.stderr.contains("AVNOLOGY_AUTH_005") && !run.stderr.contains("sk_live_wrong_key"), "{}", run.stderr);
    let run = command(&sandbox.key, &sandbox.base_url()).expect_code(6);
    assert!(run.stderr.contains("admin:users:write"), "{}", run.stderr);
    let run = command(&sandbox.key, "http://127.0.0.1:9").expect_code(7);
    assert!(run.stderr.contains("no connection"), "{}", run.stderr);
    let run = command(&sandbox.key, "http://example.com").expect_code(2);
    assert!(run.stderr.contains("in the clear"), "{}", run.stderr);
    assert_eq!(sandbox.column("email"), [""; 0]);
    let run = scratch.run(&["migrate", "clerk", "--import", &file]).expect_code(2);
    assert!(run.stderr.contains("AVNOLOGY_SECRET_KEY"), "{}", run.stderr);
}

#[test]
fn the_key_may_come_from_a_dot_env_file() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..5).map(user)));
    scratch.write(
        ".env",
        format!(
            "# for the migration\nAVNOLOGY_BASE_URL={}\nAVNOLOGY_SECRET_KEY=\"{}\"\n",
            sandbox.base_url(),
            sandbox.key
        ),
    );
    scratch.run(&["migrate", "clerk", "--import", &file]).expect_code(0);
    assert_eq!(sandbox.column("email").len(), 5);
}

#[test]
fn max_errors_stops_the_run() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let bad = (0..2_000).map(|number| if number % 2 == 0 { user(number) } else { r#"{"id":"user_x"}"#.to_owned() });
    let file = scratch.write("users.json", export(bad));
    let run = scratch.import(&sandbox, &file, &["--max-errors", "10"]).expect_code(4);
    assert!(run.count("rejected") > 10);
    assert!(run.stderr.contains("--max-errors"), "{}", run.stderr);
}

#[test]
fn every_identity_has_its_own_key_and_nothing_is_shared_between_runs() {
    // Two runs while the target still keeps its idempotency keys: the second run must not get the answers of the first.
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..30).map(user)));
    assert_eq!(scratch.import(&sandbox, &file, &[]).count("created"), 30);
    assert_eq!(scratch.import(&sandbox, &file, &[]).count("unchanged"), 30);
    let ids: BTreeSet<String> = sandbox.column("id").into_iter().collect();
    assert_eq!(ids.len(), 30);
}

/// Changes users 3 and 4 in the export, and user 5 at the target.
fn differing(scratch: &Scratch, sandbox: &Sandbox) -> String {
    let file = scratch.write("users.json", export((0..20).map(user)));
    scratch.import(sandbox, &file, &[]).expect_code(0);
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let change = "UPDATE identities SET last_name = 'Local' WHERE external_id = 'user_000005'";
    assert_eq!(database.execute(change, []).expect("it is changed"), 1);
    let changed = (0..20).map(|number| match number {
        3 => user(3).replace("\"N3\"", "\"Renamed\""),
        4 => {
            user(4).replace("\"number\":4", "\"number\":44").replace("\"first_name\"", "\"banned\":true,\"first_name\"")
        }
        _ => user(number),
    });
    scratch.write("changed.json", export(changed))
}

#[test]
fn existing_identities_that_differ_are_left_updated_or_rejected_as_asked() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let changed = differing(&scratch, &sandbox);
        let before = sandbox.identities();
        let left = scratch.import(&sandbox, &changed, &["--rate", "1000/s", "--recheck"]).expect_code(0);
        assert_eq!((left.count("unchanged"), left.count("updated")), (20, 0));
        assert_eq!(left.report()["warnings"]["differs_at_target"], 3);
        assert_eq!(sandbox.identities(), before, "nothing is touched");

        let failed = scratch.import(&sandbox, &changed, &["--rate", "1000/s", "--on-existing", "fail"]).expect_code(3);
        assert_eq!(failed.report()["rejected_by_code"]["already_exists"]["count"], 20);
        assert_eq!(sandbox.identities(), before, "nothing is touched");

        let update = ["--rate", "1000/s", "--recheck", "--on-existing", "update"];
        let updated = scratch.import(&sandbox, &changed, &update).expect_code(0);
        assert_eq!((updated.count("unchanged"), updated.count("updated")), (17, 3), "{}", updated.stdout);
        assert_eq!(updated.report()["warnings"]["differs_at_target"], Value::Null);
        let again = scratch.import(&sandbox, &changed, &update).expect_code(0);
        assert_eq!((again.count("unchanged"), again.count("updated")), (20, 0), "there is nothing left to update");
        assert!(sandbox.column("state").contains(&"disabled".to_owned()));
    }
}

#[test]
fn an_update_that_the_target_refuses_is_a_reject() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..3).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let taken = user(2).replace("user2@example.com", "user1@example.com");
    let file = scratch.write("taken.json", export([user(0), user(1), taken]));
    let run = scratch.import(&sandbox, &file, &["--on-existing", "update"]).expect_code(3);
    assert_eq!((run.count("unchanged"), run.count("rejected")), (2, 1));
    assert_eq!(sandbox.column("email").len(), 3);
}

#[test]
fn a_truncated_file_is_imported_as_far_as_it_goes_and_its_repaired_version_after_it() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let whole = export((0..2_500).map(user));
    let file = scratch.write("users.json", &whole[..whole.find("user_002000").expect("user 2000")]);
    let cut = scratch.import(&sandbox, &file, &[]).expect_code(5);
    assert_eq!((cut.count("created"), cut.count("unfinished")), (2_000, 0), "{}", cut.stdout);
    assert!(cut.stderr.contains("run the same command"), "{}", cut.stderr);
    scratch.write("users.json", &whole);
    let repaired = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert_eq!((repaired.count("created"), repaired.count("unchanged")), (500, 2_000));
}

#[test]
fn another_user_with_the_same_external_id_is_a_reject_and_never_unchanged() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let same = |number| user(number).replace("\"first_name\"", "\"external_id\":\"42\",\"first_name\"");
    let one = scratch.write("one.json", export([same(1)]));
    scratch.import(&sandbox, &one, &[]).expect_code(0);
    let file = scratch.write("users.json", export([user(0), same(2)]));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_eq!((run.count("created"), run.count("unchanged")), (1, 0), "{}", run.stdout);
    assert_eq!(run.report()["rejected_by_code"]["external_id_taken"]["first"][0]["record"], 2);
}

#[test]
fn a_report_that_cannot_be_written_does_not_hide_what_was_done() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..5).map(user)));
    // A missing directory can be known beforehand; a full disk cannot.
    let run = scratch.import(&sandbox, &file, &["--report", "/dev/full"]).expect_code(2);
    assert_eq!(run.count("created"), 5);
    assert!(run.stderr.contains("5 created") && run.stderr.contains("/dev/full"), "{}", run.stderr);
    let run = scratch.import(&sandbox, "missing.json", &[]).expect_code(5);
    assert!(run.stderr.contains("missing.json"), "{}", run.stderr);
    let listed = scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0);
    let runs: Value = serde_json::from_str(&listed.stdout).expect("runs");
    assert_eq!(runs.as_array().map(Vec::len), Some(1), "a wrong path begins no run: {runs}");
}
