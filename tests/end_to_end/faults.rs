//! Everything that can go wrong between the importer and its target, end to end. With every fault, each record of the input
//! is in exactly one place, and the target holds each user once.

use crate::support;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use support::target::{Way, http, import_into, obliging, proxy, scripted_target};
use support::{Run, Sandbox, Scratch, assert_all_in_one_place, export, mixed_export, until, user};

/// Imports a mixed export through a fault and checks that everything is in exactly one place.
fn survives(fault: &[&str], users: usize, sandbox_flags: &[&str]) {
    let scratch = Scratch::new();
    let mut flags: Vec<&str> = fault.iter().flat_map(|fault| ["--fault", fault]).collect();
    flags.extend(sandbox_flags);
    let sandbox = Sandbox::start(&scratch, &flags);
    let (text, good) = mixed_export(users);
    let file = scratch.write("users.json", text);
    let run = scratch.import(&sandbox, &file, &["--batch-size", "20", "--rate", "1000/s"]).expect_code(3);
    assert_all_in_one_place(&scratch, &sandbox, &run, users, &good);
    assert_eq!(run.count("created"), good.len() as u64, "a lost answer is given again, not guessed: {}", run.stdout);
}

macro_rules! faults {
    ($($name:ident: $faults:expr;)*) => {
        $(
            #[test]
            fn $name() {
                survives(&$faults, 600, &[]);
            }
        )*
    };
}

faults! {
    latency: ["latency=5ms..40ms"];
    internal_errors: ["status=500:0.2"];
    bad_gateways: ["status=502:0.2"];
    unavailable_with_retry_after: ["status=503:0.2:retry-after=0"];
    gateway_timeouts: ["status=504:0.2"];
    request_timeouts: ["status=408:0.2"];
    refused_at_random: ["status=429:0.2:retry-after=0"];
    connections_reset_before_commit: ["reset-before=0.2"];
    connections_reset_after_commit: ["reset-after=0.2"];
    answers_that_break_off: ["reset-during=0.2"];
    garbage_in_place_of_answers: ["garbage=0.2"];
    slow_bodies: ["slow-body=0.3:300ms"];
    a_storm_of_429: ["storm=429:1s/3s", "latency=40ms"];
    a_storm_of_429_without_headers: ["storm-bare=429:1s/3s", "latency=40ms"];
    items_that_fail_for_a_while: ["item-error=0.1"];
    an_outage: ["outage-after=8:2s"];
    everything_at_once: [
        "latency=1ms..20ms", "status=503:0.05", "reset-before=0.05", "reset-after=0.05", "reset-during=0.05",
        "garbage=0.05", "item-error=0.02", "slow-body=0.05:100ms",
    ];
}

#[test]
fn one_by_one_through_lost_answers() {
    survives(&["reset-after=0.1", "status=503:0.1", "reset-before=0.05"], 90, &["--no-batch"]);
}

#[test]
fn a_documented_rate_limit_is_kept() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "20", "--burst", "5"]);
    let (text, good) = mixed_export(600);
    let file = scratch.write("users.json", text);
    // Faster than allowed: the 429 answers slow all senders down, and nothing is lost.
    let run = scratch.import(&sandbox, &file, &["--batch-size", "20", "--rate", "100/s"]).expect_code(3);
    assert_all_in_one_place(&scratch, &sandbox, &run, 600, &good);
    assert!(run.report()["requests"]["throttled"].as_u64().expect("a count") > 0, "{}", run.stdout);
    // At the target's own rate nothing is refused.
    let run = scratch.import(&sandbox, &file, &["--batch-size", "20", "--rate", "15/s"]).expect_code(3);
    assert_eq!(run.report()["requests"]["throttled"], 0, "{}", run.stdout);
}

#[test]
fn a_target_that_fails_for_good_ends_the_run_resumably() {
    let scratch = Scratch::new();
    let (text, good) = mixed_export(300);
    let file = scratch.write("users.json", text);
    {
        // The preflight and a few batches succeed, and then the target is gone.
        let sandbox = Sandbox::start(&scratch, &["--fault", "outage-after=6:600s"]);
        let more = ["--batch-size", "20", "--concurrency", "1", "--max-wait", "2"];
        let run = scratch.import(&sandbox, &file, &more).expect_code(7);
        assert!(run.count("created") > 0 && run.count("unfinished") > 0, "{}", run.stdout);
        assert!(run.stderr.contains("run the same command again"), "{}", run.stderr);
    }
    let sandbox = Sandbox::start(&scratch, &[]);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_all_in_one_place(&scratch, &sandbox, &run, 300, &good);
    assert!(run.count("unchanged") > 0);
}

