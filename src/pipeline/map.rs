//! What a mapper does: a chunk of records in, encoded identities and rejects out.

use std::sync::Arc;

use super::chunk_mapping::{ChunkMapping, MappedParts, RecordFate};
use super::duplicates::DuplicateCheck;
use super::map_context::MapContext;
use super::map_failure::MapFailure;
use super::mapped_chunk::MappedChunk;
use crate::delivery::Piece;
use crate::journal::{ReadMark, RecordKey, RecordOutcome, Reject, Settled};
use crate::mapping::Notices;
use crate::outcomes::ForecastCounts;
use crate::outcomes::booking::MappedChunkCounts;
use crate::recognition::Recognized;
use crate::source::RecordChunk;

/// Maps the records of one chunk. Pure, but for what lies on disk: duplicates, what is known of the target, passwords.
pub(super) fn map_chunk(
    input: u16,
    chunk: Arc<RecordChunk>,
    recognized: &[Option<Recognized>],
    context: &MapContext,
) -> Result<MappedChunk, MapFailure> {
    let mut mapping = ChunkMapping::new(input, &chunk, context)?;
    let mut ready = Vec::with_capacity(if context.wants_ready { chunk.spans.len() } else { 0 });
    let (mut ready_count, mut notices, mut unchanged, mut rejects) = (0, Vec::new(), Vec::new(), Vec::new());
    let kind = context.mapper(input).kind();
    let unchanged_notices = context.unchanged.notices_of_unchanged(input, &chunk, recognized);
    // If `UnchangedRecords` has nothing for this chunk, what was recognized does not count: all of it is mapped.
    let recognized = if unchanged_notices.is_empty() { &[] } else { recognized };
    for (index, span) in chunk.spans.iter().enumerate() {
        let if_unchanged = unchanged_notices.get(index).copied().flatten().map(Notices::from_bits);
        match mapping.fate_of(index, span, if_unchanged)? {
            RecordFate::NothingToDo => {}
            RecordFate::Unchanged(notices) => {
                let key = RecordKey { input, number: span.number };
                unchanged.push(Settled { key, outcome: RecordOutcome::Unchanged, notices: notices.bits() });
            }
            RecordFate::Ready(record) => {
                ready_count += 1;
                notices.extend(Some(record.notices).filter(|notices| !notices.is_empty()));
                if context.wants_ready {
                    ready.push(record);
                }
            }
            RecordFate::Rejected(rejection) => rejects.push(Reject::new(rejection, kind, input, &chunk, span)),
        }
    }
    let mut parts = mapping.into_parts();
    if let DuplicateCheck::Find(finder) = &context.duplicates {
        finder.collect(std::mem::take(&mut parts.collected_keys))?;
    }
    context.unchanged.keep_in_first_pass((input, &chunk), recognized, &unchanged, &parts.for_next_night);
    let fates = FateCounts { ready: ready_count, unchanged: unchanged.len() as u64, rejected: rejects.len() as u64 };
    let (encoded, counts) = counts_of((input, &chunk), parts, fates, notices);
    Ok(MappedChunk { input, chunk, encoded, ready, unchanged, rejects, counts })
}

/// What became of the records of a chunk.
struct FateCounts {
    ready: u64,
    unchanged: u64,
    rejected: u64,
}

/// What the committer is told of a chunk, and the forms in which its records are sent.
fn counts_of(
    (input, chunk): (u16, &RecordChunk),
    parts: MappedParts,
    FateCounts { ready, unchanged, rejected }: FateCounts,
    notices: Vec<Notices>,
) -> (Piece, MappedChunkCounts) {
    let MappedParts { encoded, coverage, roles, previews, weighing, rejects_of_others, .. } = parts;
    let valid = ready + unchanged;
    let counts = MappedChunkCounts {
        start: start_of(input, chunk),
        last: chunk.spans.last().map_or(0, |span| span.number),
        not_settled_before: valid + rejected,
        valid,
        not_asked: unchanged,
        consumed: chunk.consumed,
        notices,
        previews,
        rejects_of_others,
        forecast_counts: ForecastCounts {
            coverage,
            roles,
            records: valid,
            record_bytes: weighing.record_bytes(),
            sent_bytes: weighing.sent_bytes(),
        },
    };
    (encoded, counts)
}

/// Where a chunk starts.
fn start_of(input: u16, chunk: &RecordChunk) -> ReadMark {
    chunk.spans.first().map_or(ReadMark::end(input, 0), |span| ReadMark {
        key: RecordKey { input, number: span.number },
        line: span.line,
        offset: span.offset,
    })
}
