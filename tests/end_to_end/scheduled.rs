//! Jobs that nobody watches: a config file, quiet success, logs for programs, metrics, and one job at a time.

use crate::support;

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::{Run, Sandbox, Scratch, drain, export, user};

/// The job as a timer starts it: the path of its settings, and the key in the environment.
fn job(scratch: &Scratch, sandbox: &Sandbox) -> Command {
    let mut command = scratch.avnology(&["migrate", "clerk"]);
    command.env("AVNOLOGY_SECRET_KEY", &sandbox.key);
    command
}

fn run(scratch: &Scratch, sandbox: &Sandbox) -> Run {
    Run::of(job(scratch, sandbox).output().expect("the binary runs"))
}

fn configure(scratch: &Scratch, sandbox: &Sandbox, more: &str) {
    let base_url = sandbox.base_url();
    scratch
        .write("avnology.toml", format!("[migrate.clerk]\nbase-url = \"{base_url}\"\nimport = \"users.json\"\n{more}"));
}

/// The values of a metrics file by name and labels. Fails if the format is wrong.
fn metrics(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n'), "a whole file: {text}");
    let mut family = String::new();
    let mut values = BTreeMap::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            help.split(' ').next().expect("a name").clone_into(&mut family);
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            assert_eq!(kind, format!("{family} gauge"));
        } else {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            let bare = name.split('{').next().expect("a name");
            assert_eq!(bare, family, "each sample follows its family's head");
            assert!(values.insert(name.to_owned(), value.parse().expect("a number")).is_none(), "{name} once");
        }
    }
    values
}

fn value(scratch: &Scratch, name: &str) -> Option<f64> {
    metrics(&scratch.read("job.prom")).get(&format!("avnology_migrate_{name}")).copied()
}

/// Waits for something that happens in another process.
fn wait_for(process: &mut Child, what: impl Fn() -> bool) {
    while !what() {
        assert!(process.try_wait().expect("a status").is_none(), "the job ended too early");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_job_with_a_config_file_prints_nothing_on_success_and_one_line_for_rejects() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    configure(&scratch, &sandbox, "quiet = true\n");
    scratch.write("users.json", export((0..40).map(user)));
    for _ in 0..2 {
        let night = run(&scratch, &sandbox).expect_code(0);
        assert_eq!((night.stdout.as_str(), night.stderr.as_str()), ("", ""));
    }
    assert_eq!(sandbox.column("external_id").len(), 40);

    let bad = r#"{"id":"user_bad"}"#.to_owned();
    scratch.write("users.json", export((0..41).map(user).chain([bad])));
    let night = run(&scratch, &sandbox).expect_code(3);
    assert_eq!(night.stderr.lines().count(), 1, "{}", night.stderr);
    assert!(night.stderr.starts_with("1 of 42 records were rejected: see .avnology/runs/"), "{}", night.stderr);
    // A user who wants output gets it, with any setting in the file.
    let mut loud = job(&scratch, &sandbox);
    let loud = Run::of(loud.arg("--verbose").output().expect("the binary runs")).expect_code(3);
    assert!(loud.stderr.contains("Import finished"), "{}", loud.stderr);
    // Other commands take their own settings from the file.
    let verified = scratch.avnology(&["migrate", "clerk", "verify"]).env("AVNOLOGY_SECRET_KEY", &sandbox.key).output();
    let verified = Run::of(verified.expect("the binary runs")).expect_code(0);
    assert_eq!((verified.stdout.as_str(), verified.stderr.as_str()), ("", ""));
    scratch.write("users.json", export((0..44).map(user)));
    let verified = scratch.avnology(&["migrate", "clerk", "verify"]).env("AVNOLOGY_SECRET_KEY", &sandbox.key).output();
    assert_eq!(Run::of(verified.expect("the binary runs")).expect_code(3).stderr, "3 missing at the target\n");
}

#[test]
fn faults_of_the_config_file_are_reported_before_anything_is_done() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", export((0..4).map(user)));
    configure(&scratch, &sandbox, "rates = \"5/s\"\nsecret-key = \"sk_live_oops\"\n");
    let refused = run(&scratch, &sandbox).expect_code(2);
    for reported in
        ["avnology.toml, line 4, column 1", "did you mean `rate`?", "line 5, column 1", "AVNOLOGY_SECRET_KEY_FILE"]
    {
        assert!(refused.stderr.contains(reported), "{reported}: {}", refused.stderr);
    }
    assert!(!refused.stderr.contains("oops"), "{}", refused.stderr);
    assert_eq!(sandbox.column("external_id").len(), 0);
    // A file that was named must exist.
    let named = scratch.run(&["migrate", "clerk", "--config", "nowhere.toml", "--import", "users.json", "--dry-run"]);
    assert!(named.expect_code(2).stderr.contains("cannot read the config file `nowhere.toml`"));
}

