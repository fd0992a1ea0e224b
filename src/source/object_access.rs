//! How objects are reached, and what is said of one that was.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use url::{Host, Url};

/// How objects are reached: the same for all inputs.
#[derive(Clone)]
pub struct ObjectAccess {
    /// Credentials, regions and endpoints, by the names of the variables that hold them. Secret.
    pub options: Vec<(String, String)>,
    /// Further certificates to trust, a PEM file.
    pub certificates: Option<PathBuf>,
    /// How long it may take to connect.
    pub connect_timeout: Duration,
    /// How long one part may take.
    pub part_timeout: Duration,
    /// How long a part is asked for again and again.
    pub patience: Duration,
}

impl fmt::Debug for ObjectAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.options.iter().map(|(name, _)| name.as_str()).collect();
        formatter.debug_struct("ObjectAccess").field("options", &names).finish_non_exhaustive()
    }
}

/// Why an object is none of our inputs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectUrlError {
    /// It has a scheme that we do not know.
    #[error("`{scheme}://` is no place that can be read from; there are s3, gs, az and https")]
    Scheme {
        /// As in `ftp`.
        scheme: String,
    },
    /// It is no URL, or names no object. It is not repeated: it may hold a signature.
    #[error("an input looks like a URL and is none that can be read from: expected as in s3://bucket/users.json")]
    NoUrl,
    /// Without TLS passwords would travel in the open.
    #[error("`{name}` would be read without TLS; only https is, except from this machine")]
    Insecure {
        /// The input's name.
        name: Arc<str>,
    },
    /// An endpoint in the environment would be read without TLS.
    #[error("{variable} begins with http://; only https is spoken, except to this machine")]
    InsecureEndpoint {
        /// The variable.
        variable: String,
    },
    /// This build leaves object storage out.
    #[error(
        "this build cannot read from `{scheme}://`; build it with `cargo install --path . --features object-storage`"
    )]
    NotBuilt {
        /// As in `s3`.
        scheme: String,
    },
}

/// Why an object cannot be read. What the store itself says is not repeated: it may hold the URL and its signature.
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
    /// Another version than the parts before.
    #[error("it was changed while it was read; run the same command again")]
    Changed,
    /// The server ignores ranges.
    #[error("the server gives no parts of it (it ignores `Range`); download it first")]
    NoParts,
    /// Nothing that could be made of the settings.
    #[error("the settings for the store are wrong or not complete; check the region, the endpoint and the credentials")]
    Settings,
    /// The network, or an error of the server.
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

/// What tells one version of an object from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its size in bytes.
    pub bytes: u64,
    /// What the store calls the version, if it says.
    pub tag: Option<String>,
    /// When it was put there, in milliseconds since 1970; 0 if the store does not say.
    pub modified: u64,
}

/// A part of an object.
pub(super) struct Part {
    pub bytes: Bytes,
    /// Of which version it is.
    pub version: Version,
}

/// Where an object is, without user, password, query and fragment.
pub(super) fn name(url: &Url) -> Arc<str> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Arc::from(format!("{}://{host}{port}{}", url.scheme(), url.path()))
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
