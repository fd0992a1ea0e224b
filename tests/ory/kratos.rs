//! A real Kratos for one test: a process of its own, with a database of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::free_port::free_port;
use crate::support::{Run, Scratch, until};

const CONFIGURATION: &str = include_str!("kratos.yml");
const STATISTICS: &str = include_str!("kratos.statistics.sql");

/// Where `build.sh` puts the programs, and where a test that ran before put the empty database.
pub(crate) fn programs() -> PathBuf {
    std::env::var_os("AVNOLOGY__ORY")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ory"), PathBuf::from)
}

/// A running Kratos. Dropping it ends it, by its id.
pub(crate) struct Kratos {
    process: Child,
    /// The port of the admin API, and the public one.
    ports: [u16; 2],
    directory: tempfile::TempDir,
}

/// What a program says of itself stays out of the way of the test's own words.
fn kratos(arguments: &[&str], directory: &Path) -> Command {
    let mut command = Command::new(programs().join("kratos"));
    command.args(arguments).arg("-c").arg(directory.join("kratos.yml")).current_dir(directory);
    // No telemetry, and nothing of the caller's environment that would be configuration.
    command.env_clear().env("SQA_OPT_OUT", "true").env("HOME", directory);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// An empty database with the statistics that an empty one has not: without them a lookup takes seconds.
fn empty_database() -> &'static Path {
    static EMPTY: OnceLock<PathBuf> = OnceLock::new();
    EMPTY.get_or_init(|| {
        let kept = programs().join("empty-v1.3.1.sqlite");
        if !kept.exists() {
            let directory = tempfile::tempdir_in(programs()).expect("a directory");
            let database = directory.path().join("kratos.sqlite");
            migrate(directory.path(), &sqlite(&database));
            let connection = rusqlite::Connection::open(&database).expect("the database");
            connection.execute_batch(STATISTICS).expect("statistics");
            drop(connection);
            std::fs::rename(&database, &kept).expect("the database is kept");
        }
        kept
    })
}

fn sqlite(database: &Path) -> String {
    format!("sqlite://{}?_fk=true&mode=rwc", database.display())
}

fn write_configuration(directory: &Path, dsn: &str, [admin, public]: [u16; 2]) {
    let text = CONFIGURATION
        .replace("@DSN@", dsn)
        .replace("@DIRECTORY@", &directory.display().to_string())
        .replace("@ADMIN@", &admin.to_string())
        .replace("@PUBLIC@", &public.to_string());
    std::fs::write(directory.join("kratos.yml"), text).expect("the configuration");
}

/// Whether the tests of this file can run. Where `AVNOLOGY__ORY_REQUIRED` is set they have to.
pub(crate) fn is_here() -> bool {
    let is_here = programs().join("kratos").exists();
    if !is_here {
        assert!(
            std::env::var_os("AVNOLOGY__ORY_REQUIRED").is_none(),
            "there is no Kratos in {}: tests/ory/build.sh builds it",
            programs().display()
        );
        say("SKIPPED: no Kratos in target/ory. `tests/ory/build.sh target/ory` builds it (needs Go).");
    }
    is_here
}

/// Says something loudly. Not by the macros, whose words are hidden where a test passes.
pub(crate) fn say(words: &str) {
    let words = format!("\n!!! {words} !!!\n");
    std::io::Write::write_all(&mut std::io::stderr(), words.as_bytes()).expect("standard error");
}

fn migrate(directory: &Path, dsn: &str) {
    write_configuration(directory, dsn, [1, 1]);
    let status = kratos(&["migrate", "sql", "-e", "--yes"], directory).env("DSN", dsn).status().expect("Kratos runs");
    assert!(status.success(), "the migration");
}

impl Kratos {
    /// Starts one over this database, which is empty.
    pub(crate) fn start_at(scratch: &Scratch, dsn: &str) -> Self {
        let schema = scratch.run(&["migrate", "clerk", "--print-kratos-schema"]).expect_code(0).stdout;
        let directory = tempfile::tempdir().expect("a directory");
        migrate(directory.path(), dsn);
        Self::start_on(directory, &schema, dsn)
    }

    /// Starts one with the identity schema that the program prints.
    pub(crate) fn start(scratch: &Scratch) -> Self {
        let schema = scratch.run(&["migrate", "clerk", "--print-kratos-schema"]).expect_code(0).stdout;
        Self::start_with(&schema)
    }

    /// Starts one with this identity schema.
    pub(crate) fn start_with(schema: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let database = directory.path().join("kratos.sqlite");
        std::fs::copy(empty_database(), &database).expect("a copy of the empty database");
        Self::start_on(directory, schema, &sqlite(&database))
    }

    fn start_on(directory: tempfile::TempDir, schema: &str, dsn: &str) -> Self {
        std::fs::write(directory.path().join("schema.json"), schema).expect("the schema");
        let ports = [free_port(), free_port()];
        write_configuration(directory.path(), dsn, ports);
        let process = Self::spawn(directory.path());
        let mut kratos = Self { process, ports, directory };
        kratos.wait();
        kratos
    }

    fn spawn(directory: &Path) -> Child {
        kratos(&["serve", "--sqa-opt-out"], directory).spawn().expect("Kratos starts")
    }

