//! What counts as the same address: invisible characters, case beyond ASCII, composed and decomposed letters,
//! internationalised domains; and verified addresses that two users have.

use crate::support;

use serde_json::{Value, json};
use support::{Run, Sandbox, Scratch, export};

/// A user with these verified addresses, the first of which is the primary one.
fn with_addresses(number: usize, addresses: &[&str]) -> String {
    let addresses: Vec<Value> = addresses
        .iter()
        .enumerate()
        .map(|(index, address)| json!({"id": format!("idn_{index}"), "email_address": address, "verified": true}))
        .collect();
    json!({"id": format!("user_{number:06}"), "primary_email_address_id": "idn_0", "email_addresses": addresses})
        .to_string()
}

fn dry_run(scratch: &Scratch, file: &str) -> Run {
    scratch.run(&["migrate", "clerk", "--import", file, "--dry-run", "--output", "json", "--preview", "0"])
}

/// The numbers of the records that were rejected with this code.
fn rejected(report: &Value, code: &str) -> Vec<u64> {
    let first = report["rejected_by_code"][code]["first"].as_array().cloned().unwrap_or_default();
    first.iter().filter_map(|reject| reject["record"].as_u64()).collect()
}

#[test]
fn invisible_characters_go_from_the_ends_and_are_refused_within() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let addresses = [
        "anna@example.com\u{200b}",
        "an\u{200b}na@example.com",
        "\u{feff}anna2@example.com",
        "anna3@exam\u{ad}ple.com",
        "\u{202a}anna4@example.com\u{202c}",
        " \u{2060}anna5@example.com\u{a0}",
        "an\u{fe0f}na6@example.com",
        "anna@example.com",
        "jörg@example.com",
    ];
    let users = addresses.iter().enumerate().map(|(index, address)| with_addresses(index + 1, &[address]));
    let phone = r#"{"id":"user_phone","email_addresses":[{"email_address":"p@example.com","verified":true}],
        "phone_numbers":[{"id":"p","phone_number":"\u202a+14155550123\u202c","verified":true}]}"#;
    let file = scratch.write("users.json", export(users.chain([phone.replace('\n', "")])));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
    let report = run.report();
    assert_eq!(rejected(&report, "invalid_email"), [2, 4, 7], "{report}");
    assert_eq!(rejected(&report, "duplicate_email"), [8], "{report}");
    let expected = [
        "anna2@example.com",
        "anna4@example.com",
        "anna5@example.com",
        "anna@example.com",
        "jörg@example.com",
        "p@example.com",
    ];
    assert_eq!(sandbox.column("email"), expected);
    assert_eq!(sandbox.column("coalesce(phone, '')").last().map(String::as_str), Some("+14155550123"));
    assert_eq!(report["warnings"]["address_trimmed"], 5, "{report}");
    assert!(!sandbox.column("traits").concat().contains('\u{200b}'));
}

/// One address in two spellings.
const SAME: [[&str; 2]; 9] = [
    ["ada@example.com", "ADA@Example.COM"],
    ["jörg@example.com", "JÖRG@example.com"],
    ["jo\u{308}rg2@example.com", "jörg2@example.com"],
    ["σίσυφος@example.com", "ΣΊΣΥΦΟΣ@example.com"],
    ["straße@example.com", "STRASSE@example.com"],
    ["a@bücher.example", "a@xn--bcher-kva.example"],
    ["b@BÜCHER.example", "b@XN--Bcher-kva.example"],
    ["c@例え.jp", "c@例え。jp"],
    ["ünal@bu\u{308}cher.example", "ÜNAL@xn--bcher-kva.example"],
];

/// Two addresses that look alike.
const OTHERS: [[&str; 2]; 4] = [
    ["kilic@example.org", "kılıc@example.org"],
    ["jorg@example.org", "jörg@example.org"],
    ["x@faß.example", "x@fass.example"],
    ["аda@example.org", "ada@example.org"],
];

