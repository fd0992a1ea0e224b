//! Users who claim what an earlier record of the input has: the same external id, address, username or number.
//!
//! The target would take whichever came first and refuse the other, or take it for the same user. So the earlier record
//! wins, always, and the later one is a reject that names both places. To know before the first user is sent, an import
//! goes through its files twice; a dry run tells at its end. A shard goes through all of it, too, for the earlier record may
//! be another shard's, and tells of its own records.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::event::{Event, LateReject, StopReason};
use super::{Intake, Job, Ledger, tell};
use crate::index::{Duplicate, DuplicateFinder, Duplicates, FoundDuplicates, Keys, Place};
use crate::mapping::{EarlierRecord, Mapped, Notices, Rejection, Unique};
use crate::report::Reporter;
use crate::signal::Signals;
use crate::source::{Position, RecordSpan, Shard};

/// What is done about duplicates.
#[derive(Clone, Debug, Default)]
pub enum DuplicateCheck {
    /// Nothing: the target decides. For input that can be read only once.
    #[default]
    Off,
    /// Their keys are collected.
    Find(Arc<DuplicateFinder>),
    /// Those found before are rejected.
    Reject(Arc<Duplicates>),
}

/// Goes through the inputs of an import without sending anything. The account is that of a dry run; nothing is found if
/// that was stopped, but by the end of an input that ends too early.
pub async fn find_duplicates(
    intake: Intake,
    reporter: &mut dyn Reporter,
    signals: &mut Signals,
) -> (Ledger, io::Result<Option<FoundDuplicates>>) {
    let finder = Arc::new(DuplicateFinder::new(std::env::temp_dir()));
    let job = Job { duplicates: DuplicateCheck::Find(Arc::clone(&finder)), ..Job::dry_run(intake, 0, None) };
    let ledger = super::run(job, reporter, signals).await;
    (ledger, finish(finder).await)
}

/// Sorts out what was found; `None` while somebody is still collecting.
pub(super) async fn finish(finder: Arc<DuplicateFinder>) -> io::Result<Option<FoundDuplicates>> {
    match Arc::into_inner(finder) {
        None => Ok(None),
        Some(finder) => {
            let sorted = tokio::task::spawn_blocking(|| finder.finish()).await;
            sorted.map_err(io::Error::other)?.map(Some)
        }
    }
}

/// Adds the keys of a record that maps.
pub(super) fn collect(finder: &DuplicateFinder, keys: &mut Keys, input: u16, span: &RecordSpan, mapped: &Mapped<'_>) {
    let RecordSpan { number, line, offset, length, .. } = *span;
    let place = Place { input, number, line, offset, length, notes: mapped.notices.bits() };
    mapped.identity.unique(|unique, key| finder.key(keys, &place, unique as u8, key.as_bytes()));
}

/// The reject of a record that is a duplicate.
pub(super) fn rejection(duplicates: &Duplicates, input: u16, number: u64) -> io::Result<Option<Rejection>> {
    let found = duplicates.find(input, number)?;
    Ok(found.map(|Duplicate { place, kind, first }| {
        let unique = Unique::of(kind);
        let whose = if first.input == place.input {
            format!("record {} (line {})", first.number, first.line)
        } else {
            format!("record {} (line {}) of input {}", first.number, first.line, first.input + 1)
        };
        let message = format!("{whose} has the same {}", unique.describe());
        let same_as = Some(earlier(&first));
        Rejection { same_as, ..Rejection::of_field(unique.code(), unique.field(), message) }
    }))
}

/// What a dry run says about a duplicate.
pub(super) fn late_reject(duplicate: &Duplicate, inputs: &[Arc<str>]) -> LateReject {
    let Duplicate { place: Place { input, number, line, offset, length, notes }, kind, first } = *duplicate;
    let name = inputs.get(usize::from(input)).cloned().unwrap_or_default();
    let position = Position { input: name, record: number, line, offset, length };
    let (code, notices) = (Unique::of(kind).code(), Notices::from_bits(notes));
    LateReject { code, position, same_as: earlier(&first), notices }
}

/// The earlier record of a duplicate.
pub(super) fn earlier(first: &Place) -> EarlierRecord {
    EarlierRecord { input: first.input, number: first.number, line: first.line }
}

/// Duplicates that are told of together.
const TOGETHER: usize = 256;

/// Tells what a dry run found among the records of its shard, if nobody else wants to know. If it was stopped, keys of records
/// were collected that nobody was told of, and nothing is said.
pub(super) async fn tell_found(
    check: DuplicateCheck,
    shard: Option<Shard>,
    names: Vec<Arc<str>>,
    stop: &CancellationToken,
    events: &mpsc::Sender<Event>,
) {
    let DuplicateCheck::Find(finder) = check else { return };
    if stop.is_cancelled() {
        return;
    }
    let failed = |error| Event::Stopped(StopReason::Temporary(error));
    let found = match finish(finder).await {
        Ok(Some(found)) => found,
        Ok(None) => return,
        Err(error) => return tell(events, failed(error)).await,
    };
    let events = events.clone();
    // Going through them reads files.
    let told = tokio::task::spawn_blocking(move || {
        let mut rejects = Vec::with_capacity(TOGETHER);
        for duplicate in found.iter() {
            match duplicate {
                Ok(duplicate) if shard.is_some_and(|shard| !shard.takes(duplicate.place.number)) => continue,
                Ok(duplicate) => rejects.push(late_reject(&duplicate, &names)),
                Err(error) => return drop(events.blocking_send(failed(error))),
            }
            if rejects.len() == TOGETHER && events.blocking_send(Event::Late(std::mem::take(&mut rejects))).is_err() {
                return;
            }
        }
        drop(events.blocking_send(Event::Late(rejects)));
    });
    if let Err(error) = told.await {
        tracing::debug!(%error, "duplicates were not told");
    }
}
