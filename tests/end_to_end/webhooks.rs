//! `webhooks`: from the administrator's list to endpoints at the target, each once, inactive, and no secret lost or shown; and
//! who signed a delivery.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::target::{Way, http, proxy, read_request, scripted_target};
use crate::support::{Run, Sandbox, Scratch, until};

/// What stands in the URL and the headers of the file, and must be nowhere else.
const CANARY: &str = "c4n4ry";

const ENDPOINTS: &str = r#"
[[endpoint]]
name = "billing"
url = "https://hooks.example.com/Clerk/?token=c4n4ry"
events = ["user.created", "user.deleted", "organizationMembership.created", "subscription.active"]
description = "Billing"
headers = { "X-Team" = "c4n4ry" }

[[endpoint]]
url = "https://crm.example.com/in"
events = ["user.created"]

[[endpoint]]
name = "texts"
url = "https://sms.example.com/in"
events = ["sms.created", "user.flew"]

[[endpoint]]
name = "old"
url = "http://hooks.example.com/in"
events = ["user.created"]
"#;

const PLAN: [&str; 4] = ["--plan", "plan.json", "--endpoints", "endpoints.toml"];

fn webhooks(scratch: &Scratch, command: &str, more: &[&str]) -> Run {
    let fixed = ["migrate", "clerk", "webhooks", command];
    scratch.run(&fixed.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

/// A command that asks the target.
fn at(scratch: &Scratch, base_url: &str, command: &str, more: &[&str]) -> Run {
    let fixed = ["migrate", "clerk", "webhooks", command, "--output", "json", "-vv", "--base-url", base_url];
    let mut command = scratch.avnology(&fixed.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
    Run::of(command.env("AVNOLOGY_SECRET_KEY", "sk_test_sandbox").output().expect("it runs"))
}

fn plan(scratch: &Scratch) {
    scratch.write("endpoints.toml", ENDPOINTS);
    webhooks(scratch, "plan", &["--endpoints", "endpoints.toml", "--out", "plan.json"]).expect_code(0);
}

/// The outcome of each line of a report.
fn outcomes(run: &Run) -> BTreeMap<String, String> {
    let report = run.report();
    let lines = report["lines"].as_array().expect("lines").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    lines.map(|line| (text(&line["name"]), text(&line["outcome"]))).collect()
}

fn expected(lines: &[(&str, &str)]) -> BTreeMap<String, String> {
    lines.iter().map(|(name, outcome)| ((*name).to_owned(), (*outcome).to_owned())).collect()
}

/// The endpoints at the sandbox, with their secrets.
fn registered(sandbox: &Sandbox) -> Vec<(String, String, bool, String)> {
    let connection = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let mut statement =
        connection.prepare("SELECT url, id, active, secret FROM webhooks ORDER BY url").expect("the table");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

/// The secrets in the file, by id; the last line of an id counts.
fn secrets(scratch: &Scratch, file: &str) -> BTreeMap<String, String> {
    let text = scratch.read(file);
    let lines = text.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).expect("a line"));
    lines
        .map(|line| (line["id"].as_str().expect("it").to_owned(), line["secret"].as_str().expect("it").to_owned()))
        .collect()
}

/// Each endpoint is there once, and the file has the secret of each.
#[track_caller]
fn assert_each_once(scratch: &Scratch, sandbox: &Sandbox) {
    let there = registered(sandbox);
    let urls: Vec<&str> = there.iter().map(|(url, ..)| url.as_str()).collect();
    assert_eq!(urls, ["https://crm.example.com/in", "https://hooks.example.com/Clerk/?token=c4n4ry"]);
    assert!(there.iter().all(|(_, _, active, _)| !active), "inactive");
    let at_target: BTreeMap<String, String> = there.into_iter().map(|(_, id, _, secret)| (id, secret)).collect();
    assert_eq!(secrets(scratch, "secrets.ndjson"), at_target);
}

#[test]
fn a_plan_has_each_event_once_the_same_bytes_and_no_secret() {
    let scratch = Scratch::new();
    plan(&scratch);
    let first = scratch.read("plan.json");
    let found: Value = serde_json::from_str(&first).expect("JSON");
    let verdicts: BTreeMap<&str, &str> = found["endpoints"]
        .as_array()
        .expect("endpoints")
        .iter()
        .map(|endpoint| (endpoint["name"].as_str().expect("it"), endpoint["verdict"].as_str().expect("it")))
        .collect();
    let all = [("billing", "check"), ("crm.example.com/in", "moved"), ("old", "cannot_move"), ("texts", "cannot_move")];
    assert_eq!(verdicts, BTreeMap::from(all));
    assert_eq!(found["totals"]["endpoints"], json!({"all": 4, "moved": 1, "check": 1, "cannot_move": 2}));
    assert_eq!(found["totals"]["events"], json!({"all": 8, "moved": 3, "check": 2, "cannot_move": 3}));

    // A person decides, and makes the plan again, with the report of the code.
    let decided = first.replacen(
        "\"events\": [",
        "\"note\": \"ask Ada\", \"decided_events\": [\"user.created\"], \"events\": [",
        1,
    );
    scratch.write("plan.json", decided);
    let report = json!({"entries": [{"path": "hook.ts", "kind": "webhook", "lines": [4],
                                     "details": ["event session.created: session.created", "event user.created: user.created"]}]});
    scratch.write("code.json", report.to_string());
    let arguments = ["--endpoints", "endpoints.toml", "--out", "plan.json", "--code-report", "code.json", "-vv"];
    let run = webhooks(&scratch, "plan", &arguments).expect_code(0);
    for said in [
        "decided: user.created",
        "note: ask Ada",
        "hook.ts, line 4",
        "no endpoint of the file gets them: session.created",
    ] {
        assert!(run.stdout.contains(said), "{said}: {}", run.stdout);
    }
    let text = scratch.read("plan.json");
    webhooks(&scratch, "plan", &arguments).expect_code(0);
    assert_eq!(scratch.read("plan.json"), text);
    assert!(!(first + &text + &run.stdout + &run.stderr).contains(CANARY));

    scratch.write("plan.json", "mine");
    let run = webhooks(&scratch, "plan", &arguments).expect_code(2);
    assert!(run.stderr.contains("is there already") && scratch.read("plan.json") == "mine", "{}", run.stderr);
    // A device has no end and no earlier plan, and stays what it is.
    let run = webhooks(&scratch, "plan", &["--endpoints", "endpoints.toml", "--out", "/dev/full"]).expect_code(2);
    assert!(run.stderr.contains("cannot write `/dev/full`"), "{}", run.stderr);
    let run = webhooks(&scratch, "plan", &["--endpoints", "/dev/zero", "--out", "never.json"]).expect_code(2);
    assert!(run.stderr.contains("longer than 64 MiB"), "{}", run.stderr);
    scratch.write("endpoints.toml", "[[endpoint]]\nurl = \"https://a.example/c4n4ry\"\nevent = []");
    let run = webhooks(&scratch, "plan", &["--endpoints", "endpoints.toml", "--out", "other.json"]).expect_code(2);
    assert!(run.stderr.contains("line 3, column 1") && !run.stderr.contains(CANARY), "{}", run.stderr);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, in its order: each step costs processes")]
fn endpoints_are_registered_once_compared_and_deleted_and_nobody_elses_is() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    plan(&scratch);
    let url = sandbox.base_url();
    let run = |command: &str, more: &[&str]| at(&scratch, &url, command, &[&PLAN[..], more].concat());
    let all = |outcome| expected(&[("billing", outcome), ("crm.example.com/in", outcome)]);
    let mut said = String::new();

    assert_eq!(outcomes(&run("apply", &["--dry-run"]).expect_code(0)), all("would_be_registered"));
    let without = run("apply", &[]).expect_code(2);
    assert!(without.stderr.contains("--secrets-out") && registered(&sandbox).is_empty(), "{}", without.stderr);
    scratch.write("mine", "mine");
    let refused = run("apply", &["--secrets-out", "mine"]).expect_code(2);
    assert!(refused.stderr.contains("never overwritten") && scratch.read("mine") == "mine", "{}", refused.stderr);
    assert_eq!(outcomes(&run("verify", &[]).expect_code(3)), all("not_registered"));

    let applied = run("apply", &["--secrets-out", "secrets.ndjson"]).expect_code(0);
    assert_eq!(outcomes(&applied), all("registered"));
    assert_each_once(&scratch, &sandbox);
    let mode = std::fs::metadata(scratch.path("secrets.ndjson")).expect("it").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let same_command = run("apply", &["--secrets-out", "secrets.ndjson"]).expect_code(0);
    assert_eq!(outcomes(&same_command), all("unchanged"));
    let again = run("apply", &[]).expect_code(0);
    assert_eq!(outcomes(&again), all("unchanged"));
    assert_each_once(&scratch, &sandbox);
    let verified = run("verify", &["--report", "verify.json"]).expect_code(0);
    assert_eq!(outcomes(&verified), all("same_and_inactive"));
    let report: Value = serde_json::from_str(&scratch.read("verify.json")).expect("JSON");
    assert!(report["command"] == "webhooks verify" && report["exit_code"] == 0 && report["target"] == url.as_str());
    said +=
        &(applied.stdout + &applied.stderr + &again.stderr + &verified.stdout + &verified.stderr + &report.to_string());

    // Somebody else's endpoint, and one of ours that is in use.
    let caller = Caller::of(&sandbox);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let theirs = runtime.block_on(async {
        let body = json!({"url": "https://theirs.example.com", "events": ["user.created"], "description": "theirs"});
        caller.post("v1/webhooks", body).await.expect(201)["id"].as_str().expect("an id").to_owned()
    });
    let billing = registered(&sandbox)[1].1.clone();
    let activate = |active: bool| {
        let path = format!("v1/webhooks/{billing}");
        runtime.block_on(caller.patch(&path, json!({"active": active}), None)).expect(200);
    };
    activate(true);
    let verified = run("verify", &[]).expect_code(3);
    assert_eq!(verified.report()["differences"], 1, "{}", verified.stdout);
    let mut states = all("same_and_inactive");
    states.insert("billing".to_owned(), "active_already".to_owned());
    states.insert(theirs, "not_ours".to_owned());
    assert_eq!(outcomes(&verified), states);

    let undo = |more: &[&str]| at(&scratch, &url, "undo", more);
    assert!(undo(&[]).expect_code(2).stderr.contains("not confirmed"));
    let would = [("billing", "kept"), ("crm.example.com/in", "would_be_deleted")];
    assert_eq!(outcomes(&undo(&["--dry-run"]).expect_code(3)), expected(&would));
    let first = undo(&["--yes"]).expect_code(3);
    assert_eq!(outcomes(&first), expected(&[("billing", "kept"), ("crm.example.com/in", "deleted")]));
    activate(false);
    assert_eq!(outcomes(&undo(&["--yes"]).expect_code(0)), expected(&[("billing", "deleted")]));
    let left: Vec<String> = registered(&sandbox).into_iter().map(|(url, ..)| url).collect();
    assert_eq!(left, ["https://theirs.example.com"]);
    let nothing = undo(&["--yes"]).expect_code(0);
    assert!(outcomes(&nothing).is_empty() && nothing.stderr.contains("Nothing in "), "{}", nothing.stderr);

    // Somebody deletes ours, and is asked before it is there again.
    run("apply", &["--secrets-out", "second.ndjson"]).expect_code(0);
    let crm = registered(&sandbox)[0].1.clone();
    runtime.block_on(caller.delete(&format!("v1/webhooks/{crm}"))).expect(204);
    assert_eq!(outcomes(&run("verify", &[]).expect_code(3))["crm.example.com/in"], "missing");
    let lacks = run("apply", &[]).expect_code(3);
    assert_eq!(outcomes(&lacks), expected(&[("billing", "unchanged"), ("crm.example.com/in", "missing")]));
    let forced = run("apply", &["--force", "--secrets-out", "third.ndjson"]).expect_code(0);
    assert_eq!(outcomes(&forced), expected(&[("billing", "unchanged"), ("crm.example.com/in", "registered")]));
    assert!(registered(&sandbox).len() == 3 && secrets(&scratch, "third.ndjson").len() == 1);

    // A changed file, a target without a scope, and what all of it said.
    scratch.write("endpoints.toml", ENDPOINTS.replace("Billing", "Bills"));
    assert!(run("apply", &["--secrets-out", "other"]).expect_code(2).stderr.contains("make the plan again"));
    said += &(verified.stdout + &verified.stderr + &first.stdout + &first.stderr);
    assert!(!said.contains(CANARY) && !said.contains("whsec_"), "{said}");
    for entry in walk(&scratch.path(".avnology/runs")) {
        let text = std::fs::read_to_string(&entry).expect("a text");
        assert!(!text.contains(CANARY) && !text.contains("whsec_"), "{}: {text}", entry.display());
    }
}

/// These endpoints, planned and registered.
fn applied(scratch: &Scratch, sandbox: &Sandbox, endpoints: &str) {
    plan_anew(scratch, endpoints);
    at(scratch, &sandbox.base_url(), "apply", &[&PLAN[..], &["--secrets-out", "secrets.ndjson"]].concat())
        .expect_code(0);
}

fn plan_anew(scratch: &Scratch, endpoints: &str) {
    scratch.write("endpoints.toml", endpoints);
    std::fs::remove_file(scratch.path("plan.json")).unwrap_or_default();
    webhooks(scratch, "plan", &["--endpoints", "endpoints.toml", "--out", "plan.json"]).expect_code(0);
}

#[test]
fn a_blank_at_the_end_of_a_description_is_part_of_it() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    applied(&scratch, &sandbox, &ENDPOINTS.replace("\"Billing\"", "\"Billing \""));
    let activated = at(&scratch, &sandbox.base_url(), "activate", &PLAN).expect_code(0);
    assert_eq!(outcomes(&activated), expected(&[("billing", "activated"), ("crm.example.com/in", "activated")]));
}

#[test]
fn verify_names_an_endpoint_of_which_a_header_was_changed_in_the_file() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    applied(&scratch, &sandbox, ENDPOINTS);
    // The target does not show what a header holds, and a plan does not have it.
    scratch.write("endpoints.toml", ENDPOINTS.replace("\"X-Team\" = \"c4n4ry\"", "\"X-Team\" = \"c4n4ry-2\""));
    let applied = at(&scratch, &sandbox.base_url(), "apply", &PLAN).expect_code(3);
    assert_eq!(outcomes(&applied)["billing"], "changed_since");
    let verified = at(&scratch, &sandbox.base_url(), "verify", &PLAN).expect_code(3);
    assert_eq!(outcomes(&verified), expected(&[("billing", "differs"), ("crm.example.com/in", "same_and_inactive")]));
    assert!(verified.stdout.contains("changed since it was registered"), "{}", verified.stdout);
    assert!(!(verified.stdout + &verified.stderr).contains(CANARY));
}

