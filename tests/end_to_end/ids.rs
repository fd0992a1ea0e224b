//! What the target calls the users: the list of ids is complete and true, however a run went.

use crate::support;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use support::{Run, Sandbox, Scratch, export, mixed_export, until_of, user};

/// The id at Clerk, the external id, the id at the target.
type Ids = BTreeSet<(String, String, String)>;

/// What is at the target.
fn at_target(database: &Path) -> Ids {
    let database = rusqlite::Connection::open(database).expect("the database");
    let query = "SELECT json_extract(admin_metadata, '$.clerk.id'), external_id, id FROM identities";
    let mut statement = database.prepare(query).expect("the table");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("rows");
    rows.collect::<Result<_, _>>().expect("texts")
}

fn list(scratch: &Scratch, run: &str, more: &[&str]) -> Run {
    scratch.run(&[&["migrate", "clerk", "runs", "ids", run], more].concat())
}

/// What the list says, each entry once.
#[track_caller]
fn listed(scratch: &Scratch, run: &str) -> Ids {
    let run = list(scratch, run, &["--format", "ndjson"]).expect_code(0);
    let ids: Vec<(String, String, String)> = run
        .stdout
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(line["kind"], "user");
            let text = |name: &str| line[name].as_str().expect("a text").to_owned();
            (text("clerk_id"), text("external_id"), text("id"))
        })
        .collect();
    let set: Ids = ids.iter().cloned().collect();
    assert_eq!(set.len(), ids.len(), "each once");
    set
}

fn run_of(run: &Run) -> String {
    run.report()["run"].as_str().expect("a run").to_owned()
}

/// Every third user has an external id of their own.
fn person(number: usize) -> String {
    if number.is_multiple_of(3) {
        user(number).replacen('{', &format!("{{\"external_id\":\"emp-{number}\","), 1)
    } else {
        user(number)
    }
}

#[test]
fn the_ids_of_a_run_are_those_at_the_target_also_if_it_sent_nothing() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let file = scratch.write("users.json", export((0..300).map(person)));
        let fast = ["--rate", "5000/s", "--new-run"];
        let first = run_of(&scratch.import(&sandbox, &file, &fast).expect_code(0));
        let there = at_target(&sandbox.database);
        assert_eq!((listed(&scratch, &first), there.len()), (there.clone(), 300));
        let second = scratch.import(&sandbox, &file, &fast).expect_code(0);
        assert_eq!(second.report()["requests"]["sent"], 0);
        assert_eq!(listed(&scratch, &run_of(&second)), there, "nothing was sent");
        let third = scratch.import(&sandbox, &file, &[&fast[..], &["--recheck"]].concat()).expect_code(0);
        assert_eq!(listed(&scratch, &run_of(&third)), there, "everybody was looked at again");
        assert_eq!(listed(&scratch, &first), there);
    }
}

#[test]
fn who_was_there_before_is_in_the_list_with_any_outcome() {
    for (rule, code) in [("skip", 0), ("update", 0), ("fail", 3)] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        // Somebody else did it, and nothing here knows of it.
        let file = scratch.write("users.json", export((0..100).map(person)));
        scratch.import(&sandbox, &file, &["--runs-dir", "of-somebody-else"]).expect_code(0);
        let renamed = |number: usize| person(number).replace("\"first_name\":\"N", "\"first_name\":\"Renamed ");
        let file = scratch.write("tomorrow.json", export((50..150).map(renamed)));
        let run = scratch.import(&sandbox, &file, &["--on-existing", rule]).expect_code(code);
        let ours: Ids =
            at_target(&sandbox.database).into_iter().filter(|(clerk_id, ..)| &**clerk_id >= "user_000050").collect();
        assert_eq!((listed(&scratch, &run_of(&run)), ours.len()), (ours, 100), "{rule}");
    }
}

#[test]
fn the_list_is_a_table_or_a_file_for_the_owner_only() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((1..=3).map(person)));
    let run = run_of(&scratch.import(&sandbox, &file, &[]).expect_code(0));
    let there: Vec<_> = at_target(&sandbox.database).into_iter().collect();
    let [(_, _, one), (_, _, two), (_, _, three)] = &there[..] else { panic!("{there:?}") };
    let table = format!(
        "kind,clerk_id,external_id,id\nuser,user_000001,user_000001,{one}\nuser,user_000002,user_000002,{two}\n\
         user,user_000003,emp-3,{three}\n"
    );
    assert_eq!(list(&scratch, &run, &[]).expect_code(0).stdout, table);
    let written = list(&scratch, &run, &["--out", "ids.csv"]).expect_code(0);
    assert_eq!((written.stdout.as_str(), scratch.read("ids.csv")), ("", table.clone()));
    let mode = std::fs::metadata(scratch.path("ids.csv")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Written once more, and what is no file is not replaced.
    list(&scratch, &run, &["--out", "ids.csv", "--format", "csv"]).expect_code(0);
    assert_eq!(scratch.read("ids.csv"), table);
    std::fs::create_dir(scratch.path("directory")).expect("a directory");
    let wrong = list(&scratch, &run, &["--out", "directory"]).expect_code(2);
    assert!(wrong.stderr.contains("is a directory"), "{}", wrong.stderr);
    let wrong = list(&scratch, "20200101T000000Z-0", &[]).expect_code(2);
    assert!(wrong.stderr.contains("there is no run `20200101T000000Z-0`"), "{}", wrong.stderr);
}

