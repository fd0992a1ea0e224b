//! `runs`, `runs show` and `runs prune`: what is kept of runs is said, and goes only when nobody needs it any more.

use crate::support;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{Run, Sandbox, Scratch, export, mixed_export, until_of, user};

fn runs(scratch: &Scratch, more: &[&str]) -> Run {
    scratch.run(&[&["migrate", "clerk", "runs"], more].concat())
}

fn json(scratch: &Scratch, more: &[&str]) -> Value {
    serde_json::from_str(&runs(scratch, &[more, &["--output", "json"]].concat()).expect_code(0).stdout).expect("JSON")
}

fn id(run: &Run) -> String {
    run.report()["run"].as_str().expect("an id").to_owned()
}

fn of_run(run: &str, name: &str) -> String {
    format!(".avnology/runs/{run}/{name}")
}

/// What pruning says of each run.
fn prune(scratch: &Scratch, more: &[&str]) -> Vec<(String, String)> {
    let pruned = json(scratch, &[&["prune", "--older-than", "0h"], more].concat());
    let of = |run: &Value, name: &str| run[name].as_str().expect("a text").to_owned();
    pruned.as_array().expect("runs").iter().map(|run| (of(run, "run"), of(run, "what"))).collect()
}

fn pairs(expected: &[(&String, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(run, what)| ((*run).clone(), (*what).to_owned())).collect()
}

/// Lines that are all over an export and stand nowhere else.
const PERSONAL: &str = "@example.com";

#[test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
fn what_undo_and_resume_need_goes_only_with_a_word() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    // One that created nobody, one that was undone, one that was killed, and one that created users.
    let bad = scratch.write(
        "bad.json",
        export([r#"{"id":"user_bad","email_addresses":[{"email_address":"bad address@example.com"}]}"#.to_owned()]),
    );
    let rejected = id(&scratch.import(&sandbox, &bad, &[]).expect_code(3));
    let fast = ["--batch-size", "500"];
    let gone = scratch.write("gone.json", export((5_000..5_010).map(user)));
    let undone = id(&scratch.import(&sandbox, &gone, &fast).expect_code(0));
    scratch.undo(&sandbox, &undone, &["--yes"]).expect_code(0);
    scratch.write("users.json", export((0..900).map(user)));
    let mut command = scratch.import_command(&sandbox, "users.json", &["--batch-size", "20", "--concurrency", "1"]);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    until_of(&mut process, "nothing arrived", || !sandbox.column("id").is_empty());
    let running = json(&scratch, &[])[0]["id"].as_str().expect("a run").to_owned();
    assert_eq!(
        prune(&scratch, &["--give-up-undo", "--give-up-resume", "--keep", "9"])[0],
        (running.clone(), "kept".to_owned())
    );
    assert!(Command::new("kill").args(["-KILL", &process.id().to_string()]).status().expect("kill runs").success());
    process.wait().expect("it ends");
    let some = scratch.write("some.json", mixed_export(60).0.replace("user_", "some_").replace("user", "some"));
    let created = id(&scratch.import(&sandbox, &some, &fast).expect_code(3));
    let before = sandbox.identities();

    let shown = json(&scratch, &["show", &running]);
    assert_eq!(
        (&shown["state"], &shown["next"]),
        (&"interrupted".into(), &format!("avnology migrate clerk resume {running}").into())
    );
    let text = runs(&scratch, &["show", &created]).expect_code(0).stdout;
    for part in [
        "finished",
        "some.json",
        "BLAKE3",
        "no_email",
        "record 8",
        "1 request (",
        "personal data    in journal, rejects.ndjson",
        "Next: ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(runs(&scratch, &["show", "no-such-run"]).expect_code(2).stderr.contains("there is no run `no-such-run`"));
    assert!(json(&scratch, &[])[0]["disk_bytes"].as_u64() > Some(1_000));
    assert!(runs(&scratch, &[]).expect_code(0).stdout.contains(" kB\n"));

    // Nothing is old enough, or nothing has finished yet.
    assert!(runs(&scratch, &["prune", "--older-than", "1d"]).expect_code(0).stdout.ends_with("Freed 0 B\n"));
    let plan = pairs(&[(&created, "kept"), (&running, "kept"), (&undone, "removed"), (&rejected, "removed")]);
    assert_eq!(prune(&scratch, &["--dry-run"]), plan);
    assert_eq!(json(&scratch, &[]).as_array().map(Vec::len), Some(4));
    assert_eq!(prune(&scratch, &["--dry-run", "--keep", "3"])[2], (undone.clone(), "kept".to_owned()));
    // What `sed -i.bak` and editors leave of rejects that somebody mended, and a kill of a file that was being written.
    let rejects = scratch.read(&of_run(&created, "rejects.ndjson"));
    let copies = ["rejects.ndjson.bak", "rejects.ndjson~", ".rejects.ndjson.swp", "Copy of rejects.ndjson", ".tmpAb12"];
    for name in copies {
        scratch.write(&of_run(&created, name), &rejects);
    }
    let private = json(&scratch, &["show", &created])["personal_files"].clone();
    assert!(copies.iter().all(|name| private.as_array().expect("names").contains(&(*name).into())), "{private}");
    // Files with personal data, but for what undo needs.
    let stripped = prune(&scratch, &["--personal-data"]);
    let what: Vec<&str> = stripped.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(what, ["personal_data_removed", "kept", "personal_data_removed", "personal_data_removed"]);
    for name in copies.into_iter().chain(["rejects.ndjson"]) {
        assert!(!scratch.path(&of_run(&created, name)).exists(), "{name}");
    }
    assert!(scratch.path(&of_run(&created, "journal")).exists());
    let counts = json(&scratch, &["show", &created])["counts"].clone();
    // And the journal, too, with the word: what it counted stays.
    prune(&scratch, &["--personal-data", "--give-up-undo"]);
    let shown = json(&scratch, &["show", &created]);
    assert_eq!((&shown["state"], &shown["counts"]), (&"pruned".into(), &counts));
    let left = std::fs::read_dir(scratch.path(&of_run(&created, ""))).expect("the directory").flatten();
    for file in left.map(|entry| entry.path()).filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).expect("a file")).into_owned();
        assert!(!text.contains(PERSONAL) && !text.contains("some_0000"), "{}: {text}", file.display());
    }
    assert!(scratch.path(&of_run(&created, "report.html")).exists());
    for refused in [scratch.undo(&sandbox, &created, &["--yes"]), runs(&scratch, &["export", &created])] {
        assert!(refused.expect_code(2).stderr.contains("its journal was removed by `runs prune`"));
    }
    // Their ids are known all the same, and so is everybody: nobody is created a second time.
    let ids = runs(&scratch, &["ids", &created]).expect_code(0).stdout;
    assert_eq!(ids.lines().filter(|line| line.contains("some_0")).count(), 58);
    let again = scratch.import(&sandbox, &some, &[&fast[..], &["--new-run", "--recheck"]].concat()).expect_code(3);
    assert_eq!((again.count("created"), again.count("unchanged")), (0, 58));
    assert_eq!(sandbox.identities(), before, "pruning and importing again changes nobody");
    // What was interrupted can still be resumed, and is gone with both words.
    let resumable: BTreeSet<(String, String)> = prune(&scratch, &["--give-up-undo"]).into_iter().collect();
    assert!(resumable.contains(&(running.clone(), "kept".to_owned())), "{resumable:?}");
    prune(&scratch, &["--give-up-undo", "--give-up-resume"]);
    assert_eq!(json(&scratch, &[]), serde_json::json!([]));
}

