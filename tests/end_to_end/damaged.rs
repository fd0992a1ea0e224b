//! Damaged compressed inputs: nothing with a wrong checksum is sent.

use crate::support;

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use support::{Run, Sandbox, Scratch, export, user};

/// Compresses with `gzip`, a member for each part.
fn gzip(parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let compress = |part: &&[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(part).expect("memory takes everything");
        encoder.finish().expect("memory takes everything")
    };
    parts.iter().map(compress).collect()
}

/// Compresses with `zstd`, a frame with a checksum for each part.
fn zstd(parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let compress = |part: &&[u8]| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
        encoder.include_checksum(true).expect("a setting");
        encoder.write_all(part).expect("memory takes everything");
        encoder.finish().expect("memory takes everything")
    };
    parts.iter().map(compress).collect()
}

type Compress = fn(&[&[u8]]) -> Vec<Vec<u8>>;

/// Imports a file, through a pipe if the caller wants that.
fn import(scratch: &Scratch, sandbox: &Sandbox, file: &str, is_piped: bool) -> Run {
    if !is_piped {
        return scratch.import(sandbox, file, &["--new-run", "--recheck"]);
    }
    let mut command = scratch.import_command(sandbox, "-", &["--recheck"]);
    let mut cat = Command::new("cat").arg(scratch.path(file)).stdout(Stdio::piped()).spawn().expect("cat runs");
    command.stdin(cat.stdout.take().expect("its output"));
    let run = Run::of(command.output().expect("the binary runs"));
    cat.wait().expect("it ends");
    run
}

/// Fails if a user at the target is not in the export.
#[track_caller]
fn assert_all_are_real(sandbox: &Sandbox, what: &str) {
    let connection = rusqlite::Connection::open(&sandbox.database).expect("the database");
    let mut statement = connection.prepare("SELECT external_id, email, traits FROM identities").expect("the table");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("rows");
    for row in rows {
        let (external_id, email, traits): (String, String, String) = row.expect("a row");
        let number: usize = external_id.strip_prefix("user_").and_then(|number| number.parse().ok()).expect("a number");
        let is_real = email == format!("user{number}@example.com")
            && traits.contains(&format!("\"N{number}\""))
            && traits.contains(&format!("\"number\":{number}}}"));
        assert!(is_real, "{what}: {external_id} {email} {traits}");
    }
}

/// What happens to a file.
#[derive(Clone, Debug)]
enum Mishap {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Swap(prop::sample::Index, prop::sample::Index),
    /// As cut, with a flipped bit before the cut: no checksum can reveal it.
    FlipAndCut(prop::sample::Index, u8, prop::sample::Index),
}

fn mishap() -> impl Strategy<Value = Mishap> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        4 => (at(), 0u8..8).prop_map(|(at, bit)| Mishap::Flip(at, bit)),
        1 => at().prop_map(Mishap::Cut),
        1 => (at(), prop::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Mishap::Insert(at, bytes)),
        1 => (at(), 1usize..20).prop_map(|(at, count)| Mishap::Remove(at, count)),
        1 => (at(), at()).prop_map(|(one, other)| Mishap::Swap(one, other)),
        2 => (at(), 0u8..8, at()).prop_map(|(at, bit, cut)| Mishap::FlipAndCut(at, bit, cut)),
    ]
}

impl Mishap {
    fn befall(&self, mut members: Vec<Vec<u8>>) -> Vec<u8> {
        if let Self::Swap(one, other) = self {
            let count = members.len();
            members.swap(one.index(count), other.index(count));
        }
        let mut bytes = members.concat();
        let length = bytes.len();
        match self {
            Self::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Insert(at, more) => drop(bytes.splice(at.index(length)..at.index(length), more.iter().copied())),
            Self::Remove(at, count) => drop(bytes.drain(at.index(length)..(at.index(length) + count).min(length))),
            Self::FlipAndCut(at, bit, cut) => {
                bytes[at.index(length)] ^= 1 << bit;
                bytes.truncate(cut.index(length));
            }
            Self::Swap(..) => {}
        }
        bytes
    }
}

