//! What a crash and damage can do to a log.

use std::io::{self, Write};

use proptest::prelude::*;

use super::format::{HEAD, MAGIC, MAGIC_WITHOUT_MARKS, MARK, SUM, mark, sum};
use super::writer::Durable;
use super::{LogError, LogReader, LogWriter, Tail, read_tail};

/// A file that remembers what was durable when.
#[derive(Debug, Default)]
struct FakeFile {
    written: Vec<u8>,
    durable: usize,
}

impl Write for FakeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Short writes, as a real file may make them.
        let count = bytes.len().min(7);
        self.written.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Durable for FakeFile {
    fn sync(&mut self) -> io::Result<()> {
        self.durable = self.written.len();
        Ok(())
    }
}

fn write(groups: &[Vec<Vec<u8>>]) -> FakeFile {
    let mut log = LogWriter::create(FakeFile::default()).unwrap();
    for group in groups {
        for entry in group {
            log.append(entry).unwrap();
        }
        log.sync().unwrap();
    }
    log.file
}

/// The entries of a log and where the whole ones end.
fn replay(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, u64), LogError> {
    let Some(mut log) = LogReader::open(bytes)? else { return Ok((Vec::new(), 0)) };
    let mut entries = Vec::new();
    while let Some(entry) = log.next_entry()? {
        entries.push(entry.to_vec());
    }
    Ok((entries, log.offset()))
}

fn groups() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
    let entry = proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 1..40);
    proptest::collection::vec(proptest::collection::vec(entry, 0..4), 0..8)
}

/// Where each entry ends.
fn ends(groups: &[Vec<Vec<u8>>]) -> Vec<usize> {
    let mut end = MAGIC.len();
    let mut ends = Vec::new();
    for group in groups.iter().filter(|group| !group.is_empty()) {
        end += MARK;
        for entry in group {
            end += HEAD + entry.len() + SUM;
            ends.push(end);
        }
    }
    ends
}

/// How a block is after a power cut.
#[derive(Clone, Copy, Debug)]
enum Block {
    Written,
    Zeros,
    Stale(u8),
}

fn blocks() -> impl Strategy<Value = Vec<Block>> {
    let block = prop_oneof![Just(Block::Written), Just(Block::Zeros), any::<u8>().prop_map(Block::Stale)];
    proptest::collection::vec(block, 1..8)
}

/// These bytes, of which those from `from` on reached the disk in part.
fn torn(bytes: &[u8], from: usize, size: usize, blocks: &[Block]) -> Vec<u8> {
    let mut torn = bytes.to_vec();
    for (index, byte) in torn.iter_mut().enumerate().skip(from) {
        match blocks[index / size % blocks.len()] {
            Block::Written => {}
            Block::Zeros => *byte = 0,
            Block::Stale(stale) => *byte = stale,
        }
    }
    torn
}

