//! A pilot, a sample, a list of users, users of whom something holds: runs that take only some records of an export.

use crate::support;

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::{Value, json};
use support::{Run, Sandbox, Scratch, export, lines, user};

/// The external ids at the target.
fn there(sandbox: &Sandbox) -> BTreeSet<String> {
    sandbox.column("external_id").into_iter().collect()
}

fn ids(numbers: impl IntoIterator<Item = usize>) -> BTreeSet<String> {
    numbers.into_iter().map(|number| format!("user_{number:06}")).collect()
}

fn run_id(run: &Run) -> String {
    run.report()["run"].as_str().expect("a run").to_owned()
}

fn created_and_unchanged(run: &Run) -> (u64, u64) {
    (run.count("created"), run.count("unchanged"))
}

#[test]
fn a_pilot_is_a_run_of_its_own_and_the_whole_import_finds_it_unchanged() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    // More than one chunk of records, and the last one is the same as the first but for its id.
    let twin = user(0).replacen("user_000000", "user_001500", 1);
    let file = scratch.write("users.json", export((0..1_500).map(user).chain([twin])));

    let pilot = ["--skip", "1020", "--limit", "10"];
    let dry = [&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"][..], &pilot].concat();
    let dry = scratch.run(&dry).expect_code(0).report();
    assert_eq!((&dry["counts"]["valid"], &dry["preview"].as_array().expect("a list").len()), (&json!(10), &3));
    assert_eq!(dry["preview"][0]["external_id"], "user_001020");
    let selection = &dry["selection"];
    assert_eq!((&selection["records"], &selection["selected"]), (&json!(1_501), &json!(10)));
    assert_eq!(selection["options"], json!({"skip": 1020, "limit": 10}));

    // Too few are in the input, not in the selection.
    scratch.import(&sandbox, &file, &[&pilot[..], &["--min-records", "1502"]].concat()).expect_code(5);
    let first = scratch.import(&sandbox, &file, &[&pilot[..], &["--min-records", "1501"]].concat()).expect_code(0);
    assert_eq!(created_and_unchanged(&first), (10, 0));
    assert_eq!(there(&sandbox), ids(1_020..1_030));
    let verified = scratch.verify(&sandbox, &file, &pilot).expect_code(0).report();
    assert_eq!((&verified["checked"], &verified["equal"], &verified["extra"]), (&json!(10), &json!(10), &Value::Null));
    let missing = scratch.verify(&sandbox, &file, &["--limit", "1040"]).expect_code(3).report();
    assert_eq!((&missing["checked"], &missing["missing"]["count"]), (&json!(1_040), &json!(1_030)));

    // By each kind of name, and two that nobody has.
    let list =
        scratch.write("list", "\u{feff}user_000007\r\n\n USER8@Example.com \nnobody@example.com\nuser_1\nuser_001025");
    let second = scratch.import(&sandbox, &file, &["--only", &list]).expect_code(0);
    assert_eq!(created_and_unchanged(&second), (2, 1));
    assert_eq!(second.report()["selection"]["not_found"], json!({"count": 2, "first": [4, 5]}));
    assert!(second.stderr.contains("lines of --only: 4, 5 (2 in all)"), "{}", second.stderr);
    assert!(!second.stderr.contains("nobody"), "nothing personal: {}", second.stderr);
    let third = scratch.import(&sandbox, &file, &["--only", "user_000003,user3@example.com,user4@example.com"]);
    assert_eq!(created_and_unchanged(&third.expect_code(0)), (2, 0));

    let condition = ["--where", "@.public_metadata.number >= 1490 && !@.banned"];
    assert_eq!(created_and_unchanged(&scratch.import(&sandbox, &file, &condition).expect_code(0)), (10, 0));

    // The twin is a duplicate of a user who is not selected: that one is the first in the input. Its place is that in the input.
    let twin = scratch.import(&sandbox, &file, &["--only", "user_001500"]).expect_code(3);
    let rejected = &twin.report()["rejected_by_code"]["duplicate_email"]["first"][0];
    assert_eq!((&rejected["record"], &rejected["same_as"]["record"]), (&json!(1_501), &json!(1)));
    // With it --strict sends nothing, without it the twin is no matter.
    scratch.import(&sandbox, &file, &["--only", "user_001500", "--strict", "--new-run"]).expect_code(4);
    let strict = scratch.import(&sandbox, &file, &["--sample", "25", "--strict"]).expect_code(0);
    assert_eq!(strict.count("created") + strict.count("unchanged"), 25);
    let sample = scratch.verify(&sandbox, &file, &["--sample", "25"]).expect_code(0).report();
    assert_eq!(sample["equal"], 25, "the same users");

    // The pilots are unchanged in the whole import, which is a run of its own; then only the first pilots are taken back.
    let before = there(&sandbox).len() as u64;
    let whole = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_eq!((created_and_unchanged(&whole), whole.count("rejected")), ((1_500 - before, before), 1));
    let undone = scratch.undo(&sandbox, &run_id(&first), &["--yes"]).expect_code(0).report();
    assert_eq!(undone["counts"]["deleted"], 10);
    let left: BTreeSet<String> = ids(0..1_500).difference(&ids(1_020..1_030)).cloned().collect();
    assert_eq!(there(&sandbox), left);
}

