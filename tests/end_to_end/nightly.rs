//! Scheduled runs over fresh exports: only changes are sent, and the memory of confirmed users is never wrong.

use crate::support;

use std::process::Stdio;

use support::{Run, Sandbox, Scratch, export, until_of, user};

const USERS: usize = 1_500;

/// One new user, one that changed, one that is gone.
fn tomorrow() -> String {
    export((1..=USERS).map(|number| match number {
        30 => user(30).replace("\"N30\"", "\"Renamed\""),
        _ => user(number),
    }))
}

fn not_asked(run: &Run) -> u64 {
    run.report()["not_asked"].as_u64().expect("a count")
}

#[test]
fn only_what_changed_is_sent() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let fast = ["--rate", "5000/s"];
        let today = scratch.write("today.json", export((0..USERS).map(user)));
        let first = scratch.import(&sandbox, &today, &fast).expect_code(0);
        assert_eq!((first.count("created"), not_asked(&first)), (USERS as u64, 0));
        let tomorrow = scratch.write("tomorrow.json", tomorrow());
        let second = scratch.import(&sandbox, &tomorrow, &[&fast[..], &["--on-existing", "update"]].concat());
        let second = second.expect_code(0);
        let counts = ["created", "updated", "unchanged"].map(|name| second.count(name));
        assert_eq!((counts, not_asked(&second)), ([1, 1, USERS as u64 - 2], USERS as u64 - 2), "{}", second.stdout);
        let sent = second.report()["requests"]["sent"].as_u64().expect("a count");
        assert!(sent <= 3, "{sent} requests with users");
        let third = scratch.import(&sandbox, &tomorrow, &[&fast[..], &["-v"]].concat()).expect_code(0);
        let logged =
            |what| third.stderr.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("no {what}"));
        // The first pass knows them all, and reads them the short way.
        assert!(logged("not mapped a second time").contains(&format!("records={USERS}")), "{}", third.stderr);
        assert!(logged("read the long way").contains("records=0"), "{}", third.stderr);
        assert_eq!((third.count("unchanged"), not_asked(&third)), (USERS as u64, USERS as u64));
        assert_eq!(third.report()["requests"]["sent"], 0);
        let recheck = scratch.import(&sandbox, &tomorrow, &[&fast[..], &["--recheck"]].concat()).expect_code(0);
        assert_eq!((recheck.count("unchanged"), not_asked(&recheck)), (USERS as u64, 0));
        assert_eq!(sandbox.column("id").len(), USERS + 1, "nobody is deleted, nobody is there twice");
    }
}

#[test]
fn external_ids_that_a_run_changed_are_remembered() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let fast = ["--rate", "5000/s", "--on-existing", "update"];
        let named = |number| user(number).replacen('{', &format!("{{\"external_id\":\"emp-{number}\","), 1);
        let today = scratch.write("today.json", export((0..300).map(user)));
        scratch.import(&sandbox, &today, &fast).expect_code(0);
        let tomorrow = scratch.write("tomorrow.json", export((0..300).map(named)));
        let updated = scratch.import(&sandbox, &tomorrow, &fast).expect_code(0);
        assert_eq!((updated.count("created"), updated.count("updated")), (0, 300), "{}", updated.stdout);
        let again = scratch.import(&sandbox, &tomorrow, &fast).expect_code(0);
        assert!(!again.stderr.contains("does not have the users it had"), "{}", again.stderr);
        assert_eq!((again.count("unchanged"), not_asked(&again)), (300, 300), "{}", again.stdout);
        // The test finds out that the target was put back to an earlier state.
        let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
        let change = "UPDATE identities SET external_id = json_extract(admin_metadata, '$.clerk.id')";
        assert_eq!(database.execute(change, []).expect(change), 300);
        let put_back = scratch.import(&sandbox, &tomorrow, &fast).expect_code(0);
        assert!(put_back.stderr.contains("does not have the users it had"), "{}", put_back.stderr);
        assert_eq!((put_back.count("updated"), not_asked(&put_back)), (300, 0), "{}", put_back.stdout);
    }
}

#[test]
fn undone_users_are_not_remembered() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let some = scratch.write("some.json", export((0..100).map(user)));
    let first = scratch.import(&sandbox, &some, &[]).expect_code(0);
    // A later run confirms them again; that run is not undone.
    scratch.import(&sandbox, &some, &["--recheck"]).expect_code(0);
    let report = first.report();
    scratch.undo(&sandbox, report["run"].as_str().expect("an id"), &["--yes"]).expect_code(0);
    let again = scratch.import(&sandbox, &some, &[]).expect_code(0);
    assert_eq!((again.count("created"), not_asked(&again)), (100, 0), "{}", again.stdout);
}

#[test]
fn a_replaced_target_is_asked_about_every_user() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..300).map(user)));
    let import = || {
        let arguments = ["migrate", "clerk", "--import", &file, "--output", "json", "--progress", "none", "--sandbox"];
        scratch.run(&arguments).expect_code(0)
    };
    let remove = || {
        for name in ["sandbox.db", "sandbox.db-wal", "sandbox.db-shm"] {
            drop(std::fs::remove_file(scratch.path(&format!(".avnology/{name}"))));
        }
    };
    assert_eq!(import().count("created"), 300);
    assert_eq!(not_asked(&import()), 300);
    remove();
    let fresh = import();
    assert_eq!((fresh.count("created"), not_asked(&fresh)), (300, 0), "{}", fresh.stdout);
    assert!(fresh.stderr.contains("does not have the users it had"), "{}", fresh.stderr);
    // The same users under other ids: somebody else filled this target. Only half of them are there.
    remove();
    scratch.write("half.json", export((0..150).map(user)));
    let arguments = ["migrate", "clerk", "--import", "half.json", "--sandbox", "--runs-dir", "other"];
    scratch.run(&arguments).expect_code(0);
    let other = import();
    assert_eq!((other.count("created"), other.count("unchanged"), not_asked(&other)), (150, 150, 0));
}

