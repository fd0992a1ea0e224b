//! What is left of a rejects file since it was written. It belongs to people, who mend, move and delete it: what is still as
//! the run wrote it is known by the checks at the ends of its lines and by the sum that the journal keeps of them all, and only
//! that is the run's own.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::RejectsEnd;

/// The number of a run's first rejects file.
pub(super) const FIRST: u32 = 1;

/// The path of a run's rejects file with this number.
pub(super) fn numbered(first: &Path, number: u32) -> PathBuf {
    match number {
        FIRST => first.to_path_buf(),
        _ => first.with_file_name(format!("rejects-{number}.ndjson")),
    }
}

/// The end of a line, by which it is known to be as it was written.
pub(super) struct RejectsCheck;

impl RejectsCheck {
    const START: &[u8] = b",\"line_check\":\"";
    const LENGTH: usize = Self::START.len() + 8 + 2;

    pub(super) fn of(line: &[u8]) -> Vec<u8> {
        Self::of_sum(crc32fast::hash(line))
    }

    fn of_sum(sum: u32) -> Vec<u8> {
        [Self::START, format!("{sum:08x}\"}}").as_bytes()].concat()
    }
}

/// What the journal counts on in a rejects file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RejectsCount {
    /// Its length.
    pub bytes: u64,
    /// The CRC-32 of these bytes, if the journal says it: those of earlier versions do not.
    pub sum: Option<u32>,
}

impl From<RejectsEnd> for RejectsCount {
    fn from(RejectsEnd { bytes, sum }: RejectsEnd) -> Self {
        Self { bytes, sum: Some(sum) }
    }
}

/// What an earlier part of a run left of a file, or another process since.
pub(super) enum LeftFile {
    /// Nothing that counts.
    Nothing,
    /// All that counts, of which this is the sum, and perhaps more that does not.
    All(crc32fast::Hasher),
    /// Something else, which is not the run's any more.
    Changed,
}

/// Where rejects go that take the place of earlier ones: there, unless these stay. `may_replace` decides that about each file
/// with lines, and learns whether somebody changed one of them.
pub fn rejects_path(first: &Path, mut may_replace: impl FnMut(&Path, bool) -> io::Result<bool>) -> io::Result<PathBuf> {
    let mut number = FIRST;
    loop {
        let path = numbered(first, number);
        let is_free = match look_at(&path, RejectsCount::default())? {
            LeftFile::Nothing => true,
            left => may_replace(&path, matches!(left, LeftFile::Changed))?,
        };
        if is_free {
            return Ok(path);
        }
        number += 1;
    }
}

