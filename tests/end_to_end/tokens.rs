//! `tokens`: templates claim by claim, what a resolver needs, and the claims of one user, old and new.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clerk_document::records;
use crate::support::{Run, Scratch};
use crate::tenant::write_tenant;
use crate::user::Generator;

fn tokens(scratch: &Scratch, more: &[&str]) -> Run {
    let fixed = ["migrate", "clerk", "tokens", "--from", "tenant"];
    scratch.run(&fixed.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

/// A generated tenant with one more template.
fn tenant() -> Scratch {
    let scratch = Scratch::new();
    let generator = Generator { seed: 3, bad_share: 0.0, digests: false };
    write_tenant(&generator, 30, &scratch.path("tenant")).expect("written");
    let template = json!({
        "object": "jwt_template", "id": "jtmp_odd", "name": "hasura", "lifetime": 60, "allowed_clock_skew": 5,
        "custom_signing_key": true, "signing_algorithm": "HS256", "signing_key": "c4n4ry", "created_at": 1, "updated_at": 1,
        "claims": {
            "aud": "ours", "who": "{{user.id}}", "nested": {"since": "{{user.created_at}}", "meta": "{{user.public_metadata}}"},
            "name": "{{user.first_name}} <{{user.primary_email_address}}>", "none": "{{user.shoes}}",
            "first": "{{user.shoes || user.primary_email_address || 'x'}}", "role": "{{org_membership.role}}",
            "list": ["{{user.id}}", 1], "external": "{{user.external_id}}", "verified": "{{user.email_verified}}",
        },
    });
    let path = scratch.path("tenant/jwt_templates.ndjson");
    let text = std::fs::read_to_string(&path).expect("templates") + &template.to_string() + "\n";
    std::fs::write(&path, text).expect("it");
    scratch.note_in_manifest("tenant");
    scratch
}

/// The examples of the claims of our template, by path.
fn examples(run: &Run) -> BTreeMap<String, Value> {
    let report = run.report();
    let templates = report["templates"].as_array().expect("templates");
    let [ours] = templates.iter().filter(|it| it["id"] == "jtmp_odd").collect::<Vec<_>>()[..] else { panic!("one") };
    let claims = ours["claims"].as_array().expect("claims").iter();
    let path = |claim: &Value| {
        let names = claim["path"].as_array().expect("names").iter();
        names.map(|name| name.as_str().expect("a name")).collect::<Vec<_>>().join(".")
    };
    claims.map(|claim| (path(claim), claim["example"].clone())).collect()
}

#[test]
fn a_resolver_that_follows_the_form_gives_what_clerk_gives_or_it_is_said_where_not() {
    let scratch = tenant();
    let users = records(&scratch.path("tenant"), "users");
    for has_external_id in [true, false] {
        let user = users.iter().find(|user| user["external_id"].is_string() == has_external_id).expect("a user");
        let id = user["id"].as_str().expect("an id");
        let run = tokens(&scratch, &["--example", id, "--output", "json"]).expect_code(0);
        let found = examples(&run);
        let primary = user["email_addresses"].as_array().expect("addresses").iter();
        let primary =
            primary.clone().find(|it| it["id"] == user["primary_email_address_id"]).expect("the first address");
        let (email, first_name) = (primary["email_address"].as_str().expect("it"), user["first_name"].as_str());
        for (claim, expected) in [
            ("aud", json!("ours")),
            ("who", json!(id)),
            ("nested.meta", user["public_metadata"].clone()),
            ("name", json!(format!("{} <{email}>", first_name.unwrap_or("null")))),
            ("none", json!(null)),
            ("first", json!(email)),
            ("list", json!([id, 1])),
            ("external", user["external_id"].clone()),
            ("verified", json!(primary["verification"]["status"] == "verified")),
        ] {
            let both = json!({"old": expected, "new": expected, "same": true, "of_session": false});
            assert_eq!(found[claim], both, "{claim}");
        }
        let since = &found["nested.since"];
        assert!(since["old"] == user["created_at"] && since["new"].is_string() && since["same"] == false, "{since}");
        assert_eq!(found["role"]["of_session"], true);
    }
}

#[test]
fn templates_are_taken_apart_for_people_and_for_programs() {
    let scratch = tenant();
    let run = tokens(&scratch, &["--report", "tokens.json"]).expect_code(0);
    for said in [
        "hasura (60 s, HS256)",
        "Hasura has to trust the target",
        "a key of your own",
        "who (shortcode, needs work) <- admin_metadata.clerk.id",
        "aud (static, by itself)",
        "first (conditional, needs work) <- ? user.shoes, email",
    ] {
        assert!(run.stdout.contains(said), "{said}: {}", run.stdout);
    }
    assert!(!run.stdout.contains("ours") && !run.stdout.contains("old  "), "{}", run.stdout);
    let report = scratch.read("tokens.json");
    assert_eq!(serde_json::from_str::<Value>(&report).expect("JSON"), tokens(&scratch, &["--output", "json"]).report());
    assert!(!(run.stdout + &report).contains("c4n4ry"));
    let named = records(&scratch.path("tenant"), "jwt_templates");
    assert_eq!(
        serde_json::from_str::<Value>(&report).expect("JSON")["templates"].as_array().map(Vec::len),
        Some(named.len())
    );

    for (more, said) in [
        (&["--example", "user_nobody"][..], "no user of the export"),
        (&["--report", "page.html"], "page.html"),
        (&["--report", "tenant/users.ndjson"], "users.ndjson"),
    ] {
        let run = tokens(&scratch, more).expect_code(2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    std::fs::remove_file(scratch.path("tenant/manifest.json")).expect("it");
    let run = tokens(&scratch, &[]).expect_code(2);
    assert!(run.stderr.contains("is not finished"), "{}", run.stderr);
}
