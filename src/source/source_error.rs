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
/// Every record before the place that is named was returned. No message repeats the input's content, which may be personal
/// data.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file cannot be opened.
    #[error("cannot open `{input}`: {reason}")]
    Open {
        /// The input's name.
        input: Arc<str>,
        /// The reason of the operating system, or of the store.
        reason: io::Error,
    },
    /// Reading failed part of the way.
    #[error("cannot read `{input}` beyond {place}: {reason}")]
    Read {
        /// The input's name.
        input: Arc<str>,
        /// How far it was read.
        place: Place,
        /// The reason of the operating system, or of the decoder.
        reason: io::Error,
    },
    /// The bytes are not those that were written: data do not unpack, or a checksum is wrong.
    #[error(
        "`{input}` is damaged: {problem} ({place} of what is in it){}; export or copy it again and run the same command",
        unchecked(*is_passed_on)
    )]
    Damaged {
        /// The input's name.
        input: Arc<str>,
        /// How far it was read.
        place: Place,
        /// What is wrong.
        problem: &'static str,
        /// Whether records that no checksum covers were returned before. It can happen with a large pipe, and with a large file beside a pipe.
        is_passed_on: bool,
    },
    /// Somebody wrote to the input while the program read it.
    #[error(
        "`{input}` was changed while it was being read; wait until nobody writes to it any more, then run the same command \
         again (users that are at the target already are left as they are)"
    )]
    Changed {
        /// The input's name.
        input: Arc<str>,
        /// Whether records of it were returned before that was known. It can happen to a file beside a pipe.
        is_passed_on: bool,
    },
    /// There is something else behind the compressed data.
    #[error(
        "behind the compressed data in `{input}` there is something else, from byte {offset} of the file on; look at what was \
         put there, or export the file again, and run the same command"
    )]
    Surplus {
        /// The input's name.
        input: Arc<str>,
        /// Its offset among the compressed bytes.
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
        /// Where the content ends.
        place: Place,
        /// How many whole records the checksums cover.
        covered: u64,
        /// Whether other records were returned, too. It can happen with a large pipe, and with a large file beside a pipe.
        is_passed_on: bool,
    },
    /// It is empty, or has only white space.
    #[error("`{input}` is empty; expected a Clerk export such as {{\"data\": [<user>, …]}}")]
    Empty {
        /// The input's name.
        input: Arc<str>,
    },
    /// The first bytes are those of something that is not JSON text in UTF-8.
    #[error("`{input}` is {found}; {advice}")]
    NotJson {
        /// The input's name.
        input: Arc<str>,
        /// What the first bytes look like.
        found: &'static str,
        /// What to do about it.
        advice: String,
    },
    /// It is JSON, but not of a shape that holds users.
    #[error("`{input}` does not look like a Clerk export: {problem} ({place})")]
    WrongShape {
        /// The input's name.
        input: Arc<str>,
        /// The place.
        place: Place,
        /// What was found instead.
        problem: String,
        /// How many records came before.
        records: u64,
    },
    /// There are users in a second place, which would not be read.
    #[error("`{input}` has users in two places: {problem} ({place})")]
    Divided {
        /// The input's name.
        input: Arc<str>,
        /// Where the other users are.
        place: Place,
        /// Which member they are in, and what to do.
        problem: String,
        /// How many records came before.
        records: u64,
    },
    /// The JSON around the records is broken.
    #[error("`{input}` is not valid JSON outside its records: {problem} ({place})")]
    Syntax {
        /// The input's name.
        input: Arc<str>,
        /// The place.
        place: Place,
        /// What is wrong.
        problem: String,
        /// How many records came before.
        records: u64,
    },
    /// The input ends in the middle.
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
    /// A record's brackets never close, and the end of the array is inside the record.
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

/// The reason of a read error, if it is not the operating system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InputFault {
    /// The bytes are not those that were read before.
    #[error("it was changed while it was being read")]
    Changed,
    /// The bytes are not those that were written.
    #[error("{0}")]
    Damaged(&'static str),
}

impl From<InputFault> for io::Error {
    fn from(fault: InputFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}

impl InputFault {
    /// The fault behind a read error, if it is one of these.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref()).copied()
    }
}

impl SourceError {
    /// The error of an input that cannot be read any further.
    pub(super) fn read(input: &Arc<str>, place: Place, reason: io::Error) -> Self {
        let input = Arc::clone(input);
        match InputFault::of(&reason) {
            Some(InputFault::Changed) => Self::Changed { input, is_passed_on: false },
            Some(InputFault::Damaged(problem)) => Self::Damaged { input, place, problem, is_passed_on: false },
            None => Self::Read { input, place, reason },
        }
    }

    /// Whether nothing may be sent if this is known beforehand, because the bytes may be wrong or users would be lost.
    pub fn spoils_all(&self) -> bool {
        self.is_of_bytes() || matches!(self, Self::Divided { .. } | Self::CutOff { covered: 0, .. })
    }

    /// Whether the bytes themselves are in doubt. Nothing of such an input is sent, because what was read may be wrong. With
    /// other faults, the bytes are what somebody wrote, and whole records are whole.
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

/// What is said about data that were not checked before they were handed on.
fn unchecked(is_passed_on: bool) -> &'static str {
    if is_passed_on {
        "; it was read only once, as all inputs are beside a pipe, and too large to be checked first"
    } else {
        ""
    }
}

fn of_checksums(covered: u64) -> String {
    if covered == 0 {
        "no checksum covers a record of it".to_owned()
    } else {
        format!("checksums cover {} of it", records(covered))
    }
}

/// A number of whole records.
pub(super) fn records(count: u64) -> String {
    if count == 1 { "1 whole record".to_owned() } else { format!("{count} whole records") }
}
