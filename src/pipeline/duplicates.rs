//! Records that claim what another record of the input has: the same external id, and of users the same address, username or
//! number.
//!
//! The target would take the first one to arrive and refuse the other, or take it for the same user. So the earlier record
//! wins, and the later one is a reject that names both places. But Clerk lets anybody add an address that is not theirs, as long
//! as they do not verify it: there the record wins whose user verified the address, or has it reserved, wherever it stands. Only
//! a record that is itself sent wins anything. To know before the first user is sent, an import goes through its files
//! twice; a dry run reports at its end. A shard or a selection goes through all of it, too, for the record that wins may be one
//! that it does not take, and reports only its own records. (Of several shards one may do it for all.)
//!
//! A verified address beside the primary one is not unique at the target, so two users who share one both move; but it can
//! belong to one of them only, so both are reported, with both places.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::ignore::ignore;
use crate::index::{Duplicate, DuplicateFinder, DuplicateMeaning, Duplicates, FoundDuplicates, Keys, RecordPlace};
use crate::mapping::{Claim, Notice, Notices, Rejection, Unique, UniqueKeys};
use crate::outcomes::StopReason;
use crate::outcomes::booking::{LateReject, LateShared, other_record, record_position};
use crate::outcomes::event::{Event, send_event};
use crate::selection::RecordsOfRun;

/// Why it does not matter that the committer does not listen.
const OVER: &str = "the run is over";

/// What is done about duplicates.
#[derive(Clone, Debug)]
pub(super) enum DuplicateCheck {
    /// Nothing: the target decides. For input that can be read only once.
    Off,
    /// Their keys are collected.
    Find(Arc<DuplicateFinder>),
    /// Those found before are rejected.
    Reject(Arc<Duplicates>),
}

impl DuplicateCheck {
    /// Rejects those that were found before, if the input could be looked through.
    pub(super) fn found_before(duplicates: Option<Arc<Duplicates>>) -> Self {
        duplicates.map_or(Self::Off, Self::Reject)
    }

    /// What was found before among these records of an input: few, for they are those of a chunk.
    pub(super) fn among(&self, input: u16, numbers: RangeInclusive<u64>) -> io::Result<DuplicatesAmong> {
        let Self::Reject(found) = self else { return Ok(DuplicatesAmong(Vec::new())) };
        found.among(input, numbers).map(DuplicatesAmong)
    }
}

/// The duplicates that were found before among the records of a chunk, in their order.
pub(super) struct DuplicatesAmong(Vec<Duplicate>);

impl DuplicatesAmong {
    /// The rejection of a record that maps, if another one was found that has what only one may have. Of one that shares an
    /// address with another record only a notice says so.
    pub(super) fn reject(&self, number: u64, notices: &mut Notices) -> Option<Rejection> {
        let index = self.0.binary_search_by_key(&number, |found| found.place.number).ok()?;
        let found = &self.0[index];
        if found.meaning == DuplicateMeaning::Taken {
            return Some(rejection(found));
        }
        notices.add(Notice::AddressShared);
        None
    }
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

/// Adds the keys of a record that maps. Beside its place stand its notices.
pub(super) fn collect(finder: &DuplicateFinder, into: &mut Keys, place: &RecordPlace, keys: &UniqueKeys) {
    into.record(place);
    for key in keys.iter() {
        let (field, text) = (key.field.number(), key.text.as_bytes());
        match key.claim {
            Claim::Sole => finder.claim(into, field, text),
            Claim::Unverified => finder.claim_unverified(into, field, text),
            Claim::Beside => finder.beside(into, field, text),
        }
    }
}

/// The reject of a duplicate.
fn rejection(Duplicate { place, kind, first, .. }: &Duplicate) -> Rejection {
    let unique = Unique::of(*kind);
    let whose = if first.input == place.input {
        format!("record {} (line {})", first.number, first.line)
    } else {
        format!("record {} (line {}) of input {}", first.number, first.line, first.input + 1)
    };
    let message = format!("{whose} has the same {}", unique.describe());
    let same_as = Some(other_record(first));
    Rejection { same_as, ..Rejection::of_field(unique.code(), unique.field(), message) }
}

/// What a dry run says about what was found, one after the other.
#[derive(Default)]
struct Late {
    rejects: Vec<LateReject>,
    shared: Vec<LateShared>,
}

impl Late {
    fn push(&mut self, duplicate: &Duplicate, inputs: &[Arc<str>]) {
        let (position, same_as) = (record_position(&duplicate.place, inputs), other_record(&duplicate.first));
        match duplicate.meaning {
            DuplicateMeaning::Taken => {
                let code = Unique::of(duplicate.kind).code();
                let notices = Notices::from_bits(duplicate.place.notes);
                self.rejects.push(LateReject { code, input: duplicate.place.input, position, same_as, notices });
            }
            DuplicateMeaning::Shared => self.shared.push(LateShared { position, same_as }),
        }
    }

    fn event(&mut self) -> Event {
        let Self { rejects, shared } = std::mem::take(self);
        Event::Late { rejects, shared }
    }
}

/// Duplicates that are reported together.
const TOGETHER: usize = 256;

/// What a dry run says at its end about duplicates.
pub(super) struct DuplicatesToReport {
    /// Has their keys.
    pub finder: Arc<DuplicateFinder>,
    /// Which records the dry run takes: of others it says nothing.
    pub records: RecordsOfRun,
    /// What the inputs are called.
    pub names: Vec<Arc<str>>,
}

impl DuplicatesToReport {
    /// Reports them. If the dry run was stopped, keys of records were collected that were not reported, and nothing is said.
    pub(super) async fn report(self, stop: &CancellationToken, events: &mpsc::Sender<Event>) {
        let Self { finder, records, names } = self;
        if stop.is_cancelled() {
            return;
        }
        let failed = |error| Event::Stopped(StopReason::Temporary(error));
        let found = match finish(finder).await {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(error) => return send_event(events, failed(error)).await,
        };
        let events = events.clone();
        // Going through them reads files.
        let reported = tokio::task::spawn_blocking(move || {
            let mut late = Late::default();
            for duplicate in found.iter() {
                let ours = duplicate.and_then(|duplicate| {
                    let RecordPlace { input, number, .. } = duplicate.place;
                    Ok(records.takes(input, number)?.then_some(duplicate))
                });
                match ours {
                    Ok(None) => continue,
                    Ok(Some(duplicate)) => late.push(&duplicate, &names),
                    Err(error) => return ignore(events.blocking_send(failed(error)), OVER),
                }
                if late.rejects.len() + late.shared.len() == TOGETHER && events.blocking_send(late.event()).is_err() {
                    return;
                }
            }
            ignore(events.blocking_send(late.event()), OVER);
        });
        if let Err(error) = reported.await {
            tracing::debug!(%error, "duplicates were not reported");
        }
    }
}
