//! Gateways that answer for a target, outages, and single users on which something breaks. What still succeeds shows who is
//! at fault. No user is rejected because of an outage, and no outage is waited for longer than the administrator allowed.

use crate::support;

use std::collections::BTreeSet;
use std::io::Read;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::target::{Way, http, import_into, obliging, proxy, scripted_target};
use support::{Run, Sandbox, Scratch, export, until, user};

const CREATE: &str = "POST /v1/identities:batchCreate";

/// Whether it is a batch of the import, and not a request of the preflight.
fn is_batch(head: &str, body: &[u8]) -> bool {
    head.starts_with(CREATE) && !String::from_utf8_lossy(body).contains(r#""validate_only":true"#)
}

#[test]
fn a_gateway_that_answers_400_to_everything_rejects_nobody() {
    let counted =
        ["400 Bad Request", "413 Content Too Large", "409 Conflict", "422 Unprocessable Content"].map(|status| {
            let scratch = Scratch::new();
            let url = scripted_target(move |request| {
                obliging(request, |_| Some(http(status, "content-type: text/html\r\n", "<h1>blocked by policy</h1>")))
            });
            let file = scratch.write("users.json", export((0..60).map(user)));
            let run = import_into(&scratch, &url, &file, &["--rate", "1000/s"]);
            (status, run.count("rejected"), run.code)
        });
    assert!(counted.iter().all(|(_, rejected, _)| *rejected == 0), "{counted:?}");
}

#[test]
fn a_target_whose_items_all_fail_for_a_minute_rejects_nobody() {
    let scratch = Scratch::new();
    let url = scripted_target(|request| {
        obliging(request, |request| {
            let failed = r#"{"status":"error","error":{"code":"AVNOLOGY_AUTH_021"}}"#;
            let results = vec![failed; request.matches(r#"{"identity":{"#).count()];
            Some(http("200 OK", "", &format!("{{\"results\":[{}]}}", results.join(","))))
        })
    });
    let file = scratch.write("users.json", export((0..20).map(user)));
    let run = import_into(&scratch, &url, &file, &["--rate", "1000/s", "--max-wait", "20"]);
    assert_eq!((run.count("rejected"), run.count("unfinished")), (0, 20), "exit {:?}", run.code);
    assert_eq!(run.code, Some(7), "{}", run.stderr);
}

#[test]
fn one_user_on_whom_the_gateway_times_out_does_not_stop_the_run() {
    let scratch = Scratch::new();
    let url = scripted_target(|request| {
        obliging(request, |request| request.contains("user_000007").then(|| http("504 Gateway Timeout", "", "<html>")))
    });
    let file = scratch.write("users.json", export((0..200).map(user)));
    let flags = ["--rate", "1000/s", "--batch-size", "10", "--max-wait", "15"];
    let run = import_into(&scratch, &url, &file, &flags).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected"), run.count("unfinished")), (199, 1, 0));
    // No answer said that the user is invalid.
    assert_eq!(run.report()["rejected_by_code"]["target_error"]["count"], 1, "{}", run.stdout);
}

/// Imports 200 users through a gateway that loses the answers to requests, by their heads, that are about one of them.
fn import_while_answers_are_lost(scratch: &Scratch, sandbox: &Sandbox, is_lost: fn(&str) -> bool) -> Run {
    let url = proxy(&sandbox.base_url(), move |head, body| {
        let is_about_one = [head, &String::from_utf8_lossy(body)].iter().any(|part| part.contains("user_000007"));
        let lost = |_: String| http("504 Gateway Timeout", "", "<html>");
        if is_about_one && is_lost(head) { Way::Afterwards(Box::new(lost)) } else { Way::Through }
    });
    let file = scratch.write("users.json", export((0..200).map(user)));
    scratch.import(sandbox, &file, &["--rate", "1000/s", "--batch-size", "10", "--max-wait", "15", "--base-url", &url])
}

#[test]
fn a_user_of_whom_no_answer_ever_comes_is_created_if_the_target_made_that_user() {
    for single in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[&["--rate", "off"], single].concat());
        let creates = |head: &str| head.starts_with("POST /v1/identities");
        let run = import_while_answers_are_lost(&scratch, &sandbox, creates).expect_code(0);
        assert_eq!((run.count("created"), run.count("rejected"), run.count("unfinished")), (200, 0, 0));
    }
}

#[test]
fn a_user_whom_the_target_can_neither_create_nor_show_stops_nobody_else() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "off"]);
    let run = import_while_answers_are_lost(&scratch, &sandbox, |_| true).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected"), run.count("unfinished")), (199, 1, 0));
    let rejects = scratch.read(run.report()["rejects_file"].as_str().expect("a rejects file"));
    assert!(rejects.contains("may have created it all the same"), "{rejects}");
}

