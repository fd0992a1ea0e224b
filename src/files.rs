//! Files and directories for the owner only. After a crash or a power cut there is the old file or the new one.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

/// Writes a text file as [`put_private`] does.
pub fn replace_private(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    put_private(path, |file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.write_all(b"\n")?;
        file.flush()
    })
}

/// Writes a file for the owner only, and replaces the old one in one step: a crash leaves the old file or the new one.
pub fn put_private<T>(path: &Path, write: impl FnOnce(File) -> io::Result<T>) -> io::Result<T> {
    // Its name is unique, and only the owner can read it.
    let temporary = tempfile::NamedTempFile::new_in(directory_of(path))?;
    let written = write(temporary.as_file().try_clone()?)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    sync_directory_of(path)?;
    Ok(written)
}

/// The longest text that is read at once. Ours: people write such files, or programs for them.
const MOST_TEXT: u64 = 64 * 1024 * 1024;

/// The longest text with a secret. Ours.
const MOST_SECRET: u64 = 1024 * 1024;

/// Reads a file that somebody named, all of it. It is an error if it is longer than 64 MiB: a device may have no end.
pub fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    read_at_most(File::open(path)?, MOST_TEXT)
}

fn read_at_most(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is longer than {} MiB", most >> 20)));
    }
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Reads the text of a file that somebody named, as [`read_named`] does.
pub fn read_named_text(path: &Path) -> io::Result<String> {
    text(read_named(path)?)
}

/// Opens a file that holds a secret. It is an error if others can read it.
pub fn open_private(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    // Of the open file, so that it cannot be another one by now. A pipe is nobody else's.
    #[cfg(unix)]
    {
        let found = file.metadata()?;
        if found.is_file() && std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0 {
            let why = "others can read it, and it holds secrets; chmod 600 it, then run the same command again";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
    }
    Ok(file)
}

/// Reads a small text that holds a secret. It is an error if others can read it, or if it is longer than 1 MiB.
pub fn read_private(path: &Path) -> io::Result<String> {
    text(read_at_most(open_private(path)?, MOST_SECRET)?)
}

/// The directory that a file is in.
pub fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a new file survive a power cut: a file is safe only when its directory is on disk.
pub fn sync_directory_of(path: &Path) -> io::Result<()> {
    // On other systems directories cannot be opened, and need no sync.
    if cfg!(not(unix)) {
        return Ok(());
    }
    File::open(directory_of(path))?.sync_all()
}

/// Makes a directory, and those above it, for the owner only, and safe from a power cut. A directory that exists is left as
/// it is.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    create_private_directory(directory_of(path))?;
    match private_directory().create(path) {
        // Another process created it first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        created => created.and_then(|()| sync_directory_of(path)),
    }
}

/// Makes directories for the owner only.
pub(crate) fn private_directory() -> DirBuilder {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// How files are opened that are made for the owner only, if they are not there yet.
pub(crate) fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a new, empty file for the owner only. It replaces a file that is there.
pub fn create_private(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    create_new_private(path)
}

/// Makes a new, empty file for the owner only. It is an error if a file is there.
pub(crate) fn create_new_private(path: &Path) -> io::Result<File> {
    // `create_new` never follows a symbolic link that another user put there.
    private_options().read(true).write(true).create_new(true).open(path)
}

/// Makes an open file one for the owner only.
pub(crate) fn for_owner_only(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    file.metadata()?;
    Ok(())
}

/// Removes what a kill left behind of files that were not put in place yet. Nobody else may be at it.
pub(crate) fn remove_leftovers(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(".tmp") {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// What the name of a file that is to become another one ends with.
const UNFINISHED: &str = ".part";

/// A private file that is to become another one, with a name of its own that begins so. What killed processes left of such files goes.
/// If several processes may be at it, it has to be locked.
pub(crate) fn unfinished(directory: &Path, prefix: &str) -> io::Result<tempfile::NamedTempFile> {
    remove_unfinished(directory, prefix)?;
    tempfile::Builder::new().prefix(prefix).suffix(UNFINISHED).tempfile_in(directory)
}

/// Removes what killed processes left of such files. What is locked is being written still.
pub(crate) fn remove_unfinished(directory: &Path, prefix: &str) -> io::Result<()> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_one = name.starts_with(prefix) && name.ends_with(UNFINISHED) && entry.file_type()?.is_file();
        if is_one && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            // It may have been put in its place by now.
            unless_gone(std::fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

/// What the name of a directory that is being removed ends with.
const FORGOTTEN: &str = "forgotten";

/// Removes a directory as a whole or not at all: what is left of it must not be taken for all of it.
pub(crate) fn remove_directory(directory: &Path) -> io::Result<()> {
    let doomed = directory.with_extension(FORGOTTEN);
    unless_gone(std::fs::remove_dir_all(&doomed))?;
    unless_gone(std::fs::rename(directory, &doomed))?;
    sync_directory_of(directory)?;
    unless_gone(std::fs::remove_dir_all(&doomed))
}

/// What came of taking something away; that it is not there is as well.
fn unless_gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what is left of directories that were to be removed when the program was killed.
pub(crate) fn remove_forgotten(parent: &Path) -> io::Result<()> {
    let entries = match std::fs::read_dir(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if is_forgotten(&path) && path.is_dir() {
            std::fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

/// Whether a directory is what is left of one that was to be removed.
pub(crate) fn is_forgotten(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == FORGOTTEN)
}

/// The bytes of all files in a directory and below it, as far as they can be looked at.
pub(crate) fn disk_use(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => disk_use(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_another_one_writes_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        let left = path(".memberships-a1b2c3.part");
        let written = path(".memberships-d4e5f6.part");
        let another = path("memberships-0.ndjson");
        for path in [&left, &written, &another] {
            std::fs::write(path, "{}").expect("a file");
        }
        let locked = File::open(&written).expect("a file");
        locked.lock().expect("a lock");
        remove_unfinished(directory.path(), ".memberships-").expect("it goes through");
        assert_eq!([&left, &written, &another].map(|path| path.exists()), [false, true, true]);
    }
}
