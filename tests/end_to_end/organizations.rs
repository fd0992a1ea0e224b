//! A whole tenant moves: organizations, memberships, roles and invitations, each once, and no role to anybody else.

use crate::support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{Run, Sandbox, Scratch, export, user};

/// Many enough for a sample of them.
pub(crate) const USERS: usize = 40;

/// Users, organizations, memberships, tuples, and the one invitation that is open.
pub(crate) const ALL: u64 = USERS as u64 + 3 + 9 + 9 + 1;

/// A tenant of these users and organizations.
pub(crate) struct Tenant {
    pub(crate) users: String,
    pub(crate) organizations: String,
    pub(crate) memberships: String,
    pub(crate) invitations: String,
}

pub(crate) fn organization(number: usize) -> Value {
    json!({
        "object": "organization", "id": format!("org_{number}"), "name": format!("Engines & Söhne {number}"),
        "slug": format!("engines-{number}"), "created_by": "user_000000", "created_at": 1_600_000_000_000_u64,
        "public_metadata": {"number": number}, "private_metadata": {"contract": format!("C-{number}")},
        "max_allowed_memberships": 500, "admin_delete_enabled": true, "has_image": false,
    })
}

pub(crate) fn membership(organization: usize, user: usize, role: &str) -> Value {
    json!({
        "object": "organization_membership", "id": format!("orgmem_{organization}_{user}"), "role": role,
        "organization": self::organization(organization), "public_user_data": {"user_id": format!("user_{user:06}")},
        "public_metadata": {"desk": user}, "private_metadata": {}, "created_at": 1_600_000_000_000_u64,
    })
}

pub(crate) fn lines_of(records: impl IntoIterator<Item = Value>) -> String {
    records.into_iter().map(|record| record.to_string() + "\n").collect()
}

impl Tenant {
    pub(crate) fn new(scratch: &Scratch) -> Self {
        let mut organizations: Vec<Value> = (0..3).map(organization).collect();
        organizations[2]["slug"] = Value::Null;
        let roles = ["org:admin", "org:member", "org:billing", "org:auditor"];
        let memberships = (0..6).flat_map(|user| {
            (0..3)
                .filter(move |organization| (user + organization) % 2 == 0)
                .map(move |organization| (organization, user))
        });
        let memberships = memberships.map(|(organization, user)| membership(organization, user, roles[user % 4]));
        let invitations = [("pending", "new@example.com"), ("accepted", "old@example.com")].map(|(status, email)| {
            json!({
                "object": "organization_invitation", "id": format!("orginv_{status}"), "email_address": email,
                "role": "org:member", "organization_id": "org_0", "status": status, "public_metadata": {},
            })
        });
        Self {
            users: scratch.write("users.json", export((0..USERS).map(user))),
            organizations: scratch.write("organizations.ndjson", lines_of(organizations)),
            memberships: scratch.write("memberships.ndjson", lines_of(memberships)),
            invitations: scratch.write("invitations.ndjson", lines_of(invitations)),
        }
    }

    pub(crate) fn import(&self, scratch: &Scratch, sandbox: &Sandbox, more: &[&str]) -> Run {
        let others = ["--organizations", &self.organizations, "--memberships", &self.memberships];
        let others = [&others[..], &["--invitations", &self.invitations, "--rate", "1000/s"]].concat();
        scratch.import(sandbox, &self.users, &[&others[..], more].concat())
    }
}

