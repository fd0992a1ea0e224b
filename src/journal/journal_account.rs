//! What a journal says of a whole run, beside what became of each record.

use std::path::PathBuf;

use super::{Ended, InDoubt, RejectsCount};

/// How a run ended, as its journal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every record of every input is settled.
    Finished,
    /// Something is left to do.
    Interrupted,
    /// Something is left to do, and the answers to the requests for these records are not known.
    InDoubt(Vec<InDoubt>),
}

/// What a journal says of a whole run.
#[derive(Clone, Debug)]
pub struct JournalAccount {
    /// How it stands.
    pub ending: Ending,
    /// Nothing of its end is missing: it says that all is settled, or how the run ended, and nothing comes behind that. Of a run
    /// that was killed and of a journal that somebody cut off, this is not so.
    pub has_end: bool,
    /// How its last part ended that came to an end.
    pub ended: Option<Ended>,
    /// The files with its rejects; the last one is the newest.
    pub rejects: Vec<CountedRejects>,
    /// How many records each input has, those of other shards, too, where it was read to its end.
    pub records: Vec<Option<u64>>,
}

/// A file of rejects as the journal knows it. Somebody may have changed it since, or moved it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedRejects {
    /// The path.
    pub path: PathBuf,
    /// What it held.
    pub counted: RejectsCount,
}
