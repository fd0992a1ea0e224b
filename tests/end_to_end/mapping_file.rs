//! The mapping file and the traits schema: what they change, what can be wrong with them, and runs that belong to them.

use crate::support;

use std::io::Cursor;
use std::sync::Arc;

use avnology_migrate::avnology::encode;
use avnology_migrate::mapping::{DEFAULT_MAPPING, Notice, Rules, TraitsSchema, map, parse, parse_mapping};
use avnology_migrate::source::{ReaderLimits, RecordReader};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Sandbox, Scratch, export, lines, user};

use crate::{export, user};

/// What a record becomes by these rules, or the code of its rejection.
fn outcome(record: &Value, rules: &Rules) -> Result<(Value, Vec<&'static str>), String> {
    let record = record.to_string();
    let user = parse(record.as_bytes()).expect("a user");
    let mapped = map(&user, rules).map_err(|rejection| rejection.code.as_str().to_owned())?;
    let identity = serde_json::to_value(&mapped.identity).expect("JSON");
    Ok((identity, mapped.notices.iter().map(Notice::as_str).collect()))
}

fn rules(mapping: &str) -> Rules {
    parse_mapping(mapping).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn ada() -> Value {
    json!({
        "id": "user_1", "username": "Ada.L", "first_name": "Ada", "last_name": null,
        "email_addresses": [
            {"id": "idn_1", "email_address": "Ada@Example.com", "verified": false},
            {"id": "idn_2", "email_address": "ADA@work.example", "verified": true},
        ],
        "primary_email_address_id": "idn_1",
        "public_metadata": {"billing": {"plan": "pro", "seats": 7}, "empty": ""},
        "private_metadata": {"crm": {"id": "c-1"}},
        "unsafe_metadata": {"theme": "dark"},
    })
}

/// Half of a surrogate pair is not text, but it is JSON.
#[test]
fn an_odd_name_in_metadata_does_not_hide_the_others() {
    let rules = rules(
        "[traits]\nplan = { from = \"public_metadata.billing.plan\", default = \"free\" }\n\
         seats = { from = \"public_metadata.billing.seats\", default = 0 }\n",
    );
    let billing = r#"{"\udc00":1,"plan":"pro","\ud800":{},"\u0073eats":7,"\ud800\u0061":1}"#;
    for metadata in [format!(r#"{{"billing":{billing},"\ud83d":1}}"#), format!(r#"{{"\ud83d":1,"billing":{billing}}}"#)]
    {
        let mut user = ada();
        (user["public_metadata"], user["username"]) = (Value::Null, Value::Null);
        let record = user.to_string().replace(r#""public_metadata":null"#, &format!(r#""public_metadata":{metadata}"#));
        let user = parse(record.as_bytes()).expect("a user");
        let mapped = map(&user, &rules).expect("an identity");
        let others: Vec<(&str, String)> = mapped
            .identity
            .traits
            .others
            .iter()
            .map(|other| (other.name, serde_json::to_string(&other.value).expect("JSON")))
            .collect();
        assert_eq!(others, [("plan", "\"pro\"".to_owned()), ("seats", "7".to_owned())]);
    }
}

#[test]
fn the_default_mapping_means_the_defaults() {
    assert_eq!(rules(DEFAULT_MAPPING), Rules::default());
    assert_eq!(rules(""), Rules::default());
    let scratch = Scratch::new();
    let run = scratch.run(&["migrate", "clerk", "--print-default-mapping"]).expect_code(0);
    assert_eq!(run.stdout, DEFAULT_MAPPING);
    // What the comments show can be used.
    let shown =
        DEFAULT_MAPPING.lines().filter_map(|line| line.strip_prefix("#   ")).filter(|line| line.contains(" = "));
    let mut examples = 0;
    for example in shown {
        // An explanation follows the example.
        let (name, origin) = example.split_once(" = ").expect("an example");
        let origin = origin.split("    ").next().unwrap_or_default();
        rules(&format!("[traits]\n{name} = {origin}"));
        examples += 1;
    }
    assert_eq!(examples, 6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn generated_users_come_out_the_same_by_the_printed_defaults(seed in any::<u64>()) {
        let generator = user::Generator { seed, bad_share: 0.3, digests: true };
        let mut text = Vec::new();
        export::write_export(&generator, 50, &mut text).expect("memory takes everything");
        let (printed, built_in) = (rules(DEFAULT_MAPPING), Rules::default());
        let mut reader =
            RecordReader::new(Box::new(Cursor::new(text)), Arc::from("-"), ReaderLimits::default()).expect("an export");
        while let Some(chunk) = reader.next_chunk().expect("a chunk") {
            for span in &chunk.spans {
                let Ok(user) = parse(chunk.record(span)) else { continue };
                let encoded = |rules: &Rules| map(&user, rules).map(|mapped| {
                    let mut body = Vec::new();
                    encode(&mapped.identity, &mut body);
                    (body, mapped.notices)
                });
                prop_assert_eq!(encoded(&printed), encoded(&built_in));
            }
        }
    }
}

/// Something to write into a mapping file, in the right place or in a wrong one.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "\"",
        "'''",
        "{",
        "}",
        "[",
        "]",
        "=",
        ".",
        ",",
        "\n",
        "\r\n",
        "é",
        "\u{0}",
        "false",
        "1e999",
        "-0x7",
        "[traits]",
        "username",
        "private",
        "constant = ",
        "template = \"{",
        "from = \"public_metadata.a.b\"",
        "\\uD800",
        "# ",
    ])
}

proptest! {
    #[test]
    fn a_mangled_mapping_file_compiles_or_its_faults_are_inside_it(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..40, piece()), 1..6),
    ) {
        let mut text: Vec<char> = DEFAULT_MAPPING.chars().collect();
        for (place, length, piece) in edits {
            let start = place.index(text.len());
            let end = text.len().min(start + length);
            text.splice(start..end, piece.chars());
        }
        let text: String = text.into_iter().collect();
        let mut before = (0, 0);
        for fault in parse_mapping(&text).err().into_iter().flatten() {
            let line = text.split('\n').nth(fault.line - 1).expect("a line of the file");
            prop_assert!(fault.column <= line.chars().count() + 1, "{}", fault);
            prop_assert!(before <= (fault.line, fault.column), "{}", fault);
            before = (fault.line, fault.column);
        }
    }
}