/// A compressed file is damaged on disk or on its way through a pipe. Every user that is sent is a user of the original.
#[test]
fn every_user_that_is_sent_is_a_user_of_the_original() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let lines: Vec<String> = (0..400).map(|number| user(number) + "\n").collect();
    let array = export((0..400).map(user));
    let case = (mishap(), any::<bool>(), 0usize..3, any::<bool>());
    let config = ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() };
    let tested = proptest::test_runner::TestRunner::new(config).run(&case, |(mishap, is_gzip, shape, is_piped)| {
        let compress: Compress = if is_gzip { gzip } else { zstd };
        let blocks: Vec<String> = lines.chunks(100).map(<[String]>::concat).collect();
        let members = match shape {
            0 => compress(&[array.as_bytes()]),
            1 => compress(&[lines.concat().as_bytes()]),
            _ => compress(&blocks.iter().map(String::as_bytes).collect::<Vec<_>>()),
        };
        let file = scratch.write("users.gz", mishap.befall(members));
        let run = import(&scratch, &sandbox, &file, is_piped);
        prop_assert!(matches!(run.code, Some(0 | 3 | 5)), "{:?} {}", run.code, run.stderr);
        assert_all_are_real(&sandbox, &format!("{mishap:?} {is_gzip} {shape} {is_piped}"));
        Ok(())
    });
    tested.unwrap_or_else(|error| panic!("{error}"));
}

/// A bit of a stored block: everything unpacks, and only the checksum reveals the damage.
fn with_a_wrong_letter(is_gzip: bool) -> Vec<u8> {
    damaged(is_gzip, &export((0..300).map(user)))
}

/// A user of 4 kB.
fn large(number: usize) -> String {
    let bio = format!("{{\"private_metadata\":{{\"bio\":\"{}\"}},", "y".repeat(4_000));
    user(number).replacen('{', &bio, 1)
}

/// With a wrong letter in the address of the first user.
fn damaged(is_gzip: bool, text: &str) -> Vec<u8> {
    let mut compressed = if is_gzip {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(text.as_bytes()).expect("memory takes everything");
        encoder.finish().expect("memory takes everything")
    } else {
        // Literals that are not compressed.
        let mut encoder = zstd::Encoder::new(Vec::new(), -100).expect("an encoder");
        encoder.include_checksum(true).expect("a setting");
        encoder.write_all(text.as_bytes()).expect("memory takes everything");
        encoder.finish().expect("memory takes everything")
    };
    let at = compressed.windows(16).position(|window| window == b"user0@example.co").expect("it is stored");
    compressed[at + 5] = b'#';
    compressed
}

#[test]
fn damage_is_found_before_the_first_request_and_the_good_file_can_be_imported_after_it() {
    for is_gzip in [true, false] {
        for is_piped in [false, true] {
            let scratch = Scratch::new();
            let sandbox = Sandbox::start(&scratch, &[]);
            let file = scratch.write("users.json.gz", with_a_wrong_letter(is_gzip));
            let run =
                if is_piped { import(&scratch, &sandbox, &file, true) } else { scratch.import(&sandbox, &file, &[]) };
            let run = run.expect_code(5);
            assert_eq!(sandbox.column("email"), [""; 0], "{is_gzip} {is_piped}");
            assert!(run.stderr.contains("damaged") && run.stderr.contains("checksum"), "{}", run.stderr);
            assert_eq!(run.count("created"), 0, "there is an account of it");
            scratch.write("users.json.gz", gzip(&[export((0..300).map(user)).as_bytes()]).concat());
            let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
            assert_eq!(run.count("created"), 300, "the same command, with the good file");
            assert_all_are_real(&sandbox, "the good file");
        }
    }
}

