//! The lab in which processes are recorded, and in which the states after power cuts are tried.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::time::Instant;

use super::disk::Tree;
use super::states::{State, choose};
use super::support::{AVNOLOGY, Run};
use super::target::{Confirmed, Front, Target};
use super::trace::{self, Event};

/// How many states of each scenario are tried in CI.
const USUAL: usize = 40;

/// How many states of the sandbox are tried for each state of another scenario: they need no process.
const SANDBOX: usize = 8;

/// How many states are tried at the same time.
const WORKERS: usize = 2;

/// `AVNOLOGY__CRASH_STATES`, if it is set.
fn wanted_states() -> Option<usize> {
    #[expect(clippy::disallowed_methods, reason = "a knob of this test alone")]
    std::env::var("AVNOLOGY__CRASH_STATES").ok().map(|text| text.parse().expect("AVNOLOGY__CRASH_STATES is a number"))
}

/// A directory for everything, and targets that survive.
pub struct Lab {
    directory: tempfile::TempDir,
    front: Front,
    states: usize,
    /// How many databases of targets were made for states.
    databases: AtomicUsize,
}

/// A directory in which the binary runs, and its target.
pub struct Site<'a> {
    lab: &'a Lab,
    pub directory: PathBuf,
    pub target: Target<'a>,
}

/// What a process did, and what the target confirmed to it meanwhile.
pub struct Recording {
    pub run: Recorded,
    directory: PathBuf,
    tree: Tree,
    events: Vec<Event>,
    confirmed: Arc<Mutex<Confirmed>>,
    states: usize,
}

/// How the process ended.
pub struct Recorded(Run);

impl Recorded {
    #[track_caller]
    pub fn expect_code_of(&self, code: i32) {
        assert_eq!(self.0.code, Some(code), "stdout: {}\nstderr: {}", self.0.stdout, self.0.stderr);
    }
}

