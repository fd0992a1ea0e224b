//! Clients and endpoints at a target that is used by two processes at once, that answers without end, or whose secrets somebody
//! takes out of their file; and endpoints that are activated after the switch.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};

use serde_json::Value;

use crate::support::apps::{application, plan_of};
use crate::support::target::{Way, http, proxy};
use crate::support::{Run, Sandbox, Scratch};

const ENDPOINTS: &str = r#"
[[endpoint]]
name = "billing"
url = "https://hooks.example.com/in"
events = ["user.created"]

[[endpoint]]
name = "crm"
url = "https://crm.example.com/in"
events = ["user.updated"]
"#;

/// What happens on the way to the sandbox.
enum Traffic {
    /// Everything arrives.
    Open,
    /// This many requests with this method arrive; the next ones are refused.
    RefusedAfter(&'static str, usize),
    /// The first request that makes something waits until it is let go.
    Held { arrived: mpsc::Sender<()>, go: mpsc::Receiver<()> },
    /// Nothing arrives, and this is the answer.
    Always(String),
}

/// A sandbox behind a proxy, plans for it, and both commands.
struct Place {
    scratch: Scratch,
    sandbox: Sandbox,
    url: String,
    traffic: Arc<Mutex<Traffic>>,
}

const APPS: &str = "apps";
const WEBHOOKS: &str = "webhooks";

impl Place {
    fn start() -> Self {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        let items: Vec<Value> =
            (1..4).map(|number| application(number, false, &[&format!("https://app{number}.example/cb")])).collect();
        scratch.write("apps.json", plan_of(&items));
        scratch.write("endpoints.toml", ENDPOINTS);
        let plan = ["migrate", "clerk", "webhooks", "plan", "--endpoints", "endpoints.toml", "--out", "webhooks.json"];
        scratch.run(&plan).expect_code(0);
        let traffic = Arc::new(Mutex::new(Traffic::Open));
        let of_proxy = Arc::clone(&traffic);
        let url = proxy(&sandbox.base_url(), move |head, _| way(&mut of_proxy.lock().expect("it"), head));
        Self { scratch, sandbox, url, traffic }
    }

    fn now(&self, traffic: Traffic) {
        *self.traffic.lock().expect("it") = traffic;
    }

    fn command(&self, group: &str, arguments: &[&str]) -> Command {
        let planned: &[&str] = match (group, arguments[0]) {
            (_, "undo" | "check") => &[],
            (APPS, _) => &["--plan", "apps.json"],
            _ => &["--plan", "webhooks.json", "--endpoints", "endpoints.toml"],
        };
        let fixed = ["--base-url", &self.url, "--output", "json", "-v", "--max-wait", "0"];
        let all = [&["migrate", "clerk", group], arguments, planned, &fixed].concat();
        let mut command = self.scratch.avnology(&all);
        command.env("AVNOLOGY_SECRET_KEY", &self.sandbox.key);
        command
    }

    fn run(&self, group: &str, arguments: &[&str]) -> Run {
        Run::of(self.command(group, arguments).output().expect("it runs"))
    }

