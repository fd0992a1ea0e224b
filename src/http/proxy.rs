//! The proxy on the way to the other side, and what it says if it does not let anybody through.

use std::fmt;
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use super::BaseUrl;

/// A proxy, as the environment names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    variable: &'static str,
    /// Without user name and password.
    address: Uri,
    authorization: Option<HeaderValue>,
}

/// Why a text names no proxy. It is not repeated: there may be a password in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyAddressError {
    /// No URL, or one without a host.
    #[error("expected the URL of a proxy, as in http://proxy.example.com:3128")]
    NoUrl,
    /// A word, or a name that may be meant for any port.
    #[error("it names no port; expected as in http://proxy.example.com:3128")]
    NoPort,
    /// A proxy of another kind.
    #[error("`{scheme}://` is no kind of proxy that can be used; there are http:// and https://")]
    Scheme {
        /// As in `ftp`.
        scheme: String,
    },
}

impl Proxy {
    /// The proxy that a variable names, if it is to be used for this target; `excluded` is what `NO_PROXY` says.
    pub fn of(
        variable: &'static str,
        value: &str,
        excluded: &str,
        target: &BaseUrl,
    ) -> Result<Option<Self>, ProxyAddressError> {
        let url = checked(value)?;
        let Ok(target) = target.to_string().parse::<Uri>() else { return Ok(None) };
        let matcher = Matcher::builder().all(url).no(excluded).build();
        Ok(matcher.intercept(&target).map(|intercept| Self {
            variable,
            address: intercept.uri().clone(),
            authorization: intercept.basic_auth().cloned(),
        }))
    }

    /// For a client that uses it.
    pub(super) fn to_reqwest(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::all(self.address.to_string())?;
        Ok(match &self.authorization {
            Some(authorization) => proxy.custom_http_auth(authorization.clone()),
            None => proxy,
        })
    }

    /// Asks it for the way to the target, to see with which status it refuses: what asked it before does not say.
    pub(super) async fn status(&self, target: &BaseUrl, patience: Duration) -> Option<u16> {
        let (host, port) = target.host_and_port()?;
        let asked = tokio::time::timeout(patience, self.ask(host, port));
        asked.await.ok().flatten()
    }

    async fn ask(&self, host: &str, port: u16) -> Option<u16> {
        if self.address.scheme_str() != Some("http") {
            return None;
        }
        let (proxy, proxy_port) = (self.address.host()?, self.address.port_u16().unwrap_or(80));
        let proxy = proxy.trim_start_matches('[').trim_end_matches(']');
        let mut stream = TcpStream::connect((proxy, proxy_port)).await.ok()?;
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await.ok()?;
        let mut begin = [0; "HTTP/1.1 200".len()];
        stream.read_exact(&mut begin).await.ok()?;
        let begin = std::str::from_utf8(&begin).ok()?;
        begin.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..)).and_then(|status| status.parse().ok())
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, authority) = (self.address.scheme_str().unwrap_or("http"), self.address.authority());
        let authority = authority.map_or("", |authority| authority.as_str());
        write!(formatter, "the proxy {scheme}://{authority} ({})", self.variable)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Proxy").field(&self.to_string()).finish()
    }
}

/// Fails if this names no proxy, for then nobody would know that there is one to be used.
pub fn check_proxy(value: &str) -> Result<(), ProxyAddressError> {
    checked(value).map(drop)
}

/// The URL of the proxy that is named, with its scheme.
fn checked(value: &str) -> Result<String, ProxyAddressError> {
    let value = value.trim();
    let has_scheme = value.contains("://");
    let with_scheme = if has_scheme { value.to_owned() } else { format!("http://{value}") };
    let url = Url::parse(&with_scheme).map_err(|_| ProxyAddressError::NoUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ProxyAddressError::Scheme { scheme: url.scheme().to_owned() });
    }
    // What the library does not understand it passes by.
    let anywhere = Uri::from_static("https://target.invalid");
    let is_understood = Matcher::builder().all(with_scheme.as_str()).build().intercept(&anywhere).is_some();
    if url.host_str().is_none_or(str::is_empty) || !is_understood {
        return Err(ProxyAddressError::NoUrl);
    }
    // Of programs that take a name alone each takes it for another port.
    let port = value.trim_end_matches('/').rsplit_once(':').map_or("", |(_, port)| port);
    let has_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if has_scheme || has_port { Ok(with_scheme) } else { Err(ProxyAddressError::NoPort) }
}

/// What is wrong with a proxy, or with what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyFault {
    /// Its name has no address.
    NoAddress,
    /// It does not take connections.
    NoConnection,
    /// It is not, or cannot show that it is, who it should be.
    Tls,
    /// It does not let us through.
    Answered {
        /// With this status.
        status: u16,
    },
    /// It hung up, or answered as no proxy does.
    Broken,
    /// No connection in time, to it or through it.
    TimedOut,
}

impl ProxyFault {
    /// For messages, after the proxy's name.
    pub(super) fn describe(self) -> String {
        let what = match self {
            Self::NoAddress => "has no address",
            Self::NoConnection => "takes no connection",
            Self::Tls => "shows no certificate to trust",
            Self::Broken => "does not answer as a proxy does",
            Self::TimedOut => "did not make the connection in time",
            Self::Answered { status } => {
                let meaning = match status {
                    407 => "it wants a user name and a password, as in http://USER:PASSWORD@HOST:PORT",
                    403 => "it does not let us connect to the target",
                    _ => "it does not get to the target",
                };
                return format!("answered HTTP {status}: {meaning}");
            }
        };
        what.to_owned()
    }

    /// Whether waiting does not change it.
    pub(super) const fn is_final(self) -> bool {
        matches!(self, Self::Answered { status: 401 | 403 | 405 | 407 })
    }
}