#[test]
fn traits_are_renamed_dropped_added_and_made_up() {
    let mapping = r#"
        [traits]
        given_name = "first_name"
        first_name = false
        username = { template = "{first_name}-{public_metadata.billing.plan}" }
        last_name = { from = "last_name", default = "-" }
        email_addresses = false
        phone_numbers = "phone_numbers"
        emails = "email_addresses"
        plan = "public_metadata.billing.plan"
        seats = "public_metadata.billing.seats"
        none = "public_metadata.billing.none.at.all"
        empty = { from = "public_metadata.empty", default = true }
        crm = "private_metadata.crm"
        greeting = { template = "{{Hello}} {first_name} {last_name}!" }
        source = { constant = "clerk" }
        level = { constant = 3 }
    "#;
    let (identity, _) = outcome(&ada(), &rules(mapping)).expect("an identity");
    let traits = &identity["traits"];
    for (name, expected) in [
        ("given_name", json!("Ada")),
        ("first_name", Value::Null),
        ("username", json!("Ada-pro")),
        ("last_name", json!("-")),
        ("email_addresses", Value::Null),
        ("phone_numbers", json!([])),
        ("plan", json!("pro")),
        ("seats", json!(7)),
        ("none", Value::Null),
        ("empty", json!(true)),
        ("crm", json!({"id": "c-1"})),
        ("greeting", json!("{Hello} Ada!")),
        ("source", json!("clerk")),
        ("level", json!(3)),
    ] {
        assert_eq!(traits.get(name).cloned().unwrap_or_default(), expected, "{name}");
    }
    assert_eq!(traits["emails"][1]["verified"], true);
}

#[test]
fn metadata_goes_where_it_is_sent() {
    let mapping = "[metadata]\npublic = \"admin_metadata.shown\"\nprivate = false\nunsafe = \"traits.settings\"";
    let mapping = format!("{mapping}\n[username]\nallow = \".\"");
    let (identity, _) = outcome(&ada(), &rules(&mapping)).expect("an identity");
    assert_eq!(identity["admin_metadata"]["shown"]["billing"]["plan"], "pro");
    assert_eq!(identity["traits"]["settings"], json!({"theme": "dark"}));
    for gone in ["/traits/public_metadata", "/traits/unsafe_metadata", "/admin_metadata/private_metadata"] {
        assert_eq!(identity.pointer(gone), None, "{gone}");
    }
}

