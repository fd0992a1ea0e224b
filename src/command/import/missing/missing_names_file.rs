//! The file of a run that names who is missing, users or memberships: one that an earlier run created a line.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::files::put_private;
use crate::missing::CreatedEarlier;

/// Names those who are missing in a file, which only the owner can read. Of nobody there is no file.
pub(super) fn write_missing(
    path: &Path,
    records: Option<impl Iterator<Item = io::Result<CreatedEarlier>>>,
) -> io::Result<()> {
    let Some(records) = records else {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    };
    put_private(path, |file| {
        let mut file = BufWriter::new(file);
        for record in records {
            serde_json::to_writer(&mut file, &record?)?;
            file.write_all(b"\n")?;
        }
        file.flush()
    })
}
