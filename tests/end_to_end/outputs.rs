//! The files that the user names for output: no file that is needed is overwritten, no link that another user made is
//! followed, and no failed write goes unreported.

#![cfg(unix)]

use crate::support;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use support::{Run, Sandbox, Scratch, export, until_of, user};

fn users(scratch: &Scratch) -> String {
    scratch.write("users.json", export((0..5).map(user)))
}

fn dry_run(scratch: &Scratch, more: &[&str]) -> Run {
    let fixed = ["migrate", "clerk", "--import", "users.json", "--dry-run", "--preview", "0"];
    scratch.run(&fixed.iter().copied().chain(more.iter().copied()).collect::<Vec<_>>())
}

fn share(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
}

#[test]
fn nothing_that_is_read_is_overwritten() {
    let scratch = Scratch::new();
    users(&scratch);
    scratch.write("passwords.csv", "id,password_digest\n");
    scratch.write("rules.toml", "");
    scratch.write("config.toml", "[migrate.clerk]\n");
    scratch.write(".env", "OTHER=1\n");
    std::fs::hard_link(scratch.path("users.json"), scratch.path("same.json")).expect("a link");
    symlink("users.json", scratch.path("linked.json")).expect("a link");
    std::fs::create_dir(scratch.path("sub")).expect("a directory");
    let inputs = ["--passwords", "passwords.csv", "--mapping", "rules.toml", "--config", "config.toml"];
    let before: Vec<String> = ["users.json", "passwords.csv", "rules.toml", "config.toml", ".env"]
        .into_iter()
        .map(|name| scratch.read(name))
        .collect();
    for option in ["--report", "--metrics-file"] {
        for path in [
            "users.json",
            "./sub/../users.json",
            "same.json",
            "linked.json",
            "passwords.csv",
            "rules.toml",
            "config.toml",
            ".env",
        ] {
            let run = dry_run(&scratch, &[&inputs[..], &[option, path]].concat()).expect_code(2);
            assert!(run.stderr.contains("overwritten; name another file"), "{option} {path}: {}", run.stderr);
            let after = ["users.json", "passwords.csv", "rules.toml", "config.toml", ".env"].map(|it| scratch.read(it));
            assert_eq!(before, after, "{option} {path}");
        }
    }
    let run = dry_run(&scratch, &["--report", "out", "--metrics-file", "./out"]).expect_code(2);
    assert!(run.stderr.contains("--metrics-file"), "{}", run.stderr);
    assert!(!scratch.path("out").exists());
    // Standard input that is redirected from the file that would be written.
    let mut command = scratch.avnology(&["migrate", "clerk", "--import", "-", "--dry-run", "--report", "users.json"]);
    command.stdin(std::fs::File::open(scratch.path("users.json")).expect("a file"));
    Run::of(command.output().expect("the binary runs")).expect_code(2);
    assert_eq!(scratch.read("users.json"), before[0]);
}

#[test]
fn a_file_of_a_run_is_not_overwritten() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = users(&scratch);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    let id = run.report()["run"].as_str().expect("a run").to_owned();
    let journal = format!(".avnology/runs/{id}/journal");
    let before = std::fs::read(scratch.path(&journal)).expect("the journal");
    for option in ["--report", "--metrics-file"] {
        let run = scratch.import(&sandbox, &file, &["--new-run", option, &journal]).expect_code(2);
        assert!(run.stderr.contains("overwritten"), "{}", run.stderr);
        let run = scratch.verify(&sandbox, &file, &[option, &format!(".avnology/runs/{id}/run.json")]).expect_code(2);
        assert!(run.stderr.contains("overwritten"), "{}", run.stderr);
        scratch.undo(&sandbox, &id, &["--yes", option, &journal]).expect_code(2);
    }
    assert_eq!(std::fs::read(scratch.path(&journal)).expect("the journal"), before);
    assert_eq!(sandbox.column("id").len(), 5, "nothing was undone");
}

