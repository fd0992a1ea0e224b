//! Unpacks inputs that are compressed with gzip or zstd, member after member, or frame after frame.
//!
//! Content can be trusted only after its checksum was checked, and the checksum comes behind it. A file is read twice, so
//! damage is found in the first pass and never sent. A pipe is read once, so the bytes of a member are held back until they
//! were checked, if they are few enough to be kept.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::decompress::UnpackStep;
use super::gzip::GzipMembers;
use super::zstd::{Frames, is_zstd};

/// The first bytes, which show how data are compressed.
const MAGIC: u64 = 4;

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
const BUFFER: usize = 64 * 1024;

/// How many compressed bytes of a pipe are held back at most until they were checked.
pub(crate) const HELD_BACK: usize = 8 * 1024 * 1024;

/// A reader of the content, and what is known of the compressed data.
pub(super) struct Opened {
    /// The content.
    pub reader: Box<dyn Read + Send>,
    /// What is known of the compressed data, if the input is compressed.
    pub compressed: Option<Arc<Compressed>>,
}

/// How far the content of compressed data may be used.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reliance {
    /// All of it: another pass checks the end before anything is sent.
    Later,
    /// This many bytes of content. What follows counts as cut off.
    UpTo(u64),
    /// All that was checked: there is no other pass.
    OneLook,
}

/// Why compressed data end too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataEnd {
    /// The data end in the middle.
    CutOff,
    /// Something else begins at this byte.
    Surplus(u64),
}

/// What is known of compressed data so far.
#[derive(Debug, Default)]
pub(super) struct Compressed {
    /// How many compressed bytes were read.
    read: AtomicU64,
    /// How many bytes of content the checksums cover.
    verified: AtomicU64,
    /// How the data ended, if they ended too early.
    ending: OnceLock<DataEnd>,
}

impl Compressed {
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// How many bytes of content the checksums cover. Of frames without a checksum, the bytes of whole frames count.
    pub(super) fn verified(&self) -> u64 {
        self.verified.load(Ordering::Relaxed)
    }

    pub(super) fn ending(&self) -> Option<DataEnd> {
        self.ending.get().copied()
    }

    fn end(&self, ending: DataEnd) {
        self.ending.get_or_init(|| ending);
    }
}

/// Reads the first bytes, and unpacks what is compressed.
pub(super) fn decompressed(mut reader: Box<dyn Read + Send>, reliance: Reliance) -> io::Result<Opened> {
    let mut first = Vec::new();
    reader.by_ref().take(MAGIC).read_to_end(&mut first)?;
    let is_gzip = first.starts_with(&[0x1f, 0x8b]);
    let is_compressed = is_gzip || is_zstd(&first);
    let whole = Cursor::new(first).chain(reader);
    if !is_compressed {
        return Ok(Opened { reader: Box::new(whole), compressed: None });
    }
    let compressed = Arc::new(Compressed::default());
    let counted = CountedReader { reader: whole, compressed: Arc::clone(&compressed) };
    let content = |decoder, most| UnpackedContent {
        decoder,
        given: 0,
        most,
        is_over: false,
        compressed: Arc::clone(&compressed),
    };
    let reader: Box<dyn Read + Send> = match reliance {
        Reliance::Later => Box::new(content(Decoder::new(is_gzip, Box::new(counted)), None)),
        Reliance::UpTo(most) => Box::new(content(Decoder::new(is_gzip, Box::new(counted)), Some(most))),
        Reliance::OneLook => {
            let checked = HeldBack::new(Decoder::new(is_gzip, Box::new(counted)), Arc::clone(&compressed));
            Box::new(content(Decoder::new(is_gzip, Box::new(checked)), None))
        }
    };
    Ok(Opened { reader, compressed: Some(compressed) })
}

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
struct Decoder {
    format: Compression,
    content: u64,
}

enum Compression {
    Gzip(Box<GzipMembers<CompressedSource>>),
    Zstd(Box<Frames<CompressedSource>>),
}

impl Decoder {
    fn new(is_gzip: bool, reader: Box<dyn Read + Send>) -> Self {
        let source = CompressedSource { reader: BufReader::with_capacity(BUFFER, reader), taken: 0, kept: None };
        let format = if is_gzip {
            Compression::Gzip(Box::new(GzipMembers::new(source)))
        } else {
            Compression::Zstd(Box::new(Frames::new(source)))
        };
        Self { format, content: 0 }
    }

    /// The compressed bytes. They are always there between two steps.
    fn source(&mut self) -> Option<&mut CompressedSource> {
        match &mut self.format {
            Compression::Gzip(members) => members.source(),
            Compression::Zstd(frames) => Some(frames.source()),
        }
    }

    /// How many compressed bytes were unpacked.
    fn taken(&mut self) -> u64 {
        self.source().map_or(0, |source| source.taken)
    }

