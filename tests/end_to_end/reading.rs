//! Every shape of input, good and bad, through the built binary. A dry run needs no target.

use crate::support;

use std::io::Write;
use std::process::Stdio;

use support::{Run, Scratch, export, until_of, user};

/// Dry-runs a file and returns (exit code, read, valid, rejected, stderr).
fn dry_run(content: impl AsRef<[u8]>) -> (i32, u64, u64, u64, String) {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", content);
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0", "--output", "json"]);
    let code = run.code.expect("an exit code");
    (code, run.count("read"), run.count("valid"), run.count("rejected"), run.stderr)
}

#[track_caller]
fn assert_counts(content: impl AsRef<[u8]>, code: i32, valid: u64, rejected: u64) -> String {
    let (seen, read, seen_valid, seen_rejected, stderr) = dry_run(content);
    assert_eq!((seen, seen_valid, seen_rejected), (code, valid, rejected), "{stderr}");
    assert_eq!(read, valid + rejected);
    stderr
}

#[test]
fn every_documented_shape_is_read() {
    let users = format!("{},\n{}", user(1), user(2));
    for text in [
        format!("{{\"data\":[{users}]}}"),
        format!("[{users}]"),
        format!("\u{feff}[{users}]"),
        format!(
            "\u{feff} {{\"object\":\"list\",\"more\":{{\"data\":[1]}},\"data\" : [ {users} ] , \"total_count\":2}}\n\n"
        ),
        format!("{}\n\n{}\r\n", user(1), user(2)),
        format!("\u{feff}{}\n{}", user(1), user(2)),
    ] {
        assert_counts(&text, 0, 2, 0);
    }
    assert_counts("{\"data\":[]}", 0, 0, 0);
    assert_counts("[]", 0, 0, 0);
}

/// The users of a page, and the page.
fn pages(page: impl Fn(&str) -> String) -> Vec<String> {
    [vec![1, 2], vec![], vec![3], vec![4, 5, 6]]
        .iter()
        .map(|users| page(&users.iter().map(|number| user(*number)).collect::<Vec<_>>().join(",")))
        .collect()
}

#[test]
fn pages_that_were_put_together_are_read_whole() {
    let arrays = pages(|users| format!("[{users}]"));
    let envelopes = pages(|users| format!("{{\"total_count\":6,\"data\":[{users}],\"object\":\"list\"}}"));
    for pages in [arrays, envelopes] {
        for between in ["", "\n", " \r\n\u{feff}\n"] {
            assert_counts(pages.join(between), 0, 6, 0);
        }
        assert_counts(format!("[{}]\n", pages.join(",\n")), 0, 6, 0);
        let stderr = assert_counts(pages.join(","), 5, 2, 0);
        assert!(stderr.contains("unexpected characters behind the value"), "{stderr}");
        let stderr = assert_counts(format!("[{}", pages.join(",")), 5, 6, 0);
        assert!(stderr.contains("truncated"), "{stderr}");
        let cut = pages.concat();
        let stderr = assert_counts(&cut[..cut.rfind("user_000006").expect("user 6")], 5, 5, 0);
        assert!(stderr.contains("inside record 6"), "{stderr}");
    }
    let stderr = assert_counts(format!("[{}]{{\"data\":[{}]}}", user(1), user(2)), 5, 1, 0);
    assert!(stderr.contains("an object stands in the place of a page of users"), "{stderr}");
    let stderr = assert_counts(format!("[[{}],{}]", user(1), user(2)), 5, 1, 0);
    assert!(stderr.contains("a page of users, which is an array as the first one is"), "{stderr}");
    let stderr = assert_counts(format!("{{\"data\":[{}]}}{{\"users\":[{}]}}", user(1), user(2)), 5, 1, 0);
    assert!(stderr.contains("no `data` array"), "{stderr}");
    // Pages larger than the prefix in which the shape is found, and larger than a chunk.
    for format in ["arrays", "envelopes"] {
        let page = |from: usize| {
            let users = (from..from + 3_000).map(user).collect::<Vec<_>>().join(",");
            if format == "arrays" { format!("[{users}]") } else { format!("{{\"data\":[{users}]}}") }
        };
        let pages = [page(0), page(3_000), page(6_000)];
        assert_counts(pages.concat(), 0, 9_000, 0);
        assert_counts(format!("[{}]", pages.join(",")), 0, 9_000, 0);
    }
}