#[test]
fn of_a_damaged_file_beside_a_pipe_nothing_is_sent_either() {
    for is_gzip in [true, false] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        // So many that their first ones are read long before the end.
        let file = scratch.write("users.json.gz", damaged(is_gzip, &export((0..1_000).map(large))));
        let good = scratch.write("good.json", format!("[{}]", user(900)));
        let mut command = scratch.import_command(&sandbox, "-", &["--import", &file]);
        command.stdin(std::fs::File::open(scratch.path(&good)).expect("the file"));
        let run = Run::of(command.output().expect("the binary runs")).expect_code(5);
        assert!(run.stderr.contains("nothing of what is wrong in it was sent"), "{}", run.stderr);
        assert_eq!(sandbox.column("external_id"), ["user_000900"], "the one of the pipe");
        assert_eq!(run.count("created"), 1);
    }
}

/// What no memory can hold back is sent before its checksum is known, and then the message says so.
#[test]
fn of_a_large_damaged_file_beside_a_pipe_it_is_said_that_users_were_sent() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let text = export((0..3_000).map(large));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(text.as_bytes()).expect("memory takes everything");
    let mut bytes = encoder.finish().expect("memory takes everything");
    let at = bytes.windows(9).position(|window| window == b"user2900@").expect("it is stored");
    bytes[at + 5] = b'#';
    let file = scratch.write("users.json.gz", bytes);
    let good = scratch.write("good.json", format!("[{}]", user(9_000)));
    let mut command = scratch.import_command(&sandbox, "-", &["--import", &file]);
    command.stdin(std::fs::File::open(scratch.path(&good)).expect("the file"));
    let run = Run::of(command.output().expect("the binary runs")).expect_code(5);
    assert!(run.stderr.contains("users of it were sent before this was known"), "{}", run.stderr);
}

#[test]
fn damage_that_breaks_the_document_is_reported_as_damage() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let text = export((0..300).map(user));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(text.as_bytes()).expect("memory takes everything");
    let whole = encoder.finish().expect("memory takes everything");
    let place = |what: &[u8]| whole.windows(what.len()).position(|window| window == what).expect("it is stored");
    for at in [place(b"{\"data\"") + 1, place(b"user_000200\"") + 11, place(b",\"total_count\"")] {
        let mut damaged = whole.clone();
        damaged[at] ^= 2;
        let file = scratch.write("users.json.gz", &damaged);
        for arguments in [&["--dry-run"][..], &[]] {
            let run = scratch.import(&sandbox, &file, arguments).expect_code(5);
            assert!(run.stderr.contains("damaged"), "{at}: {}", run.stderr);
        }
        assert_eq!(sandbox.column("email"), [""; 0], "{at}");
    }
}

#[test]
fn the_records_that_checksums_cover_are_imported_from_a_cut_file() {
    for compress in [gzip as Compress, zstd] {
        for is_piped in [false, true] {
            let scratch = Scratch::new();
            let sandbox = Sandbox::start(&scratch, &[]);
            let text = export((0..900).map(user));
            let (start, end) = text.split_at(text.find("user_000600").expect("user 600") + 4);
            let members = compress(&[start.as_bytes(), end.as_bytes()]);
            let cut = [&*members[0], &members[1][..members[1].len() - 20]].concat();
            let file = scratch.write("users.json.gz", cut);
            let run = import(&scratch, &sandbox, &file, is_piped).expect_code(5);
            assert_eq!((run.count("created"), run.count("unfinished")), (600, 0), "{}", run.stderr);
            assert!(run.stderr.contains("truncated"), "{}", run.stderr);
            scratch.write("users.json.gz", members.concat());
            let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
            assert_eq!((run.count("created"), run.count("unchanged")), (300, 600));
            // If no checksum covers anything, nothing may be used.
            let single = compress(&[export((1_000..1_300).map(user)).as_bytes()]).concat();
            scratch.write("users.json.gz", &single[..single.len() - 3]);
            let run = import(&scratch, &sandbox, &file, is_piped).expect_code(5);
            assert!(run.count("created") == 0 && run.stderr.contains("truncated"), "{}", run.stderr);
            assert_eq!(sandbox.column("email").len(), 900);
        }
    }
}