#[test]
fn verify_names_an_endpoint_that_left_the_plan_by_its_id_or_by_its_mark() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    applied(&scratch, &sandbox, ENDPOINTS);
    at(&scratch, &sandbox.base_url(), "activate", &PLAN).expect_code(0);
    plan_anew(&scratch, &ENDPOINTS.replace("url = \"https://crm", "name = \"new\"\nurl = \"https://crm"));
    let left = || {
        let verified = at(&scratch, &sandbox.base_url(), "verify", &PLAN).expect_code(3);
        let states = [("billing", "same_and_active"), ("crm.example.com/in", "not_in_plan"), ("new", "not_registered")];
        assert_eq!(outcomes(&verified), expected(&states));
        let report = verified.report();
        let mut lines = report["lines"].as_array().expect("lines").iter();
        assert!(lines.any(|line| line["outcome"] == "not_in_plan" && line["active"] == true), "{report}");
    };
    left();
    // Its answer was lost.
    let mut kept = walk(&scratch.path(".avnology/runs")).into_iter();
    let kept = kept.find(|path| std::fs::read_to_string(path).expect("a text").contains("crm.example"));
    let kept = kept.expect("what is kept of it");
    let mut object: Value = serde_json::from_slice(&std::fs::read(&kept).expect("it")).expect("JSON");
    (object["state"], object["target_id"]) = ("creating".into(), Value::Null);
    std::fs::write(&kept, object.to_string()).expect("written");
    left();
}