impl Lab {
    /// Returns `None` if nothing can be traced here, and tracing is not required.
    pub fn new() -> Option<Self> {
        let wanted = wanted_states();
        if !trace::can_trace() {
            assert!(wanted.is_none(), "strace is not there, or may not trace, so power cuts cannot be tried");
            // Not with a macro: its output is shown only if a test fails.
            tell("SKIPPED: strace is not there, or may not trace, so power cuts are not tried");
            return None;
        }
        // Syncs are slow on a real disk, and nothing here depends on them.
        let memory = Path::new("/dev/shm");
        let directory = tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).expect("a scratch directory");
        let (front, states) = (Front::new(), wanted.unwrap_or(USUAL));
        Some(Self { directory, front, states, databases: AtomicUsize::new(0) })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A site in a directory of this name, and a target with this database.
    pub fn site(&self, name: &str, key: &str, database: &Path) -> Site<'_> {
        let directory = self.path(name);
        std::fs::create_dir_all(&directory).expect("a directory");
        Site { lab: self, directory, target: self.front.target(key, database) }
    }

    /// A site as a power cut left it, with a target that holds what it had confirmed by then.
    pub fn site_at(&self, name: &str, key: &str, recording: &Recording, state: &State) -> Site<'_> {
        let directory = self.path(name);
        write_tree(&state.tree(&recording.tree, &recording.events), &directory, &recording.directory);
        // Always a new path: an earlier sandbox may still have its database open, and its log would count as the log of this
        // one.
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let database = self.path(&format!("{name}-{number}.db"));
        std::fs::copy(recording.database(state.outside), &database).expect("a copy of the target's database");
        Site { lab: self, directory, target: self.front.target(key, &database) }
    }

    /// Runs the binary with these arguments to its end, and records what it does.
    pub fn record(&self, site: &Site<'_>, arguments: &[String]) -> Recording {
        let tree = read_tree(&site.directory);
        let confirmed = self.front.record(&site.target);
        let file = site.directory.with_extension("trace");
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = trace::traced(&site.command(&arguments), &file).output().expect("strace runs");
        let events = trace::read(&file, &site.directory);
        let run = Recorded(Run::of(output));
        Recording { run, directory: site.directory.clone(), tree, events, confirmed, states: self.states }
    }

    /// Records a sandbox while `work` uses it.
    pub fn record_sandbox(&self, work: impl FnOnce(&Site<'_>)) -> Recording {
        const KEY: &str = "sk_test_recorded";
        let directory = self.path("rec00");
        std::fs::create_dir_all(&directory).expect("a directory");
        let file = directory.with_extension("trace");
        let mut command = self.command(&directory, KEY);
        command.args([
            "sandbox",
            "--listen",
            "127.0.0.1:0",
            "--db",
            "new/sandbox.db",
            "--rate",
            "off",
            "--api-key",
            KEY,
        ]);
        let mut traced = trace::traced(&command, &file);
        let strace = traced.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("strace runs");
        let mut process = TracedSandbox { strace, trace: file.clone() };
        // The sandbox prints its address and its key.
        let lines = BufReader::new(process.strace.stdout.take().expect("its stdout")).lines().take(2);
        let lines: Vec<String> = lines.collect::<Result<_, _>>().expect("two lines");
        let address = lines[0].strip_prefix("AVNOLOGY_BASE_URL=http://").expect("its address");
        let target = self.front.foreign(KEY, address, &directory.join("new/sandbox.db"));
        let confirmed = self.front.record(&target);
        let client = self.path("clien");
        std::fs::create_dir_all(&client).expect("a directory");
        work(&Site { lab: self, directory: client, target });
        drop(process);
        let events = trace::read(&file, &directory);
        let run = Recorded(Run { code: None, stdout: String::new(), stderr: String::new() });
        Recording { run, directory, tree: Tree::new(), events, confirmed, states: SANDBOX * self.states }
    }

    fn command(&self, directory: &Path, key: &str) -> Command {
        let mut command = Command::new(AVNOLOGY);
        command.current_dir(directory).stdin(Stdio::null()).env("HOME", directory).env("TMPDIR", self.directory.path());
        command.env("AVNOLOGY_BASE_URL", &self.front.url).env("AVNOLOGY_SECRET_KEY", key);
        for name in ["AVNOLOGY_RATE", "AVNOLOGY_CONCURRENCY", "AVNOLOGY_RUNS_DIR", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command
    }

    /// Tries states of a recording, some at the same time.
    pub fn check(&self, name: &str, (recording, states): (&Recording, Vec<State>), check: impl Fn(&Site<'_>) + Sync) {
        each(name, recording, &states, |index, state| {
            let name = format!("s{index:04}");
            let site = self.site_at(&name, &format!("key_of_{name}"), recording, state);
            check(&site);
            let (directory, database) = (site.directory.clone(), site.target.database.clone());
            drop(site);
            std::fs::remove_dir_all(directory).expect("it can be removed");
            std::fs::remove_file(database).expect("it can be removed");
        });
    }

    /// Tries states of a recorded sandbox, with the database that each state has.
    pub fn check_sandbox(
        &self,
        name: &str,
        (recording, states): (&Recording, Vec<State>),
        check: impl Fn(&State, &Path) + Sync,
    ) {
        each(name, recording, &states, |index, state| {
            let name = format!("s{index:04}");
            let directory = self.path(&name);
            write_tree(&state.tree(&recording.tree, &recording.events), &directory, &recording.directory);
            let database = directory.join("new/sandbox.db");
            let target = self.front.target(&format!("key_of_{name}"), &database);
            check(state, &database);
            drop(target);
            std::fs::remove_dir_all(directory).expect("it can be removed");
        });
    }
}

/// Tries states, some at the same time.
#[expect(clippy::print_stdout, reason = "figures for those who run it by hand")]
fn each(name: &str, recording: &Recording, states: &[State], check: impl Fn(usize, &State) + Sync) {
    let (next, began) = (AtomicUsize::new(0), Instant::now());
    let next_state = || {
        let index = next.fetch_add(1, Ordering::Relaxed);
        states.get(index).map(|state| (index, state))
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((index, state)) = next_state() {
                    let named = NamedState { name, state, recording };
                    check(index, state);
                    drop(named);
                }
            });
        }
    });
    let (count, calls) = (states.len(), recording.events.len());
    println!("{name}: {count} states after power cuts during {calls} calls, in {:.0?}", began.elapsed());
}

fn tell(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// A traced sandbox. Dropping it ends it.
struct TracedSandbox {
    strace: Child,
    trace: PathBuf,
}

impl Drop for TracedSandbox {
    fn drop(&mut self) {
        // strace does not pass signals on. Each line begins with the process that it describes.
        let trace = std::fs::read_to_string(&self.trace).unwrap_or_default();
        if let Some(process) = trace.split_whitespace().next() {
            drop(Command::new("kill").args(["-INT", process]).status());
        }
        drop(self.strace.wait());
    }
}

/// Names the state if its check fails.
struct NamedState<'a> {
    name: &'a str,
    state: &'a State,
    recording: &'a Recording,
}

