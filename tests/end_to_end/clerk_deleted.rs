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

/// An export of all users that was interrupted behind them, beside an earlier one to compare with.
fn interrupted(scratch: &Scratch) -> Clerk {
    let (clerk, _) = tenant(scratch, 80);
    clerk.instead(|request| request.contains("/organizations?").then(|| http("503 Service Unavailable", "", "")));
    clerk.export(scratch, "whole", &[&WHOLE[..], &["--max-wait", "1"]].concat()).expect_code(7);
    assert!(scratch.path("whole/users.ndjson").exists(), "the users are finished");
    clerk.instead(|_| None);
    clerk
}

const WHOLE: [&str; 4] = ["--only", "users,organizations", "--deleted", "full"];

#[test]
fn nobody_is_called_deleted_who_came_after_the_list_of_users_was_read() {
    let scratch = Scratch::new();
    let clerk = interrupted(&scratch);
    // The earlier export is made anew meanwhile, with a user who is new.
    let new = clerk.tenant().create_user();
    clerk.export(&scratch, "full", &["--only", "users", "--new"]).expect_code(0);
    let run = clerk.export(&scratch, "whole", &WHOLE).expect_code(2);
    assert!(run.stderr.contains("`full`") && run.stderr.contains("--new"), "{}", run.stderr);
    assert!(!scratch.path("whole/deleted_users.ndjson").exists());
    clerk.tenant().delete_user(&new);
    clerk.export(&scratch, "whole", &[&WHOLE[..], &["--new"]].concat()).expect_code(0);
    assert_eq!(deleted(&scratch, "whole"), BTreeSet::from([new]));
}

#[test]
fn an_earlier_export_that_is_made_anew_while_the_list_of_users_is_read_is_not_compared_with() {
    let scratch = Scratch::new();
    let (clerk, _) = tenant(&scratch, 80);
    let path = scratch.path("full/manifest.json");
    clerk.after_each(move |tenant, _| {
        // The instance is asked first; the earlier exports are looked at then.
        if tenant.requests.last().is_some_and(|request| request.contains("/users?")) {
            let manifest = std::fs::read_to_string(&path).expect("a manifest");
            let mut manifest: Value = serde_json::from_str(&manifest).expect("JSON");
            manifest["started"] = "2100-01-01T00:00:00Z".into();
            std::fs::write(&path, manifest.to_string()).expect("written");
        }
    });
    let run = clerk.export(&scratch, "delta", &["--only", "users", "--deleted", "full"]).expect_code(2);
    assert!(run.stderr.contains("`full`"), "{}", run.stderr);
    assert!(!scratch.path("delta/deleted_users.ndjson").exists());
}

#[test]
fn nobody_is_called_deleted_by_a_file_of_users_that_is_not_whole() {
    let scratch = Scratch::new();
    let clerk = interrupted(&scratch);
    let users = scratch.read("whole/users.ndjson");
    let all_but_one: Vec<&str> = users.lines().skip(1).collect();
    scratch.write("whole/users.ndjson", all_but_one.join("\n") + "\n");
    let run = clerk.export(&scratch, "whole", &WHOLE).expect_code(2);
    assert!(run.stderr.contains("users.ndjson") && run.stderr.contains("--new"), "{}", run.stderr);
    assert!(!scratch.path("whole/deleted_users.ndjson").exists());
}
