//! The sandbox as a caller sees it, over HTTP: the contract on which the importer is built.

use crate::support;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use support::caller::{Answer, Caller};
use support::{Sandbox, Scratch};

fn item(external_id: &str, email: &str) -> Value {
    json!({"identity": {"external_id": external_id, "email": email, "traits": {"email": email}}})
}

#[tokio::test]
async fn create_get_and_the_form_of_an_identity() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    let hash = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    let created = caller
        .create(json!({
            "external_id": "user_1", "email": "a@example.com", "email_verified": true, "username": "abc", "phone": "+14155551234",
            "traits": {"n": 1}, "admin_metadata": {"x": 2}, "credentials": {"password": {"config": {"hashed_password": hash}}},
        }))
        .await;
    let id = created["id"].as_str().expect("an id");
    assert!(id.starts_with("usr_"));
    let got = caller.get(&format!("v1/identities/{id}")).await;
    assert!(!got.body.contains(hash), "a hash never comes back");
    let got = got.expect(200);
    assert_eq!(got, created);
    assert_eq!((&got["credentials"]["password"]["present"], &got["state"]), (&json!(true), &json!("active")));
    caller.get("v1/identities/usr_nobody").await.expect_error(404, "AVNOLOGY_AUTH_901");
    caller.get("v1/odd").await.expect_error(404, "AVNOLOGY_AUTH_901");
    caller.post(&format!("v1/identities/{id}"), "{}").await.expect_error(405, "AVNOLOGY_AUTH_901");
}

#[tokio::test]
async fn unique_values_are_unique_and_messages_do_not_repeat_them() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    caller
        .create(json!({"external_id": "one", "email": "a@example.com", "username": "abc", "phone": "+14155551234"}))
        .await;
    for (identity, field) in [
        (json!({"external_id": "one", "email": "new@example.com"}), "identity.external_id"),
        (json!({"external_id": "two", "email": "A@EXAMPLE.com"}), "identity.email"),
        (json!({"external_id": "two", "email": "b@example.com", "username": "ABC"}), "identity.username"),
        (json!({"external_id": "two", "email": "b@example.com", "phone": "+14155551234"}), "identity.phone"),
    ] {
        let body =
            caller.post("v1/identities", json!({ "identity": identity })).await.expect_error(409, "AVNOLOGY_AUTH_903");
        assert_eq!(body["error"]["field"], field);
        assert!(!body.to_string().contains("example.com"), "{body}");
    }
}

#[tokio::test]
async fn a_batch_is_answered_item_by_item() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    caller.create(json!({"external_id": "there", "email": "there@example.com"})).await;
    let requests = json!([
        item("new", "new@example.com"),
        item("there", "other@example.com"),
        item("second", "NEW@example.com"),
        item("bad", "nowhere"),
        {"identity": {"email": 7}},
        {"odd": 1},
    ]);
    let results =
        caller.post("v1/identities:batchCreate", json!({ "requests": requests })).await.expect(200)["results"].clone();
    let statuses: Vec<&str> =
        results.as_array().expect("results").iter().map(|r| r["status"].as_str().expect("a status")).collect();
    assert_eq!(statuses, ["created", "exists", "error", "error", "error", "error"]);
    assert_eq!(
        (&results[2]["error"]["code"], &results[2]["error"]["field"]),
        (&json!("AVNOLOGY_AUTH_903"), &json!("identity.email"))
    );
    assert_eq!(
        (&results[3]["error"]["code"], &results[3]["error"]["field"]),
        (&json!("AVNOLOGY_AUTH_902"), &json!("identity.email"))
    );
    assert_eq!(results[4]["error"]["code"], "AVNOLOGY_AUTH_902");
    assert_eq!(sandbox.column("email"), ["new@example.com", "there@example.com"], "an existing one is not touched");
    let probe = json!({"requests": [item("probe", "probe@example.com")], "validate_only": true});
    assert_eq!(caller.post("v1/identities:batchCreate", probe).await.expect(200)["results"][0]["status"], "created");
    assert_eq!(sandbox.column("email").len(), 2, "validated only");
}

