//! The whole way with the real parts: a tenant, the stand-in that serves it, the export from its API, the import, and
//! `verify`; then the delta.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::clerk_document::records;
use crate::support::clerk::ClerkSandbox;
use crate::support::{Run, Sandbox, Scratch, lines};
use crate::tenant::write_tenant;
use crate::user::Generator;

const USERS: u64 = 600;

/// A tenant of generated users behind Clerk's API, and a target.
fn tenant_and_target(scratch: &Scratch) -> (ClerkSandbox, Sandbox) {
    let generator = Generator { seed: 11, bad_share: 0.0, digests: false };
    write_tenant(&generator, USERS, &scratch.path("tenant")).expect("written");
    (ClerkSandbox::start(scratch, "tenant", &[]), Sandbox::start(scratch, &[]))
}

fn id_of(record: &Value) -> String {
    record["id"].as_str().expect("an id").to_owned()
}

fn exported(scratch: &Scratch, file: &str) -> Vec<Value> {
    lines(&scratch.path(file))
}

/// What the target has for users, each by its id at Clerk, but for those with these ids.
fn others(sandbox: &Sandbox, but: &BTreeSet<String>) -> Vec<Vec<rusqlite::types::Value>> {
    let is_one_of_them = |row: &Vec<rusqlite::types::Value>| {
        row.iter().any(|value| matches!(value, rusqlite::types::Value::Text(text) if but.contains(text)))
    };
    sandbox.identities().into_iter().filter(|row| !is_one_of_them(row)).collect()
}

/// The ids of those whom an export calls deleted, each of whom is there once and in Clerk's own form.
#[track_caller]
fn ids_of_deleted(scratch: &Scratch, out: &str) -> BTreeSet<String> {
    let found = exported(scratch, &format!("{out}/deleted_users.ndjson"));
    let ids: BTreeSet<String> = found.iter().map(id_of).collect();
    assert_eq!(ids.len(), found.len(), "none twice");
    for record in &found {
        assert_eq!(*record, json!({"object": "user", "id": record["id"], "deleted": true}));
    }
    let manifest: Value = serde_json::from_str(&scratch.read(&format!("{out}/manifest.json"))).expect("a manifest");
    assert_eq!(manifest["deleted"]["file"]["records"], found.len(), "{manifest}");
    ids
}

#[track_caller]
fn expect_all_equal(run: Run, users: u64) {
    let report = run.expect_code(0).report();
    assert_eq!((&report["checked"], &report["equal"]), (&json!(users), &json!(users)), "{report}");
    for what in ["missing", "different", "extra"] {
        assert_eq!(report[what]["count"], 0, "{report}");
    }
}

