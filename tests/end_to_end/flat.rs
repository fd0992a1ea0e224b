//! Flat users, as Clerk's migration tool and Clerk's support write them, through the built binary.

use crate::support;

use support::{Sandbox, Scratch, export, user};

fn traits(sandbox: &Sandbox) -> Vec<serde_json::Value> {
    sandbox.column("traits").iter().map(|traits| serde_json::from_str(traits).expect("traits")).collect()
}

fn of<'a>(traits: &'a [serde_json::Value], name: &str) -> &'a serde_json::Value {
    traits.iter().find(|traits| traits["first_name"] == name).expect("the user")
}

fn addresses(traits: &serde_json::Value, kind: &str) -> Vec<(String, bool, bool)> {
    let addresses = traits[kind].as_array().expect("addresses").iter();
    let flag = |address: &serde_json::Value, name: &str| address[name].as_bool().expect("a flag");
    addresses
        .map(|address| {
            let value = address["value"].as_str().expect("an address").to_owned();
            (value, flag(address, "verified"), flag(address, "primary"))
        })
        .collect()
}

fn expected(addresses: &[(&str, bool, bool)]) -> Vec<(String, bool, bool)> {
    addresses.iter().map(|(value, verified, primary)| ((*value).to_owned(), *verified, *primary)).collect()
}

/// As in real samples, the primary address is not among the others. The shape of each record is recognised by itself.
#[test]
fn flat_users_are_imported_beside_those_of_the_api() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let digest = bcrypt::hash_with_salt("correct horse", 4, [7; 16]).expect("a digest").to_string();
    let listed = format!(
        r#"{{"id":"user_1","first_name":"Ada","last_name":null,"username":null,"primary_email_address":"ada@example.com",
        "email_addresses":["ada@work.example","ADA@old.example"],"primary_phone_number":null,"phone_numbers":null,
        "verified_email_addresses":["ada@example.com","ada@old.example"],"unverified_email_addresses":"ada@work.example",
        "password_digest":"{digest}","password_hasher":"bcrypt","public_metadata":{{"plan":1}},"private_metadata":{{}},
        "unsafe_metadata":{{}},"has_image":true,"image_url":"x","backup_codes_enabled":false,"backup_codes":null,
        "totp_secret":null}}"#
    );
    let unknown = r#"{"id":"user_2","first_name":"Alan","email_addresses":"alan@example.com|alan@work.example",
        "phone_numbers":["+15550100"],"verified_phone_numbers":["+15550100"]}"#;
    let file = scratch.write("users.json", export([listed, unknown.to_owned(), user(3)]));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    let report = run.report();
    assert_eq!(run.count("created"), 3);
    let warnings = serde_json::json!({"verification_unknown": 1, "primary_not_named": 1});
    assert_eq!(report["warnings"], warnings, "of Alan's addresses");
    assert_eq!(sandbox.sign_in("ada@example.com", "correct horse").0, 201);
    let traits = traits(&sandbox);
    assert_eq!(
        addresses(of(&traits, "Ada"), "email_addresses"),
        expected(&[
            ("ada@example.com", true, true),
            ("ada@work.example", false, false),
            ("ADA@old.example", true, false)
        ])
    );
    assert_eq!(
        addresses(of(&traits, "Alan"), "email_addresses"),
        expected(&[("alan@example.com", false, true), ("alan@work.example", false, false)])
    );
    assert_eq!(addresses(of(&traits, "Alan"), "phone_numbers"), expected(&[("+15550100", true, true)]));
    assert_eq!(addresses(of(&traits, "N3"), "email_addresses"), expected(&[("user3@example.com", true, true)]));
    scratch.verify(&sandbox, &file, &[]).expect_code(0);
}

/// `[flat user,…]` and one a line.
#[test]
fn flat_users_come_in_every_shape() {
    let flat = |number: usize| {
        format!(r#"{{"id":"user_{number}","primary_email_address":"u{number}@example.com","email_addresses":[]}}"#)
    };
    for text in [format!("[{},{}]", flat(1), flat(2)), format!("{}\n{}\n", flat(1), flat(2))] {
        let scratch = Scratch::new();
        let file = scratch.write("users.json", text);
        let run =
            scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0", "--output", "json"]);
        assert_eq!(run.expect_code(0).count("valid"), 2);
    }
}

#[test]
fn a_flat_user_with_a_wrong_type_or_address_is_a_reject_that_names_the_field() {
    let scratch = Scratch::new();
    let users = [
        r#"{"id":"user_1","email_addresses":["a@example.com",7]}"#,
        r#"{"id":"user_2","email_addresses":["secret"],"primary_email_address":"b@example.com"}"#,
        r#"{"id":"user_3","email_addresses":["c@example.com"],"primary_email_address":"secret"}"#,
        r#"{"id":"user_4","verified_email_addresses":[{"id":"x"}]}"#,
    ];
    let file = scratch.write("users.ndjson", users.join("\n"));
    let sandbox = Sandbox::start(&scratch, &[]);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    let rejects = support::lines(&scratch.path(run.report()["rejects_file"].as_str().expect("a rejects file")));
    let fields: Vec<_> = rejects.iter().map(|reject| (reject["code"].clone(), reject["field"].clone())).collect();
    assert_eq!(
        fields,
        [
            ("invalid_record".into(), "email_addresses".into()),
            ("invalid_email".into(), "email_addresses".into()),
            ("invalid_record".into(), "verified_email_addresses".into())
        ]
    );
    assert!(!rejects.iter().any(|reject| reject["message"].as_str().expect("a message").contains("secret")));
    assert_eq!(run.report()["warnings"]["secondary_email_invalid"], 1);
}