#[test]
fn zeros_behind_compressed_data_are_padding_and_anything_else_is_reported_with_its_place() {
    for compress in [gzip as Compress, zstd] {
        for is_piped in [false, true] {
            let scratch = Scratch::new();
            let sandbox = Sandbox::start(&scratch, &[]);
            let lines: String = (0..3).map(|number| user(number) + "\n").collect();
            // With and without a line end behind the last user.
            for (text, first) in [(&*lines, 0), (lines.trim_end(), 3)] {
                let compressed = compress(&[text.as_bytes()]).concat();
                let padded = [&*compressed, &*vec![0; 100_000]].concat();
                scratch.write("padded.json.gz", padded);
                let run = import(&scratch, &sandbox, "padded.json.gz", is_piped).expect_code(0);
                assert_eq!(run.count("read"), 3, "{}", run.stderr);
                let garbage = [&*compressed, &[0; 10], b"no gzip here"].concat();
                scratch.write("garbage.json.gz", garbage);
                let run = import(&scratch, &sandbox, "garbage.json.gz", is_piped).expect_code(5);
                assert_eq!((run.count("read"), run.count("unfinished")), (3, 0), "{first} {}", run.stderr);
                if !is_piped {
                    let id = run.report()["run"].as_str().expect("a run").to_owned();
                    let kept = scratch.read(&format!(".avnology/runs/{id}/first-pass.json"));
                    assert!(
                        kept.contains(&format!("\"bytes\": {}", compressed.len() + 22)),
                        "all of it is held to: {kept}"
                    );
                }
                let place = format!("from byte {} of the file", compressed.len() + 10);
                assert!(run.stderr.contains(&place), "{}", run.stderr);
            }
            assert_eq!(sandbox.column("email").len(), 3);
        }
    }
}

#[test]
fn the_message_about_an_unchecked_pipe_says_what_that_means() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    // 12 MiB that cannot be compressed, in a column that is not read.
    let mut random = fastrand::Rng::with_seed(7);
    let picture: String = std::iter::repeat_with(|| random.alphanumeric()).take(6 * 1024 * 1024).collect();
    let with_picture =
        |number| user(number).replace("\"first_name\"", &format!("\"unknown\":\"{picture}\",\"first_name\""));
    let text = export((0..2).map(with_picture).chain((2..20).map(user)));
    let whole = gzip(&[text.as_bytes()]).concat();
    scratch.write("users.json.gz", &whole);
    let run = import(&scratch, &sandbox, "users.json.gz", true).expect_code(0);
    assert!(run.stderr.contains("too large to be checked"), "{}", run.stderr);
    let mut damaged = whole.clone();
    damaged[whole.len() - 6] ^= 1;
    scratch.write("users.json.gz", damaged);
    let run = import(&scratch, &sandbox, "users.json.gz", true).expect_code(5);
    assert!(run.stderr.contains("damaged") && run.stderr.contains("may be wrong"), "{}", run.stderr);
    // A file with the same content is checked completely.
    let run = import(&scratch, &sandbox, "users.json.gz", false).expect_code(5);
    assert!(run.count("read") == 0 && !run.stderr.contains("may be wrong"), "{}", run.stderr);
}

#[test]
fn no_user_gets_a_damaged_password() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..3).map(user)));
    let table = "id,primary_email_address,password_digest\nuser_000001,user1@example.com,$2a$10$abc\n";
    let mut compressed = gzip(&[table.as_bytes()]).concat();
    let checksum = compressed.len() - 6;
    compressed[checksum] ^= 1;
    scratch.write("users.csv.gz", compressed);
    let run = scratch.import(&sandbox, &file, &["--passwords", "users.csv.gz"]).expect_code(5);
    assert!(run.stderr.contains("users.csv.gz` is damaged"), "{}", run.stderr);
    assert_eq!(sandbox.column("email"), [""; 0]);
}
