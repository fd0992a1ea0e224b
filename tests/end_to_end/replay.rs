//! Rejects that are mended and imported, in the ways in which people and their tools mend them, through the built binary.

use crate::support;

use serde_json::Value;
use support::{Run, Sandbox, Scratch, export, lines, user};

const HEADER: &str = "id,first_name,primary_email_address,verified_email_addresses";

fn row(number: usize) -> String {
    format!("user_{number:06},N{number},user{number}@example.com,user{number}@example.com")
}

/// Where the rejects of a run are.
fn rejects_of(run: &Run) -> String {
    run.report()["rejects_file"].as_str().expect("a rejects file").to_owned()
}

fn codes(rejects: &[Value]) -> Vec<&str> {
    rejects.iter().map(|reject| reject["code"].as_str().expect("a code")).collect()
}

fn is_as_written(line: &str) -> bool {
    let (content, check) = line.split_once(",\"line_check\":\"").expect("a check");
    format!("{:08x}\"}}", crc32fast::hash(content.as_bytes())) == check
}

/// Rows that are broken in every way, and how each is mended in its line of the rejects file.
fn broken_rows() -> [(&'static [u8], &'static str, &'static str); 6] {
    [
        (b"user_000002 short", "user_000002 short", "user_000002,N2,user2@example.com,user2@example.com"),
        (b"user_000003,N\"3,user3@example.com,user3@example.com", "N\\\"3", "N3"),
        (b"user_000004,\"N4,user4@example.com,user4@example.com", "\\\"N4", "\\\"N4\\\""),
        // One cell too many: a comma that needs quotes.
        (b"user_000005,N5, Jr,user5@example.com,user5@example.com", "N5, Jr", "\\\"N5, Jr\\\""),
        (b"user_000006,N6,,", "\"id\":", "\"primary_email_address\":\"user6@example.com\",\"id\":"),
        (b"user_000007,N\xff,user7@example.com,user7@example.com", "", ""),
    ]
}

/// Each row under this separator.
fn table(separator: u8) -> Vec<u8> {
    let rows = [HEADER.as_bytes().to_vec(), row(1).into_bytes()];
    let rows = rows.into_iter().chain(broken_rows().map(|(row, _, _)| row.to_vec())).chain([row(8).into_bytes()]);
    let text = rows.fold(Vec::new(), |text, row| [text, row, b"\n".to_vec()].concat());
    text.into_iter().map(|byte| if byte == b',' { separator } else { byte }).collect()
}

#[test]
fn broken_rows_of_a_csv_are_mended_in_the_rejects_file_and_imported() {
    for separator in [',', ';', '\t'] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        let byte = u8::try_from(separator).expect("ASCII");
        let file = scratch.write("users.csv", table(byte));
        let first = scratch.import(&sandbox, &file, &[]).expect_code(3);
        assert_eq!((first.count("created"), first.count("rejected")), (2, 6));
        let rejects = scratch.read(&rejects_of(&first));
        assert!(rejects.lines().all(is_as_written));
        let found = lines(&scratch.path(&rejects_of(&first)));
        let expected = ["invalid_row", "invalid_row", "invalid_row", "invalid_row", "no_email", "invalid_row"];
        assert_eq!(codes(&found), expected);

        // Unmended, it can be imported again any number of times, and nothing of it is lost.
        let again = scratch.import(&sandbox, &rejects_of(&first), &[]).expect_code(3);
        assert_eq!((again.count("created"), again.count("rejected")), (0, 6));
        let second = scratch.read(&rejects_of(&again));
        assert_eq!(codes(&lines(&scratch.path(&rejects_of(&again)))), expected);

        // One line at a time is mended, in the text of the file.
        let mut text = second;
        for (number, (_, broken, mended)) in (2..).zip(broken_rows()) {
            let under = |text: &str| {
                text.replace(',', &if separator == '\t' { "\\t".to_owned() } else { separator.to_string() })
            };
            let (broken, mended) = match number {
                // This is JSON; its comma is data.
                6 => (broken.to_owned(), mended.to_owned()),
                // This is base64, which is mended as a whole.
                7 => {
                    let encode = |row: &[u8]| {
                        base64(&row.iter().map(|&it| if it == b',' { byte } else { it }).collect::<Vec<_>>())
                    };
                    (encode(broken_rows()[5].0), encode(row(7).as_bytes()))
                }
                _ => (under(broken), under(mended)),
            };
            let line = text
                .lines()
                .find(|line| line.contains(&broken))
                .unwrap_or_else(|| panic!("{broken}: {text}"))
                .to_owned();
            let changed = line.replacen(&broken, &mended, 1);
            assert!(is_as_written(&line) && !is_as_written(&changed), "{changed}");
            let mended_file = scratch.write("mended.ndjson", format!("{changed}\n"));
            let run = scratch.import(&sandbox, &mended_file, &[]).expect_code(0);
            assert_eq!(run.count("created"), 1, "{changed}");
            text = text.replace(&line, &changed);
        }
        let mended_file = scratch.write("mended.ndjson", text);
        let run = scratch.import(&sandbox, &mended_file, &["--recheck"]).expect_code(0);
        assert_eq!((run.count("created"), run.count("unchanged")), (0, 6), "{separator:?}: {}", run.stdout);
        let expected: Vec<String> = (1..=8).map(|number| format!("user_{number:06}")).collect();
        assert_eq!(sandbox.column("external_id"), expected);
        let expected: Vec<String> = (1..=8).map(|number| format!("user{number}@example.com")).collect();
        assert_eq!(sandbox.column("email"), expected);
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn a_mended_row_gets_its_password_from_the_other_file() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let digest = bcrypt::hash_with_salt("correct horse", 4, [7; 16]).expect("a digest").to_string();
    scratch.write(
        "passwords.csv",
        format!(
            "id,primary_email_address,password_digest,password_hasher\nuser_000002,user2@example.com,{digest},bcrypt\n"
        ),
    );
    let broken = "user_000002,N2, Jr,user2@example.com,user2@example.com";
    let file = scratch.write("users.csv", format!("{HEADER}\n{}\n{broken}\n", row(1)));
    let with_passwords = ["--passwords", "passwords.csv"];
    let first = scratch.import(&sandbox, &file, &with_passwords).expect_code(3);
    let text = scratch.read(&rejects_of(&first)).replace("N2, Jr", "N2");
    let mended = scratch.write("mended.ndjson", text);
    let run = scratch.import(&sandbox, &mended, &with_passwords).expect_code(0);
    assert_eq!((run.count("created"), run.report()["rejects_of"].clone()), (1, first.report()["run"].clone()));
    assert_eq!(sandbox.sign_in("user2@example.com", "correct horse").0, 201);
}

#[test]
fn a_row_in_a_rejects_file_of_an_earlier_version_gets_one_clear_sentence() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let line = |original: &str| {
        let position = r#"{"input":"users.csv","record":2,"line":3,"offset":71,"length":15}"#;
        let before = r#"{"code":"invalid_row","message":"the row has 1 of 3 cells","run":"20261126T024808Z-4e3c70ea""#;
        format!("{before},\"position\":{position},\"original\":{original},\"line_check\":\"ac1aa831\"}}\n")
    };
    let file = scratch.write("rejects.ndjson", line("\"user_0102,N,u@example.com\"") + &line(&user(7)));
    for _ in 0..2 {
        let run = scratch.import(&sandbox, &file, &["--recheck"]).expect_code(3);
        assert_eq!((run.count("created") + run.count("unchanged"), run.count("rejected")), (1, 1));
        let reject = &lines(&scratch.path(&rejects_of(&run)))[0];
        let message = reject["message"].as_str().expect("a message");
        assert!(message.contains("written by an earlier version") && message.contains("that header"), "{message}");
        assert_eq!(
            (&reject["code"], &reject["original"]),
            (&"invalid_row".into(), &"user_0102,N,u@example.com".into())
        );
        // Its reject says the same.
        scratch.write("rejects.ndjson", scratch.read(&rejects_of(&run)) + &line(&user(7)));
    }
}

