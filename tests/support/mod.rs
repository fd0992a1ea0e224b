//! What the end-to-end tests share: a scratch directory, the built binary, a sandbox as a process of its own.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses its own part of this")]

pub mod apps;
pub mod caller;
pub mod clerk;
pub mod free_port;
pub mod scripted_clerk;
pub mod target;
#[cfg(target_os = "linux")]
pub mod terminal;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

/// The built binary.
pub const AVNOLOGY: &str = env!("CARGO_BIN_EXE_avnology");

/// A scratch directory in which the binary runs, without any variable of the caller's environment that concerns it.
pub struct Scratch {
    directory: tempfile::TempDir,
}

impl Scratch {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a scratch directory") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file and returns its name, relative to the scratch directory.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).expect("a scratch file");
        name.to_owned()
    }

    /// Turns a finished run into one that was killed before its account, such as an earlier version left: its journal does
    /// not say how the run ended.
    pub fn forget_end(&self, runs: &str, run: &str) {
        let directory = self.path(runs).join(run);
        let record = std::fs::read_to_string(directory.join("run.json")).expect("a run");
        let forgotten = record.replace("\"journals_end\": true", "\"journals_end\": false");
        assert_ne!(forgotten, record, "the record of {run}");
        std::fs::write(directory.join("run.json"), forgotten).expect("a run");
        std::fs::remove_file(directory.join("report.json")).expect("a report");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The binary, ready to run in the scratch directory.
    pub fn avnology(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(AVNOLOGY);
        command.args(arguments).current_dir(self.directory.path()).stdin(Stdio::null());
        // Locks of targets and temporary indices are removed with the scratch directory.
        command.env("TMPDIR", self.directory.path()).env("HOME", self.directory.path());
        for name in [
            "CLERK_SECRET_KEY",
            "CLERK_SECRET_KEY_FILE",
            "CLERK_API_URL",
            "AVNOLOGY_SECRET_KEY",
            "AVNOLOGY_BASE_URL",
            "AVNOLOGY_RATE",
            "AVNOLOGY_CONCURRENCY",
            "AVNOLOGY_RUNS_DIR",
            "AVNOLOGY_NOTIFY_URL",
        ]
        .into_iter()
        .chain(["XDG_STATE_HOME"])
        {
            command.env_remove(name);
        }
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.avnology(arguments).output().expect("the binary runs"))
    }

    /// Notes in the manifest of an export what is in its files now, which are not compressed.
    pub fn note_in_manifest(&self, directory: &str) {
        let path = format!("{directory}/manifest.json");
        let mut manifest: serde_json::Value = serde_json::from_str(&self.read(&path)).expect("a manifest");
        for file in manifest["files"].as_array_mut().expect("files") {
            let text = self.read(&format!("{directory}/{}", file["file"].as_str().expect("a name")));
            (file["bytes"], file["records"]) = (text.len().into(), text.lines().count().into());
        }
        self.write(&path, manifest.to_string());
    }

    /// `migrate clerk --import FILE --output json --progress none` and more.
    pub fn import(&self, sandbox: &Sandbox, file: &str, more: &[&str]) -> Run {
        let output = self.import_command(sandbox, file, more).output().expect("the binary runs");
        Run::of(output)
    }

    /// `migrate clerk verify --import FILE` and more, with a JSON report.
    pub fn verify(&self, sandbox: &Sandbox, file: &str, more: &[&str]) -> Run {
        let fixed = ["migrate", "clerk", "verify", "--import", file, "--output", "json", "--progress", "none"];
        let arguments: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
        let mut command = self.avnology(&arguments);
        command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
        Run::of(command.output().expect("the binary runs"))
    }

    /// `migrate clerk undo RUN` and more, with a JSON report.
    pub fn undo(&self, sandbox: &Sandbox, id: &str, more: &[&str]) -> Run {
        let fixed = ["migrate", "clerk", "undo", id, "--output", "json"];
        let arguments: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
        let mut command = self.avnology(&arguments);
        Run::of(command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs"))
    }

    pub fn import_command(&self, sandbox: &Sandbox, file: &str, more: &[&str]) -> Command {
        let fixed = ["migrate", "clerk", "--import", file, "--output", "json", "--progress", "none"];
        let arguments: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
        let mut command = self.avnology(&arguments);
        command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
        command
    }
}

