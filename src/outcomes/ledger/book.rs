//! What is booked in a ledger, and how each thing changes the account.

use std::sync::Arc;

use super::super::booking::{InputEnd, LateReject, MappedChunkCounts, other_record};
use super::super::counts::{RejectedRecord, same_as as same_as_of};
use super::super::stop_reason::StopReason;
use super::{FIRST_POSITIONS, Ledger};
use crate::index::Duplicates;
use crate::journal::{Progress, ReadMark, RecordOutcome, Settled};
use crate::mapping::{FirstOfDuplicates, Notice, Notices, RejectCode};
use crate::source::Position;

impl Ledger {
    /// An input was read to its end.
    pub(crate) fn book_input_ended(&mut self, end: InputEnd) {
        self.inputs_ended += 1;
        let input = &mut self.inputs[usize::from(end.input)];
        input.records = end.records;
        input.skipped_rows = end.skipped;
        // What follows the last record of a shard is skipped, too.
        input.consumed = end.consumed.unwrap_or(input.consumed);
    }

    /// Makes it an error that there are fewer records, where all went well but for that.
    pub fn require_records(&mut self, least: Option<u64>) {
        let found = self.records();
        if let (None, Some(least)) = (&self.stopped, least.filter(|least| found < *least)) {
            self.stopped = Some(StopReason::TooFewRecords { found, least });
        }
    }

    /// Books a chunk that was mapped. In a dry run that is all that happens to its valid records.
    pub(crate) fn book_mapped(&mut self, counts: MappedChunkCounts, previews_wanted: usize) {
        self.steps.read(counts.start.key.input, counts.not_settled_before, counts.valid);
        self.read += counts.not_settled_before;
        self.not_asked += counts.not_asked;
        for (shard, rejects) in counts.rejects_of_others {
            *self.rejects_of_others.entry(shard).or_default() += rejects;
        }
        let input = &mut self.inputs[usize::from(counts.start.key.input)];
        input.consumed = counts.consumed;
        input.records = counts.last;
        if !self.sending {
            self.valid += counts.valid;
            counts.notices.into_iter().for_each(|notices| self.book_noticed(notices));
            self.forecast_counts.add(counts.forecast_counts);
        }
        let room = previews_wanted.saturating_sub(self.previews.len());
        self.previews.extend(counts.previews.into_iter().take(room));
    }

    /// Books a record that an earlier part of the run settled, which had found these duplicates.
    pub fn book_replayed(&mut self, settled: &Settled, duplicates: Option<&Duplicates>) {
        self.read += 1;
        self.steps.read(settled.key.input, 1, 0);
        self.continued_records += 1;
        if let RecordOutcome::Rejected { code, line, offset, length } = &settled.outcome {
            let input = self.inputs.get(usize::from(settled.key.input)).map_or("-", |input| input.input.as_str());
            let (line, offset, length) = (*line, *offset, *length);
            let position = Position { input: Arc::from(input), record: settled.key.number, line, offset, length };
            let code = RejectCode::from_code(code).unwrap_or(RejectCode::TargetError);
            let is_named = self.rejected.get(&code).map_or(0, |of_code| of_code.first.len()) < FIRST_POSITIONS;
            let found = duplicates.filter(|_| is_named).map(|found| found.find(settled.key.input, settled.key.number));
            let found = found.and_then(std::result::Result::unwrap_or_default);
            let same_as = found.map(|duplicate| other_record(&duplicate.first));
            self.book_rejected_record(settled.key.input, code, position, same_as);
        } else {
            self.book_settled(settled);
        }
    }

    /// Takes over how far an earlier part of the run had read, for the progress display.
    pub fn continue_at(&mut self, progress: &Progress) {
        for (index, input) in (0..).zip(&mut self.inputs) {
            let offset = progress.mark(index).map_or(0, |mark| mark.offset);
            input.records = progress.mark(index).map_or(0, ReadMark::records_before);
            input.consumed = input.bytes.map_or(0, |bytes| offset.min(bytes));
        }
        self.continued_from = self.bytes_read();
    }

    /// Books a record that was created or was there already.
    pub(crate) fn book_settled(&mut self, settled: &Settled) {
        self.steps.settled(settled.key.input, &settled.outcome);
        match settled.outcome {
            RecordOutcome::Created { .. } => self.created += 1,
            RecordOutcome::Updated => self.updated += 1,
            RecordOutcome::Unchanged => self.unchanged += 1,
            RecordOutcome::Rejected { .. } => return,
        }
        self.book_noticed(Notices::from_bits(settled.notices));
    }

    /// Books a record of a dry run that turned out to be a duplicate after it was taken for a valid one.
    pub(crate) fn book_rejected_late(&mut self, reject: LateReject) {
        let LateReject { code, input, position, same_as, notices } = reject;
        self.steps.no_more_valid(input);
        self.withdrawn(notices);
        self.book_rejected_record(input, code, position, Some(same_as));
    }

    /// Books a record of a dry run that maps, and that the target would refuse.
    pub fn would_be_refused(&mut self, code: RejectCode, position: Position, notices: Notices) {
        self.withdrawn(notices);
        self.count_rejected(code, position, None);
    }

    /// What was taken for a valid record is none.
    fn withdrawn(&mut self, notices: Notices) {
        self.valid = self.valid.saturating_sub(1);
        for notice in notices.iter() {
            if let Some(count) = self.notices.get_mut(&notice) {
                *count = count.saturating_sub(1);
            }
        }
        self.notices.retain(|_, count| *count > 0);
        let resets = u64::from(notices.iter().any(Notice::needs_password_reset));
        self.password_resets = self.password_resets.saturating_sub(resets);
    }

    pub(crate) fn book_noticed(&mut self, notices: Notices) {
        for notice in notices.iter() {
            *self.notices.entry(notice).or_default() += 1;
        }
        self.password_resets += u64::from(notices.iter().any(Notice::needs_password_reset));
    }

    pub(crate) fn book_requested(&mut self, again: bool, throttled: bool) {
        self.requests += 1;
        self.retries += u64::from(again);
        self.throttled += u64::from(throttled);
    }

    /// Books a rejected record of this input.
    pub(crate) fn book_rejected_record(
        &mut self,
        input: u16,
        code: RejectCode,
        position: Position,
        same_as: Option<FirstOfDuplicates>,
    ) {
        self.steps.rejected(input);
        self.count_rejected(code, position, same_as);
    }

    /// Counts a reject by its code, and keeps where the first ones are.
    fn count_rejected(&mut self, code: RejectCode, position: Position, same_as: Option<FirstOfDuplicates>) {
        let entry = self.rejected.entry(code).or_default();
        entry.count += 1;
        if entry.first.len() < FIRST_POSITIONS {
            let same_as = same_as.and_then(|first| same_as_of(&self.inputs, first));
            entry.first.push(RejectedRecord { position, same_as });
        }
    }
}
