//! Paths of files that the user asks the program to write: what is there already is not always a file, and not always
//! the user's own.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::directory_of;

/// What a path stands for that is to be written.
pub enum GivenPath {
    /// A file, to be replaced as a whole. If the path is a link, it is the file behind it, and the link stays; unless others
    /// can write to the link's directory: then anybody may have put the link there, and the link itself is replaced.
    File(PathBuf),
    /// A device or a pipe, such as `/dev/stdout`, to be written to: replaced, it would be gone for everybody.
    Stream,
}

impl GivenPath {
    /// Looks at what is there.
    ///
    /// # Errors
    ///
    /// When the directory is not there, when the path is a directory, or when the way to it leads over a link in a directory
    /// that others can write to.
    pub fn of(path: &Path) -> io::Result<Self> {
        let directory = directory_of(path);
        if !std::fs::metadata(directory)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        refuse_planted_links(directory)?;
        if path.is_symlink() && mode_of(directory) & SHARED != 0 {
            return Ok(Self::File(path.to_path_buf()));
        }
        match std::fs::metadata(path) {
            Ok(found) if found.is_file() => std::fs::canonicalize(path).map(Self::File),
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => Ok(Self::Stream),
            Err(_) => Ok(Self::File(path.to_path_buf())),
        }
    }

    /// Looks at what is there, and fails if it could not be written: said now, nobody waits for hours to learn it.
    pub fn writable(path: &Path) -> io::Result<Self> {
        let given = Self::of(path)?;
        if let Self::File(path) = &given {
            drop(tempfile::NamedTempFile::new_in(directory_of(path))?);
        }
        Ok(given)
    }
}

/// Permission bits of a directory in which somebody else can put a name.
const SHARED: u32 = 0o022;

/// Everybody can. A group is often a user's own, and a directory of its own within such a directory is common.
const SHARED_WITH_ALL: u32 = 0o002;

/// Fails if one of the directories on the way is a link that anybody can have made.
fn refuse_planted_links(directory: &Path) -> io::Result<()> {
    let absolute = std::path::absolute(directory)?;
    for link in absolute.ancestors().filter(|ancestor| ancestor.is_symlink()) {
        if mode_of(directory_of(link)) & SHARED_WITH_ALL != 0 {
            let link = link.display();
            return Err(io::Error::other(format!(
                "`{link}` is a symbolic link in a directory that everybody can write to; name the directory itself"
            )));
        }
    }
    Ok(())
}

#[cfg(unix)]
fn mode_of(directory: &Path) -> u32 {
    std::fs::metadata(directory).map_or(0, |metadata| std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()))
}

/// Elsewhere, making a link takes a privilege.
#[cfg(not(unix))]
fn mode_of(_: &Path) -> u32 {
    0
}
