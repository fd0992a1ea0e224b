//! Which identity at the target belongs to a person, after any change at Clerk between two nights: `admin_metadata.clerk.id`
//! decides, and never the external id, an address, a username or a number.

use crate::support;

use std::path::Path;

use serde_json::{Value, json};
use support::target::{Way, proxy};
use support::{Run, Sandbox, Scratch, export, lines};

/// A user of an export, with the fields that these tests change.
#[derive(Clone, Default)]
struct Person {
    clerk_id: &'static str,
    external_id: Option<&'static str>,
    /// The first one is the primary one, unless another one is named.
    emails: Vec<&'static str>,
    primary: usize,
    username: Option<&'static str>,
    phone: Option<&'static str>,
}

impl Person {
    fn new(clerk_id: &'static str, email: &'static str) -> Self {
        Self { clerk_id, emails: vec![email], ..Self::default() }
    }

    fn record(&self) -> String {
        let address = |(index, email): (usize, &&str)| json!({"id": format!("idn_{index}"), "email_address": email, "verified": true});
        let mut user = json!({
            "id": self.clerk_id,
            "primary_email_address_id": format!("idn_{}", self.primary),
            "email_addresses": self.emails.iter().enumerate().map(address).collect::<Vec<Value>>(),
        });
        if let Some(external_id) = self.external_id {
            user["external_id"] = external_id.into();
        }
        if let Some(username) = self.username {
            user["username"] = username.into();
        }
        if let Some(phone) = self.phone {
            user["phone_numbers"] = json!([{"id": "idp", "phone_number": phone, "verified": true}]);
            user["primary_phone_number_id"] = "idp".into();
        }
        user.to_string()
    }
}

fn ada() -> Person {
    Person::new("user_ada", "ada@example.com")
}

fn bob() -> Person {
    Person::new("user_bob", "bob@example.com")
}

fn cleo() -> Person {
    Person::new("user_cleo", "cleo@example.com")
}

/// A sandbox that has these people, and the next night's export.
struct Night {
    scratch: Scratch,
    sandbox: Sandbox,
    first: Run,
    tomorrow: String,
}

impl Night {
    fn new(flags: &[&str], today: &[Person], tomorrow: &[Person]) -> Self {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let of = |people: &[Person]| export(people.iter().map(Person::record));
        let file = scratch.write("today.json", of(today));
        let first = scratch.import(&sandbox, &file, &["--rate", "1000/s"]).expect_code(0);
        assert_eq!(first.count("created"), today.len() as u64);
        let tomorrow = scratch.write("tomorrow.json", of(tomorrow));
        Self { scratch, sandbox, first, tomorrow }
    }

    fn import(&self, rule: &str) -> Run {
        self.import_with(rule, &[])
    }

    fn import_with(&self, rule: &str, more: &[&str]) -> Run {
        // One batch at a time, because the result for a record must not depend on another sender.
        let flags = ["--new-run", "--rate", "1000/s", "--concurrency", "1", "--on-existing", rule];
        self.scratch.import(&self.sandbox, &self.tomorrow, &[&flags[..], more].concat())
    }

    fn verify(&self, more: &[&str]) -> Value {
        let flags = [&["--rate", "1000/s"], more].concat();
        self.scratch.verify(&self.sandbox, &self.tomorrow, &flags).report()
    }

    /// What `verify` reports: equal, different, missing, extra.
    #[track_caller]
    fn assert_verified(&self, what: &str, expected: [u64; 4], fields: &Value) {
        let report = self.verify(&[]);
        let counts = ["different", "missing", "extra"].map(|name| &report[name]["count"]);
        let [equal, different, missing, extra] = expected;
        assert_eq!(
            (&report["equal"], counts),
            (&json!(equal), [&json!(different), &json!(missing), &json!(extra)]),
            "{what}: {report}"
        );
        assert_eq!(&report["different_fields"], fields, "{what}");
    }

    fn people(&self) -> usize {
        self.sandbox.column("id").len()
    }
}