#[tokio::test]
async fn limits_of_a_batch() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    let batch = |count: usize| {
        let items: Vec<Value> = (0..count).map(|n| item(&format!("u{n}"), &format!("u{n}@example.com"))).collect();
        json!({ "requests": items })
    };
    caller.post("v1/identities:batchCreate", batch(1_001)).await.expect_error(400, "AVNOLOGY_AUTH_902");
    let results = caller.post("v1/identities:batchCreate", batch(1_000)).await.expect(200);
    assert_eq!(results["results"].as_array().expect("results").len(), 1_000);
    let body = format!("{{\"requests\":[],\"padding\":\"{}\"}}", "x".repeat(5 * 1024 * 1024));
    caller.post("v1/identities:batchCreate", body).await.expect_error(413, "AVNOLOGY_AUTH_902");
    caller.post("v1/identities:batchCreate", "{not json").await.expect_error(400, "AVNOLOGY_AUTH_902");
}

#[tokio::test]
async fn an_idempotency_key_gives_the_same_answer_again() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    let body = json!({"requests": [item("one", "one@example.com")]});
    let first = caller.post_once("v1/identities:batchCreate", &body, "key-1").await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = caller.post_once("v1/identities:batchCreate", &body, "key-1").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(again.body, first.body);
    let other = json!({"requests": [item("two", "two@example.com")]});
    caller.post_once("v1/identities:batchCreate", other, "key-1").await.expect_error(422, "AVNOLOGY_AUTH_902");
    let fresh = caller.post_once("v1/identities:batchCreate", &body, "key-2").await;
    assert_eq!(fresh.expect(200)["results"][0]["status"], "exists");
}

#[tokio::test]
async fn keys_and_scopes() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--scopes", "admin:users:read"]);
    let mut caller = Caller::of(&sandbox);
    caller.get("v1/identities").await.expect(200);
    caller.post("v1/identities", json!({"identity": {}})).await.expect_error(403, "AVNOLOGY_AUTH_100");
    caller.key = "sk_test_other".to_owned();
    caller.get("v1/identities").await.expect_error(401, "AVNOLOGY_AUTH_005");
}

#[tokio::test]
async fn the_rate_limit_is_in_the_headers() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--rate", "1", "--burst", "3"]);
    let caller = Caller::of(&sandbox);
    let first = caller.get("v1/identities").await;
    assert_eq!(
        (first.status, first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")),
        (200, Some("3"), Some("2"))
    );
    caller.get("v1/identities").await.expect(200);
    caller.get("v1/identities").await.expect(200);
    let refused = caller.get("v1/identities").await;
    assert_eq!((refused.header("retry-after"), refused.header("x-ratelimit-remaining")), (Some("1"), Some("0")));
    refused.expect_error(429, "AVNOLOGY_AUTH_021");
    caller.get("health/ready").await.expect(200);
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    for number in 0..5 {
        let state = if number == 3 { "disabled" } else { "active" };
        caller
            .create(
                json!({"external_id": format!("e{number}"), "email": format!("e{number}@example.com"), "state": state}),
            )
            .await;
    }
    let ids = |answer: &Value| -> Vec<String> {
        let identities = answer["identities"].as_array().expect("identities").iter();
        identities.map(|identity| identity["external_id"].as_str().expect("an id").to_owned()).collect()
    };
    let first = caller.get("v1/identities?page_size=3").await.expect(200);
    assert_eq!(ids(&first), ["e4", "e3", "e2"]);
    let token = first["next_page_token"].as_str().expect("a token");
    let second = caller.get(&format!("v1/identities?page_size=3&page_token={token}")).await.expect(200);
    assert_eq!((ids(&second), &second["next_page_token"]), (vec!["e1".to_owned(), "e0".to_owned()], &Value::Null));
    let filtered = caller
        .get("v1/identities?filter=state%20=%20%22active%22%20AND%20external_id%20=%20%22e2%22")
        .await
        .expect(200);
    assert_eq!(ids(&filtered), ["e2"]);
    assert_eq!(
        ids(&caller.get("v1/identities:batchGet?external_ids=e1,nobody&external_ids=e4").await.expect(200)),
        ["e1", "e4"]
    );
    for bad in ["page_size=0", "page_size=101", "filter=odd", "page_token=x", "order_by=odd"] {
        caller.get(&format!("v1/identities?{bad}")).await.expect_error(400, "AVNOLOGY_AUTH_902");
    }
}

