//! The decoder of compressed data of either kind, which fails if they are a bomb.

use std::io::{self, BufRead, BufReader, Read};

use super::gzip::GzipMembers;
use super::unpack_step::UnpackStep;
use super::zstd::Frames;

/// How many bytes of content one compressed byte may have. More is a bomb. Memory is bounded with any input, so a bomb could
/// only keep the program busy and fill the disk with rejects.
///
/// A user of Clerk has a random id of 27 characters and some times: about 75 bytes that cannot be compressed. The record has
/// at most about 26 KB, if the three metadata fields are full (Clerk allows 8 KiB) and the same for every user: 350 to one.
/// Real exports have 10 to one, invented ones 30. Bombs have 1000 to one (the most that gzip can do) or, with zstd, more
/// than 10,000.
const MOST_CONTENT: u64 = 500;

/// Up to this many bytes of content the ratio is not checked.
const SURELY_HARMLESS: u64 = 64 * 1024 * 1024;

/// How many compressed bytes are read at once.
pub(super) const BUFFER: usize = 64 * 1024;

/// Compressed bytes. They are counted when they are taken, and kept if they are needed again.
pub(super) struct CompressedSource {
    reader: BufReader<Box<dyn Read + Send>>,
    taken: u64,
    kept: Option<Vec<u8>>,
}

impl BufRead for CompressedSource {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(&self.reader.buffer()[..count]);
        }
        self.taken += count as u64;
        self.reader.consume(count);
    }
}

impl Read for CompressedSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Unpacks data, and fails if they are a bomb.
pub(super) struct Decoder {
    format: Compression,
    content: u64,
}

enum Compression {
    Gzip(Box<GzipMembers<CompressedSource>>),
    Zstd(Box<Frames<CompressedSource>>),
}

impl Decoder {
    /// Unpacks the bytes of this reader.
    pub(super) fn new(is_gzip: bool, reader: Box<dyn Read + Send>) -> Self {
        let source = CompressedSource { reader: BufReader::with_capacity(BUFFER, reader), taken: 0, kept: None };
        let format = if is_gzip {
            Compression::Gzip(Box::new(GzipMembers::new(source)))
        } else {
            Compression::Zstd(Box::new(Frames::new(source)))
        };
        Self { format, content: 0 }
    }

    /// The compressed bytes. They are always there between two steps.
    pub(super) fn source(&mut self) -> Option<&mut CompressedSource> {
        match &mut self.format {
            Compression::Gzip(members) => members.source(),
            Compression::Zstd(frames) => Some(frames.source()),
        }
    }

    /// How many compressed bytes were unpacked.
    pub(super) fn taken(&mut self) -> u64 {
        self.source().map_or(0, |source| source.taken)
    }

    /// Keeps the compressed bytes from here on.
    pub(super) fn keep(&mut self, space: Vec<u8>) {
        if let Some(source) = self.source() {
            source.kept = Some(space);
        }
    }

    /// How many bytes are kept.
    pub(super) fn kept(&mut self) -> usize {
        self.source().and_then(|source| source.kept.as_ref()).map_or(0, Vec::len)
    }

    /// Returns the bytes that were kept, and keeps no more.
    pub(super) fn take_kept(&mut self) -> Vec<u8> {
        self.source().and_then(|source| source.kept.take()).unwrap_or_default()
    }

    /// The next step. After an error there is none.
    pub(super) fn step(&mut self, buffer: &mut [u8]) -> io::Result<UnpackStep> {
        let step = match &mut self.format {
            Compression::Gzip(members) => members.step(buffer),
            Compression::Zstd(frames) => frames.step(buffer),
        }?;
        if let UnpackStep::Content(count) = step {
            self.content += count as u64;
            if self.content > SURELY_HARMLESS && self.content / MOST_CONTENT > self.taken() {
                let problem = format!(
                    "it unpacks to more than {MOST_CONTENT} times its size, which no export does; if it is one all the \
                     same, unpack it first"
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
            }
        }
        Ok(step)
    }
}