#[test]
fn merged_runs_are_listed_shown_and_undone() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let (text, good) = mixed_export(1_200);
    let file = scratch.write("users.json", text);
    let shards = ["1/2", "2/2"].map(|shard| id(&scratch.import(&sandbox, &file, &["--shard", shard]).expect_code(3)));
    runs(&scratch, &["merge"]).expect_code(3);
    let merged = format!("{}-merged", shards[0].strip_suffix("-1of2").expect("the first shard"));
    let of_merged = || {
        let listed = json(&scratch, &[]);
        listed.as_array().expect("runs").iter().find(|run| run["id"] == merged.as_str()).expect("it is listed").clone()
    };
    let listed = of_merged();
    assert_eq!((&listed["state"], &listed["merged_from"]), (&"finished".into(), &serde_json::json!(shards)));
    assert_eq!((&listed["counts"]["read"], &listed["counts"]["created"]), (&1_200.into(), &good.len().into()));
    let text = runs(&scratch, &["show", &merged]).expect_code(0).stdout;
    assert!(shards.iter().chain([&merged]).all(|run| text.contains(run.as_str())), "{text}");
    for part in
        ["finished", "BLAKE3", "1,160 created", "no_email", "record 8", "rejects.ndjson", "Next: ", "Merged from:"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let shown = json(&scratch, &["show", &merged]);
    let rejected = shown[0]["rejected_by_code"]["no_email"]["count"].as_u64();
    assert_eq!((shown.as_array().map(Vec::len), rejected), (Some(3), Some(20)), "{shown}");
    let page = scratch.path(&of_run(&merged, "report.html"));
    let text = std::fs::read_to_string(&page).expect("a page");
    let sum = json(&scratch, &["show", &shards[0]])["digests"][0]["blake3"].as_str().expect("a digest").to_owned();
    for fact in ["1,160 of 1,200 records are at the target", "no_email", &sum, &shards[1]] {
        assert!(text.contains(fact), "{fact}: {text}");
    }
    assert_eq!(page.metadata().expect("a page").permissions().mode() & 0o777, 0o600);
    // One shard is undone by itself, then what is left.
    scratch.undo(&sandbox, &shards[1], &["--yes"]).expect_code(0);
    assert_eq!(of_merged()["state"], "undoing");
    let undone = scratch.undo(&sandbox, &merged, &["--yes"]).expect_code(0);
    assert_eq!((sandbox.column("id").len(), undone.stdout.lines().count()), (0, 2), "{}", undone.stdout);
    let listed = of_merged();
    assert_eq!((&listed["state"], &listed["undone"]["deleted"]), (&"undone".into(), &good.len().into()));
    // All of it is old, and nobody needs it.
    let pruned: BTreeSet<(String, String)> = prune(&scratch, &[]).into_iter().collect();
    let all = shards.iter().chain([&merged]).map(|run| (run.clone(), "removed".to_owned()));
    assert_eq!(pruned, all.collect());
}