/// All rows of a query, as texts.
#[track_caller]
pub(crate) fn rows(sandbox: &Sandbox, query: &str) -> Vec<String> {
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let mut statement = database.prepare(query).expect("a query");
    let columns = statement.column_count();
    let text = |value: rusqlite::types::Value| match value {
        rusqlite::types::Value::Text(text) => text,
        rusqlite::types::Value::Integer(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let row = |row: &rusqlite::Row<'_>| {
        (0..columns).map(|index| row.get(index).map(text)).collect::<Result<Vec<_>, _>>().map(|cells| cells.join(" "))
    };
    statement.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("texts")
}

pub(crate) const ORGANIZATIONS: &str =
    "SELECT external_id, name, slug, display_name FROM organizations ORDER BY external_id";

/// Memberships by Clerk's ids.
pub(crate) const MEMBERS: &str = "SELECT o.external_id, i.external_id, m.role FROM members m JOIN organizations o ON o.id = m.organization_id \
                       JOIN identities i ON i.id = m.user_id ORDER BY 1, 2";

/// Role tuples by Clerk's ids; those that name nobody show as they are.
pub(crate) const TUPLES: &str = "SELECT namespace, coalesce(o.external_id, object), relation, coalesce(i.external_id, subject) FROM permissions p \
                      LEFT JOIN organizations o ON o.id = p.object LEFT JOIN identities i ON p.subject = 'identities:' || i.id \
                      ORDER BY 1, 2, 4";

pub(crate) fn state(sandbox: &Sandbox) -> Vec<String> {
    let invitations = "SELECT email, role, organization_id FROM invitations";
    let ids = "SELECT id, external_id, update_time FROM organizations UNION SELECT id, external_id, update_time FROM identities";
    [ORGANIZATIONS, MEMBERS, TUPLES, invitations, ids].iter().flat_map(|query| rows(sandbox, query)).collect()
}

fn steps(run: &Run) -> Vec<(String, u64, u64, u64, u64)> {
    let report = run.report();
    let step = |step: &Value| {
        let count = |name: &str| step[name].as_u64().expect("a count");
        let name = step["step"].as_str().expect("a name").to_owned();
        (name, count("created"), count("updated"), count("unchanged"), count("rejected"))
    };
    report["steps"].as_array().expect("steps").iter().map(step).collect()
}

fn step(name: &str, created: u64, updated: u64, unchanged: u64, rejected: u64) -> (String, u64, u64, u64, u64) {
    (name.to_owned(), created, updated, unchanged, rejected)
}

pub(crate) fn run_of(run: &Run) -> String {
    run.report()["run"].as_str().expect("a run").to_owned()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
fn a_tenant_moves_and_a_repeated_run_changes_nothing_and_asks_nothing() {
    for flags in [&[][..], &["--no-batch"], &["--member-tuples"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let tenant = Tenant::new(&scratch);
        let first = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
        let has_tuples = flags == ["--member-tuples"];
        let tuples = if has_tuples { step("tuples", 1, 0, 8, 0) } else { step("tuples", 9, 0, 0, 0) };
        assert_eq!(
            steps(&first),
            [
                step("users", USERS as u64, 0, 0, 0),
                step("organizations", 3, 0, 0, 0),
                step("memberships", 9, 0, 0, 0),
                tuples,
                step("invitations", 1, 0, 0, 1)
            ],
            "{flags:?}: {}",
            first.stderr
        );
        assert_eq!(
            rows(&sandbox, ORGANIZATIONS),
            [
                "org_0 engines-0 engines-0 Engines & Söhne 0",
                "org_1 engines-1 engines-1 Engines & Söhne 1",
                "org_2 engines-s-hne-2 engines-s-hne-2 Engines & Söhne 2"
            ]
        );
        let members = rows(&sandbox, MEMBERS);
        assert_eq!(
            members,
            [
                "org_0 user_000000 admin",
                "org_0 user_000002 billing",
                "org_0 user_000004 admin",
                "org_1 user_000001 member",
                "org_1 user_000003 member",
                "org_1 user_000005 member",
                "org_2 user_000000 admin",
                "org_2 user_000002 billing",
                "org_2 user_000004 admin"
            ]
        );
        let granted: BTreeSet<String> = rows(&sandbox, TUPLES).into_iter().collect();
        for member in &members {
            let [organization, user, role] = member.split(' ').collect::<Vec<_>>()[..] else { panic!("{member}") };
            let role = if user == "user_000003" { "auditor" } else { role };
            assert!(granted.contains(&format!("organizations {organization} {role} {user}")), "{granted:?}");
        }
        let invited = rows(&sandbox, "SELECT email, role FROM invitations");
        assert_eq!(invited, ["new@example.com member"]);
        let metadata = "SELECT json_extract(admin_metadata, '$.private_metadata.contract'), json_extract(metadata, '$.number') \
                        FROM organizations ORDER BY external_id";
        assert_eq!(rows(&sandbox, metadata), ["C-0 0", "C-1 1", "C-2 2"]);
        // Again: by the same inputs, and in a new run.
        let before = state(&sandbox);
        let again = tenant.import(&scratch, &sandbox, &["--new-run"]).expect_code(3);
        assert_eq!(
            (again.count("created"), again.count("updated"), again.count("unchanged")),
            (0, 0, ALL),
            "{}",
            again.stderr
        );
        assert_eq!(again.report()["not_asked"], ALL, "{flags:?}");
        assert_eq!(state(&sandbox), before);
        let asked = tenant.import(&scratch, &sandbox, &["--new-run", "--recheck"]).expect_code(3);
        assert_eq!(
            (asked.count("created"), asked.count("unchanged"), asked.count("rejected")),
            (0, ALL, 1),
            "{}",
            asked.stderr
        );
        assert_eq!(state(&sandbox), before);
        // Undone, nothing of it is left.
        let undone = scratch.undo(&sandbox, &run_of(&first), &["--yes", "--force"]);
        assert_eq!(undone.report()["counts"]["failed"], 0, "{flags:?}: {}", undone.stdout);
        let left: Vec<String> =
            [ORGANIZATIONS, MEMBERS, "SELECT email FROM invitations", "SELECT external_id FROM identities"]
                .iter()
                .flat_map(|query| rows(&sandbox, query))
                .collect();
        assert!(left.is_empty(), "{left:?}");
        if !has_tuples {
            assert_eq!(rows(&sandbox, TUPLES), Vec::<String>::new());
        }
    }
}

pub(crate) fn change(sandbox: &Sandbox, query: &str) -> usize {
    rusqlite::Connection::open(&sandbox.database)
        .and_then(|database| database.execute(query, []))
        .expect("it is changed")
}

pub(crate) fn rejected(run: &Run) -> Vec<(String, u64)> {
    let report = run.report();
    let codes = report["rejected_by_code"].as_object().expect("codes").iter();
    codes.map(|(code, of_code)| (code.clone(), of_code["count"].as_u64().expect("a count"))).collect()
}

fn codes(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect()
}

#[test]
fn what_needs_somebody_who_was_rejected_is_rejected_with_them_and_heals() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let mut tenant = Tenant::new(&scratch);
    let whole = std::mem::replace(
        &mut tenant.users,
        scratch.write("some.json", export((0..USERS).filter(|n| *n != 4).map(user))),
    );
    let organizations = scratch.read(&tenant.organizations);
    let some = organizations.replacen("\"org_1\"", "\"\"", 1);
    let all_organizations = std::mem::replace(&mut tenant.organizations, scratch.write("some.ndjson", some));
    let dry = tenant.import(&scratch, &sandbox, &["--dry-run", "--preview", "0"]);
    let valid: Vec<_> =
        dry.report()["steps"].as_array().expect("steps").iter().map(|step| step["valid"].clone()).collect();
    assert_eq!(valid, [USERS - 1, 2, 4, 4, 1].map(Value::from), "{}", dry.stderr);
    assert_eq!(dry.report()["roles"], json!({"members": {"admin": 2, "billing": 2}, "tuples_alone": {}, "others": 0}));
    let first = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    let expected = [
        ("invitation_not_pending", 1),
        ("membership_not_imported", 5),
        ("missing_id", 1),
        ("organization_not_imported", 3),
        ("user_not_imported", 2),
    ];
    assert_eq!(rejected(&first), codes(&expected), "{}", first.stderr);
    assert_eq!((rows(&sandbox, MEMBERS).len(), rows(&sandbox, TUPLES).len()), (4, 4));
    // Of one who is in the input and was rejected, both places are named.
    let without_address = scratch.read(&whole).replacen("\"user_000004\"", "\"user_000004\",\"deleted\":true", 1);
    let mut other = Tenant::new(&scratch);
    other.users = scratch.write("rejected.json", without_address);
    let named = other.import(&scratch, &sandbox, &["--new-run"]).expect_code(3);
    let rejects = support::lines(&scratch.path(named.report()["rejects_file"].as_str().expect("a rejects file")));
    let mut of_memberships = rejects.iter().filter(|reject| reject["code"] == "user_not_imported");
    let reject = of_memberships.next().expect("a reject");
    let message = reject["message"].as_str().expect("a message");
    assert!(message.contains("rejected.json, record 5 (deleted_user)"), "{message}");
    assert!(reject["position"]["record"].as_u64().is_some() && of_memberships.next().is_some());
    (tenant.users, tenant.organizations) = (whole, all_organizations);
    let healed = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    assert_eq!(rejected(&healed), codes(&[("invitation_not_pending", 1)]), "{}", healed.stderr);
    assert_eq!((rows(&sandbox, MEMBERS).len(), rows(&sandbox, TUPLES).len()), (9, 9));
}

#[test]
fn a_role_that_changed_at_clerk_changes_at_the_target_if_that_is_wanted_and_the_old_one_is_taken_back() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let mut tenant = Tenant::new(&scratch);
    tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    let memberships = scratch.read(&tenant.memberships);
    let lowered: String = memberships.lines().map(|line| line.replace("org:admin", "org:viewer") + "\n").collect();
    tenant.memberships = scratch.write("lowered.ndjson", lowered);
    let before = state(&sandbox);
    let skipped = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    // Left as they are, the members do not get the other role by a tuple either.
    assert_eq!(state(&sandbox), before, "{}", skipped.stderr);
    let updated = tenant.import(&scratch, &sandbox, &["--on-existing", "update"]).expect_code(3);
    let of_steps = steps(&updated);
    assert_eq!(
        (&of_steps[2], &of_steps[3]),
        (&step("memberships", 0, 4, 5, 0), &step("tuples", 4, 0, 5, 0)),
        "{}",
        updated.stderr
    );
    let roles = |query: &str| rows(&sandbox, query).into_iter().filter(|row| row.contains("admin")).count();
    assert_eq!((roles(MEMBERS), roles(TUPLES)), (0, 0), "{:?}", rows(&sandbox, TUPLES));
}

#[test]
fn undo_deletes_what_others_put_into_an_organization_only_by_force() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let tenant = Tenant::new(&scratch);
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
        format!("INSERT INTO permissions VALUES (99, 'organizations', 'theirs', 'guest', 'identities:' || {user})"),
    ] {
        assert_eq!(change(&sandbox, &sql), 1);
    }
    let undone = scratch.undo(&sandbox, &run, &["--yes"]).expect_code(3);
    assert_eq!(undone.report()["counts"]["failed"], 2, "{}", undone.stdout);
    let left: Vec<String> = rows(&sandbox, "SELECT external_id FROM organizations ORDER BY external_id");
    assert_eq!(left, ["org_1", "org_2"]);
    assert_eq!(rows(&sandbox, MEMBERS), ["org_1 user_000900 viewer"]);
    // What the first undoing deleted is gone, and nothing of it is kept.
    let again = scratch.undo(&sandbox, &run, &["--yes", "--force"]).expect_code(0);
    assert_eq!(again.report()["counts"]["gone_already"], ALL - 2, "{}", again.stdout);
    assert_eq!(rows(&sandbox, ORGANIZATIONS), Vec::<String>::new());
    assert_eq!(rows(&sandbox, MEMBERS), Vec::<String>::new());
    assert_eq!(rows(&sandbox, TUPLES), ["organizations theirs guest user_000900"]);
    assert_eq!(sandbox.column("external_id"), ["user_000900"]);
}

