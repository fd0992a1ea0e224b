//! `verify`: reading the target back and finding what is missing, different and extra.

use crate::support;

use serde_json::json;
use support::target::{http, scripted_target};
use support::{Run, Sandbox, Scratch, export, user};

#[test]
fn imported_users_agree_field_by_field_and_rejects_are_not_looked_for() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clerk_users.json");
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let created = scratch.import(&sandbox, fixture, &["--rate", "1000/s"]).expect_code(3).count("created");
        // What the import rejects, duplicates included, is not looked for.
        let report = scratch.verify(&sandbox, fixture, &["--rate", "1000/s"]).expect_code(0).report();
        assert_eq!(
            (&report["equal"], &report["checked"], &report["rejected"]),
            (&json!(created), &json!(created), &json!(14))
        );
        for (what, count) in [("different", 0), ("missing", 0), ("extra", 0)] {
            assert_eq!(report[what]["count"], count, "{report}");
        }
    }
}

#[test]
fn changes_at_the_target_are_found() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..250).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let agreed = scratch.verify(&sandbox, &file, &[]).expect_code(0);
    assert_eq!((&agreed.report()["checked"], &agreed.report()["equal"]), (&json!(250), &json!(250)));
    assert!(agreed.stderr.contains("250 equal"), "{}", agreed.stderr);
    {
        let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
        for change in [
            "UPDATE identities SET first_name = 'Other' WHERE external_id = 'user_000007'",
            "UPDATE identities SET traits = replace(traits, '\"number\":8', '\"number\":9'), state = 'disabled' WHERE external_id = 'user_000008'",
            "DELETE FROM identities WHERE external_id = 'user_000100'",
            "UPDATE identities SET external_id = 'else-101', admin_metadata = replace(admin_metadata, 'user_000101', 'user_else') \
             WHERE external_id = 'user_000101'",
            // That is still the same person.
            "UPDATE identities SET external_id = 'else-102' WHERE external_id = 'user_000102'",
        ] {
            assert_eq!(database.execute(change, []).expect(change), 1, "{change}");
        }
    }
    let run = scratch.verify(&sandbox, &file, &["--report", "verify.json"]).expect_code(3);
    let report = run.report();
    assert_eq!(
        (&report["missing"]["count"], &report["different"]["count"], &report["extra"]["count"]),
        (&json!(2), &json!(3), &json!(1))
    );
    assert_eq!(report["different_fields"], json!({"external_id": 1, "first_name": 1, "state": 1, "traits": 1}));
    assert_eq!(
        (&report["different"]["first"][0]["record"], &report["missing"]["first"][0]["record"]),
        (&json!(8), &json!(101))
    );
    assert!(report["extra"]["first"][0].as_str().expect("an id").starts_with("usr_"));
    assert!(
        !run.stdout.contains("example.com") && !run.stderr.contains("example.com"),
        "nothing personal: {}",
        run.stderr
    );
    assert_eq!(scratch.read("verify.json").parse::<serde_json::Value>().expect("JSON"), report);
}

#[test]
fn a_sample_is_of_the_size_asked_for() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..2_000).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let report = scratch.verify(&sandbox, &file, &["--sample", "150"]).expect_code(0).report();
    assert_eq!((&report["read"], &report["checked"], &report["extra"]), (&json!(150), &json!(150), &json!(null)));
    assert_eq!((&report["selection"]["records"], &report["selection"]["selected"]), (&json!(2_000), &json!(150)));
    assert_eq!(scratch.verify(&sandbox, &file, &["--sample", "9000"]).expect_code(0).report()["checked"], 2_000);
}

#[test]
fn a_key_that_can_only_read_is_enough_and_a_bad_input_or_target_is_reported() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(
        &scratch,
        &["--scopes", "admin:users:read", "--fault", "status=503:0.2", "--fault", "garbage=0.1"],
    );
    let file = scratch.write("users.json", export((0..30).map(user)));
    let report = scratch.verify(&sandbox, &file, &[]).expect_code(3).report();
    assert_eq!(report["missing"]["count"], 30);
    let cut = scratch.write("cut.json", &export((0..30).map(user))[..1_000]);
    let run = scratch.verify(&sandbox, &cut, &[]).expect_code(5);
    assert!(run.stderr.contains("truncated"), "{}", run.stderr);
}