/// Every line of it, which must be JSON with a time and a level.
fn log(run: &Run) -> Vec<Value> {
    let lines = run.stderr.lines().map(|line| match serde_json::from_str::<Value>(line) {
        Ok(value) => value,
        Err(error) => panic!("{error}: {line}"),
    });
    let lines: Vec<Value> = lines.collect();
    for line in &lines {
        assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
        assert!(
            ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&line["level"].as_str().expect("a level")),
            "{line}"
        );
    }
    lines
}

#[test]
fn with_log_format_json_every_line_is_json() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    configure(&scratch, &sandbox, "log-format = \"json\"\nmax-wait = 1\n");
    scratch.write("users.json", export((0..40).map(user).chain([r#"{"id":"user_bad"}"#.to_owned()])));

    let finished = run(&scratch, &sandbox).expect_code(3);
    let lines = log(&finished);
    let account = lines.last().expect("a line");
    assert_eq!((&account["message"], &account["report"]["counts"]["created"]), (&"finished".into(), &40.into()));
    assert_eq!(lines.iter().filter(|line| line["event"] == "finished").count(), 1, "{}", finished.stderr);
    let verbose = Run::of(job(&scratch, &sandbox).arg("-vv").output().expect("the binary runs")).expect_code(3);
    assert!(log(&verbose).iter().any(|line| line["level"] == "DEBUG"), "{}", verbose.stderr);
    let quiet = Run::of(job(&scratch, &sandbox).arg("--quiet").output().expect("the binary runs")).expect_code(3);
    assert_eq!(log(&quiet).len(), 1, "{}", quiet.stderr);

    let without_key = Run::of(scratch.avnology(&["migrate", "clerk"]).output().expect("the binary runs"));
    let lines = log(&without_key.expect_code(2));
    assert!(lines.last().is_some_and(|line| line["level"] == "ERROR"), "{lines:?}");
    drop(sandbox);
    let mut unreachable = scratch.avnology(&["migrate", "clerk"]);
    let unreachable = unreachable.env("AVNOLOGY_SECRET_KEY", "sk_test_gone").output().expect("the binary runs");
    let lines = log(&Run::of(unreachable).expect_code(7));
    assert!(lines.last().is_some_and(|line| line["level"] == "ERROR"), "{lines:?}");
}

#[test]
fn metrics_say_how_the_job_ended_and_when_it_last_went_well() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    configure(&scratch, &sandbox, "metrics-file = \"job.prom\"\nquiet = true\nmax-wait = 1\n");
    scratch.write("users.json", export((0..40).map(user)));
    run(&scratch, &sandbox).expect_code(0);
    let first = value(&scratch, "last_success_timestamp_seconds").expect("a first success");
    assert_eq!(value(&scratch, "records{outcome=\"created\"}"), Some(40.0));
    assert_eq!((value(&scratch, "exit_code"), value(&scratch, "running")), (Some(0.0), Some(0.0)));
    let (start, end) = (value(&scratch, "start_timestamp_seconds"), value(&scratch, "end_timestamp_seconds"));
    assert!(start <= end && end == Some(first), "{start:?} {end:?} {first}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(scratch.path("job.prom")).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "the collector is another user");
    }

    // With rejects: complete, but not a success.
    scratch.write("users.json", export((0..40).map(user).chain([r#"{"id":"user_bad"}"#.to_owned()])));
    run(&scratch, &sandbox).expect_code(3);
    assert_eq!(value(&scratch, "rejected_records{code=\"no_email\"}"), Some(1.0));
    assert_eq!(value(&scratch, "last_success_timestamp_seconds"), Some(first));
    let complete = value(&scratch, "last_completion_timestamp_seconds").expect("a completion");
    assert!(complete >= first);

    // A failure before the job begins is one, too, and the remembered times stay.
    scratch.run(&["migrate", "clerk"]).expect_code(2);
    assert_eq!(value(&scratch, "exit_code"), Some(2.0));
    assert_eq!(value(&scratch, "last_success_timestamp_seconds"), Some(first));
    assert_eq!(value(&scratch, "last_completion_timestamp_seconds"), Some(complete));
    let text = scratch.read("job.prom");
    assert!(!text.contains('@') && !text.contains(&sandbox.key), "{text}");

    // If the file cannot be written, no job begins.
    let mut lost = job(&scratch, &sandbox);
    let lost = lost.args(["--metrics-file", "nowhere/job.prom"]).output().expect("the binary runs");
    assert!(Run::of(lost).expect_code(2).stderr.contains("the metrics file `nowhere/job.prom` cannot be written"));
}

#[test]
fn while_a_job_runs_its_metrics_are_whole_and_another_one_leaves_them_alone() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=200ms..200ms"]);
    configure(&scratch, &sandbox, "metrics-file = \"job.prom\"\nbatch-size = 10\nconcurrency = 1\nquiet = true\n");
    scratch.write("users.json", export((0..100).map(user)));
    let mut first = job(&scratch, &sandbox).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let stderr = drain(first.stderr.take().expect("its stderr"));
    wait_for(&mut first, || scratch.path("job.prom").exists() && value(&scratch, "running") == Some(1.0));

    let second = run(&scratch, &sandbox).expect_code(8);
    assert_eq!(second.stderr.lines().count(), 1, "{}", second.stderr);
    assert_eq!((value(&scratch, "running"), value(&scratch, "exit_code")), (Some(1.0), None));
    // A reader at any moment gets the whole file.
    while first.try_wait().expect("a status").is_none() {
        metrics(&scratch.read("job.prom"));
    }
    assert_eq!(first.wait().expect("a status").code(), Some(0), "{:?}", stderr.join());
    assert_eq!((value(&scratch, "running"), value(&scratch, "exit_code")), (Some(0.0), Some(0.0)));
    let left: Vec<_> = std::fs::read_dir(scratch.path(".")).expect("a directory").flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().contains("avnology-metrics")), "{left:?}");
}

/// What the user names is not always a file: replacing `/dev/null` or `/dev/stdout` would break other programs.
#[cfg(unix)]
#[test]
fn a_device_is_written_to_and_links_stay() {
    use std::os::unix::fs::FileTypeExt;
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..5).map(user)));
    let dry_run =
        |flags: &[&str]| scratch.run(&[&["migrate", "clerk", "--import", &file, "--dry-run"], flags].concat());
    let is_fifo = |name: &str| std::fs::symlink_metadata(scratch.path(name)).expect("a pipe").file_type().is_fifo();
    let made = std::process::Command::new("mkfifo").arg(scratch.path("pipe")).status().expect("mkfifo runs");
    assert!(made.success() && is_fifo("pipe"));
    let pipe = scratch.path("pipe");
    let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).expect("text"));
    dry_run(&["--report", "pipe"]).expect_code(0);
    let report: serde_json::Value = serde_json::from_str(&reader.join().expect("a reader")).expect("a report");
    assert_eq!(report["counts"]["valid"], 5);
    let refused = dry_run(&["--metrics-file", "pipe"]).expect_code(2);
    assert!(refused.stderr.contains("it is not a file") && is_fifo("pipe"), "{}", refused.stderr);
    for (name, flag) in [("report.json", "--report"), ("job.prom", "--metrics-file")] {
        let link = format!("link-to-{name}");
        scratch.write(name, "");
        std::os::unix::fs::symlink(scratch.path(name), scratch.path(&link)).expect("a link");
        dry_run(&[flag, &link]).expect_code(0);
        assert!(std::fs::symlink_metadata(scratch.path(&link)).expect("a link").is_symlink());
        assert!(scratch.read(name).contains("valid"), "{flag}: {}", scratch.read(name));
    }
}