#[tokio::test]
async fn updates_and_deletes() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    let id = caller.create(json!({"external_id": "one", "email": "one@example.com"})).await["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    caller.create(json!({"external_id": "two", "email": "two@example.com"})).await;
    let path = format!("v1/identities/{id}");
    let etag = caller.get(&path).await.header("etag").expect("an ETag").to_owned();
    let change = json!({"identity": {"first_name": "New"}, "update_mask": "first_name"});
    assert_eq!(caller.patch(&path, change.clone(), Some(&etag)).await.expect(200)["first_name"], "New");
    caller.patch(&path, change, Some(&etag)).await.expect_error(409, "AVNOLOGY_AUTH_903");
    let taken = json!({"identity": {"email": "two@example.com"}, "update_mask": "email"});
    caller.patch(&path, taken, None).await.expect_error(409, "AVNOLOGY_AUTH_903");
    let odd = json!({"identity": {}, "update_mask": "odd"});
    caller.patch(&path, odd, None).await.expect_error(400, "AVNOLOGY_AUTH_902");
    assert_eq!(
        caller.post(&format!("{path}:deactivate"), json!({"reason": "x"})).await.expect(200)["state"],
        "disabled"
    );
    assert_eq!(caller.post(&format!("{path}:reactivate"), "{}").await.expect(200)["state"], "active");
    let update = json!({"requests": [
        {"identity": {"external_id": "two", "last_name": "Z"}, "update_mask": "last_name"},
        {"id": "usr_nobody", "identity": {}, "update_mask": "last_name"},
    ]});
    let results = caller.post("v1/identities:batchUpdate", update).await.expect(200)["results"].clone();
    assert_eq!((&results[0]["status"], &results[1]["error"]["code"]), (&json!("updated"), &json!("AVNOLOGY_AUTH_901")));
    let results =
        caller.post("v1/identities:batchDelete", json!({"ids": [id, "usr_nobody"]})).await.expect(200)["results"]
            .clone();
    assert_eq!((&results[0]["status"], &results[1]["status"]), (&json!("deleted"), &json!("error")));
    assert_eq!(sandbox.column("external_id"), ["two"]);
}

#[tokio::test]
async fn the_sign_in_page_is_plain_and_escapes_values() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    let identity = json!({"external_id": "x", "email": "o'hara@example.com", "first_name": "<b>Bold</b>"});
    caller.post("v1/identities", json!({"identity": identity, "initial_password": "open sesame"})).await.expect(201);
    let page = caller.get("sign-in").await;
    assert!(page.header("content-security-policy").is_some() && page.body.contains("<form"), "{}", page.body);
    let right = caller.sign_in("o'hara@example.com", "open sesame").await;
    assert_eq!(right.status, 200);
    assert!(right.body.contains("Signed in") && right.body.contains("o&#39;hara@example.com"), "{}", right.body);
    assert!(right.body.contains("&lt;b&gt;Bold") && !right.body.contains("<b>Bold"), "{}", right.body);
    let wrong = caller.sign_in("o'hara@example.com", "open barley").await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.body.contains("Not signed in"), "{}", wrong.body);
    assert!(wrong.body.contains("value=\"o&#39;hara@example.com\" required>"), "the address stays: {}", wrong.body);
    assert!(right.body.contains("value=\"\" required autofocus>"), "the next user can begin: {}", right.body);

    caller.create(json!({"external_id": "y", "email": "grace@example.com"})).await;
    let without = caller.sign_in("grace@example.com", "open sesame").await;
    assert_eq!(without.status, 401);
    assert!(without.body.contains("arrived without a password"), "{}", without.body);
    let disabled = json!({"external_id": "z", "email": "ban@example.com", "state": "disabled"});
    caller.post("v1/identities", json!({"identity": disabled, "initial_password": "open sesame"})).await.expect(201);
    let disabled = caller.sign_in("ban@example.com", "open sesame").await;
    assert_eq!(disabled.status, 423);
    assert!(disabled.body.contains("account is disabled"), "{}", disabled.body);
    // The API does not say which addresses it knows.
    for address in ["grace@example.com", "nobody@example.com"] {
        let answer = caller.post("v1/sessions", json!({"email": address, "password": "open sesame"})).await;
        let error = answer.expect_error(401, "AVNOLOGY_AUTH_001");
        assert_eq!(error["error"]["message"], "wrong email or password", "{address}");
    }
    let hostile = caller.sign_in("<!-- outcome -->\"><b>@example.com", "x").await;
    assert_eq!(hostile.body.matches("Not signed in</h2>").count(), 1, "{}", hostile.body);
    assert!(
        hostile.body.contains("value=\"&lt;!-- outcome --&gt;&quot;&gt;&lt;b&gt;@example.com\""),
        "{}",
        hostile.body
    );

    let front = caller.get("").await;
    assert_eq!(front.status, 200);
    assert!(
        front.body.contains("stand-in for Avnology ID") && front.body.contains("href=\"/sign-in\""),
        "{}",
        front.body
    );
    assert!(front.header("content-security-policy").is_some(), "{}", front.body);
}

