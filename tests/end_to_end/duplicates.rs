//! Users who are in the input twice: the earlier record stays, and the later one is a reject that names both places.
//! An address or a number that only one of two verified goes to that one.

use crate::support;

use std::process::Stdio;

use support::{Run, Sandbox, Scratch, export, lines, mixed_export, until_of, user};

/// A user with one field of another user.
fn like(number: usize, from: &str, to: &str) -> String {
    let text = user(number);
    assert!(text.contains(from), "{text}");
    text.replace(from, to)
}

fn with(number: usize, member: &str) -> String {
    like(number, "\"first_name\"", &format!("{member},\"first_name\""))
}

/// Records 1 to 4 are good. Records 5 to 9 each claim a key of them. Record 10 is good again, because 9, whose key it
/// claims, is not.
fn some_duplicates() -> String {
    export([
        user(1),
        with(2, r#""username":"ada""#),
        with(3, r#""phone_numbers":[{"id":"p","phone_number":"+14155550123","verified":true}]"#),
        with(4, r#""external_id":"42""#),
        like(5, "user5@example.com", "USER1@example.com"),
        with(6, r#""username":"ADA""#),
        with(7, r#""phone_numbers":[{"id":"p","phone_number":"+14155550123","verified":true}]"#),
        with(8, r#""external_id":"42""#),
        user(1).replace("N1", "Renamed"),
        r#"{"id":"user_x","username":"!"}"#.to_owned(),
        user(10),
    ])
}

/// The first record of each code, and the record that it duplicates.
const EXPECTED: [(&str, u64, u64); 4] = [
    ("duplicate_email", 5, 1),
    ("duplicate_username", 6, 2),
    ("duplicate_phone", 7, 3),
    ("duplicate_external_id", 8, 4),
];

#[track_caller]
fn assert_found(run: &Run, settled: &str) {
    let report = run.report();
    assert_eq!((run.count(settled), run.count("rejected")), (5, 6), "{}", run.stdout);
    for (code, record, earlier) in EXPECTED {
        let first = &report["rejected_by_code"][code]["first"][0];
        assert_eq!(first["record"], record, "{code}: {}", run.stdout);
        let same_as = serde_json::json!({"input": first["input"], "record": earlier, "line": earlier + 1});
        assert_eq!(first["same_as"], same_as, "{code}: {}", run.stdout);
    }
    let no_email = &report["rejected_by_code"]["no_email"]["first"][0];
    assert!(no_email.is_object() && no_email.get("same_as").is_none(), "{no_email}");
    assert_eq!(report["rejected_by_code"]["duplicate_external_id"]["count"], 2);
}

#[test]
fn a_dry_run_and_an_import_find_the_same() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let text = some_duplicates();
    let file = scratch.write("users.json", &text);
    let dry = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"]).expect_code(3);
    assert_found(&dry, "valid");
    // With every rule for users who are already there.
    for (runs, rule) in [("one", "update"), ("two", "skip")] {
        let run = scratch.import(&sandbox, &file, &["--batch-size", "1", "--on-existing", rule, "--runs-dir", runs]);
        let run = run.expect_code(3);
        assert_found(&run, if runs == "one" { "created" } else { "unchanged" });
        let rejects = lines(&scratch.path(run.report()["rejects_file"].as_str().expect("rejects")));
        let of = |record: u64| rejects.iter().find(|reject| reject["position"]["record"] == record).expect("a reject");
        assert_eq!(of(5)["message"], "record 1 (line 2) has the same email address");
        assert_eq!(of(9)["message"], "record 1 (line 2) has the same external id");
        let position = &of(5)["position"];
        let start = usize::try_from(position["offset"].as_u64().expect("an offset")).expect("small");
        assert!(text[start..].starts_with("{\"id\":\"user_000005\"") && position["line"] == 6, "{position}");
        // The account of a finished run is made again from what the run left on disk.
        scratch.forget_end(runs, run.report()["run"].as_str().expect("an id"));
        let again = scratch.import(&sandbox, &file, &["--batch-size", "1", "--on-existing", rule, "--runs-dir", runs]);
        assert_found(&again.expect_code(3), if runs == "one" { "created" } else { "unchanged" });
        // The same place as in the dry run.
        let reported = dry.report()["rejected_by_code"]["duplicate_email"]["first"][0].clone();
        assert!(
            position.as_object().expect("an object").iter().all(|(name, value)| reported[name] == *value),
            "{reported}"
        );
    }
    assert!(!sandbox.column("first_name").contains(&"Renamed".to_owned()));
    let verified = scratch.verify(&sandbox, &file, &[]).report();
    assert_eq!((&verified["equal"], &verified["different"]["count"]), (&5.into(), &0.into()), "{verified}");
}

#[test]
fn the_same_users_in_two_files_are_duplicates() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let one = scratch.write("one.json", export((0..700).map(user)));
    scratch.write("two.ndjson", (600..1_000).map(|number| user(number) + "\n").collect::<String>());
    let run = scratch.import(&sandbox, &one, &["--import", "two.ndjson"]).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (1_000, 100));
    let first = &run.report()["rejected_by_code"]["duplicate_external_id"]["first"][0];
    assert_eq!((&first["input"], &first["record"]), (&"two.ndjson".into(), &1.into()));
    assert_eq!(first["same_as"], serde_json::json!({"input": one, "record": 601, "line": 602}));
    let dry =
        scratch.run(&["migrate", "clerk", "--import", &one, "--import", "two.ndjson", "--dry-run", "--preview", "0"]);
    let place = format!("two.ndjson: record 1, line 1, byte 0 (same as {one}: record 601, line 602)");
    let dry = dry.expect_code(3);
    assert!(dry.stderr.contains(&place), "{}", dry.stderr);
    let rejects = lines(&scratch.path(run.report()["rejects_file"].as_str().expect("rejects")));
    assert_eq!(rejects[0]["message"], "record 601 (line 602) of input 1 has the same external id");
}

#[test]
fn a_resumed_run_reports_the_same_file_twice_in_the_same_way() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export([user(1), user(2)]));
    let import = || scratch.import(&sandbox, &file, &["--import", &file, "--runs-dir", "runs"]).expect_code(3).report();
    let first = import();
    let places = first["rejected_by_code"]["duplicate_external_id"]["first"].as_array().expect("places");
    let numbers =
        |place: &serde_json::Value| [&place["record"], &place["same_as"]["record"]].map(serde_json::Value::as_u64);
    assert_eq!(places.iter().map(numbers).collect::<Vec<_>>(), [[Some(1), Some(1)], [Some(2), Some(2)]]);
    scratch.forget_end("runs", first["run"].as_str().expect("an id"));
    let again = import();
    assert_eq!((&again["run"], &again["rejected_by_code"]), (&first["run"], &first["rejected_by_code"]));
}

#[test]
fn a_retry_never_makes_one_user_count_twice() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "status=503:0.3", "--fault", "reset-after=0.3"]);
    let twice = (0..40).chain(0..40).map(user);
    let file = scratch.write("users.json", export(twice));
    let flags = ["--batch-size", "1", "--concurrency", "2", "--rate", "1000/s"];
    let run = scratch.import(&sandbox, &file, &flags).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (40, 40), "{}", run.stdout);
    assert_eq!(sandbox.column("id").len(), 40);
}

