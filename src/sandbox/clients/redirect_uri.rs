//! Which addresses people may be sent back to. It is deliberately written apart from the importer's rules.

use url::{Host, Url};

/// The longest address, in bytes.
const LONGEST: usize = 2_048;

/// Schemes that make a browser run or show something, in place of going to an application.
const NO_APPLICATIONS: [&str; 6] = ["javascript", "data", "vbscript", "file", "blob", "about"];

/// Why an address cannot be registered; nothing if it can.
pub(super) fn fault(uri: &str) -> Option<&'static str> {
    if uri.len() > LONGEST {
        return Some("a redirect URI has at most 2,048 bytes");
    }
    if uri.contains(|character: char| character.is_whitespace() || character.is_control()) {
        return Some("a redirect URI has no blanks and no control characters");
    }
    if uri.contains('#') {
        return Some("a redirect URI has no fragment");
    }
    let Ok(url) = Url::parse(uri) else { return Some("a redirect URI is absolute") };
    if NO_APPLICATIONS.contains(&url.scheme()) {
        return Some("a redirect URI leads to an application");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("a redirect URI has no credentials");
    }
    if url.host_str().is_some_and(|host| host.contains('*')) {
        return Some("a redirect URI is compared byte for byte; it has no wildcard");
    }
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    (url.scheme() == "http" && !is_loopback).then_some("only a redirect URI of this machine may be http")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_an_application_can_be_registered() {
        for good in [
            "https://app.example/callback",
            "https://APP.example:8443/Callback/?x=%2F&y=a+b",
            "https://bücher.example/zurück",
            "http://127.0.0.1:3000/cb",
            "http://[::1]/cb",
            "http://localhost/cb",
            "myapp://callback",
            "com.example.app:/oauth",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        let long = format!("https://app.example/{}", "x".repeat(LONGEST));
        for bad in [
            "",
            "/callback",
            "app.example/callback",
            "https://app.example/#top",
            "https://*.example/cb",
            "https://ada:secret@app.example/",
            "http://app.example/cb",
            "http://127.0.0.1.evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://app.example/a b",
            "https://app.example/\r\nSet-Cookie:x",
            &long,
        ] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }
}
