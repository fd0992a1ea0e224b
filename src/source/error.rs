//! What can be wrong with an input as a whole.

use std::fmt;
use std::io;
use std::sync::Arc;

/// A place in an input, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Byte offset, from 0.
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, byte offset {}", self.line, self.offset)
    }
}

/// An input that cannot be read, or cannot be read any further.
///
/// Every record before the place named was delivered. None of these messages repeats the input's content, which may
/// be personal data.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file cannot be opened.
    #[error("cannot open `{input}`: {reason}")]
    Open {
        /// The input's name.
        input: Arc<str>,
        /// The operating system's reason, or that of the store that it lies in.
        reason: io::Error,
    },
    /// Reading failed part of the way.
    #[error("cannot read `{input}` beyond {place}: {reason}")]
    Read {
        /// The input's name.
        input: Arc<str>,
        /// How far reading came.
        place: Place,
        /// The operating system's reason, or that of the decoder.
        reason: io::Error,
    },
    /// Its bytes are not what was written: data that do not unpack, or whose checksum is wrong.
    #[error(
        "`{input}` is damaged: {problem} ({place} of what is in it){}; export or copy it again and run the same command",
        unchecked(*is_passed_on)
    )]
    Damaged {
        /// The input's name.
        input: Arc<str>,
        /// How far reading came.
        place: Place,
        /// What is wrong.
        problem: &'static str,
        /// Whether records were handed out before that no checksum covers, as can happen with a large pipe.
        is_passed_on: bool,
    },
    /// Somebody wrote to it between two looks at it.
    #[error(
        "`{input}` was changed while it was being read; wait until nobody writes to it any more, then run the same command \
         again (users that are at the target already are left as they are)"
    )]
    Changed {
        /// The input's name.
        input: Arc<str>,
    },
    /// Behind the compressed data there is something else.
    #[error(
        "behind the compressed data in `{input}` there is something else, from byte {offset} of the file on; look at what was \
         put there, or export the file again, and run the same command"
    )]
    Surplus {
        /// The input's name.
        input: Arc<str>,
        /// Where it begins among the compressed bytes.
        offset: u64,
        /// How many records came before.
        records: u64,
    },
    /// Compressed data end in the middle.
    #[error(
        "`{input}` is truncated: its compressed data end in the middle ({place} of what is in it){}, and {}; export or copy it \
         again and run the same command",
        unchecked(*is_passed_on), of_checksums(*covered)
    )]
    CutOff {
        /// The input's name.
        input: Arc<str>,
        /// Where what is in it ends.
        place: Place,
        /// How many whole records of it checksums cover.
        covered: u64,
        /// Whether further ones were handed out, as can happen with a large pipe.
        is_passed_on: bool,
    },
    /// Nothing, or nothing but white space.
    #[error("`{input}` is empty; expected a Clerk export such as {{\"data\": [<user>, …]}}")]
    Empty {
        /// The input's name.
        input: Arc<str>,
    },
    /// The first bytes belong to something that is not a JSON text in UTF-8.
    #[error("`{input}` is {found}; {advice}")]
    NotJson {
        /// The input's name.
        input: Arc<str>,
        /// What the first bytes look like.
        found: &'static str,
        /// What to do about it.
        advice: String,
    },
    /// JSON, but not of a shape that holds users.
    #[error("`{input}` does not look like a Clerk export: {problem} ({place})")]
    WrongShape {
        /// The input's name.
        input: Arc<str>,
        /// Where.
        place: Place,
        /// What was found instead.
        problem: String,
        /// How many records came before.
        records: u64,
    },
    /// There are users beside those that would be read.
    #[error("`{input}` has users in two places: {problem} ({place})")]
    Divided {
        /// The input's name.
        input: Arc<str>,
        /// Where the others are.
        place: Place,
        /// What they are in, and what to do.
        problem: String,
        /// How many records came before.
        records: u64,
    },
    /// The JSON around the records is broken.
    #[error("`{input}` is not valid JSON outside its records: {problem} ({place})")]
    Syntax {
        /// The input's name.
        input: Arc<str>,
        /// Where.
        place: Place,
        /// What is wrong.
        problem: String,
        /// How many records came before.
        records: u64,
    },
    /// The input ends before its end.
    #[error("`{input}` is truncated: it ends at {place} {inside}; {repair}")]
    Truncated {
        /// The input's name.
        input: Arc<str>,
        /// Where it ends.
        place: Place,
        /// What was still open.
        inside: String,
        /// What to do about it.
        repair: &'static str,
        /// How many whole records came before.
        records: u64,
    },
    /// A record's brackets never close, and the array's own end lies inside it.
    #[error(
        "`{input}` cannot be read beyond record {record} (starts at {start}): its brackets never close, so the \
         boundaries of what follows are lost; repair that record and run the same command again"
    )]
    StructureLost {
        /// The input's name.
        input: Arc<str>,
        /// The record's number, from 1.
        record: u64,
        /// Where it starts.
        start: Place,
    },
}

/// What to do about an input that ends in the middle.
pub(super) const EXPORT_AGAIN: &str = "export the file again and run the same command with it";

/// What an error of reading is about, where it is not the operating system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InputFault {
    /// The bytes are not what they were.
    #[error("it was changed while it was being read")]
    Changed,
    /// The bytes are not what was written.
    #[error("{0}")]
    Damaged(&'static str),
}

impl From<InputFault> for io::Error {
    fn from(fault: InputFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}

impl InputFault {
    /// What an error of reading is about.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref()).copied()
    }
}

impl SourceError {
    /// An input could not be read any further.
    pub(super) fn read(input: &Arc<str>, place: Place, reason: io::Error) -> Self {
        let input = Arc::clone(input);
        match InputFault::of(&reason) {
            Some(InputFault::Changed) => Self::Changed { input },
            Some(InputFault::Damaged(problem)) => Self::Damaged { input, place, problem, is_passed_on: false },
            None => Self::Read { input, place, reason },
        }
    }

    /// Whether nothing is to be sent if this is known before: what was read may be anything, or others would be lost.
    pub fn spoils_all(&self) -> bool {
        self.is_of_bytes() || matches!(self, Self::Divided { .. } | Self::CutOff { covered: 0, .. })
    }

    /// Whether the bytes could not be had as they should be. Nothing of such an input is sent, for what was read of it may be
    /// anything. Otherwise the bytes are what somebody wrote, and whole records are whole.
    pub fn is_of_bytes(&self) -> bool {
        match self {
            Self::Open { .. } | Self::Read { .. } | Self::Damaged { .. } | Self::Changed { .. } => true,
            Self::Surplus { .. }
            | Self::Empty { .. }
            | Self::NotJson { .. }
            | Self::WrongShape { .. }
            | Self::Divided { .. }
            | Self::Syntax { .. }
            | Self::Truncated { .. }
            | Self::CutOff { .. }
            | Self::StructureLost { .. } => false,
        }
    }
}

/// What is said of data that could not be checked before they were handed on.
fn unchecked(is_passed_on: bool) -> &'static str {
    if is_passed_on { "; it came out of a pipe and was too large to be checked beforehand" } else { "" }
}

fn of_checksums(covered: u64) -> String {
    if covered == 0 {
        "no checksum covers a record of it".to_owned()
    } else {
        format!("checksums cover {} of it", records(covered))
    }
}

/// A number of records.
pub(super) fn records(count: u64) -> String {
    if count == 1 { "1 whole record".to_owned() } else { format!("{count} whole records") }
}