#[test]
fn duplicates_are_kept_for_the_rest_of_the_run() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good) = mixed_export(600);
    let again: Vec<String> = (0..600).filter(|number| number % 30 != 7).map(user).collect();
    let file = scratch.write("users.json", text.replace("\n],", &format!(",\n{}\n],", again.join(",\n"))));
    let mut command = scratch.import_command(&sandbox, &file, &["--batch-size", "20", "--concurrency", "1"]);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    until_of(&mut process, "too few arrived", || !sandbox.column("id").is_empty());
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert!(run.stderr.contains("Continuing") && !run.stderr.contains("Looking for duplicates"), "{}", run.stderr);
    assert_eq!(run.count("created"), good.len() as u64);
    assert_eq!(run.report()["rejected_by_code"]["duplicate_external_id"]["count"], good.len());
    assert_eq!(run.count("unfinished"), 0);
}

#[test]
fn the_target_finds_the_duplicates_of_a_pipe() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", some_duplicates());
    let mut command = scratch.import_command(&sandbox, "-", &["--batch-size", "1", "--concurrency", "1"]);
    command.stdin(std::fs::File::open(scratch.path("users.json")).expect("the file"));
    let run = Run::of(command.output().expect("the binary runs")).expect_code(3);
    assert_eq!(run.count("created"), 5, "{}", run.stdout);
    assert_eq!(run.report()["rejected_by_code"]["email_taken"]["count"], 1);
}

/// Users of whom each has one key of the user before, alternately the address and the username. So 2 duplicates 1; 3 has a
/// key only of a user who is not imported; and so on.
fn chain(users: usize) -> impl Iterator<Item = String> {
    (0..users).map(|number| {
        let (name, address) = (number.div_ceil(2), number / 2);
        user(number)
            .replace(&format!("user{number}@example.com"), &format!("user{address}@example.com"))
            .replace("\"first_name\"", &format!("\"username\":\"name_{name}\",\"first_name\""))
    })
}