impl Drop for NamedState<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let State { events, outside, story, .. } = self.state;
            tell(&format!("{}: the power failed after {events} calls; outside: {outside}", self.name));
            tell(&format!("of what was not durable is left: {story:?}; the last calls:"));
            for event in &self.recording.events[events.saturating_sub(12)..*events] {
                let text = format!("{:?}", event.call);
                tell(&format!("  {:.6} {}", event.at, text.chars().take(160).collect::<String>()));
            }
        }
    }
}

impl Recording {
    /// States after power cuts during the recording: as many as the settings ask for.
    pub fn states(&self) -> (&Self, Vec<State>) {
        (self, self.some_states(self.states))
    }

    /// At most this many states after power cuts during the recording.
    pub fn some_states(&self, most: usize) -> Vec<State> {
        let confirmed = self.confirmed.lock().expect("what was confirmed");
        choose(&self.tree, &self.events, most, &|moment| confirmed.database_at(moment))
    }

    /// The site as it was at the end of the recording.
    pub fn site<'a>(&self, lab: &'a Lab) -> Site<'a> {
        let last = self.confirmed.lock().expect("what was confirmed").databases.len() - 1;
        lab.site("rec00", "key_of_the_second_recording", &self.database(last))
    }

    fn database(&self, index: usize) -> PathBuf {
        self.confirmed.lock().expect("what was confirmed").databases[index].1.clone()
    }

    /// How many users the target had confirmed.
    pub fn users_at(&self, outside: usize) -> usize {
        self.confirmed.lock().expect("what was confirmed").users[..=outside].iter().map(|(_, users)| users.len()).sum()
    }

    /// The users that the target had confirmed in a state.
    pub fn confirmed_users(&self, state: &State) -> BTreeSet<String> {
        self.confirmed.lock().expect("what was confirmed").users[..=state.outside]
            .iter()
            .flat_map(|(_, users)| users.clone())
            .collect()
    }
}

impl Site<'_> {
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub fn write(&self, name: &str, content: String) {
        std::fs::write(self.path(name), content).expect("a file");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.lab.command(&self.directory, &self.target.key);
        command.args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().expect("the binary runs"))
    }

    fn run_all(&self, arguments: &[String]) -> Run {
        self.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub fn import(&self, file: &str, more: &[&str]) -> Run {
        self.run_all(&import_arguments(file, more))
    }

    pub fn undo(&self, id: &str) -> Run {
        self.run_all(&undo_arguments(id))
    }

    /// All runs, as `runs` lists them.
    pub fn runs(&self) -> Vec<Value> {
        let run = self.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0);
        serde_json::from_str(&run.stdout).expect("a list of runs")
    }
}

/// An import as a command.
pub fn import_arguments(file: &str, more: &[&str]) -> Vec<String> {
    let fixed = ["migrate", "clerk", "--import", file, "--output", "json", "--progress", "none"];
    fixed.iter().chain(more).map(ToString::to_string).collect()
}

/// An undo as a command.
pub fn undo_arguments(id: &str) -> Vec<String> {
    ["migrate", "clerk", "undo", id, "--yes", "--output", "json", "--rate", "1000/s"].map(str::to_owned).to_vec()
}

/// The files below a directory, without locks and without SQLite's shared memory.
fn read_tree(directory: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(path) = waiting.pop() {
        for entry in std::fs::read_dir(directory.join(&path)).expect("a directory") {
            let entry = entry.expect("an entry");
            let path = path.join(entry.file_name());
            if entry.file_type().expect("its type").is_dir() {
                if path != Path::new(".local") {
                    tree.insert(path.clone(), None);
                    waiting.push(path);
                }
            } else {
                tree.insert(path.clone(), Some(std::fs::read(directory.join(path)).expect("a file")));
            }
        }
    }
    tree
}

/// Writes the files to another directory. Where a run names its old directory, it must now name the new one; both names have
/// the same length.
fn write_tree(tree: &Tree, directory: &Path, was: &Path) {
    let [from, to] = [was, directory].map(|path| path.to_str().expect("UTF-8"));
    assert_eq!(from.len(), to.len());
    std::fs::create_dir_all(directory).expect("a directory");
    for (path, content) in tree {
        let path = directory.join(path);
        match content {
            None => std::fs::create_dir_all(path).expect("a directory"),
            Some(bytes) => std::fs::write(path, replaced(bytes, from.as_bytes(), to.as_bytes())).expect("a file"),
        }
    }
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let found: Vec<usize> = memchr::memmem::find_iter(&bytes, from).collect();
    for at in found {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}
