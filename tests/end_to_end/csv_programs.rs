//! CSV as people's programs write it, and as they break it, through the built binary.

use crate::support;

use support::{Run, Sandbox, Scratch, lines, until_of};

const HEADER: &str = "id,first_name,last_name,username,primary_email_address,primary_phone_number,verified_email_addresses,\
    unverified_email_addresses,verified_phone_numbers,unverified_phone_numbers,totp_secret,password_digest,password_hasher";

/// A hash in the form of bcrypt.
const DIGEST: &str = "$2a$04$abcdefghijklmnopqrstuuWQuavpd1CiSpt3zoac8EYxdKByXGrZi";

fn named(number: usize, name: &str) -> String {
    format!("user_{number:04},{name},L{number},,u{number}@example.com,,u{number}@example.com,,,,,,")
}

fn row(number: usize) -> String {
    named(number, &format!("F{number}"))
}

/// A user with a password.
fn with_digest(number: usize, name: &str) -> String {
    format!("{}{DIGEST},bcrypt", named(number, name).strip_suffix(',').expect("an empty cell"))
}

fn table(rows: impl IntoIterator<Item = String>) -> String {
    rows.into_iter().fold(format!("{HEADER}\n"), |text, row| text + &row + "\n")
}

fn dry_run(scratch: &Scratch, content: impl AsRef<[u8]>, more: &[&str]) -> Run {
    let file = scratch.write("users.csv", content);
    let fixed = ["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0", "--output", "json"];
    scratch.run(&fixed.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

/// The records that were rejected as invalid rows.
fn invalid_rows(run: &Run) -> Vec<u64> {
    let report = run.report();
    let first = report["rejected_by_code"]["invalid_row"]["first"].as_array().cloned().unwrap_or_default();
    first.iter().map(|place| place["record"].as_u64().expect("a number")).collect()
}

/// Two rows, of which one opens a quote and the other closes it, and what is between them.
fn two_open_quotes() -> String {
    table([row(1), named(2, "\"Ann"), row(3), row(4), with_digest(5, "Bee\""), row(6)])
}

fn neighbours() -> String {
    table([row(1), named(2, "\"Ann"), with_digest(3, "Bee\""), row(4)])
}

/// Fails unless every user at the target has their own name and address, and no password.
#[track_caller]
fn assert_themselves(sandbox: &Sandbox, expected: &[usize]) {
    let ids: Vec<String> = expected.iter().map(|number| format!("user_{number:04}")).collect();
    assert_eq!(sandbox.column("external_id"), ids);
    let mut traits: Vec<serde_json::Value> =
        sandbox.column("traits").iter().map(|text| serde_json::from_str(text).expect("traits")).collect();
    traits.sort_by_key(|traits| traits["email"].to_string());
    for (number, traits) in expected.iter().zip(traits) {
        assert_eq!(
            (&traits["first_name"], &traits["email"]),
            (&format!("F{number}").into(), &format!("u{number}@example.com").into())
        );
    }
}

#[test]
fn two_open_quotes_give_no_user_the_address_of_another_one() {
    for (text, arrive, rejected) in
        [(two_open_quotes(), &[1, 3, 4, 6][..], &[2, 5][..]), (neighbours(), &[1, 4], &[2, 3])]
    {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        let file = scratch.write("users.csv", text);
        let run = scratch.import(&sandbox, &file, &[]);
        assert_themselves(&sandbox, arrive);
        let run = run.expect_code(3);
        assert_eq!(invalid_rows(&run), rejected);
    }
}

#[test]
fn two_open_quotes_give_no_user_the_password_of_another_one() {
    let users = |count: usize| -> String {
        let user = |number: usize| {
            format!(
                "{{\"id\":\"user_{number:04}\",\"email_addresses\":[{{\"email_address\":\"u{number}@example.com\"}}]}}\n"
            )
        };
        (1..=count).map(user).collect()
    };
    for (text, count, unreadable) in [(two_open_quotes(), 6, [2, 5]), (neighbours(), 4, [2, 3])] {
        let scratch = Scratch::new();
        let passwords = scratch.write("passwords.csv", text);
        let run = dry_run(&scratch, users(count), &["--passwords", &passwords]);
        let joined = &run.report()["passwords"];
        let places = joined["unreadable"]["first"].as_array().expect("places").iter();
        assert_eq!(places.map(|place| place["record"].clone()).collect::<Vec<_>>(), unreadable, "{joined}");
        assert_eq!((&joined["joined"], &joined["users_without_row"]["count"]), (&(count - 2).into(), &2.into()));
        run.expect_code(0);
    }
}

#[test]
fn one_open_quote_costs_its_own_row() {
    let scratch = Scratch::new();
    for open in [1, 2, 39, 40] {
        let rows = (1..=40).map(|number| if number == open { named(number, "\"Ann") } else { row(number) });
        let run = dry_run(&scratch, table(rows), &[]).expect_code(3);
        assert_eq!((run.count("valid"), run.count("rejected")), (39, 1), "{open}");
        assert_eq!(invalid_rows(&run), [open as u64]);
        assert!(!run.stderr.contains("truncated"), "{}", run.stderr);
    }
}

#[test]
fn the_reject_of_an_open_quote_says_where_it_is() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let broken = named(2, "\"two\nlines\",\"Ann");
    let file = scratch.write("users.csv", table([row(1), broken.clone(), row(3)]));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_themselves(&sandbox, &[1, 3]);
    let reject = &lines(&scratch.path(run.report()["rejects_file"].as_str().expect("a rejects file")))[0];
    assert_eq!((&reject["code"], &reject["original"]), (&"invalid_row".into(), &broken.into()));
    let quote = HEADER.len() + 1 + row(1).len() + 1 + "user_0002,\"two\nlines\",".len();
    assert_eq!(
        (&reject["position"]["line"], &reject["fault"]["line"], &reject["fault"]["offset"]),
        (&3.into(), &4.into(), &quote.into()),
        "{reject}"
    );
}

/// Tables of three users with an open quote: a name, the table, and the broken rows.
const OTHER_SHAPES: &[(&str, &str, &[u64])] = &[
    ("numbers", "id,first_name,primary_email_address\n1,\"A,a1@x.org\n2,B\",b2@x.org\n3,C,c3@x.org\n", &[1, 2]),
    ("words", "id,first_name,primary_email_address\nada,\"A,a1@x.org\nbob,B\",b2@x.org\ncy,C,c3@x.org\n", &[1, 2]),
    (
        "id last",
        "first_name,primary_email_address,id\n\"A,a1@x.org,user_1\nB\",b2@x.org,user_2\nC,c3@x.org,user_3\n",
        &[1, 2],
    ),
    (
        "all quoted",
        "id,first_name,primary_email_address\n\"user_1\",\"A,\"a1@x.org\"\n\"user_2\",\"B\",\"b2@x.org\"\n\"user_3\",\"C\",\"c3@x.org\"\n",
        &[1],
    ),
    (
        "last cell open",
        "id,first_name,primary_email_address\nuser_1,A,\"a1@x.org\nuser_2,B,\"b2@x.org\"\nuser_3,C,c3@x.org\n",
        &[1],
    ),
    (
        "last cell open, quoted",
        "id,first_name,primary_email_address\n\"user_1\",\"A\",\"a1@x.org\n\"user_2\",\"B\",\"b2@x.org\"\n\"user_3\",\"C\",\"c3@x.org\"\n",
        &[1],
    ),
    (
        "short",
        "id,primary_email_address,first_name,last_name\nuser_1,a1@x.org,\"A\nuser_2,b2@x.org,B\"\nuser_3,c3@x.org\n",
        &[1, 2],
    ),
    (
        "CRLF",
        "id,first_name,primary_email_address\r\nuser_1,\"A,a1@x.org\r\nuser_2,B\",b2@x.org\r\nuser_3,C,c3@x.org\r\n",
        &[1, 2],
    ),
    (
        "CR",
        "id,first_name,primary_email_address\ruser_1,\"A,a1@x.org\ruser_2,B\",b2@x.org\ruser_3,C,c3@x.org\r",
        &[1, 2],
    ),
    (
        "blank lines",
        "id,first_name,primary_email_address\nuser_1,\"A,a1@x.org\n\n\nuser_2,B\",b2@x.org\nuser_3,C,c3@x.org\n",
        &[1, 2],
    ),
    (
        "marks",
        "id,first_name,primary_email_address\nuser_1,\"A,a1@x.org\n\u{feff}user_2,B\",b2@x.org\nuser_3,C,c3@x.org\n",
        &[1, 2],
    ),
    (
        "open id",
        "id,first_name,primary_email_address\n\"user_1,A,a1@x.org\nuser_2\",B,b2@x.org\nuser_3,C,c3@x.org\n",
        &[1, 2],
    ),
];

/// For other columns, ids, line breaks and separators.
#[test]
fn rows_are_not_swallowed_in_tables_of_other_shapes() {
    let scratch = Scratch::new();
    for (name, text, rejected) in OTHER_SHAPES {
        let run = dry_run(&scratch, text, &[]);
        assert_eq!((invalid_rows(&run), run.count("valid")), (rejected.to_vec(), 3 - rejected.len() as u64), "{name}");
        run.expect_code(3);
    }
}

#[test]
fn names_may_have_line_breaks_commas_and_quotes() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let names =
        ["\"Ann\nMary\"", "\"Baker, Bob\"", "\"Al \"\"Ace\"\" A\"", "\"Smith,\r\nJohn, \"\"JJ\"\"\n\nthe 3rd\""];
    let text = table((1..).zip(names).map(|(number, name)| named(number, name)));
    scratch.import(&sandbox, &scratch.write("users.csv", text), &[]).expect_code(0);
    let mut traits: Vec<serde_json::Value> =
        sandbox.column("traits").iter().map(|text| serde_json::from_str(text).expect("traits")).collect();
    traits.sort_by_key(|traits| traits["email"].to_string());
    let arrived: Vec<&str> = traits.iter().map(|traits| traits["first_name"].as_str().expect("a name")).collect();
    assert_eq!(arrived, ["Ann\nMary", "Baker, Bob", "Al \"Ace\" A", "Smith,\r\nJohn, \"JJ\"\n\nthe 3rd"]);
    // With ids of another kind, and with the ids in the last column.
    for text in [
        "id,first_name,primary_email_address\n1,\"Smith\nJohn, Bob\",a@x.org\nada,\"Lee\nKim\",b@x.org\n",
        "first_name,last_name,primary_email_address,id\n\"Ann\nMary\",L,a@x.org,user_1\n\"Bo\nB\",\"L,\nM\",b@x.org,user_2\n",
    ] {
        assert_eq!(dry_run(&scratch, text, &[]).expect_code(0).count("valid"), 2, "{text}");
    }
}