#[test]
fn a_list_of_a_run_overwrites_neither_what_the_run_read_nor_a_file_of_a_run() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = users(&scratch);
    scratch.write("rules.toml", "");
    scratch.write(".env", "OTHER=1\n");
    let run = scratch.import(&sandbox, &file, &["--mapping", "rules.toml"]).expect_code(0);
    let id = run.report()["run"].as_str().expect("a run").to_owned();
    let journal = format!(".avnology/runs/{id}/journal");
    for list in ["export", "ids"] {
        for out in ["users.json", "rules.toml", ".env", &journal] {
            let before = std::fs::read(scratch.path(out)).expect("the file");
            let run = scratch.run(&["migrate", "clerk", "runs", list, &id, "--out", out]).expect_code(2);
            assert!(run.stderr.contains("--out") && run.stderr.contains("overwritten"), "{}", run.stderr);
            assert_eq!(std::fs::read(scratch.path(out)).expect("the file"), before, "{list} {out}");
        }
        scratch.run(&["migrate", "clerk", "runs", list, &id, "--out", "list.csv"]).expect_code(0);
        scratch.run(&["migrate", "clerk", "runs", list, &id, "--out", "list.csv"]).expect_code(0);
    }
}

#[test]
fn no_command_overwrites_a_file_of_a_run_in_any_directory_of_runs() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = users(&scratch);
    let of = |more: &[&str]| {
        let run = scratch.import(&sandbox, &file, &[&["--new-run"][..], more].concat()).expect_code(0);
        run.report()["run"].as_str().expect("a run").to_owned()
    };
    let usual = format!(".avnology/runs/{}", of(&[]));
    let other = format!("elsewhere/{}", of(&["--runs-dir", "elsewhere"]));
    scratch.write("endpoints.toml", "");
    scratch.write("secret", "");
    for directory in [usual, other] {
        let (journal, page) = (format!("{directory}/journal"), format!("{directory}/report.html"));
        let before = [&journal, &page].map(|path| std::fs::read(scratch.path(path)).expect("the file"));
        for arguments in [
            &["tokens", "--from", "tenant", "--report", &journal][..],
            &["plan", "--from", "tenant", "--out", "plan.json", "--report", &journal],
            &["export", "--out", "new", "--report", &journal],
            &["webhooks", "plan", "--endpoints", "endpoints.toml", "--out", "p.json", "--report", &journal],
            &["webhooks", "try", "--url", "http://127.0.0.1:9", "--secret-file", "secret", "--report", &journal],
            &["cutover", "report", "--out", &page],
        ] {
            let mut command = scratch.avnology(&[&["migrate", "clerk"], arguments].concat());
            command.env("CLERK_SECRET_KEY", "sk_test_of_nobody");
            let run = Run::of(command.output().expect("the binary runs")).expect_code(2);
            assert!(run.stderr.contains("overwritten"), "{arguments:?}: {}", run.stderr);
        }
        let after = [&journal, &page].map(|path| std::fs::read(scratch.path(path)).expect("the file"));
        assert_eq!(before, after);
    }
}

#[test]
fn a_command_overwrites_nothing_that_it_reads_or_writes_beside() {
    let scratch = Scratch::new();
    scratch.write("code.json", "{}");
    scratch.write("notes.md", "[]");
    for arguments in [
        &["cutover", "check", "--code-report", "code.json", "--report", "code.json"][..],
        &["webhooks", "apply", "--plan", "p", "--endpoints", "e", "--sandbox", "--secrets-out", "s", "--report", "s"],
        &["cutover", "report", "--state", "notes.md", "--out", "./notes.md"],
        &["export", "--out", "new", "--report", "new/users.ndjson"],
        &["export", "--out", "new", "--metrics-file", "./new/../new/manifest.json"],
    ] {
        std::fs::create_dir_all(scratch.path("new")).expect("a directory");
        let mut command = scratch.avnology(&[&["migrate", "clerk"], arguments].concat());
        command.env("CLERK_SECRET_KEY", "sk_test_of_nobody");
        let run = Run::of(command.output().expect("the binary runs")).expect_code(2);
        assert!(run.stderr.contains("overwritten"), "{arguments:?}: {}", run.stderr);
        assert_eq!((scratch.read("code.json"), scratch.read("notes.md")), ("{}".to_owned(), "[]".to_owned()));
    }
}

