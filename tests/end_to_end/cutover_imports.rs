//! What the switch knows of imports: of each kind of records, of runs that go on later, of runs that are undone, and of which kinds
//! and which target a comparison is.

use serde_json::Value;

use crate::organizations::{Tenant, lines_of, membership};
use crate::support::{Run, Sandbox, Scratch};

/// A tenant in files, and production.
struct Place {
    scratch: Scratch,
    production: Sandbox,
    tenant: Tenant,
}

impl Place {
    fn start() -> Self {
        let scratch = Scratch::new();
        let production = Sandbox::start(&scratch, &["--api-key", "sk_live_cutover"]);
        let tenant = Tenant::new(&scratch);
        Self { scratch, production, tenant }
    }

    fn at(&self, target: &Sandbox, arguments: &[&str]) -> Run {
        let arguments: Vec<&str> = ["migrate", "clerk"].iter().chain(arguments).copied().collect();
        let mut command = self.scratch.avnology(&arguments);
        command.env("AVNOLOGY_SECRET_KEY", &target.key).env("AVNOLOGY_BASE_URL", target.base_url());
        Run::of(command.output().expect("the binary runs"))
    }

    fn cutover(&self, arguments: &[&str]) -> Run {
        self.at(&self.production, &[&["cutover"], arguments, &["--output", "json"]].concat())
    }

    fn record(&self, fact: &str) {
        let said = ["cutover", "record", fact, "--by", "Ana Lima", "--note", "as agreed"];
        self.at(&self.production, &said).expect_code(0);
    }

    /// The organizations and memberships, without the users.
    fn other_kinds<'a>(&'a self, memberships: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let files = ["--organizations", &self.tenant.organizations, "--memberships", memberships];
        [&files[..], &["--steps", "organizations,memberships"], more].concat()
    }

    /// Imports the users and compares them.
    fn users_are_there(&self) -> Run {
        let run = self.scratch.import(&self.production, &self.tenant.users, &[]).expect_code(0);
        self.scratch.verify(&self.production, &self.tenant.users, &[]).expect_code(0);
        run
    }
}

fn id(run: &Run) -> String {
    run.report()["run"].as_str().expect("a run").to_owned()
}

/// Fails unless the points of the switch stand so.
#[track_caller]
fn expect(run: &Run, expected: &[(&str, &str)]) {
    let report = run.report();
    let steps = report["steps"].as_array().expect("steps");
    let points: Vec<&Value> = steps.iter().flat_map(|step| step["points"].as_array().expect("points")).collect();
    for (name, standing) in expected {
        let point = points.iter().find(|point| point["name"] == *name).expect("a point");
        assert_eq!(point["standing"], *standing, "{name}: {}\n{}", point["sentence"], run.stderr);
    }
}

const ALL_OK: [(&str, &str); 3] = [("import", "ok"), ("rejects", "ok"), ("verified", "ok")];

#[test]
fn rejects_of_users_count_until_a_later_run_brings_the_users() {
    let place = Place::start();
    let Place { scratch, production, tenant } = &place;
    let users = scratch.read(&tenant.users);
    let one_is_bad = users.replacen("user30@example.com", "nobody", 1);
    assert_ne!(one_is_bad, users);
    let one_is_bad = scratch.write("one-is-bad.json", one_is_bad);
    let bad = lines_of([membership(1, 1, "org:member"), membership(1, 999, "org:admin")]);
    let bad = scratch.write("bad.ndjson", bad);
    let mixed = |memberships: &str| {
        let steps = ["--steps", "users,organizations,memberships", "--memberships", memberships];
        scratch.import(production, &one_is_bad, &[&["--organizations", &tenant.organizations][..], &steps].concat())
    };
    assert_eq!(mixed(&bad).expect_code(3).count("rejected"), 2);
    expect(&place.cutover(&["check", "swap"]), &[("import", "ok"), ("rejects", "failed")]);
    scratch.import(production, &tenant.users, &[]).expect_code(0);
    expect(&place.cutover(&["check", "swap"]), &[("import", "ok"), ("rejects", "failed")]);
    scratch.import(production, &tenant.users, &place.other_kinds(&tenant.memberships, &[])).expect_code(0);
    expect(&place.cutover(&["check", "swap"]), &[("import", "ok"), ("rejects", "ok")]);
    // All move but one user; then the users come again.
    assert_eq!(mixed(&tenant.memberships).expect_code(3).count("rejected"), 1);
    expect(&place.cutover(&["check", "swap"]), &[("rejects", "failed")]);
    scratch.import(production, &tenant.users, &["--new-run"]).expect_code(0);
    expect(&place.cutover(&["check", "swap"]), &[("import", "ok"), ("rejects", "ok")]);
}

