//! `runs merge` counts in journals: nothing that people do to reports and rejects files stops it, and a merge that fails or
//! is killed leaves nothing behind.

use crate::support;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::{Run, Sandbox, Scratch, lines, mixed_export, until_of};

const USERS: usize = 1_200;
/// One in thirty of these is rejected. The first thousand records belong to the first shard.
const REJECTED: [usize; 2] = [34, 6];

fn id(run: &Run) -> String {
    run.report()["run"].as_str().expect("an id").to_owned()
}

/// Imports both shards, and returns their runs.
fn import(scratch: &Scratch, sandbox: &Sandbox) -> [String; 2] {
    scratch.write("users.json", mixed_export(USERS).0);
    ["1/2", "2/2"].map(|shard| id(&scratch.import(sandbox, "users.json", &["--shard", shard]).expect_code(3)))
}

fn merge(scratch: &Scratch) -> Run {
    scratch.run(&["migrate", "clerk", "runs", "merge", "--output", "json"])
}

fn of_run(run: &str, name: &str) -> String {
    format!(".avnology/runs/{run}/{name}")
}

fn merged(runs: &[String; 2]) -> String {
    format!("{}-merged", runs[0].strip_suffix("-1of2").expect("the first shard"))
}

/// The files of the directory of the merge.
fn files(scratch: &Scratch, runs: &[String; 2]) -> BTreeSet<String> {
    let directory = scratch.path(&of_run(&merged(runs), ""));
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn all_files() -> BTreeSet<String> {
    ["lock", "merged.json", "rejects.ndjson", "report.html", "report.json"].map(str::to_owned).into()
}

/// The merge without the check at its end.
fn unchecked(line: &str) -> String {
    line.rsplit_once(",\"line_check\"").expect("a check").0.to_owned() + "}"
}

/// What somebody does to a rejects file, whether it is still there afterwards, how many records are merged then, and what
/// the merge says.
type Mend = (&'static str, fn(&str) -> Option<String>, usize, &'static str);

const MENDS: [Mend; 13] = [
    (
        "mended",
        |text| Some(text.replace("oops", r#"\"username\":\"mended, and longer\""#)),
        40,
        "in the merged file as they are",
    ),
    ("mended, as long as before", |text| Some(text.replace("oops", "OOPS")), 40, "in the merged file as they are"),
    (
        "a line deleted",
        |text| Some(text.split_inclusive('\n').skip(1).collect()),
        39,
        "the 33 records that are in it now",
    ),
    ("emptied", |_| Some(String::new()), 6, "the 0 records that are in it now"),
    ("only a line break", |_| Some("\n".to_owned()), 6, "somebody changed"),
    ("moved away", |_| None, 6, "is not there any more"),
    ("lines added", |text| Some(format!("{text}{{\"id\":\"added\"}}\n")), 41, "the 35 records that are in it now"),
    ("without a line break at its end", |text| Some(text.trim_end().to_owned()), 40, "the 34 records"),
    ("with the line ends of another system", |text| Some(text.replace('\n', "\r\n")), 40, "the 34 records"),
    ("saved with a mark of its encoding", |text| Some(format!("\u{feff}{text}")), 40, "the 34 records"),
    (
        "made an array by a tool",
        |text| Some(format!("[\n{}\n]\n", text.trim_end().replace('\n', ",\n"))),
        40,
        "the 34 records",
    ),
    ("without checks", |text| Some(text.lines().map(|line| unchecked(line) + "\n").collect()), 40, "the 34 records"),
    ("cut off", |text| Some(text[..text.len() - 30].to_owned()), 6, "cannot be read as records"),
];

#[test]
fn the_edited_rejects_of_a_shard_are_merged_as_they_are() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let runs = import(&scratch, &sandbox);
    let path = of_run(&runs[0], "rejects.ndjson");
    let written = scratch.read(&path);
    let untouched = merge(&scratch).expect_code(3);
    assert!(!untouched.stderr.contains("somebody changed"), "{}", untouched.stderr);
    let first = of_run(&merged(&runs), "rejects.ndjson");
    let mut most = 40;
    for (name, mend, expected, reported) in MENDS {
        match mend(&written) {
            Some(text) => drop(scratch.write(&path, text)),
            None => std::fs::remove_file(scratch.path(&path)).expect("it is there"),
        }
        let run = merge(&scratch).expect_code(3);
        assert!(run.stderr.contains(reported) && run.stderr.contains(&path), "{name}: {}", run.stderr);
        // What an earlier merge wrote stays if the new merge would have fewer rejects.
        let is_less = expected < most;
        most = most.max(expected);
        assert_eq!(run.stderr.contains("stays as it is"), is_less, "{name}: {}", run.stderr);
        assert_eq!(run.stderr.contains("more records than are left now"), is_less, "{name}: {}", run.stderr);
        let counts = ["read", "created", "rejected", "unfinished"].map(|name| run.count(name));
        assert_eq!(counts, [1_200, 1_160, 40, 0], "{name}: counts are those of the import");
        let rejects = run.report()["rejects_file"].as_str().expect("a rejects file").to_owned();
        assert_eq!(rejects == first, !is_less, "{name}: {rejects}");
        assert_eq!(lines(&scratch.path(&first)).len(), most, "{name}");
        assert_eq!(lines(&scratch.path(&rejects)).len(), expected, "{name}");
        assert!(!files(&scratch, &runs).contains("rejects-4.ndjson"), "{name}: {:?}", files(&scratch, &runs));
    }
    // What was mended is imported from the merged file.
    scratch.write(&path, written.replace("oops", r#"\"email_addresses\":[]"#).replace("\"line_check\"", "\"was\""));
    let rejects = merge(&scratch).expect_code(3).report()["rejects_file"].as_str().expect("a rejects file").to_owned();
    let replayed = scratch.import(&sandbox, &rejects, &[]).expect_code(3);
    assert_eq!(replayed.count("read"), 40, "{}", replayed.stdout);
    // If no rejects are left, there is no second file, and the first one stays.
    for run in &runs {
        std::fs::remove_file(scratch.path(&of_run(run, "rejects.ndjson"))).expect("it is there");
    }
    let before = files(&scratch, &runs);
    let none = merge(&scratch).expect_code(3);
    assert_eq!((none.count("rejected"), none.report()["rejects_file"].is_null()), (40, true), "{}", none.stdout);
    assert!(none.stderr.contains("stays as it is"), "{}", none.stderr);
    assert_eq!((files(&scratch, &runs), lines(&scratch.path(&first)).len()), (before, most));
}

#[test]
fn rejects_in_a_second_file_are_merged_too() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good) = mixed_export(USERS);
    scratch.write("users.json", text);
    let mut command =
        scratch.import_command(&sandbox, "users.json", &["--shard", "1/2", "--batch-size", "20", "--concurrency", "1"]);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    let rejects = || {
        let runs = std::fs::read_dir(scratch.path(".avnology/runs")).into_iter().flatten().flatten();
        runs.map(|entry| entry.path().join("rejects.ndjson")).find(|path| path.exists())
    };
    let has_both = || rejects().is_some() && !sandbox.column("external_id").is_empty();
    until_of(&mut process, "it is killed before it ends", has_both);
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    let path = rejects().expect("rejects");
    let mended = std::fs::read_to_string(&path).expect("rejects") + "{\"id\":\"added\"}\n";
    std::fs::write(&path, &mended).expect("it is written");
    let first = scratch.import(&sandbox, "users.json", &["--shard", "1/2"]).expect_code(3);
    let second = scratch.import(&sandbox, "users.json", &["--shard", "2/2"]).expect_code(3);
    let further = path.with_file_name("rejects-2.ndjson");
    let merged = merge(&scratch).expect_code(3);
    let counts = ["read", "created", "rejected"].map(|name| merged.count(name));
    assert_eq!(counts, [1_200, good.len() as u64, 40]);
    assert_eq!([first.count("rejected"), second.count("rejected")], REJECTED.map(|count| count as u64));
    let expected = mended.lines().count() + if further.exists() { lines(&further).len() } else { 0 } + REJECTED[1];
    let written = lines(&scratch.path(merged.report()["rejects_file"].as_str().expect("a rejects file")));
    assert_eq!(written.len(), expected, "{}", merged.stderr);
    assert!(merged.stderr.contains("somebody changed"), "{}", merged.stderr);
}

#[test]
fn the_edited_reports_of_shards_change_nothing() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let runs = import(&scratch, &sandbox);
    let expected = merge(&scratch).expect_code(3).report();
    std::fs::remove_file(scratch.path(&of_run(&runs[0], "report.json"))).expect("it is there");
    let edited = scratch.read(&of_run(&runs[1], "report.json")).replace("finished", "stopped");
    scratch.write(&of_run(&runs[1], "report.json"), edited.replace("\"left_to_others\": ", "\"left_to_others\": 9"));
    assert_eq!(merge(&scratch).expect_code(3).report(), expected);
    scratch.write(&of_run(&runs[1], "report.json"), "no report");
    assert_eq!(merge(&scratch).expect_code(3).report(), expected);
}

#[test]
fn a_merge_that_fails_leaves_everything_as_it_was() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let runs = import(&scratch, &sandbox);
    // A limit on the size of files stands in for a full disk.
    let full = |blocks: u32| {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {} migrate clerk runs merge", support::AVNOLOGY);
        let output = Command::new("bash").args(["-c", &script]).current_dir(scratch.path(".")).output();
        Run::of(output.expect("bash runs"))
    };
    for blocks in [1, 4] {
        let failed = full(blocks).expect_code(2);
        assert!(failed.stderr.contains("cannot use"), "{}", failed.stderr);
        assert!(!scratch.path(&of_run(&merged(&runs), "")).exists(), "{:?}", files(&scratch, &runs));
    }
    merge(&scratch).expect_code(3);
    let read = || all_files().into_iter().map(|name| scratch.read(&of_run(&merged(&runs), &name))).collect::<Vec<_>>();
    let before = read();
    scratch.write(&of_run(&runs[1], "rejects.ndjson"), "{\"id\":\"mended\"}\n".repeat(900));
    full(4).expect_code(2);
    let after = read();
    assert_eq!((files(&scratch, &runs), &after[1..]), (all_files(), &before[1..]), "but for who had the lock");
}

