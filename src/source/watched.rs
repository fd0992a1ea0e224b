//! The raw bytes of an input, as they are looked after while they are read.

use std::fs::Metadata;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::digest::{Digester, digest_of};
use super::error::InputFault;
use super::known::{BLOCK_BYTES, Blocks, KnownInput, KnownInputs};
use super::{InputDigest, InputWatch};

/// What the file system says of a file. If that is what it was, so is the content; if not, it has to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    modified: Option<std::time::SystemTime>,
    /// Device, inode, and the time of the last change of anything about it.
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

/// The file that is read, and what was said of it when it was opened.
pub(super) struct Origin {
    path: PathBuf,
    stamp: Stamp,
}

impl Origin {
    /// None of a pipe or a device, of which there is nothing to be said.
    pub(super) fn of(path: &Path, opened: &Metadata) -> Option<Self> {
        opened.is_file().then(|| Self { path: path.to_path_buf(), stamp: Stamp::of(opened) })
    }

    /// Looks whether the file is still the one whose bytes came to this. One that is gone was not changed.
    fn check(&self, read: &InputDigest) -> io::Result<()> {
        let is_same = match std::fs::metadata(&self.path) {
            Ok(metadata) => Stamp::of(&metadata) == self.stamp || self.is(read),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if is_same { Ok(()) } else { Err(InputFault::Changed.into()) }
    }

    /// Whether the file has this content now. It may only have been touched.
    fn is(&self, read: &InputDigest) -> bool {
        tracing::debug!("the file looks changed; reading it once more");
        std::fs::File::open(&self.path)
            .and_then(|file| digest_of(file, || false))
            .is_ok_and(|now| now.as_ref() == Some(read))
    }
}

/// Reads an input's bytes and does about them what is to be done.
pub(super) struct Watched {
    reader: Box<dyn Read + Send>,
    origin: Option<Origin>,
    keeping: Keeping,
    is_over: bool,
}

enum Keeping {
    Nothing,
    Record(Digester, Blocks),
    Hold(HeldBlock),
}

/// A block that is as it was, and how much of it was handed out.
struct HeldBlock {
    known: Arc<KnownInputs>,
    input: KnownInput,
    block: Vec<u8>,
    given: usize,
    /// The number of the next one.
    next: u64,
}

impl Watched {
    /// Reads from `reader`, which begins at the beginning of the block with this number.
    pub(super) fn new(
        reader: Box<dyn Read + Send>,
        origin: Option<Origin>,
        watch: &InputWatch,
        first_block: u64,
    ) -> Self {
        let keeping = match watch {
            InputWatch::Nothing => Keeping::Nothing,
            InputWatch::Record(recorder, _) => Keeping::Record(Digester::default(), Blocks::new(Arc::clone(recorder))),
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

    /// The end was reached, of an input whose bytes came to this.
    fn end(&mut self, digest: &InputDigest) -> io::Result<()> {
        self.is_over = true;
        self.origin.take().map_or(Ok(()), |origin| origin.check(digest))
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_over || buffer.is_empty() {
            return Ok(0);
        }
        match &mut self.keeping {
            Keeping::Nothing => self.reader.read(buffer),
            Keeping::Record(digester, blocks) => {
                let count = self.reader.read(buffer)?;
                if count > 0 {
                    digester.update(&buffer[..count]);
                    blocks.update(&buffer[..count]);
                    return Ok(count);
                }
                let digest = digester.clone().finish();
                blocks.finish(digest.clone());
                self.end(&digest).map(|()| 0)
            }
            Keeping::Hold(held) => {
                if held.given == held.block.len() && !held.next_block(&mut self.reader)? {
                    let digest = held.input.digest.clone();
                    return self.end(&digest).map(|()| 0);
                }
                Ok(held.give(buffer))
            }
        }
    }
}

impl HeldBlock {
    /// Reads the next block and looks whether it is as it was; false at the end.
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
