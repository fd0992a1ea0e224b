//! Jobs that nobody watches: a time that they may take, a service that hears of their start and end, a program at their end.

use crate::support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use support::free_port::free_port;
use support::{Run, Sandbox, Scratch, export, user};

/// A service that watches jobs, at an address of this machine.
struct Service {
    url: String,
    heard: Receiver<(String, Value)>,
}

impl Service {
    /// One that answers all requests with this status.
    fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        let url = format!("http://{}/ping/5k1q", listener.local_addr().expect("an address"));
        let (sender, heard) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.expect("a connection"));
                let (mut line, mut length) = (String::new(), 0);
                stream.read_line(&mut line).expect("a request");
                loop {
                    let mut header = String::new();
                    stream.read_line(&mut header).expect("a header");
                    let header = header.trim().to_lowercase();
                    assert!(!header.starts_with("authorization"), "it gets no key");
                    if let Some(value) = header.strip_prefix("content-length:") {
                        length = value.trim().parse().expect("a length");
                    }
                    if header.is_empty() {
                        break;
                    }
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).expect("a body");
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.get_mut().write_all(answer.as_bytes()).expect("an answer");
                let request = line.trim().trim_end_matches(" HTTP/1.1").to_owned();
                let body = serde_json::from_slice(&body).expect("JSON");
                if sender.send((request, body)).is_err() {
                    return;
                }
            }
        });
        Self { url, heard }
    }

    /// What it heard until now.
    fn heard(&self) -> Vec<(String, Value)> {
        self.heard.try_iter().collect()
    }

    /// The requests that it heard until now.
    fn requests(&self) -> Vec<String> {
        self.heard().into_iter().map(|(request, _)| request).collect()
    }
}

/// A program for `--on-end`.
fn program(scratch: &Scratch, name: &str, text: &str) -> String {
    scratch.write(name, format!("#!/bin/sh\n{text}\n"));
    let path = scratch.path(name);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
    path.display().to_string()
}

