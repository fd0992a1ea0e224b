//! An input in an object store, or behind https: where it is, how to reach it, and how it is read.
//!
//! It is read in parts of a bounded size, each with a request of its own; some parts are requested ahead. So no connection
//! must last as long as an import, a failed part is retried, and a resumed run begins with the part that it needs. All parts
//! must be of one version of the object.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use super::object_access::{
    ObjectAccess, ObjectFault, ObjectUrlError, Part, Version, is_loopback, is_of_machine, name,
};
use super::store::Store;

/// The bytes of one request: few enough for several parts in memory, and enough for a store that is far away.
pub const PART_BYTES: u64 = 2 * 1024 * 1024;

/// How many parts are requested before they are needed.
pub const PARTS_AHEAD: usize = 2;

/// The bytes of the first request: enough to know the version and the shape, which may be all that is needed.
const FIRST_BYTES: u64 = 128 * 1024;

/// The schemes of the URLs that can be read.
const SCHEMES: [&str; 5] = ["s3", "gs", "az", "https", "http"];

/// An input in an object store, or behind https.
#[derive(Clone)]
pub struct Object {
    /// It may have a secret in it.
    url: Url,
    name: Arc<str>,
    access: Arc<ObjectAccess>,
    store: Arc<OnceLock<Arc<Store>>>,
    /// The version that was found first. Everything that is read must be of this version.
    version: Arc<OnceLock<Version>>,
}

impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Object").field(&self.name).finish()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for Object {}

impl Object {
    /// The object that an argument names; `None` if the argument is not a URL.
    pub fn parse(argument: &str, access: &Arc<ObjectAccess>) -> Result<Option<Self>, ObjectUrlError> {
        let Some((scheme, _)) = argument.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
            return Ok(None);
        };
        let scheme = scheme.to_ascii_lowercase();
        if !SCHEMES.contains(&scheme.as_str()) {
            return Err(ObjectUrlError::Scheme { scheme });
        }
        if !cfg!(feature = "object-storage") {
            return Err(ObjectUrlError::NotBuilt { scheme });
        }
        let url: Url = argument.parse().map_err(|_| ObjectUrlError::NoUrl)?;
        if url.host_str().is_none_or(str::is_empty) || url.path().ends_with('/') || url.path().is_empty() {
            return Err(ObjectUrlError::NoUrl);
        }
        let name = name(&url);
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(ObjectUrlError::Insecure { name });
        }
        if let Some(variable) = insecure_endpoint(&access.options) {
            return Err(ObjectUrlError::InsecureEndpoint { variable: variable.to_owned() });
        }
        Ok(Some(Self { url, name, access: Arc::clone(access), store: Arc::default(), version: Arc::default() }))
    }

    /// Where it is, without the parts of the URL that may be secret.
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The version to read. The first call asks the store, and blocks.
    pub fn version(&self) -> io::Result<Version> {
        if let Some(version) = self.version.get() {
            return Ok(version.clone());
        }
        Ok(self.part(0..FIRST_BYTES)?.version)
    }

    /// Some of its bytes; fewer at its end. Blocks.
    pub fn bytes(&self, range: Range<u64>) -> io::Result<Bytes> {
        Ok(self.part(range)?.bytes)
    }

    fn part(&self, range: Range<u64>) -> io::Result<Part> {
        let known = self.version.get().cloned();
        let store = self.store()?;
        let part = block_on(&Handle::current(), store.part(range, known, self.access.patience))?;
        if *self.version.get_or_init(|| part.version.clone()) == part.version {
            Ok(part)
        } else {
            Err(ObjectFault::Changed.into())
        }
    }

    fn store(&self) -> Result<Arc<Store>, ObjectFault> {
        if let Some(store) = self.store.get() {
            return Ok(Arc::clone(store));
        }
        let store = Arc::new(Store::new(&self.url, &self.access)?);
        Ok(Arc::clone(self.store.get_or_init(|| store)))
    }

    /// Opens it at this byte.
    pub fn open_at(&self, offset: u64) -> io::Result<ObjectReader> {
        let Part { bytes: part, version } = self.part(offset..offset + FIRST_BYTES)?;
        Ok(ObjectReader {
            store: self.store()?,
            runtime: Handle::current(),
            version,
            patience: self.access.patience,
            next: offset + part.len() as u64,
            part,
            ahead: VecDeque::new(),
        })
    }
}

/// Reads an object from a byte to its end.
pub struct ObjectReader {
    store: Arc<Store>,
    runtime: Handle,
    version: Version,
    patience: Duration,
    /// The rest of the part that is being read.
    part: Bytes,
    ahead: VecDeque<AbortOnDropHandle<Result<Part, ObjectFault>>>,
    /// The first byte that was not requested yet.
    next: u64,
}

