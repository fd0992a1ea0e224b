//! Inputs in object stores and behind https: read in parts, retried, resumed in the middle, and never with a secret in the
//! output. The S3 store is a server of its own (moto); the faults come from a few lines of ours.

#![cfg(feature = "object-storage")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::free_port::free_port;
use support::{Run, Sandbox, Scratch, drain, export, until_of, user};

/// How the store answers a request for a part.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    /// With the part.
    Part,
    /// With half of it, and then the connection breaks.
    Broken,
    /// With the whole object, as servers do that do not know ranges.
    Whole,
    /// With a status and no part.
    Status(u16),
    /// With a part of another version.
    Newer,
}

/// A store of one object. It records the requests.
struct Store {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone, Debug)]
struct Asked {
    /// Path and query.
    target: String,
    start: usize,
    end: usize,
}

impl Store {
    /// Serves `content` under every path. `answer` gets the number of earlier requests for parts.
    fn of(content: impl Into<Vec<u8>>, answer: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let (content, asked, answer) = (Arc::new(content.into()), Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let store = Self { address, asked: Arc::clone(&asked) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (content, asked, answer) = (Arc::clone(&content), Arc::clone(&asked), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &content, &asked, &*answer));
            }
        });
        store
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("the list").clone()
    }
}

fn serve(
    mut stream: TcpStream,
    content: &[u8],
    asked: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(usize, &Asked) -> Answer + Send + Sync),
) {
    let mut reader = BufReader::new(stream.try_clone().expect("the other half"));
    while let Some(request) = read_request(&mut reader, content.len()) {
        let before = {
            let mut asked = asked.lock().expect("the list");
            asked.push(request.clone());
            asked.len() - 1
        };
        let answer = answer(before, &request);
        let part = &content[request.start.min(request.end)..request.end];
        let tag = if answer == Answer::Newer { "newer" } else { "first" };
        let head = |status: &str, length: usize| {
            format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\netag: \"{tag}\"\r\nlast-modified: Mon, 23 Nov 2026 03:00:00 \
                 GMT\r\ncontent-range: bytes {}-{}/{}\r\n\r\n",
                request.start,
                request.end.saturating_sub(1),
                content.len()
            )
        };
        let (head, body) = match answer {
            Answer::Part | Answer::Newer => (head("206 Partial Content", part.len()), part),
            Answer::Broken => (head("206 Partial Content", part.len()), &part[..part.len() / 2]),
            Answer::Whole => (head("200 OK", content.len()), content),
            Answer::Status(status) => (format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n"), &[][..]),
        };
        let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        if sent.is_err() || answer == Answer::Broken {
            return;
        }
    }
}

fn read_request(reader: &mut impl BufRead, size: usize) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    let (mut start, mut end) = (0, size);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        if line == "\r\n" {
            return Some(Asked { target, start, end });
        }
        if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
            let (first, last) = range.trim().split_once('-')?;
            start = first.parse().ok()?;
            end = last.parse::<usize>().map_or(size, |last| last + 1).min(size);
        }
    }
}

/// Users of about 5 MB, which is three parts.
fn large(users: usize) -> String {
    let padding = "x".repeat(1000);
    export(
        (0..users).map(|number| user(number).replace("\"number\":", &format!("\"padding\":\"{padding}\",\"number\":"))),
    )
}

#[test]
fn a_part_that_breaks_off_is_requested_again() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let store = Store::of(large(4000), |before, _| match before {
        0 | 3 | 9 => Answer::Status(503),
        4 | 6 | 11 => Answer::Broken,
        _ => Answer::Part,
    });
    let run = scratch.import(&sandbox, &store.url("exports/users.json"), &[]).expect_code(0);
    assert_eq!(run.count("created"), 4000);
    assert_eq!(sandbox.column("external_id").len(), 4000);
    let inputs = &run.report()["inputs"];
    assert_eq!(inputs[0]["bytes"], large(4000).len(), "{inputs}");
}