#[test]
fn a_user_who_is_there_twice_is_reported_and_a_list_without_an_end_is_an_error() {
    for (next, code) in [("", 3), (r#","next_page_token":"more""#, 7)] {
        let scratch = Scratch::new();
        let one = r#"{"id":"usr_1","external_id":"user_000001","state":"active","email":"user1@example.com"}"#;
        // An identity that is listed twice is not there twice.
        let body = format!(r#"{{"identities":[{one},{one},{}]{next}}}"#, one.replace("usr_1", "usr_2"));
        let url = scripted_target(move |_| http("200 OK", "", &body));
        let file = scratch.write("users.json", export([user(1)]));
        let fixed = ["migrate", "clerk", "verify", "--import", &file, "--output", "json", "--progress", "none"];
        let mut command = scratch.avnology(&fixed);
        command.env("AVNOLOGY_SECRET_KEY", "sk_test_1").env("AVNOLOGY_BASE_URL", &url);
        let run = Run::of(command.output().expect("the binary runs")).expect_code(code);
        assert!(code == 7 || target_counts(&run.report()) == [0, 0, 1], "{}", run.stdout);
    }
}

#[test]
fn users_that_are_nearly_the_same_are_reported() {
    let account = r#""external_accounts":[{"provider":"oauth_google","provider_user_id":"1078","verification":{"status":"verified"}}],"first_name""#;
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let users = (0..6).map(|number| match number {
        1 => user(1).replace("\"number\":1", "\"number\":1e-400"),
        2 => user(2).replace("\"first_name\"", "\"banned\":true,\"first_name\""),
        3 | 4 => user(number).replace("\"first_name\"", account).replace("1078", &format!("1078{number}")),
        _ => user(number),
    });
    let file = scratch.write("users.json", export(users));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert_eq!(scratch.verify(&sandbox, &file, &[]).expect_code(0).report()["equal"], 6);
    {
        let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
        for change in [
            "UPDATE identities SET traits = replace(traits, '1e-400', '0') WHERE external_id = 'user_000001'",
            "UPDATE identities SET state = 'pending_deletion' WHERE external_id = 'user_000002'",
            "UPDATE identities SET oidc = NULL WHERE external_id = 'user_000003'",
            "UPDATE identities SET oidc = replace(oidc, '10784', '10799') WHERE external_id = 'user_000004'",
            // What the user has added since is not a difference.
            "UPDATE identities SET oidc = '{\"providers\":[{\"provider\":\"github\",\"subject\":\"1\"}]}' WHERE external_id = 'user_000005'",
            "UPDATE identities SET first_name = 'Other' WHERE external_id = 'user_000000'",
        ] {
            assert_eq!(database.execute(change, []).expect(change), 1, "{change}");
        }
    }
    let run = scratch.verify(&sandbox, &file, &[]).expect_code(3);
    let report = run.report();
    let fields = json!({"first_name": 1, "social_sign_ins": 2, "state": 1, "traits": 1});
    assert_eq!((&report["different"]["count"], &report["different_fields"]), (&json!(5), &fields), "{report}");
    for name in ["first_name", "social_sign_ins", "state", "traits"] {
        assert!(run.stderr.contains(&format!("in {name}: ")), "the same names as in the report: {}", run.stderr);
    }
}

#[test]
fn hidden_fields_are_neither_equal_nor_different() {
    let scratch = Scratch::new();
    let list = r#"{"identities":[{"id":"usr_1","external_id":"user_000001","state":"active","email":"user1@example.com","email_verified":true,"first_name":"N1","traits":TRAITS,"admin_metadata":{"clerk":{"id":"user_000001"}}}]}"#;
    let traits = r#"{"email":"user1@example.com","first_name":"N1","email_addresses":[{"value":"user1@example.com","verified":true,"primary":true}],"phone_numbers":[],"public_metadata":{"number":1}}"#;
    let body = list.replace("TRAITS", traits);
    let url = scripted_target(move |_| http("200 OK", "", &body));
    let digest = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    let with = format!(
        r#""password_digest":"{digest}","external_accounts":[{{"provider":"google","provider_user_id":"1","verification":{{"status":"verified"}}}}],"first_name""#
    );
    let file = scratch.write("users.json", export([user(1).replace("\"first_name\"", &with)]));
    let fixed = ["migrate", "clerk", "verify", "--import", &file, "--output", "json", "--progress", "none"];
    let mut command = scratch.avnology(&fixed);
    command.env("AVNOLOGY_SECRET_KEY", "sk_test_1").env("AVNOLOGY_BASE_URL", &url);
    let run = Run::of(command.output().expect("the binary runs"));
    let report = run.report();
    assert_eq!(report["not_compared"], json!({"password": 1, "social_sign_ins": 1}), "{report}");
    assert_eq!(report["different"]["count"], 0, "{report}");
    assert!(run.stderr.contains("does not show") && run.stderr.contains("social_sign_ins"), "{}", run.stderr);
    run.expect_code(0);
}

fn target_counts(report: &serde_json::Value) -> [u64; 3] {
    ["extra", "present_but_rejected", "present_twice"]
        .map(|name| report[name]["count"].as_u64().unwrap_or_else(|| panic!("no count {name}: {report}")))
}

/// The tour of the README: a record was mended in the rejects and imported from there, and the export is unchanged.
#[test]
fn a_user_from_mended_rejects_is_in_the_export() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clerk_users.json");
    let rejects = scratch.import(&sandbox, fixture, &[]).expect_code(3).report()["rejects_file"].clone();
    let rejects = rejects.as_str().expect("a rejects file");
    scratch.write(rejects, scratch.read(rejects).replace("\"un.a\"", "\"una\""));
    assert_eq!(scratch.import(&sandbox, rejects, &[]).expect_code(3).count("created"), 1);
    let run = scratch.verify(&sandbox, fixture, &[]).expect_code(3);
    assert_eq!(target_counts(&run.report()), [0, 1, 0], "{}", run.stdout);
    assert!(run.report()["present_but_rejected"]["first"][0].as_str().expect("an id").starts_with("usr_"));
    assert!(run.stderr.contains("0 at the target and not in the export"), "{}", run.stderr);
    let line = "1 at the target, but their record in the export cannot be sent now";
    assert!(run.stderr.contains(line), "{}", run.stderr);
}

#[test]
fn a_user_whose_record_cannot_be_sent_any_more_is_in_the_export() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let users = || (0..12).map(user);
    let named = |number: usize| user(number).replacen('{', &format!("{{\"external_id\":\"emp-{number}\","), 1);
    let today = export(users().chain([named(20), named(21)]));
    let today = scratch.write("today.json", today);
    scratch.import(&sandbox, &today, &[]).expect_code(0);
    // An identity that somebody made by hand, without anything from Clerk.
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let change = "UPDATE identities SET admin_metadata = '{}' WHERE external_id = 'user_000006'";
    assert_eq!(database.execute(change, []).expect(change), 1);
    let broken = |number: usize| user(number).replace("user", "broken").replace("broken_", "user_").replace('@', " ");
    let tomorrow = (0..11).map(|number| match number {
        1 => "{\"id\":\"user_000001\"}".to_owned(),
        2 => user(2).replacen('{', "{\"username\":\"a!b\",", 1),
        3 | 6 => broken(number),
        // A wrong type, before the id and behind it.
        4 => user(4).replacen('{', "{\"banned\":[],", 1),
        5 => user(5).replace("\"first_name\":", "\"first_name\":7,\"x\":"),
        _ => user(number),
    });
    // Without the id, the external id identifies the user; the external id of another user does not.
    let unnamed = "{\"id\":7,\"external_id\":\"emp-20\"}".to_owned();
    let other = "{\"id\":\"user_other\",\"external_id\":\"emp-21\"}".to_owned();
    let tomorrow = scratch.write("tomorrow.json", export(tomorrow.chain([unnamed, other])));
    let run = scratch.verify(&sandbox, &tomorrow, &[]).expect_code(3);
    // A user who is gone from the export is extra: number 11, and 21, whose external id another user has now.
    assert_eq!(target_counts(&run.report()), [2, 7, 0], "{}", run.stdout);
    assert!(run.stderr.contains("2 at the target and not in the export"), "{}", run.stderr);
    let quiet = scratch.verify(&sandbox, &tomorrow, &["--quiet"]).expect_code(3);
    assert!(quiet.stderr.contains("their record in the export cannot be sent now"), "{}", quiet.stderr);
}