fn pairs(pairs: &[[&str; 2]]) -> String {
    export(pairs.concat().iter().enumerate().map(|(index, address)| with_addresses(index, &[address])))
}

#[test]
fn different_spellings_of_one_address_are_one_address() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", pairs(&SAME));
    let found = dry_run(&scratch, &file).expect_code(3).report();
    assert_eq!(found["rejected_by_code"]["duplicate_email"]["count"], SAME.len(), "{found}");
    assert_eq!(found["counts"]["valid"], SAME.len(), "{found}");
    // If the first pass did not look, the target finds it.
    let mut command = scratch.import_command(&sandbox, "-", &["--batch-size", "1", "--concurrency", "1"]);
    command.stdin(std::fs::File::open(scratch.path(&file)).expect("the file"));
    let piped = Run::of(command.output().expect("the binary runs")).expect_code(3).report();
    assert_eq!(piped["rejected_by_code"]["email_taken"]["count"], SAME.len(), "{piped}");
    // The address is sent as it is in the export.
    let mut sent: Vec<String> = SAME.iter().map(|[first, _]| (*first).to_owned()).collect();
    sent.sort();
    assert_eq!(sandbox.column("email"), sent);

    let others = scratch.write("others.json", pairs(&OTHERS));
    let found = dry_run(&scratch, &others).expect_code(0).report();
    assert_eq!(found["counts"]["valid"], 2 * OTHERS.len(), "{found}");
}

#[test]
fn verify_accepts_another_spelling_of_an_address() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let users = SAME.iter().enumerate().map(|(index, [first, _])| with_addresses(index, &[first]));
    let file = scratch.write("users.json", export(users));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    // A target may store addresses in its own form.
    let connection = rusqlite::Connection::open(&sandbox.database).expect("the database");
    for [first, other] in SAME {
        connection.execute("UPDATE identities SET email = ?2 WHERE email = ?1", [first, other]).expect("a row");
    }
    let verified = scratch.verify(&sandbox, &file, &[]).expect_code(0).report();
    assert_eq!(verified["equal"], SAME.len(), "{verified}");
}

