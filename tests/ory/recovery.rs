//! Recovery links for those whose password could not move: each user once, in a file for the owner only, also after a kill.

use std::io::Write;

use serde_json::Value;

use crate::kratos::{Kratos, is_here};
use crate::support::{Scratch, export, lines, user};

/// Of 30 users every third one has a hash that Kratos does not verify.
fn of_phpass(number: usize) -> String {
    let digest = r#""password_hasher":"phpass","password_digest":"$P$BwSmX3eFhPgqVTmAoE6vVvUEUbWVQ60","first_name""#;
    if number.is_multiple_of(3) { user(number).replace(r#""first_name""#, digest) } else { user(number) }
}

#[test]
fn each_user_without_a_password_gets_one_link_which_lets_them_in() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let file = scratch.write("users.json", export((0..30).map(of_phpass)));
    let run = kratos.import(&scratch, &file, &[]).expect_code(0).report()["run"].as_str().expect("a run").to_owned();
    let links = |more: &[&str]| {
        let fixed = ["migrate", "clerk", "runs", "export", &run, "--users", "needs-reset", "--recovery-links"];
        scratch.run(&[&fixed[..], more].concat())
    };
    assert!(links(&[]).expect_code(2).stderr.contains("--out"), "links are not for a terminal");
    let made = links(&["--out", "links.ndjson"]).expect_code(0);
    let first = lines(&scratch.path("links.ndjson"));
    assert_eq!(first.len(), 10, "{}{}", made.stdout, made.stderr);
    let emails: Vec<&str> = first.iter().map(|line| line["email"].as_str().expect("an address")).collect();
    assert_eq!(emails, (0..30).step_by(3).map(|number| format!("user{number}@example.com")).collect::<Vec<_>>());
    assert!(!made.stdout.contains("http") && !made.stderr.contains("http"), "no link outside the file");
    #[cfg(unix)]
    {
        let permissions = std::fs::metadata(scratch.path("links.ndjson")).expect("the file").permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777, 0o600);
    }
    assert!(first.iter().all(|line| kratos.recovers(line)), "{}", first[0]["recovery_link"]);

    // As a kill leaves it: some lines, and a part of one. What is there stays to the byte.
    let whole = scratch.read("links.ndjson");
    let kept: usize = whole.split_inclusive('\n').take(4).map(str::len).sum();
    std::fs::write(scratch.path("links.ndjson"), &whole[..kept + 25]).expect("written");
    links(&["--out", "links.ndjson"]).expect_code(0);
    let second = lines(&scratch.path("links.ndjson"));
    assert_eq!(second[..4], first[..4]);
    let ids = |lines: &[Value]| lines.iter().map(|line| line["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&second), ids(&first), "no user twice, and nobody left out");
    let before = scratch.read("links.ndjson");
    links(&["--out", "links.ndjson"]).expect_code(0);
    assert_eq!(scratch.read("links.ndjson"), before, "nothing is left to do");

    // Somebody who is gone is named, and another file is not written to.
    Kratos::send("DELETE", &kratos.identity(first[9]["id"].as_str().expect("an id")), None);
    links(&["--out", "again.ndjson"]).expect_code(3);
    let again = lines(&scratch.path("again.ndjson"));
    assert_eq!((again[9]["outcome"].as_str(), &again[9]["recovery_link"]), (Some("gone"), &Value::Null));
    let mut other = std::fs::OpenOptions::new().append(true).open(scratch.path("again.ndjson")).expect("the file");
    other.write_all(b"{\"mine\":1}\n").expect("written");
    let before = scratch.read("again.ndjson");
    assert!(links(&["--out", "again.ndjson"]).expect_code(2).stderr.contains("line 11"));
    assert_eq!(scratch.read("again.ndjson"), before);
}
