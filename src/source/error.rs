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
        /// The operating system's reason, or that of whatever unpacks the input.
        reason: io::Error,
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
        advice: &'static str,
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
    },
    /// The input ends before its end.
    #[error(
        "`{input}` is truncated: it ends at {place} {inside}; all {records} whole records before that were read, \
         export the file again and run the same command with it"
    )]
    Truncated {
        /// The input's name.
        input: Arc<str>,
        /// Where it ends.
        place: Place,
        /// What was still open.
        inside: String,
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
