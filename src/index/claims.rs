//! Decides which record gets a key that several records have. Records are handled in their order. A record of which no key
//! is claimed yet gets all its keys.
//!
//! A record is a duplicate if an earlier record claims one of its keys. A duplicate gets none of its own keys, so a later
//! record may claim those. Each key has a slot in a file: the first record that stays and has the key in any way, and the
//! record that claims it. Memory holds the keys of one record, even if every record of a long chain has a key in common with
//! the record before it.

use std::fs::File;
use std::io;
use std::path::Path;

use super::duplicate::{BESIDE, ENTRY_BYTES, found};
use super::keys::PlaceBytes;
use super::record_place::{Parts, RECORD_BYTES, REST_BYTES, RecordPlace, Writer};
use super::{Sorter, read_exact_at, write_all_at};

const SLOT_NUMBER_BYTES: usize = 6;

/// An entry that says that a record has a key: record, kind, slot, rest.
pub(super) const MEMBER_BYTES: usize = RECORD_BYTES + 1 + SLOT_NUMBER_BYTES + REST_BYTES;

/// The first record that stays and has the key; and the record that claims it, with its line.
const SLOT_BYTES: usize = RECORD_BYTES + REST_BYTES + RECORD_BYTES + 5;

/// Such an entry.
pub(super) fn member(kind: u8, place: &PlaceBytes, slot: u64) -> [u8; MEMBER_BYTES] {
    let (record, rest) = place.split_at(RECORD_BYTES);
    let mut member = Writer::default();
    member.bytes(record).number(u64::from(kind), 1).number(slot, SLOT_NUMBER_BYTES).bytes(rest);
    member.done()
}

/// For each key that several records have, the records that it is given to. The file has no name and ends with the process.
pub(super) struct Slots(File);

#[derive(Default)]
struct ClaimSlot {
    holder: Option<RecordPlace>,
    claimant: Option<RecordPlace>,
}

impl Slots {
    /// This many slots, all of them free.
    pub(super) fn new(directory: &Path, count: u64) -> io::Result<Self> {
        let file = tempfile::tempfile_in(directory)?;
        file.set_len(count * SLOT_BYTES as u64)?;
        Ok(Self(file))
    }

    fn read(&self, number: u64) -> io::Result<ClaimSlot> {
        let mut bytes = [0; SLOT_BYTES];
        read_exact_at(&self.0, &mut bytes, number * SLOT_BYTES as u64)?;
        let mut parts = Parts(&bytes);
        let holder = parts.record();
        let holder = parts.rest(holder);
        let claimant = parts.record();
        let claimant = RecordPlace { line: parts.number(5), ..claimant };
        // Records are counted from 1, so 0 means a free slot.
        let taken = |place: RecordPlace| (place.number > 0).then_some(place);
        Ok(ClaimSlot { holder: taken(holder), claimant: taken(claimant) })
    }

    fn write(&self, number: u64, slot: &ClaimSlot) -> io::Result<()> {
        let [holder, claimant] = [slot.holder, slot.claimant].map(Option::unwrap_or_default);
        let mut bytes = Writer::<SLOT_BYTES>::default();
        bytes.record(&holder).rest(&holder).record(&claimant).number(claimant.line, 5);
        write_all_at(&self.0, &bytes.done(), number * SLOT_BYTES as u64)
    }
}

/// Goes through the keys that several records have, in the order of the records.
pub(super) fn settle_claims(
    members: impl Iterator<Item = io::Result<[u8; MEMBER_BYTES]>>,
    slots: &Slots,
    into: &Sorter<ENTRY_BYTES>,
) -> io::Result<()> {
    let mut record = (RecordPlace::default(), Vec::new());
    for member in members {
        let member = member?;
        let mut parts = Parts(&member);
        let place = parts.record();
        let kind = u8::try_from(parts.number(1)).unwrap_or(u8::MAX);
        let slot = parts.number(SLOT_NUMBER_BYTES);
        let place = parts.rest(place);
        if place != record.0 {
            settle_record(&record, slots, into)?;
            record.0 = place;
            record.1.clear();
        }
        record.1.push((kind, slot));
    }
    settle_record(&record, slots, into)
}

/// Gives a record its keys, which are in the order of their kinds; or none, if an earlier record claims one of them.
fn settle_record(
    (place, keys): &(RecordPlace, Vec<(u8, u64)>),
    slots: &Slots,
    into: &Sorter<ENTRY_BYTES>,
) -> io::Result<()> {
    for (kind, slot) in keys.iter().take_while(|(kind, _)| kind & BESIDE == 0) {
        if let Some(claimant) = slots.read(*slot)?.claimant {
            return into.extend(&[found(place, *kind, &claimant)]);
        }
    }
    for (kind, number) in keys {
        let ClaimSlot { holder, mut claimant } = slots.read(*number)?;
        if let Some(holder) = holder.filter(|holder| holder != place) {
            into.extend(&[found(place, kind | BESIDE, &holder), found(&holder, kind | BESIDE, place)])?;
        }
        if kind & BESIDE == 0 {
            claimant = Some(*place);
        }
        slots.write(*number, &ClaimSlot { holder: holder.or(Some(*place)), claimant })?;
    }
    Ok(())
}
