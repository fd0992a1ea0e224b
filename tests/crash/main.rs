//! Power cuts. The test records what the real binary does to files, and replays it up to any moment, with any part of what
//! was not synced by then. From every such state, the same command, `undo` and `runs merge` must come to the correct end: no
//! user is lost or there twice, the counts are true, and undo deletes exactly what was created.
//!
//! Targets survive: each state has one that holds exactly what it had confirmed by then. The sandbox's own database is cut
//! off, too, and must hold everything that it had confirmed.
//!
//! CI tries a few hundred states. `AVNOLOGY__CRASH_STATES=2000 cargo test --test crash -- --nocapture` tries up to 2000
//! states of each scenario. With this variable, a machine on which nothing can be traced is an error; without it, the tests
//! then say that they were skipped.

#![cfg(target_os = "linux")]
#![expect(unreachable_pub, reason = "nobody but this test uses it")]

#[path = "../support/mod.rs"]
mod support;

mod disk;
mod lab;
mod states;
mod target;
mod trace;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use lab::{Lab, Recording, Site, import_arguments, undo_arguments};
use serde_json::Value;
use support::{Run, export, user};

const USERS: usize = 80;

/// A user that another program created at the target before.
const EARLIER: [usize; 5] = [0, 1, 2, 4, 5];

const FLAGS: [&str; 8] =
    ["--batch-size", "9", "--concurrency", "2", "--rate", "1000/s", "--metrics-file", "metrics.prom"];

fn is_bad(number: usize) -> bool {
    number % 8 == 3
}

