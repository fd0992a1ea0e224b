//! `run.json`: what a run is about. No secret and no personal datum is in it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ValueType};

use crate::source::{BYTE_ORDER_MARK, Input, Object, Version, hexadecimal};

/// How much of either end of a file goes into its fingerprint.
const SAMPLE: u64 = 64 * 1024;

/// Pieces that are looked at in a file.
const PIECES: u64 = 1024;

/// How large each is in a large file.
const PIECE: u64 = 4096;

/// The largest file of which the pieces are all of it.
const WHOLE: u64 = 64 * 1024 * 1024;

/// What a run is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run's id.
    pub id: String,
    /// The version of the tool that began it.
    pub version: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// The target's base URL, or the sandbox's database.
    pub target: String,
    /// Which records of the inputs, as in `2/3`; all of them without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// The inputs, in order.
    pub inputs: Vec<InputRecord>,
    /// The file with the passwords that the users lack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passwords: Option<InputRecord>,
    /// What a user without an email address becomes.
    pub missing_email: String,
    /// The mapping file, if there was one; the run's directory holds a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<FileRecord>,
    /// The JSON Schema of the traits, if there was one; the run's directory holds a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traits_schema: Option<FileRecord>,
    /// What becomes of a user who is at the target already.
    pub on_existing: String,
    /// How it runs.
    #[serde(default)]
    pub options: RecordedOptions,
    /// Whether it puts its mark on what it creates. One that was begun by a version that had no marks never does: what is
    /// sent again must be the same.
    #[serde(default)]
    pub marked: bool,
    /// Whether its journal says how it ended. Of a run that an earlier version began only the report does.
    #[serde(default)]
    pub journals_end: bool,
    /// The run whose rejects, mended, are an input of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects_of: Option<String>,
}

/// How a run runs: what `resume` goes by if no option says otherwise. Nothing in it decides what becomes of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOptions {
    /// Requests, as in `50/s`, or `auto`.
    pub rate: Option<String>,
    /// How many requests may be under way at once, or `auto`.
    pub concurrency: Option<String>,
    /// The most users in one request.
    pub batch_size: Option<usize>,
    /// The most bytes in one request.
    pub batch_bytes: Option<usize>,
    /// Seconds to keep trying while the target fails.
    pub max_wait: Option<u64>,
    /// Rejects after which the run stops.
    pub max_errors: Option<u64>,
    /// The largest record, in bytes.
    pub max_record_bytes: Option<usize>,
    /// Whether the target is asked about users it confirmed in an earlier run.
    #[serde(default)]
    pub recheck: bool,
    /// Whether nothing is sent while any record would be rejected.
    #[serde(default)]
    pub strict: bool,
    /// With fewer records than that nothing is sent.
    #[serde(default)]
    pub min_records: Option<u64>,
}

/// A file that decides about every user, and that is kept as a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Where it was.
    pub path: String,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl FileRecord {
    /// Describes a file with this content.
    pub fn of(path: &Path, content: &str) -> Self {
        Self { path: path.display().to_string(), sha256: hexadecimal(&Sha256::digest(content)) }
    }

    /// Whether both are files of the same content, or there is neither.
    pub fn is_same_content(one: Option<&Self>, other: Option<&Self>) -> bool {
        one.map(|file| &file.sha256) == other.map(|file| &file.sha256)
    }
}

/// One input of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRecord {
    /// The absolute path, or the URL without what is secret in it; `-` for standard input.
    pub path: String,
    /// What is known of the file at a glance; none for standard input.
    pub fingerprint: Option<Fingerprint>,
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
    /// Looks at an input.
    pub fn of(input: &Input) -> io::Result<Self> {
        let path = match input {
            Input::Stdin => return Ok(Self { path: "-".to_owned(), fingerprint: None }),
            Input::Object(object) => {
                let fingerprint = Some(Fingerprint::of_object(object)?);
                return Ok(Self { path: object.name().to_string(), fingerprint });
            }
            Input::File(path) => std::path::absolute(path)?,
        };
        // A pipe or device has neither an end nor a place to come back to.
        let fingerprint = if path.is_file() { Some(Fingerprint::of(&path)?) } else { None };
        Ok(Self { path: path.to_string_lossy().into_owned(), fingerprint })
    }
}

/// The run that a rejects file comes from, as its first line says, wherever the file was copied to.
pub fn run_of_rejects(input: &Input) -> io::Result<Option<String>> {
    let Input::File(path) = input else { return Ok(None) };
    if !path.is_file() {
        return Ok(None);
    }
    let mut file = BufReader::new(File::open(path)?);
    if file.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        file.consume(BYTE_ORDER_MARK.len());
    }
    let mut reader = JsonStreamReader::new(file);
    // If the file is anything else, it is no rejects file.
    Ok(run_of_line(&mut reader).unwrap_or_default())
}