#[test]
fn an_interrupted_import_of_pages_is_resumed_in_any_page() {
    let users = |from: usize| (from..from + 150).map(user).collect::<Vec<_>>().join(",");
    let arrays = [format!("[{}]", users(0)), format!("[{}]", users(150)), format!("[{}]", users(300))];
    let envelopes = arrays.clone().map(|page| format!("{{\"data\":{page}}}"));
    for text in
        [arrays.concat(), format!("[{}]", arrays.join(",")), envelopes.join("\n"), format!("[{}]", envelopes.join(","))]
    {
        let scratch = Scratch::new();
        let sandbox = support::Sandbox::start(&scratch, &["--fault", "latency=20ms"]);
        let file = scratch.write("users.json", text);
        let mut command = scratch.import_command(&sandbox, &file, &["--batch-size", "10", "--concurrency", "1"]);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        until_of(&mut process, "too few arrived", || sandbox.column("id").len() >= 200);
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
        let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
        assert_eq!((run.count("created"), sandbox.column("id").len()), (450, 450));
    }
}

#[test]
fn users_beside_an_empty_data_are_reported() {
    for text in [
        format!("{{\"data\":[],\"users\":[{}]}}", user(1)),
        format!("{{\"users\":[{}],\"total\":1,\"data\":[]}}", user(1)),
        format!("{{\"data\":[]}}{{\"data\":[],\"users\":[{}]}}", user(1)),
    ] {
        let stderr = assert_counts(text, 5, 0, 0);
        assert!(stderr.contains("`data`") && stderr.contains("`users` beside"), "{stderr}");
    }
    let stderr = assert_counts("{\"data\":[],\"ada@example.com\":[{}]}", 5, 0, 0);
    assert!(stderr.contains("another member") && !stderr.contains("ada@"), "{stderr}");
    assert_counts("{\"data\":[],\"errors\":[],\"names\":[\"x\"]}", 0, 0, 0);
    assert_counts(format!("{{\"data\":[{}],\"included\":[{{}}]}}", user(1)), 0, 1, 0);
}

#[test]
fn lines_are_read_from_every_program_that_joins_files() {
    let lines = [1, 2, 3].map(user);
    assert_counts(lines.join(",\n"), 0, 3, 0);
    assert_counts(lines.join(" ,\r\n") + ",\n", 0, 3, 0);
    assert_counts(lines.join("\n\u{feff}"), 0, 3, 0);
    let run = with_small_records(&lines.join(","));
    let report = run.expect_code(3).report();
    assert_eq!(report["rejected_by_code"]["invalid_json"]["count"], 1);
    let scratch = Scratch::new();
    let sandbox = support::Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.ndjson", lines.join(","));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3).report();
    let reject = support::lines(&scratch.path(run["rejects_file"].as_str().expect("a rejects file"))).remove(0);
    assert!(reject["message"].as_str().expect("a message").contains("a comma behind the value"), "{reject}");
}

