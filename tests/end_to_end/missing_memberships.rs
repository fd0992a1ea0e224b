//! Memberships that are gone at Clerk: named, removed with their roles, and put back when the run is undone; and only those that
//! the import made, of whom the export still has organization and user.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::organizations::{MEMBERS, TUPLES, Tenant, change, lines_of, membership, rows, run_of};
use crate::support::target::{Way, http, proxy};
use crate::support::{Run, Sandbox, Scratch, export, lines, until, user};

const REMOVE: [&str; 4] = ["--on-missing", "remove", "--max-missing", "50"];

/// The two of organization 0 and 1 that leave: an administrator, and one whose own role a tuple alone grants.
const GONE: [&str; 2] = ["orgmem_0_4", "orgmem_1_3"];

/// Fails if the account of missing memberships says something else of these.
#[track_caller]
fn assert_counts(run: &Run, expected: &[(&str, u64)]) {
    let report = run.report()["missing"]["memberships"].clone();
    for (name, number) in expected {
        assert_eq!(report[name], *number, "{name} of {report}\n{}", run.stderr);
    }
}

/// The records of a file without those in which one of these stands.
fn without(text: &str, gone: &[&str]) -> String {
    let is_left = |line: &&str| !gone.iter().any(|gone| line.contains(&format!("\"{gone}\"")));
    text.lines().filter(is_left).map(|line| line.to_owned() + "\n").collect()
}

fn state(sandbox: &Sandbox) -> [Vec<String>; 2] {
    [MEMBERS, TUPLES].map(|query| rows(sandbox, query))
}

#[test]
fn memberships_that_are_gone_are_named_then_removed_and_put_back() {
    for flags in [&[][..], &["--no-batch", "--member-tuples"]] {
        let scratch = Scratch::new();
        let (tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, flags));
        let all = scratch.read(&tenant.memberships);
        let night = |memberships: &str, more: &[&str], code: i32| {
            scratch.write(&tenant.memberships, memberships);
            tenant.import(&scratch, &sandbox, more).expect_code(code)
        };
        let first = night(&all, &REMOVE, 3);
        assert_counts(&first, &[("known", 0), ("missing", 0)]);
        let before = state(&sandbox);
        let some = without(&all, &GONE);
        let named = night(&some, &["--on-missing", "disable"], 3);
        assert_counts(&named, &[("known", 9), ("missing", 2), ("removed", 0)]);
        let file = named.report()["missing"]["memberships"]["file"].as_str().expect("a file").to_owned();
        let named: Vec<Value> = lines(&scratch.path(&file)).iter().map(|line| line["clerk_id"].clone()).collect();
        assert_eq!(named.len(), 2);
        assert!(
            named.contains(&json!("org_0/user_000004")) && named.contains(&json!("org_1/user_000003")),
            "{named:?}"
        );
        // Too many of them, and nothing is sent.
        let refused = night(&some, &["--on-missing", "remove"], 5);
        assert!(refused.stderr.contains("2 of 9 memberships that earlier runs created are"), "{}", refused.stderr);
        assert_eq!(state(&sandbox), before);

        let removed = night(&some, &REMOVE, 3);
        assert_counts(&removed, &[("missing", 2), ("removed", 2), ("roles_taken_back", 2), ("not_proven", 0)]);
        let left = state(&sandbox);
        assert_eq!(left[0].len(), 7, "{flags:?} {left:?}");
        assert!(!left[1].iter().any(|row| row.contains("auditor")), "{left:?}");
        assert!(left[1].iter().all(|row| !row.contains("org_0 admin user_000004")), "{left:?}");
        prune_around(&scratch, &run_of(&removed));
        let settled = night(&some, &REMOVE, 3);
        assert_counts(&settled, &[("known", 7), ("missing", 0), ("settled_before", 2), ("removed", 0)]);
        // Back in the export they are members again, although the target had confirmed them before.
        night(&all, &REMOVE, 3);
        assert_eq!(state(&sandbox), before, "{flags:?}");

        let again = night(&some, &REMOVE, 3);
        assert_counts(&again, &[("missing", 2), ("removed", 2)]);
        assert_eq!(state(&sandbox), left);
        prune_around(&scratch, &run_of(&again));
        let preview = scratch.undo(&sandbox, &run_of(&again), &["--dry-run"]).expect_code(0);
        assert_eq!(preview.report()["memberships_put_back"], 2);
        assert_eq!(state(&sandbox), left);
        let undone = scratch.undo(&sandbox, &run_of(&again), &["--yes"]).expect_code(0).report();
        assert_eq!((&undone["memberships_put_back"], &undone["roles_put_back"]), (&json!(2), &json!(2)), "{undone}");
        assert_eq!(state(&sandbox), before, "{flags:?}");
    }
}

