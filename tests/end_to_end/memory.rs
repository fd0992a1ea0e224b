//! Memory does not depend on the number of users, and stays below the bound that `-v` prints.

use crate::support;

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use support::target::{http, import_into, obliging, scripted_target};
use support::{Run, Sandbox, Scratch};

use crate::tenant::{TenantShape, write_tenant_of_shape};
use crate::{export, user};

fn generate(users: u64, bad_share: f64) -> Vec<u8> {
    let mut export = Vec::new();
    let generator = user::Generator { seed: 1, bad_share, digests: true };
    export::write_export(&generator, users, &mut export).expect("memory takes everything");
    export
}

/// A number in a log line of a run.
fn reported(run: &Run, name: &str) -> u64 {
    let text = run.stderr.split(&format!("{name}=")).nth(1).unwrap_or_else(|| panic!("no {name}: {}", run.stderr));
    text.split(|character: char| !character.is_ascii_digit()).next().and_then(|number| number.parse().ok()).expect("it")
}

/// What the released program has of its code in memory, at most. The tested binary is several times as large, and how much of it
/// is in memory depends on the machine, so its own is not counted.
const CODE_KIB: u64 = 22 * 1024;

/// The peak and the bound of a run, in KiB, as if it were the released program.
fn memory(run: &Run) -> (u64, u64) {
    let peak = reported(run, " kib") - reported(run, "code_kib") + CODE_KIB;
    (peak, reported(run, "usual_mib") * 1024)
}

/// The peak and the bound of a run whose target gives long answers.
fn memory_with_long_answers(run: &Run) -> (u64, u64) {
    let (peak, bound) = memory(run);
    (peak, bound + reported(run, "more_with_long_answers_mib") * 1024)
}

#[test]
fn memory_stays_below_the_bound_for_any_number_of_users() {
    let scratch = Scratch::new();
    let url = scripted_target(|request| obliging(request, |_| None));
    let peaks = [3_000, 33_000].map(|users| {
        let export = generate(users, 0.01);
        let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
        compressed.write_all(&export).expect("memory takes everything");
        let compressed = compressed.finish().expect("memory takes everything");
        let files = [scratch.write("users.json", export), scratch.write("users.json.gz", compressed)];
        let dry_run = |file| scratch.run(&["migrate", "clerk", "--import", file, "--dry-run", "--preview", "0", "-v"]);
        let [plain, unpacked] = [0, 1].map(|file| dry_run(&files[file]));
        let import = import_into(&scratch, &url, &files[0], &["-v", "--rate", "100000/s", "--new-run", "--recheck"]);
        [("dry run", plain), ("dry run of a compressed file", unpacked), ("import", import)].map(|(what, run)| {
            let (peak, bound) = memory(&run.expect_code(3));
            assert!(peak < bound, "{what} of {users}: {peak} of {bound} KiB");
            peak
        })
    });
    // More than ten times as many users are some 25 MB more of input. Apart from buffers that fill up meanwhile it is the same. An
    // import has memory for more batches than few users fill.
    let [plain, unpacked, import] = [0, 1, 2].map(|job| peaks[1][job].saturating_sub(peaks[0][job]));
    assert!(plain < 4 * 1024 && unpacked < 4 * 1024 && import < 16 * 1024, "{peaks:?}");
}

/// What is kept of a reject beside its record is bounded, too, and so is the number of rejects that wait to be written.
#[test]
fn memory_stays_below_the_bound_if_every_record_is_a_reject() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    for (what, export) in
        [("tiny records", format!("[{}1]", "1,".repeat(150_000)).into_bytes()), ("bad users", generate(8_000, 1.0))]
    {
        let file = scratch.write("users.json", export);
        let dry = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0", "-v"]);
        let import = scratch.import(&sandbox, &file, &["-v", "--new-run"]);
        for (job, run) in [("dry run", dry.expect_code(3)), ("import", import.expect_code(3))] {
            let (peak, bound) = memory(&run);
            assert!(peak < bound, "{job} of {what}: {peak} of {bound} KiB");
        }
    }
}

