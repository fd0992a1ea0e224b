//! Files of a run's directory that are missing, damaged, of another version, or directories: the message names each one and
//! says what to do; what can be made again is made again; and no user is lost or there twice.

use crate::support;

use std::path::{Path, PathBuf};

use support::{Run, Scratch, export, user};

/// What happens to a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Missing,
    Empty,
    Cut,
    Garbage,
    OfALaterVersion,
    /// For root, this is how a file cannot be read.
    Directory,
}

impl Damage {
    const ALL: [Self; 6] =
        [Self::Missing, Self::Empty, Self::Cut, Self::Garbage, Self::OfALaterVersion, Self::Directory];

    fn happens_to(self, path: &Path) {
        let was = std::fs::read(path).unwrap_or_default();
        std::fs::remove_file(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let now = match self {
            Self::Missing => return,
            Self::Directory => return std::fs::create_dir(path).expect("a directory"),
            Self::Empty => Vec::new(),
            Self::Cut => was[..was.len() / 2].to_vec(),
            // With the same length as before, so the length reveals nothing.
            Self::Garbage => was.iter().map(|byte| byte ^ 0x5a).collect(),
            Self::OfALaterVersion if path.ends_with("journal") => [b"AVNJRNL9", &was[8..]].concat(),
            Self::OfALaterVersion => b"{\"version\":\"99.0.0\",\"what\":\"nobody knows\"}\n".to_vec(),
        };
        std::fs::write(path, now).expect("it is written");
    }
}

/// An import that stopped in its middle, and a copy of all its files.
struct Stopped {
    scratch: Scratch,
    id: String,
    copy: tempfile::TempDir,
}

const USERS: usize = 30;

impl Stopped {
    fn new() -> Self {
        let scratch = Scratch::new();
        scratch.write("taken.json", export([user(15).replace("user_000015", "somebody")]));
        let users = (0..USERS).map(user).chain([user(3), r#"{"id":"user_nobody"}"#.to_owned()]);
        scratch.write("users.json", export(users));
        scratch.write("passwords.csv", "id,primary_email_address,password_digest\nuser_000001,a@example.com,\n");
        scratch.write("schema.json", "{}");
        let mapping = scratch.run(&["migrate", "clerk", "--print-default-mapping"]).expect_code(0).stdout;
        scratch.write("mapping.toml", mapping);
        run(&scratch, &["--import", "taken.json", "--runs-dir", "others"]).expect_code(0);
        let slowly = ["--batch-size", "1", "--concurrency", "1", "--rate", "1000/s", "--max-errors", "2"];
        let stopped = run(&scratch, &[&IMPORT[..], &slowly].concat()).expect_code(4);
        assert!(stopped.count("created") > 0 && stopped.count("unfinished") > 0, "{}", stopped.stdout);
        let id = stopped.report()["run"].as_str().expect("a run").to_owned();
        let copy = tempfile::tempdir().expect("a directory");
        copy_all(&scratch.path(""), copy.path());
        Self { scratch, id, copy }
    }

    /// Everything as it was when the import had stopped.
    fn put_back(&self) {
        for entry in std::fs::read_dir(self.scratch.path("")).expect("entries") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.expect("it goes");
        }
        copy_all(self.copy.path(), &self.scratch.path(""));
    }

    /// The files of the run, and the memory of confirmed users.
    fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.scratch.path(".avnology/runs")).expect("runs") {
            for file in std::fs::read_dir(entry.expect("a directory").path()).expect("files") {
                found.push(file.expect("a file").path());
            }
        }
        found.sort();
        found
    }

    /// The external ids at the target.
    fn at_target(&self) -> Vec<String> {
        let database = rusqlite::Connection::open(self.scratch.path("sandbox.db")).expect("the database");
        let mut statement =
            database.prepare("SELECT external_id FROM identities ORDER BY external_id").expect("the table");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("texts")
    }
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("entries") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("a name"));
        if path.is_dir() { copy_all(&path, &to) } else { std::fs::copy(&path, to).map(drop).expect("a copy") }
    }
}

const TARGET: [&str; 3] = ["--sandbox", "--sandbox-db", "sandbox.db"];

const IMPORT: [&str; 8] = [
    "--import",
    "users.json",
    "--passwords",
    "passwords.csv",
    "--mapping",
    "mapping.toml",
    "--traits-schema",
    "schema.json",
];

fn run(scratch: &Scratch, arguments: &[&str]) -> Run {
    let fixed = ["migrate", "clerk", "--output", "json", "--progress", "none"];
    scratch.run(&[&fixed[..], arguments, &TARGET].concat())
}

