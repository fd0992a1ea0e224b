//! How much memory a run takes, from its settings.

use super::{Intake, mappers};
use crate::delivery::MAX_PINNED;
use crate::http::memory_of_answers;
use crate::outcomes::event::SETTLED_TOGETHER;
use crate::pace::PaceRules;
use crate::source::{BLOCK_BYTES, CHUNK_RECORDS, HELD_BACK, Input, KEPT, PART_BYTES, PARTS_AHEAD};

/// The program itself, its threads' stacks, TLS, one request's and one answer's buffers, and what the allocator keeps.
const BASE: u64 = 20 * 1024 * 1024;

/// Buckets, sorters and tables of duplicates and of known users: [`crate::index`], [`crate::journal::ConfirmedUsers`]. The search
/// for duplicates comes when there are no more chunks, and takes what was theirs.
const INDICES: u64 = 5 * 1024 * 1024;

/// What is kept of a record beside its bytes: its span, and its reject or what is ready to be sent.
const BESIDE_RECORD: u64 = 400;

/// A small record.
const USUAL_RECORD: u64 = 512;

/// Memory for batches in flight, in bytes: a dozen usual ones, which may be many small ones.
const ROOM: u64 = 20 * 1024 * 1024;

/// Bytes of batches that may be in flight at once. A user who asks for many requests at once gets the memory for them.
pub fn delivery_memory(rules: &PaceRules) -> u64 {
    let batch = (rules.bytes + MAX_PINNED) as u64;
    let wanted = if rules.concurrency.adaptive { 1 } else { rules.concurrency.most as u64 };
    ROOM.max(wanted * batch)
}

/// Bounds of the memory that a run takes, in bytes. The number of users is in neither. An input that is compressed with zstd
/// takes up to 16 MiB beside them, twice its window, and twice that out of a pipe, which is unpacked once more to check it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryBound {
    /// As long as records are small against a chunk.
    pub usual: u64,
    /// If every record were as large as the largest that is accepted.
    pub largest: u64,
    /// What comes on top of either while the target's answers are long: more than 128 KiB each.
    pub long_answers: u64,
}

impl MemoryBound {
    /// The bound of a job; `sending` is how it is sent, if it is.
    pub fn of(intake: &Intake, sending: Option<&PaceRules>) -> Self {
        let chunk = intake.reader_limits.chunk_bytes as u64;
        let record = intake.reader_limits.record_bytes as u64;
        let of = |record: u64| {
            // Those in line and the one being packed, each with its encoded form; and that of the mapper who has the turn, which waits
            // to be put in line or is filled.
            let chunks = 1 + mappers::queue_length(intake.workers) as u64 + 1;
            // Those for which there is room, and one that waits for it or is being filled. A body grows by doubling.
            // Of rejects those that senders report, the last of which may be large, and one that is written; and those of mappers
            // that are on the way, which may be all of a chunk.
            let batches = sending.map_or(0, |rules| {
                let together = SETTLED_TOGETHER as u64;
                let waiting = 2 * (rules.bytes as u64).max(record) + MAX_PINNED as u64 + chunk + record;
                delivery_memory(rules) + waiting + together + chunk.max(together) + 3 * record
            });
            // Of an input that lies in a store: the part that is read, and those that were asked for.
            let is_object = |input: &Input| matches!(input, Input::Object(_));
            let parts = if intake.inputs.iter().any(is_object) { (1 + PARTS_AHEAD as u64) * PART_BYTES } else { 0 };
            // What is held back of an input until it was checked: compressed data of a pipe, whose room grows by doubling, or
            // a block of a file.
            let is_pipe = intake.inputs.iter().any(Input::is_pipe);
            let held = if is_pipe { 2 * HELD_BACK as u64 } else { BLOCK_BYTES as u64 };
            // What a mapping file adds to each identity: its own text, and parts of the record once more.
            let growth = intake.mapper_of_input.iter().map(|mapper| mapper.memory_growth());
            let (literal, copies) = growth.fold((0, 0), |one, other| (one.0.max(other.0), one.1.max(other.1)));
            let added = (chunk / USUAL_RECORD) * literal as u64 + chunk * copies as u64;
            let beside = CHUNK_RECORDS as u64 * BESIDE_RECORD;
            BASE + INDICES
                + KEPT as u64 * chunk
                + chunks * (2 * (chunk + record) + beside + added)
                + parts
                + held
                + batches
        };
        let long_answers = sending.map_or(0, |rules| memory_of_answers(rules.concurrency.most as u64));
        Self { usual: of(0), largest: of(record), long_answers }
    }
}

/// The memory of this process, in bytes, if the operating system says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUsed {
    /// The most that it has had so far, with the program's code.
    pub peak: u64,
    /// What is in memory now of files: the program's code. How much of it the operating system keeps differs between machines,
    /// and it can take it back whenever it needs the memory.
    pub code: u64,
}

impl MemoryUsed {
    /// What Linux says of this process so far.
    pub fn of_this_process() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
        };
        Some(Self { peak: bytes("VmHWM:")?, code: bytes("RssFile:")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::{ConcurrencyRules, RateRules};
    use crate::source::Input;

    #[test]
    fn the_default_settings_stay_below_what_is_promised() {
        let intake = Intake::of_users(vec![Input::from_argument("users.json".as_ref())]);
        let rules = PaceRules {
            rate: RateRules::default(),
            concurrency: ConcurrencyRules::new(None),
            items: 500,
            bytes: 1024 * 1024,
            patience: std::time::Duration::from_mins(3),
            timer: crate::pace::Timer::default(),
        };
        let mebibytes = |bytes: u64| bytes / (1024 * 1024);
        let (reading, sending) = (MemoryBound::of(&intake, None), MemoryBound::of(&intake, Some(&rules)));
        assert_eq!((mebibytes(reading.usual), mebibytes(sending.usual)), (35, 61));
        assert!(sending.largest > sending.usual && reading.largest > reading.usual);
    }
}
