//! A file of a run that names what earlier runs created.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::files::put_private;
use crate::missing::KnownRecord;

/// Writes these to a file, which only the owner can read. Of nobody there is no file.
pub(super) fn write_known(path: &Path, known: Option<impl Iterator<Item = io::Result<KnownRecord>>>) -> io::Result<()> {
    let Some(known) = known else {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    };
    put_private(path, |file| {
        let mut file = BufWriter::new(file);
        for known in known {
            serde_json::to_writer(&mut file, &known?)?;
            file.write_all(b"\n")?;
        }
        file.flush()
    })
}