/// Fails if a command ended in a wrong way: with a bare error, or with a panic.
#[track_caller]
fn assert_reported(run: &Run, file: &Path, what: &str) {
    assert!(!run.stderr.contains("panicked"), "{what}: {}", run.stderr);
    if matches!(run.code, Some(0 | 3)) {
        return;
    }
    assert_eq!(run.code, Some(2), "{what}: {}", run.stderr);
    let error = run.stderr.lines().find(|line| line.starts_with("error:")).unwrap_or_default();
    let name = file.file_name().expect("a name").to_string_lossy();
    let advice = ["--new-run", "put it back", "move it away", "use that version", "put the file"];
    let is_reported =
        error.contains(&*name) && advice.iter().any(|advice| error.contains(advice)) && !error.contains("os error");
    assert!(is_reported, "{what}: {error}");
}

/// What all commands are compared with.
struct Expected<'a> {
    stopped: &'a Stopped,
    before: Vec<String>,
    all: Vec<String>,
}

impl Expected<'_> {
    fn damage(&self, file: &Path, damage: Damage) {
        self.stopped.put_back();
        damage.happens_to(file);
    }

    fn list(&self) {
        let listed = self.stopped.scratch.run(&["migrate", "clerk", "runs"]);
        assert_eq!(listed.code, Some(0), "{}", listed.stderr);
        let is_reported = listed.stdout.contains(&self.stopped.id) || listed.stderr.contains("run.json");
        assert!(is_reported, "{} {}", listed.stdout, listed.stderr);
    }

    fn resume(&self, file: &Path) {
        let arguments = ["migrate", "clerk", "resume", &self.stopped.id, "--max-errors", "99", "--batch-size", "50"];
        let resumed = self.stopped.scratch.run(&arguments);
        assert_reported(&resumed, file, "resume");
        if resumed.code == Some(3) {
            assert_eq!(self.stopped.at_target(), self.all);
            return;
        }
        assert_eq!(self.stopped.at_target(), self.before);
        // Then another run brings the others.
        let import = || run(&self.stopped.scratch, &[&IMPORT[..], &["--new-run", "--batch-size", "50"]].concat());
        let mut again = import();
        if again.code == Some(2) && again.stderr.contains(&format!("{}` away", self.stopped.id)) {
            assert_eq!(self.stopped.at_target(), self.before);
            std::fs::remove_dir_all(self.stopped.scratch.path(&format!(".avnology/runs/{}", self.stopped.id)))
                .expect("moved away");
            again = import();
        }
        assert_eq!(again.code, Some(3), "{}", again.stderr);
        assert_eq!(self.stopped.at_target(), self.all);
    }

    fn undo(&self, file: &Path) {
        let undone = self.stopped.scratch.run(&["migrate", "clerk", "undo", &self.stopped.id, "--yes"]);
        assert_reported(&undone, file, "undo");
        let left = if undone.code == Some(0) { vec!["somebody".to_owned()] } else { self.before.clone() };
        assert_eq!(self.stopped.at_target(), left);
    }
}

const FILES: [&str; 12] = [
    "run.json",
    "journal",
    "first-pass.json",
    "blocks",
    "duplicates",
    "report.json",
    "lock",
    "passwords.json",
    "rejects.ndjson",
    "mapping.toml",
    "traits-schema.json",
    "sample.json",
];

#[test]
fn each_file_of_a_run_may_be_damaged_in_each_way() {
    let stopped = Stopped::new();
    let mut all: Vec<String> =
        (0..USERS).filter(|number| *number != 15).map(|number| format!("user_{number:06}")).collect();
    all.insert(0, "somebody".to_owned());
    let expected = Expected { stopped: &stopped, before: stopped.at_target(), all };
    let files = stopped.files();
    for name in FILES {
        assert!(files.iter().any(|file| file.ends_with(name)), "{name}: {files:?}");
    }
    let mut wrong = Vec::new();
    for (file, damage) in files.iter().flat_map(|file| Damage::ALL.map(|damage| (file, damage))) {
        let mut check = |command: &str, check: &dyn Fn()| {
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).is_err() {
                wrong.push(format!("{command}, {}: {damage:?}", file.display()));
            }
        };
        expected.damage(file, damage);
        check("runs", &|| expected.list());
        check("resume", &|| expected.resume(file));
        expected.damage(file, damage);
        check("undo", &|| expected.undo(file));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
