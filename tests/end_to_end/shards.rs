//! Shards: several processes that take parts of the same inputs, side by side.

use crate::support;

use std::collections::BTreeSet;
use std::io::{Cursor, Write};
use std::num::NonZeroU32;
use std::process::{Child, Stdio};
use std::sync::Arc;

use avnology_migrate::source::{Input, InputWatch, Purpose, ReaderLimits, RecordReader, ResumePoint, Shard};
use proptest::prelude::*;
use support::{Run, Sandbox, Scratch, export, lines, mixed_export, until_of, user};

/// The forms of an input with this many records.
fn shaped(shape: usize, records: usize) -> Vec<u8> {
    let users = (1..=records).map(|number| format!(r#"{{"id":"user_{number}"}}"#));
    let joined = |separator: &str| users.clone().collect::<Vec<_>>().join(separator);
    match shape {
        0 => format!("{{\"data\":[{}]}}", joined(", ")).into_bytes(),
        1 => format!("[{}]", joined(",\n")).into_bytes(),
        2 => joined("\n").into_bytes(),
        3 => (1..=records)
            .fold("id,primary_email_address\n".to_owned(), |text, number| text + &format!("user_{number},\"a\n\"\n"))
            .into_bytes(),
        4 => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(joined("\n").as_bytes()).expect("memory takes everything");
            encoder.finish().expect("memory takes everything")
        }
        _ => zstd::encode_all(Cursor::new(joined("\n")), 1).expect("memory takes everything"),
    }
}

type Records = Vec<(u64, Vec<u8>)>;

/// The numbers and bytes of what a reader returns, where each chunk begins, and how many records there are in all.
fn read(mut reader: RecordReader) -> (Records, Vec<ResumePoint>, u64) {
    let (mut records, mut points) = (Vec::new(), Vec::new());
    while let Some(chunk) = reader.next_chunk().expect("a whole input") {
        let first = &chunk.spans[0];
        points.push(ResumePoint { number: first.number, line: first.line, offset: first.offset });
        records.extend(chunk.spans.iter().map(|span| (span.number, chunk.record(span).to_vec())));
    }
    (records, points, reader.records())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// With any shape and any size of chunks, every record is in exactly one shard, and that does not change when reading
    /// resumes in the middle.
    #[test]
    fn the_shards_are_the_whole_and_none_is_in_two(
        shape in 0usize..6,
        records in prop_oneof![1usize..1_100, 2_990usize..3_010, 1usize..9_000],
        of in 1u32..7,
        chunk_bytes in prop_oneof![1usize..300, 1_000usize..300_000],
        resume_at in any::<prop::sample::Index>(),
    ) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), shaped(shape, records)).expect("a file");
        let input = Input::File(file.path().to_path_buf());
        let limits = ReaderLimits { chunk_bytes, ..ReaderLimits::default() };
        let (whole, _, total) = read(RecordReader::open(&input, limits).expect("an input"));
        prop_assert_eq!((whole.len(), total), (records, records as u64));
        let of = NonZeroU32::new(of).expect("not zero");
        let mut union = Vec::new();
        for index in 0..of.get() {
            let shard = Shard::new(index, of).expect("a shard");
            let open = || RecordReader::open(&input, limits).expect("an input").of_shard(Some(shard));
            let (own, points, total) = read(open());
            prop_assert_eq!(total, records as u64);
            prop_assert_eq!(shard.left_to_others(total), records as u64 - own.len() as u64);
            if !points.is_empty() {
                let point = points[resume_at.index(points.len())];
                let resumed = RecordReader::resume(&input, limits, point, &InputWatch::Nothing).expect("an input").of_shard(Some(shard));
                let (rest, _, total) = read(resumed);
                prop_assert_eq!(total, records as u64);
                let expected: Vec<_> = own.iter().filter(|(number, _)| *number >= point.number).cloned().collect();
                prop_assert_eq!(rest, expected);
            }
            union.extend(own);
        }
        union.sort();
        prop_assert_eq!(union, whole);
    }
}