#[test]
fn it_listens_on_loopback_only_and_keeps_its_database_private() {
    let scratch = Scratch::new();
    let run = scratch.run(&["sandbox", "--listen", "0.0.0.0:0"]).expect_code(2);
    assert!(run.stderr.contains("loopback"), "{}", run.stderr);
    let sandbox = Sandbox::start(&scratch, &[]);
    for file in ["sandbox.db", "sandbox.db-wal"] {
        let mode = std::fs::metadata(scratch.path(file)).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    drop(sandbox);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_call_it_by_that_sites_name() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    caller.create(json!({"external_id": "a", "email": "a@example.com"})).await;
    let port = sandbox.base_url().rsplit(':').next().expect("a port").to_owned();
    for (host, status) in [
        (format!("evil.example:{port}"), 421),
        ("localhost.evil.example".to_owned(), 421),
        (format!("localhost:{port}"), 200),
        ("localhost:9999".to_owned(), 200),
    ] {
        for path in ["v1/identities", "sign-in"] {
            let request = caller.request(Method::GET, path).header("host", &host);
            let answer = Answer::of(request.send().await.expect("an answer")).await;
            assert_eq!(answer.status, status, "{host} {path}: {}", answer.body);
        }
    }
}

#[test]
fn its_key_is_a_new_one_each_time_and_a_database_that_others_can_read_is_named() {
    let scratch = Scratch::new();
    let run = |mode: u32| {
        let mut command = scratch.avnology(&["sandbox", "--listen", "127.0.0.1:0", "--db", "open.db"]);
        if scratch.path("open.db").exists() {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(scratch.path("open.db"), permissions).expect("permissions");
        }
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its stdout")).lines();
        let key = lines.nth(1).expect("a line").expect("a readable line");
        process.kill().expect("it can be ended");
        let output = process.wait_with_output().expect("it ends");
        (key, String::from_utf8(output.stderr).expect("UTF-8"))
    };
    let (one, quiet) = run(0o600);
    let (other, loud) = run(0o644);
    assert!(one.starts_with("AVNOLOGY_SECRET_KEY=sk_test_") && one.len() > 50 && one != other, "{one} {other}");
    assert!(!quiet.contains("chmod") && loud.contains("others can read") && loud.contains("open.db"), "{quiet}{loud}");
}

#[tokio::test]
async fn many_callers_at_once_are_all_answered() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    let number = AtomicUsize::new(0);
    let calls = (0..40).map(|_| async {
        let number = number.fetch_add(1, Ordering::Relaxed);
        caller.create(json!({"external_id": format!("c{number}"), "email": format!("c{number}@example.com")})).await
    });
    futures::future::join_all(calls).await;
    assert_eq!(sandbox.column("id").len(), 40);
}
