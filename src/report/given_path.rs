//! Paths of files that the user asks the program to write. What is there is not always a file, and not always the user's
//! own.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::directory_of;

/// What a path stands for.
pub enum GivenPath {
    /// A file, which will be replaced in one step. If the path is a symbolic link, it is the file behind the link, and the
    /// link stays. But if other users can write to the link's directory, one of them may have made the link: then the link
    /// is replaced.
    File(PathBuf),
    /// A device or a pipe, such as `/dev/stdout`. It is written to and not replaced, because other programs use it, too.
    Stream,
}

impl GivenPath {
    /// Looks at what is there.
    ///
    /// # Errors
    ///
    /// If the directory does not exist, if the path is a directory, or if the path leads through a symbolic link in a
    /// directory that every user can write to.
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

    /// Looks at what is there, and fails at once if it cannot be written, so that the user does not learn this only after
    /// hours.
    pub fn writable(path: &Path) -> io::Result<Self> {
        let given = Self::of(path)?;
        if let Self::File(path) = &given {
            drop(tempfile::NamedTempFile::new_in(directory_of(path))?);
        }
        Ok(given)
    }
}

/// The permission bits of a directory in which another user can create a name.
const SHARED: u32 = 0o022;

/// The bit for all users. A group often has only one member, and a private directory within a shared one is common.
const SHARED_WITH_ALL: u32 = 0o002;

/// Fails if one of the directories in the path is a link that any user may have made.
fn refuse_planted_links(directory: &Path) -> io::Result<()> {
    let absolute = std::path::absolute(directory)?;
    for link in absolute.ancestors().filter(|ancestor| ancestor.is_symlink()) {
        if mode_of(directory_of(link)) & SHARED_WITH_ALL != 0 {
            let link = link.display();
            return Err(io::Error::other(format!(
                "`{link}` is a symbolic link in a directory that every user can write to; name the directory itself"
            )));
        }
    }
    Ok(())
}

#[cfg(unix)]
fn mode_of(directory: &Path) -> u32 {
    std::fs::metadata(directory).map_or(0, |metadata| std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()))
}

/// On other systems, making a link needs a privilege.
#[cfg(not(unix))]
fn mode_of(_: &Path) -> u32 {
    0
}
