//! What a mapper does: a chunk of records in, encoded identities and rejects out.

use std::io;
use std::sync::Arc;

use super::duplicates::{self, DuplicateCheck, Found};
use crate::account::booking::MappedChunkCounts;
use crate::clerk::User;
use crate::delivery::Ready;
use crate::destination::RunMark;
use crate::index::Keys;
use crate::journal::{ConfirmedLookup, ContentHash, Mark, Progress, RecordKey, RecordOutcome, Reject, Settled};
use crate::mapping::{
    Notice, Notices, RecordContent, RejectCode, Rejection, Rules, content, map, parse, parse_row, row_rejection,
};
use crate::passwords::Passwords;
use crate::source::{FramingFault, RecordChunk, RecordSpan, Shard};

/// Room that a request needs beside what is mapped: its envelope, and the mark of the run.
const ENVELOPE_BYTES: usize = 64 + RunMark::MOST;

/// Records up to this part of the largest request make identities that fit it: no field is sent more than three times, and
/// each at most as long as it stands in the record.
/// What a mapping file adds is at most a sixtieth of a request.
const SURELY_FITS: usize = 8;

/// How to map.
pub(super) struct Mapping {
    pub rules: Arc<Rules>,
    /// The passwords that the users lack.
    pub passwords: Option<Arc<Passwords>>,
    /// What an earlier part of the run has settled.
    pub progress: Arc<Progress>,
    /// What is known to be at the target, so that it need not be asked.
    pub confirmed: Option<Arc<ConfirmedLookup>>,
    /// What is done about users who are in the input twice.
    pub duplicates: DuplicateCheck,
    /// Whether the encoded form is wanted, or only whether there is one.
    pub encode: bool,
    /// Bytes of the destination's largest request.
    pub largest_request: usize,
    /// What the run puts on what it creates.
    pub mark: Option<RunMark>,
    pub preview: usize,
    /// Which records are ours. The others come only if their keys are to be collected.
    pub shard: Option<Shard>,
}

impl Mapping {
    fn is_ours(&self, number: u64) -> bool {
        self.shard.is_none_or(|shard| shard.takes(number))
    }
}

/// A mapped chunk.
pub(super) struct MappedChunk {
    pub input: u16,
    pub chunk: Arc<RecordChunk>,
    /// The encoded identities one behind the other.
    pub encoded: Vec<u8>,
    pub ready: Vec<Ready>,
    /// Records that are known to be at the target as they are.
    pub unchanged: Vec<Settled>,
    pub rejects: Vec<Reject>,
    pub counts: MappedChunkCounts,
}

/// Maps the records of one chunk. Pure, but for the duplicates, whose index lies on disk.
pub(super) fn map_chunk(input: u16, chunk: Arc<RecordChunk>, mapping: &Mapping) -> io::Result<MappedChunk> {
    let mut mapper = ChunkMapper {
        mapping,
        input,
        keys: Keys::default(),
        first: holds_first(&chunk, mapping.shard),
        encoded: Vec::with_capacity(if mapping.encode { chunk.bytes.len() } else { 0 }),
        previews: Vec::new(),
        rejects_of_others: 0,
    };
    let (mut ready, mut unchanged, mut rejects) = (Vec::with_capacity(chunk.spans.len()), Vec::new(), Vec::new());
    for (index, span) in chunk.spans.iter().enumerate() {
        if !mapping.is_ours(span.number) {
            mapper.look_at(index, &chunk, span)?;
            continue;
        }
        let key = RecordKey { input, number: span.number };
        if mapping.progress.is_settled(key) {
            continue;
        }
        match mapper.record(index, &chunk, span)? {
            Ok(record) if mapper.forget_if_known(&record) => {
                unchanged.push(Settled { key, outcome: RecordOutcome::Unchanged, notices: record.notices.bits() });
            }
            Ok(record) => ready.push(record),
            Err(rejection) => rejects.push(Reject::new(rejection, input, &chunk, span)),
        }
    }
    let ChunkMapper { encoded, previews, keys, rejects_of_others, .. } = mapper;
    if let DuplicateCheck::Find(finder) = &mapping.duplicates {
        finder.collect(&keys)?;
    }
    let start = chunk.spans.first().map_or(Mark::end(input, 0), |span| Mark {
        key: RecordKey { input, number: span.number },
        line: span.line,
        offset: span.offset,
    });
    let counts = MappedChunkCounts {
        start,
        last: chunk.spans.last().map_or(0, |span| span.number),
        open: (ready.len() + unchanged.len() + rejects.len()) as u64,
        valid: (ready.len() + unchanged.len()) as u64,
        not_asked: unchanged.len() as u64,
        consumed: chunk.consumed,
        notices: ready.iter().map(|record| record.notices).filter(|notices| !notices.is_empty()).collect(),
        previews,
        rejects_of_others,
    };
    Ok(MappedChunk { input, chunk, encoded, ready, unchanged, rejects, counts })
}

/// Whether the first record of all, or of the shard, is in this chunk.
fn holds_first(chunk: &RecordChunk, shard: Option<Shard>) -> bool {
    let first = shard.map_or(1, Shard::first);
    chunk.spans.binary_search_by_key(&first, |span| span.number).is_ok()
}

