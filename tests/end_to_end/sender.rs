//! The sender as a target and an administrator see it: pace, patience, keys, connections, and what is shown of all that.

use crate::support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use support::target::{Way, http, import_into, obliging, proxy, scripted_target};
use support::{Run, Sandbox, Scratch, assert_all_in_one_place, export, mixed_export, user};
use tokio::time::Instant;

const CREATE: &str = "POST /v1/identities:batchCreate";

/// The users of a request.
fn items(request: &str) -> usize {
    request.matches(r#"{"identity":{"#).count()
}

#[test]
fn a_quota_is_found_and_used_over_real_sockets() {
    // The sandbox's limit, without and with a burst, and one that no header announces.
    for (rate, burst, faults) in [("40", "40", &[][..]), ("30", "5", &["--fault", "latency=10ms..60ms"][..])] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[&["--rate", rate, "--burst", burst], faults].concat());
        let (text, good) = mixed_export(3_000);
        let file = scratch.write("users.json", text);
        let run = scratch.import(&sandbox, &file, &["--batch-size", "5"]).expect_code(3);
        assert_all_in_one_place(&scratch, &sandbox, &run, 3_000, &good);
        let report = run.report();
        let (sent, refused) =
            (report["requests"]["sent"].as_f64().unwrap(), report["requests"]["throttled"].as_f64().unwrap());
        let (rate, burst): (f64, f64) = (rate.parse().unwrap(), burst.parse().unwrap());
        let used = (sent - refused - burst) / (rate * report["elapsed_seconds"].as_f64().unwrap());
        // On a busy machine requests are late, from any sender.
        let machine =
            granted_to_the_cautious(&sandbox, Duration::from_secs_f64(1.0 / rate), Duration::from_secs(3)) / rate;
        let least = 0.6 * machine.min(1.0);
        assert!((least..=1.05).contains(&used), "{used} of the quota, of {machine} possible: {}", run.stdout);
        assert!(refused / sent < 0.1, "{refused} of {sent} refused");
        // On a busy machine it may be finding the limit once more.
        let reason = report["pace"]["reason"].as_str().unwrap();
        assert!(reason.starts_with("the target allows about") || reason == "finding the limit", "{}", report["pace"]);
    }
}