fn prune(scratch: &Scratch, more: &[&str]) -> String {
    let prune = ["migrate", "clerk", "runs", "prune", "--older-than", "0h"];
    scratch.run(&[&prune[..], more].concat()).expect_code(0).stdout
}

/// Of a run that removed memberships, pruning keeps what undo and the next night need to know.
#[track_caller]
fn prune_around(scratch: &Scratch, run: &str) {
    let text = prune(scratch, &["--dry-run"]);
    assert!(text.contains(&format!("{run}: kept; it can be undone")), "{text}");
    let text = prune(scratch, &["--personal-data"]);
    assert!(text.contains(&format!("{run}: personal data removed")), "{text}");
}

/// A proxy before a target that takes no role back while `refuses` says so, and how many requests it gets that delete
/// memberships.
fn keeping_roles(sandbox: &Sandbox, refuses: &Arc<AtomicBool>) -> (String, Arc<AtomicUsize>) {
    let (refuses, removals) = (Arc::clone(refuses), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&removals);
    let url = proxy(&sandbox.base_url(), move |head, body| {
        let line = head.lines().next().unwrap_or_default();
        let is_batch = line.starts_with("POST /v1/memberships:batchDelete ");
        if is_batch || line.starts_with("DELETE") && line.contains("/members/") {
            seen.fetch_add(1, Ordering::Relaxed);
        }
        if !refuses.load(Ordering::Relaxed) {
            return Way::Through;
        }
        let error = json!({ "code": "AVNOLOGY_AUTH_902", "message": "no" });
        if line.starts_with("POST /v1/permissions:batchDelete ") {
            let body: Value = serde_json::from_slice(body).expect("JSON");
            let count = body["permissions"].as_array().map_or(0, Vec::len);
            let results = vec![json!({ "status": "error", "error": error }); count];
            return Way::Instead(http("200 OK", "", &json!({ "results": results }).to_string()));
        }
        if line.starts_with("DELETE /v1/permissions") {
            return Way::Instead(http("409 Conflict", "", &json!({ "error": error }).to_string()));
        }
        Way::Through
    });
    (url, removals)
}