#[test]
fn a_role_that_is_a_tuple_alone_is_taken_back_when_it_changes_to_any_other() {
    let roles = |query: &str, sandbox: &Sandbox| -> Vec<String> {
        rows(sandbox, query).iter().filter_map(|row| row.split(' ').next_back().map(str::to_owned)).collect()
    };
    let granted =
        "SELECT relation FROM permissions JOIN identities i ON subject = 'identities:' || i.id ORDER BY external_id, 1";
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let mut tenant = Tenant::new(&scratch);
        let mut import = |new: [&str; 4], more: &[&str]| {
            let records = new.iter().enumerate().map(|(user, role)| membership(0, user, role));
            tenant.memberships = scratch.write("roles.ndjson", lines_of(records));
            let run = tenant.import(&scratch, &sandbox, more).expect_code(3);
            (run, tenant.memberships.clone(), tenant.users.clone())
        };
        // In each order: to a role of the target's members, to another one of the application's own, and back.
        import(["org:auditor", "org:auditor", "org:auditor", "org:member"], &[]);
        assert_eq!(roles(granted, &sandbox), ["auditor", "auditor", "auditor", "member"]);
        let changed = ["org:admin", "org:clerk", "org:member", "org:auditor"];
        let (skipped, ..) = import(changed, &[]);
        // Left as they are, they do not get the other role by a tuple either.
        assert_eq!(roles(granted, &sandbox), ["auditor", "auditor", "auditor", "member"], "{}", skipped.stderr);
        assert!(rejected(&skipped).contains(&("stale_reference".to_owned(), 4)), "{}", skipped.stderr);
        let (updated, ..) = import(changed, &["--on-existing", "update"]);
        assert_eq!(roles(granted, &sandbox), ["admin", "clerk", "member", "auditor"], "{}", updated.stderr);
        assert_eq!(roles(MEMBERS, &sandbox), ["admin", "member", "member", "member"]);
        assert_eq!(steps(&updated)[2], step("memberships", 0, 4, 0, 0), "{}", updated.stderr);
        let (again, memberships, users) = import(changed, &[]);
        assert_eq!((again.count("unchanged"), again.count("created")), (USERS as u64 + 3 + 4 + 4 + 1, 0));
        let others = ["--organizations", "organizations.ndjson", "--memberships", &memberships];
        let verified = scratch.verify(&sandbox, &users, &others).expect_code(0).report();
        assert_eq!(verified["kinds"]["tuples"]["extra"]["count"], 0, "{verified}");
    }
}