#[test]
fn a_report_that_cannot_be_written_is_known_before_the_first_request() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = users(&scratch);
    for report in ["missing/report.json", "users.json/report.json", "."] {
        let run = scratch.import(&sandbox, &file, &["--report", report]).expect_code(2);
        assert!(run.stderr.contains("--report"), "{}", run.stderr);
    }
    assert_eq!(sandbox.column("id").len(), 0);
    assert!(!scratch.path(".avnology/runs").exists());
}

/// Runs with this standard output, and returns standard error.
fn with_stdout(scratch: &Scratch, arguments: &[&str], stdout: impl Into<Stdio>, sandbox: &Sandbox) -> Run {
    let mut command = scratch.avnology(arguments);
    command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
    Run::of(
        command.stdout(stdout).stderr(Stdio::piped()).spawn().expect("it starts").wait_with_output().expect("an end"),
    )
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_is_full_closed_or_gone_is_an_error_for_every_command() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = users(&scratch);
    let id = scratch.import(&sandbox, &file, &[]).expect_code(0).report()["run"].as_str().expect("a run").to_owned();
    let clerk = |more: &[&'static str]| [&["migrate", "clerk"], more].concat();
    let full = || std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let json = ["--output", "json"];
    for arguments in [
        [&clerk(&["--import", "users.json", "--dry-run"])[..], &json].concat(),
        clerk(&["--import", "users.json", "--dry-run"]),
        [&clerk(&["--import", "users.json"])[..], &json].concat(),
        [&clerk(&["verify", "--import", "users.json"])[..], &json].concat(),
        clerk(&["runs"]),
        [&clerk(&["runs"])[..], &json].concat(),
        clerk(&["--print-default-mapping"]),
    ] {
        let run = with_stdout(&scratch, &arguments, full(), &sandbox).expect_code(2);
        assert!(run.stderr.contains("cannot write to standard output"), "{arguments:?}: {}", run.stderr);
        // As a shell closes it: `>&-`.
        let script = format!("exec {} {} >&-", support::AVNOLOGY, arguments.join(" "));
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script]).current_dir(scratch.path(".")).env("HOME", scratch.path("."));
        shell.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
        let run = Run::of(shell.output().expect("a shell")).expect_code(2);
        assert!(run.stderr.contains("closed"), "{arguments:?}: {}", run.stderr);
    }
    // A program that wants the report and is gone.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let arguments = [&clerk(&["--import", "users.json", "--dry-run"])[..], &json].concat();
    with_stdout(&scratch, &arguments, writer, &sandbox).expect_code(2);
    // A person who has read enough, and a user who discards the output.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    with_stdout(&scratch, &clerk(&["--import", "users.json", "--dry-run"]), writer, &sandbox).expect_code(0);
    with_stdout(&scratch, &arguments, Stdio::null(), &sandbox).expect_code(0);
    let undo = [&clerk(&["undo"])[..], &[id.as_str(), "--yes"], &json].concat();
    with_stdout(&scratch, &undo, full(), &sandbox).expect_code(2);
    assert_eq!(sandbox.column("id").len(), 0, "it was undone all the same");
}