#[test]
fn a_membership_stays_as_long_as_the_target_keeps_its_role() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let (tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, flags));
        let refuses = Arc::new(AtomicBool::new(true));
        let (url, removals) = keeping_roles(&sandbox, &refuses);
        let import = |memberships: &str, more: &[&str]| {
            scratch.write(&tenant.memberships, memberships);
            tenant.import(&scratch, &sandbox, &[&["--base-url", url.as_str()][..], more].concat()).expect_code(3)
        };
        let all = scratch.read(&tenant.memberships);
        let first = run_of(&import(&all, &REMOVE));
        let before = state(&sandbox);
        let kept = import(&without(&all, &GONE), &REMOVE);
        assert_counts(&kept, &[("missing", 2), ("removed", 0), ("roles_taken_back", 0), ("failed", 2)]);
        assert_eq!(state(&sandbox), before, "{flags:?}");
        // One who is no administrator any more keeps the role as a whole, or loses it as a whole.
        let demoted = all.replace("\"org:admin\"", "\"org:member\"");
        assert_ne!(demoted, all);
        let changed = import(&demoted, &["--on-existing", "update"]);
        assert_eq!(state(&sandbox), before, "{flags:?} {}", changed.stderr);
        // Nor is anybody with a role taken out of an organization by undo.
        let before_undo = removals.load(Ordering::Relaxed);
        let undone = scratch.undo(&sandbox, &first, &["--yes"]).expect_code(3);
        assert_eq!(removals.load(Ordering::Relaxed), before_undo, "{flags:?} {}", undone.stderr);
        assert_eq!(rows(&sandbox, TUPLES).len(), before[1].len(), "{flags:?}");
        // By force neither, nor is the organization deleted.
        let organizations = "SELECT external_id FROM organizations WHERE id IN (SELECT object FROM permissions)";
        assert_eq!(rows(&sandbox, organizations).len(), 3, "{flags:?}");
        scratch.undo(&sandbox, &first, &["--yes", "--force"]).expect_code(3);
        assert_eq!(rows(&sandbox, organizations).len(), 3, "{flags:?}");
        // What stays at the target is in the journal of that run alone, so it stays, too, until nothing is kept any more.
        let pruned = prune(&scratch, &[]);
        assert!(pruned.contains(&format!("{first}: kept; it can be undone")), "{pruned}");
        refuses.store(false, Ordering::Relaxed);
        scratch.undo(&sandbox, &first, &["--yes", "--force"]).expect_code(0);
        assert_eq!(rows(&sandbox, TUPLES), Vec::<String>::new(), "{flags:?}");
        let pruned = prune(&scratch, &[]);
        assert!(pruned.contains(&format!("{first}: removed")), "{pruned}");
    }
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let (tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, flags));
        let refuses = Arc::new(AtomicBool::new(true));
        let (url, _) = keeping_roles(&sandbox, &refuses);
        let night = |memberships: &str| {
            scratch.write(&tenant.memberships, memberships);
            tenant.import(&scratch, &sandbox, &[&["--base-url", url.as_str()][..], &REMOVE].concat()).expect_code(3)
        };
        let all = scratch.read(&tenant.memberships);
        night(&all);
        // Nobody forgets the role of a member whom somebody else removed.
        let sql = "DELETE FROM members WHERE user_id = (SELECT id FROM identities WHERE external_id = 'user_000004') \
                   AND organization_id = (SELECT id FROM organizations WHERE external_id = 'org_0')";
        assert_eq!(change(&sandbox, sql), 1);
        let some = without(&all, &GONE);
        assert_counts(&night(&some), &[("missing", 2), ("removed", 0), ("gone", 0), ("failed", 2)]);
        refuses.store(false, Ordering::Relaxed);
        let removed = night(&some);
        assert_counts(&removed, &[("missing", 2), ("removed", 1), ("gone", 1), ("roles_taken_back", 2), ("failed", 0)]);
        let left = rows(&sandbox, TUPLES);
        assert!(
            left.iter().all(|row| !row.contains("org_0 admin user_000004") && !row.contains("auditor")),
            "{left:?}"
        );
    }
}