#[test]
fn a_spreadsheet_gets_the_advice_to_save_it_as_csv() {
    let workbook = b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0abcdefgh[Content_Types].xml \xa2\x04\x02";
    for (content, name) in [(&workbook[..], ".xlsx"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls")] {
        let stderr = assert_counts(content, 5, 0, 0);
        assert!(stderr.contains(name) && stderr.contains("save it as CSV"), "{stderr}");
    }
    let stderr = assert_counts(b"PK\x03\x04\x14\0\0\0\x08\0users.json", 5, 0, 0);
    assert!(stderr.contains("a ZIP archive; unpack it first"), "{stderr}");
}

#[test]
fn a_key_before_the_users_may_be_larger_than_every_buffer() {
    let padding = "x".repeat(300_000);
    assert_counts(format!("{{\"padding\":\"{padding}\",\"data\":[{}],\"after\":\"{padding}\"}}", user(1)), 0, 1, 0);
    assert_counts(format!("{{\"padding\":\"{padding}\"}}"), 5, 0, 0);
    assert_counts(format!("{{\"inner\":{{\"{padding}\":1}},\"data\":[{}]}}", user(1)), 0, 1, 0);
    for text in
        [format!("{{\"{padding}\":1,\"data\":[{}]}}", user(1)), format!("{{\"data\":[{}],\"{padding}\":1}}", user(1))]
    {
        let (code, .., stderr) = dry_run(text);
        assert!(code == 5 && stderr.contains("the name of a member is longer than 65536 bytes"), "{stderr}");
    }
}

#[test]
fn one_bad_record_is_one_reject_with_its_place() {
    let scratch = Scratch::new();
    let bad = "{\"id\":\"user_2\",\n \"email_addresses\": oops }";
    let text = format!("{{\"data\":[\n{},\n{bad},\n{},,\n7,\n{}]}}", user(1), user(3), user(4));
    let file = scratch.write("users.json", &text);
    let run = scratch
        .run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0", "--output", "json"])
        .expect_code(3);
    let report = run.report();
    assert_eq!(report["counts"]["valid"], 3);
    let first = |code: &str, index: usize| report["rejected_by_code"][code]["first"][index].clone();
    assert_eq!(first("invalid_json", 0)["record"], 2);
    assert_eq!(first("invalid_json", 0)["line"], 3);
    assert_eq!(first("invalid_json", 0)["offset"], text.find(bad).expect("the record"));
    assert_eq!(first("invalid_json", 0)["length"], bad.len());
    assert_eq!(first("invalid_json", 1)["record"], 4, "the stray comma");
    assert_eq!(first("invalid_record", 0)["record"], 5);
}

#[test]
fn a_truncated_file_delivers_all_whole_records_first() {
    let whole = export((0..50).map(user));
    let cut = whole.find("user_000030").expect("user 30") + 4;
    let stderr = assert_counts(&whole[..cut], 5, 30, 0);
    assert!(stderr.contains("truncated") && stderr.contains("record 31"), "{stderr}");
    let stderr = assert_counts(whole.trim_end().trim_end_matches('}'), 5, 50, 0);
    assert!(stderr.contains("behind the array of users"), "{stderr}");
    let lines: String = (0..5).map(|number| user(number) + "\n").collect();
    let stderr = assert_counts(&lines[..lines.len() - 20], 5, 4, 0);
    assert!(stderr.contains("inside record 5 (starts at line 5"), "{stderr}");
}

#[test]
fn damage_to_the_whole_is_reported_with_its_place() {
    let users = format!("{},{}", user(1), user(2));
    let stderr = assert_counts(format!("[{users}] x"), 5, 2, 0);
    assert!(stderr.contains("text that is no JSON") && stderr.contains("or remove this"), "{stderr}");
    let stderr = assert_counts(format!("[{users}] ]"), 5, 2, 0);
    assert!(stderr.contains("unexpected characters behind the value"), "{stderr}");
    let stderr = assert_counts(format!("{{\"data\":[{users}],}}"), 5, 2, 0);
    assert!(stderr.contains("not valid JSON outside its records"), "{stderr}");
    let stderr = assert_counts(format!("{{\"data\":[{users}],\"data\":[]}}"), 5, 2, 0);
    assert!(stderr.contains("second `data`"), "{stderr}");
    let unclosed =
        format!("{{\"data\":[{}, {{\"id\":\"user_2\",\"public_metadata\":{{\"a\":1}}, {}]}}", user(1), user(3));
    let stderr = assert_counts(unclosed, 5, 1, 0);
    assert!(stderr.contains("its brackets never close"), "{stderr}");
}

#[test]
fn a_file_that_is_not_an_export_is_refused_before_anything_is_read() {
    let utf16: Vec<u8> = "{\"data\":[]}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (content, expected) in [
        (b"".to_vec(), "is empty"),
        (b"  \n\t ".to_vec(), "is empty"),
        (b"<!DOCTYPE html><html>502</html>".to_vec(), "HTML"),
        (utf16, "UTF-16"),
        (b"{\"users\":[]}".to_vec(), "no `data` array"),
        (b"{\"data\":{\"id\":\"user_1\"}}".to_vec(), "not an array"),
        (b"\"data\"".to_vec(), "expected `{` or `[`"),
        (b"{\"data\": [".to_vec(), "truncated"),
        (b"{\"total\": 1,".to_vec(), "truncated"),
        (b"{\"total\": !}".to_vec(), "not valid JSON"),
    ] {
        let stderr = assert_counts(&content, 5, 0, 0);
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
}

/// A dry run that accepts records of at most 2 KiB.
fn with_small_records(text: &str) -> Run {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", text);
    let flags = ["--dry-run", "--preview", "0", "--output", "json", "--max-record-bytes", "2048"];
    scratch.run(&[&["migrate", "clerk", "--import", &file], &flags[..]].concat())
}

#[test]
fn any_amount_of_white_space_is_part_of_no_record() {
    let [one, two, three] = [1, 2, 3].map(user);
    // With any size of buffers; the second line is as long as the first one.
    for space in [2_000, 3_000, 262_144 - one.len(), 600_000] {
        let space = " ".repeat(space);
        for text in [
            format!("{one}{space}\n{two}\n{three}\n"),
            format!("{{\"data\":[{one}{space},\n{two}{space}\n,{three}{space}]}}"),
            format!("{space}[{space}{one},{space}{two}{space},{space}{three}]"),
            format!("{space}\n{one}\n{space}{two}{space},\n{three}"),
            format!("{{\"data\"{space}:{space}[{one},{two}]{space}}}{space}{{\"data\":[{three}]}}"),
        ] {
            assert_eq!(with_small_records(&text).expect_code(0).count("valid"), 3);
        }
        // Of a file that was cut off there.
        let report = with_small_records(&format!("[{one},{two}{space}")).expect_code(5).report();
        assert_eq!(report["counts"]["valid"], 2, "{report}");
        // What follows the space makes that one record invalid, and no other one.
        let report = with_small_records(&format!("[{one}{space}x,{two}{space},{three}]")).expect_code(3).report();
        assert_eq!((&report["counts"]["valid"], &report["counts"]["rejected"]), (&2.into(), &1.into()), "{report}");
    }
}

#[test]
fn a_record_too_large_is_one_reject_at_any_offset() {
    let big = |size: usize| format!("{{\"id\":\"user_big\",\"public_metadata\":\"{}\"}}", "y".repeat(size));
    for size in [3_000, 70_000, 1_200_000] {
        let run = with_small_records(&format!("[{},{},{}]", user(1), big(size), user(2)));
        assert_eq!(run.count("valid"), 2, "{size}");
        let report = run.expect_code(3).report();
        let position = &report["rejected_by_code"]["record_too_large"]["first"][0];
        assert_eq!((&position["record"], &position["length"]), (&2.into(), &big(size).len().into()), "{size}");
    }
}

#[test]
fn standard_input_and_several_files_are_read_in_order() {
    let scratch = Scratch::new();
    scratch.write("a.json", export((0..10).map(user)));
    scratch.write("b.ndjson", (10..15).map(|number| user(number) + "\n").collect::<String>());
    let arguments = [
        "migrate",
        "clerk",
        "--import",
        "a.json",
        "-",
        "--import",
        "b.ndjson",
        "--dry-run",
        "--preview",
        "0",
        "--output",
        "json",
    ];
    let mut process = scratch
        .avnology(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = process.stdin.take().expect("its stdin");
    stdin.write_all(format!("[{}]", user(20)).as_bytes()).expect("it reads");
    drop(stdin);
    let run = support::Run::of(process.wait_with_output().expect("it ends")).expect_code(0);
    assert_eq!(run.count("valid"), 16);
    let inputs = run.report()["inputs"].as_array().expect("inputs").clone();
    assert_eq!(
        inputs.iter().map(|input| input["input"].as_str().expect("a name")).collect::<Vec<_>>(),
        ["a.json", "-", "b.ndjson"]
    );
    let run = scratch.run(&["migrate", "clerk", "--import", "-", "-", "--dry-run"]).expect_code(2);
    assert!(run.stderr.contains("only once"), "{}", run.stderr);
    let run = scratch.run(&["migrate", "clerk", "--import", "missing.json", "--dry-run"]).expect_code(5);
    assert!(run.stderr.contains("missing.json"), "{}", run.stderr);
    scratch.run(&["migrate", "clerk", "--import", ".", "--dry-run"]).expect_code(5);
}

#[test]
fn a_dry_run_writes_nothing_but_the_report_it_is_asked_for() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export([user(1), "{\"id\":\"user_x\"}".to_owned()]));
    let entries = || std::fs::read_dir(scratch.path(".")).expect("the scratch directory").count();
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run"]).expect_code(3);
    assert!(run.stdout.contains("user1@example.com"), "the preview: {}", run.stdout);
    assert!(run.stderr.contains("no_email"), "the summary: {}", run.stderr);
    assert_eq!(entries(), 1);
    scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--report", "report.json"]).expect_code(3);
    assert_eq!(entries(), 2);
    let report: serde_json::Value = serde_json::from_str(&scratch.read("report.json")).expect("a report");
    assert_eq!(report["dry_run"], true);
    assert!(!scratch.read("report.json").contains('@'), "no personal data in a file that is kept");
}

