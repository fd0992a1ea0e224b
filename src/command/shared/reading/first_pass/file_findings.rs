//! What the first pass found out about files.

use std::sync::Arc;

use crate::index::Duplicates;
use crate::journal::Prediction;
use crate::pipeline::ShardBlocks;
use crate::recognition::UnchangedRecords;
use crate::source::KnownInputs;

/// What the first pass found out about files.
pub(in crate::command) struct FileFindings {
    /// Who is in them twice.
    pub duplicates: Arc<Duplicates>,
    /// What their bytes are, which each later read is held to.
    pub inputs: Arc<KnownInputs>,
    /// What will come of their records.
    pub prediction: Prediction,
    /// Which of them are unchanged, if that was looked at.
    pub unchanged_records: Option<Arc<UnchangedRecords>>,
    /// What a later read of a shard does about the blocks of others.
    pub shard_blocks: ShardBlocks,
}
