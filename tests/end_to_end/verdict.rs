//! A dry run ends with a verdict: what would happen, how long it takes, and which fields the users have. What it says of an
//! import is held against that import.

use serde_json::{Value, json};

use crate::export::write_export;
use crate::support::{Run, Sandbox, Scratch, export, user};
use crate::user::Generator;

/// Writes a generated export without bad records.
fn generated(scratch: &Scratch, users: u64) -> String {
    let (generator, mut text) = (Generator { seed: 7, bad_share: 0.0, digests: true }, Vec::new());
    write_export(&generator, users, &mut text).expect("memory takes everything");
    scratch.write("users.json", String::from_utf8(text).expect("UTF-8"))
}

fn dry_run(scratch: &Scratch, file: &str, more: &[&str]) -> Run {
    scratch.run(&[&["migrate", "clerk", "--import", file, "--dry-run", "--preview", "0"], more].concat())
}

fn report(scratch: &Scratch, file: &str, more: &[&str]) -> Value {
    let run = dry_run(scratch, file, &[&["--output", "json"], more].concat());
    serde_json::from_str(&run.stdout).expect("a report")
}

/// Rows that a text takes on a terminal of 80 columns.
fn rows(text: &str) -> usize {
    text.lines().map(|line| line.chars().count().div_ceil(80).max(1)).sum()
}

#[test]
fn the_verdict_of_a_clean_export_is_one_screen_in_the_order_of_the_questions() {
    let scratch = Scratch::new();
    let file = generated(&scratch, 2_000);
    // On a slow machine there would be lines of progress, too.
    let verdict = dry_run(&scratch, &file, &["--progress", "none"]).expect_code(0).stderr;
    assert!(rows(&verdict) <= 23, "and a line for the prompt: {}\n{verdict}", rows(&verdict));
    let answers = [
        " valid ",
        " rejected",
        "An import sends about ",
        "What cannot move",
        "0 users have to set a new password.",
        "Fields (how many of 2,000 users have each):",
        "by provider: ",
    ];
    let places: Vec<_> =
        answers.iter().map(|answer| verdict.find(answer).unwrap_or_else(|| panic!("{verdict}"))).collect();
    assert!(places.is_sorted(), "{places:?}\n{verdict}");
}

#[test]
fn an_import_takes_the_requests_and_bytes_that_were_forecast() {
    let scratch = Scratch::new();
    let file = generated(&scratch, 3_000);
    for (bounds, exact) in [(&["--batch-size", "70"][..], true), (&["--batch-bytes", "100000"], false)] {
        let said = report(&scratch, &file, bounds)["forecast"]["requests"].as_u64().expect("requests");
        let target = Scratch::new();
        let sandbox = Sandbox::start(&target, &[]);
        let import = scratch.import(&sandbox, &file, bounds).expect_code(0).report();
        let sent = import["requests"]["sent"].as_u64().expect("requests");
        // Batches by bytes are of users of many sizes.
        let most = if exact { 0 } else { sent / 10 };
        assert!(said.abs_diff(sent) <= most, "{bounds:?}: {said} were forecast, {sent} sent");
    }
    let text = std::fs::read(scratch.path(&file)).expect("the export");
    let document: Value = serde_json::from_slice(&text).expect("JSON");
    let mut bytes = 0;
    for record in document["data"].as_array().or(document.as_array()).expect("users") {
        let (record, rules) = (record.to_string(), avnology_migrate::mapping::Rules::default());
        let user = avnology_migrate::mapping::parse(record.as_bytes()).expect("a user");
        let mut encoded = Vec::new();
        avnology_migrate::avnology::encode(
            &avnology_migrate::mapping::map(&user, &rules).expect("an identity").identity,
            &mut encoded,
        );
        // The mark that an import puts on what it creates.
        bytes += encoded.len() as u64 + 128;
    }
    let said = report(&scratch, &file, &[])["forecast"]["bytes"].as_u64().expect("bytes");
    assert!(said.abs_diff(bytes) < bytes / 20, "{said} were forecast, {bytes} would be sent");
}