    fn wait(&mut self) {
        until("Kratos is ready", || {
            let ended = self.process.try_wait().expect("its state");
            assert!(ended.is_none(), "Kratos ended too early: {ended:?}");
            Self::try_send("GET", &self.admin("admin/health/ready"), None).is_some_and(|(status, _)| status == 200)
        });
    }

    /// Kills it with no warning and starts it again, with the same database and addresses.
    pub(crate) fn kill_and_start(&mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it ends");
        self.process = Self::spawn(self.directory.path());
        self.wait();
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[0])
    }

    pub(crate) fn public_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[1])
    }

    /// How many sessions are not over.
    pub(crate) fn open_sessions(&self) -> usize {
        let (status, list) = Self::send("GET", &self.admin("admin/sessions?active=true"), None);
        assert_eq!(status, 200, "{list}");
        list.as_array().expect("a list").len()
    }

    fn admin(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url())
    }

    /// Sends a request; returns the status and the answer.
    pub(crate) fn send(method: &str, url: &str, body: Option<&Value>) -> (u16, Value) {
        Self::try_send(method, url, body).expect("an answer")
    }

    fn try_send(method: &str, url: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let mut request =
                client.request(method.parse().expect("a method"), url).header("accept", "application/json");
            if let Some(body) = body {
                request = request.header("content-type", "application/json").body(body.to_string());
            }
            let response = request.send().await.ok()?;
            let status = response.status().as_u16();
            // Kratos keeps this number of the fixture, and `Value` cannot.
            let text = response.text().await.ok()?.replace("1e400", "1e300");
            Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
        })
    }

    /// Creates an identity as somebody else would.
    pub(crate) fn create(&self, identity: &Value) -> String {
        let (status, answer) = Self::send("POST", &self.admin("admin/identities"), Some(identity));
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn patch(&self, id: &str, patch: &Value) {
        let (status, answer) = Self::send("PATCH", &self.admin(&format!("admin/identities/{id}")), Some(patch));
        assert_eq!(status, 200, "{answer}");
    }

    /// All identities that are there.
    pub(crate) fn identities(&self) -> Vec<Value> {
        let (status, list) = Self::send("GET", &self.admin("admin/identities?page_size=100000"), None);
        assert_eq!(status, 200, "{list}");
        list.as_array().expect("a list").clone()
    }

    /// The identity with this trait `external_id`.
    pub(crate) fn by_key(&self, external_id: &str) -> Option<Value> {
        self.identities().into_iter().find(|one| one["traits"]["external_id"] == external_id)
    }

    /// The address of an identity.
    pub(crate) fn identity(&self, id: &str) -> String {
        self.admin(&format!("admin/identities/{id}"))
    }

    /// Whether a line with a recovery link and a code lets its user in, as far as setting a new password.
    pub(crate) fn recovers(&self, line: &Value) -> bool {
        let address = line["recovery_link"].as_str().expect("a link");
        let flow = address.split("flow=").nth(1).expect("a flow").split('&').next().expect("its id");
        let url = format!("http://127.0.0.1:{}/self-service/recovery?flow={flow}", self.ports[1]);
        let body = json!({ "method": "code", "code": line["recovery_code"] });
        let (status, answer) = Self::send("POST", &url, Some(&body));
        // The way to a new password is the settings flow, with a session.
        (status == 200 || status == 422) && answer.to_string().contains("settings")
    }

    /// Tries to sign in, as a user's program would; returns the status.
    pub(crate) fn sign_in(&self, identifier: &str, password: &str) -> u16 {
        let flow = format!("http://127.0.0.1:{}/self-service/login/api", self.ports[1]);
        let (status, flow) = Self::send("GET", &flow, None);
        assert_eq!(status, 200, "{flow}");
        let body = json!({ "method": "password", "identifier": identifier, "password": password });
        Self::send("POST", flow["ui"]["action"].as_str().expect("where to"), Some(&body)).0
    }

    /// `migrate clerk --import FILE --target kratos` and more, with a JSON report.
    pub(crate) fn import(&self, scratch: &Scratch, file: &str, more: &[&str]) -> Run {
        Run::of(self.command(scratch, &["--import", file], more).output().expect("the binary runs"))
    }

    /// `migrate clerk verify --import FILE` and more.
    pub(crate) fn verify(&self, scratch: &Scratch, file: &str, more: &[&str]) -> Run {
        Run::of(self.command(scratch, &["verify", "--import", file], more).output().expect("the binary runs"))
    }

    /// `migrate clerk undo RUN` and more.
    pub(crate) fn undo(scratch: &Scratch, run: &str, more: &[&str]) -> Run {
        let fixed = ["migrate", "clerk", "undo", run, "--yes", "--output", "json"];
        scratch.run(&fixed.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// A command of `migrate clerk` for this target.
    pub(crate) fn command(&self, scratch: &Scratch, first: &[&str], more: &[&str]) -> Command {
        let base_url = self.base_url();
        let fixed = ["--target", "kratos", "--base-url", &base_url, "--output", "json", "--progress", "none"];
        let parts = ["migrate", "clerk"].iter().chain(first).chain(&fixed).chain(more);
        scratch.avnology(&parts.copied().collect::<Vec<_>>())
    }
}

impl Drop for Kratos {
    fn drop(&mut self) {
        self.process.kill().expect("Kratos can be ended");
        self.process.wait().expect("Kratos ends");
    }
}