#[test]
fn an_interrupted_selection_goes_on_with_the_same_users() {
    let scratch = Scratch::new();
    let failing = Sandbox::start(&scratch, &["--fault", "outage-after=5:600s"]);
    let file = scratch.write("users.json", export((0..300).map(user)));
    let numbers: Vec<usize> = (0..300).step_by(7).collect();
    let names: Vec<String> = ids(numbers.iter().copied()).into_iter().collect();
    let list = scratch.write("list", names.join("\n"));
    let more = ["--only", &list, "--limit", "40", "--max-wait", "1", "--batch-size", "10", "--concurrency", "1"];
    let stopped = scratch.import(&failing, &file, &more).expect_code(7);
    let (run, expected) = (run_id(&stopped), ids(numbers.iter().copied().take(40)));
    let directory = scratch.path(".avnology/runs").join(&run);
    let kept = std::fs::read(directory.join("selection")).expect("the places");
    for file in ["run.json", "selection", "selection.json"] {
        let content = std::fs::read(directory.join(file)).expect(file);
        let content = String::from_utf8_lossy(&content);
        assert!(
            !content.contains("user_0000") && !content.contains("@example"),
            "nothing personal in {file}: {content}"
        );
    }

    // A damaged selection would be other users.
    let mut damaged = kept.clone();
    damaged[9] ^= 1;
    std::fs::write(directory.join("selection"), damaged).expect("written");
    let sandbox = failing.replace(&scratch, &[]);
    let resume = ["migrate", "clerk", "resume", &run, "--output", "json", "--max-wait", "20"];
    let resume = || {
        let mut command = scratch.avnology(&resume);
        Run::of(command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs"))
    };
    let refused = resume().expect_code(2);
    assert!(refused.stderr.contains("selection") && refused.stderr.contains("--new-run"), "{}", refused.stderr);
    std::fs::write(directory.join("selection"), kept).expect("written");

    // Another selection is another run, and this one stays as it is.
    let other = scratch.import(&sandbox, &file, &["--limit", "1", "--max-wait", "20"]).expect_code(0);
    assert_ne!(run_id(&other), run);
    // The list is not needed any more.
    std::fs::remove_file(scratch.path(&list)).expect("removed");
    let resumed = resume().expect_code(0);
    let (created, unchanged) = created_and_unchanged(&resumed);
    assert_eq!((run_id(&resumed), created + unchanged), (run, 40));
    assert_eq!(there(&sandbox), expected);
}

#[test]
fn what_cannot_be_selected_is_refused_before_anything_is_sent() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..20).map(user)));
    let latin = scratch.write("latin", b"user_000001\nuser_\xe4\n");
    scratch.write("list", "user_000001");
    let blank = scratch.write("blank", "\n \n");
    let import = ["migrate", "clerk", "--import", &file, "--sandbox"];
    for (more, code, expected) in [
        (&["--where", "@.id == 'a' and @.banned"][..], 2, "character 13"),
        (&["--where", "@.id =="], 2, "character 8"),
        (&["--only", &latin], 2, "line 2"),
        (&["--only", &blank], 2, "`blank`"),
        (&["--only", ","], 2, "names nobody"),
        (&["--limit", "0"], 2, "--limit"),
        (&["--seed", "7"], 2, "--sample"),
        (&["--limit", "3", "--shard", "1/2"], 2, "shard"),
        (&["--only", "nobody"], 5, "none of the 20 records"),
        (&["--where", "@.nothing == 7"], 5, "none of the 20 records"),
        (&["--skip", "20"], 5, "none of the 20 records"),
        (&["--only", &latin, "--report", &latin], 2, "line 2"),
        (&["--only", "list", "--report", "list"], 2, "file of --only"),
    ] {
        let run = scratch.run(&[&import[..], more].concat()).expect_code(code);
        assert!(run.stderr.contains(expected), "{more:?}: {}", run.stderr);
        assert!(!scratch.path(".avnology/runs").exists(), "{more:?}");
    }
    let mut pipe = scratch.avnology(&["migrate", "clerk", "--import", "-", "--sandbox", "--limit", "3"]);
    let run = Run::of(pipe.stdin(Stdio::piped()).output().expect("the binary runs")).expect_code(2);
    assert!(run.stderr.contains("pipe"), "{}", run.stderr);
}

