//! How the records of one chunk are mapped, one after the other.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::duplicates::{self, DuplicateCheck, DuplicatesAmong};
use super::map_context::MapContext;
use super::map_failure::MapFailure;
use super::weighing::Weighing;
use crate::delivery::{Piece, Ready};
use crate::destination::RunMark;
use crate::id_map::KnownId;
use crate::index::{Keys, RecordPlace};
use crate::journal::{ConfirmedLookup, ContentHash, RecordKey};
use crate::kind::Kind;
use crate::mapping::{
    Coverage, MapOutput, Notices, Prepared, RecordMapper, RejectCode, Rejection, RoleCounts, UniqueKeys, WantedOutput,
};
use crate::recognition::MappedRecord;
use crate::selection::{ChunkRecords, RecordsOfRun};
use crate::source::{FramingFault, RawRecord, RecordChunk, RecordSpan};

/// Room that a request needs beside what is mapped: its envelope, and the mark of the run.
const ENVELOPE_BYTES: usize = 64 + RunMark::MOST;

/// A record up to one part in so many of the largest request fits it for certain, and is not encoded only to find that out. No field
/// is sent more than three times, each time at most as long as it is in the record: that makes three eighths of the request. What a
/// mapping file adds is at most a sixtieth.
const SURELY_FITS: usize = 8;

/// The mapping of one chunk: what is the same for all of its records, and what has come out of those before.
pub(super) struct ChunkMapping<'m> {
    context: &'m MapContext,
    /// What knows the kind of the records.
    mapper: &'m dyn RecordMapper,
    input: u16,
    chunk: &'m RecordChunk,
    /// Which of its records are ours.
    ours: ChunkRecords,
    /// Which of them are known to be duplicates.
    duplicates: DuplicatesAmong,
    /// What is wanted of its records. What is not the same of all is set before each one.
    wanted: WantedOutput,
    /// The encoded records lie in it until all are mapped.
    output: MapOutput,
    /// The piece whose memory they lie in: empty meanwhile, in the end they are put back into it.
    piece: Piece,
    /// What no two records share, of all records so far.
    collected_keys: Keys,
    /// Of mapped records: how the next night recognizes them. Empty if that is not wanted.
    for_next_night: Vec<MappedRecord>,
    /// How many previews are wanted of this chunk.
    wanted_previews: usize,
    previews: Vec<String>,
    weighing: Weighing,
    /// Records of other shards that do not map, by the shard's number.
    rejects_of_others: BTreeMap<u32, u64>,
}

/// What becomes of a record in a mapper.
pub(super) enum RecordFate {
    /// It is settled by an earlier part of the run, or not ours.
    NothingToDo,
    /// The target has it as it is, with these notices.
    Unchanged(Notices),
    /// It is to be sent.
    Ready(Ready),
    Rejected(Rejection),
}

/// What has come out of the records of a chunk beside the records themselves.
pub(super) struct MappedParts {
    /// The encoded records one behind the other.
    pub encoded: Piece,
    /// What no two records share.
    pub collected_keys: Keys,
    /// Of mapped records: how the next night recognizes them. Empty if that is not wanted.
    pub for_next_night: Vec<MappedRecord>,
    pub coverage: Coverage,
    pub roles: RoleCounts,
    pub previews: Vec<String>,
    pub weighing: Weighing,
    /// Records of other shards that do not map, by the shard's number.
    pub rejects_of_others: BTreeMap<u32, u64>,
}

impl<'m> ChunkMapping<'m> {
    pub(super) fn new(input: u16, chunk: &'m RecordChunk, context: &'m MapContext) -> io::Result<Self> {
        let looks_for_duplicates = matches!(context.duplicates, DuplicateCheck::Find(_));
        let mut piece = if context.encode { context.pieces.take(chunk.bytes.len()) } else { Piece::default() };
        let reads_ids = context.wants_ready || context.confirmed_lookup.is_some() || context.ids.is_some();
        let output = MapOutput {
            encoded: std::mem::take(&mut *piece),
            unique_keys: looks_for_duplicates.then(UniqueKeys::default),
            coverage: context.forecast.then(Coverage::default),
            roles: context.forecast.then(RoleCounts::default),
        };
        let numbers = [chunk.spans.first(), chunk.spans.last()].map(|span| span.map_or(0, |span| span.number));
        Ok(Self {
            context,
            mapper: context.mapper(input),
            input,
            chunk,
            ours: context.records.among(input, numbers[0]..=numbers[1])?,
            duplicates: context.duplicates.among(input, numbers[0]..=numbers[1])?,
            wanted: WantedOutput { encoded: context.encode, ids: reads_ids, preview: false },
            output,
            piece,
            collected_keys: if looks_for_duplicates { Keys::of_records(chunk.spans.len()) } else { Keys::default() },
            for_next_night: Vec::new(),
            wanted_previews: if holds_first(chunk, &context.records) { context.preview } else { 0 },
            previews: Vec::new(),
            weighing: Weighing::of_chunk(numbers[0]),
            rejects_of_others: BTreeMap::new(),
        })
    }