/// Compresses with `gzip`, a member for each part.
fn gzip(parts: &[&[u8]]) -> Vec<u8> {
    let mut compressed = Vec::new();
    for part in parts {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(part).expect("memory takes everything");
        compressed.extend(encoder.finish().expect("memory takes everything"));
    }
    compressed
}

/// Compresses with `zstd`, a frame with a checksum for each part.
fn zstd(parts: &[&[u8]]) -> Vec<u8> {
    let mut compressed = Vec::new();
    for part in parts {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
        encoder.include_checksum(true).expect("a setting");
        encoder.write_all(part).expect("memory takes everything");
        compressed.extend(encoder.finish().expect("memory takes everything"));
    }
    compressed
}

#[test]
fn gzip_and_zstd_are_unpacked() {
    let text = export((0..2_000).map(user));
    let lines: String = (0..2_000).map(|number| user(number) + "\n").collect();
    for compress in [gzip, zstd] {
        for text in [text.as_bytes(), lines.as_bytes()] {
            let (start, end) = text.split_at(text.len() / 3);
            assert_counts(compress(&[text]), 0, 2_000, 0);
            assert_counts(compress(&[start, b"", end]), 0, 2_000, 0);
        }
        // With any name, and from a pipe.
        let scratch = Scratch::new();
        let file = scratch.write("users.json", compress(&[text.as_bytes()]));
        let mut command = scratch.avnology(&["migrate", "clerk", "--import", "-", "--dry-run", "--output", "json"]);
        command.stdin(std::fs::File::open(scratch.path(&file)).expect("the file"));
        let run = support::Run::of(command.output().expect("the binary runs")).expect_code(0);
        assert_eq!(run.count("valid"), 2_000);
    }
    // Frames that are skipped, as other tools write them.
    let skipped = b"\x5e\x2a\x4d\x18\x05\0\0\0hello".as_slice();
    let (start, end) = text.as_bytes().split_at(100_000);
    assert_counts([skipped, &zstd(&[start]), skipped, skipped, &zstd(&[end]), skipped].concat(), 0, 2_000, 0);
    // Every level of `zstd` that uses the usual window.
    for level in [-5, 1, 19] {
        assert_counts(zstd::encode_all(text.as_bytes(), level).expect("compressed"), 0, 2_000, 0);
    }
}

