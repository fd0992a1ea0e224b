//! What the first pass learns about the bytes of the inputs. Every later read must find the same bytes.
//!
//! The digest of all bytes decides whether an input is the same. But it is known only at the end, after a changed input
//! would have been sent. So the first pass also keeps a short hash of each block, and a later read uses no block before its
//! hash was checked. The hashes are on disk, 8 bytes for each 64 KiB.

use std::fs::File;
use std::hash::Hasher;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use super::block_hash::BlockHash;
use super::{InputDigest, SumKind};
use crate::index::{read_exact_at, sum_of_file};

/// The bytes of a block.
pub(crate) const BLOCK_BYTES: usize = 64 * 1024;

/// The bytes of a block's hash.
const HASH_BYTES: usize = 8;

/// What is known about an input that was read once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KnownInput {
    /// The digest of all its bytes.
    #[serde(flatten)]
    pub digest: InputDigest,
    /// The number of its first block among the blocks of all inputs.
    pub first_block: u64,
    /// By what its blocks are known.
    #[serde(default)]
    block_hash: BlockHash,
    /// For compressed data that were cut off: how many bytes of content the checksums cover. The rest is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reliable: Option<u64>,
}

/// How the bytes of the inputs are watched.
#[derive(Clone, Debug, Default)]
pub enum Watch {
    /// They are not watched.
    #[default]
    Nothing,
    /// An input must not change while it is read. This takes less time than to record it.
    Unchanged,
    /// They are recorded.
    Record(Arc<Recorder>),
    /// They must be what they were.
    Hold(Arc<KnownInputs>),
}

/// How the bytes of one input are watched.
#[derive(Clone, Debug, Default)]
pub enum InputWatch {
    /// They are not watched.
    #[default]
    Nothing,
    /// The input must not change while it is read.
    Unchanged,
    /// They are recorded, for the input with this index.
    Record(Arc<Recorder>, usize),
    /// They must be what they were.
    Hold(Arc<KnownInputs>, KnownInput),
}

impl InputWatch {
    /// Whether what is read is used at once, although the input itself could be read again.
    pub(super) fn is_only_look(&self) -> bool {
        matches!(self, Self::Record(recorder, _) if recorder.is_only_look)
    }
}

impl Watch {
    /// How the input with this index is watched.
    pub fn of(&self, index: u16) -> InputWatch {
        let index = usize::from(index);
        match self {
            Self::Nothing => InputWatch::Nothing,
            Self::Unchanged => InputWatch::Unchanged,
            Self::Record(recorder) => InputWatch::Record(Arc::clone(recorder), index),
            Self::Hold(known) => known
                .inputs
                .get(index)
                .map_or(InputWatch::Nothing, |input| InputWatch::Hold(Arc::clone(known), input.clone())),
        }
    }
}

/// Records what inputs are, one after the other.
#[derive(Debug, Default)]
pub struct Recorder {
    /// By what it knows the inputs.
    kind: SumKind,
    /// What is read is used at once: no other pass comes before or behind this one.
    is_only_look: bool,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    inputs: Vec<KnownInput>,
    /// The hashes of the blocks, if they are wanted.
    block_hashes: Option<BufWriter<File>>,
    count: u64,
    failed: Option<io::Error>,
}