#[test]
fn a_link_in_a_directory_that_others_can_write_to_is_replaced_and_not_followed() {
    let scratch = Scratch::new();
    users(&scratch);
    let victim = scratch.path("victim");
    std::fs::create_dir(scratch.path("shared")).expect("a directory");
    std::fs::create_dir(scratch.path("theirs")).expect("a directory");
    share(&scratch.path("shared"), 0o1777);
    for option in ["--report", "--metrics-file"] {
        std::fs::write(&victim, "").expect("a file");
        symlink(&victim, scratch.path("shared/out")).expect("a link");
        dry_run(&scratch, &[option, "shared/out"]).expect_code(0);
        assert_eq!(std::fs::read_to_string(&victim).expect("a file"), "", "{option} went through the link");
        assert!(!scratch.path("shared/out").is_symlink() && !scratch.read("shared/out").is_empty());
        std::fs::remove_file(scratch.path("shared/out")).expect("a file");
        // A directory of ours that leads elsewhere.
        symlink(scratch.path("theirs"), scratch.path("shared/dir")).expect("a link");
        let run = dry_run(&scratch, &[option, "shared/dir/out"]).expect_code(2);
        assert!(run.stderr.contains("symbolic link"), "{}", run.stderr);
        assert!(!scratch.path("theirs/out").exists());
        std::fs::remove_file(scratch.path("shared/dir")).expect("a link");
    }
    // In one's own directory a link is intended.
    symlink(scratch.path("theirs"), scratch.path("mine")).expect("a link");
    symlink("theirs/report.json", scratch.path("report.json")).expect("a link");
    scratch.write("theirs/report.json", "");
    dry_run(&scratch, &["--report", "report.json", "--metrics-file", "mine/job.prom"]).expect_code(0);
    assert!(scratch.path("report.json").is_symlink() && scratch.path("theirs/job.prom").exists());
    assert!(scratch.read("theirs/report.json").contains("\"dry_run\": true"));
}

#[test]
fn controls_in_data_do_not_reach_a_terminal() {
    let scratch = Scratch::new();
    let record = user(1).replace("\"N1\"", "\"a\u{9b}31mb\u{202e}c\u{2066}d\u{85}e\\u001bf\"");
    let name = "users\u{1b}[2J\u{9b}1m\u{202e}.json";
    scratch.write(name, export([record, r#"{"id":"user_2"}"#.to_owned()]));
    for more in [&["--preview", "1"][..], &["--output", "json"], &["--log-format", "json"]] {
        let fixed = ["migrate", "clerk", "--import", name, "--dry-run"];
        let run = scratch.run(&[&fixed[..], more].concat()).expect_code(3);
        for text in [&run.stdout, &run.stderr] {
            let acts = |character: char| {
                character.is_control() && character != '\n'
                    || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            };
            assert!(!text.contains(acts), "{more:?}: {text:?}");
        }
    }
    let run = scratch.run(&["migrate", "clerk", "--import", "no\u{9b}file\u{202e}", "--dry-run"]).expect_code(5);
    assert!(run.stderr.contains("no\\u{9b}file\\u{202e}"), "{:?}", run.stderr);
}

#[test]
fn a_wrong_path_is_the_only_thing_that_is_reported_and_each_cause_once() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    users(&scratch);
    for more in [&["--dry-run"][..], &["--dry-run", "--passwords", "users.json"], &[]] {
        let arguments = [&["migrate", "clerk", "--import", "missing.json"], more].concat();
        let mut command = scratch.avnology(&arguments);
        command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
        let run = Run::of(command.output().expect("the binary runs")).expect_code(5);
        assert_eq!(run.stdout, "");
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
        assert_eq!(run.stderr.matches("No such file").count(), 1, "{}", run.stderr);
    }
    let run = scratch.verify(&sandbox, "missing.json", &[]).expect_code(5);
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
}

#[test]
fn the_result_comes_last_and_names_only_files_that_exist() {
    let scratch = Scratch::new();
    let file = users(&scratch);
    // Both to one place, as on a terminal.
    let script = format!("{} migrate clerk --import {file} --dry-run 2>&1", support::AVNOLOGY);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).current_dir(scratch.path(".")).env("HOME", scratch.path("."));
    let text = Run::of(shell.output().expect("a shell")).expect_code(0).stdout;
    let (previews, verdict) = text.split_once("Dry run: nothing was sent").expect("a verdict");
    assert!(previews.contains("\"external_id\": \"user_000000\""), "{text}");
    assert!(verdict.contains("5 valid") && verdict.contains("0 rejected\n"), "{text}");
    assert!(!verdict.contains("see below") && !verdict.contains('{'), "{text}");
}

#[test]
fn what_a_config_file_switches_on_can_be_switched_off_where_the_command_is_typed() {
    let scratch = Scratch::new();
    let file = users(&scratch);
    scratch.write("avnology.toml", "[migrate.clerk]\nquiet = true\n");
    let arguments = ["migrate", "clerk", "--import", &file, "--dry-run"];
    assert_eq!(scratch.run(&arguments).expect_code(0).stderr, "");
    let run = scratch.run(&[&arguments[..], &["--quiet=false"]].concat()).expect_code(0);
    assert!(run.stderr.contains("5 valid"), "{}", run.stderr);
    scratch.write("avnology.toml", "[migrate.clerk]\nquiet = false\nnew-run = false\n");
    assert!(scratch.run(&arguments).expect_code(0).stderr.contains("5 valid"));
    assert_eq!(scratch.run(&[&arguments[..], &["-q"]].concat()).expect_code(0).stderr, "");
}

#[test]
fn locks_are_in_the_state_directory_and_an_unusable_one_says_what_to_do() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = users(&scratch);
    let run = |state: &Path| {
        let mut command = scratch.import_command(&sandbox, &file, &["--new-run"]);
        Run::of(command.env("XDG_STATE_HOME", state).output().expect("the binary runs"))
    };
    let state = scratch.path("state");
    run(&state).expect_code(0);
    assert_eq!(std::fs::read_dir(state.join("avnology-migrate/locks")).expect("the locks").count(), 1);
    assert!(!scratch.path(".local").exists());
    share(&state.join("avnology-migrate/locks"), 0o1777);
    let squatted = run(&state).expect_code(2);
    assert!(
        squatted.stderr.contains("others can write") && squatted.stderr.contains("set XDG_STATE_HOME to"),
        "{}",
        squatted.stderr
    );
    let unusable = run(Path::new("/proc/nowhere")).expect_code(2);
    assert!(unusable.stderr.contains("set XDG_STATE_HOME to"), "{}", unusable.stderr);
}

