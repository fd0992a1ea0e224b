//! Mapped identities for those who do not send but ask: the front half of the pipeline by itself.

use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
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

/// Reads and maps all inputs, and rejects the duplicates that were found before. If that cannot go on, the last item is the reason.
/// When what is returned is dropped, reading stops.
pub fn map_inputs(
    intake: Intake,
    duplicates: Option<Arc<Duplicates>>,
    extras: Extras,
) -> impl Stream<Item = Result<MappedGroup, StopReason>> + use<> {
    let progress = Arc::new(Progress::new(intake.inputs.len()));
    // Nobody takes an event before all groups are through: there is room for the end of each input, and for a reason.
    let (events, inbox) = mpsc::channel(intake.inputs.len() + 1);
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
    let mapped = mappers::start(workers, reader, context, events, CancellationToken::new());
    mapped.map(|mapped| Ok(group(mapped))).chain(reasons(inbox).map(Err))
}

/// Why the mappers stopped before the end, if they did.
fn reasons(inbox: mpsc::Receiver<Event>) -> impl Stream<Item = StopReason> {
    stream::unfold(inbox, async |mut inbox| {
        loop {
            if let Event::Stopped(reason) = inbox.recv().await? {
                return Some((reason, inbox));
            }
        }
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Input;

    #[tokio::test]
    async fn the_last_item_says_why_it_stopped_however_many_inputs_ended_before() {
        let directory = tempfile::tempdir().unwrap();
        let inputs = (0..40).map(|number| {
            let (path, end) = (directory.path().join(format!("{number}.json")), if number < 39 { "]}" } else { "," });
            let address = format!(r#"[{{"email_address":"u{number}@one.example"}}]"#);
            let user = format!(r#"{{"id":"user_{number}","email_addresses":{address}}}"#);
            std::fs::write(&path, format!(r#"{{"data":[{user}{end}"#)).unwrap();
            Input::from_argument(&path)
        });
        let intake = Intake::of_users(inputs.collect());
        let items: Vec<_> = map_inputs(intake, None, Extras::default()).collect().await;
        let (last, groups) = items.split_last().unwrap();
        assert!(matches!(last, Err(StopReason::Source(_))));
        let identities = groups.iter().map(|group| group.as_ref().map_or(0, |group| group.identities.len()));
        assert_eq!(identities.sum::<usize>(), 40);
    }
}
