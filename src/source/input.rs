//! What the user named with `--import`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Object, ObjectAccess, ObjectUrlError, SourceError};

/// One input: a file, an object in a store, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A path in the file system.
    File(PathBuf),
    /// A URL.
    Object(Object),
    /// `-`: standard input.
    Stdin,
}

impl Input {
    /// Reads a command line argument: `-` is standard input, what has a scheme is a URL, anything else a path.
    pub fn parse(argument: &Path, access: &Arc<ObjectAccess>) -> Result<Self, ObjectUrlError> {
        let object = argument.to_str().map_or(Ok(None), |argument| Object::parse(argument, access))?;
        Ok(object.map_or_else(|| Self::from_argument(argument), Self::Object))
    }

    /// The same where an argument is only a name: nothing is opened, and no URL is reached.
    pub fn from_argument(argument: &Path) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::File(argument.to_path_buf()) }
    }

    /// The name that messages and positions carry.
    pub fn name(&self) -> Arc<str> {
        match self {
            Self::File(path) => Arc::from(path.to_string_lossy()),
            Self::Object(object) => object.name(),
            Self::Stdin => Arc::from("-"),
        }
    }

    /// The size in bytes where it can be known beforehand, for the progress bar and its estimate. A store is asked the first
    /// time.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::File(path) => {
                std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
            }
            Self::Object(object) => object.version().ok().map(|version| version.bytes),
            Self::Stdin => None,
        }
    }

    /// Whether it can be read only once, and not be opened beforehand.
    pub fn is_pipe(&self) -> bool {
        match self {
            Self::File(path) => std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()),
            Self::Object(_) => false,
            Self::Stdin => true,
        }
    }

    /// Opens a file for reading from this byte on.
    pub fn open_at(&self, offset: u64) -> Result<Box<dyn Read + Send>, SourceError> {
        let failed = |reason| SourceError::Open { input: self.name(), reason };
        match self {
            Self::File(path) => {
                let mut file = File::open(path).map_err(failed)?;
                file.seek(SeekFrom::Start(offset)).map_err(failed)?;
                Ok(Box::new(file))
            }
            Self::Object(object) => Ok(Box::new(object.open_at(offset).map_err(failed)?)),
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
                    Ok(file) => {
                        widen(&file);
                        Ok(Box::new(file))
                    }
                    Err(reason) => Err(SourceError::Open { input: self.name(), reason }),
                }
            }
            Self::Object(_) => self.open_at(0),
            Self::Stdin => {
                let stdin = io::stdin();
                widen(&stdin);
                Ok(Box::new(stdin))
            }
        }
    }
}

/// Gives a pipe 1 MiB of room, as much as Linux usually lets anybody have (pipe(7)), so that its two ends wait for each other
/// sixteen times less often. Not every pipe may have it, and files have none: that is no fault.
#[cfg(target_os = "linux")]
fn widen(input: impl std::os::fd::AsFd) {
    const ROOM: usize = 1024 * 1024;
    let is_small = rustix::pipe::fcntl_getpipe_size(&input).is_ok_and(|bytes| bytes < ROOM);
    if is_small && let Ok(bytes) = rustix::pipe::fcntl_setpipe_size(&input, ROOM) {
        tracing::debug!(bytes, "gave a pipe more room");
    }
}

#[cfg(not(target_os = "linux"))]
fn widen<I>(_: I) {}