impl ObjectReader {
    fn ask_ahead(&mut self) {
        while self.ahead.len() < PARTS_AHEAD && self.next < self.version.bytes {
            let range = self.next..(self.next + PART_BYTES).min(self.version.bytes);
            self.next = range.end;
            let (store, version, patience) = (Arc::clone(&self.store), self.version.clone(), self.patience);
            let part = async move { store.part(range, Some(version), patience).await };
            self.ahead.push_back(AbortOnDropHandle::new(self.runtime.spawn(part)));
        }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.part.is_empty() {
            self.ask_ahead();
            let Some(part) = self.ahead.pop_front() else { return Ok(0) };
            self.part = block_on(&self.runtime, part).map_err(io::Error::other)??.bytes;
            self.ask_ahead();
        }
        let count = self.part.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.part.split_to(count));
        Ok(count)
    }
}

/// Waits for a future, from within the runtime or from a thread outside it.
fn block_on<T>(runtime: &Handle, future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| runtime.block_on(future))
}

fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// The variable of an endpoint that would be used without TLS, if there is one. The endpoints that give credentials to
/// programs on a cloud machine are exempt: they are on the machine's own network, and never have TLS.
fn insecure_endpoint(options: &[(String, String)]) -> Option<&str> {
    let is_insecure = |value: &str| {
        let url = Url::parse(value).ok().filter(|url| url.scheme() == "http");
        url.is_some_and(|url| !is_loopback(&url))
    };
    options.iter().find(|(name, value)| !is_of_machine(name) && is_insecure(value)).map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(options: &[(&str, &str)]) -> Arc<ObjectAccess> {
        Arc::new(ObjectAccess {
            options: options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            certificates: None,
            connect_timeout: Duration::from_secs(1),
            part_timeout: Duration::from_secs(1),
            patience: Duration::from_secs(1),
        })
    }

    #[test]
    fn paths_stay_paths() {
        for path in ["users.json", "/srv/users.json", "-", "a:b", "c://users.json", "://x", "dir/a://b"] {
            assert_eq!(Object::parse(path, &access(&[])), Ok(None), "{path}");
        }
        assert!(matches!(Object::parse("ftp://host/users.json", &access(&[])), Err(ObjectUrlError::Scheme { .. })));
    }

    #[cfg(not(feature = "object-storage"))]
    #[test]
    fn a_build_without_object_storage_says_how_to_get_it() {
        let error = Object::parse("S3://bucket/users.json", &access(&[])).unwrap_err().to_string();
        assert!(error.contains("`s3://`") && error.contains("--features object-storage"), "{error}");
    }

    #[cfg(feature = "object-storage")]
    #[test]
    fn what_is_secret_in_a_url_is_not_in_its_name() {
        let url = "https://ada:pass@files.example.com:8443/exports/users.json?X-Signature=secret#part";
        let object = Object::parse(url, &access(&[("AWS_SECRET_ACCESS_KEY", "secret")])).unwrap().unwrap();
        assert_eq!(&*object.name(), "https://files.example.com:8443/exports/users.json");
        assert_eq!(format!("{object:?}"), r#"Object("https://files.example.com:8443/exports/users.json")"#);
        assert!(!format!("{:?}", object.access).contains("\"secret\""));
    }

    #[cfg(feature = "object-storage")]
    #[test]
    fn nothing_travels_in_the_open_except_on_this_machine() {
        let parse = |url: &str, options: &[(&str, &str)]| Object::parse(url, &access(options));
        for url in ["http://127.0.0.1:9/a", "http://localhost/a", "http://[::1]:9/a", "https://example.com/a"] {
            assert!(parse(url, &[]).is_ok_and(|object| object.is_some()), "{url}");
        }
        let wrong = parse("http://example.com/a?sig=secret", &[]).unwrap_err();
        assert_eq!(wrong, ObjectUrlError::Insecure { name: Arc::from("http://example.com/a") });
        let endpoint = [("AWS_ENDPOINT_URL", "http://minio.example.com")];
        assert!(matches!(parse("s3://bucket/a", &endpoint), Err(ObjectUrlError::InsecureEndpoint { .. })));
        for fine in [("AWS_ENDPOINT_URL", "http://127.0.0.1:9000"), ("AWS_METADATA_ENDPOINT", "http://169.254.169.254")]
        {
            assert!(parse("s3://bucket/a", &[fine]).is_ok(), "{fine:?}");
        }
        for nothing in ["s3://bucket", "s3://bucket/", "https://example.com/", "https:///users.json", "s3:///a"] {
            assert_eq!(parse(nothing, &[]), Err(ObjectUrlError::NoUrl), "{nothing}");
        }
    }
}
