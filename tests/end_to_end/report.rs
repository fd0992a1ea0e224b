//! The report to show: the JSON keeps to its published schema, the page has the same facts and nothing that a browser would
//! run, and names people only if it is asked to.

use crate::support;

use std::process::Command;

use serde_json::{Value, json};

use crate::organizations::{Tenant, verify};
use support::{Run, Sandbox, Scratch, export, user};

/// Closes every object of the schema that names its members, so that a member nobody described is a fault here. For others
/// the schema stays open: members may be added.
fn closed(schema: &mut Value) {
    if let Some(members) = schema.as_object_mut() {
        if members.get("type") == Some(&json!("object")) && members.contains_key("properties") {
            members.entry("additionalProperties").or_insert(json!(false));
        }
        members.values_mut().for_each(closed);
    } else if let Some(parts) = schema.as_array_mut() {
        parts.iter_mut().for_each(closed);
    }
}

fn schema(scratch: &Scratch) -> jsonschema::Validator {
    let mut schema: Value =
        serde_json::from_str(&scratch.run(&["migrate", "clerk", "runs", "schema"]).expect_code(0).stdout)
            .expect("a schema");
    closed(&mut schema);
    jsonschema::validator_for(&schema).expect("a schema")
}

#[track_caller]
fn keeps_to(schema: &jsonschema::Validator, report: &Value) {
    let faults: Vec<String> =
        schema.iter_errors(report).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}\n{report:#}");
}

fn id(run: &Run) -> String {
    run.report()["run"].as_str().expect("a run").to_owned()
}

fn of_run(scratch: &Scratch, run: &Run, name: &str) -> String {
    scratch.read(&format!(".avnology/runs/{}/{name}", id(run)))
}

/// Whose name and file are markup, and who cannot move.
const HOSTILE: &str = r#"{"id":"user_<b>","first_name":"<script>alert(1)</script>","last_name":"O'Neil & Söhne","email_addresses":[{"id":"e","email_address":"\"><img src=x>"}],"primary_email_address_id":"e"}"#;