#[test]
fn after_one_refusal_no_body_is_sent_compressed() {
    let scratch = Scratch::new();
    let (posts, compressed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = (Arc::clone(&posts), Arc::clone(&compressed));
    let sandbox = Sandbox::start(&scratch, &["--rate", "off"]);
    // A gateway accepts gzip and says so with every answer; the service behind it does not.
    let url = proxy(&sandbox.base_url(), move |head, body| {
        let said = |answer: String| answer.replacen("\r\n", "\r\naccept-encoding: gzip\r\n", 1);
        seen.0.fetch_add(usize::from(head.starts_with(CREATE)), Ordering::Relaxed);
        if head.to_lowercase().contains("content-encoding: gzip") {
            assert!(!body.is_empty());
            seen.1.fetch_add(1, Ordering::Relaxed);
            return Way::Instead(said(http("415 Unsupported Media Type", "", "")));
        }
        Way::Afterwards(Box::new(said))
    });
    let file = scratch.write("users.json", export((0..400).map(user)));
    let run = scratch.import(&sandbox, &file, &["--batch-size", "20", "--base-url", &url]).expect_code(0);
    let (posts, compressed) = (posts.load(Ordering::Relaxed), compressed.load(Ordering::Relaxed));
    assert!(compressed <= 4, "{compressed} of {posts} were refused; the report says {}", run.report()["requests"]);
}

#[test]
fn max_wait_bounds_a_wait_that_the_target_asks_for_during_reading_back() {
    let scratch = Scratch::new();
    let reading = AtomicBool::new(false);
    let url = scripted_target(move |request| {
        if request.starts_with("GET /v1/identities:batchGet") && reading.load(Ordering::Relaxed) {
            return http("429 Too Many Requests", "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 3600\r\n", "");
        }
        obliging(request, |request| {
            reading.store(true, Ordering::Relaxed);
            let results = vec![r#"{"status":"exists","id":"usr_1"}"#; request.matches(r#"{"identity":{"#).count()];
            Some(http("200 OK", "", &format!("{{\"results\":[{}]}}", results.join(","))))
        })
    });
    let file = scratch.write("users.json", export((0..20).map(user)));
    let what = ["migrate", "clerk", "--import", &file, "--base-url", &url, "--max-wait", "2", "--progress", "none"];
    let mut command = scratch.avnology(&what);
    command.env("AVNOLOGY_SECRET_KEY", "sk_test_1").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("it runs");
    let mut ended = None;
    for _ in 0..200 {
        ended = process.try_wait().expect("its state");
        if ended.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    if ended.is_none() {
        process.kill().expect("it is ended");
        process.wait().expect("it ends");
    }
    let mut said = String::new();
    process.stderr.take().expect("stderr").read_to_string(&mut said).expect("UTF-8");
    assert_eq!(ended.and_then(|status| status.code()), Some(7), "it waits for ten times --max-wait: {said}");
}

#[test]
fn a_resumed_run_owns_the_halves_of_a_batch_that_was_carried_out() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "off"]);
    let broken = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&broken);
    let url = proxy(&sandbox.base_url(), move |head, body| {
        let users = String::from_utf8_lossy(body).matches(r#"{"identity":{"#).count();
        match users {
            _ if !head.starts_with(CREATE) || !seen.load(Ordering::Relaxed) => Way::Through,
            // The target does the work, and does not answer in time.
            20 => Way::Silence { committed: true },
            // Then the run ends, with the first half in flight.
            10 => Way::Instead(http("402 Payment Required", "", "")),
            _ => Way::Through,
        }
    });
    let file = scratch.write("users.json", export((0..20).map(user)));
    let flags = ["--base-url", &url, "--batch-size", "20", "--request-timeout", "1", "--on-existing", "fail"];
    scratch.import(&sandbox, &file, &flags).expect_code(6);
    broken.store(false, Ordering::Relaxed);
    let run = scratch.import(&sandbox, &file, &flags);
    assert_eq!((run.count("created"), run.count("rejected")), (20, 0), "exit {:?}: {}", run.code, run.stdout);
}

