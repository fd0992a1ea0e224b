//! The users of the fixture, from the import to undo.

use serde_json::{Value, json};

use crate::kratos::{Kratos, is_here};
use crate::support::{Scratch, export, user};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clerk_users.json");
const FIXTURE_README: &str = include_str!("../../fixtures/README.md");

/// The rows of the table of passwords.
fn passwords() -> Vec<Vec<&'static str>> {
    let rows = FIXTURE_README.lines().skip_while(|line| !line.starts_with("| email")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect()).collect()
}

#[test]
fn the_fixture_moves_signs_in_agrees_goes_again_and_is_undone() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let first = kratos.import(&scratch, FIXTURE, &[]).expect_code(3);
    assert_eq!((first.count("read"), first.count("created"), first.count("rejected")), (62, 48, 14));
    assert_eq!(kratos.identities().len(), 48);
    let rows = passwords();
    assert!(rows.len() >= 8, "{rows:?}");
    for row in &rows {
        let expected = if row[2] == "yes" { 200 } else { 401 };
        assert_eq!(kratos.sign_in(row[0], row[1]), expected, "{row:?}");
        assert_eq!(kratos.sign_in(row[0], "not the password"), 400, "{row:?}");
    }
    assert_eq!(kratos.sign_in("user_2FgAlandb42328112177c2d6f2f", "enigma-1936"), 400, "the key is no way to sign in");

    // What Clerk's users could not write is not where Kratos' users can.
    let with_public = kratos.identities().into_iter().filter(|one| one["metadata_public"].is_object());
    let with_public: Vec<Value> = with_public.collect();
    assert!(!with_public.is_empty() && with_public.iter().all(|one| one["traits"]["public_metadata"].is_null()));

    kratos.verify(&scratch, FIXTURE, &[]).expect_code(0);
    let again = kratos.import(&scratch, FIXTURE, &[]).expect_code(3);
    let report = again.report();
    assert_eq!((again.count("created"), again.count("unchanged")), (0, 48), "{report}");
    let asked = kratos.import(&scratch, FIXTURE, &["--recheck"]).expect_code(3);
    assert_eq!((asked.count("created"), asked.count("updated"), asked.count("unchanged")), (0, 0, 48));

    // Somebody changes one; undo keeps that one, for no time says so at Kratos.
    let ada = kratos.identities().into_iter().find(|one| one["traits"]["email"] == "ada@example.com").expect("Ada");
    kratos.patch(
        ada["id"].as_str().expect("an id"),
        &json!([{ "op": "add", "path": "/traits/first_name", "value": "Augusta" }]),
    );
    kratos.verify(&scratch, FIXTURE, &[]).expect_code(3);
    let run = first.report()["run"].as_str().expect("a run").to_owned();
    let undone = Kratos::undo(&scratch, &run, &[]).expect_code(3).report();
    let count = |report: &Value, name: &str| report["counts"][name].as_u64();
    assert_eq!((count(&undone, "deleted"), count(&undone, "kept_changed")), (Some(47), Some(1)), "{undone}");
    assert_eq!(kratos.identities().len(), 1);
    let undone = Kratos::undo(&scratch, &run, &["--force"]).expect_code(0).report();
    assert_eq!((count(&undone, "deleted"), count(&undone, "gone_already")), (Some(1), Some(47)), "{undone}");
    assert_eq!(kratos.identities(), [] as [Value; 0]);
}

#[test]
fn what_changed_at_clerk_is_changed_and_an_update_claims_nobody() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let before = scratch.write("before.json", export((0..30).map(user)));
    let run = kratos.import(&scratch, &before, &[]).expect_code(0).report()["run"].as_str().expect("a run").to_owned();
    let changed = |number: usize| match number {
        3 => user(3).replace("user3@example.com", "New3@example.com"),
        5 => user(5).replace(r#""number":5"#, r#""number":50"#),
        7 => user(7).replace(r#""public_metadata""#, r#""banned":true,"public_metadata""#),
        9 => user(9).replace(r#""verified":true"#, r#""verified":false"#),
        number => user(number),
    };
    let after = scratch.write("after.json", export((0..31).map(changed)));
    let left = kratos.import(&scratch, &after, &[]).expect_code(0);
    assert_eq!((left.count("created"), left.count("updated"), left.count("unchanged")), (1, 0, 30));
    let updated = kratos.import(&scratch, &after, &["--on-existing", "update"]).expect_code(0);
    assert_eq!((updated.count("created"), updated.count("updated"), updated.count("unchanged")), (0, 4, 27));
    kratos.verify(&scratch, &after, &[]).expect_code(0);
    let one = |number: usize| kratos.by_key(&format!("user_{number:06}")).expect("the user");
    let third = one(3);
    assert_eq!(third["traits"]["email"], "New3@example.com");
    assert_eq!(third["verifiable_addresses"][0]["verified"], true, "a new address is verified if it was at Clerk");
    assert_eq!((&one(5)["metadata_public"]["number"], &one(7)["state"]), (&json!(50), &json!("inactive")));
    assert_eq!(one(9)["verifiable_addresses"][0]["verified"], false);
    // The four are not as the first run made them.
    let undone = Kratos::undo(&scratch, &run, &[]).expect_code(3).report();
    assert_eq!((undone["counts"]["deleted"].as_u64(), undone["counts"]["kept_changed"].as_u64()), (Some(26), Some(4)));
    assert_eq!(kratos.identities().len(), 5);
}