/// A client of a few lines at a target with a bucket of one. It waits for each answer, and then for the whole interval, so
/// it is never refused. How many requests of three users are granted in a second is what this machine can do, at least.
fn granted_to_the_cautious(sandbox: &Sandbox, interval: Duration, over: Duration) -> f64 {
    let address = sandbox.base_url().trim_start_matches("http://").to_owned();
    let mut stream = std::net::TcpStream::connect(&address).expect("the sandbox");
    stream.set_nodelay(true).expect("an option");
    let (begin, mut granted, mut buffer) = (Instant::now(), 0.0, [0; 4096]);
    for number in sandbox.column("id").len().. {
        let identity = |index: usize| {
            let id = 3 * number + index;
            format!(
                r#"{{"identity":{{"external_id":"cautious_{id}","email":"cautious{id}@example.com","traits":{{}}}}}}"#
            )
        };
        let body = format!(r#"{{"requests":[{},{},{}]}}"#, identity(0), identity(1), identity(2));
        let request = format!(
            "POST /v1/identities:batchCreate HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: \
             application/json\r\ncontent-length: {}\r\n\r\n{body}",
            sandbox.key,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("it takes the request");
        let mut length = 0;
        while !buffer[..length].ends_with(b"}") {
            length += std::io::Read::read(&mut stream, &mut buffer[length..]).expect("it answers");
        }
        let answer = String::from_utf8_lossy(&buffer[..length]);
        assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 429"), "{answer}");
        granted += f64::from(u8::from(answer.starts_with("HTTP/1.1 200")));
        std::thread::sleep(interval);
        if begin.elapsed() >= over {
            break;
        }
    }
    granted / begin.elapsed().as_secs_f64()
}

#[test]
fn a_bucket_of_one_is_used_as_well_as_this_machine_can() {
    const RATE: f64 = 40.0;
    let [scratch, beside] = [Scratch::new(), Scratch::new()];
    let strict = ["--rate", "40", "--burst", "1"];
    let (sandbox, other) = (Sandbox::start(&scratch, &strict), Sandbox::start(&beside, &strict));
    let file = scratch.write("users.json", export((0..20_000).map(user)));
    let arguments = ["--batch-size", "3", "--max-wait", "600"];
    let mut command = scratch.import_command(&sandbox, &file, &arguments);
    let process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
    std::thread::sleep(Duration::from_secs(25));
    let granted = || f64::from(u32::try_from(sandbox.column("id").len()).unwrap()) / 3.0;
    // Both have the same machine, and write as much. A refusal, or a moment in which another program had the
    // machine, costs a second of one of these spans and not of all of them. A pace that is too slow is so in each.
    let shares = (0..6).map(|_| {
        let (begin, before) = (Instant::now(), granted());
        let possible = granted_to_the_cautious(&other, Duration::from_secs_f64(1.0 / RATE), Duration::from_secs(15));
        let rate = (granted() - before) / begin.elapsed().as_secs_f64();
        println!("{rate:.1}/s of {RATE}/s where caution gets {possible:.1}/s");
        rate / possible
    });
    let is_used = shares.into_iter().any(|share| share >= 0.9);
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().expect("kill runs").success());
    let run = Run::of(process.wait_with_output().expect("it ends"));
    let requests = &run.report()["requests"];
    let refused = requests["throttled"].as_f64().unwrap() / requests["sent"].as_f64().unwrap();
    assert!(is_used, "a cautious client always gets more: {}", run.stdout);
    assert!(refused < 0.02, "{refused} refused: {requests}");
}

#[test]
fn the_pace_is_in_json_progress_and_in_the_report() {
    let scratch = Scratch::new();
    let calls = AtomicUsize::new(0);
    let url = scripted_target(move |request| {
        obliging(request, |_| {
            let first = calls.fetch_add(1, Ordering::Relaxed) == 0;
            first.then(|| http("503 Service Unavailable", "retry-after: 3\r\n", ""))
        })
    });
    let file = scratch.write("users.json", export((0..80).map(user)));
    let arguments =
        ["migrate", "clerk", "--import", &file, "--base-url", &url, "--progress", "json", "--output", "json"];
    let mut command = scratch.avnology(&arguments);
    let run = Run::of(command.env("AVNOLOGY_SECRET_KEY", "sk_test_1").output().expect("it runs")).expect_code(0);
    let paces = run.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?.get("pace").cloned());
    let held: Vec<Value> = paces.filter(|pace| pace["holding"] == "asked").collect();
    assert!(!held.is_empty(), "a countdown: {}", run.stderr);
    assert!(held.iter().all(|pace| (1..=3).contains(&pace["holding_seconds"].as_u64().unwrap())), "{held:?}");
    let pace = &run.report()["pace"];
    for name in ["rate", "reason", "concurrency", "batch_size", "refused_share"] {
        assert!(!pace[name].is_null(), "{name}: {pace}");
    }
}

#[test]
fn a_target_that_asks_for_a_long_wait_ends_the_run_resumably() {
    let scratch = Scratch::new();
    let url = scripted_target(|request| {
        obliging(request, |_| Some(http("503 Service Unavailable", "retry-after: 600\r\n", "<h1>Maintenance</h1>")))
    });
    let file = scratch.write("users.json", export((0..20).map(user)));
    let run = import_into(&scratch, &url, &file, &["--max-wait", "30"]).expect_code(7);
    assert!(run.stderr.contains("600 s") && run.stderr.contains("--max-wait"), "{}", run.stderr);
    assert_eq!(run.count("unfinished"), 20);
}