#[test]
fn emails_and_usernames_follow_their_rules() {
    // `Ada.L` has a dot in it.
    assert_eq!(outcome(&ada(), &Rules::default()), Err("invalid_username".to_owned()));
    let dropped = "[username]\ninvalid = \"drop\"\n";
    let (identity, notices) = outcome(&ada(), &rules(dropped)).expect("an identity");
    assert_eq!((&identity["traits"]["username"], notices), (&Value::Null, vec!["username_invalid_dropped"]));
    let allowed = "[username]\nallow = \".\"\nlowercase = true\n";
    let (identity, _) = outcome(&ada(), &rules(allowed)).expect("an identity");
    assert_eq!(identity["traits"]["username"], "ada.l");
    let narrow = "[username]\nallow = \".\"\nmax_length = 4\n";
    assert_eq!(outcome(&ada(), &rules(narrow)), Err("invalid_username".to_owned()));

    let of =
        |rule: &str| outcome(&ada(), &rules(&format!("{dropped}[email]\nlowercase = true\nunverified = \"{rule}\"")));
    let (kept, _) = of("keep").expect("an identity");
    assert_eq!(kept["traits"]["email"], "ada@example.com");
    let (without, notices) = of("drop").expect("an identity");
    assert_eq!(without["traits"]["email"], "ada@work.example");
    let expected = json!([{"value": "ada@work.example", "verified": true, "primary": true}]);
    assert_eq!(without["traits"]["email_addresses"], expected);
    assert!(notices.contains(&"email_unverified_dropped"), "{notices:?}");
    assert_eq!(of("reject"), Err("email_unverified".to_owned()));

    // The same address again, this time verified.
    let mut twice = ada();
    let address = json!({"id": "idn_3", "email_address": "ADA@example.com", "verified": true});
    twice["email_addresses"].as_array_mut().expect("addresses").push(address);
    for rule in ["drop", "reject"] {
        let mapping = format!("{dropped}[email]\nlowercase = true\nunverified = \"{rule}\"");
        let (identity, _) = outcome(&twice, &rules(&mapping)).expect("an identity");
        assert_eq!(identity["traits"]["email"], "ada@example.com", "{rule}");
    }

    let mut unverified = ada();
    unverified["email_addresses"][1]["verified"] = json!(false);
    let missing = |missing: &str| {
        let mapping = format!("{dropped}[email]\nunverified = \"drop\"\nmissing = \"{missing}\"");
        outcome(&unverified, &rules(&mapping)).map(|(identity, _)| identity["traits"]["email"].clone())
    };
    assert_eq!(missing("reject"), Err("no_email".to_owned()));
    assert_eq!(missing("placeholder:example.invalid"), Ok(json!("user_1@example.invalid")));
}

#[test]
fn each_fault_of_a_mapping_file_has_its_line_and_column() {
    let mapping = r#"[trait]
[traits]
given_name = "frist_name"
full_name = { template = "{first_name} {lastname}" }
one = { template = "{first_name" }
two = { template = "nothing" }
phone = "public_metadata.phone"
plan = { from = "public_metadat.plan", defualt = 1 }
bag = "public_metadata"
list = { constant = [1] }
both = { from = "id", constant = 1 }
email = false
username = "phone_numbers"
"Secret Name" = "id"
profile = "public_metadata.profile"
[metadata]
public = "traits.profile"
private = "traits.secret"
unsafe = "admin_metadata.clerk"
[email]
unverified = "dorp"
missing = "placeholder:my secret"
lowercase = "yes"
[username]
min_length = 70
max_length = 0
allow = "a b"
[roles]
"admin" = "admin"
"org:member" = "Secret Role"
"#;
    let faults = parse_mapping(mapping).expect_err("faults");
    let reported = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(!reported.contains("ecret "), "no value is repeated: {reported}");
    insta::assert_snapshot!(reported);
    let not_toml = |text: &str| parse_mapping(text).expect_err("a fault")[0].to_string();
    assert_eq!(
        not_toml("[email]\nunverified = keep"),
        "line 2, column 14: this is not TOML: string values must be quoted, expected literal string"
    );
    assert!(not_toml("[email]\nlowercase = true\nlowercase = true\n").contains("line 3, column 1: "));
    assert!(not_toml(&"#".repeat(64 * 1024 + 1)).contains("at most 65536 bytes"));
    assert!(not_toml(&format!("[traits]\nx = {{ constant = \"{}\" }}", "x".repeat(5000))).contains("4096 bytes"));
}

