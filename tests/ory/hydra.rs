//! A real Hydra for one test: a process of its own, with a database of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::kratos::programs;
use crate::support::free_port::free_port;
use crate::support::{Run, Scratch, until};

const CONFIGURATION: &str = include_str!("hydra.yml");

/// A running Hydra. Dropping it ends it, by its id.
pub(crate) struct Hydra {
    process: Child,
    /// The port of the admin API, and the public one.
    ports: [u16; 2],
    _directory: tempfile::TempDir,
}

fn hydra(arguments: &[&str], directory: &Path) -> Command {
    let mut command = Command::new(programs().join("hydra"));
    command.args(arguments).arg("-c").arg(directory.join("hydra.yml")).current_dir(directory);
    // No telemetry, and nothing of the caller's environment that would be configuration.
    command.env_clear().env("SQA_OPT_OUT", "true").env("HOME", directory);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn write_configuration(directory: &Path, [admin, public]: [u16; 2]) {
    let dsn = format!("sqlite://{}?_fk=true&mode=rwc", directory.join("hydra.sqlite").display());
    let text = CONFIGURATION.replace("@DSN@", &dsn).replace("@ADMIN@", &admin.to_string());
    std::fs::write(directory.join("hydra.yml"), text.replace("@PUBLIC@", &public.to_string())).expect("written");
}

/// An empty database: made once, for it takes seconds.
fn empty_database() -> PathBuf {
    let kept = programs().join("empty-hydra-v2.3.0.sqlite");
    if !kept.exists() {
        let directory = tempfile::tempdir_in(programs()).expect("a directory");
        write_configuration(directory.path(), [1, 1]);
        let status = hydra(&["migrate", "sql", "up", "-e", "--yes"], directory.path())
            .env("DSN", format!("sqlite://{}?_fk=true&mode=rwc", directory.path().join("hydra.sqlite").display()))
            .status()
            .expect("Hydra runs");
        assert!(status.success(), "the migration");
        std::fs::rename(directory.path().join("hydra.sqlite"), &kept).expect("the database is kept");
    }
    kept
}

/// Whether the tests with a Hydra can run. Where `AVNOLOGY__ORY_REQUIRED` is set they have to.
pub(crate) fn is_here() -> bool {
    let is_here = programs().join("hydra").exists();
    if !is_here {
        assert!(
            std::env::var_os("AVNOLOGY__ORY_REQUIRED").is_none(),
            "there is no Hydra in {}: tests/ory/build.sh builds it",
            programs().display()
        );
        // Not by the macros, whose words are hidden where a test passes.
        let words =
            "\n!!! SKIPPED: no Hydra in target/ory. `tests/ory/build.sh target/ory` builds it (needs Go). !!!\n";
        std::io::Write::write_all(&mut std::io::stderr(), words.as_bytes()).expect("standard error");
    }
    is_here
}

/// An answer, with where it leads and which cookies it sets.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Value,
}

/// Sends a request and follows no redirect; cookies are kept in `cookies`.
pub(crate) fn send(method: &str, url: &str, body: Option<&Value>, cookies: &mut BTreeMap<String, String>) -> Answer {
    try_send(method, url, body, cookies).expect("an answer")
}

fn try_send(method: &str, url: &str, body: Option<&Value>, cookies: &mut BTreeMap<String, String>) -> Option<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let mut request = client.expect("a client").request(method.parse().expect("a method"), url);
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.ok()?;
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a cookie").split(';').next().expect("a pair");
            let (name, value) = cookie.split_once('=').expect("a pair");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let status = response.status().as_u16();
        let location = response.headers().get("location").map(|value| value.to_str().expect("text").to_owned());
        let text = response.text().await.ok()?;
        Some(Answer { status, location, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    })
}

/// The value of a parameter of a URL.
pub(crate) fn parameter(url: &str, name: &str) -> String {
    let url: reqwest::Url = url.parse().expect("a URL");
    let found = url.query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned());
    found.unwrap_or_else(|| panic!("no {name} in {url}"))
}

impl Hydra {
    /// Starts one that has no client.
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::copy(empty_database(), directory.path().join("hydra.sqlite")).expect("a copy of the empty database");
        let ports = [free_port(), free_port()];
        write_configuration(directory.path(), ports);
        let process =
            hydra(&["serve", "all", "--dev", "--sqa-opt-out"], directory.path()).spawn().expect("Hydra starts");
        let mut hydra = Self { process, ports, _directory: directory };
        until("Hydra is ready", || {
            let ended = hydra.process.try_wait().expect("its state");
            assert!(ended.is_none(), "Hydra ended too early: {ended:?}");
            let answer = try_send("GET", &hydra.admin("health/ready"), None, &mut BTreeMap::new());
            answer.is_some_and(|answer| answer.status == 200)
        });
        hydra
    }

    pub(crate) fn admin(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.ports[0])
    }

    pub(crate) fn public(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.ports[1])
    }

    /// Sends a request to the admin API.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        send(method, &self.admin(path), body, &mut BTreeMap::new())
    }

    /// All clients, by their ids.
    pub(crate) fn clients(&self) -> BTreeMap<String, Value> {
        let list = self.ask("GET", "admin/clients?page_size=500", None).body;
        let clients = list.as_array().expect("a list").iter();
        clients.map(|client| (client["client_id"].as_str().expect("an id").to_owned(), client.clone())).collect()
    }

    /// `migrate clerk apps …` at this Hydra, with a JSON report.
    pub(crate) fn apps(&self, scratch: &Scratch, arguments: &[&str]) -> Run {
        let url = self.admin("");
        let fixed = ["--target", "hydra", "--hydra-admin-url", &url, "--output", "json", "-vv"];
        let all: Vec<&str> =
            ["migrate", "clerk", "apps"].into_iter().chain(arguments.iter().copied()).chain(fixed).collect();
        scratch.run(&all)
    }

    /// Signs somebody in and gives the consent, as the programs behind Hydra's login and consent would. Returns the URL to which
    /// the application is led in the end.
    pub(crate) fn go_through(&self, authorize_url: &str) -> String {
        let cookies = &mut BTreeMap::new();
        let mut next = send("GET", authorize_url, None, cookies).location.expect("the way to the login page");
        for (what, body) in [
            ("login", json!({"subject": "usr_ada", "remember": false})),
            ("consent", json!({"grant_scope": ["openid", "offline_access"], "remember": false})),
        ] {
            let challenge = parameter(&next, &format!("{what}_challenge"));
            let path = format!("admin/oauth2/auth/requests/{what}/accept?{what}_challenge={challenge}");
            let accepted = self.ask("PUT", &path, Some(&body));
            assert_eq!(accepted.status, 200, "{}", accepted.body);
            let back = accepted.body["redirect_to"].as_str().expect("the way back").to_owned();
            next = send("GET", &back, None, cookies).location.expect("the way on");
        }
        next
    }
}

impl Drop for Hydra {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
