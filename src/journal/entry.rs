//! What a run's journal says: which batches were about to be sent, and what became of each record.
//!
//! Entries are encoded with postcard. Variants and fields may be added at the end, never moved or removed; a change that
//! breaks this needs a new magic number in [`super::log`].

use serde::{Deserialize, Serialize};

use super::Ended;

/// A record of a run: which of its inputs, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// Index of the input, from 0.
    pub input: u16,
    /// The record's number within it, from 1.
    pub number: u64,
}

/// A place where reading can go on: the start of a record before which everything is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    /// The record that starts here.
    pub key: RecordKey,
    /// Its line, from 1. At the end of an input there is none, and this is how many records it has (0 if that was not
    /// noted).
    pub line: u64,
    /// Its byte offset, from 0.
    pub offset: u64,
}

impl ReadMark {
    /// The mark of an input of which everything is settled, with this many records.
    pub fn end(input: u16, records: u64) -> Self {
        Self { key: RecordKey { input, number: u64::MAX }, line: records, offset: u64::MAX }
    }

    /// How many records of its input stand before it.
    pub fn records_before(self) -> u64 {
        if self.is_end() { self.line } else { self.key.number - 1 }
    }

    /// Whether there is nothing left to read.
    pub fn is_end(self) -> bool {
        self.key.number == u64::MAX
    }
}

/// A batch that is about to be sent. Should its answer get lost, exactly this batch is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPlan {
    /// Its records, in its order.
    pub records: Vec<RecordKey>,
    /// How often its items were sent before and answered with an error that may pass; part of the idempotency key.
    pub round: u32,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordOutcome {
    /// A new identity.
    Created {
        /// The key at the target.
        external_id: String,
        /// The target's own id, if the target gave one.
        id: Option<String>,
    },
    /// There already.
    Unchanged,
    /// In the rejects file.
    Rejected {
        /// The stable code.
        code: String,
        /// The record's line, from 1.
        line: u64,
        /// Its byte offset, from 0.
        offset: u64,
        /// Its length in bytes.
        length: u64,
    },
    /// There already, and changed to what the export says.
    Updated,
}

impl RecordOutcome {
    /// Whether the target does not have what the record says.
    pub fn is_rejected(&self) -> bool {
        matches!(self, Self::Rejected { .. })
    }
}

/// A record and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The record.
    pub key: RecordKey,
    /// What became of it.
    pub outcome: RecordOutcome,
    /// The notices about it: of each the bit of its number ([`crate::mapping::Notice::number`]).
    pub notices: u64,
}

/// The ids at Clerk and at the target of what a settled record is about, where the outcome of the record does not say them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identified {
    /// The record.
    pub key: RecordKey,
    /// The id at Clerk.
    pub clerk_id: String,
    /// The external id that it has at the target, if that is another one.
    pub external_id: Option<String>,
    /// The target's own id.
    pub id: String,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// About to be sent, as earlier versions wrote it.
    Planned(BatchPlan),
    /// Settled, as earlier versions wrote it: the current rejects file is durable up to `rejects_bytes`.
    Settled {
        /// The records.
        records: Vec<Settled>,
        /// Length of the current rejects file with all rejects up to here.
        rejects_bytes: u64,
    },
    /// Everything before this place is settled.
    Reached(ReadMark),
    /// Every record of every input is settled.
    Finished,
    /// About to be sent, and for whom: what came of it can be found out without the input.
    PlannedFor {
        /// Which records.
        plan: BatchPlan,
        /// Their keys at the target, in the same order.
        external_ids: Vec<String>,
    },
    /// From here on rejects are in the file with this number: the one before was changed by somebody.
    RejectsIn(u32),
    /// A part of the run ended, and its account was given.
    Ended(Ended),
    /// Settled, with what the current rejects file then held, as earlier versions wrote it.
    SettledWith {
        /// The records.
        records: Vec<Settled>,
        /// The current rejects file with all rejects up to here.
        rejects: RejectsEnd,
    },
    /// Settled, and what the target calls those whom it has.
    SettledAs {
        /// The records.
        records: Vec<Settled>,
        /// The current rejects file with all rejects up to here.
        rejects: RejectsEnd,
        /// Of these records. Of one that was created and is not named here, the external id is the id at Clerk.
        identified: Vec<Identified>,
    },
    /// The first entry of a run that takes only selected records. A version that knows no selections reads no further.
    Selected,
}

