//! By what inputs are known: BLAKE3 in new runs, SHA-256 in those that version 0.1.0 began, and one is never taken for the other.

use crate::support;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use sha2::{Digest, Sha256};
use support::{Sandbox, Scratch, export, until_of, user};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Puts the SHA-256 of these files in place of each BLAKE3, as version 0.1.0 had noted them.
fn by_sha256(value: &mut Value, files: &[PathBuf]) {
    match value {
        Value::Object(members) => {
            if let Some(blake3) = members.remove("blake3") {
                let contents = files.iter().map(|path| std::fs::read(path).expect("a file"));
                let is_it = |bytes: &Vec<u8>| blake3 == blake3::hash(bytes).to_hex().as_str();
                let bytes = contents.into_iter().find(is_it).expect("the file that was summed up");
                members.insert("sha256".to_owned(), sha256(&bytes).into());
            }
            members.values_mut().for_each(|value| by_sha256(value, files));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| by_sha256(value, files)),
        _ => {}
    }
}

fn change(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
    change(&mut value);
    std::fs::write(path, value.to_string()).expect("it is written");
}

/// An import of 2,000 users that is killed while it sends. Returns its directory.
fn interrupted(scratch: &Scratch, sandbox: &Sandbox, more: &[&str]) -> PathBuf {
    scratch.write("users.json", export((0..2_000).map(user)));
    let more = [&["--batch-size", "20", "--concurrency", "1"], more].concat();
    let mut command = scratch.import_command(sandbox, "users.json", &more);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    until_of(&mut process, "nothing arrived", || sandbox.column("id").len() >= 100);
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    run_directory(scratch)
}

fn run_directory(scratch: &Scratch) -> PathBuf {
    let runs = std::fs::read_dir(scratch.path(".avnology/runs")).expect("runs");
    runs.map(|entry| entry.expect("an entry").path()).find(|path| path.join("run.json").exists()).expect("a run")
}

/// The files beside the inputs, and what selected records.
#[test]
fn a_run_that_began_with_sha_256_is_held_to_it_in_all_of_its_files() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let rows = (0..2_000).map(|number| format!("user_{number:06},digest"));
    let table: Vec<String> = std::iter::once("id,password_digest".to_owned()).chain(rows).collect();
    scratch.write("users.csv", table.join("\n") + "\n");
    let more = ["--passwords", "users.csv", "--limit", "1500"];
    let run = interrupted(&scratch, &sandbox, &more);
    let files = ["users.json", "users.csv"].map(|name| scratch.path(name));
    for kept in ["first-pass.json", "selection.json"] {
        change(&run.join(kept), |value| by_sha256(value, &files));
    }
    // With other sums nothing of it is the same.
    let first = std::fs::read_to_string(run.join("first-pass.json")).expect("a file");
    for sum in files.iter().map(|file| sha256(&std::fs::read(file).expect("a file"))) {
        let other = sum.replace(['0', '1'], "f");
        std::fs::write(run.join("first-pass.json"), first.replace(&sum, &other)).expect("it is written");
        let refused = scratch.import(&sandbox, "users.json", &more).expect_code(2);
        assert!(refused.stderr.contains("has changed"), "{}", refused.stderr);
    }
    // Its inputs are gone through anew, and held to what was selected by the sum of then.
    std::fs::remove_file(run.join("first-pass.json")).expect("it is there");
    let resumed = scratch.import(&sandbox, "users.json", &more).expect_code(0);
    assert!(resumed.stderr.contains("Continuing"), "{}", resumed.stderr);
    assert_eq!((resumed.count("created"), sandbox.column("id").len()), (1_500, 1_500));
    let inputs = &resumed.report()["inputs"];
    assert_eq!(inputs[0]["sha256"], sha256(&std::fs::read(&files[0]).expect("a file")), "{inputs}");
}

#[test]
fn notes_of_a_later_version_are_not_called_damaged() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let run = interrupted(&scratch, &sandbox, &[]);
    change(&run.join("first-pass.json"), |first| {
        assert_eq!(first["version"], env!("CARGO_PKG_VERSION"));
        first["version"] = "9.0.0".into();
        let input = first["inputs"][0].as_object_mut().expect("an input");
        let sum = input.remove("blake3").expect("its sum");
        input.insert("blake9".to_owned(), sum);
    });
    let resumed = scratch.import(&sandbox, "users.json", &[]).expect_code(0);
    assert!(resumed.stderr.contains("was written by version 9.0.0 of this tool"), "{}", resumed.stderr);
    assert_eq!((resumed.count("created"), sandbox.column("id").len()), (2_000, 2_000));
}

#[test]
fn shards_that_know_their_inputs_by_two_sums_are_merged_if_the_inputs_tell_that_they_are_the_same() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let text = export((0..400).map(user));
    let file = scratch.write("users.json", &text);
    scratch.import(&sandbox, &file, &["--shard", "1/2"]).expect_code(0);
    let first = run_directory(&scratch);
    scratch.import(&sandbox, &file, &["--shard", "2/2"]).expect_code(0);
    change(&first.join("first-pass.json"), |value| by_sha256(value, &[scratch.path(&file)]));
    let merge = || scratch.run(&["migrate", "clerk", "runs", "merge", "--output", "json"]);
    scratch.write("users.json", text.replace("user5@", "USER5@"));
    let refused = merge().expect_code(2);
    for part in ["users.json` is not (any more) what both read", "merge again"] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    scratch.write("users.json", &text);
    assert_eq!(merge().expect_code(0).count("read"), 400);
    change(&first.join("first-pass.json"), |value| value["inputs"][0]["sha256"] = "0".repeat(64).into());
    assert!(merge().expect_code(2).stderr.contains("not (any more) what both read"));
}
