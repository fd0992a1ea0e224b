//! A target that creates a user although it was only asked to check: the user of the preflight is deleted again, and
//! reported.

use crate::support;

use std::sync::{Arc, Mutex};

use support::target::{http, import_into, obliging, scripted_target};
use support::{Run, Scratch, export, user};

const PROBE: &str = "avnology-migrate-preflight";

/// Imports into a target that answers the preflight's probe with this, and deletes as given. Returns the lines of its
/// requests.
fn import_past(
    probed: &'static str,
    deleting: &'static str,
    special: fn(&str) -> Option<String>,
) -> (Run, Vec<String>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let url = scripted_target(move |request| {
        let line = request.lines().next().unwrap_or_default().to_owned();
        let is_probe = request.contains(r#""validate_only":true"#);
        seen.lock().expect("the log").push(if is_probe { format!("probe {line}") } else { line.clone() });
        if is_probe {
            return http("200 OK", "", &format!(r#"{{"results":[{probed}]}}"#));
        }
        if line.starts_with("DELETE ") {
            return http(deleting, "", "");
        }
        if line.contains(":batchDelete") {
            return http("200 OK", "", r#"{"results":[{"status":"deleted","id":"usr_probe"}]}"#);
        }
        if line.contains(":batchGet") && line.contains(PROBE) {
            return http("200 OK", "", &format!(r#"{{"identities":[{{"id":"usr_left","external_id":"{PROBE}"}}]}}"#));
        }
        obliging(request, special)
    });
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export([user(1)]));
    let run = import_into(&scratch, &url, &file, &["--max-wait", "1"]);
    let log = log.lock().expect("the log").clone();
    (run, log)
}

fn count(log: &[String], begin: &str) -> usize {
    log.iter().filter(|line| line.starts_with(begin)).count()
}

#[test]
fn a_probe_that_was_created_is_deleted_and_reported() {
    for (status, by) in
        [("204 No Content", "DELETE /v1/identities/usr_probe "), ("405 No", "POST /v1/identities:batchDelete ")]
    {
        let (run, log) = import_past(r#"{"status":"created","id":"usr_probe"}"#, status, |_| None);
        let run = run.expect_code(0);
        assert_eq!((run.count("created"), count(&log, by), count(&log, "probe ")), (1, 1, 1), "{log:?}");
        assert!(run.stderr.contains(PROBE) && run.stderr.contains("deleted"), "{}", run.stderr);
    }
    // A probe that an earlier run left is compared in every field before it is deleted.
    let (run, log) = import_past(r#"{"status":"exists","id":"usr_left"}"#, "204 No Content", |_| None);
    assert_eq!(
        (run.expect_code(0).count("created"), count(&log, "DELETE /v1/identities/usr_left ")),
        (1, 1),
        "{log:?}"
    );
    let (run, log) = import_past(r#"{"status":"exists","id":"usr_other"}"#, "204 No Content", |_| None);
    assert_eq!((run.expect_code(0).count("created"), count(&log, "DELETE ")), (1, 0), "{log:?}");
}

#[test]
fn a_probe_that_cannot_be_deleted_is_reported_and_one_that_was_not_created_is_not() {
    let (run, _) = import_past(r#"{"status":"created","id":"usr_probe"}"#, "403 Forbidden", |_| None);
    let run = run.expect_code(0);
    assert!(run.stderr.contains("usr_probe") && run.stderr.contains("by hand"), "{}", run.stderr);
    let (run, log) = import_past(r#"{"status":"created"}"#, "204 No Content", |_| None);
    let run = run.expect_code(0);
    assert!(!run.stderr.contains(PROBE) && count(&log, "DELETE ") == 0, "{}", run.stderr);
}

#[test]
fn no_further_probe_is_sent_to_a_target_that_creates_them() {
    // A refusal without a known code, of a single user: a probe would show whether it concerns that user.
    let refuse: fn(&str) -> Option<String> =
        |_| Some(http("400 Bad Request", "content-type: text/html\r\n", "<h1>no</h1>"));
    let (_, log) = import_past(r#"{"status":"created"}"#, "204 No Content", refuse);
    assert_eq!(count(&log, "probe "), 2, "{log:?}");
    let (run, log) = import_past(r#"{"status":"created","id":"usr_probe"}"#, "204 No Content", refuse);
    assert_eq!((count(&log, "probe "), count(&log, "DELETE ")), (1, 1), "{log:?}");
    assert_eq!(run.expect_code(6).count("rejected"), 0);
}
