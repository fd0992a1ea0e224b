//! The stand-in for Clerk's Backend API as a caller sees it: pages, orders, filters, changes, errors.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::clerk_document::{TENANT, records};
use crate::support::Scratch;
use crate::support::clerk::ClerkSandbox;
use crate::tenant::write_tenant;
use crate::user::Generator;

fn ids(list: &Value) -> Vec<&str> {
    let records = list.as_array().or(list["data"].as_array()).unwrap_or_else(|| panic!("{list}"));
    records.iter().map(|record| record["id"].as_str().expect("an id")).collect()
}

/// A tenant of this many users in the scratch directory.
fn tenant(scratch: &Scratch, users: u64) -> &'static str {
    let generator = Generator { seed: 3, bad_share: 0.0, digests: false };
    write_tenant(&generator, users, &scratch.path("tenant")).expect("written");
    "tenant"
}

/// The ids of a tenant's users in an order of their own members, ids deciding between equals.
fn sorted_users(directory: &Path, member: &str) -> Vec<String> {
    let mut users: Vec<(i64, String)> = records(directory, "users")
        .iter()
        .map(|user| (user[member].as_i64().expect("a time"), user["id"].as_str().expect("an id").to_owned()))
        .collect();
    users.sort();
    users.into_iter().map(|(_, id)| id).collect()
}

#[test]
fn records_come_as_they_are_in_the_export_to_the_byte() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("export")).expect("a directory");
    let users = [
        r#"{ "id" : "user_1", "object":"user","created_at":1,"public_metadata":{"n":1e400,"big":12345678901234567890123} }"#,
        r#"{"id":"user_2","object":"user","created_at":2,"first_name":"Zo\u00eb 👩‍🚀","a":1,"a":2}"#,
    ];
    scratch.write("export/users.json", format!("{{\"data\":[{}\n, {}],\"total_count\":2}}", users[0], users[1]));
    scratch.write("export/redirect_urls.ndjson", "{\"id\":\"ru_1\",\"url\":\"x\"}\n\n{\"id\":\"ru_2\"}");
    scratch.write("export/manifest.json", "{}");
    let clerk = ClerkSandbox::start(&scratch, "export", &[]);
    let answer = clerk.call(Method::GET, "/v1/users?order_by=created_at", None);
    assert_eq!(answer.body, format!("[{},{}]", users[0], users[1]));
    assert_eq!(clerk.call(Method::GET, "/v1/users/user_2", None).body, users[1]);
    assert_eq!(ids(&clerk.get("/v1/redirect_urls")).len(), 2);
    assert_eq!(clerk.get("/v1/organizations"), json!({"data": [], "total_count": 0}));
    assert_eq!(clerk.get("/v1/instance")["environment_type"], "development");
    clerk.call(Method::GET, "/v1/instance/organization_settings", None).expect(404);
}

