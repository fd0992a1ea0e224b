//! The switch: each check fails where it should and is ok where it should be, against the sandbox and the stand-in for Clerk; what
//! persons record is kept, dated and never forgotten; and the page to sign holds no personal datum and no secret.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::clerk_document::records;
use crate::support::clerk::ClerkSandbox;
use crate::support::{Run, Sandbox, Scratch};

const TENANT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tenant");
const STATE: &str = ".avnology/cutover.json";

/// A tenant at Clerk, staging and production at two targets, and one directory of runs.
struct Switch {
    scratch: Scratch,
    clerk: ClerkSandbox,
    staging: Sandbox,
    production: Sandbox,
    /// Where production's database is.
    _elsewhere: Scratch,
}

impl Switch {
    fn start() -> Self {
        let (scratch, elsewhere) = (Scratch::new(), Scratch::new());
        let clerk = ClerkSandbox::start(&scratch, TENANT, &[]);
        let staging = Sandbox::start(&scratch, &[]);
        let production = Sandbox::start(&elsewhere, &["--api-key", "sk_live_cutover"]);
        clerk.export(&scratch, "export", &[]).expect_code(0);
        Self { scratch, clerk, staging, production, _elsewhere: elsewhere }
    }

    /// `migrate clerk …` at a target, with Clerk's key.
    fn at(&self, target: &Sandbox, arguments: &[&str]) -> Run {
        let arguments: Vec<&str> = ["migrate", "clerk"].iter().chain(arguments).copied().collect();
        let mut command = self.scratch.avnology(&arguments);
        command.env("AVNOLOGY_SECRET_KEY", &target.key).env("AVNOLOGY_BASE_URL", target.base_url());
        command.env("CLERK_SECRET_KEY", &self.clerk.key).env("CLERK_API_URL", self.clerk.url());
        Run::of(command.output().expect("the binary runs"))
    }

    fn check(&self, target: &Sandbox, arguments: &[&str]) -> Run {
        let fixed = ["cutover", "check", "--output", "json", "--clerk-rate", "5000/s"];
        self.at(target, &[&fixed, arguments].concat())
    }

    fn record(&self, arguments: &[&str]) -> Run {
        let fixed = ["cutover", "record", "--by", "Ana Lima", "--note", "as agreed"];
        self.at(&self.production, &[&fixed, arguments].concat())
    }

    fn import(&self, target: &Sandbox, file: &str) {
        let run = self.scratch.import(target, file, &["--steps", "users", "--on-existing", "update"]).expect_code(0);
        assert!(run.count("read") > 0, "{}", run.stdout);
    }

    fn verify(&self, target: &Sandbox, file: &str) -> Run {
        self.scratch.verify(target, file, &["--steps", "users"])
    }

    /// Changes the file of the switch as time would.
    fn edit(&self, change: impl FnOnce(&mut Value)) {
        let mut state: Value = serde_json::from_str(&self.scratch.read(STATE)).expect("JSON");
        change(&mut state);
        self.scratch.write(STATE, state.to_string());
    }
}

/// How a point of an account stands, and its sentence.
#[track_caller]
fn point(run: &Run, name: &str) -> (String, String) {
    let report = run.report();
    let steps = report["steps"].as_array().expect("steps");
    let mut points = steps.iter().flat_map(|step| step["points"].as_array().expect("points"));
    let point = points.find(|point| point["name"] == name).unwrap_or_else(|| panic!("{name}: {}", run.stdout));
    let text = |member: &str| point[member].as_str().unwrap_or_default().to_owned();
    (text("standing"), text("sentence"))
}

/// Fails unless these points stand so.
#[track_caller]
fn expect(run: &Run, expected: &[(&str, &str)]) {
    for (name, standing) in expected {
        let (found, sentence) = point(run, name);
        assert_eq!(found, *standing, "{name}: {sentence}\n{}", run.stderr);
    }
}

