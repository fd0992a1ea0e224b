//! What a journal says, entry by entry, folded into what somebody wants to know of it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::entry::{Entry, Settled};
use super::log::LogReader;
use super::rejects_left::{FIRST, numbered};
use super::{CountedRejects, Ended, Ending, JournalAccount, JournalError, LogError, Progress, RejectsCount};

/// What a journal says.
pub(super) struct ReadJournal {
    pub(super) progress: Progress,
    pub(super) finished: bool,
    pub(super) ended: Option<Ended>,
    /// Nothing comes behind `ended`.
    is_last: bool,
    /// Numbers of the rejects files that the journal counts on but for the last one, and what counts of each.
    pub(super) earlier_rejects: Vec<(u32, RejectsCount)>,
    /// Number of the last one.
    pub(super) rejects_number: u32,
    /// What counts of it.
    pub(super) rejects: RejectsCount,
    /// Where its last whole entry ends.
    pub(super) end: u64,
}

impl ReadJournal {
    /// Reads all whole entries; `None` if there is not even a beginning.
    pub(super) fn read(
        file: &File,
        path: &Path,
        inputs: usize,
        mut settled: impl FnMut(&Settled),
    ) -> Result<Option<Self>, JournalError> {
        let wrong = |source| JournalError::Log { path: path.to_path_buf(), source };
        let reader = BufReader::with_capacity(1 << 18, file);
        let Some(mut log) = LogReader::open(reader).map_err(wrong)? else { return Ok(None) };
        let mut found = Self {
            progress: Progress::new(inputs),
            finished: false,
            ended: None,
            is_last: false,
            earlier_rejects: Vec::new(),
            rejects_number: FIRST,
            rejects: RejectsCount::default(),
            end: 0,
        };
        let mut note_settled = |progress: &mut Progress, records: &[Settled]| {
            records.iter().for_each(&mut settled);
            progress.note_settled(records.iter().map(|record| record.key));
        };
        loop {
            found.end = log.offset();
            let Some(bytes) = log.next_entry().map_err(wrong)? else { return Ok(Some(found)) };
            // Its bytes are what was written, so it is of a kind that this version does not know.
            let entry = Entry::decode(bytes).ok_or_else(|| wrong(LogError::Newer))?;
            found.is_last = matches!(entry, Entry::Ended(_));
            match entry {
                Entry::Planned(plan) => found.progress.plan(plan),
                Entry::PlannedFor { plan, external_ids } => found.progress.plan_for(plan, external_ids),
                Entry::Settled { records, rejects_bytes } => {
                    found.rejects = RejectsCount { bytes: rejects_bytes, sum: None };
                    note_settled(&mut found.progress, &records);
                }
                Entry::SettledWith { records, rejects } | Entry::SettledAs { records, rejects, .. } => {
                    found.rejects = rejects.into();
                    note_settled(&mut found.progress, &records);
                }
                Entry::Selected => {}
                Entry::Reached(mark) => found.progress.reach(mark),
                Entry::Finished => found.finished = true,
                Entry::RejectsIn(number) => {
                    found.earlier_rejects.extend(found.last_rejects());
                    (found.rejects_number, found.rejects) = (number, RejectsCount::default());
                }
                Entry::Ended(ended) => found.ended = Some(ended),
            }
        }
    }
}

impl ReadJournal {
    /// The last file with rejects. It may have been left without a reject in it, and then it is none.
    fn last_rejects(&self) -> Option<(u32, RejectsCount)> {
        (self.rejects.bytes > 0).then_some((self.rejects_number, self.rejects))
    }

    pub(super) fn has_end(&self) -> bool {
        self.finished || self.is_last
    }

    pub(super) fn account(self, rejects: &Path) -> JournalAccount {
        let files = self.earlier_rejects.iter().copied().chain(self.last_rejects());
        let counted = files.map(|(number, counted)| CountedRejects { path: numbered(rejects, number), counted });
        JournalAccount {
            has_end: self.has_end(),
            rejects: counted.collect(),
            records: self.progress.marks.iter().map(|mark| mark.filter(|mark| mark.is_end())?.line.into()).collect(),
            ended: self.ended,
            ending: match self.progress {
                _ if self.finished => Ending::Finished,
                progress if !progress.in_doubt.is_empty() => Ending::InDoubt(progress.into_doubts()),
                _ => Ending::Interrupted,
            },
        }
    }
}