fn rejects(night: &Night, run: &Run) -> Vec<(String, String)> {
    let report = run.report();
    let Some(path) = report["rejects_file"].as_str() else { return Vec::new() };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines(&night.scratch.path(path)).iter().map(|reject| (text(&reject["code"]), text(&reject["message"]))).collect()
}

/// The external id was set, changed, removed: before, and after.
const EXTERNAL_IDS: [(&str, Option<&str>, Option<&str>); 3] =
    [("given", None, Some("emp-7")), ("changed", Some("emp-1"), Some("emp-7")), ("taken away", Some("emp-1"), None)];

fn with_external_ids(of_bob: Option<&'static str>) -> Vec<Person> {
    vec![ada(), Person { external_id: of_bob, ..bob() }, cleo()]
}

#[test]
fn another_external_id_at_clerk_is_one_difference_of_the_same_person() {
    for flags in [&[][..], &["--no-batch"]] {
        for (what, before, after) in EXTERNAL_IDS {
            let what = format!("{what} {flags:?}");
            let night = Night::new(flags, &with_external_ids(before), &with_external_ids(after));
            let dry =
                ["migrate", "clerk", "--import", &night.tomorrow, "--dry-run", "--output", "json", "--preview", "0"];
            assert_eq!(night.scratch.run(&dry).expect_code(0).count("valid"), 3, "{what}");
            night.assert_verified(&what, [2, 1, 0, 0], &json!({"external_id": 1}));
            let sample = night.verify(&["--sample", "3"]);
            assert_eq!((&sample["equal"], &sample["missing"]["count"]), (&json!(2), &json!(0)), "{what}: {sample}");
            let skip = night.import("skip").expect_code(0);
            assert_eq!((skip.count("unchanged"), skip.count("created")), (3, 0), "{what}: {}", skip.stdout);
            assert_eq!(skip.report()["warnings"]["differs_at_target"], 1, "{what}: {}", skip.stdout);
            let fail = night.import("fail").expect_code(3);
            assert_eq!(fail.report()["rejected_by_code"]["already_exists"]["count"], 3, "{what}: {}", fail.stdout);
            let update = night.import("update").expect_code(0);
            assert_eq!((update.count("updated"), update.count("unchanged")), (1, 2), "{what}: {}", update.stdout);
            night.assert_verified(&what, [3, 0, 0, 0], &json!({}));
            assert_eq!(night.import("update").expect_code(0).count("unchanged"), 3, "{what}");
            assert_eq!(night.people(), 3, "{what}");
            // Undo deletes what the first run created, but not the user that a later run changed.
            let id = update.report()["run"].as_str().expect("a run").to_owned();
            let undone =
                night.scratch.undo(&night.sandbox, &id, &["--yes", "--rate", "1000/s"]).expect_code(0).report();
            assert_eq!((&undone["counts"]["created"], night.people()), (&json!(0), 3), "{what}: {undone}");
            let id = night.first.report()["run"].as_str().expect("a run").to_owned();
            let undone =
                night.scratch.undo(&night.sandbox, &id, &["--yes", "--rate", "1000/s"]).expect_code(3).report();
            let counts = (&undone["counts"]["deleted"], &undone["counts"]["kept_changed"]);
            assert_eq!((counts, night.people()), ((&json!(2), &json!(1)), 1), "{what}: {undone}");
        }
    }
}

#[test]
fn a_user_that_later_runs_only_read_is_undone() {
    for (what, before, after) in EXTERNAL_IDS {
        let night = Night::new(&[], &with_external_ids(before), &with_external_ids(after));
        night.import("skip").expect_code(0);
        let id = night.first.report()["run"].as_str().expect("a run").to_owned();
        night.scratch.undo(&night.sandbox, &id, &["--yes"]).expect_code(0);
        assert_eq!(night.people(), 0, "{what}");
        // And comes again under the new one.
        assert_eq!(night.import("skip").expect_code(0).count("created"), 3, "{what}");
        night.assert_verified(what, [3, 0, 0, 0], &json!({}));
    }
}