#[test]
fn a_target_that_is_down_is_probed_and_not_hammered() {
    let scratch = Scratch::new();
    let (calls, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let begin = Mutex::new(None);
    let seen = (Arc::clone(&calls), Arc::clone(&failed));
    let url = scripted_target(move |request| {
        obliging(request, |_| {
            if seen.0.fetch_add(1, Ordering::Relaxed) < 10 {
                return None;
            }
            let begin = *begin.lock().unwrap().get_or_insert_with(Instant::now);
            if begin.elapsed() > Duration::from_secs(6) {
                return None;
            }
            seen.1.fetch_add(1, Ordering::Relaxed);
            Some(http("502 Bad Gateway", "", "<html>"))
        })
    });
    let file = scratch.write("users.json", export((0..2_000).map(user)));
    let flags = ["--batch-size", "10", "--rate", "1000/s", "--concurrency", "4"];
    let run = import_into(&scratch, &url, &file, &flags).expect_code(0);
    assert_eq!(run.count("created"), 2_000, "work resumes by itself");
    let failed = failed.load(Ordering::Relaxed);
    assert!((1..=30).contains(&failed), "{failed} requests in an outage of 6 s");
}

#[test]
fn requests_that_are_too_large_become_smaller() {
    let scratch = Scratch::new();
    let (refused, sizes) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(BTreeSet::new())));
    let seen = (Arc::clone(&refused), Arc::clone(&sizes));
    let url = scripted_target(move |request| {
        obliging(request, |request| {
            if request.len() > 20_000 {
                seen.0.fetch_add(1, Ordering::Relaxed);
                return Some(http("413 Content Too Large", "", ""));
            }
            seen.1.lock().unwrap().insert(items(request));
            None
        })
    });
    let file = scratch.write("users.json", export((0..6_000).map(user)));
    let run = import_into(&scratch, &url, &file, &["--rate", "1000/s", "--concurrency", "2"]).expect_code(0);
    assert_eq!(run.count("created"), 6_000);
    let refused = refused.load(Ordering::Relaxed);
    assert!(refused <= 40, "{refused} requests were too large, of some 150");
    assert!(*sizes.lock().unwrap().last().expect("requests") > 20, "no smaller than needed");
}

#[test]
fn requests_that_take_too_long_become_smaller() {
    let scratch = Scratch::new();
    let url = scripted_target(|request| {
        obliging(request, |request| {
            // A target that handles one user after another.
            std::thread::sleep(Duration::from_millis(20 * items(request) as u64));
            None
        })
    });
    let file = scratch.write("users.json", export((0..300).map(user)));
    let flags = ["--batch-size", "200", "--request-timeout", "1", "--concurrency", "4"];
    let run = import_into(&scratch, &url, &file, &flags).expect_code(0);
    assert_eq!(run.count("created"), 300);
    assert!(run.report()["pace"]["batch_size"].as_u64().unwrap() < 100, "{}", run.stdout);
}

/// Runs an import with a key from a file, into a target that first accepts the old key and then only another one.
fn import_through_new_key(new_key: Option<&'static str>) -> Run {
    let scratch = Scratch::new();
    let (path, calls) = (scratch.path("key"), AtomicUsize::new(0));
    scratch.write("key", "sk_old\n");
    let url = scripted_target(move |request| {
        if request.starts_with(CREATE) && calls.fetch_add(1, Ordering::Relaxed) == 6 {
            new_key.inspect(|key| std::fs::write(&path, key).expect("the new key is written"));
        }
        let good = if calls.load(Ordering::Relaxed) > 6 { "Bearer sk_new\r" } else { "Bearer sk_old\r" };
        if request.contains(good) {
            return obliging(request, |_| None);
        }
        http("401 Unauthorized", "", r#"{"error":{"code":"AVNOLOGY_AUTH_005"}}"#)
    });
    let file = scratch.write("users.json", export((0..400).map(user)));
    let fixed = ["migrate", "clerk", "--import", &file, "--output", "json", "--progress", "none", "--base-url", &url];
    let more = ["--batch-size", "10", "--rate", "1000/s"];
    let mut command = scratch.avnology(&[&fixed[..], &more[..]].concat());
    Run::of(command.env("AVNOLOGY_SECRET_KEY_FILE", "key").output().expect("it runs"))
}

#[test]
fn a_key_that_is_replaced_during_a_run_is_read_again() {
    let run = import_through_new_key(Some("sk_new")).expect_code(0);
    assert_eq!((run.count("created"), run.count("rejected")), (400, 0));
}

#[test]
fn a_key_that_is_withdrawn_stops_the_run_resumably_and_rejects_nobody() {
    for new_key in [None, Some("sk_wrong")] {
        let run = import_through_new_key(new_key).expect_code(6);
        assert_eq!(run.count("rejected"), 0, "{}", run.stdout);
        assert!(run.count("created") > 0 && run.count("unfinished") > 0, "{}", run.stdout);
        assert!(run.stderr.contains("check the key"), "{}", run.stderr);
    }
}

#[test]
fn a_compressed_body_is_sent_only_to_targets_that_accept_it() {
    for flags in [&["--accept-gzip"][..], &[]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[&["--rate", "off"], flags].concat());
        let (text, good) = mixed_export(300);
        let file = scratch.write("users.json", text);
        let compressed = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&compressed);
        let url = proxy(&sandbox.base_url(), move |head, _| {
            seen.fetch_add(usize::from(head.to_lowercase().contains("content-encoding: gzip")), Ordering::Relaxed);
            Way::Through
        });
        let run = scratch.import(&sandbox, &file, &["--batch-size", "50", "--base-url", &url]).expect_code(3);
        assert_all_in_one_place(&scratch, &sandbox, &run, 300, &good);
        assert_eq!(compressed.load(Ordering::Relaxed) > 0, !flags.is_empty());
    }
}