/// Changes, creates and deletes users at Clerk. Returns the ids of those who are to be in the delta, and of those who are gone.
fn change_one_percent(clerk: &ClerkSandbox, directory: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let users = records(directory, "users");
    let (mut there, mut gone) = (BTreeSet::new(), BTreeSet::new());
    for (index, user) in users.iter().enumerate().step_by(100) {
        let id = id_of(user);
        let path = format!("/v1/users/{id}");
        match index % 300 {
            0 => clerk.call(Method::PATCH, &path, Some(r#"{"first_name":"Changed"}"#)).expect(200),
            100 => {
                let body = r#"{"public_metadata":{"plan":"changed"}}"#;
                clerk.call(Method::PATCH, &format!("{path}/metadata"), Some(body)).expect(200)
            }
            _ => clerk.call(Method::DELETE, &path, None).expect(200),
        };
        if index % 300 == 200 {
            gone.insert(id)
        } else {
            there.insert(id)
        };
    }
    let new = r#"{"email_address":["new@example.com"],"first_name":"New"}"#;
    there.insert(id_of(&clerk.call(Method::POST, "/v1/users", Some(new)).expect(200)));
    (there, gone)
}

#[test]
fn what_is_at_clerk_is_at_the_target_in_the_end_and_a_delta_sends_only_what_changed() {
    let scratch = Scratch::new();
    let (clerk, sandbox) = tenant_and_target(&scratch);
    clerk.export(&scratch, "full", &[]).expect_code(0);
    let of_tenant: BTreeSet<String> = records(&scratch.path("tenant"), "users").iter().map(id_of).collect();
    let of_export: BTreeSet<String> = exported(&scratch, "full/users.ndjson").iter().map(id_of).collect();
    assert_eq!((of_tenant.len() as u64, &of_export), (USERS, &of_tenant));
    let run = scratch.import(&sandbox, "full", &["--steps", "users"]).expect_code(0);
    let manifest: Value = serde_json::from_str(&scratch.read("full/manifest.json")).expect("a manifest");
    let of_users = manifest["files"].as_array().expect("files").iter().find(|file| file["kind"] == "users");
    let sum = &of_users.expect("the users")["blake3"];
    assert!(sum.is_string());
    assert_eq!(run.report()["inputs"][0]["blake3"], *sum, "what was exported is what was imported");
    assert_eq!((run.count("read"), run.count("created")), (USERS, USERS));
    expect_all_equal(scratch.verify(&sandbox, "full", &["--steps", "users"]), USERS);
    // The rest of the tenant is in the same directory.
    let records = |kind: &str| exported(&scratch, &format!("full/{kind}.ndjson")).len() as u64;
    let [organizations, memberships] = ["organizations", "organization_memberships"].map(records);
    let rest = scratch.import(&sandbox, "full", &["--steps", "organizations,memberships,tuples"]);
    assert_eq!(rest.count("read"), organizations + 2 * memberships, "{}", rest.stderr);
    assert_eq!((rest.count("unfinished"), rest.count("created") > memberships), (0, true), "{}", rest.stderr);

    let (there, gone) = change_one_percent(&clerk, &scratch.path("tenant"));
    assert_eq!((there.len(), gone.len()), (5, 2), "one percent, and one who is new");
    let before = others(&sandbox, &there);
    let more = ["--only", "users", "--since", "full", "--deleted", "full"];
    clerk.export(&scratch, "delta", &more).expect_code(0);
    let of_delta: BTreeSet<String> = exported(&scratch, "delta/users.ndjson").iter().map(id_of).collect();
    assert_eq!(of_delta, there, "who is new or changed, and nobody else");
    assert_eq!(ids_of_deleted(&scratch, "delta"), gone);
    let run = scratch.import(&sandbox, "delta", &["--on-existing", "update", "--steps", "users"]).expect_code(0);
    assert_eq!((run.count("read"), run.count("created"), run.count("updated")), (5, 1, 4), "{}", run.stdout);
    let said = "not at Clerk any more: 2, in delta/deleted_users.ndjson";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert_eq!(others(&sandbox, &there), before, "nobody else was touched");

    // Those who are gone at Clerk are still at the target: an import deletes nothing.
    clerk.export(&scratch, "last", &["--only", "users"]).expect_code(0);
    let report = scratch.verify(&sandbox, "last", &[]).expect_code(3).report();
    let (equal, extra) = (&report["equal"], &report["extra"]["count"]);
    assert_eq!((equal, extra), (&json!(USERS - 1), &json!(gone.len())), "{report}");
    assert_eq!((&report["missing"]["count"], &report["different"]["count"]), (&json!(0), &json!(0)), "{report}");
}

#[test]
fn a_delta_of_a_night_in_which_no_user_changed_is_imported_with_what_else_is_in_it() {
    let scratch = Scratch::new();
    let (clerk, sandbox) = tenant_and_target(&scratch);
    clerk.export(&scratch, "full", &[]).expect_code(0);
    scratch.import(&sandbox, "full", &["--steps", "users"]).expect_code(0);
    for compress in ["none", "gzip"] {
        let more = ["--new", "--only", "users", "--since", "full", "--compress", compress];
        clerk.export(&scratch, "users", &more).expect_code(0);
        let dry = scratch.import(&sandbox, "users", &["--dry-run"]).expect_code(0);
        assert_eq!((dry.count("read"), dry.count("valid")), (0, 0));
        let run = scratch.import(&sandbox, "users", &["--on-existing", "update"]).expect_code(0);
        assert_eq!((run.count("read"), run.count("unfinished")), (0, 0), "{}", run.stdout);
        let refused = scratch.import(&sandbox, "users", &["--on-missing", "disable", "--new-run"]).expect_code(2);
        assert!(refused.stderr.contains("only users who are new or changed"), "{}", refused.stderr);
    }
    let verified = scratch.verify(&sandbox, "users", &[]);
    assert!(verified.code != Some(5), "it is read: {}", verified.stderr);
    clerk.export(&scratch, "delta", &["--since", "full"]).expect_code(0);
    assert!(exported(&scratch, "delta/users.ndjson").is_empty());
    let organizations = exported(&scratch, "delta/organizations.ndjson").len() as u64;
    let run = scratch.import(&sandbox, "delta", &["--on-existing", "update"]);
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
    assert!(organizations > 0 && run.count("created") >= organizations, "{}", run.stdout);
    assert_eq!(run.count("unfinished"), 0, "{}", run.stdout);
}

#[test]
fn who_is_gone_is_known_from_all_earlier_exports_and_from_a_whole_one_without_a_second_reading() {
    let scratch = Scratch::new();
    let (clerk, _) = tenant_and_target(&scratch);
    let run = clerk.export(&scratch, "full", &[]).expect_code(0);
    let memberships = "organization_memberships (from the list of the whole instance, ";
    assert!(run.stdout.contains(memberships) || run.stderr.contains(memberships), "{}{}", run.stdout, run.stderr);
    let (there, gone) = change_one_percent(&clerk, &scratch.path("tenant"));
    let delta = ["--only", "users", "--since", "full"];
    clerk.export(&scratch, "delta", &delta).expect_code(0);
    assert!(!scratch.path("delta/deleted_users.ndjson").exists(), "it was not asked for");
    // One who is only in the delta, and one who is in both.
    let full: BTreeSet<String> = exported(&scratch, "full/users.ndjson").iter().map(id_of).collect();
    let new = there.difference(&full).next().expect("the new one").clone();
    let changed = there.intersection(&full).next().expect("a changed one").clone();
    for id in [&new, &changed] {
        clerk.call(Method::DELETE, &format!("/v1/users/{id}"), None).expect(200);
    }
    let mut expected: BTreeSet<String> = gone;
    expected.extend([new, changed]);
    let both = ["--deleted", "full", "delta"];
    for (out, more) in
        [("whole", &["--only", "users"][..]), ("changes", &delta[..]), ("without-users", &["--only", "organizations"])]
    {
        let more: Vec<&str> = more.iter().chain(&both).copied().collect();
        clerk.export(&scratch, out, &more).expect_code(0);
        assert_eq!(ids_of_deleted(&scratch, out), expected, "{out}");
    }
    // A whole export asks nothing more for it.
    let requests = |out: &str| {
        let manifest: Value = serde_json::from_str(&scratch.read(&format!("{out}/manifest.json"))).expect("a manifest");
        manifest["requests"]["sent"].as_u64().expect("a count")
    };
    clerk.export(&scratch, "plain", &["--only", "users"]).expect_code(0);
    assert_eq!(requests("whole"), requests("plain"));
    let run = clerk.export(&scratch, "whole", &[&["--only", "users"][..], &both].concat()).expect_code(0);
    assert!(run.stderr.contains("was finished"), "{}", run.stderr);
    let run = clerk.export(&scratch, "whole", &["--only", "users", "--deleted", "full"]).expect_code(2);
    assert!(run.stderr.contains("another --deleted"), "{}", run.stderr);
    std::fs::remove_file(scratch.path("tenant/manifest.json")).expect("the generator's manifest");
    for (earlier, what) in [("tenant", "not finished"), ("without-users", "has no users")] {
        let run = clerk.export(&scratch, "refused", &["--only", "users", "--deleted", earlier]).expect_code(2);
        assert!(run.stderr.contains(what), "{}", run.stderr);
        assert!(!scratch.path("refused/users.ndjson").exists(), "it is known before anything is read");
    }
    let run = clerk.export(&scratch, "./full", &["--only", "users", "--deleted", "full", "--new"]).expect_code(2);
    assert!(run.stderr.contains("goes there") && scratch.path("full/manifest.json").exists(), "{}", run.stderr);
    let manifest = scratch.read("full/manifest.json").replace("\"id\": \"ins_", "\"id\": \"ins_other");
    scratch.write("full/manifest.json", manifest);
    for option in ["--deleted", "--since"] {
        let run = clerk.export(&scratch, "refused", &["--only", "users", option, "full"]).expect_code(2);
        assert!(run.stderr.contains("of another instance") && run.stderr.contains(option), "{}", run.stderr);
        assert!(!scratch.path("refused/users.ndjson").exists(), "it is known before anything is read");
    }
}