#[test]
fn a_user_whose_row_cannot_be_read_any_more_is_in_the_export() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let table = |rows: &[&str]| "first_name,id,primary_email_address\n".to_owned() + &rows.join("\n") + "\n";
    let row = |number: usize| format!("N,user_{number},user{number}@example.com");
    let [one, two, three, four] = [1, 2, 3, 4].map(row);
    let today = scratch.write("today.csv", table(&[&one, &two, &three, &four]));
    scratch.import(&sandbox, &today, &[]).expect_code(0);
    let tomorrow = table(&[&one, &(two + ",too many"), "N,user_3", "N,user_4,x\"y\""]);
    let tomorrow = scratch.write("tomorrow.csv", tomorrow);
    let run = scratch.verify(&sandbox, &tomorrow, &[]);
    assert_eq!(target_counts(&run.report()), [0, 3, 0], "{} {}", run.stdout, run.stderr);
}

#[test]
fn a_user_who_is_there_twice_is_in_the_export() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..10).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let change = "UPDATE identities SET admin_metadata = replace(admin_metadata, 'user_000003', 'user_000004') \
                  WHERE external_id = 'user_000003'";
    assert_eq!(database.execute(change, []).expect(change), 1);
    let some = (0..10).filter(|number| *number != 3).map(user);
    let some = scratch.write("some.json", export(some));
    let run = scratch.verify(&sandbox, &some, &[]).expect_code(3);
    assert_eq!(target_counts(&run.report()), [0, 0, 1], "{}", run.stdout);
    assert!(run.stderr.contains("1 at the target once more than in the export"), "{}", run.stderr);
}

#[test]
fn a_report_of_the_run_that_is_no_object_is_left_as_it_is() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", export((0..3).map(user)));
    let run = scratch.import(&sandbox, "users.json", &[]).expect_code(0);
    let report = format!(".avnology/runs/{}/report.json", run.report()["run"].as_str().expect("a run"));
    for other in ["[]", "\"mine\"", "7"] {
        scratch.write(&report, other);
        let run = scratch.verify(&sandbox, "users.json", &[]).expect_code(0);
        assert!(run.stderr.contains("does not have the result") && !run.stderr.contains("panic"), "{}", run.stderr);
        assert_eq!(scratch.read(&report), other);
    }
}
