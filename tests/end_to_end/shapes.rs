//! What programs and people make of an export: each form is read, or one sentence says what is wrong and what to do.

use crate::support;

use std::io::Write;

use serde_json::{Value, json};
use support::{Scratch, user};

fn dry_run(content: impl AsRef<[u8]>) -> (i32, u64, u64, String) {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", content);
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0", "--output", "json"]);
    (run.code.expect("a code"), run.count("valid"), run.count("rejected"), run.stderr)
}

#[track_caller]
fn assert_read(content: impl AsRef<[u8]>, valid: u64) {
    let (code, seen, rejected, stderr) = dry_run(content);
    assert_eq!((code, seen, rejected), (0, valid, 0), "{stderr}");
}

/// Nothing is read, and the sentence contains all of these.
#[track_caller]
fn assert_refused(content: impl AsRef<[u8]>, says: &[&str]) {
    let (code, valid, rejected, stderr) = dry_run(content);
    assert_eq!((code, valid, rejected), (5, 0, 0), "{stderr}");
    assert_eq!(stderr.lines().filter(|line| line.starts_with("error")).count(), 1, "one sentence: {stderr}");
    for part in says {
        assert!(stderr.contains(part), "`{part}`: {stderr}");
    }
    assert!(!stderr.contains("example.com") && !stderr.contains("user_0"), "{stderr}");
}

fn users() -> Vec<Value> {
    [1, 2].map(|number| serde_json::from_str(&user(number)).expect("a user")).to_vec()
}

fn envelope() -> String {
    json!({ "data": users() }).to_string()
}

fn gzip(parts: &[&[u8]]) -> Vec<u8> {
    let compress = |part: &&[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(part).expect("memory takes everything");
        encoder.finish().expect("memory takes everything")
    };
    parts.iter().flat_map(compress).collect()
}

#[test]
fn what_jq_python_and_gzip_write_is_read() {
    let pretty = serde_json::to_string_pretty(&json!({ "data": users() })).expect("JSON");
    assert_read(&pretty, 2);
    assert_read(pretty.replace('\n', "\r"), 2);
    assert_read(serde_json::to_string_pretty(&users()).expect("JSON").replace("\"N1\"", "\"Zoë\""), 2);
    assert_read(format!("{}\n{}\n", user(1), user(2)), 2);
    let pages = [1, 2].map(|number| format!("{{\"data\":[{}]}}", user(number)));
    assert_read(gzip(&pages.each_ref().map(String::as_bytes)), 2);
    assert_read(pages.join("\r"), 2);
    assert_read(gzip(&[format!("\u{feff}{}", envelope()).as_bytes()]), 2);
}

#[test]
fn text_before_the_json_is_named() {
    let export = envelope();
    for (front, line) in [
        ("// all users\n", 2),
        ("/* all \"users\" */\n\n", 3),
        ("# users\n", 2),
        ("$ curl -s https://api.clerk.com/v1/users\n", 2),
        ("ada@host:~$ cat users.json\n", 2),
        ("  % Total    % Received\n100  1234  100  1234\n", 3),
        (")]}',\n", 2),
        ("```json\n", 2),
        ("/* all users */ ", 1),
        ("callback(", 1),
        ("module.exports = ", 1),
    ] {
        let says = format!("seems to begin on line {line} of it");
        assert_refused(format!("{front}{export}"), &[&says, "delete all that is in front of"]);
    }
    for answer in ["HTTP/2 200 \r\n", "HTTP/1.1 200 OK\r\n"] {
        let text = format!("{answer}content-type: application/json\r\nx-total: 2\r\n\r\n{export}");
        assert_refused(text, &["HTTP", "curl -i"]);
    }
    assert_refused(format!("\u{1e}{}\n\u{1e}{}\n", user(1), user(2)), &["JSON text sequence", "tr -d"]);
}

