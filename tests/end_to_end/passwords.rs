//! Passwords of one file joined to the users of another, through the built binary.

use crate::support;

use std::process::Stdio;

use support::{Run, Sandbox, Scratch, export, lines, until_of, user};

/// bcrypt, cost 4.
fn digest(password: &str) -> String {
    bcrypt::hash_with_salt(password, 4, [7; 16]).expect("a digest").to_string()
}

const HEADER: &str = "id,totp_secret,password_digest,password_hasher";

/// User `number` of `support::user` with a digest.
fn with_digest(number: usize, digest: &str) -> String {
    user(number).replacen('{', &format!("{{\"password_digest\":\"{digest}\","), 1)
}

fn dry_run(scratch: &Scratch, more: &[&str]) -> Run {
    let fixed = ["migrate", "clerk", "--dry-run", "--preview", "0", "--output", "json", "--progress", "none"];
    scratch.run(&fixed.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

/// Five users and six rows: three users have a row, one of these has another hash; one row is there twice, one is broken.
fn files(scratch: &Scratch) {
    let users = [
        user(1),
        with_digest(2, &digest("old")),
        with_digest(3, &digest("three")),
        user(4).replacen('{', "{\"password_enabled\":true,", 1),
        format!("{{\"id\":\"user_000005\",\"email_addresses\":[],\"password_digest\":\"{}\"}}", digest("five")),
    ];
    scratch.write("users.json", export(users));
    let (one, two, three) = (digest("one"), digest("two"), digest("three"));
    scratch.write(
        "passwords.csv",
        format!(
            "{HEADER}\nuser_000003,,{three},bcrypt\nuser_000001,JBSWY3DP,{one},bcrypt\nuser_000009,,{one},bcrypt\n\
             user_000001,,{two},bcrypt\nuser_000002,,{two},bcrypt\nbroken\n"
        ),
    );
}

#[test]
fn users_get_the_passwords_that_they_lack() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    files(&scratch);
    let passwords = ["--passwords", "passwords.csv"];
    let run = scratch.import(&sandbox, "users.json", &passwords).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (4, 1));
    for (number, password, status) in
        [(1, "one", 201), (1, "two", 401), (2, "two", 201), (2, "old", 401), (3, "three", 201)]
    {
        assert_eq!(sandbox.sign_in(&format!("user{number}@example.com"), password).0, status, "{number} {password}");
    }
    let report = run.report();
    assert_eq!(
        report["warnings"],
        serde_json::json!({"not_in_passwords": 1, "password_conflict": 1, "password_missing": 1})
    );
    assert_eq!(report["left_behind"], serde_json::json!({"totp": 1}));
    assert_account(&report["passwords"]);
    // The record in the rejects file is that of the input: it has no hash from another file.
    let rejects = lines(&scratch.path(report["rejects_file"].as_str().expect("a rejects file")));
    assert_eq!(rejects[0]["original"]["password_digest"], digest("five"));
    let file = report["rejects_file"].as_str().expect("a rejects file");
    let replayed = scratch.import(&sandbox, file, &[]).expect_code(3);
    assert!(replayed.stderr.contains("without it they have none"), "{}", replayed.stderr);
    let replayed = scratch.import(&sandbox, file, &passwords).expect_code(3);
    assert!(!replayed.stderr.contains("without it they have none"), "{}", replayed.stderr);

    // A dry run reports the same, and no report has personal data.
    let dry = dry_run(&scratch, &["--import", "users.json", "--passwords", "passwords.csv"]).expect_code(3);
    assert_eq!(dry.report()["passwords"], report["passwords"]);
    assert!(!run.stdout.contains("user_0000") && !run.stdout.contains("$2"), "{}", run.stdout);

    scratch.verify(&sandbox, "users.json", &passwords).expect_code(0);
    let again = scratch.import(&sandbox, "users.json", &passwords).expect_code(3);
    assert_eq!(again.count("unchanged"), 4);
}