#[test]
fn a_person_is_found_by_what_did_not_change() {
    let bob = || Person { username: Some("bobby"), phone: Some("+14155550100"), ..bob() };
    let moved = |person: Person| Person { emails: vec!["robert@example.com"], ..person };
    for (what, before, after) in EXTERNAL_IDS {
        for (stays, tomorrow) in [
            ("the username", Person { phone: None, ..moved(bob()) }),
            ("the number", Person { username: None, ..moved(bob()) }),
            ("the address", Person { username: Some("bob2"), phone: Some("+14155550101"), ..bob() }),
        ] {
            let what = format!("external id {what}, {stays} stays");
            let today = [ada(), Person { external_id: before, ..bob() }];
            let night = Night::new(&[], &today, &[ada(), Person { external_id: after, ..tomorrow }]);
            let report = night.verify(&[]);
            let counts = ["different", "missing", "extra"].map(|name| report[name]["count"].as_u64().expect("a count"));
            assert_eq!(counts, [1, 0, 0], "{what}: {report}");
            assert_eq!(night.verify(&["--sample", "2"])["missing"]["count"], 0, "{what}");
            let skip = night.import("skip").expect_code(0);
            assert_eq!((skip.count("unchanged"), skip.count("rejected")), (2, 0), "{what}: {}", skip.stdout);
            let update = night.import("update").expect_code(0);
            assert_eq!((update.count("updated"), night.people()), (1, 2), "{what}: {}", update.stdout);
            night.assert_verified(&what, [2, 0, 0, 0], &json!({}));
        }
    }
}

#[test]
fn a_person_of_whom_nothing_stayed_but_the_clerk_id_is_never_created_twice() {
    let known = || Person { username: Some("bobby"), phone: Some("+14155550100"), ..bob() };
    let other =
        || Person { emails: vec!["robert@example.com"], username: Some("bob2"), phone: Some("+14155550101"), ..bob() };
    for flags in [&[][..], &["--no-batch"]] {
        for (what, before, after) in EXTERNAL_IDS {
            let what = format!("external id {what} {flags:?}");
            let today = [ada(), Person { external_id: before, ..known() }, cleo()];
            let tomorrow = [ada(), Person { external_id: after, ..other() }, cleo()];
            let night = Night::new(flags, &today, &tomorrow);
            let skip = night.import("skip").expect_code(0);
            assert_eq!((skip.count("unchanged"), night.people()), (3, 3), "{what}: {}", skip.stdout);
            assert_eq!(skip.report()["warnings"]["differs_at_target"], 1, "{what}: {}", skip.stdout);
            let fail = night.import("fail").expect_code(3);
            assert_eq!((fail.count("rejected"), night.people()), (3, 3), "{what}: {}", fail.stdout);
            // Also where nobody is believed to be as before.
            let update = night.import_with("update", &["--recheck"]).expect_code(0);
            assert_eq!((update.count("updated"), night.people()), (1, 3), "{what}: {}", update.stdout);
            night.assert_verified(&what, [3, 0, 0, 0], &json!({}));
            assert_eq!(night.import("update").expect_code(0).count("unchanged"), 3, "{what}");
        }
    }
}

#[test]
fn an_id_map_that_cannot_be_read_stops_the_run() {
    let renamed = Person { external_id: Some("emp-1"), emails: vec!["robert@example.com"], ..bob() };
    let night = Night::new(&[], &[ada(), bob(), cleo()], &[ada(), renamed, cleo()]);
    let runs = night.scratch.path(".avnology/runs");
    let maps = std::fs::read_dir(&runs).expect("the runs").map(|entry| entry.expect("an entry").path());
    let map = maps.map(|path| path.join("ids")).find(|path| path.is_file()).expect("the id map");
    let whole = std::fs::read(&map).expect("the id map");
    let mut damaged = whole.clone();
    let at = whole.windows(8).position(|bytes| bytes == b"user_bob").expect("Bob");
    damaged[at] ^= 1;
    std::fs::write(&map, damaged).expect("written");
    let stopped = night.import("skip").expect_code(2);
    assert!(stopped.stderr.contains("second identity"), "{}", stopped.stderr);
    assert_eq!(night.people(), 3);
    std::fs::write(&map, whole).expect("written");
    assert_eq!((night.import("skip").expect_code(0).count("unchanged"), night.people()), (3, 3));
}