#[test]
fn every_shard_reports_a_fault_of_the_document() {
    let text = shaped(0, 2_500);
    let cut = Cursor::new(text[..text.len() - 20].to_vec());
    for shard in ["1/3", "2/3", "3/3"] {
        let reader = RecordReader::new(Box::new(cut.clone()), Arc::from("-"), ReaderLimits::default());
        let mut reader = reader.expect("an input").of_shard(shard.parse().ok());
        let error = loop {
            match reader.next_chunk() {
                Ok(chunk) => assert!(chunk.is_some(), "shard {shard} does not see that the input is cut off"),
                Err(error) => break error,
            }
        };
        let done = error.consequence(Purpose::Import);
        assert!(done.contains("2498") || done.contains("2499"), "{error}; {done}");
    }
}

const USERS: usize = 4_500;

/// A mixed export in which some records repeat a record of another shard, and where the later ones are.
fn export_with_duplicates() -> (String, BTreeSet<String>, usize) {
    let (text, good) = mixed_export(USERS);
    // The same email address as a user of the first, the second and the third block, in other blocks.
    let repeats = [(10, 1_500), (1_600, 2_600), (2_700, 4_400)];
    let text = repeats.iter().fold(text, |text, (first, later)| {
        text.replace(&format!("\"user{later}@example.com\""), &format!("\"user{first}@example.com\""))
    });
    let good = good.into_iter().filter(|id| !repeats.iter().any(|(_, later)| *id == format!("user_{later:06}")));
    (text, good.collect(), repeats.len())
}

fn start(scratch: &Scratch, sandbox: &Sandbox, shard: &str, more: &[&str]) -> Child {
    let arguments = [&["--shard", shard], more].concat();
    let mut command = scratch.import_command(sandbox, "users.json", &arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
}

fn wait(process: Child) -> Run {
    Run::of(process.wait_with_output().expect("it ends"))
}

/// The positions of rejects.
fn rejected(scratch: &Scratch, run: &Run) -> Vec<u64> {
    let report = run.report();
    let rejects = lines(&scratch.path(report["rejects_file"].as_str().expect("a rejects file")));
    rejects.iter().map(|reject| reject["position"]["record"].as_u64().expect("a number")).collect()
}

/// Records with the email address of an earlier one, and which one that is.
fn duplicate_emails(run: &Run) -> BTreeSet<[u64; 2]> {
    let first = run.report()["rejected_by_code"]["duplicate_email"]["first"].clone();
    let places = first.as_array().expect("places").iter().map(|place| {
        assert_eq!(place["same_as"]["input"], place["input"], "{place}");
        [&place["record"], &place["same_as"]["record"]].map(|number| number.as_u64().expect("a number"))
    });
    places.collect()
}

#[test]
fn three_shards_at_once_are_one_import_though_one_is_killed() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let (text, good, duplicates) = export_with_duplicates();
    scratch.write("users.json", text);
    let mut doomed = start(&scratch, &sandbox, "2/3", &["--concurrency", "1", "--batch-size", "50"]);
    let others = ["1/3", "3/3"].map(|shard| start(&scratch, &sandbox, shard, &["--batch-size", "20"]));
    let second_block = |ids: Vec<String>| ids.iter().any(|id| ("user_001000".."user_002000").contains(&id.as_str()));
    until_of(&mut doomed, "it is killed before it ends", || second_block(sandbox.column("external_id")));
    doomed.kill().expect("it can be killed");
    drop(wait(doomed));
    let unfinished = scratch.run(&["migrate", "clerk", "runs", "merge"]).expect_code(2);
    assert!(unfinished.stderr.contains("shard 2/3"), "{}", unfinished.stderr);
    let listed = scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).expect("a list of runs");
    let interrupted = listed.as_array().expect("runs").iter().find(|run| run["state"] == "interrupted");
    let id = interrupted.expect("the one that was killed")["id"].as_str().expect("an id").to_owned();
    assert!(id.ends_with("-2of3"), "{id}");
    // Whether the others still run or not, this is the run to resume.
    let mut resume = scratch.avnology(&["migrate", "clerk", "resume", "--output", "json"]);
    let resumed = Run::of(resume.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs"));
    assert_eq!(resumed.report()["run"].as_str(), Some(&*id));
    let mut runs: Vec<Run> = others.into_iter().map(|process| wait(process).expect_code(3)).collect();
    runs.push(resumed.expect_code(3));

    let counts = |name: &str| runs.iter().map(|run| run.count(name)).collect::<Vec<_>>();
    assert_eq!(counts("read"), [2_000, 1_000, 1_500], "blocks 1 and 4, the half of block 5 and block 2, and block 3");
    let others: Vec<u64> =
        runs.iter().map(|run| run.report()["shard"]["left_to_others"].as_u64().expect("a count")).collect();
    assert_eq!(others, [2_500, 3_500, 3_000]);
    let mut numbers: Vec<u64> = runs.iter().flat_map(|run| rejected(&scratch, run)).collect();
    numbers.sort_unstable();
    assert_eq!(numbers.len(), USERS - good.len());
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "each reject is reported by one shard");
    for later in [1_501, 2_601, 4_401] {
        assert!(numbers.contains(&later), "of two the earlier one wins, whosever it is: {later}");
    }
    let at_target: BTreeSet<String> = sandbox.column("external_id").into_iter().collect();
    assert_eq!(at_target, good);

    let merged = scratch.run(&["migrate", "clerk", "runs", "merge", &id, "--output", "json"]).expect_code(3);
    let sums = ["read", "created", "rejected", "unfinished"].map(|name| merged.count(name));
    assert_eq!(sums, [USERS as u64, good.len() as u64, (USERS - good.len()) as u64, 0]);
    assert_eq!(merged.report()["rejected_by_code"]["duplicate_email"]["count"], duplicates as u64);
    assert_eq!(duplicate_emails(&merged), BTreeSet::from([[1_501, 11], [2_601, 1_601], [4_401, 2_701]]));
    assert_eq!(merged.report()["shards"].as_array().map(Vec::len), Some(3));
    // What was counted from journals was not read in an earlier part of a run.
    let reported = scratch.run(&["migrate", "clerk", "runs", "merge", &id]).expect_code(3).stderr;
    assert!(reported.contains("Merged from 3 shards") && !reported.contains("earlier part"), "{reported}");
    let mut of_merged = rejected(&scratch, &merged);
    of_merged.sort_unstable();
    assert_eq!(of_merged, numbers);
    #[cfg(unix)]
    for name in ["rejects.ndjson", "report.json"] {
        use std::os::unix::fs::PermissionsExt;
        let report = merged.report();
        let path = scratch.path(report["rejects_file"].as_str().expect("a rejects file")).with_file_name(name);
        assert_eq!(std::fs::metadata(path).expect("a file").permissions().mode() & 0o777, 0o600, "{name}");
    }
    // A whole import finds nothing to do but the rejects.
    let whole = scratch.import(&sandbox, "users.json", &[]).expect_code(3);
    assert_eq!((whole.count("unchanged"), whole.count("created")), (good.len() as u64, 0));
    scratch.verify(&sandbox, "users.json", &[]);
}

