//! What the user named with `--import`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::SourceError;

/// One input: a file or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A path in the file system.
    File(PathBuf),
    /// `-`: standard input.
    Stdin,
}

impl Input {
    /// Reads a command line argument: `-` is standard input, anything else a path.
    pub fn from_argument(argument: &Path) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::File(argument.to_path_buf()) }
    }

    /// The name that messages and positions carry.
    pub fn name(&self) -> Arc<str> {
        match self {
            Self::File(path) => Arc::from(path.to_string_lossy()),
            Self::Stdin => Arc::from("-"),
        }
    }

    /// The size in bytes where it is known beforehand, for the progress bar and its estimate.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::File(path) => {
                std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
            }
            Self::Stdin => None,
        }
    }

    /// Whether it can be read only once, and not be opened beforehand.
    pub fn is_pipe(&self) -> bool {
        match self {
            Self::File(path) => std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()),
            Self::Stdin => true,
        }
    }

    /// Opens a file for reading from this byte on.
    pub fn open_at(&self, offset: u64) -> Result<Box<dyn Read + Send>, SourceError> {
        let failed = |source| SourceError::Open { input: self.name(), source };
        match self {
            Self::File(path) => {
                let mut file = File::open(path).map_err(failed)?;
                file.seek(SeekFrom::Start(offset)).map_err(failed)?;
                Ok(Box::new(file))
            }
            Self::Stdin => Err(failed(io::ErrorKind::NotSeekable.into())),
        }
    }

    /// Opens the input for reading from its start.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, SourceError> {
        match self {
            Self::File(path) => {
                let opened = File::open(path).and_then(|file| {
                    if file.metadata()?.is_dir() { Err(io::Error::from(io::ErrorKind::IsADirectory)) } else { Ok(file) }
                });
                match opened {
                    Ok(file) => Ok(Box::new(file)),
                    Err(source) => Err(SourceError::Open { input: self.name(), source }),
                }
            }
            Self::Stdin => Ok(Box::new(io::stdin())),
        }
    }
}
