//! What is known before the first user is sent: rejects that the first pass finds, and inputs that are empty or too short.

use crate::support;

use std::fs::File;

use support::{Run, Sandbox, Scratch, export, lines, user};

fn nobody() -> String {
    r#"{"id":"user_nobody"}"#.to_owned()
}

#[test]
fn max_errors_counts_what_the_first_pass_found_before_anything_is_sent() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..2_000).map(user).chain([nobody(), user(7)])));
    for (most, code) in [("0", 4), ("1", 4)] {
        let run = scratch.import(&sandbox, &file, &["--max-errors", most, "--new-run"]).expect_code(code);
        assert_eq!((run.count("created"), run.count("rejected")), (0, 2), "{}", run.stdout);
        assert!(run.stderr.contains("of --max-errors, so nothing is sent"), "{}", run.stderr);
        let report = run.report();
        assert_eq!(report["rejected_by_code"]["no_email"]["first"][0]["record"], 2_001, "{report}");
        assert_eq!(report["rejected_by_code"]["duplicate_external_id"]["first"][0]["same_as"]["record"], 8, "{report}");
        assert_eq!(lines(&scratch.path(report["rejects_file"].as_str().expect("rejects"))).len(), 2);
    }
    assert!(sandbox.column("id").is_empty());
    let run = scratch.import(&sandbox, &file, &["--max-errors", "2", "--new-run"]).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (2_000, 2), "{}", run.stdout);
}

#[test]
fn refusals_of_the_target_count_in_addition_to_predicted_rejects() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let taken = user(0).replace("user_000000", "somebody_else");
    let one = scratch.write("one.json", export([taken]));
    scratch.import(&sandbox, &one, &[]).expect_code(0);
    let file = scratch.write("users.json", export((0..6_000).map(user).chain([nobody()])));
    let flags = ["--max-errors", "1", "--batch-size", "1", "--concurrency", "1"];
    let run = scratch.import(&sandbox, &file, &flags).expect_code(4);
    assert!(run.count("created") < 6_000 && run.count("unfinished") > 0, "{}", run.stdout);
    assert_eq!(run.report()["rejected_by_code"]["email_taken"]["count"], 1, "{}", run.stdout);
    assert!(run.report()["rejected_by_code"].get("no_email").is_none(), "{}", run.stdout);
    // The resumed part knows it, too.
    let on = scratch.import(&sandbox, &file, &flags).expect_code(4);
    assert!(on.stderr.contains("Continuing") && on.count("created") < 6_000, "{}", on.stdout);
}

#[test]
fn a_strict_import_sends_nothing_if_any_user_would_be_rejected() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..30).map(user).chain([user(7), nobody()])));
    let flags = ["--strict"];
    for _ in 0..2 {
        let run = scratch.import(&sandbox, &file, &flags).expect_code(4);
        assert_eq!((run.count("created"), run.count("rejected")), (0, 2), "{}", run.stdout);
        assert!(run.stderr.contains("2 records cannot be imported (--strict), so nothing is sent"), "{}", run.stderr);
        let report = run.report();
        assert_eq!(report["rejected_by_code"]["duplicate_external_id"]["first"][0]["record"], 31, "{report}");
        assert_eq!(report["rejected_by_code"]["no_email"]["first"][0]["record"], 32, "{report}");
        let rejects = lines(&scratch.path(report["rejects_file"].as_str().expect("rejects")));
        assert_eq!(
            rejects.iter().map(|reject| reject["position"]["record"].as_u64()).collect::<Vec<_>>(),
            [Some(31), Some(32)]
        );
    }
    // Each shard knows the whole.
    for shard in ["1/2", "2/2"] {
        let run = scratch.import(&sandbox, &file, &["--strict", "--shard", shard, "--runs-dir", "shards"]);
        run.expect_code(4);
    }
    assert!(sandbox.column("id").is_empty());
    // Mended in place: the user does not have to ask for a new run.
    scratch.write("users.json", export((0..30).map(user)));
    assert_eq!(scratch.import(&sandbox, &file, &flags).expect_code(0).count("created"), 30);
    // A pipe is read only once, so its rejects cannot be known before.
    let mut command = scratch.import_command(&sandbox, "-", &flags);
    command.stdin(File::open(scratch.path(&file)).expect("the file"));
    let piped = Run::of(command.output().expect("the binary runs")).expect_code(2);
    assert!(piped.stderr.contains("--strict"), "{}", piped.stderr);
}

/// What only the target knows cannot be predicted, and the import says so before it sends anything.
#[test]
fn strict_uses_what_the_files_show_and_says_if_the_target_knows_more() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let there = scratch.write("there.json", export([user(3)]));
    scratch.import(&sandbox, &there, &[]).expect_code(0);
    let flags = ["--strict", "--on-existing", "fail"];
    let bad = scratch.write("bad.json", export((0..9).map(user).chain([nobody()])));
    let run = scratch.import(&sandbox, &bad, &flags).expect_code(4);
    assert_eq!((run.count("created"), run.count("rejected"), sandbox.column("id").len()), (0, 1, 1), "{}", run.stdout);
    let good = scratch.write("good.json", export((0..9).map(user)));
    // Which users are already there can be known before.
    let compared = scratch.verify(&sandbox, &good, &[]).report();
    assert_eq!(compared["missing"]["count"], 8, "{compared}");
    let run = scratch.import(&sandbox, &good, &flags).expect_code(3);
    assert_eq!(
        (run.count("created"), run.report()["rejected_by_code"]["already_exists"]["count"].as_u64()),
        (8, Some(1))
    );
    let (note, account) = run.stderr.split_once("Import finished").expect("an account");
    assert!(note.contains("--strict goes by what the files show") && !account.contains("Note:"), "{}", run.stderr);
    for other in [&flags[..1], &flags[1..]] {
        let run = scratch.import(&sandbox, &good, &[other, &["--new-run"]].concat());
        assert!(!run.stderr.contains("Note:"), "{}", run.stderr);
    }
}