#[test]
fn a_dry_run_of_each_shard_is_the_dry_run_of_the_whole() {
    let scratch = Scratch::new();
    let (text, good, duplicates) = export_with_duplicates();
    scratch.write("users.json", text);
    let run = |more: &[&str]| {
        let fixed =
            ["migrate", "clerk", "--import", "users.json", "--dry-run", "--output", "json", "--progress", "none"];
        scratch.run(&[&fixed, more].concat()).expect_code(3)
    };
    let shards = ["1/3", "2/3", "3/3"].map(|shard| run(&["--shard", shard, "--preview", "1"]));
    let whole = run(&[]);
    for name in ["read", "valid", "rejected"] {
        assert_eq!(shards.iter().map(|run| run.count(name)).sum::<u64>(), whole.count(name), "{name}");
    }
    assert_eq!(whole.count("valid"), good.len() as u64);
    let of_shard = |run: &Run| run.report()["rejected_by_code"]["duplicate_email"]["count"].as_u64().unwrap_or(0);
    assert_eq!(shards.each_ref().map(of_shard), [0, 2, 1], "the later record's shard reports it");
    assert_eq!(shards.iter().map(of_shard).sum::<u64>(), duplicates as u64);
    let first = |run: &Run| run.report()["preview"][0]["external_id"].as_str().map(str::to_owned);
    assert_eq!(first(&shards[1]).as_deref(), Some("user_001000"), "the preview is the shard's own");
}