#[test]
fn a_wrong_file_is_wrong_usage_and_nothing_is_read_before() {
    let scratch = Scratch::new();
    let mapping = scratch.write("mapping.toml", "[traits]\nfrist_name = \"frist_name\"\n");
    let run = scratch.run(&["migrate", "clerk", "--import", "none.json", "--dry-run", "--mapping", &mapping]);
    let run = run.expect_code(2);
    assert_eq!(
        run.stderr,
        "error: the mapping file has faults:\n  mapping.toml, line 2, column 14: a Clerk user has no such field; did you mean \
         `first_name`?\n"
    );
    let mapping = scratch.write("mapping.toml", "[emial]\n");
    let run = scratch.run(&["migrate", "clerk", "verify", "--import", "x", "--sandbox", "--mapping", &mapping]);
    assert!(run.expect_code(2).stderr.contains("line 1, column 2: unknown key `emial`; did you mean `email`?"));
    let schema = scratch.write("schema.json", r#"{"properties":{"x":{"type":"txt"}}}"#);
    let run = scratch.run(&["migrate", "clerk", "--import", "none.json", "--dry-run", "--traits-schema", &schema]);
    assert!(
        run.expect_code(2).stderr.contains("the traits schema `schema.json` cannot be used: at `/properties/x/type`")
    );
    let run = scratch.run(&["migrate", "clerk", "--import", "x", "--dry-run", "--mapping", "none.toml"]).expect_code(2);
    assert!(run.stderr.contains("cannot read `none.toml`"), "{}", run.stderr);
}

const MAPPING: &str = r#"
[traits]
given_name = "first_name"
first_name = false
full_name = { template = "{first_name} {last_name}" }
number = "public_metadata.number"
[metadata]
public = false
[email]
lowercase = true
"#;

#[test]
fn an_import_by_a_mapping_file_is_verified_by_it_and_repeated_without_effect() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    // The same address twice, apart from its case: that is found in what the rules make of it.
    let twice = user(3).replace("user_000003", "user_000099").replace("user3@", "USER3@");
    let file = scratch.write("users.json", export((0..20).map(user).chain([twice])));
    let mapping = scratch.write("mapping.toml", MAPPING);
    let by_mapping = ["--mapping", &mapping];
    let run = scratch.import(&sandbox, &file, &by_mapping).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (20, 1));
    let traits: Value = serde_json::from_str(&sandbox.column("traits")[0]).expect("JSON");
    assert_eq!(traits["given_name"], "N0");
    assert_eq!((&traits["full_name"], &traits["number"]), (&json!("N0"), &json!(0)));
    assert!(traits.get("first_name").is_none() && traits.get("public_metadata").is_none(), "{traits}");
    scratch.verify(&sandbox, &file, &by_mapping).expect_code(0);
    let other = scratch.verify(&sandbox, &file, &[]).report();
    assert_eq!(other["different"]["count"], 20);
    let again = scratch.import(&sandbox, &file, &by_mapping).expect_code(3);
    assert_eq!(again.count("unchanged"), 20);
}

#[test]
fn a_run_belongs_to_its_mapping_file() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let bad = r#"{"id":"user_bad"}"#.to_owned();
    let file = scratch.write("users.json", export([bad].into_iter().chain((0..10).map(user))));
    let mapping = scratch.write("mapping.toml", MAPPING);
    let by_mapping = ["--mapping", &mapping];
    let stopped = scratch.import(&sandbox, &file, &["--mapping", &mapping, "--max-errors", "0"]).expect_code(4);
    let run = stopped.report()["run"].as_str().expect("a run").to_owned();
    let kept = format!(".avnology/runs/{run}/mapping.toml");
    assert_eq!(scratch.read(&kept), MAPPING);
    #[cfg(unix)]
    {
        let mode = std::fs::metadata(scratch.path(&kept)).expect("the copy").permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
    }
    let record: Value = serde_json::from_str(&scratch.read(&format!(".avnology/runs/{run}/run.json"))).expect("JSON");
    assert_eq!(record["mapping"]["sha256"].as_str().map(str::len), Some(64));

    // Another mapping file, or none, is refused; and so is one that differs only in what becomes of a missing email.
    scratch.write("mapping.toml", format!("{MAPPING}missing = \"placeholder:example.invalid\"\n"));
    for other in [&by_mapping[..], &[]] {
        let refused = scratch.import(&sandbox, &file, other).expect_code(2);
        for part in [&run, "resume", "--new-run"] {
            assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
        }
    }
    // `resume` uses the copy.
    let mut command = scratch.avnology(&["migrate", "clerk", "resume", &run, "--max-errors", "9", "--output", "json"]);
    command.env("AVNOLOGY_SECRET_KEY", &sandbox.key);
    let resumed = support::Run::of(command.output().expect("the binary runs")).expect_code(3);
    assert_eq!((resumed.count("created"), resumed.count("rejected")), (10, 1));
    assert!(sandbox.column("traits").iter().all(|traits| traits.contains("given_name")));
    // A finished run refuses nothing; the next run has the new rules.
    assert_eq!(scratch.import(&sandbox, &file, &by_mapping).expect_code(0).count("created"), 1);
}

