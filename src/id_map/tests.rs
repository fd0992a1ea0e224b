//! The map against one in memory, with any journals, looked at at any time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{IdMap, KnownId};
use crate::journal::{
    Entry, Identified, InputRecord, Journal, RecordKey, RecordOutcome, RejectsEnd, RunDirectory, RunRecord, Settled,
};
use crate::kind::Kind;

const TARGET: &str = "https://one.example";

/// What is known of an id at Clerk: external id, id at the target.
type Known = HashMap<String, (String, String)>;

/// A run into this target, with its journal, and the directory of the runs.
struct TestRun {
    directory: RunDirectory,
    journal: Journal,
}

impl TestRun {
    fn new(runs: &Path, target: &str, number: usize) -> Self {
        let directory = RunDirectory::create(runs, None).unwrap();
        let record = RunRecord {
            kratos: None,
            id: directory.id().to_owned(),
            version: String::new(),
            started: format!("2026-11-26T00:00:{number:02}Z"),
            target: target.to_owned(),
            shard: None,
            selection: None,
            inputs: vec![InputRecord { path: "-".to_owned(), fingerprint: None, kind: Kind::User }],
            passwords: None,
            memberships: Vec::new(),
            missing_email: String::new(),
            mapping: None,
            traits_schema: None,
            on_existing: String::new(),
            organization: None,
            options: crate::journal::RecordedOptions::default(),
            marked: true,
            journals_end: true,
            rejects_of: None,
        };
        directory.write_record(&record).unwrap();
        let journal = Journal::create(&directory.journal(), &directory.rejects()).unwrap();
        Self { directory, journal }
    }

    /// The target answered for these: id at Clerk, external id, id there, and whether it was created.
    fn learn(&mut self, answers: &[(String, String, String, bool)]) {
        let key = |index: usize| RecordKey { input: 0, number: index as u64 + 1 };
        let (mut records, mut identified) = (Vec::new(), Vec::new());
        for (index, (clerk_id, external_id, id, is_created)) in answers.iter().enumerate() {
            let outcome = if *is_created {
                RecordOutcome::Created { external_id: external_id.clone(), id: Some(id.clone()) }
            } else {
                RecordOutcome::Unchanged
            };
            records.push(Settled { key: key(index), outcome, notices: 0 });
            if !is_created || clerk_id != external_id {
                let external_id = (clerk_id != external_id).then(|| external_id.clone());
                let (key, clerk_id, id) = (key(index), clerk_id.clone(), id.clone());
                identified.push(Identified { key, clerk_id, external_id, id });
            }
        }
        self.journal.write_settled(records, identified).unwrap();
        self.journal.sync().unwrap();
    }
}

fn open(runs: &Path) -> IdMap {
    IdMap::open(runs, TARGET).unwrap().take_in().unwrap()
}

fn all(map: &IdMap) -> Vec<KnownId> {
    let mut all = Vec::new();
    map.lookup()
        .unwrap()
        .for_each(|known| {
            all.push(known);
            Ok(())
        })
        .unwrap();
    all
}

