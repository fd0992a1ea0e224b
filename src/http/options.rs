//! Whom a client talks to, as whom, and how long it waits.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::{BaseUrl, KeySource, Proxy};

/// How long the other side may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For making a connection, with TLS.
    pub connect: Duration,
    /// For one request, from its first byte to the answer's last.
    pub request: Duration,
}

impl Default for Timeouts {
    /// A batch of 500 users takes well under a second where it is done in bulk.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), request: Duration::from_mins(1) }
    }
}

/// Whom a client talks to, as whom, and how long it waits.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The other side.
    pub base_url: BaseUrl,
    /// The key, sent as `Authorization: Bearer …`. Opaque: any prefix is fine. Nothing if the other side wants none.
    pub secret_key: Option<SecretString>,
    /// Where to look for another key when this one is refused.
    pub key_source: KeySource,
    /// How long the other side may take.
    pub timeouts: Timeouts,
    /// A PEM file with certificates to trust, beside the system's.
    pub certificates: Option<PathBuf>,
    /// The proxy on the way.
    pub proxy: Option<Arc<Proxy>>,
}
