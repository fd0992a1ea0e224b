//! Keys and addresses that are wrong: the message says what is wrong with them, and repeats no secret.

use crate::support;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::target::{obliging, scripted_target};
use support::{Run, Scratch, export, user};

/// A target that counts its requests.
fn counting_target() -> (String, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&requests);
    let url = scripted_target(move |request| {
        seen.fetch_add(1, Ordering::Relaxed);
        obliging(request, |_| None)
    });
    (url, requests)
}

/// An import of one user, without any setting.
fn import(scratch: &Scratch, more: &[&str]) -> Command {
    let file = scratch.write("users.json", export([user(1)]));
    let fixed = ["migrate", "clerk", "--import", &file, "--output", "json", "--progress", "none", "--max-wait", "1"];
    scratch.avnology(&[&fixed[..], more].concat())
}

fn run(command: &mut Command) -> Run {
    Run::of(command.output().expect("the binary runs"))
}

#[test]
fn what_is_secret_in_an_address_is_not_repeated() {
    let addresses = [
        "https://user:S3CRET@id.example.com",
        "https://S3CRET@id.example.com",
        "https://user:pa/ss?S3CRET@id.example.com",
        "https://id.example.com/?key=S3CRET",
        "https://id.example.com/#S3CRET",
        "https://id.example.com:port/?key=S3CRET",
        "http://user:S3CRET@id.example.com/",
        "user:S3CRET@id.example.com",
        "sk_live_S3CRET",
    ];
    for address in addresses {
        let scratch = Scratch::new();
        let reported = run(import(&scratch, &["--base-url", address]).env("AVNOLOGY_SECRET_KEY", "sk_test_1"));
        assert!(reported.stderr.contains("--base-url"), "{}", reported.stderr);
        let set = run(import(&scratch, &[]).env("AVNOLOGY_SECRET_KEY", "sk_test_1").env("AVNOLOGY_BASE_URL", address));
        let word = scratch.run(&["migrate", "clerk", address]);
        scratch.write("avnology.toml", format!("[migrate.clerk]\nbase-url = \"{address}\"\n"));
        let configured = run(import(&scratch, &[]).env("AVNOLOGY_SECRET_KEY", "sk_test_1"));
        for run in [reported, set, word, configured] {
            let run = run.expect_code(2);
            assert!(!run.stderr.contains("S3CRET"), "{address}: {}", run.stderr);
        }
    }
}

#[test]
fn an_impossible_key_is_refused_with_the_cause() {
    let (url, requests) = counting_target();
    for (key, cause) in [
        ("\"sk_live_S3CRET\"", "quotation marks"),
        ("'sk_live_S3CRET'", "quotation marks"),
        ("sk_live_S3CRET\"", "quotation marks"),
        ("\u{201c}sk_live_S3CRET\u{201d}", "quotation marks"),
        ("Bearer sk_live_S3CRET", "`Bearer`"),
        ("bearer\tsk_live_S3CRET", "`Bearer`"),
        ("\u{feff}sk_live_S3CRET", "byte order mark"),
        ("sk_live_S3CRET\nsk_live_S3CRET", "more than one line"),
        ("sk_live_S3CRET\r\n# the key\r\n", "more than one line"),
        ("sk_live_S3CRET\\n", "line end"),
        ("AVNOLOGY_SECRET_KEY=sk_live_S3CRET", "its name"),
        ("sk_live S3CRET", "blank"),
        ("sk_live_S3CRET\u{200b}", "characters"),
        ("sk_live_S3CRÉT", "characters"),
    ] {
        let scratch = Scratch::new();
        let given = run(import(&scratch, &["--base-url", &url]).env("AVNOLOGY_SECRET_KEY", key));
        scratch.write("key", key);
        let in_file = run(import(&scratch, &["--base-url", &url]).env("AVNOLOGY_SECRET_KEY_FILE", "key"));
        for (run, place) in [(given, "AVNOLOGY_SECRET_KEY"), (in_file, "AVNOLOGY_SECRET_KEY_FILE")] {
            let run = run.expect_code(2);
            assert!(run.stderr.contains(cause) && run.stderr.contains(place), "{key}: {}", run.stderr);
            assert!(!run.stderr.contains("S3CR"), "{}", run.stderr);
        }
    }
    assert_eq!(requests.load(Ordering::Relaxed), 0);
    let scratch = Scratch::new();
    scratch.write("key", b"\xff\xfes\0k\0_\0");
    let run = run(import(&scratch, &["--base-url", &url]).env("AVNOLOGY_SECRET_KEY_FILE", "key")).expect_code(2);
    assert!(run.stderr.contains("UTF-8"), "{}", run.stderr);
}

