//! What changes between two nights, or while a record is on its way: roles that come back, members who are deleted meanwhile,
//! records that contradict each other, and addresses that are written in several ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::organizations::{Tenant, USERS, lines_of, membership, organization, rejected, rows, verify};
use crate::support::target::{Way, proxy};
use crate::support::{Run, Sandbox, Scratch, export, user};

const GRANTED: &str = "SELECT relation FROM permissions";
const UPDATE: [&str; 2] = ["--on-existing", "update"];

#[test]
fn a_role_that_changes_and_comes_back_is_granted_again() {
    for flags in [&[][..], &["--no-batch"]] {
        for between in [&UPDATE[..], &["--on-existing", "update", "--steps", "memberships"]] {
            let scratch = Scratch::new();
            let sandbox = Sandbox::start(&scratch, flags);
            let tenant = Tenant::new(&scratch);
            let import = |role: &str, more: &[&str]| {
                scratch.write("memberships.ndjson", lines_of([membership(0, 0, role)]));
                tenant.import(&scratch, &sandbox, more)
            };
            import("org:admin", &[]).expect_code(3);
            assert_eq!(rows(&sandbox, GRANTED), ["admin"]);
            let lowered = import("org:viewer", between);
            assert_eq!(rows(&sandbox, "SELECT role FROM members"), ["viewer"], "{}", lowered.stderr);
            let back = import("org:admin", &UPDATE).expect_code(3);
            assert_eq!(rows(&sandbox, "SELECT role FROM members"), ["admin"], "{flags:?} {}", back.stderr);
            assert_eq!(rows(&sandbox, GRANTED), ["admin"], "{flags:?} {between:?} {}", back.stdout);
            // And then nobody has to be asked.
            let again = import("org:admin", &["--new-run"]).expect_code(3);
            assert_eq!(again.report()["not_asked"], USERS as u64 + 3 + 1 + 1 + 1, "{flags:?} {between:?}");
        }
    }
}

#[test]
fn an_invitation_is_found_again_however_its_address_is_written() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let tenant = Tenant::new(&scratch);
        let invitations = ["Jürgen@example.com", "ada@BÜCHER.example", "new@example.com"].map(|email| {
            json!({
                "object": "organization_invitation", "id": format!("orginv_{email}"), "email_address": email,
                "role": "org:member", "organization_id": "org_0", "status": "pending", "public_metadata": {},
            })
        });
        scratch.write("invitations.ndjson", lines_of(invitations));
        let first = tenant.import(&scratch, &sandbox, &[]).expect_code(0);
        assert_eq!(rows(&sandbox, "SELECT email FROM invitations").len(), 3, "{}", first.stderr);
        let verified = verify(&tenant, &scratch, &sandbox, 0);
        assert_eq!(verified["kinds"]["invitations"]["extra"]["count"], 0, "{flags:?} {verified}");
        let again = tenant.import(&scratch, &sandbox, &["--new-run", "--recheck"]).expect_code(0);
        assert_eq!((again.count("created"), again.count("rejected")), (0, 0), "{flags:?} {}", again.stderr);
        assert_eq!(again.report()["notices"]["differs_at_target"], Value::Null, "{flags:?} {}", again.stdout);
    }
}

/// A proxy before a target. Once it is armed, what the first request that begins like this is about is deleted from `table` before
/// the request arrives.
fn deleting(sandbox: &Sandbox, armed: &Arc<AtomicBool>, request: &'static str, sql: fn(&[&str]) -> String) -> String {
    let (armed, database) = (Arc::clone(armed), sandbox.database.clone());
    proxy(&sandbox.base_url(), move |head, _| {
        let line = head.lines().next().unwrap_or_default();
        let path = line.split(' ').nth(1).unwrap_or_default();
        let parts: Vec<&str> = path.split(['/', ':']).collect();
        let shape = if parts.get(4) == Some(&"members") { "member" } else { parts.get(4).copied().unwrap_or_default() };
        let is_it = format!("{} {} {shape}", line.split(' ').next().unwrap_or_default(), parts.get(2).unwrap_or(&""));
        if is_it.trim_end() == request && armed.swap(false, Ordering::SeqCst) {
            let database = rusqlite::Connection::open(&database).expect("the database");
            assert_eq!(database.execute(&sql(&parts), []).expect("it is deleted"), 1);
        }
        Way::Through
    })
}