    /// Whether a record is ours.
    fn takes(&self, span: &RecordSpan) -> bool {
        self.ours.takes(span.number)
    }

    /// All that has come out.
    pub(super) fn into_parts(self) -> MappedParts {
        let Self {
            output,
            piece: mut encoded,
            collected_keys,
            for_next_night,
            previews,
            weighing,
            rejects_of_others,
            ..
        } = self;
        let MapOutput { coverage, roles, .. } = output;
        *encoded = output.encoded;
        let (coverage, roles) = (coverage.unwrap_or_default(), roles.unwrap_or_default());
        MappedParts { encoded, collected_keys, for_next_night, coverage, roles, previews, weighing, rejects_of_others }
    }

    /// Decides what becomes of one record. If it is known to be unchanged, `if_unchanged` has its notices, and it is not mapped.
    pub(super) fn fate_of(
        &mut self,
        index: usize,
        span: &RecordSpan,
        if_unchanged: Option<Notices>,
    ) -> Result<RecordFate, MapFailure> {
        if !self.takes(span) {
            if matches!(self.context.duplicates, DuplicateCheck::Find(_)) {
                self.collect_keys_of_other(index, span)?;
            }
            return Ok(RecordFate::NothingToDo);
        }
        if self.context.progress.is_settled(RecordKey { input: self.input, number: span.number }) {
            return Ok(RecordFate::NothingToDo);
        }
        if let Some(notices) = if_unchanged {
            let checked = self.check_unchanged(span, notices);
            return Ok(checked.map_or_else(RecordFate::Rejected, RecordFate::Unchanged));
        }
        Ok(match self.map_unless_duplicate(index, span)? {
            Ok(record) if self.drop_if_confirmed(&record)? => RecordFate::Unchanged(record.notices),
            Ok(record) => RecordFate::Ready(Ready { earlier: self.earlier_id(&record)?, ..record }),
            Err(rejection) => RecordFate::Rejected(rejection),
        })
    }

    /// Maps a record that is not ours, of which nothing is kept but its keys: one of ours may be its duplicate.
    fn collect_keys_of_other(&mut self, index: usize, span: &RecordSpan) -> io::Result<()> {
        let start = self.output.encoded.len();
        let ready = self.map_record(index, span)?;
        if let (Err(_), Some(shard)) = (ready, self.context.records.shard()) {
            *self.rejects_of_others.entry(shard.taker(span.number).number()).or_default() += 1;
        }
        self.output.encoded.truncate(start);
        Ok(())
    }

    /// The notices of a record that is known to be unchanged, unless it is a duplicate.
    fn check_unchanged(&self, span: &RecordSpan, mut notices: Notices) -> Result<Notices, Rejection> {
        let rejection = self.duplicates.reject(span.number, &mut notices);
        rejection.map_or(Ok(notices), Err)
    }

    /// Maps a record, and rejects it if it is known to be a duplicate.
    fn map_unless_duplicate(&mut self, index: usize, span: &RecordSpan) -> io::Result<Result<Ready, Rejection>> {
        let start = self.output.encoded.len();
        let mut ready = self.map_record(index, span)?;
        if ready.is_ok() {
            self.take_into_forecast(span, start);
        }
        if let Ok(ready) = &mut ready
            && let Some(rejection) = self.duplicates.reject(span.number, &mut ready.notices)
        {
            self.output.encoded.truncate(ready.encoded.start);
            return Ok(Err(rejection));
        }
        Ok(ready)
    }

    /// Whether the target is known to have the record as it is; then its encoded form, the last one, is dropped.
    fn drop_if_confirmed(&mut self, record: &Ready) -> Result<bool, MapFailure> {
        let is_confirmed =
            |confirmed: &Arc<ConfirmedLookup>| confirmed.is_confirmed(&record.external_id, record.content);
        let mut confirmed = self.context.confirmed_lookup.as_ref().is_some_and(is_confirmed);
        // A member has one role. If the last one known is another one, this one was taken back since it was confirmed, by a version
        // that did not note that.
        if confirmed && record.kind == Kind::RoleTuple {
            confirmed = self.earlier_id(record)?.is_none();
        }
        if confirmed {
            self.output.encoded.truncate(record.encoded.start);
        }
        Ok(confirmed)
    }

