//! The content of gzip data, member after member.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::ObjectFault;
use super::source_error::InputFault;
use super::unpack_step::{UnpackStep, behind_zeros};

/// The first byte of each member.
const MAGIC: u8 = 0x1f;

/// Reads the content of all members. If the data end in the middle of a member, it returns what there is, and then
/// [`io::ErrorKind::UnexpectedEof`].
pub(super) struct GzipMembers<R> {
    decoder: GzDecoder<InputSlot<R>>,
    place: MemberPart,
}

#[derive(Clone, Copy)]
enum MemberPart {
    /// Before a member, or at the end.
    Between,
    Inside,
    Over,
}

/// Holds what the decoder reads. Taking it out and putting it back makes the decoder begin again with what it has.
struct InputSlot<R>(Option<R>);

impl<R: Read> Read for InputSlot<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Ok(0), |source| source.read(buffer))
    }
}

impl<R: BufRead> BufRead for InputSlot<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.as_mut().map_or(Ok(&[]), BufRead::fill_buf)
    }

    fn consume(&mut self, count: usize) {
        if let Some(source) = &mut self.0 {
            source.consume(count);
        }
    }
}

impl<R: BufRead> GzipMembers<R> {
    pub(super) fn new(source: R) -> Self {
        let mut decoder = GzDecoder::new(InputSlot(None));
        decoder.reset(InputSlot(Some(source)));
        Self { decoder, place: MemberPart::Between }
    }

    /// The next step. After an error there is none.
    pub(super) fn step(&mut self, buffer: &mut [u8]) -> io::Result<UnpackStep> {
        let step = match self.place {
            MemberPart::Between => match self.begin() {
                Ok(None) => self.read(buffer),
                Ok(Some(end)) => Ok(end),
                Err(error) => Err(error),
            },
            MemberPart::Inside => self.read(buffer),
            MemberPart::Over => return Ok(UnpackStep::End),
        };
        if step.is_err() {
            self.place = MemberPart::Over;
        }
        step
    }

    /// Begins the next member, or returns the end of the data.
    fn begin(&mut self) -> io::Result<Option<UnpackStep>> {
        match behind_zeros(self.decoder.get_mut())? {
            Some(MAGIC) => {
                let slot = self.decoder.reset(InputSlot(None));
                self.decoder.reset(slot);
                self.place = MemberPart::Inside;
                Ok(None)
            }
            Some(_) => Ok(Some(UnpackStep::Surplus)),
            None => Ok(Some(UnpackStep::End)),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<UnpackStep> {
        match self.decoder.read(buffer) {
            Ok(0) => {
                self.place = MemberPart::Between;
                Ok(UnpackStep::Verified)
            }
            Ok(count) => Ok(UnpackStep::Content(count)),
            Err(error) => Err(explain(error)),
        }
    }
}

impl<R> GzipMembers<R> {
    /// The compressed data.
    pub(super) fn source(&mut self) -> Option<&mut R> {
        self.decoder.get_mut().0.as_mut()
    }
}

/// Describes an error of the decoder. An error of reading stays as it is.
fn explain(error: io::Error) -> io::Error {
    let is_of_decoder = matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
        && error.raw_os_error().is_none()
        && InputFault::of(&error).is_none()
        && !matches!(error.get_ref(), Some(inner) if inner.is::<ObjectFault>());
    if is_of_decoder {
        InputFault::Damaged("the gzip data do not unpack, or their checksum is wrong").into()
    } else {
        error
    }
}