#[test]
fn only_shards_of_the_same_work_go_side_by_side() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=200ms"]);
    scratch.write("users.json", export((0..2_000).map(user)));
    scratch.write("other.json", export((0..2_001).map(user)));
    let slowly = ["--concurrency", "1", "--batch-size", "5"];
    let mut first = start(&scratch, &sandbox, "1/2", &slowly);
    until_of(&mut first, "it is slow", || !sandbox.column("external_id").is_empty());
    let runs = scratch.path("other-runs").display().to_string();
    for refused in [
        &["users.json"][..],
        &["users.json", "--shard", "1/2", "--new-run"],
        &["users.json", "--shard", "1/2", "--runs-dir", &runs],
        &["users.json", "--shard", "2/3"],
        &["users.json", "--shard", "2/2", "--on-existing", "update"],
        &["other.json", "--shard", "2/2"],
    ] {
        let run = scratch.import(&sandbox, refused[0], &refused[1..]);
        assert_eq!(run.code, Some(8), "{refused:?}: {}", run.stderr);
    }
    let second = scratch.import(&sandbox, "users.json", &["--shard", "2/2"]).expect_code(0);
    assert_eq!(second.count("created"), 1_000);
    assert!(scratch.run(&["migrate", "clerk", "runs", "merge"]).expect_code(2).stderr.contains("shard 1/2"));
    first.kill().expect("it can be killed");
    drop(wait(first));
}

#[test]
fn shards_that_are_not_one_whole_are_not_merged() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let (text, _) = mixed_export(1_500);
    scratch.write("one.json", &text);
    scratch.write("two.json", text.replace("\"N30\"", "\"Renamed\""));
    let id = |run: Run| run.report()["run"].as_str().expect("an id").to_owned();
    let import = |file: &str, more: &[&str]| id(scratch.import(&sandbox, file, more));
    let merge = |runs: &[&str]| scratch.run(&[&["migrate", "clerk", "runs", "merge", "--quiet"], runs].concat());
    assert!(merge(&[]).expect_code(2).stderr.contains("no run of a shard"));
    let whole = import("one.json", &[]);
    assert!(merge(&[&whole]).expect_code(2).stderr.contains("is not one of a shard"));
    let (first, second) = (import("one.json", &["--shard", "1/2"]), import("two.json", &["--shard", "2/2"]));
    assert!(merge(&[&first]).expect_code(2).stderr.contains("shard 2/2 has no run"));
    assert!(merge(&[&first, &second]).expect_code(2).stderr.contains("they differ in inputs"));
    let again = import("one.json", &["--shard", "1/2", "--new-run"]);
    assert!(merge(&[&first, &again]).expect_code(2).stderr.contains("are both of shard 1/2"));
    let second = import("one.json", &["--shard", "2/2"]);
    let directory = scratch.path(&format!(".avnology/runs/{second}")).display().to_string();
    let reported = merge(&[&first, &directory]).expect_code(3).stderr;
    assert!(
        reported.starts_with("50 of 1,500 records were rejected: see ") && reported.lines().count() == 1,
        "{reported}"
    );
}

#[test]
fn a_comma_too_many_at_the_end_is_the_same_record_to_every_shard() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    // What the comma calls for begins a block of its own, and what is before that is worth passing over.
    let bio = format!("{{\"private_metadata\":{{\"bio\":\"{}\"}},", "y".repeat(4_000));
    let users: Vec<String> = (0..2_000).map(|number| user(number).replacen('{', &bio, 1)).collect();
    scratch.write("users.json", format!("[{},]", users.join(",")));
    let runs = ["1/2", "2/2"].map(|shard| wait(start(&scratch, &sandbox, shard, &[])));
    assert_eq!(runs.iter().map(|run| run.count("rejected")).sum::<u64>(), 1);
    let merged = scratch.run(&["migrate", "clerk", "runs", "merge", "--output", "json"]).expect_code(3);
    assert_eq!((merged.count("created"), merged.count("rejected")), (2_000, 1));
}

#[test]
fn rejects_that_were_mended_after_a_merge_stay_as_they_are() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", mixed_export(1_200).0);
    for shard in ["1/2", "2/2"] {
        wait(start(&scratch, &sandbox, shard, &[])).expect_code(3);
    }
    let merge = || scratch.run(&["migrate", "clerk", "runs", "merge", "--output", "json"]).expect_code(3);
    let path = |run: &Run| run.report()["rejects_file"].as_str().expect("a rejects file").to_owned();
    let first = path(&merge());
    assert_eq!(path(&merge()), first, "what nobody changed is replaced");
    let mended = scratch.read(&first).replace("oops", "\"username\":\"mended\"");
    scratch.write(&first, &mended);
    let again = merge();
    assert!(again.stderr.contains("stays as it is"), "{}", again.stderr);
    assert_eq!((scratch.read(&first), rejected(&scratch, &again).len()), (mended, 40));
    assert_ne!(path(&again), first);
}