    /// Keeps the compressed bytes from here on.
    fn keep(&mut self, room: Vec<u8>) {
        if let Some(source) = self.source() {
            source.kept = Some(room);
        }
    }

    /// How many bytes are kept.
    fn kept(&mut self) -> usize {
        self.source().and_then(|source| source.kept.as_ref()).map_or(0, Vec::len)
    }

    /// Returns the bytes that were kept, and keeps no more.
    fn take_kept(&mut self) -> Vec<u8> {
        self.source().and_then(|source| source.kept.take()).unwrap_or_default()
    }

    fn step(&mut self, buffer: &mut [u8]) -> io::Result<UnpackStep> {
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

/// The content of compressed data. If the data are cut off, the content ends there, and that is noted: what came before is
/// whole.
struct UnpackedContent {
    decoder: Decoder,
    /// How many bytes of content were returned.
    given: u64,
    /// How many bytes of content may be returned.
    most: Option<u64>,
    is_over: bool,
    compressed: Arc<Compressed>,
}

impl UnpackedContent {
    /// Notes that the data end too early.
    fn end(&mut self, ending: DataEnd) -> usize {
        self.is_over = true;
        self.compressed.end(ending);
        0
    }
}

impl Read for UnpackedContent {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.most.map_or(u64::MAX, |most| most.saturating_sub(self.given));
        if left == 0 && !self.is_over {
            return Ok(self.end(DataEnd::CutOff));
        }
        let length = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        while length > 0 && !self.is_over {
            match self.decoder.step(&mut buffer[..length]) {
                Ok(UnpackStep::Content(count)) => {
                    self.given += count as u64;
                    return Ok(count);
                }
                Ok(UnpackStep::Verified) => self.compressed.verified.store(self.given, Ordering::Relaxed),
                Ok(UnpackStep::End) => self.is_over = true,
                Ok(UnpackStep::Surplus) => {
                    let at = self.decoder.taken();
                    let ended = self.end(DataEnd::Surplus(at));
                    // What watches the compressed bytes must see all of them.
                    if let Some(source) = self.decoder.source() {
                        io::copy(source, &mut io::sink())?;
                    }
                    return Ok(ended);
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(self.end(DataEnd::CutOff)),
                Err(error) => {
                    self.is_over = true;
                    return Err(error);
                }
            }
        }
        Ok(0)
    }
}

/// The compressed bytes of a pipe. The bytes of a member or frame are returned only after they were unpacked and checked. If
/// a member is too large to be held back, it and everything after it is returned unchecked.
struct HeldBack {
    decoder: Decoder,
    checked: Vec<u8>,
    given: usize,
    /// Whether there are no more bytes.
    is_over: bool,
    /// Whether a member was too large to be held back.
    is_unchecked: bool,
    scratch: Vec<u8>,
    compressed: Arc<Compressed>,
}

impl HeldBack {
    fn new(decoder: Decoder, compressed: Arc<Compressed>) -> Self {
        let (checked, scratch) = (Vec::new(), vec![0; BUFFER]);
        Self { decoder, checked, given: 0, is_over: false, is_unchecked: false, scratch, compressed }
    }

    /// Reads up to the end of the next member or frame.
    fn check_next(&mut self) -> io::Result<()> {
        let mut room = std::mem::take(&mut self.checked);
        room.clear();
        self.given = 0;
        self.decoder.keep(room);
        let checked = loop {
            match self.decoder.step(&mut self.scratch) {
                Ok(UnpackStep::Content(_)) if self.decoder.kept() < HELD_BACK => {}
                Err(error) => {
                    self.decoder.take_kept();
                    self.is_over = true;
                    return Err(error);
                }
                Ok(step) => break step,
            }
        };
        match checked {
            UnpackStep::Content(_) => {
                tracing::warn!(
                    mebibytes = HELD_BACK / (1024 * 1024),
                    "the compressed data of a pipe are too large to be checked before they are sent, and damage would be \
                     noticed late; a file is checked as a whole beforehand"
                );
                self.is_unchecked = true;
            }
            UnpackStep::Verified => {}
            UnpackStep::End => self.is_over = true,
            UnpackStep::Surplus => {
                self.is_over = true;
                self.compressed.end(DataEnd::Surplus(self.decoder.taken()));
            }
        }
        self.checked = self.decoder.take_kept();
        Ok(())
    }
}

impl Read for HeldBack {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.checked.len() {
            if self.is_unchecked {
                self.checked = Vec::new();
                self.given = 0;
                return self.decoder.source().map_or(Ok(0), |source| source.read(buffer));
            }
            if self.is_over {
                return Ok(0);
            }
            self.check_next()?;
        }
        let count = (&self.checked[self.given..]).read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

/// Counts the bytes that are read.
struct CountedReader<R> {
    reader: R,
    compressed: Arc<Compressed>,
}

impl<R: Read> Read for CountedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.compressed.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