/// Of a run that was killed, only its journal knows whom it met.
#[test]
fn a_run_that_cannot_be_read_stops_an_import_that_it_could_change() {
    let other = Person { external_id: Some("emp-1"), emails: vec!["robert@example.com"], ..bob() };
    let night = Night::new(&[], &[ada(), bob(), cleo()], &[ada(), other, cleo()]);
    let runs = night.scratch.path(".avnology/runs");
    let run = runs.join(night.first.report()["run"].as_str().expect("a run"));
    let damaged = |file: &str, damage: &dyn Fn(&Path)| {
        let path = run.join(file);
        let whole = std::fs::read(&path).expect(file);
        damage(&path);
        let imported = night.import("skip");
        if path.is_dir() {
            std::fs::remove_dir(&path).expect(file);
        }
        std::fs::write(&path, whole).expect(file);
        imported
    };
    let cut = |path: &Path| std::fs::write(path, "{").expect("written");
    let garbled = |path: &Path| {
        let mut bytes = std::fs::read(path).expect("a file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(path, bytes).expect("written");
    };
    let gone = |path: &Path| std::fs::remove_file(path).expect("it goes");
    let no_file =
        |path: &Path| std::fs::remove_file(path).and_then(|()| std::fs::create_dir(path)).expect("a directory");
    let forget_ids = || {
        let maps = std::fs::read_dir(&runs).expect("runs").map(|entry| entry.expect("an entry").path());
        for map in maps.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ids-"))) {
            std::fs::remove_dir_all(map).expect("the map goes");
        }
    };
    for (file, damage) in [
        ("run.json", &cut as &dyn Fn(&Path)),
        ("run.json", &gone),
        ("journal", &garbled),
        ("journal", &gone),
        ("journal", &no_file),
    ] {
        forget_ids();
        let stopped = damaged(file, damage).expect_code(2);
        let said = &stopped.stderr;
        let place = format!("{}` away", run.file_name().expect("a name").to_string_lossy());
        assert!(said.contains("second identity") && said.contains(&place), "{said}");
        assert_eq!(night.people(), 3, "{file}: {said}");
    }
    // It is back, and all is known. From now on nobody needs the run for that.
    assert_eq!((night.import("skip").expect_code(0).count("unchanged"), night.people()), (3, 3));
    for damage in [&cut as &dyn Fn(&Path), &gone] {
        damaged("run.json", damage).expect_code(0);
    }
    damaged("journal", &garbled).expect_code(0);
    assert_eq!(night.people(), 3);
    // It is lost for good, and somebody says so.
    forget_ids();
    std::fs::remove_dir_all(&run).expect("moved away");
    night.import("skip").expect_code(0);
}

