//! Decides which record gets a key that several records have. Records are handled in their order. A record of which no key
//! is claimed yet gets all its keys.
//!
//! A record is a duplicate if a record before it claims one of its keys. A duplicate gets none of its own keys, so a later
//! record may claim those. Each key has a slot in a file: the first record that stays and has the key in any way, and the
//! record that claims it. Memory holds the keys of one record, even if every record of a long chain has a key in common with
//! the record before it.
//!
//! A record that claims a key which nobody verified to be its own, and which an owner claims, too, is put off to the next
//! round: until it is known whether an owner stays. Of most inputs no record is put off, or few are.

use std::fs::File;
use std::io;
use std::path::Path;

use super::duplicate::{BESIDE, ENTRY_BYTES, UNVERIFIED, found};
use super::keys::PlaceBytes;
use super::record_place::{Parts, RECORD_BYTES, REST_BYTES, RecordPlace, Writer};
use super::{Sorted, Sorter, read_exact_at, write_all_at};

const SLOT_NUMBER_BYTES: usize = 6;

/// An entry that says that a record has a key: record, kind, slot, rest.
pub(super) const MEMBER_BYTES: usize = RECORD_BYTES + 1 + SLOT_NUMBER_BYTES + REST_BYTES;

/// The number of entries in memory. Usually there are few.
const MEMBERS: usize = 256 * 1024 / MEMBER_BYTES;

/// The first record that stays and has the key; the record that claims it, with its line; and the last round that put an owner off.
const SLOT_BYTES: usize = RECORD_BYTES + REST_BYTES + RECORD_BYTES + 5 + 1;

/// In the last round nobody is put off. A record is put off more than once only if whoever verified its address claims, unverified,
/// the number of a third one, and so on: no tenant comes near this, and nobody can make a search long.
const MOST_ROUNDS: u8 = 32;

type Member = [u8; MEMBER_BYTES];

/// Sorts entries that say that records have keys.
pub(super) fn members(directory: &Path) -> Sorter<MEMBER_BYTES> {
    Sorter::new(MEMBERS, directory.to_path_buf())
}

/// Such an entry.
pub(super) fn member(kind: u8, place: &PlaceBytes, slot: u64) -> Member {
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
    /// The last round that put off an owner, a record that claims the key as its own. In the round before the first one all of them
    /// are put off.
    owner_put_off: u8,
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
        let owner_put_off = parts.byte();
        // Records are counted from 1, so 0 means a free slot.
        let taken = |place: RecordPlace| (place.number > 0).then_some(place);
        Ok(ClaimSlot { holder: taken(holder), claimant: taken(claimant), owner_put_off })
    }

    fn write(&self, number: u64, slot: &ClaimSlot) -> io::Result<()> {
        let [holder, claimant] = [slot.holder, slot.claimant].map(Option::unwrap_or_default);
        let mut bytes = Writer::<SLOT_BYTES>::default();
        bytes.record(&holder).rest(&holder).record(&claimant).number(claimant.line, 5);
        bytes.number(u64::from(slot.owner_put_off), 1);
        write_all_at(&self.0, &bytes.done(), number * SLOT_BYTES as u64)
    }
}

/// Goes through the keys that several records have, in the order of the records, until each record is settled.
pub(super) fn settle_claims(
    mut members: Sorted<MEMBER_BYTES>,
    slots: &Slots,
    directory: &Path,
    into: &Sorter<ENTRY_BYTES>,
) -> io::Result<()> {
    let mut is_last = false;
    for number in 1..=MOST_ROUNDS {
        let put_off = self::members(directory);
        let is_last_round = is_last || number == MOST_ROUNDS;
        let mut round = Round { number, is_last: is_last_round, slots, into, put_off: &put_off, settled: 0, left: 0 };
        round.settle_all(members.iter())?;
        if round.left == 0 {
            break;
        }
        // Records that are put off because of each other: then their order decides.
        is_last = round.settled == 0;
        members = put_off.finish()?;
    }
    Ok(())
}

/// Goes once through all records that are not settled.
struct Round<'r> {
    /// From 1.
    number: u8,
    /// Whether nobody is put off any more.
    is_last: bool,
    slots: &'r Slots,
    into: &'r Sorter<ENTRY_BYTES>,
    /// What is put off to the next round.
    put_off: &'r Sorter<MEMBER_BYTES>,
    /// How many records it settled.
    settled: u64,
    /// How many records it put off.
    left: u64,
}

/// A record with its keys, in the order of their kinds.
#[derive(Default)]
struct Claimant {
    place: RecordPlace,
    keys: Vec<MemberKey>,
    members: Vec<Member>,
}

struct MemberKey {
    kind: u8,
    is_unverified: bool,
    slot: u64,
}

impl Round<'_> {
    fn settle_all(&mut self, members: impl Iterator<Item = io::Result<Member>>) -> io::Result<()> {
        let mut record = Claimant::default();
        for member in members {
            let member = member?;
            let mut parts = Parts(&member);
            let place = parts.record();
            let kind = parts.byte();
            let slot = parts.number(SLOT_NUMBER_BYTES);
            let place = parts.rest(place);
            if place != record.place {
                self.handle(&mut record)?;
                record = Claimant { place, ..record };
            }
            record.keys.push(MemberKey { kind: kind & !UNVERIFIED, is_unverified: kind & UNVERIFIED != 0, slot });
            record.members.push(member);
        }
        self.handle(&mut record)
    }

    /// Settles a record or puts it off, and forgets its keys.
    fn handle(&mut self, record: &mut Claimant) -> io::Result<()> {
        record.keys.sort_by_key(|key| key.kind);
        if self.settle(record)? {
            self.settled += u64::from(!record.keys.is_empty());
        } else {
            self.left += 1;
            self.put_off.extend(&record.members)?;
        }
        record.keys.clear();
        record.members.clear();
        Ok(())
    }

    /// Gives a record its keys; or none, if another record claims one of them. False if it is put off.
    fn settle(&self, Claimant { place, keys, .. }: &Claimant) -> io::Result<bool> {
        let mut waits = false;
        for key in keys.iter().take_while(|key| key.kind & BESIDE == 0) {
            let slot = self.slots.read(key.slot)?;
            if let Some(claimant) = slot.claimant {
                self.into.extend(&[found(place, key.kind, &claimant)])?;
                return Ok(true);
            }
            // This round may have put off the owner again.
            waits |= key.is_unverified && slot.owner_put_off + 1 >= self.number;
        }
        let waits = waits && !self.is_last;
        for MemberKey { kind, is_unverified, slot: number } in keys {
            let mut slot = self.slots.read(*number)?;
            let is_claimed = kind & BESIDE == 0;
            if waits {
                if is_claimed && !is_unverified {
                    slot.owner_put_off = self.number;
                    self.slots.write(*number, &slot)?;
                }
                continue;
            }
            if let Some(holder) = slot.holder.filter(|holder| holder != place) {
                self.into.extend(&[found(place, kind | BESIDE, &holder), found(&holder, kind | BESIDE, place)])?;
            }
            if is_claimed {
                slot.claimant = Some(*place);
            }
            slot.holder = slot.holder.or(Some(*place));
            self.slots.write(*number, &slot)?;
        }
        Ok(!waits)
    }
}
