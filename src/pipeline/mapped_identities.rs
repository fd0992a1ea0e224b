//! Mapped identities for those who do not send but ask: the front half of the pipeline by itself.

use std::sync::Arc;

use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::chunk_reader::{ChunkReader, ReaderSetup};
use super::duplicates::DuplicateCheck;
use super::map_context::MapContext;
use super::mapped_chunk::MappedChunk;
use super::unchanged::Unchanged;
use super::{Intake, mappers};
use crate::delivery::Pieces;
use crate::index::Duplicates;
use crate::journal::{Progress, Reject};
use crate::mapping::{Notices, RecordIds};
use crate::outcomes::booking::MappedChunkCounts;
use crate::outcomes::event::Event;
use crate::outcomes::{Ledger, StopReason};
use crate::source::Position;

/// An identity as it would be sent, and where its record stands. There is no `Debug`: it is personal data.
#[derive(Clone)]
pub struct MappedIdentity {
    /// Where its record stands.
    pub position: Position,
    /// The key at the target.
    pub external_id: Box<str>,
    /// The id at Clerk, if that is another one.
    pub clerk_id: Option<Box<str>>,
    /// `{"identity":{…}}`; nothing if only ids were wanted.
    pub encoded: Vec<u8>,
    /// What was said of its record.
    pub notices: Notices,
}

/// What is said of the users beside what they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras {
    /// How many of the first identities to keep for display.
    pub preview: usize,
    /// Whether the counts of a forecast are wanted.
    pub forecast: bool,
    /// Whether nothing is wanted but whom the records are about: the encoded forms are empty.
    pub only_ids: bool,
}

/// The identities of one chunk, and what the chunk adds to the counts.
pub struct MappedGroup {
    /// The identities, in the order of the input.
    pub identities: Vec<MappedIdentity>,
    /// Records that cannot be sent.
    pub(super) rejects: Vec<Reject>,
    pub(super) counts: MappedChunkCounts,
}

impl MappedGroup {
    /// Who the records are about that cannot be sent, as far as that can be read.
    pub fn rejected_ids(&self) -> impl Iterator<Item = RecordIds> {
        self.rejects.iter().map(Reject::ids)
    }
}

/// Reads and maps all inputs, and rejects the duplicates that were found before. `stops` gets the reason if that cannot go on, and is
/// closed when it is over.
pub fn map_inputs(
    intake: Intake,
    duplicates: Option<Arc<Duplicates>>,
    extras: Extras,
    stop: CancellationToken,
    stops: mpsc::Sender<StopReason>,
) -> impl Stream<Item = MappedGroup> + use<> {
    let progress = Arc::new(Progress::new(intake.inputs.len()));
    let (events, mut inbox) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Some(event) = inbox.recv().await {
            if let Event::Stopped(reason) = event
                && stops.send(reason).await.is_err()
            {
                return;
            }
        }
    });
    let context = MapContext {
        mapper_of_input: intake.mapper_of_input.clone(),
        progress: Arc::clone(&progress),
        confirmed_lookup: None,
        unchanged: Unchanged::Unknown,
        ids: None,
        duplicates: DuplicateCheck::found_before(duplicates),
        encode: !extras.only_ids,
        wants_ready: true,
        largest_request: intake.largest_request,
        mark: None,
        preview: extras.preview,
        forecast: extras.forecast,
        records: intake.records.clone(),
        pieces: Pieces::default(),
    };
    let workers = intake.workers;
    let reader = ChunkReader::new(ReaderSetup::of(intake, progress));
    mappers::start(workers, reader, context, events, stop).map(group)
}

fn group(mapped: MappedChunk) -> MappedGroup {
    let MappedChunk { chunk, encoded, ready, rejects, counts, .. } = mapped;
    let identities = ready.into_iter().map(|ready| MappedIdentity {
        position: chunk.position(&chunk.spans[ready.span_index]),
        external_id: ready.external_id,
        clerk_id: ready.clerk_id,
        encoded: encoded[ready.encoded].to_vec(),
        notices: ready.notices,
    });
    MappedGroup { identities: identities.collect(), rejects, counts }
}

impl Ledger {
    /// Books a group that is asked about: what its chunk adds to the counts, and the records that cannot be sent. This many
    /// previews are wanted in all.
    pub fn mapped_group(&mut self, group: MappedGroup, previews: usize) -> Vec<MappedIdentity> {
        let MappedGroup { identities, rejects, counts } = group;
        self.book_mapped(counts, previews);
        for reject in rejects {
            self.book_rejected_record(reject.key.input, reject.code, reject.position, reject.same_as);
        }
        identities
    }
}