#[test]
fn max_wait_bounds_an_outage_for_batches_of_any_size() {
    let scratch = Scratch::new();
    let url = scripted_target(|request| obliging(request, |_| Some(http("500 Internal Server Error", "", "<html>"))));
    let file = scratch.write("users.json", export((0..64).map(user)));
    let what = ["migrate", "clerk", "--import", &file, "--base-url", &url, "--max-wait", "20", "--progress", "none"];
    let mut command = scratch.avnology(&what);
    command.env("AVNOLOGY_SECRET_KEY", "sk_test_1").stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = command.spawn().expect("it runs");
    let mut ended = None;
    for _ in 0..600 {
        ended = process.try_wait().expect("its state");
        if ended.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    if ended.is_none() {
        process.kill().expect("it is ended");
        process.wait().expect("it ends");
    }
    assert_eq!(ended.and_then(|status| status.code()), Some(7), "nothing succeeded for three times --max-wait");
}

#[test]
fn a_wait_that_the_target_asks_for_is_kept_in_the_preflight_too() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..5).map(user)));
    for (patience, code) in [("30", 0), ("1", 7)] {
        let asked = AtomicUsize::new(0);
        let url = scripted_target(move |request| match asked.fetch_add(1, Ordering::Relaxed) {
            0 => http("503 Service Unavailable", "retry-after: 2\r\n", ""),
            _ => obliging(request, |_| None),
        });
        let run = import_into(&scratch, &url, &file, &["--max-wait", patience]).expect_code(code);
        assert_eq!(run.stderr.contains("left alone for 2 s"), code == 7, "{}", run.stderr);
    }
}

#[test]
fn the_run_owns_what_a_batch_did_before_it_was_too_large() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "off"]);
    let requests = AtomicUsize::new(0);
    let url = proxy(&sandbox.base_url(), move |head, body| {
        match if is_batch(head, body) { requests.fetch_add(1, Ordering::Relaxed) } else { usize::MAX } {
            // The target does the work, and does not answer in time; then a stricter gateway takes its place.
            0 => Way::Silence { committed: true },
            1 => Way::Instead(http("413 Content Too Large", "", "")),
            _ => Way::Through,
        }
    });
    let file = scratch.write("users.json", export((0..20).map(user)));
    let flags = ["--base-url", &url, "--batch-size", "20", "--request-timeout", "1", "--on-existing", "fail"];
    let run = scratch.import(&sandbox, &file, &flags);
    assert_eq!((run.count("created"), run.count("rejected")), (20, 0), "exit {:?}: {}", run.code, run.stdout);
}

#[test]
fn the_run_does_not_own_what_others_created_during_an_outage() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "off"]);
    let away = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&away);
    let url = proxy(&sandbox.base_url(), move |head, body| {
        let is_first = is_batch(head, body) && !seen.swap(true, Ordering::Relaxed);
        if is_first { Way::Instead(http("503 Service Unavailable", "retry-after: 2\r\n", "")) } else { Way::Through }
    });
    let file = scratch.write("users.json", export((0..20).map(user)));
    let mut command = scratch.import_command(&sandbox, &file, &["--base-url", &url]);
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    until("no batch was sent", || away.load(Ordering::Relaxed));
    // Nothing of the batch was done. Another program creates the very same user first.
    let theirs = scratch.write("theirs.json", export([user(7)]));
    scratch.import(&sandbox, &theirs, &["--runs-dir", "theirs"]).expect_code(0);
    let run = Run::of(process.wait_with_output().expect("it ends")).expect_code(0);
    assert_eq!((run.count("created"), run.count("unchanged")), (19, 1), "{}", run.stdout);
    let undone = scratch.undo(&sandbox, run.report()["run"].as_str().expect("an id"), &["--yes"]).expect_code(0);
    assert_eq!(undone.report()["counts"]["deleted"], 19);
    assert_eq!(sandbox.column("external_id"), ["user_000007"]);
}

/// Imports a few users into a target that refuses the first batch with these headers. Returns how the run ended, and after
/// how long it sent the batch again.
fn refused_once(headers: &'static str, patience: &str) -> (Option<i32>, Duration) {
    let scratch = Scratch::new();
    let sent = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    let url = scripted_target(move |request| {
        obliging(request, |_| {
            let mut sent = seen.lock().expect("nobody panicked");
            sent.push(tokio::time::Instant::now());
            (sent.len() == 1).then(|| http("429 Too Many Requests", headers, ""))
        })
    });
    let file = scratch.write("users.json", export((0..20).map(user)));
    let run = import_into(&scratch, &url, &file, &["--max-wait", patience]);
    let sent = sent.lock().expect("nobody panicked");
    (run.code, sent[sent.len() - 1] - sent[0])
}

