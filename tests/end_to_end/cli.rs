//! The command line: help, exit codes, output for people and for programs, and what never appears in any of it.

use crate::support;

use support::{Run, Sandbox, Scratch, export, user};

#[test]
fn help_is_complete_and_shows_the_exit_codes() {
    let scratch = Scratch::new();
    for arguments in [
        &["--help"][..],
        &["migrate", "--help"],
        &["migrate", "clerk", "--help"],
        &["migrate", "clerk", "resume", "--help"],
        &["sandbox", "--help"],
    ] {
        let run = scratch.run(arguments).expect_code(0);
        insta::assert_snapshot!(arguments.join(" "), run.stdout);
    }
    assert!(scratch.run(&["migrate", "clerk", "--help"]).stdout.contains("130  interrupted"));
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    let scratch = Scratch::new();
    scratch.run(&[]).expect_code(2);
    scratch.run(&["migrate", "clerk"]).expect_code(2);
    scratch.run(&["migrate", "clerk", "--import", "x", "--odd"]).expect_code(2);
    scratch.run(&["migrate", "clerk", "--import", "x", "--rate", "fast"]).expect_code(2);
    scratch
        .run(&["migrate", "clerk", "--import", "x", "--sandbox", "--base-url", "https://example.com"])
        .expect_code(2);
    scratch.run(&["migrate", "clerk", "--import", "x", "--missing-email", "placeholder:not a domain"]).expect_code(2);
    scratch.write(".env", "AVNOLOGY_RATE=fast\n");
    let run = scratch.run(&["migrate", "clerk", "--import", "x", "--dry-run"]).expect_code(2);
    assert!(run.stderr.contains("AVNOLOGY_RATE"), "{}", run.stderr);
}

#[test]
fn numbers_that_no_machine_has_are_wrong_usage_and_no_reason_to_crash() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export([user(1)]));
    let import = ["migrate", "clerk", "--import", &file, "--sandbox"];
    for huge in ["10001", "9223372036854775807", "18446744073709551615", "99999999999999999999"] {
        let run = scratch.run(&[&import[..], &["--concurrency", huge]].concat()).expect_code(2);
        assert!(run.stderr.contains("expected a number from 1 to 10000, or `auto`"), "{huge}: {}", run.stderr);
        let mut command = scratch.avnology(&import);
        command.env("AVNOLOGY_CONCURRENCY", huge);
        Run::of(command.output().expect("the binary runs")).expect_code(2);
    }
}

#[test]
fn an_option_that_would_mean_nothing_to_applications_and_endpoints_is_refused_by_name() {
    let scratch = Scratch::new();
    let planned = ["--plan", "plan.json", "--endpoints", "endpoints.toml"];
    for (command, planned, odd) in [
        (["apps", "apply"], &planned[..2], &["--strict"][..]),
        (["apps", "verify"], &planned[..2], &["--batch-size", "7"]),
        (["apps", "undo"], &[], &["--batch-size", "7"]),
        (["webhooks", "apply"], &planned, &["--kratos-schema", "customer"]),
        (["webhooks", "verify"], &planned, &["--strict"]),
        (["webhooks", "activate"], &planned, &["--kratos-schema", "customer"]),
    ] {
        let run = scratch.run(&[&["migrate", "clerk"][..], &command, planned, odd].concat()).expect_code(2);
        let expected = format!("unexpected argument '{}'", odd[0]);
        assert!(run.stderr.contains(&expected), "{command:?} {odd:?}: {}", run.stderr);
    }
}

#[test]
fn a_file_without_an_option_gets_advice() {
    let scratch = Scratch::new();
    scratch.write("users.json", export([user(1)]));
    scratch.write("tenant", export([user(1)]));
    for arguments in [
        &["migrate", "clerk", "users.json"][..],
        &["migrate", "clerk", "--dry-run", "users.json"],
        &["migrate", "clerk", "tenant"],
        &["migrate", "clerk", "-"],
        &["migrate", "clerk", "elsewhere/users.json"],
        &["migrate", "users.json"],
        &["users.json"],
        &["migrate", "clerk", "verify", "users.json"],
    ] {
        let run = scratch.run(arguments).expect_code(2);
        let file = arguments.last().expect("a file");
        let expected = format!("`--import`: for example `avnology migrate clerk --import {file} --dry-run`");
        assert!(run.stderr.contains(&expected), "{arguments:?}: {}", run.stderr);
    }
    let run = scratch.run(&["migrate", "clerk", "rusn"]).expect_code(2);
    assert!(run.stderr.contains("unrecognized subcommand 'rusn'"), "{}", run.stderr);
}

