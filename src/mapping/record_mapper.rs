//! What moves: one implementation for each kind of record, in front of one pipeline.

use std::fmt;
use std::io;

use super::unique_keys::UniqueKeys;
use super::{Coverage, Notices, Reference, Rejection, RoleCounts};
use crate::kind::Kind;
use crate::source::RawRecord;

/// Parses, maps, validates and encodes records of one kind. The same in a dry run, an import and a verification.
///
/// What comes out of it is bytes, ids, keys and notices: nothing behind it knows what a record is.
/// Which one an input has is chosen in `command/shared/reading/intake.rs`.
pub trait RecordMapper: fmt::Debug + Send + Sync {
    /// Which kind its records are of.
    fn kind(&self) -> Kind;

    /// Maps a record, and writes into `output` what is wanted of it. The error is one of the disk, where a mapper looks things up;
    /// it says nothing about the record.
    fn map(
        &self,
        record: RawRecord<'_>,
        wanted: WantedOutput,
        output: &mut MapOutput,
    ) -> io::Result<Result<Prepared, Rejection>>;

    /// The columns that mean something where its records are rows of a CSV.
    fn columns(&self) -> &'static [&'static str];

    /// Whether it counts in [`MapOutput::coverage`] which fields its records have.
    fn counts_coverage(&self) -> bool {
        false
    }

    /// Whether what it encodes ends with metadata, in which a run puts its mark.
    fn has_room_for_mark(&self) -> bool {
        true
    }

    /// How many bytes an encoded record can have that do not come from its record, and how often its bytes can be in it beyond
    /// what is usual: for the bound of memory.
    fn memory_growth(&self) -> (usize, usize);
}

/// A record that can be sent.
#[derive(Debug)]
pub struct Prepared {
    /// The key at the target.
    pub external_id: Box<str>,
    /// The id at Clerk, if that is another one.
    pub clerk_id: Option<Box<str>>,
    /// Whether it may not be used at the target: a user who may not sign in.
    pub disabled: bool,
    /// What an administrator has to know.
    pub notices: Notices,
    /// What the target is asked about before this is sent: those whom it refers to and of whom this run has no proof.
    pub references: Vec<Reference>,
    /// The canonical form as JSON without secrets, if it was wanted.
    pub preview: Option<String>,
}

/// What is wanted of a record beside the answer whether it can be sent.
#[derive(Clone, Copy, Debug)]
pub struct WantedOutput {
    /// Whether the encoded form is wanted.
    pub encoded: bool,
    /// Whether somebody reads [`Prepared::external_id`] and [`Prepared::clerk_id`]. If not, they may be empty.
    pub ids: bool,
    /// Whether the canonical form is wanted for people.
    pub preview: bool,
}

/// Where that goes which is wanted of records. It is used again for the next record.
#[derive(Debug, Default)]
pub struct MapOutput {
    /// The encoded forms, one behind the other.
    pub encoded: Vec<u8>,
    /// What no two records of the kind share, of the last record; nothing if nobody looks for duplicates.
    pub unique_keys: Option<UniqueKeys>,
    /// Which fields records have, with the last record noted and not counted yet; nothing if nobody wants to know.
    pub coverage: Option<Coverage>,
    /// Which roles members have; nothing if nobody wants to know.
    pub roles: Option<RoleCounts>,
}
