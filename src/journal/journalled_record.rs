//! What a journal says of each record, in the order of the inputs.
//!
//! A journal names records in the order in which they were settled. How far that is from the order of the inputs is bounded by
//! what can be under way at once, so the records between two marks are sorted in memory.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::entry::{Entry, Identified, RecordKey, Settled};
use super::log::LogReader;
use super::{InDoubt, JournalError, LogError, Progress, ReadMark};

/// What a journal says of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalledRecord {
    /// It is settled.
    Settled {
        /// What became of it.
        settled: Settled,
        /// What the target calls the one it is about, where what became of it does not say this.
        identified: Option<Identified>,
    },
    /// It was sent, and the answer is not known.
    InDoubt(InDoubt),
}

impl JournalledRecord {
    /// Which record it is.
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Settled { settled, .. } => settled.key,
            Self::InDoubt(doubt) => doubt.key,
        }
    }
}

/// Reads a journal over this many inputs, and shows each record that it knows once, in the order of the inputs. Nothing is
/// changed, and a run may be under way meanwhile. An error of `each` ends the reading and comes back.
pub fn read_records<E: From<JournalError>>(
    journal: &Path,
    inputs: usize,
    mut each: impl FnMut(JournalledRecord) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |source| JournalError::Io { path: journal.to_path_buf(), source };
    let wrong = |source| JournalError::Log { path: journal.to_path_buf(), source };
    let reader = BufReader::with_capacity(1 << 16, File::open(journal).map_err(failed)?);
    let Some(mut log) = LogReader::open(reader).map_err(wrong)? else { return Ok(()) };
    let (mut progress, mut waiting) = (Progress::new(inputs), BTreeMap::new());
    while let Some(bytes) = log.next_entry().map_err(wrong)? {
        match Entry::decode(bytes).ok_or_else(|| wrong(LogError::Newer))? {
            Entry::Planned(plan) => progress.plan(plan),
            Entry::PlannedFor { plan, external_ids } => progress.plan_for(plan, external_ids),
            Entry::Settled { records, .. } | Entry::SettledWith { records, .. } => {
                wait(&mut waiting, &mut progress, records, Vec::new());
            }
            Entry::SettledAs { records, identified, .. } => wait(&mut waiting, &mut progress, records, identified),
            Entry::Reached(mark) => {
                progress.reach(mark);
                let behind = waiting.split_off(&frontier(&progress.marks));
                std::mem::replace(&mut waiting, behind).into_values().try_for_each(&mut each)?;
            }
            Entry::Finished | Entry::RejectsIn(_) | Entry::Ended(_) | Entry::Selected => {}
        }
    }
    waiting.extend(progress.into_doubts().into_iter().map(|doubt| (doubt.key, JournalledRecord::InDoubt(doubt))));
    waiting.into_values().try_for_each(each)
}

/// Takes in what one entry says.
fn wait(
    waiting: &mut BTreeMap<RecordKey, JournalledRecord>,
    progress: &mut Progress,
    records: Vec<Settled>,
    identified: Vec<Identified>,
) {
    progress.note_settled(records.iter().map(|settled| settled.key));
    let mut of_record: HashMap<RecordKey, Identified> =
        identified.into_iter().map(|identified| (identified.key, identified)).collect();
    waiting.extend(records.into_iter().map(|settled| {
        let identified = of_record.remove(&settled.key);
        (settled.key, JournalledRecord::Settled { settled, identified })
    }));
}

/// The first record that need not be settled yet: every one before it is, in the order of all inputs.
fn frontier(marks: &[Option<ReadMark>]) -> RecordKey {
    let mut input = 0;
    for mark in marks {
        match mark {
            Some(mark) if mark.is_end() => input += 1,
            Some(mark) => return mark.key,
            None => break,
        }
    }
    RecordKey { input, number: 0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::{Journal, RecordOutcome, Tracker};

    proptest! {
        /// Two inputs are read one behind the other, their records are settled in any order within a window, and the journal
        /// ends anywhere: each record that is settled or in doubt by then is shown once, in the order of the inputs.
        #[test]
        fn each_record_is_shown_once_and_in_order(
            sizes in proptest::collection::vec((0_u16..2, 1_u64..9), 1..16),
            order in any::<u64>(),
            stop in 0_usize..200,
        ) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("journal");
            let mut journal = Journal::create(&path, &directory.path().join("rejects.ndjson")).unwrap();
            let (mut tracker, mut next, mut random) = (Tracker::new(2), [1, 1], fastrand::Rng::with_seed(order));
            let mut sizes = sizes;
            sizes.sort_by_key(|(input, _)| *input);
            let (mut open, mut settled) = (Vec::new(), Vec::new());
            let mark = |input, number| ReadMark { key: RecordKey { input, number }, line: number, offset: number };
            let mut marks = Vec::new();
            for (input, size) in sizes {
                let first = next[usize::from(input)];
                marks.extend(tracker.begin_chunk(mark(input, first), size));
                let keys: Vec<RecordKey> = (first..first + size).map(|number| RecordKey { input, number }).collect();
                next[usize::from(input)] += size;
                journal.append(&Entry::PlannedFor {
                    plan: crate::journal::BatchPlan { records: keys.clone(), round: 0 },
                    external_ids: keys.iter().map(|key| key.number.to_string()).collect(),
                }).unwrap();
                open.extend(keys);
                while open.len() > 12 && settled.len() < stop {
                    settle(&mut journal, &mut tracker, open.swap_remove(random.usize(..open.len())), &mut settled, &mut marks);
                }
                for mark in marks.drain(..) {
                    journal.append(&Entry::Reached(mark)).unwrap();
                }
            }
            for input in 0..2 {
                marks.extend(tracker.input_ended(input, next[usize::from(input)] - 1));
            }
            while !open.is_empty() && settled.len() < stop {
                settle(&mut journal, &mut tracker, open.swap_remove(random.usize(..open.len())), &mut settled, &mut marks);
                for mark in marks.drain(..) {
                    journal.append(&Entry::Reached(mark)).unwrap();
                }
            }
            journal.sync().unwrap();
            let mut shown = Vec::new();
            read_records(&path, 2, |record| {
                let is_settled = matches!(record, JournalledRecord::Settled { .. });
                shown.push((record.key(), is_settled));
                Ok::<_, JournalError>(())
            }).unwrap();
            let mut expected: Vec<(RecordKey, bool)> = settled.into_iter().map(|key| (key, true)).collect();
            expected.extend(open.into_iter().map(|key| (key, false)));
            expected.sort_unstable();
            prop_assert_eq!(shown, expected);
        }
    }

    fn settle(
        journal: &mut Journal,
        tracker: &mut Tracker,
        key: RecordKey,
        settled: &mut Vec<RecordKey>,
        marks: &mut Vec<ReadMark>,
    ) {
        let record = Settled { key, outcome: RecordOutcome::Unchanged, notices: 0 };
        journal.write_settled(vec![record], Vec::new()).unwrap();
        marks.extend(tracker.note_settled(key));
        settled.push(key);
    }
}