#[test]
fn an_object_that_the_first_pass_cannot_read_is_not_sent() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let (failed, is_back) = (AtomicBool::new(false), AtomicBool::new(false));
    // It fails during the search for duplicates, and works again when the object is read from its start to send users.
    let store = Store::of(large(4000), move |_, asked| {
        if asked.start == 0 && failed.load(Ordering::Relaxed) {
            is_back.store(true, Ordering::Relaxed);
        }
        if asked.start > 2_000_000 && asked.end - asked.start > 100_000 && !is_back.load(Ordering::Relaxed) {
            failed.store(true, Ordering::Relaxed);
            Answer::Status(503)
        } else {
            Answer::Part
        }
    });
    let run = scratch.import(&sandbox, &store.url("users.json"), &["--max-wait", "1"]).expect_code(7);
    assert!(run.stderr.contains("the store cannot be reached"), "{}", run.stderr);
    assert_eq!(sandbox.column("external_id").len(), 0);
    assert_eq!(scratch.import(&sandbox, &store.url("users.json"), &[]).expect_code(0).count("created"), 4000);
}

#[test]
fn an_object_that_changes_is_not_read_as_if_it_were_one() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let store = Store::of(large(4000), |_, asked| if asked.start > 3_000_000 { Answer::Newer } else { Answer::Part });
    let run = scratch.import(&sandbox, &store.url("users.json"), &[]).expect_code(5);
    assert!(run.stderr.contains("it was changed while it was read"), "{}", run.stderr);
}

#[test]
fn refusals_and_unable_servers_have_different_messages_without_a_signature() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    for (answer, code, reported) in [
        (Answer::Status(404), 5, "there is no such object"),
        (Answer::Status(401), 5, "the store refuses access"),
        (Answer::Status(403), 5, "for a signed URL, that it has not expired"),
        (Answer::Status(400), 5, "the settings for the store are wrong"),
        (Answer::Whole, 5, "the server gives no parts of it"),
        (Answer::Status(503), 7, "the store cannot be reached"),
    ] {
        let store = Store::of(large(10), move |_, _| answer);
        let url = store.url("users.json?X-Amz-Signature=sesame");
        let run = scratch.import(&sandbox, &url, &["--max-wait", "1", "-vv"]).expect_code(code);
        assert!(run.stderr.contains(reported), "{answer:?}: {}", run.stderr);
        assert!(run.stderr.contains("/users.json`") && !run.stderr.contains("sesame"), "{}", run.stderr);
        let run =
            scratch.run(&["migrate", "clerk", "--import", &url, "--dry-run", "--max-wait", "1"]).expect_code(code);
        assert!(run.stderr.contains(reported) && !run.stderr.contains("sesame"), "{answer:?}: {}", run.stderr);
    }
    assert_eq!(sandbox.column("external_id").len(), 0);
    // The signature is sent, and kept nowhere.
    let store = Store::of(large(10), |_, _| Answer::Part);
    let run = scratch.import(&sandbox, &store.url("users.json?X-Amz-Signature=sesame"), &[]).expect_code(0);
    assert!(store.asked().iter().all(|asked| asked.target == "/users.json?X-Amz-Signature=sesame"));
    let id = run.report()["run"].as_str().expect("a run").to_owned();
    for file in ["run.json", "report.json", "journal"] {
        let kept = std::fs::read(scratch.path(&format!(".avnology/runs/{id}/{file}"))).expect("a file of the run");
        assert!(!String::from_utf8_lossy(&kept).contains("sesame"), "{file}");
    }
}

#[test]
fn an_empty_object_is_an_empty_file() {
    let scratch = Scratch::new();
    let store = Store::of("", |before, _| if before == 0 { Answer::Status(416) } else { Answer::Whole });
    let run = scratch.run(&["migrate", "clerk", "--import", &store.url("users.json"), "--dry-run"]).expect_code(5);
    assert!(run.stderr.contains("is empty; expected a Clerk export"), "{}", run.stderr);
}