#[test]
fn only_a_record_that_is_imported_makes_another_one_its_duplicate() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export(chain(2_001)));
    let dry = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"]).expect_code(3);
    assert_eq!((dry.count("valid"), dry.count("rejected")), (1_001, 1_000), "{}", dry.stdout);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (1_001, 1_000), "{}", run.stdout);
    assert_eq!(run.report()["rejected_by_code"], dry.report()["rejected_by_code"]);
    // The odd users are gone, so each remaining user duplicates the one before.
    let rejects = lines(&scratch.path(run.report()["rejects_file"].as_str().expect("rejects")));
    for reject in &rejects {
        let record = reject["position"]["record"].as_u64().expect("a number");
        assert!(record % 2 == 0, "{reject}");
        let reported = format!("record {} (line {record}) has the same email address", record - 1);
        assert_eq!(reject["message"], reported, "{reject}");
    }
    // Shards decide in the same way.
    let shards = ["1/2", "2/2"]
        .map(|shard| scratch.import(&sandbox, &file, &["--shard", shard, "--runs-dir", "shards"]).expect_code(3));
    assert_eq!(shards.iter().map(|shard| shard.count("unchanged")).sum::<u64>(), 1_001);
    assert_eq!(scratch.verify(&sandbox, &file, &[]).expect_code(0).report()["equal"], 1_001);
}

