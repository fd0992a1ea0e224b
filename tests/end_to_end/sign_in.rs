//! `verify --sign-in`: test accounts sign in at the target, and nothing of them is in any output.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::target::{http, scripted_target};
use crate::support::{Run, Sandbox, Scratch};

/// An address and a password that may be nowhere.
const CANARY: (&str, &str) = ("canary-7k3q@example.com", "Canary-Password, \"7k3q\"");

fn user(id: &str, email: &str, password: &str, is_banned: bool) -> Value {
    json!({
        "id": id, "banned": is_banned, "primary_email_address_id": "e",
        "email_addresses": [{"id": "e", "email_address": email, "verified": true}],
        "password_digest": bcrypt::hash(password, 4).expect("a hash"), "password_hasher": "bcrypt",
    })
}

fn write_private(scratch: &Scratch, name: &str, text: &str, mode: u32) {
    scratch.write(name, text);
    std::fs::set_permissions(scratch.path(name), std::fs::Permissions::from_mode(mode)).expect("the mode is set");
}

fn quoted(password: &str) -> String {
    format!("\"{}\"", password.replace('"', "\"\""))
}

fn run(scratch: &Scratch, base_url: &str, more: &[&str]) -> Run {
    let arguments = ["migrate", "clerk", "verify", "--base-url", base_url, "--output", "json", "--max-wait", "1"];
    let mut command = scratch.avnology(&[&arguments, more].concat());
    Run::of(command.env("AVNOLOGY_SECRET_KEY", "sk_test_sandbox").output().expect("it runs"))
}

#[track_caller]
fn is_clean(run: &Run) {
    for said in [&run.stdout, &run.stderr] {
        let said = said.to_lowercase();
        assert!(!said.contains("7k3q") && !said.contains("example.com"), "{said}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one sandbox for all: signing in costs time")]
fn test_accounts_sign_in_and_nothing_of_them_is_said() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let users = json!([
        user("user_1", CANARY.0, CANARY.1, false),
        user("user_2", "banned-7k3q@example.com", "Banned-7k3q", true),
        user("user_3", "other-7k3q@example.com", "Other-7k3q", false),
    ]);
    scratch.write("users.json", users.to_string());
    scratch.import(&sandbox, "users.json", &[]).expect_code(0);
    let good = format!(
        "email,password,state\n{},{},\nBANNED-7k3q@example.com,Banned-7k3q,disabled\n",
        CANARY.0,
        quoted(CANARY.1)
    );
    write_private(&scratch, "good.csv", &good, 0o600);
    let arguments = ["--sign-in", "good.csv", "-vv", "--report", "report.json"];
    let report = run(&scratch, &sandbox.base_url(), &arguments).expect_code(0);
    is_clean(&report);
    let counts = |report: &Value| {
        ["accounts", "tried", "signed_in", "wrong_password_refused", "disabled_refused"]
            .map(|name| report[name].as_u64().expect("a count"))
    };
    assert_eq!((counts(&report.report()), &report.report()["problems"]), ([2, 2, 1, 1, 1], &json!({})));
    assert!(!scratch.read("report.json").contains("7k3q"));

    // The same from standard input, and from a person who types: a password is not shown.
    let ask =
        ["migrate", "clerk", "verify", "--sign-in", "-", "--base-url", &sandbox.base_url(), "--output", "json", "-vv"];
    let command = || {
        let mut command = scratch.avnology(&ask);
        command.env("AVNOLOGY_SECRET_KEY", "sk_test_sandbox");
        command
    };
    let list = std::fs::File::open(scratch.path("good.csv")).expect("the list");
    let piped = Run::of(command().stdin(list).output().expect("it runs")).expect_code(0);
    is_clean(&piped);
    assert_eq!(counts(&piped.report()), [2, 2, 1, 1, 1]);
    #[cfg(target_os = "linux")]
    {
        let mut terminal = crate::support::terminal::Terminal::start(command().stdout(std::process::Stdio::null()));
        terminal.wait_for("Address of a test account");
        terminal.type_line("other-7k3q@example.com");
        terminal.wait_for("Its password (not shown)");
        terminal.type_line("Other-7k3q");
        terminal.type_line("");
        let (code, screen) = terminal.end();
        assert_eq!(code, Some(0), "{screen}");
        assert!(screen.contains("1 signed in") && !screen.contains("Other-7k3q"), "{screen}");
    }

    // All that is not as it should be has a name and a line.
    let bad = "email,password,state\n\
        other-7k3q@example.com,Other-7k3q,disabled\n\
        banned-7k3q@example.com,Banned-7k3q,active\n\
        canary-7k3q@example.com,no-7k3q,\n\
        nobody-7k3q@example.com,no-7k3q,\n";
    write_private(&scratch, "bad.csv", bad, 0o600);
    let found = run(&scratch, &sandbox.base_url(), &["--sign-in", "bad.csv", "-vv"]).expect_code(3);
    is_clean(&found);
    let problems = found.report()["problems"].clone();
    assert_eq!(
        problems,
        json!({
            "disabled_signed_in": {"count": 1, "first": [2]},
            "is_disabled": {"count": 1, "first": [3]},
            "password_refused": {"count": 2, "first": [4, 5]},
        })
    );
    assert!(found.stderr.contains("bad.csv: line 2"), "{}", found.stderr);

    // A list that others can read is refused, and so is one that is none; nothing was sent then.
    write_private(&scratch, "open.csv", &good, 0o640);
    let refused = run(&scratch, "http://127.0.0.1:9", &["--sign-in", "open.csv"]).expect_code(5);
    assert!(refused.stderr.contains("chmod 600"), "{}", refused.stderr);
    write_private(&scratch, "none.csv", &format!("{},{}\n", CANARY.0, quoted(CANARY.1)), 0o600);
    is_clean(&run(&scratch, "http://127.0.0.1:9", &["--sign-in", "none.csv", "-vv"]).expect_code(5));
    run(&scratch, &sandbox.base_url(), &["--sign-in", "good.csv", "--import", "users.json"]).expect_code(2);
    run(&scratch, &sandbox.base_url(), &[]).expect_code(2);
}

#[test]
fn a_try_that_may_have_counted_is_not_made_again() {
    let scratch = Scratch::new();
    write_private(&scratch, "one.csv", &format!("email,password\n{},{}\n", CANARY.0, quoted(CANARY.1)), 0o600);
    for (status, body, tries, code) in [
        ("502 Bad Gateway", "", 1, 3),
        // A gateway that takes everything is no sign-in.
        ("200 OK", "<html>Welcome</html>", 1, 3),
        ("401 Unauthorized", r#"{"error":{"code":"AVNOLOGY_AUTH_001"}}"#, 1, 3),
        ("401 Unauthorized", r#"{"error":{"code":"AVNOLOGY_AUTH_005"}}"#, 1, 6),
        ("404 Not Found", "", 1, 6),
    ] {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        let target = scripted_target(move |request| {
            assert!(request.starts_with("POST /v1/sessions "), "nothing else is asked for");
            counted.fetch_add(1, Ordering::SeqCst);
            http(status, "", body)
        });
        let run = run(&scratch, &target, &["--sign-in", "one.csv", "-vv"]).expect_code(code);
        assert_eq!(seen.load(Ordering::SeqCst), tries, "{status} {body}");
        is_clean(&run);
        if status.starts_with("502") || status.starts_with("200") {
            assert_eq!(run.report()["problems"]["unanswered"]["first"], json!([2]));
        }
    }
}
