//! `--organization`: all users of an instance of Clerk go into one organization of the target, and several instances go side
//! by side into one target without ever being mixed up.

use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::terminal::Terminal;
use crate::support::{Run, Sandbox, Scratch, export, lines};

fn user(id: &str, external_id: Option<&str>, email: &str) -> String {
    json!({
        "id": id, "external_id": external_id,
        "email_addresses": [{"id": "idn_1", "email_address": email, "verified": true}],
        "primary_email_address_id": "idn_1",
    })
    .to_string()
}

async fn identity(caller: &Caller, field: &str, value: &str) -> Value {
    let found = caller.get(&format!("v1/identities?filter={field}%20=%20%22{value}%22")).await.expect(200);
    found["identities"][0].clone()
}

async fn organization(caller: &Caller, name: &str) -> Value {
    let found = caller.get(&format!("v1/organizations?filter=name%20=%20%22{name}%22")).await.expect(200);
    found["organizations"][0].clone()
}

/// The codes and messages of the rejects, by their external ids or ids.
fn rejects(scratch: &Scratch, run: &Run) -> Vec<(String, String)> {
    let report = run.report();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let rejects = lines(&scratch.path(report["rejects_file"].as_str().expect("a rejects file")));
    rejects.iter().map(|reject| (text(&reject["code"]), text(&reject["message"]))).collect()
}

#[tokio::test]
async fn two_instances_that_share_addresses_go_side_by_side_into_one_target() {
    for more in [&[][..], &["--no-batch"]] {
        two_instances(more).await;
    }
}

async fn two_instances(more: &[&str]) {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, more);
    let caller = Caller::of(&sandbox);
    let of_a = [user("user_a1", None, "shared@example.com"), user("user_a2", Some("crm-1"), "two@example.com")];
    scratch.write("a.json", export(of_a));
    let (into_a, into_b) = (["--organization", "acme"], ["--organization", "beta"]);
    let made = scratch.import(&sandbox, "a.json", &[&into_a[..], &["--create-organization"]].concat()).expect_code(0);
    assert_eq!(made.count("created"), 2);
    let acme = organization(&caller, "acme").await["id"].as_str().expect("made").to_owned();
    let shared = identity(&caller, "external_id", "user_a1").await;
    assert_eq!(shared["organization_id"], acme);

    let of_b = [
        user("user_b1", None, "SHARED@example.com"),
        user("user_b2", Some("crm-1"), "new@example.com"),
        user("user_b3", None, "three@example.com"),
        user("user_a2", Some("crm-1"), "two@example.com"),
    ];
    scratch.write("b.json", export(of_b));
    let refused = scratch.import(&sandbox, "b.json", &into_b);
    assert!(refused.code != Some(0) && refused.stderr.contains("no such organization"), "{}", refused.stderr);
    assert_eq!(sandbox.column("external_id"), ["crm-1", "user_a1"], "nothing is sent");
    for rule in ["skip", "update"] {
        let more = ["--create-organization", "--on-existing", rule, "--new-run"];
        let run = scratch.import(&sandbox, "b.json", &[&into_b[..], &more].concat()).expect_code(3);
        let mut rejects = rejects(&scratch, &run);
        rejects.sort();
        let codes: Vec<&str> = rejects.iter().map(|(code, _)| code.as_str()).collect();
        assert_eq!(codes, ["duplicate_external_id", "email_taken", "external_id_taken"], "{rejects:?}");
        for (code, message) in &rejects[1..] {
            assert!(message.ends_with(&format!("the other identity is in organization {acme}")), "{code}: {message}");
        }
        assert_eq!(identity(&caller, "external_id", "user_a1").await, shared, "nobody touched it");
    }
    let beta = organization(&caller, "beta").await["id"].as_str().expect("made").to_owned();
    assert_eq!(identity(&caller, "external_id", "user_b3").await["organization_id"], beta);

    // The same user in both: never taken out of the first one, by any option.
    scratch.write("c.json", export([user("user_a1", None, "shared@example.com")]));
    for rule in ["skip", "update"] {
        let run = scratch.import(&sandbox, "c.json", &[&into_b[..], &["--on-existing", rule]].concat()).expect_code(3);
        let (code, message) = rejects(&scratch, &run).remove(0);
        assert!(code == "other_organization" && message.ends_with(&acme), "{code}: {message}");
        assert_eq!(identity(&caller, "external_id", "user_a1").await, shared);
    }

    // Each is complete for itself, and the other one's users are not extra.
    let verified = scratch.verify(&sandbox, "a.json", &into_a).expect_code(0);
    assert_eq!(verified.report()["extra"]["count"], 0, "{}", verified.stdout);
    let all = scratch.verify(&sandbox, "a.json", &[]).report();
    assert_eq!(all["extra"]["count"], 1, "{all}");
    let moved = json!({"identity": {"organization_id": beta}, "update_mask": "organization_id"});
    let path = format!("v1/identities/{}", shared["id"].as_str().expect("an id"));
    caller.patch(&path, moved, None).await.expect(200);
    let differs = scratch.verify(&sandbox, "a.json", &into_a).expect_code(3);
    assert!(differs.stdout.contains("organization_id"), "{}", differs.stdout);
}

