//! Every fault in every phase of an import, end to end. With each of them, every record of the input ends in exactly one
//! place, the target holds each user once, and no user is rejected for a fault of the network. `--nocapture` prints the
//! table.

use crate::support;

use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use support::target::{Way, http, proxy};
use support::{Run, Sandbox, Scratch, assert_all_in_one_place, export, mixed_export, user};

const USERS: usize = 60;

/// The request that the fault strikes.
#[derive(Clone, Copy)]
struct Phase {
    name: &'static str,
    /// How its request line begins, and which of these requests it is.
    line: &'static str,
    number: usize,
    /// Without batch methods.
    single: bool,
}

const fn phase(name: &'static str, line: &'static str, number: usize) -> Phase {
    Phase { name, line, number, single: false }
}

const PHASES: &[Phase] = &[
    phase("preflight", "GET /v1/identities?", 1),
    phase("first batch", "POST /v1/identities:batchCreate", 2),
    phase("last batch", "POST /v1/identities:batchCreate", 7),
    phase("reading back", "GET /v1/identities:batchGet", 1),
    phase("update", "POST /v1/identities:batchUpdate", 1),
    Phase { name: "one by one", line: "POST /v1/identities HTTP", number: 5, single: true },
];

/// What goes wrong, and with which exit codes the run may end.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) way: fn() -> Way,
    pub(crate) codes: &'static [i32],
}

/// The run goes on, and imports everything that can be imported.
pub(crate) const SURVIVED: &[i32] = &[3];
/// The run stops and can be resumed.
pub(crate) const STOPPED: &[i32] = &[6];
/// It concerns the content of a request. A batch is split; a request that only reads or checks cannot be.
pub(crate) const ABOUT_CONTENT: &[i32] = &[3, 6];

pub(crate) const FAULTS: &[Fault] = &[
    Fault { name: "reset before", way: || Way::Instead(String::new()), codes: SURVIVED },
    Fault { name: "reset after", way: || afterwards(|_| String::new()), codes: SURVIVED },
    Fault { name: "reset during", way: || afterwards(|answer| answer[..answer.len() / 2].to_owned()), codes: SURVIVED },
    Fault { name: "time out before", way: || Way::Silence { committed: false }, codes: SURVIVED },
    Fault { name: "time out after", way: || Way::Silence { committed: true }, codes: SURVIVED },
    Fault { name: "HTML with 200", way: || afterwards(|_| html("200 OK")), codes: SURVIVED },
    Fault { name: "nothing with 200", way: || afterwards(|_| http("200 OK", CLOSE, "")), codes: SURVIVED },
    Fault {
        name: "another content type",
        way: || afterwards(|answer| answer.replace("application/json", "text/plain")),
        codes: SURVIVED,
    },
    Fault {
        name: "a result missing",
        way: || afterwards(|answer| results(&answer, |results| drop(results.pop()))),
        codes: SURVIVED,
    },
    Fault {
        name: "a result too many",
        way: || afterwards(|answer| results(&answer, |results| results.push(results[0].clone()))),
        codes: SURVIVED,
    },
    Fault { name: "408", way: || instead("408 Request Timeout", ""), codes: SURVIVED },
    Fault { name: "425", way: || instead("425 Too Early", ""), codes: SURVIVED },
    Fault { name: "429", way: || instead("429 Too Many Requests", ""), codes: SURVIVED },
    Fault { name: "429, when", way: || instead("429 Too Many Requests", "retry-after: 1\r\n"), codes: SURVIVED },
    Fault { name: "500", way: || instead("500 Internal Server Error", ""), codes: SURVIVED },
    Fault {
        name: "500 after",
        way: || afterwards(|_| http("500 Internal Server Error", CLOSE, "{}")),
        codes: SURVIVED,
    },
    Fault { name: "502, HTML", way: || Way::Instead(html("502 Bad Gateway")), codes: SURVIVED },
    Fault { name: "503, when", way: || instead("503 Service Unavailable", "retry-after: 1\r\n"), codes: SURVIVED },
    Fault { name: "504 after", way: || afterwards(|_| http("504 Gateway Timeout", CLOSE, "")), codes: SURVIVED },
    Fault { name: "400", way: || instead("400 Bad Request", ""), codes: ABOUT_CONTENT },
    Fault { name: "413", way: || instead("413 Content Too Large", ""), codes: ABOUT_CONTENT },
    Fault { name: "422", way: || instead("422 Unprocessable Content", ""), codes: ABOUT_CONTENT },
    Fault { name: "401", way: || instead("401 Unauthorized", ""), codes: STOPPED },
    Fault { name: "402", way: || instead("402 Payment Required", ""), codes: STOPPED },
    Fault { name: "403", way: || instead("403 Forbidden", ""), codes: STOPPED },
    Fault { name: "302", way: || instead("302 Found", "location: https://elsewhere.example/\r\n"), codes: STOPPED },
];

