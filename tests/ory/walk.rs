//! A few users, all the way: a pilot, everybody, lists of new ids, a night on which some are missing, and shards.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::kratos::{Kratos, is_here};
use crate::support::{Run, Scratch, export, lines, user};

/// The ids in a list of results, by the ids at Clerk.
fn listed(scratch: &Scratch, name: &str) -> BTreeMap<String, String> {
    let text = |line: &Value, name: &str| line[name].as_str().expect("an id").to_owned();
    lines(&scratch.path(name)).iter().map(|line| (text(line, "clerk_id"), text(line, "id"))).collect()
}

/// The ids of those who are there, by the ids at Clerk.
fn there(kratos: &Kratos) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let identities = kratos.identities();
    identities.iter().map(|one| (text(&one["metadata_admin"]["clerk"]["id"]), text(&one["id"]))).collect()
}

fn id(run: &Run) -> String {
    run.report()["run"].as_str().expect("a run").to_owned()
}

#[test]
fn a_pilot_everybody_a_night_without_some_and_shards() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let file = scratch.write("users.json", export((0..12).map(user)));
    let pilot = kratos.import(&scratch, &file, &["--limit", "3", "--results", "pilot.ndjson"]).expect_code(0);
    assert_eq!((pilot.count("created"), listed(&scratch, "pilot.ndjson")), (3, there(&kratos)));
    kratos.verify(&scratch, &file, &["--limit", "3"]).expect_code(0);
    let all = kratos.import(&scratch, &file, &["--results", "all.ndjson"]).expect_code(0);
    assert_eq!((all.count("created"), all.count("unchanged")), (9, 3), "{}", all.stderr);
    assert_eq!((listed(&scratch, "all.ndjson"), there(&kratos).len()), (there(&kratos), 12));

    // Two leave, and cannot sign in any more; one of them is back, and can.
    let disabled = || {
        let inactive = |one: &Value| one["state"] == "inactive";
        let key = |one: &Value| one["traits"]["external_id"].as_str().expect("a key").to_owned();
        let mut keys: Vec<String> = kratos.identities().iter().filter(|one| inactive(one)).map(key).collect();
        keys.sort();
        keys
    };
    let night = |left: &[usize]| {
        let file = scratch.write("users.json", export((0..12).filter(|number| !left.contains(number)).map(user)));
        kratos.import(&scratch, &file, &["--on-missing", "disable", "--max-missing", "50"]).expect_code(0)
    };
    let first = night(&[4, 7]);
    assert_eq!(first.report()["missing"]["disabled"], 2, "{}", first.stdout);
    assert_eq!(disabled(), ["user_000004", "user_000007"]);
    night(&[4]);
    assert_eq!(disabled(), ["user_000004"]);
    Kratos::undo(&scratch, &id(&first), &[]).expect_code(0);
    assert_eq!((disabled(), there(&kratos).len()), (Vec::<String>::new(), 12));

    // Everybody goes, and comes again in two shards.
    for run in [&all, &pilot] {
        Kratos::undo(&scratch, &id(run), &["--force"]).expect_code(0);
    }
    assert!(kratos.identities().is_empty());
    scratch.write("users.json", export((0..12).map(user)));
    let shards = ["1/2", "2/2"].map(|shard| kratos.import(&scratch, &file, &["--shard", shard]).expect_code(0));
    assert_eq!(shards.iter().map(|run| run.count("created")).sum::<u64>(), 12);
    scratch.run(&["migrate", "clerk", "runs", "merge"]).expect_code(0);
    let merged = format!("{}-merged", id(&shards[0]).strip_suffix("-1of2").expect("the first shard"));
    scratch.run(&["migrate", "clerk", "runs", "export", &merged, "--out", "shards.ndjson"]).expect_code(0);
    assert_eq!((listed(&scratch, "shards.ndjson"), there(&kratos).len()), (there(&kratos), 12));
    Kratos::undo(&scratch, &merged, &[]).expect_code(0);
    assert!(kratos.identities().is_empty());
}