    /// The earlier external id under which the target has the user whom the record is about. Without the id map the user could
    /// get a second identity, so an error is the end of the run.
    fn earlier_id(&self, record: &Ready) -> Result<Option<Box<str>>, MapFailure> {
        let Some(ids) = &self.context.ids else { return Ok(None) };
        let known = ids.find(record.kind, record.clerk_id()).map_err(MapFailure::IdMap)?;
        let earlier = known.as_ref().map(KnownId::external_id).filter(|id| **id != *record.external_id);
        Ok(earlier.map(Into::into))
    }

    /// Notes what a dry run says of a record that maps. Its encoded form begins at `start`; if it was written for this, it is dropped.
    fn take_into_forecast(&mut self, span: &RecordSpan, start: usize) {
        let Some(coverage) = &mut self.output.coverage else { return };
        if self.mapper.counts_coverage() {
            coverage.count();
        }
        let sent = self.output.encoded.len() - start;
        self.weighing.add(span.length, self.wanted.encoded.then_some(sent as u64));
        if !self.context.encode {
            self.output.encoded.truncate(start);
        }
    }

    /// Has the mapper of its kind map a record, whether or not it is ours or a duplicate.
    fn map_record(&mut self, index: usize, span: &RecordSpan) -> io::Result<Result<Ready, Rejection>> {
        if let Some(fault) = span.fault {
            return Ok(Err(framing_rejection(fault, span)));
        }
        let (start, is_ours) = (self.output.encoded.len(), self.takes(span));
        // A line of a rejects file is longer than the record in it.
        let largest = self.context.largest_request;
        let is_weighed = self.context.forecast && is_ours && self.weighing.wants_next();
        self.wanted.encoded = self.context.encode || is_weighed || span.length > (largest / SURELY_FITS) as u64;
        self.wanted.preview = is_ours && self.previews.len() < self.wanted_previews;
        let prepared = self.mapper.map(RawRecord::new(self.chunk, span), self.wanted, &mut self.output)?;
        if prepared.is_ok() && self.output.encoded.len() - start > largest.saturating_sub(ENVELOPE_BYTES) {
            self.output.encoded.truncate(start);
            return Ok(Err(too_large(self.mapper.kind().noun_at_target(), largest)));
        }
        Ok(prepared.map(|prepared| self.ready(prepared, index, span, start)))
    }

    /// A record that maps; its encoded form begins at `start`.
    fn ready(&mut self, prepared: Prepared, index: usize, span: &RecordSpan, start: usize) -> Ready {
        let Prepared { external_id, clerk_id, disabled, notices, references, preview } = prepared;
        if let (DuplicateCheck::Find(finder), Some(keys)) = (&self.context.duplicates, &self.output.unique_keys) {
            let before = self.collected_keys.count();
            let RecordSpan { number, line, offset, length, .. } = *span;
            let place = RecordPlace { input: self.input, number, line, offset, length, notes: notices.bits() };
            duplicates::collect(finder, &mut self.collected_keys, &place, keys);
            if self.context.unchanged.is_kept_by_first_pass() {
                let hashes = self.collected_keys.hashed(before).collect();
                self.for_next_night.push(MappedRecord { span_index: index, notices: notices.bits(), keys: hashes });
            }
        }
        self.previews.extend(preview);
        let encoded = &mut self.output.encoded;
        let content = if self.context.encode { ContentHash::of(&encoded[start..]) } else { ContentHash::NOTHING };
        if let Some(mark) = &self.context.mark
            && self.mapper.has_room_for_mark()
        {
            mark.put_on(encoded, self.input, span.number);
        }
        Ready {
            kind: self.mapper.kind(),
            span_index: index,
            encoded: start..encoded.len(),
            content,
            external_id,
            clerk_id,
            earlier: None,
            disabled,
            notices,
            references,
        }
    }
}

/// Whether the first record of all, or of the shard, is in this chunk. The first selected ones can be anywhere.
fn holds_first(chunk: &RecordChunk, records: &RecordsOfRun) -> bool {
    let first = match records {
        RecordsOfRun::All => 1,
        RecordsOfRun::Shard(shard) => shard.first(),
        RecordsOfRun::Selected(_) => return true,
    };
    chunk.spans.binary_search_by_key(&first, |span| span.number).is_ok()
}

fn too_large(what: &str, largest: usize) -> Rejection {
    let message = format!("the {what} is larger than the {largest} bytes of the target's largest request");
    Rejection::of_record(RejectCode::TooLargeForTarget, message)
}

fn framing_rejection(fault: FramingFault, span: &RecordSpan) -> Rejection {
    match fault {
        FramingFault::Empty => {
            Rejection::of_record(RejectCode::InvalidJson, "a comma too many: there is no record between two separators")
        }
        FramingFault::TooLarge { limit } => Rejection::of_record(
            RejectCode::RecordTooLarge,
            format!("the record has {} bytes, more than the {limit} of --max-record-bytes", span.length),
        ),
    }
}