#[test]
fn a_service_hears_of_start_and_end_and_a_program_gets_the_report() {
    let scratch = Scratch::new();
    let (sandbox, service) = (Sandbox::start(&scratch, &[]), Service::start(200));
    scratch.write("users.json", export((0..4).map(user)));
    let keep = r#"echo "$#|$1|$2|${AVNOLOGY_SECRET_KEY:-none}" > ended; echo printed"#;
    let keep = program(&scratch, "keep.sh", keep);
    let watched = ["--notify-url", &service.url, "--on-end", &keep];
    let run = scratch.import(&sandbox, "users.json", &watched).expect_code(0);
    let heard = service.heard();
    let requests: Vec<&str> = heard.iter().map(|(request, _)| request.as_str()).collect();
    assert_eq!(requests, ["POST /ping/5k1q/start", "POST /ping/5k1q"]);
    assert_eq!((&heard[0].1["job"], &heard[1].1["exit_code"]), (&"import".into(), &0.into()), "{heard:?}");
    let report = run.report()["report_file"].as_str().map(str::to_owned);
    let report =
        report.unwrap_or_else(|| format!(".avnology/runs/{}/report.json", run.report()["run"].as_str().unwrap()));
    assert_eq!(scratch.read("ended"), format!("2|{report}|0|none\n"));
    assert!(run.stderr.contains("printed") && !run.stdout.contains("printed"), "{}", run.stderr);

    // It gets none of the program's keys, nor the address that is as good as one.
    let secrets = program(&scratch, "secrets.sh", "env | grep -c c4n4ry > ended");
    let mut command = scratch.import_command(&sandbox, "users.json", &["--on-end", &secrets, "--new-run"]);
    for name in ["AVNOLOGY_KRATOS_TOKEN", "AVNOLOGY_HYDRA_TOKEN", "CLERK_SECRET_KEY"] {
        command.env(name, "c4n4ry");
    }
    command.env("AVNOLOGY_NOTIFY_URL", format!("{}?c4n4ry", service.url));
    Run::of(command.output().expect("the binary runs")).expect_code(0);
    assert_eq!((scratch.read("ended").as_str(), service.requests().len()), ("0\n", 2));

    // Rejects: the plain address is for a night on which all went well. A dry run has a report only where it was asked for.
    scratch.write("users.json", export([user(1), r#"{"id":"user_bad"}"#.to_owned()]));
    scratch.import(&sandbox, "users.json", &watched).expect_code(3);
    assert_eq!(service.requests(), ["POST /ping/5k1q/start", "POST /ping/5k1q/3"]);
    scratch.import(&sandbox, "users.json", &[&watched[..], &["--dry-run"]].concat()).expect_code(3);
    assert_eq!(scratch.read("ended"), "2||3|none\n");
    scratch.import(&sandbox, "users.json", &[&watched[..], &["--dry-run", "--report", "r.json"]].concat());
    assert_eq!(scratch.read("ended"), "2|r.json|3|none\n");
    service.requests();

    // A job that cannot begin is one that somebody has to hear of. The address comes from the environment, too.
    let mut wrong = scratch.avnology(&["migrate", "clerk", "--import", "nowhere.json", "--sandbox", "--quiet"]);
    let wrong = wrong.env("AVNOLOGY_NOTIFY_URL", format!("{}?rid=1", service.url)).output().expect("the binary runs");
    let code = Run::of(wrong).code.expect("a code");
    assert_ne!(code, 0);
    assert_eq!(service.requests(), ["POST /ping/5k1q/start?rid=1".to_owned(), format!("POST /ping/5k1q/{code}?rid=1")]);
}

#[test]
fn a_service_or_a_program_that_fails_is_reported_and_changes_no_exit_code() {
    let scratch = Scratch::new();
    let (sandbox, service) = (Sandbox::start(&scratch, &[]), Service::start(404));
    scratch.write("users.json", export((0..4).map(user)));
    let fail = program(&scratch, "fail.sh", "exit 7");
    let more = ["--quiet", "--notify-url", &service.url, "--on-end", &fail];
    let run = scratch.import(&sandbox, "users.json", &more).expect_code(0);
    for reported in ["HTTP 404 to the start", "HTTP 404 to the end", "fail.sh`, failed", "the exit code stays 0"] {
        assert!(run.stderr.contains(reported), "{reported}: {}", run.stderr);
    }
    assert!(!run.stderr.contains("5k1q"), "the address is as good as a password: {}", run.stderr);
    // Nobody listens there, and there is no such program.
    let nobody = format!("http://127.0.0.1:{}/ping", free_port());
    let more = ["--quiet", "--notify-url", &nobody, "--on-end", "./nowhere"];
    let run = scratch.import(&sandbox, "users.json", &more).expect_code(0);
    assert!(run.stderr.contains("did not hear of the end") && run.stderr.contains("cannot be run"), "{}", run.stderr);

    let run = scratch.import(&sandbox, "users.json", &["--notify-url", "hc.example.com/5k1q"]).expect_code(2);
    assert!(run.stderr.contains("expected the URL of a check"), "{}", run.stderr);
}

#[test]
fn a_job_stops_when_its_time_is_up_and_the_same_command_goes_on() {
    let scratch = Scratch::new();
    let (sandbox, service) = (Sandbox::start(&scratch, &[]), Service::start(200));
    scratch.write("users.json", export((0..12).map(user)));
    // At this rate the second request would come a minute later, on any machine.
    let slow = ["--batch-size", "1", "--rate", "1/m", "--max-duration", "2s", "--notify-url", &service.url];
    let started = tokio::time::Instant::now();
    let run = scratch.import(&sandbox, "users.json", &slow).expect_code(9);
    assert!(started.elapsed() >= Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(run.stderr.contains("the end of --max-duration"), "{}", run.stderr);
    assert_eq!(service.requests(), ["POST /ping/5k1q/start", "POST /ping/5k1q/9"]);
    assert!(sandbox.column("external_id").len() < 12);
    let rest = scratch.import(&sandbox, "users.json", &["--rate", "1000/s"]).expect_code(0);
    assert_eq!(rest.count("unfinished"), 0, "{}", rest.stdout);
    assert_eq!(sandbox.column("external_id").len(), 12);
    // Time enough changes nothing.
    scratch.import(&sandbox, "users.json", &["--max-duration", "2h 30m"]).expect_code(0);
    for wrong in ["0s", "2", "-1h", "soon"] {
        let run = scratch.import(&sandbox, "users.json", &[&format!("--max-duration={wrong}")]).expect_code(2);
        assert!(run.stderr.contains("expected a time"), "{wrong}: {}", run.stderr);
    }
}
