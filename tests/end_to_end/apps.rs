//! `apps apply`, `verify` and `undo`: the applications of a plan become clients, each once, with their redirect URIs byte for byte;
//! no secret is lost through kills, and none is in any plan, report or log.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clerk_document::records;
use crate::support::apps::{application, assigned, plan_of};
use crate::support::target::{http, scripted_target};
use crate::support::{Run, Sandbox, Scratch, lines};
use crate::tenant_plan::{CANARY, parts};

fn apps_command(scratch: &Scratch, url: &str, key: &str, arguments: &[&str]) -> std::process::Command {
    let fixed = ["--output", "json", "-vv", "--base-url", url];
    let all: Vec<&str> =
        ["migrate", "clerk", "apps"].into_iter().chain(arguments.iter().copied()).chain(fixed).collect();
    let mut command = scratch.avnology(&all);
    command.env("AVNOLOGY_SECRET_KEY", key);
    command
}

fn apps(scratch: &Scratch, sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let command = apps_command(scratch, &sandbox.base_url(), &sandbox.key, arguments).output();
    Run::of(command.expect("the binary runs"))
}

/// Sends a request to the sandbox.
fn ask(sandbox: &Sandbox, method: &str, path: &str, key: &str, body: (&'static str, String)) -> (u16, Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = client.request(method.parse().expect("a method"), format!("{}{path}", sandbox.base_url()));
        let request = request.header("authorization", key).header("content-type", body.0).body(body.1);
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.expect("a body")).unwrap_or_default())
    })
}

fn admin(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let key = format!("Bearer {}", sandbox.key);
    ask(sandbox, method, &format!("/v1/oauth-clients{path}"), &key, ("application/json", body.to_string()))
}

/// All clients, by their ids.
fn clients(sandbox: &Sandbox) -> BTreeMap<String, Value> {
    let (mut found, mut token) = (BTreeMap::new(), String::new());
    loop {
        let (status, page) = admin(sandbox, "GET", &format!("?page_size=100&page_token={token}"), &Value::Null);
        assert_eq!(status, 200, "{page}");
        for client in page["oauth_clients"].as_array().expect("a list") {
            let id = client["client_id"].as_str().expect("an id").to_owned();
            assert!(found.insert(id, client.clone()).is_none(), "each once");
        }
        match page["next_page_token"].as_str() {
            Some(next) if !next.is_empty() => next.clone_into(&mut token),
            _ => return found,
        }
    }
}

/// Whether a secret is that of a client: a code that does not exist is another error than a wrong secret.
fn is_its_secret(sandbox: &Sandbox, client: &str, secret: &str) -> bool {
    let key = reqwest_basic(client, secret);
    let form = "grant_type=authorization_code&code=none&redirect_uri=https%3A%2F%2Fa.example&code_verifier=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let body = ("application/x-www-form-urlencoded", form.to_owned());
    let (_, answer) = ask(sandbox, "POST", "/oauth2/token", &key, body);
    match answer["error"].as_str() {
        Some("invalid_grant") => true,
        Some("invalid_client") => false,
        _ => panic!("{answer}"),
    }
}

fn reqwest_basic(client: &str, secret: &str) -> String {
    let mut request =
        reqwest::Client::new().get("http://127.0.0.1/").basic_auth(client, Some(secret)).build().expect("it");
    let header = request.headers_mut().remove("authorization").expect("it");
    header.to_str().expect("text").to_owned()
}