#[test]
fn other_notations_are_named() {
    let single = envelope().replace('"', "'");
    assert_refused(&single, &["single quotes", "json.dump"]);
    assert_refused(single.trim_start_matches("{'data':"), &["single quotes", "json.dump"]);
    assert_refused([1, 2].map(|number| user(number).replace('"', "'")).join("\n"), &["single quotes"]);
    for text in [envelope(), json!(users()).to_string(), user(1)] {
        assert_refused(json!(text).to_string(), &["a string that has JSON in it", "jq -r ."]);
    }
    assert_refused(format!("{}\n{}\n", json!(user(1)), json!(user(2))), &["a string that has JSON in it"]);
    assert_refused(format!("{}\r{}\r", user(1), user(2)), &["carriage returns", "tr"]);
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{}", envelope()).encode_utf16().flat_map(bytes).collect()
    };
    for text in [utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)] {
        assert_refused(gzip(&[&text]), &["UTF-16", "iconv"]);
        assert_refused(text, &["UTF-16", "iconv"]);
    }
    assert_refused("<!DOCTYPE html><html>502</html>", &["HTML", "export again"]);
    for text in ["null", "42", "true"] {
        assert_refused(text, &["expected `{` or `[`"]);
    }
    assert_refused(envelope().replacen('{', "{ // all\n", 1), &["comments are not part of JSON"]);
    let windows = [&b"{\"n\xe4me\":1,"[..], &envelope().as_bytes()[1..]].concat();
    assert_refused(windows, &["not valid UTF-8", "iconv"]);
}

#[test]
fn users_in_another_member_are_named_with_the_way_to_take_them_out() {
    assert_refused("{}", &["no `data` array", "none"]);
    assert_refused("{\"data\":null}", &["`data` is null"]);
    let keyed = json!({ "user_1": users()[0], "user_2": users()[1] });
    assert_refused(json!({ "data": keyed }).to_string(), &["by their ids", "jq '[.data[]]'"]);
    assert_refused(keyed.to_string(), &["by their ids", "jq '[.[]]'"]);
    assert_refused(json!({ "users": users(), "total_count": 2 }).to_string(), &["`users`", "jq .users"]);
    assert_refused(json!({ "total_count": 2, "response": { "data": users() } }).to_string(), &["jq .response"]);
    assert_refused(json!({ "pages": [{ "data": users() }] }).to_string(), &["`pages`"]);
    // Beside users, nothing is lost.
    for beside in [json!({ "users": keyed }), json!({ "more": keyed }), json!({ "response": { "data": users() } })] {
        let beside = beside.to_string();
        let text = format!("{},{}", beside.trim_end_matches('}'), &envelope()[1..]);
        let text = if serde_json::from_str::<Value>(&text).is_ok() {
            text
        } else {
            format!("{{\"data\":{},{}", json!(users()), &beside[1..])
        };
        let (code, _, _, stderr) = dry_run(&text);
        assert!(code == 5 && stderr.contains("two places"), "{text}: {stderr}");
    }
}

/// The messages of the rejects of an import.
fn messages(content: impl AsRef<[u8]>) -> (u64, Vec<String>) {
    let scratch = Scratch::new();
    let sandbox = support::Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", content);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    let report = run.report();
    let rejects = support::lines(&scratch.path(report["rejects_file"].as_str().expect("a rejects file")));
    let messages = rejects.iter().map(|reject| reject["message"].as_str().expect("a message").to_owned());
    (run.count("created"), messages.collect())
}

#[test]
fn a_fault_of_one_record_is_one_reject_that_names_it() {
    let [one, two] = [user(1), user(2)];
    let page = |user: &str| format!("{{\"data\":[{user}]}}");
    let users_of = |user: &str| format!("{{\"users\":[{user}]}}");
    let (before, behind) = one.split_at(one.find("N1").expect("a name"));
    let windows = [before.as_bytes(), b"Zo\xeb", behind.as_bytes(), b"\n", two.as_bytes(), b"\n"].concat();
    for (text, created, rejects, says) in [
        (format!("[{one},{two},]").into_bytes(), 2, 1, "a comma too many"),
        (format!("[ // all\n{one},{two}]").into_bytes(), 1, 1, "comments are not part of JSON"),
        (
            format!("[{},{two}]", one.replacen(':', ":NaN,\"x\":", 1)).into_bytes(),
            1,
            1,
            "not valid JSON: malformed JSON at $.id",
        ),
        (windows, 1, 1, "iconv"),
        (format!("{{\"data\":[{},{}]}}", page(&one), page(&two)).into_bytes(), 0, 2, "is a page of users and no user"),
        (format!("{}\n{}\n{one}\n", users_of(&one), users_of(&two)).into_bytes(), 1, 2, "its users are in `users`"),
        // A user's own members do not make it a page, with anything in them.
        (
            format!("[{},{two}]", one.replacen("\"id\":\"user_000001\"", "\"x\":[{\"username\":1}]", 1)).into_bytes(),
            1,
            1,
            "the user has no id",
        ),
    ] {
        let shown = String::from_utf8_lossy(&text).into_owned();
        let (seen, messages) = messages(text);
        assert_eq!((seen, messages.len()), (created, rejects), "{shown}: {messages:?}");
        assert!(messages.iter().all(|message| message.contains(says)), "{says}: {messages:?}");
    }
}