impl Recorder {
    /// A recorder that knows inputs by this kind of sum.
    pub fn of(kind: SumKind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// A recorder that also writes the hashes of blocks to `file`.
    pub fn with_block_hashes(kind: SumKind, file: File) -> Self {
        let block_hashes = Some(BufWriter::with_capacity(1 << 14, file));
        Self { kind, noted: Mutex::new(Noted { block_hashes, ..Noted::default() }), ..Self::default() }
    }

    /// A recorder of a run that reads each input only once, because one of them is a pipe. So of none of them damage is known before
    /// its end was read.
    pub fn of_only_look() -> Self {
        Self { is_only_look: true, ..Self::default() }
    }

    pub(super) fn kind(&self) -> SumKind {
        self.kind
    }

    /// The inputs that were read to their ends, in order.
    pub fn inputs(&self) -> Vec<KnownInput> {
        self.noted().inputs.clone()
    }

    /// Returns what was recorded, after the last read.
    pub fn finish(&self) -> io::Result<KnownInputs> {
        let mut noted = self.noted();
        let block_hashes = noted.block_hashes.take();
        if let Some(error) = noted.failed.take() {
            return Err(error);
        }
        let block_hashes = block_hashes.ok_or_else(|| io::Error::other("no blocks were kept"))?;
        let block_hashes = block_hashes.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(KnownInputs { inputs: noted.inputs.clone(), block_hashes })
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the hash of a block.
    fn block(&self, hash: u64) {
        let noted = &mut *self.noted();
        noted.count += 1;
        let Some(block_hashes) = &mut noted.block_hashes else { return };
        if let Err(error) = block_hashes.write_all(&hash.to_le_bytes()) {
            // It is reported after the last read.
            noted.block_hashes = None;
            noted.failed = Some(error);
        }
    }

    /// Records how much content of an input's compressed data may be used.
    pub(super) fn rely_on(&self, index: usize, content: u64) {
        if let Some(input) = self.noted().inputs.get_mut(index) {
            input.reliable = Some(content);
        }
    }
}

/// Computes the hashes of an input's blocks as its bytes arrive.
pub(super) struct BlockHasher {
    recorder: Arc<Recorder>,
    first: u64,
    /// Whether the hashes are wanted.
    are_wanted: bool,
    hash: XxHash3_64,
    filled: usize,
}

impl BlockHasher {
    pub(super) fn new(recorder: Arc<Recorder>) -> Self {
        let (first, are_wanted) = {
            let noted = recorder.noted();
            (noted.count, noted.block_hashes.is_some())
        };
        Self { recorder, first, are_wanted, hash: XxHash3_64::new(), filled: 0 }
    }

    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while self.are_wanted && !bytes.is_empty() {
            let (taken, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.filled));
            self.hash.write(taken);
            self.filled += taken.len();
            bytes = rest;
            if self.filled == BLOCK_BYTES {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        self.recorder.block(std::mem::take(&mut self.hash).finish());
        self.filled = 0;
    }

    /// Notes that the input has no more bytes.
    pub(super) fn finish(&mut self, digest: InputDigest) {
        if self.filled > 0 {
            self.close();
        }
        let input = KnownInput { digest, first_block: self.first, block_hash: BlockHash::Xxh3, reliable: None };
        self.recorder.noted().inputs.push(input);
    }
}

/// Inputs that were read once, and the hashes of their blocks.
#[derive(Debug)]
pub struct KnownInputs {
    /// The inputs, in order. If one could not be read to its end, the inputs after it are not known.
    pub inputs: Vec<KnownInput>,
    block_hashes: File,
}

impl KnownInputs {
    /// Opens what an earlier part of the run recorded.
    pub fn open(inputs: Vec<KnownInput>, block_hashes: &Path) -> io::Result<Self> {
        Ok(Self { inputs, block_hashes: File::open(block_hashes)? })
    }

    /// The CRC-32 of the block hashes; `None` if some of them are missing.
    pub fn sum(&self) -> io::Result<Option<u32>> {
        let end = |input: &KnownInput| input.first_block + input.digest.bytes.div_ceil(BLOCK_BYTES as u64);
        let expected = self.inputs.iter().map(end).max().unwrap_or_default();
        let bytes = self.block_hashes.metadata()?.len();
        if bytes < expected.saturating_mul(HASH_BYTES as u64) {
            return Ok(None);
        }
        sum_of_file(&self.block_hashes, bytes).map(Some)
    }

    /// Makes the block hashes durable.
    pub fn sync(&self) -> io::Result<()> {
        self.block_hashes.sync_all()
    }

    /// Whether the block with this number is the one that was read before.
    pub(super) fn is_block(&self, input: &KnownInput, number: u64, bytes: &[u8]) -> io::Result<bool> {
        let left = input.digest.bytes.saturating_sub(number.saturating_mul(BLOCK_BYTES as u64));
        if bytes.len() as u64 != left.min(BLOCK_BYTES as u64) {
            return Ok(false);
        }
        if bytes.is_empty() {
            return Ok(true);
        }
        let mut was = [0; HASH_BYTES];
        read_exact_at(&self.block_hashes, &mut was, (input.first_block + number) * HASH_BYTES as u64)?;
        Ok(u64::from_le_bytes(was) == input.block_hash.of(bytes))
    }
}