/// A million open quotes, and one that swallows a million lines. Each line is read once or twice.
#[test]
fn open_quotes_cost_neither_time_nor_memory() {
    let scratch = Scratch::new();
    let open = (0..300_000).fold(String::new(), |text, number| text + &format!("user_{number},\"F\n"));
    let header = "id,first_name,primary_email_address\n";
    let run = dry_run(&scratch, format!("{header}{open}"), &["--progress", "none"]).expect_code(3);
    assert_eq!((run.count("valid"), run.count("rejected")), (0, 300_000));
    // Lines that look like rows and are not.
    let lines = "b,c\nuser,x\n1,2\n".repeat(300_000);
    let text = format!("{header}user_1,\"F{}\n{lines}user_2,B,b@x.org\n", ",x".repeat(10_000));
    let run = dry_run(&scratch, text, &["--progress", "none", "--max-record-bytes", "65536"]).expect_code(3);
    assert_eq!((run.count("valid"), run.count("rejected")), (1, 1));
}

/// What a run reports about rows without a user.
fn skipped(run: &Run) -> (u64, u64) {
    let rows = &run.report()["inputs"][0]["skipped_rows"];
    (rows["empty"].as_u64().unwrap_or(0), rows["headers"].as_u64().unwrap_or(0))
}

/// A table: its name, its text, the number of its users, and how many rows are empty and how many repeat the header.
type Table = (&'static str, String, u64, (u64, u64));

/// Tables with commas.
fn tables_with_commas() -> Vec<Table> {
    let (one, two, three) = (row(1), row(2), row(3));
    let spaced = |text: &str| text.replace(',', " , ");
    let quoted_with_blanks = format!(
        "  \"user_0001\" ,\t\"A, \"\"a\"\" b\" , L1,,\" u1@example.com \",, u1@example.com | v1@example.com ,,,,, {DIGEST} ,\" bcrypt \""
    );
    vec![
        ("blanks", format!("{}\n{}\n{}\n", spaced(HEADER), spaced(&one), spaced(&with_digest(2, "F2"))), 2, (0, 0)),
        ("blanks and quotes", format!("{HEADER}\n{quoted_with_blanks}\n"), 1, (0, 0)),
        (
            "no empty last cells",
            format!(
                "{HEADER}\n{}\nuser_0002,F2,L2,,u2@example.com\n{}\n",
                one.trim_end_matches(','),
                with_digest(3, "F3")
            ),
            3,
            (0, 0),
        ),
        ("empty cells too many", format!("{HEADER}\n{one},,\n{two},\"\", ,\n{three}\n"), 3, (0, 0)),
        (
            "separators only",
            format!("{HEADER}\n,,,,,,,,,,,,\n{one}\n,,\n , \"\" ,\n\t \n{two}\n\n,,,,,,,,,,,,,,,\n"),
            2,
            (5, 0),
        ),
        ("separators at the end", format!("{HEADER}\n{one}\n,,,,,,,,,,,,"), 1, (1, 0)),
        (
            "header again",
            format!(
                "{HEADER}\n{one}\n{HEADER}\n{two}\n{}\n{three}\n{HEADER},,",
                HEADER.replace(',', "\", \"").replacen("id", "\"id", 1) + "\""
            ),
            3,
            (0, 3),
        ),
        (
            "marks",
            format!(
                "\u{feff}{HEADER}\r\n{one}\r\n\u{feff}{HEADER}\r\n\u{feff}{two}\r\n\r\n\u{feff}\u{feff}{three}\r\n\u{feff}"
            ),
            3,
            (0, 1),
        ),
        ("mark in quotes", format!("\"\u{feff}{}\n{one}\n", HEADER.replacen("id,", "id\",", 1)), 1, (0, 0)),
    ]
}

/// Tables with other separators, or that name theirs.
fn tables_with_separators() -> Vec<Table> {
    let (one, two) = (row(1), row(2));
    let semicolons = |text: &str| text.replace(',', ";");
    let tabs = |text: &str| text.replace(',', "\t");
    vec![
        ("sep=,", format!("sep=,\n{HEADER}\n{one}\n"), 1, (0, 0)),
        ("sep=;", format!("\u{feff}sep=;\r\n{}\r\n{}\r\n", semicolons(HEADER), semicolons(&one)), 1, (0, 0)),
        ("SEP=tab", format!("SEP=\t\n{}\n{}\n{}\n", tabs(HEADER), tabs(&one), tabs(&named(2, "A B"))), 2, (0, 0)),
        (
            "semicolons",
            format!("{}\n{}\n;;;\n{};;\n", semicolons(HEADER), semicolons(&named(1, "\"A; B\"")), semicolons(&two)),
            2,
            (1, 0),
        ),
        (
            "semicolons, commas in cells",
            format!("{}\n{}\n", semicolons(HEADER), semicolons(&one).replace("F1", "A, B, C")),
            1,
            (0, 0),
        ),
        ("tabs", format!("{}\n{}\n\t\t\n{}\n", tabs(HEADER), tabs(&one), tabs(&two)), 2, (1, 0)),
        ("no last line break", format!("{HEADER}\n{}\n{}", one, with_digest(2, "F2")), 2, (0, 0)),
    ]
}

#[test]
fn tables_are_read_as_programs_write_them() {
    for (name, text, valid, expected) in tables_with_commas().into_iter().chain(tables_with_separators()) {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        let file = scratch.write("users.csv", &text);
        let run = scratch.import(&sandbox, &file, &[]);
        let run = if run.code == Some(0) { run } else { panic!("{name}: {} {}", run.stdout, run.stderr) };
        assert_eq!((run.count("created"), skipped(&run)), (valid, expected), "{name}");
        let ids: Vec<String> = (1..=valid).map(|number| format!("user_{number:04}")).collect();
        assert_eq!(sandbox.column("external_id"), ids, "{name}");
        for (number, traits) in (1..).zip(sandbox.column("traits")) {
            let traits: serde_json::Value = serde_json::from_str(&traits).expect("traits");
            let addresses = traits["email_addresses"].as_array().expect("addresses");
            assert!(
                addresses.iter().all(|address| address["value"].as_str().is_some_and(|value| value.trim() == value))
            );
            assert!(
                addresses.iter().any(|address| address["value"] == format!("u{number}@example.com")),
                "{name} {traits}"
            );
        }
        let warnings = run.report()["warnings"].clone();
        assert!(warnings["password_malformed"].is_null() && warnings["password_not_portable"].is_null(), "{name}");
        assert_same_as_passwords(&scratch, &file, (name, valid, expected));
    }
}

#[track_caller]
fn assert_same_as_passwords(scratch: &Scratch, file: &str, (name, valid, expected): (&str, u64, (u64, u64))) {
    // The same table as a table of passwords.
    let users = scratch
        .write("users.ndjson", "{\"id\":\"user_0001\",\"email_addresses\":[{\"email_address\":\"u1@example.com\"}]}\n");
    let joined =
        scratch.run(&["migrate", "clerk", "--import", &users, "--passwords", file, "--dry-run", "--output", "json"]);
    let joined = joined.expect_code(0).report()["passwords"].clone();
    assert_eq!((&joined["rows"], &joined["joined"]), (&valid.into(), &1.into()), "{name}");
    let rows = &joined["skipped_rows"];
    assert_eq!((rows["empty"].as_u64().unwrap_or(0), rows["headers"].as_u64().unwrap_or(0)), expected, "{name}");
}

#[test]
fn the_summary_reports_rows_without_a_user() {
    let scratch = Scratch::new();
    let file = scratch.write("users.csv", format!("{HEADER}\n{}\n,,,\n{HEADER}\n{}\n,,,\n", row(1), row(2)));
    let run = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0"]).expect_code(0);
    let reported = run.stderr.contains("users.csv: skipped 2 empty rows and 1 that repeats the header");
    assert!(reported, "{}", run.stderr);
}

#[test]
fn a_cell_too_many_is_a_reject() {
    let scratch = Scratch::new();
    let run = dry_run(&scratch, format!("{HEADER}\n{}x\n{},,x\n{}\nuser_0004\n", row(1) + ",", row(2), row(3)), &[]);
    assert_eq!((invalid_rows(&run), run.count("valid")), (vec![1, 2, 4], 1));
    run.expect_code(3);
}

/// If a file is cut anywhere in its last row, its user does not arrive with slightly different data.
#[test]
fn a_file_that_is_cut_within_its_last_row_is_reported() {
    let scratch = Scratch::new();
    let whole = format!("{HEADER}\n{}\n{}\n", row(1), with_digest(2, "\"A, B\""));
    let last = whole.len() - with_digest(2, "\"A, B\"").len() - 1;
    for end in last + 1..whole.len() - 1 {
        let run = dry_run(&scratch, &whole[..end], &[]);
        assert_eq!((run.code, run.count("valid")), (Some(5), 1), "{}", &whole[last..end]);
        assert!(run.stderr.contains("inside record 2 (starts at line 3"), "{}", run.stderr);
    }
    for (header, row) in [
        ("id,primary_email_address", "user_1,a@example.co"),
        ("id,primary_email_address,password_digest", "user_1,a@example.com,$2a$04$abc"),
        ("id,primary_email_address,first_name", "user_1,a@example.com,Jo"),
    ] {
        let run = dry_run(&scratch, format!("{header}\n{row}"), &[]).expect_code(5);
        assert!(run.stderr.contains("line break"), "{}", run.stderr);
        let repair = "if that row is whole, add a line end and run the same command again; else export the file again";
        let (_, behind) = run.stderr.split_once(repair).expect(&run.stderr);
        assert!(!behind.contains("run the same command"), "one step each, not two: {}", run.stderr);
        dry_run(&scratch, format!("{header}\n{row}\n"), &[]).expect_code(0);
    }
    // The same for passwords: no user gets half a hash.
    let users = "{\"id\":\"user_1\",\"email_addresses\":[{\"email_address\":\"a@example.com\"}]}\n";
    let passwords = scratch.write("passwords.csv", format!("id,password_digest\nuser_1,{}", &DIGEST[..50]));
    dry_run(&scratch, users, &["--passwords", &passwords]).expect_code(5);
}

#[test]
fn a_second_table_with_other_columns_is_refused() {
    let scratch = Scratch::new();
    let text = format!("{HEADER}\n{}\nfirst_name,id,primary_email_address\nF2,user_0002,u2@example.com\n", row(1));
    let run = dry_run(&scratch, text, &[]).expect_code(5);
    assert!(run.stderr.contains("line 3") && run.stderr.contains("other columns"), "{}", run.stderr);
}

#[test]
fn text_in_another_encoding_or_with_another_separator_is_named() {
    let scratch = Scratch::new();
    let wide = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let text = table([row(1)]);
    for (content, expected) in [
        (wide(&text, u16::to_le_bytes), "UTF-16"),
        (wide(&text, u16::to_be_bytes), "UTF-16"),
        (b"sep=|\nid|first_name|primary_email_address\n".to_vec(), "`sep=`"),
        (b"id,\"first_name,primary_email_address\nuser_1,A,a@x.org\n\"".to_vec(), "header"),
    ] {
        let run = dry_run(&scratch, content, &[]).expect_code(5);
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
    }
}

/// Each shard gives the rows the same numbers, also if rows before them are skipped or broken.
#[test]
fn shards_agree_about_rows_that_are_skipped_or_broken() {
    let scratch = Scratch::new();
    let rows = (1..=3_000).map(|number| match number % 7 {
        1 => format!("{}\n,,,", row(number)),
        2 => named(number, "\"Ann"),
        3 => format!("{HEADER}\n{}", named(number, "\"two\nlines\"")),
        _ => row(number),
    });
    let text = table(rows);
    let whole = dry_run(&scratch, &text, &[]).expect_code(3);
    assert_eq!((whole.count("read"), whole.count("rejected")), (3_000, 429));
    let mut sums = (0, 0);
    for shard in ["1/3", "2/3", "3/3"] {
        let run = dry_run(&scratch, &text, &["--shard", shard]).expect_code(3);
        assert_eq!((run.count("read"), skipped(&run)), (1_000, skipped(&whole)), "{shard}");
        sums = (sums.0 + run.count("valid"), sums.1 + run.count("rejected"));
    }
    assert_eq!(sums, (whole.count("valid"), whole.count("rejected")));
}

/// Skipped rows are counted once, even if the import is interrupted several times.
#[test]
fn an_interrupted_import_counts_all_rows_that_it_skips() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let rows = (1..=3_000).map(|number| if number % 10 == 0 { format!("{}\n,,,", row(number)) } else { row(number) });
    let file = scratch.write("users.csv", table(rows));
    let mut command = scratch.import_command(&sandbox, &file, &["--batch-size", "20", "--concurrency", "1"]);
    let mut process =
        command.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null()).spawn().expect("it starts");
    until_of(&mut process, "too few arrived", || sandbox.column("id").len() >= 1_500);
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert!(run.stderr.contains("Continuing"), "{}", run.stderr);
    assert_eq!((run.count("created"), sandbox.column("id").len(), skipped(&run)), (3_000, 3_000, (300, 0)));
}
