//! The mappers: chunks of records in, encoded identities and rejects out, on all cores.
//!
//! Order is kept (`buffered`, not `buffer_unordered`): it costs nothing as long as chunks are alike in size, and what
//! was done can then be told by one number, how far into the input everything is settled.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::event::{Event, MappedChunkCounts, StopReason};
use super::read::Read;
use super::tell;
use crate::avnology::MAX_BODY_BYTES;
use crate::journal::Reject;
use crate::mapping::{Notice, RejectCode, Rejection, Rules, map, parse, unwrap_reject};
use crate::source::{FramingFault, RecordChunk, RecordSpan};

/// Room that a request needs beside its items.
const ENVELOPE_BYTES: usize = 64;

/// How to map.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub rules: Arc<Rules>,
    pub preview: usize,
    pub workers: usize,
}

/// A mapped chunk.
pub(super) struct MappedChunk {
    pub chunk: Arc<RecordChunk>,
    /// The encoded identities one behind the other.
    pub encoded: Vec<u8>,
    pub ready: Vec<Ready>,
    pub rejects: Vec<Reject>,
    pub counts: MappedChunkCounts,
}

/// A record that is ready to be sent.
#[derive(Debug)]
pub(super) struct Ready {
    /// Index of the record's span within its chunk.
    pub span: usize,
    /// Where its encoded form lies in [`MappedChunk::encoded`].
    pub encoded: Range<usize>,
    pub external_id: Box<str>,
    /// Whether the user may not sign in.
    pub disabled: bool,
}

/// Maps chunks in parallel, in order.
pub(super) fn stream(
    records: mpsc::Receiver<Read>,
    mapping: Mapping,
    events: mpsc::Sender<Event>,
) -> impl Stream<Item = MappedChunk> {
    let workers = mapping.workers;
    super::stream(records)
        .map(move |read| {
            let mapping = mapping.clone();
            async move {
                match read {
                    Read::Chunk(input, chunk) => tokio::task::spawn_blocking(move || map_chunk(input, chunk, &mapping))
                        .await
                        .map_err(|error| StopReason::Internal(format!("a mapper failed: {error}"))),
                    Read::Failed(error) => Err(StopReason::Source(error)),
                }
            }
        })
        .buffered(workers)
        // The error is told behind the chunks before it, which are complete.
        .filter_map(move |mapped| {
            let events = events.clone();
            async move {
                match mapped {
                    Ok(mapped) => Some(mapped),
                    Err(reason) => {
                        tell(&events, Event::Stopped(reason)).await;
                        None
                    }
                }
            }
        })
}

/// Maps the records of one chunk. Pure.
pub(super) fn map_chunk(input: usize, chunk: Arc<RecordChunk>, mapping: &Mapping) -> MappedChunk {
    let mut mapper = ChunkMapper {
        mapping,
        first: chunk.spans.first().is_some_and(|span| span.number == 1),
        encoded: Vec::with_capacity(chunk.bytes.len()),
        notices: BTreeMap::new(),
        counts: MappedChunkCounts { input, consumed: chunk.consumed, ..MappedChunkCounts::default() },
    };
    let (mut ready, mut rejects) = (Vec::with_capacity(chunk.spans.len()), Vec::new());
    for (index, span) in chunk.spans.iter().enumerate() {
        match mapper.record(index, &chunk, span) {
            Ok(record) => ready.push(record),
            Err(rejection) => rejects.push(Reject::new(rejection, &chunk, span)),
        }
    }
    let ChunkMapper { encoded, notices, mut counts, .. } = mapper;
    counts.records = chunk.spans.len() as u64;
    counts.valid = ready.len() as u64;
    counts.notices = notices.into_iter().collect();
    MappedChunk { chunk, encoded, ready, rejects, counts }
}

struct ChunkMapper<'m> {
    mapping: &'m Mapping,
    /// Whether this is the first chunk of its input, from which the previews come.
    first: bool,
    encoded: Vec<u8>,
    notices: BTreeMap<Notice, u64>,
    counts: MappedChunkCounts,
}

impl ChunkMapper<'_> {
    fn record(&mut self, index: usize, chunk: &RecordChunk, span: &RecordSpan) -> Result<Ready, Rejection> {
        if let Some(fault) = span.fault {
            return Err(framing_rejection(fault, span));
        }
        let record = unwrap_reject(chunk.record(span))?;
        let user = parse(&record)?;
        let mapped = map(&user, &self.mapping.rules)?;
        let start = self.encoded.len();
        mapped.identity.encode(&mut self.encoded);
        if self.encoded.len() - start > MAX_BODY_BYTES - ENVELOPE_BYTES {
            self.encoded.truncate(start);
            let message =
                format!("the identity is larger than the {MAX_BODY_BYTES} bytes of the target's largest request");
            return Err(Rejection::of_record(RejectCode::TooLargeForTarget, message));
        }
        for notice in mapped.notices.iter() {
            *self.notices.entry(notice).or_default() += 1;
        }
        self.counts.password_resets += u64::from(mapped.notices.iter().any(Notice::needs_password_reset));
        if self.first && self.counts.previews.len() < self.mapping.preview {
            self.counts.previews.extend(serde_json::to_string(&mapped.identity.masked()));
        }
        Ok(Ready {
            span: index,
            encoded: start..self.encoded.len(),
            external_id: mapped.identity.external_id.into(),
            disabled: mapped.identity.is_disabled(),
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
