//! Inputs that are compressed with gzip are read as what is in them, member after member.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

const MAGIC: [u8; 2] = [0x1f, 0x8b];

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
    let mut first = Vec::with_capacity(MAGIC.len());
    reader.by_ref().take(MAGIC.len() as u64).read_to_end(&mut first)?;
    let is_compressed = first == MAGIC;
    let whole = Cursor::new(first).chain(reader);
    if !is_compressed {
        return Ok(Opened { reader: Box::new(whole), compressed: None });
    }
    let compressed = Arc::new(Compressed::default());
    let counted = Counted { reader: whole, compressed: Arc::clone(&compressed) };
    let decoder = MultiGzDecoder::new(BufReader::with_capacity(BUFFER, counted));
    let reader = Tolerant { decoder, compressed: Arc::clone(&compressed) };
    Ok(Opened { reader: Box::new(reader), compressed: Some(compressed) })
}

/// Takes the end of data that were cut off for an end, and remembers that: what came before it is whole.
struct Tolerant<R> {
    decoder: R,
    compressed: Arc<Compressed>,
}

impl<R: Read> Read for Tolerant<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.compressed.is_cut_off() {
            return Ok(0);
        }
        match self.decoder.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.compressed.cut_off.store(true, Ordering::Relaxed);
                Ok(0)
            }
            read => read,
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