#[tokio::test]
async fn an_organization_is_made_when_the_users_may_be_sent_and_not_before() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    let count = async || {
        let found = caller.get("v1/organizations").await.expect(200);
        found["organizations"].as_array().map_or(0, Vec::len)
    };
    let (good, bad) = (user("user_1", None, "one@example.com"), user("user_2", None, "nowhere"));
    scratch.write("users.json", export([good, bad]));
    let into = ["--organization", "acme", "--create-organization"];
    let strict = scratch.import(&sandbox, "users.json", &[&into[..], &["--strict"]].concat());
    assert!(strict.code != Some(0), "{}", strict.stderr);
    assert_eq!((count().await, sandbox.column("id").len()), (0, 0), "{}", strict.stderr);
    let asked = |answer: &str| {
        let url = sandbox.base_url();
        let fixed = ["migrate", "clerk", "--import", "users.json", "--base-url", &url, "--progress", "none"];
        let mut command = scratch.avnology(&[&fixed[..], &into].concat());
        let mut terminal = Terminal::start(command.env("AVNOLOGY_SECRET_KEY", "sk_test_sandbox"));
        terminal.wait_for("Import them? [y/N] ");
        terminal.type_line(answer);
        terminal.end()
    };
    let (code, screen) = asked("n");
    assert_eq!((code, count().await), (Some(2), 0), "{screen}");
    let (code, screen) = asked("y");
    assert_eq!((code, count().await), (Some(3), 1), "{screen}");
    let made = organization(&caller, "acme").await["id"].clone();
    assert_eq!(identity(&caller, "external_id", "user_1").await["organization_id"], made);
}

#[tokio::test]
async fn a_night_without_changes_asks_for_nobody_and_undo_takes_the_organization_too() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    scratch.write("users.json", export([user("user_1", None, "one@example.com")]));
    scratch.write("avnology.toml", "[migrate.clerk]\norganization = 'acme'\ncreate-organization = true\n");
    let configured = ["--config", "avnology.toml"];
    let run = scratch.import(&sandbox, "users.json", &configured).expect_code(0);
    let id = run.report()["run"].as_str().expect("an id").to_owned();
    let night = scratch.import(&sandbox, "users.json", &configured).expect_code(0);
    assert_eq!(
        (night.count("unchanged"), night.report()["requests"].as_u64().unwrap_or(0)),
        (1, 0),
        "{}",
        night.stdout
    );
    let acme = organization(&caller, "acme").await;
    assert_eq!(acme["admin_metadata"]["avnology_migrate"]["run"], id.as_str());

    // A user of somebody else's keeps it.
    let path = format!("v1/organizations/{}", acme["id"].as_str().expect("an id"));
    let other =
        caller.create(json!({"external_id": "x", "email": "x@example.com", "organization_id": acme["id"]})).await;
    let kept = scratch.undo(&sandbox, &id, &["--yes"]).expect_code(0);
    assert!(kept.stderr.contains("kept: somebody still belongs to it"), "{}", kept.stderr);
    caller.get(&path).await.expect(200);
    caller.delete(&format!("v1/identities/{}", other["id"].as_str().expect("an id"))).await.expect(204);
    let undone = scratch.undo(&sandbox, &id, &["--yes"]).expect_code(0);
    assert!(undone.stderr.contains("is deleted, too"), "{}", undone.stderr);
    caller.get(&path).await.expect_error(404, "AVNOLOGY_AUTH_300");
    assert!(sandbox.column("external_id").is_empty());

    // One that the run did not make stays.
    caller.post("v1/organizations", json!({"name": "theirs"})).await.expect(201);
    let more = ["--organization", "theirs", "--create-organization"];
    let run = scratch.import(&sandbox, "users.json", &more).expect_code(0);
    scratch.undo(&sandbox, run.report()["run"].as_str().expect("an id"), &["--yes"]).expect_code(0);
    assert_eq!(organization(&caller, "theirs").await["name"], "theirs");
}

