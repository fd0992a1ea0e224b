//! The inputs that the user named with `--import`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::digest::digest_of;
use super::known::BLOCK_BYTES;
use super::watched::{Origin, Watched};
use super::{InputDigest, InputWatch, Object, ObjectAccess, ObjectUrlError, Place, SourceError, SumKind};

/// One input: a file, an object in a store, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A path in the file system.
    File(PathBuf),
    /// The path of a file of which it is known that it has no records: that it is empty is no fault then.
    EmptyFile(PathBuf),
    /// A URL.
    Object(Object),
    /// `-`: standard input.
    Stdin,
}

impl Input {
    /// Reads an argument: `-` is standard input, an argument with a scheme is a URL, and anything else is a path.
    pub fn parse(argument: &Path, access: &Arc<ObjectAccess>) -> Result<Self, ObjectUrlError> {
        let object = argument.to_str().map_or(Ok(None), |argument| Object::parse(argument, access))?;
        Ok(object.map_or_else(|| Self::from_argument(argument), Self::Object))
    }

    /// Reads an argument that is only a name. Nothing is opened, and no URL is requested.
    pub fn from_argument(argument: &Path) -> Self {
        if argument.as_os_str() == "-" { Self::Stdin } else { Self::File(argument.to_path_buf()) }
    }

    /// The name in messages and positions.
    pub fn name(&self) -> Arc<str> {
        match self {
            Self::File(path) | Self::EmptyFile(path) => Arc::from(path.to_string_lossy()),
            Self::Object(object) => object.name(),
            Self::Stdin => Arc::from("-"),
        }
    }

    /// Its path in the file system, if it is a file.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::EmptyFile(path) => Some(path),
            Self::Object(_) | Self::Stdin => None,
        }
    }

    /// The size in bytes if it can be known beforehand, for the progress bar and its estimate. The first call may ask the
    /// store.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::File(path) | Self::EmptyFile(path) => {
                std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
            }
            Self::Object(object) => object.version().ok().map(|version| version.bytes),
            Self::Stdin => None,
        }
    }

    /// Whether it can be read only once, and cannot be opened beforehand.
    pub fn is_pipe(&self) -> bool {
        match self {
            Self::File(path) => std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()),
            Self::Object(_) | Self::EmptyFile(_) => false,
            Self::Stdin => true,
        }
    }

    /// Opens the input at its beginning.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, SourceError> {
        self.opened(0).map(|(reader, _)| reader)
    }

    /// Opens the input at the block with this number, and watches its bytes.
    pub(super) fn open_watched(&self, watch: &InputWatch, block: u64) -> Result<Watched, SourceError> {
        let (reader, origin) = self.opened(block * BLOCK_BYTES as u64)?;
        Ok(Watched::new(reader, origin, watch, block))
    }

    /// Reads all its bytes and returns their digest; `None` if `stop` said so before the end. Blocks.
    pub fn digest(&self, kind: SumKind, stop: impl Fn() -> bool) -> Result<Option<InputDigest>, SourceError> {
        let failed = |reason| SourceError::read(&self.name(), Place { line: 1, offset: 0 }, reason);
        digest_of(self.open()?, kind, stop).map_err(failed)
    }

    /// Whether two digests are of the same bytes, those that the input has now, if the digests alone do not tell. If `stop` says so
    /// before the end, that is not known. Blocks.
    pub fn tells_same(
        &self,
        one: &InputDigest,
        other: &InputDigest,
        stop: impl Fn() -> bool,
    ) -> Result<bool, SourceError> {
        if let Some(is_same) = one.is_same(other) {
            return Ok(is_same);
        }
        for digest in [one, other] {
            let now = self.digest(digest.sum.kind(), &stop)?;
            if now.and_then(|now| now.is_same(digest)) != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn opened(&self, offset: u64) -> Result<(Box<dyn Read + Send>, Option<Origin>), SourceError> {
        let opened = match self {
            Self::File(path) | Self::EmptyFile(path) => open_file(path, offset),
            Self::Object(object) => object.open_at(offset).map(|reader| (Box::new(reader) as _, None)),
            Self::Stdin if offset > 0 => Err(io::ErrorKind::NotSeekable.into()),
            Self::Stdin => {
                let stdin = io::stdin();
                enlarge_pipe(&stdin);
                Ok((Box::new(stdin) as _, None))
            }
        };
        opened.map_err(|reason| SourceError::Open { input: self.name(), reason })
    }
}

fn open_file(path: &Path, offset: u64) -> io::Result<(Box<dyn Read + Send>, Option<Origin>)> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if offset > 0 {
        file.seek(SeekFrom::Start(offset))?;
    }
    enlarge_pipe(&file);
    Ok((Box::new(file), Origin::of(path, &metadata)))
}

/// Gives a pipe a buffer of 1 MiB, the usual limit on Linux (pipe(7)), so that its two ends wait for each other sixteen
/// times less often. Not every pipe may have it, and a file has no such buffer; that is not an error.
#[cfg(target_os = "linux")]
fn enlarge_pipe(input: impl std::os::fd::AsFd) {
    const ROOM: usize = 1024 * 1024;
    let is_small = rustix::pipe::fcntl_getpipe_size(&input).is_ok_and(|bytes| bytes < ROOM);
    if is_small && let Ok(bytes) = rustix::pipe::fcntl_setpipe_size(&input, ROOM) {
        tracing::debug!(bytes, "gave a pipe a larger buffer");
    }
}

#[cfg(not(target_os = "linux"))]
fn enlarge_pipe<I>(_: I) {}