/// Fails unless the map says exactly this, entry by entry and as a list.
fn assert_says(map: &IdMap, expected: &Known, others: &[String]) {
    let listed = all(map);
    assert_eq!(listed.len(), expected.len(), "each once");
    let listed: Known =
        listed.into_iter().map(|known| (known.clerk_id.clone(), (known.external_id().to_owned(), known.id))).collect();
    assert_eq!(&listed, expected);
    let lookup = map.lookup().unwrap();
    for (clerk_id, (external_id, id)) in expected {
        let found = lookup.find(Kind::User, clerk_id).unwrap().unwrap();
        assert_eq!((found.external_id(), &found.id), (external_id.as_str(), id));
    }
    for other in others.iter().filter(|other| !expected.contains_key(*other)) {
        assert!(lookup.find(Kind::User, other).unwrap().is_none());
    }
}

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// A run learns these; a new one, or the last one.
    Learn { new_run: bool, answers: Vec<(u8, u8, u8, bool)> },
    /// Somebody brings the map up to date.
    TakeIn,
    /// The target is another one now.
    Forget,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let answers = proptest::collection::vec((any::<u8>(), 0u8..3, 0u8..3, any::<bool>()), 0..40);
    let step = prop_oneof![
        6 => (any::<bool>(), answers).prop_map(|(new_run, answers)| Step::Learn { new_run, answers }),
        3 => Just(Step::TakeIn),
        1 => Just(Step::Forget),
    ];
    proptest::collection::vec(step, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn it_is_a_map_in_memory_but_for_where_it_lies(steps in steps()) {
        let runs = tempfile::tempdir().unwrap();
        let (mut expected, mut run, mut number) = (Known::new(), None::<TestRun>, 0);
        let others: Vec<String> = (0..=u8::MAX).map(|number| format!("user_{number}")).collect();
        for step in steps {
            match step {
                Step::Learn { new_run, answers } => {
                    if new_run || run.is_none() {
                        // What an earlier run learned was learned earlier, also if nobody took it in yet.
                        number += 1;
                        run = Some(TestRun::new(runs.path(), TARGET, number));
                    }
                    let answers: Vec<_> = answers
                        .into_iter()
                        .map(|(clerk, external, id, is_created)| {
                            let clerk_id = format!("user_{clerk}");
                            let external_id = if external == 0 { clerk_id.clone() } else { format!("emp, \"{external}\"") };
                            (clerk_id, external_id, format!("id_{clerk}_{id}"), is_created)
                        })
                        .collect();
                    // Of one id in one answer the order is that of created ones and others; such a batch is never sent.
                    let mut seen = std::collections::HashSet::new();
                    let answers: Vec<_> = answers.into_iter().filter(|answer| seen.insert(answer.0.clone())).collect();
                    run.as_mut().unwrap().learn(&answers);
                    expected.extend(answers.into_iter().map(|(clerk_id, external_id, id, _)| (clerk_id, (external_id, id))));
                }
                Step::TakeIn => assert_says(&open(runs.path()), &expected, &others),
                Step::Forget => {
                    open(runs.path()).forget().unwrap();
                    expected.clear();
                }
            }
        }
        assert_says(&open(runs.path()), &expected, &others);
    }
}

fn one(number: usize) -> (String, String, String, bool) {
    let clerk_id = format!("user_{number}");
    (clerk_id.clone(), clerk_id, format!("id_{number}"), true)
}

fn directory_of_map(runs: &Path) -> PathBuf {
    let entries = std::fs::read_dir(runs).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with("ids-")).unwrap()
}

#[test]
fn more_than_memory_holds_is_listed_in_the_order_in_which_it_was_learned() {
    let runs = tempfile::tempdir().unwrap();
    let mut run = TestRun::new(runs.path(), TARGET, 1);
    for group in 0..50 {
        run.learn(&(0..1_000).map(|number| one(group * 1_000 + number)).collect::<Vec<_>>());
    }
    let map = open(runs.path());
    let ids: Vec<String> = all(&map).into_iter().map(|known| known.id).collect();
    assert!(ids.into_iter().eq((0..50_000).map(|number| format!("id_{number}"))));
}

#[test]
fn other_targets_and_undone_runs_are_not_in_it() {
    let runs = tempfile::tempdir().unwrap();
    TestRun::new(runs.path(), "https://two.example", 1).learn(&[one(1)]);
    let mut undone = TestRun::new(runs.path(), TARGET, 2);
    undone.learn(&[one(2)]);
    undone.directory.mark_undone(false, None).unwrap();
    TestRun::new(runs.path(), TARGET, 3).learn(&[one(3)]);
    let ids: Vec<String> = all(&open(runs.path())).into_iter().map(|known| known.id).collect();
    assert_eq!(ids, ["id_3"]);
}