/// A target may store addresses in its own form, in the column, in the traits or in both.
#[test]
fn another_spelling_of_an_address_is_no_difference_in_any_field() {
    for places in [&["traits"][..], &["email"], &["email", "traits"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        let users = SAME.iter().enumerate().map(|(index, [first, _])| with_addresses(index, &[first, "b@example.org"]));
        let mapping = "[traits]\nmail = \"primary_email_address\"\nall = \"email_addresses\"\n";
        let (file, mapping) = (scratch.write("users.json", export(users)), scratch.write("mapping.toml", mapping));
        scratch.import(&sandbox, &file, &["--mapping", &mapping]).expect_code(0);
        let connection = rusqlite::Connection::open(&sandbox.database).expect("the database");
        for [first, other] in SAME {
            for place in places {
                let change = format!(
                    "UPDATE identities SET {place} = replace({place}, ?1, ?2) WHERE email_key = (SELECT email_key FROM identities WHERE email IN (?1, ?2))"
                );
                assert_eq!(connection.execute(&change, [first, other]).expect("a change"), 1, "{first} {place}");
            }
        }
        let verified = scratch.verify(&sandbox, &file, &["--mapping", &mapping]).report();
        assert_eq!(verified["equal"], SAME.len(), "{places:?}: {verified}");
        for rule in ["skip", "update"] {
            let flags = ["--recheck", "--new-run", "--mapping", &mapping, "--on-existing", rule];
            let run = scratch.import(&sandbox, &file, &flags).expect_code(0);
            assert_eq!(run.count("unchanged"), SAME.len() as u64, "{places:?}: {}", run.stdout);
            assert_eq!(run.report()["warnings"].get("differs_at_target"), None, "{places:?}: {}", run.stdout);
        }
        // Letters that only look alike are different letters.
        let change = "UPDATE identities SET traits = replace(traits, 'ada@example.com', 'аda@example.com'), email = 'ada@example.com' WHERE lower(email) = 'ada@example.com'";
        let change = if places.contains(&"traits") {
            change.replace("'ada@example.com', 'а", "'ADA@Example.COM', 'а")
        } else {
            change.to_owned()
        };
        assert_eq!(connection.execute(&change, []).expect("a change"), 1);
        let verified = scratch.verify(&sandbox, &file, &["--mapping", &mapping]).report();
        assert_eq!(verified["different_fields"], json!({"traits": 1}), "{places:?}: {verified}");
    }
}

/// The spelling may differ in the column or in the trait, and the update may concern another field.
#[test]
fn an_update_leaves_one_spelling_of_an_address_in_column_and_trait() {
    let users = |spelling: usize, name: &str| {
        export(SAME.iter().enumerate().map(|(number, addresses)| {
            let plain = with_addresses(number, &[addresses[spelling]]);
            format!("{},\"first_name\":\"{name}\",\"username\":\"ada-{number}\"}}", plain.trim_end_matches('}'))
        }))
    };
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let import = |users: String, more: &[&str]| {
            let file = scratch.write("users.json", users);
            let flags = ["--rate", "1000/s", "--new-run", "--on-existing", "update"];
            scratch.import(&sandbox, &file, &[&flags[..], more].concat()).expect_code(0)
        };
        let all = SAME.len() as u64;
        assert_eq!(import(users(0, "Ada"), &[]).count("created"), all);
        let assert_one_spelling = || {
            for (column, place) in [("email", "email"), ("email", "email_addresses[0].value"), ("username", "username")]
            {
                let pairs = sandbox.column(&format!("{column} || ' ' || json_extract(traits, '$.{place}')"));
                for pair in pairs {
                    let (column, member) = pair.split_once(' ').expect("two texts");
                    assert_eq!(column, member, "{flags:?} {place}");
                }
            }
        };
        // Another spelling of the same address is not a change by itself; another name is.
        assert_eq!(import(users(1, "Ada"), &[]).count("unchanged"), all);
        assert_eq!(import(users(1, "Augusta"), &[]).count("updated"), all);
        assert_one_spelling();
        // If somebody changed it at the target, the update sets the column and the trait back.
        let connection = rusqlite::Connection::open(&sandbox.database).expect("the database");
        connection
            .execute("UPDATE identities SET email = number || '@else.example', username = upper(username)", [])
            .expect("changes");
        assert_eq!(import(users(0, "Augusta"), &["--recheck"]).count("updated"), all);
        assert_one_spelling();
    }
}

#[test]
fn a_database_of_an_earlier_version_gets_the_same_rule() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("one.json", export([with_addresses(1, &["jörg@example.com"])]));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let connection = rusqlite::Connection::open(&sandbox.database).expect("the database");
    connection.execute_batch("DROP INDEX IF EXISTS identities_by_email_key").expect("an index less");
    let _absent_before = connection.execute_batch("ALTER TABLE identities DROP COLUMN email_key");
    drop(connection);
    let sandbox = sandbox.replace(&scratch, &[]);
    let file = scratch.write("two.json", export([with_addresses(2, &["JÖRG@example.com"])]));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3).report();
    assert_eq!(rejected(&run, "email_taken"), [1], "{run}");
    assert_eq!(sandbox.sign_in("JÖRG@example.com", "wrong").0, 401);
}

