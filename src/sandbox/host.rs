//! Refuses requests that were meant for another machine. A web page can make a browser resolve the page's own name to this
//! machine and send requests here (DNS rebinding). Such a request carries the name of that page.

use std::net::Ipv6Addr;

use axum::http::uri::Authority;
use axum::http::{Request, header};

/// Whether a request names this machine: in each `Host` header, and in its target if that is absolute. The port may be any,
/// because somebody may have forwarded a port.
pub(super) fn is_of_this_machine<B>(request: &Request<B>) -> bool {
    let named = request.headers().get_all(header::HOST).iter().map(|host| {
        let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
        authority.is_some_and(|authority| is_loopback(authority.host()))
    });
    let target = request.uri().host().map(is_loopback);
    named.chain(target).all(|is_ours| is_ours)
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map(str::parse::<Ipv6Addr>);
    match address {
        Some(address) => address.is_ok_and(|address| address.to_canonical().is_loopback()),
        None => {
            host == "localhost"
                || host.ends_with(".localhost")
                || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ours(uri: &str, hosts: &[&str]) -> bool {
        let request =
            hosts.iter().fold(Request::builder().uri(uri), |request, host| request.header(header::HOST, *host));
        is_of_this_machine(&request.body(()).expect("a request"))
    }

    #[test]
    fn only_names_of_this_machine_are_ours() {
        for host in ["127.0.0.1:4455", "localhost", "LOCALHOST.:80", "[::1]:4455", "127.9.9.9", "id.localhost:1"] {
            assert!(is_ours("/v1/identities", &[host]), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:4455",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "[::2]",
            "",
            "a@127.0.0.1@b",
        ] {
            assert!(!is_ours("/v1/identities", &[host]), "{host}");
        }
        assert!(!is_ours("/v1/identities", &["localhost", "evil.example"]));
        assert!(!is_ours("http://evil.example/sign-in", &["localhost"]));
        assert!(is_ours("/", &[]));
    }
}