#[test]
fn every_unusable_line_of_dot_env_is_reported() {
    let (url, requests) = counting_target();
    let key = "AVNOLOGY_SECRET_KEY=sk_test_1";
    for text in [
        format!("\u{feff}AVNOLOGY_BASE_URL={url}\n{key}\n"),
        format!("\u{feff}export AVNOLOGY_BASE_URL={url}\r\n{key}\r\n"),
        format!("SITE=1\rAVNOLOGY_BASE_URL={url}\r{key}\r"),
        format!("{key}\n\u{feff}AVNOLOGY_BASE_URL={url}\n"),
        format!("{key}\n\u{a0}AVNOLOGY_BASE_URL={url}\n"),
    ] {
        let scratch = Scratch::new();
        scratch.write(".env", &text);
        let before = requests.load(Ordering::Relaxed);
        run(&mut import(&scratch, &[])).expect_code(0);
        assert!(requests.load(Ordering::Relaxed) > before, "{text:?}");
    }
    // A line that cannot be understood is named, and nothing is sent.
    let utf16: Vec<u8> = "\u{feff}AVNOLOGY_BASE_URL=x".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (text, reported) in [
        (format!("{key}\nset AVNOLOGY_BASE_URL={url}\n").into_bytes(), "line 2"),
        (format!("{key}\n$env:AVNOLOGY_BASE_URL={url}\n").into_bytes(), "line 2"),
        (format!("{key}\nAVNOLOGY_BASE_URL: {url}\n").into_bytes(), "line 2"),
        (utf16, "UTF-8"),
    ] {
        let scratch = Scratch::new();
        scratch.write(".env", &text);
        let run = run(&mut import(&scratch, &[])).expect_code(2);
        assert!(run.stderr.contains(".env") && run.stderr.contains(reported), "{}", run.stderr);
    }
    // The lines of other programs are left alone.
    let scratch = Scratch::new();
    scratch.write(
        ".env",
        format!("# AVNOLOGY_BASE_URL=https://nowhere.invalid\nMY_AVNOLOGY_BASE_URL=x y\nNOTE=see AVNOLOGY_BASE_URL=\n{key}\nAVNOLOGY_BASE_URL={url}\n"),
    );
    run(&mut import(&scratch, &[])).expect_code(0);
}

#[test]
fn a_variable_that_is_no_text_is_refused_by_name() {
    let scratch = Scratch::new();
    let odd = OsString::from_vec(b"https://id.example.com/\xff".to_vec());
    for name in ["AVNOLOGY_BASE_URL", "AVNOLOGY_SECRET_KEY", "AVNOLOGY_RATE"] {
        let mut command = import(&scratch, &["--connect-timeout", "1"]);
        let run = run(command.env("AVNOLOGY_SECRET_KEY", "sk_test_1").env(name, &odd)).expect_code(2);
        assert!(run.stderr.contains(name), "{}", run.stderr);
    }
}

#[test]
fn a_key_that_others_can_read_is_a_warning() {
    let (url, _) = counting_target();
    for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true), (0o604, true)] {
        let scratch = Scratch::new();
        let readable = |name: &str| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(scratch.path(name), permissions).expect("permissions");
        };
        scratch.write("key", "sk_test_1\n");
        readable("key");
        let of_file =
            run(import(&scratch, &["--base-url", &url]).env("AVNOLOGY_SECRET_KEY_FILE", "key")).expect_code(0);
        assert_eq!(of_file.stderr.contains("`key`") && of_file.stderr.contains("chmod"), warned, "{}", of_file.stderr);
        scratch.write(".env", "AVNOLOGY_SECRET_KEY=sk_test_1\n");
        readable(".env");
        let of_dot_env = run(&mut import(&scratch, &["--base-url", &url])).expect_code(0);
        assert_eq!(of_dot_env.stderr.contains(".env"), warned, "{}", of_dot_env.stderr);
    }
}