#[test]
fn a_kill_while_a_role_changes_leaves_nobody_the_role_before() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let mut tenant = Tenant::new(&scratch);
    tenant.memberships = scratch.write("roles.ndjson", lines_of([membership(0, 0, "org:admin")]));
    tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    // What a kill between the two requests leaves, in either order: the change is not made while the role is granted.
    let refuse = "CREATE TRIGGER t BEFORE DELETE ON permissions BEGIN SELECT RAISE(ABORT, 'no'); END";
    rusqlite::Connection::open(&sandbox.database).expect("the database").execute_batch(refuse).expect("a trigger");
    tenant.memberships = scratch.write("lowered.ndjson", lines_of([membership(0, 0, "org:viewer")]));
    let stopped = tenant.import(&scratch, &sandbox, &["--on-existing", "update", "--max-wait", "1"]).expect_code(7);
    assert_eq!(rows(&sandbox, "SELECT role FROM members"), ["admin"], "{}", stopped.stderr);
    rusqlite::Connection::open(&sandbox.database).expect("the database").execute_batch("DROP TRIGGER t").expect("none");
    let resumed = tenant.import(&scratch, &sandbox, &["--on-existing", "update"]).expect_code(3);
    assert_eq!(rows(&sandbox, "SELECT relation FROM permissions"), ["viewer"], "{}", resumed.stderr);
}