#[test]
fn nothing_is_read_without_tls_but_from_this_machine() {
    let scratch = Scratch::new();
    let insecure = ["migrate", "clerk", "--dry-run", "--import", "http://files.example.com/users.json?key=sesame"];
    let run = scratch.run(&insecure).expect_code(2);
    assert!(run.stderr.contains("would be read without TLS") && !run.stderr.contains("sesame"), "{}", run.stderr);
    scratch.write(".env", "AWS_ENDPOINT_URL=http://minio.example.com\n");
    let run = scratch.run(&["migrate", "clerk", "--dry-run", "--import", "s3://bucket/users.json"]).expect_code(2);
    assert!(run.stderr.contains("AWS_ENDPOINT_URL begins with http://"), "{}", run.stderr);
}

/// Asks a process to end.
fn terminate(process: &Child) {
    let sent = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn a_resumed_run_begins_with_the_part_it_needs() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=50ms..50ms"]);
    let content = large(6000);
    let store = Store::of(content.clone(), |_, _| Answer::Part);
    let url = store.url("users.json");
    let more = ["--batch-size", "50", "--concurrency", "1", "--rate", "200/s", "--rate-min", "200/s"];
    let mut first = scratch.import_command(&sandbox, &url, &more);
    let mut first = first.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let (stdout, stderr) = (drain(first.stdout.take().expect("out")), drain(first.stderr.take().expect("err")));
    until_of(&mut first, "too few arrived", || sandbox.column("external_id").len() >= 4000);
    terminate(&first);
    assert_eq!(first.wait().expect("a status").code(), Some(143), "{:?} {:?}", stdout.join(), stderr.join());

    let before = store.asked().len();
    let run = scratch.import(&sandbox, &url, &more).expect_code(0);
    assert_eq!((run.count("created"), sandbox.column("external_id").len()), (6000, 6000));
    assert!(run.stderr.contains("Continuing run"), "{}", run.stderr);
    // Its ends show its shape and whether it is the same. Of the rest, only what remains is read.
    let again = store.asked().split_off(before);
    let bulk: usize = again.iter().map(|asked| asked.end - asked.start).sum();
    assert!(bulk < content.len() * 3 / 4, "{bulk} of {}: {again:?}", content.len());
    assert!(again.iter().any(|asked| asked.start > content.len() / 2), "{again:?}");
}

#[test]
fn google_and_azure_are_asked_in_their_own_ways() {
    let scratch = Scratch::new();
    for (url, variables, path) in [
        (
            "gs://exports/a/users.json",
            vec![("GOOGLE_BASE_URL", "http://{}"), ("GOOGLE_SKIP_SIGNATURE", "true")],
            "/exports/a%2Fusers%2Ejson",
        ),
        (
            "az://exports/a/users.json",
            vec![
                ("AZURE_STORAGE_ENDPOINT", "http://{}"),
                ("AZURE_STORAGE_ACCOUNT_NAME", "acme"),
                ("AZURE_SKIP_SIGNATURE", "true"),
            ],
            "/exports/a/users.json",
        ),
    ] {
        let store = Store::of(large(20), |_, _| Answer::Part);
        let mut command = scratch.avnology(&["migrate", "clerk", "--import", url, "--dry-run", "--output", "json"]);
        for (name, value) in variables {
            command.env(name, value.replace("{}", &store.address));
        }
        let run = Run::of(command.output().expect("the binary runs")).expect_code(0);
        assert_eq!(run.count("valid"), 20);
        assert!(store.asked().iter().all(|asked| asked.target == path), "{:?}", store.asked());
    }
}

/// An S3 store of its own. Dropping it ends it, by its id.
struct Moto {
    process: Child,
    endpoint: String,
}

