//! Where a list goes that may be larger than memory: a file for the owner only, or what else is behind the path.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::files::put_private;
use crate::report::GivenPath;

/// Bytes that are written at once.
const BUFFER: usize = 1 << 16;

/// Writes a file for the owner only; there is all of it or what was there before. A device or a pipe is written to. If `write`
/// fails, so does this, and the error says which of both it was.
pub(in crate::command) fn write_private<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let mut write = Some(write);
    let mut refused = None;
    let mut write_to = |file: File| -> io::Result<()> {
        let mut file = BufWriter::with_capacity(BUFFER, file);
        let Some(write) = write.take() else { return Ok(()) };
        if let Err(error) = write(&mut file) {
            refused = Some(error);
            return Err(io::Error::other("the list is not whole"));
        }
        file.flush()
    };
    let written = match GivenPath::of(path)? {
        GivenPath::File(path) => put_private(&path, &mut write_to),
        GivenPath::Stream => write_to(File::options().write(true).open(path)?),
    };
    match refused {
        Some(error) => Err(error),
        None => Ok(written?),
    }
}
