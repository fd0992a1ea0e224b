//! The content of zstd data, frame after frame.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The largest window that is kept in memory, in bytes: what every decoder has to support (RFC 8878, section 3.1.1.1.2),
/// and what `zstd` uses up to level 19.
const WINDOW: u64 = 8 * 1024 * 1024;

/// Whether data begin with a zstd frame, be it one to be skipped.
pub(super) fn is_zstd(first: &[u8]) -> bool {
    matches!(first, [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

/// Reads the content of all frames. Data that end in the middle of a frame give [`io::ErrorKind::UnexpectedEof`] behind
/// what is whole.
pub(super) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    /// Whether a frame was begun.
    is_open: bool,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { source, decoder, is_open: false }
    }

    /// Begins the next frame with content; false at the end.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(self.failed(&error)),
            }
        }
        Ok(false)
    }

    /// Decodes until there is some content, or the frame is over.
    fn decode(&mut self) -> io::Result<()> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let decoded = self.decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
            decoded.map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }

    fn failed(&mut self, error: &FrameDecoderError) -> io::Error {
        // The decoder wraps it in an error for each of the things it may have been about to read.
        if self.source.fill_buf().is_ok_and(<[u8]>::is_empty) {
            return io::ErrorKind::UnexpectedEof.into();
        }
        damaged(match error {
            FrameDecoderError::WindowSizeTooBig { .. } => {
                "it needs a window of more than 8 MiB; unpack it first, with `zstd -d --long=31`"
            }
            FrameDecoderError::DictNotProvided { .. } => "it needs a dictionary; unpack it first",
            _ => "the zstd data are damaged",
        })
    }

    /// Compares the frame's checksum, if it has one.
    fn check(&self) -> io::Result<()> {
        let (told, found) = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
        let is_damaged = told.is_some() && told != found;
        if is_damaged { Err(damaged("the zstd data are damaged: their checksum is wrong")) } else { Ok(()) }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.is_open {
                self.decode()?;
                match self.decoder.read(buffer)? {
                    0 => self.check()?,
                    count => return Ok(count),
                }
            }
            self.is_open = self.begin()?;
            if !self.is_open {
                return Ok(0);
            }
        }
    }
}

fn damaged(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(content: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        io::Write::write_all(&mut encoder, content).unwrap();
        encoder.finish().unwrap()
    }

    proptest! {
        /// Whatever is done to the data: it is an error, or the content is what it was.
        #[test]
        fn damage_is_told_and_nothing_is_made_up(
            content in proptest::collection::vec(proptest::sample::select(b"abcabcabcd".to_vec()), 0..3_000),
            at in any::<usize>(),
            bit in 0u8..8,
        ) {
            let whole = [frame(&content), frame(&content)].concat();
            let mut read = Vec::new();
            Frames::new(whole.as_slice()).read_to_end(&mut read).unwrap();
            prop_assert_eq!(&read, &content.repeat(2));
            let mut damaged = whole;
            let at = at % damaged.len();
            damaged[at] ^= 1 << bit;
            read.clear();
            if Frames::new(damaged.as_slice()).read_to_end(&mut read).is_ok() {
                prop_assert_eq!(read, content.repeat(2));
            }
        }
    }
}