/// What is left of a rejects file whose run is over.
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
    /// Looks at a file of which so much counts.
    pub fn of(path: &Path, counted: RejectsCount) -> io::Result<Self> {
        Ok(match look_at(path, counted)? {
            LeftFile::All(_) => Self::AsWritten,
            // Behind a link it counts, for somebody put it there.
            LeftFile::Changed if path.is_file() => Self::Changed,
            LeftFile::Changed | LeftFile::Nothing => Self::Gone,
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

/// Looks at what was left of a file: what counts of it is whole lines, each as it was written. Behind them an interruption
/// leaves more of these, of which the last may be cut off, and a power cut leaves zeros in any of them.
pub(super) fn look_at(path: &Path, counted: RejectsCount) -> io::Result<LeftFile> {
    let RejectsCount { bytes: counted, sum: expected } = counted;
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(if counted == 0 { LeftFile::Nothing } else { LeftFile::Changed });
        }
        Err(error) => return Err(error),
    };
    if !metadata.is_file() || metadata.len() < counted {
        return Ok(LeftFile::Changed);
    }
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let (mut start, mut line) = (0, ScannedLine::default());
    let (mut sum, mut sum_of_counted) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
    while line.read(&mut reader, &mut sum)? {
        let end = start + line.length;
        let is_left_over = start >= counted && line.is_torn(path, start)?;
        if !(is_left_over || line.is_as_written()) || start < counted && end > counted {
            return Ok(LeftFile::Changed);
        }
        if end == counted {
            sum_of_counted = sum.clone();
        }
        (start, line) = (end, ScannedLine::default());
    }
    let is_right = expected.is_none_or(|expected| sum_of_counted.clone().finalize() == expected);
    Ok(if is_right { LeftFile::All(sum_of_counted) } else { LeftFile::Changed })
}

/// A line of a rejects file while it is read; it may be of any length.
#[derive(Default)]
struct ScannedLine {
    length: u64,
    is_whole: bool,
    first: Option<u8>,
    has_zeros: bool,
    sum: crc32fast::Hasher,
    /// The last bytes, which are not summed up: they may be the check.
    end: Vec<u8>,
}

impl ScannedLine {
    /// Reads the next line, and adds it to the sum of the file; false at the end of the file.
    fn read(&mut self, reader: &mut impl BufRead, of_file: &mut crc32fast::Hasher) -> io::Result<bool> {
        while !self.is_whole {
            let piece = reader.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            let line_break = memchr::memchr(b'\n', piece);
            let content = &piece[..line_break.unwrap_or(piece.len())];
            self.first = self.first.or(piece.first().copied());
            self.has_zeros |= memchr::memchr(0, content).is_some();
            self.end.extend_from_slice(content);
            let surplus = self.end.len().saturating_sub(RejectsCheck::LENGTH);
            self.sum.update(&self.end[..surplus]);
            self.end.drain(..surplus);
            let consumed = content.len() + usize::from(line_break.is_some());
            of_file.update(&piece[..consumed]);
            self.length += consumed as u64;
            self.is_whole = line_break.is_some();
            reader.consume(consumed);
        }
        Ok(self.length > 0)
    }

    /// Whether this line, which begins at `start`, may be what an interruption left of one. A record that somebody has mended
    /// in an editor that writes no last line break is whole, which nothing that was cut off is. And a text in another encoding
    /// has zeros in it, but begins otherwise.
    fn is_torn(&self, path: &Path, start: u64) -> io::Result<bool> {
        if self.has_zeros {
            return Ok(matches!(self.first, Some(b'{' | 0)));
        }
        if self.is_whole {
            return Ok(false);
        }
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(serde_json::from_reader::<_, serde::de::IgnoredAny>(BufReader::new(file)).is_err())
    }

    fn is_as_written(&self) -> bool {
        self.is_whole && self.end == RejectsCheck::of_sum(self.sum.clone().finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::RejectsFile;

    fn line_of(record: &str) -> String {
        let line = format!("{{\"code\":\"no_email\",\"original\":{record}");
        String::from_utf8([line.as_bytes(), &RejectsCheck::of(line.as_bytes())].concat()).unwrap()
    }

    #[test]
    fn only_what_is_as_it_was_written_is_the_runs_own() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rejects.ndjson");
        let (one, two) = (line_of("{\"id\":\"one\"}") + "\n", line_of("{\"id\":\"two\"}") + "\n");
        let both = one.clone() + &two;
        let seen = |content: &str, counted: usize| {
            std::fs::write(&path, content).unwrap();
            let sum = both.as_bytes().get(..counted).map(crc32fast::hash);
            [None, sum].map(|sum| {
                matches!(look_at(&path, RejectsCount { bytes: counted as u64, sum }).unwrap(), LeftFile::All(_))
            })
        };
        let is_own = |content: &str, counted: usize| {
            let [without, with] = seen(content, counted);
            assert_eq!(without, with, "{content}");
            with
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
                format!("\u{feff}{both}"),
                // Mended, or added, in an editor that writes no last line break.
                both.replace("two", "2").trim_end().to_owned(),
                both.clone() + "{\"id\":\"three\"}",
                // As another encoding, where every second byte is zero.
                both.chars().fold("\u{feff}".to_owned(), |text, character| text + &format!("{character}\0")),
            ] {
                assert!(!is_own(&changed, counted), "{counted}: {changed}");
            }
        }
        assert!(!is_own(&one, both.len()), "a line is missing");
        assert!(!is_own(&two, one.len() + 1), "what counts ends within a line");
        std::fs::remove_file(&path).unwrap();
        let look_at = |bytes| look_at(&path, RejectsCount { bytes, sum: None }).unwrap();
        assert!(matches!(look_at(0), LeftFile::Nothing));
        assert!(matches!(look_at(1), LeftFile::Changed), "it was moved away");
    }

    /// What counts is not what stands before that place any more: cut off there, it would lose one and have the other twice.
    #[test]
    fn lines_that_somebody_sorted_are_not_what_counts() {
        let directory = tempfile::tempdir().unwrap();
        let first = directory.path().join("rejects.ndjson");
        let (one, two) = (line_of("{\"id\":\"one\"}") + "\n", line_of("{\"id\":\"two\"}") + "\n");
        let counted = RejectsEnd { bytes: one.len() as u64, sum: crc32fast::hash(one.as_bytes()) };
        let sorted = two + &one;
        std::fs::write(&first, &sorted).unwrap();
        assert_eq!(RejectsLeft::of(&first, counted.into()).unwrap(), RejectsLeft::Changed);
        let resumed = RejectsFile::resume(first.clone(), vec![FIRST], counted.into()).unwrap();
        assert_eq!((resumed.number(), std::fs::read_to_string(&first).unwrap()), (2, sorted));
        std::fs::write(&first, &one).unwrap();
        assert_eq!(RejectsLeft::of(&first, counted.into()).unwrap(), RejectsLeft::AsWritten);
        let resumed = RejectsFile::resume(first, vec![FIRST], counted.into()).unwrap();
        assert_eq!(resumed.end(), counted);
    }
}
