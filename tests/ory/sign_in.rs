//! `verify --sign-in` at a real Kratos: its login flow for programs, at its public address.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::kratos::{Kratos, is_here};
use crate::support::{Run, Scratch};

fn user(id: &str, email: &str, password: &str, is_banned: bool) -> Value {
    json!({
        "id": id, "banned": is_banned, "primary_email_address_id": "e",
        "email_addresses": [{"id": "e", "email_address": email, "verified": true}],
        "password_digest": bcrypt::hash(password, 10).expect("a hash"), "password_hasher": "bcrypt",
    })
}

#[test]
fn test_accounts_sign_in_at_its_public_address() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let users = json!([
        user("user_1", "ada-7k3q@example.com", "Correct-Horse-7k3q", false),
        user("user_2", "banned-7k3q@example.com", "Banned-Horse-7k3q", true),
    ]);
    let file = scratch.write("users.json", users.to_string());
    kratos.import(&scratch, &file, &[]).expect_code(0);
    let try_accounts = |list: &str, more: &[&str]| {
        scratch.write("list.csv", list);
        std::fs::set_permissions(scratch.path("list.csv"), std::fs::Permissions::from_mode(0o600)).expect("the mode");
        let first = ["verify", "--sign-in", "list.csv", "-vv"];
        let run = Run::of(kratos.command(&scratch, &first, more).output().expect("the binary runs"));
        for said in [&run.stdout, &run.stderr] {
            assert!(!said.contains("7k3q") && !said.contains("example.com"), "{said}");
        }
        run
    };
    let list = "email,password,state\n\
        ada-7k3q@example.com,Correct-Horse-7k3q,active\n\
        banned-7k3q@example.com,Banned-Horse-7k3q,disabled\n";
    let public = kratos.public_url();
    let report = try_accounts(list, &["--kratos-public-url", &public]).expect_code(0).report();
    let counts = ["signed_in", "wrong_password_refused", "disabled_refused"].map(|name| report[name].as_u64());
    assert_eq!((counts, &report["problems"]), ([Some(1), Some(1), Some(1)], &json!({})), "{report}");
    let list = "email,password,state\n\
        ada-7k3q@example.com,Wrong-Horse-7k3q,active\n\
        banned-7k3q@example.com,Banned-Horse-7k3q,active\n";
    let found = try_accounts(list, &["--kratos-public-url", &public]).expect_code(3).report();
    let lines = |problem: &str| found["problems"][problem]["first"].clone();
    assert_eq!((lines("password_refused"), lines("is_disabled")), (json!([2]), json!([3])), "{found}");
    try_accounts(list, &[]).expect_code(2);
    // The admin address has no login flow.
    let admin = kratos.base_url();
    try_accounts(list, &["--kratos-public-url", &admin]).expect_code(6);
    assert_eq!(kratos.open_sessions(), 0, "the sessions that it began are over");
}