#[test]
fn an_import_without_users_has_to_be_whole_and_makes_words_stale() {
    let place = Place::start();
    let Place { scratch, production, tenant } = &place;
    place.users_are_there();
    expect(&place.cutover(&["check", "swap"]), &ALL_OK);
    place.record("go");
    // A membership of somebody who is not there.
    let bad = lines_of([membership(1, 1, "org:member"), membership(1, 999, "org:admin")]);
    let bad = scratch.write("bad.ndjson", bad);
    scratch.import(production, &tenant.users, &place.other_kinds(&bad, &[])).expect_code(3);
    let status = place.cutover(&["status", "swap"]);
    expect(&status, &[("go", "stale"), ("import", "stale"), ("rejects", "stale"), ("verified", "stale")]);
    let check = place.cutover(&["check", "swap"]);
    expect(&check, &[("import", "ok"), ("rejects", "failed"), ("verified", "failed")]);
    // All move, and are compared.
    let whole = place.other_kinds(&tenant.memberships, &[]);
    scratch.import(production, &tenant.users, &whole).expect_code(0);
    expect(&place.cutover(&["check", "swap"]), &[("import", "ok"), ("rejects", "ok"), ("verified", "failed")]);
    let files = ["--organizations", &tenant.organizations, "--memberships", &tenant.memberships];
    let compared = ["--steps", "users,organizations,memberships", "--report", "all.json"];
    scratch.verify(production, &tenant.users, &[files, compared].concat()).expect_code(0);
    expect(&place.cutover(&["check", "swap", "--verify-report", "all.json"]), &ALL_OK);
    // One stops before its end; one is undone.
    let stopped =
        scratch.import(production, &tenant.users, &place.other_kinds(&bad, &["--new-run", "--max-errors", "0"]));
    stopped.expect_code(4);
    expect(&place.cutover(&["check", "swap"]), &[("import", "failed")]);
    let again = scratch.import(production, &tenant.users, &[&whole[..], &["--new-run"]].concat()).expect_code(0);
    expect(&place.cutover(&["check", "swap"]), &[("import", "ok")]);
    scratch.undo(production, &id(&again), &["--yes"]);
    expect(&place.cutover(&["check", "swap"]), &[("import", "failed")]);
}

#[test]
fn what_a_run_rejects_after_it_went_on_nobody_accepted_before() {
    let place = Place::start();
    let Place { scratch, production, .. } = &place;
    let users = scratch.write("two-bad.json", r#"[{"id":"user_bad_1"},{"id":"user_bad_2"}]"#);
    let stopped = scratch.import(production, &users, &["--max-errors", "0"]).expect_code(4);
    expect(&place.cutover(&["check", "swap"]), &[("import", "failed")]);
    for fact in ["rejects-accepted", "go"] {
        place.record(fact);
    }
    let fixed = ["resume", &id(&stopped), "--max-errors", "10", "--progress", "none"];
    place.at(production, &fixed).expect_code(3);
    expect(&place.cutover(&["status", "swap"]), &[("rejects-accepted", "stale"), ("go", "stale")]);
    expect(&place.cutover(&["check", "swap"]), &[("import", "ok"), ("rejects", "failed")]);
    place.record("rejects-accepted");
    expect(&place.cutover(&["check", "swap"]), &[("rejects", "ok")]);
}

#[test]
fn what_was_found_before_an_undo_is_stale() {
    let place = Place::start();
    let run = place.users_are_there();
    expect(&place.cutover(&["check", "swap"]), &ALL_OK);
    place.record("go");
    place.scratch.undo(&place.production, &id(&run), &["--yes"]).expect_code(0);
    let status = place.cutover(&["status", "swap"]);
    expect(&status, &[("import", "stale"), ("verified", "stale"), ("go", "stale")]);
    expect(&place.cutover(&["check", "swap"]), &[("import", "failed"), ("verified", "failed")]);
}

#[test]
fn a_comparison_without_users_or_of_another_target_is_none_of_the_users_here() {
    let place = Place::start();
    let Place { scratch, production, tenant } = &place;
    let elsewhere = Scratch::new();
    let staging = Sandbox::start(&elsewhere, &[]);
    let both = ["--organizations", &tenant.organizations, "--steps", "users,organizations"];
    scratch.import(&staging, &tenant.users, &both).expect_code(0);
    scratch.import(production, &tenant.users, &[]).expect_code(0);
    let organizations =
        ["--organizations", &tenant.organizations, "--steps", "organizations", "--report", "verify.json"];
    scratch.verify(&staging, &tenant.users, &organizations).expect_code(0);
    let report: Value = serde_json::from_str(&scratch.read("verify.json")).expect("JSON");
    expect(&place.cutover(&["check", "swap", "--verify-report", "verify.json"]), &[("verified", "failed")]);
    assert_eq!((&report["status"], &report["exit_code"]), (&"finished".into(), &0.into()), "{report}");
    assert_eq!(report["target"], staging.base_url(), "{report}");
}