#[test]
fn an_export_may_be_one_file_of_users() {
    let scratch = Scratch::new();
    let file = scratch.write("anything.json", r#"[{"id":"user_1"},{"id":"user_2","created_at":5}]"#);
    let clerk = ClerkSandbox::start(&scratch, &file, &["--api-key", "sk_live_x"]);
    assert_eq!(ids(&clerk.get("/v1/users")), ["user_2", "user_1"]);
    assert_eq!(clerk.get("/v1/instance")["environment_type"], "production");
}

#[test]
fn pages_by_cursor_and_by_offset_have_each_user_once() {
    let scratch = Scratch::new();
    let clerk = ClerkSandbox::start(&scratch, tenant(&scratch, 120), &[]);
    let mut expected = sorted_users(&scratch.path("tenant"), "created_at");
    assert_eq!(ids(&clerk.get("/v1/users")).len(), 10, "the default page");
    let mut by_cursor: Vec<String> = Vec::new();
    loop {
        let behind = by_cursor.last().map_or_else(String::new, |id| format!("&starting_after={id}"));
        let page = clerk.get(&format!("/v1/users?limit=50&order_by=+created_at{behind}"));
        by_cursor.extend(ids(&page).into_iter().map(str::to_owned));
        if ids(&page).len() < 50 {
            break;
        }
    }
    assert_eq!(by_cursor, expected);
    expected.reverse();
    let by_offset: Vec<String> = (0..4)
        .flat_map(|page| {
            let page = clerk.get(&format!("/v1/users?limit=40&offset={}", page * 40));
            ids(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(by_offset, expected, "newest first by default");
    let first = &expected[0];
    for bad in [
        format!("starting_after={first}&order_by=-updated_at"),
        format!("starting_after={first}&offset=1"),
        "starting_after=user_gone".to_owned(),
        "limit=501".to_owned(),
        "limit=0".to_owned(),
        "offset=-1".to_owned(),
        "order_by=password".to_owned(),
        "created_at_after=yesterday".to_owned(),
    ] {
        let error = clerk.call(Method::GET, &format!("/v1/users?{bad}"), None).expect(422);
        assert!(error["errors"][0]["meta"]["param_name"].is_string(), "{bad}: {error}");
    }
    let updated: Vec<String> = sorted_users(&scratch.path("tenant"), "updated_at").into_iter().rev().collect();
    assert_eq!(ids(&clerk.get("/v1/users?limit=500&order_by=-updated_at")), updated);
}

#[test]
fn lists_count_and_are_paged_as_documented() {
    let scratch = Scratch::new();
    let clerk = ClerkSandbox::start(&scratch, tenant(&scratch, 120), &[]);
    let memberships = records(&scratch.path("tenant"), "organization_memberships");
    let page = clerk.get("/v1/organization_memberships?limit=7&offset=3&order_by=+created_at");
    assert_eq!((ids(&page).len(), page["total_count"].as_u64()), (7, Some(memberships.len() as u64)));
    for organization in records(&scratch.path("tenant"), "organizations") {
        let id = organization["id"].as_str().expect("an id");
        let page = clerk.get(&format!("/v1/organizations/{id}/memberships?limit=500"));
        let expected: BTreeSet<&str> = memberships
            .iter()
            .filter(|membership| membership["organization"]["id"] == id)
            .map(|membership| membership["id"].as_str().expect("an id"))
            .collect();
        assert_eq!(ids(&page).into_iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!(page["total_count"].as_u64(), Some(expected.len() as u64));
    }
    // Without `paginated` everything comes, and with it the page that is asked for.
    assert_eq!(ids(&clerk.get("/v1/redirect_urls?limit=1")).len(), 3);
    assert_eq!(ids(&clerk.get("/v1/redirect_urls?paginated=true&limit=1&offset=2")).len(), 1);
    assert_eq!(clerk.get("/v1/blocklist_identifiers")["total_count"], 1);
    assert_eq!(clerk.get("/v1/organizations/organization-1")["id"], "org_20000000001", "by its slug");
    clerk.call(Method::GET, "/v1/organizations/org_gone/memberships", None).expect(404);
    let page = clerk.get("/v1/organizations/org_20000000000/invitations");
    assert!(page["data"][0].get("public_organization_data").is_none() && ids(&page).len() == 2, "{page}");
    assert_eq!(ids(&clerk.get("/v1/organizations/org_20000000000/invitations/pending")).len(), 1);
    assert_eq!(ids(&clerk.get("/v1/invitations")).len(), 2, "none that were revoked");
    assert_eq!(ids(&clerk.get("/v1/invitations?status=revoked")).len(), 1);
}

/// A query, and what it asks of a user.
type Question = (String, Box<dyn Fn(&Value) -> bool>);

fn question(query: impl Into<String>, is_meant: impl Fn(&Value) -> bool + 'static) -> Question {
    (query.into(), Box::new(is_meant))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Whether an entry of a user's list has this part in a member.
fn has_part(user: &Value, list: &str, member: &str, part: &str) -> bool {
    user[list].as_array().into_iter().flatten().any(|entry| text(&entry[member]).contains(part))
}

/// The first user of whom a member is there.
fn first(users: &[Value], pointer: &str) -> (Value, String) {
    let found = users.iter().find(|user| user.pointer(pointer).is_some_and(Value::is_string)).expect("such a user");
    (found["id"].clone(), text(found.pointer(pointer).expect("it")))
}

/// Questions that `/users` and the memberships of an organization take.
fn questions(users: &[Value]) -> Vec<Question> {
    let (one, two) = (text(&users[4]["id"]), text(&users[9]["id"]));
    let (is_one, is_two) = (one.clone(), two.clone());
    let (of_email, email) = first(&users[3..], "/email_addresses/0/email_address");
    let (of_phone, phone) = first(users, "/phone_numbers/0/phone_number");
    let (of_username, username) = first(users, "/username");
    let is = |id: Value| move |user: &Value| user["id"] == id;
    let middle = users[4]["created_at"].as_i64().expect("a time");
    let part = phone[3..].to_owned();
    vec![
        question(format!("user_id={one}&user_id=%2B{two}"), {
            let both = [one.clone(), two.clone()];
            move |user| both.contains(&text(&user["id"]))
        }),
        question(format!("user_id=-{one}"), move |user| user["id"] != *is_one),
        question(format!("query={two}"), move |user| user["id"] == *is_two),
        question(format!("email_address={}", email.to_uppercase()), is(of_email)),
        question(format!("phone_number={}", phone.replace('+', "%2B")), is(of_phone)),
        question(format!("username={username}"), is(of_username.clone())),
        question(format!("query={username}"), is(of_username.clone())),
        question(format!("username_query={}", username.to_uppercase()), is(of_username)),
        question("web3_wallet=0x1", |_| false),
        question("email_address_query=MAIL1", |user| has_part(user, "email_addresses", "email_address", "mail1")),
        question(format!("phone_number_query={part}"), move |user| {
            has_part(user, "phone_numbers", "phone_number", &part)
        }),
        question("name_query=TURING", |user| user["last_name"] == "Turing"),
        question(format!("created_at_before={middle}"), move |user| user["created_at"].as_i64() < Some(middle)),
        question(format!("created_at_after={middle}"), move |user| user["created_at"].as_i64() > Some(middle)),
        question(format!("last_active_at_after={middle}"), move |user| user["last_active_at"].as_i64() > Some(middle)),
        question(format!("last_active_at_before={middle}"), move |user| user["last_active_at"].as_i64() < Some(middle)),
    ]
}

/// Questions that only `/users` takes.
fn questions_of_users_alone(users: &[Value], memberships: &[Value]) -> Vec<Question> {
    let (of_external, external) = first(users, "/external_id");
    let is_not = of_external.clone();
    let (of_subject, subject) = first(users, "/external_accounts/0/provider_user_id");
    let social = users.iter().find(|user| user["id"] == of_subject).expect("a user");
    let provider = text(&social["external_accounts"][0]["provider"]);
    let is = |id: Value| move |user: &Value| user["id"] == id;
    let middle = users[4]["created_at"].as_i64().expect("a time");
    let members = memberships.iter().filter(|member| member["organization"]["id"] == "org_20000000001");
    let members: BTreeSet<String> = members.map(|member| text(&member["public_user_data"]["user_id"])).collect();
    let others = members.clone();
    vec![
        question(format!("external_id={external}"), is(of_external)),
        question(format!("external_id=-{external}"), move |user| user["id"] != is_not),
        question(format!("provider={provider}&provider_user_id={subject}"), is(of_subject)),
        question("banned=false", |user| user["banned"] == false),
        question(format!("last_active_at_since={middle}"), move |user| user["last_active_at"].as_i64() >= Some(middle)),
        question(format!("last_sign_in_at_after={middle}"), move |user| {
            user["last_sign_in_at"].as_i64() > Some(middle)
        }),
        question(format!("last_sign_in_at_before={middle}"), move |user| {
            user["last_sign_in_at"].as_i64() < Some(middle)
        }),
        question("organization_id=+org_20000000001", move |user| members.contains(&text(&user["id"]))),
        question("organization_id=-org_20000000001", move |user| !others.contains(&text(&user["id"]))),
    ]
}

/// Each filter against the same question asked of the files of the tenant.
#[test]
fn filters_find_what_they_ask_for() {
    let scratch = Scratch::new();
    let clerk = ClerkSandbox::start(&scratch, tenant(&scratch, 120), &[]);
    let users = records(&scratch.path("tenant"), "users");
    let memberships = records(&scratch.path("tenant"), "organization_memberships");
    let of_both = questions(&users);
    for (index, (query, is_meant)) in of_both.iter().chain(&questions_of_users_alone(&users, &memberships)).enumerate()
    {
        let meant: BTreeSet<String> =
            users.iter().filter(|user| is_meant(user)).map(|user| text(&user["id"])).collect();
        let page = clerk.get(&format!("/v1/users?limit=500&{query}"));
        let found: BTreeSet<String> = ids(&page).into_iter().map(str::to_owned).collect();
        assert_eq!(found, meant, "{query}");
        let count = clerk.get(&format!("/v1/users/count?{query}"));
        assert_eq!(count["total_count"].as_u64(), Some(meant.len() as u64), "{query}");
        if index >= of_both.len() {
            continue;
        }
        let members = memberships.iter().filter(|member| {
            member["organization"]["id"] == "org_20000000001"
                && meant.contains(&text(&member["public_user_data"]["user_id"]))
        });
        let meant: BTreeSet<String> = members.map(|member| text(&member["id"])).collect();
        let page = clerk.get(&format!("/v1/organizations/org_20000000001/memberships?limit=500&{query}"));
        let found: BTreeSet<String> = ids(&page).into_iter().map(str::to_owned).collect();
        assert_eq!(found, meant, "memberships: {query}");
    }
}

#[test]
fn filters_of_other_lists_find_what_they_ask_for() {
    let scratch = Scratch::new();
    let clerk = ClerkSandbox::start(&scratch, tenant(&scratch, 120), &[]);
    let memberships = records(&scratch.path("tenant"), "organization_memberships");
    let is_admin = |member: &&Value| member["organization"]["id"] == "org_20000000001" && member["role"] == "org:admin";
    let admins = clerk.get("/v1/organizations/org_20000000001/memberships?role=org:admin");
    assert_eq!(admins["total_count"].as_u64(), Some(memberships.iter().filter(is_admin).count() as u64));
    for (path, found) in [
        ("organizations?query=BOMBE", 1),
        ("organizations?organization_id=-org_20000000001", 2),
        ("organization_domains?enrollment_mode=-manual_invitation", 2),
        ("organization_domains?enrollment_mode=automatic_invitation", 1),
        ("organization_domains?query=org_20000000002", 1),
        ("organization_domains?query=EXAMPLE.com&verified=true", 3),
        ("organization_domains?verified=false", 0),
        ("organization_domains?domains=organization-2.example.com", 1),
        ("organizations/org_20000000002/domains?verified=true", 1),
        ("organization_roles?query=billing", 1),
        ("oauth_applications?name_query=client1Example", 1),
        ("enterprise_connections?active=false", 0),
        ("enterprise_connections?organization_id=org_20000000000", 1),
        ("organization_invitations?status=accepted", 1),
    ] {
        let page = clerk.get(&format!("/v1/{path}"));
        assert_eq!(page["total_count"].as_u64(), Some(found), "{path}: {page}");
    }
}

#[test]
fn users_come_change_and_go_while_it_runs_and_stay_so() {
    let scratch = Scratch::new();
    let clerk = ClerkSandbox::start(&scratch, TENANT, &[]);
    let total = |clerk: &ClerkSandbox| clerk.get("/v1/users/count")["total_count"].as_u64();
    assert_eq!(total(&clerk), Some(12));
    let body = json!({"email_address": ["new@example.com"], "first_name": "Nova", "public_metadata": {"plan": {"a": 1, "b": 2}}});
    let created = clerk.call(Method::POST, "/v1/users", Some(&body.to_string())).expect(200);
    let id = created["id"].as_str().expect("an id").to_owned();
    assert_eq!(created["primary_email_address_id"], created["email_addresses"][0]["id"]);
    assert_eq!(ids(&clerk.get("/v1/users?limit=1")), [id.as_str()], "the newest comes first");
    let oldest = clerk.get("/v1/users?limit=1&order_by=created_at")[0].clone();
    let path = format!("/v1/users/{}", oldest["id"].as_str().expect("an id"));
    let changed = clerk.call(Method::PATCH, &path, Some(r#"{"last_name":"Changed","username":""}"#)).expect(200);
    assert_eq!((changed["last_name"].as_str(), &changed["username"]), (Some("Changed"), &Value::Null));
    assert_eq!(clerk.get("/v1/users?order_by=-updated_at&limit=1")[0]["id"], oldest["id"]);
    assert_eq!(changed["private_metadata"], oldest["private_metadata"], "what nothing changes");
    let merge = r#"{"public_metadata":{"plan":{"a":null,"c":3}}}"#;
    let merged = clerk.call(Method::PATCH, &format!("/v1/users/{id}/metadata"), Some(merge)).expect(200);
    assert_eq!(merged["public_metadata"], json!({"plan": {"b": 2, "c": 3}}));
    let replaced = clerk.call(Method::PUT, &format!("/v1/users/{id}/metadata"), Some(merge)).expect(200);
    assert_eq!(replaced["public_metadata"], json!({"plan": {"a": null, "c": 3}}));
    assert_eq!(clerk.call(Method::POST, &format!("/v1/users/{id}/ban"), None).expect(200)["banned"], true);
    assert_eq!(clerk.call(Method::POST, &format!("/v1/users/{id}/unban"), None).expect(200)["banned"], false);
    for metadata in [r#"{"public_metadata":{}}"#, r#"{"unknown":1}"#, "[]", "{"] {
        clerk.call(Method::PATCH, &path, Some(metadata)).expect(422);
    }
    let memberships = clerk.get("/v1/organization_memberships")["total_count"].as_u64();
    let stub = clerk.call(Method::DELETE, &path, None).expect(200);
    assert_eq!(stub, json!({"object": "user", "id": oldest["id"], "deleted": true}));
    assert!(clerk.get("/v1/organization_memberships")["total_count"].as_u64() < memberships);
    clerk.call(Method::GET, &path, None).expect(404);
    clerk.call(Method::DELETE, &path, None).expect(404);
    assert_eq!(total(&clerk), Some(12));
    let before = clerk.call(Method::GET, "/v1/users?limit=500", None).body;
    let clerk = clerk.replace(&scratch, TENANT, &[]);
    assert_eq!(clerk.call(Method::GET, "/v1/users?limit=500", None).body, before, "after a kill");
    assert_eq!(total(&clerk), Some(12));
}

#[test]
fn any_record_can_be_put_and_deleted_by_the_stand_ins_own_path() {
    let scratch = Scratch::new();
    let clerk = ClerkSandbox::start(&scratch, TENANT, &[]);
    let record = r#"{"object":"organization","id":"org_new", "name":"New","created_at":1 }"#;
    for _ in 0..2 {
        let put = clerk.call(Method::PUT, "/sandbox/organizations/org_new", Some(record));
        assert_eq!((put.status, put.body.as_str()), (200, record));
        let page = clerk.call(Method::GET, "/v1/organizations?order_by=created_at&limit=1", None);
        assert_eq!(page.body, format!("{{\"data\":[{record}],\"total_count\":4}}"), "once, and counted once");
    }
    assert_eq!(clerk.get("/v1/organizations/org_new?include_members_count=true")["members_count"], 0);
    clerk.call(Method::PUT, "/sandbox/organizations/org_other", Some(record)).expect(422);
    clerk.call(Method::PUT, "/sandbox/odd/org_new", Some(record)).expect(404);
    clerk.call_with("", Method::PUT, "/sandbox/organizations/org_new", Some(record)).expect(401);
    clerk.call(Method::DELETE, "/sandbox/organizations/org_20000000000", None).expect(200);
    let left = clerk.get("/v1/organization_memberships?limit=500");
    assert!(
        left["data"].as_array().expect("a list").iter().all(|member| member["organization"]["id"] != "org_20000000000")
    );
    assert_eq!(clerk.get("/v1/organizations")["total_count"], 3);
}

#[test]
fn a_key_that_comes_too_often_learns_when_to_come_again() {
    let scratch = Scratch::new();
    let clerk = ClerkSandbox::start(&scratch, TENANT, &["--rate", "1"]);
    let mut answers = (0..40).map(|_| clerk.call(Method::GET, "/v1/instance", None));
    let refused = answers.find(|answer| answer.status != 200).expect("ten in ten seconds, and no more");
    let error = refused.expect(429);
    assert!(error["errors"][0]["code"].is_string() && error["clerk_trace_id"].is_string(), "{error}");
    let seconds: u64 = refused.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=10).contains(&seconds), "{seconds}");
}

#[test]
fn faults_come_in_clerks_form() {
    let scratch = Scratch::new();
    let clerk = ClerkSandbox::start(&scratch, TENANT, &["--fault", "status=503:1:retry-after=2"]);
    let answer = clerk.call(Method::GET, "/v1/users", None);
    let error = answer.expect(503);
    assert_eq!(answer.headers["retry-after"], "2");
    assert!(error["errors"][0]["long_message"].is_string(), "{error}");
}

#[test]
fn an_export_that_cannot_be_served_is_refused_with_its_place_and_without_its_values() {
    for (file, content, what) in [
        ("users.ndjson", "{\"id\":\"user_1\"}\n{\"email\":\"secret\"}", "line 2: it has no `id`"),
        ("users.ndjson", "{\"id\":\"secret\"}\n\n{\"id\":\"secret\"}", "line 3: a record with the same `id`"),
        (
            "users.json",
            "[{\"id\":\"user_1\"},{\"id\":\"user_2\",\"created_at\":\"secret\"}]",
            "record 2: it is no JSON object",
        ),
        ("users.json", "{\"users\":[{\"id\":\"secret\"}]}", "line 1: it is no JSON of the form"),
        ("instance.ndjson", "{\"id\":\"ins_1\"}\n{\"id\":\"ins_2\"}", "line 2: an instance has only one"),
        ("secret.txt", "", "there is no file of records in it"),
    ] {
        let scratch = Scratch::new();
        std::fs::create_dir(scratch.path("export")).expect("a directory");
        scratch.write(&format!("export/{file}"), content);
        let run = scratch.run(&["sandbox", "--clerk", "export", "--listen", "127.0.0.1:0"]).expect_code(2);
        assert!(run.stderr.contains(what) && !run.stderr.contains("secret"), "{}", run.stderr);
        let left = std::fs::read_dir(scratch.path(".avnology")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "nothing is left of a database that is not whole");
    }
}

#[test]
fn a_database_of_another_export_is_not_served() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", r#"[{"id":"user_1"}]"#);
    let of_a_killed_start = scratch.write(".clerk.db.x1.part", "half of one");
    drop(ClerkSandbox::start(&scratch, &file, &[]));
    assert!(!scratch.path(&of_a_killed_start).exists());
    let mode = std::fs::metadata(scratch.path("clerk.db")).expect("the database").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    scratch.write("users.json", r#"[{"id":"user_1"},{"id":"user_2"}]"#);
    let arguments = ["sandbox", "--clerk", "users.json", "--db", "clerk.db", "--listen", "127.0.0.1:0"];
    let run = scratch.run(&arguments).expect_code(2);
    assert!(run.stderr.contains("--db"), "{}", run.stderr);
    let avnology = ["sandbox", "--clerk", "users.json", "--no-batch"];
    scratch.run(&avnology).expect_code(2);
}