#[test]
fn a_memory_that_cannot_be_checked_is_not_used() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..200).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let runs = std::fs::read_dir(scratch.path(".avnology/runs")).expect("runs").map(|entry| entry.expect("it").path());
    let known = runs.filter(|path| path.to_string_lossy().contains("known-users")).last().expect("what is known");
    std::fs::remove_file(known.join("sample.json")).expect("the sample");
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    database.execute("DELETE FROM identities", []).expect("they are gone");
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert_eq!((run.count("created"), not_asked(&run)), (200, 0), "{}", run.stdout);
}

#[test]
fn with_on_existing_fail_the_target_is_asked_about_every_user() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..20).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let run = scratch.import(&sandbox, &file, &["--on-existing", "fail"]).expect_code(3);
    assert_eq!((run.count("rejected"), not_asked(&run)), (20, 0));
}

#[test]
fn after_interrupted_updates_the_memory_is_not_used() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let old = scratch.write("old.json", export((0..200).map(user)));
    scratch.import(&sandbox, &old, &[]).expect_code(0);
    let renamed = |number| user(number).replace("\"first_name\":\"N", "\"first_name\":\"Renamed ");
    let new = scratch.write("new.json", export((0..200).map(renamed)));
    let slow = sandbox.replace(&scratch, &["--fault", "latency=40ms"]);
    let flags = ["--on-existing", "update", "--concurrency", "1"];
    let mut command = scratch.import_command(&slow, &new, &flags);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    let is_renamed = |name: &String| name.starts_with("Renamed");
    until_of(&mut process, "nothing is updated", || slow.column("first_name").iter().any(is_renamed));
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    let sandbox = slow.replace(&scratch, &[]);
    assert!(!sandbox.column("first_name").iter().all(is_renamed), "it was broken off too late to show anything");
    // The export is the old one again; some users at the target are not.
    let back = scratch.import(&sandbox, &old, &["--on-existing", "update"]).expect_code(0);
    assert!(back.count("updated") > 0, "{}", back.stdout);
    assert_eq!((back.count("updated") + back.count("unchanged"), not_asked(&back)), (200, 0));
    assert!(!sandbox.column("first_name").iter().any(is_renamed));
}

/// The users that a run changed before it was killed are not in the memory, and the same run is resumed.
#[test]
fn after_interrupted_updates_the_resumed_run_does_not_use_the_memory() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let old = scratch.write("old.json", export((0..200).map(user)));
    scratch.import(&sandbox, &old, &[]).expect_code(0);
    let renamed = |number| user(number).replace("\"first_name\":\"N", "\"first_name\":\"Renamed ");
    let new = scratch.write("new.json", export((0..200).map(renamed)));
    let slow = sandbox.replace(&scratch, &["--fault", "latency=40ms"]);
    let flags = ["--on-existing", "update", "--concurrency", "1", "--batch-size", "10"];
    let mut command = scratch.import_command(&slow, &new, &flags);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    let is_renamed = |name: &String| name.starts_with("Renamed");
    until_of(&mut process, "nothing is updated", || {
        slow.column("first_name").iter().filter(|name| is_renamed(name)).count() >= 20
    });
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    let sandbox = slow.replace(&scratch, &[]);
    let resumed = scratch.import(&sandbox, &new, &flags).expect_code(0);
    assert!(resumed.stderr.contains("Continuing run"), "{}", resumed.stderr);
    // The export is the old one again.
    let back = scratch.import(&sandbox, &old, &flags).expect_code(0);
    assert_eq!(back.count("updated"), 200, "{}", back.stdout);
    assert!(!sandbox.column("first_name").iter().any(is_renamed));
}

#[test]
fn a_user_that_was_found_to_differ_is_forgotten() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..50).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let change = "UPDATE identities SET first_name = 'Else' WHERE external_id = 'user_000020'";
    assert_eq!(database.execute(change, []).expect("it is changed"), 1);
    let recheck = scratch.import(&sandbox, &file, &["--recheck"]).expect_code(0);
    assert_eq!(recheck.report()["warnings"]["differs_at_target"], 1, "{}", recheck.stdout);
    let update = scratch.import(&sandbox, &file, &["--on-existing", "update"]).expect_code(0);
    assert_eq!((update.count("updated"), not_asked(&update)), (1, 49), "{}", update.stdout);
}

#[test]
fn users_that_a_restore_removed_are_created_again() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..4_000).map(user)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let later = scratch.write("later.json", export((0..4_010).map(user)));
    assert_eq!(scratch.import(&sandbox, &later, &[]).expect_code(0).count("created"), 10);
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let lost = database.execute("DELETE FROM identities WHERE external_id >= 'user_004000'", []);
    assert_eq!(lost.expect("they are lost"), 10);
    let again = scratch.import(&sandbox, &later, &[]).expect_code(0);
    assert_eq!((again.count("created"), again.count("unchanged")), (10, 4_000), "{}", again.stdout);
    // What is remembered then is true for all users.
    assert_eq!(not_asked(&scratch.import(&sandbox, &later, &[]).expect_code(0)), 4_010);
}