#[test]
fn a_reject_names_the_request_that_the_targets_logs_have() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..3).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    // The same address under another id.
    let taken = scratch.write("taken.json", export([user(1).replace("user_000001", "user_000009")]));
    let ids = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ids);
    let url = proxy(&sandbox.base_url(), move |head, _| {
        let id = head.lines().find_map(|line| line.strip_prefix("x-request-id: "));
        seen.lock().unwrap().push(id.expect("every request has one").to_owned());
        Way::Through
    });
    let run = scratch.import(&sandbox, &taken, &["--base-url", &url]).expect_code(3);
    let rejects = support::lines(&scratch.path(run.report()["rejects_file"].as_str().expect("rejects")));
    let id = rejects[0]["request"].as_str().expect("the request").to_owned();
    assert!(ids.lock().unwrap().contains(&id), "{id}");
}

const DIGEST: &str = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

/// A user with everything that nobody else may see.
fn secret_user(number: usize) -> String {
    let digest =
        format!(r#""password_digest":"{DIGEST}","password_hasher":"bcrypt","totp_secret":"JBSWY3DPEHPK3PXP","#);
    let phone = format!(
        r#""phone_numbers":[{{"id":"p","phone_number":"+1555555012{number}"}}],"primary_phone_number_id":"p","#
    );
    user(number).replacen('{', &format!("{{{digest}{phone}"), 1).replace("\"N", "\"Quillfeather")
}

/// Runs an import of such users into a target that answers batches with this, and searches all output for them.
fn shows_nothing_secret(status: &'static str, headers: &'static str, body: &'static str) {
    let scratch = Scratch::new();
    let url = scripted_target(move |request| {
        obliging(request, |request| {
            let sent = request.rsplit("\r\n").next().unwrap_or_default();
            let answer = http(status, headers, &body.replace("ECHO", sent));
            Some(if status == "HANG UP" { String::new() } else { answer })
        })
    });
    let mut users: Vec<String> = (0..8).map(secret_user).collect();
    users.push(users[3].replace("user_000003", "user_000099"));
    users.push(format!(r#"{{"id":"user_x","password_digest":"{DIGEST}","email_addresses": oops user5@example.com}}"#));
    let file = scratch.write("users.json", export(users));
    let what =
        ["migrate", "clerk", "--import", &file, "--base-url", &url, "-vv", "--output", "json", "--report", "r.json"];
    let how = ["--max-wait", "1", "--batch-size", "3", "--request-timeout", "1"];
    let mut command = scratch.avnology(&[&what[..], &how[..]].concat());
    let run = Run::of(command.env("AVNOLOGY_SECRET_KEY", "sk_live_verysecret").output().expect("it runs"));
    assert_ne!(run.code, Some(0), "{status}");
    let report = scratch.read("r.json");
    let secrets =
        ["verysecret", DIGEST, "N9qo8uLO", "JBSWY3DP", "@example.com", "555555012", "Quillfeather", "quillfeather"];
    for secret in secrets {
        for (what, text) in [("stdout", &run.stdout), ("stderr", &run.stderr), ("the report", &report)] {
            assert!(!text.contains(secret), "{secret} in {what}, after {status}:\n{text}");
        }
    }
}

#[test]
fn nothing_secret_shows_in_any_output_of_a_failing_run() {
    // The target repeats what it received, in all the ways in which it can refuse something.
    let said = r#"{"error":{"code":"Bearer sk_live_verysecret","message":"user5@example.com","field":"user5@example.com","request_id":"user5@example.com"}}"#;
    let answers = [
        ("500 Internal Server Error", "", "ECHO"),
        ("422 Unprocessable Content", "", said),
        ("409 Conflict", "", said),
        ("403 Forbidden", "", said),
        ("200 OK", "", "ECHO"),
        ("503 Service Unavailable", "retry-after: 900\r\nx-request-id: user5@example.com\r\n", "ECHO"),
        ("302 Found", "location: https://user5@example.com/quillfeather5\r\n", ""),
        ("HANG UP", "", ""),
    ];
    std::thread::scope(|scope| {
        for (status, headers, body) in answers {
            scope.spawn(move || shows_nothing_secret(status, headers, body));
        }
    });
}

#[test]
fn proxies_come_from_the_environment() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let proxy = format!("http://{}", listener.local_addr().expect("its address"));
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut line = String::new();
        BufReader::new(stream.try_clone().expect("the other half")).read_line(&mut line).expect("a request");
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").expect("an answer");
        line
    });
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..3).map(user)));
    let mut command = scratch.avnology(&[
        "migrate",
        "clerk",
        "--import",
        &file,
        "--base-url",
        "https://id.avnology.invalid",
        "--connect-timeout",
        "1",
    ]);
    command.env("AVNOLOGY_SECRET_KEY", "sk_test_1").env("HTTPS_PROXY", &proxy).env_remove("NO_PROXY");
    let mut process = command.stderr(std::process::Stdio::null()).spawn().expect("it runs");
    assert!(asked.join().expect("the proxy").starts_with("CONNECT id.avnology.invalid:443 "));
    process.kill().expect("it is ended");
    process.wait().expect("it ends");
}

