//! What the sender should do and does not.

mod support;

use std::io::Read;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use support::target::{Way, http, import_into, obliging, proxy, scripted_target};
use support::{Sandbox, Scratch, export, user};

const CREATE: &str = "POST /v1/identities:batchCreate";

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