#[test]
fn records_of_every_form_are_selected() {
    let scratch = Scratch::new();
    let csv = scratch
        .write("users.csv", "id,primary_email_address,username\nuser_1,a@x.example,ada\nuser_2,b@x.example,bob\n");
    let broken = format!("[{},\n{{\"id\":\"user_000001\", oops}},\n{}]", user(0), user(2));
    let broken = scratch.write("broken.json", broken);
    let valid = |file: &str, more: &[&str], code: i32| {
        let dry = ["migrate", "clerk", "--import", file, "--dry-run", "--output", "json"];
        let run = scratch.run(&[&dry[..], more].concat()).expect_code(code);
        (run.count("valid"), run.count("rejected"), run.report()["selection"]["unreadable"].clone())
    };
    assert_eq!(valid(&csv, &["--where", "@.username == 'bob'"], 0), (1, 0, json!(0)));
    assert_eq!(valid(&csv, &["--only", "A@X.example,user_2"], 0), (2, 0, json!(0)));
    // A record that cannot be read counts among the first ones, and is nobody of whom something holds.
    assert_eq!(valid(&broken, &["--limit", "2"], 3), (1, 1, json!(0)));
    assert_eq!(valid(&broken, &["--where", "@.first_name"], 0), (2, 0, json!(1)));
    assert_eq!(valid(&broken, &["--sample", "3"], 3), (2, 1, json!(0)));

    // Of an input that ends too early nobody is selected.
    let cut = scratch.write("cut.json", format!("[{},{}", user(0), &user(1)[..40]));
    let run = scratch.run(&["migrate", "clerk", "--import", &cut, "--sandbox", "--limit", "1"]).expect_code(5);
    assert!(!scratch.path(".avnology/runs").exists(), "{}", run.stderr);

    // The rejects of a run are an input like others.
    let sandbox = Sandbox::start(&scratch, &[]);
    let rejected = scratch.import(&sandbox, &broken, &[]).expect_code(3).report();
    let rejects = rejected["rejects_file"].as_str().expect("a file");
    let mended = scratch.read(rejects).replace(", oops", r#",\"email_addresses\":[\"c@x.example\"]"#);
    let mended = scratch.write("mended.ndjson", mended);
    assert_eq!(lines(&scratch.path(&mended)).len(), 1);
    assert_eq!(valid(&mended, &["--where", "@.id == 'user_000001'"], 0), (1, 0, json!(0)));
}