/// The name of a tool, and what it makes of a file.
type Treatment = (&'static str, fn(&str) -> String);

/// What editors and tools make of a file.
fn treatments() -> Vec<Treatment> {
    fn sorted(text: &str, by: fn(&&str) -> String) -> String {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_by_key(by);
        lines.concat().replace("}{", "}\n{") + "\n"
    }
    fn parsed(text: &str) -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
    vec![
        ("CRLF", |text| text.replace('\n', "\r\n")),
        ("byte order mark", |text| format!("\u{feff}{text}")),
        ("both", |text| format!("\u{feff}{}", text.replace('\n', "\r\n"))),
        ("no last line break", |text| text.trim_end().to_owned()),
        ("empty lines", |text| format!("\n{}\n\n", text.replace('\n', "\n\n"))),
        ("sort", |text| sorted(text, |line| (*line).to_owned())),
        ("sort -r", |text| sorted(text, |line| line.bytes().map(|byte| char::from(!byte)).collect())),
        ("uniq", |text| {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.dedup();
            lines.join("\n") + "\n"
        }),
        ("jq -cS", |text| parsed(text).iter().map(|line| line.to_string() + "\n").collect()),
        ("jq -s", |text| Value::from(parsed(text)).to_string() + "\n"),
        ("escapes", |text| text.replace("user2", "\\u0075ser2").replace("\"original\":", " \"original\" : ")),
    ]
}

/// A CSV and a JSON file whose rejects have all forms, and what mends them.
fn inputs(scratch: &Scratch) -> [String; 2] {
    let table = format!("{HEADER}\n{}\nuser_000002,N2,user2@example.com,user2@example.com,x\n", row(1));
    let broken = r#"{"id":"user_000003", oops}"#.to_owned();
    let empty = r#"{"id":"user_000004"}"#.to_owned();
    [scratch.write("users.csv", table), scratch.write("users.json", export([broken, empty, user(5)]))]
}

fn mend(text: &str) -> String {
    let address = "\"email_addresses\":[{\"email_address\":\"user4@example.com\",\"verified\":true}]";
    text.replace("@example.com,x", "@example.com")
        .replace(
            ", oops",
            ", \\\"email_addresses\\\":[{\\\"email_address\\\":\\\"user3@example.com\\\",\\\"verified\\\":true}]",
        )
        .replace("\"user_000004\"", &format!("\"user_000004\",{address}"))
}

#[test]
fn a_rejects_file_is_read_after_every_tool() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let [table, users] = inputs(&scratch);
    let first = scratch.import(&sandbox, &table, &["--import", &users]).expect_code(3);
    let text = mend(&scratch.read(&rejects_of(&first)));
    for (what, treat) in treatments() {
        let file = scratch.write("mended.ndjson", treat(&text));
        let run = scratch.import(&sandbox, &file, &["--recheck", "--new-run"]);
        assert_eq!(run.code, Some(0), "{what}: {}", run.stderr);
        assert_eq!(
            (run.count("read"), run.count("created") + run.count("unchanged")),
            (3, 3),
            "{what}: {}",
            run.stdout
        );
        assert_eq!(run.report()["rejects_of"], first.report()["run"], "{what}");
        assert_eq!(
            sandbox.column("email"),
            [1, 2, 3, 4, 5].map(|number| format!("user{number}@example.com")),
            "{what}"
        );
    }
}

