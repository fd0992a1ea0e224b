//! Before the first import into a target that is no sandbox, the person at the terminal is asked, and nobody else ever is.

use std::process::{Command, Stdio};

use crate::support::terminal::Terminal;
use crate::support::{Sandbox, Scratch, export, user};

fn import(scratch: &Scratch, target: &[&str], file: &str, more: &[&str]) -> Command {
    let fixed = ["migrate", "clerk", "--import", file, "--rate", "100/s", "--progress", "none"];
    let mut command = scratch.avnology(&[&fixed[..], target, more].concat());
    command.env("AVNOLOGY_SECRET_KEY", "sk_test_sandbox").stdout(Stdio::null());
    command
}

const QUESTION: &str = "Import them? [y/N] ";

#[test]
fn the_first_import_is_asked_for_and_later_ones_are_not() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let url = sandbox.base_url();
    let target = ["--base-url", url.as_str()];
    let users = (0..1_500).map(user).chain([r#"{"id":"user_bad"}"#.to_owned()]);
    let file = scratch.write("users.json", export(users));
    // No is no, and so is the end of what is typed.
    for answer in ["n", "", "maybe", "\u{4}"] {
        let mut terminal = Terminal::start(&mut import(&scratch, &target, &file, &[]));
        terminal.wait_for(QUESTION);
        terminal.type_line(answer);
        let (code, screen) = terminal.end();
        let screen = screen.replace('\r', "");
        assert_eq!(code, Some(2), "{screen}");
        for said in [
            format!("This is the first import into {url}, with a test key.\n"),
            "It would send 1,500 users. 1 of 1,501 records would be rejected.\n".to_owned(),
            " in 3 requests: 1 s at 100/s.\n".to_owned(),
            "Users who are there already are left as they are; ".to_owned(),
            "not confirmed; nothing was sent".to_owned(),
        ] {
            assert!(screen.contains(&said), "{said}{screen}");
        }
        assert!(screen.lines().all(|line| line.chars().count() <= 100), "{screen}");
    }
    assert_eq!(sandbox.column("external_id"), Vec::<String>::new());
    // What was typed before the question was shown is no answer.
    let mut terminal = Terminal::start(&mut import(&scratch, &target, &file, &[]));
    terminal.type_line("y");
    terminal.wait_for(QUESTION);
    terminal.type_line("n");
    assert_eq!(terminal.end().0, Some(2));
    // A run that nobody said yes to is resumed, and asks again.
    let mut terminal = Terminal::start(&mut import(&scratch, &target, &file, &[]));
    terminal.wait_for(QUESTION);
    terminal.type_line("y");
    let (code, screen) = terminal.end();
    assert_eq!((code, sandbox.column("external_id").len()), (Some(3), 1_500), "{screen}");
    let more = scratch.write("more.json", export((1_500..1_501).map(user)));
    let (code, screen) = Terminal::start(&mut import(&scratch, &target, &more, &[])).end();
    assert_eq!((code, screen.contains(QUESTION)), (Some(0), false), "{screen}");
}

#[test]
fn nobody_is_asked_who_said_yes_or_rehearses_or_is_not_there() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let url = sandbox.base_url();
    let target = ["--base-url", url.as_str()];
    let file = scratch.write("users.json", export((0..3).map(user)));
    let (code, screen) =
        Terminal::start(&mut import(&scratch, &["--sandbox", "--sandbox-db", "other.db"], &file, &[])).end();
    assert_eq!((code, screen.contains(QUESTION)), (Some(0), false), "{screen}");
    let (code, screen) = Terminal::start(&mut import(&scratch, &target, &file, &["--yes", "--runs-dir", "yes"])).end();
    assert_eq!((code, screen.contains(QUESTION)), (Some(0), false), "{screen}");
    // Standard error goes elsewhere, or standard input comes from elsewhere: nobody could see the question, or answer it.
    let output = import(&scratch, &target, &file, &["--runs-dir", "pipe"]).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(0));
    // A first import that is interrupted at the question has sent nothing.
    let mut terminal = Terminal::start(&mut import(&scratch, &target, &file, &["--runs-dir", "asked"]));
    terminal.wait_for(QUESTION);
    terminal.interrupt();
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(130), "{screen}");
}
