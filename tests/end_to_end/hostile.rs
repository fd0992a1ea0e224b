//! Inputs, files and targets that do harm, on purpose or not.

use crate::support;

use std::process::{Command, Stdio};

use support::{Run, Sandbox, Scratch, export, lines, user};

fn rejects_of(scratch: &Scratch, run: &Run) -> String {
    let path = run.report()["rejects_file"].as_str().expect("a rejects file").to_owned();
    assert!(scratch.path(&path).exists());
    path
}

#[test]
fn rejects_of_rejects_are_rejects_and_can_be_mended_still() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.ndjson", "{\"id\":\"user_1\"}\n{\"id\":\"user_2\", oops}\n");
    let mut input = "users.ndjson".to_owned();
    for _ in 0..3 {
        let run = scratch.import(&sandbox, &input, &[]).expect_code(3);
        assert_eq!(run.report()["rejected_by_code"]["no_email"]["count"], 1, "{}", run.stdout);
        assert_eq!(run.report()["rejected_by_code"]["invalid_json"]["count"], 1, "{}", run.stdout);
        input = rejects_of(&scratch, &run);
        assert_eq!(lines(&scratch.path(&input))[0]["original"], serde_json::json!({"id": "user_1"}));
    }
    let mended = scratch.import(&sandbox, &input, &["--missing-email", "placeholder:example.com"]).expect_code(3);
    assert_eq!(mended.count("created"), 1);
}

#[test]
fn lines_of_rejects_files_in_each_other_without_end_are_one_reject() {
    let scratch = Scratch::new();
    let nested = r#"{"code":"no_email","original":"#.repeat(20_000) + &user(2) + &"}".repeat(20_000);
    let file = scratch.write("users.ndjson", format!("{}\n{nested}\n", user(1)));
    for more in [&[][..], &["--where", "@.first_name == 'N1'"]] {
        let arguments = [&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"], more].concat();
        let run = scratch.run(&arguments).expect_code(if more.is_empty() { 3 } else { 0 });
        assert_eq!(run.count("valid"), 1);
    }
}

#[test]
fn mended_rejects_are_recognised_in_every_layout() {
    let scratch = Scratch::new();
    let line = format!("{{ \"code\": \"no_email\", \"run\": \"r\", \"original\": {} }}", user(1));
    let spread = line.replace(',', ",\n  ");
    let other = format!("{{\"code\" : \"no_email\",\"original\":{}}}", user(2));
    for (name, text, users) in [
        ("one.ndjson", format!("{line}\n"), 1),
        ("array.json", format!("[{line},\n{other}]"), 2),
        ("pretty.json", format!("{{\"data\": [\n  {spread}\n]}}"), 1),
    ] {
        let file = scratch.write(name, text);
        let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"]).expect_code(0);
        assert_eq!(run.count("valid"), users, "{name}");
    }
}

#[test]
fn the_keys_of_an_object_of_users_are_not_shown() {
    let scratch = Scratch::new();
    let file = scratch.write("keyed.json", r#"{"alice@example.com":{"id":"u"},"bob":{},"+14155550123":{}}"#);
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"]).expect_code(5);
    for text in [&run.stderr, &run.stdout] {
        assert!(!text.contains("alice") && !text.contains("+1415"), "{text}");
    }
    assert!(run.stderr.contains("2 more"), "{}", run.stderr);
}

#[test]
fn a_user_of_a_million_addresses_is_one_reject() {
    let scratch = Scratch::new();
    let addresses = vec!["{}"; 1_000_000].join(",");
    let record = format!("{{\"id\":\"user_9\",\"email_addresses\":[{addresses}]}}");
    let file = scratch.write("users.ndjson", format!("{record}\n{}\n", user(1)));
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"]).expect_code(3);
    assert_eq!((run.count("valid"), run.count("rejected")), (1, 1));
    assert_eq!(run.report()["rejected_by_code"]["invalid_record"]["count"], 1);
}

#[test]
fn backup_codes_are_counted_in_every_place() {
    let scratch = Scratch::new();
    let with = |number, member: &str| user(number).replace("\"first_name\"", &format!("{member},\"first_name\""));
    let users = [
        with(1, r#""backup_codes":["kkkk"]"#),
        with(2, r#""backup_codes":"kkkk bbbb""#),
        with(3, r#""phone_numbers":[{"id":"i","phone_number":"+14155550123","backup_codes":["kkkk"]}]"#),
        with(4, r#""backup_codes":[]"#),
        with(5, r#""backup_codes":null"#),
    ];
    let file = scratch.write("users.json", export(users));
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"]).expect_code(0);
    assert_eq!(run.report()["left_behind"]["backup_codes"], 3, "{}", run.stdout);
    assert!(!run.stdout.contains("kkkk") && !run.stderr.contains("kkkk"));
}

#[test]
fn external_ids_may_be_longer_than_a_request_line_takes() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let users = (0..150).map(|number| {
        let id = format!("{number:05}{}", "é/%".repeat(60));
        user(number).replace("\"first_name\"", &format!("\"external_id\":\"{id}\",\"first_name\""))
    });
    let file = scratch.write("users.json", export(users));
    assert_eq!(scratch.import(&sandbox, &file, &[]).expect_code(0).count("created"), 150);
    let again = scratch.import(&sandbox, &file, &["--recheck"]).expect_code(0);
    assert_eq!(again.count("unchanged"), 150);
}

#[test]
fn a_named_pipe_is_read_once() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let made = Command::new("mkfifo").arg(scratch.path("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    let process = scratch.import_command(&sandbox, "pipe", &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let path = scratch.path("pipe");
    let writer = std::thread::spawn(move || std::fs::write(path, export((0..500).map(user))));
    let run = Run::of(process.expect("the binary starts").wait_with_output().expect("it ends")).expect_code(0);
    writer.join().expect("a writer").expect("everything is read");
    assert_eq!(run.count("created"), 500);
}

#[test]
fn no_file_of_another_user_is_written() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..3).map(user)));
    scratch.write("report.part", "precious");
    scratch.import(&sandbox, &file, &["--report", "report.json"]).expect_code(0);
    assert_eq!(scratch.read("report.part"), "precious");
    let locks = scratch.path(".local/state/avnology-migrate/locks");
    let lock = std::fs::read_dir(&locks).expect("locks").next().expect("a lock").expect("a lock").path();
    std::fs::remove_file(&lock).expect("it can be removed");
    scratch.write("victim", "precious");
    std::os::unix::fs::symlink(scratch.path("victim"), &lock).expect("a link");
    let refused = scratch.import(&sandbox, &file, &[]).expect_code(2);
    assert!(refused.stderr.contains("symbolic link"), "{}", refused.stderr);
    assert_eq!(scratch.read("victim"), "precious");
}

#[test]
fn undo_keeps_what_may_have_been_changed() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..3).map(user)));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0).report();
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    database.execute("UPDATE identities SET update_time = '' WHERE external_id = 'user_000001'", []).expect("changed");
    let id = run["run"].as_str().expect("a run");
    let undone = scratch.undo(&sandbox, id, &["--yes"]);
    assert_eq!(undone.expect_code(3).report()["counts"]["kept_changed"], 1);
}