#[test]
fn a_tenant_of_clerk_becomes_clients_byte_for_byte_and_no_secret_is_anywhere_else() {
    let (scratch, _clerk) = parts();
    let plan = scratch.run(&["migrate", "clerk", "plan", "--from", "export", "--out", "plan.json"]).expect_code(0);
    let sandbox = Sandbox::start(&scratch, &[]);
    let url = records(&scratch.path("export"), "redirect_urls")[0]["url"].as_str().expect("a URL").to_owned();
    let assign = format!("{url}=c_oa_odd");
    let fixed = ["migrate", "clerk", "plan", "--from", "export", "--out", "plan.json", "--assign", &assign];
    scratch.run(&fixed).expect_code(0);
    let apply = ["apply", "--plan", "plan.json", "--secrets-out", "secrets.ndjson", "--report", "report.json"];
    let run = apps(&scratch, &sandbox, &apply).expect_code(0);
    let there = clients(&sandbox);
    let mut created = 0;
    for application in records(&scratch.path("export"), "oauth_applications") {
        let id = application["client_id"].as_str().expect("an id");
        if application["dynamically_registered"] == true {
            assert!(!there.contains_key(id), "it registers itself");
            continue;
        }
        created += 1;
        let client = &there[id];
        assert_eq!(client["client_name"], application["name"]);
        let registered = client["redirect_uris"].as_array().expect("URIs");
        let of_clerk = application["redirect_uris"].as_array().expect("URIs");
        let is_odd = id == "c_oa_odd";
        for uri in of_clerk {
            let text = uri.as_str().expect("a URI");
            let is_refused = is_odd && (text.contains('*') || text.contains(CANARY));
            assert_eq!(registered.contains(uri), !is_refused, "{id} {text}");
        }
        assert_eq!(registered.contains(&json!(url)), is_odd, "an assigned URL is of one client alone: {id}");
    }
    assert_eq!((there.len() as u64, run.count("created")), (created, created));
    apps(&scratch, &sandbox, &["verify", "--plan", "plan.json"]).expect_code(0);
    let same_command = apps(&scratch, &sandbox, &apply).expect_code(0);
    assert_eq!(same_command.count("unchanged"), created);
    let again = apps(&scratch, &sandbox, &["apply", "--plan", "plan.json"]).expect_code(0);
    assert_eq!(again.count("unchanged"), created);

    let secrets: Vec<Value> = lines(&scratch.path("secrets.ndjson"));
    let said = [
        plan.stdout + &plan.stderr,
        format!("{}{}{}{}", run.stdout, run.stderr, again.stdout, again.stderr),
        scratch.read("plan.json"),
        scratch.read("plan.md"),
        scratch.read("report.json"),
    ];
    let confidential = there.values().filter(|client| client["token_endpoint_auth_method"] != "none").count();
    assert!(confidential > 0 && secrets.len() == confidential + 1, "a line for each");
    for text in &said {
        assert!(!text.contains(CANARY), "{text}");
        let is_in_it = |line: &Value| line["client_secret"].as_str().is_some_and(|secret| text.contains(secret));
        assert!(!secrets.iter().any(is_in_it), "a secret is in the file of secrets alone");
    }
    #[cfg(unix)]
    {
        let permissions = std::fs::metadata(scratch.path("secrets.ndjson")).expect("it").permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777, 0o600);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, from the first step to the last")]
fn kills_leave_each_client_once_and_no_secret_lost_and_undo_deletes_what_is_ours() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let applications = 12;
    let mut items: Vec<Value> = (10..10 + applications)
        .map(|number| application(number, number % 5 == 0, &[&format!("https://app{number}.example/cb?x=%2f")]))
        .collect();
    scratch.write("plan.json", plan_of(&items));
    let (status, _) = admin(
        &sandbox,
        "POST",
        "",
        &json!({"client_name": "Theirs", "client_id": "theirs",
        "redirect_uris": ["https://theirs.example/"]}),
    );
    assert_eq!(status, 201);
    let apply = ["apply", "--plan", "plan.json", "--secrets-out", "secrets.ndjson", "--rate", "25/s"];
    let (mut kills, mut delay) = (0, fastrand::Rng::with_seed(7));
    let last = loop {
        let mut command = apps_command(&scratch, &sandbox.base_url(), &sandbox.key, &apply);
        let command = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut process = command.spawn().expect("the binary runs");
        if kills < 8 {
            std::thread::sleep(Duration::from_millis(delay.u64(40..400)));
            process.kill().expect("it is killed, or has ended");
            kills += 1;
        }
        let run = Run::of(process.wait_with_output().expect("its output"));
        if kills == 8 && run.code.is_some() {
            break run;
        }
    };
    // If all was done before the eighth kill, its file is nobody's any more.
    assert!(last.code == Some(0) || last.stderr.contains("is there already"), "{}", last.stderr);
    let there = clients(&sandbox);
    assert_eq!(there.len(), applications + 1, "each once");
    let mut secrets: BTreeMap<String, String> = BTreeMap::new();
    for line in lines(&scratch.path("secrets.ndjson")).iter().skip(1) {
        let text = |name: &str| line[name].as_str().expect("a text").to_owned();
        assert!(secrets.insert(text("client_id"), text("client_secret")).is_none(), "each once");
    }
    for (id, client) in there.iter().filter(|(id, _)| *id != "theirs") {
        let is_public = client["token_endpoint_auth_method"] == "none";
        match secrets.get(id) {
            Some(secret) => assert!(!is_public && is_its_secret(&sandbox, id, secret), "{id}"),
            None => assert!(is_public, "{id} has no secret in the file"),
        }
    }
    apps(&scratch, &sandbox, &["verify", "--plan", "plan.json"]).expect_code(0);

    // Redirect URLs that are assigned to nobody are found before anything is sent.
    items.push(assigned(1, "https://x.example/cb", "nobody"));
    scratch.write("plan.json", plan_of(&items));
    let run = apps(&scratch, &sandbox, &["apply", "--plan", "plan.json"]).expect_code(2);
    assert!(run.stderr.contains("assigned to a client id that no application"), "{}", run.stderr);
    // Nor are two applications made one client, and what is no plan is said with what to do.
    let twins = [application(1, false, &["https://a.example/cb"]), application(2, false, &["https://b.example/cb"])];
    let [one, mut other] = twins;
    other["target"]["client_id"] = one["target"]["client_id"].clone();
    for items in [vec![one.clone(), other, assigned(1, "https://x.example/cb", "client_1")], vec![one.clone(), one]] {
        scratch.write("plan.json", plan_of(&items));
        let run = apps(&scratch, &sandbox, &["apply", "--plan", "plan.json", "--dry-run"]).expect_code(5);
        assert!(run.stderr.contains("is in the plan twice"), "{}", run.stderr);
    }
    scratch.write("plan.json", "{}");
    let run = apps(&scratch, &sandbox, &["apply", "--plan", "plan.json"]).expect_code(5);
    assert!(run.stderr.contains("make the plan anew"), "{}", run.stderr);

    let body = json!({"client": {"client_name": "Changed"}, "update_mask": "client_name"});
    assert_eq!(admin(&sandbox, "PATCH", "/client_11", &body).0, 200);
    let would = apps(&scratch, &sandbox, &["undo", "--dry-run"]).expect_code(3);
    assert_eq!((would.count("deleted"), clients(&sandbox).len()), (applications as u64 - 1, applications + 1));
    let undone = apps(&scratch, &sandbox, &["undo", "--yes"]).expect_code(3);
    assert_eq!((undone.count("deleted"), undone.count("kept")), (applications as u64 - 1, 1));
    assert_eq!(clients(&sandbox).into_keys().collect::<Vec<_>>(), ["client_11", "theirs"]);
    apps(&scratch, &sandbox, &["undo", "--yes", "--force"]).expect_code(0);
    assert_eq!(clients(&sandbox).into_keys().collect::<Vec<_>>(), ["theirs"]);
}

