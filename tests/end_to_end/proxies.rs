//! The way to the target: a proxy or a certificate that causes a failure is named, and no proxy is bypassed.

use crate::support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::free_port::free_port;
use support::target::import_into;
use support::{Run, Scratch, export, user};

/// Imports one user into a target that has no address, with the given variables.
fn import(scratch: &Scratch, variables: &[(&str, &str)]) -> Run {
    let file = scratch.write("users.json", export([user(1)]));
    let fixed = ["migrate", "clerk", "--import", &file, "--base-url", "https://id.avnology.invalid"];
    let mut command = scratch.avnology(&[&fixed[..], &["--max-wait", "1", "--connect-timeout", "5"]].concat());
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    let command = command.env("AVNOLOGY_SECRET_KEY", "sk_test_1").envs(variables.iter().copied());
    Run::of(command.output().expect("the binary runs"))
}

/// A proxy that answers everything with this: its address, and how often it was asked.
fn refusing_proxy(answer: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            seen.fetch_add(1, Ordering::Relaxed);
            let mut reader = BufReader::new(stream.try_clone().expect("the other half"));
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            // A client that has closed the connection does not want the answer.
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    (address, asked)
}

#[test]
fn an_impossible_proxy_is_refused_and_not_bypassed() {
    for (value, cause) in [
        ("garbage", "port"),
        ("proxy.example.com", "port"),
        ("http://", "expected"),
        ("http://user:S3CRET@:3128", "expected"),
        ("http://proxy.example.com:port", "expected"),
        ("not a proxy", "expected"),
        ("::::", "expected"),
        ("ftp://proxy.example.com:21", "`ftp://`"),
        ("socks5://127.0.0.1:1080", "`socks5://`"),
        ("file:///etc/proxy", "`file://`"),
    ] {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let run = import(&Scratch::new(), &[(name, value)]).expect_code(2);
            assert!(run.stderr.contains(name) && run.stderr.contains(cause), "{name}={value}: {}", run.stderr);
            assert!(!run.stderr.contains("S3CRET"), "{}", run.stderr);
        }
    }
    // A proxy that is not used is not checked.
    let (address, asked) = refusing_proxy("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    import(&Scratch::new(), &[("HTTPS_PROXY", &address), ("ALL_PROXY", "garbage")]).expect_code(7);
    assert!(asked.load(Ordering::Relaxed) > 0);
    let so_far = asked.load(Ordering::Relaxed);
    import(&Scratch::new(), &[("HTTPS_PROXY", &address), ("NO_PROXY", ".avnology.invalid")]).expect_code(7);
    assert_eq!(asked.load(Ordering::Relaxed), so_far, "none is used where none is to be used");
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export([user(1)]));
    let local = ["migrate", "clerk", "--import", &file];
    for more in [&["--dry-run"][..], &["--sandbox"]] {
        let mut command = scratch.avnology(&[&local[..], more].concat());
        Run::of(command.env("HTTPS_PROXY", "garbage").output().expect("it runs")).expect_code(0);
    }
}

#[test]
fn a_proxy_that_refuses_is_named_with_its_status() {
    for (status, reported) in [
        ("407 Proxy Authentication Required", "user name and a password"),
        ("403 Forbidden", "does not let us"),
        ("502 Bad Gateway", "HTTP 502"),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let (address, _) = refusing_proxy(answer.leak());
        for (name, value) in [("HTTPS_PROXY", format!("http://ada:S3CRET@{address}")), ("all_proxy", address.clone())] {
            let run = import(&Scratch::new(), &[(name, &value)]).expect_code(7);
            for part in ["proxy", &address, name, &status[..3], reported] {
                assert!(run.stderr.contains(part), "{part} for {status}: {}", run.stderr);
            }
            assert!(!run.stderr.contains("S3CRET"), "{}", run.stderr);
        }
    }
}

#[test]
fn a_proxy_that_is_dead_is_named_as_such() {
    let address = format!("127.0.0.1:{}", free_port());
    // A DNS lookup may take longer than any patience.
    for (value, reported) in
        [(address.as_str(), "no connection"), ("http://proxy.avnology.invalid:3128", "cannot be reached")]
    {
        let run = import(&Scratch::new(), &[("HTTPS_PROXY", value)]).expect_code(7);
        for part in ["the proxy", "HTTPS_PROXY", reported, value.trim_start_matches("http://")] {
            assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
        }
    }
}

/// A target with TLS and a certificate for `localhost` that was valid until this year: its port, and its authority.
fn tls_target(until: i32) -> (u16, String) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;

    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new([]).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).expect("a certificate").pem();
    let (key, issuer) = (KeyPair::generate().expect("a key"), Issuer::new(authority, authority_key));
    let mut parameters = CertificateParams::new(["localhost".to_owned()]).expect("parameters");
    parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
    let certificate = parameters.signed_by(&key, &issuer).expect("a certificate").der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config.expect("a configuration")));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    listener.set_nonblocking(true).expect("a listener for tokio");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                // No client trusts it.
                drop(acceptor.accept(stream).await);
            }
        });
    });
    (port, pem)
}

#[test]
fn each_fault_of_a_certificate_has_its_own_sentence() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export([user(1)]));
    for (until, host, trusted, reported) in [
        (2100, "localhost", false, "an authority that is not known here"),
        (2100, "127.0.0.1", true, "another name"),
        (2020, "localhost", true, "has expired"),
    ] {
        let (port, authority) = tls_target(until);
        let authority = scratch.write("authority.pem", authority);
        let url = format!("https://{host}:{port}");
        let more = ["--max-wait", "1", "--cacert", &authority];
        let run = import_into(&scratch, &url, &file, if trusted { &more } else { &more[..2] }).expect_code(7);
        assert!(run.stderr.contains(reported), "{}", run.stderr);
        assert_eq!(run.stderr.contains("--cacert"), !trusted, "{}", run.stderr);
    }
}
