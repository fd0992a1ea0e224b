//! What the program says about a truncated or damaged input is what it did with it.

use crate::support;

use std::io::Write;
use std::process::{Command, Stdio};

use support::{Run, Sandbox, Scratch, export, user};

const USERS: usize = 300;

fn gzip(part: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(part.as_bytes()).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn zstd(part: &str) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
    encoder.include_checksum(true).expect("a setting");
    encoder.write_all(part.as_bytes()).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

/// What is done with an input.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    DryRun,
    Import,
    Verify,
}

fn run(scratch: &Scratch, sandbox: &Sandbox, command: What, is_piped: bool) -> Run {
    let file = if is_piped { "-" } else { "users.json" };
    let fixed: &[&str] = match command {
        What::Verify => &["migrate", "clerk", "verify", "--import", file],
        What::DryRun => &["migrate", "clerk", "--import", file, "--preview", "0", "--dry-run"],
        What::Import => &["migrate", "clerk", "--import", file, "--recheck"],
    };
    let mut process = scratch.avnology(&[fixed, &["--output", "json", "--progress", "none"]].concat());
    process.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
    if !is_piped {
        return Run::of(process.output().expect("the binary runs"));
    }
    let mut cat = Command::new("cat").arg(scratch.path("users.json")).stdout(Stdio::piped()).spawn().expect("cat runs");
    process.stdin(cat.stdout.take().expect("its output"));
    let run = Run::of(process.output().expect("the binary runs"));
    cat.wait().expect("it ends");
    run
}

/// Where a file ends or is wrong, and how many whole records are used: of the file, and from a pipe.
struct Case {
    name: &'static str,
    content: Vec<u8>,
    /// What the message says about the file itself.
    fault: &'static str,
    used: (usize, usize),
}

fn cases() -> Vec<Case> {
    let whole = export((0..USERS).map(user));
    let lines: String = (0..USERS).map(|number| user(number) + "\n").collect();
    let cut = whole.find("user_000200").expect("user 200") + 4;
    let case = |name, content, fault, used| Case { name, content, fault, used: (used, used) };
    let mut cases = vec![
        case("an array that is cut", whole.as_bytes()[..cut].to_vec(), "truncated", 200),
        case("cut before the first record", b"{\"data\": [".to_vec(), "truncated", 0),
        case("lines that are cut", lines.as_bytes()[..lines.len() - 9].to_vec(), "truncated", USERS - 1),
        case("something behind it", (whole.clone() + "x").into_bytes(), "stands in the place of a page", USERS),
        case("no comma behind the users", whole.replacen("\"total", "!", 1).into_bytes(), "not valid JSON", USERS),
        case(
            "an unclosed record",
            whole.replacen("{\"number\":150}}", "{\"number\":150", 1).into_bytes(),
            "never close",
            150,
        ),
        case("nothing", Vec::new(), "is empty", 0),
        case("no export", b"{\"total\":7}".to_vec(), "no `data` array", 0),
    ];
    for (name, compress) in [("gzip", gzip as fn(&str) -> Vec<u8>), ("zstd", zstd)] {
        // Records end within a member, at its end, and at the end of a line.
        let [first, second] = [&whole[..cut], &whole[cut..]].map(compress);
        let [first_lines, second_lines] = [
            &lines[..lines.find("{\"id\":\"user_000100").expect("100")],
            &lines[lines.find("{\"id\":\"user_000100").expect("100")..],
        ]
        .map(compress);
        let one = compress(&whole);
        let mut damaged = one.clone();
        let checksum = one.len() - if name == "gzip" { 6 } else { 2 };
        damaged[checksum] ^= 1;
        // More than the prefix in which the shape is found.
        let many = |from: usize, to: usize| compress(&(from..to).map(|number| user(number) + "\n").collect::<String>());
        let mut later = [many(0, 500), many(500, 600)].concat();
        let checksum = later.len() - if name == "gzip" { 6 } else { 2 };
        later[checksum] ^= 1;
        cases.extend([
            case(name, one[..one.len() - 5].to_vec(), "no checksum covers", 0),
            case(name, one[..30].to_vec(), "no checksum covers", 0),
            case(name, [&*first, &second[..second.len() - 5]].concat(), "checksums cover 200 whole records", 200),
            case(
                name,
                [&*first_lines, &second_lines[..second_lines.len() - 5]].concat(),
                "checksums cover 100 whole records",
                100,
            ),
            case(name, [&*first_lines, &second_lines[..1]].concat(), "checksums cover 100 whole records", 100),
            case(name, [&*first, &second, b"no more"].concat(), "behind the compressed data", USERS),
            case(name, compress(&whole[..cut]), "truncated", 200),
            case(name, damaged, "damaged", 0),
            Case { name, content: later, fault: "damaged", used: (0, 500) },
        ]);
    }
    cases
}