#[test]
fn only_what_is_surely_the_imports_and_of_somebody_who_is_still_there_is_removed() {
    let scratch = Scratch::new();
    let (mut tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, &[]));
    tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    let ids = |organization: usize, user: usize| {
        format!(
            "organization_id = (SELECT id FROM organizations WHERE external_id = 'org_{organization}') AND user_id = \
             (SELECT id FROM identities WHERE external_id = 'user_{user:06}')"
        )
    };
    for sql in [
        // Somebody else made it anew, without Clerk's id.
        format!("UPDATE members SET metadata = '{{}}' WHERE {}", ids(0, 4)),
        // Gone at the target.
        format!("DELETE FROM members WHERE {}", ids(1, 1)),
        // The target gave the user's id to somebody else.
        "UPDATE identities SET external_id = 'else', admin_metadata = '{}' WHERE external_id = 'user_000005'"
            .to_owned(),
    ] {
        assert_eq!(change(&sandbox, &sql), 1, "{sql}");
    }
    // One leaves with the user; one is nobody's that a run made.
    let all = scratch.read(&tenant.memberships);
    let gone = ["orgmem_0_4", "orgmem_1_1", "orgmem_1_5", "orgmem_1_3", "orgmem_0_2"];
    scratch.write("fewer.ndjson", without(&all, &gone));
    scratch.write(&tenant.memberships, without(&all, &gone));
    scratch.write(&tenant.users, export((0..40).filter(|number| *number != 2).map(user)));
    let before = state(&sandbox);
    let removed = tenant.import(&scratch, &sandbox, &["--on-missing", "remove", "--max-missing", "80"]).expect_code(3);
    assert_counts(
        &removed,
        &[
            ("known", 8),
            ("missing", 4),
            ("removed", 1),
            ("gone", 1),
            ("not_proven", 2),
            ("without_user_or_organization", 1),
        ],
    );
    let gone_now: Vec<String> =
        before[0].iter().filter(|row| !rows(&sandbox, MEMBERS).contains(row)).cloned().collect();
    assert_eq!(gone_now, ["org_1 user_000003 member"], "{}", removed.stderr);
    // A membership that does not say whose it is can be anybody's.
    let broken = without(&all, &[&gone[..], &["orgmem_0_0"]].concat()) + "{\"role\":\"org:member\"}\n";
    scratch.write(&tenant.memberships, broken);
    let open = tenant.import(&scratch, &sandbox, &["--on-missing", "remove", "--max-missing", "80"]).expect_code(3);
    assert_counts(&open, &[("missing", 1), ("records_without_id", 1), ("removed", 0)]);
    // Without all of it nobody knows what is missing; and another file is another source.
    for part in [&["--steps", "users,organizations"][..], &["--steps", "users,organizations,memberships"]] {
        let run = tenant.import(&scratch, &sandbox, &[&REMOVE[..], part].concat()).expect_code(2);
        assert!(run.stderr.contains("--on-missing remove needs all users"), "{}", run.stderr);
    }
    for part in [&["--shard", "1/2"][..], &["--limit", "3"]] {
        tenant.import(&scratch, &sandbox, &[&REMOVE[..], part].concat()).expect_code(2);
    }
    tenant.memberships = "fewer.ndjson".to_owned();
    let other = tenant.import(&scratch, &sandbox, &REMOVE).expect_code(3);
    assert_counts(&other, &[("known", 0), ("missing", 0)]);
}

#[test]
fn a_run_that_is_killed_while_it_removes_goes_on_where_it_was() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let (tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, flags));
        // The first membership that is removed is, and the answer never comes.
        let (armed, member) = (Arc::new(AtomicUsize::new(0)), [" /v1/memberships:batchDelete ", "/members/"]);
        let seen = Arc::clone(&armed);
        let url = proxy(&sandbox.base_url(), move |head, _| {
            let line = head.lines().next().unwrap_or_default();
            let removes = line.starts_with("POST") && line.contains(member[0])
                || line.starts_with("DELETE") && line.contains(member[1]);
            let is_first = removes && seen.compare_exchange(1, 2, Ordering::Relaxed, Ordering::Relaxed).is_ok();
            if is_first { Way::Silence { committed: true } } else { Way::Through }
        });
        let through = ["--base-url", url.as_str(), "--concurrency", "1"];
        tenant.import(&scratch, &sandbox, &through).expect_code(3);
        let before = state(&sandbox);
        let some = without(&scratch.read(&tenant.memberships), &GONE);
        scratch.write(&tenant.memberships, some);
        armed.store(1, Ordering::Relaxed);
        let others = ["--organizations", &tenant.organizations, "--memberships", &tenant.memberships];
        let more =
            [&others[..], &["--invitations", &tenant.invitations, "--rate", "1000/s"], &through, &REMOVE].concat();
        let mut killed = scratch.import_command(&sandbox, &tenant.users, &more).spawn().expect("it starts");
        until("a membership is gone", || rows(&sandbox, MEMBERS).len() < 9);
        killed.kill().expect("it is killed");
        killed.wait().expect("it ends");
        let resumed = tenant.import(&scratch, &sandbox, &[&through[..], &REMOVE].concat()).expect_code(3);
        assert_counts(&resumed, &[("missing", 2), ("removed", 2), ("roles_taken_back", 2), ("gone", 0)]);
        assert!(resumed.stderr.contains("Continuing run"), "{}", resumed.stderr);
        assert_eq!(rows(&sandbox, MEMBERS).len(), 7, "{flags:?}");
        let undone = scratch.undo(&sandbox, &run_of(&resumed), &["--yes"]).expect_code(0).report();
        assert_eq!(undone["memberships_put_back"], 2, "{undone}");
        assert_eq!(state(&sandbox), before, "{flags:?}");
    }
}