const CLOSE: &str = "connection: close\r\n";

fn instead(status: &str, headers: &str) -> Way {
    Way::Instead(http(status, headers, r#"{"error":{"code":"X"}}"#))
}

fn afterwards(spoil: impl FnOnce(String) -> String + 'static) -> Way {
    Way::Afterwards(Box::new(spoil))
}

fn html(status: &str) -> String {
    http(status, "content-type: text/html\r\nconnection: close\r\n", "<html><body>Welcome</body></html>")
}

/// The answer with other results. An answer without results is emptied.
fn results(answer: &str, change: impl FnOnce(&mut Vec<Value>)) -> String {
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let mut body: Value = serde_json::from_str(body).unwrap_or_default();
    match body.get_mut("results").and_then(Value::as_array_mut) {
        Some(results) => change(results),
        None => body = Value::Object(serde_json::Map::new()),
    }
    http("200 OK", "content-type: application/json\r\nconnection: close\r\n", &body.to_string())
}

/// One row of the table.
struct Row {
    code: Option<i32>,
    created: u64,
    retries: u64,
    runs: usize,
}

fn strike(fault: &Fault, phase: Phase) -> Row {
    let scratch = Scratch::new();
    let sandbox =
        Sandbox::start(&scratch, if phase.single { &["--no-batch", "--rate", "off"] } else { &["--rate", "off"] });
    let (text, good) = mixed_export(USERS);
    let file = scratch.write("users.json", text);
    // Some users are already there and differ from the export: they are read back and changed.
    let earlier = scratch.write("earlier.json", export((11..16).map(|number| user(number).replace("\"N", "\"Old"))));
    scratch.import(&sandbox, &earlier, &[]).expect_code(0);
    let (way, seen) = (fault.way, AtomicUsize::new(0));
    let url = proxy(&sandbox.base_url(), move |head, _| {
        let is_it = head.starts_with(phase.line) && seen.fetch_add(1, Ordering::Relaxed) + 1 == phase.number;
        if is_it { way() } else { Way::Through }
    });
    let import = || {
        let flags = ["--batch-size", "10", "--concurrency", "1", "--rate", "1000/s", "--request-timeout", "1"];
        let more = ["--on-existing", "update", "--recheck", "--base-url", &url];
        scratch.import(&sandbox, &file, &[&flags[..], &more[..]].concat())
    };
    let first = import();
    let code = first.code;
    let at = format!("{} at {}", fault.name, phase.name);
    assert!(code.is_some_and(|code| fault.codes.contains(&code)), "{at}: {code:?}\n{}{}", first.stdout, first.stderr);
    let (created, retries) = match serde_json::from_str::<Value>(&first.stdout) {
        Ok(report) => (report["counts"]["created"].as_u64(), report["requests"]["retries"].as_u64()),
        // Before anything was read.
        Err(_) => (Some(0), Some(0)),
    };
    let mut runs = 1;
    let mut run: Run = first;
    while run.code != Some(3) {
        assert!(runs < 3, "{at}: {}{}", run.stdout, run.stderr);
        run = import();
        runs += 1;
    }
    assert_all_in_one_place(&scratch, &sandbox, &run, USERS, &good);
    Row { code, created: created.unwrap_or_default(), retries: retries.unwrap_or_default(), runs }
}

#[test]
fn every_fault_in_every_phase_leaves_every_record_in_one_place() {
    // For a single user, a fault of the content is true: that user is rejected.
    let is_truth =
        |fault: &Fault, phase: Phase| fault.codes == ABOUT_CONTENT && (phase.single || phase.name == "update");
    let all = FAULTS.iter().flat_map(|fault| PHASES.iter().map(move |phase| (fault, *phase)));
    let cases: Vec<(&Fault, Phase)> = all.filter(|(fault, phase)| !is_truth(fault, *phase)).collect();
    let (next, table) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some((fault, phase)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Row { code, created, retries, runs } = strike(fault, *phase);
                    let mut row = format!("{:<22}{:<14}", fault.name, phase.name);
                    write!(row, "{:>6}{created:>10}{retries:>10}{runs:>6}", code.unwrap_or(-1)).unwrap();
                    table.lock().expect("the table").push(row);
                }
            });
        }
    });
    let mut table = table.into_inner().expect("the table");
    assert_eq!(table.len(), cases.len());
    table.sort();
    println!("{:<22}{:<14}{:>6}{:>10}{:>10}{:>6}", "fault", "phase", "exit", "created", "retries", "runs");
    println!("{}", table.join("\n"));
}