/// The names of an envelope's members in all places, and white space.
#[test]
fn memory_stays_below_the_bound_with_anything_between_the_users() {
    let scratch = Scratch::new();
    let url = scripted_target(|request| obliging(request, |_| None));
    let user = r#"{"id":"user_1","email_addresses":[{"email_address":"ada@example.com","verified":true}]}"#;
    let (name, space) = ("n".repeat(30_000_000), " ".repeat(25_000_000));
    for (text, code) in [
        (format!(r#"{{"{name}":1,"data":[{user}]}}"#), 5),
        (format!(r#"{{"inner":{{"{name}":1}},"data":[{user}]}}"#), 5),
        (format!(r#"{{"data":[{user}],"{name}":1}}"#), 5),
        // As a line of a rejects file begins.
        (format!(r#"{{"code":"no_email","run":"{name}"}}"#), 5),
        (format!(r"{space}[{space}{user}]"), 0),
        (format!(r"[{user}]{space}[]"), 0),
    ] {
        let file = scratch.write("users.json", text);
        let dry = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0", "-v"]);
        let import = import_into(&scratch, &url, &file, &["-v", "--new-run", "--recheck"]);
        let [dry, import] = [dry, import].map(|run| memory(&run.expect_code(code)));
        assert!(dry.0 < dry.1, "{} of {} KiB", dry.0, dry.1);
        // Its bound has room for all that a target may be sent, which this import does not need.
        assert!(import.0 < dry.1 + 16 * 1024, "{} of {} KiB", import.0, dry.1 + 16 * 1024);
        let bound = dry.1;
        assert!(CODE_KIB + space.len() as u64 / 1024 > bound, "what is between would be seen if it were kept");
    }
}

/// Users of twenty kilobytes each, of which little is sent; then users of two kilobytes, which are sent completely.
fn large_then_small(large: usize, small: usize) -> String {
    let user = |number: usize, member: &str, length: usize| {
        let address = format!(r#"[{{"email_address":"user{number}@example.com"}}]"#);
        let padding = "x".repeat(length);
        format!(r#"{{"id":"user_{number}","email_addresses":{address},"{member}":{{"x":"{padding}"}}}}"#) + "\n"
    };
    let large_ones = (0..large).map(|number| user(number, "unknown", 20_000));
    large_ones.chain((large..large + small).map(|number| user(number, "public_metadata", 1_900))).collect()
}

/// An import into a slow target, so that as many requests as possible are in flight.
fn import_slowly(export: String, special: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Run {
    let url = scripted_target(move |request| {
        let is_batch = request.contains(":batchCreate");
        std::thread::sleep(Duration::from_millis(if is_batch { 1_000 } else { 0 }));
        obliging(request, &special)
    });
    let scratch = Scratch::new();
    let file = scratch.write("users.ndjson", export);
    import_into(&scratch, &url, &file, &["-v", "--rate", "100000/s", "--concurrency", "32"])
}

/// A reject holds its record, and all senders may have a batch of them at once.
#[test]
fn memory_stays_below_the_bound_if_the_target_refuses_every_user() {
    let refused = r#"{"status":"error","error":{"code":"AVNOLOGY_AUTH_903","message":"taken","field":"traits.email"}}"#;
    let run = import_slowly(large_then_small(6_000, 0), move |request| {
        let results = vec![refused; request.matches(r#"{"identity":{"external_id""#).count()];
        Some(http("200 OK", "", &format!("{{\"results\":[{}]}}", results.join(","))))
    });
    let run = run.expect_code(3);
    assert_eq!(run.count("rejected"), 6_000);
    let (peak, bound) = memory(&run);
    assert!(peak < bound, "{peak} of {bound} KiB");
}

/// First chunks use the memory for batches, then bodies do.
#[test]
fn memory_stays_below_the_bound_if_its_use_changes() {
    let run = import_slowly(large_then_small(6_000, 50_000), |_| None).expect_code(0);
    assert_eq!(run.count("created"), 56_000);
    let (peak, bound) = memory(&run);
    assert!(peak < bound, "{peak} of {bound} KiB");
}

/// Answers to all senders at once, each as long as an answer may be.
#[test]
fn memory_stays_below_the_bound_if_all_answers_are_long() {
    let padding = "x".repeat(8_000_000);
    let url = scripted_target(move |request| {
        obliging(request, |request| {
            std::thread::sleep(Duration::from_millis(500));
            let results = vec![r#"{"status":"created"}"#; request.matches(r#"{"identity":{"external_id""#).count()];
            Some(http("200 OK", "", &format!(r#"{{"results":[{}],"debug":"{padding}"}}"#, results.join(","))))
        })
    });
    let scratch = Scratch::new();
    let file = scratch.write("users.ndjson", large_then_small(0, 6_000));
    let flags = ["-v", "--rate", "100000/s", "--concurrency", "24", "--batch-size", "100"];
    let run = import_into(&scratch, &url, &file, &flags).expect_code(0);
    assert_eq!(run.count("created"), 6_000);
    let (peak, bound) = memory_with_long_answers(&run);
    assert!(peak < bound, "{peak} of {bound} KiB");
}

/// What the target says about each refused user is kept until it is written.
#[test]
fn memory_stays_below_the_bound_with_long_refusals_of_every_user() {
    let message = "taken ".repeat(800);
    let refused = format!(
        r#"{{"status":"error","error":{{"code":"AVNOLOGY_AUTH_902","message":"{message}","field":"{message}","request_id":"{message}"}}}}"#
    );
    let url = scripted_target(move |request| {
        obliging(request, |request| {
            std::thread::sleep(Duration::from_millis(500));
            let results = vec![refused.as_str(); request.matches(r#"{"identity":{"external_id""#).count()];
            Some(http("200 OK", "", &format!("{{\"results\":[{}]}}", results.join(","))))
        })
    });
    let scratch = Scratch::new();
    let file = scratch.write("users.ndjson", large_then_small(0, 16_000));
    let run = import_into(&scratch, &url, &file, &["-v", "--rate", "100000/s", "--concurrency", "32"]).expect_code(3);
    assert_eq!(run.count("rejected"), 16_000);
    let (peak, bound) = memory_with_long_answers(&run);
    assert!(peak < bound, "{peak} of {bound} KiB");
}

/// Half a million ids do not fit into what is promised, so they are on disk, as the users are.
#[test]
fn a_list_of_half_a_million_users_takes_no_more_memory() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", generate(6_000, 0.0));
    let mut list = String::new();
    for number in 0..500_000 {
        list.push_str("nobody");
        list.push_str(&number.to_string());
        list.push_str(if number % 2 == 0 { "\n" } else { "@example.com\n" });
    }
    let first: serde_json::Value = serde_json::from_str(&scratch.read(&file)).expect("JSON");
    list.push_str(first["data"][5_000]["id"].as_str().expect("an id"));
    let list = scratch.write("list", list);
    let dry = ["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0", "-v", "--output", "json"];
    let run = scratch.run(&[&dry[..], &["--only", &list]].concat()).expect_code(0);
    let (peak, bound) = memory(&run);
    assert!(peak < bound, "{peak} of {bound} KiB");
    assert_eq!((run.count("valid"), run.report()["selection"]["not_found"]["count"].as_u64()), (1, Some(500_000)));
}

/// Each kind of record is a run of the pipeline of its own, and what they need of each other is on disk.
#[test]
fn memory_stays_below_the_bound_with_a_whole_tenant() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let generator = user::Generator { seed: 1, bad_share: 0.0, digests: true };
    let shape = TenantShape::uneven(300, 3.0, 1);
    write_tenant_of_shape(&generator, 3_000, shape, &scratch.path("tenant")).expect("written");
    let run = scratch.import(&sandbox, "tenant", &["-v", "--rate", "10000/s"]).expect_code(3);
    let report = run.report();
    let steps = report["steps"].as_array().expect("steps").iter();
    let created: Vec<u64> = steps.map(|step| step["created"].as_u64().expect("a number")).collect();
    assert!(created[0] == 3_000 && created[2] > 7_000 && created[3] == created[2], "{created:?}");
    let (peak, bound) = memory(&run);
    assert!(peak < bound, "{peak} of {bound} KiB");
}
