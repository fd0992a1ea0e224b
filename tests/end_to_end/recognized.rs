//! Records that are known by their bytes: a night's account is the one that it would be if every record was mapped.

use crate::support;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;
use support::{Run, Sandbox, Scratch, export, user};

const USERS: usize = 800;

/// A user with notices now and then, and with enough metadata that a long stretch of users is not read a second time.
fn large(number: usize) -> String {
    let more = match number % 50 {
        3 => format!("\"totp_enabled\":true,\"bio\":\"{}\",", "x".repeat(4_000)),
        5 => "\"no_such_field\":1,".to_owned(),
        // Two users share an address, which is verified.
        9 => String::new(),
        _ => format!("\"private_metadata\":{{\"bio\":\"{}\"}},", "y".repeat(4_000)),
    };
    let beside = r#"[{"id":"b","email_address":"both@example.com","verified":true},"#;
    let user = user(number).replacen('{', &format!("{{{more}"), 1);
    if number % 400 == 9 {
        user.replace("\"email_addresses\":[", &format!("\"email_addresses\":{beside}"))
    } else {
        user
    }
}

/// The exports of some nights: the same one again, changes of every kind, and those once more.
fn nights() -> [String; 4] {
    let bad = |number: usize| match number {
        77 => r#"{"id":"user_000077"}"#.to_owned(),
        78 => r#"{"id":"user_000078", oops}"#.to_owned(),
        _ => large(number),
    };
    let first: Vec<String> = (0..USERS).map(bad).collect();
    let mut changed = first.clone();
    changed[700] = changed[700].replace("N700", "Renamed");
    changed.drain(600..610);
    // A new user claims the address of somebody who is known, before and behind that one.
    changed.insert(500, user(9_500).replace("user9500@", "user499@"));
    changed.insert(400, user(9_400).replace("user9400@", "user450@"));
    // The same record once more, and users who are new.
    changed.insert(300, changed[20].clone());
    changed.extend((1_000..1_005).map(large));
    [first.clone(), first, changed.clone(), changed].map(export)
}

fn logged(run: &Run, what: &str) -> u64 {
    let line = run.stderr.lines().find(|line| line.contains(what));
    let line = line.unwrap_or_else(|| panic!("no {what}: {}", run.stderr));
    let (_, count) = line.split_once("records=").expect("a count");
    count.split_whitespace().next().expect("a count").parse().expect("a number")
}

const KNOWN: &str = "known by their bytes, and not mapped";
const MAPPED: &str = "not known by their bytes, and mapped";

/// How many records were known by their bytes, how many were mapped, and how many were not mapped in the second pass.
fn counted(run: &Run) -> [u64; 3] {
    [KNOWN, MAPPED, "not mapped a second time"].map(|what| logged(run, what))
}

/// The file of known records.
fn file_of(scratch: &Scratch) -> PathBuf {
    let runs = std::fs::read_dir(scratch.path(".avnology/runs")).expect("runs").map(|entry| entry.expect("it").path());
    let known = runs.filter(|path| path.to_string_lossy().contains("known-users")).last().expect("what is known");
    known.join("records")
}

/// A run's account without what is another one each time: its report, its rejects and its results.
fn account(scratch: &Scratch, run: &Run) -> (Value, Vec<Value>, Vec<Value>) {
    let mut report = run.report();
    let mut rejects = support::lines(&scratch.path(report["rejects_file"].as_str().expect("a rejects file")));
    let mut results = support::lines(&scratch.path("results.ndjson"));
    // The path of the input is another one, and the check of a line is also that of its run.
    for line in results.iter_mut().chain(&mut rejects) {
        for name in ["id", "run", "input", "line_check", "request"] {
            line[name].take();
        }
    }
    for name in ["run", "target", "elapsed_seconds", "origin", "pace", "timeline", "report_file", "rejects_file"] {
        report[name].take();
    }
    report["requests"]["retries"].take();
    (report, rejects, results)
}