#[test]
fn one_odd_refusal_does_not_stop_a_run() {
    let odd = [
        "retry-after: 86400\r\n",
        "retry-after: 99999999999999999999999999\r\n",
        "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 60000\r\n",
        "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 99999999999999999999\r\n",
        "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 4102444800000\r\n",
        "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 4102444800\r\n",
        "x-ratelimit-remaining: zero\r\nx-ratelimit-reset: -1\r\nretry-after: never\r\n",
    ];
    let ended: Vec<_> = std::thread::scope(|scope| {
        let runs = odd.map(|headers| scope.spawn(move || (headers, refused_once(headers, "15").0)));
        runs.map(|run| run.join().expect("it ends")).into()
    });
    assert!(ended.iter().all(|(_, code)| *code == Some(0)), "{ended:?}");
}

#[test]
fn parts_of_a_second_are_waited_for() {
    let (code, after) = refused_once("retry-after: 1.5\r\n", "180");
    assert_eq!(code, Some(0));
    assert!(after >= Duration::from_millis(1500), "sent again after {after:?}");
}

#[test]
fn a_target_that_keeps_refusing_for_a_day_ends_the_run_resumably() {
    let scratch = Scratch::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&calls);
    let url = scripted_target(move |request| {
        obliging(request, |_| {
            seen.fetch_add(1, Ordering::Relaxed);
            Some(http("429 Too Many Requests", "retry-after: 86400\r\n", ""))
        })
    });
    let file = scratch.write("users.json", export((0..20).map(user)));
    let run = import_into(&scratch, &url, &file, &[]).expect_code(7);
    assert!(run.stderr.contains("86400 s") && run.stderr.contains("--max-wait"), "{}", run.stderr);
    assert_eq!((calls.load(Ordering::Relaxed), run.count("unfinished")), (2, 20));
}

#[test]
fn a_user_who_fails_when_the_target_goes_down_is_not_to_blame() {
    let scratch = Scratch::new();
    let struck = AtomicBool::new(false);
    let url = scripted_target(move |request| {
        // From this user on, the target answers the requests in flight and then no more.
        let strikes = request.contains("user_000003");
        let is_down = struck.fetch_or(strikes, Ordering::Relaxed) && request.contains("validate_only\":true");
        if strikes || is_down { http("502 Bad Gateway", "", "<html>") } else { obliging(request, |_| None) }
    });
    let file = scratch.write("users.json", export((0..10).map(user)));
    let flags = ["--batch-size", "1", "--concurrency", "4", "--max-wait", "3", "--rate", "1000/s"];
    let run = import_into(&scratch, &url, &file, &flags);
    assert_eq!((run.count("rejected"), run.code), (0, Some(7)), "{}", run.stdout);
}

/// A page to sign in at a gateway, say, whose status is 200. It takes the place of the first answer about each identity.
#[test]
fn a_page_in_place_of_an_answer_changes_and_deletes_nobody() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--no-batch"]);
    let seen = Mutex::new(BTreeSet::new());
    let url = proxy(&sandbox.base_url(), move |head, _| {
        let request = head.lines().next().unwrap_or_default().to_owned();
        let changes =
            ["PATCH ", "DELETE "].iter().any(|method| request.starts_with(method)) || request.contains("activate");
        if changes && seen.lock().expect("the set").insert(request) {
            return Way::Instead(http("200 OK", "content-type: text/html\r\n", "<html>Sign in</html>"));
        }
        Way::Through
    });
    let import = |file: &str, more: &[&str]| {
        let mut command = scratch.import_command(&sandbox, file, more);
        Run::of(command.env("AVNOLOGY_BASE_URL", &url).output().expect("the binary runs"))
    };
    let person = |number: usize, more: &str| {
        let address = format!(r#"[{{"email_address":"user{number}@example.com"}}]"#);
        format!(r#"{{"id":"user_{number}","email_addresses":{address}{more}}}"#)
    };
    let first =
        import(&scratch.write("users.json", export((0..3).map(|number| person(number, "")))), &[]).expect_code(0);
    assert_eq!(first.count("created"), 3);
    let changed = (0..3).map(|number| person(number, r#","first_name":"Ada","banned":true"#));
    let run = import(&scratch.write("changed.json", export(changed)), &["--on-existing", "update"]).expect_code(0);
    assert_eq!(run.count("updated"), 3, "{}", run.stdout);
    assert_eq!(sandbox.column("state"), ["disabled"; 3], "each answer was waited for");
    let id = first.report()["run"].as_str().expect("a run").to_owned();
    let undone = scratch.undo(&sandbox, &id, &["--yes", "--force"]).expect_code(0);
    assert_eq!(undone.report()["counts"]["deleted"], 3, "{}", undone.stdout);
    assert_eq!(sandbox.column("id"), Vec::<String>::new());
}