proptest! {
    #[test]
    fn any_prefix_replays_to_a_prefix_with_all_that_was_durable(groups in groups(), cut in any::<usize>(), zeros in 0usize..5000) {
        let whole = write(&groups).written;
        let entries: Vec<Vec<u8>> = groups.concat();
        let cut = cut % (whole.len() + 1);
        let mut prefix = whole[..cut].to_vec();
        let (replayed, end) = replay(&prefix).unwrap();
        prop_assert_eq!(&entries[..replayed.len()], &replayed);
        prop_assert!(end <= cut as u64);
        // Every entry that lies wholly within the prefix is there.
        prop_assert_eq!(replayed.len(), ends(&groups).iter().filter(|end| **end <= cut).count());
        // The same with room that was made and never filled.
        prefix.resize(cut + zeros, 0);
        let (padded, _) = replay(&prefix).unwrap();
        prop_assert!(padded.len() >= replayed.len());
        prop_assert_eq!(&entries[..padded.len()], &padded);
    }

    /// A power cut while the last group is synced: any blocks of it may be missing, with others behind them.
    #[test]
    fn a_last_group_of_which_anything_is_missing_is_torn(
        groups in groups(), last in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 1..9),
        size in 1usize..600, blocks in blocks(),
    ) {
        let before = write(&groups).written.len();
        let durable = groups.concat();
        let entries = [durable.clone(), last.clone()].concat();
        let whole = write(&[groups, vec![last]].concat()).written;
        let (replayed, end) = replay(&torn(&whole, before, size, &blocks)).unwrap();
        prop_assert!(replayed.len() >= durable.len() && end >= before as u64, "{} of {}", replayed.len(), durable.len());
        prop_assert_eq!(&entries[..replayed.len()], &replayed);
    }

    #[test]
    fn the_same_is_damage_once_a_group_is_behind_it(
        groups in groups(), next in proptest::collection::vec(any::<u8>(), 1..3000), size in 1usize..600, blocks in blocks(),
    ) {
        let mut durable = write(&groups).written;
        durable = torn(&durable, MAGIC.len(), size, &blocks);
        let is_changed = durable != write(&groups).written;
        let next = write(&[groups, vec![vec![next]]].concat()).written.split_off(durable.len());
        let replayed = replay(&[durable, next].concat());
        prop_assert_eq!(replayed.is_err(), is_changed, "{:?}", replayed);
    }

    #[test]
    fn in_a_sealed_log_a_changed_byte_is_reported(groups in groups(), at in any::<usize>(), change in 1u8..) {
        let mut bytes = write(&groups).written;
        let at = at % bytes.len();
        bytes.extend(mark(bytes.len() as u64));
        prop_assert_eq!(replay(&bytes).unwrap().0, groups.concat());
        bytes[at] ^= change;
        prop_assume!(!bytes.starts_with(MAGIC_WITHOUT_MARKS));
        prop_assert!(replay(&bytes).is_err(), "byte {} changed by {}: {:?}", at, change, replay(&bytes));
    }

    #[test]
    fn writing_goes_on_behind_the_last_whole_entry(first in groups(), second in groups(), cut in any::<usize>()) {
        let whole = write(&first).written;
        let cut = MAGIC.len() + cut % (whole.len() - MAGIC.len() + 1);
        let (kept, end) = replay(&whole[..cut]).unwrap();
        let file = FakeFile { written: whole[..usize::try_from(end).unwrap()].to_vec(), durable: 0 };
        let mut log = LogWriter::resume(file, end);
        for entry in second.concat() {
            log.append(&entry).unwrap();
        }
        log.sync().unwrap();
        log.seal().unwrap();
        let (all, _) = replay(&log.file.written).unwrap();
        prop_assert_eq!(all, [kept, second.concat()].concat());
    }

    #[test]
    fn a_log_without_marks_is_read_and_gone_on_with(old in groups(), new in groups(), at in any::<usize>(), change in 1u8..) {
        let mut bytes = MAGIC_WITHOUT_MARKS.to_vec();
        for entry in old.concat() {
            let length = u32::try_from(entry.len()).unwrap().to_le_bytes();
            bytes.extend([&length[..], &sum(&length).to_le_bytes(), &entry, &sum(&entry).to_le_bytes()].concat());
        }
        let end = bytes.len();
        let (kept, found) = replay(&[&bytes[..], &[0; 700]].concat()).unwrap();
        prop_assert_eq!((&kept, found), (&old.concat(), end as u64));
        let mut log = LogWriter::resume(FakeFile { written: bytes, durable: 0 }, end as u64);
        for group in &new {
            for entry in group {
                log.append(entry).unwrap();
            }
            log.sync().unwrap();
        }
        let mut bytes = log.file.written;
        prop_assert_eq!(replay(&bytes).unwrap().0, [old, new].concat().concat());
        prop_assume!(end > MAGIC.len());
        let at = MAGIC.len() + at % (end - MAGIC.len());
        bytes[at] ^= change;
        // A last byte of zero at the very end is what a crash leaves.
        prop_assume!(at + 1 < bytes.len() || bytes[at] != 0);
        prop_assert!(replay(&bytes).is_err(), "byte {} changed by {}", at, change);
    }
}

#[test]
fn the_last_entry_of_a_sealed_log_is_found_from_its_end() {
    for (last, is_near) in [(5, true), (60_000, true), (70_000, false)] {
        let mut log = LogWriter::create(FakeFile::default()).unwrap();
        for entry in [vec![7; 100_000], vec![1; last]] {
            log.append(&entry).unwrap();
            log.sync().unwrap();
            log.seal().unwrap();
        }
        let bytes = log.file.written;
        let Tail::Sealed(found) = read_tail(&mut io::Cursor::new(&bytes)).unwrap() else {
            assert!(!is_near, "{last}");
            continue;
        };
        assert!(is_near && found == vec![1; last]);
        let open = &bytes[..bytes.len() - MARK];
        assert!(matches!(read_tail(&mut io::Cursor::new(open)).unwrap(), Tail::Open), "nobody sealed it");
    }
}
