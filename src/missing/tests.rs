use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::journal::{Identified, Journal, RecordKey, RecordOutcome, RunDirectory, RunRecord, Settled};
use crate::mapping::Rules;
use crate::source::{Input, InputWatch, ReaderLimits};

fn record(id: &str, number: usize, path: &str) -> RunRecord {
    serde_json::from_value(json!({
        "id": id, "version": "0", "started": format!("2026-01-{number:02}T00:00:00Z"), "target": "t",
        "inputs": [{ "path": path }], "missing_email": "reject", "on_existing": "skip"
    }))
    .unwrap()
}

/// A run of this source that created these users, and found the others to be there.
fn run(runs: &Path, number: usize, path: &str, created: &BTreeSet<u8>, unchanged: &BTreeSet<u8>) -> RunDirectory {
    let directory = RunDirectory::create(runs, None).unwrap();
    let mut journal = Journal::create(&directory.journal(), &directory.rejects()).unwrap();
    let (mut records, mut identified) = (Vec::new(), Vec::new());
    for (index, user) in (1..).zip(created.iter().chain(unchanged)) {
        let key = RecordKey { input: 0, number: index };
        let id = format!("i{number}-{user}");
        // An external id of its own for every second one.
        let external_id = if user.is_multiple_of(2) { format!("u{user}") } else { format!("e{user}") };
        let is_created = created.contains(user);
        if user % 2 == 1 || !is_created {
            let external_id = Some(external_id.clone()).filter(|_| user % 2 == 1);
            identified.push(Identified { key, clerk_id: format!("u{user}"), external_id, id: id.clone() });
        }
        let outcome =
            if is_created { RecordOutcome::Created { external_id, id: Some(id) } } else { RecordOutcome::Unchanged };
        records.push(Settled { key, outcome, notices: 0 });
    }
    journal.write_settled(records, identified).unwrap();
    journal.sync().unwrap();
    directory.write_record(&record(directory.id(), number, path)).unwrap();
    directory
}

/// A run of other files that found these users at the target, under these ids.
fn saw(runs: &Path, number: usize, users: impl Iterator<Item = (u8, String)>) {
    let directory = RunDirectory::create(runs, None).unwrap();
    let mut journal = Journal::create(&directory.journal(), &directory.rejects()).unwrap();
    let (mut records, mut identified) = (Vec::new(), Vec::new());
    for (index, (user, id)) in (1..).zip(users) {
        let key = RecordKey { input: 0, number: index };
        identified.push(Identified { key, clerk_id: format!("u{user}"), external_id: None, id });
        records.push(Settled { key, outcome: RecordOutcome::Updated, notices: 0 });
    }
    journal.write_settled(records, identified).unwrap();
    journal.sync().unwrap();
    directory.write_record(&record(directory.id(), number, "some.json")).unwrap();
}

fn search(scratch: &Path, path: &str, users: &BTreeSet<u8>) -> MissingUsers {
    let export = scratch.join("export.ndjson");
    // Every third one is a record that would be rejected.
    let line = |user: &u8| {
        let addresses = match user % 3 {
            0 => json!(7),
            _ => json!([{ "id": "a", "email_address": format!("u{user}@example.com"), "verified": true }]),
        };
        json!({ "id": format!("u{user}"), "email_addresses": addresses, "primary_email_address_id": "a" }).to_string()
            + "\n"
    };
    // One whom no run created, so that the export is never empty.
    let text = users.iter().map(line).collect::<String>() + "{\"id\":\"u999\"}\n";
    std::fs::write(&export, text).unwrap();
    let search = MissingSearch {
        runs_directory: scratch.join("runs"),
        target: "t".to_owned(),
        run: None,
        paths: vec![path.to_owned()],
        inputs: vec![(Input::File(export), InputWatch::Nothing)],
        limits: ReaderLimits::default(),
        rules: Rules::default(),
        temporary: scratch.to_path_buf(),
    };
    search.find(|| false).unwrap().unwrap()
}

