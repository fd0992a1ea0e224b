//! Inputs that are compressed with gzip or zstd are read as what is in them, member after member, frame after frame.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::zstd::{Frames, is_zstd};

/// The first bytes that say how data are compressed.
const MAGIC: u64 = 4;

/// The most bytes of content for one that is compressed. Memory is bounded whatever comes, so what a bomb can do is to keep
/// us busy, and to fill the disk with rejects.
///
/// A user of Clerk has a random id of 27 characters and some times, about 75 bytes that nothing can compress, in a record
/// of at most 26 KB or so, with the three bags of metadata full to Clerk's limit of 8 KiB and the same in every user: 350
/// to one. Real exports are at 10 to one, made-up ones at 30. Bombs are at 1000 to one (all that gzip can do) or, with
/// zstd, beyond 10,000.
const MOST_CONTENT: u64 = 500;

/// Content of which nothing is thought yet, in bytes.
const SURELY_HARMLESS: u64 = 64 * 1024 * 1024;

/// Compressed bytes that are read at once.
const BUFFER: usize = 64 * 1024;

/// What is read, and how far that came.
pub(super) struct Opened {
    /// The content.
    pub reader: Box<dyn Read + Send>,
    /// Where what is read is not the content itself.
    pub compressed: Option<Arc<Compressed>>,
}

/// What is known of compressed data while it is read.
#[derive(Debug, Default)]
pub(super) struct Compressed {
    /// Bytes of it that were read.
    read: AtomicU64,
    /// It ended before its end.
    cut_off: AtomicBool,
}

impl Compressed {
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }
}

/// Looks at the first bytes and decompresses what is compressed.
pub(super) fn decompressed(mut reader: Box<dyn Read + Send>) -> io::Result<Opened> {
    let mut first = Vec::new();
    reader.by_ref().take(MAGIC).read_to_end(&mut first)?;
    let (is_gzip, is_zstd) = (first.starts_with(&[0x1f, 0x8b]), is_zstd(&first));
    let whole = Cursor::new(first).chain(reader);
    if !is_gzip && !is_zstd {
        return Ok(Opened { reader: Box::new(whole), compressed: None });
    }
    let compressed = Arc::new(Compressed::default());
    let counted = Counted { reader: whole, compressed: Arc::clone(&compressed) };
    let source = BufReader::with_capacity(BUFFER, counted);
    let decoder: Box<dyn Read + Send> =
        if is_gzip { Box::new(MultiGzDecoder::new(source)) } else { Box::new(Frames::new(source)) };
    let reader = Content { decoder, given: 0, compressed: Arc::clone(&compressed) };
    Ok(Opened { reader: Box::new(reader), compressed: Some(compressed) })
}

/// What is in compressed data. Takes the end of data that were cut off for an end, and remembers that: what came before it
/// is whole. Gives up on what is no export but a bomb.
struct Content {
    decoder: Box<dyn Read + Send>,
    /// Bytes of content that were handed out.
    given: u64,
    compressed: Arc<Compressed>,
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.compressed.is_cut_off() {
            return Ok(0);
        }
        match self.decoder.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.compressed.cut_off.store(true, Ordering::Relaxed);
                Ok(0)
            }
            Ok(count) => {
                self.given += count as u64;
                if self.given > SURELY_HARMLESS && self.given / MOST_CONTENT > self.compressed.read() {
                    let problem = format!(
                        "it unpacks to more than {MOST_CONTENT} times its size, which no export does; if it is one all \
                         the same, unpack it first"
                    );
                    return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
                }
                Ok(count)
            }
            failed => failed,
        }
    }
}

/// Counts what is read.
struct Counted<R> {
    reader: R,
    compressed: Arc<Compressed>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.compressed.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
