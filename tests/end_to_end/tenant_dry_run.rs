//! What a tenant's dry run, its verification and the dry run of its undoing say is what then happens; and reading needs no key that
//! can do more.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::organizations::{Tenant, change, lines_of, membership, organization, rejected, rows, run_of};
use crate::support::target::{Way, http, proxy};
use crate::support::{Sandbox, Scratch, export, user};

#[test]
fn a_key_that_can_only_read_verifies_a_tenant() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let (tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, flags));
        tenant.import(&scratch, &sandbox, &[]).expect_code(3);
        let refused = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&refused);
        let reads = proxy(&sandbox.base_url(), move |head, _| {
            let line = head.lines().next().unwrap_or_default().to_owned();
            if line.starts_with("GET ") {
                return Way::Through;
            }
            seen.lock().unwrap().push(line);
            Way::Instead(http("403 Forbidden", "", "{}"))
        });
        let others = ["--organizations", &tenant.organizations, "--memberships", &tenant.memberships];
        let others = [&others[..], &["--invitations", &tenant.invitations, "--rate", "1000/s", "--base-url", &reads]];
        let found = scratch.verify(&sandbox, &tenant.users, &others.concat()).expect_code(0).report();
        for (kind, count) in [("organizations", 3), ("memberships", 9), ("tuples", 9), ("invitations", 1)] {
            let of_kind = &found["kinds"][kind];
            assert_eq!((&of_kind["equal"], &of_kind["extra"]["count"]), (&json!(count), &json!(0)), "{of_kind}");
        }
        // What reads, and is a POST all the same, is tried once.
        let refused = refused.lock().unwrap();
        assert!(refused.iter().all(|line| line.contains("permissions:batchCheck")), "{refused:?}");
        assert!(refused.len() <= 1, "{refused:?}");
        // Other inputs than users can be compared alone, in the words of the import.
        let alone = ["migrate", "clerk", "verify", "--organizations", &tenant.organizations, "--output", "json"];
        let mut command = scratch.avnology(&alone);
        command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
        let alone = crate::support::Run::of(command.output().expect("the binary runs")).expect_code(0).report();
        assert_eq!(alone["kinds"]["organizations"]["equal"], 3, "{alone}");
        let none = scratch.run(&["migrate", "clerk", "verify"]).expect_code(2);
        assert!(none.stderr.contains("nothing to compare"), "{}", none.stderr);
    }
}

#[test]
fn a_dry_run_rejects_what_the_import_rejects() {
    let scratch = Scratch::new();
    let (mut tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, &[]));
    let invitation = |number: usize, organization: &str, expires: Value| {
        json!({
            "object": "organization_invitation", "id": format!("orginv_{number}"), "status": "pending",
            "email_address": format!("new{number}@example.com"), "role": "org:member", "organization_id": organization,
            "expires_at": expires,
        })
    };
    let (past, future) = (json!(1_600_000_000_000_u64), json!(4_102_444_800_000_u64));
    let invitations =
        [("org_0", &past), ("org_0", &future), ("org_0", &Value::Null), ("org_2", &future), ("org_9", &past)];
    let invitations = (0..).zip(invitations).map(|(number, (of, expires))| invitation(number, of, expires.clone()));
    tenant.invitations = scratch.write("invitations.ndjson", lines_of(invitations));
    // A user who cannot move, one who is in no input, and an organization that is in none.
    let users = (0..40).filter(|number| *number != 4).map(|number| match number {
        3 => user(3).replace("user3@example.com", "no address"),
        _ => user(number),
    });
    scratch.write(&tenant.users, export(users));
    let organizations = scratch.read(&tenant.organizations);
    scratch.write(&tenant.organizations, organizations.replacen("\"org_2\"", "\"org_8\"", 1));
    let dry = tenant.import(&scratch, &sandbox, &["--dry-run", "--preview", "0"]);
    let imported = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    assert_eq!(rejected(&dry), rejected(&imported), "{}\n{}", dry.stderr, imported.stderr);
    let codes: Vec<String> = rejected(&imported).into_iter().map(|(code, _)| code).collect();
    for code in ["invitation_not_pending", "organization_not_imported", "user_not_imported", "membership_not_imported"]
    {
        assert!(codes.iter().any(|found| found == code), "{code}: {codes:?}");
    }
    let of_steps = |name: &str, report: &Value| -> Vec<Value> {
        report["steps"].as_array().expect("steps").iter().map(|step| step[name].clone()).collect()
    };
    assert_eq!(of_steps("valid", &dry.report()), of_steps("created", &imported.report()));
    // Of what is in no input at all nothing is known: an earlier import may have brought it.
    let alone =
        ["migrate", "clerk", "--memberships", &tenant.memberships, "--dry-run", "--output", "json", "--preview", "0"];
    assert_eq!(scratch.run(&alone).expect_code(0).count("rejected"), 0);
}