#[test]
fn two_records_with_one_clerk_id_are_one_user_with_any_external_ids() {
    let scratch = Scratch::new();
    let file = scratch.write(
        "users.json",
        export([
            user(1),
            with(2, r#""external_id":"emp-2""#),
            // The same two once more, under other external ids and addresses.
            with(1, r#""external_id":"emp-1""#).replace("user1@", "other1@"),
            with(2, r#""external_id":"emp-3""#).replace("user2@", "other2@"),
            user(2).replace("user2@", "third2@"),
        ]),
    );
    let dry = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"]).expect_code(3);
    let sandbox = Sandbox::start(&scratch, &[]);
    let import = scratch.import(&sandbox, &file, &[]).expect_code(3);
    for run in [dry, import] {
        let found = &run.report()["rejected_by_code"]["duplicate_clerk_id"];
        let places: Vec<_> = found["first"].as_array().expect("a list").iter().collect();
        let places: Vec<_> = places.iter().map(|found| (&found["record"], &found["same_as"]["record"])).collect();
        assert_eq!(places, [(&3.into(), &1.into()), (&4.into(), &2.into()), (&5.into(), &2.into())], "{}", run.stdout);
    }
    assert_eq!(sandbox.column("id").len(), 2);
}

/// A user with this address as the only one, and no primary address named.
fn with_address(id: &str, email: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","username":"{id}","primary_email_address_id":null,"email_addresses":[{{"id":"i","email_address":"{email}",{more}}}]}}"#
    )
}

const UNVERIFIED: &str = r#""verification":{"status":"unverified"}"#;
const VERIFIED: &str = r#""verification":{"status":"verified"}"#;

/// A user with an own address, and with this number.
fn with_number(number: usize, more: &str) -> String {
    with(number, &format!(r#""phone_numbers":[{{"id":"p","phone_number":"+14155550123",{more}}}]"#))
}

/// Strangers who added addresses and a number that are verified with somebody else, before those in the export and behind them.
fn strangers_and_owners() -> Vec<String> {
    vec![
        with_address("user_mallory", "CEO@x.example", UNVERIFIED),
        with_number(2, UNVERIFIED),
        with_address("user_reserved", "held@x.example", &format!(r#""reserved":true,{UNVERIFIED}"#)),
        with_address("user_ceo", "ceo@x.example", VERIFIED),
        with_number(5, VERIFIED),
        with_address("user_last", "held@x.example", UNVERIFIED),
        // Nobody verified this one: the earlier record wins.
        with_address("user_first", "open@x.example", UNVERIFIED),
        with_address("user_second", "open@x.example", UNVERIFIED),
    ]
}

/// Fails unless the owners stayed, and each stranger is a reject that names the owner.
#[track_caller]
fn assert_owners_win(run: &Run, settled: &str) {
    let report = run.report();
    assert_eq!((run.count(settled), run.count("rejected")), (4, 4), "{}", run.stdout);
    let places = |code: &str| {
        let first = report["rejected_by_code"][code]["first"].as_array().expect("places").clone();
        let numbers =
            first.iter().map(|place| [&place["record"], &place["same_as"]["record"]].map(serde_json::Value::as_u64));
        numbers.collect::<Vec<_>>()
    };
    assert_eq!(
        places("duplicate_email"),
        [[Some(1), Some(4)], [Some(6), Some(3)], [Some(8), Some(7)]],
        "{}",
        run.stdout
    );
    assert_eq!(places("duplicate_phone"), [[Some(2), Some(5)]], "{}", run.stdout);
}

const OWNERS: [&str; 4] = ["user_000005", "user_ceo", "user_first", "user_reserved"];

fn sorted_ids(sandbox: &Sandbox) -> Vec<String> {
    let mut ids = sandbox.column("external_id");
    ids.sort_unstable();
    ids
}

#[test]
fn who_verified_an_address_or_a_number_has_it_wherever_the_record_is() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export(strangers_and_owners()));
    let dry = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"]).expect_code(3);
    assert_owners_win(&dry, "valid");
    let import = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_owners_win(&import, "created");
    assert_eq!(sorted_ids(&sandbox), OWNERS);
    let rejects = lines(&scratch.path(import.report()["rejects_file"].as_str().expect("rejects")));
    let of_first = rejects.iter().find(|reject| reject["position"]["record"] == 1).expect("a reject");
    assert_eq!(of_first["message"], "record 4 (line 5) has the same email address");
    // On the second night most are known by their bytes.
    assert_owners_win(&scratch.import(&sandbox, &file, &["--new-run"]).expect_code(3), "unchanged");
    assert_owners_win(&scratch.import(&sandbox, &file, &["--new-run"]).expect_code(3), "unchanged");
    let verified = scratch.verify(&sandbox, &file, &[]).expect_code(0).report();
    assert_eq!(verified["equal"], 4, "{verified}");
    assert_eq!(sorted_ids(&sandbox), OWNERS);
}

#[test]
fn a_stranger_who_comes_later_takes_no_address_from_an_owner_who_is_known() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let owners: Vec<String> = (0..30).map(user).collect();
    let night = |users: Vec<String>, code: i32| {
        let file = scratch.write("users.json", export(users));
        scratch.import(&sandbox, &file, &["--new-run"]).expect_code(code)
    };
    night(owners.clone(), 0);
    night(owners.clone(), 0);
    let mut users = vec![with_address("user_mallory", "user7@example.com", UNVERIFIED)];
    users.extend(owners);
    for _ in 0..2 {
        let run = night(users.clone(), 3);
        assert_eq!((run.count("unchanged"), run.count("rejected")), (30, 1), "{}", run.stdout);
        let first = &run.report()["rejected_by_code"]["duplicate_email"]["first"][0];
        assert_eq!((&first["record"], &first["same_as"]["record"]), (&1.into(), &9.into()), "{first}");
    }
}

#[test]
fn shards_agree_on_who_verified_an_address() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    // Blocks of shards have 1000 records: the strangers are in the first one, and the owners in the second one.
    let strangers = (0..10).map(|number| {
        with_address(&format!("stranger_{number}"), &format!("user{}@example.com", 1_200 + number), UNVERIFIED)
    });
    let file = scratch.write("users.json", export(strangers.chain((10..1_500).map(user))));
    let shards =
        ["2/2", "1/2"].map(|shard| scratch.import(&sandbox, &file, &["--shard", shard, "--runs-dir", "shards"]));
    let [second, first] = shards.map(|shard| (shard.count("created"), shard.count("rejected")));
    assert_eq!((first, second), ((990, 10), (500, 0)));
    assert!(!sandbox.column("external_id").iter().any(|id| id.starts_with("stranger")));
}

#[test]
fn nobody_takes_the_placeholder_address_of_a_user_without_one() {
    let scratch = Scratch::new();
    let users = [
        with_address("user_mallory", "user_x@users.example", UNVERIFIED),
        r#"{"id":"user_x","username":"without"}"#.to_owned(),
    ];
    let file = scratch.write("users.json", export(users));
    let placeholders = ["--missing-email", "placeholder:users.example"];
    let arguments = ["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json"];
    let dry = scratch.run(&[&arguments[..], &placeholders].concat()).expect_code(3);
    let first = &dry.report()["rejected_by_code"]["duplicate_email"]["first"][0];
    assert_eq!((&first["record"], &first["same_as"]["record"]), (&1.into(), &2.into()), "{}", dry.stdout);
}