/// What an earlier run did last about one of the users about whom it did something: anything that there is.
fn last_word(user: u8) -> StateChangeKind {
    let all = [
        StateChangeKind::Disabling,
        StateChangeKind::Disabled,
        StateChangeKind::Enabled,
        StateChangeKind::Left,
        StateChangeKind::Returned,
    ];
    all[usize::from(user) % all.len()]
}

fn users() -> impl Strategy<Value = BTreeSet<u8>> {
    proptest::collection::btree_set(0..40_u8, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Missing is who was created by earlier runs of the source and is not in the export, each once and with the newest identity; runs
    /// of another source, and users who were found to be there, are nobody's.
    #[test]
    fn the_missing_are_those_who_were_created_less_those_in_the_export(
        nights in proptest::collection::vec((users(), users()), 0..4),
        elsewhere in users(),
        export in users(),
        settled in users(),
        seen_again in users(),
        is_later in any::<bool>(),
    ) {
        let scratch = tempfile::tempdir().unwrap();
        let runs = scratch.path().join("runs");
        let mut newest = BTreeMap::new();
        for (number, (created, unchanged)) in (1..).zip(&nights) {
            let unchanged: BTreeSet<u8> = unchanged.difference(created).copied().collect();
            run(&runs, number, "users.json", created, &unchanged);
            newest.extend(created.iter().map(|user| (*user, format!("i{number}-{user}"))));
        }
        let other = run(&runs, 9, "other.json", &elsewhere, &BTreeSet::new());
        // A run of the target settled some of those who are missing.
        let line = |user: &u8| StateChange {
            change: last_word(*user),
            user: CreatedEarlier {
                clerk_id: format!("u{user}"),
                external_id: String::new(),
                id: newest.get(user).cloned().unwrap_or_default(),
                run: String::new(),
                record: (0, 1),
            },
        };
        StatesFile::open(&other.disabled()).unwrap().add(&settled.iter().map(line).collect::<Vec<_>>()).unwrap();

        // A run saw some of them at the target, before or behind that one, without looking who is missing.
        let of_newest = seen_again.iter().filter_map(|user| Some((*user, newest.get(user)?.clone())));
        saw(&runs, if is_later { 10 } else { 8 }, of_newest);

        let found = search(scratch.path(), "users.json", &export);
        let is_settled = |user: &u8| {
            let is_open = is_later && seen_again.contains(user);
            settled.contains(user)
                && !is_open
                && matches!(last_word(*user), StateChangeKind::Disabled | StateChangeKind::Left)
        };
        let missing: BTreeMap<u8, String> = newest
            .iter()
            .filter(|(user, _)| !export.contains(user) && !is_settled(user))
            .map(|(user, id)| (*user, id.clone()))
            .collect();
        let shown: Vec<CreatedEarlier> = found.missing_users().map(Result::unwrap).collect();
        let shown: BTreeMap<u8, String> =
            shown.into_iter().map(|user| (user.clerk_id[1..].parse().unwrap(), user.id)).collect();
        prop_assert_eq!(found.missing, missing.len() as u64);
        prop_assert_eq!(&shown, &missing);
        let gone_before = newest.keys().filter(|user| is_settled(user) && !export.contains(user)).count();
        prop_assert_eq!(found.settled, gone_before as u64);
        prop_assert_eq!(found.known, (newest.len() - gone_before) as u64);
        prop_assert_eq!(found.without_id, 0);
        // Of those who are back, only those may be enabled whom a run disabled, or was about to, and whose record can be read.
        let back: BTreeMap<u8, bool> = found
            .back()
            .map(Result::unwrap)
            .map(|(user, may_be_enabled)| (user.clerk_id[1..].parse().unwrap(), may_be_enabled))
            .collect();
        let is_back = |user: &&u8| newest.contains_key(user) && export.contains(user);
        for user in settled.iter().filter(is_back) {
            let expected = match last_word(*user) {
                StateChangeKind::Disabling | StateChangeKind::Disabled => (!user.is_multiple_of(3)).then_some(true),
                StateChangeKind::Left => Some(false),
                StateChangeKind::Enabled | StateChangeKind::Returned => None,
            };
            prop_assert_eq!(back.get(user).copied(), expected, "{}", user);
        }
    }
}

#[test]
fn a_torn_line_counts_for_nothing_and_the_last_word_about_an_identity_counts() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("disabled.ndjson");
    let line = |change| StateChange {
        change,
        user: CreatedEarlier {
            clerk_id: "c".to_owned(),
            external_id: "e".to_owned(),
            id: "i".to_owned(),
            run: "r".to_owned(),
            record: (1, 2),
        },
    };
    let last = || ChangedStates::read([&path], scratch.path()).unwrap().of_id("i").unwrap();
    assert_eq!(last(), None);
    StatesFile::open(&path).unwrap().add(&[line(StateChangeKind::Disabling)]).unwrap();
    let mut text = std::fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"change\":\"disa");
    std::fs::write(&path, text).unwrap();
    assert_eq!(last(), Some(StateChangeKind::Disabling));
    StatesFile::open(&path).unwrap().add(&[line(StateChangeKind::Disabled), line(StateChangeKind::Enabled)]).unwrap();
    assert_eq!(last(), Some(StateChangeKind::Enabled));
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3);
}

