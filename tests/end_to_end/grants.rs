//! Which role a member has at the target is what Clerk says, of the organization that is meant: also after changes at either end.

use crate::organizations::{
    MEMBERS, TUPLES, Tenant, change, lines_of, membership, organization, rejected, rows, run_of,
};
use crate::support::{Sandbox, Scratch, until};

#[test]
fn an_organization_that_was_renamed_is_the_same_one_and_another_with_its_old_name_is_not() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let mut tenant = Tenant::new(&scratch);
    tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    // At the target one was renamed, and a stranger has its name now; at Clerk two have other names, one of them the other's.
    for sql in [
        "UPDATE organizations SET name = 'renamed', slug = 'renamed' WHERE external_id = 'org_0'",
        "INSERT INTO organizations (id, name, display_name, slug, registration_mode, create_time, update_time) \
         VALUES ('org_theirs', 'engines-0', 'Engines & Söhne 0', 'engines-0', 'open', 'then', 'then')",
    ] {
        assert_eq!(change(&sandbox, sql), 1);
    }
    let mut organizations = [0, 1, 2].map(organization);
    organizations[1]["slug"] = "engines-5".into();
    organizations[2]["slug"] = "engines-1".into();
    tenant.organizations = scratch.write("organizations.ndjson", lines_of(organizations));
    let before = scratch.read(&tenant.memberships);
    let new = lines_of([membership(0, 5, "org:admin"), membership(1, 4, "org:admin"), membership(2, 3, "org:admin")]);
    tenant.memberships = scratch.write("memberships.ndjson", before + &new);
    let stranger = || {
        let members = rows(&sandbox, "SELECT user_id FROM members WHERE organization_id = 'org_theirs'");
        [members, rows(&sandbox, "SELECT subject FROM permissions WHERE object = 'org_theirs'")].concat()
    };
    let run = tenant.import(&scratch, &sandbox, &["--new-run", "--recheck", "--on-existing", "update"]);
    let members = rows(&sandbox, MEMBERS);
    for member in ["org_0 user_000005 admin", "org_1 user_000004 admin", "org_2 user_000003 admin"] {
        assert!(members.iter().any(|row| row == member), "{member}: {members:?} {}", run.stderr);
    }
    assert_eq!((members.len(), rows(&sandbox, TUPLES).len(), stranger()), (12, 12, vec![]));
    // What earlier runs noted is gone, and so is the external id: its name alone leads to nobody.
    std::fs::remove_dir_all(scratch.path(".avnology/runs")).expect("the runs");
    assert_eq!(change(&sandbox, "UPDATE organizations SET external_id = NULL WHERE name = 'renamed'"), 1);
    let new = lines_of([membership(0, 7, "org:admin")]);
    tenant.memberships = scratch.write("memberships.ndjson", new);
    let lost = tenant.import(&scratch, &sandbox, &["--new-run"]).expect_code(3);
    let codes: Vec<String> = rejected(&lost).into_iter().map(|(code, _)| code).collect();
    assert!(codes.iter().any(|code| code == "organization_not_imported"), "{codes:?}");
    assert_eq!((rows(&sandbox, "SELECT number FROM members").len(), stranger()), (12, vec![]));
}

#[test]
fn a_tenant_of_which_a_part_was_undone_is_whole_again_after_another_import() {
    for (query, left) in [(TUPLES, 4), ("SELECT id FROM organizations", 1)] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &["--no-batch"]);
        let tenant = Tenant::new(&scratch);
        let run = run_of(&tenant.import(&scratch, &sandbox, &[]).expect_code(3));
        let before = [MEMBERS, TUPLES].map(|query| rows(&sandbox, query));
        // Slow enough to be killed in the middle; wherever that is, what follows holds.
        let arguments = ["migrate", "clerk", "undo", &run, "--yes", "--rate", "60/s", "--progress", "none"];
        let mut undoing = scratch.avnology(&arguments);
        let mut undoing = undoing.env("AVNOLOGY_SECRET_KEY", &sandbox.key).spawn().expect("it starts");
        until("a part of it is gone", || rows(&sandbox, query).len() <= left);
        undoing.kill().expect("it is killed");
        undoing.wait().expect("it ends");
        let again = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
        assert_eq!([MEMBERS, TUPLES].map(|query| rows(&sandbox, query)), before, "{}", again.stderr);
        assert_eq!(rows(&sandbox, "SELECT id FROM organizations").len(), 3);
        assert_eq!(sandbox.identities().len(), 40);
    }
}
