//! The address of an endpoint.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// An address to which deliveries go: https, or http on this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointUrl {
    /// As it was written: this is what the target gets, to the byte.
    text: String,
    url: Url,
}

/// Why an address cannot be used. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// No URL.
    #[error("it is no URL")]
    NoUrl,
    /// Neither https nor http.
    #[error("it has to begin with https://")]
    OtherScheme,
    /// http to another machine.
    #[error("http is for this machine alone: everybody on the way could read the deliveries; use https")]
    NotEncrypted,
    /// A name or a password before the host.
    #[error("it has a user name or a password in it; the target takes none, so use a header or the signature")]
    Credentials,
    /// What stands behind `#` is never sent.
    #[error("it has a fragment (#…), which is never sent")]
    Fragment,
}

impl EndpointUrl {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed form.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What may be shown: without the query, which may be a secret.
    pub fn shown(&self) -> String {
        shown(&self.text)
    }

    /// Whether it has a query.
    pub fn has_query(&self) -> bool {
        self.url.query().is_some()
    }

    /// What the endpoint is called if nobody named it.
    pub fn default_name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        format!("{host}{}", self.url.path().trim_end_matches('/'))
    }
}

/// An address without what may be a secret in it.
pub(super) fn shown(text: &str) -> String {
    let text = text.split_once('#').map_or(text, |(before, _)| before);
    let (before, query) = text.split_once('?').map_or((text, ""), |(before, _)| (before, "?…"));
    let Some((scheme, rest)) = before.split_once("://") else { return format!("{before}{query}") };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(_, host)| ("…@", host));
    format!("{scheme}://{user}{host}{path}{query}")
}

/// Whether a URL is on this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

impl FromStr for EndpointUrl {
    type Err = UrlFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| UrlFault::NoUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(UrlFault::NotEncrypted),
            _ => return Err(UrlFault::OtherScheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlFault::Credentials);
        }
        if url.fragment().is_some() {
            return Err(UrlFault::Fragment);
        }
        Ok(Self { text: text.to_owned(), url })
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("EndpointUrl").field(&self.shown()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_except_on_this_machine_and_nothing_secret_is_shown() {
        for (text, shown) in [
            ("https://Hooks.example.com:8443/A/?token=c4n4ry", "https://Hooks.example.com:8443/A/?…"),
            ("http://127.0.0.1:3000/in", "http://127.0.0.1:3000/in"),
            ("http://[::1]/", "http://[::1]/"),
            ("http://app.localhost/in", "http://app.localhost/in"),
        ] {
            let url: EndpointUrl = text.parse().unwrap();
            assert_eq!((url.as_str(), url.shown().as_str()), (text, shown));
            assert!(!format!("{url:?}").contains("c4n4ry"));
        }
        for (text, fault) in [
            ("hooks.example.com/in", UrlFault::NoUrl),
            ("http://hooks.example.com/in", UrlFault::NotEncrypted),
            ("http://127.0.0.1.example.com", UrlFault::NotEncrypted),
            ("ftp://hooks.example.com", UrlFault::OtherScheme),
            ("https://a:c4n4ry@hooks.example.com", UrlFault::Credentials),
            ("https://hooks.example.com/#c4n4ry", UrlFault::Fragment),
        ] {
            assert_eq!(text.parse::<EndpointUrl>(), Err(fault), "{text}");
            assert!(!shown(text).contains("c4n4ry"), "{text}");
        }
        let named: EndpointUrl = "https://hooks.example.com:8443/in/?token=x".parse().unwrap();
        assert_eq!(named.default_name(), "hooks.example.com/in");
    }
}