/// A power cut while a group of lines is written may keep its length and its end, and leave zeros where the rest was.
#[test]
fn a_group_of_lines_that_a_power_cut_tore_counts_for_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("disabled.ndjson");
    let line = |number: usize, change| StateChange {
        change,
        user: CreatedEarlier {
            clerk_id: format!("c{number}"),
            external_id: "e".repeat(700),
            id: format!("i{number}"),
            run: "r".to_owned(),
            record: (1, 2),
        },
    };
    let group = |change| (0..3).map(|number| line(number, change)).collect::<Vec<_>>();
    let last =
        |number: usize| ChangedStates::read([&path], scratch.path()).unwrap().of_id(&format!("i{number}")).unwrap();
    StatesFile::open(&path).unwrap().add(&group(StateChangeKind::Disabling)).unwrap();
    let durable = std::fs::read(&path).unwrap();
    StatesFile::open(&path).unwrap().add(&group(StateChangeKind::Disabled)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let length = (whole.len() - durable.len()) / 3;
    // Within the second line, over a line break, at the beginning, and up to the end.
    for (from, to) in [(length + 20, length + 532), (length - 9, length + 9), (0, 512), (2 * length + 40, 3 * length)] {
        let mut torn = whole.clone();
        torn[durable.len()..][from..to].fill(0);
        std::fs::write(&path, &torn).unwrap();
        let kept = (from.saturating_sub(1)) / length;
        for number in 0..3 {
            let expected = if number < kept { StateChangeKind::Disabled } else { StateChangeKind::Disabling };
            assert_eq!(last(number), Some(expected), "{from} {to} {number}");
        }
        StatesFile::open(&path).unwrap().add(&group(StateChangeKind::Enabled)).unwrap();
        assert_eq!([0, 1, 2].map(last), [Some(StateChangeKind::Enabled); 3], "{from} {to}");
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 6 + kept, "{from} {to}");
    }
    // What somebody else did to the file is not taken for that.
    std::fs::write(&path, [&durable[..], b"{}\n"].concat()).unwrap();
    let said = ChangedStates::read([&path], scratch.path()).unwrap_err().to_string();
    assert!(said.contains("disabled.ndjson") && said.contains("line 4"), "{said}");
}

#[test]
fn the_limit_is_a_share_of_those_who_are_known() {
    let found = |known, missing| MissingUsers {
        known,
        missing,
        settled: 0,
        without_id: 0,
        left: crate::index::Texts::new(&std::env::temp_dir()).unwrap(),
        back: crate::index::Texts::new(&std::env::temp_dir()).unwrap(),
    };
    assert!(!found(0, 0).is_more_than(0) && !found(100, 5).is_more_than(5) && !found(3, 3).is_more_than(100));
    assert!(found(100, 6).is_more_than(5) && found(1, 1).is_more_than(99) && found(u64::MAX, 1).is_more_than(0));
}
