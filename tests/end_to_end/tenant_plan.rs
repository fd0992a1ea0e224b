//! `plan`: each thing of a tenant beside its users is in it once, with a verdict and a sentence; the same tenant gives the same
//! bytes; no secret and no person's address is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::clerk_document::records;
use crate::support::clerk::ClerkSandbox;
use crate::support::{Run, Scratch};
use crate::tenant::write_tenant;
use crate::user::Generator;

/// In what no plan may repeat.
pub(crate) const CANARY: &str = "c4n4ry";

/// The kinds of an export that are in a plan, and what the plan calls them.
const KINDS: [(&str, &str); 9] = [
    ("oauth_applications", "application"),
    ("redirect_urls", "redirect_url"),
    ("domains", "domain"),
    ("jwt_templates", "template"),
    ("organization_roles", "role"),
    ("organization_permissions", "permission"),
    ("role_sets", "role_set"),
    ("allowlist_identifiers", "allowlist_entry"),
    ("enterprise_connections", "enterprise_connection"),
];

fn application(id: &str, uris: &[&str]) -> Value {
    json!({
        "object": "oauth_application", "id": id, "instance_id": "ins_2example", "name": "Odd *app*", "client_id": format!("c_{id}"),
        "client_secret": CANARY, "client_uri": null, "client_image_url": null, "dynamically_registered": false,
        "consent_screen_enabled": true, "pkce_required": false, "public": false, "scopes": "openid offline_access shop:read",
        "redirect_uris": uris, "callback_url": "https://old.example.com/cb", "authorize_url": "https://a.example/oauth/authorize",
        "token_fetch_url": "https://a.example/oauth/token", "user_info_url": "https://a.example/oauth/userinfo",
        "discovery_url": "https://a.example/d", "token_introspection_url": "https://a.example/i", "created_at": 1, "updated_at": 1,
    })
}

/// Puts into each record what no answer of Clerk's is documented to have, and what it may have all the same.
fn hide_canaries(tenant: &Path) {
    let files = std::fs::read_dir(tenant).expect("a tenant").map(|entry| entry.expect("an entry").path());
    for file in files.filter(|path| path.extension().is_some_and(|extension| extension == "ndjson")) {
        let text = std::fs::read_to_string(&file).expect("records");
        let with_secrets = text.lines().map(|line| {
            let mut record: Value = serde_json::from_str(line).expect("a record");
            for name in ["client_secret", "signing_key", "svix_url"] {
                record[name] = json!(CANARY);
            }
            record["oauth_config"] = json!({ "client_secret": CANARY });
            record.to_string() + "\n"
        });
        let with_secrets: String = with_secrets.collect();
        std::fs::write(&file, with_secrets).expect("written");
    }
}

/// A tenant behind Clerk's API, with what is odd, and its export.
pub(crate) fn parts() -> (Scratch, ClerkSandbox) {
    let scratch = Scratch::new();
    let generator = Generator { seed: 3, bad_share: 0.0, digests: false };
    write_tenant(&generator, 5, &scratch.path("tenant")).expect("written");
    hide_canaries(&scratch.path("tenant"));
    let clerk = ClerkSandbox::start(&scratch, "tenant", &[]);
    let put = |kind: &str, record: Value| {
        let path = format!("/sandbox/{kind}/{}", record["id"].as_str().expect("an id"));
        clerk.call(Method::PUT, &path, Some(&record.to_string())).expect(200);
    };
    let uris = [
        "https://App.example.com:8443/Callback/?a=%2F&b=ü",
        "https://*.example.com/cb",
        "http://localhost:3000/cb",
        "https://user:c4n4ry@example.com/cb",
    ];
    put("oauth_applications", application("oa_odd", &uris));
    put(
        "jwt_templates",
        json!({
            "object": "jwt_template", "id": "jtmp_odd", "name": "supabase", "lifetime": 60, "allowed_clock_skew": 5,
            "custom_signing_key": true, "signing_algorithm": "HS256", "signing_key": CANARY, "created_at": 1, "updated_at": 1,
            "claims": {"role": CANARY, "app": {"plan": "{{user.public_metadata.plan}}"}, "who": "{{user.id}}",
                       "name": "{{user.first_name}} of {{org.name || 'c4n4ry'}}", "shoes": "{{user.shoes}}"},
        }),
    );
    put(
        "allowlist_identifiers",
        json!({"object": "allowlist_identifier", "id": "alid_odd", "identifier": "c4n4ry@example.com",
               "identifier_type": "email_address", "instance_id": "ins_2example", "created_at": 1, "updated_at": 1}),
    );
    clerk.export(&scratch, "export", &[]).expect_code(0);
    clerk.export(&scratch, "packed", &["--compress", "zstd"]).expect_code(0);
    (scratch, clerk)
}