#[test]
fn nothing_is_granted_to_somebody_else() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let tenant = Tenant::new(&scratch);
    tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    let new = [membership(0, 5, "org:admin"), membership(1, 4, "org:admin"), membership(2, 3, "org:admin")];
    let memberships = scratch.write("new.ndjson", lines_of(new));
    let grant = |more: &[&str]| {
        let arguments =
            ["migrate", "clerk", "--memberships", &memberships, "--output", "json", "--rate", "1000/s", "--new-run"];
        let mut command = scratch.avnology(&[&arguments[..], more].concat());
        command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
        Run::of(command.output().expect("the binary runs"))
    };
    let before = (rows(&sandbox, MEMBERS), rows(&sandbox, TUPLES));
    // The target gave the id of one user to somebody else; another was imported again under another external id; an
    // organization was made anew by somebody else under the id of ours.
    for query in [
        "UPDATE identities SET external_id = 'stranger', admin_metadata = '{}' WHERE external_id = 'user_000005'",
        "UPDATE identities SET external_id = 'emp-4' WHERE external_id = 'user_000004'",
        "UPDATE organizations SET external_id = 'theirs', admin_metadata = '{}' WHERE external_id = 'org_2'",
    ] {
        assert_eq!(change(&sandbox, query), 1);
    }
    let changed = (rows(&sandbox, MEMBERS), rows(&sandbox, TUPLES));
    let hostile = grant(&[]).expect_code(3);
    assert_eq!(
        rejected(&hostile),
        codes(&[("membership_not_imported", 3), ("stale_reference", 3)]),
        "{}",
        hostile.stderr
    );
    assert_eq!((rows(&sandbox, MEMBERS), rows(&sandbox, TUPLES)), changed);
    assert_eq!((changed.0.len(), changed.1.len()), (before.0.len(), before.1.len()));
    // Somebody lowered a role at the target and took the tuple back: it stays so.
    assert_eq!(change(&sandbox, "UPDATE members SET role = 'viewer' WHERE role = 'billing'"), 2);
    assert_eq!(change(&sandbox, "DELETE FROM permissions WHERE relation = 'billing'"), 2);
    let lowered = (rows(&sandbox, MEMBERS), rows(&sandbox, TUPLES));
    let rerun = tenant.import(&scratch, &sandbox, &["--new-run", "--recheck", "--steps", "memberships,tuples"]);
    let granted = (rows(&sandbox, MEMBERS), rows(&sandbox, TUPLES));
    assert_eq!(granted, lowered, "{}", rerun.stderr);
    // The database was reset, and the map of its ids is one of another target: nobody is there, and nobody gets anything.
    for table in ["members", "permissions", "organizations", "identities"] {
        change(&sandbox, &format!("DELETE FROM {table}"));
    }
    let reset = grant(&[]).expect_code(3);
    assert_eq!(reset.count("created"), 0, "{}", reset.stderr);
    assert!(rows(&sandbox, MEMBERS).is_empty() && rows(&sandbox, TUPLES).is_empty());
}