/// Users with memberships inside them: one each, and the seventh two, as a page.
fn with_memberships_inside() -> Vec<Value> {
    let holding = |number: usize| {
        let mut user: Value = serde_json::from_str(&user(number)).expect("a user");
        user["organization_memberships"] = json!([membership(0, number, "org:member")]);
        if number == 7 {
            let both = [membership(0, 7, "org:member"), membership(1, 7, "org:auditor")];
            user["organization_memberships"] = json!({"data": both, "total_count": 2});
        }
        user
    };
    (0..20).map(holding).collect()
}

/// The memberships of a user whose record is broken, or lists only some of them, are not missing. Those of others still are.
#[test]
fn what_stands_inside_a_user_that_is_not_whole_stays() {
    let scratch = Scratch::new();
    let (tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, &[]));
    let mut users = with_memberships_inside();
    let night = |users: &str, code: i32| {
        let users = scratch.write("users.ndjson", users);
        let more = ["--organizations", &tenant.organizations, "--rate", "1000/s"];
        scratch.import(&sandbox, &users, &[&more[..], &REMOVE].concat()).expect_code(code)
    };
    let all = lines_of(users.clone());
    night(&all, 0);
    let before = state(&sandbox);
    assert_eq!(before[0].len(), 21, "{before:?}");
    // Another one leaves in the meantime.
    users[8]["organization_memberships"] = json!([]);
    let mut left = before.clone();
    for rows in &mut left {
        rows.retain(|row| !row.contains("user_000008"));
    }
    let seventh = users[7].to_string();
    let with = |line: &str| lines_of(users.clone()).replace(&seventh, line);
    let held = |held: Value| {
        let mut user = users[7].clone();
        user["organization_memberships"] = held;
        user.to_string()
    };
    let one = [membership(0, 7, "org:member")];
    let id = "\"id\":\"user_000007\",";
    let without_id = seventh.replace(id, "");
    assert_ne!(without_id, seventh);
    for (what, line, stay) in [
        ("a fault behind the id", format!("{{{id}\"x\":oops,{}", &without_id[1..]), 2),
        ("a line that is cut", format!("{{{id}{}", &without_id[1..40]), 2),
        ("the id twice", format!("{{{id}{}", &seventh[1..]), 2),
        ("a form that nobody knows", held(json!({"items": one})), 2),
        ("a page that is cut", held(json!({"data": one, "total_count": 2})), 1),
        ("a page that does not say of how many", held(json!({"data": one})), 1),
    ] {
        let is_reject = !line.ends_with('}') || line.contains("oops") || line.matches(id).count() == 2;
        let removed = night(&with(&line), if is_reject { 3 } else { 0 });
        assert_counts(&removed, &[("missing", 1), ("removed", 1), ("of_incomplete_users", stay)]);
        assert_eq!(state(&sandbox), left, "{what}: {}", removed.stderr);
        let is_warned = removed.report()["warnings"]["memberships_incomplete"] == 1;
        assert_eq!(is_warned, !is_reject, "{what}: {}", removed.stderr);
        night(&all, 0);
        assert_eq!(state(&sandbox), before, "{what}");
    }
    // Whose record it is, it does not say: it can be anybody's.
    let nameless = night(&with(&format!("{{\"x\":oops,{}", &seventh[1..])), 3);
    assert_counts(&nameless, &[("missing", 1), ("records_without_id", 1), ("removed", 0)]);
    assert_eq!(state(&sandbox), before, "{}", nameless.stderr);
    // Who left left.
    let gone = night(&with(&held(json!({"data": one, "total_count": 1}))), 0);
    assert_counts(&gone, &[("missing", 2), ("removed", 2), ("of_incomplete_users", 0)]);
}