#[test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
fn the_report_keeps_to_its_schema_and_the_page_has_the_same_facts() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let schema = schema(&scratch);
    let people =
        (0..60).map(|number| user(number).replacen('{', "{\"totp_enabled\":true,\"password_enabled\":true,", 1));
    let file = scratch.write("<i>users.json", export(people.chain([HOSTILE.to_owned(), user(3)])));
    // As small as a report gets, and with all that a dry run knows.
    let dry = scratch.run(&[
        "migrate",
        "clerk",
        "--import",
        &file,
        "--dry-run",
        "--report",
        "dry.html",
        "--output",
        "json",
        "--progress",
        "none",
    ]);
    keeps_to(&schema, &dry.expect_code(3).report());
    let page = scratch.read("dry.html");
    assert!(page.contains("60 of 62 records would move"), "{page}");
    let mut command = scratch.import_command(&sandbox, &file, &["--report", "shown.html", "--report-personal-data"]);
    let run = Run::of(command.env("USER", "ada <admin>").output().expect("the binary runs")).expect_code(3);
    let report: Value = serde_json::from_str(&of_run(&scratch, &run, "report.json")).expect("a report");
    keeps_to(&schema, &report);
    assert_eq!(report["origin"]["user"], "ada <admin>");
    let sum = blake3::hash(&std::fs::read(scratch.path(&file)).expect("the file")).to_hex();
    assert_eq!(report["inputs"][0]["blake3"], sum.as_str());
    let pages = [of_run(&scratch, &run, "report.html"), scratch.read("shown.html")];
    for page in &pages {
        let origin = &report["origin"]["started"].as_str().expect("a time")[..19].replace('T', " ");
        let began = format!("<dd>{origin} UTC</dd>");
        let facts =
            ["60 of 62 records", "invalid_email", "duplicate_external_id", "totp", "Not verified", "Checked by"];
        for fact in facts.into_iter().chain([&*began, "<dd>8,388,608</dd>", "<dd>no</dd>"]) {
            assert!(page.contains(fact), "{fact}: {page}");
        }
        assert!(page.contains("ada &lt;admin&gt;") && page.contains("&lt;i&gt;users.json"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("user_&lt;b&gt;"), "who did not move");
        for markup in ["<script", "<img", "<b>", "<i>", "http-equiv=\"refresh\"", "href=", "src=x>", "url("] {
            assert!(!page.contains(markup), "{markup}: {page}");
        }
        assert!(page.contains(&format!("BLAKE3 <code>{sum}</code>")), "the digest of the input");
    }
    // Nobody is named unless somebody asks for that, and the verification is added to the page of the run.
    let night = scratch.import(&sandbox, &file, &["--new-run"]).expect_code(3);
    assert!(!of_run(&scratch, &night, "report.html").contains("alert(1)"));
    let verified = scratch.verify(&sandbox, &file, &[]).expect_code(0);
    let report: Value = serde_json::from_str(&of_run(&scratch, &night, "report.json")).expect("a report");
    keeps_to(&schema, &report);
    assert_eq!(report["verification"]["equal"], verified.report()["equal"]);
    let page = of_run(&scratch, &night, "report.html");
    assert!(page.contains("60 of 60 identities are as the export has them"), "{page}");
    assert!(!page.contains("Not verified") && of_run(&scratch, &run, "report.html").contains("Not verified"));
    let named = scratch.import(&sandbox, &file, &["--new-run", "--report-personal-data"]).expect_code(3);
    // Who is named stays named, also after a verification and with other rejects, until personal data is removed.
    scratch.write(&format!(".avnology/runs/{}/rejects.ndjson", id(&named)), "");
    scratch.verify(&sandbox, &file, &[]).expect_code(0);
    let page = of_run(&scratch, &named, "report.html");
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("60 of 60 identities"), "{page}");
    let mode = std::fs::metadata(scratch.path(&format!(".avnology/runs/{}/named-people.json", id(&named))));
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.expect("a file").permissions()) & 0o777, 0o600);
    let prune = ["migrate", "clerk", "runs", "prune", "--older-than", "0h", "--personal-data"];
    scratch.run(&prune).expect_code(0);
    scratch.verify(&sandbox, &file, &[]).expect_code(0);
    let page = of_run(&scratch, &named, "report.html");
    assert!(!page.contains("alert(1)") && page.contains("60 of 60 identities"), "{page}");
    // A shard, joined passwords and what is merged keep to the schema, too.
    scratch.write("passwords.csv", "id,password_digest,password_hasher\nuser_000001,$2b$10$x,bcrypt\n");
    let other = scratch.write("more.json", export((100..1_300).map(user)));
    for shard in ["1/2", "2/2"] {
        let run = scratch.import(&sandbox, &other, &["--shard", shard, "--passwords", "passwords.csv"]).expect_code(0);
        keeps_to(&schema, &run.report());
    }
    let merged = scratch.run(&["migrate", "clerk", "runs", "merge", "--output", "json"]).expect_code(0);
    keeps_to(&schema, &merged.report());
    // A verification has no page of its own.
    let refused = scratch.verify(&sandbox, &file, &["--report", "verified.html"]).expect_code(2);
    assert!(
        refused.stderr.contains("names a file that ends in .json") || refused.stderr.contains(".json"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_verification_without_users_is_on_the_page_of_its_run() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let (schema, tenant) = (schema(&scratch), Tenant::new(&scratch));
    scratch.import(&sandbox, &tenant.users, &[]).expect_code(0);
    let organizations = ["--organizations", &tenant.organizations, "--steps", "organizations"];
    let run = scratch.import(&sandbox, &tenant.users, &organizations).expect_code(0);
    let verified = scratch.verify(&sandbox, &tenant.users, &organizations).expect_code(0);
    assert!(!verified.stderr.contains("have the result"), "{}", verified.stderr);
    let report: Value = serde_json::from_str(&of_run(&scratch, &run, "report.json")).expect("a report");
    keeps_to(&schema, &report);
    assert_eq!(report["verification"]["kinds"]["organizations"]["equal"], 3);
    let page = of_run(&scratch, &run, "report.html");
    assert!(page.contains("3 of 3 organizations are as the export has them"), "{page}");
    assert!(!page.contains("Not verified") && !page.contains("identities are as"), "{page}");
    // The page can be made again of the report.
    let prune = ["migrate", "clerk", "runs", "prune", "--older-than", "0h", "--personal-data"];
    scratch.run(&prune).expect_code(0);
    assert!(of_run(&scratch, &run, "report.html").contains("3 of 3 organizations"));
}

#[test]
fn a_page_tells_each_kind_that_was_compared() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let (schema, tenant) = (schema(&scratch), Tenant::new(&scratch));
    let run = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    {
        let database = rusqlite::Connection::open(&sandbox.database).expect("the database");
        let gone = "DELETE FROM members WHERE number = 1";
        assert_eq!(database.execute(gone, []).expect(gone), 1);
    }
    verify(&tenant, &scratch, &sandbox, 3);
    let report: Value = serde_json::from_str(&of_run(&scratch, &run, "report.json")).expect("a report");
    keeps_to(&schema, &report);
    let page = of_run(&scratch, &run, "report.html");
    for fact in ["40 of 40 identities are as", "3 of 3 organizations are as", "8 of 9 memberships are as"] {
        assert!(page.contains(fact), "{fact}: {page}");
    }
    assert!(page.contains("<p class=\"verdict some\"><strong>40 of 40"), "{page}");
}

