//! Whether a redirect URI can be registered at the target, which takes exactly what is registered.

use url::{Host, Url};

use super::{Item, ItemKind, Verdict};

/// What is shown instead of a user name and a password.
const MASK: &str = "***";

/// What becomes of a redirect URI: a verdict and a sentence.
pub fn judge(uri: &str) -> (Verdict, &'static str) {
    use Verdict::{CannotMove, Check, Moved};
    let Ok(url) = Url::parse(uri) else {
        return (CannotMove, "It is no absolute URL, and the target takes no other.");
    };
    if uri.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return (CannotMove, "It has a blank or a control character in it.");
    }
    if uri.contains('*') {
        return (CannotMove, "The target takes no wildcards: register each address.");
    }
    if uri.contains('#') {
        return (CannotMove, "It has a fragment, which a redirect URI may not have.");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return (CannotMove, "It has a user name or a password in it, which is not written here.");
    }
    match url.scheme() {
        "https" => (Moved, "It is registered byte for byte: the target compares exactly."),
        "http" if is_loopback(&url) => (
            Check,
            "It is an address of the user's own machine: look whether the target takes it, and with which port.",
        ),
        "http" => (CannotMove, "It is not encrypted (http), which the target takes for the user's own machine only."),
        _ => (Check, "It is of an app on a device: look whether the target takes a scheme of your own."),
    }
}

/// A redirect URI as a thing of the plan, to the byte unless there is a password in it.
pub(super) fn item(kind: ItemKind, id: String, uri: &str) -> Item {
    let (verdict, why) = judge(uri);
    Item::new(kind, id, verdict, why)
}

/// How a URI is written in a plan: as it is, but for a user name and a password.
pub(super) fn shown(uri: &str) -> String {
    let Ok(url) = Url::parse(uri) else { return uri.to_owned() };
    if url.username().is_empty() && url.password().is_none() {
        return uri.to_owned();
    }
    let Some((scheme, rest)) = uri.split_once("//") else { return MASK.to_owned() };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let host = rest[..end].rsplit_once('@').map_or(MASK, |(_, host)| host);
    format!("{scheme}//{MASK}@{host}{}", &rest[end..])
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_can_be_registered_and_what_cannot() {
        for (uri, expected) in [
            ("https://App.Example.com:8443/Callback/?a=%2F&b=ü", Verdict::Moved),
            ("https://bücher.example/", Verdict::Moved),
            ("http://localhost:3000/cb", Verdict::Check),
            ("http://[::1]/cb", Verdict::Check),
            ("http://127.0.0.1/cb", Verdict::Check),
            ("com.example.app://callback", Verdict::Check),
            ("myapp:/callback", Verdict::Check),
            ("http://example.com/cb", Verdict::CannotMove),
            ("http://localhost.example.com/cb", Verdict::CannotMove),
            ("/callback", Verdict::CannotMove),
            ("", Verdict::CannotMove),
            ("https://*.example.com/cb", Verdict::CannotMove),
            ("https://example.com/cb#top", Verdict::CannotMove),
            ("https://example.com/a b", Verdict::CannotMove),
            ("https://user:secret@example.com/cb", Verdict::CannotMove),
        ] {
            assert_eq!(judge(uri).0, expected, "{uri}");
        }
    }

    #[test]
    fn a_password_in_a_uri_is_not_shown() {
        assert_eq!(shown("https://user:s3cret@example.com/cb?x=@"), "https://***@example.com/cb?x=@");
        assert_eq!(shown("https://user:s3@cret@example.com"), "https://***@example.com");
        assert!(!shown("https:user:s3cret@example.com/cb").contains("s3cret"));
    }

    proptest! {
        #[test]
        fn what_moves_is_shown_to_the_byte(
            host in "[a-zA-Z][a-zA-Z0-9-]{0,8}\\.(example|EXAMPLE)", port in proptest::option::of(1u16..), path in "(/[a-zA-Z0-9%._~ü-]{0,6}){0,3}/?",
            query in proptest::option::of("[a-z]=[a-zA-Z0-9%/?@:+ü]{0,8}"),
        ) {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            let uri = format!("https://{host}{port}{path}{query}");
            prop_assume!(judge(&uri).0 == Verdict::Moved);
            prop_assert_eq!(shown(&uri), uri);
        }
    }
}