#[test]
fn output_for_programs() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..10).map(user)));
    let run =
        scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json", "--progress", "json"]);
    let run = run.expect_code(0);
    let report = run.report();
    assert_eq!((&report["status"], &report["exit_code"]), (&"finished".into(), &0.into()));
    assert_eq!(report["preview"].as_array().map(Vec::len), Some(3));
    assert_eq!(report["preview"][0]["external_id"], "user_000000");
    let last = run.stderr.lines().find(|line| line.starts_with('{')).expect("a line of progress");
    let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
    assert_eq!((&last["event"], &last["read"], &last["valid"]), (&"finished".into(), &10.into(), &10.into()));
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--quiet"]).expect_code(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn a_preview_masks_the_hash_and_its_length_can_be_chosen() {
    let scratch = Scratch::new();
    let digest = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    let record = user(1).replace(r#""first_name""#, &format!(r#""password_digest":"{digest}","first_name""#));
    let file = scratch.write("users.json", export([record, user(2)]));
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "1"]).expect_code(0);
    assert!(run.stdout.contains("\"hashed_password\": \"$2a$10$…\""), "{}", run.stdout);
    assert!(!run.stdout.contains("N9qo8uLO") && !run.stdout.contains("user_000002"), "{}", run.stdout);
}

#[test]
fn nothing_personal_and_no_secret_in_any_output_of_a_failing_run() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(
        &scratch,
        &["--fault", "status=503:0.3", "--fault", "garbage=0.1", "--fault", "reset-after=0.1"],
    );
    let digest = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    let private = format!(
        r#""password_digest":"{digest}","last_name":"Confidential","phone_numbers":[{{"phone_number":"+14155550100"}}]"#
    );
    let records = (0..200).map(|number| match number % 10 {
        3 => format!(
            r#"{{"id":"user_{number:06}","email_addresses":[{{"email_address":"private@@example.com"}}],{private}}}"#
        ),
        5 => format!(r#"{{"id":"user_{number:06}","first_name":["private"],{private}}}"#),
        7 => format!(r#"{{"id":"user_{number:06}",{private}, private@example.com}}"#),
        8 => user(1).replace("user_000001", &format!("user_{number:06}")),
        _ => user(number).replace(r#""first_name""#, &format!(r#"{private},"first_name""#)),
    });
    let file = scratch.write("users.json", export(records.collect::<Vec<_>>()));
    let arguments =
        ["migrate", "clerk", "--import", &file, "-vv", "--batch-size", "7", "--rate", "1000/s", "--output", "json"];
    let mut command = scratch.avnology(&arguments);
    command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
    let run = Run::of(command.output().expect("the binary runs")).expect_code(3);
    assert!(run.stderr.contains("DEBUG"), "the logs are on: {}", run.stderr);
    for secret in [sandbox.key.as_str(), "example.com", "N9qo8uLO", "Confidential", "+14155550100", "private"] {
        assert!(!run.stderr.contains(secret), "{secret} in the logs: {}", run.stderr);
        assert!(!run.stdout.contains(secret), "{secret} in the report: {}", run.stdout);
        let kept =
            scratch.read(&format!(".avnology/runs/{}/report.json", run.report()["run"].as_str().expect("a run")));
        assert!(!kept.contains(secret), "{secret} in the report that is kept: {kept}");
    }
}

#[test]
fn no_colours_when_piped() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..3).map(user)));
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--sandbox", "-v"]).expect_code(0);
    assert!(!run.stderr.contains('\u{1b}') && !run.stdout.contains('\u{1b}'), "{:?}", run.stderr);
}
