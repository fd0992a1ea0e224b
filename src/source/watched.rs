//! The raw bytes of an input, which are watched while they are read.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::digest::{Digester, digest_of};
use super::known::{BLOCK_BYTES, BlockHasher, KnownInput, KnownInputs};
use super::quick_sum::QuickSum;
use super::source_error::InputFault;
use super::{InputDigest, InputWatch};

/// What the file system says about a file. If it is unchanged, so is the content; otherwise the content must be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    modified: Option<std::time::SystemTime>,
    /// Device, inode, and the time of the last change to its metadata.
    #[cfg(unix)]
    identity: (u64, u64, i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            identity: {
                use std::os::unix::fs::MetadataExt;
                (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
            },
        }
    }
}

/// The file that is read, and its stamp when it was opened.
pub(super) struct Origin {
    path: PathBuf,
    stamp: Stamp,
}

impl Origin {
    /// `None` for a pipe or a device, which has no useful stamp.
    pub(super) fn of(path: &Path, opened: &Metadata) -> Option<Self> {
        opened.is_file().then(|| Self { path: path.to_path_buf(), stamp: Stamp::of(opened) })
    }

    /// Checks that the file is still what was read. A file that was removed was not changed. Somebody may only have touched it:
    /// then `has_same_bytes` reads it once more.
    fn check(&self, has_same_bytes: impl FnOnce(File) -> io::Result<bool>) -> io::Result<()> {
        let is_same = match std::fs::metadata(&self.path) {
            Ok(metadata) if Stamp::of(&metadata) == self.stamp => true,
            Ok(_) => {
                tracing::debug!("the file looks changed; reading it once more");
                File::open(&self.path).and_then(has_same_bytes).unwrap_or(false)
            }
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if is_same { Ok(()) } else { Err(InputFault::Changed.into()) }
    }
}

/// Reads an input's bytes, and records or checks them.
pub(super) struct Watched {
    reader: Box<dyn Read + Send>,
    origin: Option<Origin>,
    keeping: Keeping,
    is_over: bool,
}

enum Keeping {
    Nothing,
    Compare(QuickSum),
    Record(Digester, BlockHasher),
    Hold(HeldBlock),
}

/// A block that was checked, and how much of it was returned.
struct HeldBlock {
    known: Arc<KnownInputs>,
    input: KnownInput,
    block: Vec<u8>,
    given: usize,
    /// The number of the next block.
    next: u64,
}

impl Watched {
    /// Reads from `reader`, which is at the beginning of the block with this number.
    pub(super) fn new(
        reader: Box<dyn Read + Send>,
        origin: Option<Origin>,
        watch: &InputWatch,
        first_block: u64,
    ) -> Self {
        let keeping = match watch {
            InputWatch::Nothing => Keeping::Nothing,
            InputWatch::Unchanged => Keeping::Compare(QuickSum::default()),
            InputWatch::Record(recorder, _) => {
                Keeping::Record(Digester::new(recorder.kind()), BlockHasher::new(Arc::clone(recorder)))
            }
            InputWatch::Hold(known, input) => Keeping::Hold(HeldBlock {
                known: Arc::clone(known),
                input: input.clone(),
                block: Vec::new(),
                given: 0,
                next: first_block,
            }),
        };
        Self { reader, origin, keeping, is_over: false }
    }

    /// Handles the end of an input.
    fn end(&mut self, has_same_bytes: impl FnOnce(File) -> io::Result<bool>) -> io::Result<()> {
        self.is_over = true;
        self.origin.take().map_or(Ok(()), |origin| origin.check(has_same_bytes))
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_over || buffer.is_empty() {
            return Ok(0);
        }
        match &mut self.keeping {
            Keeping::Nothing => self.reader.read(buffer),
            Keeping::Compare(sum) => {
                let count = self.reader.read(buffer)?;
                if count > 0 {
                    sum.update(&buffer[..count]);
                    return Ok(count);
                }
                let read = std::mem::take(sum);
                self.end(|file| Ok(QuickSum::of(file)? == read)).map(|()| 0)
            }
            Keeping::Record(digester, block_hasher) => {
                let count = self.reader.read(buffer)?;
                if count > 0 {
                    digester.update(&buffer[..count]);
                    block_hasher.update(&buffer[..count]);
                    return Ok(count);
                }
                let digest = digester.digest();
                block_hasher.finish(digest.clone());
                self.end(|file| has_digest(file, &digest)).map(|()| 0)
            }
            Keeping::Hold(held) => {
                if held.given == held.block.len() && !held.next_block(&mut self.reader)? {
                    let digest = held.input.digest.clone();
                    return self.end(|file| has_digest(file, &digest)).map(|()| 0);
                }
                Ok(held.give(buffer))
            }
        }
    }
}

/// Whether a file has this digest now.
fn has_digest(file: File, digest: &InputDigest) -> io::Result<bool> {
    let now = digest_of(file, digest.sum.kind(), || false)?;
    Ok(now.is_some_and(|now| now.is_same(digest) == Some(true)))
}

impl HeldBlock {
    /// Reads the next block and checks that it is unchanged. Returns false at the end.
    fn next_block(&mut self, reader: &mut dyn Read) -> io::Result<bool> {
        self.block.clear();
        self.given = 0;
        reader.take(BLOCK_BYTES as u64).read_to_end(&mut self.block)?;
        if !self.known.is_block(&self.input, self.next, &self.block)? {
            self.block.clear();
            return Err(InputFault::Changed.into());
        }
        self.next += 1;
        Ok(!self.block.is_empty())
    }

    fn give(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(self.block.len() - self.given);
        buffer[..count].copy_from_slice(&self.block[self.given..self.given + count]);
        self.given += count;
        count
    }
}
