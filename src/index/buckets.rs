//! Keys in buckets by one of their bytes, more than memory holds. Equal keys are in the same bucket.
//!
//! Hashes are spread evenly, so no order is needed to have small parts of them: a key is copied to its bucket, and what is
//! full goes to the file as it is. A block there names the block of the same bucket before it. So memory holds one block of
//! each bucket, for any number of keys.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::keys::KEY_BYTES;
use super::read_exact_at;

/// How many buckets there are: as many as a byte has values.
pub(super) const BUCKETS: usize = 256;

/// The number of keys in a block: 4 KiB, and 1 MiB for all buckets. Blocks are read in no order, and where memory is scarce each
/// comes from the disk again: few large ones take less time.
const BLOCK_KEYS: usize = 4 * 1024 / KEY_BYTES;

/// The number of the block before it, from 1.
const LINK_BYTES: usize = 8;

const BLOCK_BYTES: usize = BLOCK_KEYS * KEY_BYTES + LINK_BYTES;

/// How many bytes are written at once.
const WRITTEN_TOGETHER: usize = 64 * 1024;

/// Takes keys in any order.
#[derive(Debug)]
pub(super) struct Buckets {
    /// Which byte of a key says in which bucket it is.
    byte: usize,
    directory: PathBuf,
    by_value: Vec<Bucket>,
    /// Full blocks; made when the first one is full. It has no name and ends with the process.
    file: Option<BufWriter<File>>,
    /// How many they are.
    blocks: u64,
}

#[derive(Clone, Debug, Default)]
struct Bucket {
    /// The keys that are not in the file.
    last: Vec<[u8; KEY_BYTES]>,
    /// The number of its last block in the file, from 1; 0 if there is none.
    block: u64,
    /// How many keys there are.
    count: u64,
}

impl Buckets {
    /// Empty buckets by this byte of the keys, which spill to `directory`.
    pub(super) fn new(byte: usize, directory: PathBuf) -> Self {
        Self { byte, directory, by_value: vec![Bucket::default(); BUCKETS], file: None, blocks: 0 }
    }

    /// Adds keys.
    pub(super) fn extend(&mut self, keys: &[[u8; KEY_BYTES]]) -> io::Result<()> {
        for key in keys {
            let bucket = &mut self.by_value[usize::from(key[self.byte])];
            bucket.last.reserve_exact(BLOCK_KEYS - bucket.last.len());
            bucket.last.push(*key);
            bucket.count += 1;
            if bucket.last.len() == BLOCK_KEYS {
                let file = match &mut self.file {
                    Some(file) => file,
                    none => {
                        let file = tempfile::tempfile_in(&self.directory)?;
                        none.insert(BufWriter::with_capacity(WRITTEN_TOGETHER, file))
                    }
                };
                file.write_all(bucket.last.as_flattened())?;
                file.write_all(&bucket.block.to_be_bytes())?;
                self.blocks += 1;
                bucket.block = self.blocks;
                bucket.last.clear();
            }
        }
        Ok(())
    }

    /// All of them, to be read.
    pub(super) fn finish(self) -> io::Result<FilledBuckets> {
        let file = self.file.map(BufWriter::into_inner).transpose().map_err(io::IntoInnerError::into_error)?;
        Ok(FilledBuckets { byte: self.byte, by_value: self.by_value, file })
    }
}

/// Buckets to which nothing is added any more.
pub(super) struct FilledBuckets {
    byte: usize,
    by_value: Vec<Bucket>,
    file: Option<File>,
}

impl FilledBuckets {
    /// Which byte of a key says in which bucket it is.
    pub(super) fn byte(&self) -> usize {
        self.byte
    }

    /// How many keys are in a bucket.
    pub(super) fn count(&self, bucket: usize) -> u64 {
        self.by_value[bucket].count
    }

    /// Hands over the keys of a bucket, some at a time.
    pub(super) fn read(
        &self,
        bucket: usize,
        mut take: impl FnMut(&[[u8; KEY_BYTES]]) -> io::Result<()>,
    ) -> io::Result<()> {
        let Bucket { last, block, .. } = &self.by_value[bucket];
        let mut block = *block;
        take(last)?;
        let mut bytes = [0; BLOCK_BYTES];
        while let Some(number) = block.checked_sub(1) {
            let file = self.file.as_ref().ok_or(io::ErrorKind::UnexpectedEof)?;
            read_exact_at(file, &mut bytes, number * BLOCK_BYTES as u64)?;
            let (keys, link) = bytes.split_at(BLOCK_KEYS * KEY_BYTES);
            take(keys.as_chunks().0)?;
            block = link.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_in_the_bucket_of_its_byte() {
        let key = |number: u64| -> [u8; KEY_BYTES] {
            let mut key = [7; KEY_BYTES];
            // The first bucket has most of them, and some have none.
            key[3] = if number.is_multiple_of(3) { u8::try_from(number % 100).unwrap() } else { 0 };
            key[4..12].copy_from_slice(&number.to_be_bytes());
            key
        };
        for all in [0, 50, 100_000] {
            let mut buckets = Buckets::new(3, std::env::temp_dir());
            let keys: Vec<_> = (0..all).map(key).collect();
            keys.chunks(999).for_each(|some| buckets.extend(some).unwrap());
            let buckets = buckets.finish().unwrap();
            assert_eq!(buckets.file.is_some(), all == 100_000, "little stays in memory");
            for bucket in 0..BUCKETS {
                let mut found = Vec::new();
                let take = |keys: &[[u8; KEY_BYTES]]| {
                    found.extend_from_slice(keys);
                    Ok(())
                };
                buckets.read(bucket, take).unwrap();
                assert_eq!(found.len() as u64, buckets.count(bucket));
                found.sort_unstable();
                let of_bucket = keys.iter().filter(|key| usize::from(key[3]) == bucket);
                assert!(found.iter().eq(of_bucket), "{bucket}");
            }
        }
    }
}