#[test]
fn a_damaged_copy_is_noticed() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export([r#"{"id":"user_bad"}"#.to_owned(), user(1)]));
    let mapping = scratch.write("mapping.toml", MAPPING);
    let stopped = scratch.import(&sandbox, &file, &["--mapping", &mapping, "--max-errors", "0"]).expect_code(4);
    let run = stopped.report()["run"].as_str().expect("a run").to_owned();
    scratch.write(&format!(".avnology/runs/{run}/mapping.toml"), "");
    let mut command = scratch.avnology(&["migrate", "clerk", "resume", &run]);
    command.env("AVNOLOGY_SECRET_KEY", &sandbox.key);
    let resumed = support::Run::of(command.output().expect("the binary runs")).expect_code(2);
    assert!(resumed.stderr.contains("is not the file that the run began with"), "{}", resumed.stderr);
}

const SCHEMA: &str = r##"{
    "type": "object",
    "required": ["email", "last_name"],
    "properties": {
        "email": {"type": "string", "format": "email"},
        "last_name": {"$ref": "#/$defs/name"},
        "public_metadata": {
            "type": "object",
            "properties": {"number": {"type": "integer", "maximum": 5}},
            "additionalProperties": {"type": "boolean"}
        }
    },
    "$defs": {"name": {"type": "string", "pattern": "^[A-Z]"}}
}"##;

#[test]
fn violations_of_the_schema_are_rejects_without_values() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let with = |number: usize, last_name: &str, more: &str| {
        let metadata = format!("\"last_name\":{last_name},\"public_metadata\":{{\"number\":{number}{more}}}");
        user(number).replace(&format!("\"public_metadata\":{{\"number\":{number}}}"), &metadata)
    };
    let records = [
        with(1, "\"Lovelace\"", ""),
        with(2, "null", ""),
        with(3, "\"private\"", ""),
        with(4, "\"Lovelace\"", ",\"private@example.com\":7"),
        with(6, "\"Lovelace\"", ""),
    ];
    let file = scratch.write("users.json", export(records));
    let schema = scratch.write("schema.json", SCHEMA);
    let by_schema = ["--traits-schema", &schema];
    let rehearsed = scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--traits-schema", &schema]);
    assert!(rehearsed.expect_code(3).stderr.contains("4 traits_schema"));
    let run = scratch.import(&sandbox, &file, &by_schema).expect_code(3);
    assert_eq!((run.count("created"), run.count("rejected")), (1, 4));
    let rejects = lines(&scratch.path(run.report()["rejects_file"].as_str().expect("a rejects file")));
    let reported: Vec<String> =
        rejects.iter().map(|reject| format!("{} {} {}", reject["code"], reject["field"], reject["message"])).collect();
    assert!(!reported.concat().contains("private"), "{reported:?}");
    insta::assert_snapshot!(reported.join("\n"));
    scratch.verify(&sandbox, &file, &by_schema).expect_code(0);
}

#[test]
fn numbers_that_cannot_be_checked_are_reported_as_such() {
    let record = user(5).replace("\"number\":5", "\"number\":1e400").replace("\"N5\"", "\"N5\",\"last_name\":\"L\"");
    let rules = Rules { traits_schema: Some(TraitsSchema::parse(SCHEMA).expect("a schema")), ..Rules::default() };
    let parsed = parse(record.as_bytes()).expect("a user");
    let rejection = map(&parsed, &rules).err().expect("a rejection");
    assert_eq!((rejection.code.as_str(), rejection.field.as_deref()), ("traits_schema", Some("traits")));
    assert!(rejection.message.contains("a number too large"), "{}", rejection.message);
}

#[test]
fn a_user_cannot_be_blown_up_by_a_mapping_file() {
    let copies: Vec<String> = (0..60).map(|number| format!("t{number} = \"public_metadata.large\"")).collect();
    let mapping = format!("[traits]\n{}", copies.join("\n"));
    let mut large = ada();
    large["username"] = Value::Null;
    large["public_metadata"]["large"] = json!("x".repeat(2_000));
    assert_eq!(outcome(&large, &rules(&mapping)), Err("field_too_long".to_owned()));
    large["public_metadata"]["large"] = json!("x".repeat(1_000));
    assert!(outcome(&large, &rules(&mapping)).is_ok());
}