#[test]
fn a_night_is_the_same_whether_its_records_are_known_by_their_bytes_or_mapped() {
    let [short, long] = [Scratch::new(), Scratch::new()];
    let [at_short, at_long] = [&short, &long].map(|scratch| Sandbox::start(scratch, &[]));
    let flags = ["-v", "--rate", "5000/s", "--on-existing", "update", "--results", "results.ndjson", "--new-run"];
    let mut counts = Vec::new();
    for (number, night) in nights().iter().enumerate() {
        let runs = [(&short, &at_short), (&long, &at_long)].map(|(scratch, sandbox)| {
            let file = scratch.write("users.json", night);
            scratch.import(sandbox, &file, &flags).expect_code(3)
        });
        assert_eq!(account(&short, &runs[0]), account(&long, &runs[1]), "night {number}");
        counts.push(counted(&runs[0]));
        // A long stretch of them is not read a second time.
        assert_eq!(logged(&runs[0], "not read a second time") > 200, number > 0, "{}", runs[0].stderr);
        // Only the one of them goes by bytes.
        assert_eq!(counted(&runs[1])[0], 0);
        std::fs::remove_file(file_of(&long)).expect("the file of known records");
        assert_eq!(at_short.column("external_id"), at_long.column("external_id"));
    }
    // Mapped every night: two who are rejected and two who share an address. With the changes also: one who changed, two who claim
    // an address, the copy, and five who are new.
    let users = USERS as u64;
    assert_eq!(counts[0], [0, users, 0]);
    assert_eq!(counts[1], [users - 4, 4, users - 2]);
    let changed = users - 10 + 3 + 5;
    assert_eq!(counts[2][0] + counts[2][1], changed);
    assert_eq!(counts[2][1], 4 + 1 + 2 + 1 + 5, "{counts:?}");
    assert_eq!(counts[3][0] + counts[3][1], changed);
    // The copy, the user whose address was claimed, and the two who claimed one in vain.
    assert_eq!(counts[3][1], 4 + 4, "{counts:?}");
    let mode = std::fs::metadata(file_of(&short)).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only the owner can read it");
}

#[test]
fn a_comma_too_many_behind_users_who_are_passed_over_is_a_reject_every_night() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let users: Vec<String> = (0..1_500).map(user).collect();
    let file = scratch.write("users.json", format!("[{},]", users.join(",")));
    for night in 0..2 {
        let run = scratch.import(&sandbox, &file, &["-v", "--rate", "5000/s", "--new-run"]).expect_code(3);
        assert_eq!((run.count("read"), run.count("rejected")), (1_501, 1), "night {night}");
        assert_eq!(logged(&run, "not read a second time") > 200, night > 0, "{}", run.stderr);
    }
}

#[test]
fn what_no_longer_holds_or_is_damaged_is_not_believed() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..60).map(user)));
    let import = |file: &str, more: &[&str]| {
        scratch.import(&sandbox, file, &[&["-v", "--rate", "5000/s"][..], more].concat()).expect_code(0)
    };
    import(&file, &[]);
    assert_eq!(counted(&import(&file, &[])), [60, 0, 60]);
    let path = file_of(&scratch);
    let whole = std::fs::read(&path).expect("the file");
    // Damaged, cut off, not there, and no file.
    for damage in 0..4 {
        match damage {
            0 => std::fs::write(&path, [&whole[..200], b"damage", &whole[206..]].concat()).expect("written"),
            1 => std::fs::write(&path, &whole[..whole.len() - 1]).expect("written"),
            2 => std::fs::remove_file(&path).expect("removed"),
            _ => {
                std::fs::remove_file(&path).expect("removed");
                std::fs::create_dir(&path).expect("a directory in its place");
            }
        }
        assert_eq!(counted(&import(&file, &[])), [0, 60, 60], "damage {damage}");
    }
    std::fs::remove_dir(&path).expect("removed");
    import(&file, &[]);
    // Another mapping: the same bytes become something else.
    let mapping = scratch.write("mapping.toml", "[email]\nunverified = \"drop\"\n");
    let by_mapping = ["--mapping", &mapping];
    assert_eq!(counted(&import(&file, &by_mapping))[0], 0, "by other rules nobody is known");
    assert_eq!(counted(&import(&file, &by_mapping))[0], 60);
    assert_eq!(counted(&import(&file, &[]))[0], 0, "nor by the first ones");
    // Another export changes a user whom this one has as before.
    let other = scratch.write("other.json", export([user(7).replace("N7", "Else")]));
    import(&other, &["--on-existing", "update"]);
    assert!(sandbox.column("first_name").contains(&"Else".to_owned()));
    let back = import(&file, &["--on-existing", "update"]);
    assert_eq!((back.count("updated"), counted(&back)[0]), (1, 0), "{}", back.stdout);
    assert!(!sandbox.column("first_name").contains(&"Else".to_owned()));
    assert_eq!(counted(&import(&file, &[]))[0], 60);
    // Who asks about everybody goes by nobody's word, and what the target confirms then is known the next night.
    let recheck = import(&file, &["--recheck"]);
    assert_eq!((recheck.report()["not_asked"].as_u64(), counted(&recheck)[0]), (Some(0), 0));
    assert_eq!(counted(&import(&file, &[]))[0], 60);
}
