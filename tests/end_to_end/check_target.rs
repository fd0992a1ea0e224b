//! `--dry-run --check-target`: what an import would find at its target, by reading and asking alone. What it says is held
//! against the import that follows.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::target::{Way, http, proxy};
use crate::support::{Run, Sandbox, Scratch, export, lines, user};

/// A dry run that looks at this target, which takes the key of the sandbox.
fn check(scratch: &Scratch, url: &str, file: &str, more: &[&str]) -> Run {
    let fixed = ["migrate", "clerk", "--import", file, "--dry-run", "--check-target", "--base-url", url];
    let mut command = scratch
        .avnology(&[&fixed[..], &["--preview", "0", "--rate", "1000/s", "--progress", "none"][..], more].concat());
    Run::of(command.env("AVNOLOGY_SECRET_KEY", "sk_test_sandbox").output().expect("the binary runs"))
}

/// A user with this id at Clerk and this address.
fn with(number: usize, id: &str, email: &str) -> String {
    user(number).replace(&format!("user_{number:06}"), id).replace(&format!("user{number}@example.com"), email)
}

/// A target that has users of an earlier import, some of them changed since; and the file of the next import.
fn changed_target(scratch: &Scratch, more: &[&str]) -> (Sandbox, String) {
    let sandbox = Sandbox::start(scratch, more);
    let others =
        [with(900, "other_1", "taken@example.com"), user(901).replacen('{', r#"{"username":"taken_name","#, 1)];
    let earlier = scratch.write("earlier.json", export((0..30).map(user).chain(others)));
    scratch.import(&sandbox, &earlier, &["--rate", "1000/s"]).expect_code(0);
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    for change in [
        "UPDATE identities SET first_name = 'Other' WHERE external_id IN ('user_000003', 'user_000004')",
        "UPDATE identities SET traits = replace(traits, '\"number\":4', '\"number\":44') WHERE external_id = 'user_000004'",
        "DELETE FROM identities WHERE external_id = 'user_000005'",
        // That is still the same person.
        "UPDATE identities SET external_id = 'else-6' WHERE external_id = 'user_000006'",
        // And that is another one with the same external id.
        "UPDATE identities SET admin_metadata = replace(admin_metadata, 'user_000007', 'user_else') WHERE external_id = 'user_000007'",
    ] {
        assert!(database.execute(change, []).expect(change) > 0, "{change}");
    }
    let new = [
        with(50, "user_new_1", "Taken@Example.com"),
        user(51).replacen('{', r#"{"username":"Taken_Name","#, 1),
        user(40),
        r#"{"id":"user_no_mail"}"#.to_owned(),
    ];
    // One changes to an address that another identity has.
    let moved = with(8, "user_000008", "user9@example.com");
    let users = (0..45).filter(|number| !matches!(number, 8 | 9)).map(user).chain([moved]).chain(new);
    (sandbox, scratch.write("users.json", export(users)))
}

/// How many records were rejected by each code, and which, as far as all of them are named.
fn rejects(report: &Value) -> Vec<(String, u64, Vec<u64>)> {
    let codes = report["rejected_by_code"].as_object().expect("codes").iter().map(|(code, rejected)| {
        let count = rejected["count"].as_u64().expect("a count");
        let first =
            rejected["first"].as_array().expect("records").iter().map(|at| at["record"].as_u64().expect("a number"));
        let mut named: Vec<u64> = first.filter(|_| count <= 3).collect();
        named.sort_unstable();
        (code.clone(), count, named)
    });
    codes.collect()
}

#[test]
fn what_a_check_finds_is_what_the_import_does() {
    for (batch, rule) in [(true, "skip"), (true, "update"), (true, "fail"), (false, "skip"), (false, "update")] {
        let scratch = Scratch::new();
        let (sandbox, file) = changed_target(&scratch, if batch { &[] } else { &["--no-batch"] });
        let before = sandbox.identities();
        let checked =
            check(&scratch, &sandbox.base_url(), &file, &["--on-existing", rule, "--output", "json"]).expect_code(3);
        assert_eq!(sandbox.identities(), before, "nothing was changed");
        let checked = checked.report();
        let import =
            scratch.import(&sandbox, &file, &["--on-existing", rule, "--new-run", "--recheck", "--rate", "1000/s"]);
        let import = import.expect_code(3).report();
        let (found, counts) = (&checked["at_target"], &import["counts"]);
        let number = |value: &Value| value.as_u64().expect("a number");
        let case = format!("batch {batch}, {rule}: {checked}\n{import}");
        assert_eq!(rejects(&checked), rejects(&import), "{case}");
        assert_eq!(found["new"], counts["created"], "{case}");
        let (equal, different) = (number(&found["equal"]), number(&found["different"]));
        let expected = if rule == "update" {
            (number(&counts["unchanged"]), number(&counts["updated"]))
        } else {
            let differs = import["warnings"]["differs_at_target"].as_u64().unwrap_or(0);
            (number(&counts["unchanged"]) - differs, differs)
        };
        assert_eq!((equal, different), expected, "{case}");
        if rule == "skip" {
            let fields = json!({"email": 1, "external_id": 1, "first_name": 2, "traits": 2});
            assert_eq!(found["different_fields"], fields, "{case}");
            let codes: Vec<String> = rejects(&checked).into_iter().map(|(code, ..)| code).collect();
            let expected = ["duplicate_external_id", "email_taken", "external_id_taken", "no_email", "username_taken"];
            assert_eq!(codes, expected, "{case}");
            assert_eq!(found["validation"], "done", "{case}");
        }
    }
}

#[test]
fn a_check_reads_and_asks_and_nothing_else() {
    for batch in [true, false] {
        let scratch = Scratch::new();
        let (sandbox, file) = changed_target(&scratch, if batch { &[] } else { &["--no-batch"] });
        let before = sandbox.identities();
        // All but reading and checking is refused.
        let refused = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&refused);
        let strict = proxy(&sandbox.base_url(), move |head, body| {
            let body = String::from_utf8_lossy(body);
            let line = head.lines().next().unwrap_or_default().to_owned();
            if line.starts_with("GET ") || line.starts_with("POST ") && body.ends_with(r#""validate_only":true}"#) {
                return Way::Through;
            }
            seen.lock().unwrap().push(line);
            Way::Instead(http("403 Forbidden", "", "{}"))
        });
        let all =
            check(&scratch, &strict, &file, &["--findings", "findings.ndjson", "--output", "json"]).expect_code(3);
        assert_eq!(*refused.lock().unwrap(), Vec::<String>::new());
        let found = &all.report()["at_target"];
        assert_eq!(
            (&found["validation"], &found["key"], &found["identities"]),
            (&json!("done"), &json!("test"), &json!(31))
        );
        let findings = lines(&scratch.path("findings.ndjson"));
        let different = findings.iter().filter(|line| line["outcome"] == "different").count() as u64;
        assert_eq!(
            (different, findings.len() as u64),
            (found["different"].as_u64().unwrap(), different + 3),
            "{findings:?}"
        );
        let taken = findings.iter().find(|line| line["code"] == "email_taken").expect("a conflict");
        assert_eq!(taken["external_id"], "user_new_1");
        let changed = findings.iter().find(|line| line["external_id"] == "user_000004").expect("a difference");
        assert_eq!(changed["fields"], json!(["first_name", "traits"]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(scratch.path("findings.ndjson")).expect("findings").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(sandbox.identities(), before);
    }
}

#[test]
fn a_key_that_can_only_read_finds_all_but_what_it_lacks() {
    let scratch = Scratch::new();
    let (sandbox, file) = changed_target(&scratch, &[]);
    let sandbox = sandbox.replace(&scratch, &["--scopes", "admin:users:read"]);
    let run = check(&scratch, &sandbox.base_url(), &file, &[]).expect_code(6);
    let said = &run.stderr;
    assert!(said.contains("The key lacks the scope admin:users:write: an import with it would be refused."), "{said}");
    assert!(said.contains(" different   at the target already, would be left as they are\n"), "{said}");
    let report = check(&scratch, &sandbox.base_url(), &file, &["--output", "json"]).expect_code(6).report();
    let found = &report["at_target"];
    assert_eq!(
        (&found["missing_scopes"], &found["validation"]),
        (&json!(["admin:users:write"]), &json!("not_permitted")),
        "{report}"
    );
    assert!(report["rejected_by_code"]["email_taken"]["count"] == 1, "{report}");
    // And one that cannot even read is refused at once.
    let sandbox = sandbox.replace(&scratch, &["--scopes", "admin:orgs:read"]);
    let run = check(&scratch, &sandbox.base_url(), &file, &[]).expect_code(6);
    assert!(run.stderr.contains("admin:users:read"), "{}", run.stderr);
}

/// What a target of the documented contract answers that checks addresses: those with `refused` in them it does not want.
fn checked(body: &Value, ignores: bool) -> Value {
    let results = body["requests"].as_array().expect("requests").iter().map(|item| {
        let is_refused = item["identity"]["email"].as_str().is_some_and(|email| email.contains("refused"));
        match (is_refused, ignores) {
            (true, _) => json!({"status": "error", "error": {
                "code": "AVNOLOGY_AUTH_902", "message": "this domain is not allowed", "field": "identity.email"}}),
            (false, true) => json!({"status": "created", "id": "usr_oops"}),
            (false, false) => json!({"status": "created"}),
        }
    });
    json!({ "results": results.collect::<Vec<_>>() })
}

#[test]
fn what_the_target_itself_refuses_is_known_before() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let users = (0..12).map(|number| match number {
        3 | 7 => with(number, &format!("user_{number:06}"), &format!("refused{number}@example.com")),
        _ => user(number),
    });
    let file = scratch.write("users.json", export(users));
    for ignores in [false, true] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let url = proxy(&sandbox.base_url(), move |head, body| {
            let Ok(body) = serde_json::from_slice::<Value>(body) else { return Way::Through };
            if body["validate_only"] != true {
                return Way::Through;
            }
            seen.lock().unwrap().push(body["requests"].as_array().map_or(0, Vec::len));
            assert!(head.starts_with("POST /v1/identities:batchCreate "), "{head}");
            Way::Instead(http("200 OK", "content-type: application/json\r\n", &checked(&body, ignores).to_string()))
        });
        let run =
            check(&scratch, &url, &file, &["--batch-size", "5", "--findings", "findings.ndjson", "--output", "json"]);
        let run = run.expect_code(if ignores { 0 } else { 3 });
        let report = run.report();
        let new = |count: u64, validation: &str| {
            assert_eq!(
                (&report["at_target"]["new"], &report["at_target"]["validation"]),
                (&json!(count), &json!(validation))
            );
        };
        if ignores {
            // It created the user of the probe, and is asked to check nobody else.
            new(12, "unable");
            assert_eq!(*asked.lock().unwrap(), [1]);
            continue;
        }
        new(10, "done");
        let refused = &report["rejected_by_code"]["target_invalid"];
        assert_eq!((&refused["count"], &refused["first"][0]["record"]), (&json!(2), &json!(4)), "{report}");
        assert_eq!(asked.lock().unwrap().iter().sum::<usize>(), 13, "the probe, and each user once");
        assert!(asked.lock().unwrap().iter().all(|users| *users <= 5));
        let findings = lines(&scratch.path("findings.ndjson"));
        assert!(
            findings[0]["message"].as_str().expect("a message").contains("this domain is not allowed"),
            "{findings:?}"
        );
    }
    assert_eq!(sandbox.identities(), Vec::<Vec<rusqlite::types::Value>>::new());
}

#[test]
fn a_check_is_of_a_dry_run_over_files() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..3).map(user)));
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--check-target"]).expect_code(2);
    assert!(run.stderr.contains("--dry-run"), "{}", run.stderr);
    let pipe = ["migrate", "clerk", "--import", "-", "--dry-run", "--check-target", "--sandbox"];
    let run = scratch.run(&pipe).expect_code(2);
    assert!(run.stderr.contains("a pipe can be read only once; write it to a file"), "{}", run.stderr);
    let same = ["migrate", "clerk", "--import", &file, "--dry-run", "--check-target", "--sandbox", "--findings", &file];
    assert!(scratch.run(&same).expect_code(2).stderr.contains("--findings"));
    let all = scratch.run(&same[..7]).expect_code(0);
    assert!(all.stderr.contains("  3 new         would be created\n"), "{}", all.stderr);
    assert!(
        all.stderr.contains("The target has 0 users; it checked the new users, and created none.\n"),
        "{}",
        all.stderr
    );
}