/// `verify` of all kinds.
pub(crate) fn verify(tenant: &Tenant, scratch: &Scratch, sandbox: &Sandbox, code: i32) -> Value {
    let others = ["--organizations", &tenant.organizations, "--memberships", &tenant.memberships];
    let others = [&others[..], &["--invitations", &tenant.invitations, "--rate", "1000/s"]].concat();
    let run = scratch.verify(sandbox, &tenant.users, &others).expect_code(code);
    run.report()
}

#[test]
fn verify_compares_every_kind_and_finds_what_is_extra() {
    for more in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let (tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, more));
        tenant.import(&scratch, &sandbox, &[]).expect_code(3);
        // What a run noted is not believed: the target's own lists say who is who.
        std::fs::remove_dir_all(scratch.path(".avnology/runs")).expect("the runs");
        let agreed = verify(&tenant, &scratch, &sandbox, 0);
        for (kind, count) in [("organizations", 3), ("memberships", 9), ("tuples", 9), ("invitations", 1)] {
            let found = &agreed["kinds"][kind];
            assert_eq!((&found["equal"], &found["extra"]["count"]), (&json!(count), &json!(0)), "{kind}: {found}");
        }
        let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
        let change = |sql: &str| assert_eq!(database.execute(sql, []).expect("a change"), 1, "{sql}");
        let user = "(SELECT id FROM identities WHERE external_id = 'user_000030')";
        let organization = "(SELECT id FROM organizations WHERE external_id = 'org_1')";
        change("UPDATE organizations SET display_name = 'Other' WHERE external_id = 'org_0'");
        change("UPDATE members SET role = 'owner' WHERE number = 1");
        change(&format!("INSERT INTO members VALUES (99, {organization}, {user}, 'admin', NULL, '')"));
        change(&format!(
            "INSERT INTO permissions VALUES (99, 'organizations', {organization}, 'admin', 'identities:' || {user})"
        ));
        change("DELETE FROM permissions WHERE number = 2");
        change("DELETE FROM invitations");
        let found = verify(&tenant, &scratch, &sandbox, 3)["kinds"].clone();
        let counts = |kind: &str| {
            let count = |name: &str| found[kind][name]["count"].as_u64().expect("a count");
            (count("missing"), count("different"), count("extra"))
        };
        assert_eq!(counts("organizations"), (0, 1, 0), "{found}");
        assert_eq!(counts("memberships"), (0, 1, 1), "{found}");
        assert_eq!(counts("tuples"), (1, 0, 1), "{found}");
        assert_eq!(counts("invitations"), (1, 0, 0), "{found}");
    }
}