#[test]
fn a_killed_merge_can_be_repeated() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let runs = import(&scratch, &sandbox);
    scratch.write(&of_run(&runs[0], "rejects.ndjson"), "{\"id\":\"mended\"}\n".repeat(34));
    let whole = |what: &str| {
        let run = merge(&scratch).expect_code(3);
        assert_eq!(files(&scratch, &runs), all_files(), "{what}");
        let written = lines(&scratch.path(run.report()["rejects_file"].as_str().expect("a rejects file"))).len();
        assert_eq!((written, run.count("rejected")), (40, 40), "{what}");
    };
    for milliseconds in [0, 3, 6, 10, 15, 20, 30, 45, 70, 100] {
        let mut command = scratch.avnology(&["migrate", "clerk", "runs", "merge"]);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        std::thread::sleep(Duration::from_millis(milliseconds));
        // It may have ended before.
        drop(process.kill());
        process.wait().expect("it ends");
        if milliseconds % 10 == 0 {
            whole(&format!("killed after {milliseconds} ms"));
        }
    }
    // What is there between any two of its steps.
    let at = |name: &str| of_run(&merged(&runs), name);
    scratch.write(&at(".tmpAbCdEf"), "half of the rej");
    std::fs::remove_file(scratch.path(&at("report.json"))).expect("it is there");
    whole("before the report is in its place");
    std::fs::remove_file(scratch.path(&at("rejects.ndjson"))).expect("it is there");
    whole("before the rejects are in their place");
    std::fs::remove_file(scratch.path(&at("merged.json"))).expect("it is there");
    for name in ["rejects.ndjson", "report.json"] {
        std::fs::remove_file(scratch.path(&at(name))).expect("it is there");
    }
    whole("before anything is in its place");
}