/// In a query, a comma can be part of an id or stand between two.
#[test]
fn external_ids_with_commas_quotes_and_blanks_are_found_again() {
    let odd = |clerk_id, external_id, email| Person { external_id: Some(external_id), ..Person::new(clerk_id, email) };
    let people = || {
        vec![
            ada(),
            odd("user_1", "emp, \"3\"", "one@example.com"),
            odd("user_2", "a,b", "two@example.com"),
            odd("user_3", ",", "three@example.com"),
            odd("user_4", "back\\slash & 'x'=%2C+é", "four@example.com"),
            bob(),
        ]
    };
    for flags in [&[][..], &["--no-batch"]] {
        let night = Night::new(flags, &people(), &people());
        let again = night.import_with("skip", &["--recheck"]).expect_code(0);
        assert_eq!((again.count("unchanged"), night.people()), (6, 6), "{flags:?}: {}", again.stdout);
        let update = night.import_with("update", &["--recheck"]).expect_code(0);
        assert_eq!(update.count("unchanged"), 6, "{flags:?}: {}", update.stdout);
        night.assert_verified("odd ids", [6, 0, 0, 0], &json!({}));
        let sample = night.verify(&["--sample", "6"]);
        assert_eq!(sample["equal"], 6, "{flags:?}: {sample}");
        let run = night.first.report()["run"].as_str().expect("a run").to_owned();
        let undone = night.scratch.undo(&night.sandbox, &run, &["--yes"]).expect_code(0).report();
        assert_eq!(undone["counts"]["deleted"], 6, "{flags:?}: {undone}");
    }
}

#[test]
fn a_person_who_is_not_there_any_more_is_created_again() {
    // Finn is one of the sample that is looked up before all are believed to be there; without one nobody is. Bob is not, and he is
    // none of the newest.
    let finn = || Person::new("user_finn", "finn@example.com");
    let today = [Person { external_id: Some("emp-1"), ..bob() }, finn(), ada()];
    let tomorrow = Person { external_id: Some("emp-7"), emails: vec!["robert@example.com"], ..bob() };
    let night = Night::new(&[], &today, &[finn(), ada(), tomorrow]);
    let database = rusqlite::Connection::open(&night.sandbox.database).expect("the database");
    let gone = database.execute("DELETE FROM identities WHERE external_id = 'emp-1'", []);
    assert_eq!(gone.expect("it is gone"), 1);
    let run = night.import("update").expect_code(0);
    assert!(!run.stderr.contains("does not have the users it had"), "{}", run.stderr);
    assert_eq!((run.count("created"), night.people()), (1, 3), "{}", run.stdout);
    night.assert_verified("created again", [3, 0, 0, 0], &json!({}));
    // Nobody is under the earlier external id any more: should the person have it again at Clerk, that is a change.
    let back = night.scratch.write("back.json", export(today.iter().map(Person::record)));
    let night = Night { tomorrow: back, ..night };
    let run = night.import("update").expect_code(0);
    assert_eq!((run.count("updated"), night.people()), (1, 3), "{}", run.stdout);
    night.assert_verified("the external id is back", [3, 0, 0, 0], &json!({}));
}

#[test]
fn verify_finds_a_person_by_the_clerk_id_alone() {
    for flags in [&[][..], &["--no-batch"]] {
        let today = [ada(), Person { external_id: Some("emp-1"), ..bob() }];
        let tomorrow = Person { external_id: Some("emp-7"), emails: vec!["robert@example.com"], ..bob() };
        let night = Night::new(flags, &today, &[ada(), tomorrow]);
        let fields = json!({"external_id": 1, "email": 1, "traits": 1});
        night.assert_verified(&format!("{flags:?}"), [1, 1, 0, 0], &fields);
    }
}

#[test]
fn an_identity_whose_external_id_the_target_lost_is_the_same_person() {
    let night = Night::new(&[], &[ada(), bob()], &[ada(), bob()]);
    let database = rusqlite::Connection::open(&night.sandbox.database).expect("the database");
    let lost = "UPDATE identities SET external_id = NULL WHERE external_id = 'user_bob'";
    assert_eq!(database.execute(lost, []).expect("it is lost"), 1);
    night.assert_verified("lost", [1, 1, 0, 0], &json!({"external_id": 1}));
    let update = night.scratch.import(&night.sandbox, &night.tomorrow, &["--recheck", "--on-existing", "update"]);
    assert_eq!(update.expect_code(0).count("updated"), 1);
    night.assert_verified("given back", [2, 0, 0, 0], &json!({}));
}