/// A run to interrupt.
fn start(scratch: &Scratch, sandbox: &Sandbox, file: &str) -> Child {
    let more = ["--batch-size", "10", "--concurrency", "2", "-v"];
    let mut command = scratch.import_command(sandbox, file, &more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// Waits until the run has something at the target.
fn await_identities(sandbox: &Sandbox) {
    until("nothing arrived", || !sandbox.column("id").is_empty());
}

/// Whether a process does something else about SIGINT than to die of it, as Linux has it.
fn catches_interrupts(process: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it is there");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("the signals it catches");
    u64::from_str_radix(caught.trim(), 16).expect("a mask") & 0b10 != 0
}

fn signal(process: &Child, name: &str) {
    let status = Command::new("kill").args([name, &process.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
}

#[test]
fn ctrl_c_ends_the_run_soon_with_a_true_summary() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &["--fault", "latency=100ms"]);
        let (text, good) = mixed_export(3_000);
        let file = scratch.write("users.json", text);
        let process = start(&scratch, &sandbox, &file);
        await_identities(&sandbox);
        signal(&process, name);
        let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(code);
        assert!(run.count("created") < good.len() as u64, "it does not go on to its end: {}", run.stdout);
        assert_eq!(run.count("created"), sandbox.column("id").len() as u64, "the summary is true: {}", run.stdout);
        let parts: u64 = ["created", "unchanged", "rejected", "unfinished"].iter().map(|name| run.count(name)).sum();
        assert_eq!(run.count("read"), parts);
        assert!(run.stderr.contains("interrupted by SIG"), "{}", run.stderr);
        // The same command does the rest.
        let rest = scratch.import(&sandbox, &file, &["--batch-size", "500"]).expect_code(3);
        assert_all_in_one_place(&scratch, &sandbox, &rest, 3_000, &good);
    }
}

#[test]
fn a_second_signal_does_not_wait_for_requests_in_flight() {
    for signals in [1, 2] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &["--fault", "latency=50ms"]);
        let file = scratch.write("users.json", export((0..3_000).map(user)));
        let process = start(&scratch, &sandbox, &file);
        await_identities(&sandbox);
        // From now on the target does not answer.
        signal(&sandbox.process, "-STOP");
        for _ in 0..signals {
            std::thread::sleep(Duration::from_millis(300));
            signal(&process, "-INT");
        }
        let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(130);
        assert_eq!(run.stderr.contains("requests in flight are given up"), signals == 1, "{}", run.stderr);
    }
}

#[test]
fn ctrl_c_works_while_standard_input_is_silent() {
    let scratch = Scratch::new();
    let arguments = ["migrate", "clerk", "--import", "-", "--dry-run", "--output", "json"];
    let mut process = scratch
        .avnology(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let stdin = process.stdin.take();
    until("nobody listens to signals", || catches_interrupts(&process));
    signal(&process, "-INT");
    let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(130);
    assert_eq!(run.count("read"), 0);
    drop(stdin);
}

#[test]
fn one_poisonous_record_does_not_stop_a_run() {
    let poisonous = |request: &str| {
        request.contains("user_000033").then(|| http("500 Internal Server Error", "", r#"{"error":{"code":"X"}}"#))
    };
    let url = scripted_target(move |request| obliging(request, poisonous));
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..80).map(user)));
    let flags = ["--batch-size", "4", "--concurrency", "4", "--rate", "1000/s", "--max-wait", "1"];
    let run = import_into(&scratch, &url, &file, &flags);
    // The number of attempts depends on time. That it ends as one reject does not.
    assert_eq!((run.count("created"), run.count("rejected")), (79, 1), "{}{}", run.stdout, run.stderr);
    let run = run.expect_code(3);
    assert_eq!(run.report()["rejected_by_code"]["target_error"]["first"][0]["record"], 34);
}

