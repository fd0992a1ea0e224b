//! A record that has the same key as another one, and the entry in which that is kept.

use super::record_place::{Parts, RECORD_BYTES, REST_BYTES, RecordPlace, Writer};

/// Bytes of a key's hash.
pub(super) const HASH_BYTES: usize = 12;

/// Of a record: its place, and beside that a hash and a kind while searching; once found a kind, the earlier record and its
/// line.
pub(super) const ENTRY_BYTES: usize = HASH_BYTES + 1 + RECORD_BYTES + REST_BYTES;

/// While searching: hash, kind, record, rest. Once found: record, kind, the earlier record and its line, rest.
pub(super) type DuplicateEntry = [u8; ENTRY_BYTES];

/// Of the kind of a key that a record has beside its own, as others may.
pub(super) const BESIDE: u8 = 0x80;

/// A record that has the same key as another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The record.
    pub place: RecordPlace,
    /// Which kind of key it is.
    pub kind: u8,
    /// What that means for the record.
    pub meaning: Meaning,
    /// The other record, which stays. Only its input, number and line are known.
    pub first: RecordPlace,
}

/// What it means that two records have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Both claim it, and the other one comes first: this one is a duplicate.
    Taken,
    /// One of them at least only has it beside its own: both stay.
    Shared,
}

/// The entry of a record that has the same key as another one.
pub(super) fn found(place: &RecordPlace, kind: u8, other: &RecordPlace) -> DuplicateEntry {
    let mut entry = Writer::<ENTRY_BYTES>::default();
    entry.record(place).number(u64::from(kind), 1).record(other).number(other.line, 5).rest(place);
    entry.done()
}

/// The entry in a file that is kept.
pub(super) fn kept(Duplicate { place, kind, meaning, first }: &Duplicate) -> DuplicateEntry {
    let beside = if *meaning == Meaning::Shared { BESIDE } else { 0 };
    let mut entry = Writer::<ENTRY_BYTES>::default();
    entry.record(place).number(u64::from(kind | beside), 1).record(first).number(first.line, 5).kept_rest(place);
    entry.done()
}

/// What an entry says that was found.
pub(super) fn duplicate_of(entry: &DuplicateEntry) -> Duplicate {
    take_apart(entry, Parts::rest)
}

/// What an entry says in a file that was kept.
pub(super) fn kept_duplicate(entry: &DuplicateEntry) -> Duplicate {
    take_apart(entry, Parts::kept_rest)
}

fn take_apart<'a>(
    entry: &'a DuplicateEntry,
    rest: impl FnOnce(&mut Parts<'a>, RecordPlace) -> RecordPlace,
) -> Duplicate {
    let mut parts = Parts(entry);
    let place = parts.record();
    let kind = u8::try_from(parts.number(1)).unwrap_or(u8::MAX);
    let first = parts.record();
    let first = RecordPlace { line: parts.number(5), ..first };
    let meaning = if kind & BESIDE == 0 { Meaning::Taken } else { Meaning::Shared };
    Duplicate { place: rest(&mut parts, place), kind: kind & !BESIDE, meaning, first }
}
