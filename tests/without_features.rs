//! What a build without a feature says when somebody asks for it: `cargo test --no-default-features --test
//! without_features`.

#![cfg(not(any(feature = "sandbox", feature = "traits-schema")))]

use std::process::Command;

/// Fails unless the usage is wrong, and returns the message.
fn refused(arguments: &[&str]) -> String {
    let directory = tempfile::tempdir().expect("a scratch directory");
    std::fs::write(directory.path().join("users.json"), "[]").expect("a file");
    std::fs::write(directory.path().join("schema.json"), r#"{"type":"object"}"#).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_avnology"));
    command.args(arguments).current_dir(directory.path()).env("HOME", directory.path()).env("TMPDIR", directory.path());
    let output = command.output().expect("the binary runs");
    let reported = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {reported}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    reported
}

#[test]
fn a_build_without_the_sandbox_says_how_to_get_it() {
    for arguments in [
        &["sandbox"][..],
        &["sandbox", "--help"],
        &["sandbox", "--listen", "127.0.0.1:0", "--fault", "garbage=1"],
        &["migrate", "clerk", "--import", "users.json", "--sandbox"],
    ] {
        let reported = refused(arguments);
        assert!(reported.contains("`cargo install --path . --features sandbox`"), "{arguments:?}: {reported}");
    }
}

#[cfg(not(feature = "codemod"))]
#[test]
fn a_build_without_the_codemod_says_how_to_get_it() {
    for arguments in [&["migrate", "clerk", "codemod"][..], &["migrate", "clerk", "codemod", "--dry-run", "app"]] {
        let refusal = refused(arguments);
        assert!(refusal.contains("`cargo install --path . --features codemod`"), "{arguments:?}: {refusal}");
    }
}

#[cfg(not(feature = "shell"))]
#[test]
fn a_build_without_completions_and_man_pages_says_how_to_get_them() {
    for arguments in [&["completions", "bash"][..], &["man"], &["man", "migrate", "clerk"], &["man", "--out", "pages"]]
    {
        let refusal = refused(arguments);
        assert!(refusal.contains("`cargo install --path . --features shell`"), "{arguments:?}: {refusal}");
    }
}

#[test]
fn a_build_without_traits_schemas_says_how_to_get_them() {
    let dry_run = ["migrate", "clerk", "--import", "users.json", "--dry-run"];
    let reported = refused(&[&dry_run[..], &["--traits-schema", "schema.json"]].concat());
    assert!(reported.contains("`schema.json`") && reported.contains("--features traits-schema`"), "{reported}");
}

#[cfg(not(feature = "where"))]
#[test]
fn a_build_without_conditions_says_how_to_get_them() {
    let dry_run = ["migrate", "clerk", "--import", "users.json", "--dry-run"];
    let reported = refused(&[&dry_run[..], &["--where", "@.id == 'x'"]].concat());
    assert!(reported.contains("`cargo install --path . --features where`"), "{reported}");
}