fn plan(scratch: &Scratch, from: &str, out: &str, more: &[&str]) -> Run {
    let fixed = ["migrate", "clerk", "plan", "--from", from, "--out", out, "-vv", "--output", "json"];
    let arguments: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
    scratch.run(&arguments)
}

fn read(scratch: &Scratch, file: &str) -> Value {
    serde_json::from_str(&scratch.read(file)).expect("a plan")
}

/// All things of a plan, those within others, too.
fn all(plan: &Value) -> Vec<Value> {
    let mut open: Vec<Value> = plan["items"].as_array().expect("items").clone();
    let mut found = Vec::new();
    while let Some(item) = open.pop() {
        open.extend(item["parts"].as_array().into_iter().flatten().cloned());
        found.push(item);
    }
    found
}

fn ids(items: &[Value], kind: &str) -> Vec<String> {
    let of_kind = items.iter().filter(|item| item["kind"] == kind);
    let mut ids: Vec<String> = of_kind.map(|item| item["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort_unstable();
    ids
}

fn find<'a>(items: &'a [Value], id: &str) -> &'a Value {
    let [item] = items.iter().filter(|item| item["id"] == id).collect::<Vec<_>>()[..] else {
        panic!("{id} is there once")
    };
    item
}

/// Totals add up.
fn assert_totals(found: &Value, items: &[Value]) {
    let mut counted: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for item in items {
        assert!(item["why"].as_str().is_some_and(|why| why.ends_with('.')), "{item}");
        for name in ["all", item["verdict"].as_str().expect("a verdict")] {
            for kind in ["all", item["kind"].as_str().expect("a kind")] {
                *counted.entry(kind.to_owned()).or_default().entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    let stated = |of: &Value| -> BTreeMap<String, u64> {
        let counts = of.as_object().expect("counts").iter();
        counts
            .map(|(name, count)| (name.clone(), count.as_u64().expect("it")))
            .filter(|(_, count)| *count > 0)
            .collect()
    };
    let kinds = found["totals"]["kinds"].as_object().expect("kinds");
    let mut totals: BTreeMap<String, _> = kinds.iter().map(|(kind, counts)| (kind.clone(), stated(counts))).collect();
    totals.insert("all".to_owned(), stated(&found["totals"]["all"]));
    assert_eq!(totals, counted);
}

/// What is odd is judged as it should be.
fn assert_what_is_odd(items: &[Value]) {
    let odd = find(items, "oa_odd");
    let codes: BTreeSet<&str> =
        odd["warnings"].as_array().expect("warnings").iter().filter_map(|it| it["code"].as_str()).collect();
    assert_eq!(codes, BTreeSet::from(["client_id_may_change", "new_secret", "pkce_now_required", "subject_changes"]));
    for (id, verdict) in [
        ("https://App.example.com:8443/Callback/?a=%2F&b=ü", "moved"),
        ("https://*.example.com/cb", "cannot_move"),
        ("http://localhost:3000/cb", "check"),
        ("https://***@example.com/cb", "cannot_move"),
        ("https://old.example.com/cb", "moved"),
        ("shop:read", "to_do"),
        ("/who", "to_do"),
        ("/role", "moved"),
        ("/shoes", "to_do"),
    ] {
        assert_eq!(find(items, id)["verdict"], verdict, "{id}");
    }
    assert_eq!(find(items, "/app/plan")["target"]["source"], "traits.public_metadata.plan");
}

#[test]
fn everything_is_in_a_plan_once_and_the_same_tenant_gives_the_same_bytes() {
    let (scratch, clerk) = parts();
    let run = plan(&scratch, "export", "plan.json", &[]).expect_code(0);
    let (text, markdown) = (scratch.read("plan.json"), scratch.read("plan.md"));
    let found = read(&scratch, "plan.json");
    let items = all(&found);
    for (file, kind) in KINDS {
        let of_export = records(&scratch.path("export"), file);
        let mut expected: Vec<String> =
            of_export.iter().map(|record| record["id"].as_str().expect("an id").to_owned()).collect();
        expected.sort_unstable();
        assert!(!expected.is_empty(), "{file}");
        assert_eq!(ids(&items, kind), expected, "{file}");
    }
    let applications = records(&scratch.path("export"), "oauth_applications");
    let uris: usize = applications.iter().map(|it| it["redirect_uris"].as_array().expect("a list").len()).sum();
    assert_eq!(ids(&items, "redirect_uri").len(), uris + 1, "and the callback URL that is not among them");
    for entry in std::fs::read_dir(scratch.path("export")).expect("an export").flatten() {
        let (name, text) = (entry.file_name(), std::fs::read_to_string(entry.path()).expect("records"));
        let is_of_records = name.to_string_lossy().ends_with(".ndjson") && !text.is_empty();
        assert!(!is_of_records || text.contains(CANARY), "each answer has a secret: {name:?}");
    }
    let settings: usize = ["organization_settings", "oauth_application_settings"]
        .map(|name| records(&scratch.path("export"), name)[0].as_object().expect("an object").len() - 1)
        .iter()
        .sum();
    assert_eq!(ids(&items, "setting").len(), settings);

    assert_eq!(run.report(), found["totals"]);
    assert_totals(&found, &items);
    assert_what_is_odd(&items);
    for said in [&text, &markdown, &run.stdout, &run.stderr] {
        assert!(!said.contains(CANARY) && !said.contains("spam@"), "{said}");
    }
    assert!(markdown.contains("Odd \\*app\\*") && markdown.lines().all(|line| !line.ends_with(' ')), "{markdown}");

    // The same bytes: again, and straight from Clerk, of which nothing stays on disk.
    plan(&scratch, "packed", "again.json", &["--report", "report.json"]).expect_code(0);
    assert_eq!(read(&scratch, "report.json"), found["totals"]);
    plan(&scratch, "packed", "again.json", &["--report", "report.html"]).expect_code(2);
    let url = clerk.url();
    let arguments =
        ["migrate", "clerk", "plan", "--from", "clerk://", "--out", "direct.json", "--clerk-url", &url, "-vv"];
    let arguments = [&arguments[..], &["--clerk-rate", "5000/s"]].concat();
    let output = scratch.avnology(&arguments).env("CLERK_SECRET_KEY", &clerk.key).output().expect("the binary runs");
    let run = Run::of(output).expect_code(0);
    assert!(!run.stderr.contains(CANARY) && !run.stderr.contains(&clerk.key), "{}", run.stderr);
    for other in ["again", "direct"] {
        assert_eq!(scratch.read(&format!("{other}.json")), text, "{other}");
        assert_eq!(scratch.read(&format!("{other}.md")), markdown, "{other}");
    }
    let left = std::fs::read_dir(scratch.path(".")).expect("it").flatten().map(|entry| entry.file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("from-clerk")));
    #[cfg(unix)]
    for file in ["plan.json", "plan.md"] {
        let permissions = std::fs::metadata(scratch.path(file)).expect("it is there").permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777, 0o600, "{file}");
    }
}

#[test]
fn what_a_person_decided_stays_and_what_cannot_be_is_refused() {
    let (scratch, _clerk) = parts();
    plan(&scratch, "export", "plan.json", &[]).expect_code(0);
    let url = records(&scratch.path("export"), "redirect_urls")[0]["url"].as_str().expect("a URL").to_owned();
    let run = plan(&scratch, "export", "plan.json", &["--assign", &format!("{url}=c_oa_odd")]).expect_code(0);
    let assigned = |plan: &Value| {
        let items = all(plan);
        let urls: Vec<&Value> = items.iter().filter(|item| item["assigned_to"] == "c_oa_odd").collect();
        urls.iter().map(|item| item["name"].as_str().expect("a URL").to_owned()).collect::<Vec<_>>()
    };
    let mut found = read(&scratch, "plan.json");
    assert_eq!((assigned(&found), &found["totals"]), (vec![url], &run.report()));

    // A person writes a note, and the plan is made again.
    let item = found["items"].as_array_mut().expect("items").iter_mut().find(|item| item["id"] == "webhooks");
    item.expect("it")["note"] = json!("asked on Monday");
    scratch.write("plan.json", serde_json::to_string_pretty(&found).expect("JSON") + "\n");
    let edited = scratch.read("plan.json");
    plan(&scratch, "export", "plan.json", &[]).expect_code(0);
    assert_eq!(read(&scratch, "plan.json"), found);
    assert!(scratch.read("plan.md").contains("note: asked on Monday"));
    assert_eq!(edited.len(), scratch.read("plan.json").len());

    let before = scratch.read("plan.json");
    scratch.write("notes.json", "{}");
    for (from, out, more, said) in [
        (
            "export",
            "plan.json",
            &["--assign", "https://nowhere.example/=c_oa_odd"][..],
            "no redirect URL `https://nowhere.example/`",
        ),
        ("export", "plan.json", &["--assign", "com.example.app0://callback=nobody"], "client id `nobody`"),
        ("export", "plan.txt", &[], "does not end with `.json`"),
        ("nowhere", "new.json", &[], "is not finished"),
        ("export", "export/manifest.json", &[], "is the file of --from"),
        ("export", "new.json", &["--report", "export/users.ndjson"], "is the file of --from"),
        ("export", "notes.json", &[], "is no plan"),
    ] {
        let run = plan(&scratch, from, out, more).expect_code(2);
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }
    let other = before.replace("ins_2example", "ins_other");
    scratch.write("other.json", &other);
    let run = plan(&scratch, "export", "other.json", &[]).expect_code(2);
    assert!(run.stderr.contains("another instance"), "{}", run.stderr);
    assert_eq!((scratch.read("plan.json"), scratch.read("other.json")), (before, other), "nothing was overwritten");
    let broken = scratch.read("export/oauth_applications.ndjson").replace("\"name\"", "\"c4n4ry\"");
    scratch.write("export/oauth_applications.ndjson", broken);
    scratch.note_in_manifest("export");
    let run = plan(&scratch, "export", "new.json", &[]).expect_code(5);
    assert!(
        run.stderr.contains("record 1 of `export/oauth_applications.ndjson`") && !run.stderr.contains(CANARY),
        "{}",
        run.stderr
    );
}

#[test]
fn a_plan_of_many_things_takes_no_more_memory_than_one_of_few() {
    let (scratch, _clerk) = parts();
    let peaks = [800, 4_000].map(|count| {
        let applications = (0..count).map(|number| {
            let uris = ["a", "b", "c"].map(|path| format!("https://app{number}.example.com/{path}"));
            application(&format!("oa_{}", number * 7_919 % 10_007), &uris.each_ref().map(String::as_str)).to_string()
        });
        let url = |number| json!({"id": format!("ru_{number}"), "url": format!("https://native{number}.example.com/")});
        let urls = (0..count).map(|number| url(number).to_string());
        scratch.write("export/oauth_applications.ndjson", applications.collect::<Vec<_>>().join("\n") + "\n");
        scratch.write("export/redirect_urls.ndjson", urls.collect::<Vec<_>>().join("\n") + "\n");
        scratch.note_in_manifest("export");
        let out = format!("{count}.json");
        plan(&scratch, "export", &out, &[]).expect_code(0);
        // What a person decided, of each of them.
        let mut decided = read(&scratch, &out);
        let items = decided["items"].as_array_mut().expect("items");
        for item in items.iter_mut().filter(|item| item["kind"] == "redirect_url") {
            item["assigned_to"] = json!("c_oa_0");
        }
        scratch.write(&out, decided.to_string());
        let run = plan(&scratch, "export", &out, &[]).expect_code(0);
        let logged = |name: &str| -> u64 {
            let text = run.stderr.split(&format!(" {name}=")).nth(1).expect("it is logged");
            text.split(|character: char| !character.is_ascii_digit())
                .next()
                .and_then(|text| text.parse().ok())
                .expect("it")
        };
        logged("kib") - logged("code_kib")
    });
    assert!(peaks[1] < peaks[0] + 6 * 1024, "{peaks:?} KiB");
}
