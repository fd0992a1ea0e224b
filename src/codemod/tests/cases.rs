//! Every row of what moves and what is left, as files before and after with the report; and what holds for all of them.
//!
//! A case is a file in `fixtures/cases`. Its parts begin with a line `>>> `: `before PATH`, `after PATH` (a file without it does
//! not change), `options`, and `report`, which has every entry as `PATH:LINES ACTION CODE SUBJECT`. Below it stands its
//! sentence, if it is not the first one of what its code means, and a suggestion and details, if it has any. What a case came
//! out as, if that is not what it says, lies beside the other results of the build, in `tmp/cases`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use avnology_codemod::finding::{Action, Finding};
use avnology_codemod::report::Entry;
use avnology_codemod::swap::Outcome;
use avnology_codemod::syntax::{Language, read_facts};
use avnology_codemod::{Account, Asked, Mode, Options, Rules, run};

/// A case, taken apart.
struct Case {
    name: String,
    notes: String,
    before: Vec<(String, String)>,
    after: BTreeMap<String, String>,
    options: Vec<String>,
    report: String,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("one").path()).collect();
    files.sort();
    files.iter().map(|file| case(file)).collect()
}

fn case(file: &Path) -> Case {
    let text = std::fs::read_to_string(file).expect("a case");
    let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
    let mut case = Case {
        name,
        notes: String::new(),
        before: Vec::new(),
        after: BTreeMap::new(),
        options: Vec::new(),
        report: String::new(),
    };
    let mut parts = text.split(">>> ");
    parts.next().expect("notes").clone_into(&mut case.notes);
    for part in parts {
        let (head, body) = part.split_once('\n').expect("a part has a line of its own");
        match head.split_once(' ').unwrap_or((head, "")) {
            ("before", path) => case.before.push((path.to_owned(), body.to_owned())),
            ("after", path) => drop(case.after.insert(path.to_owned(), body.to_owned())),
            ("options", _) => case.options = body.lines().map(str::to_owned).collect(),
            ("report", _) => body.clone_into(&mut case.report),
            (other, _) => panic!("{}: {other}", case.name),
        }
    }
    case
}

impl Case {
    fn options(&self, directory: &Path) -> Options {
        let mut options = Options {
            directory: directory.to_path_buf(),
            paths: Vec::new(),
            mode: Mode::Write,
            force: true,
            only_complete: false,
            public_paths: Vec::new(),
            rules: Rules::new(None).expect("rules"),
            asked: Asked::default(),
        };
        for line in &self.options {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("public-path", path) => options.public_paths.push(path.to_owned()),
                ("package-version", version) => options.asked.package_version = Some(version.to_owned()),
                ("path", path) => options.paths.push(path.to_owned()),
                ("only-complete", _) => options.only_complete = true,
                ("env", _) => options.asked.environment = true,
                ("ci", _) => options.asked.deployment = true,
                ("rules", file) => {
                    let rules = self.before.iter().find(|(path, _)| path == file).expect("the rules");
                    options.rules = Rules::new(Some(&rules.1)).expect("rules");
                }
                (other, _) => panic!("{}: {other}", self.name),
            }
        }
        options
    }
}

fn report(account: &Account) -> String {
    let mut text = String::new();
    for file in &account.files {
        for entry in &file.entries {
            let lines: Vec<String> = entry.lines.iter().map(ToString::to_string).collect();
            let action = serde_json::to_value(entry.action).expect("an action");
            let action = action.as_str().expect("a text");
            writeln!(text, "{}:{} {action} {} {}", file.path, lines.join(","), entry.code.name(), entry.subject)
                .expect("text");
            let is_own = !entry.code.meaning().starts_with(&entry.sentence);
            for said in is_own.then_some(&entry.sentence).into_iter().chain(&entry.suggestion).chain(&entry.details) {
                writeln!(text, "    {said}").expect("text");
            }
        }
    }
    text
}

fn run_in(directory: &Path, case: &Case) -> Account {
    let outcome = run(&case.options(directory), &|_, _| ()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    assert_eq!(outcome.faults, [], "{}", case.name);
    outcome.account
}

fn comments(path: &str, text: &str) -> Option<usize> {
    Some(read_facts(text, Language::of(path)?)?.comments.len())
}

#[test]
fn each_case_comes_out_as_it_says() {
    let results = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases");
    std::fs::create_dir_all(&results).expect("a folder");
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    for case in &cases {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        for (path, text) in &case.before {
            let path = scratch.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let account = run_in(scratch.path(), case);
        let mut actual = case.notes.clone();
        let mut state = Vec::new();
        for (path, before) in &case.before {
            let after = std::fs::read_to_string(scratch.path().join(path)).expect("a file");
            write!(actual, ">>> before {path}\n{before}").expect("text");
            if after != *before {
                write!(actual, ">>> after {path}\n{after}").expect("text");
                let same = comments(path, before) == comments(path, &after);
                assert!(same, "{}: {path}: comments are as many as before\n{after}", case.name);
            }
            state.push((path, after));
        }
        if !case.options.is_empty() {
            write!(actual, ">>> options\n{}\n", case.options.join("\n")).expect("text");
        }
        write!(actual, ">>> report\n{}", report(&account)).expect("text");
        holds_for_all(case, &account);

        // A second run changes nothing, and lists what is left as the first one did.
        let again = run_in(scratch.path(), case);
        assert_eq!(again.totals.files_changed, 0, "{}: a second run changes nothing", case.name);
        for (path, after) in &state {
            assert_eq!(&std::fs::read_to_string(scratch.path().join(path)).expect("a file"), after, "{}", case.name);
        }
        assert_eq!(left(&again), left(&account), "{}: a second run lists the same", case.name);

        let expected = std::fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases").join(format!("{}.case", case.name)),
        );
        if actual != expected.expect("the case") {
            std::fs::write(results.join(format!("{}.case", case.name)), &actual).expect("a result");
            wrong.push(format!("{}\n{actual}", case.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases came out differently, see {}:\n{}",
        wrong.len(),
        results.display(),
        wrong.join("\n\n")
    );
}

/// What is left, with its lines: the first run has them as they are after it.
fn left(account: &Account) -> Vec<String> {
    let left = account.entries.iter().filter(|entry| entry.finding.action == Action::Left);
    let text = |entry: &Entry| {
        let Finding { code, subject, lines, .. } = &entry.finding;
        format!("{}:{lines:?} {} {subject}", entry.path, code.name())
    };
    let mut left: Vec<String> = left.map(text).collect();
    left.sort();
    left
}

/// Totals add up, and each name that is left is in the report.
fn holds_for_all(case: &Case, account: &Account) {
    let totals = &account.totals;
    assert_eq!(totals.imported, totals.moved + totals.gone + totals.left, "{}", case.name);
    for file in &account.files {
        for name in file.names.iter().filter(|name| name.outcome == Outcome::Left) {
            let is_listed = file.entries.iter().any(|entry| {
                (entry.subject == name.name || entry.module.as_deref() == Some(&name.module)) && !entry.lines.is_empty()
            });
            assert!(is_listed, "{}: {} {} of {}", case.name, file.path, name.name, name.module);
        }
    }
}
