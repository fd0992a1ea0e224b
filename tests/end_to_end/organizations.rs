//! A whole tenant moves: organizations, memberships, roles and invitations, each once, and no role to anybody else.

use crate::support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{Run, Sandbox, Scratch, export, user};

/// A tenant of these users and organizations.
struct Tenant {
    users: String,
    organizations: String,
    memberships: String,
    invitations: String,
}

fn organization(number: usize) -> Value {
    json!({
        "object": "organization", "id": format!("org_{number}"), "name": format!("Engines & Söhne {number}"),
        "slug": format!("engines-{number}"), "created_by": "user_000000", "created_at": 1_600_000_000_000_u64,
        "public_metadata": {"number": number}, "private_metadata": {"contract": format!("C-{number}")},
        "max_allowed_memberships": 500, "admin_delete_enabled": true, "has_image": false,
    })
}

fn membership(organization: usize, user: usize, role: &str) -> Value {
    json!({
        "object": "organization_membership", "id": format!("orgmem_{organization}_{user}"), "role": role,
        "organization": self::organization(organization), "public_user_data": {"user_id": format!("user_{user:06}")},
        "public_metadata": {"desk": user}, "private_metadata": {}, "created_at": 1_600_000_000_000_u64,
    })
}

fn lines_of(records: impl IntoIterator<Item = Value>) -> String {
    records.into_iter().map(|record| record.to_string() + "\n").collect()
}

impl Tenant {
    fn new(scratch: &Scratch) -> Self {
        let mut organizations: Vec<Value> = (0..3).map(organization).collect();
        organizations[2]["slug"] = Value::Null;
        let roles = ["org:admin", "org:member", "org:billing", "org:auditor"];
        let memberships = (0..6).flat_map(|user| {
            (0..3).filter(move |organization| (user + organization) % 2 == 0).map(move |organization| (organization, user))
        });
        let memberships = memberships.map(|(organization, user)| membership(organization, user, roles[user % 4]));
        let invitations = [("pending", "new@example.com"), ("accepted", "old@example.com")].map(|(status, email)| {
            json!({
                "object": "organization_invitation", "id": format!("orginv_{status}"), "email_address": email,
                "role": "org:member", "organization_id": "org_0", "status": status, "public_metadata": {},
            })
        });
        Self {
            users: scratch.write("users.json", export((0..6).map(user))),
            organizations: scratch.write("organizations.ndjson", lines_of(organizations)),
            memberships: scratch.write("memberships.ndjson", lines_of(memberships)),
            invitations: scratch.write("invitations.ndjson", lines_of(invitations)),
        }
    }

    fn import(&self, scratch: &Scratch, sandbox: &Sandbox, more: &[&str]) -> Run {
        let others = ["--organizations", &self.organizations, "--memberships", &self.memberships];
        let others = [&others[..], &["--invitations", &self.invitations, "--rate", "1000/s"]].concat();
        scratch.import(sandbox, &self.users, &[&others[..], more].concat())
    }
}

/// All rows of a query, as texts.
#[track_caller]
fn rows(sandbox: &Sandbox, query: &str) -> Vec<String> {
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

const ORGANIZATIONS: &str = "SELECT external_id, name, slug, display_name FROM organizations ORDER BY external_id";

/// Memberships by Clerk's ids.
const MEMBERS: &str = "SELECT o.external_id, i.external_id, m.role FROM members m JOIN organizations o ON o.id = m.organization_id \
                       JOIN identities i ON i.id = m.user_id ORDER BY 1, 2";

/// Role tuples by Clerk's ids; those that name nobody show as they are.
const TUPLES: &str = "SELECT namespace, coalesce(o.external_id, object), relation, coalesce(i.external_id, subject) FROM permissions p \
                      LEFT JOIN organizations o ON o.id = p.object LEFT JOIN identities i ON p.subject = 'identities:' || i.id \
                      ORDER BY 1, 2, 4";

fn state(sandbox: &Sandbox) -> Vec<String> {
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

fn run_of(run: &Run) -> String {
    run.report()["run"].as_str().expect("a run").to_owned()
}

#[test]
fn a_tenant_moves_and_a_repeated_run_changes_nothing_and_asks_nothing() {
    for flags in [&[][..], &["--no-batch"], &["--member-tuples"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let tenant = Tenant::new(&scratch);
        let first = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
        let has_tuples = flags == ["--member-tuples"];
        let tuples = if has_tuples { step("tuples", 2, 0, 7, 0) } else { step("tuples", 9, 0, 0, 0) };
        assert_eq!(
            steps(&first),
            [
                step("users", 6, 0, 0, 0),
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
        assert_eq!((again.count("created"), again.count("updated"), again.count("unchanged")), (0, 0, 28), "{}", again.stderr);
        assert_eq!(again.report()["not_asked"], 28, "{flags:?}");
        assert_eq!(state(&sandbox), before);
        let asked = tenant.import(&scratch, &sandbox, &["--new-run", "--recheck"]).expect_code(3);
        assert_eq!((asked.count("created"), asked.count("unchanged"), asked.count("rejected")), (0, 28, 1), "{}", asked.stderr);
        assert_eq!(state(&sandbox), before);
        // Undone, nothing of it is left.
        let undone = scratch.undo(&sandbox, &run_of(&first), &["--yes", "--force"]);
        assert_eq!(undone.report()["counts"]["failed"], 0, "{flags:?}: {}", undone.stdout);
        let left: Vec<String> = [ORGANIZATIONS, MEMBERS, "SELECT email FROM invitations", "SELECT external_id FROM identities"]
            .iter()
            .flat_map(|query| rows(&sandbox, query))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        if !has_tuples {
            assert_eq!(rows(&sandbox, TUPLES), Vec::<String>::new());
        }
    }
}
