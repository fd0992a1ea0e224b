//! Answers of Kratos that are not to be believed, and records that a whole batch could fail with.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kratos::{Kratos, is_here};
use crate::support::{Scratch, export, lines, user};

/// The keys of all identities that have one.
fn keys(kratos: &Kratos) -> BTreeSet<String> {
    let keys =
        kratos.identities().into_iter().filter_map(|one| Some(one["traits"]["external_id"].as_str()?.to_owned()));
    keys.collect()
}

#[test]
fn a_batch_that_says_created_beside_a_conflict_is_not_believed() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    // Three others have what three of the users bring: an address, a username, and the key itself, which everybody can take.
    kratos.create(&json!({ "traits": { "email": "user11@example.com" } }));
    kratos.create(&json!({ "traits": { "email": "other@example.com", "username": "User-22" } }));
    kratos.create(&json!({ "traits": { "email": "thief@example.com", "external_id": "user_000033" } }));
    let with_username = |number: usize| match number {
        22 => user(22).replace(r#""first_name""#, r#""username":"user-22","first_name""#),
        number => user(number),
    };
    let file = scratch.write("users.json", export((0..60).map(with_username)));
    let run = kratos.import(&scratch, &file, &["--batch-size", "60"]).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected"), run.count("unfinished")), (57, 3, 0));
    let good: BTreeSet<String> = (0..60).map(|number| format!("user_{number:06}")).collect();
    let mut expected = good.clone();
    expected.remove("user_000011");
    expected.remove("user_000022");
    assert_eq!(keys(&kratos), expected, "everybody who is said to be created is there");
    assert_eq!(kratos.identities().len(), 60, "and nobody twice");
    let rejects = lines(&scratch.path(run.report()["rejects_file"].as_str().expect("rejects")));
    let codes: BTreeSet<&str> = rejects.iter().map(|reject| reject["code"].as_str().expect("a code")).collect();
    assert_eq!(codes, BTreeSet::from(["email_taken", "external_id_taken", "username_taken"]));
    // The thief has kept the account, and nothing of the user came into it.
    let thief = kratos.by_key("user_000033").expect("the thief");
    assert_eq!((&thief["traits"]["email"], &thief["metadata_admin"]), (&json!("thief@example.com"), &Value::Null));
    // The ids that the run knows are those of identities, and not those of the answer.
    let ids = scratch.run(&["migrate", "clerk", "runs", "ids", run.report()["run"].as_str().expect("a run")]);
    let there: BTreeSet<String> =
        kratos.identities().iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
    let listed = there.iter().filter(|id| ids.stdout.contains(id.as_str())).count();
    assert_eq!(listed, 57, "{}{}", ids.stdout, ids.stderr);
}

#[test]
fn one_bad_record_takes_no_other_with_it_and_its_field_is_named() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let printed = scratch.run(&["migrate", "clerk", "--print-kratos-schema"]).expect_code(0).stdout;
    let mut schema: Value = serde_json::from_str(&printed).expect("a schema");
    schema["properties"]["traits"]["properties"]["first_name"]["maxLength"] = json!(5);
    let kratos = Kratos::start_with(&schema.to_string());
    let hostile = |number: usize| match number {
        4 => user(4).replace(r#""N4""#, r#""Nnnnnnnn""#),
        6 => user(6).replace(r#""number":6"#, r#""number":"a\u0000b""#),
        8 => user(8).replace(r#""number":8"#, r#""number":"\\u0000""#),
        9 => user(9).replace(r#""number":9"#, r#""number":[1e400,123456789012345678901234567890,1.0]"#),
        number => user(number),
    };
    let file = scratch.write("users.json", export((0..40).map(hostile)));
    let run = kratos.import(&scratch, &file, &[]).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (38, 2));
    let rejects = lines(&scratch.path(run.report()["rejects_file"].as_str().expect("rejects")));
    let named: BTreeSet<(String, Option<&str>)> = rejects
        .iter()
        .map(|reject| (reject["code"].as_str().expect("a code").to_owned(), reject["field"].as_str()))
        .collect();
    let invalid = "target_invalid".to_owned();
    assert_eq!(named, BTreeSet::from([(invalid.clone(), None), (invalid, Some("first_name"))]));
    kratos.verify(&scratch, &file, &[]).expect_code(3);
    assert_eq!(keys(&kratos).len(), 38);
}
