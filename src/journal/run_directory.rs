//! The directory of one run.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The directory of one run: `<runs-dir>/<id>/`.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    id: String,
    path: PathBuf,
}

impl RunDirectory {
    /// Makes the directory of a new run. Ids sort by time: `20261123T091500Z-3f9a`.
    pub fn create(runs: &Path) -> io::Result<Self> {
        create_private_directory(runs)?;
        loop {
            let id = format!("{}-{:04x}", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ"), fastrand::u16(..));
            let path = runs.join(&id);
            match private_directory().create(&path) {
                Ok(()) => return Ok(Self { id, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where the rejects go.
    pub fn rejects(&self) -> PathBuf {
        self.path.join("rejects.ndjson")
    }

    /// Where the report goes.
    pub fn report(&self) -> PathBuf {
        self.path.join("report.json")
    }
}

/// Makes a directory, and those above it, for the owner only. One that exists is left as it is.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    private_directory().recursive(true).create(path)
}

fn private_directory() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Makes a new, empty file for the owner only, in place of any that is there.
pub fn create_private(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut options = OpenOptions::new();
    // `create_new` never follows a link that somebody put there.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