#[test]
fn the_time_goes_by_the_rate_that_was_asked_for_or_found() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..300).map(user)));
    let times = |more: &[&str]| {
        let forecast = report(&scratch, &file, &[&["--batch-size", "1"], more].concat())["forecast"].take();
        ["least_seconds", "most_seconds"].map(|name| forecast[name].clone())
    };
    assert_eq!(times(&["--rate", "5/s"]), [json!(60.0), json!(60.0)]);
    assert_eq!(times(&["--rate", "30/m"]), [json!(600.0), json!(600.0)]);
    assert_eq!(times(&[]), [json!(3.0), json!(30.0)]);
    assert_eq!(times(&["--rate-max", "20/s"]), [json!(15.0), json!(30.0)]);
    assert_eq!(times(&["--rate-max", "2/s"]), [json!(150.0), json!(150.0)]);
    let said = |more: &[&str]| dry_run(&scratch, &file, &[&["--batch-size", "1"], more].concat()).expect_code(0).stderr;
    assert!(said(&[]).contains(" in 300 requests: 3.0 s at 100/s, 30 s at 10/s.\n"), "{}", said(&[]));
    assert!(
        said(&["--rate", "90/m"]).contains(" in 300 requests: 3 min 20 s at 1.5/s.\n"),
        "{}",
        said(&["--rate", "90/m"])
    );
}

#[test]
fn fields_are_counted_of_users_who_map() {
    let scratch = Scratch::new();
    let with = |number: usize, more: &str| user(number).replacen('{', &format!("{{{more},"), 1);
    let social = r#""external_accounts":[{"provider":"oauth_google","provider_user_id":"1","verification":{"status":"verified"}}]"#;
    let users = [
        with(1, r#""username":"ada_l","private_metadata":{}"#),
        with(2, social),
        with(3, r#""username":"no","private_metadata":{"a":1}"#),
        user(4),
        user(4),
        r#"{"id":"user_5"}"#.to_owned(),
    ];
    let file = scratch.write("users.json", export(users));
    let all = report(&scratch, &file, &[]);
    assert_eq!((&all["counts"]["valid"], &all["counts"]["rejected"]), (&3.into(), &3.into()), "{all}");
    let expected = json!({
        "users": 4, "email": 4, "phone": 0, "username": 1, "password": 0, "public_metadata": 4, "private_metadata": 0,
        "unsafe_metadata": 0, "social_sign_in": 1, "providers": {"google": 1}, "other_providers": 0,
    });
    assert_eq!(all["coverage"], expected);
    let said = dry_run(&scratch, &file, &[]).expect_code(3).stderr;
    assert!(said.contains("Fields (how many of 4 users have each, 1 duplicate among them):\n"), "{said}");
    // What a mapping file leaves out does not move.
    scratch.write("mapping.toml", "[metadata]\npublic = false\n");
    assert_eq!(report(&scratch, &file, &["--mapping", "mapping.toml"])["coverage"]["public_metadata"], 0);
}

#[test]
fn a_shard_forecasts_its_part_of_the_users_at_its_part_of_the_rate() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..1_500).map(user)));
    let of_shard = |shard| {
        let report = report(&scratch, &file, &["--batch-size", "10", "--rate", "5/s", "--shard", shard]);
        let (users, forecast) = (report["coverage"]["users"].as_u64(), &report["forecast"]);
        (users, forecast["requests"].as_u64(), forecast["most_seconds"].as_f64())
    };
    assert_eq!(of_shard("1/2"), (Some(1_000), Some(100), Some(40.0)));
    assert_eq!(of_shard("2/2"), (Some(500), Some(50), Some(20.0)));
}

#[test]
fn nothing_is_forecast_of_a_run_that_was_stopped_or_that_sends_nothing() {
    let scratch = Scratch::new();
    let bad = scratch.write("bad.json", export((0..3).map(|number| format!(r#"{{"id":"user_{number}"}}"#))));
    let text = export((0..300).map(user));
    let cut = scratch.write("cut.json", &text[..text.len() / 2]);
    for file in [&bad, &cut] {
        let report = report(&scratch, file, &[]);
        assert_eq!(report["forecast"], Value::Null, "{report}");
        assert!(!dry_run(&scratch, file, &[]).stderr.contains("An import sends"), "{file}");
    }
    assert_eq!(report(&scratch, &bad, &[])["coverage"]["users"], 0);
}