#[test]
fn a_target_has_one_lock_under_all_its_names() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=400ms..400ms"]);
    let file = scratch.write("users.json", export((0..200).map(user)));
    let mut first = scratch.import_command(&sandbox, &file, &["--batch-size", "1", "--concurrency", "1"]);
    let first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut first = Ended(first);
    let locks = scratch.path(".local/state/avnology-migrate/locks");
    until_of(&mut first.0, "no lock", || std::fs::read_dir(&locks).map_or(0, Iterator::count) > 0);
    let port = sandbox.base_url().rsplit(':').next().expect("a port").to_owned();
    for name in ["localhost", "id.localhost", "127.0.0.2"] {
        let base_url = format!("http://{name}:{port}");
        let mut second = scratch.import_command(&sandbox, &file, &["--new-run", "--base-url", &base_url]);
        let second = Run::of(second.output().expect("the binary runs"));
        assert_eq!(second.code, Some(8), "{name}: {}", second.stderr);
    }
}

/// A process that ends with the test, also if the test fails.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.kill().expect("it can be ended");
        self.0.wait().expect("it ends");
    }
}

#[test]
fn no_summary_says_that_a_user_who_differs_at_the_target_has_moved() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = users(&scratch);
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    scratch.write("users.json", export([user(0).replace("\"N0\"", "\"Other\"")]));
    let mut command = scratch.avnology(&["migrate", "clerk", "--import", &file]);
    command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
    let run = Run::of(command.output().expect("the binary runs")).expect_code(0);
    let (_, at_target) = run.stderr.split_once("At the target already:").expect("a heading of its own");
    assert!(at_target.contains("1 differs_at_target"), "{}", run.stderr);
    assert!(!run.stderr.contains("move all the same"), "{}", run.stderr);
}