#[test]
fn one_poisonous_record_in_the_only_batch_is_found() {
    // By itself, and behind a gateway.
    for (status, body) in
        [("500 Internal Server Error", r#"{"error":{"code":"X"}}"#), ("504 Gateway Timeout", "<html>")]
    {
        let poisonous = move |request: &str| request.contains("user_000005").then(|| http(status, "", body));
        let url = scripted_target(move |request| obliging(request, poisonous));
        let scratch = Scratch::new();
        let file = scratch.write("users.json", export((0..8).map(user)));
        let run = import_into(&scratch, &url, &file, &["--rate", "1000/s", "--max-wait", "8"]).expect_code(3);
        assert_eq!((run.count("created"), run.count("rejected")), (7, 1), "{}{}", run.stdout, run.stderr);
    }
}

/// The only user there is to send, as on many nights. Nothing else can succeed meanwhile.
#[test]
fn one_poisonous_record_that_is_the_only_one_to_send_is_found() {
    type Answer = fn() -> String;
    let answers: [(&str, Answer); 4] = [
        ("500", || http("500 Internal Server Error", "", r#"{"error":{"code":"X"}}"#)),
        ("504", || http("504 Gateway Timeout", "", "<html>")),
        ("no answer", String::new),
        ("item", || http("200 OK", "", r#"{"results":[{"status":"error","error":{"code":"X"}}]}"#)),
    ];
    for (name, answer) in answers {
        let url = scripted_target(move |request| obliging(request, |_| Some(answer())));
        let scratch = Scratch::new();
        let file = scratch.write("users.json", export([user(5)]));
        let flags = ["--rate", "1000/s", "--max-wait", "8", "--request-timeout", "1"];
        let run = import_into(&scratch, &url, &file, &flags);
        assert_eq!((run.code, run.count("rejected")), (Some(3), 1), "{name}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.report()["rejected_by_code"]["target_error"]["count"], 1, "{name}");
    }
}

#[test]
fn changes_that_fail_for_a_while_are_made() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "off", "--fault", "item-error=0.3"]);
    let file = scratch.write("users.json", export((0..60).map(user)));
    let flags = ["--rate", "1000/s"];
    scratch.import(&sandbox, &file, &flags).expect_code(0);
    let changed = scratch.write("changed.json", export((0..60).map(|number| user(number).replace("\"N", "\"Renamed"))));
    let run = scratch.import(&sandbox, &changed, &[&flags[..], &["--on-existing", "update"]].concat()).expect_code(0);
    assert_eq!(run.count("updated"), 60, "{}", run.stdout);
}

#[test]
fn one_poisonous_change_does_not_stop_a_run() {
    for (single, method) in [(&[][..], "POST /v1/identities:batchUpdate"), (&["--no-batch"], "PATCH ")] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[&["--rate", "off"], single].concat());
        let file = scratch.write("users.json", export((0..8).map(user)));
        scratch.import(&sandbox, &file, &[]).expect_code(0);
        let url = proxy(&sandbox.base_url(), move |head, body| {
            let is_it = head.starts_with(method) && String::from_utf8_lossy(body).contains("user_000003");
            if is_it { Way::Instead(http("500 Internal Server Error", "", "{}")) } else { Way::Through }
        });
        let changed = (0..8).map(|number| user(number).replace("\"N", "\"Renamed"));
        let changed = scratch.write("changed.json", export(changed));
        let flags = ["--rate", "1000/s", "--max-wait", "2", "--on-existing", "update", "--base-url", &url];
        let run = scratch.import(&sandbox, &changed, &flags).expect_code(3);
        assert_eq!((run.count("updated"), run.count("rejected")), (7, 1), "{}{}", run.stdout, run.stderr);
        assert_eq!(run.report()["rejected_by_code"]["target_error"]["count"], 1, "{}", run.stdout);
    }
}

#[test]
fn a_change_that_is_refused_for_want_of_a_permission_stops_the_run_resumably_and_rejects_nobody() {
    for code in ["AVNOLOGY_AUTH_100", "AVNOLOGY_AUTH_005", "AVNOLOGY_AUTH_300"] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &["--rate", "off"]);
        let file = scratch.write("users.json", export((0..20).map(user)));
        scratch.import(&sandbox, &file, &[]).expect_code(0);
        let seen = std::sync::atomic::AtomicU32::new(0);
        let url = proxy(&sandbox.base_url(), move |head, _| {
            let is_change = head.starts_with("POST /v1/identities:batchUpdate");
            if is_change && seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 5 {
                let item = format!(r#"{{"status":"error","error":{{"code":"{code}"}}}}"#);
                return Way::Instead(http("200 OK", "", &format!(r#"{{"results":[{item}]}}"#)));
            }
            Way::Through
        });
        let changed = (0..20).map(|number| user(number).replace("\"N", "\"Renamed"));
        let changed = scratch.write("changed.json", export(changed));
        let flags = ["--rate", "1000/s", "--concurrency", "1", "--on-existing", "update"];
        let run = scratch.import(&sandbox, &changed, &[&flags[..], &["--base-url", &url]].concat()).expect_code(6);
        assert_eq!(run.count("rejected"), 0, "{code}: {}", run.stdout);
        let rest = scratch.import(&sandbox, &changed, &flags).expect_code(0);
        assert_eq!((rest.count("rejected"), rest.count("unfinished")), (0, 0), "{code}: {}", rest.stdout);
        let renamed = sandbox.column("first_name");
        assert!(renamed.iter().all(|name| name.starts_with("Renamed")), "{code}: {renamed:?}");
    }
}

#[test]
fn an_absurd_retry_after_is_no_reason_to_crash() {
    let absurd = |_: &str| Some(http("503 Service Unavailable", "retry-after: 18446744073709551615\r\n", ""));
    let url = scripted_target(move |request| obliging(request, absurd));
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..80).map(user)));
    let run = import_into(&scratch, &url, &file, &["--batch-size", "10"]).expect_code(7);
    assert_eq!((run.count("created"), run.report()["status"].clone()), (0, "stopped".into()), "{}", run.stdout);
}

#[test]
fn waiting_for_a_turn_is_not_waiting_for_the_target() {
    let failures = std::sync::atomic::AtomicU32::new(0);
    let once = move |_: &str| {
        let first = failures.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        first.then(|| http("503 Service Unavailable", "", ""))
    };
    let url = scripted_target(move |request| obliging(request, &once));
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..20).map(user)));
    let flags = ["--batch-size", "4", "--concurrency", "4", "--rate", "2/s", "--max-wait", "1"];
    assert_eq!(import_into(&scratch, &url, &file, &flags).expect_code(0).count("created"), 20);
}