#[test]
fn a_report_that_the_config_file_asks_for_is_of_imports_alone() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", export((0..5).map(user)));
    configure(&scratch, &sandbox, "report = \"page.html\"\n");
    run(&scratch, &sandbox).expect_code(0);
    let page = scratch.read("page.html");
    let mut command = scratch.avnology(&["migrate", "clerk", "verify"]);
    Run::of(command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs")).expect_code(0);
    assert_eq!(scratch.read("page.html"), page);
    // The account of an undo does not take the place of the import's.
    configure(&scratch, &sandbox, "report = \"account.json\"\nnew-run = true\n");
    run(&scratch, &sandbox).expect_code(0);
    let account = scratch.read("account.json");
    let id = serde_json::from_str::<Value>(&account).expect("JSON")["run"].as_str().expect("a run").to_owned();
    let mut undo = scratch.avnology(&["migrate", "clerk", "undo", &id, "--dry-run"]);
    Run::of(undo.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs")).expect_code(0);
    assert_eq!(scratch.read("account.json"), account);
    let mut typed = scratch.avnology(&["migrate", "clerk", "verify", "--report", "other.html"]);
    let typed = Run::of(typed.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs"));
    typed.expect_code(2);
}

#[test]
fn a_number_in_the_config_file_is_what_toml_says() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    for (number, size) in [("0x10", 16), ("0o20", 16), ("0b1_0000", 16), ("1_6", 16), ("+16", 16)] {
        scratch.write("users.json", export((0..2).map(user)));
        configure(&scratch, &sandbox, &format!("new-run = true\nbatch-size = {number}\noutput = \"json\""));
        let run = run(&scratch, &sandbox).expect_code(0).report()["run"].as_str().expect("a run").to_owned();
        let record: Value =
            serde_json::from_str(&scratch.read(&format!(".avnology/runs/{run}/run.json"))).expect("JSON");
        assert_eq!(record["options"]["batch_size"], size, "{number}");
    }
}