/// One record of `step` is deleted at the target while `change` of all of them is under way. Returns the run, and how many
/// records there are in the step.
fn deleted_meanwhile(
    flags: &[&str],
    request: &'static str,
    sql: fn(&[&str]) -> String,
    step: &str,
) -> (Run, Vec<String>) {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, flags);
    let tenant = Tenant::new(&scratch);
    let armed = Arc::new(AtomicBool::new(false));
    let url = deleting(&sandbox, &armed, request, sql);
    let import = |more: &[&str]| tenant.import(&scratch, &sandbox, &[&["--base-url", url.as_str()][..], more].concat());
    import(&[]).expect_code(3);
    scratch.write(
        "users.json",
        export((0..USERS).map(|number| match step {
            "states" => user(number).replacen('{', r#"{"banned":true,"#, 1),
            _ => user(number).replace(r#""first_name":"N"#, r#""first_name":"M"#),
        })),
    );
    let memberships = scratch.read("memberships.ndjson").replace("org:admin", "org:viewer");
    scratch.write("memberships.ndjson", memberships);
    scratch.write(
        "organizations.ndjson",
        lines_of((0..3).map(|number| {
            let mut changed = organization(number);
            changed["public_metadata"] = json!({ "number": number + 10 });
            changed
        })),
    );
    armed.store(true, Ordering::SeqCst);
    let steps = if step == "states" { "users" } else { step };
    let run = import(&["--on-existing", "update", "--steps", steps]);
    assert!(!armed.load(Ordering::SeqCst), "{request} was asked for: {}", run.stderr);
    (run, rows(&sandbox, GRANTED))
}

#[test]
fn a_record_that_is_deleted_before_its_change_arrives_is_one_reject_and_the_run_goes_on() {
    type Case = (&'static [&'static str], &'static str, fn(&[&str]) -> String, &'static str, u64);
    let of_member = |parts: &[&str]| {
        format!("DELETE FROM members WHERE user_id = '{}'", parts[5]) + " AND organization_id = '" + parts[3] + "'"
    };
    let of_organization = |parts: &[&str]| format!("DELETE FROM organizations WHERE id = '{}'", parts[3]);
    let of_user = |parts: &[&str]| format!("DELETE FROM identities WHERE id = '{}'", parts[3]);
    let cases: [Case; 6] = [
        (&[], "PATCH organizations member", of_member, "memberships", 4),
        (&["--no-batch"], "PATCH organizations member", of_member, "memberships", 4),
        (&[], "PATCH organizations", of_organization, "organizations", 3),
        (&["--no-batch"], "PATCH organizations", of_organization, "organizations", 3),
        (&["--no-batch"], "PATCH identities", of_user, "users", USERS as u64),
        (&["--no-batch"], "POST identities deactivate", of_user, "states", USERS as u64),
    ];
    for (flags, request, sql, step, changed) in cases {
        let (run, granted) = deleted_meanwhile(flags, request, sql, step);
        let run = run.expect_code(3);
        assert_eq!((run.count("updated"), run.count("rejected")), (changed - 1, 1), "{request}: {}", run.stderr);
        assert_eq!(rejected(&run), [("target_invalid".to_owned(), 1)], "{request}");
        // Whoever is no member any more does not get back what the role before granted.
        let admins = granted.iter().filter(|role| *role == "admin").count();
        assert_eq!(admins, if step == "memberships" { 0 } else { 4 }, "{request}");
    }
}

