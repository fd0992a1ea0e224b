//! Organizations go with their members into `metadata_admin`, or are counted as what cannot move.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::kratos::{Kratos, is_here};
use crate::support::clerk::{CLERK_KEY, ClerkSandbox};
use crate::support::{Run, Scratch, export, user};

const TENANT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clerk_tenant");

/// A membership as the Backend API writes it.
fn membership(organization: &Value, number: usize, role: &str) -> Value {
    json!({
        "id": format!("orgmem_{}_{number}", organization["id"].as_str().expect("an id")), "role": role,
        "organization": organization, "public_user_data": { "user_id": format!("user_{number:06}") },
    })
}

fn file(records: &[Value]) -> String {
    records.iter().map(|record| record.to_string() + "\n").collect()
}

fn organizations(kratos: &Kratos, number: usize) -> Value {
    kratos.by_key(&format!("user_{number:06}")).expect("the user")["metadata_admin"]["clerk"]["organizations"].clone()
}

fn counts(run: &Run) -> [u64; 3] {
    ["created", "updated", "unchanged"].map(|name| run.count(name))
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
fn organizations_go_with_their_members() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let inside = |number: usize| {
        let one = membership(&json!({ "id": "org_c", "name": "Inside" }), number, "org:member");
        user(number).replacen('{', &format!(r#"{{"organization_memberships":[{one}],"#), 1)
    };
    let users = (0..30).map(|number| if number == 3 { inside(3) } else { user(number) });
    let users = scratch.write("users.json", export(users));
    let named = json!({ "id": "org_a", "name": "old name", "slug": "a" });
    let unnamed = json!({ "id": "org_b" });
    let mut members = vec![
        membership(&unnamed, 1, "org:member"),
        membership(&named, 1, "org:admin"),
        membership(&named, 2, "org:owner"),
        membership(&named, 2, "org:member"),
        membership(&unnamed, 3, "org:member"),
        membership(&named, 99, "org:member"),
        json!({ "id": "orgmem_x", "role": "org:member" }),
    ];
    let memberships = scratch.write("memberships.ndjson", file(&members));
    let list = scratch.write("organizations.ndjson", file(&[json!({ "id": "org_a", "name": "Acme", "slug": "acme" })]));
    let files = ["--memberships", &memberships, "--organizations", &list];
    let with = |more: &[&'static str]| [&files[..], &["--kratos-organizations", "metadata-admin"], more].concat();

    // Without the setting they are counted, and nothing of them is sent.
    let url = kratos.base_url();
    let base = ["migrate", "clerk", "--import", &users, "--target", "kratos", "--base-url", &url, "--output", "json"];
    let left = scratch.run(&[&base[..], &files, &["--dry-run"]].concat()).expect_code(0);
    let account = left.report()["memberships"].clone();
    assert_eq!((&account["moved"], &account["memberships"]), (&json!(false), &json!(6)), "{account}");
    assert!(left.stderr.contains("1 organization and 7 memberships stay behind"), "{}", left.stderr);

    let first = kratos.import(&scratch, &users, &with(&[])).expect_code(0);
    assert_eq!(counts(&first), [30, 0, 0], "{}", first.stderr);
    let account = &first.report()["memberships"];
    let figures = ["organizations", "memberships", "inside_users", "users", "without_user"].map(|name| &account[name]);
    assert_eq!(figures, [&json!(1), &json!(6), &json!(1), &json!(3), &json!(1)], "{account}");
    assert_eq!(account["unreadable"]["first"][0]["record"], 7, "{account}");
    let left = &first.report()["left_behind"];
    assert_eq!(left["organization_memberships"], Value::Null, "what stands inside users moves: {left}");
    let acme = |role: &str| json!({ "id": "org_a", "name": "Acme", "slug": "acme", "role": role });
    let of_b = json!({ "id": "org_b", "role": "org:member" });
    assert_eq!(organizations(&kratos, 1), json!([acme("org:admin"), of_b]), "in the order of their ids");
    assert_eq!(organizations(&kratos, 2), json!([acme("org:owner")]), "the first one counts");
    let of_c = json!({ "id": "org_c", "name": "Inside", "role": "org:member" });
    assert_eq!(organizations(&kratos, 3), json!([of_b, of_c]));
    assert_eq!(organizations(&kratos, 4), Value::Null);

    // Again: nothing is sent, and nothing is different.
    assert_eq!(counts(&kratos.import(&scratch, &users, &with(&[])).expect_code(0)), [0, 0, 30]);
    assert_eq!(counts(&kratos.import(&scratch, &users, &with(&["--recheck"])).expect_code(0)), [0, 0, 30]);
    kratos.verify(&scratch, &users, &with(&[])).expect_code(0);

    // One leaves an organization, one becomes an administrator.
    members.remove(0);
    members[2]["role"] = json!("org:member");
    members[3]["role"] = json!("org:admin");
    scratch.write("memberships.ndjson", file(&members));
    kratos.verify(&scratch, &users, &with(&[])).expect_code(3);
    let updated = kratos.import(&scratch, &users, &with(&["--on-existing", "update"])).expect_code(0);
    assert_eq!(counts(&updated), [0, 2, 28], "{}", updated.stderr);
    assert_eq!(organizations(&kratos, 1), json!([acme("org:admin")]));
    assert_eq!(organizations(&kratos, 3)[0]["role"], "org:admin");
    kratos.verify(&scratch, &users, &with(&[])).expect_code(0);

    // Who was changed since is kept, and all others go with their organizations.
    let run = first.report()["run"].as_str().expect("a run").to_owned();
    let undone = Kratos::undo(&scratch, &run, &[]).expect_code(3).report();
    assert_eq!((&undone["counts"]["deleted"], &undone["counts"]["kept_changed"]), (&json!(28), &json!(2)), "{undone}");
}

#[test]
fn a_run_goes_on_only_with_the_memberships_that_it_began_with() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    // Somebody else has the addresses of two: one reject too many, which only the target can say.
    for number in [5, 6] {
        let traits = json!({ "email": format!("user{number}@example.com"), "external_id": format!("else_{number}") });
        kratos.create(&json!({ "traits": traits }));
    }
    let users = scratch.write("users.json", export((0..100).map(user)));
    let members = |role: &str| file(&[membership(&json!({ "id": "org_a" }), 1, role)]);
    let memberships = scratch.write("memberships.ndjson", members("org:admin"));
    let options = ["--memberships", &memberships, "--kratos-organizations", "metadata-admin", "--max-errors", "1"];
    let stopped = kratos.import(&scratch, &users, &[&options[..], &["--batch-size", "2"]].concat());
    let report = stopped.report();
    assert_eq!(report["status"], "stopped", "{report}");
    let run = report["run"].as_str().expect("a run").to_owned();
    scratch.write("memberships.ndjson", members("org:owner"));
    let refused = scratch.run(&["migrate", "clerk", "resume", &run, "--max-errors", "9", "--output", "json"]);
    assert!(refused.code != Some(0) && refused.stderr.contains("memberships.ndjson"), "{}", refused.stderr);
    scratch.write("memberships.ndjson", members("org:admin"));
    let resumed = scratch.run(&["migrate", "clerk", "resume", &run, "--max-errors", "9", "--output", "json"]);
    let resumed = resumed.expect_code(3);
    assert_eq!((resumed.count("created"), resumed.count("rejected")), (98, 2), "{}", resumed.stderr);
    assert_eq!(resumed.report()["memberships"]["users"], 1, "the account goes on");
    assert_eq!(organizations(&kratos, 1), json!([{ "id": "org_a", "role": "org:admin" }]));
}

/// What `metadata_admin` has of the organizations of these users, by their ids at Clerk.
fn by_user(kratos: &Kratos) -> BTreeMap<String, Value> {
    let of_clerk = |one: &Value| one["metadata_admin"]["clerk"].clone();
    let pair = |clerk: Value| (clerk["id"].as_str().expect("an id").to_owned(), clerk["organizations"].clone());
    kratos.identities().iter().map(of_clerk).map(pair).collect()
}

#[test]
fn organizations_come_from_a_csv_in_shards_and_from_clerk() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let users = scratch.write("users.json", export((0..9).map(user)));
    let rows = ["orgmem_1,org:admin,org_a,user_000001", "orgmem_2,org:member,org_a,user_000002", "orgmem_3,,,"];
    let memberships =
        scratch.write("memberships.csv", format!("id,role,organization_id,user_id\n{}\n", rows.join("\n")));
    let list = scratch.write("organizations.csv", "id,name,slug\norg_a,Acme,acme\n");
    let moves = ["--kratos-organizations", "metadata-admin"];
    let files = ["--memberships", &memberships, "--organizations", &list];
    let shards = ["1/3", "2/3", "3/3"].map(|shard| {
        kratos.import(&scratch, &users, &[&moves[..], &files, &["--shard", shard]].concat()).expect_code(0)
    });
    assert_eq!(shards.iter().map(|shard| shard.count("created")).sum::<u64>(), 9);
    let acme = |role: &str| json!([{ "id": "org_a", "name": "Acme", "slug": "acme", "role": role }]);
    let there = by_user(&kratos);
    assert_eq!((&there["user_000001"], &there["user_000002"]), (&acme("org:admin"), &acme("org:member")));
    assert_eq!(there.values().filter(|organizations| organizations.is_null()).count(), 7);
    // One account of them: no membership counts once a shard.
    let merged = scratch.run(&["migrate", "clerk", "runs", "merge", "--output", "json"]).expect_code(0).report();
    let account = ["organizations", "memberships", "users", "without_user"].map(|name| &merged["memberships"][name]);
    assert_eq!(account, [&json!(1), &json!(2), &json!(2), &json!(0)], "{merged}");
    assert_eq!(merged["memberships"]["unreadable"]["count"], 1, "{merged}");

    // The same out of Clerk's API: of a tenant of which one user moves not at all, and one membership is nobody's.
    let clerk = ClerkSandbox::start(&scratch, TENANT, &[]);
    let clerk_url = clerk.url();
    let more = [&moves[..], &["--clerk-url", &clerk_url, "--clerk-rate", "5000/s"]].concat();
    let mut command = kratos.command(&scratch, &["--import", "clerk://"], &more);
    let run = Run::of(command.env("CLERK_SECRET_KEY", CLERK_KEY).output().expect("the binary runs")).expect_code(3);
    assert_eq!(run.count("created"), 3, "{}", run.stderr);
    assert_eq!(run.report()["memberships"]["without_user"], 1, "{}", run.stdout);
    let there = by_user(&kratos);
    let roles = |user: &str| -> Vec<String> {
        let organizations = there[user].as_array().expect("organizations").iter();
        organizations.map(|one| format!("{}#{}", one["id"], one["role"]).replace('"', "")).collect()
    };
    assert_eq!(roles("user_ada"), ["org_acme#org:admin", "org_noslug#org:billing"]);
    assert_eq!(roles("user_bob"), ["org_acme#org:member", "org_gone#org:admin"]);
    assert_eq!(roles("user_cleo"), ["org_acme#org:support_agent"]);
}
