//! What is left of a rejects file since it was written. It belongs to people, who mend, move and delete it: what is still as
//! the run wrote it is known by the checks at the ends of its lines, and only that is the run's own.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::RejectsFile;
use super::rejects::FIRST;

/// The end of a line, by which it is known to be as it was written.
pub(super) struct Check;

impl Check {
    const START: &[u8] = b",\"line_check\":\"";
    const LENGTH: usize = Self::START.len() + 8 + 2;

    pub(super) fn of(line: &[u8]) -> Vec<u8> {
        Self::of_sum(crc32fast::hash(line))
    }

    fn of_sum(sum: u32) -> Vec<u8> {
        [Self::START, format!("{sum:08x}\"}}").as_bytes()].concat()
    }
}

/// What an earlier part of a run left of a file, or another process since.
pub(super) enum Left {
    /// Nothing that counts.
    Nothing,
    /// All that counts, and perhaps more that does not.
    All,
    /// Something else, which is not the run's any more.
    Changed,
}

/// Where rejects go that take the place of earlier ones: there, unless somebody changed those. `is_ours` knows files that are
/// the caller's own though they hold lines that somebody had changed before.
pub fn rejects_path(first: &Path, is_ours: impl Fn(&Path) -> io::Result<bool>) -> io::Result<PathBuf> {
    let mut number = FIRST;
    loop {
        let path = RejectsFile::numbered(first, number);
        if !matches!(look_at(&path, 0)?, Left::Changed) || is_ours(&path)? {
            return Ok(path);
        }
        number += 1;
    }
}

/// What is left of a rejects file that a run is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectsLeft {
    /// All of it, as it was written.
    AsWritten,
    /// Somebody changed it.
    Changed,
    /// It is not there any more.
    Gone,
}

impl RejectsLeft {
    /// Looks at a file of which so many bytes count.
    pub fn of(path: &Path, bytes: u64) -> io::Result<Self> {
        Ok(match look_at(path, bytes)? {
            Left::All => Self::AsWritten,
            // Behind a link it counts, for somebody put it there.
            Left::Changed if path.is_file() => Self::Changed,
            Left::Changed | Left::Nothing => Self::Gone,
        })
    }
}

/// Whether a path still leads to this file, of this length.
pub(super) fn is_still(file: &File, path: &Path, length: u64) -> io::Result<bool> {
    let there = match std::fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    #[cfg(unix)]
    let is_same = {
        use std::os::unix::fs::MetadataExt;
        let ours = file.metadata()?;
        (ours.dev(), ours.ino()) == (there.dev(), there.ino())
    };
    // Elsewhere a file that is open cannot be replaced.
    #[cfg(not(unix))]
    let is_same = file.metadata().is_ok();
    Ok(is_same && there.is_file() && there.len() == length)
}

/// Looks at what was left of a file of which `counted` bytes count: whole lines, each as it was written. Behind them an
/// interruption leaves more of these, of which the last may be cut off, and a power cut leaves zeros in any of them.
pub(super) fn look_at(path: &Path, counted: u64) -> io::Result<Left> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(if counted == 0 { Left::Nothing } else { Left::Changed });
        }
        Err(error) => return Err(error),
    };
    if !metadata.is_file() || metadata.len() < counted {
        return Ok(Left::Changed);
    }
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let (mut start, mut line) = (0, Line::default());
    while line.read(&mut reader)? {
        let end = start + line.length;
        let is_torn = start >= counted && (line.has_zeros || !line.is_whole);
        if !(is_torn || line.is_as_written()) || start < counted && end > counted {
            return Ok(Left::Changed);
        }
        (start, line) = (end, Line::default());
    }
    Ok(Left::All)
}

/// A line of a rejects file while it is read; it may be of any length.
#[derive(Default)]
struct Line {
    length: u64,
    is_whole: bool,
    has_zeros: bool,
    sum: crc32fast::Hasher,
    /// The last bytes, which are not summed up: they may be the check.
    end: Vec<u8>,
}

impl Line {
    /// Reads the next line; false at the end of the file.
    fn read(&mut self, reader: &mut impl BufRead) -> io::Result<bool> {
        while !self.is_whole {
            let piece = reader.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            let line_break = memchr::memchr(b'\n', piece);
            let content = &piece[..line_break.unwrap_or(piece.len())];
            self.has_zeros |= memchr::memchr(0, content).is_some();
            self.end.extend_from_slice(content);
            let surplus = self.end.len().saturating_sub(Check::LENGTH);
            self.sum.update(&self.end[..surplus]);
            self.end.drain(..surplus);
            let consumed = content.len() + usize::from(line_break.is_some());
            self.length += consumed as u64;
            self.is_whole = line_break.is_some();
            reader.consume(consumed);
        }
        Ok(self.length > 0)
    }

    fn is_as_written(&self) -> bool {
        self.is_whole && self.end == Check::of_sum(self.sum.clone().finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(record: &str) -> String {
        let line = format!("{{\"code\":\"no_email\",\"original\":{record}");
        String::from_utf8([line.as_bytes(), &Check::of(line.as_bytes())].concat()).unwrap()
    }

    #[test]
    fn only_what_is_as_it_was_written_is_the_runs_own() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rejects.ndjson");
        let (one, two) = (line_of("{\"id\":\"one\"}") + "\n", line_of("{\"id\":\"two\"}") + "\n");
        let both = one.clone() + &two;
        let is_own = |content: &str, counted: usize| {
            std::fs::write(&path, content).unwrap();
            matches!(look_at(&path, counted as u64).unwrap(), Left::All)
        };
        for counted in [0, one.len(), both.len()] {
            assert!(is_own(&both, counted), "{counted}");
            // What an interruption or a power cut may leave behind what counts.
            assert!(is_own(&both[..both.len() - 9], counted.min(one.len())), "{counted}");
            assert!(is_own(&(both.clone() + "\0\0\0"), counted), "{counted}");
            for changed in [
                both.replace("one", "1"),
                both.replace("two", "2"),
                both.clone() + "{\"id\":\"three\"}\n",
                both.clone() + "\n",
                both.replace(&one, "{\"id\":\"one\"}\n"),
                both.replace('\n', "\r\n"),
            ] {
                assert!(!is_own(&changed, counted), "{counted}: {changed}");
            }
        }
        assert!(!is_own(&one, both.len()), "a line is missing");
        assert!(!is_own(&two, one.len() + 1), "what counts ends within a line");
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(look_at(&path, 0).unwrap(), Left::Nothing));
        assert!(matches!(look_at(&path, 1).unwrap(), Left::Changed), "it was moved away");
    }
}