#[test]
fn after_a_kill_the_list_knows_what_the_journal_knows_and_in_the_end_all() {
    let scratch = Scratch::new();
    let slow = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good) = mixed_export(900);
    let file = scratch.write("users.json", text);
    let flags = ["--batch-size", "20", "--concurrency", "1"];
    let mut command = scratch.import_command(&slow, &file, &flags);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    until_of(&mut process, "nothing is created", || slow.column("id").len() >= 200);
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    let runs: Value =
        serde_json::from_str(&scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).stdout).expect("runs");
    let id = runs[0]["id"].as_str().expect("a run").to_owned();
    let (before, there) = (listed(&scratch, &id), at_target(&slow.database));
    assert!(before.is_subset(&there), "what is listed is true");
    assert_eq!(before.len() as u64, runs[0]["counts"]["created"].as_u64().expect("a count"));
    let resumed = scratch.import(&slow, &file, &flags).expect_code(3);
    assert_eq!(run_of(&resumed), id);
    let there = at_target(&slow.database);
    assert_eq!((listed(&scratch, &id), there.len()), (there.clone(), good.len()));
    // The first run may have been broken off and never resumed, and its users are remembered as confirmed.
    let night = scratch.import(&slow, &file, &["--new-run"]).expect_code(3);
    assert!(night.report()["not_asked"].as_u64() > Some(500), "{}", night.stdout);
    assert_eq!(listed(&scratch, &run_of(&night)), there);
}

#[test]
fn what_was_undone_is_not_listed_and_what_stays_is_learned_again() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let some = scratch.write("some.json", export((0..60).map(person)));
    let more = scratch.write("more.json", export((0..100).map(person)));
    let first = run_of(&scratch.import(&sandbox, &some, &[]).expect_code(0));
    let second = run_of(&scratch.import(&sandbox, &more, &[]).expect_code(0));
    scratch.undo(&sandbox, &first, &["--yes"]).expect_code(0);
    assert!(listed(&scratch, &second).is_empty(), "some of these are not there any more");
    let third = scratch.import(&sandbox, &more, &[]).expect_code(0);
    assert_eq!((third.count("created"), third.count("unchanged")), (60, 40), "{}", third.stdout);
    let there = at_target(&sandbox.database);
    assert_eq!((listed(&scratch, &run_of(&third)), there.len()), (there, 100));
}

#[test]
fn the_ids_of_a_target_that_is_another_one_now_are_forgotten() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..200).map(person)));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
    assert_eq!(database.execute("DELETE FROM identities", []).expect("they are gone"), 200);
    let half = scratch.write("half.json", export((0..100).map(person)));
    let run = scratch.import(&sandbox, &half, &[]).expect_code(0);
    let there = at_target(&sandbox.database);
    assert_eq!((listed(&scratch, &run_of(&run)), there.len()), (there, 100), "nothing of what was there");
}

#[test]
fn shards_that_go_side_by_side_learn_the_ids_of_all() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..5_000).map(person)));
    let shards: Vec<_> = ["1/2", "2/2"]
        .into_iter()
        .map(|shard| {
            let mut command = scratch.import_command(&sandbox, &file, &["--shard", shard, "--rate", "5000/s"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
        })
        .collect();
    let runs: Vec<Run> = shards.into_iter().map(|shard| Run::of(shard.wait_with_output().expect("it ends"))).collect();
    let there = at_target(&sandbox.database);
    assert_eq!(there.len(), 5_000);
    for run in runs {
        assert_eq!(listed(&scratch, &run_of(&run.expect_code(0))), there);
    }
}

#[test]
fn a_map_that_cannot_be_read_stops_an_import_that_it_could_change_and_no_other() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..4).map(user)));
    let first = scratch.import(&sandbox, &file, &[]).expect_code(0);
    let runs = scratch.path(".avnology/runs");
    let map = std::fs::read_dir(&runs).expect("runs").flatten().map(|entry| entry.path());
    let map =
        map.into_iter().find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ids-")));
    let lock = map.expect("a map").join("lock");
    std::fs::remove_file(&lock).and_then(|()| std::fs::create_dir(&lock)).expect("a directory in its place");
    let before = sandbox.identities();
    scratch.write("users.json", export((0..9).map(user)));
    let stopped = scratch.import(&sandbox, &file, &[]).expect_code(2);
    let said = &stopped.stderr;
    assert!(
        said.contains("/ids-") && said.contains(&run_of(&first)) && said.contains("move that directory away"),
        "{said}"
    );
    assert_eq!(sandbox.identities(), before, "nobody was sent");
    // Of no run is there anything that it could know.
    std::fs::remove_dir_all(runs.join(run_of(&first))).expect("the run");
    let goes_on = scratch.import(&sandbox, &file, &["--new-run"]).expect_code(0);
    assert_eq!((goes_on.count("created"), goes_on.count("unchanged")), (5, 4), "{}", goes_on.stderr);
}
