//! The compressed bytes of a pipe, which are held back until they were checked.

use std::io::{self, Read};
use std::sync::Arc;

use super::compressed::{Compressed, DataEnd};
use super::decoder::{BUFFER, Decoder};
use super::unpack_step::UnpackStep;

/// How many compressed bytes of a pipe are held back at most until they were checked.
pub(crate) const HELD_BACK: usize = 8 * 1024 * 1024;

/// The compressed bytes of a pipe. The bytes of a member or frame are returned only after they were unpacked and checked. If
/// a member is too large to be held back, it and everything after it is returned unchecked.
pub(super) struct HeldBack {
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
    /// Checks the members or frames of this decoder.
    pub(super) fn new(decoder: Decoder, compressed: Arc<Compressed>) -> Self {
        let (checked, scratch) = (Vec::new(), vec![0; BUFFER]);
        Self { decoder, checked, given: 0, is_over: false, is_unchecked: false, scratch, compressed }
    }

    /// Reads up to the end of the next member or frame.
    fn check_next(&mut self) -> io::Result<()> {
        let mut space = std::mem::take(&mut self.checked);
        space.clear();
        self.given = 0;
        self.decoder.keep(space);
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
                    "the compressed data are too large to be checked before they are sent, and damage would be noticed late; \
                     where no input is a pipe, a file is checked as a whole beforehand"
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