#[test]
fn the_tenant_by_hand_is_imported_as_its_table_says() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let run =
        scratch.import(&sandbox, concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/clerk_tenant"), &[]).expect_code(3);
    let report = run.report();
    // What two steps read is one input.
    let listed = scratch.run(&["migrate", "clerk", "runs"]).expect_code(0).stdout;
    assert_eq!(listed.matches("organization_memberships.ndjson").count(), 1, "{listed}");
    let directory = scratch.path("without-manifest");
    std::fs::create_dir(&directory).expect("a directory");
    std::fs::write(directory.join("users.ndjson"), "{}").expect("a file");
    let none = scratch.run(&["migrate", "clerk", "--import", "without-manifest", "--dry-run"]).expect_code(5);
    assert!(
        none.stderr.contains("has no manifest.json, so it is no export; name its files: --import FILE"),
        "{}",
        none.stderr
    );
    let mut rejects = BTreeSet::new();
    for reject in support::lines(&scratch.path(report["rejects_file"].as_str().expect("a rejects file"))) {
        let (code, position) = (reject["code"].as_str().expect("a code"), &reject["position"]);
        let file = position["input"].as_str().expect("an input").rsplit('/').next().expect("a name");
        // What is no membership is no role either.
        if code != "membership_not_imported" {
            rejects.insert(format!("{} {}: {code}", file.trim_end_matches(".ndjson"), position["record"]));
        }
    }
    let readme = include_str!("../../fixtures/README.md");
    let table =
        readme.split("## A tenant by hand").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the table");
    let (mut expected, mut created) = (BTreeSet::new(), 0);
    for row in table.lines().filter(|line| line.starts_with("| users") || line.starts_with("| organization")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        match cells[3].strip_prefix("rejected: ") {
            Some(code) => drop(expected.insert(format!("{}: {}", cells[1], code.trim_matches('`')))),
            None => created += 1 + u64::from(cells[1].starts_with("organization_memberships")),
        }
    }
    assert_eq!((&rejects, run.count("created")), (&expected, created), "a membership that moves is a tuple, too");
    let roles: Vec<String> = rows(&sandbox, "SELECT relation FROM permissions ORDER BY relation");
    assert_eq!(roles, ["admin", "billing", "member", "support_agent"]);
    assert_eq!(rows(&sandbox, "SELECT role FROM members ORDER BY role"), ["admin", "billing", "member", "member"]);
}

