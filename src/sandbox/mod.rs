//! An embedded Avnology ID on SQLite: the contract of [`crate::avnology`], served from the other side.
//!
//! It is a rehearsal target for people (with a page to try a migrated password) and the opponent of the end-to-end
//! tests, so it enforces what a real target would: keys and scopes, uniqueness, limits, validation, idempotency keys,
//! rate limits. It shares no code with the importer's validation, or a mistake there would be agreed with here.
//!
//! ```text
//! server     connections; faults before and after the call        (host, faults, compression)
//!   └─ routes    auth, rate limit, scope, body, dispatch          (rate_limit, sign_in)
//!        └─ identities   one transaction a call                   (request, validation, idempotency, filter)
//!             └─ store   SQLite                                   (schema)
//! ```

mod api_error;
mod call;
mod compression;
mod email_key;
mod faults;
mod filter;
mod host;
mod idempotency;
mod identities;
mod rate_limit;
mod request;
mod routes;
mod server;
mod sign_in;
mod store;
mod validation;

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

pub use faults::{Fault, Faults};
pub use rate_limit::RateLimit;
pub use server::{RunningSandbox, start};

/// Scopes that the identity methods ask for.
pub(crate) const READ: &str = "admin:users:read";
/// See [`READ`].
pub(crate) const WRITE: &str = "admin:users:write";

/// How to run a sandbox.
#[derive(Debug)]
pub struct SandboxOptions {
    /// Where to listen; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The database file; made, for the owner only, if it is not there.
    pub database: PathBuf,
    /// Who may call.
    pub api_keys: Vec<ApiKey>,
    /// Whether the batch methods exist; without them they answer 404.
    pub batch_methods: bool,
    /// For each key; none for no limit.
    pub rate_limit: Option<RateLimit>,
    /// Whether bodies may be compressed with gzip, which every answer then says.
    pub accepts_gzip: bool,
    /// What goes wrong on purpose.
    pub faults: Faults,
}

impl SandboxOptions {
    /// A sandbox over this database on a free port, with the contract's rate limit, no faults and no keys yet.
    pub fn new(database: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database,
            api_keys: Vec::new(),
            batch_methods: true,
            rate_limit: Some(RateLimit::default()),
            accepts_gzip: false,
            faults: Faults::default(),
        }
    }
}

/// An API key and what it may do.
#[derive(Clone, Debug)]
pub struct ApiKey {
    key: SecretString,
    scopes: Vec<String>,
}

impl ApiKey {
    /// A key with these scopes.
    pub fn new(key: SecretString, scopes: Vec<String>) -> Self {
        Self { key, scopes }
    }

    /// A key that may do everything.
    pub fn full_access(key: SecretString) -> Self {
        Self::new(key, vec![READ.to_owned(), WRITE.to_owned()])
    }
}

/// Starts a sandbox over this database for the holder of this key, who may do everything.
pub async fn start_for(database: PathBuf, key: SecretString) -> Result<RunningSandbox, SandboxError> {
    start(SandboxOptions { api_keys: vec![ApiKey::full_access(key)], ..SandboxOptions::new(database) }).await
}

/// Why a sandbox cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// It holds password hashes, so it is for this machine only.
    #[error(
        "{0} is not an address of this machine alone; the sandbox listens on loopback only, such as 127.0.0.1:4455"
    )]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("cannot open the sandbox's database `{path}`: {problem}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        problem: String,
    },
    /// Standard output is gone.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] std::io::Error),
}