#[test]
fn people_who_swap_external_ids_stay_the_same_persons() {
    let today = [Person { external_id: Some("1"), ..ada() }, Person { external_id: Some("2"), ..bob() }];
    let tomorrow = [Person { external_id: Some("2"), ..ada() }, Person { external_id: Some("1"), ..bob() }];
    for flags in [&[][..], &["--no-batch"]] {
        let night = Night::new(flags, &today, &tomorrow);
        night.assert_verified("swapped", [0, 2, 0, 0], &json!({"external_id": 2}));
        assert_eq!(night.verify(&["--sample", "2"])["different_fields"], json!({"external_id": 2}));
        let skip = night.import("skip").expect_code(0);
        assert_eq!(skip.count("unchanged"), 2, "{}", skip.stdout);
        assert_eq!(skip.report()["warnings"]["differs_at_target"], 2, "{}", skip.stdout);
        let fail = night.import("fail").expect_code(3);
        assert_eq!(fail.report()["rejected_by_code"]["already_exists"]["count"], 2, "{}", fail.stdout);
        let update = night.import("update").expect_code(3);
        for (code, message) in rejects(&night, &update) {
            assert_eq!(code, "external_id_taken");
            assert!(message.contains("change one of them at the target first"), "{message}");
        }
        assert_eq!((update.count("rejected"), night.people()), (2, 2), "{}", update.stdout);
    }
}

#[test]
fn people_who_swap_addresses_stay_the_same_persons() {
    let night = Night::new(
        &[],
        &[ada(), bob()],
        &[Person { emails: vec!["bob@example.com"], ..ada() }, Person { emails: vec!["ada@example.com"], ..bob() }],
    );
    night.assert_verified("swapped", [0, 2, 0, 0], &json!({"email": 2, "traits": 2}));
    let skip = night.import("skip").expect_code(0);
    assert_eq!((skip.count("unchanged"), skip.report()["warnings"]["differs_at_target"].clone()), (2, json!(2)));
    let update = night.import("update").expect_code(3);
    let rejects = rejects(&night, &update);
    assert_eq!(rejects.len(), 2);
    for (code, message) in rejects {
        assert_eq!(code, "email_taken");
        assert!(message.contains("change one of them at the target first"), "{message}");
    }
    assert_eq!(night.sandbox.column("email"), ["ada@example.com", "bob@example.com"], "nothing is half done");
}

/// In either order.
#[test]
fn a_value_that_moves_to_another_user_arrives_within_two_nights() {
    let phone = Some("+14155550100");
    let username = Some("captain");
    let moves = [
        ("phone_taken", Person { phone, ..ada() }, Person { phone, ..bob() }),
        ("username_taken", Person { username, ..ada() }, Person { username, ..bob() }),
        ("email_taken", ada(), Person { emails: vec!["ada@example.com"], ..bob() }),
    ];
    for (code, ada_before, bob_after) in moves {
        let ada_after =
            if code == "email_taken" { Person { emails: vec!["ada2@example.com"], ..ada() } } else { ada() };
        for ada_is_first in [true, false] {
            let order = |ada: Person, bob: Person| if ada_is_first { [ada, bob] } else { [bob, ada] };
            let night =
                Night::new(&[], &order(ada_before.clone(), bob()), &order(ada_after.clone(), bob_after.clone()));
            let report = night.verify(&[]);
            let counts = ["different", "missing", "extra"].map(|name| report[name]["count"].as_u64().expect("a count"));
            assert_eq!(counts, [2, 0, 0], "{code}: {report}");
            let first = night.import("update");
            if ada_is_first {
                assert_eq!((first.code, first.count("updated")), (Some(0), 2), "{code}: {}", first.stdout);
            } else {
                assert_eq!((first.code, first.count("updated")), (Some(3), 1), "{code}: {}", first.stdout);
                let rejects = rejects(&night, &first);
                assert_eq!(rejects[0].0, code);
                assert!(rejects[0].1.contains("import once more"), "{}", rejects[0].1);
                assert_eq!(night.import("update").expect_code(0).count("updated"), 1, "{code}");
            }
            night.assert_verified(code, [2, 0, 0, 0], &json!({}));
        }
    }
}

