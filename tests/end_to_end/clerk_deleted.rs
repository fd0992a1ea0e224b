//! Users who are gone at Clerk: nobody who is there is ever called deleted, even if anything changes, fails or is killed meanwhile.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::scripted_clerk::Clerk;
use crate::support::target::http;
use crate::support::{Scratch, lines, until_of};

const DELTA: [&str; 6] = ["--only", "users", "--since", "full", "--deleted", "full"];

fn deleted(scratch: &Scratch, out: &str) -> BTreeSet<String> {
    let records = lines(&scratch.path(&format!("{out}/deleted_users.ndjson")));
    let ids: BTreeSet<String> = records.iter().map(|record| record["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(ids.len(), records.len(), "none twice");
    ids
}

/// A tenant of which there is an export, and from which every 40th user is gone since: their ids.
fn tenant(scratch: &Scratch, users: u64) -> (Clerk, BTreeSet<String>) {
    let clerk = Clerk::with_users(users);
    clerk.export(scratch, "full", &["--only", "users"]).expect_code(0);
    let gone: BTreeSet<String> = clerk.tenant().ids().into_iter().step_by(40).collect();
    for id in &gone {
        clerk.tenant().delete_user(id);
    }
    (clerk, gone)
}

#[test]
fn nobody_who_is_there_is_called_deleted_while_others_come_and_go() {
    let scratch = Scratch::new();
    let (clerk, gone) = tenant(&scratch, 4_000);
    let before = clerk.tenant().ids();
    let mut dice = fastrand::Rng::with_seed(7);
    clerk.after_each(move |tenant, number| {
        for _ in 0..dice.usize(..20) {
            let id = tenant.users[dice.usize(..tenant.users.len())].id.clone();
            tenant.delete_user(&id);
            tenant.create_user();
        }
        if number % 2 == 0 {
            // Those behind whom the next page is to begin, if the page that came began behind the last one.
            let behind = tenant.requests.last().and_then(|request| request.split("starting_after=").nth(1));
            let behind = behind.map_or("", |rest| rest.split(['&', ' ']).next().unwrap_or(rest)).to_owned();
            let from = tenant.users.iter().position(|user| user.id == behind).map_or(0, |place| place + 1);
            let last: Vec<String> = tenant.users.iter().skip(from + 495).take(5).map(|user| user.id.clone()).collect();
            for id in &last {
                tenant.delete_user(id);
            }
        }
    });
    clerk.export(&scratch, "delta", &DELTA).expect_code(0);
    let there = clerk.tenant().ids();
    let again = |request: &String| request.contains("starting_after");
    assert!(clerk.tenant().requests.iter().filter(|request| again(request)).count() > 16, "pages were asked for again");
    assert!(!before.is_subset(&there), "some went meanwhile");
    let found = deleted(&scratch, "delta");
    assert!(found.is_superset(&gone), "missing: {:?}", gone.difference(&found).collect::<Vec<_>>());
    assert!(found.is_disjoint(&there), "there: {:?}", found.intersection(&there).collect::<Vec<_>>());
}

#[test]
fn a_kill_while_ids_are_compared_costs_this_part_and_nothing_else() {
    let scratch = Scratch::new();
    let (clerk, gone) = tenant(&scratch, 1_800);
    clerk.instead(|request| {
        // The second page of the list of all users, which is there for its ids.
        request.contains("starting_after").then(|| http("503 Service Unavailable", "", ""))
    });
    clerk.tenant().requests.clear();
    let mut first = clerk.export_command(&scratch, "delta", &DELTA).spawn().expect("it starts");
    until_of(&mut first, "it asks for the second page", || {
        clerk.tenant().requests.iter().any(|request| request.contains("starting_after"))
    });
    first.kill().expect("it can be killed");
    first.wait().expect("it ends");
    assert!(!scratch.path("delta/manifest.json").exists() && !scratch.path("delta/deleted_users.ndjson").exists());
    clerk.instead(|_| None);
    let other = clerk.export(&scratch, "delta", &DELTA[..4]).expect_code(2);
    assert!(other.stderr.contains("--deleted") && other.stderr.contains("--new"), "{}", other.stderr);
    clerk.export(&scratch, "delta", &DELTA).expect_code(0);
    assert_eq!(deleted(&scratch, "delta"), gone);
}

#[test]
fn nobody_is_called_deleted_if_clerk_counts_more_users_than_it_lists() {
    let scratch = Scratch::new();
    let (clerk, _) = tenant(&scratch, 80);
    clerk.instead(|request| {
        request.contains("/count").then(|| http("200 OK", "", r#"{"object":"total_count","total_count":79}"#))
    });
    for (out, more) in [("delta", &DELTA[..]), ("whole", &["--only", "users", "--deleted", "full"])] {
        let more: Vec<&str> = more.iter().copied().chain(["--output", "json"]).collect();
        let report = clerk.export(&scratch, out, &more).expect_code(3).report();
        assert_eq!((&report["deleted"], &report["differences"][0]["counted"]), (&Value::Null, &Value::from(79)));
        assert!(!scratch.path(&format!("{out}/deleted_users.ndjson")).exists());
    }
}
