//! One input of a run, as `run.json` knows it again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;
use crate::kind::Kind;
use crate::source::{Input, Object, Version};

/// How much of either end of a file goes into its fingerprint.
const SAMPLE: u64 = 64 * 1024;

/// Pieces that are looked at in a file.
const PIECES: u64 = 1024;

/// How large each is in a large file.
const PIECE: u64 = 4096;

/// The largest file of which the pieces are all of it.
const WHOLE: u64 = 64 * 1024 * 1024;

/// How the names of files begin in which the program itself keeps memberships that it took out of users.
pub const TAKEN_OUT_OF_USERS: &str = "memberships-of-users-";

/// One input of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRecord {
    /// The absolute path, or the URL without what is secret in it; `-` for standard input.
    pub path: String,
    /// What is known of the file at a glance; none for standard input.
    pub fingerprint: Option<Fingerprint>,
    /// Of which kind its records are.
    #[serde(default, skip_serializing_if = "Kind::is_unnamed")]
    pub kind: Kind,
}

/// What a file is without reading it whole. If that is another, so is the file; if it is the same, the digest of all bytes
/// decides, which the first pass takes ([`super::FirstPassRecord`]). Runs of versions that kept no digest go by it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Size in bytes.
    pub bytes: u64,
    /// Last change, in milliseconds since 1970.
    pub modified: u64,
    /// SHA-256 of its size, its first and its last 64 KiB, in hexadecimal. Of a file as large as that its middle counts, too:
    /// all of it up to 64 MiB, samples of 4 KiB beyond.
    pub ends: String,
    /// What its store calls this version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl InputRecord {
    /// Whether it is a file in which the program itself keeps what it took out of users: those are its source.
    pub fn is_taken_out_of_users(&self) -> bool {
        let name = Path::new(&self.path).file_name().unwrap_or_default();
        name.to_string_lossy().starts_with(TAKEN_OUT_OF_USERS)
    }

    /// Looks at an input with records of this kind.
    pub fn of(input: &Input, kind: Kind) -> io::Result<Self> {
        let path = match input {
            Input::Stdin => return Ok(Self { path: "-".to_owned(), fingerprint: None, kind }),
            Input::Object(object) => {
                let fingerprint = Some(Fingerprint::of_object(object)?);
                return Ok(Self { path: object.name().to_string(), fingerprint, kind });
            }
            Input::File(path) | Input::EmptyFile(path) => std::path::absolute(path)?,
        };
        // A pipe or device has neither an end nor a place to come back to.
        let fingerprint = if path.is_file() { Some(Fingerprint::of(&path)?) } else { None };
        // What is kept of a run is text. With another path a later command would look somewhere else, and find nothing.
        let Some(text) = path.to_str() else {
            let problem = "the path of an input is not UTF-8, so the run could not be resumed or undone by it; rename the file, \
                           or the directory that it is in";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        };
        Ok(Self { path: text.to_owned(), fingerprint, kind })
    }
}

impl Fingerprint {
    fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let bytes = metadata.len();
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let (mut first, mut last) = (Vec::new(), Vec::new());
        (&mut file).take(SAMPLE).read_to_end(&mut first)?;
        file.seek(SeekFrom::Start(bytes.saturating_sub(SAMPLE)))?;
        (&mut file).take(SAMPLE).read_to_end(&mut last)?;
        let mut hash = of_ends(bytes, &first, &last);
        // An export in another order is as large, and may well begin and end alike.
        let piece = if bytes <= WHOLE { bytes.div_ceil(PIECES) } else { PIECE };
        let mut buffer = Vec::new();
        for number in 0..PIECES {
            file.seek(SeekFrom::Start(bytes / PIECES * number))?;
            buffer.clear();
            (&mut file).take(piece + bytes % PIECES).read_to_end(&mut buffer)?;
            hash.update(&buffer);
        }
        let modified = u64::try_from(modified).unwrap_or(u64::MAX);
        Ok(Self { bytes, modified, ends: hexadecimal(&hash.finalize()), tag: None })
    }

    fn of_object(object: &Object) -> io::Result<Self> {
        let Version { bytes, tag, modified } = object.version()?;
        let (first, last) = (object.bytes(0..SAMPLE)?, object.bytes(bytes.saturating_sub(SAMPLE)..bytes)?);
        Ok(Self { bytes, modified, ends: hexadecimal(&of_ends(bytes, &first, &last).finalize()), tag })
    }

    /// Whether this is the same content. A file that was copied or touched has another time and is the same.
    pub fn is_same_content(&self, other: &Self) -> bool {
        let is_same_tag = self.tag == other.tag || self.tag.is_none() || other.tag.is_none();
        self.bytes == other.bytes && self.ends == other.ends && is_same_tag
    }
}

fn of_ends(bytes: u64, first: &[u8], last: &[u8]) -> Sha256 {
    Sha256::new().chain_update(bytes.to_le_bytes()).chain_update(first).chain_update(last)
}
