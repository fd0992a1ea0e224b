//! Standard output, where results go: previews and lists for people, JSON for programs.
//!
//! A result that cannot be written is an error with an exit code: a full disk behind `> report.json`, or a closed standard
//! output, must not look like success. Only a reader who stops early (`| head`) is no error.

use std::io::{self, Write};

use serde::Serialize;
use terminal_size::terminal_size_of;

use super::visible::{visible, visible_json};
use super::wrapped::for_terminal;

/// Standard output cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub struct StdoutError(#[from] io::Error);

/// Writes text for people.
pub fn print_text(text: &str) -> Result<(), StdoutError> {
    match print(&visible(text)) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

/// Writes sentences and tables for people; on a terminal, no word is broken where a line ends.
pub fn print_wrapped(text: &str) -> Result<(), StdoutError> {
    print_text(&for_terminal(text, terminal_size_of(io::stdout())))
}

/// Writes a text that another program reads, such as a diff: to the byte.
pub fn print_exact(text: &str) -> Result<(), StdoutError> {
    match print(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

/// Writes one JSON value on one line, for programs.
pub fn print_json(value: &impl Serialize) -> Result<(), StdoutError> {
    let json = serde_json::to_string(value).map_err(io::Error::from)?;
    Ok(print(&(visible_json(&json) + "\n"))?)
}

/// Writes what does not fit into memory, for a program. A reader that ends early has not got all of it, and that is an error.
pub fn stream_to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), StdoutError> {
    if is_closed() {
        return Err(closed().into());
    }
    let mut stdout = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    write(&mut stdout)?;
    Ok(stdout.flush()?)
}

fn print(text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    if is_closed() {
        return Err(closed());
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn closed() -> io::Error {
    io::Error::other(
        "it is closed, or it is `/dev/null` opened for reading, too, which looks the same: redirect it by `> /dev/null`, or \
         leave out what prints for programs",
    )
}

/// Whether the process was started without a standard output (`>&-`). Rust then opens `/dev/null` in its place, so that no
/// other file gets its number. Rust opens it for reading and writing; a shell that discards output opens it only for
/// writing. Some programs that start others open it for both, too, and nobody can see a difference to a closed one.
#[cfg(target_os = "linux")]
fn is_closed() -> bool {
    let stdout = io::stdout();
    let is_null = rustix::fs::fstat(&stdout).ok().zip(rustix::fs::stat("/dev/null").ok());
    let is_null = is_null.is_some_and(|(ours, null)| ours.st_rdev == null.st_rdev && ours.st_ino == null.st_ino);
    is_null && rustix::fs::fcntl_getfl(&stdout).is_ok_and(|flags| flags.contains(rustix::fs::OFlags::RDWR))
}

#[cfg(not(target_os = "linux"))]
fn is_closed() -> bool {
    false
}