/// What the message says about how many records are used.
fn consequence(command: What, is_damaged: bool, used: usize) -> String {
    let records = format!("the {used} whole records");
    match (command, used, is_damaged) {
        (What::DryRun, 0, _) => "an import would send nothing".to_owned(),
        (What::Import, 0, _) => "was sent".to_owned(),
        (What::Verify, 0, _) => "was compared".to_owned(),
        (What::DryRun, _, true) => "out of a pipe only what comes".to_owned(),
        (What::Import, _, true) => "nothing of what is wrong in it was sent".to_owned(),
        (What::Verify, _, true) => "nothing of what is wrong in it was compared".to_owned(),
        (What::DryRun, ..) => format!("an import would send what is valid of {records} "),
        (What::Import, ..) => format!("{records} that checksums cover were imported, or rejected"),
        (What::Verify, ..) => format!("only {records} that checksums cover were compared"),
    }
}

#[track_caller]
fn assert_true(run: &Run, sandbox: &Sandbox, (command, fault, used): (What, &str, usize), name: &str) {
    let said = run.stderr.lines().rev().find(|line| line.starts_with("error: ")).expect("an error");
    let what = format!("{name}, {command:?}, {used} used: {said}");
    assert!(said.contains(fault) && !said.contains("were read"), "{fault}: {what}");
    let done = &said[said.rfind("; ").expect("a consequence")..].replace("before that", "that checksums cover");
    let expected = consequence(command, fault == "damaged", used);
    assert!(done.contains(&expected) && (used > 0 || done.contains("nothing")), "{expected}: {what}");
    if command == What::Import {
        assert_eq!(sandbox.column("email").len(), used, "{what}");
    }
    if command == What::Verify && used > 0 {
        let report = run.report();
        assert_eq!((&report["checked"], &report["equal"]), (&used.into(), &used.into()), "{what}");
    }
    if let Ok(report) = serde_json::from_str::<serde_json::Value>(&run.stdout) {
        let reason = report["reason"].as_str().expect("a reason");
        assert!(said.contains(reason), "the report says the same: {reason}");
    }
}

#[test]
fn the_message_about_an_input_that_ends_early_is_true() {
    for Case { name, content, fault, used: (of_file, of_pipe) } in cases() {
        for (is_piped, used) in [(false, of_file), (true, of_pipe)] {
            let scratch = Scratch::new();
            let sandbox = Sandbox::start(&scratch, &[]);
            scratch.write("users.json", &content);
            for command in [What::DryRun, What::Import, What::Verify] {
                let run = run(&scratch, &sandbox, command, is_piped).expect_code(5);
                assert_true(&run, &sandbox, (command, fault, used), name);
            }
        }
    }
}

#[test]
fn no_message_says_that_an_unchecked_pipe_was_checked() {
    let mut random = fastrand::Rng::with_seed(7);
    let picture: String = std::iter::repeat_with(|| random.alphanumeric()).take(6 * 1024 * 1024).collect();
    let with_picture =
        |number| user(number).replace("\"first_name\"", &format!("\"unknown\":\"{picture}\",\"first_name\""));
    let whole = gzip(&export((0..2).map(with_picture).chain((2..20).map(user))));
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    scratch.write("users.json", &whole[..whole.len() - 5]);
    let dry = run(&scratch, &sandbox, What::DryRun, true).expect_code(5);
    assert!(dry.stderr.contains("would send users before this is known"), "{}", dry.stderr);
    let import = run(&scratch, &sandbox, What::Import, true).expect_code(5);
    assert!(import.stderr.contains("users of it were sent before this was known"), "{}", import.stderr);
    assert!(!sandbox.column("email").is_empty());
    let verify = run(&scratch, &sandbox, What::Verify, true).expect_code(5);
    assert!(verify.stderr.contains("was compared before this was known"), "{}", verify.stderr);
}