#[test]
fn a_banned_user_is_never_left_active_by_a_target_that_ignores_the_state() {
    // The target creates the user, loses the answer, and then says that the user is there and active.
    let log = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let (seen, calls) = (std::sync::Arc::clone(&log), std::sync::atomic::AtomicU32::new(0));
    let url = scripted_target(move |request| {
        let line = request.lines().next().unwrap_or_default().to_owned();
        seen.lock().expect("the log").push(line.clone());
        match line.as_str() {
            line if line.contains(":batchCreate") => http("404 Not Found", "", ""),
            line if line.contains(":deactivate") => http("200 OK", "", "{}"),
            line if line.starts_with("POST") => match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 => http("502 Bad Gateway", "", ""),
                _ => http("409 Conflict", "", r#"{"error":{"code":"AVNOLOGY_AUTH_903"}}"#),
            },
            line if line.contains("filter=") => {
                http("200 OK", "", r#"{"identities":[{"id":"usr_1","external_id":"user_000001","state":"active"}]}"#)
            }
            _ => http("200 OK", "", r#"{"identities":[]}"#),
        }
    });
    let scratch = Scratch::new();
    let file =
        scratch.write("users.json", export([user(1).replace("\"first_name\"", "\"banned\":true,\"first_name\"")]));
    import_into(&scratch, &url, &file, &[]).expect_code(0);
    let log = log.lock().expect("the log");
    assert!(log.iter().any(|line| line.contains("usr_1:deactivate")), "{log:?}");
}

#[test]
fn memory_stays_bounded_where_little_of_the_input_is_sent() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    // One small user of each megabyte is sent; 150 MB in all.
    let padding = "x".repeat(1_000_000);
    let padded = (0..150)
        .map(|number| user(number).replace("\"first_name\"", &format!("\"unknown\":\"{padding}\",\"first_name\"")));
    let file = scratch.write("users.json", export(padded));
    let mut command = scratch.import_command(&sandbox, &file, &[]);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut peak = 0;
    while process.try_wait().expect("its state").is_none() {
        peak = peak.max(peak_kibibytes(process.id()));
        std::thread::sleep(Duration::from_millis(5));
    }
    let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(0);
    assert_eq!(run.count("created"), 150);
    assert!((1_000..48 * 1024).contains(&peak), "{peak} KiB");
}

/// The most memory that a process has used so far apart from its code, as Linux reports it; 0 after its end.
fn peak_kibibytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kibibytes = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    };
    kibibytes("VmHWM:").unwrap_or(0).saturating_sub(kibibytes("RssFile:").unwrap_or(0))
}

#[test]
fn a_key_that_expires_in_the_middle_stops_the_run_resumably_and_rejects_nobody() {
    let (batches, expired) = (std::sync::atomic::AtomicU32::new(0), std::sync::atomic::AtomicBool::new(true));
    let expired = std::sync::Arc::new(expired);
    let still = std::sync::Arc::clone(&expired);
    let url = scripted_target(move |request| {
        obliging(request, |_| {
            let count = batches.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let refuse = count >= 3 && still.load(std::sync::atomic::Ordering::Relaxed);
            refuse.then(|| http("401 Unauthorized", "", r#"{"error":{"code":"AVNOLOGY_AUTH_005"}}"#))
        })
    });
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..200).map(user)));
    let flags = ["--batch-size", "10", "--concurrency", "2"];
    let run = import_into(&scratch, &url, &file, &flags).expect_code(6);
    assert_eq!((run.count("created"), run.count("rejected")), (30, 0), "{}", run.stdout);
    assert!(run.stderr.contains("AVNOLOGY_SECRET_KEY"), "{}", run.stderr);
    expired.store(false, std::sync::atomic::Ordering::Relaxed);
    let rest = import_into(&scratch, &url, &file, &flags).expect_code(0);
    assert_eq!((rest.count("created"), rest.count("unfinished")), (200, 0), "{}", rest.stdout);
}
