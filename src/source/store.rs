//! The stores of objects, through the `object_store` crate.

use std::error::Error as _;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::HttpError;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{
    BackoffConfig, Certificate, ClientOptions, Error, GetOptions, GetRange, HeaderValue, ObjectMeta, ObjectStore,
    RetryConfig,
};
use tokio::time::{Instant, sleep};
use url::{Position, Url};

use super::object_access::{ObjectAccess, ObjectFault, Part, Version, is_loopback};

/// The pause between two attempts at a part whose answer broke off.
const PAUSE: Duration = Duration::from_millis(500);

/// A store, and the path of an object in it.
#[derive(Debug)]
pub(super) struct Store {
    store: Arc<dyn ObjectStore>,
    path: Path,
}

impl Store {
    pub(super) fn new(url: &Url, access: &ObjectAccess) -> Result<Self, ObjectFault> {
        let wrong = |error: Error| {
            tracing::debug!(kind = kind(&error), "the store's settings are not accepted");
            ObjectFault::Settings
        };
        let store = build(url, access, client_options(url, access)?).map_err(wrong)?;
        let path = Path::from_url_path(url.path()).map_err(|_| ObjectFault::Settings)?;
        Ok(Self { store, path })
    }

    /// A part of the object, of the version that is `known`. The last part may be shorter. Behind the end there is nothing.
    pub(super) async fn part(
        &self,
        range: Range<u64>,
        known: Option<Version>,
        patience: Duration,
    ) -> Result<Part, ObjectFault> {
        if let Some(version) = known.as_ref().filter(|version| range.start >= version.bytes) {
            return Ok(Part { bytes: Bytes::new(), version: version.clone() });
        }
        let began = Instant::now();
        loop {
            match self.try_part(range.clone(), known.as_ref()).await {
                // The crate retries if there is no answer. An answer that breaks off is retried here.
                Err(ObjectFault::Unreachable) if began.elapsed() + PAUSE < patience => sleep(PAUSE).await,
                // An empty object has no parts.
                Err(ObjectFault::NoParts) if range.start == 0 => return self.empty().await,
                ended => return ended,
            }
        }
    }

    async fn try_part(&self, range: Range<u64>, known: Option<&Version>) -> Result<Part, ObjectFault> {
        // A weak tag only says that the content is equivalent, and must not be used in `If-Match` (RFC 9110, 13.1.1).
        let tag = known.and_then(|version| version.tag.clone()).filter(|tag| !tag.starts_with("W/"));
        let options = GetOptions::new().with_range(Some(GetRange::Bounded(range.clone()))).with_if_match(tag);
        let answer = self.store.get_opts(&self.path, options).await.map_err(|error| fault(&error))?;
        let version = version(&answer.meta);
        if known.is_some_and(|known| *known != version) {
            return Err(ObjectFault::Changed);
        }
        let expected = range.end.min(version.bytes) - range.start;
        let bytes = answer.bytes().await.map_err(|error| fault(&error))?;
        if bytes.len() as u64 == expected { Ok(Part { bytes, version }) } else { Err(ObjectFault::Unreachable) }
    }

    /// The object, if it has no bytes.
    async fn empty(&self) -> Result<Part, ObjectFault> {
        let answer = self.store.get_opts(&self.path, GetOptions::new()).await.map_err(|error| fault(&error))?;
        let version = version(&answer.meta);
        if version.bytes == 0 { Ok(Part { bytes: Bytes::new(), version }) } else { Err(ObjectFault::NoParts) }
    }
}

fn build(url: &Url, access: &ObjectAccess, client: ClientOptions) -> Result<Arc<dyn ObjectStore>, Error> {
    // One attempt takes at most a third of the patience, so that there are several.
    let retry = RetryConfig { retry_timeout: access.patience / 3, max_retries: 10, backoff: BackoffConfig::default() };
    // The names are those of environment variables. A store ignores the names that it does not know.
    let options = || access.options.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    Ok(match url.scheme() {
        "s3" => {
            let known = options().filter_map(|(name, value)| Some((name.parse().ok()?, value)));
            let builder = known.fold(AmazonS3Builder::new(), |builder, (key, value)| builder.with_config(key, value));
            Arc::new(builder.with_url(url.as_str()).with_client_options(client).with_retry(retry).build()?)
        }
        "gs" => {
            let known = options().filter_map(|(name, value)| Some((name.parse().ok()?, value)));
            let builder = GoogleCloudStorageBuilder::new();
            let builder = known.fold(builder, |builder, (key, value)| builder.with_config(key, value));
            Arc::new(builder.with_url(url.as_str()).with_client_options(client).with_retry(retry).build()?)
        }
        "az" => {
            let known = options().filter_map(|(name, value)| Some((name.parse().ok()?, value)));
            let builder = MicrosoftAzureBuilder::new();
            let builder = known.fold(builder, |builder, (key, value)| builder.with_config(key, value));
            Arc::new(builder.with_url(url.as_str()).with_client_options(client).with_retry(retry).build()?)
        }
        _ => {
            // The store adds the path. A signature in the query stays.
            let query = &url[Position::AfterPath..Position::AfterQuery];
            let base = format!("{}/{query}", &url[..Position::BeforePath]);
            Arc::new(HttpBuilder::new().with_url(base).with_client_options(client).with_retry(retry).build()?)
        }
    })
}

