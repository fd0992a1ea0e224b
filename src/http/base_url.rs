//! Where the other side is, and the rule that a key never travels in the clear.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

/// The base URL of an API: https, or http to loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why a text is no usable base URL.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not a URL.
    #[error("not a URL: {0}")]
    Malformed(#[from] url::ParseError),
    /// Neither https nor http, or no host.
    #[error("an address that begins with https:// is needed, as in https://api.example.com")]
    NotHttp,
    /// Plain http to another machine.
    #[error(
        "plain http:// would send the key and personal data in the clear; use https:// (http:// is allowed to loopback only)"
    )]
    NotEncrypted,
    /// User name, password, query or fragment.
    #[error("the URL must have no user name, password, query or fragment")]
    Extra,
}

impl BaseUrl {
    /// The URL of an API path such as `v1/identities`.
    pub(super) fn path(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// What a connection is made to.
    pub(super) fn host_and_port(&self) -> Option<(&str, u16)> {
        self.0.host_str().zip(self.0.port_or_known_default())
    }

    /// Whether it is on this machine, so that no proxy may be asked for it.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        }
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text)?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Extra);
        }
        let scheme = url.scheme().to_owned();
        let base = Self(url);
        match scheme.as_str() {
            "https" => Ok(base),
            "http" if base.is_loopback() => Ok(base),
            "http" => Err(BaseUrlError::NotEncrypted),
            _ => Err(BaseUrlError::NotHttp),
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_except_to_loopback() {
        for good in [
            "https://api-id.avnology.net",
            "https://id.example.com/base/",
            "http://127.0.0.1:4455",
            "http://127.9.9.9",
            "http://[::1]:80",
            "http://localhost:4455",
        ] {
            assert!(good.parse::<BaseUrl>().is_ok(), "{good}");
        }
        for bad in [
            "http://api-id.avnology.net",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
        ] {
            assert_eq!(bad.parse::<BaseUrl>(), Err(BaseUrlError::NotEncrypted), "{bad}");
        }
        for bad in ["ftp://x", "file:///etc", "https://user:secret@x", "https://x?key=1", "api-id.avnology.net", ""] {
            assert!(bad.parse::<BaseUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_are_put_behind_the_base() {
        let base: BaseUrl = "https://id.example.com/base/".parse().unwrap();
        assert_eq!(
            base.path("v1/identities:batchCreate").as_str(),
            "https://id.example.com/base/v1/identities:batchCreate"
        );
    }
}
