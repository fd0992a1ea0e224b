//! How a sandbox is run, and why it cannot.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use super::faults::Faults;
use super::rate_limit::RateLimit;

/// Scopes that the identity methods ask for.
pub(super) const READ: &str = "admin:users:read";
/// See [`READ`].
pub(super) const WRITE: &str = "admin:users:write";

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
    pub(super) key: SecretString,
    pub(super) scopes: Vec<String>,
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
    /// The export of which a stand-in for Clerk should be made cannot be read.
    #[error("cannot serve the export `{path}`: {problem}")]
    Export {
        /// The directory, or the file in it.
        path: PathBuf,
        /// What is wrong, and where.
        problem: String,
    },
    /// Standard output is gone.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] std::io::Error),
}
