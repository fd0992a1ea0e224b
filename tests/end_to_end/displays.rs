//! What a person sees in a terminal of 80 columns: how far a job is and how long it takes yet, and lists in which no word is
//! broken.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::terminal::Terminal;
use crate::support::{Sandbox, Scratch, export, mixed_export, user};

const COLUMNS: usize = 80;

/// What is on the screen, line by line, without colours.
fn screen_lines(screen: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut parts = screen.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|character: char| character.is_ascii_alphabetic()).map_or(part.len(), |end| end + 1);
        plain.push_str(&part[end..]);
    }
    plain.replace('\r', "").lines().map(str::to_owned).collect()
}

/// Every line fits, and every word of the same output in a file is there as a whole.
#[track_caller]
fn assert_fits(screen: &str, in_file: &str) {
    let lines = screen_lines(screen);
    for line in &lines {
        let is_one_word = line.split_whitespace().count() == 1;
        assert!(is_one_word || line.chars().count() <= COLUMNS, "{line}\n{screen}");
    }
    let words: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
    for line in in_file.lines().filter(|line| !line.contains(" s ")) {
        for word in line.split_whitespace() {
            assert!(words.contains(&word), "{word}: {screen}\n{in_file}");
        }
    }
}

#[test]
fn lists_fit_a_terminal_and_no_word_is_broken() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let directory = "a directory with a rather long name, for a nightly export of the production instance";
    std::fs::create_dir(scratch.path(directory)).expect("a directory");
    let file = scratch.write(&format!("{directory}/clerk_users.json"), mixed_export(1_200).0);
    for shard in ["1/2", "2/2"] {
        scratch.import(&sandbox, &file, &["--shard", shard]).expect_code(3);
    }
    scratch.run(&["migrate", "clerk", "runs", "merge"]).expect_code(3);
    let run = scratch.import(&sandbox, &file, &["--recheck"]).expect_code(3);
    let run = run.report()["run"].as_str().expect("a run").to_owned();
    for command in [&["runs"][..], &["runs", "show", &run], &["runs", "prune", "--older-than", "0h", "--dry-run"]] {
        let arguments = [&["migrate", "clerk"], command].concat();
        let in_file = scratch.run(&arguments).expect_code(0).stdout;
        let (code, screen) = Terminal::start_whole(&mut scratch.avnology(&arguments)).end();
        assert_eq!(code, Some(0), "{screen}");
        assert_fits(&screen, &in_file);
    }
    // The lines that a list begins with are short in a file, too: a program that reads it has the JSON.
    let list = scratch.run(&["migrate", "clerk", "runs"]).expect_code(0).stdout;
    assert!(list.lines().filter(|line| !line.contains("->")).all(|line| line.len() <= COLUMNS), "{list}");
    let dry_run = ["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0", "--progress", "none"];
    let in_file = scratch.run(&dry_run).expect_code(3).stderr;
    let (code, screen) = Terminal::start_whole(&mut scratch.avnology(&dry_run)).end();
    assert_eq!(code, Some(3), "{screen}");
    assert_fits(&screen, &in_file);
}

fn against(scratch: &Scratch, sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = scratch.avnology(&[&["migrate", "clerk"], arguments].concat());
    command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url()).stdout(Stdio::null());
    command
}

/// Who gives the passwords takes time.
#[test]
fn reading_passwords_shows_how_far_it_is() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..3).map(user)));
    let pipe = scratch.path("passwords.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let job = ["migrate", "clerk", "--import", &file, "--passwords", "passwords.csv", "--dry-run", "--preview", "0"];
    let mut terminal = Terminal::start(&mut scratch.avnology(&job));
    let mut rows = std::fs::File::options().write(true).open(&pipe).expect("a pipe");
    rows.write_all(b"id,password_digest,password_hasher\n").expect("it is read");
    terminal.wait_for("passwords: ");
    rows.write_all(b"user_000001,none,bcrypt\n").expect("it is read");
    drop(rows);
    let (code, screen) = terminal.end();
    assert!(code == Some(0) && screen.contains("1 user has a row in it"), "{screen:?}");
}

/// The target takes its time, so that each job lasts for seconds however fast the machine is.
#[test]
fn verify_undo_and_merge_show_how_far_they_are_and_how_long_it_takes_yet() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..160).map(user)));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    let run = run.report()["run"].as_str().expect("a run").to_owned();
    let other = scratch.write("shards.json", mixed_export(1_200).0.replace("user", "other"));
    for shard in ["1/2", "2/2"] {
        scratch.import(&sandbox, &other, &["--shard", shard]).expect_code(3);
    }
    let (code, screen) = Terminal::start_whole(&mut scratch.avnology(&["migrate", "clerk", "runs", "merge"])).end();
    assert!(code == Some(3) && screen.contains("journals and rejects: "), "{screen:?}");
    let sandbox = sandbox.replace(&scratch, &["--no-batch", "--fault", "latency=50ms"]);
    let sample = ["verify", "--import", &file, "--sample", "100", "--concurrency", "2"];
    let (code, screen) = Terminal::start(&mut against(&scratch, &sandbox, &sample)).end();
    assert!(code == Some(0) && screen.contains(" s left, "), "{screen:?}");
    let undo = ["undo", &run, "--yes", "--concurrency", "2"];
    let (code, screen) = Terminal::start(&mut against(&scratch, &sandbox, &undo)).end();
    assert!(code == Some(0) && screen.contains(" s left, ") && screen.contains(" of 160 deleted"), "{screen:?}");
    assert!(screen.contains("Run ") && screen.contains("160 deleted\r\n"), "the bar is gone at the end: {screen:?}");
}