/// A comparison of some says nothing about all, and one of all says nothing about a pilot.
#[test]
fn a_verification_of_other_users_leaves_the_report_as_it_is() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let file = scratch.write("users.json", export((0..30).map(user)));
    let run = scratch.import(&sandbox, &file, &[]).expect_code(0);
    let gone = "DELETE FROM identities WHERE external_id = 'user_000007'";
    rusqlite::Connection::open(&sandbox.database).and_then(|database| database.execute(gone, [])).expect(gone);
    scratch.verify(&sandbox, &file, &[]).expect_code(3);
    let missing = |run: &Run| {
        let report: Value = serde_json::from_str(&of_run(&scratch, run, "report.json")).expect("a report");
        report["verification"]["missing"]["count"].clone()
    };
    let said = format!("The report of run {} does not get this result", id(&run));
    let three = scratch.verify(&sandbox, &file, &["--limit", "3"]).expect_code(0);
    assert!(three.stderr.contains(&said), "{}", three.stderr);
    assert_eq!(missing(&run), 1);
    assert!(of_run(&scratch, &run, "report.html").contains("29 of 30 identities"));
    // A pilot, which is newer, gets what was found of its own users, and not what was found of all.
    let pilot = scratch.import(&sandbox, &file, &["--limit", "3"]).expect_code(0);
    scratch.verify(&sandbox, &file, &[]).expect_code(3);
    assert_eq!((missing(&run), missing(&pilot)), (json!(1), Value::Null));
    let three = scratch.verify(&sandbox, &file, &["--limit", "3"]).expect_code(0);
    assert!(!three.stderr.contains("does not get this result"), "{}", three.stderr);
    assert_eq!((missing(&run), missing(&pilot)), (json!(1), json!(0)));
    let page = of_run(&scratch, &pilot, "report.html");
    assert!(
        page.contains("3 of 3 identities") && page.contains("Only selected users were compared: 3 of 30"),
        "{page}"
    );
}

/// A limit on the size of files stands in for a full disk. The account is printed, and names only files that are there.
#[test]
fn a_report_that_cannot_be_written_is_an_error_and_is_not_named() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    // What each of them shares with the others is said in the report, and in no other file.
    let shared = r#""email_addresses":[{"id":"shared","email_address":"shared@example.com","verified":true},"#;
    let sharing = (0..14).map(|number| user(number).replace(r#""email_addresses":["#, shared));
    let file = scratch.write("users.json", export(sharing));
    let full = |blocks: u32, more: &str| {
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec {} migrate clerk --import {file} --progress none {more}",
            support::AVNOLOGY
        );
        let mut command = Command::new("bash");
        command.args(["-c", &script]).current_dir(scratch.path(".")).env("HOME", scratch.path("."));
        command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).env("AVNOLOGY_BASE_URL", sandbox.base_url());
        Run::of(command.output().expect("bash runs")).expect_code(2)
    };
    let run_of = |run: &Run| {
        let listed = scratch.run(&["migrate", "clerk", "runs", "--output", "json"]).expect_code(0).stdout;
        let listed: Value = serde_json::from_str(&listed).expect("runs");
        (listed[0]["id"].as_str().expect("a run").to_owned(), listed[0]["state"].clone(), run.stderr.clone())
    };
    // The report of the run does not fit, so the run is not over.
    let (run, state, text) = run_of(&full(3, ""));
    assert!(text.contains("Import finished: 14 records") && text.contains("14 created"), "{text}");
    let place = format!(".avnology/runs/{run}/report.json");
    assert!(text.contains(&format!("cannot write `{place}`, the account of the run")), "{text}");
    assert!(!text.contains("Report:") && !scratch.path(&place).exists(), "{text}");
    assert_eq!(state, "interrupted");
    // It fits now, and its page does not: all was done, and what is missing is said.
    let (same, state, text) = run_of(&full(7, ""));
    assert_eq!((&same, &state), (&run, &json!("finished")), "{text}");
    assert!(text.contains(&format!("Report:  {place}")) && text.contains("report.html`"), "{text}");
    assert!(!scratch.path(&format!(".avnology/runs/{run}/report.html")).exists());
    // A file that somebody asked for is kept apart from the account of the run.
    let (other, state, text) = run_of(&full(1_000, "--new-run --report /dev/full"));
    assert!(other != run && state == "finished" && text.contains("cannot write `/dev/full`"), "{text}");
    assert!(text.contains(&format!("Report:  .avnology/runs/{other}/report.json")), "{text}");
}