#[tokio::test]
async fn a_resumed_run_goes_by_the_organization_that_it_began_with() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    // The target rejects the first one, which stops the run while it sends.
    caller.create(json!({"external_id": "x", "email": "zero@example.com"})).await;
    let emails = ["zero@example.com", "one@example.com", "two@example.com", "three@example.com"];
    let users = emails.iter().enumerate().map(|(number, email)| user(&format!("user_{number}"), None, email));
    scratch.write("users.json", export(users));
    let one_by_one = ["--max-errors", "0", "--batch-size", "1", "--concurrency", "1"];
    let more = [&["--organization", "acme", "--create-organization"], &one_by_one[..]].concat();
    let stopped = scratch.import(&sandbox, "users.json", &more);
    assert!(stopped.code != Some(0) && stopped.count("unfinished") > 0, "{}", stopped.stdout);
    let first = organization(&caller, "acme").await;
    let path = format!("v1/organizations/{}", first["id"].as_str().expect("an id"));
    let renamed = json!({"organization": {"name": "renamed"}, "update_mask": "name"});
    caller.patch(&path, renamed, None).await.expect(200);
    let another = caller.post("v1/organizations", json!({"name": "acme", "slug": "acme-2"})).await.expect(201);
    assert_ne!(another["id"], first["id"]);
    let id = stopped.report()["run"].as_str().expect("an id").to_owned();
    let resume = ["migrate", "clerk", "resume", &id, "--max-errors", "9", "--output", "json", "--progress", "none"];
    let mut command = scratch.avnology(&resume);
    Run::of(command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("it runs")).expect_code(3);
    for external_id in ["user_1", "user_3"] {
        assert_eq!(
            identity(&caller, "external_id", external_id).await["organization_id"],
            first["id"],
            "{external_id}"
        );
    }
}

#[tokio::test]
async fn an_organization_that_is_not_there_or_goes_stops_the_run_and_rejects_nobody() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let caller = Caller::of(&sandbox);
    scratch.write("users.json", export([user("user_1", None, "one@example.com")]));
    let wrong = scratch.import(&sandbox, "users.json", &["--create-organization"]).expect_code(2);
    assert!(wrong.stderr.contains("--create-organization needs --organization"), "{}", wrong.stderr);
    for name in ["Acme", "a", "org_", "a b"] {
        scratch.import(&sandbox, "users.json", &["--organization", name]).expect_code(2);
    }
    let by_id = ["--organization", "org_0", "--create-organization"];
    let refused = scratch.import(&sandbox, "users.json", &by_id);
    assert!(refused.code != Some(0) && refused.stderr.contains("ids are given by the target"), "{}", refused.stderr);
    assert!(organization(&caller, "org_0").await.is_null() && sandbox.column("id").is_empty());
    let dry = scratch.import(&sandbox, "users.json", &["--organization", "acme", "--dry-run"]).expect_code(0);
    assert!(dry.stderr.contains("would go into organization acme"), "{}", dry.stderr);
    assert!(dry.stdout.contains(r#""organization_id":"acme""#) || dry.stderr.contains("acme"), "{}", dry.stdout);
}