#[test]
fn addresses_of_cases_in_the_field() {
    let scratch = Scratch::new();
    let case = |name: &str, text: &str| {
        let file = scratch.write(name, text);
        let run =
            scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--output", "json", "--preview", "9"]);
        let report = run.report();
        let emails = report["preview"].as_array().cloned().unwrap_or_default();
        (
            report,
            emails
                .iter()
                .map(|user| user["traits"]["email"].as_str().unwrap_or_default().to_owned())
                .collect::<Vec<_>>(),
        )
    };
    let (report, sent) = case("input.json", include_str!("../cases/invisible-in-address/input.json"));
    assert_eq!(sent, ["anna@example.com", "anna2@example.com", "anna4@example.com", "anna5@example.com"]);
    assert_eq!(rejected(&report, "invalid_email"), [2, 4]);
    let (report, _) = case("plain.json", include_str!("../cases/invisible-in-address/plain.json"));
    assert_eq!((rejected(&report, "duplicate_email"), &report["counts"]["valid"]), (vec![2], &2.into()), "{report}");
    for text in [
        include_str!("../cases/verified-address-of-two/input.json"),
        include_str!("../cases/verified-address-of-two/primary.json"),
    ] {
        let (report, sent) = case("shared.json", text);
        assert_eq!((sent.len(), &report["warnings"]["address_shared"]), (2, &2.into()), "{report}");
        let places = report["shared_addresses"].as_array().expect("places");
        let numbers = |place: &Value| [place["record"].as_u64(), place["same_as"]["record"].as_u64()];
        assert_eq!(places.iter().map(numbers).collect::<Vec<_>>(), [[Some(1), Some(2)], [Some(2), Some(1)]]);
    }
}

/// Users 1 and 2 share a further address; 3 has the primary address of 4; 5 has an address of a rejected user; 8 has an
/// address that 7 has not verified.
fn shared() -> String {
    export([
        with_addresses(1, &["u1@example.com", "shared@example.com"]),
        with_addresses(2, &["u2@example.com", "Shared@Example.com"]),
        with_addresses(3, &["u3@example.com", "U4@example.com"]),
        with_addresses(4, &["u4@example.com"]),
        with_addresses(5, &["u5@example.com", "only@example.com"]),
        with_addresses(6, &["u1@example.com", "only@example.com"]),
        with_addresses(7, &["u7@example.com", "unverified@example.com"]).replace(
            r#""email_address":"unverified@example.com","id":"idn_1","verified":true"#,
            r#""email_address":"unverified@example.com","id":"idn_1","verified":false"#,
        ),
        with_addresses(8, &["u8@example.com", "unverified@example.com"]),
    ])
}

#[track_caller]
fn assert_shared(report: &Value, settled: &str) {
    assert_eq!(report["counts"][settled], 7, "{report}");
    assert_eq!(rejected(report, "duplicate_email"), [6], "{report}");
    assert_eq!(report["warnings"]["address_shared"], 4, "{report}");
    let reported = report["shared_addresses"].as_array().expect("places");
    let places: Vec<_> =
        reported.iter().map(|place| (place["record"].as_u64(), place["same_as"]["record"].as_u64())).collect();
    assert_eq!(places, [(Some(1), Some(2)), (Some(2), Some(1)), (Some(3), Some(4)), (Some(4), Some(3))], "{report}");
    assert_eq!((&reported[0]["line"], &reported[0]["same_as"]["line"]), (&2.into(), &3.into()), "{report}");
}

#[test]
fn a_verified_address_of_two_users_is_reported_with_both_places() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", shared());
    assert_shared(&dry_run(&scratch, &file).expect_code(3).report(), "valid");
    let text = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0"]).expect_code(3);
    assert!(
        text.stderr.contains("users.json: record 1, line 2, byte 10 (same as record 2, line 3)"),
        "{}",
        text.stderr
    );
    let run = scratch.import(&sandbox, &file, &[]).expect_code(3).report();
    assert_shared(&run, "created");
    // The account of a finished run is made again from what the run left on disk.
    scratch.forget_end(".avnology/runs", run["run"].as_str().expect("an id"));
    assert_shared(&scratch.import(&sandbox, &file, &[]).expect_code(3).report(), "created");
    // Each shard reports its own, and the merge reports all.
    for shard in ["1/2", "2/2"] {
        scratch.import(&sandbox, &file, &["--shard", shard, "--runs-dir", "shards"]);
    }
    let merged = scratch.run(&["migrate", "clerk", "runs", "merge", "--runs-dir", "shards", "--output", "json"]);
    assert_shared(&merged.expect_code(3).report(), "unchanged");
}