#[test]
fn a_target_without_clients_gets_a_list_for_its_dashboard_and_a_wrong_one_a_sentence() {
    let scratch = Scratch::new();
    let mut plan: Value =
        serde_json::from_str(&plan_of(&[application(1, false, &["https://a.example/cb"])])).expect("JSON");
    scratch.write("plan.json", plan.to_string());
    let error = |status: &'static str, code: &'static str| {
        scripted_target(move |_| {
            http(status, "content-type: application/json\r\n", &format!(r#"{{"error":{{"code":"{code}"}}}}"#))
        })
    };
    let run = |url: &str, key: &str, more: &[&str]| {
        let arguments = [&["apply", "--plan", "plan.json", "--max-wait", "1"], more].concat();
        Run::of(apps_command(&scratch, url, key, &arguments).output().expect("the binary runs"))
    };
    let missing = error("404 Not Found", "AVNOLOGY_AUTH_901");
    let listed = run(&missing, "sk_live_1", &[]).expect_code(3);
    for part in ["App 1 (oa_1)", "redirect URI, byte for byte: https://a.example/cb", "`client_1`"] {
        assert!(listed.stdout.contains(part), "{part}: {}", listed.stdout);
    }
    let refused = run(&error("403 Forbidden", "AVNOLOGY_AUTH_100"), "sk_live_1", &[]).expect_code(6);
    assert!(refused.stderr.contains("admin:oauth-clients:write"), "{}", refused.stderr);
    run("http://127.0.0.1:1", "sk_live_1", &[]).expect_code(7);
    plan["instance"]["environment_type"] = json!("development");
    scratch.write("plan.json", plan.to_string());
    let development = run(&missing, "sk_live_1", &[]).expect_code(2);
    assert!(development.stderr.contains("development instance"), "{}", development.stderr);
    run(&missing, "sk_live_1", &["--force"]).expect_code(3);
    run(&missing, "sk_test_1", &[]).expect_code(3);
    let kratos = run(&missing, "sk_test_1", &["--target", "kratos"]).expect_code(2);
    assert!(kratos.stderr.contains("has no clients"), "{}", kratos.stderr);
    assert!(!scratch.path("secrets.ndjson").exists());
}

#[test]
fn a_change_of_an_application_leaves_what_others_added_to_its_client() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let mut planned = application(1, true, &["https://a.example/cb"]);
    let apply = ["apply", "--plan", "plan.json"];
    scratch.write("plan.json", plan_of(std::slice::from_ref(&planned)));
    apps(&scratch, &sandbox, &apply).expect_code(0);
    let mut metadata = clients(&sandbox)["client_1"]["metadata"].clone();
    metadata["team"] = json!("payments");
    let added = json!({"client": {"metadata": metadata, "logo_uri": "https://a.example/logo.png"}, "update_mask": "metadata,logo_uri"});
    assert_eq!(admin(&sandbox, "PATCH", "/client_1", &added).0, 200);
    planned["name"] = json!("Renamed");
    scratch.write("plan.json", plan_of(&[planned]));
    assert_eq!(apps(&scratch, &sandbox, &apply).expect_code(0).count("changed"), 1);
    let client = &clients(&sandbox)["client_1"];
    assert_eq!((&client["client_name"], &client["metadata"]), (&json!("Renamed"), &metadata));
    assert_eq!(client["logo_uri"], "https://a.example/logo.png");
}

/// Two pages that name each other, at a target of each kind.
#[test]
fn a_list_of_clients_that_goes_in_a_circle_is_an_error_and_not_read_for_ever() {
    let scratch = Scratch::new();
    scratch.write("plan.json", plan_of(&[application(1, false, &["https://a.example/cb"])]));
    let next = |request: &str| if request.contains("page_token=one") { "other" } else { "one" };
    let is_list = |request: &str| request.lines().next().is_some_and(|line| line.contains('?'));
    let gone = || http("404 Not Found", "", r#"{"error":{"code":"AVNOLOGY_AUTH_901"}}"#);
    let avnology = scripted_target(move |request| {
        let page = format!(r#"{{"oauth_clients":[],"next_page_token":"{}"}}"#, next(request));
        if is_list(request) { http("200 OK", "", &page) } else { gone() }
    });
    let hydra = scripted_target(move |request| {
        let link = format!("link: </admin/clients?page_token={}>; rel=\"next\"\r\n", next(request));
        let none = r#"{"error":"Not Found","error_description":"no such client","status_code":404}"#;
        if is_list(request) { http("200 OK", &link, "[]") } else { http("404 Not Found", "", none) }
    });
    let verify = ["migrate", "clerk", "apps", "verify", "--plan", "plan.json"];
    for at in [&["--base-url", &avnology][..], &["--target", "hydra", "--hydra-admin-url", &hydra]] {
        let mut command = scratch.avnology(&[&verify[..], at].concat());
        let process = command.env("AVNOLOGY_SECRET_KEY", "sk_test_1").stderr(std::process::Stdio::piped()).spawn();
        let mut process = process.expect("the binary starts");
        for _ in 0..3_000 {
            if process.try_wait().expect("its state").is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // One that goes on is ended.
        process.kill().expect("it can be ended");
        let run = Run::of(process.wait_with_output().expect("an end")).expect_code(7);
        assert!(run.stderr.contains("again and again"), "{}", run.stderr);
    }
}