#[test]
fn a_key_without_the_scopes_of_a_later_step_is_found_out_before_the_first_user_is_sent() {
    let scratch = Scratch::new();
    let tenant = Tenant::new(&scratch);
    let of_users = "admin:users:read,admin:users:write";
    let of_organizations = format!("{of_users},admin:orgs:read,admin:orgs:write");
    let mut sandbox = Sandbox::start(&scratch, &["--scopes", of_users]);
    for (scopes, lacks) in [(of_organizations.as_str(), "admin:orgs:write"), ("", "admin:permissions:write")] {
        let refused = tenant.import(&scratch, &sandbox, &[]).expect_code(6);
        assert!(refused.stderr.contains(lacks), "{}", refused.stderr);
        assert!(sandbox.identities().is_empty(), "{lacks}");
        let more: &[&str] = if scopes.is_empty() { &[] } else { &["--scopes", scopes] };
        sandbox = sandbox.replace(&scratch, more);
    }
    let whole = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    assert_eq!(whole.count("created"), ALL, "{}", whole.stderr);
}

#[test]
fn what_another_instance_moved_to_the_same_target_is_not_extra() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let ours = Tenant::new(&scratch);
    let into = |name| ["--organization", name, "--create-organization"];
    ours.import(&scratch, &sandbox, &into("ours")).expect_code(3);
    let theirs = Tenant {
        users: scratch.write("u.json", export((100..105).map(user))),
        organizations: scratch.write("o.ndjson", lines_of([organization(7)])),
        memberships: scratch.write("m.ndjson", lines_of([membership(7, 100, "org:auditor")])),
        invitations: scratch.write("i.ndjson", an_invitation_of_theirs()),
    };
    theirs.import(&scratch, &sandbox, &into("theirs")).expect_code(0);
    let compare = |code: i32| {
        let others = ["--organizations", &ours.organizations, "--memberships", &ours.memberships];
        let others = [&others[..], &["--invitations", &ours.invitations, "--organization", "ours"]].concat();
        let found = scratch.verify(&sandbox, &ours.users, &others).expect_code(code).report();
        let extra = |kind: &str| found["kinds"][kind]["extra"]["count"].as_u64().expect("a count");
        ["organizations", "memberships", "tuples", "invitations"].map(extra)
    };
    assert_eq!(compare(0), [0; 4]);
    // What is in an organization of ours is.
    let user = "(SELECT id FROM identities WHERE external_id = 'user_000100')";
    let in_ours = "(SELECT id FROM organizations WHERE external_id = 'org_1')";
    for sql in [
        format!("INSERT INTO members VALUES (99, {in_ours}, {user}, 'admin', NULL, '')"),
        format!("INSERT INTO permissions VALUES (99, 'organizations', {in_ours}, 'admin', 'identities:' || {user})"),
    ] {
        assert_eq!(change(&sandbox, &sql), 1);
    }
    assert_eq!(compare(3), [0, 1, 1, 0]);
}

fn an_invitation_of_theirs() -> String {
    lines_of([json!({
        "object": "organization_invitation", "id": "orginv_7", "email_address": "seventh@example.com",
        "role": "org:member", "organization_id": "org_7", "status": "pending", "public_metadata": {},
    })])
}
