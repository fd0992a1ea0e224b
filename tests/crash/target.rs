//! Targets that survive the power cut: a sandbox for each state behind one address. A request's key decides which one it
//! reaches.
//!
//! What a run remembers of its target depends on the target's address, so all states must have the same one. While a trace
//! is recorded, the front keeps a copy of the sandbox's database after each change, before the answer is sent. So it is
//! known what the target had confirmed at any moment.

use std::collections::HashMap;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use avnology_migrate::sandbox::{ApiKey, RunningSandbox, SandboxOptions, start};
use secrecy::SecretString;

use super::support::target::read_request;

/// How long the target waits with its answer after its work: meanwhile other things happen to what is in doubt.
const LATE: Duration = Duration::from_millis(10);

/// What a target confirmed, and when.
#[derive(Debug, Default)]
pub struct Confirmed {
    /// A moment, and the database at that moment; the first one is from before the trace.
    pub databases: Vec<(f64, PathBuf)>,
    /// A moment, and the external ids of an answered batch.
    pub users: Vec<(f64, Vec<String>)>,
}

impl Confirmed {
    /// Which database the target had at a moment.
    pub fn database_at(&self, moment: f64) -> usize {
        self.databases.iter().rposition(|(at, _)| *at <= moment).unwrap_or_default()
    }
}

#[derive(Clone)]
struct Backend {
    address: String,
    /// While a trace is recorded: the database, unless the database itself is recorded, and what the target confirmed.
    recorded: Option<(Option<PathBuf>, Arc<Mutex<Confirmed>>)>,
}

/// The one address of all targets.
pub struct Front {
    pub url: String,
    backends: Arc<Mutex<HashMap<String, Backend>>>,
    runtime: tokio::runtime::Runtime,
}

/// A target behind a front, as long as this value lives.
pub struct Target<'a> {
    front: &'a Front,
    pub key: String,
    pub database: PathBuf,
    sandbox: Option<RunningSandbox>,
}

impl Drop for Target<'_> {
    fn drop(&mut self) {
        self.front.backends.lock().expect("backends").remove(&self.key);
    }
}

impl Target<'_> {
    /// One text column of all identities, sorted.
    pub fn column(&self, name: &str) -> Vec<String> {
        column(&self.database, name)
    }
}

/// One text column of all identities in a database, sorted.
pub fn column(database: &Path, name: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(database).expect("the database");
    let sql = format!("SELECT {name} FROM identities ORDER BY {name}");
    let mut statement = connection.prepare(&sql).expect("the column");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("readable rows")
}

pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs_f64()
}

impl Front {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let backends: Arc<Mutex<HashMap<String, Backend>>> = Arc::default();
        let known = Arc::clone(&backends);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let known = Arc::clone(&known);
                std::thread::spawn(move || serve(stream, &known));
            }
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        Self { url, backends, runtime }
    }

    /// A sandbox with this database, reached with this key.
    pub fn target(&self, key: &str, database: &Path) -> Target<'_> {
        let mut options = SandboxOptions::new(database.to_path_buf());
        options.rate_limit = None;
        options.api_keys = vec![ApiKey::full_access(SecretString::from(key.to_owned()))];
        let sandbox = self.runtime.block_on(start(options)).expect("the sandbox starts");
        let backend = Backend { address: sandbox.address().to_string(), recorded: None };
        self.backends.lock().expect("backends").insert(key.to_owned(), backend);
        Target { front: self, key: key.to_owned(), database: database.to_path_buf(), sandbox: Some(sandbox) }
    }

    /// A sandbox in another process that listens there.
    pub fn foreign(&self, key: &str, address: &str, database: &Path) -> Target<'_> {
        let backend = Backend { address: address.to_owned(), recorded: None };
        self.backends.lock().expect("backends").insert(key.to_owned(), backend);
        Target { front: self, key: key.to_owned(), database: database.to_path_buf(), sandbox: None }
    }

    /// Records from now on what a target confirms.
    pub fn record(&self, target: &Target<'_>) -> Arc<Mutex<Confirmed>> {
        let confirmed: Arc<Mutex<Confirmed>> = Arc::default();
        let database = target.sandbox.as_ref().map(|_| target.database.clone());
        keep(database.as_deref(), &confirmed, Vec::new());
        let mut backends = self.backends.lock().expect("backends");
        let backend = backends.get_mut(&target.key).expect("the target");
        backend.recorded = Some((database, Arc::clone(&confirmed)));
        confirmed
    }
}

/// Keeps a copy of the database, and the users of the answer.
fn keep(database: Option<&Path>, confirmed: &Mutex<Confirmed>, users: Vec<String>) {
    let mut confirmed = confirmed.lock().expect("what was confirmed");
    let copy = database.map_or_else(PathBuf::new, |database| {
        let copy = database.with_extension(format!("{}.copy", confirmed.databases.len()));
        let connection = rusqlite::Connection::open(database).expect("the database");
        connection.execute("VACUUM INTO ?1", [copy.to_str().expect("UTF-8")]).expect("a copy");
        copy
    });
    // The time of the copy: what happens later may depend on it.
    let at = now();
    confirmed.databases.push((at, copy));
    confirmed.users.push((at, users));
}

/// The header that carries a key.
const BEARER: &str = "authorization: bearer ";

fn serve(mut stream: TcpStream, backends: &Mutex<HashMap<String, Backend>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("the other half"));
    let Some((head, body)) = read_request(&mut reader) else { return };
    let key = head.lines().find(|line| line.to_lowercase().starts_with(BEARER)).map(|line| line[BEARER.len()..].trim());
    let backend = key.and_then(|key| backends.lock().expect("backends").get(key).cloned());
    let Some(Backend { address, recorded }) = backend else { return };
    let Ok(mut there) = TcpStream::connect(&address) else { return };
    let request = [format!("{head}connection: close\r\n\r\n").as_bytes(), &body].concat();
    let mut answer = Vec::new();
    if there.write_all(&request).and_then(|()| there.read_to_end(&mut answer)).is_err() {
        return;
    }
    if let Some((database, confirmed)) = recorded.filter(|_| !head.starts_with("GET")) {
        let is_probe = String::from_utf8_lossy(&body).contains("validate_only\":true");
        let is_done = answer.starts_with(b"HTTP/1.1 2") && !is_probe;
        keep(database.as_deref(), &confirmed, if is_done { external_ids(&body) } else { Vec::new() });
        std::thread::sleep(LATE);
    }
    // The sandbox closes its connection after each answer, and says so.
    drop(stream.write_all(&answer));
}

/// The users of a request.
fn external_ids(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body).into_owned();
    text.split("\"external_id\":\"").skip(1).filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect()
}
