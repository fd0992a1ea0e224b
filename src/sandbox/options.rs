//! The options of a sandbox, and why one cannot run.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use super::faults::Faults;
use super::rate_limit::RateLimit;

/// The scopes that the methods require.
const SCOPES: [&str; 8] = [
    "admin:users:read",
    "admin:users:write",
    "admin:orgs:read",
    "admin:orgs:write",
    "admin:permissions:read",
    "admin:permissions:write",
    "admin:oauth-clients:read",
    "admin:oauth-clients:write",
];

/// How to run a sandbox.
#[derive(Debug)]
pub struct SandboxOptions {
    /// The address to listen on; loopback only. Port 0 takes a free port.
    pub listen: SocketAddr,
    /// The database file. If it does not exist, it is created for the owner only.
    pub database: PathBuf,
    /// The keys of those who may call.
    pub api_keys: Vec<ApiKey>,
    /// Whether the methods exist that no page documents: the batch methods, and those on OAuth clients. Otherwise they
    /// answer 404.
    pub batch_methods: bool,
    /// Whether a member's role is a tuple, too, without anybody asking for it.
    pub member_tuples: bool,
    /// The rate limit of each key, if there is one.
    pub rate_limit: Option<RateLimit>,
    /// Whether the sandbox accepts bodies that are compressed with gzip. Every answer then says so.
    pub accepts_gzip: bool,
    /// The faults on purpose.
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
            member_tuples: false,
            rate_limit: Some(RateLimit::default()),
            accepts_gzip: false,
            faults: Faults::default(),
        }
    }
}

/// An API key and its scopes.
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

    /// A key with all scopes.
    pub fn full_access(key: SecretString) -> Self {
        Self::new(key, SCOPES.map(str::to_owned).to_vec())
    }
}

/// Why a sandbox cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address is not loopback. The sandbox holds password hashes, so it is for this machine only.
    #[error(
        "{0} is not an address of this machine alone; the sandbox listens on loopback only, such as 127.0.0.1:4455"
    )]
    NotLoopback(SocketAddr),
    /// The sandbox cannot listen on the address.
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
    /// Standard output is closed.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] std::io::Error),
}
