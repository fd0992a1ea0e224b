//! The content of zstd data, frame after frame.

use std::error::Error as _;
use std::io::{self, BufRead, Read};
use std::sync::Once;

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::source_error::InputFault;
use super::unpack_step::{UnpackStep, behind_zeros};

/// The largest window that is kept in memory, in bytes: the one that every decoder must support (RFC 8878, section
/// 3.1.1.1.2), and that `zstd` uses up to level 19.
const WINDOW: u64 = 8 * 1024 * 1024;

/// Whether data begin with a zstd frame, or with one that is skipped.
pub(super) fn is_zstd(first: &[u8]) -> bool {
    matches!(first, [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

/// Reads the content of all frames. If the data end in the middle of a frame, it returns what is whole, and then
/// [`io::ErrorKind::UnexpectedEof`].
pub(super) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    /// Whether a frame has begun.
    is_open: bool,
    is_over: bool,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { source, decoder, is_open: false, is_over: false }
    }

    /// The compressed data.
    pub(super) fn source(&mut self) -> &mut R {
        &mut self.source
    }

    /// The next step. After an error there is none.
    pub(super) fn step(&mut self, buffer: &mut [u8]) -> io::Result<UnpackStep> {
        let step = if self.is_over { Ok(UnpackStep::End) } else { self.next(buffer) };
        self.is_over |= step.is_err();
        step
    }

    fn next(&mut self, buffer: &mut [u8]) -> io::Result<UnpackStep> {
        if !self.is_open
            && let Some(end) = self.begin()?
        {
            return Ok(end);
        }
        self.is_open = true;
        self.decode()?;
        match self.decoder.read(buffer)? {
            0 => {
                self.check()?;
                self.is_open = false;
                Ok(UnpackStep::Verified)
            }
            count => Ok(UnpackStep::Content(count)),
        }
    }

    /// Begins the next frame with content, or returns the end of the data.
    fn begin(&mut self) -> io::Result<Option<UnpackStep>> {
        loop {
            match behind_zeros(&mut self.source)? {
                None => return Ok(Some(UnpackStep::End)),
                Some(0x28 | 0x50..=0x5f) => {}
                Some(_) => return Ok(Some(UnpackStep::Surplus)),
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(None),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(self.failed(&error)),
            }
        }
    }

    /// Decodes until there is some content, or the frame ends.
    fn decode(&mut self) -> io::Result<()> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let decoded = self.decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
            decoded.map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }

    fn failed(&mut self, error: &FrameDecoderError) -> io::Error {
        // The decoder wraps the read error in an error for what it was reading.
        let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
        match causes.find_map(|cause| cause.downcast_ref::<io::Error>()) {
            Some(reading) if reading.kind() != io::ErrorKind::UnexpectedEof => {
                let same = |fault: InputFault| fault.into();
                return InputFault::of(reading)
                    .map_or_else(|| io::Error::new(reading.kind(), reading.to_string()), same);
            }
            // Within a block, it is the block that is too short.
            Some(_) if self.source.fill_buf().is_ok_and(<[u8]>::is_empty) => {
                return io::ErrorKind::UnexpectedEof.into();
            }
            _ => {}
        }
        let wanting = |problem| io::Error::new(io::ErrorKind::InvalidData, problem);
        match error {
            FrameDecoderError::WindowSizeTooBig { .. } => {
                wanting("it needs a window of more than 8 MiB; unpack it first, with `zstd -d --long=31`")
            }
            FrameDecoderError::DictNotProvided { .. } => wanting("it needs a dictionary; unpack it first"),
            _ => InputFault::Damaged("the zstd data do not unpack").into(),
        }
    }

    /// Compares the frame's checksum, if it has one.
    fn check(&self) -> io::Result<()> {
        static UNCHECKED: Once = Once::new();
        let (expected, found) = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
        if expected.is_none() {
            UNCHECKED.call_once(|| tracing::warn!("zstd data without checksums: damage to them cannot be noticed"));
        }
        let is_damaged = expected.is_some() && expected != found;
        if is_damaged { Err(InputFault::Damaged("the checksum of the zstd data is wrong").into()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(data: &[u8]) -> io::Result<Vec<u8>> {
        let (mut frames, mut buffer, mut read) = (Frames::new(data), [0; 100], Vec::new());
        loop {
            match frames.step(&mut buffer)? {
                UnpackStep::Content(count) => read.extend_from_slice(&buffer[..count]),
                UnpackStep::Verified => {}
                UnpackStep::End => return Ok(read),
                UnpackStep::Surplus => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }

    fn frame(content: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        io::Write::write_all(&mut encoder, content).unwrap();
        encoder.finish().unwrap()
    }

    proptest! {
        /// With any damage to the data there is an error, or the content is the same.
        #[test]
        fn damage_is_an_error_or_leaves_the_content_as_it_was(
            content in proptest::collection::vec(proptest::sample::select(b"abcabcabcd".to_vec()), 0..3_000),
            at in any::<usize>(),
            bit in 0u8..8,
        ) {
            let whole = [frame(&content), frame(&content)].concat();
            prop_assert_eq!(read(&whole).unwrap(), content.repeat(2));
            let mut damaged = whole;
            let at = at % damaged.len();
            damaged[at] ^= 1 << bit;
            if let Ok(read) = read(&damaged) {
                prop_assert_eq!(read, content.repeat(2));
            }
        }
    }
}