/// All files below a directory.
fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn killed_or_with_lost_answers_each_endpoint_is_there_once_and_no_secret_is_lost() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    plan(&scratch);
    let arguments = [&PLAN[..], &["--secrets-out", "secrets.ndjson"]].concat();
    // At some requests, before they arrive or after it, the process is killed; then the same command again, until it is through.
    for (deadly, arrives) in [(&[1][..], false), (&[1], true), (&[2], false), (&[2], true), (&[1, 3], true)] {
        let (count, process) = (AtomicUsize::new(0), Arc::new(Mutex::new(None::<u32>)));
        let victim = Arc::clone(&process);
        let between = proxy(&sandbox.base_url(), move |_, _| {
            if !deadly.contains(&(count.fetch_add(1, Ordering::SeqCst) + 1)) {
                return Way::Through;
            }
            let victim = Arc::clone(&victim);
            let kill = move || {
                until("its id is known", || victim.lock().expect("it").is_some());
                let id = victim.lock().expect("it").take().expect("an id").to_string();
                let killed = std::process::Command::new("kill").args(["-9", &id]).status().expect("kill");
                assert!(killed.success());
                String::new()
            };
            if arrives { Way::Afterwards(Box::new(move |_| kill())) } else { Way::Instead(kill()) }
        });
        let fixed = ["migrate", "clerk", "webhooks", "apply", "--base-url", &between];
        let all: Vec<&str> = fixed.into_iter().chain(arguments.iter().copied()).collect();
        for _ in deadly {
            let mut command = scratch.avnology(&all);
            command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().expect("it starts");
            *process.lock().expect("it") = Some(child.id());
            assert_eq!(child.wait().expect("it ends").code(), None, "it was killed");
        }
        at(&scratch, &between, "apply", &arguments).expect_code(0);
        assert_each_once(&scratch, &sandbox);
        assert_eq!(outcomes(&at(&scratch, &between, "verify", &PLAN).expect_code(0)).len(), 2);
        at(&scratch, &between, "undo", &["--yes"]).expect_code(0);
        assert!(registered(&sandbox).is_empty(), "{deadly:?}");
        std::fs::remove_file(scratch.path("secrets.ndjson")).expect("it");
    }
    // A target that loses answers, and whose answers are garbage.
    for afterwards in ["", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\noops"] {
        let count = AtomicUsize::new(0);
        let between = proxy(&sandbox.base_url(), move |_, _| {
            if count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
                Way::Afterwards(Box::new(|_| afterwards.to_owned()))
            } else {
                Way::Through
            }
        });
        at(&scratch, &between, "apply", &arguments).expect_code(0);
        assert_each_once(&scratch, &sandbox);
        let caller = Caller::of(&sandbox);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        for (_, id, ..) in registered(&sandbox) {
            runtime.block_on(caller.delete(&format!("v1/webhooks/{id}"))).expect(204);
        }
        std::fs::remove_file(scratch.path("secrets.ndjson")).expect("it");
    }
}

