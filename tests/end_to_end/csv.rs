//! The Dashboard's CSV, through the built binary.

use crate::support;

use std::fmt::Write as _;

use support::{Run, Sandbox, Scratch, lines, until_of};

const HEADER: &str = "id,first_name,last_name,username,primary_email_address,primary_phone_number,verified_email_addresses,\
    unverified_email_addresses,verified_phone_numbers,unverified_phone_numbers,totp_secret,password_digest,password_hasher";

/// bcrypt of `correct horse`, cost 4.
fn digest() -> String {
    bcrypt::hash_with_salt("correct horse", 4, [7; 16]).expect("a digest").to_string()
}

fn dry_run(scratch: &Scratch, file: &str, more: &[&str]) -> Run {
    let fixed = ["migrate", "clerk", "--import", file, "--dry-run", "--preview", "0", "--output", "json"];
    scratch.run(&fixed.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

fn row(number: usize) -> String {
    format!("user_{number:06},N{number},,,user{number}@example.com,,user{number}@example.com,,,,,,")
}

fn table(users: usize) -> String {
    (0..users).fold(format!("{HEADER}\n"), |text, number| text + &row(number) + "\n")
}

#[test]
fn users_of_a_csv_are_imported_and_can_sign_in() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let digest = digest();
    let text = format!(
        "\u{feff}{HEADER},shoe_size\r\n\
         user_1,\"Ada, \"\"the\"\" first\",\"Love\r\nlace\",ada,ada@example.com,+15550100,ada@example.com|ada@work.example,\
         old@example.com,+15550100,+15550101|+15550102,JBSWY3DP,{digest},bcrypt,38\r\n\
         \r\n\
         user_2,,,,alan@example.com,,,,,,,,,\r\n"
    );
    let file = scratch.write("users.csv", text);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    let report = run.report();
    assert_eq!(run.count("created"), 2);
    assert_eq!(report["left_behind"]["totp"], 1);
    assert_eq!(report["warnings"]["unknown_fields"], 1, "the column that nobody knows");
    assert_eq!(report["warnings"]["verification_unknown"], 1, "of the second user's address");
    assert_eq!(sandbox.sign_in("ada@example.com", "correct horse").0, 201);
    assert_eq!(sandbox.sign_in("ada@example.com", "wrong").0, 401);
    let traits: serde_json::Value = serde_json::from_str(&sandbox.column("traits")[0]).expect("traits");
    assert_eq!(traits["first_name"], "Ada, \"the\" first");
    assert_eq!(traits["last_name"], "Love\r\nlace");
    let states: Vec<(&str, bool, bool)> =
        traits["email_addresses"].as_array().expect("addresses").iter().map(state).collect();
    assert_eq!(
        states,
        [("ada@example.com", true, true), ("ada@work.example", true, false), ("old@example.com", false, false)]
    );
    assert_eq!(traits["phone_numbers"].as_array().expect("numbers").len(), 3);
    assert_eq!(scratch.import(&sandbox, &file, &["--new-run", "--recheck"]).expect_code(0).count("unchanged"), 2);
    scratch.verify(&sandbox, &file, &[]).expect_code(0);
}

fn state(address: &serde_json::Value) -> (&str, bool, bool) {
    let flag = |name: &str| address[name].as_bool().expect("a flag");
    (address["value"].as_str().expect("an address"), flag("verified"), flag("primary"))
}

#[test]
fn a_bad_row_is_one_reject_with_its_place_and_can_be_mended_and_replayed() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let mut text = format!("{HEADER}\n{}\nuser_2,\"Two\nlines\",,,,,,,,,,,\nuser_3 short\n", row(1)).into_bytes();
    let short = text.len() - "user_3 short\n".len();
    text.extend(format!("{},more\n", row(4)).bytes());
    text.extend(b"user_5,\xff,,,user5@example.com,,,,,,,,\n");
    text.extend(format!("{}\n{}\n", row(1), row(6)).bytes());
    let file = scratch.write("users.csv", &text);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (2, 5));
    let rejects = lines(&scratch.path(run.report()["rejects_file"].as_str().expect("a rejects file")));
    let codes: Vec<&str> = rejects.iter().map(|reject| reject["code"].as_str().expect("a code")).collect();
    assert_eq!(codes, ["no_email", "invalid_row", "invalid_row", "invalid_row", "duplicate_external_id"]);
    let position = &rejects[1]["position"];
    assert_eq!(
        (&position["record"], &position["line"], &position["offset"], &position["length"]),
        (&3.into(), &5.into(), &short.into(), &12.into())
    );
    assert_eq!(rejects[0]["original"], serde_json::json!({"id": "user_2", "first_name": "Two\nlines"}));
    assert_eq!(rejects[1]["original"], "user_3 short");
    assert!(rejects[3]["original_base64"].is_string());
    assert_eq!(rejects[4]["original"]["primary_email_address"], "user1@example.com");

    let mended =
        format!("{}\n", rejects[0]).replacen("\"id\":", "\"primary_email_address\":\"two@example.com\",\"id\":", 1);
    let unmended = rejects[1..4].iter().fold(String::new(), |text, reject| text + &reject.to_string() + "\n");
    let file = scratch.write("rejects.ndjson", mended + &unmended);
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (1, 3));
    assert!(sandbox.column("traits").iter().any(|traits| traits.contains("two@example.com")));
}