/// A run that stopped early at a user whose address is taken.
fn unfinished(scratch: &Scratch, sandbox: &Sandbox) -> (Run, [String; 2]) {
    let taken = scratch.write("taken.json", export([user(50).replace("user_000050", "somebody")]));
    scratch.import(sandbox, &taken, &["--runs-dir", "others"]).expect_code(0);
    let [table, _] = inputs(scratch);
    let broken = [r#"{"id":"user_000003", oops}"#.to_owned(), r#"{"id":"user_000004"}"#.to_owned()];
    let rest = [user(5), user(50), user(6)].into_iter().chain((60..260).map(user));
    let late = user(51).replace("user51@", "user5@");
    let users = scratch.write("users.json", export(broken.into_iter().chain(rest).chain([late])));
    let flags = ["--import", &users, "--max-errors", "4", "--batch-size", "1", "--concurrency", "1"];
    let run = scratch.import(sandbox, &table, &flags).expect_code(4);
    assert!(run.count("unfinished") > 0, "{}", run.stdout);
    (run, [table, users])
}

#[test]
fn rejects_that_were_mended_before_the_run_had_finished_are_never_cut() {
    // What an import says about it is tested elsewhere; here it has to stay.
    let pretty: Treatment = ("jq", |text| {
        let parsed = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        parsed.map(|line| serde_json::to_string_pretty(&line).expect("JSON") + "\n").collect()
    });
    for (what, treat) in treatments().into_iter().chain([pretty]) {
        for mended in [true, false] {
            let scratch = Scratch::new();
            let sandbox = Sandbox::start(&scratch, &[]);
            let (first, [table, users]) = unfinished(&scratch, &sandbox);
            let path = rejects_of(&first);
            let text = scratch.read(&path);
            let treated = treat(&if mended { mend(&text) } else { text.clone() });
            scratch.write(&path, &treated);
            let run = scratch.import(&sandbox, &table, &["--import", &users]).expect_code(3);
            assert!(run.stderr.contains("Continuing"), "{}", run.stderr);
            let now = scratch.read(&path);
            if treated == text {
                assert!(now.starts_with(&text), "{what}");
            } else {
                assert_eq!(now, treated, "{what}, mended: {mended}");
            }
            let all: Vec<String> =
                [1, 5, 6].into_iter().chain(60..260).map(|number| format!("user_{number:06}")).collect();
            let others = sandbox.column("external_id").into_iter().filter(|id| id != "somebody");
            assert_eq!(others.collect::<Vec<_>>(), all, "{what}");
        }
    }
}