/// Up to where a rejects file counts, and what it holds up to there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectsEnd {
    /// Its length in bytes.
    pub bytes: u64,
    /// The CRC-32 of these bytes. Lines that somebody sorted are as they were written each, and are not what counts.
    pub sum: u32,
}

impl Entry {
    /// The entry's bytes.
    pub fn encode(&self) -> std::io::Result<Vec<u8>> {
        self.encode_into(Vec::new())
    }

    /// The entry's bytes, in the room that another one had: entries of hundreds of kilobytes need not grow each time.
    pub(super) fn encode_into(&self, mut room: Vec<u8>) -> std::io::Result<Vec<u8>> {
        room.clear();
        postcard::to_extend(self, room).map_err(std::io::Error::other)
    }

    /// Reads an entry; `None` if it is not one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes in journals that are on somebody's disk.
    #[test]
    fn entries_of_earlier_versions_are_read() {
        let record = |number| RecordKey { input: 0, number };
        let planned = Entry::Planned(BatchPlan { records: vec![record(1), record(300)], round: 2 });
        assert_eq!(Entry::decode(&[0, 2, 0, 1, 0, 0xac, 2, 2]), Some(planned));
        let created = RecordOutcome::Created { external_id: "u".to_owned(), id: None };
        let settled = Settled { key: record(1), outcome: created, notices: 0 };
        let settled = Entry::Settled { records: vec![settled], rejects_bytes: 5 };
        assert_eq!(Entry::decode(&[1, 1, 0, 1, 0, 1, b'u', 0, 0, 5]), Some(settled));
        assert_eq!(Entry::decode(&[3]), Some(Entry::Finished));
        let plan = BatchPlan { records: vec![record(1)], round: 0 };
        let planned = Entry::PlannedFor { plan, external_ids: vec!["u".to_owned()] };
        assert_eq!(planned.encode().unwrap(), [4, 1, 0, 1, 0, 1, 1, b'u']);
        let ended = Entry::Ended(Ended { finished: true, exit_code: 3, requests: 2, ..Ended::default() });
        assert_eq!(ended.encode().unwrap(), [6, 1, 3, 0, 0, 2, 0, 0, 0]);
        // The notices with the numbers 0, 7 and 31, of a version that kept 32 of them.
        let notices = 1 | 1 << 7 | 1 << 31;
        let settled = Settled { key: record(1), outcome: RecordOutcome::Unchanged, notices };
        let settled = Entry::Settled { records: vec![settled], rejects_bytes: 0 };
        assert_eq!(Entry::decode(&[1, 1, 0, 1, 1, 0x81, 0x81, 0x80, 0x80, 0x08, 0]), Some(settled));
        let rejects = RejectsEnd { bytes: 5, sum: 7 };
        let settled = Entry::SettledWith { records: Vec::new(), rejects };
        assert_eq!(settled.encode().unwrap(), [7, 0, 5, 7]);
        let identified = |external_id: Option<&str>| Identified {
            key: record(1),
            clerk_id: "u".to_owned(),
            external_id: external_id.map(str::to_owned),
            id: "i".to_owned(),
        };
        let identified = vec![identified(None), identified(Some("e"))];
        let settled = Entry::SettledAs { records: Vec::new(), rejects, identified };
        let identified = [2, 0, 1, 1, b'u', 0, 1, b'i', 0, 1, 1, b'u', 1, 1, b'e', 1, b'i'];
        assert_eq!(settled.encode().unwrap(), [&[8, 0, 5, 7], &identified[..]].concat());
    }
}
