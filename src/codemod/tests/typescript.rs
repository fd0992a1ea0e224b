//! What TypeScript itself says about the results: its own parser takes each of them, and its type check finds nothing new
//! outside the lines that the report lists.
//!
//! `AVNOLOGY__TYPESCRIPT` is the folder of the npm package `typescript`. Without it these tests are skipped, except in CI.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use avnology_codemod::syntax::Language;
use avnology_codemod::{Asked, Mode, Options, Rules, run};
use serde_json::Value;

/// The package, if it is here.
#[expect(clippy::disallowed_methods, reason = "not a setting of the program")]
#[expect(clippy::print_stderr, reason = "who runs the tests has to see it")]
fn typescript() -> Option<PathBuf> {
    let folder = std::env::var_os("AVNOLOGY__TYPESCRIPT").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("CI").is_none(), "AVNOLOGY__TYPESCRIPT is not set");
        eprintln!(
            "\n*** SKIPPED: `npm install typescript@5`, and AVNOLOGY__TYPESCRIPT=…/node_modules/typescript ***\n"
        );
    }
    folder
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What TypeScript says about files.
fn said(typescript: &Path, mode: &str, files: &[PathBuf]) -> Vec<Value> {
    let mut command = Command::new("node");
    command.arg(root("tests/typescript/check.js")).arg(typescript).arg(mode).args(files);
    let output = command.output().expect("node");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The files of code of all cases, each written to a folder of its own: those before, or those after.
fn files_of_cases(folder: &Path, part_name: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for case in std::fs::read_dir(root("fixtures/cases")).expect("the cases") {
        let case = case.expect("a case").path();
        let text = std::fs::read_to_string(&case).expect("a case");
        for part in text.split(">>> ").skip(1) {
            let (head, body) = part.split_once('\n').expect("a part has a line of its own");
            let Some(("before" | "after", path)) = head.split_once(' ').filter(|(name, _)| *name == part_name) else {
                continue;
            };
            if Language::of(path).is_some() {
                let file = folder.join(case.file_stem().expect("a name")).join(path);
                std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
                std::fs::write(&file, body).expect("a file");
                files.push(file);
            }
        }
    }
    files
}

#[test]
fn typescripts_own_parser_takes_every_result() {
    let Some(typescript) = typescript() else { return };
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let results = files_of_cases(scratch.path(), "after");
    assert!(results.len() >= 50, "{} results", results.len());
    assert_eq!(said(&typescript, "parse", &results), Vec::<Value>::new());
    // It does find what does not parse.
    let wrong = files_of_cases(&scratch.path().join("before"), "before");
    let wrong = said(&typescript, "parse", &wrong);
    assert!(
        wrong.iter().any(|one| one["file"].as_str().is_some_and(|file| file.contains("syntax_error"))),
        "{wrong:?}"
    );
}

fn copy(from: &Path, to: &Path, files: &mut Vec<PathBuf>) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let copied = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &copied, files);
        } else {
            std::fs::copy(&path, &copied).expect("a copy");
            files.extend(Language::of(&copied.to_string_lossy()).map(|_| copied));
        }
    }
}

/// Errors by file, code and sentence, which do not change with the lines above.
fn kinds(errors: &[Value]) -> BTreeSet<(String, String)> {
    errors.iter().map(|error| (error["file"].to_string(), error["message"].to_string())).collect()
}

#[test]
fn the_type_check_finds_nothing_new_outside_the_reported_lines() {
    let Some(typescript) = typescript() else { return };
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let (application, mut files) = (scratch.path().join("application"), Vec::new());
    copy(&root("../../fixtures/clerk_application"), &application, &mut files);
    let types = ["avnology.d.ts", "surroundings.d.ts"].map(|name| root("fixtures/types").join(name));
    let all = [&files[..], &types].concat();
    let before = said(&typescript, "types", &all);
    let outcome = run(
        &Options {
            directory: application.clone(),
            paths: Vec::new(),
            mode: Mode::Write,
            force: true,
            only_complete: false,
            public_paths: Vec::new(),
            rules: Rules::new(None).expect("rules"),
            asked: Asked::default(),
        },
        &|_, _| (),
    );
    let account = outcome.expect("a run").account;
    assert!(account.totals.files_changed >= 3, "{:?}", account.totals);
    let after = said(&typescript, "types", &all);
    let known = kinds(&before);
    let mut on_reported_lines = 0;
    for error in &after {
        if known.contains(&(error["file"].to_string(), error["message"].to_string())) {
            continue;
        }
        let (file, line) = (error["file"].as_str().expect("a file"), error["line"].as_u64().expect("a line"));
        let reported = account.files.iter().filter(|reported| Path::new(file) == application.join(&reported.path));
        let mut lines = reported.flat_map(|file| file.entries.iter().flat_map(|entry| &entry.lines));
        assert!(lines.any(|reported| u64::try_from(*reported).is_ok_and(|reported| reported == line)), "{error}");
        on_reported_lines += 1;
    }
    // The fixture has some, so the check finds something; what was wrong before is wrong still.
    assert!(on_reported_lines > 0 && !before.is_empty(), "{before:?} {after:?}");
}