#[test]
fn a_target_without_the_methods_gets_a_checklist_and_one_without_a_list_is_asked_once() {
    let scratch = Scratch::new();
    plan(&scratch);
    let none = scripted_target(|_| http("404 Not Found", "", "nothing here"));
    let run = at(&scratch, &none, "apply", &[&PLAN[..], &["--secrets-out", "secrets.ndjson"]].concat()).expect_code(3);
    assert_eq!(outcomes(&run), expected(&[("billing", "by_hand"), ("crm.example.com/in", "by_hand")]));
    assert!(run.stdout.contains("user.created") && !run.stdout.contains(CANARY), "{}", run.stdout);
    assert_eq!(outcomes(&at(&scratch, &none, "verify", &PLAN).expect_code(3)).len(), 2);

    // It takes endpoints, loses the first answer, and has no list.
    let count = Arc::new(AtomicUsize::new(0));
    let posts = Arc::clone(&count);
    let without_list = scripted_target(move |request| {
        if request.starts_with("GET") {
            return http("405 Method Not Allowed", "", "");
        }
        match posts.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => http("502 Bad Gateway", "", "oops"),
            number => http("201 Created", "", &format!("{{\"id\":\"whk_{number}\",\"secret\":\"whsec_{number}\"}}")),
        }
    });
    let apply = |more: &[&str]| {
        at(&scratch, &without_list, "apply", &[&PLAN[..], &["--secrets-out", "secrets.ndjson"], more].concat())
    };
    std::fs::remove_file(scratch.path("secrets.ndjson")).unwrap_or_default();
    let run = apply(&[]).expect_code(3);
    let both = |outcome| expected(&[("billing", outcome), ("crm.example.com/in", outcome)]);
    assert_eq!(outcomes(&run), both("in_doubt"));
    assert_eq!(count.load(Ordering::SeqCst), 2, "each was asked for once");
    assert_eq!(outcomes(&apply(&[]).expect_code(3)), both("in_doubt"));
    // All of those that are in doubt, in one run.
    assert_eq!(outcomes(&apply(&["--force"]).expect_code(0)), both("registered"));
    assert_eq!(secrets(&scratch, "secrets.ndjson").len(), 2);
    let refused =
        scripted_target(|_| http("403 Forbidden", "", r#"{"error":{"code":"AVNOLOGY_AUTH_100","message":"no"}}"#));
    let run = at(&scratch, &refused, "apply", &[&PLAN[..], &["--secrets-out", "no.ndjson"]].concat()).expect_code(6);
    assert!(run.stderr.contains("admin:webhooks:write"), "{}", run.stderr);
    let kratos = webhooks(&scratch, "verify", &[&PLAN[..], &["--target", "kratos", "--base-url", &refused]].concat())
        .expect_code(2);
    assert!(kratos.stderr.contains("need an Avnology ID"), "{}", kratos.stderr);
}

/// A delivery that a handler got: its headers and its body.
type WebhookDelivery = (String, Vec<u8>);

/// A handler that keeps what it gets, and answers with what `answer` says.
fn handler(
    answer: impl Fn(&str, &[u8]) -> &'static str + Send + 'static,
) -> (String, Arc<Mutex<Vec<WebhookDelivery>>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("its address"));
    let got: Arc<Mutex<Vec<WebhookDelivery>>> = Arc::default();
    let kept = Arc::clone(&got);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = std::io::BufReader::new(stream.try_clone().expect("the other half"));
            let Some((head, body)) = read_request(&mut reader) else { continue };
            let answer = http(answer(&head, &body), "connection: close\r\n", "");
            kept.lock().expect("it").push((head, body));
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    (url, got)
}

