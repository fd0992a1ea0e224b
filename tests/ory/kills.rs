//! The importer and Kratos are killed at random moments, and answers get lost: each user is there once, and the counts are true.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::kratos::{Kratos, is_here};
use crate::support::target::{Way, proxy};
use crate::support::{Scratch, export, user};

const USERS: usize = 300;

/// How often a process is killed; more by hand.
fn kills() -> usize {
    std::env::var("AVNOLOGY__KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(4)
}

#[track_caller]
fn assert_each_once(kratos: &Kratos) {
    let keys: Vec<String> = kratos
        .identities()
        .iter()
        .map(|one| one["traits"]["external_id"].as_str().expect("a key").to_owned())
        .collect();
    let distinct: BTreeSet<&String> = keys.iter().collect();
    assert_eq!((keys.len(), distinct.len()), (USERS, USERS));
}

#[test]
fn killed_importers_and_a_killed_kratos_leave_each_user_once() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let mut kratos = Kratos::start(&scratch);
    let file = scratch.write("users.json", export((0..USERS).map(user)));
    let more = ["--batch-size", "10", "--concurrency", "3", "--max-wait", "120"];
    let mut dice = fastrand::Rng::new();
    let mut killed = 0;
    while killed < kills() {
        let mut command = kratos.command(&scratch, &["--import", &file], &more);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        std::thread::sleep(Duration::from_millis(dice.u64(20..1500)));
        if killed % 2 == 1 {
            kratos.kill_and_start();
        }
        let ended = process.try_wait().expect("its state").is_some();
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
        killed += 1;
        if ended {
            // All are there: everything is taken back, and it begins anew.
            let runs = scratch.run(&["migrate", "clerk", "runs"]).stdout;
            for run in runs.lines().skip(1).filter_map(|line| line.split_whitespace().next()) {
                Kratos::undo(&scratch, run, &[]);
            }
            assert!(kratos.identities().is_empty(), "undo leaves nothing of the runs");
        }
    }
    let run = kratos.import(&scratch, &file, &more).expect_code(0);
    let counts = ["created", "unchanged", "rejected", "unfinished"].map(|name| run.count(name));
    assert_eq!((counts[0] + counts[1], counts[2], counts[3]), (USERS as u64, 0, 0), "{counts:?}");
    assert_each_once(&kratos);
    kratos.verify(&scratch, &file, &[]).expect_code(0);
}

#[test]
fn answers_that_get_lost_double_nobody_and_undo_leaves_nothing() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let file = scratch.write("users.json", export((0..USERS).map(user)));
    let batches = AtomicUsize::new(0);
    // The target carries out every second batch, and its answer gets lost.
    let before = proxy(&kratos.base_url(), move |head, _| {
        let is_batch = head.starts_with("PATCH /admin/identities ");
        if is_batch && batches.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            Way::Afterwards(Box::new(|_| String::new()))
        } else {
            Way::Through
        }
    });
    let arguments =
        ["migrate", "clerk", "--import", &file, "--target", "kratos", "--base-url", &before, "--batch-size", "30"];
    let run = scratch.run(&[&arguments[..], &["--output", "json", "--progress", "none"]].concat()).expect_code(0);
    let counts = ["created", "unchanged", "rejected", "unfinished"].map(|name| run.count(name));
    assert_eq!(counts, [USERS as u64, 0, 0, 0], "the run's mark proves whose they are");
    assert_each_once(&kratos);
    Kratos::undo(&scratch, run.report()["run"].as_str().expect("a run"), &[]).expect_code(0);
    assert!(kratos.identities().is_empty());
}