#[test]
fn compressed_data_that_were_cut_off_or_damaged_never_count_as_whole() {
    let text = export((0..2_000).map(user));
    let lines: String = (0..2_000).map(|number| user(number) + "\n").collect();
    for (compress, checksum_from_end) in [(gzip as fn(&[&[u8]]) -> Vec<u8>, 6), (zstd, 2)] {
        for text in [text.as_bytes(), lines.as_bytes()] {
            let (start, end) = text.split_at(text.len() * 3 / 4);
            let whole = compress(&[start, end]);
            for keep in [12, 300, whole.len() * 4 / 5, whole.len() - 9, whole.len() - 1] {
                let (code, read, valid, rejected, stderr) = dry_run(&whole[..keep]);
                assert_eq!((code, rejected), (5, 0), "{keep} of {}: {stderr}", whole.len());
                assert!(read == valid && (keep < 1_000 || valid > 500), "{keep}: {valid}");
                assert!(!stderr.contains("example.com"), "{stderr}");
            }
            let mut damaged = whole.clone();
            damaged[whole.len() - checksum_from_end] ^= 1;
            let (code, .., stderr) = dry_run(&damaged);
            assert_eq!(code, 5, "the checksum is checked: {stderr}");
        }
    }
}

#[test]
fn data_that_need_more_memory_or_are_a_bomb_are_refused() {
    let text = export((0..200).map(user));
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
    encoder.window_log(24).expect("a setting");
    encoder.write_all(text.as_bytes()).expect("memory takes everything");
    let stderr = assert_counts(encoder.finish().expect("memory takes everything"), 5, 0, 0);
    assert!(stderr.contains("window of more than 8 MiB"), "{stderr}");

    // 70 MB of users that are nearly empty.
    let big = format!("{{\"id\":\"user_1\",\"public_metadata\":\"{}\"}},", "y".repeat(1_000_000));
    let bomb = format!("[{}{}]", big.repeat(70), user(1));
    for compress in [gzip, zstd] {
        let (code, read, .., stderr) = dry_run(compress(&[bomb.as_bytes()]));
        assert_eq!(code, 5);
        assert!((60..70).contains(&read) && stderr.contains("more than 500 times its size"), "{read}: {stderr}");
    }
    // Half of that is not a bomb yet.
    let users = format!("[{}{}]", big.repeat(40), user(1));
    assert_counts(gzip(&[users.as_bytes()]), 3, 1, 40);
}