/// A target with TLS and HTTP/2, and a certificate of an unknown authority: its address, that authority's certificate, and
/// the versions of HTTP in which requests came.
fn tls_target() -> (String, String, Arc<Mutex<Vec<hyper::Version>>>) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;

    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new([]).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).expect("a certificate").pem();
    let (key, issuer) = (KeyPair::generate().expect("a key"), Issuer::new(authority, authority_key));
    let parameters = CertificateParams::new(["localhost".to_owned()]).expect("parameters");
    let certificate = parameters.signed_by(&key, &issuer).expect("a certificate").der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a configuration");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];

    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://localhost:{}", listener.local_addr().expect("its address").port());
    let versions = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&versions);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(serve_tls(listener, Arc::new(config), seen));
    });
    (url, pem, versions)
}

async fn serve_tls(
    listener: TcpListener,
    config: Arc<tokio_rustls::rustls::ServerConfig>,
    seen: Arc<Mutex<Vec<hyper::Version>>>,
) {
    use hyper_util::rt::{TokioExecutor, TokioIo};

    listener.set_nonblocking(true).expect("a listener for tokio");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let acceptor = tokio_rustls::TlsAcceptor::from(config);
    while let Ok((stream, _)) = listener.accept().await {
        // A client that does not trust us closes the connection.
        let Ok(stream) = acceptor.accept(stream).await else { continue };
        let seen = Arc::clone(&seen);
        let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            seen.lock().expect("the versions").push(request.version());
            async move {
                let line = format!("{} {} HTTP\r\n", request.method(), request.uri().path());
                let body = axum::body::to_bytes(axum::body::Body::new(request.into_body()), usize::MAX).await;
                let body = String::from_utf8(body.expect("the body").to_vec()).expect("UTF-8");
                let answer = obliging(&(line + &body), |_| None);
                let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
                Ok::<_, std::convert::Infallible>(hyper::Response::new(axum::body::Body::from(body.to_owned())))
            }
        });
        tokio::spawn(
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

#[test]
fn an_authority_of_ones_own_is_trusted_when_it_is_named_and_http_2_is_spoken() {
    let (url, authority, versions) = tls_target();
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..50).map(user)));
    let authority = scratch.write("authority.pem", authority);
    let run = import_into(&scratch, &url, &file, &["--cacert", &authority, "--batch-size", "10"]).expect_code(0);
    assert_eq!(run.count("created"), 50);
    let versions = versions.lock().unwrap().clone();
    assert!(versions.len() >= 7 && versions.iter().all(|version| *version == hyper::Version::HTTP_2), "{versions:?}");
    let refused = import_into(&scratch, &url, &file, &["--new-run", "-vv"]).expect_code(7);
    assert!(refused.stderr.contains("--cacert"), "{}", refused.stderr);
    let wrong = import_into(&scratch, &url, &file, &["--cacert", &file]).expect_code(2);
    assert!(wrong.stderr.contains("no certificate in PEM form"), "{}", wrong.stderr);
}
