//! How far a run came: what its journal says, folded into what is needed to go on. Memory is bounded by what can be
//! under way at once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::entry::{BatchPlan, ReadMark, RecordKey};

/// What a new run of the same program needs to know of an earlier, interrupted one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// For each input, the last place before which everything is settled.
    pub marks: Vec<Option<ReadMark>>,
    /// Records that are settled although they stand behind their input's mark.
    pub beyond: BTreeSet<RecordKey>,
    /// Batches that were about to be sent and whose answer is unknown.
    pub in_doubt: Vec<BatchPlan>,
    /// Their users' keys at the target, as far as the journal names them.
    external_ids: BTreeMap<RecordKey, String>,
}

/// A record that was about to be sent and whose answer is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InDoubt {
    /// The record.
    pub key: RecordKey,
    /// Its key at the target, if the journal names it.
    pub external_id: Option<String>,
}

impl Progress {
    /// Nothing done yet.
    pub fn new(inputs: usize) -> Self {
        Self { marks: vec![None; inputs], ..Self::default() }
    }

    /// Whether this record needs nothing any more.
    pub fn is_settled(&self, key: RecordKey) -> bool {
        let before_mark = self.mark(key.input).is_some_and(|mark| key.number < mark.key.number);
        before_mark || self.beyond.contains(&key)
    }

    /// Where reading of an input goes on.
    pub fn mark(&self, input: u16) -> Option<ReadMark> {
        self.marks.get(usize::from(input)).copied().flatten()
    }

    /// A batch is about to be sent. Of an earlier one that it is a part of, the rest stays in doubt: that one may have been
    /// carried out and never answered.
    pub(super) fn plan(&mut self, plan: BatchPlan) {
        self.take_out(&plan.records.iter().copied().collect());
        self.in_doubt.push(plan);
    }

    /// Plans a batch whose users' keys at the target are known.
    pub(super) fn plan_for(&mut self, plan: BatchPlan, external_ids: Vec<String>) {
        self.external_ids.extend(plan.records.iter().copied().zip(external_ids));
        self.plan(plan);
    }

    /// All records that are in doubt, in the order of the input.
    pub(super) fn into_doubts(mut self) -> Vec<InDoubt> {
        let keys: BTreeSet<RecordKey> = self.in_doubt.iter().flat_map(|plan| plan.records.iter().copied()).collect();
        keys.into_iter().map(|key| InDoubt { key, external_id: self.external_ids.remove(&key) }).collect()
    }

    fn take_out(&mut self, keys: &HashSet<RecordKey>) {
        for plan in &mut self.in_doubt {
            plan.records.retain(|key| !keys.contains(key));
        }
        self.in_doubt.retain(|plan| !plan.records.is_empty());
    }

    pub(super) fn note_settled(&mut self, keys: impl IntoIterator<Item = RecordKey>) {
        let keys: HashSet<RecordKey> = keys.into_iter().collect();
        self.take_out(&keys);
        for key in &keys {
            self.external_ids.remove(key);
        }
        self.beyond.extend(keys);
    }

    pub(super) fn reach(&mut self, mark: ReadMark) {
        let RecordKey { input, number } = mark.key;
        let slot = usize::from(input);
        // Who only wants to know how a run ended does not know how many inputs it has.
        if self.marks.len() <= slot {
            self.marks.resize(slot + 1, None);
        }
        self.marks[slot] = Some(mark);
        self.beyond.retain(|key| key.input != input || key.number >= number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> RecordKey {
        RecordKey { input: 0, number }
    }

    #[test]
    fn a_plan_is_in_doubt_until_it_is_answered() {
        let plan = |numbers: &[u64], round| BatchPlan { records: numbers.iter().copied().map(key).collect(), round };
        let mut progress = Progress::new(1);
        progress.plan(plan(&[1, 2], 0));
        progress.plan(plan(&[3], 0));
        progress.note_settled([key(3)]);
        assert_eq!(progress.in_doubt, [plan(&[1, 2], 0)]);
        progress.note_settled([key(1)]);
        assert_eq!(progress.in_doubt, [plan(&[2], 0)], "what an answer did not settle may still come");
        progress.plan(plan(&[2], 1));
        assert_eq!(progress.in_doubt, [plan(&[2], 1)]);
        progress.note_settled([key(2)]);
        assert!(progress.in_doubt.is_empty());
    }

    #[test]
    fn nothing_before_a_mark_stays_in_memory_however_many_inputs_are_expected() {
        let mut progress = Progress::new(0);
        for number in 1..=1_000 {
            progress.note_settled([RecordKey { input: 2, number }]);
            progress.reach(ReadMark { key: RecordKey { input: 2, number: number + 1 }, line: 0, offset: 0 });
        }
        assert!(progress.beyond.is_empty() && progress.is_settled(RecordKey { input: 2, number: 1_000 }));
    }

    #[test]
    fn what_is_in_doubt_is_named_as_far_as_the_journal_names_it() {
        let plan = |numbers: &[u64]| BatchPlan { records: numbers.iter().copied().map(key).collect(), round: 0 };
        let names = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect();
        let mut progress = Progress::new(1);
        progress.plan_for(plan(&[3, 1, 2]), names(&[3, 1, 2]));
        // As an earlier version wrote it, and a half of the first.
        progress.plan(plan(&[7]));
        progress.plan_for(plan(&[3]), names(&[3]));
        progress.note_settled([key(1)]);
        let doubts = progress.into_doubts().into_iter().map(|doubt| (doubt.key.number, doubt.external_id));
        assert_eq!(doubts.collect::<Vec<_>>(), [(2, Some("2".to_owned())), (3, Some("3".to_owned())), (7, None)]);
    }

    #[test]
    fn what_was_in_doubt_stays_so_while_only_a_half_of_it_was_sent_again() {
        let plan = |numbers: &[u64]| BatchPlan { records: numbers.iter().copied().map(key).collect(), round: 0 };
        let mut progress = Progress::new(1);
        // Timed out twice, and perhaps carried out; its halves are sent one after the other.
        progress.plan(plan(&[1, 2, 3, 4]));
        progress.plan(plan(&[1, 2]));
        let in_doubt = |number| progress.in_doubt.iter().any(|plan| plan.records.contains(&key(number)));
        assert!((1..=4).all(in_doubt), "{:?}", progress.in_doubt);
    }
}