impl Moto {
    /// Starts one, if this machine has it. CI must have it.
    #[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "the environment says where the server is")]
    fn start(scratch: &Scratch) -> Option<Self> {
        let program = std::env::var("AVNOLOGY__MOTO_SERVER").unwrap_or_else(|_| "moto_server".to_owned());
        let port = free_port();
        let mut command = Command::new(&program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).current_dir(scratch.path("."));
        let process = match command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
            Ok(process) => process,
            Err(error) => {
                let must = std::env::var_os("CI").is_some() || std::env::var_os("AVNOLOGY__MOTO_SERVER").is_some();
                assert!(!must, "`{program}` cannot be started: {error}");
                eprintln!("\n*** SKIPPED: `pip install 'moto[server]'`, or AVNOLOGY__MOTO_SERVER=… ***\n");
                return None;
            }
        };
        let moto = Self { process, endpoint: format!("http://127.0.0.1:{port}") };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(moto);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("`{program}` does not listen");
    }

    fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let status = runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let request = client.put(format!("{}/{path}", self.endpoint)).body(body.into());
            // It does not check signatures, but requires one.
            let signature = "AWS4-HMAC-SHA256 Credential=AKIASESAME/20261123/us-east-1/s3/aws4_request, \
                             SignedHeaders=host, Signature=0";
            let request = request.header("content-type", "application/octet-stream").header("authorization", signature);
            request.send().await.expect("an answer").status()
        });
        assert!(status.is_success(), "{path}: {status}");
    }

    /// Credentials and the endpoint, in the usual variables.
    fn known_to(&self, command: &mut Command) {
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "AKIASESAME").env("AWS_SECRET_ACCESS_KEY", "open-sesame");
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.process.kill().expect("it can be ended");
        self.process.wait().expect("it ends");
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn an_object_in_s3_is_an_input_like_any_other() {
    let scratch = Scratch::new();
    let Some(moto) = Moto::start(&scratch) else { return };
    let sandbox = Sandbox::start(&scratch, &[]);
    moto.put("exports", "");
    moto.put("exports/large users.json", large(4000));
    moto.put("exports/more.json.gz", gzip(&export((4000..4100).map(user))));
    let digest = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    moto.put("exports/users.csv", format!("id,primary_email_address,password_digest,password_hasher\nuser_004001,user4001@example.com,{digest},bcrypt\n"));
    let run = |file: &str, more: &[&str]| {
        let mut command = scratch.import_command(&sandbox, file, more);
        moto.known_to(&mut command);
        Run::of(command.output().expect("the binary runs"))
    };

    let large = "s3://exports/large users.json";
    let imported = run(large, &["-vv"]).expect_code(0);
    assert_eq!(imported.count("created"), 4000);
    assert!(!imported.stderr.to_lowercase().contains("sesame"), "{}", imported.stderr);
    assert_eq!(run(large, &[]).expect_code(0).count("unchanged"), 4000);
    // Compressed, with passwords in the same store, and a local file beside it.
    let local = scratch.write("local.json", export((4100..4110).map(user)));
    let more = ["--import", "s3://exports/more.json.gz", "--passwords", "s3://exports/users.csv"];
    let both = run(&local, &more).expect_code(0);
    assert_eq!(both.count("created"), 110);
    assert_eq!(both.report()["passwords"]["joined"], 1, "{}", both.stdout);
    for shard in ["1/2", "2/2"] {
        assert_eq!(run(large, &["--shard", shard]).expect_code(0).count("unchanged"), 2000);
    }

    let verify = ["migrate", "clerk", "verify", "--import", large, &local, "s3://exports/more.json.gz"];
    let verify: Vec<&str> = verify.into_iter().chain(["--passwords", "s3://exports/users.csv", "--quiet"]).collect();
    let mut verify = scratch.avnology(&verify);
    verify.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
    moto.known_to(&mut verify);
    let verified = Run::of(verify.output().expect("the binary runs"));
    assert_eq!((verified.code, verified.stderr.as_str()), (Some(0), ""));

    for (missing, reported) in
        [("s3://exports/nothing.json", "there is no such object"), ("s3://nowhere/users.json", "no such")]
    {
        let refused = run(missing, &[]).expect_code(5);
        assert!(refused.stderr.contains(reported) && refused.stderr.contains(missing), "{}", refused.stderr);
    }
    // Nothing of the first object was sent, so a new object of the same name begins a new run, as with files.
    let broken = |name: &str| export([format!("{{\"id\":\"{name}\"}}")].into_iter().chain((5000..5400).map(user)));
    moto.put("exports/changing.json", broken("user_a"));
    run("s3://exports/changing.json", &["--max-errors", "0"]).expect_code(4);
    moto.put("exports/changing.json", broken("user_b"));
    let run = run("s3://exports/changing.json", &["--max-errors", "1"]).expect_code(3);
    assert_eq!((run.count("read"), run.count("created")), (401, 400));
}