#[test]
fn a_csv_that_was_cut_off_does_not_count_as_whole() {
    let scratch = Scratch::new();
    let whole = table(50);
    let cut = whole.find("user_000030").expect("user 30") + 14;
    for text in [&whole[..cut], &whole[..cut - 14]] {
        let run = dry_run(&scratch, &scratch.write("users.csv", text), &[]);
        assert_eq!((run.count("valid"), run.count("rejected")), (30, 0));
        // Between two rows a cut cannot be noticed.
        let is_reported = run.stderr.contains("inside record 31 (starts at line 32");
        assert_eq!((run.code, is_reported), if text.ends_with('\n') { (Some(0), false) } else { (Some(5), true) });
    }
    // A last row needs no line break.
    let run = dry_run(&scratch, &scratch.write("users.csv", whole.trim_end()), &[]).expect_code(0);
    assert_eq!(run.count("valid"), 50);
}

#[test]
fn a_row_too_large_is_one_reject() {
    let scratch = Scratch::new();
    for size in [3_000, 1_200_000] {
        let big = format!("user_big,\"{}\",,,,,,,,,,,", "y\n".repeat(size / 2));
        let file = scratch.write("users.csv", format!("{HEADER}\n{}\n{big}\n{}\n", row(1), row(2)));
        let run = dry_run(&scratch, &file, &["--max-record-bytes", "2048"]).expect_code(3);
        let position = &run.report()["rejected_by_code"]["record_too_large"]["first"][0];
        assert_eq!((run.count("valid"), &position["record"], &position["length"]), (2, &2.into(), &big.len().into()));
    }
}

#[test]
fn a_table_of_something_else_is_refused() {
    let scratch = Scratch::new();
    for (text, expected) in [
        ("email,password_digest\nx,y\n", "no column `id`"),
        ("id,first_name\nuser_1,Ada\n", "none of the columns `primary_email_address`"),
        ("id|primary_email_address\n", "a column `id`"),
        ("id,id,primary_email_address\n", "column 2 of its header"),
    ] {
        let run = dry_run(&scratch, &scratch.write("users.csv", text), &[]).expect_code(5);
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
    }
}

#[test]
fn an_interrupted_import_of_a_csv_is_resumed() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--fault", "latency=30ms"]);
    let file = scratch.write("users.csv", table(3_000));
    let mut command = scratch.import_command(&sandbox, &file, &["--batch-size", "20", "--concurrency", "1"]);
    let mut process =
        command.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null()).spawn().expect("it starts");
    until_of(&mut process, "too few arrived", || sandbox.column("id").len() >= 300);
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    assert!(run.stderr.contains("Continuing"), "{}", run.stderr);
    assert_eq!((run.count("created"), sandbox.column("id").len()), (3_000, 3_000));
}

#[test]
fn standard_input_may_be_a_csv() {
    let scratch = Scratch::new();
    let mut text = table(2);
    writeln!(text, "{},x,", row(3)).expect("memory takes everything");
    let file = scratch.write("users.csv", text);
    let mut command = scratch.avnology(&["migrate", "clerk", "--import", "-", "--dry-run", "--output", "json"]);
    command.stdin(std::fs::File::open(scratch.path(&file)).expect("the file"));
    let run = Run::of(command.output().expect("the binary runs")).expect_code(3);
    assert_eq!((run.count("valid"), run.count("rejected")), (2, 1));
}

/// A stray quote makes one cell of parts of two rows. No user may get the address or the password of another one.
#[test]
fn a_quote_in_the_wrong_place_takes_no_data_from_one_user_to_another() {
    let with_name = |number: usize, name: &str, digest: &str| {
        format!("user_{number},{name},,,u{number}@example.com,,u{number}@example.com,,,,,{digest},bcrypt")
    };
    let rows = [
        with_name(1, "Al", &digest()),
        with_name(2, "\"Bo", "$2a$05$two"),
        with_name(3, "\"Cy\"", &digest()),
        with_name(4, "\"Di\"", &digest()),
    ];
    let scratch = Scratch::new();
    let file = scratch.write("users.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    let run = dry_run(&scratch, &file, &[]).expect_code(3);
    assert_eq!((run.count("valid"), run.report()["rejected_by_code"]["invalid_row"]["count"].as_u64()), (3, Some(1)));
    for cell in ["a\"b", "\"a\"b", "\"a\" \"", " a\"", "\"a\"\"", "\"\"a\"\""] {
        let text = format!("{HEADER}\n{}\n{}\n", with_name(1, cell, ""), with_name(2, "Bo", ""));
        let run = dry_run(&scratch, &scratch.write("users.csv", text), &[]);
        let reported = run.report()["rejected_by_code"]["invalid_row"]["count"] == 1;
        assert!(reported || run.code == Some(5), "{cell}: {}", run.stdout);
    }
    // The same table as a table of passwords.
    let user = |number: usize| {
        let address = format!(r#"[{{"email_address":"u{number}@example.com"}}]"#);
        format!(r#"{{"id":"user_{number}","email_addresses":{address}}}"#)
    };
    let users = scratch.write("users.ndjson", (1..5).map(user).collect::<Vec<_>>().join("\n"));
    let passwords = scratch.write("passwords.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    let joined = dry_run(&scratch, &users, &["--passwords", &passwords]).expect_code(0).report()["passwords"].clone();
    assert_eq!((&joined["unreadable"]["count"], &joined["joined"]), (&1.into(), &3.into()), "{joined}");
}
