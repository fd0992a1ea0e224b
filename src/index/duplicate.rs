//! A record that has a key in common with another record, and its entry on disk.

use super::record_place::{Parts, RECORD_BYTES, REST_BYTES, RecordPlace, Writer};

/// Bytes of a key's hash.
pub(super) const HASH_BYTES: usize = 12;

/// The record's place, a kind, and the other record with its line.
pub(super) const ENTRY_BYTES: usize = RECORD_BYTES + 1 + RECORD_BYTES + 5 + REST_BYTES;

/// Record, kind, the other record and its line, rest.
pub(super) type DuplicateEntry = [u8; ENTRY_BYTES];

/// The bit in the kind of a key that does not belong to this record alone: other records may have it, too.
pub(super) const BESIDE: u8 = 0x80;

/// The bit in the kind of a key that a record claims although nobody verified that it is the record's own. It is in no entry of a
/// duplicate.
pub(super) const UNVERIFIED: u8 = 0x40;

/// A record that has a key in common with another record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The record.
    pub place: RecordPlace,
    /// The kind of the key.
    pub kind: u8,
    /// What this means for the record.
    pub meaning: DuplicateMeaning,
    /// The other record, which stays. Only its input, number and line are known.
    pub first: RecordPlace,
}

/// What it means that two records have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateMeaning {
    /// Both claim the key, and the other record gets it: this record is a duplicate.
    Taken,
    /// At least one of the two does not claim the key: both stay.
    Shared,
}

/// The entry of a record that has a key in common with another record.
pub(super) fn found(place: &RecordPlace, kind: u8, other: &RecordPlace) -> DuplicateEntry {
    let mut entry = Writer::<ENTRY_BYTES>::default();
    entry.record(place).number(u64::from(kind), 1).record(other).number(other.line, 5).rest(place);
    entry.done()
}

/// The entry in the form that a run keeps on disk.
pub(super) fn kept(Duplicate { place, kind, meaning, first }: &Duplicate) -> DuplicateEntry {
    let beside = if *meaning == DuplicateMeaning::Shared { BESIDE } else { 0 };
    let mut entry = Writer::<ENTRY_BYTES>::default();
    entry.record(place).number(u64::from(kind | beside), 1).record(first).number(first.line, 5).kept_rest(place);
    entry.done()
}

/// Reads an entry of the search.
pub(super) fn duplicate_of(entry: &DuplicateEntry) -> Duplicate {
    take_apart(entry, Parts::rest)
}

/// Reads an entry of a file that a run keeps.
pub(super) fn kept_duplicate(entry: &DuplicateEntry) -> Duplicate {
    take_apart(entry, Parts::kept_rest)
}

fn take_apart<'a>(
    entry: &'a DuplicateEntry,
    rest: impl FnOnce(&mut Parts<'a>, RecordPlace) -> RecordPlace,
) -> Duplicate {
    let mut parts = Parts(entry);
    let place = parts.record();
    let kind = parts.byte();
    let first = parts.record();
    let first = RecordPlace { line: parts.number(5), ..first };
    let meaning = if kind & BESIDE == 0 { DuplicateMeaning::Taken } else { DuplicateMeaning::Shared };
    Duplicate { place: rest(&mut parts, place), kind: kind & !BESIDE, meaning, first }
}