struct ChunkMapper<'m> {
    mapping: &'m Mapping,
    input: u16,
    keys: Keys,
    /// Whether this is the first chunk of its input, from which the previews come.
    first: bool,
    encoded: Vec<u8>,
    previews: Vec<String>,
    /// Records of other shards that do not map.
    rejects_of_others: u64,
}

impl ChunkMapper<'_> {
    /// Whether the target is known to have the record as it is; then its encoded form, the last one, is dropped.
    fn forget_if_known(&mut self, record: &Ready) -> bool {
        let is_confirmed =
            |confirmed: &Arc<ConfirmedLookup>| confirmed.is_confirmed(&record.external_id, record.content);
        let confirmed = self.mapping.confirmed.as_ref().is_some_and(is_confirmed);
        if confirmed {
            self.encoded.truncate(record.encoded.start);
        }
        confirmed
    }

    /// Maps a record of another shard, which nothing is kept of but its keys: one of ours may be its duplicate.
    fn look_at(&mut self, index: usize, chunk: &RecordChunk, span: &RecordSpan) -> io::Result<()> {
        let start = self.encoded.len();
        let mapped = self.map(index, chunk, span)?;
        self.rejects_of_others += u64::from(mapped.is_err());
        self.encoded.truncate(start);
        Ok(())
    }

    /// Maps a record and looks at what it may be a duplicate of.
    fn record(&mut self, index: usize, chunk: &RecordChunk, span: &RecordSpan) -> io::Result<Result<Ready, Rejection>> {
        let mut mapped = self.map(index, chunk, span)?;
        if let (Ok(ready), DuplicateCheck::Reject(found)) = (&mut mapped, &self.mapping.duplicates) {
            match duplicates::look_up(found, self.input, span.number)? {
                Found::Rejected(rejection) => {
                    self.encoded.truncate(ready.encoded.start);
                    return Ok(Err(rejection));
                }
                Found::Shares => ready.notices.add(Notice::AddressShared),
                Found::Nothing => {}
            }
        }
        Ok(mapped)
    }

    fn map(&mut self, index: usize, chunk: &RecordChunk, span: &RecordSpan) -> io::Result<Result<Ready, Rejection>> {
        if let Some(fault) = span.fault {
            return Ok(Err(framing_rejection(fault, span)));
        }
        let record = chunk.record(span);
        let of_user = |user| self.user(user, index, chunk, span);
        if let Some(header) = &chunk.header {
            return match header.row(record) {
                Ok(row) => parse_row(header, &row).map_or_else(|rejection| Ok(Err(rejection)), of_user),
                Err(fault) => Ok(Err(row_rejection(fault))),
            };
        }
        match content(record) {
            Ok(RecordContent::Json(record)) => parse(&record).map_or_else(|rejection| Ok(Err(rejection)), of_user),
            Ok(RecordContent::Row(kept)) => match kept.cells() {
                Ok((header, row)) => parse_row(header, &row).map_or_else(|rejection| Ok(Err(rejection)), of_user),
                Err(rejection) => Ok(Err(rejection)),
            },
            Err(rejection) => Ok(Err(rejection)),
        }
    }

    /// Gives a user the password it lacks, and maps it.
    fn user(
        &mut self,
        mut user: User<'_>,
        index: usize,
        chunk: &RecordChunk,
        span: &RecordSpan,
    ) -> io::Result<Result<Ready, Rejection>> {
        let passwords = self.mapping.passwords.as_ref();
        let joined = passwords.map(|passwords| passwords.join(&mut user, || chunk.position(span))).transpose()?;
        Ok(self.identity(&user, joined.unwrap_or_default(), index, span))
    }

    fn identity(
        &mut self,
        user: &User<'_>,
        joined: Notices,
        index: usize,
        span: &RecordSpan,
    ) -> Result<Ready, Rejection> {
        let mut mapped = map(user, &self.mapping.rules)?;
        mapped.notices.extend(joined);
        let start = self.encoded.len();
        // A line of a rejects file is longer than the record in it.
        if self.mapping.encode || span.length > (self.mapping.largest_request / SURELY_FITS) as u64 {
            mapped.identity.encode(&mut self.encoded);
        }
        let largest = self.mapping.largest_request;
        if self.encoded.len() - start > largest.saturating_sub(ENVELOPE_BYTES) {
            self.encoded.truncate(start);
            let message = format!("the identity is larger than the {largest} bytes of the target's largest request");
            return Err(Rejection::of_record(RejectCode::TooLargeForTarget, message));
        }
        if let DuplicateCheck::Find(finder) = &self.mapping.duplicates {
            duplicates::collect(finder, &mut self.keys, self.input, span, &mapped);
        }
        if self.first && self.mapping.is_ours(span.number) && self.previews.len() < self.mapping.preview {
            self.previews.extend(serde_json::to_string(&mapped.identity.masked()));
        }
        let encoded = &self.encoded[start..];
        let content = if self.mapping.encode { ContentHash::of(encoded) } else { ContentHash::NOTHING };
        if let Some(mark) = &self.mapping.mark {
            mark.put_on(&mut self.encoded, self.input, span.number);
        }
        Ok(Ready {
            span: index,
            encoded: start..self.encoded.len(),
            content,
            external_id: mapped.identity.external_id.into(),
            disabled: mapped.identity.is_disabled(),
            notices: mapped.notices,
        })
    }
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