#[test]
fn what_one_person_changes_is_a_difference_and_can_be_updated() {
    let second = |primary| Person { emails: vec!["ada@example.com", "ada@example.org"], primary, ..ada() };
    let named = |username| Person { username, ..ada() };
    for (what, today, tomorrow, fields) in [
        ("the second address is the primary one", second(0), second(1), json!({"email": 1, "traits": 1})),
        ("a username is given", named(None), named(Some("countess")), json!({"username": 1, "traits": 1})),
        ("a username is taken away", named(Some("countess")), named(None), json!({"username": 1, "traits": 1})),
    ] {
        for flags in [&[][..], &["--no-batch"]] {
            let night = Night::new(flags, &[today.clone(), bob()], &[tomorrow.clone(), bob()]);
            night.assert_verified(what, [1, 1, 0, 0], &fields);
            let skip = night.import("skip").expect_code(0);
            assert_eq!(skip.report()["warnings"]["differs_at_target"], 1, "{what}: {}", skip.stdout);
            assert_eq!(night.import("update").expect_code(0).count("updated"), 1, "{what}");
            night.assert_verified(what, [2, 0, 0, 0], &json!({}));
            assert_eq!(night.people(), 2, "{what}");
        }
    }
}

#[test]
fn a_new_user_with_the_address_of_a_deleted_one_is_another_person() {
    let new = |external_id| Person { external_id, ..Person::new("user_new", "ada@example.com") };
    for (code, external_id) in [("email_taken", None), ("external_id_taken", Some("emp-1"))] {
        let night = Night::new(&[], &[Person { external_id, ..ada() }, bob()], &[new(external_id), bob()]);
        night.assert_verified(code, [1, 0, 1, 1], &json!({}));
        for rule in ["skip", "update", "fail"] {
            let run = night.import(rule).expect_code(3);
            let rejects = rejects(&night, &run);
            let message = rejects.iter().find(|(rejected, _)| rejected == code).map(|(_, message)| message.as_str());
            assert!(message.is_some_and(|message| message.contains("deleted at Clerk")), "{rule}: {rejects:?}");
            assert_eq!(night.people(), 2, "{rule}");
        }
    }
}

#[test]
fn a_person_is_found_where_the_list_cannot_be_filtered() {
    for (what, before, after) in EXTERNAL_IDS {
        // The user that an unfiltered list shows first is another person, in any order of the list.
        let others = vec![Person::new("user_dan", "dan@example.com"), Person::new("user_eve", "eve@example.com")];
        let people = |of_bob| [with_external_ids(of_bob), others.clone()].concat();
        let night = Night::new(&["--no-batch"], &people(before), &people(after));
        let url = proxy(&night.sandbox.base_url(), |head, _| {
            let (line, rest) = head.split_once("\r\n").expect("a request line");
            let Some((path, query)) = line.split_once('?').filter(|_| line.starts_with("GET ")) else {
                return Way::Through;
            };
            let (query, version) = query.rsplit_once(' ').expect("a version");
            let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("filter=")).collect();
            Way::As(format!("{path}?{} {version}\r\n{rest}", kept.join("&")))
        });
        let flags = ["--base-url", &url, "--rate", "1000/s", "--new-run"];
        let skip = night.scratch.import(&night.sandbox, &night.tomorrow, &flags).expect_code(0);
        assert_eq!((skip.count("unchanged"), night.people()), (5, 5), "{what}: {}", skip.stdout);
        let report = night.verify(&["--base-url", &url]);
        assert_eq!((&report["different_fields"], &report["equal"]), (&json!({"external_id": 1}), &json!(4)), "{what}");
        let sample = night.verify(&["--base-url", &url, "--sample", "5"]);
        assert_eq!(sample["different_fields"], json!({"external_id": 1}), "{what}: {sample}");
    }
}
