//! How the bytes of the input that is read are watched.

use std::io::{self, Read};
use std::sync::Arc;

use crate::source::decompress::{Opened, Reliance, decompressed};
use crate::source::{Input, InputWatch, Place, SourceError};

/// Where an input begins.
pub(super) const START: Place = Place { line: 1, offset: 0 };

/// How the input's bytes are watched.
#[derive(Clone, Default)]
pub(super) struct Watching {
    pub(super) watch: InputWatch,
    is_pipe: bool,
    /// Whether the input is read only once, as a pipe is, and what is beside one.
    pub(super) is_only_look: bool,
}

impl Watching {
    pub(super) fn of(input: &Input, watch: &InputWatch) -> Self {
        let is_pipe = input.is_pipe();
        Self { watch: watch.clone(), is_pipe, is_only_look: is_pipe || watch.is_only_look() }
    }

    pub(super) fn decompress(&self, input: &Input) -> Result<Opened, SourceError> {
        let reliance = match &self.watch {
            InputWatch::Hold(_, known) => known.reliable.map_or(Reliance::Later, Reliance::UpTo),
            _ if self.is_only_look => Reliance::OneLook,
            _ => Reliance::Later,
        };
        let raw = input.open_watched(&self.watch, 0)?;
        decompressed(Box::new(raw), reliance).map_err(|reason| SourceError::read(&input.name(), START, reason))
    }

    /// Whether only blocks are read that were checked against an earlier read.
    pub(super) fn is_held(&self) -> bool {
        matches!(self.watch, InputWatch::Hold(..))
    }

    /// Whether what is read is used at once, without another pass.
    pub(super) fn has_no_second_look(&self) -> bool {
        self.is_only_look || matches!(self.watch, InputWatch::Nothing)
    }

    /// A fault in the content may come from damaged bytes, and only the end of the bytes may show the damage. So the rest of
    /// them is read, too, unless they come from a pipe.
    pub(super) fn explain(&self, error: SourceError, reader: &mut dyn Read, input: &Arc<str>) -> SourceError {
        let place = match &error {
            _ if self.is_pipe || error.is_of_bytes() => return error,
            SourceError::Truncated { place, .. }
            | SourceError::Syntax { place, .. }
            | SourceError::WrongShape { place, .. }
            | SourceError::StructureLost { start: place, .. } => *place,
            _ => START,
        };
        match io::copy(reader, &mut io::sink()) {
            Ok(_) => error,
            Err(reason) => SourceError::read(input, place, reason),
        }
    }
}
