//! The content of an input, of any shape, without its compression.

use std::io::Read;

use super::decompress::{Reliance, decompressed};
use super::{Input, SourceError};

/// Opens an input, unpacked. That its content is what was packed is certain once it was read to its end.
pub fn unpacked(input: &Input) -> Result<Box<dyn Read + Send>, SourceError> {
    let opened = decompressed(input.open()?, Reliance::Later);
    opened.map(|opened| opened.reader).map_err(|reason| SourceError::Open { input: input.name(), reason })
}