#[test]
fn of_two_records_of_one_membership_the_rejected_one_grants_nothing() {
    let mut without_time = membership(0, 1, "org:admin");
    without_time["created_at"] = json!(9_000_000_000_000_000_u64);
    let mut too_large = membership(0, 1, "org:admin");
    too_large["public_metadata"] = json!({ "large": "x".repeat(5 * 1024 * 1024) });
    for bad in [without_time, too_large] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        let tenant = Tenant::new(&scratch);
        scratch.write("memberships.ndjson", lines_of([bad, membership(0, 1, "org:member")]));
        let run = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
        assert_eq!(rows(&sandbox, "SELECT role FROM members"), ["member"], "{}", run.stderr);
        assert!(!rows(&sandbox, GRANTED).contains(&"admin".to_owned()), "{}", run.stdout);
    }
}

#[test]
fn a_role_that_is_neither_changed_nor_granted_again_is_said() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let tenant = Tenant::new(&scratch);
    scratch.write("memberships.ndjson", lines_of([membership(0, 0, "org:admin")]));
    let armed = Arc::new(AtomicBool::new(false));
    let refuses = Arc::clone(&armed);
    let url = proxy(&sandbox.base_url(), move |head, _| {
        let is_change = head.starts_with("PATCH ") && head.contains("/members/");
        if refuses.load(Ordering::SeqCst) && (is_change || head.starts_with("POST /v1/permissions ")) {
            let error = json!({ "error": { "code": "AVNOLOGY_AUTH_902", "message": "no" } });
            return Way::Instead(crate::support::target::http("400 Bad Request", "", &error.to_string()));
        }
        Way::Through
    });
    let import = |more: &[&str]| {
        tenant.import(&scratch, &sandbox, &[&["--base-url", url.as_str()][..], more].concat()).expect_code(3)
    };
    import(&[]);
    scratch.write("memberships.ndjson", lines_of([membership(0, 0, "org:viewer")]));
    armed.store(true, Ordering::SeqCst);
    let run = import(&UPDATE);
    assert_eq!(rows(&sandbox, GRANTED), Vec::<String>::new(), "{}", run.stderr);
    let rejects = crate::support::lines(&scratch.path(run.report()["rejects_file"].as_str().expect("a file")));
    let of_member = rejects.iter().find(|reject| reject["code"] == "target_invalid").expect("a reject");
    let message = of_member["message"].as_str().expect("a message");
    assert!(message.contains("did not grant the role before again"), "{message}");
    // It is not taken for granted: once the member has the role before at Clerk, too, it is granted again.
    armed.store(false, Ordering::SeqCst);
    scratch.write("memberships.ndjson", lines_of([membership(0, 0, "org:admin")]));
    import(&UPDATE);
    assert_eq!(rows(&sandbox, GRANTED), ["admin"]);
}

#[test]
fn a_user_in_very_many_organizations_moves_where_no_organization_does() {
    let scratch = Scratch::new();
    let users = scratch.write("users.json", export((0..2).map(user)));
    let memberships =
        scratch.write("many.ndjson", lines_of((0..3_000).map(|number| membership(number, 0, "org:admin"))));
    let dry = |more: &[&str]| {
        let fixed =
            ["migrate", "clerk", "--import", &users, "--memberships", &memberships, "--dry-run", "--output", "json"];
        let at = ["--target", "kratos", "--base-url", "http://127.0.0.1:1"];
        scratch.run(&[&fixed[..], &at, more].concat())
    };
    let counted = dry(&[]).expect_code(0);
    assert_eq!(counted.count("rejected"), 0, "{}", counted.stderr);
    let moved = dry(&["--kratos-organizations", "metadata-admin"]).expect_code(3);
    assert_eq!(rejected(&moved), [("field_too_long".to_owned(), 1)], "{}", moved.stderr);
}
