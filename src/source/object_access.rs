//! How objects are reached, and what is known about one of them.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use url::{Host, Url};

/// How objects are reached; it is the same for all inputs.
#[derive(Clone)]
pub struct ObjectAccess {
    /// Credentials, regions and endpoints, by the names of the environment variables that hold them. Secret.
    pub options: Vec<(String, String)>,
    /// A PEM file with further certificates to trust.
    pub certificates: Option<PathBuf>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long one part may take.
    pub part_timeout: Duration,
    /// How long a failing part is retried.
    pub patience: Duration,
}

impl fmt::Debug for ObjectAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.options.iter().map(|(name, _)| name.as_str()).collect();
        formatter.debug_struct("ObjectAccess").field("options", &names).finish_non_exhaustive()
    }
}

/// Why an argument is not an object that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectUrlError {
    /// Its scheme is unknown.
    #[error("`{scheme}://` is no place that can be read from; there are s3, gs, az and https")]
    Scheme {
        /// As in `ftp`.
        scheme: String,
    },
    /// It is not a URL, or it names no object. It is not repeated, because it may hold a signature.
    #[error("an input looks like a URL and is none that can be read from: expected as in s3://bucket/users.json")]
    NoUrl,
    /// It would be read without TLS, which would send password hashes in the open.
    #[error("`{name}` would be read without TLS; only https is, except from this machine")]
    Insecure {
        /// The input's name.
        name: Arc<str>,
    },
    /// An endpoint in the environment has no TLS.
    #[error("{variable} begins with http://; only https is spoken, except to this machine")]
    InsecureEndpoint {
        /// The name of the variable.
        variable: String,
    },
    /// This build has no object storage.
    #[error(
        "this build cannot read from `{scheme}://`; build it with `cargo install --path . --features object-storage`"
    )]
    NotBuilt {
        /// As in `s3`.
        scheme: String,
    },
}

/// Why an object cannot be read. The store's own message is not repeated, because it may hold the URL and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectFault {
    /// 404.
    #[error("there is no such object; check the bucket and the name")]
    NotFound,
    /// 401 or 403.
    #[error(
        "the store refuses access; check the credentials in the environment, their permission to read it, and, for a signed \
         URL, that it has not expired"
    )]
    Refused,
    /// The object is of another version than the earlier parts.
    #[error("it was changed while it was read; run the same command again")]
    Changed,
    /// The server ignores ranges.
    #[error("the server gives no parts of it (it ignores `Range`); download it first")]
    NoParts,
    /// The settings do not describe a store.
    #[error("the settings for the store are wrong or not complete; check the region, the endpoint and the credentials")]
    Settings,
    /// The network failed, or the server.
    #[error("the store cannot be reached, or kept failing; run the same command again")]
    Unreachable,
}

impl From<ObjectFault> for io::Error {
    fn from(fault: ObjectFault) -> Self {
        let kind = match fault {
            ObjectFault::NotFound => io::ErrorKind::NotFound,
            ObjectFault::Refused => io::ErrorKind::PermissionDenied,
            ObjectFault::Changed => io::ErrorKind::InvalidData,
            ObjectFault::NoParts => io::ErrorKind::Unsupported,
            ObjectFault::Settings => io::ErrorKind::InvalidInput,
            ObjectFault::Unreachable => io::ErrorKind::HostUnreachable,
        };
        Self::new(kind, fault)
    }
}

/// What distinguishes one version of an object from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its size in bytes.
    pub bytes: u64,
    /// The store's name for the version, if there is one.
    pub tag: Option<String>,
    /// When it was written, in milliseconds since 1970; 0 if the store does not say.
    pub modified: u64,
}

/// A part of an object.
pub(super) struct Part {
    pub bytes: Bytes,
    /// The version that the part is of.
    pub version: Version,
}

/// Where an object is, without user, password, query and fragment.
pub(super) fn name(url: &Url) -> Arc<str> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Arc::from(format!("{}://{host}{port}{}", url.scheme(), url.path()))
}

/// Whether a variable is about what gives credentials to programs on a cloud machine, and not about a store.
pub(super) fn is_of_machine(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["metadata", "container_credentials", "identity_endpoint", "msi_endpoint"].iter().any(|part| name.contains(part))
}

/// Whether a URL leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