#[track_caller]
fn assert_account(account: &serde_json::Value) {
    let records = |findings: &serde_json::Value| {
        let first = findings["first"].as_array().expect("findings").iter();
        first.map(|finding| finding["record"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    assert_eq!((&account["rows"], &account["joined"]), (&4.into(), &3.into()), "{account}");
    assert_eq!(records(&account["users_without_row"]), [4, 5]);
    assert_eq!(records(&account["rows_without_user"]), [3]);
    assert_eq!((records(&account["repeated"]), records(&account["unreadable"])), (vec![4], vec![6]));
    let conflict = &account["conflicts"]["first"][0];
    assert_eq!(
        (&conflict["user"]["record"], &conflict["row"]["record"], &conflict["row"]["line"]),
        (&2.into(), &5.into(), &6.into())
    );
}

#[test]
fn the_file_of_passwords_may_be_compressed_and_either_file_a_pipe() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    files(&scratch);
    let csv = std::fs::read(scratch.path("passwords.csv")).expect("the file");
    scratch.write("passwords.zst", zstd::encode_all(csv.as_slice(), 3).expect("compressed"));
    for (import, passwords, piped) in [
        ("users.json", "passwords.zst", None),
        ("users.json", "-", Some("passwords.csv")),
        ("-", "passwords.csv", Some("users.json")),
    ] {
        let mut command = scratch.import_command(&sandbox, import, &["--passwords", passwords]);
        if let Some(piped) = piped {
            command.stdin(std::fs::File::open(scratch.path(piped)).expect("the file"));
        }
        let run = Run::of(command.output().expect("the binary runs")).expect_code(3);
        assert_account(&run.report()["passwords"]);
    }
    let run = dry_run(&scratch, &["--import", "-", "--passwords", "-"]).expect_code(2);
    assert!(run.stderr.contains("only once"), "{}", run.stderr);
}

#[test]
fn without_the_passwords_nothing_is_sent() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    files(&scratch);
    let csv = scratch.read("passwords.csv");
    scratch.write("cut.csv", &csv[..csv.len() - 100]);
    scratch.write("other.csv", "id,primary_email_address\nuser_1,a@example.com\n");
    for (file, expected) in [
        ("missing.csv", "missing.csv"),
        ("cut.csv", "truncated"),
        ("other.csv", "holds no passwords"),
        ("users.json", "holds no passwords"),
    ] {
        let run = scratch.import(&sandbox, "users.json", &["--passwords", file]).expect_code(5);
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
    }
    assert!(sandbox.column("id").is_empty());
}

/// A row that is there and cannot be read must not count as absent.
#[test]
fn a_user_whose_row_is_broken_is_not_said_to_be_missing_in_the_file() {
    let scratch = Scratch::new();
    scratch.write("users.json", export([user(1), user(2)]));
    let one = digest("one");
    scratch.write("passwords.csv", format!("{HEADER}\nuser_000001,,{one},bcrypt\nuser_000002,,{one},bcrypt,surplus\n"));
    let run = scratch.run(&[
        "migrate",
        "clerk",
        "--dry-run",
        "--preview",
        "0",
        "--progress",
        "none",
        "--import",
        "users.json",
        "--passwords",
        "passwords.csv",
    ]);
    let stderr = run.expect_code(0).stderr;
    assert!(stderr.contains("1 user has no readable row in it"), "{stderr}");
    assert!(stderr.contains("1 row is broken or has no id"), "{stderr}");
    assert!(stderr.contains("no readable row of the --passwords file has the user's id"), "{stderr}");
    assert!(!stderr.contains("not in the --passwords file"), "{stderr}");
}

/// The account covers all users, also those from before the interruption.
#[test]
fn an_interrupted_import_is_resumed_with_the_same_passwords() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    scratch.write("users.json", export((0..3_000).map(user)));
    let digest = digest("one");
    let rows: Vec<String> = (1_000..4_000).map(|number| format!("user_{number:06},,{digest},bcrypt")).collect();
    scratch.write("passwords.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    let more = ["--passwords", "passwords.csv"];
    let mut command = scratch.import_command(
        &sandbox,
        "users.json",
        &[&more[..], &["--batch-size", "20", "--concurrency", "1"]].concat(),
    );
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    until_of(&mut process, "too few arrived", || sandbox.column("id").len() >= 300);
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");

    // Without them, or with others, it is other work.
    let with_others = scratch.write("others.csv", format!("{HEADER}\n"));
    let run = scratch.import(&sandbox, "users.json", &["--passwords", &with_others]);
    assert!(!run.stderr.contains("Continuing"), "{}", run.stderr);
    let unchanged = std::fs::read(scratch.path("passwords.csv")).expect("the file");
    scratch.write("passwords.csv", [&unchanged[..], b"user_x,,,\n"].concat());
    let run = scratch.import(&sandbox, "users.json", &more).expect_code(2);
    assert!(run.stderr.contains("passwords.csv") && run.stderr.contains("has changed"), "{}", run.stderr);
    scratch.write("passwords.csv", unchanged);

    let mut command = scratch.avnology(&["migrate", "clerk", "resume", "--output", "json", "--progress", "none"]);
    let run =
        Run::of(command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs")).expect_code(0);
    assert!(run.stderr.contains("Continuing"), "{}", run.stderr);
    let account = &run.report()["passwords"];
    assert_eq!((&account["joined"], &account["rows"]), (&2_000.into(), &3_000.into()));
    assert_eq!(account["users_without_row"]["count"], 1_000);
    assert_eq!(account["users_without_row"]["first"].as_array().expect("findings").len(), 1_000);
    assert_eq!(account["rows_without_user"]["count"], 1_000);
    assert_eq!(run.report()["warnings"]["not_in_passwords"], 1_000);
}