/// `verify-signature` of a delivery.
fn check(scratch: &Scratch, secret_file: &str, head: &str, body: &[u8], more: &[&str]) -> Run {
    scratch.write("headers.txt", head);
    let fixed =
        ["migrate", "clerk", "webhooks", "verify-signature", "--secret-file", secret_file, "--headers", "headers.txt"];
    let mut command = scratch.avnology(&fixed.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("its input").write_all(body).expect("written");
    Run::of(child.wait_with_output().expect("it ends"))
}

fn private(scratch: &Scratch, name: &str, text: &str) {
    scratch.write(name, text);
    std::fs::set_permissions(scratch.path(name), std::fs::Permissions::from_mode(0o600)).expect("it");
}

#[test]
fn the_sandbox_delivers_what_verify_signature_finds_valid_and_says_why_another_is_not() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--deliver-webhooks"]);
    let (url, got) = handler(|_, _| "204 No Content");
    scratch.write("endpoints.toml", format!("[[endpoint]]\nname = \"here\"\nurl = \"{url}\"\nevents = [\"user.created\"]\nheaders = {{ \"X-Team\" = \"c4n4ry\" }}\n"));
    webhooks(&scratch, "plan", &["--endpoints", "endpoints.toml", "--out", "plan.json"]).expect_code(0);
    at(&scratch, &sandbox.base_url(), "apply", &[&PLAN[..], &["--secrets-out", "secrets.ndjson"]].concat())
        .expect_code(0);
    let caller = Caller::of(&sandbox);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let path = format!("v1/webhooks/{}", registered(&sandbox)[0].1);
    runtime.block_on(async {
        // Inactive, it gets nothing.
        caller.create(json!({"external_id": "user_1", "email": "ada@example.com"})).await;
        caller.patch(&path, json!({"active": true}), None).await.expect(200);
        caller.create(json!({"external_id": "user_2", "email": "alan@example.com"})).await;
    });
    until("a delivery", || !got.lock().expect("it").is_empty());
    let (head, body) = got.lock().expect("it")[0].clone();
    let delivered: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(
        (&delivered["event_type"], &delivered["payload"]["external_id"]),
        (&json!("user.created"), &json!("user_2"))
    );
    assert!(head.to_lowercase().contains("x-team: c4n4ry"), "{head}");

    let valid = check(&scratch, "secrets.ndjson", &head, &body, &[]).expect_code(0);
    assert!(valid.stdout.contains("Valid: signed as by Avnology ID, and the key is the text"), "{}", valid.stdout);
    private(&scratch, "wrong", "whsec_b3RoZXI=\n");
    let changed = [&body[..], b"\n"].concat();
    let lines: Vec<&str> =
        head.lines().filter(|line| !line.to_lowercase().starts_with("x-avnology-timestamp")).collect();
    let old = [lines.join("\r\n").as_str(), "X-Avnology-Timestamp: 1600000000"].join("\r\n");
    for (secret, head, body, more, why) in [
        ("secrets.ndjson", head.as_str(), changed.as_slice(), &[][..], "without the line end"),
        ("secrets.ndjson", &head, b"{}", &[], "another one, or the body"),
        ("wrong", &head, &body, &[], "another one, or the body"),
        ("secrets.ndjson", &lines.join("\r\n"), &body, &[], "x-avnology-timestamp is missing"),
        ("secrets.ndjson", &old, &body, &[], "the signature does not fit"),
        ("secrets.ndjson", "", &body, &["--header", "host: a"], "no header of a signature"),
    ] {
        let run = check(&scratch, secret, head, body, more).expect_code(3);
        assert!(run.stdout.contains(why), "{why}: {}", run.stdout);
        let report =
            check(&scratch, secret, head, body, &[more, &["--output", "json"]].concat()).expect_code(3).report();
        assert!(report["valid"] == false && report["why"].is_string());
        assert!(!(run.stdout + &run.stderr).contains("whsec_"));
    }
    // The example that Standard Webhooks publishes; it is old.
    private(&scratch, "svix", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let head = "svix-id: msg_p5jXN8AQM9LWM0D4loKWxJek\nsvix-timestamp: 1614265330\nsvix-signature: \
                v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let body = br#"{"test": 2432232314}"#;
    assert!(check(&scratch, "svix", head, body, &[]).expect_code(3).stdout.contains("too old"));
    let valid = check(&scratch, "svix", head, body, &["--tolerance", "4000000000"]).expect_code(0);
    assert!(valid.stdout.contains("Clerk (Svix)"), "{}", valid.stdout);
    std::fs::set_permissions(scratch.path("svix"), std::fs::Permissions::from_mode(0o644)).expect("it");
    let run = check(&scratch, "svix", head, body, &[]).expect_code(2);
    assert!(run.stderr.contains("chmod 600") && !run.stderr.contains("whsec_"), "{}", run.stderr);
}

#[test]
fn a_handler_is_tried_with_what_it_has_to_take_and_to_refuse() {
    let scratch = Scratch::new();
    private(&scratch, "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let tried = |url: &str, more: &[&str]| {
        webhooks(
            &scratch,
            "try",
            &[&["--url", url, "--secret-file", "secret", "--output", "json", "-vv"], more].concat(),
        )
    };
    // A handler that checks: what it takes, `verify-signature` takes.
    let (careless, got) = handler(|_, _| "200 OK");
    let run = tried(&careless, &["--report", "try.json"]).expect_code(3);
    let taken =
        [("changed_body", "taken"), ("old_delivery", "taken"), ("signed", "taken"), ("without_signature", "taken")];
    assert_eq!(outcomes(&run), expected(&taken));
    assert_eq!(run.report()["differences"], 2, "{}", run.stdout);
    let codes: Vec<Option<i32>> =
        got.lock().expect("it").iter().map(|(head, body)| check(&scratch, "secret", head, body, &[]).code).collect();
    assert_eq!(codes, [Some(3), Some(3), Some(3), Some(0)]);
    let report: Value = serde_json::from_str(&scratch.read("try.json")).expect("JSON");
    assert!(report["command"] == "webhooks try" && report["exit_code"] == 3 && report["at"].is_string());

    let seen = AtomicUsize::new(0);
    let (careful, _) =
        handler(
            move |_, _| if seen.fetch_add(1, Ordering::SeqCst) % 4 == 3 { "202 Accepted" } else { "401 Unauthorized" },
        );
    tried(&careful, &[]).expect_code(0);
    let (closed, got) = handler(|_, _| "401 Unauthorized");
    assert_eq!(outcomes(&tried(&closed, &["--scheme", "clerk"]).expect_code(3))["signed"], "not_taken");
    let bodies: BTreeSet<Vec<u8>> = got.lock().expect("it").iter().map(|(_, body)| body.clone()).collect();
    assert_eq!(bodies.len(), 2, "one body, and one that was falsified");
    let (head, body) = got.lock().expect("it")[3].clone();
    assert!(head.contains("svix-signature") && check(&scratch, "secret", &head, &body, &[]).code == Some(0), "{head}");

    for (url, said) in
        [("http://hooks.example.com/in", "use https"), ("https://a:c4n4ry@example.com", "user name or a password")]
    {
        let run = tried(url, &[]).expect_code(2);
        assert!(run.stderr.contains(said) && !run.stderr.contains(CANARY), "{}", run.stderr);
    }
    let run = tried("http://127.0.0.1:1/in?token=c4n4ry", &[]).expect_code(7);
    assert!(run.stderr.contains("cannot be reached") && !(run.stderr + &run.stdout).contains(CANARY));
}

#[test]
fn the_sandbox_refuses_what_the_documentation_refuses() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for (body, field) in [
            (json!({"url": "http://example.com", "events": ["user.created"]}), "url"),
            (json!({"url": "https://example.com", "events": []}), "events"),
            (json!({"url": "https://example.com", "events": ["user.flew"]}), "events"),
        ] {
            let error = caller.post("v1/webhooks", body).await.expect_error(400, "AVNOLOGY_AUTH_902");
            assert_eq!(error["error"]["field"], field);
        }
        let body = json!({"url": "https://example.com", "events": ["user.created"]});
        let made = caller.post("v1/webhooks", body).await.expect(201);
        let (id, secret) = (made["id"].as_str().expect("it"), made["secret"].as_str().expect("it"));
        assert!(id.starts_with("whk_") && secret.starts_with("whsec_") && made["active"] == true, "{made}");
        let shown = caller.get(&format!("v1/webhooks/{id}")).await.expect(200);
        let listed = caller.get("v1/webhooks?page_size=1").await.expect(200);
        assert!(shown["secret"].is_null() && listed["webhooks"][0] == shown && !listed.to_string().contains("whsec_"));
        let rotated = caller.post(&format!("v1/webhooks/{id}:rotateSecret"), "{}").await.expect(200);
        assert!(rotated["secret"].as_str().is_some_and(|new| new.starts_with("whsec_") && new != secret));
        caller.delete(&format!("v1/webhooks/{id}")).await.expect(204);
        caller.delete(&format!("v1/webhooks/{id}")).await.expect_error(404, "AVNOLOGY_AUTH_901");
        let request = caller.request(Method::PUT, "v1/webhooks").body("{}").send().await.expect("an answer");
        assert_eq!(request.status().as_u16(), 405);
    });
}
