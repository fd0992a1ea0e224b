//! `avnology doctor`: what is wrong is found, with what to do, and nothing is changed.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::{Run, Sandbox, Scratch};

/// What it says about one thing.
fn about<'r>(report: &'r Value, name: &str) -> &'r Value {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().find(|finding| finding["about"] == name).unwrap_or_else(|| panic!("{name}: {report}"))
}

fn examined(scratch: &Scratch, key: Option<&str>, more: &[&str]) -> Run {
    let mut command = scratch.avnology(&[&["doctor", "--output", "json"][..], more].concat());
    if let Some(key) = key {
        command.env("AVNOLOGY_SECRET_KEY", key);
    }
    Run::of(command.output().expect("the binary runs"))
}

#[test]
fn all_is_ready_or_it_says_what_to_do() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--no-batch"]);
    // The target is the one that an import would use.
    scratch
        .write("avnology.toml", format!("[migrate.clerk]\nbase-url = \"{}\"\noutput = \"text\"\n", sandbox.base_url()));
    let ready = examined(&scratch, Some(&sandbox.key), &[]).expect_code(0);
    let report = ready.report();
    for (name, text) in [
        ("admin key", "a test key, from AVNOLOGY_SECRET_KEY"),
        ("config file", "avnology.toml` is used"),
        ("target", "without batch methods"),
        ("clock", "agree"),
        ("lock", "no other run"),
        ("runs", "can be written"),
        ("temporary", "can be written"),
        ("limits", "files may be open"),
    ] {
        let finding = about(&report, name);
        assert!(
            finding["health"] == "ok" && finding["text"].as_str().is_some_and(|found| found.contains(text)),
            "{finding}"
        );
    }
    assert_eq!(about(&report, "Clerk's key")["health"], "note", "{report}");
    assert!(!ready.stdout.contains(&sandbox.key));
    assert!(!scratch.path(".avnology").exists() && sandbox.column("external_id").is_empty(), "it changes nothing");

    // For people: no line is longer than 80 columns.
    let mut command = scratch.avnology(&["doctor"]);
    let text =
        Run::of(command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("it runs")).expect_code(0).stdout;
    assert!(text.ends_with("All is ready.\n") && text.lines().all(|line| line.chars().count() <= 80), "{text}");

    // A key that the target does not know; and none.
    let refused = examined(&scratch, Some("sk_live_other"), &[]).expect_code(6);
    let report = refused.report();
    assert_eq!(about(&report, "target")["health"], "wrong", "{report}");
    assert_eq!(about(&report, "admin key")["text"], "a live key, from AVNOLOGY_SECRET_KEY", "{report}");
    assert!(!refused.stdout.contains("live_other"), "{report}");
    let without = examined(&scratch, None, &[]).expect_code(2).report();
    assert!(
        about(&without, "admin key")["text"].as_str().is_some_and(|text| text.contains("AVNOLOGY_SECRET_KEY_FILE"))
    );

    // Nobody is there. Asked nothing, it looks at the machine alone.
    let nowhere = ["--base-url", "http://127.0.0.1:9"];
    examined(&scratch, Some("sk_test_a"), &nowhere).expect_code(7);
    let offline = examined(&scratch, Some("sk_test_a"), &[&nowhere[..], &["--offline"]].concat()).expect_code(0);
    assert_eq!(about(&offline.report(), "target")["text"], "not asked (--offline)");

    // Runs that everybody can read, and a place where none can be.
    std::fs::create_dir(scratch.path("open")).expect("a directory");
    std::fs::set_permissions(scratch.path("open"), std::fs::Permissions::from_mode(0o755)).expect("its mode");
    let open = examined(&scratch, Some(&sandbox.key), &["--runs-dir", "open"]).expect_code(2).report();
    assert!(about(&open, "runs")["text"].as_str().is_some_and(|text| text.contains("chmod 700")), "{open}");
    scratch.write("file", "");
    let file = examined(&scratch, Some(&sandbox.key), &["--runs-dir", "file/runs"]).expect_code(2).report();
    assert_eq!(about(&file, "runs")["health"], "wrong", "{file}");
}