#[test]
fn an_interrupted_import_of_compressed_data_is_resumed() {
    for compress in [gzip, zstd] {
        let scratch = Scratch::new();
        let sandbox = support::Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
        let file = scratch.write("users.json.gz", compress(&[export((0..3_000).map(user)).as_bytes()]));
        let mut command = scratch.import_command(&sandbox, &file, &["--batch-size", "20", "--concurrency", "1"]);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        until_of(&mut process, "too few arrived", || sandbox.column("id").len() >= 300);
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
        let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
        assert!(run.stderr.contains("Continuing"), "{}", run.stderr);
        assert_eq!(run.count("created"), 3_000);
        assert_eq!(sandbox.column("id").len(), 3_000);
        let input = &run.report()["inputs"][0];
        assert!(input["consumed"].as_u64() <= input["bytes"].as_u64(), "{input}");
    }
}

#[test]
fn lines_that_end_anywhere_in_a_record_are_a_truncated_file() {
    let [first, last] =
        [user(1), user(2).replace("\"first_name\"", "\"a\":-1.5e3,\"b\":\"\\u00e9\",\"c\":null,\"first_name\"")];
    let scratch = Scratch::new();
    for length in 1..last.len() {
        let file = scratch.write("users.ndjson", format!("{first}\n{}", &last[..length]));
        let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0"]);
        assert!(run.code == Some(5) && run.stderr.contains("truncated"), "{length}: {}", run.stderr);
    }
}

#[test]
fn a_user_with_a_field_like_a_rejects_line_is_a_user() {
    let text = format!("{}\n{}\n", user(1).replacen('{', r#"{"code":"x","#, 1), user(2));
    assert_counts(text, 0, 2, 0);
}

#[test]
fn one_odd_first_line_does_not_refuse_the_others() {
    let first_of_all = |member: &str| user(1).replacen('{', &format!("{{{member},"), 1);
    let half = "y".repeat(40_000);
    let metadata = format!(r#""unsafe_metadata":{{"x":"{half}"}},"private_metadata":{{"x":"{half}"}}"#);
    for (first, valid) in [
        ("{}".to_owned(), 2),
        ("null".to_owned(), 2),
        ("17".to_owned(), 2),
        (r#"{"username":"ada","primary_email_address":"ada@example.com"}"#.to_owned(), 2),
        (user(1).replace("\"first_name\"", r#""data":{"x":1},"first_name""#), 3),
        (user(1).replace("\"first_name\"", r#""data":[],"first_name""#), 3),
        (first_of_all(&metadata), 3),
    ] {
        let text = format!("{first}\n{}\n{}\n", user(2), user(3));
        let (code, _, seen, ..) = dry_run(&text);
        assert_eq!((code, seen), (if valid == 3 { 0 } else { 3 }, valid), "{}", &first[..first.len().min(80)]);
    }
}