#[test]
fn the_dry_run_of_undoing_a_tenant_is_what_undoing_does_kind_by_kind() {
    let scratch = Scratch::new();
    let (tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, &[]));
    let run = run_of(&tenant.import(&scratch, &sandbox, &[]).expect_code(3));
    let stranger = scratch.write("stranger.json", export([user(900)]));
    scratch.import(&sandbox, &stranger, &["--rate", "1000/s"]).expect_code(0);
    let user = "(SELECT id FROM identities WHERE external_id = 'user_000900')";
    let organization = |number: usize| format!("(SELECT id FROM organizations WHERE external_id = 'org_{number}')");
    for sql in [
        format!("INSERT INTO members VALUES (99, {}, {user}, 'viewer', NULL, '')", organization(1)),
        format!(
            "INSERT INTO permissions VALUES (98, 'organizations', {}, 'guest', 'identities:' || {user})",
            organization(2)
        ),
    ] {
        assert_eq!(change(&sandbox, &sql), 1);
    }
    let forced = scratch.undo(&sandbox, &run, &["--dry-run", "--force"]).expect_code(0).report();
    assert_eq!(forced["kinds"]["organizations"]["deleted"], 3, "{forced}");
    let preview = scratch.undo(&sandbox, &run, &["--dry-run"]).expect_code(3).report();
    let undone = scratch.undo(&sandbox, &run, &["--yes"]).expect_code(3).report();
    for (kind, deleted, failed) in
        [("users", 40, 0), ("organizations", 1, 2), ("memberships", 9, 0), ("tuples", 9, 0), ("invitations", 1, 0)]
    {
        for said in [&preview, &undone] {
            let of_kind = &said["kinds"][kind];
            assert_eq!((&of_kind["deleted"], &of_kind["failed"]), (&json!(deleted), &json!(failed)), "{kind}: {said}");
        }
    }
    let mut command = scratch.avnology(&["migrate", "clerk", "undo", &run, "--dry-run"]);
    let said = command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs").stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(
        said.contains("created 62 records at") && said.contains("  organizations 1 gone already, 2 would be kept"),
        "{said}"
    );
}

#[test]
fn what_another_instance_moved_is_known_by_the_marks_of_its_run() {
    let scratch = Scratch::new();
    let (ours, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, &[]));
    ours.import(&scratch, &sandbox, &[]).expect_code(3);
    let theirs = Tenant {
        users: scratch.write("u.json", export((100..105).map(user))),
        organizations: scratch.write("o.ndjson", lines_of([organization(7)])),
        memberships: scratch.write("m.ndjson", lines_of([membership(7, 100, "org:auditor")])),
        invitations: scratch.write("i.ndjson", ""),
    };
    theirs.import(&scratch, &sandbox, &[]);
    let found = || {
        let others = ["--organizations", &ours.organizations, "--memberships", &ours.memberships];
        let found = scratch.verify(&sandbox, &ours.users, &others).expect_code(3).report();
        ["organizations", "memberships", "tuples"].map(|kind| {
            let count = |name: &str| found["kinds"][kind][name]["count"].as_u64().unwrap_or_default();
            (count("extra"), count("of_other_imports"))
        })
    };
    // It is reported, and is not extra; their users are, for nothing says whose they are.
    assert_eq!(found(), [(0, 1), (0, 1), (0, 1)]);
    // One of ours that is gone at Clerk is: its run made others that are there. And so is one that no run made.
    let organizations = scratch.read(&ours.organizations);
    scratch.write(
        &ours.organizations,
        organizations.lines().take(2).map(|line| line.to_owned() + "\n").collect::<String>(),
    );
    let theirs = "INSERT INTO organizations (id, name, display_name, slug, registration_mode, create_time, update_time) \
                  VALUES ('org_hand', 'hand', 'Hand', 'hand', 'open', 'then', 'then')";
    assert_eq!(change(&sandbox, theirs), 1);
    assert_eq!(found()[0], (2, 1));
}

#[test]
fn a_check_finds_who_is_in_another_organization_and_one_that_would_be_made() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let all = scratch.write("all.json", export((0..6).map(user)));
    let (one, other) = (["--organization", "one", "--create-organization"], ["--organization", "other"]);
    scratch.import(&sandbox, &all, &one).expect_code(0);
    assert_eq!(change(&sandbox, "UPDATE identities SET organization_id = NULL WHERE external_id = 'user_000001'"), 1);
    let some = scratch.write("some.json", export((0..9).map(user)));
    let check = |more: &[&str], code: i32| {
        let fixed = ["--dry-run", "--check-target", "--preview", "0"];
        scratch.import(&sandbox, &some, &[&fixed[..], more].concat()).expect_code(code)
    };
    // Nobody makes it, so the import would be refused.
    assert!(check(&other, 6).stderr.contains("--create-organization"));
    let makes = [&other[..], &["--create-organization"]].concat();
    for rule in ["skip", "update", "fail"] {
        let existing = ["--on-existing", rule];
        let before = rows(&sandbox, "SELECT name FROM organizations");
        let checked = check(&[&makes[..], &existing].concat(), 3);
        assert_eq!(rows(&sandbox, "SELECT name FROM organizations"), before, "it is not made");
        if rule == "skip" {
            assert!(checked.stderr.contains("the import would make it"), "{}", checked.stderr);
            let found = &checked.report()["at_target"];
            assert_eq!((&found["new"], &found["different"]), (&json!(3), &json!(1)), "{found}");
        }
        let imported = scratch.import(&sandbox, &some, &[&makes[..], &existing].concat()).expect_code(3);
        assert_eq!(rejected(&checked), rejected(&imported), "{rule}: {}\n{}", checked.stdout, imported.stdout);
        assert_eq!(checked.report()["at_target"]["new"], imported.count("created"), "{rule}");
        scratch.undo(&sandbox, &run_of(&imported), &["--yes"]);
    }
}