#[test]
fn what_a_version_without_ids_did_is_said_to_be_missing_once() {
    let runs = tempfile::tempdir().unwrap();
    let mut map = open(runs.path());
    assert!(map.misses_some(), "nobody knows what was before");
    map.note_covered().unwrap();
    drop(map);
    let mut run = TestRun::new(runs.path(), TARGET, 1);
    let outcome = RecordOutcome::Created { external_id: "user_1".to_owned(), id: Some("id_1".to_owned()) };
    let settled = Settled { key: RecordKey { input: 0, number: 1 }, outcome, notices: 0 };
    let entry = Entry::SettledWith { records: vec![settled], rejects: RejectsEnd::default() };
    run.journal.append(&entry).and_then(|()| run.journal.sync()).unwrap();
    let mut map = open(runs.path());
    assert!(map.misses_some() && all(&map).is_empty(), "the external id need not be the id at Clerk");
    map.note_covered().unwrap();
    drop(map);
    // The run goes on with this version.
    run.learn(&[one(2)]);
    let map = open(runs.path());
    assert!(!map.misses_some());
    assert_eq!(all(&map).len(), 1);
}

#[test]
fn what_an_interruption_leaves_is_made_good() {
    let runs = tempfile::tempdir().unwrap();
    let mut run = TestRun::new(runs.path(), TARGET, 1);
    run.learn(&[one(1), one(2)]);
    drop(open(runs.path()));
    let directory = directory_of_map(runs.path());
    // Entries were written, and where they are found was not.
    let mut ids = std::fs::read(directory.join("ids")).unwrap();
    let whole = ids.len();
    ids.extend_from_within(..whole / 2 + 3);
    std::fs::write(directory.join("ids"), ids).unwrap();
    std::fs::write(directory.join(".tmpabc"), "x").unwrap();
    run.learn(&[one(3)]);
    let expected = |numbers: &[usize]| -> Known {
        numbers
            .iter()
            .map(|number| (format!("user_{number}"), (format!("user_{number}"), format!("id_{number}"))))
            .collect()
    };
    assert_says(&open(runs.path()), &expected(&[1, 2, 3]), &[]);
    assert!(!directory.join(".tmpabc").exists());
    // They are found, and nobody noted up to where the journal was taken in.
    let taken_in = std::fs::read(directory.join("taken-in.json")).unwrap();
    run.learn(&[one(4)]);
    drop(open(runs.path()));
    std::fs::write(directory.join("taken-in.json"), taken_in).unwrap();
    assert_says(&open(runs.path()), &expected(&[1, 2, 3, 4]), &[]);
    // Of a journal the end was lost that was taken in already.
    let journal = std::fs::read(run.directory.journal()).unwrap();
    std::fs::write(run.directory.journal(), &journal[..journal.len() - 5]).unwrap();
    assert_says(&open(runs.path()), &expected(&[1, 2, 3, 4]), &[]);
}

#[test]
fn what_is_damaged_is_forgotten_and_said_to_be_missing() {
    for (file, content) in [("taken-in.json", &b"{"[..]), ("ids", &[0; 200])] {
        let runs = tempfile::tempdir().unwrap();
        let mut run = TestRun::new(runs.path(), TARGET, 1);
        run.learn(&[one(1), one(2)]);
        open(runs.path()).note_covered().unwrap();
        std::fs::write(directory_of_map(runs.path()).join(file), content).unwrap();
        run.learn(&[one(2), one(3)]);
        let map = open(runs.path());
        assert!(map.misses_some() && all(&map).is_empty(), "{file}");
        drop(map);
        run.learn(&[one(4)]);
        assert_eq!(all(&open(runs.path())).len(), 1, "{file}: what is learned from then on is known");
    }
}

#[test]
fn what_a_later_version_wrote_is_refused_with_a_sentence() {
    let runs = tempfile::tempdir().unwrap();
    drop(open(runs.path()));
    let path = directory_of_map(runs.path()).join("taken-in.json");
    std::fs::write(&path, r#"{"version":2,"something":"new"}"#).unwrap();
    let error = IdMap::open(runs.path(), TARGET).unwrap_err();
    assert!(error.to_string().contains("a newer version of the tool wrote it"), "{error}");
    assert!(std::fs::read_to_string(path).unwrap().contains("new"), "it is left as it is");
}