#[test]
fn without_strict_the_same_run_is_resumed() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..30).map(user).chain([nobody()])));
    scratch.import(&sandbox, &file, &["--strict"]).expect_code(4);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (30, 1), "{}", run.stdout);
}

#[test]
fn a_strict_run_is_resumed_strictly_unless_somebody_says_otherwise() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..30).map(user).chain([nobody()])));
    let run = scratch.import(&sandbox, &file, &["--strict"]).expect_code(4);
    let id = run.report()["run"].as_str().expect("a run").to_owned();
    let resume = |more: &[&str]| {
        let arguments = [&["migrate", "clerk", "resume", &id, "--output", "json"], more].concat();
        Run::of(scratch.avnology(&arguments).env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("it runs"))
    };
    resume(&[]).expect_code(4);
    let run = resume(&["--strict=false"]).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (30, 1), "{}", run.stdout);
}

#[test]
fn an_input_without_a_record_is_reported_and_is_no_success() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let full = scratch.write("full.json", export((0..3).map(user)));
    let empty = scratch.write("empty.json", "[]");
    let metrics = ["--metrics-file", "job.prom", "--quiet"];
    let run = scratch.import(&sandbox, &empty, &metrics).expect_code(0);
    assert!(run.stderr.contains("there is no record in empty.json"), "{}", run.stderr);
    let before = scratch.read("job.prom");
    assert!(!before.contains("last_success") && !before.contains("last_completion"), "{before}");
    // One of several inputs.
    let run = scratch.import(&sandbox, &full, &["--import", &empty, "--metrics-file", "job.prom"]).expect_code(0);
    assert!(run.stderr.contains("There is no record in empty.json"), "{}", run.stderr);
    assert_eq!(run.report()["without_records"], serde_json::json!(["empty.json"]));
    assert!(scratch.read("job.prom").contains("last_success"));
    let dry = scratch.run(&["migrate", "clerk", "--import", &empty, "--dry-run", "--quiet"]).expect_code(0);
    assert!(dry.stderr.contains("there is no record in empty.json"), "{}", dry.stderr);
    let verified = scratch.verify(&sandbox, &empty, &["--quiet"]);
    assert!(verified.stderr.contains("there is no record in empty.json"), "{}", verified.stderr);
}

#[test]
fn too_few_records_are_an_error_before_anything_is_sent() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..9).map(user)));
    let flags = ["--min-records", "10", "--metrics-file", "job.prom"];
    let run = scratch.import(&sandbox, &file, &flags).expect_code(5);
    assert!(run.stderr.contains("9 records, fewer than the 10 of --min-records"), "{}", run.stderr);
    assert!(sandbox.column("id").is_empty());
    assert!(!scratch.read("job.prom").contains("last_completion"));
    for command in ["--dry-run", "verify"] {
        let run = match command {
            "verify" => scratch.verify(&sandbox, &file, &flags[..2]),
            _ => scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--min-records", "10"]),
        };
        assert!(run.expect_code(5).stderr.contains("--min-records"), "{command}");
    }
    // Nothing is sent of an export either that was cut off before it had that many records.
    let whole = export((0..20).map(user));
    let cut = scratch.write("cut.json", &whole[..whole.len() / 2]);
    let run = scratch.import(&sandbox, &cut, &["--min-records", "15"]).expect_code(5);
    assert!(run.stderr.contains("--min-records"), "{}", run.stderr);
    assert!(sandbox.column("id").is_empty());
    for shard in ["1/2", "2/2"] {
        let flags = ["--min-records", "9", "--shard", shard, "--runs-dir", "shards"];
        scratch.import(&sandbox, &file, &flags).expect_code(0);
    }
    // The next night's export is whole again, and nobody has to act.
    scratch.write("users.json", export((0..10).map(user)));
    let run = scratch.import(&sandbox, &file, &flags).expect_code(0);
    assert_eq!((run.count("created"), run.count("unchanged")), (1, 9), "{}", run.stdout);
    // The length of a pipe is known only at its end.
    let mut command = scratch.import_command(&sandbox, "-", &["--min-records", "11"]);
    command.stdin(File::open(scratch.path(&file)).expect("the file"));
    let piped = Run::of(command.output().expect("the binary runs")).expect_code(5);
    assert_eq!(piped.count("unchanged"), 10, "{}", piped.stdout);
}

#[test]
fn a_dry_run_is_no_success_of_an_import() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..3).map(user)));
    let dry = ["migrate", "clerk", "--import", &file, "--dry-run", "--quiet", "--metrics-file", "job.prom"];
    scratch.run(&dry).expect_code(0);
    assert!(!scratch.read("job.prom").contains("last_"), "{}", scratch.read("job.prom"));
    scratch.import(&sandbox, &file, &["--metrics-file", "job.prom"]).expect_code(0);
    let moments = || -> Vec<String> {
        scratch
            .read("job.prom")
            .lines()
            .filter(|line| line.starts_with("avnology_migrate_last_"))
            .map(str::to_owned)
            .collect()
    };
    let imported = moments();
    assert_eq!(imported.len(), 2);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    scratch.run(&dry).expect_code(0);
    assert_eq!(moments(), imported);
    scratch.verify(&sandbox, &file, &["--metrics-file", "job.prom"]).expect_code(0);
    assert_eq!(moments(), imported);
}