/// An export in which every eighth record is bad.
fn users() -> String {
    export((0..USERS).map(|number| match number {
        _ if !is_bad(number) => user(number),
        _ if number % 16 == 3 => format!(r#"{{"id":"user_{number:06}","first_name":"{}"}}"#, "x".repeat(number * 3)),
        _ => format!(r#"{{"id":"user_{number:06}", oops}}"#),
    }))
}

/// The external ids of these users.
fn ids(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("user_{number:06}")).collect()
}

fn good() -> Vec<String> {
    ids((0..USERS).filter(|number| !is_bad(*number)))
}

const BAD: u64 = USERS as u64 / 8;
const CREATED: u64 = USERS as u64 - BAD - EARLIER.len() as u64;

/// A lab in which some users are already at the target. A run must not take them for its own.
fn lab() -> Option<Lab> {
    let lab = Lab::new()?;
    let elsewhere = lab.site("elsew", "key_of_the_recording", &lab.path("target.db"));
    elsewhere.write("earlier.json", export(EARLIER.map(user)));
    elsewhere.import("earlier.json", &[]).expect_code(0);
    drop(elsewhere);
    Some(lab)
}

/// Records an import of the users.
fn recorded_import(lab: &Lab, more: &[&str]) -> Recording {
    let site = lab.site("rec00", "key_of_the_recording", &lab.path("target.db"));
    site.write("users.json", users());
    let recording = lab.record(&site, &import_arguments("users.json", &[&FLAGS, more].concat()));
    recording.run.expect_code_of(3);
    recording
}

fn counts(report: &Value) -> [u64; 6] {
    ["read", "created", "updated", "unchanged", "rejected", "unfinished"]
        .map(|name| report["counts"][name].as_u64().expect("a count"))
}

/// The sum of a count over all runs, but not over what was merged of them.
fn sum(runs: &[Value], count: &str) -> u64 {
    let own = runs.iter().filter(|run| run["merged_from"].is_null());
    own.map(|run| run["counts"][count].as_u64().expect("a count")).sum()
}

/// Fails unless the metrics file is complete or absent.
fn assert_metrics_are_whole(site: &Site<'_>) {
    if let Ok(text) = std::fs::read_to_string(site.path("metrics.prom")) {
        assert!(text.contains("avnology_migrate_info{") && text.ends_with('\n'), "half a metrics file: {text:?}");
    }
}

/// Fails unless every record of the input is in exactly one place.
fn assert_all_in_one_place(site: &Site<'_>, run: &Run) {
    let report = run.report();
    let [read, created, updated, unchanged, rejected, unfinished] = counts(&report);
    let reported = (read, created + updated + unchanged, rejected, unfinished);
    assert_eq!(reported, (USERS as u64, USERS as u64 - BAD, BAD, 0), "{}{}", run.stdout, run.stderr);
    assert_eq!(site.target.column("external_id"), good(), "each once at the target");
    assert_rejected_once(site, &report);
}

fn assert_rejected_once(site: &Site<'_>, report: &Value) {
    assert_eq!(report.get("earlier_rejects_files"), None, "nobody has changed any");
    let rejects = support::lines(&site.path(report["rejects_file"].as_str().expect("a rejects file")));
    let numbers: BTreeSet<u64> =
        rejects.iter().map(|reject| reject["position"]["record"].as_u64().expect("a number")).collect();
    assert_eq!((rejects.len() as u64, numbers.len() as u64), (BAD, BAD), "each once among the rejects");
}

/// Undoes all runs. What they created is gone, and nothing else.
fn assert_undo_is_exact(site: &Site<'_>, runs: &[Value]) {
    let undone = runs.iter().map(|run| site.undo(run["id"].as_str().expect("an id")).expect_code(0).count("deleted"));
    assert_eq!(undone.sum::<u64>(), CREATED);
    assert_eq!(site.target.column("external_id"), ids(EARLIER), "only those who were there before are left");
}

/// The same import again comes to the correct end.
fn check_import(site: &Site<'_>) {
    assert_metrics_are_whole(site);
    let run = site.import("users.json", &FLAGS).expect_code(3);
    assert_all_in_one_place(site, &run);
    let runs = site.runs();
    assert_eq!(sum(&runs, "created"), CREATED, "{runs:?}");
    assert_undo_is_exact(site, &runs);
}

#[test]
fn an_import() {
    let Some(lab) = lab() else { return };
    let recording = recorded_import(&lab, &[]);
    lab.check("import", recording.states(), check_import);
}

#[test]
fn a_run_that_is_resumed_after_a_power_cut() {
    let Some(lab) = lab() else { return };
    let recording = recorded_import(&lab, &[]);
    // In the middle of the run, with something in doubt and something torn.
    let is_middle = |users: usize| (20..50).contains(&users);
    let mut states = recording.some_states(1_000).into_iter();
    let state = states.find(|state| is_middle(recording.users_at(state.outside)) && state.has_hole());
    let site = lab.site_at("rec01", "key_of_the_second_part", &recording, &state.expect("a state in the middle"));
    let id = site.runs()[0]["id"].as_str().expect("an id").to_owned();
    let arguments = ["migrate", "clerk", "resume", &id, "--output", "json", "--progress", "none"];
    let resumed = lab.record(&site, &arguments.map(str::to_owned));
    resumed.run.expect_code_of(3);
    lab.check("resume", resumed.states(), check_import);
}

#[test]
fn undo() {
    let Some(lab) = lab() else { return };
    let recording = recorded_import(&lab, &[]);
    let site = recording.site(&lab);
    let id = site.runs()[0]["id"].as_str().expect("an id").to_owned();
    let undo = lab.record(&site, &undo_arguments(&id));
    undo.run.expect_code_of(0);
    lab.check("undo", undo.states(), |site| {
        let counts = site.undo(&id).expect_code(0).report()["counts"].clone();
        let count = |name: &str| counts[name].as_u64().expect("a count");
        assert_eq!((count("created"), count("deleted") + count("gone_already")), (CREATED, CREATED), "{counts}");
        assert_eq!(site.target.column("external_id"), ids(EARLIER), "only those who were there before are left");
        // The memory of confirmed users holds nobody any more, and the run cannot be resumed.
        let run = site.import("users.json", &FLAGS).expect_code(3);
        assert_eq!(run.count("created"), CREATED, "{}", run.stdout);
        assert_all_in_one_place(site, &run);
    });
}

/// An export in which every tenth user has another name, and some users are new.
fn tomorrow() -> String {
    export((0..USERS + 5).filter(|number| !is_bad(*number)).map(|number| match number % 10 {
        0 => user(number).replace("\"N", "\"Renamed"),
        _ => user(number),
    }))
}

fn names(renamed: bool) -> Vec<String> {
    let name = |number: usize| {
        if renamed && number.is_multiple_of(10) { format!("Renamed{number}") } else { format!("N{number}") }
    };
    let mut names: Vec<String> = (0..USERS + 5).filter(|number| !is_bad(*number)).map(name).collect();
    names.sort();
    names
}

#[test]
fn a_nightly_run() {
    let Some(lab) = lab() else { return };
    let recording = recorded_import(&lab, &[]);
    let site = recording.site(&lab);
    site.write("tomorrow.json", tomorrow());
    let update = [&FLAGS[..], &["--on-existing", "update"]].concat();
    let night = lab.record(&site, &import_arguments("tomorrow.json", &update));
    night.run.expect_code_of(0);
    let new = (USERS..USERS + 5).filter(|number| !is_bad(*number)).count() as u64;
    lab.check("nightly", night.states(), |site| {
        assert_metrics_are_whole(site);
        let run = site.import("tomorrow.json", &update).expect_code(0);
        let [read, created, updated, unchanged, rejected, unfinished] = counts(&run.report());
        assert_eq!((read, created + updated + unchanged, rejected, unfinished), (read, read, 0, 0), "{}", run.stdout);
        assert_eq!(site.target.column("first_name"), names(true));
        assert_eq!(sum(&site.runs(), "created"), CREATED + new);
        // The memory of confirmed users is true: the old export finds the users to change back.
        site.import("users.json", &update).expect_code(3);
        let back = |name: &String| !name.starts_with("Renamed") || name == "Renamed80";
        assert!(site.target.column("first_name").iter().all(back), "{:?}", site.target.column("first_name"));
    });
}

/// The first import from a host into a target that has the users already. A later run does not ask about those whom the memory of
/// confirmed users knows; so their ids have to be in a journal by then.
#[test]
fn an_import_of_users_who_are_there_already() {
    let Some(lab) = lab() else { return };
    let elsewhere = lab.site("other", "key_of_the_recording", &lab.path("target.db"));
    elsewhere.write("users.json", users());
    elsewhere.import("users.json", &[]).expect_code(3);
    drop(elsewhere);
    let recording = recorded_import(&lab, &[]);
    lab.check("unchanged", recording.states(), |site| {
        // Another export, and so another run.
        site.write("tomorrow.json", tomorrow());
        let run = site.import("tomorrow.json", &FLAGS).expect_code(0);
        let id = run.report()["run"].as_str().expect("a run").to_owned();
        let ids = site.run(&["migrate", "clerk", "runs", "ids", &id]).expect_code(0);
        let known = |id: &&String| !ids.stdout.contains(id.as_str());
        assert_eq!(good().iter().find(known), None, "the id of a user is not known: {}", ids.stdout);
    });
}

/// What a merge reports about all shards.
fn check_merge(site: &Site<'_>) {
    let run = site.run(&["migrate", "clerk", "runs", "merge", "--output", "json"]).expect_code(3);
    let report = run.report();
    let [read, created, updated, unchanged, rejected, unfinished] = counts(&report);
    let reported = (read, created + updated + unchanged, rejected, unfinished);
    assert_eq!(reported, (BLOCK + USERS as u64, BLOCK + USERS as u64 - BAD, BAD, 0), "{}{}", run.stdout, run.stderr);
    assert_rejected_once(site, &report);
}

/// The number of records in a block of a shard.
const BLOCK: u64 = 1_000;

#[test]
fn shards_and_their_merge() {
    let Some(lab) = lab() else { return };
    let site = lab.site("rec00", "key_of_the_recording", &lab.path("target.db"));
    // The first shard gets other users, the second one the usual users.
    let others = (0..1_000).map(|number| user(5_000 + number) + ",\n").collect::<String>();
    site.write("users.json", users().replacen("[\n", &format!("[\n{others}"), 1));
    site.import("users.json", &["--shard", "1/2"]).expect_code(0);
    let shard = [&FLAGS[..], &["--shard", "2/2"]].concat();
    let recording = lab.record(&site, &import_arguments("users.json", &shard));
    recording.run.expect_code_of(3);
    lab.check("shard", recording.states(), |site| {
        site.import("users.json", &shard).expect_code(3);
        check_merge(site);
        assert_eq!(sum(&site.runs(), "created"), BLOCK + CREATED);
        let at_target = site.target.column("external_id");
        assert_eq!(at_target.len() as u64, BLOCK + USERS as u64 - BAD, "each once");
        assert_eq!(at_target[..good().len()], good());
    });
    drop(site);
    let site = recording.site(&lab);
    let merge = lab.record(&site, &["migrate", "clerk", "runs", "merge", "--output", "json"].map(str::to_owned));
    merge.run.expect_code_of(3);
    lab.check("merge", merge.states(), check_merge);
}

/// The importer and its sandbox are one process, and both are cut off.
#[test]
fn an_import_into_its_own_sandbox() {
    let Some(lab) = Lab::new() else { return };
    let flags = [&FLAGS[..], &["--sandbox"]].concat();
    let site = lab.site("rec00", "nobody", &lab.path("target.db"));
    site.write("users.json", users());
    let recording = lab.record(&site, &import_arguments("users.json", &flags));
    recording.run.expect_code_of(3);
    lab.check("import into its own sandbox", recording.states(), |site| {
        let run = site.import("users.json", &flags).expect_code(3);
        let there = || target::column(&site.path(".avnology/sandbox.db"), "external_id");
        assert_eq!(there(), good(), "each once at the target: {}", run.stdout);
        assert_rejected_once(site, &run.report());
        let runs = site.runs();
        assert_eq!(sum(&runs, "created"), USERS as u64 - BAD, "{runs:?}");
        for run in runs {
            site.undo(run["id"].as_str().expect("an id")).expect_code(0);
        }
        assert_eq!(there(), Vec::<String>::new());
    });
}

/// A power cut of the sandbox itself: the users it confirmed are there, and no others.
#[test]
fn the_sandbox() {
    let Some(lab) = lab() else { return };
    let recording = lab.record_sandbox(|site| {
        site.write("users.json", users());
        site.import("users.json", &FLAGS).expect_code(3);
        site.import("users.json", &[&FLAGS[..], &["--recheck"]].concat()).expect_code(3);
    });
    let checked = AtomicUsize::new(0);
    let all: BTreeSet<String> = good().into_iter().collect();
    lab.check_sandbox("sandbox", recording.states(), |state, database| {
        let there: BTreeSet<String> = target::column(database, "external_id").into_iter().collect();
        let confirmed = recording.confirmed_users(state);
        let lost: Vec<_> = confirmed.difference(&there).collect();
        assert!(lost.is_empty(), "confirmed and lost: {lost:?}");
        assert!(there.is_subset(&all), "{there:?}");
        checked.fetch_add(usize::from(!confirmed.is_empty()), Ordering::Relaxed);
    });
    assert!(checked.into_inner() > 0, "something was confirmed");
}