/// What a run of the binary printed, and how it ended.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        }
    }

    /// The JSON report on stdout.
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no report ({error})\nstdout: {}\nstderr: {}", self.stdout, self.stderr))
    }

    pub fn count(&self, name: &str) -> u64 {
        self.report()["counts"][name].as_u64().unwrap_or_else(|| panic!("no count {name}: {}", self.stdout))
    }

    /// Fails unless the run ended with this code.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

/// `avnology sandbox` as a process of its own. Dropping it kills it, by its id.
pub struct Sandbox {
    pub process: Child,
    address: SocketAddr,
    pub key: String,
    pub database: PathBuf,
}

/// Starts a server; returns it and what it prints behind these names, a line each, once it listens.
fn start_server<const N: usize>(scratch: &Scratch, arguments: &[&str], names: [&str; N]) -> (Child, [String; N]) {
    let mut command = scratch.avnology(arguments);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the server starts");
    let mut lines = BufReader::new(process.stdout.take().expect("its stdout")).lines();
    let values = names.map(|name| {
        let line = lines.next().expect("a line").expect("a readable line");
        line.strip_prefix(name).unwrap_or_else(|| panic!("{line}")).to_owned()
    });
    (process, values)
}

impl Sandbox {
    /// Starts one on a free port, without a rate limit unless `more` sets one.
    pub fn start(scratch: &Scratch, more: &[&str]) -> Self {
        Self::start_at(scratch, "127.0.0.1:0", more)
    }

    /// Ends this one abruptly and starts another one in its place, with the same address and the same database.
    pub fn replace(mut self, scratch: &Scratch, more: &[&str]) -> Self {
        self.restart(scratch, more);
        self
    }

    /// The same for one that somebody holds.
    pub fn restart(&mut self, scratch: &Scratch, more: &[&str]) {
        self.end();
        *self = Self::start_at(scratch, &self.address.to_string(), more);
    }

    fn end(&mut self) {
        self.process.kill().expect("the sandbox can be ended");
        self.process.wait().expect("the sandbox ends");
    }

    fn start_at(scratch: &Scratch, address: &str, more: &[&str]) -> Self {
        let database = scratch.path("sandbox.db");
        let mut arguments = vec!["sandbox", "--listen", address, "--db", "sandbox.db"];
        if !more.contains(&"--api-key") {
            arguments.extend(["--api-key", "sk_test_sandbox"]);
        }
        if !more.contains(&"--rate") {
            arguments.extend(["--rate", "off"]);
        }
        arguments.extend(more);
        let names = ["AVNOLOGY_BASE_URL=http://", "AVNOLOGY_SECRET_KEY="];
        let (process, [base_url, key]) = start_server(scratch, &arguments, names);
        Self { process, address: base_url.parse().expect("an address"), key, database }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All identities, a row each, in the order of their external ids.
    pub fn identities(&self) -> Vec<Vec<rusqlite::types::Value>> {
        let connection = rusqlite::Connection::open(&self.database).expect("the database");
        let mut statement =
            connection.prepare("SELECT * FROM identities ORDER BY external_id").expect("the table of identities");
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|index| row.get(index)).collect()).expect("rows");
        rows.collect::<Result<_, _>>().expect("readable rows")
    }

    /// One text column of all identities, sorted.
    pub fn column(&self, name: &str) -> Vec<String> {
        let connection = rusqlite::Connection::open(&self.database).expect("the database");
        let mut statement =
            connection.prepare(&format!("SELECT {name} FROM identities ORDER BY {name}")).expect("the column");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("readable rows")
    }

    /// Tries to sign in; returns the status and the answer.
    pub fn sign_in(&self, email: &str, password: &str) -> (u16, Value) {
        self.post("v1/sessions", &serde_json::json!({ "email": email, "password": password }))
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let request = client
                .post(format!("{}/{path}", self.base_url()))
                .header("content-type", "application/json")
                .body(body.to_string());
            let response = request.send().await.expect("an answer");
            let status = response.status().as_u16();
            let text = response.text().await.expect("a body");
            (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end();
    }
}