    fn spawn(&self, group: &str, arguments: &[&str]) -> Child {
        let mut command = self.command(group, arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    }

    /// What is at the target of a command, each by its id.
    fn there(&self, group: &str) -> BTreeSet<String> {
        let connection = rusqlite::Connection::open(&self.sandbox.database).expect("the database");
        let column = if group == APPS { "id FROM oauth_clients" } else { "url FROM webhooks" };
        let mut statement = connection.prepare(&format!("SELECT {column}")).expect("the table");
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("rows");
        let all: Vec<String> = rows.collect::<Result<_, _>>().expect("rows");
        let each: BTreeSet<String> = all.iter().cloned().collect();
        assert_eq!(each.len(), all.len(), "each once: {all:?}");
        each
    }
}

fn way(traffic: &mut Traffic, head: &str) -> Way {
    let is_post = head.starts_with("POST");
    match traffic {
        Traffic::Always(answer) => Way::Instead(answer.clone()),
        Traffic::RefusedAfter(method, 0) if head.starts_with(*method) => {
            Way::Instead(http("403 Forbidden", "connection: close\r\n", r#"{"error":{"code":"AVNOLOGY_AUTH_100"}}"#))
        }
        Traffic::RefusedAfter(method, left) if head.starts_with(*method) => {
            *left -= 1;
            Way::Through
        }
        Traffic::Held { arrived, go } if is_post && arrived.send(()).is_ok() => {
            go.recv().expect("it is let go");
            *traffic = Traffic::Open;
            Way::Through
        }
        _ => Way::Through,
    }
}

/// What was said of which object, as an application or by name.
fn said(run: &Run) -> BTreeMap<String, String> {
    let report = run.report();
    let [list, id, code] =
        if report["findings"].is_array() { ["findings", "application", "code"] } else { ["lines", "name", "outcome"] };
    let lines = report[list].as_array().expect("lines").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    lines.map(|line| (text(&line[id]), text(&line[code]))).collect()
}

#[test]
fn two_processes_at_once_make_each_object_once_and_a_secret_that_is_taken_out_of_its_file_is_noticed() {
    let place = Place::start();
    for (group, first, count) in [(APPS, "oa_1", 3), (WEBHOOKS, "billing", 2)] {
        // While the first process makes its first object, the second one finds the lock.
        let ((arrived, arrivals), (go, gate)) = (mpsc::channel(), mpsc::channel());
        place.now(Traffic::Held { arrived, go: gate });
        let child = place.spawn(group, &["apply", "--secrets-out", "one.ndjson"]);
        arrivals.recv().expect("the first request");
        let second = place.run(group, &["apply", "--secrets-out", "other.ndjson"]).expect_code(8);
        assert!(second.stderr.contains(&format!("{group} apply")), "it says who has it: {}", second.stderr);
        go.send(()).expect("it waits");
        Run::of(child.wait_with_output().expect("it ends")).expect_code(0);
        assert_eq!(place.there(group).len(), count, "{group}");
        assert!(!place.scratch.path("other.ndjson").exists());
        assert_eq!(place.scratch.read("one.ndjson").lines().count(), count + 1);
        place.run(group, &["undo", "--yes"]).expect_code(0);

        // Broken off after one object, and its line is cut out of the file.
        let broken_off = |file: &str| {
            place.now(Traffic::RefusedAfter("POST", 1));
            place.run(group, &["apply", "--secrets-out", file]).expect_code(6);
            place.now(Traffic::Open);
            place.scratch.read(file)
        };
        let whole = broken_off("two.ndjson");
        let [begin, line] = whole.lines().collect::<Vec<_>>()[..] else { panic!("{group}: two lines: {whole}") };
        place.scratch.write("two.ndjson", format!("{begin}\n"));
        let noticed = place.run(group, &["apply"]).expect_code(3);
        assert_eq!(said(&noticed)[first], "secret_gone", "{group}: {}", noticed.stdout);
        assert!(noticed.stdout.contains("two.ndjson") && place.there(group).len() == count, "{}", noticed.stdout);
        // It is said until the line is there again.
        assert_eq!(said(&place.run(group, &["apply"]).expect_code(3))[first], "secret_gone");
        let others = place.scratch.read("two.ndjson");
        assert_eq!(others.lines().count(), count, "{group}: the other secrets are in it");
        place.scratch.write("two.ndjson", format!("{others}{line}\n"));
        place.run(group, &["apply"]).expect_code(0);
        place.run(group, &["undo", "--yes"]).expect_code(0);

        // The whole file is taken away: that is said once.
        broken_off("three.ndjson");
        std::fs::remove_file(place.scratch.path("three.ndjson")).expect("it");
        let noticed = place.run(group, &["apply", "--secrets-out", "four.ndjson"]).expect_code(3);
        assert_eq!(said(&noticed)[first], "secret_gone", "{group}: {}", noticed.stdout);
        place.run(group, &["apply"]).expect_code(0);
        assert_eq!(place.scratch.read("four.ndjson").lines().count(), count, "{group}: without the first one");
        std::fs::remove_file(place.scratch.path("one.ndjson")).expect("it");
        for file in ["two.ndjson", "four.ndjson"] {
            std::fs::remove_file(place.scratch.path(file)).expect("it");
        }
        if group == APPS {
            place.run(group, &["undo", "--yes"]).expect_code(0);
        }
    }
    activated_and_undone(&place);
}

/// After the switch: endpoints that are registered are activated, and `undo` deletes them all the same.
fn activated_and_undone(place: &Place) {
    let activate = |more: &[&str]| place.run(WEBHOOKS, &[&["activate"], more].concat());
    let both = |outcome: &str| BTreeMap::from(["billing", "crm"].map(|name| (name.to_owned(), outcome.to_owned())));
    let active = || {
        let connection = rusqlite::Connection::open(&place.sandbox.database).expect("the database");
        let count = connection.query_row("SELECT count(*) FROM webhooks WHERE active", [], |row| row.get::<_, i64>(0));
        count.expect("a number")
    };
    let dry = activate(&["--dry-run"]).expect_code(0);
    assert_eq!((said(&dry), active()), (both("would_be_activated"), 0));
    assert_eq!(dry.report()["command"], "webhooks activate --dry-run", "no proof for `cutover`");
    // The second one is refused: the same command goes on.
    place.now(Traffic::RefusedAfter("PATCH", 1));
    activate(&[]).expect_code(6);
    assert_eq!(active(), 1);
    place.now(Traffic::Open);
    let mixed = [("billing", "active"), ("crm", "activated")].map(|(name, word)| (name.to_owned(), word.to_owned()));
    assert_eq!((said(&activate(&[]).expect_code(0)), active()), (BTreeMap::from(mixed), 2));
    let verified = |code: i32| said(&place.run(WEBHOOKS, &["verify"]).expect_code(code));
    assert_eq!(verified(0), both("same_and_active"));
    // What somebody changed since stays as it is; a target without the method gets a sentence.
    let change = |sql: &str| {
        let connection = rusqlite::Connection::open(&place.sandbox.database).expect("the database");
        connection.execute(sql, []).expect("changed");
    };
    change(
        "UPDATE webhooks SET active = 0, events = replace(events, '[', '[\"user.deleted\",') WHERE url LIKE '%crm%'",
    );
    let changed = activate(&[]).expect_code(3);
    assert_eq!((said(&changed)["crm"].as_str(), active()), ("changed_since", 1));
    assert_eq!(verified(3)["crm"], "differs");
    change("UPDATE webhooks SET events = replace(events, '\"user.deleted\",', '') WHERE url LIKE '%crm%'");
    assert_eq!(verified(3)["crm"], "not_active", "`activate` made it active, and it is so no more");
    place.now(Traffic::Always(http("404 Not Found", "connection: close\r\n", "nothing here")));
    assert_eq!(said(&activate(&[]).expect_code(3)), both("by_hand"));
    place.now(Traffic::Open);
    activate(&[]).expect_code(0);
    // What is active by somebody's hand is as it should be once `activate` was run, and `undo` still keeps it.
    place.run(WEBHOOKS, &["undo", "--yes"]).expect_code(0);
    place.run(WEBHOOKS, &["apply", "--secrets-out", "by-hand.ndjson"]).expect_code(0);
    change("UPDATE webhooks SET active = 1");
    assert_eq!(verified(3), both("active_already"));
    assert_eq!(said(&activate(&["--dry-run"]).expect_code(0)), both("active"));
    assert_eq!(verified(3), both("active_already"), "a rehearsal says nothing of the switch");
    assert_eq!(said(&activate(&[]).expect_code(0)), both("active"));
    assert_eq!(verified(0), both("same_and_active"));
    assert_eq!(said(&place.run(WEBHOOKS, &["undo", "--yes"]).expect_code(3)), both("kept"));
    change("UPDATE webhooks SET active = 0");
    let undone = place.run(WEBHOOKS, &["undo", "--yes"]).expect_code(0);
    assert_eq!((said(&undone), place.there(WEBHOOKS).len()), (both("deleted"), 0));
    assert_eq!(said(&activate(&[]).expect_code(3)), both("not_registered"));
}

/// A number in a log line.
fn logged(run: &Run, name: &str) -> u64 {
    let text = run.stderr.split(&format!(" {name}=")).nth(1).unwrap_or_else(|| panic!("no {name}: {}", run.stderr));
    text.split(|character: char| !character.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).expect("it")
}

#[test]
fn a_target_that_answers_without_end_or_asks_to_wait_for_ever_ends_each_command_with_a_sentence() {
    let place = Place::start();
    let long = http("200 OK", "connection: close\r\n", &" ".repeat(40_000_000));
    let wait = http("429 Too Many Requests", "retry-after: 3600\r\nconnection: close\r\n", "");
    for (answer, sentence) in [(long, "8 MiB"), (wait, "429")] {
        place.now(Traffic::Always(answer));
        for (group, command, code) in [
            (APPS, &["apply", "--secrets-out", "a.ndjson"][..], 7),
            (APPS, &["verify"], 7),
            (WEBHOOKS, &["apply", "--secrets-out", "w.ndjson"], 7),
            (WEBHOOKS, &["verify"], 7),
            (WEBHOOKS, &["activate"], 7),
            (
                "cutover",
                &["check", "staging", "freeze", "--clerk-url", &place.url, "--exported-at", "2026-01-01T00:00:00Z"],
                3,
            ),
        ] {
            let mut process = place.command(group, command);
            process.env("CLERK_SECRET_KEY", "sk_test_1");
            let run = Run::of(process.output().expect("it runs")).expect_code(code);
            let text = run.stderr.clone() + &run.stdout;
            assert!(text.contains(sentence), "{group} {command:?}: {text}");
            let used = logged(&run, "kib") - logged(&run, "code_kib");
            assert!(used < 32 * 1024, "{group} {command:?}: {used} KiB");
        }
        assert!(place.there(APPS).is_empty() && place.there(WEBHOOKS).is_empty());
    }
    // When the target is itself again, the same commands go on.
    place.now(Traffic::Open);
    place.run(APPS, &["apply", "--secrets-out", "a.ndjson"]).expect_code(0);
    place.run(WEBHOOKS, &["apply", "--secrets-out", "w.ndjson"]).expect_code(0);
    assert_eq!((place.there(APPS).len(), place.there(WEBHOOKS).len()), (3, 2));
}