/// The `run` of an object that begins with a `code`, read no further than needed.
fn run_of_line(reader: &mut impl JsonReader) -> Result<Option<String>, ReaderError> {
    // A tool may have made one array of the lines.
    if reader.peek()? == ValueType::Array {
        reader.begin_array()?;
    }
    reader.begin_object()?;
    let mut is_reject = false;
    while reader.has_next()? {
        let name = reader.next_name_owned()?;
        is_reject |= name == "code";
        match name.as_str() {
            _ if !is_reject => return Ok(None),
            "run" => return reader.next_string().map(Some),
            _ => reader.skip_value()?,
        }
    }
    Ok(None)
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

/// What all shards of one piece of work have in common: what decides about the outcome.
#[derive(Serialize)]
struct Whole<'a> {
    version: &'a str,
    target: &'a str,
    shards: Option<&'a str>,
    inputs: Vec<Option<(u64, String)>>,
    /// One, or none.
    passwords: Vec<Option<(u64, String)>>,
    missing_email: &'a str,
    mapping: Option<&'a str>,
    traits_schema: Option<&'a str>,
    on_existing: &'a str,
    max_record_bytes: Option<usize>,
}

impl RunRecord {
    /// Whether a run over `inputs` into `target` under the same rules would do the same work.
    pub fn is_same_work(&self, other: &Self) -> bool {
        let path = |input: &InputRecord| input.path.clone();
        let paths = |record: &Self| record.inputs.iter().map(path).collect::<Vec<_>>();
        self.target == other.target
            && self.shard == other.shard
            // A mapping file can tell it, too; that one was changed is for the caller to tell.
            && (self.missing_email == other.missing_email || !self.has_same_rules(other))
            && self.on_existing == other.on_existing
            && paths(self) == paths(other)
            && self.passwords.as_ref().map(path) == other.passwords.as_ref().map(path)
    }

    /// What all shards of one piece of work have in common. Inputs count by content: each machine may have them elsewhere.
    fn whole(&self) -> Whole<'_> {
        let content = |input: &'_ InputRecord| input.fingerprint.as_ref().map(|file| (file.bytes, file.ends.clone()));
        let of_shard = self.shard.as_deref().and_then(|shard| shard.split_once('/'));
        Whole {
            version: &self.version,
            target: &self.target,
            shards: of_shard.map(|(_, of)| of),
            inputs: self.inputs.iter().map(content).collect(),
            passwords: self.passwords.iter().map(content).collect(),
            missing_email: &self.missing_email,
            mapping: self.mapping.as_ref().map(|file| file.sha256.as_str()),
            traits_schema: self.traits_schema.as_ref().map(|file| file.sha256.as_str()),
            on_existing: &self.on_existing,
            max_record_bytes: self.options.max_record_bytes,
        }
    }

    /// A name for what all shards of one piece of work have in common.
    pub fn whole_digest(&self) -> String {
        // Texts and numbers always have a form in JSON.
        let whole = serde_json::to_vec(&self.whole()).unwrap_or_default();
        hexadecimal(&Sha256::digest(whole)[..8])
    }

    /// In what this run is no part of the same whole as `other`.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let [serde_json::Value::Object(one), serde_json::Value::Object(other)] =
            [self, other].map(|record| serde_json::to_value(record.whole()).unwrap_or_default())
        else {
            return Vec::new();
        };
        one.into_iter().filter(|(name, value)| other.get(name) != Some(value)).map(|(name, _)| name).collect()
    }

    /// Whether all its inputs can be known again, and so taken up: what comes through a pipe cannot.
    pub fn can_be_known_again(&self) -> bool {
        self.inputs.iter().chain(&self.passwords).all(|input| input.fingerprint.is_some())
    }

    /// Whether `other` maps by the same files.
    pub fn has_same_rules(&self, other: &Self) -> bool {
        FileRecord::is_same_content(self.mapping.as_ref(), other.mapping.as_ref())
            && FileRecord::is_same_content(self.traits_schema.as_ref(), other.traits_schema.as_ref())
    }

    /// The first input whose content is not what it was when `self` was written.
    pub fn changed_input(&self, now: &Self) -> Option<&InputRecord> {
        let same = |(was, is): &(&InputRecord, &InputRecord)| match (&was.fingerprint, &is.fingerprint) {
            (Some(was), Some(is)) => was.is_same_content(is),
            _ => false,
        };
        let (was, is) = (self.inputs.iter().chain(&self.passwords), now.inputs.iter().chain(&now.passwords));
        was.zip(is).find(|pair| !same(pair)).map(|(was, _)| was)
    }
}