fn client_options(url: &Url, access: &ObjectAccess) -> Result<ClientOptions, ObjectFault> {
    let options = ClientOptions::new()
        .with_allow_http(is_without_tls(url, access))
        .with_connect_timeout(access.connect_timeout)
        .with_timeout(access.part_timeout)
        .with_user_agent(HeaderValue::from_static(concat!("avnology-migrate/", env!("CARGO_PKG_VERSION"))));
    let Some(path) = &access.certificates else { return Ok(options) };
    let bundle = std::fs::read(path).map_err(|_| ObjectFault::Settings)?;
    let certificates = Certificate::from_pem_bundle(&bundle).map_err(|_| ObjectFault::Settings)?;
    Ok(certificates.into_iter().fold(options, ClientOptions::with_root_certificate))
}

/// Whether an object is read without TLS: only one on this machine is. What the variables of another store or service say does not
/// matter: a redirect must not lead to where anybody can read along.
fn is_without_tls(url: &Url, access: &ObjectAccess) -> bool {
    let is_here = |text: &str| Url::parse(text).is_ok_and(|url| url.scheme() == "http" && is_loopback(&url));
    // The names under which the library takes the address of each store.
    let addresses: &[&str] = match url.scheme() {
        "s3" => &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"],
        "gs" => &["GOOGLE_BASE_URL"],
        "az" => &["AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"],
        _ => return is_here(url.as_str()),
    };
    let is_address = |name: &str| addresses.iter().any(|address| name.eq_ignore_ascii_case(address));
    access.options.iter().any(|(name, value)| is_address(name) && is_here(value))
}

fn version(meta: &ObjectMeta) -> Version {
    let modified = u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or_default();
    Version { bytes: meta.size, tag: meta.e_tag.clone(), modified }
}

/// The kind of an error. Its own text may hold the URL, and is never shown.
fn fault(error: &Error) -> ObjectFault {
    tracing::debug!(kind = kind(error), "the store did not give a part");
    match error {
        Error::NotFound { .. } => ObjectFault::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => ObjectFault::Refused,
        Error::Precondition { .. } => ObjectFault::Changed,
        Error::InvalidPath { .. } | Error::UnknownConfigurationKey { .. } => ObjectFault::Settings,
        // The crate's error for an https server that answers with the whole object.
        Error::NotSupported { .. } => ObjectFault::NoParts,
        _ => match kind(error).as_str() {
            "416" | "no part" => ObjectFault::NoParts,
            "408" | "429" => ObjectFault::Unreachable,
            "redirect" => ObjectFault::Settings,
            status if status.len() == 3 && status.starts_with('4') => ObjectFault::Settings,
            _ => ObjectFault::Unreachable,
        },
    }
}

/// A word for the kind of an error: a status, or what happened to the request. The crate hides its types, so its sentences
/// are matched.
fn kind(error: &Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    for cause in causes {
        if let Some(http) = cause.downcast_ref::<HttpError>() {
            return format!("{:?}", http.kind());
        }
        let sentence = cause.to_string();
        if let Some(rest) = sentence.strip_prefix("Server returned non-2xx status code: ") {
            return rest.chars().take_while(char::is_ascii_digit).collect();
        }
        if sentence.starts_with("Received non-partial response") {
            return "no part".to_owned();
        }
        if sentence.starts_with("Received redirect without LOCATION") {
            return "redirect".to_owned();
        }
    }
    format!("{error:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_without_tls_only_if_it_is_on_this_machine_itself() {
        let is_without_tls = |url: &str, variables: &[(&str, &str)]| {
            let access = ObjectAccess {
                options: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
                certificates: None,
                connect_timeout: Duration::ZERO,
                part_timeout: Duration::ZERO,
                patience: Duration::ZERO,
            };
            super::is_without_tls(&url.parse().expect("a URL"), &access)
        };
        let minio = ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000");
        let azurite = ("AZURE_STORAGE_ENDPOINT", "http://localhost:10000");
        assert!(is_without_tls("s3://bucket/users.json", &[azurite, minio]));
        assert!(is_without_tls("az://container/users.json", &[azurite, minio]));
        assert!(is_without_tls("http://127.0.0.1/users.json", &[]));
        for url in ["https://files.example.com/users.json", "gs://bucket/users.json"] {
            assert!(!is_without_tls(url, &[azurite, minio]), "{url}: the variables of another store");
        }
        assert!(!is_without_tls("s3://bucket/users.json", &[azurite]));
        assert!(!is_without_tls("s3://bucket/users.json", &[("AWS_ENDPOINT_URL", "https://127.0.0.1:9000")]));
        for name in ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_DYNAMODB"] {
            let another = (name, "http://127.0.0.1:8000");
            assert!(!is_without_tls("s3://bucket/users.json", &[another]), "{name}: the store itself is elsewhere");
        }
    }
}