#[test]
fn the_memory_is_not_used_after_shards_ran() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let old = export((0..1_200).map(user));
    scratch.write("new.json", old.replace("\"N30\"", "\"Renamed\""));
    scratch.write("old.json", old);
    scratch.import(&sandbox, "old.json", &[]).expect_code(0);
    let update = ["--on-existing", "update"];
    let shard = scratch.import(&sandbox, "new.json", &[&update[..], &["--shard", "1/2"]].concat()).expect_code(0);
    assert_eq!((shard.count("updated"), shard.count("unchanged")), (1, 999), "{}", shard.stdout);
    assert_eq!(shard.report()["not_asked"], 0);
    let back = scratch.import(&sandbox, "old.json", &update).expect_code(0);
    assert_eq!((back.count("updated"), back.count("unchanged")), (1, 1_199), "{}", back.stdout);
}

#[test]
fn a_pipe_has_no_shards() {
    let scratch = Scratch::new();
    let run = scratch.run(&["migrate", "clerk", "--import", "-", "--dry-run", "--shard", "1/2"]).expect_code(2);
    assert!(run.stderr.contains("--shard needs files"), "{}", run.stderr);
}

#[test]
fn auto_asks_the_engine() {
    let scratch = Scratch::new();
    scratch.write("users.json", export((0..2_500).map(user)));
    let run = |variables: &[(&str, &str)]| {
        let fixed = ["migrate", "clerk", "--import", "users.json", "--dry-run", "--output", "json", "--shard", "auto"];
        let mut command = scratch.avnology(&fixed);
        Run::of(command.envs(variables.iter().copied()).output().expect("the binary runs"))
    };
    let second = run(&[("JOB_COMPLETION_INDEX", "2"), ("AVNOLOGY_SHARDS", "3")]).expect_code(0);
    assert_eq!(second.report()["shard"], serde_json::json!({"number": 3, "of": 3, "left_to_others": 2_000}));
    let none = run(&[]).expect_code(2);
    assert!(none.stderr.contains("SLURM_ARRAY_TASK_ID") && none.stderr.contains("AVNOLOGY_SHARDS"), "{}", none.stderr);
}

#[test]
fn several_inputs_with_passwords_are_divided_like_one() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let first = scratch.write("first.json", export((0..2_500).map(user)));
    let digest = |password: &str| bcrypt::hash_with_salt(password, 4, [7; 16]).expect("a digest").to_string();
    let (sesame, simsim) = (digest("sesame"), digest("simsim"));
    let header = "id,primary_email_address,password_digest,password_hasher\n";
    let row = |number: usize, digest: &str| format!("user_{number:06},user{number}@example.com,{digest},bcrypt\n");
    scratch.write("second.csv", (2_500..4_200).fold(header.to_owned(), |text, number| text + &row(number, &simsim)));
    let known = [7, 1_007, 2_007, 9_999];
    scratch.write("passwords.csv", known.iter().fold(header.to_owned(), |text, number| text + &row(*number, &sesame)));
    let more = ["--import", "second.csv", "--passwords", "passwords.csv", "--shard"];
    let mut created = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let more: Vec<&str> = more.iter().copied().chain([shard]).collect();
        created.push(scratch.import(&sandbox, &first, &more).expect_code(0).count("created"));
    }
    // Blocks of a thousand, counted anew in each input.
    assert_eq!(created, [1_000 + 1_000, 1_000 + 700, 500]);
    let merged = scratch.run(&["migrate", "clerk", "runs", "merge", "--output", "json"]).expect_code(0);
    assert_eq!((merged.count("read"), merged.count("created")), (4_200, 4_200));
    let passwords = &merged.report()["passwords"];
    assert_eq!((&passwords["joined"], &passwords["rows_without_user"]["count"]), (&3.into(), &1.into()));
    assert_eq!(sandbox.column("external_id").len(), 4_200);
    for (number, password) in
        [(7, "sesame"), (1_007, "sesame"), (2_007, "sesame"), (2_501, "simsim"), (4_199, "simsim")]
    {
        assert_eq!(sandbox.sign_in(&format!("user{number}@example.com"), password).0, 201, "{number}");
    }
}
