//! What the first pass found out about files.

use std::sync::Arc;

use crate::index::Duplicates;
use crate::journal::Prediction;
use crate::pipeline::Blocks;
use crate::recognition::PassRecords;
use crate::source::KnownInputs;

/// What the first pass found out about files.
pub(in crate::command) struct FileFindings {
    /// Who is in them twice.
    pub duplicates: Arc<Duplicates>,
    /// What their bytes are, which each later read is held to.
    pub known: Arc<KnownInputs>,
    /// What will come of their records.
    pub prediction: Prediction,
    /// Which of them the target has as they are, if that was looked at.
    pub pass_records: Option<Arc<PassRecords>>,
    /// What a later read of a shard does about the blocks of others.
    pub blocks: Blocks,
}