/// How long a test waits for what has to come. It measures no speed: only a hang lasts as long, on any machine.
const PATIENCE: Duration = Duration::from_mins(10);

/// Waits for something that comes about in another process.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The same, if it comes about while that process runs, or never.
#[track_caller]
pub fn until_of(process: &mut Child, what: &str, mut is_so: impl FnMut() -> bool) {
    until(what, || {
        let ended = process.try_wait().expect("its state");
        is_so() || ended.is_some_and(|status| panic!("it ended too early ({status}): {what}"))
    });
}

/// An export of which every 30th record is bad, and the external ids of the good ones.
pub fn mixed_export(users: usize) -> (String, BTreeSet<String>) {
    let is_bad = |number: usize| number % 30 == 7;
    let records = (0..users).map(|number| match number {
        _ if !is_bad(number) => user(number),
        _ if number % 60 == 7 => format!(r#"{{"id":"user_{number:06}"}}"#),
        _ => format!(r#"{{"id":"user_{number:06}", oops}}"#),
    });
    let good = (0..users).filter(|number| !is_bad(*number)).map(|number| format!("user_{number:06}")).collect();
    (export(records), good)
}

/// Fails unless every record of a mixed export is in exactly one place, and the target holds each good one once.
#[track_caller]
pub fn assert_all_in_one_place(scratch: &Scratch, sandbox: &Sandbox, run: &Run, users: usize, good: &BTreeSet<String>) {
    let counts = ["created", "updated", "unchanged", "rejected"].map(|name| run.count(name));
    let read = (run.count("read"), counts.iter().sum(), run.count("unfinished"));
    assert_eq!(read, (users as u64, users as u64, 0), "{}", run.stdout);
    let at_target = sandbox.column("external_id");
    let distinct: BTreeSet<String> = at_target.iter().cloned().collect();
    assert_eq!(distinct.len(), at_target.len(), "none twice at the target");
    assert_eq!(&distinct, good, "exactly the good ones at the target");
    let report = run.report();
    let rejects = lines(&scratch.path(report["rejects_file"].as_str().expect("a rejects file")));
    let numbers = rejects.iter().map(|reject| reject["position"]["record"].as_u64().expect("a number"));
    let rejected: BTreeSet<u64> = numbers.collect();
    let bad = users - good.len();
    assert_eq!((rejects.len(), rejected.len()), (bad, bad), "each reject once");
}

/// A plain user with a number, as JSON.
pub fn user(number: usize) -> String {
    format!(
        r#"{{"id":"user_{number:06}","first_name":"N{number}","email_addresses":[{{"id":"idn_{number}","email_address":"user{number}@example.com","verified":true}}],"primary_email_address_id":"idn_{number}","public_metadata":{{"number":{number}}}}}"#
    )
}

/// `{"data":[…]}` with this many users, one a line.
pub fn export(users: impl IntoIterator<Item = String>) -> String {
    let users: Vec<String> = users.into_iter().collect();
    format!("{{\"data\":[\n{}\n],\"total_count\":{}}}\n", users.join(",\n"), users.len())
}

/// The lines of a rejects file.
pub fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Reads a stream to its end on a thread of its own.
pub fn drain(mut stream: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("readable output");
        text
    })
}
