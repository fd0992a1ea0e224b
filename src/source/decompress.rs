//! Unpacks inputs that are compressed with gzip or zstd, member after member, or frame after frame.
//!
//! Content can be trusted only after its checksum was checked, and the checksum comes behind it. A file is read twice, so
//! damage is found in the first pass and never sent. A pipe is read once, so the bytes of a member are held back until they
//! were checked, if they are few enough to be kept.

use std::io::{self, Cursor, Read};
use std::sync::Arc;

use super::compressed::{Compressed, DataEnd};
use super::decoder::Decoder;
use super::held_back::HeldBack;
use super::unpack_step::UnpackStep;
use super::zstd::is_zstd;

/// The first bytes, which show how data are compressed.
const MAGIC: u64 = 4;

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
                Ok(UnpackStep::Verified) => self.compressed.set_verified(self.given),
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

/// Counts the bytes that are read.
struct CountedReader<R> {
    reader: R,
    compressed: Arc<Compressed>,
}

impl<R: Read> Read for CountedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.compressed.add_read(count as u64);
        Ok(count)
    }
}