fn step(run: &Run, name: &str) -> String {
    let report = run.report();
    let steps = report["steps"].as_array().expect("steps").clone();
    let step = steps.into_iter().find(|step| step["step"] == name).expect("a step");
    step["standing"].as_str().expect("a standing").to_owned()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, from the first step to the last")]
fn each_check_fails_where_it_should_until_the_switch_is_done() {
    let switch = Switch::start();
    let (staging, production) = (&switch.staging, &switch.production);

    // Staging: nothing was imported, and a wrong key.
    let run = switch.check(staging, &["staging"]).expect_code(3);
    expect(&run, &[("staging-target", "ok"), ("staging-keys", "ok"), ("staging-import", "failed")]);
    expect(&run, &[("staging-rejects", "failed"), ("staging-verified", "failed"), ("staging-sign-in", "needs_you")]);
    expect(&run, &[("staging-client", "needs_you")]);
    let mut wrong = switch.scratch.avnology(&["migrate", "clerk", "cutover", "check", "staging", "--output", "json"]);
    wrong.env("AVNOLOGY_SECRET_KEY", "sk_test_wrong").env("AVNOLOGY_BASE_URL", staging.base_url());
    let run = Run::of(wrong.output().expect("the binary runs")).expect_code(3);
    expect(&run, &[("staging-target", "failed"), ("staging-keys", "failed")]);
    let mut without = switch.scratch.avnology(&["migrate", "clerk", "cutover", "check", "staging", "--output", "json"]);
    let run = Run::of(without.output().expect("the binary runs")).expect_code(3);
    expect(&run, &[("staging-target", "needs_you"), ("staging-import", "needs_you")]);

    // A record that cannot move; then all that can.
    let bad = switch.scratch.write("bad.json", r#"{"data":[{"id":"user_2bad"}]}"#);
    switch.scratch.import(staging, &bad, &[]).expect_code(3);
    let run = switch.check(staging, &["staging"]).expect_code(3);
    expect(&run, &[("staging-import", "ok"), ("staging-rejects", "failed"), ("staging-verified", "failed")]);
    // An invitation that was accepted, say, cannot be mended: a person accepts that it stays behind.
    switch.record(&["rejects-accepted"]).expect_code(0);
    expect(&switch.check(staging, &["staging"]).expect_code(3), &[("staging-rejects", "ok")]);
    let client =
        json!({ "client_id": "app_try", "client_name": "Try", "redirect_uris": ["https://app.example.com/callback"] });
    make_client(staging, &client);
    let named = |uri: &'static str| ["staging", "--client-id", "app_try", "--redirect-uri", uri];
    let run = switch.check(staging, &named("https://app.example.com/other")).expect_code(3);
    expect(&run, &[("staging-client", "failed")]);
    let run = switch.check(staging, &named("https://app.example.com/callback")).expect_code(3);
    expect(&run, &[("staging-client", "ok")]);
    switch.import(staging, "export");
    switch.verify(staging, "export").expect_code(0);
    let bad = switch.scratch.write("sign-in.json", json!({ "signed_in": 2, "exit_code": 3 }).to_string());
    let run = switch.check(staging, &["staging", "--sign-in-report", &bad]).expect_code(3);
    expect(&run, &[("staging-rejects", "ok"), ("staging-verified", "ok"), ("staging-sign-in", "failed")]);
    expect(&run, &[("staging-tried", "not_recorded")]);
    switch.scratch.write("sign-in.json", json!({ "signed_in": 2, "exit_code": 0 }).to_string());
    switch.record(&["staging-tried"]).expect_code(0);
    let run = switch.check(staging, &["staging"]).expect_code(0);
    assert_eq!(step(&run, "staging"), "ok");
    // What was said and checked before another import is stale.
    switch.import(staging, "export");
    let run = switch.at(staging, &["cutover", "status", "staging", "--output", "json"]).expect_code(3);
    expect(&run, &[("staging-tried", "stale"), ("staging-verified", "stale"), ("staging-target", "ok")]);
    switch.verify(staging, "export").expect_code(0);
    switch.scratch.write("sign-in.json", json!({ "signed_in": 2, "exit_code": 0 }).to_string());
    switch.record(&["staging-tried"]).expect_code(0);
    switch.check(staging, &["staging"]).expect_code(0);
    let old = switch.at(staging, &["cutover", "status", "staging", "--max-age", "1ms", "--output", "json"]);
    expect(&old.expect_code(3), &[("staging-target", "old")]);

    the_rest_of_a_tenant(&switch);

    // Production is neither staging, nor reached by a test key.
    let run = switch.check(staging, &["swap"]).expect_code(3);
    assert!(point(&run, "target").1.contains("staging was checked at"), "{}", run.stdout);
    let run = switch.check(staging, &["swap", "--state", "other.json"]).expect_code(3);
    assert!(point(&run, "target").1.contains("a test key"), "{}", run.stdout);
    let run = switch.check(production, &["freeze", "swap"]).expect_code(3);
    expect(
        &run,
        &[("target", "ok"), ("keys", "ok"), ("import", "failed"), ("rejects", "failed"), ("verified", "failed")],
    );
    expect(&run, &[("changes", "needs_you"), ("clerk-still", "needs_you")]);

    // One user changes at Clerk after the export.
    switch.import(production, "export");
    switch.verify(production, "export").expect_code(0);
    let id = records(Path::new(TENANT), "users")[3]["id"].as_str().expect("an id").to_owned();
    switch.clerk.call(Method::PATCH, &format!("/v1/users/{id}"), Some(r#"{"first_name":"Changed"}"#)).expect(200);
    let run = switch.check(production, &["freeze"]).expect_code(3);
    assert!(point(&run, "changes").1.starts_with("1 user new or changed"), "{}", run.stdout);
    expect(&run, &[("changes", "failed")]);
    expect(&switch.check(production, &["freeze", "--max-changes", "1"]), &[("changes", "ok")]);
    // Clerk's clock is read in whole seconds: what changed in the second in which an export began may not be in it.
    std::thread::sleep(std::time::Duration::from_secs(1));
    switch.clerk.export(&switch.scratch, "changes", &["--since", "export"]).expect_code(0);
    switch.import(production, "changes");
    let run = switch.check(production, &["freeze", "swap"]).expect_code(3);
    expect(&run, &[("changes", "ok"), ("verified", "failed"), ("clerk-still", "needs_you")]);
    switch.verify(production, "changes");
    switch.record(&["sign-up-closed"]).expect_code(0);
    switch.record(&["go"]).expect_code(0);
    let run = switch.check(production, &["freeze", "swap", "roll-back"]).expect_code(3);
    expect(&run, &[("verified", "ok"), ("import", "ok"), ("rejects", "ok"), ("back", "ok"), ("flip", "not_recorded")]);

    // The switch.
    switch.record(&["flip"]).expect_code(0);
    switch.record(&["back-decided"]).expect_code(0);
    let run = switch.check(production, &["swap", "roll-back", "decommission"]).expect_code(3);
    expect(&run, &[("back", "failed"), ("retention", "failed"), ("kept-export", "needs_you")]);
    assert!(point(&run, "clerk-still").1.contains("check again"), "{}", run.stdout);
    switch.verify(production, "changes");
    let manifest = switch.scratch.read("export/manifest.json");
    switch.scratch.write("export/manifest.json", manifest.replacen("\"sha256\": \"", "\"sha256\": \"0", 1));
    let run = switch.check(production, &["decommission", "roll-back", "--kept-export", "export"]).expect_code(3);
    expect(&run, &[("kept-export", "failed"), ("back", "ok")]);
    // What is kept has all users in it, not the changed ones, and not only what is beside them.
    let mut without: Value = serde_json::from_str(&manifest).expect("JSON");
    without["files"].as_array_mut().expect("files").retain(|file| file["file"] != "users.ndjson");
    switch.scratch.write("export/manifest.json", without.to_string());
    for (kept, said) in [("changes", "new or changed"), ("export", "no users")] {
        let run = switch.check(production, &["decommission", "--kept-export", kept]).expect_code(3);
        let (standing, sentence) = point(&run, "kept-export");
        assert!(standing == "failed" && sentence.contains(said), "{standing}: {sentence}");
    }
    switch.scratch.write("export/manifest.json", manifest);

    // Twenty minutes and forty days go by; somebody new at Clerk is noticed.
    let ago = |time: SignedDuration| (Timestamp::now() - time).to_string();
    let later = |total: u64| {
        switch.edit(|state| {
            let flip = state["facts"].as_array_mut().expect("facts").iter_mut().find(|fact| fact["fact"] == "flip");
            flip.expect("it")["at"] = ago(SignedDuration::from_hours(24 * 40)).into();
            state["readings"][0]["at"] = ago(SignedDuration::from_mins(20)).into();
            state["readings"][0]["total"] = total.into();
        });
    };
    later(11);
    expect(&switch.check(production, &["swap"]).expect_code(3), &[("clerk-still", "failed")]);
    later(12);
    // Endpoints have to be active at production's target, by a report that is about it and no rehearsal.
    expect(&switch.check(production, &["swap"]).expect_code(3), &[("endpoints-active", "needs_you")]);
    let report = |command: &str, target: &str| {
        let report = json!({ "command": command, "target": target, "exit_code": 0 });
        switch.scratch.write("activate.json", report.to_string());
        switch.check(production, &["swap", "--activate-report", "activate.json"])
    };
    for (command, target) in
        [("webhooks activate", staging.base_url()), ("webhooks activate --dry-run", production.base_url())]
    {
        expect(&report(command, &target).expect_code(3), &[("endpoints-active", "failed")]);
    }
    let run = report("webhooks activate", &production.base_url()).expect_code(0);
    assert_eq!(step(&run, "swap"), "ok", "{}", run.stdout);
    for fact in ["dns-moved", "keys-revoked", "instance-deleted"] {
        switch.record(&[fact, "--evidence", "export/manifest.json"]).expect_code(0);
    }
    // After the switch endpoints are active.
    switch.scratch.write("webhooks.json", switch.scratch.read("webhooks.json").replace("false", "true"));
    let run = switch.check(production, &["decommission", "webhooks"]).expect_code(0);
    expect(&run, &[("endpoints", "ok")]);
    switch.record(&["users-informed"]).expect_code(0);

    // Without staging, the swap would mislead.
    switch.record(&["staging-tried", "--withdraw"]).expect_code(0);
    let run = switch.at(production, &["cutover", "status", "--output", "json"]).expect_code(3);
    assert_eq!((step(&run, "swap"), step(&run, "decommission")), ("waits".to_owned(), "waits".to_owned()));
    switch.record(&["staging-tried"]).expect_code(0);
    let run = switch.at(production, &["cutover", "status", "--output", "json"]).expect_code(0);
    assert_eq!(run.report()["status"], "ok");
    the_page(&switch);
}

fn make_client(target: &Sandbox, client: &Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = http.post(format!("{}/v1/oauth-clients", target.base_url())).bearer_auth(&target.key);
        let request = request.header("content-type", "application/json").body(client.to_string());
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 201);
    });
}

/// The plan, clients, webhooks, templates and the code.
fn the_rest_of_a_tenant(switch: &Switch) {
    let production = &switch.production;
    let steps = ["code", "apps", "webhooks", "tokens"];
    let names = ["code", "application-plan", "clients", "endpoints", "handler", "template-plan"];
    let all = |standing: &'static str| names.map(|name| (name, standing));
    expect(&switch.check(production, &steps).expect_code(3), &all("needs_you"));

    let plan = ["plan", "--from", "export", "--out", "tenant-plan.json"];
    switch.at(production, &plan).expect_code(0);
    let verify = ["apps", "verify", "--plan", "tenant-plan.json", "--report", "apps.json"];
    switch.at(production, &verify).expect_code(3);
    // Nothing is wrong with the endpoints, but that one gets deliveries before the switch.
    let active = json!({ "command": "webhooks verify", "exit_code": 0, "lines": [
        { "name": "billing", "outcome": "same_and_active", "ok": true, "active": true },
        { "name": "crm", "outcome": "same_and_inactive", "ok": true, "active": false },
    ] });
    switch.scratch.write("webhooks.json", active.to_string());
    switch.scratch.write("try.json", json!({ "command": "webhooks verify", "exit_code": 0 }).to_string());
    std::fs::create_dir(switch.scratch.path("app")).expect("a directory");
    switch.scratch.write(
        "app/page.tsx",
        "import { OrganizationList } from \"@clerk/nextjs\";\nexport default OrganizationList;\n",
    );
    let code = ["codemod", "app", "--check", "--force", "--report", "code.json"];
    switch.at(production, &code).expect_code(3);
    let files = ["--plan", "tenant-plan.json", "--code-report", "code.json", "--apps-report", "apps.json"];
    let more = ["--webhooks-report", "webhooks.json", "--try-report", "try.json"];
    let run = switch.check(production, &[&steps[..], &files, &more].concat()).expect_code(3);
    expect(&run, &all("failed"));
    let (_, sentence) = point(&run, "endpoints");
    assert!(sentence.contains("before the switch") && sentence.contains("billing"), "{sentence}");
    assert!(!sentence.contains("crm"), "{sentence}");

    // A person answers; clients are made; the code moves.
    let mut answered: Value = serde_json::from_str(&switch.scratch.read("tenant-plan.json")).expect("JSON");
    for item in answered["items"].as_array_mut().expect("items") {
        item["note"] = "answered".into();
    }
    switch.scratch.write("tenant-plan.json", answered.to_string());
    let apply = ["apps", "apply", "--plan", "tenant-plan.json", "--secrets-out", "secrets.ndjson", "--force"];
    let run = switch.at(production, &apply);
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
    let run = switch.at(production, &verify);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let inactive = active.to_string().replace("\"active\":true", "\"active\":false");
    switch.scratch.write("webhooks.json", inactive);
    switch.scratch.write("try.json", json!({ "command": "webhooks try", "exit_code": 0 }).to_string());
    switch.scratch.write("app/page.tsx", "export default function Page() {\n  return null;\n}\n");
    switch.at(production, &code).expect_code(0);
    for fact in ["code-deployed", "parties-informed", "handlers-deployed", "services-switched"] {
        switch.record(&[fact]).expect_code(0);
    }
    let run = switch.check(production, &steps).expect_code(0);
    expect(&run, &all("ok"));
}

/// The page to sign, in both forms, has who, when and by which bytes; no personal datum of a user, and no secret.
fn the_page(switch: &Switch) {
    let production = &switch.production;
    let html = ["cutover", "report", "--out", "cutover.html"];
    let markdown = ["cutover", "report", "--out", "cutover.md"];
    let runs = [switch.at(production, &html).expect_code(0), switch.at(production, &markdown).expect_code(0)];
    let text = switch.at(production, &["cutover", "status"]).expect_code(0);
    let pages = ["cutover.html", "cutover.md"].map(|file| switch.scratch.read(file).replace("&#x2f;", "/"));
    for page in &pages {
        assert!(page.contains("Ana Lima") && page.contains("as agreed") && page.contains("Carried out by"), "{page}");
        let plan = switch.scratch.path("tenant-plan.json");
        let digest = sha256(&std::fs::read(plan).expect("the plan"));
        assert!(page.contains(&digest), "the digest of the plan: {page}");
        assert!(page.contains(env!("CARGO_PKG_VERSION")) && page.contains(&production.base_url()), "{page}");
        assert!(page.contains("taken back"), "a word that was taken back stays: {page}");
    }
    assert!(pages[0].contains("default-src 'none'") && !pages[0].contains("<script"), "{}", pages[0]);
    let outputs = runs.map(|run| run.stdout + &run.stderr).concat();
    let all = [&pages[0], &pages[1], &switch.scratch.read(STATE), &text.stdout, &outputs].map(String::as_str).concat();
    let mut canaries = vec![switch.staging.key.clone(), production.key.clone(), switch.clerk.key.clone()];
    for user in records(Path::new(TENANT), "users") {
        let addresses = user["email_addresses"].as_array().expect("addresses");
        canaries.extend(addresses.iter().filter_map(|address| Some(address["email_address"].as_str()?.to_owned())));
    }
    canaries.extend(switch.scratch.read("secrets.ndjson").lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["client_secret"].as_str().map(str::to_owned)
    }));
    assert!(canaries.len() > 12);
    for canary in canaries {
        assert!(!all.contains(&canary), "{canary}");
    }
    #[cfg(unix)]
    for file in [STATE, "cutover.html", "cutover.md"] {
        let mode = std::fs::metadata(switch.scratch.path(file)).expect("a file").permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600, "{file}");
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn what_persons_record_is_kept_and_wrong_words_are_refused() {
    let scratch = Scratch::new();
    let cutover = |arguments: &[&str]| {
        let arguments: Vec<&str> = ["migrate", "clerk", "cutover"].iter().chain(arguments).copied().collect();
        scratch.run(&arguments)
    };
    let record = |arguments: &[&str]| cutover(&[&["record"], arguments].concat());
    cutover(&["status"]).expect_code(3);
    assert!(!scratch.path(STATE).exists(), "looking writes nothing");
    for wrong in [
        &["go", "--by", "Ana"][..],
        &["go", "--by", " ", "--note", "x"],
        &["gone", "--by", "Ana", "--note", "x"],
        &["staging", "--by", "Ana", "--note", "x"],
        &["go", "--by", "Ana", "--note", "x", "--skip"],
        &["go", "--by", "Ana", "--note", "x", "--at", "2999-01-01T00:00:00Z"],
        &["go", "--by", "Ana", "--note", "x", "--evidence", "nothing.txt"],
        &["go", "--by", "Ana", "--note", "x", "--withdraw"],
        &["staging", "--by", "Ana", "--note", "x", "--withdraw"],
    ] {
        record(wrong).expect_code(2);
    }
    let secret = record(&["go", "--by", "Ana", "--note", "by sk_live_canary_7"]).expect_code(2);
    assert!(!(secret.stdout + &secret.stderr).contains("canary_7"), "a secret is not repeated");
    let secret = record(&["go", "--by", "Ana", "--note", "by whsec_canary_8"]).expect_code(2);
    assert!(!(secret.stdout + &secret.stderr).contains("canary_8"), "a secret is not repeated");

    let evidence = scratch.write("minutes.txt", "go");
    record(&["go", "--by", "Ana", "--note", "<b>go</b> | all", "--evidence", &evidence]).expect_code(0);
    record(&["go", "--by", "Ana", "--note", "go, said once more"]).expect_code(0);
    record(&["go", "--by", "Ben", "--note", "not yet", "--withdraw"]).expect_code(0);
    record(&["go", "--by", "Ben", "--note", "not yet", "--withdraw"]).expect_code(2);
    for _ in 0..2 {
        record(&["tokens", "--by", "Ben", "--note", "there are none", "--skip"]).expect_code(0);
    }
    let run = cutover(&["status", "tokens", "--output", "json"]).expect_code(0);
    assert_eq!(step(&run, "tokens"), "skipped");
    record(&["tokens", "--by", "Ana", "--note", "there is one", "--withdraw"]).expect_code(0);
    let run = cutover(&["status", "tokens", "swap", "--output", "json"]).expect_code(3);
    assert_eq!((step(&run, "tokens"), step(&run, "swap")), ("open".to_owned(), "open".to_owned()));
    expect(&run, &[("go", "not_recorded")]);
    cutover(&["report", "--out", "cutover.html"]).expect_code(3);
    cutover(&["report", "--out", "cutover.txt"]).expect_code(2);
    let page = scratch.read("cutover.html");
    for kept in ["there are none", "there is one", "not yet"] {
        assert!(page.contains(kept), "{kept}: {page}");
    }

    // A file that is none of this program's, or of a later version, is left as it is.
    for other in ["{", r#"{"format":2,"new":1}"#] {
        scratch.write(STATE, other);
        let run = record(&["go", "--by", "Ana", "--note", "go"]).expect_code(2);
        assert!(run.stderr.contains("cutover.json"), "{}", run.stderr);
        assert_eq!(scratch.read(STATE), other);
    }
}