#[test]
fn a_merge_is_not_a_run_and_messages_say_so() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let runs = import(&scratch, &sandbox);
    merge(&scratch).expect_code(3);
    let merged = merged(&runs);
    let of_both = |run: Run| {
        let reported = run.expect_code(2).stderr;
        assert!(reported.contains("is no run but the account of"), "{reported}");
        assert!(runs.iter().all(|run| reported.contains(run.as_str())), "{reported}");
    };
    for _ in 0..2 {
        of_both(scratch.run(&["migrate", "clerk", "resume", &merged]));
        of_both(scratch.run(&["migrate", "clerk", "runs", "merge", &merged]));
    }
    for run in &runs {
        assert!(scratch.run(&["migrate", "clerk", "resume", run]).expect_code(2).stderr.contains("it is finished"));
    }
    let undone = scratch.undo(&sandbox, &runs[1], &["--yes"]).expect_code(0);
    assert!(undone.stderr.contains(&merged) && undone.stderr.contains("was made before"), "{}", undone.stderr);
    assert_eq!(undone.report()["counts"]["deleted"], 194);
    let refused = merge(&scratch).expect_code(2).stderr;
    assert!(refused.contains("shard 2/2") && refused.contains("was undone; the same import with --shard"), "{refused}");
    assert!(scratch.run(&["migrate", "clerk", "resume", &runs[1]]).expect_code(2).stderr.contains("it was undone"));
    // After a new import it is merged anew; the others are as before.
    let again = scratch.import(&sandbox, "users.json", &["--shard", "2/2"]).expect_code(3);
    assert_eq!(again.count("created"), 194);
    let whole = merge(&scratch).expect_code(3);
    assert_eq!((whole.count("created"), whole.count("rejected")), (1_160, 40));
    assert_eq!(whole.report()["shards"], serde_json::json!([runs[0], id(&again)]));
    scratch.undo(&sandbox, &runs[0], &["--yes"]).expect_code(0);
    scratch.undo(&sandbox, &id(&again), &["--yes"]).expect_code(0);
    assert_eq!(sandbox.column("id").len(), 0);
}
